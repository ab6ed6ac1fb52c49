//! The rules that `check` adds to those of reading a definition, and the levels that settings give them.

pub(crate) mod files;
pub(super) mod operations;
pub(super) mod settings;
pub(super) mod specification;

use crate::definition::{RULES, Rule};

pub use files::FOLDER_LOCK;

/// Lists every rule, sorted by name.
#[must_use]
pub fn all_rules() -> Vec<Rule> {
    let own = specification::RULES.iter().chain(&operations::RULES).chain(&settings::RULES).chain(&files::RULES);
    let mut rules: Vec<Rule> = RULES.iter().chain(own).copied().collect();
    rules.sort_unstable_by_key(|rule| rule.name);
    rules
}

/// Tells whether `apigw.toml` can set a rule: not where a file cannot be read at all.
#[must_use]
pub fn can_be_set(name: &str) -> bool {
    !files::RULES.iter().any(|rule| rule.name == name)
}
