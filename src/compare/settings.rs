//! Compares the settings of a group. The version is no change: the changes decide its next bump.

use super::output::{ChangeOutput, RawChange};
use super::{excerpt, kinds};
use crate::model::{GroupIpRules, GroupSettings, IpRange, KeyKind, RateLimits};

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
    } else if before.auth != after.auth {
        let message = format!("settings of auth {} are others", after.auth);
        add(kinds::AUTH_SETTINGS_CHANGED, "settings auth", message);
    }
    if before.limits != after.limits {
        let is_widened = after
            .limits
            .iter()
            .all(|limit| before.limits.of(limit.window).is_some_and(|before| before.requests <= limit.requests));
        let kind = if is_widened { kinds::LIMITS_WIDENED } else { kinds::LIMITS_NARROWED };
        let message = format!("the limits were {} and are {}", limits(&before.limits), limits(&after.limits));
        add(kind, "settings limits", message);
    }
    if before.ip_rules != after.ip_rules {
        let message = format!("the IP rules were {} and are {}", ip_rules(&before.ip_rules), ip_rules(&after.ip_rules));
        add(kinds::IP_RULES_CHANGED, "settings ip_rules", message);
    }
    match (before.forwarding.websockets, after.forwarding.websockets) {
        (false, true) => {
            let message = "every GET may go on as a websocket, not only operations that say so";
            add(kinds::WEBSOCKETS_ADDED, "settings forwarding websockets", message.to_owned());
        }
        (true, false) => {
            let message = "only operations that say so may go on as websockets, not every GET";
            add(kinds::WEBSOCKETS_REMOVED, "settings forwarding websockets", message.to_owned());
        }
        _ => {}
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

fn limits(limits: &RateLimits) -> String {
    if limits.is_empty() { "none".to_owned() } else { limits.to_string() }
}

/// Describes rules: those for all environments, then those of single ones.
fn ip_rules(rules: &GroupIpRules) -> String {
    let ranges = |allow: &[IpRange], deny: &[IpRange]| {
        let list = |word: &str, ranges: &[IpRange]| {
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            (!ranges.is_empty()).then(|| format!("{word} {}", ranges.join(", ")))
        };
        let lists: Vec<String> = [list("allow", allow), list("deny", deny)].into_iter().flatten().collect();
        if lists.is_empty() { "none".to_owned() } else { lists.join("; ") }
    };
    let own = ranges(&rules.allow, &rules.deny);
    rules.environments.iter().fold(own, |text, (environment, rules)| {
        format!("{text}; in {environment} {}", ranges(&rules.allow, &rules.deny))
    })
}
