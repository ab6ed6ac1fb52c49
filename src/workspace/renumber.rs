//! Version numbers that were given twice on two branches: their versions found, rebuilt from Git, renumbered.
//!
//! Git leaves a conflict in the files of such a version, or whoever merged took one side of it. The bytes of each
//! side are in Git's index or commits; whatever is found there counts only where its digest is the one that is wanted.

mod in_git;
mod in_markers;
mod written;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::in_git::frozen_in_git;
use self::in_git::{GitVersion, SideVersions, side_versions};
use self::in_markers::MarkedVersion;
use super::error::Error;
use super::git::GitCheckout;
use super::record::conflict::split_conflict;
use super::{MergeState, Workspace, layout};
use crate::model::{
    Deployment, DeploymentState, Digest, FileSet, GroupName, Operation, OperationId, VERSION_FILE, Version,
};
use crate::plan::{GroupHeads, NumberClaims, Resolution, renumber};

/// A frozen version that has to be written: under a number of its own, or anew under the one that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renumbering {
    /// The group.
    pub group: GroupName,
    /// The number that it was frozen with.
    pub from: Version,
    /// The number that it has from now on.
    pub to: Version,
    /// Its digest, which stays.
    pub digest: Digest,
    /// The number that it must not lie under any more: that stands for a version which was deleted.
    pub(super) leaves: Option<Version>,
    pub(super) files: FileSet,
}

/// Versions that must lie there, by group and digest, with the numbers that operations name them by.
#[derive(Debug, Default)]
struct WantedVersions {
    named: BTreeMap<GroupName, BTreeMap<Digest, BTreeSet<Version>>>,
    /// Versions that are live, and so must lie there even where somebody deleted them.
    live: BTreeSet<(GroupName, Digest)>,
}

impl Workspace {
    /// Finds the versions that a merge left without their bytes, or with a number that another one has. The release of
    /// an operation that a resolution drops claims no number by being live.
    ///
    /// # Errors
    ///
    /// Fails where such a version, or the history of a protected environment, cannot be read.
    pub fn renumberings(&self, state: &MergeState, resolution: &Resolution) -> Result<Vec<Renumbering>, Error> {
        let Some(checkout) = GitCheckout::find(self.folder()) else { return Ok(Vec::new()) };
        let sides = side_versions(&checkout);
        let has_other = |group: &GroupName, number: &Version, digest: &Digest| {
            self.manifest(group, number).is_ok_and(|found| found.is_some_and(|found| found.digest() != *digest))
        };
        let wanted = wanted_versions(state, &sides, &has_other);
        let mut protected = None;
        let mut found = Vec::new();
        let mut groups = wanted.named;
        for name in self.root.list(layout::GROUPS_FOLDER)?.iter().filter_map(|name| name.parse().ok()) {
            groups.entry(name).or_default();
        }
        for (group, mut digests) in groups {
            let marked = self.marked_versions(&group)?;
            for (digest, MarkedVersion { number, .. }) in &marked {
                digests.entry(*digest).or_default().insert(number.clone());
            }
            let mut missing = self.missing_versions(&checkout, &group, digests)?;
            // A note that cannot be read is a fault where something is missing: it may say that it was deleted.
            let notes = if missing.is_empty() { self.readable_notes(&group)?.0 } else { self.version_notes(&group)? };
            missing.retain(|digest, _| {
                wanted.live.contains(&(group.clone(), *digest)) || notes.deletion(digest).is_none()
            });
            let reserved = notes.reserved_numbers();
            if missing.is_empty() && self.foreign_numbers(&group, &reserved).is_empty() {
                continue;
            }
            let protected = match &protected {
                Some(protected) => protected,
                None => protected.insert(self.protected_digests(resolution.dropped.as_ref())?),
            };
            let protected = protected.get(&group).cloned().unwrap_or_default();
            let sides = sides.get(&group).map_or(&[][..], Vec::as_slice);
            let claims = NumberClaims { reserved, protected, ..NumberClaims::default() };
            found.extend(self.renumber_group(&checkout, &group, (sides, marked), missing, claims)?);
        }
        Ok(found)
    }

    /// Returns those of the digests under which no whole version of a group lies.
    ///
    /// # Errors
    ///
    /// Fails where a version cannot be read: it may be the one that is looked for, and must not be written over.
    fn missing_versions(
        &self,
        checkout: &GitCheckout,
        group: &GroupName,
        digests: BTreeMap<Digest, BTreeSet<Version>>,
    ) -> Result<BTreeMap<Digest, BTreeSet<Version>>, Error> {
        let mut missing = BTreeMap::new();
        for (digest, numbers) in digests {
            let Some(number) = numbers.first() else { continue };
            match self.locate_release(group, number, digest) {
                Ok(Some(found)) if self.is_whole_version(group, &found)? => continue,
                Ok(_) => {}
                Err(_) if self.is_in_conflict(checkout, group, number)? => {}
                Err(error) => return Err(error),
            }
            missing.insert(digest, numbers);
        }
        Ok(missing)
    }

    /// False if bytes of a version are not those that were frozen.
    fn is_whole_version(&self, group: &GroupName, number: &Version) -> Result<bool, Error> {
        match self.version(group, number) {
            Ok(_) => Ok(true),
            Err(Error::Invalid(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// True if a merge left a version's list of files in conflict, which is as good as no version.
    fn is_in_conflict(&self, checkout: &GitCheckout, group: &GroupName, number: &Version) -> Result<bool, Error> {
        let place = format!("{}/{VERSION_FILE}", layout::version(group, number));
        let bytes = self.root.read(&place, layout::LARGEST_RECORD)?.unwrap_or_default();
        let has_markers = split_conflict(&String::from_utf8_lossy(&bytes)).is_some();
        Ok(has_markers || checkout.unmerged_versions().contains(&(group.clone(), number.clone())))
    }

    fn renumber_group(
        &self,
        checkout: &GitCheckout,
        group: &GroupName,
        (sides, mut marked): (&[GitVersion], BTreeMap<Digest, MarkedVersion>),
        missing: BTreeMap<Digest, BTreeSet<Version>>,
        mut claims: NumberClaims,
    ) -> Result<Vec<Renumbering>, Error> {
        claims.taken = self.taken_numbers(group)?;
        claims.taken.extend(sides.iter().map(|side| side.number.clone()));
        let settled = sides.iter().filter(|side| side.is_settled);
        claims.settled.extend(settled.map(|side| (side.number.clone(), side.digest)));
        for (digest, version) in marked.iter().filter(|(_, version)| version.is_head) {
            let place = format!("{}/{VERSION_FILE}", layout::version(group, &version.number));
            // A rebase put the other side upon it.
            if checkout.has_rebased_conflict(&place) != Some(false) {
                claims.settled.insert(version.number.clone(), *digest);
            }
        }
        let mut sources = BTreeMap::new();
        let is_shallow = checkout.is_shallow();
        for (digest, named) in missing {
            let in_markers = marked.remove(&digest).and_then(|version| Some((version.from, version.files?)));
            let source =
                in_markers.or_else(|| frozen_in_git(checkout, group, digest, sides, &named).map(|copy| copy.content));
            if let Some(version) = named.first().filter(|_| source.is_none() && is_shallow) {
                return Err(Error::ShallowClone { group: group.clone(), version: version.clone(), digest });
            }
            if let Some(source) = source {
                let numbers = sides.iter().filter(|side| side.digest == digest).map(|side| side.number.clone());
                let numbers: BTreeSet<Version> = numbers.collect();
                claims.missing.insert(digest, if numbers.is_empty() { named } else { numbers });
                sources.insert(digest, source);
            }
        }
        for number in self.versions(group)? {
            // The list of its files says that this is the damaged version which is written again.
            let is_source = || {
                let manifest = self.manifest(group, &number).ok().flatten();
                manifest.is_some_and(|manifest| sources.contains_key(&manifest.digest()))
            };
            let found = match self.version(group, &number) {
                Err(error)
                    if claims.missing.values().any(|numbers| numbers.contains(&number))
                        && !is_source()
                        && !self.is_in_conflict(checkout, group, &number)? =>
                {
                    return Err(error);
                }
                found => found.ok().flatten(),
            };
            if let Some((files, digest)) = found {
                let from = self.frozen_as(group, &number)?.unwrap_or_else(|| number.clone());
                claims.present.insert(number, digest);
                sources.entry(digest).or_insert((from, files));
            }
        }
        let mut numbers = renumber(&claims);
        let foreign = self.foreign_numbers(group, &claims.reserved);
        let mut left: BTreeMap<Digest, Version> = BTreeMap::new();
        let given: BTreeSet<Version> = numbers.values().cloned().collect();
        for number in foreign.into_iter().filter(|number| !given.contains(number)) {
            let Some(digest) = claims.present.get(&number) else { continue };
            let has_digest = |(other, found): &(&Version, &Digest)| *found == digest && **other != number;
            let elsewhere = claims.present.iter().find(has_digest).map(|(other, _)| other.clone());
            if let Some(to) = numbers.get(digest).cloned().or(elsewhere) {
                numbers.insert(*digest, to);
                left.insert(*digest, number);
            }
        }
        let renumbered = numbers.into_iter().filter_map(|(digest, to)| {
            let (from, files) = sources.remove(&digest)?;
            Some(Renumbering { group: group.clone(), from, to, digest, leaves: left.remove(&digest), files })
        });
        Ok(renumbered.collect())
    }

    /// Returns the numbers of deleted versions under which other bytes lie: a branch froze the number too.
    fn foreign_numbers(&self, group: &GroupName, reserved: &BTreeMap<Version, BTreeSet<Digest>>) -> Vec<Version> {
        // A version in conflict is missing, and found as such.
        let digest = |number: &Version| Some(self.manifest(group, number).ok()??.digest());
        let is_foreign =
            |(number, own): &(&Version, &BTreeSet<Digest>)| digest(number).is_some_and(|digest| !own.contains(&digest));
        reserved.iter().filter(is_foreign).map(|(number, _)| number.clone()).collect()
    }

    /// Finds the versions that are live in protected environments, on either side of a merge that is not resolved
    /// there.
    ///
    /// It asks the operations, whose files never conflict: the entries depend on how far somebody has come with the
    /// merge, and the numbers must not.
    fn protected_digests(&self, dropped: Option<&OperationId>) -> Result<BTreeMap<GroupName, BTreeSet<Digest>>, Error> {
        let mut protected: BTreeMap<GroupName, BTreeSet<Digest>> = BTreeMap::new();
        let names = self.settings().environments();
        for name in names.iter().filter(|name| self.settings().environment(name).protected) {
            let operations = self.operations(name)?;
            for (group, heads) in GroupHeads::of(operations.iter()).iter() {
                let kept = heads.iter().filter(|head| Some(*head) != dropped);
                let changes = kept.filter_map(|head| operations.get(head)?.changes.get(group));
                let live = changes.filter(|change| change.after.state == DeploymentState::Live);
                protected.entry(group.clone()).or_default().extend(live.map(|change| change.after.digest));
            }
        }
        Ok(protected)
    }

    /// Returns the numbers that a group cannot give any more: frozen, blocked or deleted.
    fn taken_numbers(&self, group: &GroupName) -> Result<BTreeSet<Version>, Error> {
        let names = self.root.list(&layout::versions(group))?;
        Ok(names.iter().filter_map(|name| name.strip_suffix(".yaml").unwrap_or(name).parse().ok()).collect())
    }
}

/// Collects the versions that must be found: live ones, and every digest of a number that has several, in operations,
/// on the sides of the merge or on disk. Until what Git has begun is ended, these are all that operations name.
/// `has_other` tells whether another version lies under a number.
fn wanted_versions(
    state: &MergeState,
    sides: &SideVersions,
    has_other: &impl Fn(&GroupName, &Version, &Digest) -> bool,
) -> WantedVersions {
    let mut numbers: BTreeMap<(GroupName, Version), BTreeSet<Digest>> = BTreeMap::new();
    let mut wanted = WantedVersions::default();
    // What is taken back on one branch, or put upon others, may take away a version that an operation still names.
    let wants_all = state.git_operation().is_some();
    for (id, operation) in state.state().operations {
        collect(&mut numbers, &mut wanted, state, (id, operation));
    }
    let of_group = |((group, _), digests): (&(GroupName, Version), &BTreeSet<Digest>)| {
        digests.iter().map(|digest| (group.clone(), *digest)).collect::<Vec<_>>()
    };
    let in_history: BTreeSet<_> = numbers.iter().filter(|_| wants_all).flat_map(of_group).collect();
    for (group, versions) in sides {
        for GitVersion { number, digest, .. } in versions {
            numbers.entry((group.clone(), number.clone())).or_default().insert(*digest);
        }
    }
    for ((group, number), digests) in numbers {
        let has_several = digests.len() > 1;
        let named = wanted.named.entry(group.clone()).or_default();
        for digest in digests {
            let release = (group.clone(), digest);
            let is_wanted = has_several || in_history.contains(&release) || wanted.live.contains(&release);
            if is_wanted || has_other(&group, &number, &digest) {
                named.entry(digest).or_default().insert(number.clone());
            }
        }
    }
    wanted
}

/// Adds the releases that an operation names, and those that it leaves live.
fn collect(
    numbers: &mut BTreeMap<(GroupName, Version), BTreeSet<Digest>>,
    wanted: &mut WantedVersions,
    state: &MergeState,
    (id, operation): (&OperationId, &Operation),
) {
    for (group, change) in &operation.changes {
        let releases = change.predecessors().map(|entry: &Deployment| &entry.release);
        for release in releases.chain([&change.after]) {
            numbers.entry((group.clone(), release.version.clone())).or_default().insert(release.digest);
        }
        if change.after.state == DeploymentState::Live && state.is_head(group, id) {
            wanted.live.insert((group.clone(), change.after.digest));
        }
    }
}
