//! `apigw resolve`.

mod access;
mod remaining;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::check::rules::records::OPERATION_MISSING;
use crate::cli::change::ChangeArguments;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::release_text::{release_text, release_text_under};
use crate::cli::short_ids;
use crate::cli::views::{ChangeView, ConflictView, EntryView, RenumberedView, ResolveView, RestoredView};
use crate::cli::wait::{self, WaitOutcome};
use crate::cli::{change, complete, hints, selection};
use crate::model::{
    Author, Deployment, EnvironmentName, GroupName, HeadChoice, Hint, Location, OperationId, Release, SCHEMA,
};
use crate::plan::{self, GroupConflict, HeadEntry, MergeSide, Plan, Resolution, ResolveError, ResolveRequest};
use crate::workspace::{DiskFacts, MergeState, Renumbering, Workspace};

/// Join the changes of two branches to an environment or, with --access, to keys and grants
///
/// After a merge or within one, in conflict or not. Groups that one branch changed need no choice. For a group that
/// both changed, --ours keeps the entry of your own branch (in a rebase too), --theirs that of the other one; the other
/// entry stays in the history, marked. With --access, fields and grants that one branch changed need no choice, and
/// what one branch revoked stays revoked.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw resolve --env test\n  apigw resolve petstore --env online --ours -m 'the fix of last night'"
)]
pub(in crate::cli) struct ResolveArguments {
    /// The groups that must be whole afterwards; with --access keys, `owner:NAME` or `secret:ID` [default: all]
    #[arg(value_name = "GROUP|KEY", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// The environment
    #[arg(long, value_name = "ENV", required_unless_present = "access", add = ArgValueCandidates::new(complete::environments))]
    env: Option<String>,
    /// Join the changes to keys, grants and revocations
    #[arg(long, conflicts_with = "env")]
    access: bool,
    #[command(flatten)]
    choice: ChoiceArguments,
    #[command(flatten)]
    change: ChangeArguments,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct ChoiceArguments {
    /// Keep your own branch's entry of each group, or field of each key, that both changed
    #[arg(long)]
    ours: bool,
    /// Keep the other branch's entry of each group, or field of each key, that both changed
    #[arg(long)]
    theirs: bool,
    /// Keep the entries or the fields of this operation; the beginning of its id is enough
    #[arg(long, value_name = "OPERATION")]
    take: Vec<String>,
    /// Drop an operation that no entry or file leads to; needs -m
    #[arg(long, value_name = "OPERATION", conflicts_with = "groups")]
    drop: Option<String>,
}

impl ChoiceArguments {
    /// Returns the heads that were chosen by their branch or by name.
    fn heads(
        &self,
        find: impl Fn(&String) -> Result<OperationId, CommandError>,
    ) -> Result<Option<HeadChoice>, CommandError> {
        Ok(match (self.ours, self.theirs, self.take.as_slice()) {
            (true, _, _) => Some(HeadChoice::Ours),
            (_, true, _) => Some(HeadChoice::Theirs),
            (_, _, []) => None,
            (_, _, operations) => Some(HeadChoice::Operations(operations.iter().map(find).collect::<Result<_, _>>()?)),
        })
    }
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ResolveArguments) -> Result<Exit, CommandError> {
    let Some(environment) = &arguments.env else { return access::run(context, arguments) };
    let workspace = context.workspace()?;
    let environment = context.environment(environment)?;
    let author = context.author(&arguments.change.reason)?;
    let state = workspace.merge_state(&environment)?;
    let mut resolution = resolution(context, arguments, &state, &author)?;
    check_edits(arguments, &state, &resolution)?;
    let renumberings = workspace.renumberings(&state, &resolution)?;
    let facts = DiskFacts::new(workspace).with_renumberings(&renumberings)?;
    let joined = plan::join_plan(&mut resolution, &facts, &author);
    let mut joined = joined.map_err(|error| change::refused(context, workspace, error))?;
    joined.warnings.extend(state.edited_groups().map(|group| {
        format!("{group} in {environment} was edited by hand, and stays so: `apigw verify --repair` records the edit")
    }));
    change::warn(context, &joined);
    let is_pending = !state.is_whole(&resolution) || !renumberings.is_empty();
    let mut outcome = ResolveOutcome {
        workspace,
        state: &state,
        resolution: &resolution,
        joined: &joined,
        renumberings: &renumberings,
        is_pending,
        id: None,
        waited: None,
    };
    let wait = arguments.change.wait.resolve(context)?;
    if arguments.change.dry_run {
        wait::note_dry_run(context, wait.as_ref());
        outcome.show(context, true)?;
        return Ok(change::pending(&arguments.change, is_pending));
    }
    let mut unsynced = None;
    if is_pending {
        change::confirm(context, &environment, &change::ConfirmedChange::Plans(&[&joined]))?;
        let lock = workspace.lock(&context.lock_request())?;
        let committed = lock.commit_resolution(&state, &resolution, &renumberings)?;
        outcome.id = committed.id;
        unsynced = committed.unsynced.map(CommandError::from);
    }
    let wait = wait.filter(|_| unsynced.is_none());
    outcome.waited =
        wait.map(|wait| wait::wait_for(context, workspace, &joined, outcome.id.as_ref(), Instant::now(), &wait));
    change::shown_after_commit(context, outcome.show(context, false));
    let failed = unsynced.or_else(|| outcome.waited.and_then(WaitOutcome::failure));
    failed.map_or(Ok(Exit::Done), Err)
}

/// Plans the resolution of each group.
fn resolution(
    context: &Context<'_>,
    arguments: &ResolveArguments,
    state: &MergeState,
    author: &Author,
) -> Result<Resolution, CommandError> {
    let workspace = context.workspace()?;
    let find = |text: &String| Ok::<_, CommandError>(workspace.find_operation_of(state.state().environment, text)?);
    let choice = &arguments.choice;
    if let Some(dropped) = &choice.drop {
        if author.message.is_none() {
            return Err(CommandError::usage("--drop needs a reason, for the history").hint("add `-m WHY`"));
        }
        return plan::drop_operation(&find(dropped)?, &state.state(), author)
            .map_err(|error| explained(workspace, error));
    }
    let choice = choice.heads(find)?;
    // A group that was deleted has a history still.
    let group = |name: &String| {
        let group = selection::parse(name)?;
        if state.has_group(&group) { Ok(group) } else { selection::released_group(context, &group) }
    };
    let groups = arguments.groups.iter().map(group).collect::<Result<_, _>>()?;
    plan::resolve(&ResolveRequest { groups, choice }, &state.state(), author)
        .map_err(|error| explained(workspace, error))
}

/// Explains a refusal: by the present numbers of versions, and with the command that restores an operation that is
/// missing, as far as Git has it.
fn explained(workspace: &Workspace, mut error: ResolveError) -> CommandError {
    if let ResolveError::NeedsChoice { conflicts, .. } | ResolveError::UnknownSide { conflicts, .. } = &mut error {
        for GroupConflict { group, heads } in conflicts {
            for Release { version, digest, .. } in heads.iter_mut().map(|head| &mut head.entry.release) {
                if let Ok(Some(number)) = workspace.locate_release(group, version, *digest) {
                    *version = number;
                }
            }
        }
    }
    let file = |environment: &EnvironmentName, id: &OperationId| format!("history/{environment}/{id}.yaml");
    let (file, hint) = match &error {
        // An operation that an entry names has to stay.
        ResolveError::OperationMissing { environment, operation: missing, .. }
        | ResolveError::PredecessorMissing { environment, missing, is_named: true, .. } => {
            let file = file(environment, missing);
            (file.clone(), Hint::RestoreMissing { file })
        }
        ResolveError::PredecessorMissing { environment, operation, missing, is_named: false, .. } => {
            let file = file(environment, missing);
            let restore = Box::new(Hint::RestoreMissing { file: file.clone() });
            (file, Hint::MergeAgain { environment: environment.clone(), operation: operation.clone(), restore })
        }
        _ => return error.into(),
    };
    let mut finding = OPERATION_MISSING.finding(Location::file(&file), String::new(), hint);
    workspace.check_hints(std::iter::once(&mut finding));
    CommandError::from(error).hint(hints::text(&finding.hint))
}

/// Refuses to overwrite an edit by hand. Where nothing else is left to do, the edit is what keeps the environment from
/// being whole.
fn check_edits(arguments: &ResolveArguments, state: &MergeState, resolution: &Resolution) -> Result<(), CommandError> {
    let mut groups = arguments.groups.iter().map(|name| selection::parse(name)).collect::<Result<Vec<_>, _>>()?;
    if state.is_whole(resolution) && arguments.groups.is_empty() {
        groups.extend(state.edited_groups().cloned());
    }
    Ok(state.check_edits(resolution, &groups)?)
}

/// The outcome of a resolve, committed or not.
struct ResolveOutcome<'a> {
    workspace: &'a Workspace,
    state: &'a MergeState,
    resolution: &'a Resolution,
    /// The resolution as a plan.
    joined: &'a Plan,
    renumberings: &'a [Renumbering],
    is_pending: bool,
    /// The operation, once there is one.
    id: Option<OperationId>,
    waited: Option<WaitOutcome>,
}

impl ResolveOutcome<'_> {
    fn show(&self, context: &Context<'_>, dry_run: bool) -> Result<(), CommandError> {
        let resolution = self.resolution;
        let entry = |entry: &Option<Deployment>| entry.as_ref().map(EntryView::of);
        let restored = resolution.restored.iter().map(|(group, before)| {
            let after = resolution.environment.deployments.get(group).map(EntryView::of);
            RestoredView { group: group.clone(), before: entry(before), after }
        });
        let versions = self.renumberings.iter().map(|Renumbering { group, from, to, digest, .. }| RenumberedView {
            group: group.clone(),
            frozen_as: from.clone(),
            version: to.clone(),
            digest: *digest,
        });
        let view = ResolveView {
            schema: SCHEMA,
            environment: resolution.operation.environment.clone(),
            operation: self.id.clone(),
            dry_run,
            warnings: &self.joined.warnings,
            changes: ChangeView::all(&resolution.operation, self.id.as_ref()),
            overrides: &resolution.operation.overrides,
            restored: restored.collect(),
            versions: versions.collect(),
            unresolved: resolution.unresolved.iter().map(ConflictView::new).collect(),
            gateways: self.waited.as_ref().map(|waited| waited.gateways.as_slice()),
            nodes: self.waited.as_ref().and_then(|waited| waited.node_views()),
        };
        context.output.lines(&view, || {
            short_ids::shorten(self.workspace, &self.text(&context.process.folder, dry_run))
                + &self.waited.as_ref().map(WaitOutcome::text).unwrap_or_default()
        })
    }

    fn text(&self, folder: &Path, dry_run: bool) -> String {
        let environment = &self.resolution.operation.environment;
        let mut text = self.changes_text();
        let _ = match &self.id {
            Some(id) => writeln!(text, "{environment}: committed as operation {id}"),
            None if !self.is_pending => writeln!(text, "{environment}: nothing to do"),
            None if dry_run => writeln!(text, "{environment}: dry run, nothing was changed"),
            None => writeln!(text, "{environment}: joined both sides"),
        };
        if self.is_pending && !dry_run && self.state.has_checkout() {
            text.push_str(&self.next_text(folder));
        }
        text
    }

    /// Describes the change of each group and of each version.
    fn changes_text(&self) -> String {
        let Self { resolution, renumberings, .. } = self;
        let environment = &resolution.operation.environment;
        let mut text = String::new();
        let state = |group: &GroupName, release: &Release| self.state_text(group, release);
        for (group, change) in &resolution.operation.changes {
            let _ = writeln!(text, "{environment}: resolve {group}: {}", state(group, &change.after));
            for merged in &change.merged {
                let (state, operation) = (state(group, &merged.release), &merged.operation);
                let _ = writeln!(text, "  not kept: {state}, by operation {operation}");
            }
        }
        for group in resolution.restored.keys() {
            if let Some(after) = resolution.environment.deployments.get(group) {
                let (state, operation) = (state(group, &after.release), &after.operation);
                let _ = writeln!(text, "{environment}: {group}: {state}, as operation {operation} left it");
            }
        }
        for Renumbering { group, from, to, digest, .. } in *renumberings {
            let _ = if from == to {
                writeln!(text, "{group}: version {from} is the one of {digest}")
            } else {
                writeln!(text, "{group}: the version of {digest}, frozen as {from}, is version {to} from now on")
            };
        }
        for conflict in &resolution.unresolved {
            let group = &conflict.group;
            let _ = writeln!(
                text,
                "{environment}: {group} still needs a choice: `apigw resolve {group} --env {environment}`",
            );
        }
        text
    }

    /// Describes a release in a few words, with the number that its version has from now on.
    fn state_text(&self, group: &GroupName, release: &Release) -> String {
        let is_it = |renumbering: &&Renumbering| renumbering.group == *group && renumbering.digest == release.digest;
        match self.renumberings.iter().find(is_it) {
            Some(renumbering) => release_text_under(release, &renumbering.to),
            None => release_text(self.workspace, group, release),
        }
    }

    /// Returns the command with which the merge continues in Git.
    fn next_text(&self, folder: &Path) -> String {
        let changed = ["deployments", "history"].map(str::to_owned).to_vec();
        remaining::next_text(folder, self.workspace, self.state.git_operation(), changed)
    }
}

impl From<ResolveError> for CommandError {
    fn from(error: ResolveError) -> Self {
        let message = error.to_string();
        match error {
            ResolveError::NeedsChoice { environment, conflicts } => {
                let mut result = Self::new("needs-choice", Exit::Conflict, message);
                result.hints.extend(conflicts.iter().flat_map(choices));
                if !conflicts.iter().any(has_side) {
                    result.hints.extend(conflicts.iter().flat_map(|conflict| takes(&environment, conflict)));
                    return result;
                }
                let group = conflicts.first().map_or("GROUP", |conflict| conflict.group.as_str());
                result
                    .hint(format!("keep one side of all: `apigw resolve --env {environment} --ours`, or `--theirs`"))
                    .hint(format!("or group by group: `apigw resolve {group} --env {environment} --ours`"))
            }
            ResolveError::UnknownSide { environment, conflicts } => {
                let mut result = Self::new("unknown-side", Exit::Conflict, message);
                result.hints.extend(conflicts.iter().flat_map(choices));
                result.hints.extend(conflicts.iter().flat_map(|conflict| takes(&environment, conflict)));
                result
            }
            ResolveError::NotHead { environment, .. } => Self::invalid("not-a-head", message)
                .hint(format!("see earlier releases: `apigw history --env {environment}`"))
                .hint("`apigw verify` names the operations that no entry leads to"),
            ResolveError::InForce { environment, operation, .. } => Self::invalid("in-force", message)
                .hint(format!("take it back instead: `apigw undo {operation} --env {environment}`")),
            ResolveError::PredecessorMissing { .. } => Self::invalid("predecessor-missing", message),
            ResolveError::OperationMissing { .. } => Self::invalid("operation-missing", message),
        }
    }
}

/// True if a side is known of a head of a group.
fn has_side(conflict: &GroupConflict) -> bool {
    conflict.heads.iter().any(|head| head.side.is_some())
}

/// Names the command that keeps each head of a group.
fn takes(environment: &EnvironmentName, GroupConflict { group, heads }: &GroupConflict) -> Vec<String> {
    let take = |HeadEntry { entry: Deployment { operation, .. }, .. }: &HeadEntry| {
        format!("keep operation {operation}: `apigw resolve {group} --env {environment} --take {operation}`")
    };
    heads.iter().map(take).collect()
}

/// Describes each head of a group with author, time and reason.
fn choices(conflict: &GroupConflict) -> Vec<String> {
    let line = |head: &HeadEntry| {
        let side = match head.side {
            Some(MergeSide::Ours) => "ours",
            Some(MergeSide::Theirs) => "theirs",
            None => "other",
        };
        let Deployment { release, since, operation } = &head.entry;
        let why =
            head.message.as_deref().map(|message| format!(": {}", message.replace('\n', " "))).unwrap_or_default();
        let (group, state) = (&conflict.group, release_text_under(release, &release.version));
        let is_other = |other: &Release| other.version == release.version && other.digest != release.digest;
        // One number of two contents, which a resolve tells apart.
        let content = if conflict.heads.iter().any(|head| is_other(&head.entry.release)) {
            format!(" ({})", release.digest.short())
        } else {
            String::new()
        };
        format!("{group}, {side}: {state}{content}, operation {operation} by {} at {since}{why}", head.actor)
    };
    conflict.heads.iter().map(line).collect()
}
