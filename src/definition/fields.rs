//! Readers of single fields, which report values of the wrong type.

use super::api::{Api, Specification};
use super::document::{Node, NodeId, NodeKind};
use super::findings::ReadFindings;
use super::rules;

/// The maximum memory for the APIs of a definition, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// Reads fields and collects findings about them.
///
/// Parts shared by several APIs are read and stored for each of them, so a small file can take much memory.
pub(super) struct FieldReader<'f> {
    pub(super) findings: &'f mut ReadFindings,
    pub(super) specification: Specification,
    /// Operations of methods that are not served, each after its method.
    pub(super) additional: Vec<(String, Api)>,
    left: usize,
}

impl<'f> FieldReader<'f> {
    pub(super) const fn new(findings: &'f mut ReadFindings, specification: Specification) -> Self {
        Self { findings, specification, additional: Vec::new(), left: MOST_BYTES }
    }

    /// Counts memory for a value; true if there is room for it.
    pub(super) fn keeps(&mut self, bytes: usize) -> bool {
        self.left = self.left.saturating_sub(bytes);
        !self.is_full()
    }

    /// True once the limit is reached; the definition is then refused.
    pub(super) const fn is_full(&self) -> bool {
        self.left == 0
    }

    pub(super) fn schema(&mut self, node: Node<'_>) -> Option<NodeId> {
        let schema = node.get("schema")?;
        if schema.is_object() || schema.as_bool().is_some() {
            return Some(schema.id());
        }
        if !matches!(schema.kind(), NodeKind::Null) {
            self.structure(schema, "a schema is a mapping");
        }
        None
    }

    /// Returns a field that holds an object; `null` counts as absent.
    pub(super) fn object<'d>(&mut self, node: Node<'d>, name: &str) -> Option<Node<'d>> {
        let value = node.get(name)?.resolve()?;
        if value.is_object() {
            return Some(value);
        }
        if !matches!(value.kind(), NodeKind::Null) {
            self.structure(value, &format!("`{name}` is a mapping"));
        }
        None
    }

    /// Returns a field that holds a list; `null` counts as absent.
    pub(super) fn list<'d>(&mut self, node: Node<'d>, name: &str) -> Option<Node<'d>> {
        let value = node.get(name)?;
        if value.is_array() {
            return Some(value);
        }
        if !matches!(value.kind(), NodeKind::Null) {
            self.structure(value, &format!("`{name}` is a list"));
        }
        None
    }

    pub(super) fn field_text(&mut self, node: Node<'_>, name: &str) -> Option<String> {
        node.get(name).and_then(|value| self.text(value))
    }

    /// Returns a text for readers; a list or an object in its place is dropped with a warning.
    pub(super) fn prose(&mut self, node: Node<'_>, name: &str) -> Option<String> {
        let value = node.get(name)?;
        if !value.is_object() && !value.is_array() {
            return self.text(value);
        }
        let message = format!("`{name}` is a text, and this is {}; it is left out", kind(value));
        self.findings.add(rules::SLOPPY, value.location(), message, format!("write `{name}` as one text"));
        None
    }

    /// Returns a text; a number or a boolean is accepted as written, with a warning.
    pub(super) fn text(&mut self, node: Node<'_>) -> Option<String> {
        if let Some(text) = node.as_str() {
            return self.keeps(text.len()).then(|| text.to_owned());
        }
        if let Some(text) = scalar_text(node) {
            let message = format!("{text} is not a text; it is taken as \"{text}\"");
            self.findings.add(rules::SLOPPY, node.location(), message, "put it in quotes");
            Some(text)
        } else {
            if !matches!(node.kind(), NodeKind::Null) {
                self.structure(node, &format!("a text is needed here, and this is {}", kind(node)));
            }
            None
        }
    }

    /// Returns a flag; a word that unambiguously means yes or no is accepted, with a warning.
    pub(super) fn flag(&mut self, node: Node<'_>, name: &str) -> bool {
        let Some(value) = node.get(name) else { return false };
        if let Some(flag) = value.as_bool() {
            return flag;
        }
        let word = value.as_str().unwrap_or_default().to_ascii_lowercase();
        let meant = match word.as_str() {
            "true" | "yes" | "on" => true,
            "false" | "no" | "off" => false,
            _ => {
                if !matches!(value.kind(), NodeKind::Null) {
                    self.structure(value, &format!("`{name}` is `true` or `false`"));
                }
                return false;
            }
        };
        let message = format!("{word:?} is taken as `{meant}`");
        self.findings.add(rules::SLOPPY, value.location(), message, format!("write `{name}: {meant}`"));
        meant
    }

    pub(super) fn structure(&mut self, node: Node<'_>, message: &str) {
        let hint = "compare it with the OpenAPI Specification";
        self.findings.add(rules::STRUCTURE, node.location(), message, hint);
    }
}

/// Names the type of a value that is not a text.
fn kind(node: Node<'_>) -> &'static str {
    if node.is_array() { "a list" } else { "a mapping" }
}

/// Returns the text of a string, a number or a boolean.
pub(crate) fn scalar_text(node: Node<'_>) -> Option<String> {
    match node.kind() {
        NodeKind::String(text) => Some(text.to_owned()),
        NodeKind::Number(number) => Some(number.to_string()),
        NodeKind::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
