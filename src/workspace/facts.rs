//! Facts from disk, for plans: each file is read once, so a plan sees one state.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::AccessCache;
use super::edited_entries::SharedEnvironment;
use super::named_operations::VersionNames;
use super::{EntryEdits, Error, PlanBase, Renumbering, Workspace, layout};
use crate::access::{Grant, SubjectRecord};
use crate::model::{
    Digest, Environment, EnvironmentName, GroupName, Manifest, Operation, OperationId, Release, SETTINGS_FILE, Version,
    VersionNotes, WorkspaceSettings,
};
use crate::plan::{EditedEntry, Facts, HeldGrant, LooseOperation, NamedVersions, PastEntry, PublishCandidate};

/// Values that were read, by their key.
type FactCache<K, V> = RefCell<BTreeMap<K, V>>;

/// A workspace's facts for plans.
#[derive(Debug)]
pub struct DiskFacts<'a> {
    workspace: &'a Workspace,
    /// The groups that alone are to be changed; none where the environments are needed whole.
    changed: BTreeSet<GroupName>,
    edits: EntryEdits,
    /// The environments, each with the edited entries that are to be replaced.
    environments: FactCache<EnvironmentName, SharedEnvironment>,
    working_copies: FactCache<(GroupName, Option<Version>), Arc<PublishCandidate>>,
    frozen: FactCache<(GroupName, Version), Option<Arc<PublishCandidate>>>,
    groups: RefCell<Option<Vec<GroupName>>>,
    versions: FactCache<GroupName, BTreeSet<Version>>,
    notes: FactCache<GroupName, Arc<VersionNotes>>,
    named: VersionNames,
    /// The operations whose entries were lost, by the groups in question and the number of operations looked at.
    lost: FactCache<(EnvironmentName, BTreeSet<GroupName>, usize), BTreeMap<GroupName, OperationId>>,
    /// The keys, owners and revocations.
    granted: RefCell<Option<Vec<SubjectRecord>>>,
    /// The same with all that is revoked, for groups that sign.
    access: AccessCache,
    /// Versions that a resolve is about to write.
    renumbered: BTreeMap<(GroupName, Digest), (Version, Arc<PublishCandidate>)>,
}

impl<'a> DiskFacts<'a> {
    /// Builds facts that are read on demand.
    #[must_use]
    pub const fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            changed: BTreeSet::new(),
            edits: EntryEdits::Refuse,
            environments: RefCell::new(BTreeMap::new()),
            working_copies: RefCell::new(BTreeMap::new()),
            frozen: RefCell::new(BTreeMap::new()),
            groups: RefCell::new(None),
            versions: RefCell::new(BTreeMap::new()),
            notes: RefCell::new(BTreeMap::new()),
            named: VersionNames::new(),
            lost: RefCell::new(BTreeMap::new()),
            granted: RefCell::new(None),
            access: AccessCache::new(),
            renumbered: BTreeMap::new(),
        }
    }

    /// Answers for a change of these groups alone, whatever else an environment's file has.
    #[must_use]
    pub fn for_groups(self, changed: BTreeSet<GroupName>) -> Self {
        Self { changed, ..self }
    }

    /// Treats entries that were edited by hand like this.
    #[must_use]
    pub fn with_edits(self, edits: EntryEdits) -> Self {
        Self { edits, ..self }
    }

    /// Answers as if versions that a resolve is about to write lay there already.
    ///
    /// # Errors
    ///
    /// Fails where the settings of one cannot be read.
    pub fn with_renumberings(self, renumberings: &[Renumbering]) -> Result<Self, Error> {
        let candidate = |Renumbering { group, to, digest, files, .. }: &Renumbering| {
            let candidate = Arc::new(self.workspace.candidate_of((group, to), files.clone(), *digest, &self.access)?);
            Ok(((group.clone(), *digest), (to.clone(), candidate)))
        };
        let renumbered = renumberings.iter().map(candidate).collect::<Result<_, Error>>()?;
        Ok(Self { renumbered, ..self })
    }

    /// Returns the workspace that answers.
    #[must_use]
    pub const fn workspace(&self) -> &'a Workspace {
        self.workspace
    }

    /// Returns the base: everything that was read so far.
    #[must_use]
    pub fn base(&self) -> PlanBase {
        let working_copies = self.working_copies.borrow();
        let frozen = self.frozen.borrow();
        let frozen = frozen.iter().map(|(key, found)| (key.clone(), found.as_ref().map(|found| found.digest)));
        PlanBase {
            settings: self.workspace.settings_digest,
            environments: self.environments.borrow().clone(),
            edits: self.edits,
            working_copies: working_copies.iter().map(|((group, _), copy)| (group.clone(), on_disk(copy))).collect(),
            groups: self.groups.borrow().clone(),
            versions: self.versions.borrow().clone(),
            notes: self.notes.borrow().clone(),
            frozen: frozen.collect(),
        }
    }
}

impl DiskFacts<'_> {
    fn read_environment(&self, environment: &EnvironmentName) -> Result<SharedEnvironment, Error> {
        once(&self.environments, environment.clone(), |name| {
            let (environment, edits) = match self.edits {
                EntryEdits::Refuse => (self.workspace.environment_for(name, &self.changed)?, BTreeMap::new()),
                EntryEdits::Replace => self.workspace.recorded_environment(name, &self.changed)?,
            };
            Ok((Arc::new(environment), Arc::new(edits)))
        })
    }
}

/// Lists the files of a working copy as they lay on disk.
fn on_disk(copy: &PublishCandidate) -> Manifest {
    let mut manifest = copy.files.manifest();
    if let Some(settings) = &copy.settings_on_disk {
        manifest.0.insert(SETTINGS_FILE.to_owned(), Digest::of(settings));
    }
    manifest
}

fn once<K: Ord, V: Clone>(
    known: &FactCache<K, V>,
    key: K,
    read: impl FnOnce(&K) -> Result<V, Error>,
) -> Result<V, Error> {
    if let Some(value) = known.borrow().get(&key) {
        return Ok(value.clone());
    }
    let value = read(&key)?;
    known.borrow_mut().insert(key, value.clone());
    Ok(value)
}

impl Facts for DiskFacts<'_> {
    type Error = Error;

    fn error_text(&self, error: &Error) -> String {
        error.one_line()
    }

    fn settings(&self) -> &WorkspaceSettings {
        self.workspace.settings()
    }

    fn groups(&self) -> Result<Vec<GroupName>, Error> {
        let mut known = self.groups.borrow_mut();
        if known.is_none() {
            *known = Some(self.workspace.groups()?);
        }
        Ok(known.clone().unwrap_or_default())
    }

    fn environment(&self, environment: &EnvironmentName) -> Result<Arc<Environment>, Error> {
        Ok(self.read_environment(environment)?.0)
    }

    fn edited_entries(&self, environment: &EnvironmentName) -> Result<Arc<BTreeMap<GroupName, EditedEntry>>, Error> {
        Ok(self.read_environment(environment)?.1)
    }

    fn check_unedited(&self, environment: &EnvironmentName, groups: &BTreeSet<GroupName>) -> Result<(), Error> {
        self.workspace.check_unedited(environment, groups)
    }

    fn working_copy(&self, group: &GroupName, version: Option<&Version>) -> Result<Arc<PublishCandidate>, Error> {
        once(&self.working_copies, (group.clone(), version.cloned()), |(group, version)| {
            Ok(Arc::new(self.workspace.working_copy_of(group, version.as_ref(), &self.access)?))
        })
    }

    fn versions(&self, group: &GroupName) -> Result<BTreeSet<Version>, Error> {
        once(&self.versions, group.clone(), |group| self.workspace.versions(group))
    }

    fn notes(&self, group: &GroupName) -> Result<Arc<VersionNotes>, Error> {
        once(&self.notes, group.clone(), |group| Ok(Arc::new(self.workspace.readable_notes(group)?.0)))
    }

    fn unreadable_notes(&self, group: &GroupName) -> Result<BTreeSet<Version>, Error> {
        self.workspace.unreadable_notes(group)
    }

    fn check_note(&self, group: &GroupName, version: &Version) -> Result<(), Error> {
        self.workspace.check_note(group, version)
    }

    fn frozen(&self, group: &GroupName, version: &Version) -> Result<Option<Arc<PublishCandidate>>, Error> {
        once(&self.frozen, (group.clone(), version.clone()), |(group, version)| {
            Ok(self.workspace.frozen(group, version, &self.access)?.map(Arc::new))
        })
    }

    fn released(&self, group: &GroupName, release: &Release) -> Result<Option<Arc<PublishCandidate>>, Error> {
        if let Some((_, candidate)) = self.renumbered.get(&(group.clone(), release.digest)) {
            return Ok(Some(Arc::clone(candidate)));
        }
        let located = self.workspace.locate_release(group, &release.version, release.digest)?;
        located.map_or(Ok(None), |number| self.frozen(group, &number))
    }

    fn number(&self, group: &GroupName, release: &Release) -> Result<Option<Version>, Error> {
        if let Some((number, _)) = self.renumbered.get(&(group.clone(), release.digest)) {
            return Ok(Some(number.clone()));
        }
        self.workspace.locate_release(group, &release.version, release.digest)
    }

    fn past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Error> {
        let live = self.environment(environment)?;
        self.workspace.past_of(environment, group, live.deployments.get(group).cloned())
    }

    fn every_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Error> {
        let live = self.environment(environment)?;
        self.workspace.every_past(environment, group, live.deployments.get(group))
    }

    fn readable_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Error> {
        let live = self.environment(environment)?;
        self.workspace.readable_past(environment, group, live.deployments.get(group).cloned())
    }

    fn lost_releases(
        &self,
        environment: &EnvironmentName,
        groups: &BTreeSet<GroupName>,
        most: usize,
    ) -> Result<BTreeMap<GroupName, OperationId>, Error> {
        once(&self.lost, (environment.clone(), groups.clone(), most), |(environment, groups, most)| {
            let present = self.environment(environment)?;
            self.workspace.lost_since(environment, &present.deployments, Some(groups), *most)
        })
    }

    fn named_versions(&self, group: &GroupName) -> Result<NamedVersions, Error> {
        self.named.of(self.workspace, group)
    }

    fn grants(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<HeldGrant>, Error> {
        let mut granted = self.granted.borrow_mut();
        let granted = match &mut *granted {
            Some(granted) => granted,
            unread => {
                let (records, _) = self.workspace.access_records()?;
                unread.insert(records)
            }
        };
        let is_wanted = |grant: &&Grant| grant.group == *group && grant.environments.contains(environment);
        let held = |record: &SubjectRecord| -> Vec<HeldGrant> {
            let holder = record.state.subject().to_string();
            let view = |Grant { id, apis, .. }: &Grant| HeldGrant {
                holder: holder.clone(),
                id: id.to_string(),
                apis: apis.clone(),
            };
            record.state.grants().iter().filter(is_wanted).map(view).collect()
        };
        Ok(granted.iter().flat_map(held).collect())
    }

    fn operation(&self, environment: &EnvironmentName, id: &OperationId) -> Result<Option<Operation>, Error> {
        let failed = match self.environment(environment) {
            // Most often it is the latest of a group; else the chains tell whether it was committed.
            Ok(live) if live.deployments.values().any(|deployment| deployment.operation == *id) => {
                return Ok(Some(self.workspace.read_operation(environment, id)?));
            }
            Ok(live) => match self.workspace.search_history(&live, id) {
                (Some(operation), _) => return Ok(Some(operation)),
                (None, None) => return Ok(None),
                (None, Some(error)) => error,
            },
            Err(error) => error,
        };
        // Beyond a file that cannot be read it may well have been committed, and the way back is never barred.
        match self.workspace.read_operation(environment, id) {
            Ok(operation) if !self.workspace.is_abandoned(environment, id)? => Ok(Some(operation)),
            _ => Err(failed),
        }
    }

    fn loose_operation(
        &self,
        environment: &EnvironmentName,
        id: &OperationId,
    ) -> Result<Option<LooseOperation>, Error> {
        if !self.workspace.root.exists(&layout::operation(environment, id))? {
            return Ok(None);
        }
        self.workspace.loose_operation(environment, id).map(Some)
    }
}
