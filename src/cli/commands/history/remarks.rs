//! Blocks of versions and their ends, among the operations.

use crate::cli::error::CommandError;
use crate::cli::table::TableCell;
use crate::cli::time::age;
use crate::cli::views::HistoryRemarks;
use crate::model::{GroupName, RemarkKind, Timestamp, Version, VersionRemark};
use crate::workspace::Workspace;

/// Reads the remarks on the versions of one group or of all.
pub(super) fn read(workspace: &Workspace, group: Option<&GroupName>) -> Result<HistoryRemarks, CommandError> {
    let (notes, unreadable) = workspace.all_notes(group)?;
    let mut remarks: Vec<_> = notes
        .iter()
        .flat_map(|(group, notes)| {
            let of_group = notes.blocks_and_unblocks().into_iter();
            of_group.map(|(version, kind, remark)| (group.clone(), version.clone(), kind, remark.clone()))
        })
        .collect();
    remarks.sort_by_key(|(.., remark)| std::cmp::Reverse(remark.at));
    Ok(HistoryRemarks { remarks, unreadable })
}

pub(super) fn row(
    (group, version, kind, remark): &(GroupName, Version, RemarkKind, VersionRemark),
    now: Timestamp,
) -> Vec<TableCell> {
    vec![
        "-".into(),
        age(remark.at, now).into(),
        "all".into(),
        format!("{} {group} {version}", kind.as_str()).into(),
        remark.by.as_str().into(),
        remark.why.clone().unwrap_or_default().replace('\n', " ").into(),
    ]
}
