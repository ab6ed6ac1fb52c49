//! The serialization of a value as XML (OpenAPI 3.1, section 4.8.26): the hints that mean the same, in whichever words.

use super::comparison::PairComparison;
use super::view::SchemaView;
use crate::definition::{Definition, Node, NodeId, SeenNodes};

/// Returns the name of a property's element.
pub(super) fn element_name<'d>(
    definition: &'d Definition,
    property: &'d str,
    schemas: &[NodeId],
    steps: &mut usize,
) -> &'d str {
    let view = SchemaView::open(definition, schemas, steps);
    let hints = view.first("xml").map(|(_, hints)| hints);
    hints.and_then(|hints| hints.get("name")?.as_str()).unwrap_or(property)
}

impl<'d> PairComparison<'_, 'd> {
    /// True if the hints of both sides write a value in one way. A flag that is not set is the default, and a prefix is
    /// but a short form of its namespace.
    pub(super) fn is_same_xml(&mut self, before: Option<Node<'d>>, after: Option<Node<'d>>) -> bool {
        const TEXTS: [&str; 3] = ["name", "namespace", "nodeType"];
        const FLAGS: [&str; 2] = ["attribute", "wrapped"];
        let text = |hints: Option<Node<'d>>, field: &str| hints.and_then(|hints| hints.get(field)?.as_str());
        let is_set = |hints: Option<Node<'d>>, field: &str| {
            hints.and_then(|hints| hints.get(field)?.as_bool()).unwrap_or_default()
        };
        let texts = TEXTS.iter().filter(|field| **field != "name" || !self.context.keeps_element_name);
        if !texts.copied().all(|field| text(before, field) == text(after, field))
            || !FLAGS.iter().all(|field| is_set(before, field) == is_set(after, field))
        {
            return false;
        }
        match (text(before, "prefix"), text(after, "prefix")) {
            (old, new) if old == new => true,
            // Without a prefix, the namespace is that of the elements within too.
            (Some(_), Some(_)) if text(after, "namespace").is_some() => {
                let (before, after) = self.schemas_of_sides();
                let (old, new) = (self.schemas.before.definition, self.schemas.after.definition);
                let steps = &mut self.schemas.steps_left;
                !borrows_prefix(old, &before, steps) && !borrows_prefix(new, &after, steps)
            }
            _ => false,
        }
    }
}

/// True if hints within schemas may use a prefix whose namespace they do not name; counts `steps` down.
fn borrows_prefix(definition: &Definition, schemas: &[NodeId], steps: &mut usize) -> bool {
    const MOST: usize = 1_000;
    let mut seen = SeenNodes::default();
    let mut open: Vec<Node<'_>> = schemas.iter().map(|schema| definition.node(*schema)).collect();
    let mut left = MOST.min(*steps);
    while let Some(node) = open.pop() {
        if !seen.insert(node.id()) {
            continue;
        }
        if left == 0 {
            return true;
        }
        left -= 1;
        *steps = steps.saturating_sub(1);
        if node.get("xml").is_some_and(|hints| hints.get("prefix").is_some() && hints.get("namespace").is_none()) {
            return true;
        }
        open.extend(node.followed());
        open.extend(node.entries().map(|(_, value)| value));
        open.extend(node.items());
    }
    false
}
