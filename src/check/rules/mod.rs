//! The rules that `check` adds to those of reading a definition.

pub(crate) mod access;
pub(crate) mod files;
pub(super) mod operations;
pub(crate) mod records;
pub(crate) mod settings;
pub(super) mod specification;

use crate::definition::RULES;
use crate::model::{MERGE_CONFLICT, Rule};

pub use access::{
    GRANT_API_GONE, KEY_FILE_NAME, PRIVATE_KEY, REVOCATION_MISSING, REVOCATIONS_UNREAD, SECRET_LEAKED, SECRET_MISSING,
    SECRET_REUSED, SHALLOW_CLONE, SINGLE_BRANCH_CLONE, THIRD_SECRET,
};
pub use files::FOLDER_LOCK;

/// The rules over files that cannot be read, which nothing turns off.
fn fixed_rules() -> impl Iterator<Item = &'static Rule> {
    std::iter::once(&MERGE_CONFLICT).chain(&files::RULES).chain(&records::RULES).chain(&access::RULES)
}

/// Lists every rule, sorted by name.
#[must_use]
pub fn all_rules() -> Vec<Rule> {
    let own = specification::RULES.iter().chain(&operations::RULES).chain(&settings::RULES).chain(fixed_rules());
    let mut rules: Vec<Rule> = RULES.iter().chain(own).copied().collect();
    rules.sort_unstable_by_key(|rule| rule.name);
    rules
}

/// True if `apigw.toml` can set the level of a rule; false for the rules over unreadable files.
#[must_use]
pub fn can_be_set(name: &str) -> bool {
    !fixed_rules().any(|rule| rule.name == name)
}
