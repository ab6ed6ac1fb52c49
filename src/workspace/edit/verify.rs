//! Reads a text before and after an edit, and compares it with the intended result.
//!
//! YAML is read by `yaml_serde` here, which shares nothing with the parser that finds places for the edits.

use super::ValueEdit;
use super::change::{EditStop, TextChange};
use super::error::EditRefusal;
use super::reader::ValueReading;
use super::tree::EditTree;
use serde_json::{Map, Value};

/// The syntax that a text is parsed with: a YAML file may hold JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextSyntax {
    Yaml,
    Json,
}

impl TextSyntax {
    /// Detects the syntax of a text.
    pub(super) fn of(text: &str) -> Self {
        let is_json = text.trim_start().starts_with('{') && read(text, Self::Json).is_ok();
        if is_json { Self::Json } else { Self::Yaml }
    }
}

/// Refuses a change whose result differs from the edit's meaning, or that loses a comment.
pub(super) fn check(
    text: &str,
    changed: &str,
    edit: &ValueEdit,
    syntax: TextSyntax,
    change: &TextChange,
) -> Result<(), EditStop> {
    let unsure = |why: String| EditStop::new(EditRefusal::Unsure(why));
    let meant = meant(read(text, syntax)?, edit).ok_or_else(|| unsure("another reader finds other keys".to_owned()))?;
    let unread = |stop: EditStop| unsure(stop.into_error(changed, edit.path()).reason.to_string());
    let is = read(changed, syntax).map_err(unread)?;
    if !same(&meant, &is) {
        return Err(unsure("another value would change".to_owned()));
    }
    if syntax == TextSyntax::Json {
        // JSON allows longer keys than the next edit could find (YAML 1.2.2, section 7.4.2).
        EditTree::parse(changed).map_err(unread)?;
    }
    let old = comments(text, syntax)?;
    let kept = old.into_iter().filter(|(at, _)| !change.drops(*at)).map(|(_, comment)| comment);
    let new = comments(changed, syntax).map_err(unread)?;
    if kept.eq(new.into_iter().map(|(_, comment)| comment)) {
        Ok(())
    } else {
        Err(unsure("a comment would be lost".to_owned()))
    }
}

/// Reads the value of a text.
pub(super) fn read(text: &str, syntax: TextSyntax) -> Result<Value, EditStop> {
    match syntax {
        TextSyntax::Yaml => serde_yaml::from_str(text)
            .map_err(|error| {
                let place = error.location().map_or((0, 0), |place| (place.line(), place.column()));
                EditStop::at_line(place.0, place.1, EditRefusal::Malformed(error.to_string()))
            })
            .map(|ValueReading(value)| value),
        TextSyntax::Json => serde_json::from_str(text).map_err(|error| {
            EditStop::at_line(error.line(), error.column(), EditRefusal::Malformed(error.to_string()))
        }),
    }
}

/// True if the path has this value already.
pub(super) fn holds(whole: &Value, path: &[String], value: &Value) -> bool {
    let found = path.iter().try_fold(whole, |inner, key| inner.as_object().and_then(|mapping| mapping.get(key)));
    found.is_some_and(|found| same(found, value))
}

/// Applies the edit to the value; `None` if the value has no such place.
fn meant(mut whole: Value, edit: &ValueEdit) -> Option<Value> {
    match edit {
        ValueEdit::Set { path, value } => {
            let (last, parents) = path.split_last()?;
            let mut inner = &mut whole;
            for key in parents {
                inner = keys_of(inner)?.entry(key.clone()).or_insert(Value::Null);
            }
            keys_of(inner)?.insert(last.clone(), value.clone());
        }
        ValueEdit::Remove { path } => {
            let (last, parents) = path.split_last()?;
            let inner = parents.iter().try_fold(&mut whole, |inner, key| inner.as_object_mut()?.get_mut(key))?;
            inner.as_object_mut()?.shift_remove(last)?;
        }
    }
    Some(whole)
}

/// Returns the keys of a mapping, which an empty value becomes.
fn keys_of(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

/// True if two values are equal, with their keys in one order.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| left.0 == right.0 && same(left.1, right.1))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        _ => left == right,
    }
}

/// Returns the comments of a text, each with its offset.
fn comments(text: &str, syntax: TextSyntax) -> Result<Vec<(usize, &str)>, EditStop> {
    let ranges: Vec<_> = match syntax {
        TextSyntax::Yaml => EditTree::parse(text)?.comments.into_iter().map(|comment| comment.range).collect(),
        TextSyntax::Json => Vec::new(),
    };
    Ok(ranges.into_iter().map(|range| (range.start, text.get(range).unwrap_or_default())).collect())
}
