//! Resolve: joins the histories of two branches, group by group.
//!
//! Git merges the files of operations without a conflict, so both histories are there whatever became of the
//! environment's file. A group with one head gets the entry of that head, and nothing has to be recorded. Where
//! both branches changed a group, somebody chooses, unless both came to the same release; an operation with both
//! as its predecessors records it, so that the one that lost stays in the history.

mod conflict;

use std::collections::{BTreeMap, BTreeSet};

pub use self::conflict::{GroupConflict, HeadEntry, MergeSide, ResolveError};
use super::heads::{GroupHeads, Operations, leads_to, missing_predecessor};
use crate::model::{
    Author, Deployment, DeploymentState, Environment, EnvironmentName, GroupChange, GroupName, HeadChoice, Operation,
    OperationId, Release, ReleaseAction,
};

/// A request to join histories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveRequest {
    /// The groups that must be whole afterwards; all where none is named.
    pub groups: Vec<GroupName>,
    /// The heads to keep; where none are chosen, groups with several heads of unlike releases are refused.
    pub choice: Option<HeadChoice>,
}

/// The operation that each group is at, on one side of a merge.
pub type SideEntries = BTreeMap<GroupName, OperationId>;

/// The two branches of a merge, as far as anything tells them apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergeSides {
    /// The person's own branch.
    pub ours: Option<SideEntries>,
    /// The other one.
    pub theirs: Option<SideEntries>,
}

impl MergeSides {
    fn get(&self, side: MergeSide) -> Option<&SideEntries> {
        match side {
            MergeSide::Ours => self.ours.as_ref(),
            MergeSide::Theirs => self.theirs.as_ref(),
        }
    }
}

/// An environment as a merge left it.
#[derive(Debug)]
pub struct MergedState<'a> {
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// The entries of its file that are whole and in no conflict.
    pub entries: &'a BTreeMap<GroupName, Deployment>,
    /// The sides of the merge.
    pub sides: &'a MergeSides,
    /// Every operation of the environment.
    pub operations: &'a Operations,
}

/// The outcome of a resolve, not yet committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The operation that joins histories. It has no changes where none has to be joined.
    pub operation: Operation,
    /// The next entries but for those that the operation makes.
    pub environment: Environment,
    /// The groups whose entry becomes their one head, with the entry of before.
    pub restored: BTreeMap<GroupName, Option<Deployment>>,
    /// The groups that still have several heads, because they were not asked for.
    pub unresolved: Vec<GroupConflict>,
    /// The operation that is dropped: the entries stay as they are.
    pub dropped: Option<OperationId>,
}

impl Resolution {
    /// Returns the entries that it builds upon: those that stay, and those that its operation keeps.
    #[must_use]
    pub fn environment_before(&self) -> Environment {
        let mut environment = self.environment.clone();
        for (group, change) in &self.operation.changes {
            environment.deployments.extend(change.before.iter().map(|before| (group.clone(), before.clone())));
        }
        environment
    }
}

/// Plans a resolve.
///
/// # Errors
///
/// Refuses where a group that is asked for needs a choice and has none.
pub fn resolve(request: &ResolveRequest, state: &MergedState<'_>, author: &Author) -> Result<Resolution, ResolveError> {
    let resolver = ConflictResolver::new(state)?;
    if let Some(HeadChoice::Operations(operations)) = &request.choice {
        resolver.check_heads(operations)?;
    }
    let mut outcome = resolver.begin(author);
    let (mut undecided, mut unknown) = (Vec::new(), Vec::new());
    for (group, heads) in resolver.heads.iter() {
        resolver.check_predecessors(group, heads)?;
        if resolver.restore_single(&mut outcome, group, heads) {
            continue;
        }
        let conflict = resolver.conflict(group, heads);
        let is_asked = request.groups.is_empty() || request.groups.contains(group);
        let kept = match &request.choice {
            _ if conflict.has_equal_releases() => Some(resolver.default_head(&conflict)),
            Some(HeadChoice::Ours) if is_asked => conflict.head_of(MergeSide::Ours),
            Some(HeadChoice::Theirs) if is_asked => conflict.head_of(MergeSide::Theirs),
            Some(HeadChoice::Operations(operations)) if is_asked => {
                conflict.heads.iter().find(|head| operations.contains(&head.entry.operation))
            }
            _ => None,
        };
        match kept.map(|head| head.entry.clone()) {
            Some(kept) => join(&mut outcome, &conflict, Some(kept.clone()), kept.release),
            None if !is_asked || is_partial(request) => resolver.leave(&mut outcome, conflict),
            None if request.choice.is_none() => undecided.push(conflict),
            None => unknown.push(conflict),
        }
    }
    let environment = state.environment.clone();
    if !unknown.is_empty() {
        return Err(ResolveError::UnknownSide { environment, conflicts: unknown });
    }
    outcome.operation.make_later_than(outcome.environment.deployments.values());
    if undecided.is_empty() {
        Ok(outcome)
    } else {
        Err(ResolveError::NeedsChoice { environment, conflicts: undecided })
    }
}

/// Plans to mark an operation that counts for nothing: the entries stay as they are, and the history says so.
///
/// A group that has no entry yet goes offline: an entry is never removed.
pub fn drop_operation(
    dropped: &OperationId,
    state: &MergedState<'_>,
    author: &Author,
) -> Result<Resolution, ResolveError> {
    let resolver = ConflictResolver::new(state)?;
    resolver.check_heads(std::slice::from_ref(dropped))?;
    let mut outcome = Resolution { dropped: Some(dropped.clone()), ..resolver.begin(author) };
    for (group, heads) in resolver.heads.iter() {
        resolver.check_predecessors(group, heads)?;
        if !heads.contains(dropped) {
            if !resolver.restore_single(&mut outcome, group, heads) {
                resolver.leave(&mut outcome, resolver.conflict(group, heads));
            }
            continue;
        }
        let mut conflict = resolver.conflict(group, heads);
        let mut others = conflict.heads.iter().map(|head| &head.entry).filter(|entry| entry.operation != *dropped);
        let (other, has_more) = (others.next().cloned(), others.next().is_some());
        let entry = state.entries.get(group).cloned().or_else(|| other.filter(|_| !has_more));
        if entry.as_ref().is_some_and(|entry| entry.operation == *dropped) {
            let (environment, operation) = (state.environment.clone(), dropped.clone());
            return Err(ResolveError::InForce { environment, operation, group: group.clone() });
        }
        if entry.is_none() && has_more {
            let environment = state.environment.clone();
            return Err(ResolveError::NeedsChoice { environment, conflicts: vec![conflict] });
        }
        conflict.heads.retain(|head| head.entry.operation == *dropped);
        let Some(head) = conflict.heads.first() else { continue };
        let after = entry.as_ref().map_or_else(
            || Release { state: DeploymentState::Offline, ..head.entry.release.clone() },
            |entry| entry.release.clone(),
        );
        join(&mut outcome, &conflict, entry, after);
    }
    outcome.operation.make_later_than(outcome.environment.deployments.values());
    Ok(outcome)
}

/// Returns the environment that an environment's history comes to; `None` where a group has several heads.
#[must_use]
pub fn single_heads(state: &MergedState<'_>) -> Option<Environment> {
    let mut environment = Environment::empty(state.environment.clone());
    for (group, heads) in GroupHeads::of(state.operations.iter()).iter() {
        let head = heads.first().filter(|_| heads.len() == 1)?;
        environment.deployments.insert(group.clone(), state.operations.get(head)?.entry(head, group)?);
    }
    Some(environment)
}

/// A choice of operations concerns the groups that they are heads of; the others may stay in conflict.
fn is_partial(request: &ResolveRequest) -> bool {
    request.groups.is_empty() && matches!(request.choice, Some(HeadChoice::Operations(_)))
}

struct ConflictResolver<'a> {
    state: &'a MergedState<'a>,
    heads: GroupHeads,
}

impl<'a> ConflictResolver<'a> {
    fn new(state: &'a MergedState<'a>) -> Result<Self, ResolveError> {
        let in_file = state.entries.iter().map(|(group, entry)| (group, &entry.operation));
        let on_sides = [&state.sides.ours, &state.sides.theirs].into_iter().flatten().flatten();
        for (group, operation) in in_file.chain(on_sides) {
            let is_there = state.operations.get(operation).is_some_and(|found| found.changes.contains_key(group));
            if !is_there {
                return Err(ResolveError::OperationMissing {
                    environment: state.environment.clone(),
                    group: group.clone(),
                    operation: operation.clone(),
                });
            }
        }
        Ok(Self { state, heads: GroupHeads::of(state.operations.iter()) })
    }

    fn begin(&self, author: &Author) -> Resolution {
        Resolution {
            operation: Operation::begin(self.state.environment.clone(), author),
            environment: Environment::empty(self.state.environment.clone()),
            restored: BTreeMap::new(),
            unresolved: Vec::new(),
            dropped: None,
        }
    }

    fn check_heads(&self, operations: &[OperationId]) -> Result<(), ResolveError> {
        match operations.iter().find(|id| self.heads.groups_of(id).next().is_none()) {
            None => Ok(()),
            Some(id) => {
                Err(ResolveError::NotHead { environment: self.state.environment.clone(), operation: id.clone() })
            }
        }
    }

    /// Refuses heads that are not in force and build upon operations without a file, as after a merge that was resolved
    /// and then aborted.
    fn check_predecessors(&self, group: &GroupName, heads: &BTreeSet<OperationId>) -> Result<(), ResolveError> {
        let current = self.state.entries.get(group).map(|entry| &entry.operation);
        let new = heads.iter().filter(|head| Some(*head) != current);
        for head in new {
            if let Some(missing) = missing_predecessor(|id| self.state.operations.get(id), group, head, current) {
                return Err(ResolveError::PredecessorMissing {
                    environment: self.state.environment.clone(),
                    group: group.clone(),
                    operation: head.clone(),
                    missing,
                    is_named: [MergeSide::Ours, MergeSide::Theirs]
                        .into_iter()
                        .any(|side| self.state.sides.get(side).is_some_and(|side| side.get(group) == Some(head))),
                });
            }
        }
        Ok(())
    }

    /// Gives a group the entry of its one head; false where it has several.
    fn restore_single(&self, outcome: &mut Resolution, group: &GroupName, heads: &BTreeSet<OperationId>) -> bool {
        let Some(entry) = heads.first().filter(|_| heads.len() == 1).and_then(|id| self.entry(id, group)) else {
            return false;
        };
        let before = self.state.entries.get(group);
        if before != Some(&entry) {
            outcome.restored.insert(group.clone(), before.cloned());
        }
        outcome.environment.deployments.insert(group.clone(), entry);
        true
    }

    fn entry(&self, id: &OperationId, group: &GroupName) -> Option<Deployment> {
        self.state.operations.get(id)?.entry(id, group)
    }

    fn conflict(&self, group: &GroupName, heads: &BTreeSet<OperationId>) -> GroupConflict {
        let head = |id: &OperationId| {
            let operation = self.state.operations.get(id)?;
            Some(HeadEntry {
                side: self.side_of(group, id, heads),
                entry: operation.entry(id, group)?,
                actor: operation.actor.clone(),
                message: operation.message.clone(),
            })
        };
        GroupConflict { group: group.clone(), heads: heads.iter().filter_map(head).collect() }
    }

    /// Returns the side that a head is on: its branch is at that operation, or at one that only this head was built
    /// upon.
    fn side_of(&self, group: &GroupName, head: &OperationId, heads: &BTreeSet<OperationId>) -> Option<MergeSide> {
        let is_at = |side: &MergeSide| {
            let Some(id) = self.state.sides.get(*side).and_then(|entries| entries.get(group)) else { return false };
            let descends = |head: &OperationId| leads_to(self.state.operations, group, head, id);
            descends(head) && heads.iter().filter(|other| descends(other)).count() == 1
        };
        [MergeSide::Ours, MergeSide::Theirs].into_iter().find(is_at)
    }

    /// Returns the head that is kept where all have the same release: ours, else the one in the file, else the newest.
    fn default_head<'b>(&self, conflict: &'b GroupConflict) -> &'b HeadEntry {
        let in_file = self.state.entries.get(&conflict.group);
        let in_file = conflict.heads.iter().find(|head| Some(&head.entry) == in_file);
        let newest = &conflict.heads[conflict.heads.len() - 1];
        conflict.head_of(MergeSide::Ours).or(in_file).unwrap_or(newest)
    }

    /// Leaves a group in conflict; where its file has an entry, that stays.
    fn leave(&self, outcome: &mut Resolution, conflict: GroupConflict) {
        if let Some(entry) = self.state.entries.get(&conflict.group) {
            outcome.environment.deployments.insert(conflict.group.clone(), entry.clone());
        }
        outcome.unresolved.push(conflict);
    }
}

/// Records a group's kept entry, with all other heads of the conflict as merged ones.
fn join(outcome: &mut Resolution, conflict: &GroupConflict, kept: Option<Deployment>, after: Release) {
    let is_kept = |entry: &Deployment| kept.as_ref().is_some_and(|kept| kept.operation == entry.operation);
    let merged: Vec<Deployment> =
        conflict.heads.iter().map(|head| head.entry.clone()).filter(|entry| !is_kept(entry)).collect();
    outcome.operation.make_later_than(kept.iter().chain(&merged));
    let change = GroupChange { action: ReleaseAction::Resolve, before: kept, merged, after };
    outcome.operation.changes.insert(conflict.group.clone(), change);
}
