//! Repairs under the lock that lose nothing, among them an edit by hand recorded as an operation of its own.

use std::collections::BTreeMap;

use super::entries::accept;
use super::{EnvironmentExamination, PlannedEdits, RepairOutcome};
use crate::model::{Author, Deployment, Environment, EnvironmentName, GroupName, Release};
use crate::plan;
use crate::workspace::error::Error;
use crate::workspace::{Committed, DiskFacts, LockGuard, Workspace, layout, record};

pub(super) fn environment(
    guard: &LockGuard,
    name: &EnvironmentName,
    author: &Author,
    outcome: &mut RepairOutcome,
) -> Result<(), Error> {
    let examination = guard.workspace().examine(name)?;
    let file = layout::environment(name);
    if !guard.workspace().root.exists(&file)?
        && let Some(environment) = guard.workspace().rebuilt_environment(name)?
    {
        guard.rewrite(name, &record::render(&environment))?;
        outcome.done.push(format!("{name}: built {file} from its history"));
        return Ok(());
    }
    if examination.entries.can_be_recorded() {
        rewrite(guard, name, &examination, author, outcome)?;
    }
    Ok(())
}

/// Plans to record the edits by hand of an environment; `None` where its repair records none.
pub(super) fn planned(
    workspace: &Workspace,
    name: &EnvironmentName,
    author: &Author,
) -> Result<Option<PlannedEdits>, Error> {
    let examination = workspace.examine(name)?;
    if !examination.entries.can_be_recorded() || !workspace.root.exists(&layout::environment(name))? {
        return Ok(None);
    }
    let edits = deployable_edits(workspace, &examination).filter(|edits| !edits.is_empty());
    Ok(edits.map(|edits| plan::accept(name, &edits, &DiskFacts::new(workspace), author)))
}

/// Returns each edited entry as its operation left it, and its release now; `None` where one cannot be deployed.
fn deployable_edits(
    workspace: &Workspace,
    examination: &EnvironmentExamination<'_>,
) -> Option<BTreeMap<GroupName, (Deployment, Release)>> {
    let edits = examination.entries.edited.iter().map(|(group, (recorded, edited))| {
        let after = accept(workspace, group, &recorded.release, edited)?;
        Some((group.clone(), (recorded.clone(), after)))
    });
    edits.collect()
}

/// Rewrites the environment's file; changes nothing if an edit in it cannot be deployed, or if policies refuse it.
fn rewrite(
    guard: &LockGuard,
    name: &EnvironmentName,
    examination: &EnvironmentExamination<'_>,
    author: &Author,
    outcome: &mut RepairOutcome,
) -> Result<(), Error> {
    let entries = &examination.entries;
    let mut environment = Environment::empty(name.clone());
    environment.deployments.extend(entries.whole.clone());
    environment.deployments.extend(entries.relaid.clone());
    let Some(edits) = deployable_edits(guard.workspace(), examination) else { return Ok(()) };
    if edits.is_empty() {
        guard.rewrite(name, &record::render(&environment))?;
        outcome.done.push(format!("{name}: restored the layout of {}", layout::environment(name)));
        return Ok(());
    }
    let mut plan = match plan::accept(name, &edits, &DiskFacts::new(guard.workspace()), author) {
        Ok(plan) => plan,
        Err(error) => {
            outcome.failures.push(error);
            return Ok(());
        }
    };
    plan.operation.make_later_than(environment.deployments.values());
    let Committed { id, unsynced } = guard.record(guard.stage(), environment, &plan.operation, &[])?;
    if let Some(error) = unsynced {
        return Err(error);
    }
    for group in plan.operation.changes.keys() {
        outcome.done.push(format!("{name}: recorded the change of {group} by hand as operation {id}"));
    }
    outcome.recorded.push((plan, id));
    Ok(())
}
