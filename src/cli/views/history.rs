//! The documents of `history` and `show`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{ChangeView, FindingView, VersionRemarkView, ViewProblemView};
use crate::cli::numbers::PresentNumbers;
use crate::model::{
    EnvironmentName, Finding, GroupName, OperationId, PolicyOverride, RemarkKind, SCHEMA, Timestamp, Version,
    VersionNotes, VersionRemark,
};
use crate::plan::LooseOperation;
use crate::workspace::{CommittedOperation, ViewProblem};

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct HistoryView<'a> {
    schema: u32,
    operations: Vec<OperationView>,
    /// True if older operations are left out; `-n` says how many are shown.
    truncated: bool,
    /// The parts that cannot be read.
    problems: Vec<ViewProblemView>,
    /// The blocks of versions and their ends, the newest first. They hold in every environment.
    remarks: Vec<VersionRemarkView>,
    /// The notes on versions that cannot be read.
    unreadable_notes: Vec<FindingView<'a>>,
}

/// The remarks on versions that a history shows.
#[derive(Debug, Default)]
pub(in crate::cli) struct HistoryRemarks {
    /// The remarks, the newest first.
    pub(in crate::cli) remarks: Vec<(GroupName, Version, RemarkKind, VersionRemark)>,
    /// The notes that cannot be read.
    pub(in crate::cli) unreadable: Vec<Finding>,
}

impl<'a> HistoryView<'a> {
    pub(in crate::cli) fn new(
        operations: &[CommittedOperation],
        truncated: bool,
        (problems, noted): (&[ViewProblem], &'a HistoryRemarks),
        numbers: &PresentNumbers<'_>,
    ) -> Self {
        let remark = |(group, version, kind, remark): &(GroupName, Version, RemarkKind, VersionRemark)| {
            VersionRemarkView::new(group, (version, *kind, remark))
        };
        Self {
            schema: SCHEMA,
            operations: operations.iter().map(|committed| OperationView::new(committed, numbers)).collect(),
            truncated,
            problems: problems.iter().map(ViewProblemView::new).collect(),
            remarks: noted.remarks.iter().map(remark).collect(),
            unreadable_notes: noted.unreadable.iter().map(FindingView::new).collect(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct OperationView {
    operation: OperationId,
    environment: EnvironmentName,
    time: Timestamp,
    actor: String,
    message: Option<String>,
    command: String,
    /// The policies that it was committed against, and the faults that it replaced.
    #[serde(rename = "override", skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<PolicyOverride>,
    /// Reason why it is no part of the history: `abandoned` or `unexplained`.
    #[serde(skip_serializing_if = "Option::is_none")]
    loose_end: Option<LooseOperation>,
    changes: Vec<ChangeView>,
}

/// One operation, as `show` prints it.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ShowView<'a> {
    schema: u32,
    #[serde(flatten)]
    operation: OperationView,
    /// The blocks of the versions that it changes, and their ends, the oldest first.
    remarks: Vec<VersionRemarkView>,
    /// The notes on versions that cannot be read.
    unreadable_notes: Vec<FindingView<'a>>,
}

impl<'a> ShowView<'a> {
    pub(in crate::cli) const fn new(operation: OperationView) -> Self {
        Self { schema: SCHEMA, operation, remarks: Vec::new(), unreadable_notes: Vec::new() }
    }

    /// Adds the remarks on the versions that it changes.
    pub(in crate::cli) fn noted(self, notes: &BTreeMap<GroupName, VersionNotes>, unreadable: &'a [Finding]) -> Self {
        let of_group = |(group, notes)| VersionRemarkView::of_group(group, notes);
        Self {
            remarks: notes.iter().flat_map(of_group).collect(),
            unreadable_notes: unreadable.iter().map(FindingView::new).collect(),
            ..self
        }
    }
}

impl OperationView {
    pub(in crate::cli) fn new(committed: &CommittedOperation, numbers: &PresentNumbers<'_>) -> Self {
        let CommittedOperation { id, operation, lost, unexplained } = committed;
        let is_unexplained =
            !unexplained.is_empty() && operation.changes.keys().all(|group| unexplained.contains(group));
        let mut changes = ChangeView::all(operation, Some(id));
        for change in &mut changes {
            change.lost_to = lost.get(&change.group).cloned();
            change.unexplained = unexplained.contains(&change.group);
            change.add_numbers(numbers);
        }
        Self {
            changes,
            operation: id.clone(),
            environment: operation.environment.clone(),
            time: operation.time,
            actor: operation.actor.clone(),
            message: operation.message.clone(),
            command: operation.command.clone(),
            overrides: operation.overrides.clone(),
            loose_end: is_unexplained.then_some(LooseOperation::Unexplained),
        }
    }

    pub(in crate::cli) fn loose_end(self, loose_end: Option<LooseOperation>) -> Self {
        Self { loose_end, ..self }
    }
}
