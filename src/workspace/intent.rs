//! Intents: notes of the changes that the holder of the lock is about to make, so that the next holder can finish or
//! undo them.
//!
//! The intent of a commit records the identity of the environment's file before the rename. While that very file lies
//! there, the operation was not committed, and is undone. Otherwise it may have been committed, pushed and built upon,
//! so it stays, and `verify` reports it. An operation whose file Git has already stays too: a colleague may have put it
//! in force. The intent of an import names files that are staged, that of a deletion the version and its note; both are
//! rolled forward.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::access::AccessIntent;
use super::error::{Error, PathContext, PathError};
use super::git::GitCheckout;
use super::groups::DeletionIntent;
use super::import::{FinishedImport, ImportIntent};
use super::take_back::AsideFiles;
use super::{LockGuard, Workspace, folders, layout};
use crate::check::rules::records::INTENT;
use crate::model::{Digest, EnvironmentName, GroupName, Location, OperationId, SCHEMA};

/// A change that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Intent {
    Commit(CommitIntent),
    Import(ImportIntent),
    Deletion(DeletionIntent),
    Access(AccessIntent),
}

#[derive(serde::Serialize, serde::Deserialize)]
struct IntentFile {
    schema: u32,
    #[serde(flatten)]
    intent: Intent,
}

/// An operation that is about to be committed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct CommitIntent {
    pub(super) environment: EnvironmentName,
    pub(super) operation: OperationId,
    /// The environment's file before the commit; `None` where there is none.
    file: Option<FileIdentity>,
    /// The settings files that are changed along with it.
    pub(super) edits: Vec<EditIntent>,
    /// True if the environment's file was made for this operation.
    #[serde(default)]
    pub(super) has_begun: bool,
}

/// A settings file that a commit changes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct EditIntent {
    pub(super) group: GroupName,
    pub(super) before: String,
    pub(super) after: String,
}

/// All that tells a file from any other, of the same content too.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
    /// Time of its last change, in seconds and nanoseconds.
    changed: (i64, i64),
    size: u64,
    sha256: Digest,
}

impl Workspace {
    /// Reads the intent that a holder of the lock left. None when nothing is under way.
    pub(super) fn intent(&self) -> Result<Option<Intent>, Error> {
        let Some(bytes) = self.root.read(layout::INTENT_FILE, layout::LARGEST_RECORD)? else { return Ok(None) };
        let file: Result<IntentFile, _> = serde_json::from_slice(&bytes);
        let found = file.ok().filter(|file| file.schema == SCHEMA);
        found.map(|file| Some(file.intent)).ok_or_else(|| {
            let message = "the note of an interrupted change cannot be read: another apigw wrote it".to_owned();
            Error::invalid(&INTENT, Location::file(layout::INTENT_FILE), message, "use that one, or delete the file")
        })
    }

    /// True if an operation was about to be committed and never was.
    pub(super) fn is_abandoned(&self, environment: &EnvironmentName, id: &OperationId) -> Result<bool, Error> {
        match self.intent()? {
            Some(Intent::Commit(intent)) if intent.environment == *environment && intent.operation == *id => {
                Ok(self.is_unchanged(&intent)? && !self.is_tracked(&intent))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn is_unchanged(&self, intent: &CommitIntent) -> Result<bool, Error> {
        Ok(self.file_identity(&layout::environment(&intent.environment))? == intent.file)
    }

    /// True if Git has the file of an operation that was about to be committed.
    pub(super) fn is_tracked(&self, intent: &CommitIntent) -> bool {
        let place = layout::operation(&intent.environment, &intent.operation);
        GitCheckout::find(self.root.path()).is_some_and(|checkout| checkout.is_tracked(&place))
    }

    pub(super) fn file_identity(&self, place: &str) -> Result<Option<FileIdentity>, Error> {
        let Some(bytes) = self.root.read(place, layout::LARGEST_RECORD)? else { return Ok(None) };
        let path = self.root.locate(place)?;
        let metadata = fs::metadata(&path).at("read", &path)?;
        Ok(Some(FileIdentity {
            device: metadata.dev(),
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            size: metadata.len(),
            sha256: Digest::of(&bytes),
        }))
    }
}

impl LockGuard {
    /// Returns the intent to commit an operation to an environment as it is now.
    pub(super) fn commit_intent(
        &self,
        environment: &EnvironmentName,
        operation: &OperationId,
        edits: Vec<EditIntent>,
        has_begun: bool,
    ) -> Result<CommitIntent, Error> {
        let file = self.workspace().file_identity(&layout::environment(environment))?;
        Ok(CommitIntent { environment: environment.clone(), operation: operation.clone(), file, edits, has_begun })
    }

    /// Leaves a durable note of a change.
    pub(super) fn declare(&self, intent: Intent) -> Result<(), Error> {
        let text = serde_json::to_vec(&IntentFile { schema: SCHEMA, intent }).unwrap_or_default();
        let mut stage = self.stage();
        stage.write(layout::INTENT_FILE, &text)?;
        Ok(stage.sync()?)
    }

    /// Recovers from a holder of the lock that died: undoes an uncommitted operation, finishes an import or a deletion,
    /// removes temporary files.
    pub(super) fn recover(&self) -> Result<Option<FinishedImport>, Error> {
        let finished = self.settle_intent()?;
        for place in [layout::TEMPORARY_FOLDER, layout::IMPORT_FOLDER] {
            let folder = self.workspace().root.locate(place)?;
            for name in self.workspace().root.list(place)? {
                let path = folder.join(name);
                match folders::remove_all(&path) {
                    // Whoever waits for a marker removes its own file.
                    Err(error) if layout::is_absent(&error) => {}
                    removed => removed.at("remove", &path)?,
                }
            }
        }
        Ok(finished)
    }

    /// Takes back or finishes the change that is noted. Temporary files stay: a change that fails may need what it
    /// replaced, to put it back.
    pub(super) fn settle_intent(&self) -> Result<Option<FinishedImport>, Error> {
        let mut finished = None;
        match self.workspace().intent()? {
            Some(Intent::Commit(intent)) if self.workspace().is_unchanged(&intent)? => {
                self.take_back(&intent, &AsideFiles::new())?;
            }
            Some(Intent::Import(intent)) => finished = Some(self.finish_import(&intent)?),
            Some(Intent::Deletion(intent)) => self.finish_deletion(&intent)?,
            Some(Intent::Access(intent)) => self.take_back_access(&intent)?,
            Some(Intent::Commit(_)) | None => {}
        }
        self.forget_intent()?;
        Ok(finished)
    }

    /// Removes the intent. If a loss of power brings it back, recovery finds its change complete.
    pub(super) fn forget_intent(&self) -> Result<(), PathError> {
        let path = self.workspace().folder().join(layout::INTENT_FILE);
        match fs::remove_file(&path) {
            Err(error) if !layout::is_absent(&error) => Err(error).at("remove", &path),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::LockRequest;
    use super::*;
    use crate::model::{Environment, Timestamp};

    #[test]
    fn a_first_operation_that_is_taken_back_leaves_no_file_of_its_environment() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        let request = LockRequest { holder: "Ada: a test".to_owned(), timeout: Duration::ZERO };
        let name: EnvironmentName = "test".parse().unwrap();
        let operation = OperationId::new(Timestamp::from_milliseconds(1), &Digest::of(b"1"));
        for (was_there, expected) in [(false, false), (true, true)] {
            let guard = workspace.lock(&request).unwrap();
            if was_there {
                guard.begin_environment(&Environment::empty(name.clone())).unwrap();
            }
            let has_begun = guard.begin_environment(&Environment::empty(name.clone())).unwrap();
            let intent = guard.commit_intent(&name, &operation, Vec::new(), has_begun).unwrap();
            guard.declare(Intent::Commit(intent)).unwrap();
            guard.stage().write(&layout::operation(&name, &operation), b"1").unwrap();
            drop(guard);
            // The next holder takes it back.
            workspace.lock(&request).unwrap();
            assert!(!folder.path().join(layout::operation(&name, &operation)).exists());
            assert_eq!(folder.path().join("deployments/test.yaml").exists(), expected, "{was_there}");
        }
    }
}
