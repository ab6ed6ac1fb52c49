//! Rules: each finding names the one that it violates.

use super::finding::{Finding, Location, Severity};
use super::hint::Hint;

/// A rule: its name, default severity and documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The name, used in findings and settings.
    pub name: &'static str,
    /// The default severity.
    pub severity: Severity,
    /// The requirement, its reason, and how to satisfy it.
    pub explanation: &'static str,
    /// Lines of a file that violate and satisfy the rule; empty if the explanation suffices.
    pub example: &'static str,
}

impl Rule {
    /// Declares a rule that blocks publishing.
    pub(crate) const fn error(name: &'static str, explanation: &'static str) -> Self {
        Self { name, severity: Severity::Error, explanation, example: "" }
    }

    /// Declares a rule that does not block publishing.
    pub(crate) const fn warning(name: &'static str, explanation: &'static str) -> Self {
        Self { name, severity: Severity::Warning, explanation, example: "" }
    }

    /// Adds an example to the documentation.
    pub(crate) const fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// Creates a finding of the rule.
    pub(crate) fn finding(&self, location: Location, message: impl Into<String>, hint: impl Into<Hint>) -> Finding {
        Finding {
            rule: self.name,
            severity: self.severity,
            message: message.into(),
            location,
            hint: hint.into(),
            count: 1,
        }
    }
}
