//! `apigw plan`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::change::{self, ChangeArguments};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::numbers::PresentNumbers;
use crate::cli::reason::ChangeReason;
use crate::cli::shell::shell_word;
use crate::cli::variables;
use crate::cli::views::{PlanView, ReleaseView};
use crate::cli::wait::WaitArguments;
use crate::cli::yaml::yaml;
use crate::plan::{self, Plan, ReleasePlan};
use crate::workspace::{DiskFacts, EntryEdits, Workspace, is_same_file, read_release_plan, write_outside};

/// The path that stands for stdout.
const STDOUT: &str = "-";

/// Show the outcome of a release plan, over many groups and environments
///
/// `apigw schema plan` shows the fields of the file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw plan release.yaml\n  apigw plan release.yaml --out bound.yaml")]
pub(in crate::cli) struct PlanArguments {
    /// The release plan
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
    /// Write the plan with its base and its outcome, to stdout for `-`; `apply` refuses it once either has changed
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Exit with 2 if there is something to do
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    reason: ChangeReason,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &PlanArguments) -> Result<Exit, CommandError> {
    let change = ChangeArguments {
        dry_run: true,
        detailed_exitcode: arguments.detailed_exitcode,
        reason: arguments.reason.clone(),
        wait: WaitArguments::default(),
    };
    check_out(context, arguments)?;
    let file = read_release_plan(&context.folder().join(&arguments.file))?;
    let workspace = context.workspace()?;
    let plans = compute(context, &facts_for(workspace, &file), (&arguments.file, &file), &change)?;
    let bound = || yaml(&plan::bind(&file, &plans, &context.author(&change.reason)?));
    if arguments.out.as_deref() == Some(Path::new(STDOUT)) {
        context.output.raw(bound()?.as_bytes())?;
        for plan in &plans {
            change::warn(context, plan);
            context.output.note(change::text(workspace, plan, None, true).trim_end());
        }
        return Ok(change::pending(&change, plans.iter().any(|plan| !plan.is_empty())));
    }
    let out = arguments.out.as_ref().map(|out| context.folder().join(out));
    if let Some(out) = &out {
        write_outside(out, &bound()?)?;
    }
    show(context, workspace, &plans, out.as_ref().map(|out| out.display().to_string()))?;
    if let Some(out) = &out {
        let path = shell_word(&out.display().to_string());
        context.output.note(&format!("wrote {}; apply it with `apigw apply {path}`", out.display()));
    }
    Ok(change::pending(&change, plans.iter().any(|plan| !plan.is_empty())))
}

/// Refuses a bound plan that would overwrite the plan, or share stdout with a document.
fn check_out(context: &Context<'_>, arguments: &PlanArguments) -> Result<(), CommandError> {
    let Some(out) = &arguments.out else { return Ok(()) };
    if out == Path::new(STDOUT) && context.output.format.is_document() {
        return Err(CommandError::usage("the plan and the document cannot both go to stdout")
            .hint("name a file with `--out`, or leave `-o` out"));
    }
    if is_same_file(&context.folder().join(out), &context.folder().join(&arguments.file)) {
        return Err(CommandError::usage("the bound plan would overwrite the plan")
            .hint("name another file with `--out`: whoever plans anew later needs the plan as it was written"));
    }
    Ok(())
}

/// Returns the facts for the steps of a file. As with the commands of the same names, entries of other groups bar none
/// of them, and `switch` and `offline` replace an edit by hand.
pub(super) fn facts_for<'w>(workspace: &'w Workspace, file: &ReleasePlan) -> DiskFacts<'w> {
    DiskFacts::new(workspace).for_groups(file.groups()).with_edits(EntryEdits::Replace)
}

/// Computes the plans of a file, compared with the outcome that it is bound to.
pub(super) fn compute(
    context: &Context<'_>,
    facts: &DiskFacts<'_>,
    (path, file): (&Path, &ReleasePlan),
    change: &ChangeArguments,
) -> Result<Vec<Plan>, CommandError> {
    // An override may have its reason from the plan.
    let is_given = change.reason.message.is_some() || context.process.variable(variables::MESSAGE).is_some();
    let message = if is_given { change.reason.message.clone() } else { file.message.clone() };
    let author = context.author(&ChangeReason { message, ..change.reason.clone() })?;
    let plans = plan::release(file, facts, &author);
    let mut plans = plans.map_err(|error| {
        let is_of_file =
            matches!(&error, plan::Error::State(state) if matches!(**state, plan::StateError::Step { .. }));
        let mut shown = change::refused(context, facts.workspace(), error);
        if is_of_file {
            shown.message = format!("{}: {}", path.display(), shown.message);
        }
        shown
    })?;
    if let Some(bound) = &file.bound {
        plan::check_bound(bound, &plans, facts, &author)?;
    }
    change::finish_plans(context, facts, &mut plans)?;
    Ok(plans)
}

/// Shows plans without committing them.
pub(super) fn show(
    context: &Context<'_>,
    workspace: &Workspace,
    plans: &[Plan],
    file: Option<String>,
) -> Result<(), CommandError> {
    for plan in plans {
        change::warn(context, plan);
    }
    let numbers = PresentNumbers::new(workspace, context.output.format.is_document());
    let view = |plan| PlanView::new(plan, None, true).numbered(&numbers);
    let view = ReleaseView::new(plans.iter().map(view).collect()).written_to(file);
    context
        .output
        .lines(&view, || or_no_steps(plans.iter().map(|plan| change::text(workspace, plan, None, true)).collect()))
}

/// Says of a plan without a text that it has no step.
pub(super) fn or_no_steps(text: String) -> String {
    if text.is_empty() { "the plan has no steps: nothing to do\n".to_owned() } else { text }
}
