//! The common part of all commands that change an environment: show the plan, ask, commit, report.

mod text;

use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use clap::Args;

use super::context::Context;
use super::error::{CommandError, Exit, PlanError};
use super::escape;
use super::numbers::PresentNumbers;
use super::output::MOST_WARNINGS;
use super::reason::ChangeReason;
use super::views::{PlanView, ReleaseView};
use super::wait::{self, WaitArguments, WaitOutcome};
use super::{backends, lost, missing_release};
use crate::cli::time::age;
use crate::model::{Author, EnvironmentName, OperationId};
use crate::plan::{GroupSelection, Plan};
use crate::workspace::{self, Committed, DiskFacts, EntryEdits, StalePart, Workspace};

use text::describe;
pub(super) use text::{overrides, text};

/// The lead over the clock, in milliseconds, from which an operation's time is warned of.
const FAR_AHEAD_MS: i64 = 60_000;

/// The arguments of every command that changes an environment.
#[derive(Debug, Clone, Args)]
pub(super) struct ChangeArguments {
    /// Show the plan without committing it
    #[arg(long)]
    pub(super) dry_run: bool,
    /// With --dry-run: exit with 2 if there is something to do
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    #[command(flatten)]
    pub(super) reason: ChangeReason,
    #[command(flatten)]
    pub(super) wait: WaitArguments,
}

/// The treatment of a change whose base another command changed before it had the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplanMode {
    /// Planned again, since the request names its outcome.
    WhereStale,
    /// It fails: planned anew, it would do something else.
    Never,
}

/// The operation that must be the latest, for commands that change groups by name.
#[derive(Debug, Clone, Args)]
pub(super) struct IfCurrent {
    /// Fail unless this operation is the latest of each group
    #[arg(long, value_name = "OPERATION")]
    if_current: Option<String>,
}

impl IfCurrent {
    /// Allows to make a stale plan again, unless it is bound to an operation.
    pub(super) const fn replan(&self) -> ReplanMode {
        if self.if_current.is_some() { ReplanMode::Never } else { ReplanMode::WhereStale }
    }

    /// Returns the whole id of the operation, of which the beginning may have been typed.
    pub(super) fn resolve(
        &self,
        context: &Context<'_>,
        environment: &EnvironmentName,
    ) -> Result<Option<OperationId>, CommandError> {
        let find = |text: &String| Ok(context.workspace()?.find_operation_of(environment, text)?);
        self.if_current.as_ref().map(find).transpose()
    }
}

/// Plans a change, and commits it unless it is a dry run.
pub(super) fn run(
    context: &Context<'_>,
    arguments: &ChangeArguments,
    replan: ReplanMode,
    (groups, edits): (&GroupSelection, EntryEdits),
    make_plan: impl Fn(&DiskFacts<'_>, &Author) -> Result<Plan, PlanError>,
) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let author = context.author(&arguments.reason)?;
    let facts = facts_for(workspace, groups, edits);
    let mut plan = planned(context, &facts, &author, &make_plan)?;
    warn(context, &plan);
    let wait = arguments.wait.resolve(context)?;
    if arguments.dry_run {
        wait::note_dry_run(context, wait.as_ref());
        show(context, workspace, &plan, None, true, None)?;
        return Ok(pending(arguments, !plan.is_empty()));
    }
    let Committed { id, unsynced } = if plan.is_empty() {
        workspace.sweep(&context.lock_request())?;
        Committed::nothing()
    } else {
        let was_asked = confirm(context, &plan.operation.environment, &ConfirmedChange::Plans(&[&plan]))?;
        let guard = workspace.lock(&context.lock_request())?;
        match guard.check_base(&facts.base(), &[&plan]) {
            // A plan that somebody has seen is never replaced silently.
            Err(stale @ workspace::Error::Stale(_)) if replan == ReplanMode::WhereStale && !was_asked => {
                context.output.note(&format!("{stale}: planned again"));
                plan = plan_again(context, &facts_for(guard.workspace(), groups, edits), &plan, &author, &make_plan)?;
            }
            checked => checked?,
        }
        // Somebody may have laid the file out anew since it was planned.
        if let Some(warning) = layout_warning(&plan, guard.workspace()).filter(|text| !plan.warnings.contains(text)) {
            context.output.warning(&warning);
            plan.warnings.push(warning);
        }
        guard.commit(&mut plan)?
    };
    warn_of_clock(context, &plan);
    // With unknown durability, that is reported first and nothing else is claimed.
    let wait = wait.filter(|_| unsynced.is_none());
    let waited = wait.map(|wait| wait::wait_for(context, workspace, &plan, id.as_ref(), Instant::now(), &wait));
    shown_after_commit(context, show(context, workspace, &plan, id.as_ref(), false, waited.as_ref()));
    let failed = unsynced.map(CommandError::from).or_else(|| waited.and_then(WaitOutcome::failure));
    failed.map_or(Ok(Exit::Done), Err)
}

/// Returns the facts for a change. One of groups by name goes through whatever is wrong with the entries of others.
fn facts_for<'w>(workspace: &'w Workspace, groups: &GroupSelection, edits: EntryEdits) -> DiskFacts<'w> {
    let facts = DiskFacts::new(workspace).with_edits(edits);
    match groups {
        GroupSelection::Groups(groups) => facts.for_groups(groups.iter().cloned().collect()),
        GroupSelection::All => facts,
    }
}

/// Returns the plan that policies refuse.
pub(super) const fn refused_plan(error: &PlanError) -> Option<&Plan> {
    match error {
        crate::plan::Error::Refused { plan, .. } => Some(plan),
        _ => None,
    }
}

/// Shows the plans that policies refuse, and returns the error, which has every reason.
pub(super) fn refused(context: &Context<'_>, workspace: &Workspace, error: PlanError) -> CommandError {
    use crate::plan::Error;
    let plans: Vec<&Plan> = match &error {
        Error::Several(errors) | Error::Steps(errors) => errors.iter().filter_map(refused_plan).collect(),
        single => refused_plan(single).into_iter().collect(),
    };
    for plan in &plans {
        warn(context, plan);
    }
    let text = || plans.iter().map(|plan| refused_text(workspace, plan)).collect();
    let numbers = PresentNumbers::new(workspace, context.output.format.is_document());
    let view = |plan| PlanView::new(plan, None, false).numbered(&numbers).refused();
    let shown = match plans.as_slice() {
        [] => Ok(()),
        [plan] => context.output.lines(&view(plan), text),
        several => context.output.lines(&ReleaseView::new(several.iter().map(|plan| view(plan)).collect()), text),
    };
    // The error that follows matters more than a reader that has gone away.
    drop(shown);
    error.into()
}

/// Describes a plan that policies refuse.
pub(super) fn refused_text(workspace: &Workspace, plan: &Plan) -> String {
    let environment = &plan.operation.environment;
    describe(workspace, plan) + &format!("{environment}: refused, nothing was changed\n")
}

/// Computes a plan from the files, and finishes it.
fn planned(
    context: &Context<'_>,
    facts: &DiskFacts<'_>,
    author: &Author,
    make_plan: &impl Fn(&DiskFacts<'_>, &Author) -> Result<Plan, PlanError>,
) -> Result<Plan, CommandError> {
    let workspace = facts.workspace();
    let mut plan = make_plan(facts, author).map_err(|error| refused(context, workspace, error))?;
    finish_plans(context, facts, std::slice::from_mut(&mut plan))?;
    Ok(plan)
}

/// Checks the releases of plans that are committed one after another, and warns of lost entries, layouts and backends.
pub(super) fn finish_plans(
    context: &Context<'_>,
    facts: &DiskFacts<'_>,
    plans: &mut [Plan],
) -> Result<(), CommandError> {
    let workspace = facts.workspace();
    let mut freezes = plans.iter().flat_map(|plan| plan.freezes.values()).peekable();
    if freezes.peek().is_some() {
        // A version keeps for good what it is frozen with.
        workspace.require_no_secret_in(freezes, &context.process.variables, context.now())?;
    }
    for (index, plan) in plans.iter().enumerate() {
        let checked = workspace.check_releases(plan, &plans[..index]);
        checked.map_err(|error| missing_release::explain(facts, plan, error))?;
    }
    let ignored = workspace.ignored_state_warnings(plans);
    if let Some(plan) = plans.first_mut() {
        plan.warnings.extend(ignored);
    }
    for plan in plans {
        lost::note(plan, facts);
        plan.warnings.extend(layout_warning(plan, workspace));
        plan.warnings.extend(backends::warnings(plan, facts));
    }
    Ok(())
}

/// Returns the warning that a plan restores the layout of the file that it changes.
fn layout_warning(plan: &Plan, workspace: &Workspace) -> Option<String> {
    let finding = workspace.layout_change(&plan.operation.environment).filter(|_| !plan.is_empty())?;
    Some(format!("{}: {}; this change restores its layout", finding.location.file, finding.message))
}

/// Plans again under the lock.
fn plan_again(
    context: &Context<'_>,
    facts: &DiskFacts<'_>,
    before: &Plan,
    author: &Author,
    make_plan: &impl Fn(&DiskFacts<'_>, &Author) -> Result<Plan, PlanError>,
) -> Result<Plan, CommandError> {
    let workspace = facts.workspace();
    // The settings may have changed, and with them which environments there are and which are protected.
    let environment = workspace.environment_named(before.operation.environment.as_str())?;
    if workspace.settings().environment(&environment).protected && !context.yes {
        return Err(workspace::Error::Stale(StalePart::Protection(environment)).into());
    }
    let plan = planned(context, facts, author, make_plan)?;
    if plan.warnings != before.warnings {
        warn(context, &plan);
    }
    Ok(plan)
}

/// Returns the exit code of a dry run.
pub(super) const fn pending(arguments: &ChangeArguments, is_pending: bool) -> Exit {
    if arguments.detailed_exitcode && is_pending { Exit::ChangesPending } else { Exit::Done }
}

/// Warns of an operation whose time is ahead of this machine's clock, as it must be later than those before it.
pub(super) fn warn_of_clock(context: &Context<'_>, plan: &Plan) {
    let ahead = plan.operation.time.ms_since(context.now());
    if ahead > FAR_AHEAD_MS {
        let environment = &plan.operation.environment;
        context.output.warning(&format!(
            "the newest operation of {environment} is {} ahead of this machine's clock; this one is recorded as just after it",
            age(context.now(), plan.operation.time),
        ));
    }
}

/// A result that cannot be shown does not make a committed change a failed one.
pub(super) fn shown_after_commit(context: &Context<'_>, shown: Result<(), CommandError>) {
    if let Err(error) = shown {
        // With `-o json` or `--quiet`, nothing else tells of the change.
        let told = format!("the change is committed, but: {}: {}", error.message, error.causes.join(": "));
        context.output.styled_note(&escape::text(&told));
    }
}

pub(super) fn warn(context: &Context<'_>, plan: &Plan) {
    let more = plan.warnings.len().saturating_sub(MOST_WARNINGS);
    let warnings = for_people(context, &plan.warnings);
    context.output.warnings(&warnings, more, "`-o json` has all");
}

/// Shortens the ids of operations in texts that people read; documents have whole ones.
pub(super) fn for_people(context: &Context<'_>, texts: &[String]) -> Vec<String> {
    match context.workspace() {
        // The ids are those of the whole history, which is listed once.
        Ok(workspace) if !texts.is_empty() && !context.output.format.is_document() => {
            let short = workspace.short_ids().unwrap_or_default();
            texts.iter().map(|text| short.shorten(text)).collect()
        }
        _ => texts.to_vec(),
    }
}

/// A change of an environment that is confirmed where that is protected.
pub(super) enum ConfirmedChange<'p> {
    /// One with a plan, or several.
    Plans(&'p [&'p Plan]),
    /// A repair.
    Repair,
    /// Grants that are added or removed.
    Grants,
}

/// Asks before a protected environment is changed; without a terminal it needs `--yes`. Returns true if it asked.
pub(super) fn confirm(
    context: &Context<'_>,
    environment: &EnvironmentName,
    change: &ConfirmedChange<'_>,
) -> Result<bool, CommandError> {
    let workspace = context.workspace()?;
    if !workspace.settings().environment(environment).protected || context.yes {
        return Ok(false);
    }
    let refused = |message: String| CommandError::new("protected", super::error::Exit::Refused, message);
    if !context.process.stdin_is_terminal || !context.process.stderr_is_terminal {
        let hint = match change {
            ConfirmedChange::Plans(_) => "preview it with `--dry-run`, then add `--yes`",
            ConfirmedChange::Repair => "check `apigw verify`, then add `--yes`",
            ConfirmedChange::Grants => "see `apigw access list`, then add `--yes`",
        };
        let message = format!("{environment} is protected, and there is no terminal to ask on");
        return Err(refused(message).hint(hint));
    }
    let mut stderr = std::io::stderr().lock();
    let plans = if let ConfirmedChange::Plans(plans) = change { plans } else { &[][..] };
    for plan in plans.iter().filter(|plan| plan.operation.environment == *environment) {
        write!(stderr, "{}", escape::text(&describe(workspace, plan)))?;
    }
    write!(stderr, "{environment} is protected. Change it? Type its name to continue: ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == environment.as_str() {
        Ok(true)
    } else {
        Err(refused(format!("{environment} was not changed: the typed name is not {environment}")))
    }
}

fn show(
    context: &Context<'_>,
    workspace: &Workspace,
    plan: &Plan,
    id: Option<&OperationId>,
    dry_run: bool,
    waited: Option<&WaitOutcome>,
) -> Result<(), CommandError> {
    let view =
        PlanView::new(plan, id, dry_run).numbered(&PresentNumbers::new(workspace, context.output.format.is_document()));
    let view =
        view.waited(waited.map(|waited| waited.gateways.as_slice()), waited.and_then(|waited| waited.node_views()));
    context
        .output
        .lines(&view, || text(workspace, plan, id, dry_run) + &waited.map(WaitOutcome::text).unwrap_or_default())
}
