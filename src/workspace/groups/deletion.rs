//! Deleting a version: its note says so, then its folder goes.
//!
//! No one rename does both. An intent names the two, and counts once it is durable: the next holder of the lock ends a
//! deletion that was cut off.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::model::{GroupName, Version, VersionRemark};
use crate::workspace::durable::AsideFile;
use crate::workspace::error::{Error, PathContext};
use crate::workspace::intent::Intent;
use crate::workspace::{LockGuard, layout, version_note};

/// A version that is about to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(in crate::workspace) struct DeletionIntent {
    group: GroupName,
    version: Version,
    /// The text of its note afterwards; `None` where the version had no digest to remember.
    note: Option<String>,
    /// The version's folder; `None` in the intent of a release of apigw that did not note it.
    #[serde(default)]
    folder: Option<FolderIdentity>,
}

/// All that tells a folder from another one that was put in its place.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct FolderIdentity {
    device: u64,
    inode: u64,
    /// Time of the last change of its list of names, in seconds and nanoseconds.
    changed: (i64, i64),
}

impl FolderIdentity {
    fn of(path: &Path) -> Result<Option<Self>, Error> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self {
                device: metadata.dev(),
                inode: metadata.ino(),
                changed: (metadata.ctime(), metadata.ctime_nsec()),
            })),
            Err(error) if layout::is_absent(&error) => Ok(None),
            Err(error) => Err(error).at("open", path).map_err(Error::Io),
        }
    }
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
        let folder = FolderIdentity::of(&root.locate(&layout::version(group, version))?)?;
        let intent = DeletionIntent { group: group.clone(), version: version.clone(), note: text, folder };
        // A full disk must not bar the way back: the note that is there comes back without space.
        let aside = self.stage().set_aside(&place);
        let deleted = self.declare(Intent::Deletion(intent.clone())).and_then(|()| self.finish_deletion(&intent));
        let Err(error) = deleted else {
            // An intent that stays names a deletion that is complete already.
            let _ = self.forget_intent();
            return Ok(());
        };
        // As long as the folder is there, the deletion can be taken back; then it is for the next holder to finish.
        let is_whole = root.exists(&layout::version(group, version)).unwrap_or_default();
        if is_whole
            && self
                .restore_note(&place, before.as_deref(), aside.as_ref())
                .and_then(|()| Ok(self.forget_intent()?))
                .is_ok()
        {
            return Err(error);
        }
        match error {
            Error::Io(source) => {
                Err(Error::DurabilityUnknown { what: layout::version(group, version), operation: None, source })
            }
            other => Err(other),
        }
    }

    fn restore_note(&self, place: &str, before: Option<&[u8]>, aside: Option<&AsideFile>) -> Result<(), Error> {
        let now = self.workspace().root.read(place, version_note::LARGEST_NOTE)?;
        let mut stage = self.stage();
        match (before, aside) {
            _ if now.as_deref() == before => {}
            (Some(_), Some(aside)) => stage.put_back(place, aside)?,
            (Some(before), None) => stage.write(place, before)?,
            (None, _) => stage.remove(place)?,
        }
        // It never counted, and is not visible any more.
        let _ = stage.sync();
        Ok(())
    }

    /// Writes the note of a version that is being deleted, then removes the version's folder.
    pub(in crate::workspace) fn finish_deletion(&self, intent: &DeletionIntent) -> Result<(), Error> {
        let DeletionIntent { group, version, note, folder } = intent;
        let present = FolderIdentity::of(&self.workspace().root.locate(&layout::version(group, version))?)?;
        // Somebody restored the version since, from Git for example: that is newer than the wish to delete it.
        if folder.is_some() && present.is_some() && present != *folder {
            return Ok(());
        }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::workspace::{LockRequest, Workspace};

    #[test]
    fn a_version_that_was_restored_since_is_not_deleted_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        let request = LockRequest { holder: "Ada: a test".to_owned(), timeout: Duration::ZERO };
        let version = folder.path().join("groups/a/versions/0.0.1");
        let restore = || {
            fs::create_dir_all(&version).unwrap();
            fs::write(version.join("group.yaml"), "x").unwrap();
        };
        for is_restored in [false, true] {
            restore();
            let guard = workspace.lock(&request).unwrap();
            let (group, number) = ("a".parse().unwrap(), "0.0.1".parse().unwrap());
            let identity = FolderIdentity::of(&version).unwrap();
            let intent = DeletionIntent { group, version: number, note: None, folder: identity };
            guard.declare(Intent::Deletion(intent)).unwrap();
            drop(guard);
            if is_restored {
                fs::rename(&version, folder.path().join("elsewhere")).unwrap();
                restore();
            }
            // The next holder finds what was cut off.
            workspace.lock(&request).unwrap();
            assert_eq!(version.exists(), is_restored);
        }
    }
}
