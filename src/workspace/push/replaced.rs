//! The pointers of stores that pushes from this machine have replaced. A store that has one of them again was put back:
//! its signature is still good.

use std::collections::BTreeMap;

use super::super::error::Error;
use super::super::{Workspace, local_folder};
use crate::model::{Digest, SCHEMA};

/// The file of the pointers.
pub(in crate::workspace) const PUSHES_FILE: &str = ".apigw/pushes.json";
/// The most pointers that are remembered of a store.
const MOST_REMEMBERED: usize = 1000;

/// A pointer of a store that a push replaced.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplacedPointer {
    /// Its digest.
    pub pointer: Digest,
    /// The push that replaced it.
    pub by: u64,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PushesFile {
    schema: u32,
    /// By the address of the store, the newest last.
    replaced: BTreeMap<String, Vec<ReplacedPointer>>,
}

impl Workspace {
    /// Returns the push that replaced a pointer of a store, where this machine has seen it.
    ///
    /// # Errors
    ///
    /// Fails where the file is damaged, or of a newer schema.
    pub fn replaced_by(&self, store: &str, pointer: Digest) -> Result<Option<u64>, Error> {
        let file: Option<PushesFile> = self.gateway_record(PUSHES_FILE)?;
        let replaced = file.and_then(|mut file| file.replaced.remove(store)).unwrap_or_default();
        Ok(replaced.into_iter().rev().find(|replaced| replaced.pointer == pointer).map(|replaced| replaced.by))
    }

    /// Remembers pointers of a store that a push has replaced. It is not synced: without it a push does what it did
    /// before.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be written, or would lose what it holds: it cannot be read, or is of a newer schema.
    pub fn remember_replaced(&self, store: &str, pointer: &ReplacedPointer) -> Result<(), Error> {
        local_folder::make_local_folder(&self.root)?;
        self.change_gateway_record(PUSHES_FILE, |file: Option<PushesFile>| {
            let mut replaced = file.map(|file| file.replaced).unwrap_or_default();
            let known = replaced.entry(store.to_owned()).or_default();
            known.retain(|known| known.pointer != pointer.pointer);
            known.push(pointer.clone());
            let surplus = known.len().saturating_sub(MOST_REMEMBERED);
            known.drain(..surplus);
            PushesFile { schema: SCHEMA, replaced }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;

    fn replaced(by: u64) -> ReplacedPointer {
        ReplacedPointer { pointer: Digest::of(by.to_string().as_bytes()), by }
    }

    fn workspace() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        (folder, workspace)
    }

    #[test]
    fn replaced_pointers_are_remembered_by_store_and_not_without_end() {
        let (folder, workspace) = workspace();
        let found = |store: &str, by: u64| workspace.replaced_by(store, replaced(by).pointer).unwrap();
        assert_eq!(found("a", 1), None);
        for by in 1..=3 {
            workspace.remember_replaced("a", &replaced(by)).unwrap();
        }
        assert_eq!((found("a", 1), found("a", 3), found("a", 4), found("b", 1)), (Some(1), Some(3), None, None));
        for by in 4..=1002 {
            workspace.remember_replaced("a", &replaced(by)).unwrap();
        }
        assert_eq!((found("a", 2), found("a", 3), found("a", 1002)), (None, Some(3), Some(1002)));
        fs::write(folder.path().join(PUSHES_FILE), "{").unwrap();
        assert!(workspace.replaced_by("a", replaced(3).pointer).is_err());
        workspace.remember_replaced("a", &replaced(5)).unwrap();
        assert_eq!(found("a", 5), Some(5));
    }

    #[test]
    fn a_file_that_may_hold_something_is_kept() {
        let (folder, workspace) = workspace();
        workspace.remember_replaced("a", &replaced(1)).unwrap();
        let path = folder.path().join(PUSHES_FILE);
        for newer in [r#"{"schema":2,"replaced":{}}"#, r#"{"schema":2,"stores":[]}"#] {
            fs::write(&path, newer).unwrap();
            let error = workspace.remember_replaced("a", &replaced(2)).unwrap_err().one_line();
            assert!(error.contains("its schema is 2"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), newer);
        }
        // It cannot be read.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let error = workspace.remember_replaced("a", &replaced(2)).unwrap_err().one_line();
        assert!(error.contains("this is not a file"), "{error}");
    }

    #[test]
    fn pushes_at_once_to_several_stores_are_all_remembered() {
        let (_folder, workspace) = workspace();
        let workspace = &workspace;
        let (stores, pushes) = (8, 1..=20);
        thread::scope(|scope| {
            for store in 0..stores {
                let pushes = pushes.clone();
                scope.spawn(move || {
                    for by in pushes {
                        workspace.remember_replaced(&store.to_string(), &replaced(by)).unwrap();
                    }
                });
            }
        });
        for store in 0..stores {
            for by in pushes.clone() {
                let found = workspace.replaced_by(&store.to_string(), replaced(by).pointer).unwrap();
                assert_eq!(found, Some(by), "{store}");
            }
        }
    }
}
