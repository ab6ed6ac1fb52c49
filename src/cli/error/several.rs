//! Several errors of a plan, shown as one.

use super::{CommandError, PlanError};

/// Puts the errors of several groups or steps into one, whose code is that of the first. Each keeps its reasons, after
/// its message unless they are in it.
pub(in crate::cli) fn several(message: String, errors: Vec<PlanError>) -> CommandError {
    let mut errors = errors.into_iter().map(CommandError::from);
    let Some(mut all) = errors.next() else { return CommandError::invalid("state", message) };
    all.reasons = reasons(&all);
    all.message = message;
    for error in errors {
        all.reasons.extend(reasons(&error));
        all.breaking.extend(error.breaking);
        all.findings.extend(error.findings);
        all.causes.extend(error.causes);
        for hint in error.hints {
            if !all.hints.contains(&hint) {
                all.hints.push(hint);
            }
        }
    }
    all
}

fn reasons(error: &CommandError) -> Vec<String> {
    let others = error.reasons.iter().filter(|reason| !error.message.contains(*reason));
    std::iter::once(&error.message).chain(others).cloned().collect()
}
