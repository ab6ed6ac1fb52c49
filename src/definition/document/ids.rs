//! Sets and maps by identity.
//!
//! Identities are small numbers that a document gives out in order, and walks ask for them at every step, so that their
//! hash has to be quick. An author chooses which of them stand together; a number that is another in each process keeps him
//! from choosing those that collide.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

use super::NodeId;

/// What is known of nodes, or of what identities are part of.
pub type NodeMap<K, V> = HashMap<K, V, IdState>;
/// Nodes, or what identities are part of.
pub type NodeSet<K = NodeId> = HashSet<K, IdState>;

/// Makes hashers of identities; all of a process begin with the same number.
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

/// Hashes identities, addresses and the like.
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
        // The constant is the golden ratio, which spreads numbers that follow each other.
        self.0 = (self.0.rotate_left(29) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}

/// Nodes that a walk came by; a few of them take no memory.
#[derive(Debug, Default)]
pub struct SeenNodes {
    few: [Option<NodeId>; 8],
    many: NodeSet,
}

impl SeenNodes {
    /// Adds a node, and tells whether it is new.
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
