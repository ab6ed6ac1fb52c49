//! `apigw history`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::table;
use crate::cli::views::HistoryView;
use crate::cli::{change, selection};
use crate::workspace::Committed;

/// Show who changed what, when and why, the newest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw history\n  apigw history petstore --env online -n 5")]
pub(in crate::cli) struct HistoryArguments {
    /// Only what changed this group
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// Only this environment
    #[arg(long, value_name = "ENV", add = ArgValueCandidates::new(complete::environments))]
    env: Option<String>,
    /// At most this many
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 20)]
    number: usize,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &HistoryArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    // A group that was deleted has a history still.
    let group = arguments.group.as_deref().map(selection::parse).transpose()?;
    let environments = match &arguments.env {
        Some(name) => vec![context.environment(name)?],
        None => workspace.settings().environments(),
    };
    let mut operations = Vec::new();
    for environment in &environments {
        operations.extend(workspace.history(environment, group.as_ref(), arguments.number)?);
    }
    if operations.is_empty()
        && let Some(group) = &group
    {
        workspace.require_group(group)?;
    }
    operations.sort_by(|left, right| right.id.cmp(&left.id));
    operations.truncate(arguments.number);
    context.output.data(&HistoryView::new(&operations), || text(&operations, context.output.width))?;
    Ok(Exit::Done)
}

fn text(operations: &[Committed], width: Option<u16>) -> String {
    if operations.is_empty() {
        return "nothing was published yet\n".to_owned();
    }
    let row = |committed: &Committed| {
        let operation = &committed.operation;
        let changed = |(group, change): (&crate::model::GroupName, &crate::model::Change)| {
            let lost = committed.lost.get(group).map(|resolve| format!(" (lost to {resolve})")).unwrap_or_default();
            format!("{} {group} {}{lost}", change.action, change::state(&change.after))
        };
        let mut changes: Vec<String> = operation.changes.iter().take(3).map(changed).collect();
        if operation.changes.len() > changes.len() {
            changes.push(format!("and {} more", operation.changes.len() - changes.len()));
        }
        if !operation.overrides.is_empty() {
            changes.push(format!("overrides {}", change::overrides(operation)));
        }
        vec![
            committed.id.to_string(),
            operation.environment.to_string(),
            changes.join("; "),
            operation.actor.clone(),
            operation.message.clone().unwrap_or_default().replace('\n', " "),
        ]
    };
    table::render(&["OPERATION", "ENVIRONMENT", "CHANGES", "BY", "WHY"], operations.iter().map(row), width)
}
