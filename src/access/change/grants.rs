//! Grants that are added and removed.

use std::fmt;

use super::{ChangeError, operation};
use crate::access::grant::Grant;
use crate::access::operation::{AccessAction, AccessOperation, SubjectRecord, SubjectState};
use crate::model::{Author, EnvironmentName, GroupName, OperationId, RateLimits};

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

/// Selects the grants to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantSelector {
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

impl fmt::Display for GrantSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => formatter.write_str(id),
            Self::Scope { groups, environments } => {
                let groups: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
                let environments: Vec<&str> = environments.iter().map(EnvironmentName::as_str).collect();
                write!(formatter, "of {} in {}", groups.join(", "), environments.join(", "))
            }
        }
    }
}

/// Removes grants from a key or an owner.
///
/// # Errors
///
/// Fails where there is no such grant.
pub fn ungrant(
    record: &SubjectRecord,
    removed: &GrantSelector,
    author: &Author,
) -> Result<AccessOperation, ChangeError> {
    let SubjectRecord { operation: before, state } = record;
    let named: Vec<&str> = match removed {
        GrantSelector::Id(id) => match grants_named(state.grants(), id) {
            named if named.len() > 1 => {
                let ids = named.into_iter().map(str::to_owned).collect();
                return Err(ChangeError::AmbiguousGrant { holder: state.subject(), prefix: id.clone(), ids });
            }
            named => named,
        },
        GrantSelector::Scope { .. } => Vec::new(),
    };
    let mut summaries = Vec::new();
    let mut kept = Vec::new();
    for grant in state.grants() {
        let gone: Vec<EnvironmentName> = match removed {
            GrantSelector::Id(_) if named.contains(&grant.id.as_str()) => grant.environments.clone(),
            GrantSelector::Scope { groups, environments } if groups.contains(&grant.group) => {
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
        return Err(ChangeError::NoGrant { holder: state.subject(), selector: removed.clone() });
    }
    let after = state.clone().with_grants(kept);
    Ok(operation(AccessAction::Ungrant, author, Some(before.clone()), summaries.join("; "), after))
}

/// Lists the grants that an id, or the beginning of one, names.
pub(super) fn grants_named<'a>(grants: &'a [Grant], typed: &str) -> Vec<&'a str> {
    let ids = || grants.iter().map(|grant| grant.id.as_str());
    match ids().find(|id| *id == typed) {
        Some(whole) => vec![whole],
        None => ids().filter(|id| !typed.is_empty() && id.starts_with(typed)).collect(),
    }
}

fn described(grant: &Grant) -> String {
    let environments: Vec<&str> = grant.environments.iter().map(EnvironmentName::as_str).collect();
    let apis = if grant.apis.is_empty() { String::new() } else { format!(" ({})", grant.apis.join(", ")) };
    let limits = if grant.limits.is_empty() { String::new() } else { format!(", at most {}", grant.limits) };
    format!("{} in {}{apis}{limits}", grant.group, environments.join(", "))
}
