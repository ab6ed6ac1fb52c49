//! Taking back a commit that failed.
//!
//! A full disk fails the commit and what would write the old bytes again. So files that a commit edits are set aside by
//! a hard link and come back by a rename, and folders go by a rename: neither needs space. Where the system refuses
//! that as well, the error names the rest, which the next holder of the lock takes back by the intent.

use std::collections::BTreeMap;
use std::fs;

use super::durable::AsideFile;
use super::error::Error;
use super::intent::{CommitIntent, EditIntent};
use super::{LockGuard, layout};
use crate::model::SETTINGS_FILE;

/// Files that a commit edits, each as it was; `None` where the file system has no hard links.
pub(super) type AsideFiles = BTreeMap<String, Option<AsideFile>>;

/// Parts of a change that failed and could not be taken back, each as it is shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Files that the next holder of the lock takes back.
    pub files: Vec<String>,
    /// Files of environments without an entry, which mean the same as no file.
    pub empty: Vec<String>,
    /// Folders of frozen versions that no operation names.
    pub versions: Vec<String>,
    /// Files outside with a secret of no key.
    pub secrets: Vec<String>,
    /// Secrets that this machine refuses, although their revocation failed.
    pub revocations: Vec<String>,
}

impl Leftovers {
    /// Adds them to the error that the change failed with.
    pub(super) fn explain(mut self, error: Error) -> Error {
        if self == Self::default() {
            return error;
        }
        let cause = match error {
            Error::NotTakenBack { leftovers, cause } => {
                self.files.splice(0..0, leftovers.files);
                self.empty.splice(0..0, leftovers.empty);
                self.versions.splice(0..0, leftovers.versions);
                self.secrets.splice(0..0, leftovers.secrets);
                self.revocations.splice(0..0, leftovers.revocations);
                cause
            }
            error => Box::new(error),
        };
        Error::NotTakenBack { leftovers: self, cause }
    }
}

impl LockGuard {
    /// Takes back a commit that failed, unless it can be seen, and returns the error with the parts that stay. The note
    /// of the commit may be gone: `git clean` removes it.
    pub(super) fn abandon(&self, intent: &CommitIntent, aside: &AsideFiles, error: Error) -> Error {
        let taken_back = self.workspace().is_unchanged(intent).and_then(|is_unchanged| {
            if is_unchanged {
                self.take_back(intent, aside)?;
            }
            self.settle_intent().map(drop)
        });
        if taken_back.is_ok() { error } else { self.leftovers(intent, aside).explain(error) }
    }

    /// Lists the parts of a commit that lie there. Of what cannot be read, the worst is said.
    fn leftovers(&self, intent: &CommitIntent, aside: &AsideFiles) -> Leftovers {
        let root = &self.workspace().root;
        let exists = |place: &String| root.exists(place).unwrap_or(true);
        let mut leftovers = Leftovers::default();
        for edit in &intent.edits {
            let place = layout::group_file(&edit.group, SETTINGS_FILE);
            let now = || root.read(&place, layout::LARGEST_SETTINGS);
            if aside.contains_key(&place) && now().map_or(true, |now| now.as_deref() == Some(edit.after.as_bytes())) {
                leftovers.files.push(place);
            }
        }
        leftovers.files.extend(Some(layout::operation(&intent.environment, &intent.operation)).filter(exists));
        if intent.has_begun {
            leftovers.empty.extend(Some(layout::environment(&intent.environment)).filter(exists));
        }
        leftovers
    }

    /// Takes back an operation that was not committed, and the edits that came with it: each of them, whatever becomes
    /// of the others.
    pub(super) fn take_back(&self, intent: &CommitIntent, aside: &AsideFiles) -> Result<(), Error> {
        let mut stage = self.stage();
        let edits = intent.edits.iter().map(|edit| {
            let place = layout::group_file(&edit.group, SETTINGS_FILE);
            let aside = aside.get(&place).and_then(Option::as_ref);
            self.take_back_edit(&place, edit, aside, &mut stage)
        });
        let edits = edits.fold(Ok(()), Result::and);
        let place = layout::operation(&intent.environment, &intent.operation);
        if self.workspace().is_tracked(intent) {
            return edits.and(Ok(stage.sync()?));
        }
        if self.workspace().root.exists(&place)? {
            stage.remove(&place)?;
        }
        // Last: an operation without the environment's file would be one that somebody removed the file of.
        if intent.has_begun {
            stage.sync()?;
            stage = self.stage();
            stage.remove(&layout::environment(&intent.environment))?;
        }
        edits.and(Ok(stage.sync()?))
    }

    fn take_back_edit(
        &self,
        place: &str,
        edit: &EditIntent,
        aside: Option<&AsideFile>,
        stage: &mut super::durable::FileStage<'_>,
    ) -> Result<(), Error> {
        let now = self.workspace().root.read(place, layout::LARGEST_SETTINGS)?;
        // Somebody may have gone on editing since; that is kept.
        if now.as_deref() != Some(edit.after.as_bytes()) {
            return Ok(());
        }
        match aside {
            Some(aside) => stage.put_back(place, aside),
            None => stage.write(place, edit.before.as_bytes()),
        }
    }

    /// Takes back freezes of a commit that failed, and returns the error with those that stay.
    pub(super) fn thaw(&self, frozen: &[String], error: Error) -> Error {
        let mut leftovers = Leftovers::default();
        for place in frozen {
            let _ = self.stage().remove_folder(place);
            if self.workspace().root.exists(place).unwrap_or(true) {
                leftovers.versions.push(place.clone());
            } else if let Some((versions, _)) = place.rsplit_once('/') {
                // The folder of the versions may have been made for this one.
                let _ = self.workspace().root.locate(versions).map(fs::remove_dir);
            }
        }
        leftovers.explain(error)
    }
}
