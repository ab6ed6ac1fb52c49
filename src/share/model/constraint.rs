//! Constraints of schemas, and their words.

use std::fmt;

use serde_json::Number;

use crate::definition::{Node, NodeKind};

/// A constraint on a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Constraint {
    /// The least number, and whether it is excluded itself.
    Minimum(Number, bool),
    /// The greatest number, and whether it is excluded itself.
    Maximum(Number, bool),
    /// The number that it is a multiple of.
    MultipleOf(Number),
    /// The least and the most characters.
    Characters(Option<u64>, Option<u64>),
    /// The least and the most items.
    Items(Option<u64>, Option<u64>),
    /// The least and the most properties.
    Properties(Option<u64>, Option<u64>),
    /// A regular expression.
    Pattern(String),
    /// Its items differ from each other.
    UniqueItems,
    /// The encoding of bytes in a text, like `base64`.
    ContentEncoding(String),
    /// The media type of the content of a text.
    ContentMediaType(String),
}

impl Constraint {
    /// Reads the constraints of a schema.
    pub(super) fn read(schema: Node<'_>) -> Vec<Self> {
        let number = |name: &str| schema.get(name).and_then(Node::as_number).cloned();
        let count = |name: &str| number(name).as_ref().and_then(whole);
        let text = |name: &str| schema.get(name).and_then(Node::as_str).map(str::to_owned);
        let range = |least: &str, most: &str, of: fn(Option<u64>, Option<u64>) -> Self| {
            let bounds = (count(least), count(most));
            (bounds != (None, None)).then(|| of(bounds.0, bounds.1))
        };
        let bounds = [
            bound(schema, "minimum", "exclusiveMinimum", Self::Minimum),
            bound(schema, "maximum", "exclusiveMaximum", Self::Maximum),
        ];
        let rest = [
            number("multipleOf").map(Self::MultipleOf),
            range("minLength", "maxLength", Self::Characters),
            text("pattern").map(Self::Pattern),
            range("minItems", "maxItems", Self::Items),
            (schema.get("uniqueItems").and_then(Node::as_bool) == Some(true)).then_some(Self::UniqueItems),
            range("minProperties", "maxProperties", Self::Properties),
            text("contentEncoding").map(Self::ContentEncoding),
            text("contentMediaType").map(Self::ContentMediaType),
        ];
        bounds.into_iter().flatten().chain(rest.into_iter().flatten()).collect()
    }
}

/// Reads a bound: in OpenAPI 3.0 the exclusive keyword is a flag, later a bound of its own.
fn bound(schema: Node<'_>, name: &str, exclusive: &str, of: fn(Number, bool) -> Constraint) -> Vec<Constraint> {
    let inclusive = schema.get(name).and_then(Node::as_number).cloned();
    match schema.get(exclusive).map(Node::kind) {
        Some(NodeKind::Bool(is_exclusive)) => inclusive.map(|number| of(number, is_exclusive)).into_iter().collect(),
        Some(NodeKind::Number(number)) => {
            inclusive.map(|number| of(number, false)).into_iter().chain([of(number.clone(), true)]).collect()
        }
        _ => inclusive.map(|number| of(number, false)).into_iter().collect(),
    }
}

fn whole(number: &Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let value = number.as_f64().filter(|value| *value >= 0.0 && value.fract() == 0.0)?;
        format!("{value:.0}").parse().ok()
    })
}

impl fmt::Display for Constraint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minimum(number, true) => write!(formatter, "greater than {number}"),
            Self::Minimum(number, false) => write!(formatter, "at least {number}"),
            Self::Maximum(number, true) => write!(formatter, "less than {number}"),
            Self::Maximum(number, false) => write!(formatter, "at most {number}"),
            Self::MultipleOf(number) => write!(formatter, "a multiple of {number}"),
            Self::Characters(least, most) => range(formatter, *least, *most, ["character", "characters"]),
            Self::Items(least, most) => range(formatter, *least, *most, ["item", "items"]),
            Self::Properties(least, most) => range(formatter, *least, *most, ["property", "properties"]),
            Self::Pattern(pattern) => write!(formatter, "matches {pattern}"),
            Self::UniqueItems => formatter.write_str("no item twice"),
            Self::ContentEncoding(encoding) => write!(formatter, "encoded as {encoding}"),
            Self::ContentMediaType(media_type) => write!(formatter, "contains {media_type}"),
        }
    }
}

fn range(
    formatter: &mut fmt::Formatter<'_>,
    least: Option<u64>,
    most: Option<u64>,
    [one, several]: [&str; 2],
) -> fmt::Result {
    let noun = |count: u64| if count == 1 { one } else { several };
    match (least, most) {
        (Some(least), Some(most)) if least == most => write!(formatter, "exactly {least} {}", noun(least)),
        (Some(least), Some(most)) => write!(formatter, "{least} to {most} {}", noun(most)),
        (Some(least), None) => write!(formatter, "at least {least} {}", noun(least)),
        (None, Some(most)) => write!(formatter, "at most {most} {}", noun(most)),
        (None, None) => Ok(()),
    }
}
