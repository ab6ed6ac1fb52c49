//! Finds the place of an edit in YAML and JSON text.

use super::ValueEdit;
use super::block;
use super::change::{EditStop, TextChange};
use super::error::EditRefusal;
use super::flow;
use super::json::JsonLayout;
use super::layout::TextLayout;
use super::tree::{EditTree, MappingEntry, NodeContent, TreeNode};
use super::verify::{self, TextSyntax};
use serde_json::Value;

/// A text, its tree and its habits.
#[derive(Debug)]
pub(super) struct EditedDocument<'text> {
    /// The text.
    pub(super) text: &'text str,
    /// Its tree.
    pub(super) tree: EditTree,
    /// Its habits.
    pub(super) layout: TextLayout,
    /// Its habits as JSON, where it is that.
    pub(super) json: Option<JsonLayout>,
}

/// One key on the way to a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct YamlStep<'tree> {
    /// The mapping.
    pub(super) mapping: &'tree TreeNode,
    /// The mapping's entries.
    pub(super) entries: &'tree [MappingEntry],
    /// The number of the entry.
    pub(super) index: usize,
    /// The entry.
    pub(super) entry: &'tree MappingEntry,
    /// True if the mapping is in braces.
    pub(super) flow: bool,
}

/// Returns the pieces of the text to replace, or nothing where the value is already there.
///
/// # Errors
///
/// Refuses text that is not well-formed, and an edit that has no plain place.
pub(super) fn change(text: &str, edit: &ValueEdit, is_json: bool) -> Result<Option<TextChange>, EditStop> {
    let syntax = if is_json { TextSyntax::Json } else { TextSyntax::Yaml };
    if is_json {
        verify::read(text, syntax)?;
    }
    let tree = EditTree::parse(text)?;
    if let ValueEdit::Set { path, value } = edit
        && verify::holds(&verify::read(text, syntax)?, path, value)
    {
        return Ok(None);
    }
    let layout = TextLayout::of(text, &tree);
    let json = is_json.then(|| JsonLayout::of(text, &tree));
    let document = EditedDocument { text, tree, layout, json };
    match edit {
        ValueEdit::Set { path, value } => document.set(path, value),
        ValueEdit::Remove { path } => document.remove(path),
    }
    .map(Some)
}

impl EditedDocument<'_> {
    fn set(&self, path: &[String], value: &Value) -> Result<TextChange, EditStop> {
        let steps = self.walk(path)?;
        let rest = path.get(steps.len()..).unwrap_or_default();
        let Some((key, below)) = rest.split_first() else {
            let Some(step) = steps.last() else { return Err(EditStop::new(EditRefusal::NoPath)) };
            self.replaceable(&step.entry.value)?;
            return if step.flow { flow::replace(self, step, value) } else { block::replace(self, step, value) };
        };
        let value = below.iter().rev().fold(value.clone(), |inner, key| single(key, inner));
        match (steps.last(), self.container(&steps)) {
            (_, Some(TreeNode { shape: NodeContent::Mapping { flow: false, entries }, .. })) => {
                no_merge_key(entries)?;
                block::insert(self, entries, key, &value)
            }
            (Some(step), Some(TreeNode { shape: NodeContent::Mapping { entries, .. }, .. }))
                if entries.is_empty() && !step.flow && self.json.is_none() =>
            {
                block::replace(self, step, &single(key, value))
            }
            (_, Some(node @ TreeNode { shape: NodeContent::Mapping { entries, .. }, .. })) => {
                no_merge_key(entries)?;
                flow::insert(self, node, entries, key, &value)
            }
            (Some(step), _) if step.flow => flow::replace(self, step, &single(key, value)),
            (Some(step), _) => block::replace(self, step, &single(key, value)),
            (None, _) => block::fill(self, key, &value),
        }
    }

    fn remove(&self, path: &[String]) -> Result<TextChange, EditStop> {
        let steps = self.walk(path)?;
        if steps.len() < path.len() {
            if let Some(TreeNode { shape: NodeContent::Mapping { entries, .. }, .. }) = self.container(&steps) {
                no_merge_key(entries)?;
            }
            return Err(EditStop::new(EditRefusal::Missing));
        }
        let Some((step, above)) = steps.split_last() else { return Err(EditStop::new(EditRefusal::NoPath)) };
        no_merge_key(step.entries)?;
        self.replaceable(&step.entry.value)?;
        if let Some(anchor) = self.tree.needed_elsewhere(&step.entry.key) {
            return Err(EditStop::at(step.entry.key.range.start, EditRefusal::Shared(anchor.to_owned())));
        }
        if step.flow { flow::remove(self, step) } else { block::remove(self, step, above.last()) }
    }

    /// Follows the path as far as there are entries.
    fn walk(&self, path: &[String]) -> Result<Vec<YamlStep<'_>>, EditStop> {
        let mut steps = Vec::new();
        let mut node = self.tree.root.as_ref();
        for (depth, key) in path.iter().enumerate() {
            let Some(mapping) = node else { break };
            self.enterable(mapping)?;
            let NodeContent::Mapping { flow, entries } = &mapping.shape else {
                if matches!(mapping.shape, NodeContent::Empty) || (depth > 0 && self.is_null(mapping)) {
                    break;
                }
                let parent = path.get(..depth).unwrap_or_default().to_vec();
                let refusal = EditRefusal::NotAMapping { parent, holds: mapping.kind() };
                return Err(EditStop::at(mapping.range.start, refusal));
            };
            let found = entries.iter().enumerate().find(|(_, entry)| entry.name.as_ref() == Some(key));
            let Some((index, entry)) = found else { break };
            steps.push(YamlStep { mapping, entries, index, entry, flow: *flow });
            node = Some(&entry.value);
        }
        Ok(steps)
    }

    /// Returns the node that the steps lead to.
    fn container<'tree>(&'tree self, steps: &[YamlStep<'tree>]) -> Option<&'tree TreeNode> {
        steps.last().map_or(self.tree.root.as_ref(), |step| Some(&step.entry.value))
    }

    /// True if a value is `null`, written out: it makes way for a mapping like one that is not there.
    fn is_null(&self, node: &TreeNode) -> bool {
        matches!(node.shape, NodeContent::Plain)
            && matches!(self.text.get(node.range.clone()), Some("~" | "null" | "Null" | "NULL"))
    }

    /// Refuses to change something inside a node that is not only here.
    fn enterable(&self, node: &TreeNode) -> Result<(), EditStop> {
        if matches!(node.shape, NodeContent::Alias) {
            return Err(EditStop::at(node.range.start, EditRefusal::Alias));
        }
        if node.tagged {
            return Err(EditStop::at(node.range.start, EditRefusal::Tagged));
        }
        match self.tree.shared(node) {
            Some(anchor) => Err(EditStop::at(node.range.start, EditRefusal::Shared(anchor.to_owned()))),
            None => Ok(()),
        }
    }

    /// Refuses to take a value away whose anchors are used elsewhere, or whose tag says how it is read.
    fn replaceable(&self, node: &TreeNode) -> Result<(), EditStop> {
        if node.tagged {
            return Err(EditStop::at(node.range.start, EditRefusal::Tagged));
        }
        match self.tree.needed_elsewhere(node) {
            Some(anchor) => Err(EditStop::at(node.range.start, EditRefusal::Shared(anchor.to_owned()))),
            None => Ok(()),
        }
    }
}

fn single(key: &str, value: Value) -> Value {
    Value::Object(std::iter::once((key.to_owned(), value)).collect())
}

/// Refuses to add or remove keys where a merge key may bring the same ones.
fn no_merge_key(entries: &[MappingEntry]) -> Result<(), EditStop> {
    match entries.iter().find(|entry| entry.name.as_deref() == Some("<<")) {
        Some(entry) => Err(EditStop::at(entry.key.range.start, EditRefusal::Merged)),
        None => Ok(()),
    }
}
