//! Collects findings, as many as somebody would read.

use super::rules::{self, Rule};
use crate::model::{Finding, Location, Severity};

/// The findings of one reading.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    unsaid: usize,
}

impl Findings {
    /// A file that breaks rules more often than this is hostile, or not a definition.
    const MOST: usize = 1_000;

    pub(super) fn add(&mut self, rule: Rule, location: Location, message: impl Into<String>, hint: impl Into<String>) {
        if self.list.len() < Self::MOST {
            self.list.push(rule.finding(location, message, hint));
        } else {
            self.unsaid += 1;
        }
    }

    pub(super) fn have_errors(&self) -> bool {
        self.list.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Returns the findings, sorted by place, each once.
    pub(super) fn into_vec(mut self) -> Vec<Finding> {
        self.list.sort_by(|one, other| {
            (&one.location, one.rule, &one.message).cmp(&(&other.location, other.rule, &other.message))
        });
        self.list.dedup();
        if let (true, Some(last)) = (self.unsaid > 0, self.list.last()) {
            let location = Location::file(last.location.file.clone());
            let message = format!("{} more findings are left out", self.unsaid);
            self.list.push(rules::TOO_LARGE.finding(location, message, "settle these first"));
        }
        self.list
    }
}
