//! Objects as they are stored: their fields in document order, found by name.

use std::sync::Arc;

use super::NodeId;

/// The fields of an object, in document order, with an index by name where there are many.
#[derive(Debug)]
pub(in crate::definition) struct Object {
    entries: Box<[Entry]>,
    by_name: Box<[u32]>,
}

/// A field of an object.
#[derive(Debug, Clone)]
pub(in crate::definition) struct Entry {
    pub(in crate::definition) key: Arc<str>,
    pub(in crate::definition) place: Place,
    pub(in crate::definition) value: NodeId,
}

/// A line and a column, from 1.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::definition) struct Place {
    pub(in crate::definition) line: u32,
    pub(in crate::definition) column: u32,
}

impl Object {
    /// Above so many fields, a search through all of them costs more than an index.
    const SEARCHED: usize = 12;

    /// Makes an object of fields whose names all differ.
    pub(in crate::definition) fn new(entries: Vec<Entry>) -> Self {
        let mut by_name: Vec<u32> = Vec::new();
        if entries.len() > Self::SEARCHED {
            by_name = (0..u32::try_from(entries.len()).unwrap_or(u32::MAX)).collect();
            by_name.sort_by_key(|index| entries.get(*index as usize).map(|entry| &entry.key));
        }
        Self { entries: entries.into_boxed_slice(), by_name: by_name.into_boxed_slice() }
    }

    pub(in crate::definition) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn find(&self, name: &str) -> Option<&Entry> {
        if self.by_name.is_empty() {
            return self.entries.iter().find(|entry| &*entry.key == name);
        }
        let key = |index: &u32| self.entries.get(*index as usize).map_or("", |entry| &*entry.key);
        let found = self.by_name.binary_search_by(|index| key(index).cmp(name)).ok()?;
        self.by_name.get(found).and_then(|index| self.entries.get(*index as usize))
    }
}
