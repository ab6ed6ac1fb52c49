//! `apigw access`.

mod list;
mod test;

use std::collections::BTreeSet;
use std::str::FromStr;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use crate::access::change::{self, GrantScope, GrantSelector};
use crate::access::{AccessOperation, AccessSubject, Grant, SubjectRecord, SubjectState};
use crate::cli::change::{ConfirmedChange, confirm, shown_after_commit};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::limits::{check_group_limits, typed_limits};
use crate::cli::reason::ChangeReason;
use crate::cli::selection::{self, unknown_api};
use crate::cli::views::AccessChangeView;
use crate::definition::Api;
use crate::model::{EnvironmentName, GroupName, KeyName, NameError, OperationId, OwnerName, RateLimit, SCHEMA};
use crate::workspace::{Committed, LockGuard, Workspace};

/// Grant, revoke, list and test the access of keys to groups
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AccessCommand {
    Grant(GrantArguments),
    Revoke(GrantRevokeArguments),
    List(AccessListArguments),
    Test(TestArguments),
}

/// A key, or an owner, whose grants all its keys have.
#[derive(Debug, Clone)]
enum GrantHolder {
    Key(KeyName),
    Owner(OwnerName),
}

impl FromStr for GrantHolder {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix("owner:") {
            Some(owner) => owner.parse().map(Self::Owner),
            None => text.parse().map(Self::Key),
        }
    }
}

/// Grant a key, or all keys of an owner, access to groups
///
/// It takes effect at once, wherever the groups are live.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw access grant ci petstore --env test\n  apigw access grant owner:web petstore --env pre-release,online --api listPets --limit 60/minute -m 'web shop'"
)]
pub(in crate::cli) struct GrantArguments {
    /// The key, or `owner:NAME`
    #[arg(value_name = "KEY|owner:NAME", add = ArgValueCandidates::new(complete::keys))]
    holder: GrantHolder,
    /// The groups
    #[arg(value_name = "GROUP", required = true, add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// An environment; may be given more than once
    #[arg(long, value_name = "ENV", required = true, value_delimiter = ',', add = ArgValueCandidates::new(complete::environments))]
    env: Vec<String>,
    /// An API of the group, by operation id or like 'GET /pets'; may be given more than once [default: all]
    #[arg(long, value_name = "API")]
    api: Vec<String>,
    /// Limit of requests for each grant and environment, like 60/minute; one for each window. The keys of an owner
    /// share the limits of its grants
    #[arg(long, value_name = "N/WINDOW", value_delimiter = ',')]
    limit: Vec<RateLimit>,
    /// Lift the limits of the grants. Without it and --limit, those of a grant that is there stay
    #[arg(long, conflicts_with = "limit")]
    no_limit: bool,
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

/// Revoke grants
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw access revoke ci petstore --env online\n  apigw access revoke ci --grant 0123456789ab -m 'moved to another team'"
)]
pub(in crate::cli) struct GrantRevokeArguments {
    /// The key, or `owner:NAME`
    #[arg(value_name = "KEY|owner:NAME", add = ArgValueCandidates::new(complete::keys))]
    holder: GrantHolder,
    /// The groups
    #[arg(value_name = "GROUP", required_unless_present = "grant", requires = "env", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// An environment; may be given more than once
    #[arg(long, value_name = "ENV", value_delimiter = ',', requires = "groups", add = ArgValueCandidates::new(complete::environments))]
    env: Vec<String>,
    /// One grant, by its id or the beginning of it
    #[arg(long, value_name = "ID", conflicts_with = "groups")]
    grant: Option<String>,
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

/// List grants: keys, groups, environments, since when and by whom
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw access list --env online\n  apigw access list --key ci -o json")]
pub(in crate::cli) struct AccessListArguments {
    /// Only in this environment
    #[arg(long, value_name = "ENV", add = ArgValueCandidates::new(complete::environments))]
    env: Option<String>,
    /// Only of this key
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::keys))]
    key: Option<KeyName>,
}

/// Explain whether a key may call an API, step by step
#[derive(Debug, Args)]
#[command(
    override_usage = "apigw access test [OPTIONS] --env <ENV> <KEY> [GROUP] <API>",
    after_help = "Examples:\n  apigw access test ci petstore listPets --env test\n  apigw access test ci petstore GET /pets --env online"
)]
pub(in crate::cli) struct TestArguments {
    /// The key
    #[arg(value_name = "KEY", add = ArgValueCandidates::new(complete::keys))]
    key: KeyName,
    /// The group, unless it is the only one; then the operation id, or the method and the path
    #[arg(value_name = "API", num_args = 1..=3, required = true)]
    words: Vec<String>,
    /// The environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    env: String,
}

pub(in crate::cli) fn run(context: &Context<'_>, command: &AccessCommand) -> Result<Exit, CommandError> {
    match command {
        AccessCommand::Grant(arguments) => grant(context, arguments),
        AccessCommand::Revoke(arguments) => revoke(context, arguments),
        AccessCommand::List(arguments) => list::list(context, arguments),
        AccessCommand::Test(arguments) => test::test(context, arguments),
    }
}

fn grant(context: &Context<'_>, arguments: &GrantArguments) -> Result<Exit, CommandError> {
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    let groups = arguments.groups.iter().map(|name| selection::parse(name)).collect::<Result<Vec<_>, _>>()?;
    let environments = environments(context, &arguments.env)?;
    let apis = apis(context.workspace()?, &groups, &environments, &arguments.api)?;
    let is_limited = arguments.no_limit || !arguments.limit.is_empty();
    let limits = is_limited.then(|| typed_limits(&arguments.limit)).transpose()?;
    let scope = GrantScope { groups, environments, apis, limits };
    let plan = |workspace: &Workspace| -> Result<_, CommandError> {
        let (state, before) = holder_state(workspace, &arguments.holder)?;
        let of_key = state.key().map(|key| &key.limits);
        for group in &scope.groups {
            for limits in scope.limits.iter().chain(of_key) {
                check_group_limits(workspace, limits, group, &scope.environments)?;
            }
        }
        let planned = change::grant(state.clone(), before.as_ref(), &scope, &author);
        Ok((state, planned))
    };
    if let (state, Some(planned)) = plan(context.workspace()?)? {
        confirm_grants(context, &[state.grants()], planned.after.grants())?;
    }
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let (_, Some(operation)) = plan(guard.workspace())? else {
        let subject = holder_name(&arguments.holder);
        let keeps = if is_limited { "" } else { "; their limits stay" };
        let what = format!("{subject} already has each of these grants{keeps}");
        let (state, _) = holder_state(guard.workspace(), &arguments.holder)?;
        let document = AccessChangeView::unchanged(subject, state.grants().to_vec());
        context.output.data(&document, || format!("{what}\n"))?;
        warn_of_no_key(context, guard.workspace(), &arguments.holder)?;
        return Ok(Exit::Done);
    };
    warn_of_no_key(context, guard.workspace(), &arguments.holder)?;
    commit(context, &guard, operation)
}

/// Asks before grants in protected environments change, as before a publish there. `before` has those of each state
/// that may be the one in use.
pub(super) fn confirm_grants<B: AsRef<[Grant]>>(
    context: &Context<'_>,
    before: &[B],
    after: &[Grant],
) -> Result<(), CommandError> {
    let all = before.iter().map(AsRef::as_ref).chain([after]);
    let environments: BTreeSet<&EnvironmentName> = all.flatten().flat_map(|grant| &grant.environments).collect();
    for environment in environments {
        let grants_there = |grants: &[Grant]| {
            let there = grants.iter().filter(|grant| grant.environments.contains(environment));
            there.map(|grant| Grant { environments: Vec::new(), ..grant.clone() }).collect::<Vec<_>>()
        };
        let granted = grants_there(after);
        if before.iter().any(|before| grants_there(before.as_ref()) != granted) {
            confirm(context, environment, &ConfirmedChange::Grants)?;
        }
    }
    Ok(())
}

/// Warns of grants of an owner that no key has: it may be misspelled.
fn warn_of_no_key(context: &Context<'_>, workspace: &Workspace, holder: &GrantHolder) -> Result<(), CommandError> {
    let GrantHolder::Owner(owner) = holder else { return Ok(()) };
    let (records, problems) = workspace.access_records()?;
    let is_of_owner = |record: &SubjectRecord| match &record.state {
        SubjectState::Key(key) => key.owner.as_ref() == Some(owner),
        SubjectState::Owner(_) | SubjectState::Revocation(_) => false,
    };
    if problems.is_empty() && !records.iter().any(is_of_owner) {
        context.output.warning(&format!(
            "no key has the owner {owner}, and nobody may call by its grants: `apigw key create NAME --kind KIND --owner {owner}`"
        ));
    }
    Ok(())
}

fn revoke(context: &Context<'_>, arguments: &GrantRevokeArguments) -> Result<Exit, CommandError> {
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    let removed = match &arguments.grant {
        Some(id) => GrantSelector::Id(id.clone()),
        None => GrantSelector::Scope {
            groups: arguments.groups.iter().map(|name| selection::parse(name)).collect::<Result<Vec<_>, _>>()?,
            environments: environments(context, &arguments.env)?,
        },
    };
    let plan = |workspace: &Workspace| -> Result<_, CommandError> {
        let (state, before) = holder_state(workspace, &arguments.holder)?;
        let Some(before) = before else {
            let holder = holder_name(&arguments.holder);
            return Err(CommandError::invalid("unknown-grant", format!("{holder} has no grants"))
                .hint("`apigw access list` shows the grants"));
        };
        let record = SubjectRecord { operation: before, state };
        let operation = change::ungrant(&record, &removed, &author)?;
        Ok((record.state, operation))
    };
    let (state, planned) = plan(context.workspace()?)?;
    confirm_grants(context, &[state.grants()], planned.after.grants())?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let (_, operation) = plan(guard.workspace())?;
    commit(context, &guard, operation)
}

/// Commits an operation and shows it.
pub(super) fn commit(
    context: &Context<'_>,
    guard: &LockGuard,
    mut operation: AccessOperation,
) -> Result<Exit, CommandError> {
    let Committed { id, unsynced } = guard.commit_access(&mut operation)?;
    let document = change_view(&operation, Some(id), false);
    let text = || format!("{}: {} {}\n", operation.after.subject(), operation.action, operation.summary);
    let shown = context.output.data(&document, text);
    shown_after_commit(context, shown);
    unsynced.map_or(Ok(Exit::Done), |error| Err(error.into()))
}

/// Makes the document of a change; without an id where it is not committed.
pub(super) fn change_view(operation: &AccessOperation, id: Option<OperationId>, dry_run: bool) -> AccessChangeView {
    AccessChangeView {
        schema: SCHEMA,
        operation: id,
        dry_run,
        subject: operation.after.subject().to_string(),
        action: Some(operation.action),
        summary: Some(operation.summary.clone()),
        grants: operation.after.grants().to_vec(),
    }
}

fn holder_name(holder: &GrantHolder) -> String {
    match holder {
        GrantHolder::Key(name) => AccessSubject::Key(name.clone()).to_string(),
        GrantHolder::Owner(name) => AccessSubject::Owner(name.clone()).to_string(),
    }
}

fn holder_state(
    workspace: &Workspace,
    holder: &GrantHolder,
) -> Result<(SubjectState, Option<OperationId>), CommandError> {
    match holder {
        GrantHolder::Key(name) => {
            let (key, operation) = workspace.key(name)?;
            Ok((SubjectState::Key(key), Some(operation)))
        }
        GrantHolder::Owner(name) => {
            let (grants, operation) = workspace.owner_grants(name)?;
            Ok((SubjectState::Owner(grants), operation))
        }
    }
}

fn environments(context: &Context<'_>, named: &[String]) -> Result<Vec<EnvironmentName>, CommandError> {
    named.iter().map(|name| context.environment(name)).collect()
}

/// Gives each API the name by which its definition has it; one that no definition has is refused.
fn apis(
    workspace: &Workspace,
    groups: &[GroupName],
    environments: &[EnvironmentName],
    named: &[String],
) -> Result<Vec<String>, CommandError> {
    for group in groups {
        workspace.require_group(group)?;
    }
    let [group] = groups else {
        return if named.is_empty() {
            Ok(Vec::new())
        } else {
            Err(CommandError::usage("--api names APIs of one group").hint("grant each group separately"))
        };
    };
    let mut names = Vec::new();
    for name in named {
        let mut found = None;
        let candidate = workspace.working_copy(group, None)?;
        if let Some(definition) = candidate.definition.as_deref() {
            found = definition.api(name).map(Api::name);
        }
        for environment in environments {
            // What is live may have APIs that the working copy has not any more.
            if found.is_none()
                && let Some(content) = workspace.live_group(environment, group)?.and_then(|live| live.content)
            {
                found = content.definition.get()?.api(name).map(Api::name);
            }
        }
        names.push(found.ok_or_else(|| match candidate.definition.as_deref() {
            Some(definition) => unknown_api(group, name, definition),
            None => crate::workspace::Error::Invalid(candidate.findings.clone()).into(),
        })?);
    }
    Ok(names)
}
