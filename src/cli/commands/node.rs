//! `apigw node`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::time::age;
use crate::cli::views::{ForgottenNodeView, NodeForgetView};
use crate::fleet::{FleetReport, NodeReport};
use crate::model::{EnvironmentName, NodeName, SCHEMA, nearest};
use crate::workspace::{self, Workspace};

/// The longest time for which a control plane is waited for: it looks every two seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The pause between two looks at its work.
const PAUSE: Duration = Duration::from_millis(50);

/// Forget nodes of a fleet that are gone
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum NodeCommand {
    Forget(NodeForgetArguments),
}

/// Forget nodes that are gone, so that nothing waits for them
///
/// `--wait` and `status --fleet --check` expect every node that has polled, until it was silent for as long as
/// `forget_after` says. Run this where the control plane runs (`serve --xds`), or ran. A node that polled within the
/// last 30 s is not forgotten, nor is one that apigw.toml names; one that polls again joins again. See `apigw help
/// fleets`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw node forget edge-3 --env online\n  apigw -o json node forget edge-3 edge-4 --env test"
)]
pub(in crate::cli) struct NodeForgetArguments {
    /// The nodes, as `status --fleet` names them
    #[arg(value_name = "NODE", required = true, add = ArgValueCandidates::new(complete::nodes))]
    nodes: Vec<NodeName>,
    /// Their environment
    #[arg(long, value_name = "ENV", add = ArgValueCandidates::new(complete::environments))]
    env: String,
}

pub(in crate::cli) fn run(context: &Context<'_>, command: &NodeCommand) -> Result<Exit, CommandError> {
    let NodeCommand::Forget(arguments) = command;
    let workspace = context.workspace()?;
    let environment = context.environment(&arguments.env)?;
    let names: BTreeSet<&NodeName> = arguments.nodes.iter().collect();
    let report = workspace.fleet_report(&environment)?;
    let gone = names
        .iter()
        .map(|name| gone_node(context, workspace, &environment, report.as_ref(), name))
        .collect::<Result<Vec<_>, _>>()?;
    forget(context, workspace, &environment, &names)?;
    let forgotten = gone.iter().map(|node| ForgottenNodeView { node: node.node.clone(), seen: node.seen }).collect();
    let view = NodeForgetView { schema: SCHEMA, environment, forgotten };
    context.output.lines(&view, || text(context, &view))?;
    Ok(Exit::Done)
}

/// Returns a node that is known and may be forgotten.
fn gone_node<'r>(
    context: &Context<'_>,
    workspace: &Workspace,
    environment: &EnvironmentName,
    report: Option<&'r FleetReport>,
    name: &NodeName,
) -> Result<&'r NodeReport, CommandError> {
    if workspace.settings().environment(environment).fleet.nodes.contains(name) {
        let message = format!("{name} is expected by `nodes` of [environments.{environment}.fleet] in apigw.toml");
        return Err(CommandError::invalid("state", message).hint("take it out there, then forget it"));
    }
    let known = report.map_or(&[][..], |report| &report.nodes);
    let Some(node) = known.iter().find(|node| node.node == *name) else {
        let message = format!("no node {name} of {environment} is known in this workspace");
        let error = CommandError::invalid("unknown-node", message);
        return Err(match nearest(name.as_str(), known.iter().map(|node| node.node.as_str())) {
            Some(nearest) => error.hint(format!("did you mean {nearest}?")),
            None => error.hint(format!("see the nodes: `apigw status --fleet --env {environment}`")),
        });
    };
    if node.is_silent(context.now()) { Ok(node) } else { Err(still_polls(name)) }
}

fn still_polls(name: &NodeName) -> CommandError {
    CommandError::invalid("state", format!("{name} has polled within the last 30 s, and would join again"))
        .hint("stop it, wait for 30 s, then forget it")
}

/// Forgets nodes: by the control plane, which remembers them, or in its place where none runs.
fn forget(
    context: &Context<'_>,
    workspace: &Workspace,
    environment: &EnvironmentName,
    names: &BTreeSet<&NodeName>,
) -> Result<(), CommandError> {
    match workspace.lock_fleet(environment) {
        Ok(_lock) => {
            if let Some(mut record) = workspace.fleet_record(environment)? {
                for name in names {
                    record.forget(name);
                }
                workspace.save_fleet(&record, true)?;
            }
            Ok(())
        }
        Err(workspace::Error::FleetInUse { .. }) => ask_control_plane(context, workspace, environment, names),
        Err(error) => Err(error.into()),
    }
}

fn ask_control_plane(
    context: &Context<'_>,
    workspace: &Workspace,
    environment: &EnvironmentName,
    names: &BTreeSet<&NodeName>,
) -> Result<(), CommandError> {
    for name in names {
        workspace.request_forgetting(environment, name)?;
    }
    context.output.detail(&format!("waiting for the control plane of {environment}"));
    let start = Instant::now();
    while workspace.forget_requests(environment)?.iter().any(|name| names.contains(name)) {
        if start.elapsed() >= LONGEST_WAIT {
            for name in names {
                workspace.close_forget_request(environment, name)?;
            }
            let message = format!("the control plane of {environment} has not looked within {LONGEST_WAIT:?}");
            return Err(CommandError::new("fleet", Exit::Failed, message)
                .hint("see the log of `apigw serve --xds`, then try again"));
        }
        thread::sleep(PAUSE);
    }
    let report = workspace.fleet_report(environment)?;
    let is_left = |name: &NodeName| report.iter().flat_map(|report| &report.nodes).any(|node| node.node == *name);
    match names.iter().find(|name| is_left(name)) {
        Some(name) => Err(still_polls(name)),
        None => Ok(()),
    }
}

fn text(context: &Context<'_>, view: &NodeForgetView) -> String {
    let NodeForgetView { environment, forgotten, .. } = view;
    forgotten.iter().fold(String::new(), |mut text, ForgottenNodeView { node, seen }| {
        let age = age(*seen, context.now());
        let _ = writeln!(text, "{environment}: node {node} is forgotten; it polled last {age} ago");
        text
    })
}
