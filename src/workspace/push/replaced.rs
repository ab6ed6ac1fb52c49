//! The pointers of stores that pushes from this machine have replaced. A store that has one of them again was put back: its
//! signature is still good.

use std::collections::BTreeMap;

use super::super::error::Error;
use super::super::{Workspace, lock};
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
        let replaced = self.replaced_pointers()?.remove(store).unwrap_or_default();
        Ok(replaced.into_iter().rev().find(|replaced| replaced.pointer == pointer).map(|replaced| replaced.by))
    }

    /// Remembers pointers of a store that a push has replaced. It is not synced: without it a push does what it did before.
    pub fn remember_replaced(&self, store: &str, pointers: &[ReplacedPointer]) -> Result<(), Error> {
        // A damaged file has nothing to keep.
        let mut replaced = self.replaced_pointers().unwrap_or_default();
        let known = replaced.entry(store.to_owned()).or_default();
        known.retain(|known| pointers.iter().all(|new| new.pointer != known.pointer));
        known.extend_from_slice(pointers);
        let surplus = known.len().saturating_sub(MOST_REMEMBERED);
        known.drain(..surplus);
        lock::make_local_folder(&self.root)?;
        self.save_gateway_record(PUSHES_FILE, &PushesFile { schema: SCHEMA, replaced }, false)
    }

    fn replaced_pointers(&self) -> Result<BTreeMap<String, Vec<ReplacedPointer>>, Error> {
        let file = self.gateway_record(PUSHES_FILE, "pushes", |file: &PushesFile| file.schema)?;
        Ok(file.map(|file| file.replaced).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn replaced_pointers_are_remembered_by_store_and_not_without_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        let replaced = |by: u64| ReplacedPointer { pointer: Digest::of(by.to_string().as_bytes()), by };
        let found = |store: &str, by: u64| workspace.replaced_by(store, replaced(by).pointer).unwrap();
        assert_eq!(found("a", 1), None);
        for by in 1..=3 {
            workspace.remember_replaced("a", &[replaced(by)]).unwrap();
        }
        assert_eq!((found("a", 1), found("a", 3), found("a", 4), found("b", 1)), (Some(1), Some(3), None, None));
        let many: Vec<ReplacedPointer> = (4..=1002).map(replaced).collect();
        workspace.remember_replaced("a", &many).unwrap();
        assert_eq!((found("a", 2), found("a", 3), found("a", 1002)), (None, Some(3), Some(1002)));
        fs::write(folder.path().join(PUSHES_FILE), "{").unwrap();
        assert!(workspace.replaced_by("a", replaced(3).pointer).is_err());
        workspace.remember_replaced("a", &[replaced(5)]).unwrap();
        assert_eq!(found("a", 5), Some(5));
    }
}
