//! What every command that changes an environment does with its plan: show it, ask, commit, show.

use std::fmt::Write as _;
use std::io::{BufRead as _, Write as _};
use std::time::{Duration, Instant};

use clap::Args;

use super::arguments::parse_duration;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::views::PlanView;
use super::wait::{self, Waited};
use crate::model::{Backend, EnvironmentName, GroupName, OperationId, Release, State};
use crate::plan::{Author, Facts, Plan};
use crate::workspace::{self, DiskFacts, Workspace};

/// How many warnings are shown before it is said how many more there are.
const MOST_WARNINGS: usize = 10;

/// The arguments of every command that changes an environment.
#[derive(Debug, Clone, Args)]
pub(super) struct ChangeArguments {
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// With --dry-run: exit with 2 where there is something to do
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Why, for the history
    #[arg(short, long, value_name = "WHY")]
    pub(super) message: Option<String>,
    /// Then wait until every gateway on this machine that serves the environment serves the change, at most this long
    /// [with --wait alone: 10s]; fail with 1 where one does not, or none runs: the change stays committed
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "10s", value_parser = parse_duration)]
    pub(super) wait: Option<Duration>,
}

/// The operation that must be the latest, for commands that change groups by name.
#[derive(Debug, Clone, Args)]
pub(super) struct IfCurrent {
    /// Do it only if this operation is the latest of each group
    #[arg(long, value_name = "OPERATION")]
    if_current: Option<String>,
}

impl IfCurrent {
    /// Returns the whole id of the operation, of which the beginning may have been typed.
    pub(super) fn resolve(&self, context: &Context<'_>) -> Result<Option<OperationId>, CommandError> {
        let find = |text: &String| Ok(context.workspace()?.find_operation(text)?.id);
        self.if_current.as_ref().map(find).transpose()
    }
}

/// Plans a change, and commits it unless it is a dry run.
pub(super) fn run(
    context: &Context<'_>,
    arguments: &ChangeArguments,
    make_plan: impl FnOnce(&dyn Facts, &Author) -> Result<Plan, crate::plan::Error>,
) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let author = context.author(arguments.message.as_deref());
    let plan = make_plan(&DiskFacts::new(workspace), &author)?;
    workspace.check_releases(&plan)?;
    warn(context, &plan);
    if arguments.dry_run {
        wait::note_dry_run(context, arguments.wait);
        show(context, workspace, &plan, None, true, None)?;
        return Ok(pending(arguments, !plan.is_empty()));
    }
    if !plan.is_empty() {
        confirm(context, &plan.operation.environment, &[&plan])?;
    }
    let (id, unknown) = commit(context, workspace, &plan)?;
    // Whether it lasts is not known: that comes first, and more must not be claimed.
    let limit = arguments.wait.filter(|_| unknown.is_none());
    let waited = limit.map(|limit| wait::wait_for(context, workspace, &plan, id.as_ref(), Instant::now(), limit));
    shown_after_commit(context, show(context, workspace, &plan, id.as_ref(), false, waited.as_ref()));
    let failed = unknown.or_else(|| waited.and_then(Waited::failure));
    failed.map_or(Ok(Exit::Done), Err)
}

/// Returns the exit code of a dry run.
pub(super) const fn pending(arguments: &ChangeArguments, is_pending: bool) -> Exit {
    if arguments.detailed_exitcode && is_pending { Exit::ChangesPending } else { Exit::Done }
}

/// Commits a plan. Where it is committed and its durability unknown, the error comes with the id.
pub(super) fn commit(
    context: &Context<'_>,
    workspace: &Workspace,
    plan: &Plan,
) -> Result<(Option<OperationId>, Option<CommandError>), CommandError> {
    if plan.is_empty() {
        workspace.sweep(&plan.operation.environment, &context.lock_request())?;
        return Ok((None, None));
    }
    let lock = workspace.lock(&plan.operation.environment, &context.lock_request())?;
    match lock.commit(plan) {
        Ok(id) => Ok((id, None)),
        Err(error @ workspace::Error::DurabilityUnknown { .. }) => {
            let id = match &error {
                workspace::Error::DurabilityUnknown { operation, .. } => Some(operation.clone()),
                _ => None,
            };
            Ok((id, Some(error.into())))
        }
        Err(error) => Err(error.into()),
    }
}

/// A result that cannot be shown does not make a committed change a failed one.
pub(super) fn shown_after_commit(context: &Context<'_>, shown: Result<(), CommandError>) {
    if let Err(error) = shown {
        context.output.note(&format!("the change is committed, but: {}: {}", error.message, error.causes.join(": ")));
    }
}

pub(super) fn warn(context: &Context<'_>, plan: &Plan) {
    for warning in plan.warnings.iter().take(MOST_WARNINGS) {
        context.output.warning(warning);
    }
    let more = plan.warnings.len().saturating_sub(MOST_WARNINGS);
    if more > 0 {
        context.output.warning(&format!("and {more} more; `apigw check` shows all"));
    }
}

/// Asks before a protected environment is changed; without a terminal it needs `--yes`.
pub(super) fn confirm(
    context: &Context<'_>,
    environment: &EnvironmentName,
    plans: &[&Plan],
) -> Result<(), CommandError> {
    let workspace = context.workspace()?;
    if !workspace.settings().environment(environment).protected || context.yes {
        return Ok(());
    }
    let refused = |message: String| {
        CommandError::new("protected", super::error::Exit::Refused, message)
            .hint("look at it with `--dry-run`, then give `--yes`")
    };
    if !context.process.stdin_is_terminal || !context.process.stderr_is_terminal {
        return Err(refused(format!("{environment} is protected, and there is no terminal on which to ask")));
    }
    let mut stderr = std::io::stderr().lock();
    for plan in plans.iter().filter(|plan| plan.operation.environment == *environment) {
        write!(stderr, "{}", describe(workspace, plan))?;
    }
    write!(stderr, "{environment} is protected. Change it? Type its name to go on: ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == environment.as_str() { Ok(()) } else { Err(refused(format!("{environment} was not changed"))) }
}

fn show(
    context: &Context<'_>,
    workspace: &Workspace,
    plan: &Plan,
    id: Option<&OperationId>,
    dry_run: bool,
    waited: Option<&Waited>,
) -> Result<(), CommandError> {
    context.output.data(&PlanView::new(plan, id, dry_run).waited(waited), || {
        text(workspace, plan, id, dry_run) + &waited.map(Waited::text).unwrap_or_default()
    })
}

/// Says what a plan changes, and what came of it.
pub(super) fn text(workspace: &Workspace, plan: &Plan, id: Option<&OperationId>, dry_run: bool) -> String {
    let environment = &plan.operation.environment;
    let mut text = describe(workspace, plan);
    for group in &plan.unchanged {
        let _ = writeln!(text, "{environment}: {group} is so already");
    }
    match id {
        Some(id) => {
            let _ = writeln!(text, "{environment}: committed as operation {id}");
        }
        None if plan.is_empty() => {
            let _ = writeln!(text, "{environment}: nothing to do");
        }
        None if dry_run => {
            let _ = writeln!(text, "{environment}: dry run, nothing was changed");
        }
        None => {}
    }
    text
}

/// Says what a plan changes: each group, from what to what, and where callers reach it.
fn describe(workspace: &Workspace, plan: &Plan) -> String {
    let environment = &plan.operation.environment;
    let mut text = String::new();
    for (group, change) in &plan.operation.changes {
        let before =
            change.before.as_ref().map_or_else(|| "never published".to_owned(), |before| state(&before.release));
        let _ = writeln!(text, "{environment}: {} {group}: {before} → {}", change.action, state(&change.after));
        if plan.freezes.iter().any(|freeze| freeze.group == *group) {
            let _ = writeln!(text, "  freezes version {} ({})", change.after.version, change.after.digest);
        }
        if change.after.state == State::Live {
            for url in urls(workspace, environment, group, &change.after, plan) {
                let _ = writeln!(text, "  {url}");
            }
        }
    }
    text
}

/// Says in a few words what a release is.
pub(super) fn state(release: &Release) -> String {
    match release.state {
        State::Offline => format!("offline ({})", release.version),
        State::Live => match &release.backend {
            Backend::Mock => format!("{} with mock", release.version),
            Backend::Http { url, .. } => format!("{} with {url}", release.version),
        },
    }
}

/// Returns where callers reach a release, as far as its settings can be read.
fn urls(
    workspace: &Workspace,
    environment: &EnvironmentName,
    group: &GroupName,
    release: &Release,
    plan: &Plan,
) -> Vec<String> {
    let planned = plan.freezes.iter().find(|freeze| freeze.group == *group);
    workspace.urls(environment, group, &release.version, planned.map(|freeze| &freeze.files))
}
