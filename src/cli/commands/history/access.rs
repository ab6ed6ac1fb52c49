//! The history of keys and grants.

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::table::{self, TableCell, TableLayout};
use crate::cli::time::age;
use crate::cli::views::{AccessHistoryView, HistoryDocument};
use crate::model::Timestamp;
use crate::workspace::{CommittedAccess, ShortIds};

pub(super) fn show(context: &Context<'_>, most: usize) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let (operations, problems) = workspace.access_history()?;
    let total = operations.len();
    let is_cut = total > most;
    let short = workspace.short_ids().unwrap_or_default();
    let document = HistoryDocument::Access(AccessHistoryView::new(&operations, most, &problems));
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 2 };
    context.output.painted(&document, || {
        if total == 0 && problems.is_empty() {
            return "no keys yet\n".to_owned();
        }
        if total.min(most) == 0 {
            return String::new();
        }
        let rows = operations.iter().take(most).map(|committed| row(committed, &short, context.now()));
        table::render(&["OPERATION", "AGE", "OF", "CHANGE", "BY", "WHY"], rows, layout)
    })?;
    if is_cut {
        context.output.note(&super::more_text(most, total));
    }
    Ok(context.output.unreadable(workspace, &problems))
}

fn row(CommittedAccess { id, operation }: &CommittedAccess, short: &ShortIds, now: Timestamp) -> Vec<TableCell> {
    vec![
        short.get(id).into(),
        age(operation.time, now).into(),
        operation.after.subject().to_string().into(),
        format!("{} {}", operation.action, operation.summary).into(),
        operation.actor.as_str().into(),
        operation.message.clone().unwrap_or_default().replace('\n', " ").into(),
    ]
}
