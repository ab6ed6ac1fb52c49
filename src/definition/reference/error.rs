//! Errors of references.

use crate::definition::rules;
use crate::model::Rule;

/// The error for a reference that cannot be resolved.
pub(in crate::definition) struct ReferenceError {
    pub(in crate::definition) rule: Rule,
    pub(in crate::definition) message: String,
    pub(in crate::definition) hint: String,
}

impl ReferenceError {
    pub(super) fn unresolved(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { rule: rules::REFERENCE_UNRESOLVED, message: message.into(), hint: hint.into() }
    }

    pub(in crate::definition) fn outside(message: impl Into<String>) -> Self {
        let hint = "copy what it names into the group's folder and refer to the copy";
        Self { rule: rules::REFERENCE_OUTSIDE, message: message.into(), hint: hint.to_owned() }
    }
}
