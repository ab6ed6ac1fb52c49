//! `apigw diff`.

mod environments;
mod explained;
mod sides;

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::OutputFormat;
use crate::cli::table::{CellColor, TableCell, TableLayout};
use crate::cli::views::{ChangeCountsView, CompatibilityChangeView, DiffDocument, GroupDiffView, ViewProblemView};
use crate::cli::wrap::wrapped;
use crate::cli::{complete, selection, short_ids, table, workflow};
use crate::compare::{self, Change, ChangeRules, ComparedGroup, Comparison, Compatibility};
use crate::model::{EnvironmentName, GroupName, SCHEMA, SunsetPolicy};
use crate::plan::{Facts, PublishCandidate};
use crate::workspace::{self, DiskFacts, ViewProblem};
use sides::{DeploymentPair, DiffSide};

/// Show changes between two definitions, and whether they break callers
///
/// A side is a working copy (`petstore`), a version (`petstore@0.0.1`), a live version (`petstore@online`), or a whole
/// environment (`@online`). Breaking changes come first.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw diff petstore@online petstore --fail-on breaking\n  apigw diff @test @online -o markdown"
)]
pub(in crate::cli) struct DiffArguments {
    /// Old side
    #[arg(value_name = "A", required_unless_present = "explain")]
    before: Option<String>,
    /// New side
    #[arg(value_name = "B", required_unless_present = "explain")]
    after: Option<String>,
    /// Explain a kind of change; `list` shows all kinds
    #[arg(long, value_name = "KIND", conflicts_with_all = ["before", "after"], add = ArgValueCandidates::new(complete::changes))]
    explain: Option<String>,
    /// Exit with 2 if anything differs
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exit with 1 if callers break
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Show only such changes; all are counted
    #[arg(long, value_name = "WHAT")]
    only: Option<DiffFilter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFilter {
    /// Changes that break callers
    Breaking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// If callers break
    Breaking,
}

/// A side as parsed.
enum DiffReference {
    Group(GroupName, Box<DiffSide>),
    Environment(EnvironmentName),
}

/// The comparison of one group.
struct GroupDiff {
    group: GroupName,
    outcome: DiffOutcome,
    deployments: DeploymentPair,
}

enum DiffOutcome {
    Added,
    Removed,
    Compared(Comparison),
    /// The version of a side cannot be read.
    Unreadable,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &DiffArguments) -> Result<Exit, CommandError> {
    if let Some(kind) = &arguments.explain {
        return explained::explain(context, kind);
    }
    let (Some(before), Some(after)) = (&arguments.before, &arguments.after) else {
        return Err(CommandError::usage("name two sides: `apigw diff A B`"));
    };
    // Only a working copy is checked by all the settings.
    let is_built_in = |name: EnvironmentName| EnvironmentName::BUILT_IN.contains(&name.as_str());
    let is_frozen = |side: &String| side.contains('@') || EnvironmentName::from_input(side).is_ok_and(is_built_in);
    let is_readable = is_frozen(before) && is_frozen(after);
    let workspace = if is_readable { context.readable_workspace()? } else { context.workspace()? };
    let facts = DiskFacts::new(workspace);
    let judgement = judgement(context, &facts, [before, after]);
    let before = resolve(context, before)?;
    let after = resolve(context, after)?;
    let (diffs, problems) = match (before, after) {
        (DiffReference::Group(_, before), DiffReference::Group(group, after)) => {
            let problems = [&before, &after].into_iter().filter_map(|side| side.problem.clone()).collect();
            (vec![one(group, *before, *after, judgement)?], problems)
        }
        (DiffReference::Environment(before), DiffReference::Environment(after)) => {
            environments::compare(&facts, &[before, after], judgement)?
        }
        _ => return Err(CommandError::usage("compare a group with a group, or an environment with an environment")),
    };
    let is_breaking = diffs.iter().any(GroupDiff::is_breaking);
    let differs = diffs.iter().any(GroupDiff::differs);
    show(context, (&diffs, &problems), arguments.only)?;
    Ok(match (is_breaking && arguments.fail_on.is_some(), differs && arguments.detailed_exitcode) {
        _ if !problems.is_empty() => Exit::Invalid,
        (true, _) => Exit::Failed,
        (false, true) => Exit::ChangesPending,
        (false, false) => Exit::Done,
    })
}

fn show(
    context: &Context<'_>,
    (diffs, problems): (&[GroupDiff], &[ViewProblem]),
    only: Option<DiffFilter>,
) -> Result<(), CommandError> {
    let workspace = context.workspace()?;
    let is_breaking = diffs.iter().any(GroupDiff::is_breaking);
    match context.output.format {
        OutputFormat::Markdown => context.output.text(&short_ids::shorten(workspace, &markdown(diffs, only)))?,
        OutputFormat::Github => context.output.text(&short_ids::shorten(workspace, &github(diffs, only)))?,
        _ => {
            let view = DiffDocument::Groups {
                schema: SCHEMA,
                breaking: is_breaking,
                groups: diffs.iter().map(|diff| diff.view(only)).collect(),
                problems: problems.iter().map(ViewProblemView::new).collect(),
            };
            let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 1 };
            context.output.painted(&view, || {
                if diffs.is_empty() {
                    return "nothing was ever published to either\n".to_owned();
                }
                let text: String = diffs.iter().map(|diff| diff.text(layout, only)).collect();
                wrapped(&short_ids::shorten(workspace, &text), context.output.width).into_owned()
            })?;
        }
    }
    // Programs have them in the document.
    for problem in problems {
        context.output.warning(&format!("not compared: {problem}"));
    }
    Ok(())
}

/// Returns how the workspace judges changes; dates count where the environment of a side lets them.
fn judgement<'a>(context: &Context<'_>, facts: &'a DiskFacts<'_>, sides: [&str; 2]) -> ChangeRules<'a> {
    let settings = facts.settings();
    let places = sides.into_iter().filter_map(|side| side.split_once('@'));
    let mut environments = places.filter_map(|(_, place)| context.environment(place).ok());
    let is_allowed = environments.any(|name| settings.environment(&name).sunset == SunsetPolicy::Allow);
    ChangeRules { levels: &settings.changes, sunset: is_allowed.then_some(context.process.now) }
}

fn resolve(context: &Context<'_>, text: &str) -> Result<DiffReference, CommandError> {
    let workspace = context.workspace()?;
    let Some((name, place)) = text.split_once('@') else {
        if selection::parse(text).is_ok_and(|group| workspace.require_group(&group).is_err())
            && let Ok(environment) = context.environment(text)
        {
            let error = CommandError::invalid("unknown-group", format!("{text} is an environment, and no group"));
            return Err(error.hint(format!(
                "write `@{environment}` for all of it, or `GROUP@{environment}` for a group's version that is live there"
            )));
        }
        let group = selection::group(context, Some(text))?;
        let candidate = Arc::new(workspace.working_copy(&group, None)?);
        return Ok(DiffReference::Group(group, Box::new(candidate.into())));
    };
    if name.is_empty() {
        return Ok(DiffReference::Environment(context.environment(place)?));
    }
    let group = selection::group(context, Some(name))?;
    // Other entries may be in conflict, or edited by hand.
    let facts = DiskFacts::new(workspace).for_groups(BTreeSet::from([group.clone()]));
    if let Ok(version) = place.parse() {
        let Some(candidate) = facts.frozen(&group, &version)? else {
            return Err(workspace.unknown_version(&group, &version)?.into());
        };
        return Ok(DiffReference::Group(group, Box::new(candidate.into())));
    }
    let environment = context.environment(place)?;
    let side = DiffSide::of_entry(&facts, &*facts.environment(&environment)?, &group);
    if side.deployment.is_none() {
        return Err(CommandError::invalid("state", format!("{group} was never published to {environment}"))
            .hint("see live versions: `apigw status`")
            .hint(format!("publish it first: `apigw publish {group} --env {environment}`")));
    }
    Ok(DiffReference::Group(group, Box::new(side)))
}

fn one(
    group: GroupName,
    before: DiffSide,
    after: DiffSide,
    judgement: ChangeRules<'_>,
) -> Result<GroupDiff, workspace::Error> {
    let deployments = DeploymentPair::new(&before, &after);
    let is_unreadable = before.problem.is_some() || after.problem.is_some();
    let outcome = match (before.candidate, after.candidate) {
        _ if is_unreadable => DiffOutcome::Unreadable,
        (Some(before), Some(after)) => {
            let unreadable = |candidate: &PublishCandidate| workspace::Error::Invalid(candidate.findings.clone());
            let definition =
                |candidate: &PublishCandidate| candidate.definition.clone().ok_or_else(|| unreadable(candidate));
            let definitions = (definition(&before)?, definition(&after)?);
            let comparison = compare::compare(
                ComparedGroup { settings: &before.settings, definition: &definitions.0 },
                ComparedGroup { settings: &after.settings, definition: &definitions.1 },
            );
            DiffOutcome::Compared(comparison.judged(judgement))
        }
        (None, Some(_)) => DiffOutcome::Added,
        (Some(_), None) => DiffOutcome::Removed,
        (None, None) => DiffOutcome::Compared(Comparison::default()),
    };
    Ok(GroupDiff { group, outcome, deployments })
}

impl GroupDiff {
    fn is_breaking(&self) -> bool {
        match &self.outcome {
            DiffOutcome::Added | DiffOutcome::Unreadable => false,
            DiffOutcome::Removed => true,
            DiffOutcome::Compared(comparison) => comparison.is_breaking(),
        }
    }

    fn differs(&self) -> bool {
        let is_same = matches!(&self.outcome, DiffOutcome::Compared(comparison) if comparison.changes.is_empty());
        !is_same || !self.deployments.differences().is_empty()
    }

    fn view(&self, only: Option<DiffFilter>) -> GroupDiffView {
        let (state, comparison) = match &self.outcome {
            DiffOutcome::Added => ("added", None),
            DiffOutcome::Removed => ("removed", None),
            DiffOutcome::Compared(comparison) => ("compared", Some(comparison)),
            DiffOutcome::Unreadable => ("unreadable", None),
        };
        let changes = comparison.iter().flat_map(|comparison| shown(comparison, only)).map(change_view).collect();
        let count = |of| comparison.map_or(0, |comparison| comparison.count(Some(of)));
        let (before, after) = self.deployments.view();
        GroupDiffView {
            group: self.group.clone(),
            state,
            before,
            after,
            breaking: self.is_breaking(),
            advice: comparison.and_then(Comparison::advice),
            counts: ChangeCountsView {
                breaking: count(Compatibility::Breaking),
                warning: count(Compatibility::Warning),
                compatible: count(Compatibility::Compatible),
            },
            changes,
        }
    }

    fn text(&self, layout: TableLayout, only: Option<DiffFilter>) -> String {
        let group = &self.group;
        let deployed = self.deployments.text(group);
        let comparison = match &self.outcome {
            DiffOutcome::Added => return format!("{deployed}{group}: only on the second side\n"),
            DiffOutcome::Removed => return format!("{deployed}{group}: only on the first side: its callers break\n"),
            DiffOutcome::Unreadable => {
                return format!("{deployed}{group}: not compared; list missing and damaged files: `apigw verify`\n");
            }
            DiffOutcome::Compared(comparison) => comparison,
        };
        let Some(advice) = comparison.advice() else {
            let what = if deployed.is_empty() { "no difference" } else { "no difference in the APIs" };
            return format!("{deployed}{group}: {what}\n");
        };
        let row = |change: &Change| {
            let callers = match change.compatibility {
                Compatibility::Breaking => TableCell::default().painted(CellColor::Red, "break"),
                Compatibility::Warning => TableCell::default().painted(CellColor::Yellow, "see another meaning"),
                Compatibility::Compatible => TableCell::from("keep working"),
            };
            vec![callers, change.apis(1).into(), change.path.as_str().into(), change.message.as_str().into()]
        };
        let mut changes = shown(comparison, only);
        changes.sort_by_key(|change| change.compatibility);
        let breaking = comparison.count(Some(Compatibility::Breaking));
        let rows = changes.into_iter().map(row);
        let table = table::render(&["CALLERS", "API", "WHERE", "CHANGE"], rows, layout);
        let changes = match comparison.count(None) {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        };
        let level = level(advice);
        format!("{deployed}{table}{group}: {changes}, {breaking} breaking; the next version should be {level} one\n")
    }
}

const fn level(level: crate::model::BumpLevel) -> &'static str {
    match level {
        crate::model::BumpLevel::Patch => "a patch",
        crate::model::BumpLevel::Minor => "a minor",
        crate::model::BumpLevel::Major => "a major",
    }
}

fn change_view(change: &Change) -> CompatibilityChangeView {
    let place = |location: &Option<crate::model::Location>| location.as_ref().map(ToString::to_string);
    CompatibilityChangeView {
        kind: change.kind,
        compatibility: change.compatibility,
        method: change.api.as_ref().map(|api| api.method.to_string()),
        path: change.api.as_ref().map(|api| api.path.to_string()),
        also: change.also.iter().map(|api| format!("{} {}", api.method, api.path)).collect(),
        place: change.path.clone(),
        message: change.message.clone(),
        before: place(&change.before),
        after: place(&change.after),
    }
}

/// Returns the changes that are to be shown.
fn shown(comparison: &Comparison, only: Option<DiffFilter>) -> Vec<&Change> {
    comparison.changes.iter().filter(|change| only.is_none() || change.is_breaking()).collect()
}

/// The longest comment on GitHub, in characters.
const LONGEST_COMMENT: usize = 65_536;

fn markdown(diffs: &[GroupDiff], only: Option<DiffFilter>) -> String {
    let most = LONGEST_COMMENT / diffs.len().max(1);
    let section = |diff: &GroupDiff| {
        let title = format!("## {}\n\n", diff.group);
        let text = match &diff.outcome {
            DiffOutcome::Compared(comparison) => {
                let lines = diff.deployments.text(&diff.group);
                let lines = lines.lines().map(|line| format!("- {line}\n")).collect::<Vec<_>>().concat();
                let taken = title.chars().count() + lines.chars().count() + 2;
                let changes = compare::markdown(comparison, only.is_some(), most.saturating_sub(taken));
                if lines.is_empty() { changes } else { format!("{lines}\n{changes}") }
            }
            DiffOutcome::Added | DiffOutcome::Removed | DiffOutcome::Unreadable => diff.text(None.into(), only),
        };
        format!("{title}{text}\n")
    };
    diffs.iter().map(section).collect()
}

/// Renders changes as workflow commands, which GitHub Actions shows beside the lines.
fn github(diffs: &[GroupDiff], only: Option<DiffFilter>) -> String {
    let mut text = String::new();
    for diff in diffs {
        let DiffOutcome::Compared(comparison) = &diff.outcome else {
            let level = if diff.is_breaking() { "error" } else { "notice" };
            text.push_str(&workflow::command(level, None, "group", &diff.text(None.into(), only)));
            continue;
        };
        for line in diff.deployments.text(&diff.group).lines() {
            text.push_str(&workflow::command("notice", None, "deployment", line));
        }
        for change in shown(comparison, only) {
            let level = match change.compatibility {
                Compatibility::Breaking => "error",
                Compatibility::Warning => "warning",
                Compatibility::Compatible => "notice",
            };
            let parts = [diff.group.to_string(), change.apis(1), change.path.clone(), change.message.clone()];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            text.push_str(&workflow::command(level, change.after.as_ref(), change.kind, &parts.join(": ")));
        }
    }
    text
}
