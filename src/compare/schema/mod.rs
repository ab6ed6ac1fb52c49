//! Compares schemas: all pairs that two definitions bring together, each once for each direction.
//!
//! The unit of comparison is a set of schemas that apply to one value together, as `allOf` and `$ref` combine them;
//! [`view`] opens such sets. A pair of sets has changes of its own, and leads to the pairs of its parts: properties,
//! items, alternatives. The pairs form a graph, in which a recursive schema is a cycle and not an infinite tree. First
//! all pairs are collected and compared, then [`SchemaTable::write`] walks from an API's schemas to the changes that
//! they reach; the shortest route gives a change its path.

mod alternative;
mod bounds;
mod choice;
mod comparison;
mod context;
mod dependent_required;
mod discriminator;
mod extending;
mod extending_schemas;
mod items;
mod lists;
mod mentions;
mod object;
mod object_parts;
mod overlap;
mod pair;
mod proof;
mod properties;
mod property_mentions;
mod reach;
mod scopes;
mod sets;
mod table;
mod unchanged;
mod undeclared;
mod values;
mod view;
mod writing;
mod xml;

use crate::definition::NodeMap;
pub(super) use context::PairId;
pub(super) use object_parts::ObjectPart;
pub(super) use proof::DefinitionSide;
pub(super) use table::{SchemaTable, UnfoldingLimits};
pub(super) use writing::{FormEncodings, ListWriting, PartEncoding};

impl SchemaTable<'_> {
    /// Compares all pairs that were brought together, and those that they lead to.
    pub(super) fn finish(&mut self) {
        while self.compared < self.pairs.len() {
            pair::compare(self, PairId(u32::try_from(self.compared).unwrap_or(u32::MAX)));
            self.compared += 1;
        }
        self.incomplete |= self.steps_left == 0;
        // No pair is added any more, and the remaining work needs memory of its own.
        self.known = NodeMap::default();
        self.before.forget();
        self.after.forget();
        self.mark();
    }
}
