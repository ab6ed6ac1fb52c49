//! Groups that both branches of a merge changed, told by their operations: a text merge mixes entries of one branch into the
//! conflicts of others.

use std::collections::BTreeSet;

use super::error::Error;
use super::record::{self, EnvironmentReading};
use super::{Workspace, layout};
use crate::model::{EnvironmentName, GroupName, OperationId};

impl Workspace {
    /// Reads an environment from its file's text. A conflict in it names the groups that both branches changed.
    pub(super) fn parse_environment(
        &self,
        environment: &EnvironmentName,
        text: &str,
    ) -> Result<EnvironmentReading, Error> {
        record::parse_told(&layout::environment(environment), environment, text, &|group, one, other| {
            let is_own = |id: &OperationId| self.is_of_group(environment, group, id);
            let follows = |id: &OperationId, earlier: &OperationId| self.builds_upon(environment, group, id, earlier);
            is_own(one) && is_own(other) && !follows(one, other) && !follows(other, one)
        })
    }

    /// True if an operation changed a group, for all that can be read of it: where a conflict spans two entries, a group may
    /// seem to be at an operation of its neighbour.
    fn is_of_group(&self, environment: &EnvironmentName, group: &GroupName, id: &OperationId) -> bool {
        self.read_operation(environment, id).map_or(true, |operation| operation.changes.contains_key(group))
    }

    /// True if an operation of a group builds upon an earlier one, as far as they can be read.
    fn builds_upon(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        id: &OperationId,
        earlier: &OperationId,
    ) -> bool {
        let mut seen = BTreeSet::new();
        let mut pending = vec![id.clone()];
        while let Some(id) = pending.pop() {
            if id == *earlier {
                return true;
            }
            // An operation's time is later than that of every one before it.
            if id < *earlier || !seen.insert(id.clone()) {
                continue;
            }
            let operation = self.read_operation(environment, &id).ok();
            let change = operation.as_ref().and_then(|operation| operation.changes.get(group));
            pending.extend(
                change.into_iter().flat_map(|change| change.predecessors().map(|entry| entry.operation.clone())),
            );
        }
        false
    }
}
