//! Refused changes of keys and grants, with the next step.

use super::{CommandError, Exit};
use crate::access::AccessSubject;
use crate::access::change::ChangeError;

impl From<ChangeError> for CommandError {
    fn from(error: ChangeError) -> Self {
        let message = error.to_string();
        match error {
            ChangeError::ThirdSecret { ref key, .. } => Self::new("third-secret", Exit::Conflict, message)
                .hint(format!("wait until one expires, or revoke one: `apigw key revoke {key} SECRET`")),
            ChangeError::KeyExpired { ref key, .. } => Self::invalid("key-expired", message)
                .hint(format!("give it another end too: `apigw key rotate {key} --expires 90d --to FILE`")),
            ChangeError::ExpiryPast { .. } | ChangeError::EndBeforeBegin { .. } => {
                Self::invalid("expiry", message).hint("give a time in the future, like `--expires 90d`")
            }
            ChangeError::ClearSecret { .. } => {
                Self::invalid("clear-secret", message).hint("leave the secret out, and rotate it")
            }
            ChangeError::LimitAboveGroup { ref group, .. } => {
                Self::invalid("limit-above-group", message).hint(format!(
                    "set a lower limit, or raise the group's: `limits` in groups/{group}/group.yaml, then publish it"
                ))
            }
            ChangeError::AmbiguousGrant { .. } => Self::invalid("ambiguous", message)
                .hint("give more characters of the id: `apigw access list` shows the grants"),
            ChangeError::NoGrant { .. } => {
                Self::invalid("unknown-grant", message).hint("`apigw access list` shows the grants")
            }
            ChangeError::RevocationUndone { ref key, .. } => Self::new("revoked", Exit::Refused, message)
                .hint(format!("give the key a new secret: `apigw key rotate {key} --to FILE`")),
            ChangeError::CreationUndone { .. } => {
                Self::new("created", Exit::Refused, message).hint("revoke it instead: `apigw key revoke NAME -m WHY`")
            }
            ChangeError::NothingReversed { ref subject, .. } => {
                Self::new("nothing-reversed", Exit::Refused, message).hint(grant_hint(subject))
            }
            ChangeError::ChangedSince { ref later, .. } => Self::new("changed-since", Exit::Conflict, message)
                .hint(format!("undo the later operation first: `apigw undo {later} --access`")),
        }
    }
}

/// Shows how a grant is given again.
fn grant_hint(subject: &AccessSubject) -> String {
    let holder = match subject {
        AccessSubject::Key(_) | AccessSubject::Owner(_) => subject.typed(),
        AccessSubject::Secret(_) => "KEY".to_owned(),
    };
    format!("grant it again: `apigw access grant {holder} GROUP --env ENV`")
}
