//! Collects the findings of reading one definition.

use crate::model::{self, Finding, Hint, Location, Rule};

/// The findings of reading one definition.
#[derive(Debug, Default)]
pub(super) struct ReadFindings(model::Findings);

impl ReadFindings {
    pub(super) fn add(&mut self, rule: Rule, location: Location, message: impl Into<String>, hint: impl Into<Hint>) {
        self.0.add(rule.finding(location, message, hint));
    }

    pub(super) fn have_errors(&self) -> bool {
        self.0.have_errors()
    }

    /// Returns the findings, sorted by location.
    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0.into_vec()
    }
}
