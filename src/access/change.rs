//! Changes of keys and grants: a request and the present state become an [`AccessOperation`], whole, or an error.

use std::fmt::Write as _;

use super::grant::{Grant, OwnerGrants};
use super::key::MOST_LIVE_SECRETS;
use super::key::{Key, Revocation, Secret};
use super::operation::{AccessAction, AccessOperation, AccessSubject, SubjectRecord, SubjectState};
use super::secret_id::SecretId;
use super::subscription::contains_clear_secret;
use crate::model::{Author, EnvironmentName, GroupName, OperationId, RateLimit, RateLimits, Timestamp};

/// Reason why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A rotation would leave a third live secret.
    #[error("key {key} has {MOST_LIVE_SECRETS} live secrets already: {}", .secrets.join(", "))]
    ThirdSecret {
        /// The key.
        key: String,
        /// The live secrets.
        secrets: Vec<String>,
    },
    /// A time that a key ends at has passed.
    #[error("{at} is in the past: the key would already have expired")]
    ExpiryPast {
        /// The time.
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
        field: &'static str,
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
    #[error("{holder} has no grant {what}")]
    NoGrant {
        /// The key or the owner.
        holder: String,
        /// The grant that was meant.
        what: String,
    },
    /// The beginning of an id names several grants.
    #[error("{what} is the beginning of several grants of {holder}: {}", .ids.join(", "))]
    AmbiguousGrant {
        /// The key or the owner.
        holder: String,
        /// The beginning as it was typed.
        what: String,
        /// The ids of the grants.
        ids: Vec<String>,
    },
    /// A revocation is never undone.
    #[error("secret {id} stays revoked: a revocation is never undone")]
    RevocationUndone {
        /// The secret.
        id: SecretId,
        /// The key that had it.
        key: String,
    },
    /// A key that was made is not unmade.
    #[error("the creation of {key} cannot be undone: requests may have been made with it")]
    CreationUndone {
        /// The key.
        key: String,
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

/// Creates a key.
///
/// # Errors
///
/// Fails where the key would let nobody in at any time, or its description holds a secret.
pub fn create(key: Key, author: &Author) -> Result<AccessOperation, ChangeError> {
    if key.description.as_deref().is_some_and(contains_clear_secret) {
        return Err(ChangeError::ClearSecret { field: "description" });
    }
    if let Some(at) = key.expires.filter(|at| *at <= author.now) {
        return Err(ChangeError::ExpiryPast { at });
    }
    if let (Some(expires), Some(not_before)) = (key.expires, key.not_before)
        && expires <= not_before
    {
        return Err(ChangeError::EndBeforeBegin { expires, not_before });
    }
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

/// Gives a key another secret; those before it end after an overlap.
///
/// # Errors
///
/// Fails where the key has two live secrets already.
pub fn rotate(
    (key, before): (&Key, &OperationId),
    secret: Secret,
    overlap_ms: i64,
    is_revoked: impl Fn(&SecretId) -> bool,
    author: &Author,
) -> Result<AccessOperation, ChangeError> {
    let mut kept: Vec<Secret> =
        key.live_secrets(author.now).filter(|secret| !is_revoked(&secret.id)).cloned().collect();
    if kept.len() >= MOST_LIVE_SECRETS {
        let secrets = kept.iter().map(|secret| secret.id.to_string()).collect();
        return Err(ChangeError::ThirdSecret { key: key.name.to_string(), secrets });
    }
    let end = Timestamp::from_milliseconds(author.now.milliseconds().saturating_add(overlap_ms));
    let mut summary = format!("secret {}", secret.id);
    for old in &mut kept {
        let retires = old.retires.map_or(end, |retires| retires.min(end));
        old.retires = Some(retires);
        let _ = write!(summary, ", {} retires {retires}", old.id);
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
    let summary = if limits.is_empty() { "no limits".to_owned() } else { format!("at most {limits}") };
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

/// The groups, environments and APIs that a grant is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantScope {
    /// The groups.
    pub groups: Vec<GroupName>,
    /// The environments.
    pub environments: Vec<EnvironmentName>,
    /// The APIs; all where it is empty.
    pub apis: Vec<String>,
    /// The limits of each, empty for none; unset where those of grants that are there stay.
    pub limits: Option<RateLimits>,
}

/// Adds grants to a key or an owner; `None` if each exists already. Other limits take the place of those of a grant for
/// the same APIs.
#[must_use]
pub fn grant(
    subject: SubjectState,
    before: Option<&OperationId>,
    scope: &GrantScope,
    author: &Author,
) -> Option<AccessOperation> {
    let mut grants = subject.grants().to_vec();
    let mut summaries = Vec::new();
    for group in &scope.groups {
        let is_missing = |environment: &&EnvironmentName| {
            let has_limits = |grant: &Grant| scope.limits.as_ref().is_none_or(|limits| grant.limits == *limits);
            let is_there = |grant: &&Grant| grant.covers(group, environment, &scope.apis);
            // The limits of a grant for these APIs count before those of one for more.
            let own = grants.iter().filter(is_there).find(|grant| grant.has_apis(&scope.apis));
            own.map_or_else(|| !grants.iter().filter(is_there).any(has_limits), |own| !has_limits(own))
        };
        let missing: Vec<EnvironmentName> = scope.environments.iter().filter(is_missing).cloned().collect();
        if missing.is_empty() {
            continue;
        }
        let holder = subject.subject().to_string();
        let by = (author.now, author.actor.clone());
        let grant = Grant::new(&holder, group.clone(), missing, scope.apis.clone(), by);
        let grant = Grant { limits: scope.limits.clone().unwrap_or_default(), ..grant };
        for older in grants.iter_mut().filter(|older| older.group == grant.group && older.apis == grant.apis) {
            older.environments.retain(|environment| !grant.environments.contains(environment));
        }
        grants.retain(|older| !older.environments.is_empty());
        summaries.push(described(&grant));
        grants.push(grant);
    }
    if summaries.is_empty() {
        return None;
    }
    let after = subject.with_grants(grants);
    Some(operation(AccessAction::Grant, author, before.cloned(), summaries.join("; "), after))
}

/// The grants that are to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemovedGrants {
    /// One, by its id or the beginning of it.
    Id(String),
    /// All of some groups in some environments.
    Scope {
        /// The groups.
        groups: Vec<GroupName>,
        /// The environments.
        environments: Vec<EnvironmentName>,
    },
}

/// Removes grants from a key or an owner.
///
/// # Errors
///
/// Fails where there is no such grant.
pub fn ungrant(
    record: &SubjectRecord,
    removed: &RemovedGrants,
    author: &Author,
) -> Result<AccessOperation, ChangeError> {
    let SubjectRecord { operation: before, state } = record;
    let named: Vec<&str> = match removed {
        RemovedGrants::Id(id) => grants_named(state.grants(), id),
        RemovedGrants::Scope { .. } => Vec::new(),
    };
    if named.len() > 1 {
        let ids = named.iter().map(|id| (*id).to_owned()).collect();
        return Err(ChangeError::AmbiguousGrant { holder: state.subject().to_string(), what: wanted(removed), ids });
    }
    let mut summaries = Vec::new();
    let mut kept = Vec::new();
    for grant in state.grants() {
        let gone: Vec<EnvironmentName> = match removed {
            RemovedGrants::Id(_) if named.contains(&grant.id.as_str()) => grant.environments.clone(),
            RemovedGrants::Scope { groups, environments } if groups.contains(&grant.group) => {
                grant.environments.iter().filter(|name| environments.contains(name)).cloned().collect()
            }
            _ => Vec::new(),
        };
        let (gone, left): (Vec<_>, Vec<_>) =
            grant.environments.iter().cloned().partition(|environment| gone.contains(environment));
        if !gone.is_empty() {
            summaries.push(described(&Grant { environments: gone, ..grant.clone() }));
        }
        if !left.is_empty() {
            kept.push(Grant { environments: left, ..grant.clone() });
        }
    }
    if summaries.is_empty() {
        return Err(ChangeError::NoGrant { holder: state.subject().to_string(), what: wanted(removed) });
    }
    let after = state.clone().with_grants(kept);
    Ok(operation(AccessAction::Ungrant, author, Some(before.clone()), summaries.join("; "), after))
}

/// Lists the grants that an id, or the beginning of one, names.
fn grants_named<'a>(grants: &'a [Grant], typed: &str) -> Vec<&'a str> {
    let ids = || grants.iter().map(|grant| grant.id.as_str());
    match ids().find(|id| *id == typed) {
        Some(whole) => vec![whole],
        None => ids().filter(|id| !typed.is_empty() && id.starts_with(typed)).collect(),
    }
}

fn wanted(removed: &RemovedGrants) -> String {
    match removed {
        RemovedGrants::Id(id) => id.clone(),
        RemovedGrants::Scope { groups, environments } => {
            let groups: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
            let environments: Vec<&str> = environments.iter().map(EnvironmentName::as_str).collect();
            format!("of {} in {}", groups.join(", "), environments.join(", "))
        }
    }
}

/// Reverses an operation that is the latest of its subject. `earlier` is the state that the operation before it left.
///
/// # Errors
///
/// Fails where the subject was changed since, and for a creation and a revocation.
pub fn undo(
    (id, undone): (&OperationId, &AccessOperation),
    present: &SubjectRecord,
    earlier: Option<SubjectState>,
    author: &Author,
) -> Result<AccessOperation, ChangeError> {
    if let SubjectState::Revocation(Revocation { secret, key, .. }) = &undone.after {
        return Err(ChangeError::RevocationUndone { id: secret.clone(), key: key.to_string() });
    }
    if present.operation != *id {
        let later = present.operation.clone();
        return Err(ChangeError::ChangedSince { subject: undone.after.subject(), later });
    }
    let after = match (earlier, &undone.after) {
        (Some(state), _) => state,
        (None, SubjectState::Owner(owner)) => {
            SubjectState::Owner(OwnerGrants { owner: owner.owner.clone(), grants: Vec::new() })
        }
        (None, state) => return Err(ChangeError::CreationUndone { key: state.subject().to_string() }),
    };
    let summary = format!("reverses {} {id}", undone.action);
    Ok(operation(AccessAction::Undo, author, Some(id.clone()), summary, after))
}

fn operation(
    action: AccessAction,
    author: &Author,
    before: Option<OperationId>,
    summary: String,
    after: SubjectState,
) -> AccessOperation {
    let Author { actor, message, now, .. } = author;
    AccessOperation { action, time: *now, actor: actor.clone(), message: message.clone(), summary, before, after }
}

fn described(grant: &Grant) -> String {
    let environments: Vec<&str> = grant.environments.iter().map(EnvironmentName::as_str).collect();
    let apis = if grant.apis.is_empty() { String::new() } else { format!(" ({})", grant.apis.join(", ")) };
    let limits = if grant.limits.is_empty() { String::new() } else { format!(", at most {}", grant.limits) };
    format!("{} in {}{apis}{limits}", grant.group, environments.join(", "))
}

#[cfg(test)]
mod tests;
