//! Grants: the groups, environments and APIs that a key or all keys of an owner may call.

use std::fmt;

use crate::model::{Digest, EnvironmentName, GroupName, OwnerName, RateLimits, Timestamp};

/// The id of a grant, 12 hexadecimal digits, by which it is revoked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GrantId(String);

impl GrantId {
    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The error for a text that is not the id of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a grant's id has 12 hexadecimal digits")]
pub struct GrantIdError;

impl TryFrom<String> for GrantId {
    type Error = GrantIdError;

    fn try_from(text: String) -> Result<Self, GrantIdError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 12 && text.bytes().all(is_digit) {
            return Ok(Self(text));
        }
        Err(GrantIdError)
    }
}

impl From<GrantId> for String {
    fn from(id: GrantId) -> Self {
        id.0
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// A grant: APIs of one group in some environments.
#[derive(Debug, Clone, PartialEq, Eq, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The id.
    pub id: GrantId,
    /// The group.
    pub group: GroupName,
    /// The environments, sorted.
    pub environments: Vec<EnvironmentName>,
    /// The APIs by operation id, or by method and path, sorted; empty where all of the group are meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apis: Vec<String>,
    /// The most requests by this grant in an environment; keys of one owner share those of its grants.
    #[serde(default, skip_serializing_if = "RateLimits::is_empty")]
    pub limits: RateLimits,
    /// Since when.
    pub since: Timestamp,
    /// The person or program that granted it.
    pub by: String,
}

impl Grant {
    /// Builds a grant. Its id is a digest of its holder and fields, without the limits.
    #[must_use]
    pub fn new(
        holder: &str,
        group: GroupName,
        mut environments: Vec<EnvironmentName>,
        mut apis: Vec<String>,
        (since, by): (Timestamp, String),
    ) -> Self {
        environments.sort_unstable();
        environments.dedup();
        apis.sort_unstable();
        apis.dedup();
        let said = format!("{holder}\n{group}\n{environments:?}\n{apis:?}\n{since}\n{by}");
        let id = GrantId(Digest::of(said.as_bytes()).short());
        Self { id, group, environments, apis, limits: RateLimits::default(), since, by }
    }

    /// True if the grant allows a call; an API has one or two names.
    #[must_use]
    pub fn allows(&self, group: &str, environment: &str, api_names: &[&str]) -> bool {
        self.group.as_str() == group
            && self.environments.iter().any(|name| name.as_str() == environment)
            && (self.apis.is_empty() || self.apis.iter().any(|api| api_names.contains(&api.as_str())))
    }

    /// True if the grant is for these APIs, in any order, and no others.
    #[must_use]
    pub(super) fn has_apis(&self, apis: &[String]) -> bool {
        self.apis.iter().all(|api| apis.contains(api)) && apis.iter().all(|api| self.apis.contains(api))
    }

    /// True if all that another grant would allow is allowed already.
    #[must_use]
    pub fn covers(&self, group: &GroupName, environment: &EnvironmentName, apis: &[String]) -> bool {
        let has_apis = self.apis.is_empty() || (!apis.is_empty() && apis.iter().all(|api| self.apis.contains(api)));
        self.group == *group && self.environments.contains(environment) && has_apis
    }
}

/// The grants that every key of an owner has.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerGrants {
    /// The owner.
    pub owner: OwnerName,
    /// The grants, sorted by group and id.
    #[serde(default)]
    pub grants: Vec<Grant>,
}
