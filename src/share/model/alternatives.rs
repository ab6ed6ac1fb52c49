//! Lists of alternatives (`oneOf`, `anyOf`) by which the type of a value is chosen.

use std::collections::HashSet;

use super::keywords::discriminator;
use super::types::UnionDiscriminator;
use crate::definition::{Node, NodeId, SchemaShape};

/// Keywords by which an alternative is more than a condition on what stands around it.
pub(super) const STRUCTURE: [&str; 15] = [
    "$dynamicRef",
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "enum",
    "format",
    "items",
    "oneOf",
    "patternProperties",
    "pattern",
    "prefixItems",
    "properties",
    "type",
];

/// A list of alternatives.
pub(super) struct AlternativeList<'d> {
    pub(super) id: NodeId,
    pub(super) items: Vec<Node<'d>>,
    pub(super) discriminator: Option<UnionDiscriminator>,
}

impl<'d> AlternativeList<'d> {
    /// Returns the first list of alternatives by which the type is chosen, if there is one.
    pub(super) fn find(shape: &SchemaShape<'d>, settled: &[NodeId]) -> Option<Self> {
        let within: HashSet<NodeId> = shape.schemas.iter().map(|schema| schema.id()).collect();
        let found = shape.schemas.iter().flat_map(|schema| {
            ["oneOf", "anyOf"].into_iter().filter_map(move |keyword| Some((*schema, schema.get(keyword)?)))
        });
        for (schema, list) in found.filter(|(_, list)| !settled.contains(&list.id())) {
            let items: Vec<Node<'d>> = list.items().collect();
            let is_condition = |item: &Node<'d>| {
                item.as_bool().is_none() && !item.entries().any(|(name, _)| STRUCTURE.contains(&name))
            };
            // An alternative that leads back here is a base that lists those built on it.
            let leads_back = |item: &Node<'d>| item.resolve().is_some_and(|target| within.contains(&target.id()));
            if !items.is_empty() && !items.iter().all(is_condition) && !items.iter().any(leads_back) {
                return Some(Self { id: list.id(), items, discriminator: discriminator(schema) });
            }
        }
        None
    }
}
