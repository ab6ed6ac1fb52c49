//! Changes of keys and grants: a request and the present state become an [`AccessOperation`], whole, or an error.

mod grants;
mod undo;

use std::fmt::{self, Write as _};

use super::key::MOST_LIVE_SECRETS;
use super::key::{Key, Revocation, Secret};
use super::operation::{AccessAction, AccessOperation, AccessSubject, SubjectState};
use super::secret_id::SecretId;
use super::subscription::contains_clear_secret;
use crate::model::{Author, GroupName, KeyName, OperationId, RateLimit, RateLimits, Timestamp};

pub use grants::{GrantScope, GrantSelector, grant, ungrant};
pub use undo::undo;

/// Reason why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A rotation would leave a third live secret.
    #[error("key {key} has {} live secrets already: {}", .secrets.len(), listed(.secrets))]
    ThirdSecret {
        /// The key.
        key: KeyName,
        /// The live secrets.
        secrets: Vec<SecretId>,
    },
    /// A time that a key ends at has passed.
    #[error("{at} is in the past: the key would already have expired")]
    ExpiryPast {
        /// The time.
        at: Timestamp,
    },
    /// A key has ended, and a secret in the place of the one before would let nobody in.
    #[error("key {key} expired at {at}: a new secret would not be accepted")]
    KeyExpired {
        /// The key.
        key: KeyName,
        /// The end.
        at: Timestamp,
    },
    /// A key would end before it begins.
    #[error("the key would expire at {expires}, before it is valid at {not_before}")]
    EndBeforeBegin {
        /// The end.
        expires: Timestamp,
        /// The beginning.
        not_before: Timestamp,
    },
    /// A text that everybody reads has a secret in it.
    #[error("the {field} holds a secret in clear, and everybody who has the repository reads it")]
    ClearSecret {
        /// The text's field.
        field: PublicText,
    },
    /// A limit is above that of a group, so that it would never be reached.
    #[error("{limit} is above {most}, the limit of {group} for all callers together")]
    LimitAboveGroup {
        /// The limit.
        limit: RateLimit,
        /// The group.
        group: GroupName,
        /// The limit of the group.
        most: RateLimit,
    },
    /// There is no such grant.
    #[error("{holder} has no grant {selector}")]
    NoGrant {
        /// The key or the owner.
        holder: AccessSubject,
        /// The grants that were meant.
        selector: GrantSelector,
    },
    /// The beginning of an id names several grants.
    #[error("{prefix} is the beginning of several grants of {holder}: {}", .ids.join(", "))]
    AmbiguousGrant {
        /// The key or the owner.
        holder: AccessSubject,
        /// The beginning of an id as it was typed.
        prefix: String,
        /// The ids of the grants.
        ids: Vec<String>,
    },
    /// A revocation is never undone.
    #[error("secret {id} stays revoked: a revocation is never undone")]
    RevocationUndone {
        /// The secret.
        id: SecretId,
        /// The key that had it.
        key: KeyName,
    },
    /// A key that was made is not unmade.
    #[error("the creation of {subject} cannot be undone: requests may have been made with it")]
    CreationUndone {
        /// The key or the owner.
        subject: AccessSubject,
    },
    /// A join of branches took over nothing but what a branch had removed or rotated.
    #[error(
        "operation {id} of {subject} took over what a branch had removed or rotated, and an undo brings none of it back"
    )]
    NothingReversed {
        /// The key or the owner.
        subject: AccessSubject,
        /// The operation.
        id: OperationId,
    },
    /// A later operation changed the same subject.
    #[error("{subject} was changed since, by operation {later}")]
    ChangedSince {
        /// The key or the owner.
        subject: AccessSubject,
        /// The later operation.
        later: OperationId,
    },
}

/// A text that everybody reads who has the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicText {
    /// The description of a key.
    Description,
    /// The reason of a change.
    Message,
}

impl fmt::Display for PublicText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Description => "description",
            Self::Message => "message",
        })
    }
}

fn listed(secrets: &[SecretId]) -> String {
    secrets.iter().map(SecretId::as_str).collect::<Vec<_>>().join(", ")
}

/// Creates a key.
///
/// # Errors
///
/// Fails where the key would let nobody in at any time, or its description holds a secret.
pub fn create(key: Key, author: &Author) -> Result<AccessOperation, ChangeError> {
    if key.description.as_deref().is_some_and(contains_clear_secret) {
        return Err(ChangeError::ClearSecret { field: PublicText::Description });
    }
    check_end(&key, author)?;
    let mut summary = format!("kind {}", key.kind);
    for secret in &key.secrets {
        let _ = write!(summary, ", secret {}", secret.id);
    }
    if let Some(expires) = key.expires {
        let _ = write!(summary, ", expires {expires}");
    }
    if !key.limits.is_empty() {
        let _ = write!(summary, ", at most {}", key.limits);
    }
    Ok(operation(AccessAction::Create, author, None, summary, SubjectState::Key(key)))
}

/// Checks that a key ends in the future, and after it begins.
fn check_end(key: &Key, author: &Author) -> Result<(), ChangeError> {
    if let Some(at) = key.expires.filter(|at| *at <= author.now) {
        return Err(ChangeError::ExpiryPast { at });
    }
    match (key.expires, key.not_before) {
        (Some(expires), Some(not_before)) if expires <= not_before => {
            Err(ChangeError::EndBeforeBegin { expires, not_before })
        }
        _ => Ok(()),
    }
}

/// The secret that takes the place of those before it.
#[derive(Debug, Clone)]
pub struct NextSecret {
    /// The secret.
    pub secret: Secret,
    /// The time for which those before it stay valid, in milliseconds.
    pub overlap_ms: i64,
    /// Another end of the key; unset where it stays.
    pub expires: Option<Timestamp>,
}

/// Gives a key another secret; those before it end after an overlap, and stay ended where the key had expired.
///
/// # Errors
///
/// Fails where the key has two live secrets already, and where it has expired and gets no other end.
pub fn rotate(
    (key, before): (&Key, &OperationId),
    next: NextSecret,
    is_revoked: impl Fn(&SecretId) -> bool,
    author: &Author,
) -> Result<AccessOperation, ChangeError> {
    let NextSecret { secret, overlap_ms, expires } = next;
    let ended = key.past_end(author.now);
    if let (None, Some(at)) = (expires, ended) {
        return Err(ChangeError::KeyExpired { key: key.name.clone(), at });
    }
    let key = &Key { expires: expires.or(key.expires), ..key.clone() };
    check_end(key, author)?;
    let mut kept: Vec<Secret> =
        key.live_secrets(author.now).filter(|secret| !is_revoked(&secret.id)).cloned().collect();
    if ended.is_none() && kept.len() >= MOST_LIVE_SECRETS {
        let secrets = kept.into_iter().map(|secret| secret.id).collect();
        return Err(ChangeError::ThirdSecret { key: key.name.clone(), secrets });
    }
    let end = author.now.plus_ms(overlap_ms);
    let mut summary = format!("secret {}", secret.id);
    if let Some(at) = ended {
        // They ended with the key, and the key's other end would let them in again.
        for old in std::mem::take(&mut kept) {
            let _ = write!(summary, ", {} ended at {at}", old.id);
        }
    }
    for old in &mut kept {
        let retires = old.retires.map_or(end, |retires| retires.min(end));
        old.retires = Some(retires);
        let _ = write!(summary, ", {} retires {retires}", old.id);
    }
    if let Some(expires) = expires {
        let _ = write!(summary, ", expires {expires}");
    }
    kept.push(secret);
    let after = SubjectState::Key(Key { secrets: kept, ..key.clone() });
    Ok(operation(AccessAction::Rotate, author, Some(before.clone()), summary, after))
}

/// Changes the limits of a key; `None` where it has these already.
#[must_use]
pub fn limit((key, before): (&Key, &OperationId), limits: &RateLimits, author: &Author) -> Option<AccessOperation> {
    if key.limits == *limits {
        return None;
    }
    let summary = if limits.is_empty() { "lifted".to_owned() } else { format!("at most {limits}") };
    let after = SubjectState::Key(Key { limits: limits.clone(), ..key.clone() });
    Some(operation(AccessAction::Limit, author, Some(before.clone()), summary, after))
}

/// Compares limits of a key or a grant with those of a group that it may call.
///
/// # Errors
///
/// Fails where one of them is above that of the group.
pub fn check_limits(limits: &RateLimits, group: &GroupName, of_group: &RateLimits) -> Result<(), ChangeError> {
    match limits.first_above(of_group) {
        Some((limit, most)) => Err(ChangeError::LimitAboveGroup { limit, group: group.clone(), most }),
        None => Ok(()),
    }
}

/// Revokes a secret for good.
#[must_use]
pub fn revoke(key: &Key, id: &SecretId, author: &Author) -> AccessOperation {
    let revocation = Revocation {
        secret: id.clone(),
        key: key.name.clone(),
        time: author.now,
        by: author.actor.clone(),
        why: author.message.clone(),
    };
    let summary = format!("secret {id} of key {}", key.name);
    operation(AccessAction::Revoke, author, None, summary, SubjectState::Revocation(revocation))
}

pub(super) fn operation(
    action: AccessAction,
    author: &Author,
    before: Option<OperationId>,
    summary: String,
    after: SubjectState,
) -> AccessOperation {
    let Author { actor, message, now, .. } = author;
    AccessOperation {
        action,
        time: *now,
        actor: actor.clone(),
        message: message.clone(),
        summary,
        before,
        merged: Vec::new(),
        after,
    }
}

#[cfg(test)]
mod tests;
