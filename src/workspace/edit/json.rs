//! The layout of a JSON text, for additions to it.

use super::change::indentation;
use super::quote::double_quoted;
use super::tree::{EditTree, NodeContent};
use serde_json::Value;

/// The indentation where the text shows none.
const USUAL_INDENT: &str = "  ";

/// The habits of a JSON text.
#[derive(Debug)]
pub(super) struct JsonLayout {
    /// The indentation of one level. None when the text is a single line.
    pub(super) indent: Option<String>,
    /// The text after a colon, and after a comma that does not end its line.
    gap: &'static str,
}

impl JsonLayout {
    /// Detects the style of a text.
    pub(super) fn of(text: &str, tree: &EditTree) -> Self {
        let first = match tree.root.as_ref().map(|root| &root.shape) {
            Some(NodeContent::Mapping { entries, .. }) => entries.first(),
            _ => None,
        };
        let indent = match first {
            // Nothing but blanks stands before a key in its line only where its brace stands in one above.
            Some(entry) => indentation(text, entry.key.range.start).filter(|found| !found.is_empty()),
            None => Some(USUAL_INDENT),
        };
        let compact = first.is_some_and(|entry| entry.colon.is_some_and(|colon| entry.value.range.start == colon + 1));
        Self { indent: indent.map(str::to_owned), gap: if compact { "" } else { " " } }
    }

    /// Writes a key and its value in lines, the first without indentation, the others indented below `outer`.
    pub(super) fn entry(&self, key: &str, value: &Value, outer: Option<&str>, newline: &str) -> String {
        format!("{}:{}{}", double_quoted(key), self.gap, self.value(value, outer, newline))
    }

    /// Returns the separator of entries within a line.
    pub(super) fn comma(&self) -> String {
        format!(",{}", self.gap)
    }

    /// Writes a value: in lines where it stands in a line indented by `outer`, else in one line.
    pub(super) fn value(&self, value: &Value, outer: Option<&str>, newline: &str) -> String {
        let lines = outer.zip(self.indent.as_deref());
        let inner = lines.map(|(outer, step)| format!("{outer}{step}"));
        let (open, close, parts) = match value {
            Value::Object(entries) if !entries.is_empty() => {
                let parts = entries.iter().map(|(key, value)| self.entry(key, value, inner.as_deref(), newline));
                ('{', '}', parts.collect::<Vec<_>>())
            }
            Value::Array(items) if !items.is_empty() => {
                ('[', ']', items.iter().map(|item| self.value(item, inner.as_deref(), newline)).collect())
            }
            Value::String(text) => return double_quoted(text),
            other => return other.to_string(),
        };
        match (inner, outer) {
            (Some(inner), Some(outer)) => {
                let parts = parts.join(&format!(",{newline}{inner}"));
                format!("{open}{newline}{inner}{parts}{newline}{outer}{close}")
            }
            _ => format!("{open}{}{close}", parts.join(&self.comma())),
        }
    }
}
