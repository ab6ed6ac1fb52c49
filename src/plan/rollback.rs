//! Rollback: restore an earlier release, byte for byte.

use crate::model::{
    Author, Deployment, DeploymentState, EnvironmentName, GroupName, OperationId, Release, ReleaseAction,
};

use super::error::{Error, StateError};
use super::facts::{Facts, PastEntry, no_entry, readable_past, with_number};
use super::outcome::Plan;
use super::past_state::FoundState;
use super::past_state::PastState;
use super::policy::{self, ReleaseDirection};
use super::selection::{GroupSelection, check_current};

/// A request to restore earlier releases of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// The groups; all of them go back to one state, which must then be given.
    pub groups: GroupSelection,
    /// The state to restore; without one, each group's release before the present one.
    pub to: Option<PastState>,
    /// True if groups whose earlier version is blocked or gone are left as they are; else they keep the others from
    /// going back.
    pub skip_unavailable: bool,
    /// The operation that must be the latest of each group.
    pub if_current: Option<OperationId>,
}

/// Plans a rollback.
///
/// A group that was first published after the state goes offline, an entry is never removed; where all of them were,
/// there is no such state to go back to.
pub fn rollback<E>(request: &RollbackRequest, facts: &dyn Facts<Error = E>, author: &Author) -> Result<Plan, Error<E>> {
    let RollbackRequest { environment, groups, to, .. } = request;
    let live = facts.environment(environment).map_err(Error::Facts)?;
    let state = to.as_ref().map(|to| to.find(environment, facts)).transpose()?;
    if *groups == GroupSelection::All {
        check_state_of_all(state.as_ref(), environment, live.deployments.keys())?;
    }
    let mut plan = Plan::over_edits(environment, facts, author)?;
    let groups = groups.resolve(|| Ok(live.deployments.keys().cloned().collect()))?;
    let (mut younger, mut errors) = (Vec::new(), Vec::new());
    for group in &groups {
        let Some(current) = live.deployments.get(group) else {
            errors.push(no_entry(facts, environment, group));
            continue;
        };
        check_current(group, environment, Some(current), request.if_current.as_ref())?;
        let after = match &state {
            Some(state) => state.release(group)?,
            None => match release_before(group, environment, current, facts) {
                Err(error @ Error::State(_)) => {
                    errors.push(error);
                    continue;
                }
                after => Some(after?),
            },
        };
        let Some(after) = after else {
            younger.push((group, current));
            continue;
        };
        let after = with_number(facts, group, after)?;
        let may_skip = request.skip_unavailable && !current.release.serves_same(&after);
        match may_skip.then(|| unavailable(facts, group, &after)).transpose()?.flatten() {
            Some(reason) => plan.warnings.push(format!("{group} is skipped: {reason}")),
            None => plan.change(group, ReleaseAction::Rollback, Some(current), after),
        }
    }
    if younger.len() == groups.len() {
        errors.extend(younger.iter().map(|(group, _)| not_yet_published(group, environment)));
    }
    Error::all(errors)?;
    for (group, current) in younger {
        let release = Release { state: DeploymentState::Offline, ..current.release.clone() };
        if current.release.state == DeploymentState::Live {
            plan.warnings.push(format!("{group} had not been published to {environment} then, and goes offline"));
        }
        plan.change(group, ReleaseAction::Rollback, Some(current), release);
    }
    policy::apply(&mut plan, facts, author, ReleaseDirection::Back)?;
    Ok(plan)
}

/// Returns the reason why a release cannot be live again: its version is blocked, or its files are not there.
fn unavailable<E>(
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    release: &Release,
) -> Result<Option<String>, Error<E>> {
    if release.state == DeploymentState::Offline {
        return Ok(None);
    }
    if let Some(block) = policy::find_block(facts, group, release)? {
        return Ok(Some(block.text()));
    }
    let version = &release.version;
    if let Some(deletion) = facts.notes(group).map_err(Error::Facts)?.deletion(&release.digest) {
        return Ok(Some(format!("version {version} was deleted {deletion}")));
    }
    Ok(match facts.released(group, release) {
        Ok(Some(_)) => None,
        Ok(None) => Some(format!("the files of version {version} are missing")),
        Err(error) => Some(format!("version {version} cannot be read: {}", facts.error_text(&error))),
    })
}

/// Refuses to bring all groups back where no state is named, or where nothing was live in it: most likely a mistyped
/// date, which would take the whole environment offline.
fn check_state_of_all<'g, E>(
    state: Option<&FoundState<'_, E>>,
    environment: &EnvironmentName,
    groups: impl IntoIterator<Item = &'g GroupName>,
) -> Result<(), Error<E>> {
    let Some(state) = state else {
        return Err(StateError::NoStateNamed { environment: environment.clone() }.into());
    };
    if state.live_groups(groups)?.is_empty() {
        return Err(StateError::NothingLiveThen { environment: environment.clone() }.into());
    }
    Ok(())
}

fn not_yet_published<E>(group: &GroupName, environment: &EnvironmentName) -> Error<E> {
    StateError::NotYetPublished { group: group.clone(), environment: environment.clone() }.into()
}

fn release_before<E>(
    group: &GroupName,
    environment: &EnvironmentName,
    current: &Deployment,
    facts: &dyn Facts<Error = E>,
) -> Result<Release, Error<E>> {
    let past = readable_past(facts, environment, group)?;
    let chosen = first_open(releases_before(&past), group, facts)?;
    chosen.cloned().ok_or_else(|| {
        let is_live = current.release.state == DeploymentState::Live;
        let is_way_back = |past: &PastEntry| matches!(past.action, ReleaseAction::Undo | ReleaseAction::Rollback);
        let undo =
            past.first().filter(|past| !is_live && is_way_back(past)).map(|past| past.deployment.operation.clone());
        let has_others = |undo: &OperationId| match facts.operation(environment, undo) {
            Ok(operation) => operation.is_none_or(|operation| operation.changes.len() > 1),
            Err(_) => true,
        };
        let made_live = past.get(1).map(|past| past.deployment.operation.clone());
        let made_live = made_live.filter(|_| undo.as_ref().is_some_and(has_others));
        let (group, environment) = (group.clone(), environment.clone());
        StateError::NothingBefore { group, environment, is_live, undo, made_live }.into()
    })
}

/// Returns the first of several releases that no block keeps out, nor a note that cannot be read. Where all of them are
/// kept out, it is the first one, and the refusal says so of it.
pub(super) fn first_open<'a, E>(
    releases: impl Iterator<Item = &'a Release>,
    group: &GroupName,
    facts: &dyn Facts<Error = E>,
) -> Result<Option<&'a Release>, Error<E>> {
    let mut first = None;
    for release in releases {
        let is_blocked = policy::find_block(facts, group, release)?.is_some();
        if !is_blocked && facts.check_note(group, &release.version).is_ok() {
            return Ok(Some(release));
        }
        first = first.or(Some(release));
    }
    Ok(first)
}

/// Finds the live releases before the present one, the latest first.
pub(super) fn releases_before(past: &[PastEntry]) -> impl Iterator<Item = &Release> {
    deployments_before(past).map(|deployment| &deployment.release)
}

/// Finds the deployments before the present one whose releases a way back may restore, the latest first.
///
/// The second rollback in a row goes further back instead of forward again, and none restores a release that an undo or
/// a rollback took back.
pub fn deployments_before(past: &[PastEntry]) -> impl Iterator<Item = &Deployment> {
    let present = past.first().map(|past| &past.deployment.release);
    let before = entries_in_force(past).into_iter().map(|past| &past.deployment);
    before.filter(move |Deployment { release, .. }| {
        release.state == DeploymentState::Live && !present.is_some_and(|present| present.serves_same(release))
    })
}

/// Leaves out of a group's deployments those that were taken back: after an undo and a rollback, the list is the one of
/// the entry to which they led.
fn entries_in_force(past: &[PastEntry]) -> Vec<&PastEntry> {
    // For each entry, the first of its list: the one that made its release live.
    let mut first: Vec<Option<usize>> = vec![None; past.len()];
    for (index, entry) in past.iter().enumerate().rev() {
        let first_of = |at: usize| first.get(at).copied().flatten();
        let release = &entry.deployment.release;
        let is_same = |at: &usize| past.get(*at).is_some_and(|past| past.deployment.release.serves_same(release));
        let found = match entry.action {
            // It kept the release before it.
            ReleaseAction::Resolve => first_of(index + 1),
            // It took back the operation before it, and with that came to the entry before that one. It did not where
            // it took back a resolve.
            ReleaseAction::Undo if is_same(&(index + 2)) => first_of(index + 2),
            // It took back a first release, and nothing is left.
            ReleaseAction::Undo if index + 2 >= past.len() && release.state == DeploymentState::Offline => None,
            // It led further back than the release that it left, or else to a state that was named.
            ReleaseAction::Rollback => {
                let further = list_from(past, &first, first_of(index + 1)).skip(1).find(is_same);
                further.or_else(|| (index + 1..past.len()).find(is_same).and_then(first_of))
            }
            _ => Some(index),
        };
        first[index] = found;
    }
    list_from(past, &first, first.first().copied().flatten()).filter_map(|at| past.get(at)).collect()
}

/// Walks the list of an entry, whose first one is given.
fn list_from(past: &[PastEntry], first: &[Option<usize>], from: Option<usize>) -> impl Iterator<Item = usize> {
    std::iter::successors(from, |at| {
        let is_undo = past.get(*at).is_some_and(|past| past.action == ReleaseAction::Undo);
        first.get(at + 1 + usize::from(is_undo)).copied().flatten()
    })
}
