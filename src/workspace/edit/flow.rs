//! Changes of mappings in braces, those of JSON among them.

use super::change::{EditStop, TextChange, indentation, line_start};
use super::error::EditRefusal;
use super::quote::QuoteStyle;
use super::tree::{MappingEntry, NodeContent, TreeNode};
use super::yaml::{EditedDocument, YamlStep};
use serde_json::Value;
use std::ops::Range;

/// Replaces the value of an entry.
///
/// # Errors
///
/// Refuses where comments would be lost.
pub(super) fn replace(
    document: &EditedDocument<'_>,
    step: &YamlStep<'_>,
    value: &Value,
) -> Result<TextChange, EditStop> {
    let entry = step.entry;
    no_comments(document, &entry.value.range)?;
    let line = line_indentation(document.text, entry.key.range.start);
    let outer = (in_lines(document.text, step.mapping, step.entries)
        || document.text.get(entry.value.range.clone()).is_some_and(|old| old.contains('\n')))
    .then_some(line);
    let new = render_value(document, value, outer, QuoteStyle::of(&entry.value));
    let mut change = TextChange::default();
    match (&entry.value.shape, entry.base()) {
        (NodeContent::Empty, Some(base)) => change.insert(base, format!(" {new}")),
        (NodeContent::Empty, None) => change.insert(entry.key.range.end, format!(": {new}")),
        _ => change.replace(entry.value.range.clone(), new),
    }
    Ok(change)
}

/// Adds an entry at the end of a mapping.
///
/// # Errors
///
/// Refuses where comments stand in empty braces.
pub(super) fn insert(
    document: &EditedDocument<'_>,
    mapping: &TreeNode,
    entries: &[MappingEntry],
    key: &str,
    value: &Value,
) -> Result<TextChange, EditStop> {
    let text = document.text;
    let Some(last) = entries.last() else { return fill(document, mapping, key, value) };
    let end = last.end();
    let closing = mapping.range.end.saturating_sub(1).max(end);
    let has_comma = has_comma(document, &(end..closing));
    let mut change = TextChange::default();
    if in_lines(text, mapping, entries) {
        let indent = line_indentation(text, last.key.range.start);
        let entry = render_entry(document, key, value, Some(indent), QuoteStyle::of(&last.key));
        let after = end + text.get(end..closing).unwrap_or_default().trim_end().len();
        if !has_comma {
            change.insert(end, ",");
        }
        let trailing = if has_comma { "," } else { "" };
        change.insert(after, format!("{}{indent}{entry}{trailing}", document.layout.newline));
    } else {
        let comma = document.json.as_ref().map_or_else(|| ", ".to_owned(), super::json::JsonLayout::comma);
        let entry = render_entry(document, key, value, None, QuoteStyle::of(&last.key));
        change.insert(end, format!("{comma}{entry}"));
    }
    Ok(change)
}

/// Takes an entry away, and the comma that it no longer needs.
///
/// # Errors
///
/// Refuses where comments would be lost.
pub(super) fn remove(document: &EditedDocument<'_>, step: &YamlStep<'_>) -> Result<TextChange, EditStop> {
    let before = step.index.checked_sub(1).and_then(|index| step.entries.get(index));
    let gone = match (before, step.entries.get(step.index + 1)) {
        (_, Some(next)) => step.entry.key.range.start..next.key.range.start,
        (Some(before), None) => before.end()..step.entry.end(),
        (None, None) => step.mapping.range.start + 1..step.mapping.range.end.saturating_sub(1),
    };
    no_comments(document, &gone)?;
    let mut change = TextChange::default();
    change.replace(gone, "");
    Ok(change)
}

/// Gives empty braces their first entry.
fn fill(document: &EditedDocument<'_>, mapping: &TreeNode, key: &str, value: &Value) -> Result<TextChange, EditStop> {
    no_comments(document, &mapping.range)?;
    let newline = document.layout.newline;
    let mut change = TextChange::default();
    let step = document.json.as_ref().and_then(|json| json.indent.as_deref());
    let filled = if let Some(step) = step {
        let outer = line_indentation(document.text, mapping.range.start);
        let inner = format!("{outer}{step}");
        let entry = render_entry(document, key, value, Some(&inner), QuoteStyle::Plain);
        format!("{{{newline}{inner}{entry}{newline}{outer}}}")
    } else {
        format!("{{{}}}", render_entry(document, key, value, None, QuoteStyle::Plain))
    };
    change.replace(mapping.range.clone(), filled);
    Ok(change)
}

fn render_entry(
    document: &EditedDocument<'_>,
    key: &str,
    value: &Value,
    outer: Option<&str>,
    quote: QuoteStyle,
) -> String {
    if let Some(json) = &document.json {
        return json.entry(key, value, outer, document.layout.newline);
    }
    let key = document.layout.quoting(quote, true).text(key);
    format!("{key}: {}", render_value(document, value, outer, QuoteStyle::Plain))
}

fn render_value(document: &EditedDocument<'_>, value: &Value, outer: Option<&str>, quote: QuoteStyle) -> String {
    match &document.json {
        Some(json) => json.value(value, outer, document.layout.newline),
        None => document.layout.inline(value, quote, true),
    }
}

/// True if the last entry stands in a line of its own.
fn in_lines(text: &str, mapping: &TreeNode, entries: &[MappingEntry]) -> bool {
    entries.last().is_some_and(|last| {
        let start = last.key.range.start;
        line_start(text, start) > mapping.range.start && indentation(text, start).is_some()
    })
}

/// Returns the indentation of an offset's line.
fn line_indentation(text: &str, offset: usize) -> &str {
    let line = text.get(line_start(text, offset)..offset).unwrap_or_default();
    line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default()
}

/// True if a comma stands in a piece of the text, outside of comments.
fn has_comma(document: &EditedDocument<'_>, range: &Range<usize>) -> bool {
    let comments = document.tree.comments.iter().filter(|comment| range.contains(&comment.range.start));
    let ends = comments.clone().map(|comment| comment.range.end);
    let gaps = std::iter::once(range.start).chain(ends);
    let mut pieces = gaps.zip(comments.map(|comment| comment.range.start).chain([range.end]));
    pieces.any(|(start, end)| document.text.get(start..end).is_some_and(|gap| gap.contains(',')))
}

fn no_comments(document: &EditedDocument<'_>, range: &Range<usize>) -> Result<(), EditStop> {
    if document.tree.has_comment(range) { Err(EditStop::at(range.start, EditRefusal::Comment)) } else { Ok(()) }
}
