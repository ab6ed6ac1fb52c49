//! `apigw history`.

mod access;
mod remarks;

use std::collections::BTreeSet;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::numbers::PresentNumbers;
use crate::cli::output::counted;
use crate::cli::progress::ProgressLine;
use crate::cli::release_text::release_text;
use crate::cli::table::{self, CellColor, TableCell, TableLayout};
use crate::cli::time::age;
use crate::cli::views::{HistoryDocument, HistoryRemarks, HistoryView};
use crate::cli::{change, lost, selection};
use crate::model::{DeploymentState, EnvironmentName, GroupName, Timestamp};
use crate::workspace::{CommittedOperation, ReadableHistory, ShortIds, Workspace};

/// The most groups of an operation that are named.
const MOST_CHANGES: usize = 3;

/// Show all changes with author, time and reason, the newest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw history petstore --env online -n 5\n  apigw history --access")]
pub(in crate::cli) struct HistoryArguments {
    /// Changes of this group alone
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// Only this environment
    #[arg(long, value_name = "ENV", add = ArgValueCandidates::new(complete::environments))]
    env: Option<String>,
    /// Changes of keys and grants, instead of releases
    #[arg(long, conflicts_with_all = ["group", "env"])]
    access: bool,
    /// Number of rows to show: operations, and blocks of versions
    #[arg(short = 'n', long = "number", value_name = "N", default_value = "20", value_parser = parse_count)]
    number: usize,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &HistoryArguments) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    if arguments.access {
        return access::show(context, arguments.number);
    }
    // A group that was deleted has a history still.
    let group = arguments.group.as_deref().map(selection::parse).transpose()?;
    let environments = match &arguments.env {
        Some(name) => vec![context.environment(name)?],
        None => workspace.settings().environments(),
    };
    let progress = ProgressLine::start(context.output.progress, "reading the history of");
    // One more than is shown tells whether others are left out.
    let most = arguments.number.saturating_add(1);
    let ReadableHistory { mut operations, problems, is_published } =
        read(workspace, &environments, group.as_ref(), most, &progress)?;
    let mut noted = remarks::read(workspace, group.as_ref())?;
    if operations.is_empty()
        && problems.is_empty()
        && noted.remarks.is_empty()
        && let Some(group) = &group
    {
        selection::require_group(context, group)?;
    }
    let all_remarks = noted.remarks.len();
    let is_cut = truncate(&mut operations, &mut noted, arguments.number);
    let short = workspace.short_ids().unwrap_or_default();
    let shown = ShownHistory {
        workspace,
        operations: &operations,
        noted: &noted,
        short: &short,
        group: group.as_ref(),
        now: context.now(),
        is_known: is_published || !problems.is_empty(),
    };
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 3 };
    let numbers = PresentNumbers::new(workspace, context.output.format.is_document());
    let document = HistoryDocument::Releases(HistoryView::new(&operations, is_cut, (&problems, &noted), &numbers));
    drop(progress);
    context.output.painted(&document, || shown.text(layout))?;
    if is_cut {
        let total: usize = environments.iter().map(|environment| workspace.operation_count(environment)).sum();
        let shown = operations.len() + noted.remarks.len();
        context.output.note(&left_out_text(shown, total + all_remarks, group.as_ref()));
    }
    for environment in lost::environments(&operations) {
        context.output.warning(&lost::way_out(environment));
    }
    // Programs have them in the document.
    for problem in &problems {
        context.output.warning(&problem.to_string());
    }
    let exit = context.output.unreadable(workspace, &noted.unreadable);
    Ok(if problems.is_empty() { exit } else { Exit::Invalid })
}

/// Reads the histories of environments, with so many of the newest operations of each, the newest first.
fn read(
    workspace: &Workspace,
    environments: &[EnvironmentName],
    group: Option<&GroupName>,
    most: usize,
    progress: &ProgressLine,
) -> Result<ReadableHistory, CommandError> {
    let mut all = ReadableHistory { operations: Vec::new(), problems: Vec::new(), is_published: false };
    for environment in environments {
        progress.say(environment.as_str());
        let found = workspace.explained_history(environment, group, most)?;
        all.operations.extend(found.operations);
        if !found.is_published && found.problems.is_empty() {
            let wanted = group.map(|group| BTreeSet::from([group.clone()]));
            all.problems.extend(lost::problems(workspace, environment, wanted.as_ref(), usize::MAX));
        }
        all.problems.extend(found.problems);
        all.is_published |= found.is_published;
    }
    all.operations.sort_by(|left, right| right.id.cmp(&left.id));
    Ok(all)
}

/// Keeps the newest rows, blocks of versions and their ends among them. Returns true if others are left out.
fn truncate(operations: &mut Vec<CommittedOperation>, noted: &mut HistoryRemarks, most: usize) -> bool {
    // As they are shown: of one time, the operation comes first.
    let of_operations = operations.iter().map(|committed| (committed.operation.time, true));
    let of_remarks = noted.remarks.iter().map(|(.., remark)| (remark.at, false));
    let mut rows: Vec<(Timestamp, bool)> = of_operations.chain(of_remarks).collect();
    rows.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    let is_cut = rows.len() > most;
    rows.truncate(most);
    let kept = rows.iter().filter(|(_, is_operation)| *is_operation).count();
    operations.truncate(kept);
    noted.remarks.truncate(rows.len() - kept);
    is_cut
}

fn parse_count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write a number, like 20".to_owned())
}

/// Describes how many operations are left out. Those of one group are not counted: all files would have to be read.
fn left_out_text(shown: usize, total: usize, group: Option<&GroupName>) -> String {
    match group {
        Some(group) => format!("older operations of {group} are left out; `-n {}` shows more", (2 * shown).max(20)),
        None => more_text(shown, total),
    }
}

fn more_text(shown: usize, total: usize) -> String {
    let more = counted(total.saturating_sub(shown), "more operation is", "more operations are");
    format!("{more} left out; `-n {total}` shows all")
}

/// The operations that are shown.
struct ShownHistory<'a> {
    workspace: &'a Workspace,
    operations: &'a [CommittedOperation],
    noted: &'a HistoryRemarks,
    short: &'a ShortIds,
    /// The group that was asked for, which comes first.
    group: Option<&'a GroupName>,
    now: Timestamp,
    /// True if something was published, whatever is shown of it.
    is_known: bool,
}

impl ShownHistory<'_> {
    fn text(&self, layout: TableLayout) -> String {
        let operations = self.operations.iter().map(|committed| (committed.operation.time, self.row(committed)));
        let remarks = self.noted.remarks.iter().map(|remark| (remark.3.at, remarks::row(remark, self.now)));
        let mut rows: Vec<(Timestamp, Vec<TableCell>)> = operations.chain(remarks).collect();
        if rows.is_empty() {
            return if self.is_known { String::new() } else { "nothing was published yet\n".to_owned() };
        }
        rows.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        let rows = rows.into_iter().map(|(_, row)| row);
        table::render(&["OPERATION", "AGE", "ENVIRONMENT", "CHANGES", "BY", "WHY"], rows, layout)
    }

    fn row(&self, committed: &CommittedOperation) -> Vec<TableCell> {
        let CommittedOperation { id, operation, lost, unexplained } = committed;
        let mut changed: Vec<_> = operation.changes.iter().collect();
        changed.sort_by_key(|(group, _)| self.group != Some(*group));
        let mut changes = TableCell::default();
        for (number, (group, change)) in changed.iter().take(MOST_CHANGES).enumerate() {
            let separator = if number > 0 { "; " } else { "" };
            changes = changes.plain(&format!("{separator}{} {group} ", change.action));
            let state = release_text(self.workspace, group, &change.after);
            changes = match change.after.state {
                DeploymentState::Live => changes.plain(&state),
                DeploymentState::Offline => changes.painted(CellColor::Dim, &state),
            };
            if let Some(resolve) = lost.get(*group) {
                changes = changes.plain(&format!(" (lost to {})", self.short.get(resolve)));
            }
            if unexplained.contains(*group) {
                changes = changes.painted(CellColor::Red, " (lost: no entry leads to it)");
            }
        }
        if changed.len() > MOST_CHANGES {
            changes = changes.plain(&format!("; and {} more", changed.len() - MOST_CHANGES));
        }
        if !operation.overrides.is_empty() {
            changes =
                changes.plain("; ").painted(CellColor::Red, &format!("overrides {}", change::overrides(operation)));
        }
        vec![
            self.short.get(id).into(),
            age(operation.time, self.now).into(),
            operation.environment.as_str().into(),
            changes,
            operation.actor.as_str().into(),
            operation.message.clone().unwrap_or_default().replace('\n', " ").into(),
        ]
    }
}
