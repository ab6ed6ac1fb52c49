//! `apigw show`.

use std::fmt::Write as _;

use clap::Args;

use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::views::OperationView;
use crate::workspace::Committed;

/// Show one operation: who, when, why, and each group before and after
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw show 20261123T180000.000Z\n  apigw show 0123456789ab -o json")]
pub(in crate::cli) struct ShowArguments {
    /// The operation's id, or the beginning of it or of its last part
    #[arg(value_name = "OPERATION")]
    operation: String,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ShowArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let mut committed = workspace.find_operation(&arguments.operation)?;
    committed.lost = workspace.lost_merges(&committed)?;
    context.output.data(&OperationView::new(&committed), || text(&committed))?;
    Ok(Exit::Done)
}

fn text(committed: &Committed) -> String {
    let Committed { id, operation, .. } = committed;
    let mut text = format!(
        "operation    {id}\nenvironment  {}\ntime         {}\nby           {}\nwhy          {}\ncommand      {}\n",
        operation.environment,
        operation.time,
        operation.actor,
        operation.message.as_deref().unwrap_or("(no reason given)").replace('\n', "\n             "),
        operation.command,
    );
    if !operation.overrides.is_empty() {
        let _ = writeln!(text, "overrides    {}", change::overrides(operation));
    }
    for (group, planned) in &operation.changes {
        let before = planned.before.as_ref();
        let was = before.map_or_else(|| "never published".to_owned(), |before| change::state(&before.release));
        let _ = writeln!(text, "\n{} {group}", planned.action);
        if let Some(resolve) = committed.lost.get(group) {
            let _ = writeln!(text, "  lost    to what {resolve} kept");
        }
        let _ = writeln!(text, "  before  {was}");
        if let Some(before) = before {
            let _ = writeln!(text, "          {}, by operation {}", before.release.digest, before.operation);
        }
        for merged in &planned.merged {
            let _ = writeln!(text, "  merged  {}, by operation {}", change::state(&merged.release), merged.operation);
        }
        let _ = writeln!(text, "  after   {}\n          {}", change::state(&planned.after), planned.after.digest);
    }
    text
}
