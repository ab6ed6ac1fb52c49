//! The sets of schemas of one side: each has a number, however often it is met, and is opened by that.

use std::collections::HashSet;
use std::rc::Rc;

use super::view::SchemaView;
use crate::compare::fingerprint::Fingerprints;
use crate::definition::{Definition, Node, NodeId, NodeMap, Specification};

/// Schemas that apply to one value together; no schema at all allows anything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum SchemaSet {
    One(NodeId),
    Many(Rc<[NodeId]>),
}

impl SchemaSet {
    fn schemas(&self) -> &[NodeId] {
        match self {
            Self::One(schema) => std::slice::from_ref(schema),
            Self::Many(schemas) => schemas,
        }
    }
}

/// A set of schemas, by its number on its side.
pub(super) type SetId = u32;

/// The sets of schemas of one side.
pub(super) struct SchemaSets<'d> {
    pub(super) definition: &'d Definition,
    list: Vec<SchemaSet>,
    known: NodeMap<SchemaSet, SetId>,
    pub(super) fingerprints: Fingerprints,
}

impl<'d> SchemaSets<'d> {
    pub(super) fn new(definition: &'d Definition) -> Self {
        Self { definition, list: Vec::new(), known: NodeMap::default(), fingerprints: Fingerprints::new(definition) }
    }

    /// Forgets the sets, which are not asked for again.
    pub(super) fn forget(&mut self) {
        (self.list, self.known) = (Vec::new(), NodeMap::default());
    }

    /// Numbers a set. Bare references are resolved first, so that a schema has one number however often it is
    /// referenced.
    pub(super) fn number(&mut self, mut set: Vec<NodeId>) -> SetId {
        for id in &mut set {
            *id = meant(self.definition, *id);
        }
        if set.len() > 1 {
            let mut seen = HashSet::new();
            set.retain(|id| seen.insert(*id));
        }
        let set = if let [one] = set.as_slice() { SchemaSet::One(*one) } else { SchemaSet::Many(Rc::from(set)) };
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let number = *self.known.entry(set.clone()).or_insert(next);
        if number == next {
            self.list.push(set);
        }
        number
    }

    pub(super) fn schemas(&self, number: SetId) -> &[NodeId] {
        self.list.get(number as usize).map_or(&[], SchemaSet::schemas)
    }

    pub(super) fn open(&self, number: SetId, steps: &mut usize) -> SchemaView<'d> {
        SchemaView::open(self.definition, self.schemas(number), steps)
    }
}

/// Returns the target of a bare reference; the schema itself for any other, and for a dangling reference.
pub(super) fn meant(definition: &Definition, id: NodeId) -> NodeId {
    let node = definition.node(id);
    if node.reference().is_none() {
        return id;
    }
    // OpenAPI 3.0 ignores the siblings of a `$ref`.
    let meant = match definition.specification {
        Specification::V3_0 => node.resolve(),
        Specification::V3_1 | Specification::V3_2 => node.is_bare_reference().then(|| node.followed()).flatten(),
    };
    meant.map_or(id, Node::id)
}
