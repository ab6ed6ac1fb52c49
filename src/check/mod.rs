//! Rules over a workspace: everything that is wrong, each with its place and what to do.
//!
//! [`group`] looks at one group as it could be published, [`workspace`] at all of them together. A
//! finding has the name of its rule; `apigw.toml` can make a rule an error, a warning, or silent.

mod across;
mod rules;
mod single;

use std::borrow::Cow;

use crate::definition::Definition;
use crate::model::{Finding, GroupName, GroupSettings, Location, SETTINGS_FILE, WorkspaceSettings};

pub use rules::{NO_RESULT, all_rules, unknown_rules};

/// A group as it could be published: what the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The group.
    pub group: &'a GroupName,
    /// Its settings.
    pub settings: &'a GroupSettings,
    /// The text of its settings, for places in it.
    pub settings_text: &'a [u8],
    /// Its definition, unless it could not be read.
    pub definition: Option<&'a Definition>,
    /// What reading its definition found.
    pub reading: &'a [Finding],
}

impl Subject<'_> {
    /// Returns the place of a key of the settings, or that of the whole file.
    fn place(&self, key: &str) -> Location {
        let file = format!("groups/{}/{SETTINGS_FILE}", self.group);
        let text = String::from_utf8_lossy(self.settings_text);
        let line = text.lines().position(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
        line.map_or_else(|| Location::file(&file), |line| Location { file: file.clone(), line: line + 1, column: 1 })
    }
}

/// Checks one group by itself.
#[must_use]
pub fn group(subject: &Subject<'_>, settings: &WorkspaceSettings) -> Vec<Finding> {
    let findings =
        subject.reading.iter().map(Cow::Borrowed).chain(single::findings(subject).into_iter().map(Cow::Owned));
    rules::apply_levels(findings.map(Cow::into_owned).collect(), settings)
}

/// Checks all groups, each by itself and all together.
#[must_use]
pub fn workspace(subjects: &[Subject<'_>], settings: &WorkspaceSettings) -> Vec<Finding> {
    let mut findings: Vec<Finding> = subjects.iter().flat_map(|subject| group(subject, settings)).collect();
    findings.extend(rules::apply_levels(across::findings(subjects, settings), settings));
    findings.sort_by(|left, right| left.location.cmp(&right.location).then_with(|| left.rule.cmp(right.rule)));
    findings
}
