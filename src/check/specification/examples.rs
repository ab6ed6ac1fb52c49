//! Checks of examples and defaults against the schemas beside them.

use super::SpecificationWalk;
use super::form::Kind;
use super::types::is_of_type;
use crate::definition::rules::EXAMPLE_MISMATCH;
use crate::definition::{Node, NodeKind, Specification, scalar_text};

impl<'d> SpecificationWalk<'d> {
    /// Checks the examples of a Media Type, Parameter or Header Object against its schema.
    pub(super) fn object_examples(&mut self, node: Node<'d>, kind: Kind) {
        let (Some(schema), true) =
            (node.get("schema"), matches!(kind, Kind::MediaType | Kind::Parameter | Kind::Header))
        else {
            return;
        };
        let named = node.get("examples").into_iter().flat_map(Node::entries);
        let value = |example: Node<'d>| example.get("value").or_else(|| example.get("dataValue"));
        let named = named.filter_map(|(_, example)| value(example.resolve()?));
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
                self.mismatch(example, schema, "example");
            }
        }
    }

    /// Checks the examples and the default of a schema against the schema itself.
    pub(super) fn schema_examples(&mut self, schema: Node<'d>) {
        let listed = schema.get("examples").filter(|_| self.specification >= Specification::V3_1);
        let examples: Vec<Node<'d>> =
            schema.get("example").into_iter().chain(listed.into_iter().flat_map(Node::items)).collect();
        for example in examples {
            if !self.examples.allows(example.id(), schema.id()) {
                self.mismatch(example, schema, "example");
            }
        }
        // Many authors write `default: null` for a property without a default.
        let default = schema.get("default").filter(|default| !matches!(default.kind(), NodeKind::Null));
        if let Some(default) = default.filter(|default| !self.examples.allows(default.id(), schema.id())) {
            self.mismatch(default, schema, "default");
        }
    }

    /// Reports the examples and patterns that were skipped because they are too large or too many.
    pub(super) fn left_out(&mut self) {
        let Some((first, count)) = self.examples.left_out() else { return };
        let message = match count {
            1 => "this is too large to be compared with its schema, or comparing all before took too long".to_owned(),
            count => format!(
                "this and {} more examples, defaults and patterns are not looked at: they are too large or too many",
                count - 1
            ),
        };
        let hint = "give fewer or smaller ones, or split the definition into several groups";
        self.findings.add(EXAMPLE_MISMATCH.finding(first.location(), message, hint));
    }

    /// Reports the smallest part of a value that its schema does not allow.
    fn mismatch(&mut self, value: Node<'d>, schema: Node<'d>, what: &str) {
        let (part, reason) = self.reason(value, schema, MOST_LEVELS);
        let message = format!("this {what} is not what its schema allows: {reason}");
        let hint = format!("correct the {what} or the schema");
        self.findings.add(EXAMPLE_MISMATCH.finding(part.location(), message, hint));
    }

    /// Finds the smallest part of a value that its schema does not allow, with the reason.
    fn reason(&mut self, value: Node<'d>, schema: Node<'d>, levels: usize) -> (Node<'d>, String) {
        if let Some(levels) = levels.checked_sub(1) {
            if schema.is_bare_reference()
                && let Some(target) = schema.followed()
            {
                return self.reason(value, target, levels);
            }
            let properties = schema.get("properties").into_iter().flat_map(Node::entries);
            let of_properties = properties.filter_map(|(name, schema)| Some((value.get(name)?, schema)));
            let items = schema.get("items");
            let of_items = items.into_iter().flat_map(|schema| value.items().map(move |item| (item, schema)));
            let parts = schema.get("allOf").into_iter().flat_map(Node::items).map(|schema| (value, schema));
            for (part, schema) in of_properties.chain(of_items).chain(parts) {
                if !self.examples.allows(part.id(), schema.id()) {
                    return self.reason(part, schema, levels);
                }
            }
        }
        (value, why(value, schema))
    }
}

/// The depth in a value up to which a reason is searched.
const MOST_LEVELS: usize = 100;
/// The keywords that restrict values of every type.
const RESTRICTING: &[&str] = &["const", "enum", "oneOf", "anyOf", "not"];
const RESTRICTING_TEXTS: &[&str] = &["format", "pattern", "minLength", "maxLength"];
const RESTRICTING_NUMBERS: &[&str] =
    &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"];
const RESTRICTING_LISTS: &[&str] = &["minItems", "maxItems", "uniqueItems"];
const RESTRICTING_OBJECTS: &[&str] = &["minProperties", "maxProperties", "additionalProperties"];
/// The maximum length of a constant or pattern in a message, in characters.
const MOST_SHOWN: usize = 60;

/// Explains why a schema rejects a value although it allows the value's parts.
fn why(value: Node<'_>, schema: Node<'_>) -> String {
    let mut names = schema.get("required").into_iter().flat_map(Node::items).filter_map(Node::as_str);
    if let Some(name) = names.find(|name| value.is_object() && value.get(name).is_none()) {
        return format!("it has no {name:?}, which is required");
    }
    let types: Vec<&str> = schema
        .get("type")
        .into_iter()
        .flat_map(|written| written.items().chain(written.as_str().map(|_| written)))
        .filter_map(Node::as_str)
        .collect();
    if !types.is_empty() && !types.iter().any(|name| is_of_type(value, name)) {
        return format!("it is {}, and the type is {}", type_name(value), types.join(" or "));
    }
    let own: &[&str] = match value.kind() {
        NodeKind::String(_) => RESTRICTING_TEXTS,
        NodeKind::Number(_) => RESTRICTING_NUMBERS,
        NodeKind::Array => RESTRICTING_LISTS,
        NodeKind::Object => RESTRICTING_OBJECTS,
        NodeKind::Null | NodeKind::Bool(_) => &[],
    };
    let names = own.iter().chain(RESTRICTING);
    let keywords: Vec<String> = names.filter_map(|name| Some(restriction(name, schema.get(name)?))).collect();
    match keywords.as_slice() {
        [] => "it breaks the schema as a whole".to_owned(),
        [only] => format!("it breaks {only}"),
        several => format!("it breaks one of {}", several.join(", ")),
    }
}

/// Formats a keyword, with its value if that is short.
fn restriction(name: &str, asks: Node<'_>) -> String {
    let asked = match asks.kind() {
        NodeKind::Array if name == "enum" => {
            let constants = asks.items().take(MOST_SHOWN).filter_map(scalar_text);
            Some(constants.collect::<Vec<_>>().join(", "))
        }
        _ => scalar_text(asks),
    };
    match asked.filter(|text| !text.is_empty() && text.chars().count() <= MOST_SHOWN) {
        Some(text) => format!("`{name}: {text}`"),
        None => format!("`{name}`"),
    }
}

/// Returns the type of a value with its article.
fn type_name(value: Node<'_>) -> &'static str {
    match value.kind() {
        NodeKind::Null => "null",
        NodeKind::Bool(_) => "a boolean",
        NodeKind::Number(_) => "a number",
        NodeKind::String(_) => "a string",
        NodeKind::Array => "an array",
        NodeKind::Object => "an object",
    }
}
