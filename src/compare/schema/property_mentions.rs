//! The properties that schemas speak of, in `properties` or in any other keyword that applies to the value itself.

use std::collections::BTreeSet;

use super::sets::meant;
use crate::definition::{Definition, Node, NodeId, SeenNodes};

/// Of more schemas than these, not all names are collected.
const MOST_SCHEMAS: usize = 64;

/// Properties that schemas speak of.
#[derive(Debug, Default)]
pub(super) struct PropertyMentions<'d> {
    pub(super) names: BTreeSet<&'d str>,
    /// True if there are further names: told by a pattern, by what is left over, or by more schemas than are looked at.
    pub(super) has_others: bool,
    /// True if `additionalProperties` has a schema for names that are not declared beside it.
    pub(super) has_additional: bool,
}

impl<'d> PropertyMentions<'d> {
    /// Collects the mentions of schemas that apply to one value, but for those in one choice; counts `steps` down.
    pub(super) fn of(
        definition: &'d Definition,
        schemas: &[NodeId],
        except: Option<NodeId>,
        steps: &mut usize,
    ) -> Self {
        let mut mentions = Self::default();
        let mut seen = SeenNodes::default();
        let mut open: Vec<NodeId> = schemas.to_vec();
        let mut left = MOST_SCHEMAS;
        while let Some(id) = open.pop() {
            let node = definition.node(meant(definition, id));
            if !seen.insert(node.id()) {
                continue;
            }
            *steps = steps.saturating_sub(1);
            if *steps == 0 || left == 0 {
                mentions.has_others = true;
                break;
            }
            left -= 1;
            open.extend(node.followed().map(Node::id));
            for (keyword, value) in node.entries() {
                mentions.add(keyword, value);
                match keyword {
                    "allOf" | "anyOf" | "oneOf" if except != Some(value.id()) => {
                        open.extend(value.items().map(Node::id));
                    }
                    "if" | "then" | "else" => open.push(value.id()),
                    "dependentSchemas" => open.extend(value.entries().map(|(_, schema)| schema.id())),
                    _ => {}
                }
            }
        }
        mentions
    }

    fn add(&mut self, keyword: &str, value: Node<'d>) {
        match keyword {
            "properties" | "dependentSchemas" => self.names.extend(value.entries().map(|(name, _)| name)),
            "required" => self.names.extend(value.items().filter_map(Node::as_str)),
            "dependentRequired" => {
                for (name, list) in value.entries() {
                    self.names.insert(name);
                    self.names.extend(list.items().filter_map(Node::as_str));
                }
            }
            "patternProperties" | "propertyNames" => self.has_others = true,
            "unevaluatedProperties" => self.has_others |= value.entries().next().is_some(),
            "additionalProperties" => self.has_additional |= value.entries().next().is_some(),
            _ => {}
        }
    }

    /// True if a schema speaks of a name, or of names that are not declared beside it.
    pub(super) fn may_have(&self, name: &str) -> bool {
        self.has_additional || self.has_others || self.names.contains(name)
    }
}
