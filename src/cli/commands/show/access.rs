//! One operation on a key or on grants.

use std::fmt::Write as _;

use super::field;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::views::{AccessShowView, AccessStateView, ShowDocument};
use crate::cli::yaml::yaml;
use crate::model::Finding;
use crate::workspace::{self, CommittedAccess, Workspace};

/// Shows an operation on a key or on grants; `error` is why it is none of a release.
pub(super) fn run(
    context: &Context<'_>,
    workspace: &Workspace,
    text: &str,
    error: workspace::Error,
) -> Result<Exit, CommandError> {
    let committed = match workspace.find_access_operation(text) {
        Ok(committed) => committed,
        Err(workspace::Error::Unknown { .. }) => return Err(error.into()),
        Err(error) => return Err(error.into()),
    };
    let (before, unreadable) = workspace.readable_state_before(&committed.operation);
    let view = AccessShowView::new(&committed, before.as_ref(), &unreadable);
    let (before, after) = (view.operation.state_before(), view.operation.state_after());
    let before = match unreadable.first() {
        Some(Finding { location, message, .. }) => format!("\nbefore: it cannot be read: {location}: {message}\n"),
        None => state_text("before", before)?,
    };
    let states = before + &state_text("after", Some(after))?;
    context.output.lines(&ShowDocument::Access(Box::new(view)), || operation_text(&committed) + &states)?;
    Ok(context.output.unreadable(workspace, &unreadable))
}

fn operation_text(CommittedAccess { id, operation }: &CommittedAccess) -> String {
    let mut text = format!(
        "operation    {id}\nof           {}\ntime         {}\nby           {}\nwhy          {}\nchange       {} {}\n",
        operation.after.subject(),
        operation.time,
        field(&operation.actor),
        field(operation.message.as_deref().unwrap_or("(no reason given)")),
        operation.action,
        field(&operation.summary),
    );
    for before in operation.predecessors() {
        let _ = writeln!(text, "built upon   {before}");
    }
    text
}

fn state_text(title: &str, state: Option<&AccessStateView>) -> Result<String, CommandError> {
    let Some(state) = state else { return Ok(format!("\n{title}: none\n")) };
    let indented = yaml(state)?.lines().fold(String::new(), |text, line| text + "  " + line + "\n");
    Ok(format!("\n{title}:\n{indented}"))
}
