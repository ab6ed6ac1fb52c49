//! Releases that an environment's file has lost: a group without an entry, though an operation made one, or with an
//! entry from before its newest operation.

use std::collections::{BTreeMap, BTreeSet};

use super::Workspace;
use super::error::Error;
use crate::model::{Deployment, EnvironmentName, GroupName, OperationId};

impl Workspace {
    /// Finds the newest operation of each group whose entry is from before it, or is not there, among so many of the
    /// newest operations of an environment; of these groups, or of all. An operation is later than those before it, and
    /// an entry is never removed: a merge or an edit by hand took the operation's entry away, or the file was set back.
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
        let mut wanted = groups.map(|groups| groups.iter().collect::<BTreeSet<_>>());
        for id in ids.into_iter().rev().take(most) {
            if let Some(wanted) = &mut wanted {
                wanted.retain(|group| is_before(present.get(*group), &id));
                if wanted.is_empty() {
                    break;
                }
            }
            let Ok(operation) = self.read_operation(environment, &id) else { continue };
            for group in operation.changes.into_keys() {
                let is_wanted = wanted.as_mut().is_none_or(|wanted| wanted.remove(&group));
                if is_wanted && is_before(present.get(&group), &id) {
                    lost.entry(group).or_insert_with(|| id.clone());
                }
            }
        }
        self.retain_lost(environment, groups, &mut lost)?;
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
        self.retain_lost(environment, groups, &mut committed)?;
        Ok(committed)
    }

    fn retain_lost(
        &self,
        environment: &EnvironmentName,
        groups: Option<&BTreeSet<GroupName>>,
        lost: &mut BTreeMap<GroupName, OperationId>,
    ) -> Result<(), Error> {
        let present = self.present_entries(environment, groups)?;
        lost.retain(|group, id| is_before(present.get(group), id));
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

/// True if an operation is later than an entry; none is before every operation.
fn is_before(entry: Option<&Deployment>, id: &OperationId) -> bool {
    entry.is_none_or(|entry| entry.operation < *id)
}
