//! The commit: one rename makes a plan what is live, for all its groups together.
//!
//! The lock is taken; what a dead holder left is removed; the environment's file is read again and
//! compared with what the plan was computed from; versions are frozen; the operation's file is
//! written; the new environment's file is renamed over the old one. All that this rename makes
//! visible is durable before it, and nothing has to happen after it.

use std::fs;

use super::durable::Stage;
use super::error::{At, Error, PathError};
use super::layout;
use super::lock::{Held, LockRequest};
use super::{Workspace, operation_file, record, version_file};
use crate::model::{
    Deployment, Digest, Environment, EnvironmentName, GroupName, OperationId, SETTINGS_FILE, State, VERSION_FILE,
    Version,
};
use crate::plan::{Freeze, Plan, SettingsEdit};

/// The ending of a temporary file that names an operation which is about to be committed.
const INTENT: &str = ".intent";

/// The lock of one environment: whoever has it commits.
#[derive(Debug)]
pub struct EnvironmentLock<'a> {
    workspace: &'a Workspace,
    environment: EnvironmentName,
    held: Held,
}

impl Workspace {
    /// Takes an environment's lock, waiting for it where somebody else holds it.
    pub fn lock(&self, environment: &EnvironmentName, request: &LockRequest) -> Result<EnvironmentLock<'_>, Error> {
        let held = Held::take(&self.root, environment.as_str(), request)?;
        let lock = EnvironmentLock { workspace: self, environment: environment.clone(), held };
        lock.clean_up()?;
        Ok(lock)
    }
}

impl Workspace {
    /// Removes what a command that died left of an environment's change, if it left anything.
    pub fn sweep(&self, environment: &EnvironmentName, request: &LockRequest) -> Result<(), Error> {
        if !self.root.list(&layout::temporary(environment.as_str()))?.is_empty() {
            // Taking the lock removes it.
            self.lock(environment, request)?;
        }
        Ok(())
    }
}

impl EnvironmentLock<'_> {
    /// Commits a plan and returns the id of its operation; `None` where there is nothing to change.
    ///
    /// # Errors
    ///
    /// [`Error::DurabilityUnknown`] means that the change is committed and visible. After any other
    /// error nothing is changed.
    pub fn commit(&self, plan: &Plan) -> Result<Option<OperationId>, Error> {
        if plan.is_empty() {
            return Ok(None);
        }
        let mut environment = self.workspace.environment(&self.environment)?;
        check_base(&environment, plan)?;
        self.begin_environment(&environment)?;
        self.prepare_versions(plan)?;
        let (id, text) = operation_file::render(&plan.operation);
        for (group, change) in &plan.operation.changes {
            let deployment =
                Deployment { release: change.after.clone(), since: plan.operation.time, operation: id.clone() };
            environment.deployments.insert(group.clone(), deployment);
        }
        self.write_operation(&id, &text)?;
        self.publish(&record::render(&environment), &id)?;
        Ok(Some(id))
    }

    /// Writes the environment's file before the first operation, so that one without the other is
    /// never anything but a file that somebody removed.
    fn begin_environment(&self, environment: &Environment) -> Result<(), Error> {
        let place = layout::environment(&self.environment);
        if self.workspace.root.exists(&place)? { Ok(()) } else { self.rewrite(&record::render(environment)) }
    }

    /// Makes durable what the new entries refer to.
    fn prepare_versions(&self, plan: &Plan) -> Result<(), Error> {
        let mut stage = self.stage();
        for edit in &plan.edits {
            self.edit_settings(&mut stage, edit)?;
        }
        for freeze in &plan.freezes {
            freeze_version(self.workspace, &mut stage, freeze)?;
        }
        let frozen_now = |group: &GroupName, version: &Version| {
            plan.freezes.iter().any(|freeze| freeze.group == *group && freeze.version == *version)
        };
        for (group, change) in &plan.operation.changes {
            let after = &change.after;
            if after.state == State::Live && !frozen_now(group, &after.version) {
                adopt_version(self.workspace, &mut stage, group, &after.version, after.digest)?;
            }
        }
        Ok(stage.sync()?)
    }

    fn edit_settings(&self, stage: &mut Stage<'_>, edit: &SettingsEdit) -> Result<(), Error> {
        let place = layout::group_file(&edit.group, SETTINGS_FILE);
        let now = self.workspace.root.read(&place, layout::LARGEST_SETTINGS)?;
        match now.as_deref() {
            Some(now) if now == &*edit.after => Ok(()),
            Some(now) if now == &*edit.before => stage.write(&place, &edit.after),
            _ => Err(Error::Stale { what: place }),
        }
    }

    /// Writes the operation's file. Until the environment's file names it, it counts for nothing.
    pub(super) fn write_operation(&self, id: &OperationId, text: &str) -> Result<(), Error> {
        self.declare_intent(id)?;
        let mut stage = self.stage();
        let written =
            stage.write(&layout::operation(&self.environment, id), text.as_bytes()).and_then(|()| Ok(stage.sync()?));
        if written.is_err() {
            self.withdraw(id);
        }
        written
    }

    /// Leaves a durable note that an operation is about to be committed. Without it nobody could tell, after a
    /// loss of power, an operation that never was from one whose entry somebody removed.
    fn declare_intent(&self, id: &OperationId) -> Result<(), Error> {
        let mut stage = self.stage();
        stage.create(&Self::intent_place(&self.environment, id))?;
        Ok(stage.sync()?)
    }

    /// Renames the environment's file, with a new text, into place. This is the commit.
    pub(super) fn publish(&self, text: &str, id: &OperationId) -> Result<(), Error> {
        let mut stage = self.stage();
        let renamed = stage.write(&layout::environment(&self.environment), text.as_bytes());
        if let Err(error) = renamed {
            self.withdraw(id);
            return Err(error);
        }
        let unknown = |source: PathError| Error::DurabilityUnknown {
            environment: self.environment.clone(),
            operation: id.clone(),
            source,
        };
        stage.sync().map_err(unknown)?;
        // Not before: until the rename is durable, the intent says what became of the operation.
        self.forget_intent(id);
        Ok(())
    }

    /// Writes the environment's file anew without an operation: it says no more than the history does.
    pub(super) fn rewrite(&self, text: &str) -> Result<(), Error> {
        let mut stage = self.stage();
        stage.write(&layout::environment(&self.environment), text.as_bytes())?;
        Ok(stage.sync()?)
    }

    /// Takes back an operation that was not committed. Where that fails, the next holder does it.
    fn withdraw(&self, id: &OperationId) {
        let removed = self
            .workspace
            .root
            .locate(&layout::operation(&self.environment, id))
            .is_ok_and(|path| fs::remove_file(&path).is_ok() || !path.exists());
        if removed {
            self.forget_intent(id);
        }
    }

    /// Says whether an operation's commit was begun and neither finished nor taken back.
    pub(super) fn intent_place(environment: &EnvironmentName, id: &OperationId) -> String {
        format!("{}/{id}{INTENT}", layout::temporary(environment.as_str()))
    }

    fn forget_intent(&self, id: &OperationId) {
        // It is looked at again by the next holder, who finds the operation committed.
        let _ = fs::remove_file(self.held.temporary().join(format!("{id}{INTENT}")));
    }

    /// Removes what a dead holder left: temporary files, and an operation that it did not commit.
    fn clean_up(&self) -> Result<(), Error> {
        let leftovers = self.held.leftovers()?;
        if leftovers.is_empty() {
            return Ok(());
        }
        for path in leftovers {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(id) = name.strip_suffix(INTENT).and_then(|id| id.parse().ok()) {
                self.resolve_intent(&id)?;
            }
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.at("remove", &path)?;
        }
        Ok(())
    }

    fn resolve_intent(&self, id: &OperationId) -> Result<(), Error> {
        let reading = self.workspace.read_environment(&self.environment)?;
        let committed = reading.environment.deployments.values().any(|deployment| deployment.operation == *id);
        let place = layout::operation(&self.environment, id);
        if committed || !reading.problems.is_empty() || !self.workspace.root.exists(&place)? {
            return Ok(());
        }
        let mut stage = self.stage();
        stage.remove(&place)?;
        Ok(stage.sync()?)
    }

    pub(super) fn stage(&self) -> Stage<'_> {
        Stage::new(&self.workspace.root, self.held.temporary())
    }

    pub(super) const fn workspace(&self) -> &Workspace {
        self.workspace
    }

    pub(super) const fn environment(&self) -> &EnvironmentName {
        &self.environment
    }
}

fn check_base(environment: &Environment, plan: &Plan) -> Result<(), Error> {
    for (group, change) in &plan.operation.changes {
        if environment.deployments.get(group) != change.before.as_ref() {
            return Err(Error::Stale { what: format!("{group} in {}", environment.name) });
        }
    }
    Ok(())
}

/// Freezes a version, or finds it frozen with the same bytes.
pub(super) fn freeze_version(workspace: &Workspace, stage: &mut Stage<'_>, freeze: &Freeze) -> Result<(), Error> {
    let Freeze { group, version, files, digest } = freeze;
    let place = layout::version(group, version);
    if workspace.root.exists(&place)? {
        return adopt_version(workspace, stage, group, version, *digest);
    }
    let mut all = files.clone();
    all.insert(VERSION_FILE, version_file::render(group, version, &files.manifest()).into_bytes());
    stage.write_folder(&place, &all, true)
}

/// Compares a frozen version with the digest that it must have, and makes it durable.
fn adopt_version(
    workspace: &Workspace,
    stage: &mut Stage<'_>,
    group: &GroupName,
    version: &Version,
    digest: Digest,
) -> Result<(), Error> {
    let mut files = workspace.release_files(group, version, digest)?;
    let number = workspace.locate_release(group, version, digest)?;
    files.insert(VERSION_FILE, Vec::new());
    stage.adopt_folder(&layout::version(group, number.as_ref().unwrap_or(version)), &files)
}
