//! Operations: the record of each change to an environment, with its author, time and reason.

use std::collections::BTreeMap;
use std::fmt;

use super::author::Author;
use super::deployment::{Deployment, Release};
use super::file_schema::SCHEMA;
use super::name::{EnvironmentName, GroupName};
use super::operation_id::OperationId;
use super::time::Timestamp;

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

/// A policy that the author of an operation chose to override, or a fault that did not bar it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum PolicyOverride {
    /// `breaking`: the change breaks callers of the previous release.
    Breaking,
    /// `hand-edit`: the change replaced an entry that was edited by hand.
    #[serde(rename = "hand-edit")]
    HandEdit,
}

impl PolicyOverride {
    /// Returns the word used in files and output, the name of the policy or of the fault.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::HandEdit => "hand-edit",
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

    /// Begins an operation of an author, without changes.
    #[must_use]
    pub fn begin(environment: EnvironmentName, author: &Author) -> Self {
        Self {
            environment,
            time: author.now,
            actor: author.actor.clone(),
            message: author.message.clone(),
            command: author.command.clone(),
            overrides: Vec::new(),
            changes: BTreeMap::new(),
        }
    }

    /// Makes the operation later than these entries, whatever the clocks of those say who made them: the history can be
    /// read by time, and the last operation is the one that was committed last.
    pub fn make_later_than<'a>(&mut self, entries: impl IntoIterator<Item = &'a Deployment>) {
        let latest = entries.into_iter().map(|entry| entry.since.successor()).max();
        self.time = latest.map_or(self.time, |latest| latest.max(self.time));
    }

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
    use crate::model::{Backend, DeploymentState, Digest, Release, Version};

    #[test]
    fn an_operation_is_later_than_every_entry() {
        let at = Timestamp::from_milliseconds;
        let entries = [7, 3].map(|since| Deployment {
            release: Release {
                state: DeploymentState::Live,
                version: Version::first(),
                digest: Digest::of(b""),
                backend: Backend::Mock,
            },
            since: at(since),
            operation: OperationId::new(at(since), &Digest::of(b"")),
        });
        for (clock, count, expected) in [(5, 0, 5), (5, 2, 8), (7, 2, 8), (9, 2, 9)] {
            let now = at(clock);
            let author =
                Author { actor: "me".into(), message: None, command: String::new(), now, allow_breaking: false };
            let mut operation = Operation::begin("test".parse().expect("a name"), &author);
            operation.make_later_than(&entries[..count]);
            assert_eq!(operation.time, at(expected), "{clock}");
        }
    }

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
