//! Names in brackets, as the style `deepObject` has them.

use std::collections::BTreeMap;

use super::super::hints::PlaceSchemas;
use super::super::piece::{EmbeddedJson, PieceReading, ValuePiece, list};

/// The maximum depth of brackets in the name of a part.
const MOST_BRACKETS: usize = 16;

/// A tree of names in brackets, like those of `filter[owner][name]`.
#[derive(Default)]
pub(super) struct BracketTree {
    texts: Vec<String>,
    /// True if empty brackets mark a list.
    is_list: bool,
    below: BTreeMap<String, BracketTree>,
}

impl BracketTree {
    /// Builds the tree of the texts of a value by their names, which begin with the value's own.
    pub(super) fn new<'t>(name: &str, written: impl Iterator<Item = (&'t str, String)>) -> Self {
        let mut root = Self::default();
        for (key, text) in written {
            let Some(brackets) = key.strip_prefix(name) else { continue };
            let mut node = &mut root;
            let names = names_in_brackets(brackets);
            for (level, name) in names.iter().enumerate() {
                if name.is_empty() && level + 1 == names.len() && level > 0 {
                    node.is_list = true;
                } else {
                    node = node.below.entry((*name).to_owned()).or_default();
                }
            }
            node.texts.push(text);
        }
        root
    }

    pub(super) fn piece(self, hints: &PlaceSchemas<'_>) -> ValuePiece {
        if self.below.is_empty() {
            return if self.is_list {
                ValuePiece::new(vec![list(self.texts, hints, EmbeddedJson::Refused)])
            } else {
                ValuePiece::texts(self.texts, hints, EmbeddedJson::Refused)
            };
        }
        // A text and an object under the same name; no value is both.
        if !self.texts.is_empty() {
            return ValuePiece::new(vec![list(self.texts, hints, EmbeddedJson::Refused)]);
        }
        let mut properties = hints.properties();
        let fields = self.below.into_iter().map(|(name, tree)| {
            let piece = tree.piece(properties.at(&name));
            (name, piece)
        });
        ValuePiece::new(vec![PieceReading::Object(fields.collect())])
    }
}

/// Splits names in brackets; unbalanced brackets are part of one name.
fn names_in_brackets(text: &str) -> Vec<&str> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let names: Vec<&str> = inner.split("][").collect();
    if names.len() > MOST_BRACKETS || names.iter().any(|name| name.contains(['[', ']'])) { vec![inner] } else { names }
}
