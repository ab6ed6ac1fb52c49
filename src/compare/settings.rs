//! Compares the settings of a group. The version is no change: the changes decide its next bump.

use super::output::{ChangeOutput, RawChange};
use super::{excerpt, kinds};
use crate::model::{GroupSettings, KeyKind};

pub(super) fn compare(before: &GroupSettings, after: &GroupSettings, output: &mut ChangeOutput) {
    let mut add = |kind, path: &str, message: String| output.add(RawChange::new(kind, message), path, None);
    if before.prefix != after.prefix {
        let message = format!("the prefix was {} and is {}", before.prefix, after.prefix);
        add(kinds::PREFIX_CHANGED, "settings prefix", message);
    }
    // A kind that is no longer taken shuts out who shows it; one more lets more in.
    let is_lost = |kind: &KeyKind| !after.auth.takes(*kind);
    if before.auth.is_none() != after.auth.is_none() || before.auth.kinds().any(|kind| is_lost(&kind)) {
        let kind = if after.auth.is_none() { kinds::AUTH_LIFTED } else { kinds::AUTH_REQUIRED };
        add(kind, "settings auth", format!("auth was {} and is {}", before.auth, after.auth));
    } else if before.auth.to_string() != after.auth.to_string() {
        let message = format!("auth was {} and is {}", before.auth, after.auth);
        add(kinds::AUTH_LIFTED, "settings auth", message);
    }
    for domain in before.domains.iter().filter(|domain| !after.domains.contains(domain)) {
        add(kinds::DOMAIN_REMOVED, "settings domains", format!("the domain {domain} was removed"));
    }
    for domain in after.domains.iter().filter(|domain| !before.domains.contains(domain)) {
        add(kinds::DOMAIN_ADDED, "settings domains", format!("the domain {domain} was added"));
    }
    let shown = |text: &Option<String>, other: &Option<String>| match text {
        Some(text) => excerpt::quoted_among(text, other.as_deref()),
        None => "none".to_owned(),
    };
    if before.backend != after.backend {
        let message = format!(
            "the backend was {} and is {}",
            shown(&before.backend, &after.backend),
            shown(&after.backend, &before.backend)
        );
        add(kinds::BACKEND_CHANGED, "settings backend", message);
    }
    if before.description != after.description {
        let (before, after) =
            (shown(&before.description, &after.description), shown(&after.description, &before.description));
        let message = format!("the description was {before} and is {after}");
        add(kinds::GROUP_DESCRIPTION_CHANGED, "settings description", message);
    }
}
