//! Repairs under the lock that lose nothing, among them an edit by hand recorded as an operation of its own.

use super::entries::accept;
use super::{EnvironmentExamination, WorkspaceVerification};
use crate::model::{Author, Environment, EnvironmentName, GroupChange, Operation, ReleaseAction};
use crate::workspace::commit::time_after;
use crate::workspace::error::Error;
use crate::workspace::{LockGuard, layout, record};

pub(super) fn environment(
    guard: &LockGuard,
    name: &EnvironmentName,
    author: &Author,
    done: &mut Vec<String>,
) -> Result<(), Error> {
    let examination = guard.workspace().examine(name, &mut WorkspaceVerification::default())?;
    let file = layout::environment(name);
    if !guard.workspace().root.exists(&file)?
        && let Some(environment) = guard.workspace().rebuilt_environment(name)?
    {
        guard.rewrite(name, &record::render(&environment))?;
        done.push(format!("{name}: built {file} from its history"));
        return Ok(());
    }
    if examination.entries.differs && !examination.entries.broken {
        rewrite(guard, name, &examination, author, done)?;
    }
    Ok(())
}

/// Rewrites the environment's file; does nothing if an edit in it cannot be deployed.
fn rewrite(
    guard: &LockGuard,
    name: &EnvironmentName,
    examination: &EnvironmentExamination<'_>,
    author: &Author,
    done: &mut Vec<String>,
) -> Result<(), Error> {
    let entries = &examination.entries;
    let mut environment = Environment::empty(name.clone());
    environment.deployments.extend(entries.whole.clone());
    environment.deployments.extend(entries.relaid.clone());
    let mut operation = Operation {
        environment: name.clone(),
        time: author.now,
        actor: author.actor.clone(),
        message: author.message.clone(),
        command: author.command.clone(),
        overrides: Vec::new(),
        changes: std::collections::BTreeMap::new(),
    };
    for (group, (recorded, edited)) in &entries.edited {
        let Some(after) = accept(guard.workspace(), group, &recorded.release, edited) else {
            return Ok(());
        };
        operation.time = operation.time.max(recorded.since.successor());
        let change =
            GroupChange { action: ReleaseAction::Accept, before: Some(recorded.clone()), merged: Vec::new(), after };
        operation.changes.insert(group.clone(), change);
    }
    if operation.changes.is_empty() {
        guard.rewrite(name, &record::render(&environment))?;
        done.push(format!("{name}: restored the layout of {}", layout::environment(name)));
        return Ok(());
    }
    operation.time = time_after(&environment, operation.time);
    let id = guard.record(guard.stage(), environment, &operation, &[])?;
    for group in operation.changes.keys() {
        done.push(format!("{name}: recorded the change of {group} by hand as operation {id}"));
    }
    Ok(())
}
