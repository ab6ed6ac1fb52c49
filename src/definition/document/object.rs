//! The fields of objects: their names, and lookup by name.

use super::ids::NodeId;
use super::span::{TextPosition, TextSpan};

/// The number of fields up to which a linear search is used, being cheaper than an index.
pub(super) const SEARCHED: usize = 12;

/// A field of an object.
#[derive(Debug, Clone, Copy)]
pub(in crate::definition) struct ObjectEntry {
    pub(in crate::definition) key: FieldKey,
    pub(in crate::definition) place: TextPosition,
    pub(in crate::definition) value: NodeId,
}

/// The name of a field: the position of its text, and a fingerprint that distinguishes it from most other names.
#[derive(Debug, Clone, Copy)]
pub(in crate::definition) struct FieldKey {
    text: TextSpan,
    sign: u32,
}

impl FieldKey {
    pub(super) fn new(text: TextSpan, name: &str) -> Self {
        Self { text, sign: sign(name) }
    }

    pub(in crate::definition) fn text(self) -> TextSpan {
        self.text
    }

    /// Returns a predicate for the keys that may have a given name.
    pub(super) fn alike(name: &str) -> impl Fn(Self) -> bool {
        let (sign, length) = (sign(name), name.len());
        move |key| key.sign == sign && key.text.length() as usize == length
    }
}

/// Computes a fingerprint from the first and last bytes of a name.
fn sign(name: &str) -> u32 {
    let number = |bytes: Option<&[u8; 4]>| bytes.map(|bytes| u32::from_le_bytes(*bytes));
    let bytes = name.as_bytes();
    let short = || bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    match (number(bytes.first_chunk()), number(bytes.last_chunk())) {
        (Some(first), Some(last)) => first ^ last.rotate_left(13),
        _ => short(),
    }
}

/// Positions of fields by the hash of their name: an open-addressing table, at most half full.
#[derive(Debug)]
pub(super) struct FieldIndex {
    slots: Box<[u32]>,
}

const FREE: u32 = u32::MAX;

impl FieldIndex {
    /// Creates an index with room for a number of fields.
    pub(super) fn with_room(fields: usize) -> Self {
        Self { slots: vec![FREE; (2 * fields).next_power_of_two()].into_boxed_slice() }
    }

    /// Returns the position of the field with a hash for which `is_right` holds.
    pub(super) fn find(&self, hash: u64, is_right: impl Fn(usize) -> bool) -> Option<usize> {
        self.search(hash, is_right).ok()
    }

    /// Returns the position of the matching field; if there is none, adds `next`, the position after all known fields.
    ///
    /// `hash_at` returns the hash of a known field, needed when the table grows.
    pub(super) fn find_or_add(
        &mut self,
        hash: u64,
        next: usize,
        hash_at: impl Fn(usize) -> u64,
        is_right: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let free = match self.search(hash, is_right) {
            Ok(found) => return Some(found),
            Err(free) => free,
        };
        if 2 * (next + 1) <= self.slots.len() {
            self.set(free, next);
            return None;
        }
        *self = Self::with_room(2 * (next + 1));
        for known in 0..next {
            self.add(hash_at(known), known);
        }
        self.add(hash, next);
        None
    }

    fn add(&mut self, hash: u64, place: usize) {
        if let Err(free) = self.search(hash, |_| false) {
            self.set(free, place);
        }
    }

    fn set(&mut self, slot: usize, place: usize) {
        if let (Some(slot), Ok(place)) = (self.slots.get_mut(slot), u32::try_from(place)) {
            *slot = place;
        }
    }

    /// Returns the position found, or the free slot at the end of the search.
    fn search(&self, hash: u64, is_right: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "any of its bits will do")]
        let mut slot = hash as usize & mask;
        loop {
            match self.slots.get(slot) {
                None | Some(&FREE) => return Err(slot),
                Some(place) if is_right(*place as usize) => return Ok(*place as usize),
                Some(_) => slot = (slot + 1) & mask,
            }
        }
    }
}
