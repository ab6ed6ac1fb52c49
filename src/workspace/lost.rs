//! Releases that an environment's file has lost: a group without an entry, though an operation made one.

use std::collections::{BTreeMap, BTreeSet};

use super::Workspace;
use super::error::Error;
use crate::model::{Deployment, EnvironmentName, GroupName, OperationId};

impl Workspace {
    /// Finds the newest operation of each group that has no entry any more, among so many of the newest operations of
    /// an environment; of these groups, or of all. An entry is never removed, so a merge or an edit by hand took it
    /// away.
    ///
    /// # Errors
    ///
    /// Fails where the environment's file or its history cannot be read. An operation that cannot be read is left out.
    pub fn lost_releases(
        &self,
        environment: &EnvironmentName,
        groups: Option<&BTreeSet<GroupName>>,
        most: usize,
    ) -> Result<BTreeMap<GroupName, OperationId>, Error> {
        let mut lost = BTreeMap::new();
        // The list of operations comes first: one that is committed after it has its entries.
        let ids = self.operation_ids(environment)?;
        let present = self.present_entries(environment, groups)?;
        let is_absent = |group: &&GroupName| !present.contains_key(*group);
        let mut wanted = groups.map(|groups| groups.iter().filter(is_absent).collect::<BTreeSet<_>>());
        for id in ids.into_iter().rev().take(most) {
            if wanted.as_ref().is_some_and(BTreeSet::is_empty) {
                break;
            }
            let Ok(operation) = self.read_operation(environment, &id) else { continue };
            for group in operation.changes.into_keys() {
                if wanted.as_mut().is_none_or(|wanted| wanted.remove(&group)) {
                    lost.entry(group).or_insert_with(|| id.clone());
                }
            }
        }
        self.retain_absent(environment, groups, &mut lost)?;
        if lost.is_empty() {
            return Ok(lost);
        }
        let mut committed = BTreeMap::new();
        for (group, id) in lost {
            if !self.is_abandoned(environment, &id)? {
                committed.insert(group, id);
            }
        }
        // Somebody may have ended a commit at this moment.
        self.retain_absent(environment, groups, &mut committed)?;
        Ok(committed)
    }

    fn retain_absent(
        &self,
        environment: &EnvironmentName,
        groups: Option<&BTreeSet<GroupName>>,
        lost: &mut BTreeMap<GroupName, OperationId>,
    ) -> Result<(), Error> {
        let present = self.present_entries(environment, groups)?;
        lost.retain(|group, _| !present.contains_key(group));
        Ok(())
    }

    /// Reads the entries of a file in which an edit by hand of other groups tells nothing about these.
    fn present_entries(
        &self,
        environment: &EnvironmentName,
        groups: Option<&BTreeSet<GroupName>>,
    ) -> Result<BTreeMap<GroupName, Deployment>, Error> {
        let all = BTreeSet::new();
        Ok(self.environment_for(environment, groups.unwrap_or(&all))?.deployments)
    }
}
