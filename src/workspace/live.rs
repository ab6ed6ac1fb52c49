//! What is live, for whoever serves it: read again and again, and never worse than the last good state.
//!
//! A file that is broken by hand, or half-way through a checkout, says nothing: what was good before it
//! stays, and the problem is reported once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use super::error::Error;
use super::{Workspace, layout};
use crate::model::{Deployment, Digest, EnvironmentName, GroupName, State, Version};
use crate::plan::Candidate;

/// What is live in one environment.
#[derive(Debug, Clone)]
pub struct LiveEnvironment {
    /// The environment.
    pub name: EnvironmentName,
    /// Its groups, offline ones among them.
    pub groups: BTreeMap<GroupName, LiveGroup>,
}

/// What is live of a group.
#[derive(Debug, Clone)]
pub struct LiveGroup {
    /// The entry.
    pub deployment: Deployment,
    /// What the version holds; nothing where the group is offline.
    pub content: Option<Arc<LiveContent>>,
}

/// What a version holds, with what this machine adds to it.
#[derive(Debug)]
pub struct LiveContent {
    /// The version.
    pub candidate: Candidate,
    /// The files that its backends need for TLS, by name, from `.apigw/secrets`.
    pub secrets: BTreeMap<String, Arc<[u8]>>,
}

/// Reads what is live, each version once.
#[derive(Debug)]
pub struct LiveReader {
    names: Vec<EnvironmentName>,
    contents: BTreeMap<(GroupName, Version, Digest), Arc<LiveContent>>,
    last: BTreeMap<EnvironmentName, LiveEnvironment>,
    seen: Vec<Option<Stamp>>,
    reported: BTreeSet<String>,
}

/// By what it shows that a file is another one than before.
type Stamp = (SystemTime, u64, u64);

impl LiveReader {
    /// Begins with nothing read.
    #[must_use]
    pub const fn new(names: Vec<EnvironmentName>) -> Self {
        Self { names, contents: BTreeMap::new(), last: BTreeMap::new(), seen: Vec::new(), reported: BTreeSet::new() }
    }

    /// Says whether an environment's file is another one than when it was last asked.
    ///
    /// A commit renames a new file into place, so a look at its number, size and time is enough.
    pub fn has_changed(&mut self, workspace: &Workspace) -> bool {
        let stamps: Vec<Option<Stamp>> =
            self.names.iter().map(|name| workspace.stamp(&layout::environment(name))).collect();
        let has_changed = stamps != self.seen;
        self.seen = stamps;
        has_changed
    }

    /// Reads what is live. Problems are returned the first time that they are met.
    pub fn read(&mut self, workspace: &Workspace) -> (Vec<LiveEnvironment>, Vec<String>) {
        let mut problems = BTreeSet::new();
        let mut environments = Vec::new();
        for name in self.names.clone() {
            let environment = self.read_environment(workspace, &name, &mut problems);
            self.last.insert(name, environment.clone());
            environments.push(environment);
        }
        let used: BTreeSet<_> =
            environments.iter().flat_map(|environment| environment.groups.iter()).map(key).collect();
        self.contents.retain(|key, _| used.contains(key));
        let new = problems.difference(&self.reported).cloned().collect();
        self.reported = problems;
        (environments, new)
    }

    fn read_environment(
        &mut self,
        workspace: &Workspace,
        name: &EnvironmentName,
        problems: &mut BTreeSet<String>,
    ) -> LiveEnvironment {
        let last = self.last.get(name).map(|last| last.groups.clone()).unwrap_or_default();
        let reading = match workspace.read_environment(name) {
            Ok(reading) => reading,
            Err(error) => {
                problems.insert(format!("{error}; what was live in {name} is served on"));
                return LiveEnvironment { name: name.clone(), groups: last };
            }
        };
        let mut groups = BTreeMap::new();
        for (group, finding) in reading.problems {
            problems.insert(format!("{}: {}; what was live is served on", finding.location, finding.message));
            if let Some((group, live)) = group.and_then(|group| last.get_key_value(&group)) {
                groups.insert(group.clone(), live.clone());
            }
        }
        for (group, deployment) in reading.environment.deployments {
            match self.content(workspace, &group, &deployment) {
                Ok(content) => {
                    groups.insert(group, LiveGroup { deployment, content });
                }
                Err(error) => {
                    problems.insert(format!("{group} in {name}: {error}; what was live is served on"));
                    if let Some(live) = last.get(&group) {
                        groups.insert(group, live.clone());
                    }
                }
            }
        }
        LiveEnvironment { name: name.clone(), groups }
    }

    fn content(
        &mut self,
        workspace: &Workspace,
        group: &GroupName,
        deployment: &Deployment,
    ) -> Result<Option<Arc<LiveContent>>, Error> {
        let release = &deployment.release;
        if release.state == State::Offline {
            return Ok(None);
        }
        let key = (group.clone(), release.version.clone(), release.digest);
        if let Some(known) = self.contents.get(&key) {
            return Ok(Some(known.clone()));
        }
        let candidate = workspace.frozen(group, &release.version)?.filter(|found| found.digest == release.digest);
        let candidate = candidate.ok_or_else(|| Error::Unknown {
            kind: "version",
            name: format!("{group}@{}", release.version),
            nearest: None,
        })?;
        let secrets = workspace.backend_secrets(&candidate)?;
        let content = Arc::new(LiveContent { candidate, secrets });
        self.contents.insert(key, content.clone());
        Ok(Some(content))
    }
}

fn key((group, live): (&GroupName, &LiveGroup)) -> (GroupName, Version, Digest) {
    let release = &live.deployment.release;
    (group.clone(), release.version.clone(), release.digest)
}

impl Workspace {
    fn stamp(&self, place: &str) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::metadata(self.root.locate(place).ok()?).ok()?;
        Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
    }

    /// Reads the files that a group's backends need for TLS; where one is missing, the gateway says so.
    fn backend_secrets(&self, candidate: &Candidate) -> Result<BTreeMap<String, Arc<[u8]>>, Error> {
        let tls = &candidate.settings.forwarding.tls;
        let folder = format!("{}/secrets", layout::LOCAL_FOLDER);
        let mut secrets = BTreeMap::new();
        for name in [&tls.ca, &tls.certificate, &tls.key].into_iter().flatten() {
            if let Some(bytes) = self.root.folder(&folder)?.read(name, layout::LARGEST_SETTINGS)? {
                secrets.insert(name.clone(), Arc::from(bytes));
            }
        }
        Ok(secrets)
    }
}
