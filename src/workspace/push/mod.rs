//! The state that a push carries to other machines, and its comparison with the one that is there.
//!
//! Of a workspace it has what serving needs: the entries of environments, the versions that are live, keys with grants
//! there and the owners' grants, revocations, the issuers' public keys, and a few settings. No secret is among them,
//! nor the name of a program or a folder of this machine.

mod divergence;
mod replaced;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;

use bytes::Bytes;

use super::access::{AccessSnapshot, subject_place};
use super::error::{Error, missing_hint};
use super::{Workspace, layout, record};
use crate::access::{AccessSubject, Grant, SubjectState};
use crate::check::rules::records::FILE_MISSING;
use crate::model::{
    DeploymentState, Digest, Environment, EnvironmentName, Finding, GroupName, Location, OwnerName, Release,
    VERSION_FILE,
};
use crate::store::{StateList, StatePlace, StateSource};

pub use divergence::{Divergence, StateComparison};
pub(super) use replaced::PUSHES_FILE;
pub use replaced::ReplacedPointer;
pub(super) use settings::is_served_settings;

/// The state of a workspace as it is pushed.
#[derive(Debug)]
pub struct PushedState {
    workspace: Workspace,
    /// Its files.
    pub list: StateList,
    /// The entries of its environments.
    pub environments: Vec<Environment>,
    /// Findings that keep nobody from pushing it.
    pub warnings: Vec<Finding>,
    files: StateFiles,
}

/// The files of a state. Those that change are held as they were read: a publish may replace them before they are
/// pushed.
#[derive(Debug, Default)]
struct StateFiles {
    digests: BTreeMap<StatePlace, Digest>,
    held: BTreeMap<Digest, Bytes>,
    /// A frozen file for each object that is not held.
    frozen: BTreeMap<Digest, StatePlace>,
}

impl StateFiles {
    fn hold(&mut self, place: StatePlace, bytes: Vec<u8>) {
        let digest = Digest::of(&bytes);
        self.held.insert(digest, bytes.into());
        self.digests.insert(place, digest);
    }

    fn add_frozen(&mut self, place: StatePlace, digest: Digest) {
        self.frozen.insert(digest, place.clone());
        self.digests.insert(place, digest);
    }
}

impl Workspace {
    /// Lists the environments to which something was published, those whose file is lost among them.
    pub fn published_environments(&self) -> Result<Vec<EnvironmentName>, Error> {
        let mut names = self.settings.environments();
        let has_history = |name: &EnvironmentName| self.operation_files(name).map_or(true, |files| !files.is_empty());
        names.retain(|name| self.root.exists(&layout::environment(name)).unwrap_or(true) || has_history(name));
        Ok(names)
    }

    /// Reads the state of some environments as it is pushed.
    pub fn pushed_state(&self, names: &[EnvironmentName]) -> Result<PushedState, Error> {
        let mut files = StateFiles::default();
        files.hold(StatePlace::Settings, settings::render(&self.settings, names).into_bytes());
        let (mut environments, mut layouts) = (Vec::new(), Vec::new());
        for name in names {
            let (environment, text, other_layout) = self.pushed_environment(name)?;
            layouts.extend(other_layout);
            files.hold(StatePlace::Environment(name.clone()), text.into_bytes());
            for (group, deployment) in &environment.deployments {
                if deployment.release.state == DeploymentState::Live {
                    self.add_version(group, &deployment.release, &mut files)?;
                }
            }
            environments.push(environment);
        }
        let unread = self.add_access(names, &mut files)?;
        let warnings = unread.into_iter().chain(layouts).collect();
        let list = StateList::new(files.digests.clone());
        Ok(PushedState { workspace: self.clone(), list, environments, warnings, files })
    }

    /// Reads an environment with its file's text, and the finding on its layout where that is not the written one.
    /// Readers elsewhere have no history to tell whether a file in another layout is whole, so they get the written
    /// one.
    fn pushed_environment(&self, name: &EnvironmentName) -> Result<(Environment, String, Option<Finding>), Error> {
        let place = layout::environment(name);
        let Some(bytes) = self.root.read(&place, layout::LARGEST_RECORD)? else {
            let environment = self.environment(name)?;
            let text = record::render(&environment);
            return Ok((environment, text, None));
        };
        let text = layout::text(&place, bytes)?;
        let mut reading = self.parse_environment(name, &text)?;
        let other_layout = reading.layout.as_ref().map(|layout| layout.finding.clone());
        let text = reading.take_text(text);
        Ok((reading.whole()?, text, other_layout))
    }

    /// Adds the files of a version that is live.
    fn add_version(&self, group: &GroupName, release: &Release, files: &mut StateFiles) -> Result<(), Error> {
        let located = self.locate_release(group, &release.version, release.digest)?;
        let unknown = || Error::unknown_release(group, &release.version);
        let version = located.ok_or_else(unknown)?;
        let manifest = self.manifest(group, &version)?.ok_or_else(unknown)?;
        let place = |path: &str| StatePlace::VersionFile {
            group: group.clone(),
            version: version.clone(),
            path: path.to_owned(),
        };
        for (path, digest) in &manifest.0 {
            files.add_frozen(place(path), *digest);
        }
        let list = place(VERSION_FILE);
        files.hold(list.clone(), self.state_file(&list.to_string(), layout::LARGEST_RECORD)?);
        Ok(())
    }

    /// Adds the files about callers of some environments, and returns a warning of commits that were not read.
    fn add_access(&self, names: &[EnvironmentName], files: &mut StateFiles) -> Result<Option<Finding>, Error> {
        let is_there = |grant: &Grant| grant.environments.iter().any(|name| names.contains(name));
        let access = self.access_snapshot()?;
        // Nodes have no history that could tell them of a revocation without its file, or of one under another id.
        let lost = access.missing_revocation_findings();
        let reused = access.reused_secret_findings();
        let unexplained = self.lost_access_findings()?;
        let unread = access.require_read_commits();
        let AccessSnapshot { records, problems, .. } = access;
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        for findings in [lost, reused, unexplained] {
            if !findings.is_empty() {
                return Err(Error::Invalid(findings));
            }
        }
        let warning = unread?;
        let states: Vec<SubjectState> = records.into_iter().map(|record| record.state).collect();
        let has_grants = |state: &&SubjectState| state.grants().iter().any(is_there);
        let owners: BTreeSet<OwnerName> = states
            .iter()
            .filter(has_grants)
            .filter_map(|state| if let SubjectState::Owner(owner) = state { Some(owner.owner.clone()) } else { None })
            .collect();
        let is_pushed = |state: &&SubjectState| match state {
            SubjectState::Revocation(_) => true,
            SubjectState::Owner(owner) => owners.contains(&owner.owner),
            SubjectState::Key(key) => {
                key.owner.as_ref().is_some_and(|owner| owners.contains(owner)) || has_grants(state)
            }
        };
        for state in states.iter().filter(is_pushed) {
            let subject = state.subject();
            let bytes = self.state_file(&subject_place(&subject), layout::LARGEST_RECORD)?;
            files.hold(state_place(subject), bytes);
        }
        for name in self.key_set_names()? {
            let place = StatePlace::KeySet(name);
            files.hold(place.clone(), self.state_file(&place.to_string(), place.largest())?);
        }
        Ok(warning)
    }

    fn state_file(&self, place: &str, most: u64) -> Result<Vec<u8>, Error> {
        self.root.read(place, most)?.ok_or_else(|| {
            let message = "the file is gone".to_owned();
            Error::invalid(&FILE_MISSING, Location::file(place), message, missing_hint(place))
        })
    }
}

/// Returns the place of a subject's file in a state.
fn state_place(subject: AccessSubject) -> StatePlace {
    match subject {
        AccessSubject::Key(name) => StatePlace::Key(name),
        AccessSubject::Owner(name) => StatePlace::Owner(name),
        AccessSubject::Secret(id) => StatePlace::Revocation(id),
    }
}

/// A frozen file that is not as its version says.
#[derive(Debug, thiserror::Error)]
#[error("{0} is damaged, or was removed in the meantime")]
struct DamagedFile(String);

impl StateSource for PushedState {
    fn object(&self, digest: Digest) -> Result<Bytes, Box<dyn StdError + Send + Sync>> {
        if let Some(bytes) = self.files.held.get(&digest) {
            return Ok(bytes.clone());
        }
        let place = self.files.frozen.get(&digest).ok_or_else(|| DamagedFile(digest.to_string()))?;
        let bytes = self.workspace.state_file(&place.to_string(), place.largest())?;
        if Digest::of(&bytes) == digest { Ok(bytes.into()) } else { Err(DamagedFile(place.to_string()).into()) }
    }
}
