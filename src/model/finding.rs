//! Findings: what is wrong with a file, where, and what to do about it.

use std::fmt;
use std::sync::Arc;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is published while it stands.
    Error,
    /// Worth knowing; publishing goes on.
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

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file's path, relative to the workspace, with `/` between its parts.
    pub file: Arc<str>,
    /// The line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// The column in characters, from 1; 0 where the whole line or file is meant.
    pub column: usize,
}

impl Location {
    /// Makes the location of a whole file.
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

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub location: Location,
    /// What to do about it.
    pub hint: String,
    /// How many breaches of the rule it stands for: one, or all those that are not listed.
    pub count: usize,
}
