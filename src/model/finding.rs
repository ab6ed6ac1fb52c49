//! Findings: a message about a file, with its location and a hint.

use std::fmt;
use std::sync::Arc;

use super::hint::Hint;

/// The severity of a finding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Blocks publishing.
    Error,
    /// Does not block publishing.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A position in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file's path relative to the workspace, with `/` as its separator.
    pub file: Arc<str>,
    /// The line, from 1; 0 if the finding is about the whole file.
    pub line: usize,
    /// The column in characters, from 1; 0 if the finding is about the whole line or file.
    pub column: usize,
}

impl Location {
    /// Creates the location of a whole file.
    #[must_use]
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: Arc::from(file.into()), line: 0, column: 0 }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(formatter, "{}", self.file),
            (line, 0) => write!(formatter, "{}:{line}", self.file),
            (line, column) => write!(formatter, "{}:{line}:{column}", self.file),
        }
    }
}

/// A violation of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The violation, as a fragment.
    pub message: String,
    /// The position.
    pub location: Location,
    /// The suggested remedy.
    pub hint: Hint,
    /// The number of violations that this finding stands for: one, or all that are not listed.
    pub count: usize,
}

impl Finding {
    /// Puts its place and its message into one line.
    #[must_use]
    pub fn one_line(&self) -> String {
        format!("{}: {}", self.location, self.message)
    }
}
