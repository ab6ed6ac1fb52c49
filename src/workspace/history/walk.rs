//! The walk from the live entries backwards, and the operations that it does not come to.

use std::collections::{BTreeMap, BTreeSet};

use super::{CommittedOperation, ReadableHistory};
use crate::model::{Environment, EnvironmentName, GroupName, OperationId};
use crate::workspace::Workspace;
use crate::workspace::error::Error;
use crate::workspace::overview::{EnvironmentOverview, ViewProblem};

impl Workspace {
    /// Reads the operations of [`history`](Self::history) that can be read, with the problems of the others.
    #[must_use]
    pub fn readable_history(
        &self,
        environment: &EnvironmentName,
        group: Option<&GroupName>,
        most: usize,
    ) -> ReadableHistory {
        self.readable_history_of(environment, &|name| group.is_none_or(|group| group == name), most)
    }

    /// Reads the histories of the wanted groups as far as that is possible: those of others tell nothing of them.
    pub(super) fn readable_history_of(
        &self,
        environment: &EnvironmentName,
        is_wanted: &dyn Fn(&GroupName) -> bool,
        most: usize,
    ) -> ReadableHistory {
        let live = self.overview(std::slice::from_ref(environment), None).pop();
        let Some(EnvironmentOverview { environment: live, mut problems }) = live else {
            return ReadableHistory::default();
        };
        problems.retain(|problem| problem.group.as_ref().is_none_or(is_wanted));
        let is_published = live.deployments.keys().any(is_wanted);
        let unread = if problems.is_empty() { BTreeSet::new() } else { self.unread_tips(&live, is_wanted) };
        let mut operations = self.walk_from(&live, unread, is_wanted, most, &mut |id, error| {
            let message = format!("operation {id} and what was before it: {}", error.one_line());
            problems.push(ViewProblem { environment: environment.clone(), group: None, message });
        });
        if !problems.is_empty() {
            // What cannot be read may lead to it.
            for committed in &mut operations {
                committed.unexplained.clear();
            }
        }
        ReadableHistory { operations, problems, is_published }
    }

    /// Reads a history as [`readable_history`](Self::readable_history) does, with the operations among those of its
    /// time that no entry leads to.
    ///
    /// # Errors
    ///
    /// Fails where the folder of operations cannot be listed.
    pub fn explained_history(
        &self,
        environment: &EnvironmentName,
        group: Option<&GroupName>,
        most: usize,
    ) -> Result<ReadableHistory, Error> {
        // The list of operations comes first: one that is committed after it is reached.
        let ids = self.operation_ids(environment)?;
        let mut history = self.readable_history(environment, group, most);
        if !history.problems.is_empty() {
            return Ok(history);
        }
        // The walk goes from the newest to the oldest, so beyond its end nothing was looked for.
        let oldest = history.operations.last().filter(|_| history.operations.len() >= most).map(|oldest| &oldest.id);
        let known: BTreeSet<&OperationId> = history.operations.iter().map(|committed| &committed.id).collect();
        let is_unreached = |id: &&OperationId| oldest.is_none_or(|oldest| *id > oldest) && !known.contains(id);
        let mut found = Vec::new();
        for id in ids.iter().filter(is_unreached) {
            let Ok(operation) = self.read_operation(environment, id) else { continue };
            let is_wanted = |name: &&GroupName| group.is_none_or(|group| group == *name);
            let unexplained: BTreeSet<GroupName> = operation.changes.keys().filter(is_wanted).cloned().collect();
            if unexplained.is_empty() || self.is_abandoned(environment, id)? {
                continue;
            }
            // Somebody may have ended its commit at this moment.
            let live = self.environment(environment)?;
            if live.deployments.values().all(|entry| entry.operation != *id) {
                found.push(CommittedOperation { id: id.clone(), operation, lost: BTreeMap::new(), unexplained });
            }
        }
        history.operations.append(&mut found);
        Ok(history)
    }

    pub(super) fn walk(
        &self,
        live: &Environment,
        group: Option<&GroupName>,
        most: usize,
        fail: &mut dyn FnMut(&OperationId, Error),
    ) -> Vec<CommittedOperation> {
        let is_wanted = |name: &GroupName| group.is_none_or(|group| group == name);
        self.walk_from(live, BTreeSet::new(), &is_wanted, most, fail)
    }

    /// Finds the operations on groups whose entries cannot be read: files of operations never conflict. One that the
    /// next command removes is none of them.
    fn unread_tips(&self, live: &Environment, is_wanted: &dyn Fn(&GroupName) -> bool) -> BTreeSet<OperationId> {
        let is_unread = |name: &GroupName| is_wanted(name) && !live.deployments.contains_key(name);
        let is_tip = |id: &OperationId| {
            let operation = self.read_operation(&live.name, id);
            operation.is_ok_and(|operation| operation.changes.keys().any(is_unread))
                && !self.is_abandoned(&live.name, id).unwrap_or(false)
        };
        self.operation_ids(&live.name).unwrap_or_default().into_iter().filter(is_tip).collect()
    }

    fn walk_from(
        &self,
        live: &Environment,
        mut pending: BTreeSet<OperationId>,
        is_wanted: &dyn Fn(&GroupName) -> bool,
        most: usize,
        fail: &mut dyn FnMut(&OperationId, Error),
    ) -> Vec<CommittedOperation> {
        let tips = live.deployments.iter().filter(|(name, _)| is_wanted(name));
        // The operation of each group that its present release goes back to, however many resolves joined others to it.
        let mut kept: BTreeMap<GroupName, OperationId> =
            tips.map(|(name, deployment)| (name.clone(), deployment.operation.clone())).collect();
        pending.extend(kept.values().cloned());
        let mut reached: BTreeSet<(GroupName, OperationId)> =
            kept.iter().map(|(name, id)| (name.clone(), id.clone())).collect();
        let mut operations = Vec::new();
        let mut lost: BTreeMap<OperationId, BTreeMap<GroupName, OperationId>> = BTreeMap::new();
        // An operation is later than those before it, so the latest that is known comes first.
        while operations.len() < most
            && let Some(id) = pending.pop_last()
        {
            let operation = match self.read_operation(&live.name, &id) {
                Ok(operation) => operation,
                Err(error) => {
                    fail(&id, error);
                    continue;
                }
            };
            let before = operation.changes.iter().filter(|(name, _)| is_wanted(name));
            let mut unexplained = BTreeSet::new();
            for (name, change) in before {
                let is_reached = reached.contains(&(name.clone(), id.clone()));
                if !is_reached {
                    unexplained.insert(name.clone());
                }
                for entry in change.predecessors() {
                    pending.insert(entry.operation.clone());
                    if is_reached {
                        reached.insert((name.clone(), entry.operation.clone()));
                    }
                }
            }
            for (group, change) in &operation.changes {
                for loser in change.merged.iter().filter(|merged| !merged.release.serves_same(&change.after)) {
                    lost.entry(loser.operation.clone()).or_default().insert(group.clone(), id.clone());
                }
            }
            let mut lost = lost.remove(&id).unwrap_or_default();
            for (group, change) in &operation.changes {
                if kept.get(group) == Some(&id) {
                    // Another branch may have resolved against it: what is live was not lost.
                    lost.remove(group);
                    kept.extend(change.before.as_ref().map(|before| (group.clone(), before.operation.clone())));
                }
            }
            operations.push(CommittedOperation { id, operation, lost, unexplained });
        }
        operations
    }
}
