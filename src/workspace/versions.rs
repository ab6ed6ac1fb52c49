//! Frozen versions: listing them, reading them, comparing their bytes with their digest.

use std::collections::BTreeSet;

use super::error::{Error, UnknownName, missing_hint, restore_hint};
use super::version_file::VersionRecord;
use super::{Workspace, layout, version_file};
use crate::check::rules::records::VERSION_DAMAGED;
use crate::model::{
    DeploymentState, Digest, EnvironmentName, FileSet, GroupName, Location, Manifest, OperationId, Release,
    VERSION_FILE, Version, nearest,
};

/// The number of states of an environment, the present one among them, for which versions are kept.
const KEPT_STATES: usize = 10;

/// A past state of an environment that has a version live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededState {
    /// The environment.
    pub environment: EnvironmentName,
    /// The operation that made it live there.
    pub operation: OperationId,
    /// True if it is among the last states of the environment.
    pub is_recent: bool,
}

impl Workspace {
    /// Lists the frozen versions of a group in semver order.
    pub fn versions(&self, group: &GroupName) -> Result<BTreeSet<Version>, Error> {
        let names = self.root.list(&layout::versions(group))?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Makes the error of a version that a group does not have, or has no more.
    pub fn unknown_version(&self, group: &GroupName, version: &Version) -> Result<Error, Error> {
        // A note that cannot be read hides no other fault.
        let note = self.read_note(group, version).ok().flatten();
        let deletion = note.and_then(|mut read| read.note.deletions.pop()).map(Box::new);
        let versions: Vec<String> = self.versions(group)?.iter().map(ToString::to_string).collect();
        let nearest = nearest(&version.to_string(), versions.iter().map(String::as_str));
        let nearest = nearest.filter(|_| deletion.is_none());
        let (group, version) = (group.clone(), version.clone());
        Ok(Error::Unknown { name: UnknownName::Version { group, version, deletion }, nearest })
    }

    /// Finds the past states of all environments that have a version live.
    pub(super) fn states_with(&self, group: &GroupName, version: &Version) -> Result<Vec<NeededState>, Error> {
        let mut states = Vec::new();
        for environment in self.recorded_environments()? {
            // The present state is the tenth.
            let newest = self.history(&environment, None, KEPT_STATES - 1)?;
            let left: BTreeSet<&OperationId> = newest
                .iter()
                .filter_map(|newest| newest.operation.changes.get(group)?.before.as_ref())
                .map(|before| &before.operation)
                .collect();
            for past in self.past(&environment, group)? {
                let release = &past.deployment.release;
                if release.state == DeploymentState::Live && self.is_version_of(group, version, release) {
                    let operation = past.deployment.operation;
                    let is_recent = left.contains(&operation);
                    states.push(NeededState { environment: environment.clone(), operation, is_recent });
                }
            }
        }
        Ok(states)
    }

    /// Refuses a version that another one equals but for the case of letters.
    pub(super) fn check_version_case(&self, group: &GroupName, version: &Version) -> Result<(), Error> {
        let name = version.to_string();
        let is_similar = |existing: &Version| {
            let existing = existing.to_string();
            existing.eq_ignore_ascii_case(&name) && existing != name
        };
        match self.versions(group)?.into_iter().find(is_similar) {
            None => Ok(()),
            Some(existing) => Err(Error::VersionCase { group: group.clone(), version: version.clone(), existing }),
        }
    }

    /// Reads the list of files of a version; `None` if there is no such version.
    pub fn manifest(&self, group: &GroupName, version: &Version) -> Result<Option<Manifest>, Error> {
        Ok(self.version_record(group, version)?.map(|record| record.manifest))
    }

    /// Returns the number that a version was frozen with, if a merge gave it another one.
    pub fn frozen_as(&self, group: &GroupName, version: &Version) -> Result<Option<Version>, Error> {
        Ok(self.version_record(group, version)?.and_then(|record| record.frozen_as))
    }

    /// Finds the number under which a release lies: its own, or the one that a merge gave it.
    pub fn locate_release(
        &self,
        group: &GroupName,
        version: &Version,
        digest: Digest,
    ) -> Result<Option<Version>, Error> {
        let own = self.version_record(group, version);
        if let Ok(Some(record)) = &own
            && record.manifest.digest() == digest
        {
            return Ok(Some(version.clone()));
        }
        // An entry may name it by any number that a merge gave it, and it may have been given several in a row.
        let is_release = |number: &Version| {
            let record = self.version_record(group, number).ok().flatten();
            record.is_some_and(|record| record.frozen_as.is_some() && record.manifest.digest() == digest)
        };
        match self.versions(group)?.into_iter().find(is_release) {
            Some(number) => Ok(Some(number)),
            None => own.map(|_| None),
        }
    }

    /// Returns the present number of a release; the one that it was committed with if it has none.
    #[must_use]
    pub fn release_number(&self, group: &GroupName, release: &Release) -> Version {
        let located = self.locate_release(group, &release.version, release.digest).ok().flatten();
        located.unwrap_or_else(|| release.version.clone())
    }

    /// True if a release lies under a number, which a merge may have given it.
    pub(super) fn is_version_of(&self, group: &GroupName, version: &Version, release: &Release) -> bool {
        self.release_number(group, release) == *version
    }

    /// Reads the files of a release, every byte compared with its digest.
    ///
    /// # Errors
    ///
    /// Fails if no version, under any number, has that digest.
    pub fn release_files(&self, group: &GroupName, version: &Version, digest: Digest) -> Result<FileSet, Error> {
        self.located_files(group, version, digest).map(|(_, files)| files)
    }

    /// Reads the files of a release as [`release_files`](Self::release_files) does, with the number that they lie
    /// under.
    pub(super) fn located_files(
        &self,
        group: &GroupName,
        version: &Version,
        digest: Digest,
    ) -> Result<(Version, FileSet), Error> {
        let Some(number) = self.locate_release(group, version, digest)? else {
            return Err(if self.root.exists(&layout::version(group, version))? {
                Error::FrozenDiffers { group: group.clone(), version: version.clone() }
            } else {
                Error::unknown_release(group, version)
            });
        };
        let found = self.version(group, &number)?.filter(|(_, found)| *found == digest);
        match found {
            Some((files, _)) => Ok((number, files)),
            None => Err(Error::unknown_release(group, &number)),
        }
    }

    pub(super) fn version_record(&self, group: &GroupName, version: &Version) -> Result<Option<VersionRecord>, Error> {
        let folder = layout::version(group, version);
        let place = format!("{folder}/{VERSION_FILE}");
        match self.root.read(&place, layout::LARGEST_RECORD)? {
            Some(bytes) => version_file::parse(&place, group, version, &layout::text(&place, bytes)?).map(Some),
            None if self.root.exists(&folder)? => Err(Error::invalid(
                &VERSION_DAMAGED,
                Location::file(&place),
                "the version's list of files is missing".to_owned(),
                missing_hint(&folder),
            )),
            None => Ok(None),
        }
    }

    /// Reads a version and compares every byte with its digest; `None` where there is no such version.
    pub fn version(&self, group: &GroupName, version: &Version) -> Result<Option<(FileSet, Digest)>, Error> {
        let Some(manifest) = self.manifest(group, version)? else {
            return Ok(None);
        };
        let folder = layout::version(group, version);
        let mut files = FileSet::default();
        for (path, digest) in &manifest.0 {
            let place = format!("{folder}/{path}");
            let damaged = |message: &str| {
                Error::invalid(&VERSION_DAMAGED, Location::file(&place), message.to_owned(), restore_hint(&place))
            };
            let bytes = self.root.read(&place, layout::LARGEST_DEFINITION)?;
            let bytes = bytes.ok_or_else(|| damaged("a file of a frozen version is missing"))?;
            if Digest::of(&bytes) != *digest {
                return Err(damaged("the file is not as it was frozen: edited by hand, or damaged"));
            }
            files.insert(path, bytes);
        }
        Ok(Some((files, manifest.digest())))
    }

    /// Lists the files in a version's folder that do not belong to it.
    pub(super) fn foreign_files(
        &self,
        group: &GroupName,
        version: &Version,
        manifest: &Manifest,
    ) -> Result<Vec<String>, Error> {
        let folder = layout::version(group, version);
        let mut foreign = Vec::new();
        let mut pending = vec![String::new()];
        while let Some(below) = pending.pop() {
            for name in self.root.list(&format!("{folder}/{below}"))? {
                let path = format!("{below}{name}");
                if path == VERSION_FILE || manifest.0.contains_key(&path) {
                    continue;
                }
                let inside = format!("{path}/");
                if manifest.0.keys().any(|known| known.starts_with(&inside)) {
                    pending.push(inside);
                } else {
                    foreign.push(path);
                }
            }
        }
        Ok(foreign)
    }
}
