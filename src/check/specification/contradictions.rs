//! Schemas that no value can satisfy, or that say nothing: each keyword is right, and together they are not.

use super::{SpecificationWalk, rules};
use crate::definition::{Decimal, Node, NodeSet, Specification};

/// The least and the greatest of a kind of values: the keywords, and the types that they concern.
const BOUNDS: [(&str, &str, &[&str]); 4] = [
    ("minimum", "maximum", &["integer", "number"]),
    ("minLength", "maxLength", &["string"]),
    ("minItems", "maxItems", &["array"]),
    ("minProperties", "maxProperties", &["object"]),
];

/// A bound of numbers, with its keyword.
struct NumberBound<'d> {
    keyword: &'d str,
    value: Decimal,
    is_exclusive: bool,
}

impl<'d> SpecificationWalk<'d> {
    pub(super) fn contradictions(&mut self, node: Node<'d>) {
        self.list_without_items(node);
        self.bounds_that_cross(node);
        self.part_of_itself(node);
        self.sent_by_nobody(node);
    }

    /// OpenAPI 3.1, section 4.8.24: a property is not both `readOnly` and `writeOnly`.
    fn sent_by_nobody(&mut self, node: Node<'d>) {
        let is_set = |name: &str| node.get(name).and_then(Node::as_bool) == Some(true);
        if is_set("readOnly") && is_set("writeOnly") {
            let message = "nobody sends this value: it is `readOnly` and `writeOnly`";
            let finding =
                rules::SPECIFICATION_VALUE.finding(node.key_location("writeOnly"), message, "remove one of the two");
            self.findings.add(finding);
        }
    }

    /// OpenAPI 3.0, section 4.7.24.1: `items` must be there if the type is `array`.
    fn list_without_items(&mut self, node: Node<'d>) {
        let is_list = node.get("type").and_then(Node::as_str) == Some("array");
        if self.specification == Specification::V3_0 && is_list && node.get("items").is_none() {
            let message = "the Schema Object of a list has no `items`, which OpenAPI 3.0 requires";
            let hint = "add the schema of its items, `items: {}` for any";
            self.findings.add(rules::SPECIFICATION_REQUIRED.finding(node.key_location("type"), message, hint));
        }
    }

    fn bounds_that_cross(&mut self, node: Node<'d>) {
        let Some(types) = node.get("type") else { return };
        let names: Vec<&str> = types.as_str().into_iter().chain(types.items().filter_map(Node::as_str)).collect();
        let can_be_null = node.get("nullable").and_then(Node::as_bool) == Some(true);
        if names.is_empty() || can_be_null {
            return;
        }
        for (least, most, concerned) in BOUNDS {
            if !names.iter().all(|name| concerned.contains(name)) {
                continue;
            }
            let (low, high) = (bounds(node, least), bounds(node, most));
            let crossing = low.iter().find_map(|low| {
                let is_crossed = |high: &&NumberBound<'_>| {
                    low.value > high.value || (low.value == high.value && (low.is_exclusive || high.is_exclusive))
                };
                high.iter().find(is_crossed).map(|high| (low, high))
            });
            if let Some((low, high)) = crossing {
                let message = format!(
                    "no value satisfies this schema: its `{}` is {} and its `{}` is {}",
                    low.keyword, low.value, high.keyword, high.value
                );
                let location = node.key_location(low.keyword);
                self.findings.add(rules::SCHEMA_WITHOUT_VALUES.finding(location, message, "correct one of the two"));
            }
        }
    }

    /// Reports a schema that its own `allOf` leads back to, by references and further `allOf` alone.
    fn part_of_itself(&mut self, node: Node<'d>) {
        const MOST: usize = 200;
        let parts = |schema: Node<'d>| schema.get("allOf").into_iter().flat_map(Node::items).chain(schema.referenced());
        let mut open: Vec<Node<'d>> = node.get("allOf").into_iter().flat_map(Node::items).collect();
        let mut seen = NodeSet::default();
        while let Some(part) = open.pop() {
            if part.id() == node.id() {
                let message = "this schema is a part of itself by its `allOf`, which says nothing of its values";
                let hint = "refer to another schema, or remove the reference";
                let location = node.key_location("allOf");
                return self.findings.add(rules::SCHEMA_PART_OF_ITSELF.finding(location, message, hint));
            }
            if seen.len() < MOST && seen.insert(part.id()) {
                open.extend(parts(part));
            }
        }
    }
}

/// Lists the bounds that a schema sets by a keyword and its exclusive form: a flag beside it in OpenAPI 3.0, else a
/// number.
fn bounds<'d>(schema: Node<'d>, keyword: &'static str) -> Vec<NumberBound<'d>> {
    let exclusive_form = match keyword {
        "minimum" => "exclusiveMinimum",
        "maximum" => "exclusiveMaximum",
        _ => "",
    };
    let exclusive = schema.get(exclusive_form);
    let is_exclusive = exclusive.and_then(Node::as_bool) == Some(true);
    let plain = schema.get(keyword).and_then(Decimal::of_bound);
    let plain = plain.map(|value| NumberBound { keyword, value, is_exclusive });
    let own = exclusive.and_then(Decimal::of_bound);
    let own = own.map(|value| NumberBound { keyword: exclusive_form, value, is_exclusive: true });
    plain.into_iter().chain(own).collect()
}
