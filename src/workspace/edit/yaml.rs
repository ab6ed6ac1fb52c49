//! Finds the place of an edit in YAML and JSON text.

use super::Edit;
use super::block;
use super::change::{Change, Stop};
use super::error::Refusal;
use super::flow;
use super::json::JsonLayout;
use super::layout::Layout;
use super::tree::{Entry, Node, Shape, Tree};
use super::verify::{self, Syntax};
use serde_json::Value;

/// A text, its tree and its habits.
#[derive(Debug)]
pub(super) struct Document<'text> {
    /// The text.
    pub(super) text: &'text str,
    /// Its tree.
    pub(super) tree: Tree,
    /// Its habits.
    pub(super) layout: Layout,
    /// Its habits as JSON, where it is that.
    pub(super) json: Option<JsonLayout>,
}

/// One key on the way to a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'tree> {
    /// The mapping.
    pub(super) mapping: &'tree Node,
    /// The mapping's entries.
    pub(super) entries: &'tree [Entry],
    /// The number of the entry.
    pub(super) index: usize,
    /// The entry.
    pub(super) entry: &'tree Entry,
    /// True if the mapping is in braces.
    pub(super) flow: bool,
}

/// Returns the pieces of the text to replace, or nothing where the value is already there.
///
/// # Errors
///
/// Refuses text that is not well-formed, and an edit that has no plain place.
pub(super) fn change(text: &str, edit: &Edit, is_json: bool) -> Result<Option<Change>, Stop> {
    let syntax = if is_json { Syntax::Json } else { Syntax::Yaml };
    if is_json {
        verify::read(text, syntax)?;
    }
    let tree = Tree::parse(text)?;
    if let Edit::Set { path, value } = edit
        && verify::holds(&verify::read(text, syntax)?, path, value)
    {
        return Ok(None);
    }
    let layout = Layout::of(text, &tree);
    let json = is_json.then(|| JsonLayout::of(text, &tree));
    let document = Document { text, tree, layout, json };
    match edit {
        Edit::Set { path, value } => document.set(path, value),
        Edit::Remove { path, keep } => document.remove(path, *keep),
    }
    .map(Some)
}

impl Document<'_> {
    fn set(&self, path: &[String], value: &Value) -> Result<Change, Stop> {
        let steps = self.walk(path)?;
        let rest = path.get(steps.len()..).unwrap_or_default();
        let Some((key, below)) = rest.split_first() else {
            let Some(step) = steps.last() else { return Err(Stop::new(Refusal::NoPath)) };
            self.replaceable(&step.entry.value)?;
            return if step.flow { flow::replace(self, step, value) } else { block::replace(self, step, value) };
        };
        let value = below.iter().rev().fold(value.clone(), |inner, key| single(key, inner));
        match (steps.last(), self.container(&steps)) {
            (_, Some(Node { shape: Shape::Mapping { flow: false, entries }, .. })) => {
                no_merge_key(entries)?;
                block::insert(self, entries, key, &value)
            }
            (Some(step), Some(Node { shape: Shape::Mapping { entries, .. }, .. }))
                if entries.is_empty() && !step.flow && self.json.is_none() =>
            {
                block::replace(self, step, &single(key, value))
            }
            (_, Some(node @ Node { shape: Shape::Mapping { entries, .. }, .. })) => {
                no_merge_key(entries)?;
                flow::insert(self, node, entries, key, &value)
            }
            (Some(step), _) if step.flow => flow::replace(self, step, &single(key, value)),
            (Some(step), _) => block::replace(self, step, &single(key, value)),
            (None, _) => block::fill(self, key, &value),
        }
    }

    fn remove(&self, path: &[String], keep: usize) -> Result<Change, Stop> {
        let mut steps = self.walk(path)?;
        if steps.len() < path.len() {
            if let Some(Node { shape: Shape::Mapping { entries, .. }, .. }) = self.container(&steps) {
                no_merge_key(entries)?;
            }
            return Err(Stop::new(Refusal::Missing));
        }
        while let Some(step) = steps.last()
            && steps.len() - 1 > keep
            && step.entries.len() == 1
        {
            steps.pop();
        }
        let Some((step, above)) = steps.split_last() else { return Err(Stop::new(Refusal::NoPath)) };
        no_merge_key(step.entries)?;
        self.replaceable(&step.entry.value)?;
        if let Some(anchor) = self.tree.needed_elsewhere(&step.entry.key) {
            return Err(Stop::at(step.entry.key.range.start, Refusal::Shared(anchor.to_owned())));
        }
        if step.flow { flow::remove(self, step) } else { block::remove(self, step, above.last()) }
    }

    /// Follows the path as far as there are entries.
    fn walk(&self, path: &[String]) -> Result<Vec<Step<'_>>, Stop> {
        let mut steps = Vec::new();
        let mut node = self.tree.root.as_ref();
        for (depth, key) in path.iter().enumerate() {
            let Some(mapping) = node else { break };
            self.enterable(mapping)?;
            let Shape::Mapping { flow, entries } = &mapping.shape else {
                if matches!(mapping.shape, Shape::Empty) || (depth > 0 && self.is_null(mapping)) {
                    break;
                }
                let parent = path.get(..depth).unwrap_or_default().to_vec();
                let refusal = Refusal::NotAMapping { parent, holds: mapping.kind() };
                return Err(Stop::at(mapping.range.start, refusal));
            };
            let found = entries.iter().enumerate().find(|(_, entry)| entry.name.as_ref() == Some(key));
            let Some((index, entry)) = found else { break };
            steps.push(Step { mapping, entries, index, entry, flow: *flow });
            node = Some(&entry.value);
        }
        Ok(steps)
    }

    /// Returns the node that the steps lead to.
    fn container<'tree>(&'tree self, steps: &[Step<'tree>]) -> Option<&'tree Node> {
        steps.last().map_or(self.tree.root.as_ref(), |step| Some(&step.entry.value))
    }

    /// Tells whether a value is `null`, written out: it makes way for a mapping like one that is not there.
    fn is_null(&self, node: &Node) -> bool {
        matches!(node.shape, Shape::Plain)
            && matches!(self.text.get(node.range.clone()), Some("~" | "null" | "Null" | "NULL"))
    }

    /// Refuses to change something inside a node that is not only here.
    fn enterable(&self, node: &Node) -> Result<(), Stop> {
        if matches!(node.shape, Shape::Alias) {
            return Err(Stop::at(node.range.start, Refusal::Alias));
        }
        if node.tagged {
            return Err(Stop::at(node.range.start, Refusal::Tagged));
        }
        match self.tree.shared(node) {
            Some(anchor) => Err(Stop::at(node.range.start, Refusal::Shared(anchor.to_owned()))),
            None => Ok(()),
        }
    }

    /// Refuses to take a value away whose anchors are used elsewhere, or whose tag says how it is read.
    fn replaceable(&self, node: &Node) -> Result<(), Stop> {
        if node.tagged {
            return Err(Stop::at(node.range.start, Refusal::Tagged));
        }
        match self.tree.needed_elsewhere(node) {
            Some(anchor) => Err(Stop::at(node.range.start, Refusal::Shared(anchor.to_owned()))),
            None => Ok(()),
        }
    }
}

fn single(key: &str, value: Value) -> Value {
    Value::Object(std::iter::once((key.to_owned(), value)).collect())
}

/// Refuses to add or remove keys where a merge key may bring the same ones.
fn no_merge_key(entries: &[Entry]) -> Result<(), Stop> {
    match entries.iter().find(|entry| entry.name.as_deref() == Some("<<")) {
        Some(entry) => Err(Stop::at(entry.key.range.start, Refusal::Merged)),
        None => Ok(()),
    }
}
