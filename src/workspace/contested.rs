//! An environment's file read with its history at hand. That tells which groups both branches of a merge changed, as a
//! text merge mixes entries of one branch into the conflicts of others, and whether a file in another layout has all
//! its entries.

use std::collections::BTreeSet;

use super::error::Error;
use super::git::{GitCheckout, GitOperation};
use super::record::conflict::ConflictOrigin;
use super::record::{self, EnvironmentReading};
use super::{Workspace, layout};
use crate::model::{Deployment, Environment, EnvironmentName, Finding, GroupName, OperationId};
use crate::plan::GroupHeads;

impl Workspace {
    /// Reads an environment from its file's text. A conflict in it names the groups that both branches changed. A file
    /// that was laid out anew is read by its values, if no entry of the history is missing in it.
    pub(super) fn parse_environment(
        &self,
        environment: &EnvironmentName,
        text: &str,
    ) -> Result<EnvironmentReading, Error> {
        let place = layout::environment(environment);
        let strict = record::parse_told(&place, environment, text, &|group, one, other| {
            if self.is_reverting() {
                return ConflictOrigin::Revert;
            }
            let (Some(one), Some(other)) = (one, other) else { return ConflictOrigin::OneBranch };
            let is_own = |id: &OperationId| self.is_of_group(environment, group, id);
            let follows = |id: &OperationId, earlier: &OperationId| self.builds_upon(environment, group, id, earlier);
            let is_contested = is_own(one) && is_own(other) && !follows(one, other) && !follows(other, one);
            if is_contested { ConflictOrigin::BothBranches } else { ConflictOrigin::OneBranch }
        });
        if strict.as_ref().is_ok_and(|reading| reading.problems.is_empty()) {
            return strict;
        }
        match record::values::parse_values(&place, environment, text) {
            Some(reading) if self.has_all_entries(&reading)? => Ok(reading),
            _ => strict,
        }
    }

    /// True if Git has begun a revert, and not ended it.
    fn is_reverting(&self) -> bool {
        GitCheckout::find(self.root.path()).and_then(|checkout| checkout.operation()) == Some(GitOperation::Revert)
    }

    /// Returns the finding on an environment's file in another layout, which the next change of it restores.
    #[must_use]
    pub fn layout_change(&self, environment: &EnvironmentName) -> Option<Finding> {
        self.read_environment(environment).ok()?.layout.map(|layout| layout.finding)
    }

    /// True if a file in another layout has an entry of every group of its history. Without its end, it must have the
    /// latest of each, whole: a file that was cut off between two entries has the same look.
    fn has_all_entries(
        &self,
        EnvironmentReading { environment, problems, layout }: &EnvironmentReading,
    ) -> Result<bool, Error> {
        let Environment { name, deployments } = environment;
        if !layout.as_ref().is_some_and(|layout| layout.lacks_end) {
            let heads = GroupHeads::of(self.whole_operations(name)?.iter());
            let has_entry = |group: &GroupName| {
                deployments.contains_key(group) || problems.iter().any(|(named, _)| named.as_ref() == Some(group))
            };
            return Ok(heads.iter().all(|(group, _)| has_entry(group)));
        }
        let operations = match self.operations(name) {
            Err(Error::Invalid(_)) => return Ok(false),
            read => read?,
        };
        let is_recorded = |entry: &Deployment| operations.contains_key(&entry.operation);
        let heads = GroupHeads::of(operations.iter());
        Ok(problems.is_empty() && deployments.values().all(is_recorded) && heads.are_all_in(deployments))
    }

    /// True if an operation changed a group, for all that can be read of it: where a conflict spans two entries, a
    /// group may seem to be at an operation of its neighbour.
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
