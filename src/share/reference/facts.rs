//! Constraints and values of types in words.

use serde::Serialize;
use serde_json::Value;

use crate::share::model::Constraint;

/// The longest value that is shown in a line, in characters.
pub(super) const MOST_VALUE: usize = 120;
/// The most values of an enumeration that are listed.
const MOST_VALUES: usize = 60;

/// A constraint or a note in words, with the text that it is about.
#[derive(Debug, Serialize)]
pub(super) struct FactView {
    pub(super) words: String,
    pub(super) code: Option<String>,
}

impl FactView {
    pub(super) fn of(words: &str) -> Self {
        Self { words: words.to_owned(), code: None }
    }

    pub(super) fn with(words: &str, code: &str) -> Self {
        Self { words: words.to_owned(), code: Some(shortened(code)) }
    }

    pub(super) fn of_constraint(constraint: &Constraint) -> Self {
        match constraint {
            Constraint::Pattern(pattern) => Self::with("matches", pattern),
            other => Self::of(&other.to_string()),
        }
    }
}

/// Names the kind of some values.
pub(super) fn literal_kind(values: &[Value]) -> &'static str {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut kinds = values.iter().map(kind);
    let first = kinds.next().unwrap_or("no value");
    if kinds.all(|other| other == first) { first } else { "one of these values" }
}

/// Lists the values of an enumeration.
pub(super) fn values_fact(values: &[Value]) -> Vec<FactView> {
    if let [only] = values {
        return vec![FactView::with("always", &value_text(only))];
    }
    let listed = values.iter().take(MOST_VALUES).map(|value| FactView::with("", &value_text(value)));
    let left = values.len().saturating_sub(MOST_VALUES);
    let rest = (left > 0).then(|| FactView::of(&format!("and {left} more")));
    std::iter::once(FactView::of("one of")).chain(listed).chain(rest).collect()
}

/// Returns a value as a line: a text without quotation marks, anything else as JSON.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    }
}

/// Returns the beginning of a text that is long enough for a line.
pub(super) fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(MOST_VALUE).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
