//! Operations: the record of each change to an environment, with its author, time and reason.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Deployment, Digest, EnvironmentName, GroupName, Release, SCHEMA, Timestamp};

/// The id of an operation: its time, and the first twelve digits of the SHA-256 of its file. Copies share the text.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct OperationId(Arc<str>);

/// The error for a text that is not an operation's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an operation's id: it looks like \"20261123T180000.000Z-0123456789ab\"")]
pub struct OperationIdError {
    /// The refused text, truncated if it is long.
    pub text: String,
}

impl OperationId {
    /// The length of an id, in bytes.
    pub const LENGTH: usize = 20 + 1 + 12;

    /// Creates the id of an operation whose file has the given digest.
    #[must_use]
    pub fn new(time: Timestamp, file: &Digest) -> Self {
        Self(format!("{}-{}", time.compact(), file.short()).into())
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OperationId {
    type Err = OperationIdError;

    fn from_str(text: &str) -> Result<Self, OperationIdError> {
        const SHAPE: &[u8; OperationId::LENGTH] = b"ddddddddTdddddd.dddZ-xxxxxxxxxxxx";
        let fits = text.len() == Self::LENGTH
            && text.bytes().zip(SHAPE).all(|(byte, kind)| match kind {
                b'd' => byte.is_ascii_digit(),
                b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
                exact => byte == *exact,
            });
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(OperationIdError { text: text.chars().take(Self::LENGTH + 1).collect() })
        }
    }
}

impl TryFrom<String> for OperationId {
    type Error = OperationIdError;

    fn try_from(text: String) -> Result<Self, OperationIdError> {
        text.parse()
    }
}

impl From<OperationId> for String {
    fn from(id: OperationId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The kind of change that an operation made to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseAction {
    /// Set the version and the backend.
    Publish,
    /// Changed the version, kept the backend.
    Switch,
    /// Took the group offline.
    Offline,
    /// Copied the release from another environment.
    Promote,
    /// Restored an earlier release.
    Rollback,
    /// Reversed one operation.
    Undo,
    /// Recorded a manual edit of the environment's file.
    Accept,
    /// Joined diverged histories.
    Resolve,
}

impl ReleaseAction {
    /// Returns the word used in files and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Switch => "switch",
            Self::Offline => "offline",
            Self::Promote => "promote",
            Self::Rollback => "rollback",
            Self::Undo => "undo",
            Self::Accept => "accept",
            Self::Resolve => "resolve",
        }
    }
}

impl fmt::Display for ReleaseAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The change of one group within an operation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupChange {
    /// The kind of change.
    pub action: ReleaseAction,
    /// The previous entry, which names the previous operation; `None` if the group had none.
    pub before: Option<Deployment>,
    /// The entries of the other histories joined by a resolve, sorted by operation; none is an ancestor of another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<Deployment>,
    /// The new release. Its time and operation are those of this operation.
    pub after: Release,
}

/// A policy that the author of an operation chose to override.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum PolicyOverride {
    /// `breaking`: the change breaks callers of the previous release.
    Breaking,
}

impl PolicyOverride {
    /// Returns the word used in files and output, the name of the policy.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
        }
    }
}

/// A committed change to one environment.
///
/// The id is not part of it, since it is derived from the bytes of its file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The changed environment.
    pub environment: EnvironmentName,
    /// The time of the commit.
    pub time: Timestamp,
    /// The author.
    pub actor: String,
    /// The reason, if one was given.
    pub message: Option<String>,
    /// The command line, with secrets redacted.
    pub command: String,
    /// The overridden policies; usually none.
    #[serde(default, rename = "override", skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<PolicyOverride>,
    /// The changes, by group; never empty.
    pub changes: BTreeMap<GroupName, GroupChange>,
}

impl GroupChange {
    /// Returns the entries that the change is based on: the previous one, then the merged ones.
    pub fn predecessors(&self) -> impl Iterator<Item = &Deployment> {
        self.before.iter().chain(&self.merged)
    }
}

impl Operation {
    /// The newest schema of operation files.
    pub const NEWEST_SCHEMA: u32 = 2;

    /// Returns the lowest schema that can represent the operation; for most it is 1, which every release of apigw
    /// reads.
    #[must_use]
    pub fn schema(&self) -> u32 {
        let joins = |change: &GroupChange| change.action == ReleaseAction::Resolve || !change.merged.is_empty();
        if !self.overrides.is_empty() || self.changes.values().any(joins) { Self::NEWEST_SCHEMA } else { SCHEMA }
    }

    /// Returns the entry that the operation, under the given id, created for a group.
    #[must_use]
    pub fn entry(&self, id: &OperationId, group: &GroupName) -> Option<Deployment> {
        let change = self.changes.get(group)?;
        Some(Deployment { release: change.after.clone(), since: self.time, operation: id.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_time_and_digest() {
        let id = OperationId::new(Timestamp::from_milliseconds(1_795_456_800_123), &Digest::of(b""));
        assert_eq!(id.as_str(), "20261123T180000.123Z-e3b0c44298fc");
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        for refused in
            ["", "20261123T180000.123Z", "20261123T180000.123Z-E3b0c44298fc", "../61123T180000.123Z-e3b0c44298fc"]
        {
            assert!(refused.parse::<OperationId>().is_err(), "{refused}");
        }
    }
}
