//! Rules over the types of schemas, and over `enum` and `nullable`, which depend on them.

use std::collections::HashSet;

use super::{SpecificationWalk, rules};
use crate::definition::{Node, NodeKind, Specification};
use crate::model::nearest;

/// The types in both dialects; 3.1 adds `null`.
const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
/// Types of other versions of OpenAPI, whose intent is clear.
const OTHER_TYPES: &[&str] = &["null", "any", "file"];

impl<'d> SpecificationWalk<'d> {
    pub(super) fn types(&mut self, value: Node<'d>) {
        if value.as_str().is_some() {
            self.type_word(value);
            return;
        }
        if !value.is_array() {
            self.bad(value, "`type` of a schema", "is a text");
            return;
        }
        if self.specification == Specification::V3_0 {
            let hint = "name one type, and `nullable: true` for null; or write `openapi: 3.1.0`";
            self.add(rules::SCHEMA_KEYWORD, value, "a list of types came with OpenAPI 3.1", hint);
        } else if value.items().next().is_none() {
            self.bad(value, "`type` of a schema", "has at least one type");
        }
        let mut known = HashSet::new();
        for each in value.items() {
            if each.as_str().is_none() {
                self.bad(each, "an item of `type`", "is a text");
            } else if known.insert(each.as_str()) {
                // The missing support for `null` is reported once, for the whole list.
                if each.as_str() != Some("null") {
                    self.type_word(each);
                }
            } else {
                self.add(rules::SCHEMA_KEYWORD, each, "a type is given twice in this list", "remove one of the two");
            }
        }
    }

    fn type_word(&mut self, value: Node<'d>) {
        let word = value.as_str().unwrap_or_default();
        if TYPES.contains(&word) || word == "null" && self.specification >= Specification::V3_1 {
            return;
        }
        if OTHER_TYPES.contains(&word) {
            let hint = match word {
                "null" => "write `nullable: true` beside the type that it has otherwise",
                "any" => "leave `type` out, which allows everything",
                _ => "write `type: string` and `format: binary`",
            };
            let message = format!("OpenAPI {} has no type {word:?}", self.specification);
            self.add(rules::SCHEMA_KEYWORD, value, message, hint);
            return;
        }
        let instead = match (word.to_ascii_lowercase().as_str(), nearest(word, TYPES.iter().copied())) {
            ("int" | "long", _) => "write `type: integer`".to_owned(),
            ("float" | "double", _) => format!("write `type: number` and `format: {}`", word.to_ascii_lowercase()),
            ("date" | "datetime" | "date-time" | "uuid", _) => "write `type: string` and a `format`".to_owned(),
            (_, Some(near)) => format!("did you mean {near:?}?"),
            (_, None) => format!("write one of {}", TYPES.join(", ")),
        };
        let hint =
            format!("{instead}; `schema-type = \"warning\"` below `[rules]` in apigw.toml lets it pass as no type");
        self.add(rules::SCHEMA_TYPE, value, format!("there is no type {word:?}"), hint);
    }

    /// Reports values of an `enum` that the schema's `type` rejects, so that no instance can equal them.
    pub(super) fn enum_types(&mut self, node: Node<'d>) {
        let Some(written) = node.get("type") else { return };
        let types: Vec<&str> = written.as_str().into_iter().chain(written.items().filter_map(Node::as_str)).collect();
        if types.is_empty() || types.iter().any(|name| !TYPES.contains(name) && *name != "null") {
            return;
        }
        let is_nullable = node.get("nullable").and_then(Node::as_bool) == Some(true);
        for value in node.get("enum").into_iter().flat_map(Node::items) {
            let is_allowed_null = is_nullable && matches!(value.kind(), NodeKind::Null);
            if !is_allowed_null && !types.iter().any(|name| is_of_type(value, name)) {
                let message = format!(
                    "this value of `enum` is {}, and the type is {}",
                    super::kind_name(value),
                    types.join(" or ")
                );
                let hint = match value.kind() {
                    NodeKind::Number(_) | NodeKind::Bool(_) if types.contains(&"string") => "put it in quotes",
                    NodeKind::Null if self.specification == Specification::V3_0 => "add `nullable: true`",
                    NodeKind::Null => "add \"null\" to the types",
                    _ => "correct the value or the type",
                };
                self.add(rules::SCHEMA_KEYWORD, value, message, hint);
            }
        }
    }

    /// Reports a `nullable` of 3.0 without the `type` that it modifies.
    pub(super) fn idle_nullable(&mut self, node: Node<'d>) {
        if self.specification == Specification::V3_0
            && node.get("nullable").and_then(Node::as_bool) == Some(true)
            && node.get("type").is_none()
        {
            let message = "`nullable` counts only beside a `type` (OpenAPI 3.0.3, section 4.7.24)";
            let hint = if ["allOf", "oneOf", "anyOf"].iter().any(|name| node.get(name).is_some()) {
                "add the type that the parts have, like `type: object`"
            } else {
                "add the `type` that it has otherwise, or remove `nullable`: without a type null is allowed"
            };
            self.findings.add(rules::SCHEMA_KEYWORD.finding(node.key_location("nullable"), message, hint));
        }
    }
}

/// True if a value is of the named type.
pub(super) fn is_of_type(value: Node<'_>, name: &str) -> bool {
    match value.kind() {
        NodeKind::Null => name == "null",
        NodeKind::Bool(_) => name == "boolean",
        NodeKind::Number(number) => {
            let is_whole = || number.as_f64().is_some_and(|number| number.fract() == 0.0);
            name == "number" || name == "integer" && is_whole()
        }
        NodeKind::String(_) => name == "string",
        NodeKind::Array => name == "array",
        NodeKind::Object => name == "object",
    }
}
