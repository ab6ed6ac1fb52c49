//! Operations: who changed what in an environment, when and why.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Deployment, Digest, EnvironmentName, GroupName, Release, SCHEMA, Timestamp};

/// The name of an operation: its time, and the first twelve digits of its file's SHA-256. A copy shares its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OperationId(Arc<str>);

/// Why a text is no operation's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an operation's id: it looks like \"20261123T180000.000Z-0123456789ab\"")]
pub struct OperationIdError {
    /// The text that was refused, cut short where it is long.
    pub text: String,
}

impl OperationId {
    /// The length of an id, in bytes.
    pub const LENGTH: usize = 20 + 1 + 12;

    /// Makes the id of an operation whose file has this digest.
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

/// What an operation did to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Set version, backend and address.
    Publish,
    /// Changed the version and kept the backend.
    Switch,
    /// Took the group out.
    Offline,
    /// Took over what is live in another environment.
    Promote,
    /// Restored what was live before.
    Rollback,
    /// Reversed one operation.
    Undo,
    /// Recorded what somebody had changed by hand.
    Accept,
    /// Joined histories that had been continued apart.
    Resolve,
}

impl Action {
    /// Returns the word that stands in files and output.
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

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What one operation changed for one group.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// What was done.
    pub action: Action,
    /// The entry before, which names the operation before; `None` where the group had none.
    pub before: Option<Deployment>,
    /// The entries of the other histories that a resolve joined, sorted by operation; none leads to another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<Deployment>,
    /// What is deployed from then on. Its time and operation are those of this operation.
    pub after: Release,
}

/// A policy that an operation was committed against, because whoever made it said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyOverride {
    /// `breaking`: callers of the release before break.
    Breaking,
}

impl PolicyOverride {
    /// Returns the word that stands in files and output: the policy's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
        }
    }
}

/// One committed change of one environment.
///
/// Its id is not a part of it: it follows from the bytes of its file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The environment that it changed.
    pub environment: EnvironmentName,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub actor: String,
    /// Why, where somebody said so.
    pub message: Option<String>,
    /// The command that was typed, secrets blanked.
    pub command: String,
    /// The policies that it was committed against; most often none.
    #[serde(default, rename = "override", skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<PolicyOverride>,
    /// What it changed, by group; never empty.
    pub changes: BTreeMap<GroupName, Change>,
}

impl Change {
    /// Returns the entries that the change was built upon: the one before, then the merged ones.
    pub fn predecessors(&self) -> impl Iterator<Item = &Deployment> {
        self.before.iter().chain(&self.merged)
    }
}

impl Operation {
    /// The newest schema of an operation's file.
    pub const NEWEST_SCHEMA: u32 = 2;

    /// Returns the lowest schema that can hold the operation: most are of schema 1, which every apigw reads.
    #[must_use]
    pub fn schema(&self) -> u32 {
        let joins = |change: &Change| change.action == Action::Resolve || !change.merged.is_empty();
        if !self.overrides.is_empty() || self.changes.values().any(joins) { Self::NEWEST_SCHEMA } else { SCHEMA }
    }

    /// Returns the entry that the operation, under its id, made of a group.
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
