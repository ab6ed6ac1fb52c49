//! The history of a group in an environment: the versions that were live, and the effect of each release on callers.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::compare::{self, ChangeRules, ComparedGroup};
use crate::model::{DeploymentState, EnvironmentName, GroupChange, GroupName, Release};
use crate::plan::{Facts as _, PublishCandidate};
use crate::share::reference::{ReleaseEffect, ReleaseRecord, SourceChange};
use crate::workspace::{CommittedOperation, DiskFacts};

/// The most releases of a group whose changes are shown.
const MOST_RELEASES: usize = 500;

/// The history of a group in an environment. Definitions of versions are read when they are asked for.
pub(super) struct GroupHistory<'f> {
    group: &'f GroupName,
    facts: &'f DiskFacts<'f>,
    /// The operations, the newest first.
    operations: Vec<CommittedOperation>,
    /// The versions that are or were live, each as its latest release was, under the number that it has now.
    pub(super) versions: Vec<Release>,
}

impl<'f> GroupHistory<'f> {
    /// Reads the operations. The release of the live entry is one of the versions even where no operation is on record:
    /// a gateway that follows a store has what is live, and no history.
    pub(super) fn read(
        environment: &EnvironmentName,
        group: &'f GroupName,
        live: &Release,
        facts: &'f DiskFacts<'f>,
    ) -> Self {
        let history = facts.workspace().readable_history(environment, Some(group), MOST_RELEASES);
        let mut history = Self { group, facts, operations: history.operations, versions: Vec::new() };
        let mut seen = BTreeSet::new();
        let changes = history.operations.iter().filter_map(|committed| committed.operation.changes.get(group));
        for release in changes.map(|change| &change.after).chain([live]) {
            if release.state != DeploymentState::Offline && seen.insert(release.digest) {
                history.versions.push(history.numbered(release));
            }
        }
        history
    }

    /// Returns the version of a release; `None` where it was deleted since or cannot be read, which the changes say.
    pub(super) fn candidate(&self, release: &Release) -> Option<Arc<PublishCandidate>> {
        self.facts.released(self.group, release).ok().flatten()
    }

    /// Lists the releases with their effect on callers.
    pub(super) fn releases(&self) -> Vec<ReleaseRecord> {
        let record = |committed: &CommittedOperation| {
            let change = committed.operation.changes.get(self.group)?;
            let release = self.numbered(&change.after);
            let is_version = self.versions.iter().any(|version| version.digest == release.digest);
            Some(ReleaseRecord {
                operation: committed.id.clone(),
                time: committed.operation.time,
                actor: committed.operation.actor.clone(),
                action: change.action,
                message: committed.operation.message.clone(),
                effect: self.effect(change),
                source_change: self.source_change(change),
                has_page: is_version && self.candidate(&release).is_some(),
                release,
            })
        };
        self.operations.iter().filter_map(record).collect()
    }

    /// Returns a release with the number under which its version lies now.
    fn numbered(&self, release: &Release) -> Release {
        let number = self.facts.number(self.group, release).ok().flatten();
        Release { version: number.unwrap_or_else(|| release.version.clone()), ..release.clone() }
    }

    /// Returns the change between a mock and a backend, if a release is one.
    fn source_change(&self, change: &GroupChange) -> Option<SourceChange> {
        let (before, after) = (&change.before.as_ref()?.release, &change.after);
        let is_live = after.state != DeploymentState::Offline;
        if !is_live || before.backend.is_mock() == after.backend.is_mock() {
            return None;
        }
        if after.backend.is_mock() {
            return Some(SourceChange::ToMock);
        }
        let candidate = self.candidate(after)?;
        Some(SourceChange::ToBackend(candidate.settings.auth.clone()))
    }

    fn effect(&self, change: &GroupChange) -> ReleaseEffect {
        let after = &change.after;
        if after.state == DeploymentState::Offline {
            return ReleaseEffect::Offline;
        }
        let Some(before) = &change.before else { return ReleaseEffect::First };
        if before.release.digest == after.digest {
            return ReleaseEffect::SameVersion;
        }
        let side = |release: &Release| {
            let candidate = self.candidate(release)?;
            let definition = Arc::clone(candidate.definition.as_ref()?);
            Some((candidate, definition))
        };
        match (side(&before.release), side(after)) {
            (Some((old, old_definition)), Some((new, new_definition))) => {
                let comparison = compare::compare(
                    ComparedGroup { settings: &old.settings, definition: &old_definition },
                    ComparedGroup { settings: &new.settings, definition: &new_definition },
                );
                let settings = self.facts.workspace().settings();
                let judgement = ChangeRules { levels: &settings.changes, sunset: None };
                ReleaseEffect::Compared(comparison.judged(judgement))
            }
            (None, _) => ReleaseEffect::Unreadable(format!("version {} cannot be read", before.release.version)),
            (_, None) => ReleaseEffect::Unreadable(format!("version {} cannot be read", after.version)),
        }
    }
}
