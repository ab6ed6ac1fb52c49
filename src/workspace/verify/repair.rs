//! Repairs under the lock that lose nothing, among them an edit by hand recorded as an operation of its own.

use std::collections::BTreeMap;

use super::entries::accept;
use super::{EnvironmentExamination, RepairOutcome, WorkspaceVerification};
use crate::model::{Author, Environment, EnvironmentName};
use crate::plan;
use crate::workspace::commit::time_after;
use crate::workspace::error::Error;
use crate::workspace::{DiskFacts, LockGuard, layout, record};

pub(super) fn environment(
    guard: &LockGuard,
    name: &EnvironmentName,
    author: &Author,
    outcome: &mut RepairOutcome,
) -> Result<(), Error> {
    let examination = guard.workspace().examine(name, &mut WorkspaceVerification::default())?;
    let file = layout::environment(name);
    if !guard.workspace().root.exists(&file)?
        && let Some(environment) = guard.workspace().rebuilt_environment(name)?
    {
        guard.rewrite(name, &record::render(&environment))?;
        outcome.done.push(format!("{name}: built {file} from its history"));
        return Ok(());
    }
    if examination.entries.differs && !examination.entries.broken {
        rewrite(guard, name, &examination, author, outcome)?;
    }
    Ok(())
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
    let mut edits = BTreeMap::new();
    for (group, (recorded, edited)) in &entries.edited {
        let Some(after) = accept(guard.workspace(), group, &recorded.release, edited) else {
            return Ok(());
        };
        edits.insert(group.clone(), (recorded.clone(), after));
    }
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
    plan.operation.time = time_after(&environment, plan.operation.time);
    let id = guard.record(guard.stage(), environment, &plan.operation, &[])?;
    for group in plan.operation.changes.keys() {
        outcome.done.push(format!("{name}: recorded the change of {group} by hand as operation {id}"));
    }
    outcome.recorded.push((plan, id));
    Ok(())
}
