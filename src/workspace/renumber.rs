//! One version number that was frozen with other bytes on two branches: found, rebuilt from Git, renumbered.
//!
//! Git leaves a conflict in the files of such a version, or whoever merged took one side of it. The bytes of each
//! side are in Git's index or commits; whatever is found there counts only where its digest is the one that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::git::GitCheckout;
use super::{LockGuard, MergeState, Workspace, layout, version_file};
use crate::model::{Deployment, Digest, FileSet, GroupName, Operation, OperationId, State, VERSION_FILE, Version};
use crate::plan::{Resolution, renumber};

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
    files: FileSet,
}

/// The digests that each number of each group was frozen with.
type FrozenDigests = BTreeMap<(GroupName, Version), BTreeSet<Digest>>;

impl Workspace {
    /// Finds the versions that a merge left without their bytes or with those of another branch.
    pub fn renumberings(&self, state: &MergeState, resolution: &Resolution) -> Result<Vec<Renumbering>, Error> {
        let Some(checkout) = GitCheckout::find(self.folder()) else { return Ok(Vec::new()) };
        let protected = self.protected_digests(resolution);
        let mut found = Vec::new();
        for ((group, version), digests) in wanted_digests(state, &checkout) {
            let present = self.version(&group, &version).ok().flatten();
            let mut files = BTreeMap::new();
            for digest in digests {
                if present.as_ref().is_some_and(|(_, present)| *present == digest) {
                    continue;
                }
                let is_located = matches!(self.locate_release(&group, &version, digest), Ok(Some(_)));
                if !is_located && let Some(bytes) = frozen_in_git(&checkout, &group, &version, digest) {
                    files.insert(digest, bytes);
                }
            }
            if files.is_empty() {
                continue;
            }
            let present_digest = present.as_ref().map(|(_, digest)| *digest);
            files.extend(present.map(|(bytes, digest)| (digest, bytes)));
            let numbers = renumber(
                &version,
                &files.keys().copied().collect(),
                protected.get(&group).unwrap_or(&BTreeSet::new()),
                &self.taken_numbers(&group)?,
            );
            for (digest, to) in
                numbers.into_iter().filter(|(digest, to)| *to != version || present_digest != Some(*digest))
            {
                let files = files.remove(&digest).unwrap_or_default();
                found.push(Renumbering { group: group.clone(), from: version.clone(), to, digest, files });
            }
        }
        // What gets another number comes first: until it lies there, its bytes may be nowhere else.
        found.sort_by_key(|renumbering| renumbering.to == renumbering.from);
        Ok(found)
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

/// Collects what must be found: what is live, every digest of a number that has several, and both sides of a
/// version that is in conflict.
fn wanted_digests(state: &MergeState, checkout: &GitCheckout) -> FrozenDigests {
    let mut known = FrozenDigests::new();
    let mut live = FrozenDigests::new();
    for (id, operation) in state.state().operations {
        collect(&mut known, &mut live, state, (id, operation));
    }
    known.retain(|_, digests| digests.len() > 1);
    for (key, digests) in live {
        known.entry(key).or_default().extend(digests);
    }
    for (group, version) in checkout.unmerged_versions() {
        let digests = known.entry((group.clone(), version.clone())).or_default();
        let stages = [":2", ":3"].into_iter();
        digests.extend(stages.filter_map(|stage| Some(manifest_in(checkout, stage, &group, &version)?.0)));
    }
    known
}

/// Adds the releases that an operation names, and those that it leaves live.
fn collect(
    known: &mut FrozenDigests,
    live: &mut FrozenDigests,
    state: &MergeState,
    (id, operation): (&OperationId, &Operation),
) {
    for (group, change) in &operation.changes {
        let releases = change.predecessors().map(|entry: &Deployment| &entry.release);
        for release in releases.chain([&change.after]) {
            known.entry((group.clone(), release.version.clone())).or_default().insert(release.digest);
        }
        if change.after.state == State::Live && state.is_head(group, id) {
            live.entry((group.clone(), change.after.version.clone())).or_default().insert(change.after.digest);
        }
    }
}

/// Reads the digest and the files of a version as a commit, or a stage of the index, has it.
fn manifest_in(
    checkout: &GitCheckout,
    revision: &str,
    group: &GroupName,
    version: &Version,
) -> Option<(Digest, BTreeMap<String, Digest>)> {
    let place = format!("{}/{VERSION_FILE}", layout::version(group, version));
    let text = String::from_utf8(checkout.read(revision, &place)?).ok()?;
    let record = version_file::parse(&place, group, version, &text).ok()?;
    Some((record.manifest.digest(), record.manifest.0))
}

/// Finds the bytes of a version with a digest in Git's index or commits.
fn frozen_in_git(checkout: &GitCheckout, group: &GroupName, version: &Version, digest: Digest) -> Option<FileSet> {
    let folder = layout::version(group, version);
    let commits = checkout.commits_of(&format!("{folder}/{VERSION_FILE}"));
    let revisions = [":2".to_owned(), ":3".to_owned()].into_iter().chain(commits);
    revisions.into_iter().find_map(|revision| {
        let (found, manifest) = manifest_in(checkout, &revision, group, version)?;
        if found != digest {
            return None;
        }
        let mut files = FileSet::default();
        for (path, wanted) in manifest {
            let place = format!("{folder}/{path}");
            // A file that is alike on both sides is not in conflict, and lies in the first stage alone.
            let staged = || checkout.read(":0", &place).filter(|_| revision.starts_with(':'));
            let bytes = checkout.read(&revision, &place).or_else(staged)?;
            if Digest::of(&bytes) != wanted {
                return None;
            }
            files.insert(path, bytes);
        }
        Some(files)
    })
}

impl LockGuard {
    /// Writes the versions that a merge left without a number of their own.
    pub(super) fn write_renumberings(&self, renumberings: &[Renumbering]) -> Result<(), Error> {
        for Renumbering { group, from, to, files, .. } in renumberings {
            let mut stage = self.stage();
            let place = layout::version(group, to);
            if to == from && self.workspace().root.exists(&place)? {
                stage.remove_folder(&place)?;
            }
            let frozen_as = (to != from).then_some(from);
            let mut all = files.clone();
            let text = version_file::render_frozen_as(group, to, frozen_as, &files.manifest());
            all.insert(VERSION_FILE, text.into_bytes());
            stage.write_folder(&place, &all, true)?;
            stage.sync()?;
        }
        Ok(())
    }
}
