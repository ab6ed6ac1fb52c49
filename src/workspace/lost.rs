//! Releases that an environment's file has lost: a group without an entry, though an operation made one, or with an
//! entry from before its newest operation.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::{Workspace, operation_file};
use crate::model::{Deployment, EnvironmentName, GroupName, OperationId};

impl Workspace {
    /// Finds the newest operation of each group whose entry is from before it, or is not there, among so many of the
    /// newest operations of an environment; of these groups, or of those by which a file that was set back as a whole
    /// is behind. An operation is later than those before it, and an entry is never removed: a merge or an edit by hand
    /// took the operation's entry away, or the file was set back.
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
        let present = self.present_entries(environment, groups)?;
        self.lost_since(environment, &present, groups, most)
    }

    /// Finds what [`lost_releases`](Self::lost_releases) does, for a file that was read already.
    ///
    /// # Errors
    ///
    /// Fails as it does.
    pub fn lost_since(
        &self,
        environment: &EnvironmentName,
        present: &BTreeMap<GroupName, Deployment>,
        groups: Option<&BTreeSet<GroupName>>,
        most: usize,
    ) -> Result<BTreeMap<GroupName, OperationId>, Error> {
        let mut lost = BTreeMap::new();
        let mut wanted = groups.map(|groups| groups.iter().collect::<BTreeSet<_>>());
        let newest = present.values().map(|entry| &entry.operation).max().filter(|_| groups.is_none());
        for id in self.operation_ids(environment)?.into_iter().rev().take(most) {
            if newest.is_some_and(|newest| id <= *newest) {
                break;
            }
            if let Some(wanted) = &mut wanted {
                wanted.retain(|group| is_before(present.get(*group), &id));
                if wanted.is_empty() {
                    break;
                }
            }
            let Ok(bytes) = self.operation_bytes(environment, &id) else { continue };
            if wanted.as_ref().is_some_and(|wanted| !may_change(&bytes, wanted)) {
                continue;
            }
            let Ok(operation) = operation_file::parse(environment, &id, bytes) else { continue };
            for group in operation.changes.into_keys() {
                let is_wanted = wanted.as_mut().is_none_or(|wanted| wanted.remove(&group));
                if is_wanted && is_before(present.get(&group), &id) {
                    lost.entry(group).or_insert_with(|| id.clone());
                }
            }
        }
        let mut committed = BTreeMap::new();
        for (group, id) in lost {
            if !self.is_abandoned(environment, &id)? {
                committed.insert(group, id);
            }
        }
        if !committed.is_empty() {
            // Somebody may have committed since the file was read, or have ended a commit at this moment.
            self.retain_lost(environment, groups, &mut committed)?;
        }
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

/// The most groups whose names are looked for in a file before it is parsed.
const MOST_NAMES: usize = 8;

/// False if a file of an operation has the name of no such group. It may be of very many, and parsing it is dear: with
/// 1,000 groups, half of a publish.
fn may_change(bytes: &[u8], groups: &BTreeSet<&GroupName>) -> bool {
    let text = String::from_utf8_lossy(bytes);
    groups.len() > MOST_NAMES || groups.iter().any(|group| text.contains(&format!("\n  {group}:\n")))
}

/// True if an operation is later than an entry; none is before every operation.
fn is_before(entry: Option<&Deployment>, id: &OperationId) -> bool {
    entry.is_none_or(|entry| entry.operation < *id)
}
