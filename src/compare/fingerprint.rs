//! Fingerprints: numbers that are equal for equal values.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::definition::Decimal;
use crate::definition::{Definition, Node, NodeKind};

/// The fingerprints of the values of one document, each computed once.
#[derive(Debug)]
pub(super) struct Fingerprints {
    /// The fingerprint of each node, zero where it is not known yet.
    known: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Fingerprint {
    number: u64,
    /// True if nothing within refers to anything else, so that equal numbers mean equal values.
    closed: bool,
}

impl Fingerprint {
    const CLOSED: u64 = 1;
    const KNOWN: u64 = 2;

    fn packed(self) -> u64 {
        self.number | Self::KNOWN | if self.closed { Self::CLOSED } else { 0 }
    }

    fn unpacked(packed: u64) -> Option<Self> {
        let number = packed & !(Self::CLOSED | Self::KNOWN);
        (packed != 0).then_some(Self { number, closed: packed & Self::CLOSED != 0 })
    }
}

impl Fingerprints {
    /// Makes room for the fingerprints of a definition; it is not taken before it is used.
    pub(super) fn new(definition: &Definition) -> Self {
        Self::sized(definition.document().size())
    }

    /// Makes room for the fingerprints of a document with a number of values.
    pub(super) fn sized(values: usize) -> Self {
        Self { known: vec![0; values] }
    }

    /// Returns the same number for the same JSON value, whatever the order of its fields; references count as they
    /// are written.
    pub(super) fn of(&mut self, node: Node<'_>) -> u64 {
        self.look(node).number
    }

    /// Returns the same number for values that are written as the same text: `1` and `"1"`.
    pub(super) fn of_text(&mut self, node: Node<'_>) -> u64 {
        match node.kind() {
            NodeKind::Bool(value) => text_number(if value { "true" } else { "false" }),
            NodeKind::Number(_) => text_number(&canonical(node)),
            NodeKind::String(text) => text_number(text),
            NodeKind::Null | NodeKind::Array | NodeKind::Object => self.of(node),
        }
    }

    /// Returns the number of a value within which nothing refers to anything else; `None` for any other.
    pub(super) fn of_closed(&mut self, node: Node<'_>) -> Option<u64> {
        let Fingerprint { number, closed } = self.look(node);
        closed.then_some(number)
    }

    fn look(&mut self, node: Node<'_>) -> Fingerprint {
        if let Some(known) = self.known.get(node.id().index()).and_then(|known| Fingerprint::unpacked(*known)) {
            return known;
        }
        let mut hasher = DefaultHasher::new();
        let mut closed = true;
        match node.kind() {
            NodeKind::Null => 0_u8.hash(&mut hasher),
            NodeKind::Bool(value) => (1_u8, value).hash(&mut hasher),
            NodeKind::Number(_) => (2_u8, canonical(node)).hash(&mut hasher),
            NodeKind::String(text) => (3_u8, text).hash(&mut hasher),
            NodeKind::Array => {
                4_u8.hash(&mut hasher);
                for item in node.items() {
                    let item = self.look(item);
                    closed &= item.closed;
                    item.number.hash(&mut hasher);
                }
            }
            NodeKind::Object => {
                let mut fields: Vec<(&str, u64)> = Vec::new();
                for (name, value) in node.entries() {
                    let value = self.look(value);
                    closed &= value.closed && name != "$ref" && name != "$dynamicRef";
                    fields.push((name, value.number));
                }
                fields.sort_unstable();
                (5_u8, fields).hash(&mut hasher);
            }
        }
        let number = hasher.finish() & !(Fingerprint::CLOSED | Fingerprint::KNOWN);
        let fingerprint = Fingerprint { number, closed };
        if let Some(known) = self.known.get_mut(node.id().index()) {
            *known = fingerprint.packed();
        }
        fingerprint
    }
}

fn text_number(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (3_u8, text).hash(&mut hasher);
    hasher.finish()
}

/// Writes a number so that `1` and `1.0` are one.
pub(super) fn canonical(node: Node<'_>) -> String {
    match node.as_number() {
        Some(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => Decimal::of(node).map_or_else(String::new, |number| number.to_string()),
    }
}
