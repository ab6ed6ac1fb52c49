//! Edits of files that people write: one value changes, every other byte stays.
//!
//! Text in, text out; nothing here touches a file. An edit finds the place of a value in the text, replaces only those
//! characters, reads the result with a reader that shares no code with the one that found the place, and compares it
//! with the intended value, key order and comments included. An edit that cannot be shown to be right is refused with
//! an [`EditError`]; nothing is guessed.
//!
//! - A path is a list of keys. Items of lists have none: a list is replaced as a whole.
//! - `Set` replaces a value in its place, in the quotes it had, or adds a key at the end of its
//!   mapping. It makes the mappings on the way that are missing or empty.
//! - `Remove` takes the entry's lines, with the comments on and inside it. The comments above it stay.
//! - YAML text that is JSON stays JSON.

mod block;
mod change;
mod error;
mod flow;
mod json;
mod layout;
mod quote;
mod reader;
mod tree;
mod verify;
mod yaml;

#[cfg(test)]
mod tests;

pub use error::{EditError, EditRefusal};

use self::change::EditStop;
use self::verify::TextSyntax;
use serde_json::Value;

/// The mark that some editors put at the start of a UTF-8 file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// One change of one value.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueEdit {
    /// Gives the path this value.
    Set {
        /// The keys from the top to the value.
        path: Vec<String>,
        /// The new value.
        value: Value,
    },
    /// Takes the path away.
    Remove {
        /// The keys from the top to the entry.
        path: Vec<String>,
    },
}

impl ValueEdit {
    /// Makes an edit that gives `path` the value.
    pub fn set<K: Into<String>>(path: impl IntoIterator<Item = K>, value: impl Into<Value>) -> Self {
        Self::Set { path: path.into_iter().map(Into::into).collect(), value: value.into() }
    }

    /// Makes an edit that takes `path` away and leaves each of its parents, empty or not.
    pub fn remove<K: Into<String>>(path: impl IntoIterator<Item = K>) -> Self {
        Self::Remove { path: path.into_iter().map(Into::into).collect() }
    }

    fn path(&self) -> &[String] {
        match self {
            Self::Set { path, .. } | Self::Remove { path } => path,
        }
    }
}

/// Applies the edits one after another to YAML, or to a JSON object, and returns the new text.
///
/// # Errors
///
/// Refuses text that cannot be read, and each edit whose result would differ from its meaning.
pub fn edit(text: &str, edits: &[ValueEdit]) -> Result<String, EditError> {
    let (mark, body) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(body) => (&text[..BYTE_ORDER_MARK.len_utf8()], body),
        None => ("", text),
    };
    let mut body = body.to_owned();
    for edit in edits {
        body = apply(&body, edit).map_err(|stop| stop.into_error(&body, edit.path()))?;
    }
    Ok(format!("{mark}{body}"))
}

fn apply(text: &str, edit: &ValueEdit) -> Result<String, EditStop> {
    if edit.path().is_empty() {
        return Err(EditStop::new(EditRefusal::NoPath));
    }
    let syntax = TextSyntax::of(text);
    let change = match syntax {
        TextSyntax::Yaml => yaml::change(text, edit, false)?,
        TextSyntax::Json => yaml::change(text, edit, true)?,
    };
    let Some(change) = change else { return Ok(text.to_owned()) };
    let changed = change.apply(text);
    verify::check(text, &changed, edit, syntax, &change)?;
    Ok(changed)
}
