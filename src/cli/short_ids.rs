//! Short ids of operations, in texts for people. Programs get whole ids.

use super::hints;
use crate::model::{Finding, OperationId};
use crate::workspace::{ShortIds, Workspace};

/// Shortens the ids of operations in a text, as far as the history can be read.
pub(super) fn shorten(workspace: &Workspace, text: &str) -> String {
    workspace.short_ids().unwrap_or_default().shorten(text)
}

/// Returns the short form of one id.
pub(super) fn short_id(workspace: &Workspace, id: &OperationId) -> String {
    workspace.short_ids().unwrap_or_default().get(id).to_owned()
}

/// Shortens the ids of operations in messages and hints of findings. Their rules, files and places stay.
pub(super) fn shorten_findings(short: &ShortIds, findings: Vec<Finding>) -> Vec<Finding> {
    let shorten = |finding: Finding| Finding {
        message: short.shorten(&finding.message),
        hint: short.shorten(&hints::text(&finding.hint)).into(),
        ..finding
    };
    findings.into_iter().map(shorten).collect()
}
