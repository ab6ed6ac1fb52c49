//! `apigw diff`.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::Format;
use crate::cli::{selection, table};
use crate::compare::{self, Change, Comparison, Side};
use crate::model::{EnvironmentName, GroupName, SCHEMA, State};
use crate::plan::{Candidate, Facts};
use crate::workspace::DiskFacts;

/// Show what differs, and whether callers break
///
/// A side is a working copy (`petstore`), a version (`petstore@0.0.1`), what is live (`petstore@online`), or
/// a whole environment (`@online`).
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw diff petstore@online petstore --fail-on breaking\n  apigw diff @test @online -o markdown"
)]
pub(in crate::cli) struct DiffArguments {
    /// What was
    #[arg(value_name = "A")]
    before: String,
    /// What is
    #[arg(value_name = "B")]
    after: String,
    /// Exit with 2 where something differs
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exit with 1 where callers break
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Where callers break
    Breaking,
}

/// What a side names.
enum Reference {
    Group(GroupName, Option<Arc<Candidate>>),
    Environment(EnvironmentName),
}

/// What became of one group.
struct GroupDiff {
    group: GroupName,
    outcome: Outcome,
}

enum Outcome {
    Added,
    Removed,
    Compared(Comparison),
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &DiffArguments) -> Result<Exit, CommandError> {
    let facts = DiskFacts::new(context.workspace()?);
    let before = resolve(context, &facts, &arguments.before)?;
    let after = resolve(context, &facts, &arguments.after)?;
    let diffs = match (before, after) {
        (Reference::Group(_, before), Reference::Group(group, after)) => vec![one(group, before, after)?],
        (Reference::Environment(before), Reference::Environment(after)) => whole(&facts, &before, &after)?,
        _ => return Err(CommandError::usage("compare a group with a group, or an environment with an environment")),
    };
    let is_breaking = diffs.iter().any(GroupDiff::is_breaking);
    let differs = diffs.iter().any(GroupDiff::differs);
    if context.output.format == Format::Markdown {
        context.output.raw(markdown(&diffs).as_bytes())?;
    } else {
        let view = json!({
            "schema": SCHEMA,
            "breaking": is_breaking,
            "groups": diffs.iter().map(GroupDiff::view).collect::<Vec<_>>(),
        });
        context.output.data(&view, || diffs.iter().map(|diff| diff.text(context.output.width)).collect())?;
    }
    Ok(match (is_breaking && arguments.fail_on.is_some(), differs && arguments.detailed_exitcode) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::ChangesPending,
        (false, false) => Exit::Done,
    })
}

fn resolve(context: &Context<'_>, facts: &DiskFacts<'_>, text: &str) -> Result<Reference, CommandError> {
    let Some((name, place)) = text.split_once('@') else {
        let group = selection::group(context, Some(text))?;
        let candidate = facts.working_copy(&group, None).map_err(crate::plan::Error::Facts)?;
        return Ok(Reference::Group(group, Some(candidate)));
    };
    if name.is_empty() {
        return Ok(Reference::Environment(context.environment(place)?));
    }
    let group = selection::group(context, Some(name))?;
    if let Ok(version) = place.parse() {
        let candidate = facts.frozen(&group, &version).map_err(crate::plan::Error::Facts)?;
        let candidate = candidate.ok_or_else(|| {
            CommandError::invalid("unknown-version", format!("{group} has no version {version}"))
                .hint(format!("see which there are: `apigw version list {group}`"))
        })?;
        return Ok(Reference::Group(group, Some(candidate)));
    }
    let environment = context.environment(place)?;
    let candidate = live(facts, &environment, &group)?.ok_or_else(|| {
        CommandError::invalid("state", format!("{group} is not live in {environment}"))
            .hint("see what is: `apigw status`")
    })?;
    Ok(Reference::Group(group, Some(candidate)))
}

/// Returns what is live of a group in an environment.
fn live(
    facts: &DiskFacts<'_>,
    environment: &EnvironmentName,
    group: &GroupName,
) -> Result<Option<Arc<Candidate>>, CommandError> {
    let entries = facts.environment(environment).map_err(crate::plan::Error::Facts)?;
    let release = entries.deployments.get(group).map(|deployment| &deployment.release);
    match release.filter(|release| release.state == State::Live) {
        Some(release) => Ok(facts.frozen(group, &release.version).map_err(crate::plan::Error::Facts)?),
        None => Ok(None),
    }
}

fn whole(
    facts: &DiskFacts<'_>,
    before: &EnvironmentName,
    after: &EnvironmentName,
) -> Result<Vec<GroupDiff>, CommandError> {
    let mut groups = BTreeSet::new();
    for environment in [before, after] {
        let entries = facts.environment(environment).map_err(crate::plan::Error::Facts)?;
        groups.extend(entries.deployments.keys().cloned());
    }
    let compare = |group: GroupName| {
        let (before, after) = (live(facts, before, &group)?, live(facts, after, &group)?);
        one(group, before, after)
    };
    groups.into_iter().map(compare).collect()
}

fn one(
    group: GroupName,
    before: Option<Arc<Candidate>>,
    after: Option<Arc<Candidate>>,
) -> Result<GroupDiff, CommandError> {
    let outcome = match (before, after) {
        (Some(before), Some(after)) => {
            let unreadable = |candidate: &Candidate| crate::workspace::Error::Invalid(candidate.findings.clone());
            let definition =
                |candidate: &Arc<Candidate>| candidate.definition.clone().ok_or_else(|| unreadable(candidate));
            let definitions = (definition(&before)?, definition(&after)?);
            Outcome::Compared(compare::compare(
                Side { settings: &before.settings, definition: &definitions.0 },
                Side { settings: &after.settings, definition: &definitions.1 },
            ))
        }
        (None, Some(_)) => Outcome::Added,
        (Some(_), None) => Outcome::Removed,
        (None, None) => Outcome::Compared(Comparison::default()),
    };
    Ok(GroupDiff { group, outcome })
}

impl GroupDiff {
    fn is_breaking(&self) -> bool {
        match &self.outcome {
            Outcome::Added => false,
            Outcome::Removed => true,
            Outcome::Compared(comparison) => comparison.is_breaking(),
        }
    }

    fn differs(&self) -> bool {
        !matches!(&self.outcome, Outcome::Compared(comparison) if comparison.changes.is_empty())
    }

    fn view(&self) -> Value {
        let (state, comparison) = match &self.outcome {
            Outcome::Added => ("added", None),
            Outcome::Removed => ("removed", None),
            Outcome::Compared(comparison) => ("compared", Some(comparison)),
        };
        let changes: Vec<Value> =
            comparison.iter().flat_map(|comparison| &comparison.changes).map(change_view).collect();
        json!({
            "group": self.group,
            "state": state,
            "breaking": self.is_breaking(),
            "advice": comparison.and_then(Comparison::advice),
            "changes": changes,
        })
    }

    fn text(&self, width: Option<u16>) -> String {
        let group = &self.group;
        let comparison = match &self.outcome {
            Outcome::Added => return format!("{group}: only on the second side\n"),
            Outcome::Removed => return format!("{group}: only on the first side: its callers break\n"),
            Outcome::Compared(comparison) => comparison,
        };
        let Some(advice) = comparison.advice() else {
            return format!("{group}: no difference\n");
        };
        let row = |change: &Change| {
            let api = change.api.as_ref().map(|api| format!("{} {}", api.method, api.path)).unwrap_or_default();
            vec![change.compatibility.as_str().to_owned(), api, change.path.clone(), change.message.clone()]
        };
        let rows = comparison.changes.iter().map(row);
        let table = table::render(&["CALLERS", "API", "WHERE", "CHANGE"], rows, width);
        let breaking =
            comparison.changes.iter().filter(|change| change.compatibility == compare::Compatibility::Breaking);
        let level = level(advice);
        format!(
            "{table}{group}: {} changes, {} breaking; the next version is {level}\n",
            comparison.changes.len(),
            breaking.count()
        )
    }
}

const fn level(level: crate::model::Level) -> &'static str {
    match level {
        crate::model::Level::Patch => "a patch",
        crate::model::Level::Minor => "minor",
        crate::model::Level::Major => "major",
    }
}

fn change_view(change: &Change) -> Value {
    let place = |location: &Option<crate::model::Location>| location.as_ref().map(ToString::to_string);
    json!({
        "kind": change.kind,
        "compatibility": change.compatibility,
        "method": change.api.as_ref().map(|api| api.method),
        "path": change.api.as_ref().map(|api| api.path.to_string()),
        "also": change.also.iter().map(|api| format!("{} {}", api.method, api.path)).collect::<Vec<_>>(),
        "where": change.path,
        "message": change.message,
        "before": place(&change.before),
        "after": place(&change.after),
    })
}

fn markdown(diffs: &[GroupDiff]) -> String {
    let section = |diff: &GroupDiff| match &diff.outcome {
        Outcome::Compared(comparison) => format!("## {}\n\n{}\n", diff.group, compare::markdown(comparison)),
        Outcome::Added | Outcome::Removed => format!("## {}\n\n{}\n", diff.group, diff.text(None)),
    };
    diffs.iter().map(section).collect()
}
