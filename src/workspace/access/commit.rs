//! The commit of an operation on keys and grants: one rename, as for a publish.

use std::fs;
use std::io::{Read as _, Write as _};

use super::super::durable::sync_folder;
use super::super::error::{Error, PathContext, StalePart};
use super::super::git::GitCheckout;
use super::super::intent::{FileIdentity, Intent};
use super::super::take_back::Leftovers;
use super::super::{Committed, LockGuard, Workspace, layout, local_folder};
use super::{REVOKED_FILE, operation_file, operation_place, subject_file, subject_place};
use crate::access::{AccessOperation, AccessSubject, SecretId};
use crate::model::OperationId;

/// An operation on keys and grants that is about to be committed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(in crate::workspace) struct AccessIntent {
    operation: OperationId,
    /// The file of the subject.
    place: String,
    /// The file before the commit; `None` if there was none.
    file: Option<FileIdentity>,
}

impl LockGuard {
    /// Commits an operation on a key, an owner or a secret.
    ///
    /// The time of the operation becomes later than that of the one before it.
    ///
    /// # Errors
    ///
    /// After an error nothing is changed.
    pub fn commit_access(&self, operation: &mut AccessOperation) -> Result<Committed, Error> {
        let subject = operation.after.subject();
        let present = self.workspace().access_record(&subject)?.map(|record| record.operation);
        if present != operation.before {
            return Err(Error::Stale(StalePart::Subject(subject)));
        }
        self.commit_access_after(operation)
    }

    /// Commits an operation after those that it names, whatever the file of its subject says: it may be in conflict.
    ///
    /// # Errors
    ///
    /// As [`LockGuard::commit_access`].
    pub fn commit_access_after(&self, operation: &mut AccessOperation) -> Result<Committed, Error> {
        let workspace = self.workspace();
        let subject = operation.after.subject();
        let mut time = operation.time;
        for before in operation.predecessors() {
            time = time.max(workspace.read_access_operation(before)?.time.successor());
        }
        operation.time = time;
        let place = subject_place(&subject);
        let file = workspace.file_identity(&place)?;
        let remembered = match &subject {
            // Before the commit: a machine that forgets a revocation lets somebody in, one that knows it early does
            // not.
            AccessSubject::Secret(id) => self.remember_revocation(id)?,
            _ => None,
        };
        let (id, text) = operation_file::render(operation);
        let intent = AccessIntent { operation: id.clone(), place: place.clone(), file };
        let prepare = || {
            self.declare(Intent::Access(intent.clone()))?;
            let mut stage = self.stage();
            stage.write(&operation_place(&id), text.as_bytes())?;
            Ok(stage.sync()?)
        };
        let mut stage = self.stage();
        let next = subject_file::render(&operation.after, &id);
        if let Err(error) = prepare().and_then(|()| stage.write(&place, next.as_bytes())) {
            // Where taking back fails as well, the intent stands, and the next holder of the lock does it. The note of
            // it may be gone: `git clean` removes it.
            let taken_back = self.take_back_access(&intent).and_then(|()| self.settle_intent().map(drop));
            let exists = |place: &String| workspace.root.exists(place).unwrap_or(true);
            let files = taken_back.err().map(|_| operation_place(&id)).filter(exists).into_iter().collect();
            let leftovers = Leftovers { files, ..Leftovers::default() };
            return Err(self.forget_revocation(remembered, leftovers.explain(error)));
        }
        let committed = Committed::new(id, subject.to_string(), stage.sync());
        // Not before: until the rename is durable, the intent says what became of the operation.
        if committed.unsynced.is_none() {
            let _ = self.forget_intent();
        }
        Ok(committed)
    }

    /// Takes back an operation that was not committed. One stays whose subject's file changed since, or that
    /// Git has: a colleague may have put it in force.
    pub(in crate::workspace) fn take_back_access(&self, intent: &AccessIntent) -> Result<(), Error> {
        let place = operation_place(&intent.operation);
        let workspace = self.workspace();
        let is_tracked = || GitCheckout::find(workspace.folder()).is_some_and(|checkout| checkout.is_tracked(&place));
        let is_unchanged = workspace.file_identity(&intent.place)? == intent.file;
        if !is_unchanged || !workspace.root.exists(&place)? || is_tracked() {
            return Ok(());
        }
        let mut stage = self.stage();
        stage.remove(&place)?;
        Ok(stage.sync()?)
    }

    /// Notes a revocation in this machine's memory, and returns it if it was not there.
    fn remember_revocation<'i>(&self, id: &'i SecretId) -> Result<Option<&'i SecretId>, Error> {
        let workspace = self.workspace();
        let known = workspace.remembered_revocations()?;
        let new = Some(id).filter(|id| !known.contains(*id));
        workspace.remember_revocations(std::iter::once(id)).map_err(|error| self.forget_revocation(new, error))?;
        Ok(new)
    }

    /// Takes a revocation that failed out of this machine's memory, and returns the error with one that stays.
    fn forget_revocation(&self, id: Option<&SecretId>, error: Error) -> Error {
        let stays = id.filter(|id| !self.workspace().forget_revocation(id).is_ok_and(|is_forgotten| is_forgotten));
        let revocations = stays.map(ToString::to_string).into_iter().collect();
        Leftovers { revocations, ..Leftovers::default() }.explain(error)
    }
}

impl Workspace {
    /// Notes revocations in this machine's own memory of them, which no checkout takes away.
    pub(super) fn remember_revocations<'i>(&self, ids: impl Iterator<Item = &'i SecretId>) -> Result<(), Error> {
        let known = self.remembered_revocations()?;
        let lines: String = ids.filter(|id| !known.contains(*id)).flat_map(|id| [id.as_str(), "\n"]).collect();
        if lines.is_empty() {
            return Ok(());
        }
        local_folder::make_local_folder(&self.root)?;
        let path = self.root.locate(REVOKED_FILE)?;
        let mut options = fs::OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(&path).at("write", &path)?;
        // Several gateways and commands write here. Where the system has no locks, a line is appended in one write
        // still.
        let is_locked = file.lock().is_ok();
        let mut before = Vec::new();
        file.read_to_end(&mut before).at("read", &path)?;
        let whole = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if is_locked && whole < before.len() {
            // The half of a line that a loss of power left would make another id of the next one.
            file.set_len(whole as u64).at("write", &path)?;
        }
        file.write_all(lines.as_bytes()).at("write", &path)?;
        file.sync_all().at("sync", &path)?;
        sync_folder(&self.root.locate(layout::LOCAL_FOLDER)?)?;
        Ok(())
    }

    /// Cuts the line of a revocation off this machine's memory of them; false if it stands before others.
    fn forget_revocation(&self, id: &SecretId) -> Result<bool, Error> {
        let path = self.root.locate(REVOKED_FILE)?;
        let mut file = match fs::OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if layout::is_absent(&error) => return Ok(true),
            file => file.at("write", &path)?,
        };
        file.lock().at("lock", &path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).at("read", &path)?;
        let line = format!("{id}\n");
        let Some(rest) = text.strip_suffix(line.as_bytes()).filter(|rest| rest.last().is_none_or(|end| *end == b'\n'))
        else {
            return Ok(!self.remembered_revocations()?.contains(id));
        };
        file.set_len(rest.len() as u64).at("write", &path)?;
        file.sync_all().at("sync", &path)?;
        Ok(true)
    }
}
