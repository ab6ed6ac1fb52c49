//! Messages and hints that several findings have.

use std::fmt::Display;

use crate::model::{Hint, OperationId};

/// Message about a file of apigw's own that has other bytes than it writes.
pub(in crate::workspace) const NOT_AS_WRITTEN: &str = "this is not as apigw wrote it: edited by hand, or damaged";

/// Writes the message about an entry or a file that differs from what its operation left.
pub(in crate::workspace) fn not_as_left(thing: &dyn Display, operation: &OperationId) -> String {
    format!("{thing} is not as operation {operation} left it")
}

/// Returns the hint for a file that is not as it was committed.
pub(in crate::workspace) fn restore_hint(place: &str) -> Hint {
    Hint::RestoreFile { file: place.to_owned() }
}

/// Returns the hint for a file or a folder that is missing, and perhaps not even in Git's index.
pub(in crate::workspace) fn missing_hint(place: &str) -> Hint {
    Hint::RestoreMissing { file: place.to_owned() }
}
