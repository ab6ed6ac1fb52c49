//! Sets and maps of nodes.
//!
//! Node ids are small, consecutive numbers that walks look up at every step, so they need a fast hash. Since the author
//! of a definition influences which ids are in a map, the hash has a random seed for each process, which prevents
//! deliberate collisions.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// A map keyed by nodes, or by keys that contain them.
pub type NodeMap<K, V> = HashMap<K, V, IdState>;
/// A set of nodes, or of keys that contain them.
pub type NodeSet<K = NodeId> = HashSet<K, IdState>;

/// Builds hashers of node ids; all hashers of a process have the same seed.
#[derive(Debug, Clone, Copy)]
pub struct IdState(u64);

impl Default for IdState {
    fn default() -> Self {
        static FIRST: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
        Self(*FIRST)
    }
}

impl BuildHasher for IdState {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher(self.0)
    }
}

/// Hashes node ids, addresses and other integers.
#[derive(Debug, Clone, Copy)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        // The constant is derived from the golden ratio, which spreads consecutive numbers.
        self.0 = (self.0.rotate_left(29) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}

/// The nodes visited by a walk, without allocation for the first eight.
#[derive(Debug, Default)]
pub struct SeenNodes {
    few: [Option<NodeId>; 8],
    many: NodeSet,
}

impl SeenNodes {
    /// Adds a node; true if it is new.
    pub fn insert(&mut self, node: NodeId) -> bool {
        if self.many.is_empty() {
            for known in &mut self.few {
                match known {
                    None => {
                        *known = Some(node);
                        return true;
                    }
                    Some(known) if *known == node => return false,
                    Some(_) => {}
                }
            }
            self.many.extend(self.few.iter().flatten());
        }
        self.many.insert(node)
    }
}

/// The id of a node within its definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// Returns the index among the nodes of the document, below [`Document::size`](super::Document::size).
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_new_once() {
        let mut seen = SeenNodes::default();
        for _ in 0..2 {
            let new = (0..20).filter(|number| seen.insert(NodeId(*number))).count();
            assert!(new == 20 || new == 0);
        }
        assert!(!seen.insert(NodeId(3)) && !seen.insert(NodeId(19)) && seen.insert(NodeId(20)));
    }
}
