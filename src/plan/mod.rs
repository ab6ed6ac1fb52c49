//! From a request and the state on disk to the complete outcome: a [`Plan`].
//!
//! One file a verb. A function here decides everything that a commit does; committing makes no choice, and a dry run is
//! the same plan, shown and dropped. Nothing here touches a file or reads a clock: the state comes through [`Facts`],
//! time and user through [`Author`].

mod advice;
mod backend;
mod bump;
mod error;
mod facts;
mod heads;
mod join;
mod offline;
mod overlay;
mod past_state;
mod policy;
mod promote;
mod publish;
mod release;
mod renumber;
mod resolve;
mod rollback;
mod switch;
mod three_way;
mod undo;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Author, Deployment, Digest, Environment, EnvironmentName, FileSet, GroupChange, GroupName, Operation, ReleaseAction,
};
use crate::model::{DeploymentState, OperationId, Release, Version};

pub use advice::PlanAdvice;
pub use backend::BackendChoice;
pub use bump::{BumpRequest, advice, bump_target};
pub use error::Error;
pub use facts::{Facts, PastEntry, PublishCandidate};
pub use heads::{GroupHeads, Operations, missing_predecessor};
pub use join::join_plan;
pub use offline::{OfflineRequest, offline};
pub use past_state::PastState;
pub use policy::{BlockedRelease, BreakingChange, IncomparableGroup, NextVersion, PolicyRefusal, UnprovenRelease};
pub use promote::{PromoteRequest, PromotedRelease, promote};
pub use publish::{PublishRequest, publish};
pub use release::{BoundChange, BoundPlan, PlanStep, ReleasePlan, StepWords, bind, check_bound, release};
pub use renumber::{NumberClaims, renumber};
pub use resolve::{
    GroupConflict, HeadChoice, HeadEntry, MergeSide, MergeSides, MergedState, Resolution, ResolveError, ResolveRequest,
    SideEntries, drop_operation, resolve, single_heads,
};
pub use rollback::{RollbackRequest, rollback};
pub use switch::{SwitchRequest, SwitchTo, switch};
pub use three_way::{SidePair, merge_entries};
pub use undo::{UndoRequest, undo};

/// The groups of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupSelection {
    /// These.
    Groups(Vec<GroupName>),
    /// Every group to which the request can apply.
    All,
}

impl GroupSelection {
    /// Returns the groups, each once, in order; `all` says which are meant by all.
    fn resolve(&self, all: impl FnOnce() -> Result<Vec<GroupName>, Error>) -> Result<Vec<GroupName>, Error> {
        let mut groups = match self {
            Self::Groups(groups) => groups.clone(),
            Self::All => all()?,
        };
        groups.sort_unstable();
        groups.dedup();
        Ok(groups)
    }
}

/// Returns the groups that are live.
fn live_groups(environment: &Environment) -> Vec<GroupName> {
    let live =
        environment.deployments.iter().filter(|(_, deployment)| deployment.release.state == DeploymentState::Live);
    live.map(|(group, _)| group.clone()).collect()
}

/// The complete outcome of a request in one environment, not yet committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The operation to commit. It has no changes if there is nothing to do.
    pub operation: Operation,
    /// The groups that are as the request wants them already.
    pub unchanged: Vec<GroupName>,
    /// The environments from which groups are promoted.
    pub sources: BTreeMap<GroupName, EnvironmentName>,
    /// The versions that must be frozen first, by group.
    pub freezes: BTreeMap<GroupName, Freeze>,
    /// The settings files that get a new version number, by group.
    pub edits: BTreeMap<GroupName, SettingsEdit>,
    /// Warnings, which do not keep the plan from being committed.
    pub warnings: Vec<String>,
}

/// A version that a plan needs and that is not frozen yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The group.
    pub group: GroupName,
    /// The version.
    pub version: Version,
    /// Its files.
    pub files: FileSet,
    /// The digest of its files.
    pub digest: Digest,
}

/// A new text for a group's settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsEdit {
    /// The group.
    pub group: GroupName,
    /// The text from which the plan was computed.
    pub before: Arc<[u8]>,
    /// The new text.
    pub after: Arc<[u8]>,
}

impl Plan {
    /// Says whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operation.changes.is_empty()
    }

    /// Starts a plan without changes.
    fn new(environment: &EnvironmentName, author: &Author) -> Self {
        Self {
            operation: Operation {
                environment: environment.clone(),
                time: author.now,
                actor: author.actor.clone(),
                message: author.message.clone(),
                command: author.command.clone(),
                overrides: Vec::new(),
                changes: BTreeMap::new(),
            },
            unchanged: Vec::new(),
            sources: BTreeMap::new(),
            freezes: BTreeMap::new(),
            edits: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds a group's change, unless its release stays the same.
    ///
    /// An operation is later than every operation before it, whatever the clocks say: the history
    /// of a group can be read by time.
    fn change(&mut self, group: &GroupName, action: ReleaseAction, before: Option<&Deployment>, after: Release) {
        if before.is_some_and(|before| before.release.serves_same(&after)) {
            self.unchanged.push(group.clone());
            return;
        }
        if let Some(before) = before {
            self.operation.time = self.operation.time.max(before.since.successor());
        }
        self.operation
            .changes
            .insert(group.clone(), GroupChange { action, before: before.cloned(), merged: Vec::new(), after });
    }
}

/// Refuses where the group was changed by another operation than the caller saw.
fn check_current(
    group: &GroupName,
    environment: &EnvironmentName,
    current: Option<&Deployment>,
    expected: Option<&OperationId>,
) -> Result<(), Error> {
    match (expected, current) {
        (None, _) => Ok(()),
        (Some(expected), Some(current)) if current.operation == *expected => Ok(()),
        (Some(expected), current) => Err(Error::NotCurrent {
            group: group.clone(),
            environment: environment.clone(),
            expected: expected.clone(),
            current: current.map(|current| current.operation.clone()),
        }),
    }
}

#[cfg(test)]
mod tests;
