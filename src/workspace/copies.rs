//! Operations read together, and files among theirs that are copies of others under another name.

use std::collections::BTreeSet;

use super::error::Error;
use super::{Workspace, layout};
use crate::model::{Digest, EnvironmentName, OperationId};
use crate::plan::Operations;

impl Workspace {
    /// Reads operations of an environment. A copy that nothing refers to is left out: nothing is lost with it.
    ///
    /// # Errors
    ///
    /// Fails where another file cannot be read.
    pub(super) fn read_operations(
        &self,
        environment: &EnvironmentName,
        ids: Vec<OperationId>,
    ) -> Result<Operations, Error> {
        let mut operations = Operations::new();
        let mut broken = Vec::new();
        for id in ids {
            match self.read_operation(environment, &id) {
                Ok(operation) => drop(operations.insert(id, operation)),
                Err(error) => broken.push((id, error)),
            }
        }
        if broken.is_empty() {
            return Ok(operations);
        }
        let changes = operations.values().flat_map(|operation| operation.changes.values());
        let named: BTreeSet<&OperationId> =
            changes.flat_map(|change| change.predecessors().map(|entry| &entry.operation)).collect();
        for (id, error) in broken {
            if named.contains(&id) || self.original_of(environment, &id, operations.keys()).is_none() {
                return Err(error);
            }
        }
        Ok(operations)
    }

    /// Finds the operation whose bytes the file of another one has.
    pub(super) fn original_of<'o>(
        &self,
        environment: &EnvironmentName,
        id: &OperationId,
        mut whole: impl Iterator<Item = &'o OperationId>,
    ) -> Option<&'o OperationId> {
        let read = |id| self.root.read(&layout::operation(environment, id), layout::LARGEST_RECORD);
        let bytes = read(id).ok().flatten()?;
        let digest = format!("-{}", Digest::of(&bytes).short());
        let original = whole.find(|original| original.as_str().ends_with(&digest))?;
        read(original).ok().flatten().filter(|same| *same == bytes).map(|_| original)
    }
}
