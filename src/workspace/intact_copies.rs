//! Frozen files that are damaged or missing, and whose committed bytes Git has.
//!
//! Versions and operations are much alike, so Git's rename detection takes the files of one for those of another, and
//! merges changes of one branch into frozen files of the other, often without a conflict. The right bytes of a frozen
//! file are known by their digest, so whatever commit has them is good.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use super::error::Error;
use super::git::{GitCheckout, HEAD, INDEX};
use super::renumber::{Renumbering, frozen_in_git};
use super::{LockGuard, Workspace, layout, operation_file};
use crate::model::{Digest, EnvironmentName, GroupName, OperationId, Version};

/// The length to which the name of a commit is cut where it is shown.
const SHOWN_LENGTH: usize = 12;

/// Something that was frozen, as a revision of Git has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IntactCopy<T> {
    /// The revision, as it is typed.
    pub(super) revision: String,
    pub(super) content: T,
}

/// A version that is damaged or missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BrokenVersion {
    pub(super) group: GroupName,
    /// The number under which it has to be written again.
    pub(super) number: Version,
    pub(super) digest: Digest,
}

/// The digests that are known of the versions of a workspace, by group and number.
type NamedDigests = BTreeMap<(GroupName, Version), BTreeSet<Digest>>;

impl GitCheckout {
    /// Iterates over the revisions that may have a file as it was once committed, those first that are named easily.
    /// The commits are walked through where somebody asks for them.
    pub(super) fn revisions_of(&self, place: String) -> impl Iterator<Item = String> {
        let commits = iter::once_with(move || self.commits_of(&place)).flatten().map(|mut commit| {
            commit.truncate(SHOWN_LENGTH);
            commit
        });
        self.nearest_revisions().chain(commits)
    }

    /// Finds the bytes of a version in Git.
    pub(super) fn intact_version(&self, broken: BrokenVersion) -> Option<IntactCopy<Renumbering>> {
        let BrokenVersion { group, number: to, digest } = broken;
        let found = frozen_in_git(self, &group, digest, &[], &BTreeSet::from([to.clone()]))?;
        let IntactCopy { revision, content: (from, files) } = found;
        Some(IntactCopy { revision, content: Renumbering { group, from, to, digest, leaves: None, files } })
    }

    /// Iterates over the revisions that have a name.
    fn nearest_revisions(&self) -> impl Iterator<Item = String> {
        let under_way = || self.operation().and_then(|_| self.merge_revisions());
        let sides = iter::once_with(under_way).flatten().flat_map(|sides| [sides.ours, sides.theirs]);
        [INDEX, HEAD].map(str::to_owned).into_iter().chain(sides)
    }
}

/// Finds the bytes of an operation's file in the revisions of Git that have a name.
pub(super) fn nearest_operation(
    checkout: &GitCheckout,
    environment: &EnvironmentName,
    id: &OperationId,
) -> Option<IntactCopy<Vec<u8>>> {
    operation_in(checkout, checkout.nearest_revisions(), environment, id)
}

/// Finds the bytes of an operation's file in Git.
pub(super) fn intact_operation(
    checkout: &GitCheckout,
    environment: &EnvironmentName,
    id: &OperationId,
) -> Option<IntactCopy<Vec<u8>>> {
    let place = layout::operation(environment, id);
    operation_in(checkout, checkout.revisions_of(place), environment, id)
}

fn operation_in(
    checkout: &GitCheckout,
    mut revisions: impl Iterator<Item = String>,
    environment: &EnvironmentName,
    id: &OperationId,
) -> Option<IntactCopy<Vec<u8>>> {
    let place = layout::operation(environment, id);
    revisions.find_map(|revision| {
        let content = checkout.read(&revision, &place)?;
        operation_file::parse(environment, id, content.clone()).ok()?;
        Some(IntactCopy { revision, content })
    })
}

impl Workspace {
    /// Finds the operations of all environments whose files have other bytes than were committed, and that Git has.
    pub(super) fn intact_operations(
        &self,
        checkout: &GitCheckout,
    ) -> Result<BTreeMap<String, IntactCopy<Vec<u8>>>, Error> {
        let mut copies = BTreeMap::new();
        for environment in self.recorded_environments()? {
            for id in self.operation_ids(&environment)? {
                let is_damaged = matches!(self.read_operation(&environment, &id), Err(Error::Invalid(_)));
                if let Some(copy) = is_damaged.then(|| intact_operation(checkout, &environment, &id)).flatten() {
                    copies.insert(layout::operation(&environment, &id), copy);
                }
            }
        }
        Ok(copies)
    }

    /// Finds the versions that are damaged or missing, and that a number stands for beyond doubt. Numbers that two
    /// branches gave are for a resolve to tell apart.
    pub(super) fn broken_versions(&self) -> Result<Vec<BrokenVersion>, Error> {
        let mut broken = Vec::new();
        for ((group, number), digests) in self.named_digests()? {
            let is_sole = digests.len() == 1;
            for digest in digests {
                let number = self.broken_number(&group, &number, (digest, is_sole))?;
                broken.extend(number.map(|number| BrokenVersion { group: group.clone(), number, digest }));
            }
        }
        Ok(broken)
    }

    /// Returns the number under which a release has to be written again; `None` where it is whole, where it was
    /// deleted, and where another whole version lies there.
    fn broken_number(
        &self,
        group: &GroupName,
        number: &Version,
        (digest, is_sole): (Digest, bool),
    ) -> Result<Option<Version>, Error> {
        let is_damaged = |number: &Version| matches!(self.version(group, number), Err(Error::Invalid(_)));
        match self.locate_release(group, number, digest) {
            Ok(Some(found)) => Ok(Some(found).filter(is_damaged)),
            Ok(None) | Err(Error::Invalid(_)) if !is_sole => Ok(None),
            Ok(None) if self.root.exists(&layout::version(group, number))? => Ok(None),
            Ok(None) => {
                let is_deleted = self.version_notes(group)?.deletion(&digest).is_some();
                Ok((!is_deleted).then(|| number.clone()))
            }
            Err(Error::Invalid(_)) => Ok(Some(number.clone())),
            Err(error) => Err(error),
        }
    }

    /// Collects the digests that operations and lists of files state for each number.
    fn named_digests(&self) -> Result<NamedDigests, Error> {
        let mut named = NamedDigests::new();
        for environment in self.recorded_environments()? {
            for id in self.operation_ids(&environment)? {
                // A damaged one is a fault of its own.
                let Ok(operation) = self.read_operation(&environment, &id) else { continue };
                for (group, change) in operation.changes {
                    for release in change.predecessors().map(|entry| &entry.release).chain([&change.after]) {
                        named.entry((group.clone(), release.version.clone())).or_default().insert(release.digest);
                    }
                }
            }
        }
        for group in self.root.list(layout::GROUPS_FOLDER)?.iter().filter_map(|name| name.parse::<GroupName>().ok()) {
            for number in self.versions(&group)? {
                if let Ok(Some(manifest)) = self.manifest(&group, &number) {
                    named.entry((group.clone(), number)).or_default().insert(manifest.digest());
                }
            }
        }
        Ok(named)
    }
}

impl LockGuard {
    /// Writes the frozen files again that Git has as they were committed, and returns a line for each repair. What its
    /// index has is left to `git checkout`: the file may have been edited by hand.
    pub(super) fn restore_from_git(&self) -> Result<Vec<String>, Error> {
        let Some(checkout) = GitCheckout::find(self.workspace().folder()) else { return Ok(Vec::new()) };
        let mut done = Vec::new();
        for (place, IntactCopy { revision, content }) in self.workspace().intact_operations(&checkout)? {
            if revision == INDEX {
                continue;
            }
            let mut stage = self.stage();
            stage.write(&place, &content)?;
            stage.settle(&place)?;
            done.push(format!("restored {place} from Git"));
        }
        let broken = self.workspace().broken_versions()?;
        let versions = broken.into_iter().filter_map(|version| checkout.intact_version(version));
        let versions = versions.filter(|copy| copy.revision != INDEX);
        let versions: Vec<Renumbering> = versions.map(|copy| copy.content).collect();
        self.write_renumberings(&versions)?.keep();
        let places = versions.iter().map(|version| layout::version(&version.group, &version.to));
        done.extend(places.map(|place| format!("restored {place} from Git")));
        Ok(done)
    }
}
