//! The schemas of a definition that extend one with a discriminator by `allOf`, which no list names.

use super::alternative::NamedSchema;
use super::sets::meant;
use super::view::SchemaView;
use crate::definition::{Definition, Node, NodeId, NodeSet};

/// The components of a side that have schemas with a discriminator in `allOf`.
pub(super) struct ExtendingSchemas<'d> {
    list: Vec<ExtendingSchema<'d>>,
}

struct ExtendingSchema<'d> {
    schema: NamedSchema<'d>,
    /// All schemas that apply to its values beside it.
    extended: NodeSet<NodeId>,
}

impl<'d> ExtendingSchemas<'d> {
    /// Collects them from all files of a definition; counts `steps` down.
    pub(super) fn of(definition: &'d Definition, steps: &mut usize) -> Self {
        let components = |root: Node<'d>| root.get("components")?.get("schemas");
        let named = definition.document().roots().filter_map(components).flat_map(Node::entries);
        let mut list = Vec::new();
        for (name, component) in named {
            let node = definition.node(meant(definition, component.id()));
            let view = SchemaView::open(definition, &[node.id()], steps);
            if view.first("discriminator").is_none_or(|(schema, _)| schema.id() == node.id()) {
                continue;
            }
            let mut extended = NodeSet::default();
            extended.extend(view.schemas.iter().map(|schema| schema.id()).filter(|id| *id != node.id()));
            list.push(ExtendingSchema { schema: NamedSchema { name: Some(name), node }, extended });
        }
        Self { list }
    }

    /// Lists those that extend all the schemas of a view that are chosen by its discriminator.
    pub(super) fn of_view(&self, view: &SchemaView<'d>) -> Vec<NamedSchema<'d>> {
        let Some(owner) = view.first("discriminator").map(|(schema, _)| schema.id()) else { return Vec::new() };
        let mut within = NodeSet::default();
        within.extend(view.schemas.iter().map(|schema| schema.id()));
        let chosen =
            self.list.iter().filter(|one| within.contains(&one.schema.node.id()) && one.extended.contains(&owner));
        let bases: Vec<NodeId> = chosen.map(|one| one.schema.node.id()).chain([owner]).collect();
        let extends = |one: &&ExtendingSchema<'d>| {
            !within.contains(&one.schema.node.id()) && bases.iter().all(|base| one.extended.contains(base))
        };
        self.list.iter().filter(extends).map(|one| one.schema).collect()
    }
}
