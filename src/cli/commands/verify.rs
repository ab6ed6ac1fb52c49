//! `apigw verify`.

use clap::Args;

use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::escape;
use crate::cli::output::{self, SourceTexts};
use crate::cli::progress::ProgressLine;
use crate::cli::reason::ChangeReason;
use crate::cli::short_ids::shorten_findings;
use crate::cli::views::VerifyView;
use crate::model::{Finding, Severity};
use crate::workspace::{Workspace, WorkspaceVerification};

/// Compare every checksum, digest and chain with the committed state
///
/// --repair makes the repairs that lose nothing: it removes uncommitted files, and records an edit by hand that can be
/// deployed as an operation of its own.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw verify\n  apigw verify --repair --yes -m 'hand edit of last night'")]
pub(in crate::cli) struct VerifyArguments {
    /// Make the repairs that lose nothing
    #[arg(long)]
    repair: bool,
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY", requires = "repair")]
    message: Option<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &VerifyArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let mut found = verify(context, workspace)?;
    let mut repairs = Vec::new();
    if arguments.repair && (found.has_leftovers || !found.repairable.is_empty()) {
        // A repair may record an edit by hand, so it asks where any change does.
        for environment in &found.repairable {
            change::confirm(context, environment, &[])?;
        }
        let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
        repairs = workspace.repair(&found.repairable, &author, &context.lock_request())?;
        found = verify(context, workspace)?;
    }
    let view = VerifyView::new(&found, &repairs);
    let shown = context.output.painted(&view, || text(context, workspace, &found, &repairs));
    if repairs.is_empty() {
        shown?;
    } else {
        change::shown_after_commit(context, shown);
    }
    let damaged = found.problems.iter().any(|problem| problem.finding.severity == Severity::Error);
    Ok(if damaged { Exit::Invalid } else { Exit::Done })
}

fn verify(context: &Context<'_>, workspace: &Workspace) -> Result<WorkspaceVerification, CommandError> {
    let progress = ProgressLine::start(context.output.progress, "verifying");
    Ok(workspace.verify(&mut |name| progress.say(name))?)
}

fn text(context: &Context<'_>, workspace: &Workspace, found: &WorkspaceVerification, repairs: &[String]) -> String {
    let findings: Vec<Finding> = found.problems.iter().map(|problem| problem.finding.clone()).collect();
    let short = workspace.short_ids().unwrap_or_default();
    let findings = shorten_findings(&short, findings);
    let read = |file: &str| workspace.source(file);
    let mut text = output::findings(&findings, &SourceTexts::new(&read), context.output.color);
    for repair in repairs {
        text.push_str(&escape::line(&short.shorten(repair)));
        text.push('\n');
    }
    let verdict = match findings.len() {
        0 => "no problems".to_owned(),
        count => output::counted(count, "problem", "problems"),
    };
    text + &format!(
        "{}, {}, {}: {verdict}\n",
        output::counted(found.entries, "entry", "entries"),
        output::counted(found.operations, "operation", "operations"),
        output::counted(found.versions, "version", "versions"),
    )
}
