//! The rules that `check` adds to those of reading a definition.

pub(crate) mod files;
pub(super) mod operations;
pub(super) mod settings;
pub(super) mod specification;

use crate::definition::{RULES, Rule};

pub use files::{
    FOLDER_LOCK, GRANT_API_GONE, KEY_FILE_NAME, PRIVATE_KEY, REVOCATION_MISSING, SECRET_LEAKED, SECRET_MISSING,
    SECRET_REUSED, THIRD_SECRET,
};

/// Lists every rule, sorted by name.
#[must_use]
pub fn all_rules() -> Vec<Rule> {
    let own = specification::RULES.iter().chain(&operations::RULES).chain(&settings::RULES).chain(&files::RULES);
    let mut rules: Vec<Rule> = RULES.iter().chain(own).copied().collect();
    rules.sort_unstable_by_key(|rule| rule.name);
    rules
}

/// True if `apigw.toml` can set the level of a rule; false for the rules over unreadable files.
#[must_use]
pub fn can_be_set(name: &str) -> bool {
    !files::RULES.iter().any(|rule| rule.name == name)
}
