//! Finds the place of an edit in TOML text.

use super::ValueEdit;
use super::change::{EditStop, TextChange, line_end, line_start, newline, whole_lines};
use super::error::EditRefusal;
use super::verify::{self, TextSyntax};
use serde_json::Value;
use std::ops::Range;
use toml_edit::{Document, Item, Key, TableLike};

/// One key on the way to a value.
struct TomlStep<'document> {
    table: &'document Item,
    key: &'document Key,
    item: &'document Item,
}

/// Returns the pieces of the text to replace, or nothing where the value is already there.
///
/// # Errors
///
/// Refuses text that is not well-formed, and an edit that has no plain place.
pub(super) fn change(text: &str, edit: &ValueEdit) -> Result<Option<TextChange>, EditStop> {
    let document = Document::parse(text).map_err(|error| {
        let start = error.span().map_or(text.len(), |span| span.start);
        EditStop::at(start, EditRefusal::Malformed(error.message().to_owned()))
    })?;
    match edit {
        ValueEdit::Set { path, value } if verify::holds(&verify::read(text, TextSyntax::Toml)?, path, value) => {
            Ok(None)
        }
        ValueEdit::Set { path, value } => set(text, document.as_item(), path, value).map(Some),
        ValueEdit::Remove { path, keep } => remove(text, document.as_item(), path, *keep).map(Some),
    }
}

/// Returns the places of the comments: from each `#` outside of strings to the end of its line.
pub(super) fn comments(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = match rest.as_bytes().first() {
            Some(b'#') => {
                let end = line_end(text, at);
                found.push(at..end);
                end - at
            }
            Some(b'"' | b'\'') => string_length(rest),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        at += length.max(1);
    }
    found
}

/// Returns the length of the string that a text begins with, quotes included.
fn string_length(text: &str) -> usize {
    let quote = text.get(..1).unwrap_or_default();
    let long = quote.repeat(3);
    let delimiter = if text.starts_with(&long) { long.as_str() } else { quote };
    let mut at = delimiter.len();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if quote == "\"" && rest.starts_with('\\') {
            at += 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
        } else if rest.starts_with(delimiter) {
            // Up to two more quotes before the closing ones belong to the string (TOML 1.0, "String").
            let more = if delimiter.len() > 1 { rest.len() - rest.trim_start_matches(quote).len() } else { 1 };
            return at + more.min(5);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

fn walk<'document>(root: &'document Item, path: &[String]) -> Result<Vec<TomlStep<'document>>, EditStop> {
    let mut steps = Vec::new();
    let mut item = root;
    for (depth, name) in path.iter().enumerate() {
        let Some(table) = item.as_table_like() else {
            let parent = path.get(..depth).unwrap_or_default().to_vec();
            let holds = if item.is_array() || item.is_array_of_tables() { "a list" } else { "a single value" };
            let refusal = EditRefusal::NotAMapping { parent, holds };
            return Err(item
                .span()
                .map_or_else(|| EditStop::new(refusal.clone()), |at| EditStop::at(at.start, refusal.clone())));
        };
        let Some((key, value)) = table.get_key_value(name) else { break };
        steps.push(TomlStep { table: item, key, item: value });
        item = value;
    }
    Ok(steps)
}

fn set(text: &str, root: &Item, path: &[String], value: &Value) -> Result<TextChange, EditStop> {
    let steps = walk(root, path)?;
    let rest = path.get(steps.len()..).unwrap_or_default();
    let mut change = TextChange::default();
    if steps.iter().any(|step| step.item.as_inline_table().is_some_and(toml_edit::InlineTable::is_dotted)) {
        return Err(EditStop::new(dotted()));
    }
    let Some((key, below)) = rest.split_first() else {
        let Some(place) = steps.last().and_then(|step| step.item.as_value()?.span()) else {
            return Err(EditStop::new(EditRefusal::Table));
        };
        let old = text.get(place.clone()).unwrap_or_default();
        if let Some(comment) = comments(text).iter().find(|comment| place.contains(&comment.start)) {
            return Err(EditStop::at(comment.start, EditRefusal::Comment));
        }
        change.replace(place, render(value, old.starts_with('\'') && !old.starts_with("'''"))?);
        return Ok(change);
    };
    let container = steps.last().map_or(root, |step| step.item);
    match container {
        Item::Value(inline) => {
            let place = inline.span().ok_or_else(unplaced)?;
            let value = below
                .iter()
                .rev()
                .fold(value.clone(), |inner, key| Value::Object(std::iter::once((key.clone(), inner)).collect()));
            let entry = format!("{} = {}", Key::new(key), render(&value, false)?);
            let last = inline.as_inline_table().and_then(|table| last_value_end(table));
            match last {
                Some(end) => change.insert(end, format!(", {entry}")),
                None => change.replace(place, format!("{{ {entry} }}")),
            }
        }
        Item::Table(table) if table.is_dotted() => {
            return Err(EditStop::new(dotted()));
        }
        Item::Table(table) if below.is_empty() && !value.is_object() && !table.is_implicit() => {
            insert_line(text, root, table, &format!("{} = {}", Key::new(key), render(value, false)?), &mut change);
        }
        Item::Table(_) => append_section(text, path, value, &mut change)?,
        _ => return Err(unplaced()),
    }
    Ok(change)
}

/// Adds a line to the end of a table's own keys.
fn insert_line(text: &str, root: &Item, table: &toml_edit::Table, entry: &str, change: &mut TextChange) {
    let newline = newline(text);
    match last_value_end(table).or_else(|| header(table).map(|header| header.end)) {
        Some(end) => change.insert(line_end(text, end), format!("{newline}{entry}")),
        None => match first_header(root) {
            // Before the first table, and before the comments that stand right above it.
            Some(header) => {
                let mut start = line_start(text, header);
                while start > 0
                    && text.get(line_start(text, start - 1)..start).is_some_and(|line| line.starts_with('#'))
                {
                    start = line_start(text, start - 1);
                }
                change.insert(start, format!("{entry}{newline}{newline}"));
            }
            None => append(text, entry, change),
        },
    }
}

/// Adds a table with a header at the end of the text.
fn append_section(text: &str, path: &[String], value: &Value, change: &mut TextChange) -> Result<(), EditStop> {
    let newline = newline(text);
    let (header, lines) = match (value, path.split_last()) {
        (Value::Object(entries), _) => (path, entries.iter().collect::<Vec<_>>()),
        (_, Some((last, parents))) => (parents, vec![(last, value)]),
        (_, None) => return Err(EditStop::new(EditRefusal::NoPath)),
    };
    let header: Vec<String> = header.iter().map(|key| Key::new(key).to_string()).collect();
    let mut section = vec![format!("[{}]", header.join("."))];
    for (key, value) in lines {
        section.push(format!("{} = {}", Key::new(key), render(value, false)?));
    }
    let section = section.join(newline);
    let gap = if text.trim().is_empty() { String::new() } else { newline.to_owned() };
    append(text, &format!("{gap}{section}"), change);
    Ok(())
}

fn append(text: &str, lines: &str, change: &mut TextChange) {
    let newline = newline(text);
    let added =
        if text.is_empty() || text.ends_with('\n') { format!("{lines}{newline}") } else { format!("{newline}{lines}") };
    change.insert(text.len(), added);
}

fn remove(text: &str, root: &Item, path: &[String], keep: usize) -> Result<TextChange, EditStop> {
    let mut steps = walk(root, path)?;
    if steps.len() < path.len() {
        return Err(EditStop::new(EditRefusal::Missing));
    }
    while let [.., step] = steps.as_slice()
        && steps.len() - 1 > keep
        && step.table.as_table_like().is_some_and(|table| table.len() == 1)
        // A table that is only implied goes by itself with the last that implies it.
        && !step.table.as_table().is_some_and(toml_edit::Table::is_implicit)
    {
        steps.pop();
    }
    let step = steps.last().ok_or_else(unplaced)?;
    let mut change = TextChange::default();
    match (step.table, step.item) {
        (Item::Value(inline), _) => change.replace(inline_entry(text, inline, step)?, ""),
        (_, Item::Value(value)) => {
            let place = value.span().ok_or_else(unplaced)?;
            let start = line_start(text, step.key.span().ok_or_else(unplaced)?.start);
            change.drop_comments(start..line_end(text, place.end));
            change.replace(whole_lines(text, start, place.end), "");
        }
        (_, Item::Table(table)) => {
            let only_values = table.iter().all(|(_, item)| item.is_value());
            let header = header(table).filter(|_| only_values).ok_or_else(|| {
                EditStop::new(EditRefusal::Layout("its table is not one section with its keys below it"))
            })?;
            let end = last_value_end(table).unwrap_or(header.end);
            change.drop_comments(line_start(text, header.start)..line_end(text, end));
            change.replace(whole_lines(text, header.start, end), "");
        }
        _ => return Err(unplaced()),
    }
    Ok(change)
}

/// Returns the place of an entry of an inline table, with the comma that goes with it.
fn inline_entry(text: &str, inline: &toml_edit::Value, step: &TomlStep<'_>) -> Result<Range<usize>, EditStop> {
    let table = inline.as_inline_table().ok_or_else(unplaced)?;
    let key = step.key.span().ok_or_else(unplaced)?;
    let own_key = text.get(..key.start).map(|before| before.trim_end().ends_with(['{', ',']));
    let mut places = Vec::new();
    for (name, _) in table {
        let (key, item) = table.get_key_value(name).ok_or_else(unplaced)?;
        if item.as_inline_table().is_some_and(toml_edit::InlineTable::is_dotted) {
            return Err(EditStop::new(dotted()));
        }
        let (start, end) = (key.span().ok_or_else(unplaced)?, item.span().ok_or_else(unplaced)?);
        places.push(start.start..end.end);
    }
    let index = places.iter().position(|place| place.start == key.start).filter(|_| own_key == Some(true));
    let index = index.ok_or_else(|| EditStop::at(key.start, dotted()))?;
    let before = index.checked_sub(1).and_then(|index| places.get(index));
    let gone = match (before, places.get(index), places.get(index + 1)) {
        (_, Some(this), Some(next)) => this.start..next.start,
        (Some(before), Some(this), None) => before.end..this.end,
        _ => inline.span().map(|braces| braces.start + 1..braces.end.saturating_sub(1)).ok_or_else(unplaced)?,
    };
    Ok(gone)
}

/// Returns where the last value ends that is a table's own, those under dotted keys among them.
fn last_value_end(table: &dyn TableLike) -> Option<usize> {
    let end = |item: &Item| match item {
        Item::Value(value) => {
            let dotted = value.as_inline_table().filter(|inner| inner.is_dotted());
            dotted.map_or_else(|| value.span().map(|span| span.end), |inner| last_value_end(inner))
        }
        Item::Table(inner) if inner.is_dotted() => last_value_end(inner),
        _ => None,
    };
    table.iter().filter_map(|(_, item)| end(item)).max()
}

/// Returns where the first header of a document starts.
fn first_header(item: &Item) -> Option<usize> {
    match item {
        Item::Table(table) => {
            let own = header(table).map(|header| header.start);
            own.into_iter().chain(table.iter().filter_map(|(_, inner)| first_header(inner))).min()
        }
        Item::ArrayOfTables(tables) => tables.iter().filter_map(|table| table.span().map(|header| header.start)).min(),
        _ => None,
    }
}

/// Returns the place of a table's own header; the top of the document has none.
fn header(table: &toml_edit::Table) -> Option<Range<usize>> {
    table.span().filter(|place| !place.is_empty() && !table.is_implicit() && !table.is_dotted())
}

/// Writes a value; a string in single quotes where those stood there and it needs no escapes.
fn render(value: &Value, single_quotes: bool) -> Result<String, EditStop> {
    use toml_edit::Value as Toml;
    fn build(value: &Value) -> Result<Toml, EditStop> {
        Ok(match value {
            Value::Null => return Err(EditStop::new(EditRefusal::Null)),
            Value::Bool(truth) => Toml::from(*truth),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Toml::from(whole),
                (None, Some(float)) if number.is_f64() => Toml::from(float),
                _ => return Err(EditStop::new(EditRefusal::Layout("TOML has no number that large"))),
            },
            Value::String(text) => Toml::from(text.as_str()),
            Value::Array(items) => Toml::Array(items.iter().map(build).collect::<Result<_, _>>()?),
            Value::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| Ok((Key::new(key), build(value)?)));
                Toml::InlineTable(entries.collect::<Result<toml_edit::InlineTable, EditStop>>()?)
            }
        })
    }
    match value {
        Value::String(text) if single_quotes && !text.chars().any(|letter| letter == '\'' || letter.is_control()) => {
            Ok(format!("'{text}'"))
        }
        other => Ok(build(other)?.to_string()),
    }
}

fn dotted() -> EditRefusal {
    EditRefusal::Layout("its table is written with dotted keys")
}

fn unplaced() -> EditStop {
    EditStop::new(EditRefusal::Layout("its place in the text cannot be told"))
}
