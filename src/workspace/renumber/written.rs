//! Versions under their new numbers: written all of them, or none.

use std::path::PathBuf;

use super::super::durable::FileStage;
use super::super::error::Error;
use super::super::take_back::Leftovers;
use super::super::{LockGuard, folders, layout, version_file};
use super::Renumbering;
use crate::model::{FileSet, VERSION_FILE};

/// Versions that were written, and can be taken back until they are kept.
#[derive(Debug, Default)]
pub(in crate::workspace) struct WrittenVersions {
    /// The places that were free before.
    created: Vec<String>,
    /// The places of other folders, each with the path to which that one was moved.
    replaced: Vec<(String, PathBuf)>,
    /// The places that were left, each with the path to which its folder was moved.
    left: Vec<(String, PathBuf)>,
}

impl WrittenVersions {
    /// Keeps the new folders and removes the replaced ones.
    pub(in crate::workspace) fn keep(self) {
        for (_, replaced) in self.replaced.into_iter().chain(self.left) {
            // A leftover is removed by the next holder of the lock.
            let _ = folders::remove_all(&replaced);
        }
    }
}

impl LockGuard {
    /// Writes the versions that a merge left without a number of their own: all of them, or none.
    pub(in crate::workspace) fn write_renumberings(
        &self,
        renumberings: &[Renumbering],
    ) -> Result<WrittenVersions, Error> {
        let mut written = WrittenVersions::default();
        match self.write_each(renumberings, &mut written) {
            Ok(()) => Ok(written),
            Err(error) => Err(self.take_back_versions(written, error)),
        }
    }

    fn write_each(&self, renumberings: &[Renumbering], written: &mut WrittenVersions) -> Result<(), Error> {
        let root = &self.workspace().root;
        let (mut free, mut occupied) = (Vec::new(), Vec::new());
        for renumbering in renumberings {
            let place = layout::version(&renumbering.group, &renumbering.to);
            let list = if root.exists(&place)? { &mut occupied } else { &mut free };
            list.push((place, files_of(renumbering)));
        }
        // Until a version lies durably under its new number, its bytes may be nowhere but under the old one.
        let mut stage = self.stage();
        for (place, files) in free {
            stage.write_folder(&place, &files, true)?;
            written.created.push(place);
        }
        stage.sync()?;
        let mut stage = self.stage();
        for (place, files) in occupied {
            let replaced = stage.exchange_folder(&place, &files, true)?;
            written.replaced.push((place, replaced));
        }
        stage.sync()?;
        let mut stage = self.stage();
        for Renumbering { group, leaves, .. } in renumberings {
            if let Some(number) = leaves {
                let place = layout::version(group, number);
                let moved = stage.move_folder(&place)?;
                written.left.push((place, moved));
            }
        }
        Ok(stage.sync()?)
    }

    /// Takes versions back that were written for a commit that failed, and returns the error with those that stay.
    pub(in crate::workspace) fn take_back_versions(&self, written: WrittenVersions, error: Error) -> Error {
        let mut stage: FileStage<'_> = self.stage();
        let mut leftovers = Leftovers::default();
        for (place, moved) in written.left {
            if stage.return_folder(&place, &moved).is_err() {
                leftovers.versions.push(place);
            }
        }
        for (place, replaced) in written.replaced {
            if stage.put_back_folder(&place, &replaced).is_err() {
                leftovers.versions.push(place);
            }
        }
        for place in written.created {
            if stage.remove_folder(&place).is_err() {
                leftovers.versions.push(place);
            }
        }
        // An error says that the change failed; that it was taken back durably is no promise.
        let _ = stage.sync();
        leftovers.explain(error)
    }
}

/// Returns the files of a version as they lie under its number.
fn files_of(renumbering: &Renumbering) -> FileSet {
    let Renumbering { group, from, to, files, .. } = renumbering;
    let frozen_as = (to != from).then_some(from);
    let text = version_file::render_frozen_as(group, to, frozen_as, &files.manifest());
    let mut all = files.clone();
    all.insert(VERSION_FILE, text.into_bytes());
    all
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::super::super::take_back::AsideFiles;
    use super::super::super::{LockRequest, Workspace};
    use super::*;
    use crate::model::{Digest, OperationId, Timestamp};
    use crate::workspace::StalePart;

    fn renumbering(group: &str, from: &str, to: &str, text: &str) -> Renumbering {
        let mut files = FileSet::default();
        files.insert("group.yaml", text.as_bytes().to_vec());
        let digest = files.manifest().digest();
        Renumbering {
            group: group.parse().unwrap(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            digest,
            leaves: None,
            files,
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn versions_are_written_all_or_none_and_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let versions = folder.path().join("groups/a/versions");
        fs::create_dir_all(versions.join("0.0.2")).unwrap();
        fs::write(versions.join("0.0.2/group.yaml"), "<<<<<<< HEAD").unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        fs::write(folder.path().join("groups/b"), "a file where a folder belongs").unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        let request = LockRequest { holder: "Ada: a test".to_owned(), timeout: Duration::ZERO };
        let guard = workspace.lock(&request).unwrap();
        let is_untouched = || {
            assert_eq!(names(&versions), ["0.0.2"]);
            assert_eq!(fs::read_to_string(versions.join("0.0.2/group.yaml")).unwrap(), "<<<<<<< HEAD");
        };
        let (kept, moved) = (renumbering("a", "0.0.2", "0.0.2", "x"), renumbering("a", "0.0.2", "0.0.3", "y"));
        let unwritable = renumbering("b", "0.0.2", "0.0.2", "z");
        assert!(guard.write_renumberings(&[kept.clone(), moved.clone(), unwritable]).is_err());
        is_untouched();
        let written = guard.write_renumberings(&[kept.clone(), moved.clone()]).unwrap();
        assert_eq!(names(&versions), ["0.0.2", "0.0.3"]);
        // A commit that fails after it takes itself back first, and must not sweep what was replaced.
        let operation = OperationId::new(Timestamp::from_milliseconds(1), &Digest::of(b"1"));
        let intent = guard.commit_intent(&"test".parse().unwrap(), &operation, Vec::new(), false).unwrap();
        let failed = || Error::Stale(StalePart::Groups);
        assert!(matches!(guard.abandon(&intent, &AsideFiles::new(), failed()), Error::Stale(_)));
        assert!(matches!(guard.take_back_versions(written, failed()), Error::Stale(_)));
        is_untouched();
        let leaving = Renumbering { leaves: Some("0.0.2".parse().unwrap()), ..moved.clone() };
        let written = guard.write_renumberings(std::slice::from_ref(&leaving)).unwrap();
        assert_eq!(names(&versions), ["0.0.3"]);
        assert!(matches!(guard.take_back_versions(written, failed()), Error::Stale(_)));
        is_untouched();
        guard.write_renumberings(&[kept.clone(), moved.clone()]).unwrap().keep();
        for renumbering in [&kept, &moved] {
            let group = &renumbering.group;
            assert_eq!(workspace.version(group, &renumbering.to).unwrap().unwrap().1, renumbering.digest);
            // An entry may name it by any number that a merge gave it.
            for number in ["0.0.2", "0.0.9"] {
                let located = workspace.locate_release(group, &number.parse().unwrap(), renumbering.digest);
                let expected = (renumbering == &moved || number == "0.0.2").then(|| renumbering.to.clone());
                assert_eq!(located.unwrap(), expected, "{number}");
            }
        }
        assert!(names(&folder.path().join(".apigw/tmp")).is_empty());
    }
}
