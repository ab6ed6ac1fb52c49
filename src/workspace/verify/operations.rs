//! The operations of one environment, each read once, whoever asks.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::model::{Deployment, EnvironmentName, GroupName, Operation, OperationId};
use crate::workspace::Workspace;
use crate::workspace::error::Error;

/// The outcome of reading an operation's file; an error is reported once, on the first chain that reaches it.
#[derive(Clone)]
pub(super) enum OperationRead {
    Whole(Rc<Operation>),
    Broken,
}

/// The operations of one environment.
pub(super) struct EnvironmentOperations<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) environment: &'a EnvironmentName,
    read: BTreeMap<OperationId, OperationRead>,
    errors: BTreeMap<OperationId, Error>,
}

impl<'a> EnvironmentOperations<'a> {
    pub(super) const fn new(workspace: &'a Workspace, environment: &'a EnvironmentName) -> Self {
        Self { workspace, environment, read: BTreeMap::new(), errors: BTreeMap::new() }
    }

    /// Reads an operation. A file that is missing, damaged or not readable is [`OperationRead::Broken`].
    pub(super) fn get(&mut self, id: &OperationId) -> OperationRead {
        if let Some(read) = self.read.get(id) {
            return read.clone();
        }
        let read = match self.workspace.read_operation(self.environment, id) {
            Ok(operation) => OperationRead::Whole(Rc::new(operation)),
            Err(error) => {
                self.errors.insert(id.clone(), error);
                OperationRead::Broken
            }
        };
        self.read.insert(id.clone(), read.clone());
        read
    }

    /// Takes the error of a broken operation, the first time that it is asked for.
    pub(super) fn take_error(&mut self, id: &OperationId) -> Option<Error> {
        self.errors.remove(id)
    }

    /// Returns the entry that an operation made of a group; `None` where its file does not say.
    pub(super) fn recorded(&mut self, group: &GroupName, id: &OperationId) -> Option<Deployment> {
        let OperationRead::Whole(operation) = self.get(id) else {
            return None;
        };
        operation.changes.get(group).map(|change| Deployment {
            release: change.after.clone(),
            since: operation.time,
            operation: id.clone(),
        })
    }
}
