//! Ways to restore files, held against what Git has: a hint names a command only where that command works and loses
//! nothing.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::error::missing_hint;
use super::git::{GitCheckout, HEAD, INDEX};
use super::intact_copies::{BrokenVersion, intact_operation, nearest_operation};
use super::{DiskFacts, Workspace, layout};
use crate::model::{
    Author, Digest, Environment, EnvironmentName, Finding, GroupName, Hint, OperationId, RestoreSource, Timestamp,
    Version,
};
use crate::plan::{self, GroupHeads, GroupSelection, RollbackRequest};

/// The most files whose commits are looked for; each is a walk of Git's through all of them.
const MOST_SEARCHES: usize = 20;

impl Workspace {
    /// Adapts the hints of findings on files that have to be restored to what Git has of them.
    pub fn check_hints<'f>(&self, findings: impl IntoIterator<Item = &'f mut Finding>) {
        let advisor = RestoreAdvisor {
            workspace: self,
            checkout: OnceCell::new(),
            tracked: OnceCell::new(),
            broken: OnceCell::new(),
            versions: RefCell::new(BTreeMap::new()),
            newest: RefCell::new(BTreeMap::new()),
        };
        let mut searches = MOST_SEARCHES;
        let mut not_found = Vec::new();
        for finding in findings {
            let hint = std::mem::replace(&mut finding.hint, Hint::RestoreBackup);
            finding.hint = advisor.check(hint, &mut searches);
            not_found.extend(Some(&mut finding.hint).filter(|hint| **hint == Hint::RestoreBackup));
        }
        if let Some(gap) = advisor.checkout().filter(|_| !not_found.is_empty()).and_then(GitCheckout::gap) {
            for hint in not_found {
                *hint = Hint::RestoreUntold { gap };
            }
        }
    }
}

impl Workspace {
    /// True if a rollback of a group leads to another release, whose version is there.
    #[must_use]
    pub fn has_way_back(&self, environment: &EnvironmentName, group: &GroupName) -> bool {
        let groups = GroupSelection::Groups(vec![group.clone()]);
        let request = RollbackRequest {
            environment: environment.clone(),
            groups,
            to: None,
            skip_unavailable: false,
            if_current: None,
        };
        // Nothing of it is in the plan's outcome.
        let author = Author {
            actor: String::new(),
            message: None,
            command: String::new(),
            now: Timestamp::from_milliseconds(0),
            allow_breaking: false,
        };
        let plan = plan::rollback(&request, &DiskFacts::new(self), &author);
        plan.is_ok_and(|plan| self.check_releases(&plan, &[]).is_ok())
    }
}

/// Knows which files Git has, once somebody asks.
struct RestoreAdvisor<'a> {
    workspace: &'a Workspace,
    checkout: OnceCell<Option<GitCheckout>>,
    tracked: OnceCell<BTreeSet<String>>,
    /// The versions that are damaged or missing, by the numbers under which they have to be written again.
    broken: OnceCell<BTreeMap<(GroupName, Version), Digest>>,
    /// Those of them that were looked for, each with the revision that has it.
    versions: RefCell<BTreeMap<(GroupName, Version), Option<String>>>,
    /// The environments that were compared with their history: true where Git's file leads to every operation.
    newest: RefCell<BTreeMap<EnvironmentName, bool>>,
}

impl RestoreAdvisor<'_> {
    fn check(&self, hint: Hint, searches: &mut usize) -> Hint {
        if let Hint::RestoreFile { file } | Hint::RestoreMissing { file } = &hint
            && let Some(revision) = self.version_revision(file)
        {
            let file = file.clone();
            return if revision == INDEX { Hint::RestoreFile { file } } else { Hint::RestoreFrozen { file, revision } };
        }
        match hint {
            Hint::RestoreFile { file } if layout::version_in(&file).is_some() && self.is_as_in_index(&file) => {
                Hint::RestoreBackup
            }
            Hint::RestoreFile { file } | Hint::RestoreMissing { file } if layout::operation_at(&file).is_some() => {
                self.restore_operation_file(file, searches)
            }
            Hint::RestoreFile { file } | Hint::RestoreMissing { file } if self.checkout().is_none() => {
                match self.environment_of(&file) {
                    Some(name) => self.rebuild(&name, file, searches),
                    None => Hint::RestoreBackup,
                }
            }
            Hint::RestoreFile { file } => match self.environment_of(&file) {
                Some(name) if !self.is_newest(&name, &file) => self.rebuild(&name, file, searches),
                None if !self.is_tracked(&file) => Hint::RestoreBackup,
                _ => Hint::RestoreFile { file },
            },
            Hint::RecordOrRestoreEdit { file } => match self.environment_of(&file) {
                Some(name) if self.is_newest(&name, &file) => Hint::RecordOrRestoreEdit { file },
                Some(name) if self.missing_operation(&name).is_some() => Hint::RecordEdit,
                _ => Hint::RecordOrRebuildEdit { file },
            },
            Hint::RevertEdit { environment, file } => match self.missing_operation(&environment) {
                Some(operation) => self.restore_operation(&environment, &operation, searches),
                None => Hint::RevertEdit { environment, file },
            },
            Hint::RenumberVersions { environment } => {
                let names = || self.workspace.settings().environments().into_iter();
                // The file in conflict is resolved along with the numbers.
                let conflicted = names().find(|name| self.workspace.is_conflicted(name));
                let published = || names().find(|name| self.workspace.operation_count(name) > 0);
                Hint::RenumberVersions { environment: conflicted.or(environment).or_else(published) }
            }
            Hint::MergeAgain { environment, operation, restore } => {
                Hint::MergeAgain { environment, operation, restore: Box::new(self.check(*restore, searches)) }
            }
            Hint::RestoreMissing { file } => self.restore_missing(file, searches),
            Hint::RestoreGroup { settings, .. } if self.is_tracked(&settings) => Hint::RestoreFile { file: settings },
            Hint::RestoreGroup { folder, settings, .. } => {
                match self.checkout().and_then(|checkout| checkout.newest_commit_with(&settings)) {
                    Some(commit) => Hint::RestoreGroup { folder, settings, commit },
                    None => Hint::RestoreBackup,
                }
            }
            Hint::RestoreNote { file, .. } => Hint::RestoreNote { is_tracked: self.is_tracked(&file), file },
            Hint::RestoreDeletedVersion { group, environment, folder, removed_file, has_way_back, .. } => {
                let has_commit = || self.checkout().is_some_and(|checkout| checkout.has_removed(&removed_file));
                let source = match self.is_tracked(&folder) {
                    true => RestoreSource::Index,
                    false if has_commit() => RestoreSource::Commit,
                    false => RestoreSource::Nowhere,
                };
                Hint::RestoreDeletedVersion { group, environment, folder, removed_file, source, has_way_back }
            }
            other => other,
        }
    }

    fn checkout(&self) -> Option<&GitCheckout> {
        self.checkout.get_or_init(|| GitCheckout::find(self.workspace.folder())).as_ref()
    }

    /// True if Git's index has a file, or files in a folder.
    fn is_tracked(&self, place: &str) -> bool {
        let tracked = self.tracked.get_or_init(|| self.checkout().map(GitCheckout::tracked_files).unwrap_or_default());
        let inside = format!("{place}/");
        tracked.contains(place) || tracked.range(inside.clone()..).next().is_some_and(|file| file.starts_with(&inside))
    }

    /// True if the commit that is checked out has a file.
    fn is_in_head(&self, place: &str) -> bool {
        self.checkout().is_some_and(|checkout| checkout.read(HEAD, place).is_some())
    }

    /// Returns the hint for a file or a folder that is missing.
    fn restore_missing(&self, file: String, searches: &mut usize) -> Hint {
        if self.is_tracked(&file) {
            return Hint::RestoreFile { file };
        }
        if self.is_in_head(&file) {
            return Hint::RestoreFromRevision { file, revision: HEAD.to_owned() };
        }
        if *searches == 0 {
            return Hint::RestoreMissing { file };
        }
        *searches -= 1;
        match self.checkout().and_then(|checkout| checkout.newest_commit_with(&file)) {
            Some(commit) => Hint::RestoreFromRevision { file, revision: commit },
            None => Hint::RestoreBackup,
        }
    }

    /// Returns the revision of Git that has a file of a version, or its folder, as it was frozen. `None` where the
    /// version is whole or was deleted, and where Git does not have it.
    fn version_revision(&self, file: &str) -> Option<String> {
        let version = layout::version_in(file)?;
        let checkout = self.checkout()?;
        let broken = self.broken.get_or_init(|| {
            let broken = self.workspace.broken_versions().unwrap_or_default();
            broken.into_iter().map(|BrokenVersion { group, number, digest }| ((group, number), digest)).collect()
        });
        let digest = *broken.get(&version)?;
        // Each is a walk of Git's through all commits.
        let known = self.versions.borrow().get(&version).cloned();
        known.unwrap_or_else(|| {
            let (group, number) = version.clone();
            let copy = checkout.intact_version(BrokenVersion { group, number, digest });
            let revision = copy.map(|copy| copy.revision);
            self.versions.borrow_mut().insert(version, revision.clone());
            revision
        })
    }

    /// True if a file is as Git's index has it, or in conflict there: Git has nothing else to check out.
    fn is_as_in_index(&self, file: &str) -> bool {
        let present = self.workspace.root.read(file, layout::LARGEST_DEFINITION).ok().flatten();
        self.checkout().is_some_and(|checkout| {
            let staged = checkout.read(INDEX, file);
            staged == present || (staged.is_none() && self.is_tracked(file))
        })
    }

    /// Returns the hint for an operation's file that is damaged or missing: its name tells which of Git's copies is
    /// right.
    fn restore_operation_file(&self, file: String, searches: &mut usize) -> Hint {
        let (Some(checkout), Some((environment, id))) = (self.checkout(), layout::operation_at(&file)) else {
            return Hint::RestoreBackup;
        };
        let nearest = nearest_operation(checkout, &environment, &id);
        if nearest.is_none() && *searches == 0 {
            return Hint::RestoreMissing { file };
        }
        let copy = nearest.or_else(|| {
            *searches -= 1;
            intact_operation(checkout, &environment, &id)
        });
        match copy.map(|copy| copy.revision) {
            Some(revision) if revision == INDEX => Hint::RestoreFile { file },
            Some(revision) if self.workspace.root.exists(&file).unwrap_or(true) => {
                Hint::RestoreFrozen { file, revision }
            }
            Some(revision) => Hint::RestoreFromRevision { file, revision },
            None => Hint::RestoreBackup,
        }
    }

    /// Returns the hint to build an environment's file from its history; while an operation of it is missing, to
    /// restore that.
    fn rebuild(&self, name: &EnvironmentName, file: String, searches: &mut usize) -> Hint {
        match self.missing_operation(name) {
            Some(operation) => self.restore_operation(name, &operation, searches),
            None => Hint::RebuildRemovedEnvironment { file },
        }
    }

    fn restore_operation(&self, name: &EnvironmentName, operation: &OperationId, searches: &mut usize) -> Hint {
        self.check(missing_hint(&layout::operation(name, operation)), searches)
    }

    fn missing_operation(&self, name: &EnvironmentName) -> Option<OperationId> {
        self.workspace.missing_operations(name).ok()?.pop_last()
    }

    fn environment_of(&self, place: &str) -> Option<EnvironmentName> {
        let names = self.workspace.settings().environments();
        names.into_iter().find(|name| layout::environment(name) == place)
    }

    /// True if the environment's file in Git's index leads to every operation: restoring it takes none out of force.
    fn is_newest(&self, name: &EnvironmentName, place: &str) -> bool {
        let known = self.newest.borrow().get(name).copied();
        known.unwrap_or_else(|| {
            let is_newest = self.leads_to_all(name, place);
            self.newest.borrow_mut().insert(name.clone(), is_newest);
            is_newest
        })
    }

    fn leads_to_all(&self, name: &EnvironmentName, place: &str) -> bool {
        let staged = self.checkout().and_then(|checkout| checkout.read(INDEX, place));
        let text = staged.and_then(|bytes| String::from_utf8(bytes).ok());
        let parsed = text.and_then(|text| self.workspace.parse_environment(name, &text).ok()?.whole().ok());
        let (Some(Environment { deployments, .. }), Ok(operations)) = (parsed, self.workspace.operations(name)) else {
            return false;
        };
        // The file of a later operation may not have been committed along with the entry that it made.
        GroupHeads::of(operations.iter()).are_all_before(&deployments, |id| !operations.contains_key(id))
    }
}
