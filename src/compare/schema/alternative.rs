//! Names of the alternatives of `oneOf` and `anyOf`.

use super::context::AlternativeName;
use crate::compare::excerpt;
use crate::definition::Node;

/// A schema that a discriminator can choose, and its name, if it has one.
#[derive(Clone, Copy)]
pub(super) struct NamedSchema<'d> {
    pub(super) name: Option<&'d str>,
    pub(super) node: Node<'d>,
}

impl<'d> NamedSchema<'d> {
    pub(super) fn of_reference(node: Node<'d>) -> Self {
        Self { name: reference_name(node), node }
    }
}

/// Names an alternative in a path: by its reference or title, else by its number.
pub(super) fn alternative_name(alternative: Node<'_>, index: usize) -> AlternativeName<'_> {
    let title = || alternative.get("title").and_then(Node::as_str);
    reference_name(alternative).or_else(title).map_or(AlternativeName::Number(index), AlternativeName::Name)
}

/// Names an alternative: by its reference or title, else by its number.
pub(super) fn named_alternative(alternative: Node<'_>, index: usize) -> String {
    match alternative_name(alternative, index) {
        AlternativeName::Number(index) => format!("alternative {}", index + 1),
        AlternativeName::Name(name) => format!("the alternative {}", excerpt::quoted(name)),
    }
}

/// Returns the last segment of a bare reference.
pub(super) fn reference_name(schema: Node<'_>) -> Option<&str> {
    schema.reference().and_then(|reference| reference.rsplit(['/', '#']).next()).filter(|name| !name.is_empty())
}
