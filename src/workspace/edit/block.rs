//! Changes of block mappings: whole lines come and go, values change within their line.

use super::change::{EditStop, TextChange, indentation, line_end, line_start, previous_line_end, whole_lines};
use super::error::EditRefusal;
use super::layout::{RenderedValue, dash_column, spaces};
use super::quote::QuoteStyle;
use super::tree::{MappingEntry, NodeContent, TreeNode};
use super::yaml::{EditedDocument, YamlStep};
use serde_json::Value;
use std::ops::Range;

/// Replaces the value of an entry.
///
/// # Errors
///
/// Refuses where comments would be lost, or the entry is laid out unusually.
pub(super) fn replace(
    document: &EditedDocument<'_>,
    step: &YamlStep<'_>,
    value: &Value,
) -> Result<TextChange, EditStop> {
    let (text, entry) = (document.text, step.entry);
    let old = &entry.value;
    let mut change = TextChange::default();
    if let NodeContent::Plain | NodeContent::Single | NodeContent::Double = old.shape
        && !value.is_object()
        && !value.is_array()
    {
        // A scalar for a scalar needs no more than its own place, however the entry is laid out.
        let RenderedValue { head: Some(head), lines } =
            document.layout.value(value, entry.key.column, QuoteStyle::of(old))
        else {
            return Err(unusual(entry));
        };
        if lines.is_empty() {
            change.replace(old.range.clone(), head);
            return Ok(change);
        }
    }
    let column = column(text, entry)?;
    let base = entry.base().ok_or_else(|| unusual(entry))?;
    let rendered = render(document, old, value, column);
    let below = document.layout.below(&rendered.lines);
    match &old.shape {
        NodeContent::Empty => {
            change.insert(base, rendered.head.map(|head| format!(" {head}")).unwrap_or_default());
            change.insert(line_end(text, base), below);
        }
        NodeContent::Block => {
            let header = header(text, base).ok_or_else(|| unusual(entry))?;
            // A block without a line has its place where the next line starts.
            let last = if old.range.is_empty() { header.end } else { old.range.end };
            let content = line_end(text, header.end)..line_end(text, last);
            match rendered.head {
                Some(head) => change.replace(header, head),
                None => change.replace(base..header.end, ""),
            }
            change.replace(content, below);
        }
        NodeContent::Sequence { flow: false, .. } | NodeContent::Mapping { flow: false, .. } => {
            let from = previous_line_end(text, old.range.start).filter(|&end| end >= base);
            let lines = from.ok_or_else(|| unusual(entry))?..line_end(text, old.range.end);
            no_comments(document, &lines)?;
            change.insert(base, rendered.head.map(|head| format!(" {head}")).unwrap_or_default());
            change.replace(lines, below);
        }
        _ => {
            let old_place = if rendered.head.is_some() { old.range.clone() } else { base..old.range.end };
            no_comments(document, &old_place)?;
            change.replace(old_place, rendered.head.unwrap_or_default());
            change.insert(line_end(text, old.range.end), below);
        }
    }
    Ok(change)
}

/// Adds an entry at the end of a block mapping.
///
/// # Errors
///
/// Refuses where the mapping is laid out unusually.
pub(super) fn insert(
    document: &EditedDocument<'_>,
    entries: &[MappingEntry],
    key: &str,
    value: &Value,
) -> Result<TextChange, EditStop> {
    let text = document.text;
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Err(EditStop::new(EditRefusal::Layout("the mapping has no entry to stand beside")));
    };
    let column = column(text, first)?;
    let end = document.tree.comments_end(text, last.end(), |comment| comment >= column);
    let lines = document.layout.entry(key, value, column, QuoteStyle::of(&last.key));
    let added = document.layout.below(&lines);
    let mut change = TextChange::default();
    change.insert(line_end(text, end), added);
    Ok(change)
}

/// Adds the first entry to an empty document.
///
/// # Errors
///
/// Refuses where something stands in the way.
pub(super) fn fill(document: &EditedDocument<'_>, key: &str, value: &Value) -> Result<TextChange, EditStop> {
    let (text, end) = (document.text, document.tree.end);
    if document.tree.root.as_ref().is_some_and(|root| root.properties_end.is_some()) {
        return Err(EditStop::new(EditRefusal::Layout("the document has an anchor but no value")));
    }
    let newline = document.layout.newline;
    let lines = document.layout.entry(key, value, 0, QuoteStyle::Plain).join(newline);
    let before = text.get(..end).unwrap_or_default();
    let mut change = TextChange::default();
    if before.is_empty() || before.ends_with('\n') {
        change.insert(end, format!("{lines}{newline}"));
    } else {
        change.insert(end, format!("{newline}{lines}"));
    }
    Ok(change)
}

/// Takes the lines of an entry away; a mapping that it leaves empty is written `{}`.
///
/// # Errors
///
/// Refuses where the entry is laid out unusually.
pub(super) fn remove(
    document: &EditedDocument<'_>,
    step: &YamlStep<'_>,
    above: Option<&YamlStep<'_>>,
) -> Result<TextChange, EditStop> {
    let (text, entry) = (document.text, step.entry);
    let column = column(text, entry)?;
    let start = line_start(text, entry.key.range.start);
    // A comment that is deeper than the key stands inside the entry.
    let end = document.tree.comments_end(text, line_end(text, entry.end()), |comment| comment > column);
    let mut change = TextChange::default();
    change.drop_comments(start..line_end(text, end));
    if step.entries.len() > 1 {
        change.replace(whole_lines(text, start, end), "");
        return Ok(change);
    }
    match above {
        Some(above) => {
            let base = above.entry.base().filter(|&base| base <= start).ok_or_else(|| unusual(above.entry))?;
            change.insert(base, " {}");
            change.replace(whole_lines(text, start, end), "");
        }
        None => change.replace(start..line_end(text, end), "{}"),
    }
    Ok(change)
}

/// Writes a value for the place of an old one: lists and mappings in the old one's style.
fn render(document: &EditedDocument<'_>, old: &TreeNode, value: &Value, column: usize) -> RenderedValue {
    let layout = &document.layout;
    match (&old.shape, value) {
        (NodeContent::Mapping { flow: true, entries }, Value::Object(_)) if !entries.is_empty() => {
            RenderedValue { head: Some(layout.inline(value, QuoteStyle::Plain, false)), lines: Vec::new() }
        }
        (NodeContent::Sequence { flow: true, .. }, Value::Array(_)) => {
            RenderedValue { head: Some(layout.inline(value, QuoteStyle::Plain, false)), lines: Vec::new() }
        }
        (NodeContent::Mapping { flow: false, .. }, Value::Object(mapping)) if !mapping.is_empty() => {
            RenderedValue { head: None, lines: layout.entries(mapping, old.column) }
        }
        (NodeContent::Sequence { flow: false, .. }, Value::Array(items)) if !items.is_empty() => {
            let dashes = dash_column(document.text, old).unwrap_or(column);
            RenderedValue { head: None, lines: layout.items(items, dashes) }
        }
        _ => layout.value(value, column, QuoteStyle::of(old)),
    }
}

/// Returns the column of an entry that begins its line, as entries of block mappings do.
fn column(text: &str, entry: &MappingEntry) -> Result<usize, EditStop> {
    match indentation(text, entry.key.range.start) {
        Some(before) if *before == spaces(before.len()) => Ok(before.len()),
        _ => Err(unusual(entry)),
    }
}

/// Returns the range of a block scalar's header: `|` or `>` and its indicators, up to a blank.
fn header(text: &str, base: usize) -> Option<Range<usize>> {
    let line = text.get(base..line_end(text, base))?;
    let start = base + (line.len() - line.trim_start().len());
    let word = line.split_whitespace().next()?;
    word.starts_with(['|', '>']).then(|| start..start + word.len())
}

fn no_comments(document: &EditedDocument<'_>, range: &Range<usize>) -> Result<(), EditStop> {
    if document.tree.has_comment(range) { Err(EditStop::at(range.start, EditRefusal::Comment)) } else { Ok(()) }
}

fn unusual(entry: &MappingEntry) -> EditStop {
    EditStop::at(entry.key.range.start, EditRefusal::Layout("its key does not stand plainly at the start of its line"))
}
