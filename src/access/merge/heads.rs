//! The heads of a subject's history: operations that nothing was built upon yet.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::operation::{AccessOperation, AccessSubject};
use crate::model::OperationId;

/// Operations on keys and grants, by id.
pub type AccessOperations = BTreeMap<OperationId, AccessOperation>;

/// Finds the heads of a subject, the oldest first.
#[must_use]
pub fn heads_of(operations: &AccessOperations, subject: &AccessSubject) -> Vec<OperationId> {
    let named: BTreeSet<&OperationId> = operations.values().flat_map(AccessOperation::predecessors).collect();
    let is_head = |(id, operation): &(&OperationId, &AccessOperation)| {
        operation.after.subject() == *subject && !named.contains(*id)
    };
    operations.iter().filter(is_head).map(|(id, _)| id.clone()).collect()
}

/// True if one operation is another, or was built upon it.
#[must_use]
pub fn leads_to(operations: &AccessOperations, from: &OperationId, to: &OperationId) -> bool {
    ancestors(operations, from).contains(to)
}

/// Finds the latest operation that both one of some operations and another were built upon. An operation is later than
/// those before it.
pub(super) fn common_ancestor(
    operations: &AccessOperations,
    some: &[OperationId],
    other: &OperationId,
) -> Option<OperationId> {
    let of_some: BTreeSet<OperationId> = some.iter().flat_map(|id| ancestors(operations, id)).collect();
    ancestors(operations, other).intersection(&of_some).max().cloned()
}

/// Finds an operation without a file among those that another was built upon.
pub(super) fn missing_predecessor(operations: &AccessOperations, head: &OperationId) -> Option<OperationId> {
    ancestors(operations, head).into_iter().find(|id| !operations.contains_key(id))
}

/// Lists an operation and all that it was built upon, with and without a file.
fn ancestors(operations: &AccessOperations, from: &OperationId) -> BTreeSet<OperationId> {
    let mut found = BTreeSet::new();
    let mut pending = vec![from.clone()];
    while let Some(id) = pending.pop() {
        if let Some(operation) = operations.get(&id).filter(|_| !found.contains(&id)) {
            pending.extend(operation.predecessors().cloned());
        }
        found.insert(id);
    }
    found
}
