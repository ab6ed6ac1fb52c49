//! Deleting a version: its note says so, then its folder goes.
//!
//! No one rename does both. An intent names the two, and counts once it is durable: the next holder of the lock ends a
//! deletion that was cut off.

use crate::model::{GroupName, Version, VersionRemark};
use crate::workspace::error::Error;
use crate::workspace::intent::Intent;
use crate::workspace::{LockGuard, layout, version_note};

/// A version that is about to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(in crate::workspace) struct DeletionIntent {
    group: GroupName,
    version: Version,
    /// The text of its note afterwards; `None` where the version had no digest to remember.
    note: Option<String>,
}

impl LockGuard {
    /// Deletes a version, and notes that it was deleted. After an error other than [`Error::DurabilityUnknown`]
    /// nothing is changed.
    pub(super) fn delete_noted(
        &self,
        group: &GroupName,
        version: &Version,
        deletion: Option<VersionRemark>,
    ) -> Result<(), Error> {
        let place = version_note::place(group, version);
        let root = &self.workspace().root;
        let before = root.read(&place, version_note::LARGEST_NOTE)?;
        let mut note = self.workspace().read_note(group, version)?.map(|read| read.note).unwrap_or_default();
        let text = deletion.map(|deletion| {
            note.add_deletion(deletion);
            version_note::render(group, version, &note)
        });
        let intent = DeletionIntent { group: group.clone(), version: version.clone(), note: text };
        let deleted = self.declare(Intent::Deletion(intent.clone())).and_then(|()| self.finish_deletion(&intent));
        let Err(error) = deleted else {
            // An intent that stays names a deletion that is complete already.
            let _ = self.forget_intent();
            return Ok(());
        };
        // As long as the folder is there, the deletion can be taken back; then it is for the next holder to finish.
        let is_whole = root.exists(&layout::version(group, version)).unwrap_or_default();
        if is_whole && self.restore_note(&place, before.as_deref()).and_then(|()| Ok(self.forget_intent()?)).is_ok() {
            return Err(error);
        }
        match error {
            Error::Io(source) => {
                Err(Error::DurabilityUnknown { what: layout::version(group, version), operation: None, source })
            }
            other => Err(other),
        }
    }

    fn restore_note(&self, place: &str, before: Option<&[u8]>) -> Result<(), Error> {
        let now = self.workspace().root.read(place, version_note::LARGEST_NOTE)?;
        let mut stage = self.stage();
        match before {
            _ if now.as_deref() == before => {}
            Some(before) => stage.write(place, before)?,
            None => stage.remove(place)?,
        }
        // It never counted, and is not visible any more.
        let _ = stage.sync();
        Ok(())
    }

    /// Writes the note of a version that is being deleted, then removes the version's folder.
    pub(in crate::workspace) fn finish_deletion(&self, intent: &DeletionIntent) -> Result<(), Error> {
        let DeletionIntent { group, version, note } = intent;
        if let Some(note) = note {
            let mut stage = self.stage();
            stage.write(&version_note::place(group, version), note.as_bytes())?;
            // It is durable before the folder goes.
            stage.sync()?;
        }
        let place = layout::version(group, version);
        if self.workspace().root.exists(&place)? {
            let mut stage = self.stage();
            stage.remove_folder(&place)?;
            stage.sync()?;
        }
        Ok(())
    }
}
