//! Version numbers that were given twice on two branches: their versions found, rebuilt from Git, renumbered.
//!
//! Git leaves a conflict in the files of such a version, or whoever merged took one side of it. The bytes of each
//! side are in Git's index or commits; whatever is found there counts only where its digest is the one that is wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::durable::FileStage;
use super::error::Error;
use super::git::GitCheckout;
use super::record::conflict::split_conflict;
use super::take_back::Leftovers;
use super::{LockGuard, MergeState, Workspace, folders, layout, version_file};
use crate::model::{
    Deployment, DeploymentState, Digest, FileSet, GroupName, Operation, OperationId, VERSION_FILE, Version,
};
use crate::plan::{NumberClaims, Resolution, renumber};

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
    pub(super) files: FileSet,
}

/// A version as a commit, or a stage of Git's index, has it.
#[derive(Debug, Clone)]
struct GitVersion {
    revision: String,
    number: Version,
    digest: Digest,
}

/// The versions that the sides of a merge have, by group.
type SideVersions = BTreeMap<GroupName, Vec<GitVersion>>;

/// Versions that must lie there, by group and digest, with the numbers that operations name them by.
#[derive(Debug, Default)]
struct WantedVersions {
    named: BTreeMap<GroupName, BTreeMap<Digest, BTreeSet<Version>>>,
    /// Versions that are live, and so must lie there even where somebody deleted them.
    live: BTreeSet<(GroupName, Digest)>,
}

impl Workspace {
    /// Finds the versions that a merge left without their bytes, or with a number that another one has.
    pub fn renumberings(&self, state: &MergeState, resolution: &Resolution) -> Result<Vec<Renumbering>, Error> {
        let Some(checkout) = GitCheckout::find(self.folder()) else { return Ok(Vec::new()) };
        let sides = side_versions(&checkout);
        let wanted = wanted_versions(state, &sides);
        let protected = self.protected_digests(resolution);
        let mut found = Vec::new();
        for (group, digests) in wanted.named {
            let mut missing = self.missing_versions(&checkout, &group, digests)?;
            if !missing.is_empty() {
                let notes = self.version_notes(&group)?;
                missing.retain(|digest, _| {
                    wanted.live.contains(&(group.clone(), *digest)) || notes.deletion(digest).is_none()
                });
            }
            if !missing.is_empty() {
                let protected = protected.get(&group).cloned().unwrap_or_default();
                let sides = sides.get(&group).map_or(&[][..], Vec::as_slice);
                found.extend(self.renumber_group(&checkout, &group, sides, missing, protected)?);
            }
        }
        Ok(found)
    }

    /// Returns those of the digests under which no version of a group lies.
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
                Ok(Some(_)) => continue,
                Ok(None) => {}
                Err(_) if self.is_in_conflict(checkout, group, number)? => {}
                Err(error) => return Err(error),
            }
            missing.insert(digest, numbers);
        }
        Ok(missing)
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
        sides: &[GitVersion],
        missing: BTreeMap<Digest, BTreeSet<Version>>,
        protected: BTreeSet<Digest>,
    ) -> Result<Vec<Renumbering>, Error> {
        let mut claims = NumberClaims { protected, taken: self.taken_numbers(group)?, ..NumberClaims::default() };
        claims.taken.extend(sides.iter().map(|side| side.number.clone()));
        let mut sources = BTreeMap::new();
        let is_shallow = checkout.is_shallow();
        for (digest, named) in missing {
            let source = frozen_in_git(checkout, group, digest, sides, &named);
            if source.is_none() && is_shallow {
                let version = named.first().map(ToString::to_string).unwrap_or_default();
                return Err(Error::ShallowClone { group: group.to_string(), version, digest });
            }
            if let Some(source) = source {
                let numbers = sides.iter().filter(|side| side.digest == digest).map(|side| side.number.clone());
                let numbers: BTreeSet<Version> = numbers.collect();
                claims.missing.insert(digest, if numbers.is_empty() { named } else { numbers });
                sources.insert(digest, source);
            }
        }
        for number in self.versions(group)? {
            let found = match self.version(group, &number) {
                Err(error)
                    if claims.missing.values().any(|numbers| numbers.contains(&number))
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
        let renumbered = renumber(&claims).into_iter().filter_map(|(digest, to)| {
            let (from, files) = sources.remove(&digest)?;
            Some(Renumbering { group: group.clone(), from, to, digest, files })
        });
        Ok(renumbered.collect())
    }

    fn protected_digests(&self, resolution: &Resolution) -> BTreeMap<GroupName, BTreeSet<Digest>> {
        let mut protected: BTreeMap<GroupName, BTreeSet<Digest>> = BTreeMap::new();
        let names = self.settings().environments();
        for name in names.iter().filter(|name| self.settings().environment(name).protected) {
            let mut add = |group: &GroupName, digest| {
                protected.entry(group.clone()).or_default().insert(digest);
            };
            if *name == resolution.operation.environment {
                resolution.environment.deployments.iter().for_each(|(group, entry)| add(group, entry.release.digest));
                resolution.operation.changes.iter().for_each(|(group, change)| add(group, change.after.digest));
            } else if let Ok(environment) = self.environment(name) {
                environment.deployments.iter().for_each(|(group, entry)| add(group, entry.release.digest));
            }
        }
        protected
    }

    /// Returns the numbers that a group cannot give any more: frozen, blocked or deleted.
    fn taken_numbers(&self, group: &GroupName) -> Result<BTreeSet<Version>, Error> {
        let names = self.root.list(&layout::versions(group))?;
        Ok(names.iter().filter_map(|name| name.strip_suffix(".yaml").unwrap_or(name).parse().ok()).collect())
    }
}

/// Reads the versions that both sides of a merge have, and those that are in conflict.
fn side_versions(checkout: &GitCheckout) -> SideVersions {
    let mut sides = SideVersions::new();
    for (group, number) in checkout.unmerged_versions() {
        for stage in [":2", ":3"] {
            if let Some(record) = record_in(checkout, stage, &group, &number) {
                let found =
                    GitVersion { revision: stage.to_owned(), number: number.clone(), digest: record.manifest.digest() };
                sides.entry(group.clone()).or_default().push(found);
            }
        }
    }
    let revisions = checkout.merge_revisions();
    for revision in revisions.into_iter().flat_map(|revisions| [revisions.ours, revisions.theirs]) {
        for (place, digest) in checkout.frozen_digests(&revision) {
            let Some((group, number)) = layout::version_in(&place) else { continue };
            let Ok(digest) = digest.parse() else { continue };
            sides.entry(group).or_default().push(GitVersion { revision: revision.clone(), number, digest });
        }
    }
    sides
}

/// Collects the versions that must be found: live ones, and every digest of a number that has several, in operations or
/// on the sides of the merge.
fn wanted_versions(state: &MergeState, sides: &SideVersions) -> WantedVersions {
    let mut numbers: BTreeMap<(GroupName, Version), BTreeSet<Digest>> = BTreeMap::new();
    let mut wanted = WantedVersions::default();
    for (id, operation) in state.state().operations {
        collect(&mut numbers, &mut wanted, state, (id, operation));
    }
    for (group, versions) in sides {
        for GitVersion { number, digest, .. } in versions {
            numbers.entry((group.clone(), number.clone())).or_default().insert(*digest);
        }
    }
    for ((group, number), digests) in numbers {
        let has_several = digests.len() > 1;
        let named = wanted.named.entry(group.clone()).or_default();
        for digest in digests {
            if has_several || wanted.live.contains(&(group.clone(), digest)) {
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

/// Reads the record of a version as a commit, or a stage of the index, has it.
fn record_in(
    checkout: &GitCheckout,
    revision: &str,
    group: &GroupName,
    version: &Version,
) -> Option<version_file::VersionRecord> {
    let place = format!("{}/{VERSION_FILE}", layout::version(group, version));
    let text = String::from_utf8(checkout.read(revision, &place)?).ok()?;
    version_file::parse(&place, group, version, &text).ok()
}

/// Finds the bytes of a version in Git's index or commits, with the number that it was frozen with.
fn frozen_in_git(
    checkout: &GitCheckout,
    group: &GroupName,
    digest: Digest,
    sides: &[GitVersion],
    named: &BTreeSet<Version>,
) -> Option<(Version, FileSet)> {
    let on_sides = sides.iter().filter(|side| side.digest == digest);
    let on_sides = on_sides.map(|side| (side.revision.clone(), side.number.clone()));
    let earlier = named.iter().flat_map(|number| {
        let commits = checkout.commits_of(&format!("{}/{VERSION_FILE}", layout::version(group, number)));
        commits.into_iter().map(|commit| (commit, number.clone()))
    });
    on_sides.chain(earlier).find_map(|(revision, number)| {
        let record = record_in(checkout, &revision, group, &number)?;
        if record.manifest.digest() != digest {
            return None;
        }
        let folder = layout::version(group, &number);
        let mut files = FileSet::default();
        for (path, wanted) in record.manifest.0 {
            let place = format!("{folder}/{path}");
            // A file that is alike on both sides is not in conflict, and lies in the first stage alone.
            let staged = || checkout.read(":0", &place).filter(|_| revision.starts_with(':'));
            let bytes = checkout.read(&revision, &place).or_else(staged)?;
            if Digest::of(&bytes) != wanted {
                return None;
            }
            files.insert(path, bytes);
        }
        Some((record.frozen_as.unwrap_or(number), files))
    })
}

/// Versions that were written, and can be taken back until they are kept.
#[derive(Debug, Default)]
pub(super) struct WrittenVersions {
    /// The places that were free before.
    created: Vec<String>,
    /// The places of other folders, each with the path to which that one was moved.
    replaced: Vec<(String, PathBuf)>,
}

impl WrittenVersions {
    /// Keeps the new folders and removes the replaced ones.
    pub(super) fn keep(self) {
        for (_, replaced) in self.replaced {
            // A leftover is removed by the next holder of the lock.
            let _ = folders::remove_all(&replaced);
        }
    }
}

impl LockGuard {
    /// Writes the versions that a merge left without a number of their own: all of them, or none.
    pub(super) fn write_renumberings(&self, renumberings: &[Renumbering]) -> Result<WrittenVersions, Error> {
        let mut written = WrittenVersions::default();
        match self.write_each(renumberings, &mut written) {
            Ok(()) => Ok(written),
            Err(error) => Err(self.take_back_versions(written, error)),
        }
    }

    fn write_each(&self, renumberings: &[Renumbering], written: &mut WrittenVersions) -> Result<(), Error> {
        let root = &self.workspace().root;
        let (mut free, mut occupied) = (Vec::new(), Vec::new());
        for renumbering in renumberings {
            let place = layout::version(&renumbering.group, &renumbering.to);
            let list = if root.exists(&place)? { &mut occupied } else { &mut free };
            list.push((place, files_of(renumbering)));
        }
        // Until a version lies durably under its new number, its bytes may be nowhere but under the old one.
        let mut stage = self.stage();
        for (place, files) in free {
            stage.write_folder(&place, &files, true)?;
            written.created.push(place);
        }
        stage.sync()?;
        let mut stage = self.stage();
        for (place, files) in occupied {
            let replaced = stage.exchange_folder(&place, &files, true)?;
            written.replaced.push((place, replaced));
        }
        Ok(stage.sync()?)
    }

    /// Takes versions back that were written for a commit that failed, and returns the error with those that stay.
    pub(super) fn take_back_versions(&self, written: WrittenVersions, error: Error) -> Error {
        let mut stage: FileStage<'_> = self.stage();
        let mut leftovers = Leftovers::default();
        for (place, replaced) in written.replaced {
            if stage.put_back_folder(&place, &replaced).is_err() {
                leftovers.versions.push(place);
            }
        }
        for place in written.created {
            if stage.remove_folder(&place).is_err() {
                leftovers.versions.push(place);
            }
        }
        // An error says that the change failed; that it was taken back durably is no promise.
        let _ = stage.sync();
        leftovers.explain(error)
    }
}

/// Returns the files of a version as they lie under its number.
fn files_of(renumbering: &Renumbering) -> FileSet {
    let Renumbering { group, from, to, files, .. } = renumbering;
    let frozen_as = (to != from).then_some(from);
    let text = version_file::render_frozen_as(group, to, frozen_as, &files.manifest());
    let mut all = files.clone();
    all.insert(VERSION_FILE, text.into_bytes());
    all
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::super::LockRequest;
    use super::super::take_back::AsideFiles;
    use super::*;
    use crate::model::Timestamp;

    fn renumbering(group: &str, from: &str, to: &str, text: &str) -> Renumbering {
        let mut files = FileSet::default();
        files.insert("group.yaml", text.as_bytes().to_vec());
        let digest = files.manifest().digest();
        Renumbering {
            group: group.parse().unwrap(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            digest,
            files,
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn versions_are_written_all_or_none_and_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let versions = folder.path().join("groups/a/versions");
        fs::create_dir_all(versions.join("0.0.2")).unwrap();
        fs::write(versions.join("0.0.2/group.yaml"), "<<<<<<< HEAD").unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        fs::write(folder.path().join("groups/b"), "a file where a folder belongs").unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        let request = LockRequest { holder: "Ada: a test".to_owned(), timeout: Duration::ZERO };
        let guard = workspace.lock(&request).unwrap();
        let is_untouched = || {
            assert_eq!(names(&versions), ["0.0.2"]);
            assert_eq!(fs::read_to_string(versions.join("0.0.2/group.yaml")).unwrap(), "<<<<<<< HEAD");
        };
        let (kept, moved) = (renumbering("a", "0.0.2", "0.0.2", "x"), renumbering("a", "0.0.2", "0.0.3", "y"));
        let unwritable = renumbering("b", "0.0.2", "0.0.2", "z");
        assert!(guard.write_renumberings(&[kept.clone(), moved.clone(), unwritable]).is_err());
        is_untouched();
        let written = guard.write_renumberings(&[kept.clone(), moved.clone()]).unwrap();
        assert_eq!(names(&versions), ["0.0.2", "0.0.3"]);
        // A commit that fails after it takes itself back first, and must not sweep what was replaced.
        let operation = OperationId::new(Timestamp::from_milliseconds(1), &Digest::of(b"1"));
        let intent = guard.commit_intent(&"test".parse().unwrap(), &operation, Vec::new(), false).unwrap();
        let failed = || Error::Stale { what: "a test".to_owned() };
        assert!(matches!(guard.abandon(&intent, &AsideFiles::new(), failed()), Error::Stale { .. }));
        assert!(matches!(guard.take_back_versions(written, failed()), Error::Stale { .. }));
        is_untouched();
        guard.write_renumberings(&[kept.clone(), moved.clone()]).unwrap().keep();
        for renumbering in [&kept, &moved] {
            let group = &renumbering.group;
            assert_eq!(workspace.version(group, &renumbering.to).unwrap().unwrap().1, renumbering.digest);
            // An entry may name it by any number that a merge gave it.
            for number in ["0.0.2", "0.0.9"] {
                let located = workspace.locate_release(group, &number.parse().unwrap(), renumbering.digest);
                let expected = (renumbering == &moved || number == "0.0.2").then(|| renumbering.to.clone());
                assert_eq!(located.unwrap(), expected, "{number}");
            }
        }
        assert!(names(&folder.path().join(".apigw/tmp")).is_empty());
    }
}
