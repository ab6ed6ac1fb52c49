//! `apigw verify`.

use clap::Args;

use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::escape;
use crate::cli::hints;
use crate::cli::output::{self, SourceTexts};
use crate::cli::progress::ProgressLine;
use crate::cli::reason::ChangeReason;
use crate::cli::short_ids::shorten_findings;
use crate::cli::views::VerifyView;
use crate::model::{Finding, Severity};
use crate::workspace::{ProblemKind, Workspace, WorkspaceVerification};

/// Compare every checksum, digest and chain with the committed state
///
/// --repair makes only lossless repairs: it removes uncommitted files, and records a manual edit that can be
/// deployed as an operation.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw verify\n  apigw verify --repair --yes -m 'hand edit of last night'")]
pub(in crate::cli) struct VerifyArguments {
    /// Make the lossless repairs
    #[arg(long)]
    repair: bool,
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY", requires = "repair")]
    message: Option<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &VerifyArguments) -> Result<Exit, CommandError> {
    let workspace = if arguments.repair { context.workspace()? } else { context.readable_workspace()? };
    let mut found = verify(context, workspace)?;
    let mut repairs = Vec::new();
    let mut failure = None;
    if arguments.repair && (found.has_leftovers || !found.repairable.is_empty()) {
        // A repair may record an edit by hand, so it asks where any change does.
        for environment in &found.repairable {
            change::confirm(context, environment, &[])?;
        }
        let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
        let made = workspace.repair(&found.repairable, &author, &context.lock_request())?;
        (repairs, failure) = (made.done, made.failure.map(CommandError::from));
        match verify(context, workspace) {
            Ok(repaired) => found = repaired,
            // The repairs are made, whatever is not known of the rest.
            Err(error) => {
                let unknown = WorkspaceVerification::default();
                let view = VerifyView::new(&unknown, &repairs);
                let shown = context.output.painted(&view, || lines(workspace, &repairs));
                change::shown_after_commit(context, shown.and(Err(error)));
                return failure.map_or(Ok(Exit::Done), Err);
            }
        }
    }
    let view = VerifyView::new(&found, &repairs);
    let shown = context.output.painted(&view, || text(context, workspace, &found, &repairs));
    if repairs.is_empty() {
        shown?;
    } else {
        change::shown_after_commit(context, shown);
    }
    if let Some(error) = failure {
        return Err(error.hint(format!("made before it failed: {}", repairs.join("; "))));
    }
    let damaged = found.problems.iter().any(|problem| problem.finding.severity == Severity::Error);
    Ok(if damaged { Exit::Invalid } else { Exit::Done })
}

fn verify(context: &Context<'_>, workspace: &Workspace) -> Result<WorkspaceVerification, CommandError> {
    let progress = ProgressLine::start(context.output.progress, "verifying");
    let mut found = workspace.verify(&mut |name| progress.say(name))?;
    found.note(ProblemKind::IgnoredKeyFile, workspace.ignored_key_files()?);
    let access = workspace.access_snapshot()?;
    found.note(ProblemKind::SecretReused, access.reused_secret_findings());
    found.note(ProblemKind::PrivateKey, workspace.private_key_findings()?);
    let (leaked, missing): (Vec<_>, Vec<_>) = workspace
        .secret_findings(&access, &context.process.variables, context.now())?
        .into_iter()
        .partition(|finding| finding.severity == Severity::Error);
    found.note(ProblemKind::SecretLeaked, leaked);
    found.note(ProblemKind::NoSecret, missing);
    if let Some(git) = hints::git_in(&context.process.folder, workspace) {
        hints::relocate(found.problems.iter_mut().map(|problem| &mut problem.finding), &git);
    }
    Ok(found)
}

fn text(context: &Context<'_>, workspace: &Workspace, found: &WorkspaceVerification, repairs: &[String]) -> String {
    let findings: Vec<Finding> = found.problems.iter().map(|problem| problem.finding.clone()).collect();
    let short = workspace.short_ids().unwrap_or_default();
    let findings = shorten_findings(&short, findings);
    let read = |file: &str| workspace.source(file);
    let mut text = output::findings(&findings, &SourceTexts::new(&read), context.output.color);
    text.push_str(&lines(workspace, repairs));
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

/// Writes the repairs that were made, a line each.
fn lines(workspace: &Workspace, repairs: &[String]) -> String {
    let short = workspace.short_ids().unwrap_or_default();
    repairs.iter().fold(String::new(), |text, repair| text + &escape::line(&short.shorten(repair)) + "\n")
}
