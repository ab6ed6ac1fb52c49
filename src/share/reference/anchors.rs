//! Names of the parts of a page, for links that do not rot.
//!
//! A name depends on its operation or type alone: adding another one renames none.

use std::collections::{HashMap, HashSet};

use minijinja::value::Value as TemplateValue;

use super::markdown::description_html;

use crate::model::Digest;
use crate::share::model::{DefinitionModel, OperationModel, TypeId};

/// The longest name, in bytes, before its digest.
const MOST_BYTES: usize = 80;

/// Makes a name of letters, digits, `-`, `_` and `.` of a text; with a digest of the text where another text could have
/// the same one.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for each in text.chars() {
        let kept = each.is_ascii_alphanumeric() || matches!(each, '_' | '.' | '-');
        match kept {
            true if slug.len() < MOST_BYTES => slug.push(each),
            false if slug.len() < MOST_BYTES && !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    if slug == text && !text.is_empty() && !text.starts_with('.') {
        return slug;
    }
    let digest = Digest::of(text.as_bytes());
    let readable = slug.trim_matches(['-', '.']);
    let short: String = digest.short().chars().take(8).collect();
    if readable.is_empty() { short } else { format!("{readable}-{short}") }
}

/// The parts of a reference that can be linked to.
#[derive(Debug)]
pub(super) struct PageAnchors {
    names: HashSet<String>,
    /// The names of listed types, by their index in the model.
    types: HashMap<usize, String>,
    files: HashMap<String, String>,
    webhook_files: HashMap<String, String>,
}

impl PageAnchors {
    pub(super) fn new(model: &DefinitionModel, most_types: usize) -> Self {
        let mut anchors =
            Self { names: HashSet::new(), types: HashMap::new(), files: HashMap::new(), webhook_files: HashMap::new() };
        let mut folded = HashSet::new();
        for operation in &model.operations {
            let name = operation_anchor(operation);
            let file = file_of(&name, &operation.key, &mut folded);
            anchors.files.insert(operation.key.clone(), file);
            anchors.names.insert(name);
        }
        for operation in model.webhooks.iter().flat_map(|webhook| &webhook.operations) {
            let name = webhook_anchor(operation);
            let file = file_of(&name, &name, &mut folded);
            anchors.webhook_files.insert(name.clone(), file);
            anchors.names.insert(name);
        }
        anchors.names.extend(model.tags.iter().map(|tag| tag_anchor(&tag.name)));
        for (index, named) in model.types.iter().enumerate().take(most_types) {
            let name = format!("type-{}", slug(&named.name));
            anchors.names.insert(name.clone());
            anchors.types.insert(index, name);
        }
        anchors
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Renders a description, whose links to parts of the page are kept; `None` for one that says nothing.
    pub(super) fn description(&self, text: Option<&str>, heading: u8) -> Option<TemplateValue> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        Some(TemplateValue::from_safe_string(description_html(text, heading, &|name| self.has(name))))
    }

    /// Returns the name of a type's part; `None` for one that the page does not list.
    pub(super) fn type_anchor(&self, id: TypeId) -> Option<&str> {
        self.type_anchor_at(id.index())
    }

    /// Returns the name of the part of the type at an index.
    pub(super) fn type_anchor_at(&self, index: usize) -> Option<&str> {
        self.types.get(&index).map(String::as_str)
    }

    /// Returns the path of the Markdown file of a request of a webhook.
    pub(super) fn webhook_file(&self, operation: &OperationModel) -> Option<&str> {
        self.webhook_files.get(&webhook_anchor(operation)).map(String::as_str)
    }

    /// Returns the path of an operation's Markdown file.
    pub(super) fn operation_file(&self, operation: &OperationModel) -> Option<&str> {
        self.files.get(&operation.key).map(String::as_str)
    }
}

/// Returns the path of the Markdown of a part. Folders of some systems do not tell capitals from small letters: where
/// two parts have the same name but for that, the later one has a digest of its key.
fn file_of(name: &str, key: &str, folded: &mut HashSet<String>) -> String {
    let mut file = name.to_owned();
    if !folded.insert(file.to_ascii_lowercase()) {
        file = format!("{name}-{}", Digest::of(key.as_bytes()).short());
        folded.insert(file.to_ascii_lowercase());
    }
    format!("operations/{file}.md")
}

/// Returns the name of an operation's part.
pub(super) fn operation_anchor(operation: &OperationModel) -> String {
    format!("op-{}", slug(&operation.key))
}

/// Returns the name of the part of a request of a webhook.
pub(super) fn webhook_anchor(operation: &OperationModel) -> String {
    format!("webhook-{}-{}", slug(&operation.path), slug(&operation.method.to_ascii_lowercase()))
}

/// Returns the name of the part of a request of a callback, within the part of its operation.
pub(super) fn callback_anchor(operation: &str, name: &str, request: &OperationModel) -> String {
    format!("{operation}-callback-{}-{}", slug(name), slug(&format!("{} {}", request.method, request.path)))
}

/// Returns the name of a tag's part.
pub(super) fn tag_anchor(name: &str) -> String {
    format!("tag-{}", slug(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_harmless_and_different_for_different_texts() {
        assert_eq!(slug("listPets"), "listPets");
        for text in ["GET /pets/{petId}", "../../etc", "", "é", "🐶", "a b", "a-b ", &"x".repeat(300)] {
            let name = slug(text);
            assert!(name.chars().all(|each| each.is_ascii_alphanumeric() || "-_.".contains(each)), "{name}");
            assert!(!name.is_empty() && !name.starts_with('.') && name.len() < 100, "{name}");
        }
        assert_ne!(slug("a b"), slug("a  b"));
        assert_ne!(slug("GET /a"), slug("GET /a/"));
    }
}
