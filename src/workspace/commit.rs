//! The commit: one rename puts a plan in force, for all its groups together.
//!
//! Under the lock, the plan's base is compared with the files; versions are frozen; the intent is noted; the
//! operation's file is written; the new environment's file is renamed over the old one. All that this rename makes
//! visible is durable before it, and nothing has to happen after it. A commit that fails before the rename undoes its
//! own writes.

use super::durable::FileStage;
use super::error::{Error, PathError, StalePart};
use super::intent::{EditIntent, Intent};
use super::lock::LockRequest;
use super::take_back::{AsideFiles, Leftovers};
use super::{LockGuard, Workspace, layout, operation_file, record, version_file};
use crate::model::{
    DeploymentState, Digest, Environment, EnvironmentName, GroupName, Operation, OperationId, Release, SETTINGS_FILE,
    VERSION_FILE, Version,
};
use crate::plan::{Freeze, Plan, SettingsEdit};

impl Workspace {
    /// Recovers from an interrupted command, if there was one.
    pub fn sweep(&self, request: &LockRequest) -> Result<(), Error> {
        if self.has_leftovers()? {
            // Taking the lock does it.
            self.lock(request)?;
        }
        Ok(())
    }

    pub(super) fn has_leftovers(&self) -> Result<bool, Error> {
        let has_files = |place| Ok::<_, Error>(!self.root.list(place)?.is_empty());
        let is_noted = self.root.exists(layout::INTENT_FILE)?;
        Ok(is_noted || has_files(layout::TEMPORARY_FOLDER)? || has_files(layout::IMPORT_FOLDER)?)
    }

    /// Fails unless every version that a plan makes live exists with its digest, or will be frozen, by it or by one
    /// that is committed earlier, and every entry that it replaces is as it was committed.
    pub fn check_releases(&self, plan: &Plan, earlier: &[Plan]) -> Result<(), Error> {
        self.check_predecessors(plan)?;
        let is_frozen_earlier = |group: &GroupName, release: &Release| {
            let mut freezes = earlier.iter().filter_map(|plan| plan.freezes.get(group));
            freezes.any(|freeze| freeze.version == release.version && freeze.digest == release.digest)
        };
        for (group, change) in &plan.operation.changes {
            let after = &change.after;
            let will_be = plan.freezes.get(group).is_some_and(|freeze| freeze.version == after.version);
            if will_be {
                self.check_version_case(group, &after.version)?;
                self.check_not_deleted(group, &after.version, after.digest)?;
            }
            if after.state != DeploymentState::Live || will_be || is_frozen_earlier(group, after) {
                continue;
            }
            self.release_files(group, &after.version, after.digest)?;
        }
        Ok(())
    }
}

/// A committed operation, which is in force.
#[derive(Debug)]
#[must_use = "a change whose durability is unknown is reported"]
pub struct Committed<I = OperationId> {
    /// Its id.
    pub id: I,
    /// Error of the sync after it: the change may not survive a loss of power.
    pub unsynced: Option<Error>,
}

impl Committed {
    /// Makes the outcome of a commit, with the result of the sync after it.
    pub(super) fn new(id: OperationId, what: String, synced: Result<(), PathError>) -> Self {
        let unknown = |source| Error::DurabilityUnknown { what, operation: Some(id.clone()), source };
        let unsynced = synced.err().map(unknown);
        Self { id, unsynced }
    }

    /// Returns the outcome of a commit that may have had nothing to do.
    pub(super) fn into_any(self) -> Committed<Option<OperationId>> {
        Committed { id: Some(self.id), unsynced: self.unsynced }
    }
}

impl Committed<Option<OperationId>> {
    /// Returns the outcome of a commit that had nothing to do.
    pub const fn nothing() -> Self {
        Self { id: None, unsynced: None }
    }
}

impl LockGuard {
    /// Commits a plan and returns the id of its operation; `None` where there is nothing to change.
    ///
    /// The time of the plan's operation becomes later than every entry of its environment.
    ///
    /// # Errors
    ///
    /// After an error nothing is in force; [`Error::NotTakenBack`] lists the files that stay.
    pub fn commit(&self, plan: &mut Plan) -> Result<Committed<Option<OperationId>>, Error> {
        if plan.is_empty() {
            return Ok(Committed::nothing());
        }
        let (environment, rest) = self.workspace().environment_with_rest(plan)?;
        check_entries(&environment, plan)?;
        self.workspace().check_predecessors(plan)?;
        plan.operation.make_later_than(environment.deployments.values());
        if let Some(latest) = rest.as_deref().and_then(record::conflict::latest_time) {
            plan.operation.time = plan.operation.time.max(latest.successor());
        }
        let mut stage = self.stage();
        let mut frozen = Vec::new();
        let prepared = self.prepare_versions(&mut stage, plan, &mut frozen);
        let recorded = prepared.and_then(|()| {
            let edits: Vec<SettingsEdit> = plan.edits.values().cloned().collect();
            match rest {
                None => self.record(stage, environment, &plan.operation, &edits),
                Some(text) => self.record_beside(stage, &text, plan, &edits),
            }
        });
        recorded.map(Committed::into_any).map_err(|error| self.thaw(&frozen, error))
    }

    /// Writes an operation and puts it in force. `stage` holds the writes that must be durable before that.
    pub(super) fn record(
        &self,
        stage: FileStage<'_>,
        mut environment: Environment,
        operation: &Operation,
        edits: &[SettingsEdit],
    ) -> Result<Committed, Error> {
        let has_begun = self.begin_environment(&environment)?;
        let next = |id: &OperationId| {
            for group in operation.changes.keys() {
                environment.deployments.extend(operation.entry(id, group).map(|entry| (group.clone(), entry)));
            }
            record::render(&environment)
        };
        self.record_as(stage, operation, edits, has_begun, next)
    }

    /// Writes an operation and puts it in force, in a file whose other parts stay byte for byte.
    fn record_beside(
        &self,
        stage: FileStage<'_>,
        text: &str,
        plan: &Plan,
        edits: &[SettingsEdit],
    ) -> Result<Committed, Error> {
        let operation = &plan.operation;
        let next = |id: &OperationId| {
            let groups = operation.changes.keys();
            let entries = groups.filter_map(|group| Some((group.clone(), operation.entry(id, group)?)));
            let is_edited = |group: &GroupName| plan.replaced_edits.contains_key(group);
            record::replace::replace_entries(&operation.environment, text, &entries.collect(), is_edited)
        };
        self.record_as(stage, operation, edits, false, next)
    }

    /// Writes an operation, and the file of its environment with the text that follows from its id. Where it fails and
    /// that file was made for it, none stays.
    pub(super) fn record_as(
        &self,
        mut stage: FileStage<'_>,
        operation: &Operation,
        edits: &[SettingsEdit],
        has_begun: bool,
        next: impl FnOnce(&OperationId) -> String,
    ) -> Result<Committed, Error> {
        let (id, text) = operation_file::render(operation);
        let name = &operation.environment;
        let place = layout::environment(name);
        let intent = self.commit_intent(name, &id, edits.iter().map(edit_intent).collect(), has_begun);
        // Without an intent, nobody else knows that the file was made for this.
        let intent = intent.map_err(|error| if has_begun { self.end_environment(&place, error) } else { error })?;
        let mut aside = AsideFiles::new();
        let mut prepare = || {
            self.declare(Intent::Commit(intent.clone()))?;
            for edit in edits {
                self.edit_settings(&mut stage, edit, &mut aside)?;
            }
            stage.write(&layout::operation(name, &id), text.as_bytes())
        };
        let prepared = prepare().and_then(|()| Ok(stage.sync()?));
        let mut stage = self.stage();
        if let Err(error) = prepared.and_then(|()| stage.write(&place, next(&id).as_bytes())) {
            // Where taking back fails as well, the intent stands, and the next holder of the lock does it.
            return Err(self.abandon(&intent, &aside, error));
        }
        let committed = Committed::new(id, name.to_string(), stage.sync());
        // Not before: until the rename is durable, the intent is the only record of the operation's outcome. One that
        // cannot be removed is examined by the next holder of the lock, who finds another file than it names.
        if committed.unsynced.is_none() {
            let _ = self.forget_intent();
        }
        Ok(committed)
    }

    /// Rewrites an environment's file without an operation, for content that its history has already.
    pub(super) fn rewrite(&self, name: &EnvironmentName, text: &str) -> Result<(), Error> {
        let mut stage = self.stage();
        stage.write(&layout::environment(name), text.as_bytes())?;
        stage.settle(name.as_str())
    }

    /// Writes the environment's file before the first operation, so that one without the other is
    /// never anything but a file that somebody removed. Returns true if it did.
    pub(super) fn begin_environment(&self, environment: &Environment) -> Result<bool, Error> {
        let place = layout::environment(&environment.name);
        if self.workspace().root.exists(&place)? {
            return Ok(false);
        }
        let mut stage = self.stage();
        stage.write(&place, record::render(environment).as_bytes())?;
        stage.sync().map_err(|error| self.end_environment(&place, error.into()))?;
        Ok(true)
    }

    /// Removes an environment's file again that was written before the first operation, and returns the error with that
    /// file where it stays.
    fn end_environment(&self, place: &str, error: Error) -> Error {
        let removed = self.stage().remove(place);
        let empty = removed.err().map(|_| place.to_owned()).into_iter().collect();
        Leftovers { empty, ..Leftovers::default() }.explain(error)
    }

    /// Freezes the versions that the new entries refer to, or adopts those that are frozen.
    fn prepare_versions(&self, stage: &mut FileStage<'_>, plan: &Plan, frozen: &mut Vec<String>) -> Result<(), Error> {
        for freeze in plan.freezes.values() {
            if self.freeze_version(stage, freeze)? {
                frozen.push(layout::version(&freeze.group, &freeze.version));
            }
        }
        let is_new = |group: &GroupName, version: &Version| {
            plan.freezes.get(group).is_some_and(|freeze| freeze.version == *version)
        };
        for (group, change) in &plan.operation.changes {
            let after = &change.after;
            if after.state == DeploymentState::Live && !is_new(group, &after.version) {
                self.adopt_version(stage, group, &after.version, after.digest)?;
            }
        }
        Ok(())
    }

    /// Freezes a version, or finds it frozen with the same bytes. Returns true if it was not frozen before.
    pub(super) fn freeze_version(&self, stage: &mut FileStage<'_>, freeze: &Freeze) -> Result<bool, Error> {
        let Freeze { group, version, files, digest } = freeze;
        let place = layout::version(group, version);
        if self.workspace().root.exists(&place)? {
            self.adopt_version(stage, group, version, *digest)?;
            return Ok(false);
        }
        self.workspace().check_version_case(group, version)?;
        self.workspace().check_not_deleted(group, version, *digest)?;
        let mut all = files.clone();
        all.insert(VERSION_FILE, version_file::render(group, version, &files.manifest()).into_bytes());
        stage.write_folder(&place, &all, true)?;
        Ok(true)
    }

    /// Compares a frozen version with the digest that it must have, and makes it durable.
    fn adopt_version(
        &self,
        stage: &mut FileStage<'_>,
        group: &GroupName,
        version: &Version,
        digest: Digest,
    ) -> Result<(), Error> {
        let (number, mut files) = self.workspace().located_files(group, version, digest)?;
        files.insert(VERSION_FILE, Vec::new());
        stage.adopt_folder(&layout::version(group, &number), &files)
    }

    fn edit_settings(
        &self,
        stage: &mut FileStage<'_>,
        edit: &SettingsEdit,
        aside: &mut AsideFiles,
    ) -> Result<(), Error> {
        let place = layout::group_file(&edit.group, SETTINGS_FILE);
        let now = self.workspace().root.read(&place, layout::LARGEST_SETTINGS)?;
        match now.as_deref() {
            Some(now) if now == &*edit.after => Ok(()),
            Some(now) if now == &*edit.before => {
                aside.insert(place.clone(), stage.set_aside(&place));
                stage.write(&place, &edit.after)
            }
            _ => Err(Error::Stale(StalePart::File(place))),
        }
    }
}

fn edit_intent(edit: &SettingsEdit) -> EditIntent {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    EditIntent { group: edit.group.clone(), before: text(&edit.before), after: text(&edit.after) }
}

fn check_entries(environment: &Environment, plan: &Plan) -> Result<(), Error> {
    for (group, change) in &plan.operation.changes {
        if environment.deployments.get(group) != change.before.as_ref() {
            let (group, environment) = (group.clone(), environment.name.clone());
            return Err(Error::Stale(StalePart::Entry { group, environment }));
        }
    }
    Ok(())
}
