//! `apigw apply`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::plan;
use crate::cli::change::{self, ChangeArguments};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::numbers::PresentNumbers;
use crate::cli::views::{PlanView, ReleaseView};
use crate::cli::wait::{self, WaitOutcome, WaitRequest};
use crate::model::{OperationId, Timestamp};
use crate::plan::{Plan, ReleasePlan};
use crate::workspace::{self, Committed, DiskFacts, Workspace, read_release_plan};

/// Apply a release plan: one environment after another, each in one commit
///
/// If it stops half-way, it reports the committed part; applying it again finishes it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw apply bound.yaml\n  apigw apply release.yaml --dry-run --detailed-exitcode")]
pub(in crate::cli) struct ApplyArguments {
    /// The release plan
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
    /// Refuse the plan if it would change any other environment
    #[arg(long, value_name = "ENV", add = ArgValueCandidates::new(complete::environments))]
    env: Option<String>,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ApplyArguments) -> Result<Exit, CommandError> {
    let file = read_release_plan(&context.folder().join(&arguments.file))?;
    let workspace = context.workspace()?;
    let facts = plan::facts_for(workspace, &file);
    check_environment(context, arguments, &file)?;
    let mut plans = plan::compute(context, &facts, (&arguments.file, &file), &arguments.change)?;
    let wait = arguments.change.wait.resolve(context)?;
    if arguments.change.dry_run {
        wait::note_dry_run(context, wait.as_ref());
        plan::show(context, workspace, &plans, None)?;
        return Ok(change::pending(&arguments.change, plans.iter().any(|plan| !plan.is_empty())));
    }
    for plan in &plans {
        change::warn(context, plan);
    }
    let all: Vec<&Plan> = plans.iter().collect();
    // All questions come before the first commit, so that a "no" leaves nothing half-done.
    for plan in plans.iter().filter(|plan| !plan.is_empty()) {
        change::confirm(context, &plan.operation.environment, &change::ConfirmedChange::Plans(&all))?;
    }
    commit_all(context, workspace, &facts, &mut plans, wait)
}

/// Refuses a plan that changes another environment than the one that was named.
fn check_environment(
    context: &Context<'_>,
    arguments: &ApplyArguments,
    file: &ReleasePlan,
) -> Result<(), CommandError> {
    let Some(named) = &arguments.env else {
        return Ok(());
    };
    let named = context.environment(named)?;
    let settings = context.workspace()?.settings();
    // A step of an environment that is not declared is refused as such.
    let mut targets = file.environments().filter_map(|name| settings.environment_named(name.as_str()));
    match targets.find(|environment| *environment != named) {
        None => Ok(()),
        Some(other) => {
            let message = format!("the plan is for {other}, not only for {named}; nothing was written");
            Err(CommandError::new("foreign-plan", Exit::Conflict, message)
                .hint("plan for the other environment instead"))
        }
    }
}

/// Commits plans in order, and returns the operations up to the one that failed, and why it did.
fn commit_each(
    context: &Context<'_>,
    workspace: &Workspace,
    facts: &DiskFacts<'_>,
    plans: &mut [Plan],
) -> Result<(Vec<Option<OperationId>>, Option<workspace::Error>), CommandError> {
    if plans.iter().all(Plan::is_empty) {
        workspace.sweep(&context.lock_request())?;
        return Ok((vec![None; plans.len()], None));
    }
    // One lock for them all: later plans depend on the changes of earlier ones.
    let guard = workspace.lock(&context.lock_request())?;
    guard.check_base(&facts.base(), &plans.iter().collect::<Vec<_>>())?;
    let mut committed = Vec::new();
    let mut latest: Option<Timestamp> = None;
    for plan in plans {
        // Operations of one run can be told apart, and their order, by their time.
        plan.operation.time = latest.map_or(plan.operation.time, |latest| plan.operation.time.max(latest.successor()));
        let outcome = guard.commit(plan);
        latest = Some(plan.operation.time);
        match outcome {
            Ok(Committed { id, unsynced: None }) => committed.push(id),
            Ok(Committed { id, unsynced }) => {
                committed.push(id);
                return Ok((committed, unsynced));
            }
            Err(error) => return Ok((committed, Some(error))),
        }
    }
    Ok((committed, None))
}

fn commit_all(
    context: &Context<'_>,
    workspace: &Workspace,
    facts: &DiskFacts<'_>,
    plans: &mut [Plan],
    wait: Option<WaitRequest>,
) -> Result<Exit, CommandError> {
    let (committed, failure) = commit_each(context, workspace, facts, plans)?;
    let plans = &*plans;
    for plan in plans {
        change::warn_of_clock(context, plan);
    }
    let done = || plans.iter().zip(&committed);
    // A release that stopped half-way has an error of its own.
    let wait = wait.filter(|_| failure.is_none());
    let start = Instant::now();
    let wait_for_each = |request: WaitRequest| {
        let wait = |(plan, id): (_, &Option<_>)| wait::wait_for(context, workspace, plan, id.as_ref(), start, &request);
        done().map(wait).collect()
    };
    let waited: Vec<WaitOutcome> = wait.map(wait_for_each).unwrap_or_default();
    let numbers = PresentNumbers::new(workspace, context.output.format.is_document());
    let view = |(at, (plan, id)): (usize, (_, &Option<OperationId>))| {
        let view = PlanView::new(plan, id.as_ref(), false).numbered(&numbers);
        view.waited(
            waited.get(at).map(|waited| waited.gateways.as_slice()),
            waited.get(at).and_then(|waited| waited.node_views()),
        )
    };
    let view = ReleaseView::new(done().enumerate().map(view).collect());
    let text = || {
        let plans = done().map(|(plan, id)| change::text(workspace, plan, id.as_ref(), false));
        plan::or_no_steps(plans.chain(waited.iter().map(WaitOutcome::text)).collect())
    };
    change::shown_after_commit(context, context.output.lines(&view, text));
    match failure {
        None => waited.into_iter().find_map(WaitOutcome::failure).map_or(Ok(Exit::Done), Err),
        Some(error) => {
            let names: Vec<&str> =
                done().filter(|(_, id)| id.is_some()).map(|(plan, _)| plan.operation.environment.as_str()).collect();
            let left = if names.is_empty() {
                "nothing was committed".to_owned()
            } else {
                format!("committed before that: {}", names.join(", "))
            };
            // A bound plan that is stale stays so.
            let again = "applying the plan again finishes it";
            let is_stale = matches!(error, workspace::Error::Stale(_));
            let error = CommandError::from(error).hint(left);
            Err(if is_stale { error } else { error.hint(again) })
        }
    }
}
