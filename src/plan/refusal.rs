//! Refusals by the policies of an environment.

use crate::model::{EnvironmentName, GroupName, Version, VersionRemark};

/// Reason why a policy refuses a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyRefusal {
    /// `mock`: these groups would get a mock backend.
    Mock {
        /// The groups.
        groups: Vec<GroupName>,
    },
    /// `breaking`: callers would break, or nobody can tell.
    Breaking {
        /// The changes that break callers.
        changes: Vec<BreakingChange>,
        /// The groups of which nobody can tell.
        unknown: Vec<IncomparableGroup>,
        /// True on a way back, where `breaking_rollback` refuses.
        on_way_back: bool,
    },
    /// Versions that somebody blocked, whatever the environment's settings say.
    Blocked {
        /// The releases.
        releases: Vec<BlockedRelease>,
    },
    /// `promote_from`: releases that did not pass the environment before.
    Source {
        /// The environment in which they must have been live.
        source: EnvironmentName,
        /// The releases.
        releases: Vec<UnprovenRelease>,
    },
}

/// A change that breaks callers of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakingChange {
    /// The group.
    pub group: GroupName,
    /// Place in its definition: the API and the path below it; empty if it concerns the whole group.
    pub place: String,
    /// The kind of change, as `[changes]` in `apigw.toml` names it; `None` where the group goes offline.
    pub kind: Option<&'static str>,
    /// The change in words.
    pub message: String,
    /// The versions that were compared; `None` where the group goes offline, and where one of them is not on disk yet.
    pub versions: Option<ComparedVersions>,
}

/// The versions whose comparison a refusal is about, by the numbers under which they lie on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedVersions {
    /// The version that callers have. It need not be the one of the environment's file: in a merge, each side has its
    /// own.
    pub before: Version,
    /// The version that callers would get.
    pub next: NextVersion,
}

/// The version that callers would get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextVersion {
    /// A frozen version.
    Frozen(Version),
    /// The working copy, about to be frozen.
    WorkingCopy,
}

/// A group whose versions cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomparableGroup {
    /// The group.
    pub group: GroupName,
    /// The version that cannot be read.
    pub version: Version,
    /// Reason.
    pub fault: ComparisonFault,
}

/// Reason why a version cannot be compared, as a clause about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComparisonFault {
    /// The live version is not on disk.
    #[error("is live, but its folder is missing")]
    LiveFolderMissing,
    /// The live version cannot be read, with the error.
    #[error("is live, but cannot be read: {0}")]
    LiveUnreadable(String),
    /// The definition of the live version cannot be read.
    #[error("is live, but its definition cannot be read")]
    LiveDefinitionUnreadable,
    /// The next version is not on disk.
    #[error("has no folder")]
    FolderMissing,
    /// The definition of the next version cannot be read.
    #[error("has a definition that cannot be read")]
    DefinitionUnreadable,
}

/// A release of a version that is blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedRelease {
    /// The group.
    pub group: GroupName,
    /// The version.
    pub version: Version,
    /// The author, time and reason of the block.
    pub block: VersionRemark,
}

/// A release that was not live where it must have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnprovenRelease {
    /// The group.
    pub group: GroupName,
    /// Its version.
    pub version: Version,
    /// True if it would get a mock.
    pub is_mock: bool,
    /// True if it was live there with the other kind of backend only.
    pub had_other_backend: bool,
}

impl BreakingChange {
    /// Formats it as one line.
    #[must_use]
    pub fn text(&self) -> String {
        format!("callers break: {}", self.place_and_message())
    }

    pub(super) fn place_and_message(&self) -> String {
        let Self { group, place, message, kind, .. } = self;
        let place = if place.is_empty() { String::new() } else { format!(" {place}") };
        let kind = kind.map(|kind| format!(" [{kind}]")).unwrap_or_default();
        format!("{group}{place}: {message}{kind}")
    }
}

impl IncomparableGroup {
    /// Formats it as one line.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { group, version, fault } = self;
        format!("cannot check compatibility of {group}: version {version} {fault}")
    }
}

impl BlockedRelease {
    pub(super) fn new(group: &GroupName, version: &Version, block: &VersionRemark) -> Self {
        Self { group: group.clone(), version: version.clone(), block: block.clone() }
    }

    /// Formats it as one line.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { group, version, block } = self;
        let why = block.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{group} {version} was blocked by {} at {}{why}", block.by, block.at)
    }
}

impl UnprovenRelease {
    /// Describes the required release, in a line.
    #[must_use]
    pub fn text(&self, source: &EnvironmentName, environment: &EnvironmentName) -> String {
        let Self { group, version, is_mock, had_other_backend } = self;
        let (kind, other) = if *is_mock { ("a mock", "a real backend") } else { ("a real backend", "a mock") };
        if *had_other_backend {
            format!(
                "{group} {version} was live in {source} with {other} only, and must have been with {kind} before it \
                 can go to {environment}"
            )
        } else {
            format!("{group} {version} must be live in {source} before it can go to {environment}")
        }
    }
}

/// Returns the message on mock backends of some groups.
pub(super) fn mock_message(groups: &[GroupName]) -> String {
    let groups: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
    format!("a mock backend, which skips authentication and signature checks, for {}", groups.join(", "))
}
