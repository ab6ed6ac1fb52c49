//! Examples and defaults, each against the schema that it stands beside.

use super::Walk;
use super::form::Kind;
use crate::definition::rules::EXAMPLE_MISMATCH;
use crate::definition::{Node, NodeKind, Specification};

impl<'d> Walk<'d> {
    /// Compares the examples of a Media Type, Parameter or Header Object with its schema.
    pub(super) fn object_examples(&mut self, node: Node<'d>, kind: Kind) {
        let (Some(schema), true) =
            (node.get("schema"), matches!(kind, Kind::MediaType | Kind::Parameter | Kind::Header))
        else {
            return;
        };
        let named = node.get("examples").into_iter().flat_map(Node::entries);
        let named = named.filter_map(|(_, example)| example.resolve()?.get("value"));
        let examples: Vec<Node<'d>> = node.get("example").into_iter().chain(named).collect();
        for example in examples {
            let name = self.media_types.get(&node.id()).copied();
            let is_allowed = match (kind, name) {
                (Kind::MediaType, name) => {
                    self.examples.allows_body(example.id(), schema.id(), name.unwrap_or("application/json"))
                }
                _ => self.examples.allows_parameter(example.id(), schema.id()),
            };
            if !is_allowed {
                self.mismatch(
                    example,
                    "this example is not what its schema allows",
                    "correct the example or the schema",
                );
            }
        }
    }

    /// Compares the examples and the default of a schema with the schema itself.
    pub(super) fn schema_examples(&mut self, schema: Node<'d>) {
        let listed = schema.get("examples").filter(|_| self.specification == Specification::V3_1);
        let examples: Vec<Node<'d>> =
            schema.get("example").into_iter().chain(listed.into_iter().flat_map(Node::items)).collect();
        for example in examples {
            if !self.examples.allows(example.id(), schema.id()) {
                self.mismatch(
                    example,
                    "this example is not what its schema allows",
                    "correct the example or the schema",
                );
            }
        }
        // `default: null` is how many say that there is none.
        let default = schema.get("default").filter(|default| !matches!(default.kind(), NodeKind::Null));
        if let Some(default) = default.filter(|default| !self.examples.allows(default.id(), schema.id())) {
            self.mismatch(default, "this default is not what its schema allows", "correct the default or the schema");
        }
    }

    fn mismatch(&mut self, node: Node<'d>, message: &str, hint: &str) {
        self.findings.push(EXAMPLE_MISMATCH.finding(node.location(), message, hint));
    }
}
