//! Repairs, under the lock: what loses nothing, and an edit by hand as an operation of its own.

use super::entries::accept;
use super::{EnvironmentLock, Examination, Verification};
use crate::model::{Action, Change, Deployment, Environment, Operation};
use crate::plan::Author;
use crate::workspace::error::Error;
use crate::workspace::{layout, operation_file, record};

pub(super) fn environment(lock: &EnvironmentLock<'_>, author: &Author, done: &mut Vec<String>) -> Result<(), Error> {
    let name = lock.environment();
    let examination = lock.workspace().examine(name, &mut Verification::default())?;
    let file = layout::environment(name);
    if !lock.workspace().root.exists(&file)?
        && let Some(environment) = lock.workspace().rebuilt_environment(name)?
    {
        lock.rewrite(&record::render(&environment))?;
        done.push(format!("{name}: built {file} from its history"));
        return Ok(());
    }
    if examination.entries.differs && !examination.entries.broken {
        rewrite(lock, &examination, author, done)?;
    }
    Ok(())
}

/// Writes the environment's file anew; nothing where one edit in it means nothing that can be deployed.
fn rewrite(
    lock: &EnvironmentLock<'_>,
    examination: &Examination,
    author: &Author,
    done: &mut Vec<String>,
) -> Result<(), Error> {
    let name = lock.environment();
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
        let Some(after) = accept(lock.workspace(), group, &recorded.release, edited) else {
            return Ok(());
        };
        operation.time = operation.time.max(recorded.since.successor());
        let change = Change { action: Action::Accept, before: Some(recorded.clone()), merged: Vec::new(), after };
        operation.changes.insert(group.clone(), change);
    }
    if operation.changes.is_empty() {
        lock.rewrite(&record::render(&environment))?;
        done.push(format!("{name}: wrote {} as it was committed", layout::environment(name)));
        return Ok(());
    }
    let (id, text) = operation_file::render(&operation);
    for (group, change) in &operation.changes {
        let deployment = Deployment { release: change.after.clone(), since: operation.time, operation: id.clone() };
        environment.deployments.insert(group.clone(), deployment);
        done.push(format!("{name}: recorded the change of {group} by hand as operation {id}"));
    }
    lock.write_operation(&id, &text)?;
    lock.publish(&record::render(&environment), &id)
}
