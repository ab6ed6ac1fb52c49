//! Changing several files of a working copy together.
//!
//! No one rename does that. All files are staged, an intent names them, then each is written in its place. Once the
//! intent is durable, the import counts: the next holder of the lock finishes one that was cut off. Readers look for
//! the intent before and after they read, and again whether the files are still those that they read.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use super::error::Error;
use super::intent::Intent;
use super::{LockGuard, Workspace, layout};
use crate::model::{Digest, FileSet, GroupName, SETTINGS_FILE};

/// The number of attempts to read a working copy that is being changed, and the pause before each.
const ATTEMPTS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// Files of a group that are about to be replaced together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct ImportIntent {
    group: GroupName,
    /// Their paths in the group's folder, in the order in which they are written.
    files: Vec<String>,
    /// The digest of each file that was there before. Empty in the intent of a release of apigw that did not note it.
    #[serde(default)]
    before: BTreeMap<String, Digest>,
}

/// An import that was cut off, and was finished by the next holder of the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedImport {
    /// The group.
    pub group: GroupName,
    /// Its files that were written now.
    pub written: Vec<String>,
    /// The places of files that somebody edited since, each with the place in which that text is kept.
    pub edited: Vec<(String, String)>,
}

impl Workspace {
    /// True if an import is under way, or was cut off: taking the lock finishes it.
    #[must_use]
    pub fn has_unfinished_import(&self) -> bool {
        matches!(self.intent(), Ok(Some(Intent::Import(_))))
    }

    /// Reads a working copy so that no import is half-way in it.
    pub(super) fn read_whole<T>(
        &self,
        group: &GroupName,
        read: impl Fn() -> Result<T, Error>,
        files: impl Fn(&T) -> &FileSet,
    ) -> Result<T, Error> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                thread::sleep(PAUSE);
            }
            if self.is_importing(group) {
                continue;
            }
            let found = read();
            if self.is_importing(group) {
                continue;
            }
            let found = found?;
            if self.has_stayed(group, files(&found))? {
                return Ok(found);
            }
        }
        Err(Error::ImportUnfinished { group: group.clone() })
    }

    fn is_importing(&self, group: &GroupName) -> bool {
        matches!(self.intent(), Ok(Some(Intent::Import(intent))) if intent.group == *group)
    }

    /// True if the files of a definition are still those that were read. One file alone is always whole.
    fn has_stayed(&self, group: &GroupName, files: &FileSet) -> Result<bool, Error> {
        let definition: Vec<_> = files.iter().filter(|(path, _)| *path != SETTINGS_FILE).collect();
        if definition.len() < 2 {
            return Ok(true);
        }
        for (path, bytes) in definition {
            let now = self.root.read(&layout::group_file(group, path), layout::LARGEST_DEFINITION)?;
            if now.as_deref() != Some(&**bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl LockGuard {
    /// Replaces files in a group's folder, all or none. `what` names the change.
    pub(super) fn replace_together(
        &self,
        group: &GroupName,
        files: &[(&str, &[u8])],
        what: String,
    ) -> Result<(), Error> {
        let mut stage = self.stage();
        if let [(path, bytes)] = files {
            stage.write(&layout::group_file(group, path), bytes)?;
            return stage.settle(&what);
        }
        let mut write = |(path, bytes): &(&str, &[u8])| stage.write(&staged(path), bytes);
        if let Err(error) = files.iter().try_for_each(&mut write).and_then(|()| Ok(stage.sync()?)) {
            let _ = self.recover();
            return Err(error);
        }
        let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        let digest = |(path, _): &(&str, &[u8])| {
            let bytes =
                self.workspace().root.read(&layout::group_file(group, path), layout::LARGEST_DEFINITION).ok()??;
            Some(((*path).to_owned(), Digest::of(&bytes)))
        };
        let before = files.iter().filter_map(digest).collect();
        let intent = ImportIntent { group: group.clone(), files: paths, before };
        let mut is_untouched = true;
        let imported = self.declare(Intent::Import(intent.clone())).and_then(|()| {
            // Not read back from the staged files, which `git clean` may have removed.
            let bytes =
                |path: &str| Ok(files.iter().find(|(known, _)| *known == path).map(|(_, bytes)| bytes.to_vec()));
            self.place_files(&intent, &mut is_untouched, bytes)
        });
        let Err(error) = imported else {
            // One that cannot be removed names files that are in their places already.
            let _ = self.forget_intent();
            return Ok(());
        };
        // As long as nothing is in its place, the import can be taken back; then it is for the next holder to finish.
        if is_untouched && self.forget_intent().is_ok() {
            let _ = self.recover();
            return Err(error);
        }
        match error {
            Error::Io(source) => Err(Error::DurabilityUnknown { what, operation: None, source }),
            other => Err(other),
        }
    }

    /// Finishes an import that was cut off. The text of a file that somebody edited since is kept aside.
    pub(super) fn finish_import(&self, intent: &ImportIntent) -> Result<FinishedImport, Error> {
        let root = &self.workspace().root;
        let read = |place: &str| root.read(place, layout::LARGEST_DEFINITION);
        let (mut written, mut edited) = (Vec::new(), Vec::new());
        for path in &intent.files {
            let place = layout::group_file(&intent.group, path);
            let Some(bytes) = read(&staged(path))? else { continue };
            let now = read(&place)?.filter(|now| *now != bytes);
            if let (Some(now), Some(before)) = (&now, intent.before.get(path))
                && Digest::of(now) != *before
            {
                let kept = format!("{}/{place}", layout::REPLACED_FOLDER);
                self.stage().write(&kept, now)?;
                edited.push((place.clone(), kept));
            }
            written.push(place);
        }
        self.place_files(intent, &mut true, |path| read(&staged(path)))?;
        Ok(FinishedImport { group: intent.group.clone(), written, edited })
    }

    /// Puts the files of an import in their places, as far as `bytes_of` has them. `is_untouched` becomes false with
    /// the first of them.
    fn place_files(
        &self,
        intent: &ImportIntent,
        is_untouched: &mut bool,
        bytes_of: impl Fn(&str) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<(), Error> {
        let root = &self.workspace().root;
        let mut stage = self.stage();
        let mut placed = Vec::new();
        for path in &intent.files {
            let (from, to) = (staged(path), layout::group_file(&intent.group, path));
            if let Some(bytes) = bytes_of(path)? {
                // Tried twice: whoever stops here leaves half a definition until the next change.
                stage.write(&to, &bytes).or_else(|_| stage.write(&to, &bytes))?;
                *is_untouched = false;
                placed.push(from);
            }
        }
        stage.sync()?;
        // Not moved there: a loss of power may keep that a file left one folder, and not that it came to the other.
        // Gone for good before the import is acknowledged: a staged file that came back would be written over later
        // edits.
        let mut stage = self.stage();
        for from in &placed {
            if root.exists(from)? {
                stage.remove(from)?;
            }
        }
        Ok(stage.sync()?)
    }
}

fn staged(path: &str) -> String {
    format!("{}/{path}", layout::IMPORT_FOLDER)
}
