//! The conversion of one document: its state, and the steps that all parts share.

use serde_json::{Map, Value};

use super::super::document::{Node, SeenNodes};
use super::super::fields::scalar_text;
use super::super::findings::ReadFindings;
use super::super::rules;
use super::components::ComponentIndex;

/// The media type of a document that names none.
pub(super) const USUAL_MEDIA_TYPE: &str = "application/json";

/// The conversion of one document.
pub(super) struct SwaggerConverter<'d, 'f> {
    pub(super) root: Node<'d>,
    pub(super) components: ComponentIndex<'d>,
    pub(super) consumes: Vec<String>,
    pub(super) produces: Vec<String>,
    pub(super) findings: &'f mut ReadFindings,
    /// The objects whose fields that are left out were named.
    pub(super) told: SeenNodes,
    pub(super) left: usize,
}

/// The media types of one operation.
pub(super) struct OperationMediaTypes {
    pub(super) consumes: Vec<String>,
    pub(super) produces: Vec<String>,
}

impl<'d> SwaggerConverter<'d, '_> {
    /// Copies a value unchanged.
    pub(super) fn value(&mut self, node: Node<'d>) -> Option<Value> {
        node.to_value_within(&mut self.left)
    }

    pub(super) fn copy(&mut self, node: Node<'d>, into: &mut Map<String, Value>, fields: &[&str]) -> Option<()> {
        for field in fields {
            if let Some(value) = node.get(field) {
                into.insert((*field).to_owned(), self.value(value)?);
            }
        }
        Some(())
    }

    pub(super) fn extensions(&mut self, node: Node<'d>, into: &mut Map<String, Value>) -> Option<()> {
        for (name, value) in node.entries().filter(|(name, _)| name.starts_with("x-") && *name != "x-nullable") {
            into.insert(name.to_owned(), self.value(value)?);
        }
        Some(())
    }

    pub(super) fn loses(&mut self, node: Node<'d>, message: &str, hint: &str) {
        self.findings.add(rules::CONVERSION, node.location(), message, hint);
    }
}

/// Returns the strings in a list.
pub(super) fn texts(list: Option<Node<'_>>) -> Vec<String> {
    list.into_iter().flat_map(Node::items).filter_map(scalar_text).collect()
}
