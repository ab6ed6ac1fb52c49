//! `apigw verify`.

use clap::Args;

use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, several};
use crate::cli::escape;
use crate::cli::hints;
use crate::cli::numbers::PresentNumbers;
use crate::cli::output::{self, SourceTexts};
use crate::cli::progress::ProgressLine;
use crate::cli::reason::ChangeReason;
use crate::cli::short_ids::shorten_findings;
use crate::cli::views::{PlanView, VerifyView};
use crate::model::{Author, EnvironmentName, Finding, Severity};
use crate::plan::{self, Plan};
use crate::workspace::{self, ProblemKind, RepairOutcome, SearchedFiles, Workspace, WorkspaceVerification};

/// Compare every checksum, digest and chain with the committed state
///
/// --repair makes only lossless repairs: it removes uncommitted files, and records a manual edit that can be deployed
/// as an operation, if the policies of the environment allow the change. It takes the bytes of frozen files that a
/// merge in Git damaged from the commit that has them. It restores another layout of an environment's file, which is a
/// problem though no value is lost: branches no longer merge line by line.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw verify\n  apigw verify --repair --yes -m 'hand edit of last night'")]
pub(in crate::cli) struct VerifyArguments {
    /// Make the lossless repairs
    #[arg(long)]
    repair: bool,
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY", requires = "repair")]
    message: Option<String>,
    /// Override the environment's policy on breaking changes; needs -m, and is recorded
    #[arg(long, requires = "repair")]
    allow_breaking: bool,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &VerifyArguments) -> Result<Exit, CommandError> {
    let workspace = if arguments.repair { context.workspace()? } else { context.readable_workspace()? };
    let mut found = verify(context, workspace)?;
    let mut made = RepairOutcome::default();
    let has_repairs = found.has_leftovers || found.has_intact_copies || !found.repairable.is_empty();
    if arguments.repair && has_repairs {
        let reason = ChangeReason { message: arguments.message.clone(), allow_breaking: arguments.allow_breaking };
        let author = context.author(&reason)?;
        let (allowed, refused) = ask_policies(workspace, &found.repairable, &author)?;
        // A repair may record an edit by hand, so it asks where any change does.
        for environment in &allowed {
            change::confirm(context, environment, &change::ConfirmedChange::Repair)?;
        }
        made = workspace.repair(&allowed, &author, &context.lock_request())?;
        made.failures.extend(refused);
        for plan in made.recorded.iter().map(|(plan, _)| plan).chain(refused_plans(&made)) {
            change::warn(context, plan);
        }
        match verify(context, workspace) {
            Ok(repaired) => found = repaired,
            // The repairs are made, whatever is not known of the rest.
            Err(error) => {
                let unknown = WorkspaceVerification::default();
                let numbers = PresentNumbers::new(workspace, context.output.format.is_document());
                let view = VerifyView::new(&unknown, &made.done, plan_views(&made, &numbers));
                let shown = context.output.painted(&view, || lines(workspace, &made));
                if made.done.is_empty() {
                    shown?;
                    return Err(failure(made).unwrap_or(error));
                }
                change::shown_after_commit(context, shown.and(Err(error)));
                return failure(made).map_or(Ok(Exit::Done), Err);
            }
        }
    }
    let numbers = PresentNumbers::new(workspace, context.output.format.is_document());
    let view = VerifyView::new(&found, &made.done, plan_views(&made, &numbers));
    let shown =
        context.output.painted(&view, || context.output.located(&text(context, workspace, &found, &made)).into_owned());
    if made.done.is_empty() {
        shown?;
    } else {
        change::shown_after_commit(context, shown);
    }
    if let Some(error) = failure(made) {
        return Err(error);
    }
    let damaged = found.problems.iter().any(|problem| problem.finding.severity == Severity::Error);
    Ok(if damaged { Exit::Invalid } else { Exit::Done })
}

/// Returns the environments whose repair policies allow, and the refusals of the others. Nobody is asked about a change
/// that is refused anyway.
fn ask_policies(
    workspace: &Workspace,
    environments: &[EnvironmentName],
    author: &Author,
) -> Result<(Vec<EnvironmentName>, Vec<plan::Error<workspace::Error>>), CommandError> {
    let (mut allowed, mut refused) = (Vec::new(), Vec::new());
    for environment in environments {
        match workspace.planned_edits(environment, author)? {
            Some(Err(error)) => refused.push(error),
            Some(Ok(_)) | None => allowed.push(environment.clone()),
        }
    }
    Ok((allowed, refused))
}

/// Iterates over the plans that policies refuse.
fn refused_plans(made: &RepairOutcome) -> impl Iterator<Item = &Plan> {
    made.failures.iter().filter_map(change::refused_plan)
}

/// Returns the plans that were committed and those that policies refuse, as documents have them.
fn plan_views<'a>(made: &'a RepairOutcome, numbers: &PresentNumbers<'_>) -> Vec<PlanView<'a>> {
    let recorded = made.recorded.iter().map(|(plan, id)| PlanView::new(plan, Some(id), false));
    let refused = refused_plans(made).map(|plan| PlanView::new(plan, None, false).refused());
    recorded.chain(refused).map(|view| view.numbered(numbers)).collect()
}

/// Returns the one error for all that was not repaired.
fn failure(made: RepairOutcome) -> Option<CommandError> {
    let RepairOutcome { done, mut failures, .. } = made;
    let error = match failures.len() {
        0 => return None,
        1 => CommandError::from(failures.remove(0)),
        count => several(format!("{count} environments cannot be repaired"), failures),
    };
    Some(if done.is_empty() { error } else { error.hint(format!("repaired all the same: {}", done.join("; "))) })
}

fn verify(context: &Context<'_>, workspace: &Workspace) -> Result<WorkspaceVerification, CommandError> {
    let progress = ProgressLine::start(context.output.progress, "verifying");
    let mut found = workspace.verify(&mut |name| progress.say(name))?;
    found.note(ProblemKind::IgnoredKeyFile, workspace.ignored_key_files()?);
    found.note(ProblemKind::IgnoredState, workspace.ignored_state());
    let access = workspace.access_snapshot()?;
    found.note(ProblemKind::Missing, access.missing_revocation_findings());
    found.note(ProblemKind::RevocationsUnread, access.unread_commits_finding().into_iter().collect());
    found.note(ProblemKind::SecretReused, access.reused_secret_findings());
    found.note(ProblemKind::PrivateKey, workspace.private_key_findings()?);
    let (leaked, missing): (Vec<_>, Vec<_>) = workspace
        .secret_findings(&access, SearchedFiles::Frozen, &context.process.variables, context.now())?
        .into_iter()
        .partition(|finding| finding.severity == Severity::Error);
    found.note(ProblemKind::SecretLeaked, leaked);
    found.note(ProblemKind::NoSecret, missing);
    if let Some(git) = hints::git_in(&context.process.folder, workspace) {
        hints::relocate(found.problems.iter_mut().map(|problem| &mut problem.finding), &git);
    }
    Ok(found)
}

fn text(context: &Context<'_>, workspace: &Workspace, found: &WorkspaceVerification, made: &RepairOutcome) -> String {
    let findings: Vec<Finding> = found.problems.iter().map(|problem| problem.finding.clone()).collect();
    let short = workspace.short_ids().unwrap_or_default();
    let findings = shorten_findings(&short, findings);
    let read = |file: &str| workspace.source(file);
    let mut text = output::findings(&findings, &SourceTexts::new(&read), (context.output.color, context.output.width));
    text.push_str(&lines(workspace, made));
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

/// Writes the repairs that were made, a line each, and the plans that policies refuse.
fn lines(workspace: &Workspace, made: &RepairOutcome) -> String {
    let short = workspace.short_ids().unwrap_or_default();
    let repairs = made.done.iter().map(|repair| escape::line(&short.shorten(repair)).into_owned() + "\n");
    let refused = refused_plans(made)
        .map(|plan| escape::text(&short.shorten(&change::refused_text(workspace, plan))).into_owned());
    repairs.chain(refused).collect()
}
