//! The layout of a YAML text, for additions to it: line breaks, indentation and quotes.

use super::change::{line_start, newline};
use super::quote::{QuoteContext, QuoteStyle, literal_lines};
use super::tree::{EditTree, MappingEntry, NodeContent, TreeNode};
use serde_json::Value;

/// The indentation where the text shows none.
const USUAL_INDENT: usize = 2;
/// The deepest step of indentation that is taken for a habit.
const WIDEST_INDENT: usize = 8;

/// The habits of a text.
#[derive(Debug)]
pub(super) struct TextLayout {
    /// The line break.
    pub(super) newline: &'static str,
    /// By how many spaces a mapping in a mapping is indented.
    pub(super) indent: usize,
    /// By how many spaces the dashes of a list in a mapping are indented.
    list_indent: usize,
    /// The quotes that the text uses more.
    fallback: QuoteStyle,
    /// True if a block scalar may be last: without a line break after it, readers disagree about its end.
    block_scalars: bool,
}

/// A value as text: the rest of its key's line, and whole lines below.
#[derive(Debug, Default)]
pub(super) struct RenderedValue {
    /// The text after the key.
    pub(super) head: Option<String>,
    /// The lines below, with their indentation.
    pub(super) lines: Vec<String>,
}

impl TextLayout {
    /// Detects the style of a text.
    pub(super) fn of(text: &str, tree: &EditTree) -> Self {
        let (mut indent, mut list_indent, mut single, mut double) = (None, None, 0_usize, 0_usize);
        if let Some(root) = &tree.root {
            root.visit(&mut |node| match &node.shape {
                NodeContent::Single => single += 1,
                NodeContent::Double => double += 1,
                NodeContent::Mapping { flow: false, entries } => {
                    for entry in entries {
                        indent = indent.or_else(|| mapping_step(entry));
                        list_indent = list_indent.or_else(|| list_step(text, entry));
                    }
                }
                _ => {}
            });
        }
        let indent = indent.unwrap_or(USUAL_INDENT);
        Self {
            newline: newline(text),
            indent,
            list_indent: list_indent.unwrap_or(indent),
            fallback: if single > double { QuoteStyle::Single } else { QuoteStyle::Double },
            block_scalars: text.ends_with('\n'),
        }
    }

    /// Returns the quoting of strings at a place.
    pub(super) fn quoting(&self, preferred: QuoteStyle, flow: bool) -> QuoteContext {
        QuoteContext { preferred, fallback: self.fallback, flow }
    }

    /// Joins lines, each after a line break.
    pub(super) fn below(&self, lines: &[String]) -> String {
        lines.iter().flat_map(|line| [self.newline, line]).collect()
    }

    /// Writes an entry of a block mapping at a column; the key in quotes like its neighbours'.
    pub(super) fn entry(&self, key: &str, value: &Value, column: usize, key_quote: QuoteStyle) -> Vec<String> {
        let RenderedValue { head, lines } = self.value(value, column, QuoteStyle::Plain);
        let head = head.map(|head| format!(" {head}")).unwrap_or_default();
        let key = self.quoting(key_quote, false).text(key);
        let mut entry = vec![format!("{}{key}:{head}", spaces(column))];
        entry.extend(lines);
        entry
    }

    /// Writes the entries of a block mapping at a column.
    pub(super) fn entries(&self, mapping: &serde_json::Map<String, Value>, column: usize) -> Vec<String> {
        mapping.iter().flat_map(|(key, value)| self.entry(key, value, column, QuoteStyle::Plain)).collect()
    }

    /// Writes the items of a block list at a column.
    pub(super) fn items(&self, items: &[Value], column: usize) -> Vec<String> {
        items.iter().flat_map(|item| self.item(item, column)).collect()
    }

    /// Writes the value of a key that stands at a column of a block mapping.
    pub(super) fn value(&self, value: &Value, column: usize, preferred: QuoteStyle) -> RenderedValue {
        match value {
            Value::Object(mapping) if !mapping.is_empty() => {
                RenderedValue { head: None, lines: self.entries(mapping, column + self.indent) }
            }
            Value::Array(items) if !items.is_empty() => {
                RenderedValue { head: None, lines: self.items(items, column + self.list_indent) }
            }
            Value::String(text)
                if self.block_scalars
                    && let Some((header, lines)) = literal_lines(text) =>
            {
                let indent = spaces(column + self.indent);
                let indented = |line: &str| if line.is_empty() { String::new() } else { format!("{indent}{line}") };
                RenderedValue { head: Some(header.to_owned()), lines: lines.map(indented).collect() }
            }
            other => RenderedValue { head: Some(self.inline(other, preferred, false)), lines: Vec::new() },
        }
    }

    /// Writes a value in one line; collections in brackets and braces.
    pub(super) fn inline(&self, value: &Value, preferred: QuoteStyle, flow: bool) -> String {
        match value {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.inline(item, QuoteStyle::Plain, true)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Object(mapping) => {
                let key = |key| self.quoting(QuoteStyle::Plain, true).text(key);
                let entries: Vec<String> = mapping
                    .iter()
                    .map(|(name, value)| format!("{}: {}", key(name), self.inline(value, QuoteStyle::Plain, true)))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
            scalar => self.quoting(preferred, flow).scalar(scalar),
        }
    }

    fn item(&self, item: &Value, column: usize) -> Vec<String> {
        let dash = format!("{}- ", spaces(column));
        match item {
            Value::Object(mapping) if !mapping.is_empty() => {
                let mut lines = self.entries(mapping, column + dash.trim_start().len());
                if let Some(first) = lines.first_mut() {
                    *first = format!("{dash}{}", first.trim_start());
                }
                lines
            }
            other => vec![format!("{dash}{}", self.inline(other, QuoteStyle::Plain, false))],
        }
    }
}

/// Returns this many spaces.
pub(super) fn spaces(count: usize) -> String {
    " ".repeat(count)
}

fn mapping_step(entry: &MappingEntry) -> Option<usize> {
    let NodeContent::Mapping { flow: false, .. } = entry.value.shape else { return None };
    step(&entry.key, entry.value.column).filter(|&step| step > 0)
}

fn list_step(text: &str, entry: &MappingEntry) -> Option<usize> {
    let NodeContent::Sequence { flow: false, .. } = entry.value.shape else { return None };
    step(&entry.key, dash_column(text, &entry.value)?)
}

/// Returns the column of the dashes of a block list.
pub(super) fn dash_column(text: &str, list: &TreeNode) -> Option<usize> {
    let line = text.get(line_start(text, list.range.start)..)?;
    let column = line.len() - line.trim_start_matches(' ').len();
    line.get(column..)?.starts_with('-').then_some(column)
}

fn step(key: &TreeNode, column: usize) -> Option<usize> {
    column.checked_sub(key.column).filter(|&step| step <= WIDEST_INDENT)
}
