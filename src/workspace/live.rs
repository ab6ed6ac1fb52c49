//! The live state for gateways: polled, and never worse than the last good state.
//!
//! A file that is broken by hand, or half-way through a checkout, is ignored: the last good state stays, and the
//! problem is reported once.

mod definition;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::Error;
use super::groups::frozen_settings;
use super::outside::{FileStamp, stamp_outside};
use super::{Workspace, layout};
use crate::model::{
    Deployment, DeploymentState, Digest, Environment, EnvironmentName, GroupName, GroupSettings, Release, Version,
    is_file_name,
};
use crate::snapshot::{EnvironmentSnapshot, GroupContent, GroupSnapshot, NotServed, Snapshot};
use crate::spread::spread;

use definition::LiveDefinition;

/// Reads the live state, each version once, and an environment only if its file may have changed.
///
/// A problem is read again by itself, after a pause: a missing version, say, may arrive after the environment's file,
/// without any change to a watched file.
#[derive(Debug)]
pub struct LiveReader {
    names: Vec<EnvironmentName>,
    contents: VersionContents,
    known: BTreeMap<EnvironmentName, KnownEnvironment>,
    reported: BTreeSet<NotServed>,
    pause: Duration,
    next_try: Option<Instant>,
}

/// An environment as it was read last.
#[derive(Debug)]
struct KnownEnvironment {
    stamp: Option<FileStamp>,
    is_stale: bool,
    snapshot: Arc<EnvironmentSnapshot>,
    not_served: Vec<NotServed>,
}

/// The versions that were read, by group: few of each, found without a copy of their names.
#[derive(Debug, Default)]
struct VersionContents(BTreeMap<GroupName, Vec<KnownContent>>);

/// A version that was read.
#[derive(Debug)]
struct KnownContent {
    version: Version,
    digest: Digest,
    content: LiveContent,
}

/// The content of a version, and its definition, which is kept or let go here.
#[derive(Debug, Clone)]
struct LiveContent {
    content: Arc<GroupContent>,
    definition: Arc<LiveDefinition>,
}

/// The first and the longest pause before a problem is read again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl LiveReader {
    /// Begins with nothing read.
    #[must_use]
    pub fn new(names: Vec<EnvironmentName>) -> Self {
        let mut reader = Self {
            names: Vec::new(),
            contents: VersionContents::default(),
            known: BTreeMap::new(),
            reported: BTreeSet::new(),
            pause: FIRST_PAUSE,
            next_try: None,
        };
        reader.read_anew(names);
        reader
    }

    /// Forces a reread of these environments; the earlier state stays only as the last good one.
    pub fn read_anew(&mut self, names: Vec<EnvironmentName>) {
        self.contents = VersionContents::default();
        self.known.retain(|name, _| names.contains(name));
        for name in &names {
            self.known.entry(name.clone()).or_insert_with(|| KnownEnvironment::unread(name)).is_stale = true;
        }
        self.names = names;
    }

    /// Schedules a reread of a group that the gateway cannot serve: this machine may lack a file that it needs.
    pub fn reconsider(&mut self, not_served: NotServed) {
        let Some(known) = self.known.get_mut(&not_served.environment) else { return };
        if let Some(group) = not_served.group.as_ref().and_then(|group| known.snapshot.group(group)) {
            self.contents.remove(&group.name, &group.deployment.release);
        }
        // A gateway says it again whenever another environment changes.
        if !known.not_served.contains(&not_served) {
            known.not_served.push(not_served);
        }
    }

    /// True if an environment's file has changed, or a problem is due to be read again.
    ///
    /// A commit renames a new file into place, so a look at its number, size and time is enough.
    pub fn must_read(&mut self, workspace: &Workspace, now: Instant) -> bool {
        let mut has_problems = false;
        for (name, known) in &mut self.known {
            let stamp = workspace.stamp(&layout::environment(name));
            if known.stamp != stamp {
                known.stamp = stamp;
                known.is_stale = true;
                self.pause = FIRST_PAUSE;
                self.next_try = None;
            }
            has_problems |= !known.not_served.is_empty();
        }
        let due = *self.next_try.get_or_insert(now + self.pause);
        if !has_problems {
            self.next_try = None;
        } else if now >= due {
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            self.next_try = Some(now + self.pause);
            self.known.values_mut().for_each(|known| known.is_stale |= !known.not_served.is_empty());
        }
        self.known.values().any(|known| known.is_stale)
    }

    /// Reads the parts of the live state that have changed.
    pub fn read(&mut self, workspace: &Workspace) -> Snapshot {
        let mut environments = Vec::with_capacity(self.names.len());
        for name in self.names.clone() {
            let mut known = self.known.remove(&name).unwrap_or_else(|| KnownEnvironment::unread(&name));
            if std::mem::take(&mut known.is_stale) {
                let (snapshot, not_served) = self.read_environment(workspace, &known.snapshot);
                (known.snapshot, known.not_served) = (snapshot, not_served);
            }
            environments.push(Arc::clone(&known.snapshot));
            self.known.insert(name, known);
        }
        self.contents.retain_used();
        self.contents.choose_kept();
        Snapshot { environments }
    }

    /// Drops definitions that are not to be kept, once all routes that needed them have been built.
    pub fn release_definitions(&self) {
        self.contents.definitions().for_each(LiveDefinition::release);
    }

    /// Returns the entries that cannot be served, and the environments that cannot be read.
    pub fn not_served(&self) -> impl Iterator<Item = &NotServed> {
        self.known.values().flat_map(|known| &known.not_served)
    }

    /// Returns the entries that were not returned by the last call; one that came back is new.
    pub fn newly_not_served(&mut self) -> Vec<NotServed> {
        let all: BTreeSet<NotServed> = self.not_served().cloned().collect();
        let new = all.difference(&self.reported).cloned().collect();
        self.reported = all;
        new
    }

    /// Reads an environment; unreadable parts keep their last good state.
    fn read_environment(
        &mut self,
        workspace: &Workspace,
        last: &Arc<EnvironmentSnapshot>,
    ) -> (Arc<EnvironmentSnapshot>, Vec<NotServed>) {
        let name = &last.name;
        let not_served = |group, operation, reason| NotServed { environment: name.clone(), group, operation, reason };
        let reading = match workspace.read_environment(name) {
            // Entries are never removed, so where the file is gone, the state is not known; least of all is it empty.
            Ok(_) if !last.groups().is_empty() && !workspace.has_environment(name) => {
                let reason = "the environment's file is gone".to_owned();
                return (Arc::clone(last), vec![not_served(None, None, reason)]);
            }
            Ok(reading) => reading,
            Err(error) => return (Arc::clone(last), vec![not_served(None, None, error.one_line())]),
        };
        let mut groups = Vec::new();
        let mut all_not_served = Vec::new();
        for (group, finding) in reading.problems {
            let reason = finding.one_line();
            groups.extend(group.as_ref().and_then(|group| last.group(group)).cloned());
            all_not_served.push(not_served(group, None, reason));
        }
        let mut failed = self.read_contents(workspace, &reading.environment);
        for (group, deployment) in reading.environment.deployments {
            if let Some(error) = failed.remove(&group) {
                groups.extend(last.group(&group).cloned());
                all_not_served.push(not_served(Some(group), Some(deployment.operation), error.one_line()));
                continue;
            }
            let is_live = deployment.release.state == DeploymentState::Live;
            let content = is_live.then(|| self.contents.get(&group, &deployment.release).cloned()).flatten();
            groups.push(GroupSnapshot { name: group, deployment, content });
        }
        (Arc::new(EnvironmentSnapshot::new(name.clone(), groups)), all_not_served)
    }

    /// Reads the versions that are live and not known yet, spread over the processors: at the start they are many.
    /// Returns why some of them cannot be read, by group.
    fn read_contents(&mut self, workspace: &Workspace, environment: &Environment) -> BTreeMap<GroupName, Error> {
        let is_unknown = |(group, deployment): &(&GroupName, &Deployment)| {
            let release = &deployment.release;
            release.state == DeploymentState::Live && self.contents.get(group, release).is_none()
        };
        let unknown: Vec<_> = environment.deployments.iter().filter(is_unknown).collect();
        if unknown.is_empty() {
            return BTreeMap::new();
        }
        let shared = Arc::new(workspace.clone());
        let contents = spread(&unknown, |(group, deployment)| shared.live_content(group, &deployment.release));
        let mut failed = BTreeMap::new();
        for ((group, deployment), content) in unknown.into_iter().zip(contents) {
            match content {
                Ok(content) => {
                    self.contents.insert(group, &deployment.release, content);
                }
                Err(error) => {
                    failed.insert(group.clone(), error);
                }
            }
        }
        failed
    }
}

impl KnownEnvironment {
    /// Begins with nothing read.
    fn unread(name: &EnvironmentName) -> Self {
        let snapshot = Arc::new(EnvironmentSnapshot::new(name.clone(), Vec::new()));
        Self { stamp: None, is_stale: false, snapshot, not_served: Vec::new() }
    }
}

impl VersionContents {
    fn get(&self, group: &GroupName, release: &Release) -> Option<&Arc<GroupContent>> {
        let known = self.0.get(group)?.iter().find(|known| known.is_of(release))?;
        Some(&known.content.content)
    }

    fn insert(&mut self, group: &GroupName, release: &Release, content: LiveContent) {
        let known = KnownContent { version: release.version.clone(), digest: release.digest, content };
        self.0.entry(group.clone()).or_default().push(known);
    }

    fn remove(&mut self, group: &GroupName, release: &Release) {
        if let Some(known) = self.0.get_mut(group) {
            known.retain(|known| !known.is_of(release));
        }
    }

    fn definitions(&self) -> impl Iterator<Item = &LiveDefinition> {
        self.0.values().flatten().map(|known| &*known.content.definition)
    }

    /// Decides which definitions stay in memory: few, since one takes a multiple of its files.
    fn choose_kept(&self) {
        /// The most bytes of files of which the definitions are kept.
        const MOST_KEPT: usize = 1 << 20;
        let mut bytes = 0;
        for definition in self.definitions() {
            bytes += definition.bytes();
            definition.keep(bytes <= MOST_KEPT);
        }
    }

    /// Drops the versions that no environment uses any more.
    fn retain_used(&mut self) {
        self.0.retain(|_, known| {
            known.retain(|known| Arc::strong_count(&known.content.content) > 1);
            !known.is_empty()
        });
    }
}

impl KnownContent {
    fn is_of(&self, release: &Release) -> bool {
        self.digest == release.digest && self.version == release.version
    }
}

impl Workspace {
    /// Reads the live state of one group. None when it was never published.
    pub fn live_group(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Option<GroupSnapshot>, Error> {
        let Some(deployment) = self.environment(environment)?.deployments.remove(group) else { return Ok(None) };
        let is_live = deployment.release.state == DeploymentState::Live;
        let shared = Arc::new(self.clone());
        let content = is_live.then(|| shared.live_content(group, &deployment.release)).transpose()?;
        let content = content.map(|live| live.content);
        Ok(Some(GroupSnapshot { name: group.clone(), deployment, content }))
    }

    fn live_content(self: &Arc<Self>, group: &GroupName, release: &Release) -> Result<LiveContent, Error> {
        let files = self.release_files(group, &release.version, release.digest)?;
        let settings = Arc::new(frozen_settings(group, &release.version, &files)?);
        let tls_files = Arc::new(self.backend_secrets(&settings)?);
        let definition = Arc::new(LiveDefinition::new(Arc::clone(self), group, release, files));
        let content = Arc::new(GroupContent { settings, definition: definition.source(), tls_files });
        Ok(LiveContent { content, definition })
    }

    fn has_environment(&self, name: &EnvironmentName) -> bool {
        self.stamp(&layout::environment(name)).is_some()
    }

    fn stamp(&self, place: &str) -> Option<FileStamp> {
        stamp_outside(&self.root.locate(place).ok()?)
    }

    /// Reads the files that a group's backends need for TLS; a missing one is left out, and the gateway reports it.
    fn backend_secrets(&self, settings: &GroupSettings) -> Result<BTreeMap<String, Arc<[u8]>>, Error> {
        let mut secrets = BTreeMap::new();
        for (_, name) in settings.forwarding.tls.files() {
            if let Some(bytes) = self.root.folder(layout::SECRETS_FOLDER)?.read(name, layout::LARGEST_SETTINGS)? {
                secrets.insert(name.to_owned(), Arc::from(bytes));
            }
        }
        Ok(secrets)
    }

    /// Lists the files that a group's backends need for TLS and that are not on this machine. A name that is not one of
    /// a file is not looked for: `check` says so.
    pub(super) fn missing_secrets(&self, settings: &GroupSettings) -> Result<Vec<String>, Error> {
        let mut missing = Vec::new();
        for (_, name) in settings.forwarding.tls.files().filter(|(_, name)| is_file_name(name)) {
            if !self.root.exists(&format!("{}/{name}", layout::SECRETS_FOLDER))? {
                missing.push(name.to_owned());
            }
        }
        Ok(missing)
    }
}
