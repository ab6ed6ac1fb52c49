//! Reasons why an edit was refused, and hints.

/// An edit that was not made; the text is as it was.
///
/// Its text leaves the place to [`crate::model::Location`], which the caller makes from `line` and `column`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot edit {}: {reason}", shown(path))]
pub struct EditError {
    /// The keys of the edit.
    pub path: Vec<String>,
    /// The line, from 1; 0 where it is not known.
    pub line: usize,
    /// The column in characters, from 1; 0 where it is not known.
    pub column: usize,
    /// Reason.
    pub reason: EditRefusal,
}

impl EditError {
    /// Returns a hint for the user.
    #[must_use]
    pub fn hint(&self) -> String {
        let path = shown(&self.path);
        match &self.reason {
            EditRefusal::Malformed(_) => "correct the file by hand first".to_owned(),
            EditRefusal::SeveralDocuments => "keep one document in the file".to_owned(),
            EditRefusal::DuplicateKey { key, .. } => {
                format!("edit the file by hand: keep one {}", shown(std::slice::from_ref(key)))
            }
            EditRefusal::TooLarge => "edit the file by hand: use fewer aliases".to_owned(),
            EditRefusal::NoPath => "name the key to change".to_owned(),
            EditRefusal::Missing => "look at the file for the keys that it has".to_owned(),
            EditRefusal::NotAMapping { .. } => {
                format!("edit the file by hand: write {path} as it shall be")
            }
            EditRefusal::Shared(anchor) => {
                format!("edit the file by hand: decide whether {path} changes everywhere that `*{anchor}` stands")
            }
            EditRefusal::Alias | EditRefusal::Merged => {
                format!("edit the file by hand: write {path} out where it is used")
            }
            EditRefusal::Tagged => "edit the file by hand: its tag changes the meaning of the value".to_owned(),
            EditRefusal::Comment => format!("edit the file by hand: keep or drop the comments in {path}"),
            EditRefusal::Layout(_) | EditRefusal::Unsure(_) => format!("edit the file by hand: change {path} there"),
        }
    }
}

/// Reason why an edit is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditRefusal {
    /// The text is not of its format.
    #[error("the file cannot be read: {0}")]
    Malformed(String),
    /// The text holds more than one document.
    #[error("the file holds several documents, and the path does not say which is meant")]
    SeveralDocuments,
    /// A mapping has a key twice.
    #[error("the key {key:?} is given twice in one mapping, first in line {first_line}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Line of the first one.
        first_line: usize,
    },
    /// The aliases make far more of the text than stands in it.
    #[error("its aliases expand to more than is safe to read")]
    TooLarge,
    /// The edit names no key.
    #[error("no key is named")]
    NoPath,
    /// There is nothing to remove.
    #[error("there is no such key")]
    Missing,
    /// The path goes on below a value that has no keys.
    #[error("{} holds {holds}, which has no keys", shown(.parent))]
    NotAMapping {
        /// The keys to the value.
        parent: Vec<String>,
        /// The kind of its value.
        holds: &'static str,
    },
    /// The value has an anchor (its name) whose aliases would change with it.
    #[error("its value is used again where `*{0}` stands, and would change or break there too")]
    Shared(String),
    /// The path goes through an alias.
    #[error("it stands behind an alias, and would change elsewhere too")]
    Alias,
    /// The mapping takes keys from another through a merge key.
    #[error("its mapping has a merge key (`<<`), which may bring the same key")]
    Merged,
    /// The value, or a mapping on the way to it, has an explicit tag.
    #[error("an explicit tag stands before the value")]
    Tagged,
    /// A comment would be lost.
    #[error("comments inside the old value would be lost")]
    Comment,
    /// The text is laid out in a way that leaves no plain place for the edit.
    #[error("{0}")]
    Layout(&'static str),
    /// The edited text reads as something else than the edit means.
    #[error("the edited text would not have the intended value ({0})")]
    Unsure(String),
}

/// Shows a path as people write it: keys joined by dots, in quotes where they are not plain words.
fn shown(path: &[String]) -> String {
    let plain =
        |key: &String| !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter));
    let keys: Vec<String> = path.iter().map(|key| if plain(key) { key.clone() } else { format!("{key:?}") }).collect();
    if keys.is_empty() { "the file".to_owned() } else { format!("`{}`", keys.join(".")) }
}
