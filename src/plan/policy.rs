//! The policies of an environment: refusals and warnings.

mod blocks;
mod breaking;
mod direction;

use crate::model::{
    Author, DeploymentState, EnvironmentName, GroupChange, GroupName, PolicyMode, Release, ReleaseAction,
};

use super::error::Error;
use super::facts::{Facts, PastEntry};
use super::outcome::Plan;
use super::refusal::{PolicyRefusal, UnprovenRelease, mock_message};
use blocks::{check_blocks, has_open_head};
use breaking::apply_breaking;
use direction::replaced_releases;

pub(super) use blocks::find_block;
pub(super) use direction::ReleaseDirection;

/// Applies the environment's policies to a plan. Warnings go into the plan; the error has every reason.
pub(super) fn apply<E>(
    plan: &mut Plan,
    facts: &dyn Facts<Error = E>,
    author: &Author,
    direction: ReleaseDirection,
) -> Result<(), Error<E>> {
    plan.note_edits();
    let environment = plan.operation.environment.clone();
    let settings = facts.settings().environment(&environment);
    let mut refusals = Vec::new();
    refusals.extend(check_blocks(plan, facts, settings.mock)?);
    refusals.extend(apply_mock(plan, facts, settings.mock, direction)?);
    let breaking = match direction {
        ReleaseDirection::Forward | ReleaseDirection::Join => settings.breaking,
        ReleaseDirection::Back => settings.breaking_on_way_back(),
    };
    refusals.extend(apply_breaking(plan, facts, breaking, author.allow_breaking, direction)?);
    if direction == ReleaseDirection::Forward {
        check_numbers(plan, facts)?;
    }
    if let Some(source) = settings.promote_from {
        refusals.extend(check_source(plan, facts, source, direction)?);
    }
    if refusals.is_empty() {
        return Ok(());
    }
    Err(Error::Refused { environment, refusals, plan: Box::new(plan.clone()) })
}

fn apply_mock<E>(
    plan: &mut Plan,
    facts: &dyn Facts<Error = E>,
    policy: PolicyMode,
    direction: ReleaseDirection,
) -> Result<Option<PolicyRefusal>, Error<E>> {
    let changes = plan.operation.changes.iter();
    // Where every branch has a mock already, there is nothing else to choose.
    let is_chosen = |change: &GroupChange| {
        direction != ReleaseDirection::Join || replaced_releases(change).any(|before| !before.backend.is_mock())
    };
    let mocked = changes.filter(|(_, change)| {
        change.after.state == DeploymentState::Live && change.after.backend.is_mock() && is_chosen(change)
    });
    let (mut groups, mut refused) = (Vec::new(), Vec::new());
    for (group, change) in mocked {
        groups.push(group.clone());
        let is_barred = match direction {
            ReleaseDirection::Forward => true,
            ReleaseDirection::Join => has_open_head(facts, group, change, policy)?,
            ReleaseDirection::Back => false,
        };
        refused.extend(is_barred.then(|| group.clone()));
    }
    if policy == PolicyMode::Deny && !refused.is_empty() {
        return Ok(Some(PolicyRefusal::Mock { groups: refused }));
    }
    if policy != PolicyMode::Allow && !groups.is_empty() {
        plan.warnings.push(format!("{} gets {}", plan.operation.environment, mock_message(&groups)));
    }
    Ok(None)
}

/// Asks of each release for evidence that it was live in another environment.
fn check_source<E>(
    plan: &Plan,
    facts: &dyn Facts<Error = E>,
    source: EnvironmentName,
    direction: ReleaseDirection,
) -> Result<Option<PolicyRefusal>, Error<E>> {
    let mut releases = Vec::new();
    for (group, change) in &plan.operation.changes {
        let Some(unproven) = find_unproven(facts, &source, group, &change.after)? else { continue };
        let is_barred = match change.action {
            _ if direction == ReleaseDirection::Back => {
                is_of_another_branch(facts, &plan.operation.environment, group, &change.after)
            }
            ReleaseAction::Resolve => has_other_choice(facts, (&plan.operation.environment, &source), group, change)?,
            _ => true,
        };
        releases.extend(is_barred.then_some(unproven));
    }
    Ok(if releases.is_empty() { None } else { Some(PolicyRefusal::Source { source, releases }) })
}

/// Returns a release without evidence that it was live in another environment.
fn find_unproven<E>(
    facts: &dyn Facts<Error = E>,
    source: &EnvironmentName,
    group: &GroupName,
    release: &Release,
) -> Result<Option<UnprovenRelease>, Error<E>> {
    if release.state == DeploymentState::Offline {
        return Ok(None);
    }
    let kinds = past_backends(facts, source, group, release)?;
    let (is_proven, had_other_backend) =
        if release.backend.is_mock() { (kinds.mock, kinds.real) } else { (kinds.real, kinds.mock) };
    Ok((!is_proven).then(|| UnprovenRelease {
        group: group.clone(),
        version: release.version.clone(),
        is_mock: release.backend.is_mock(),
        had_other_backend,
    }))
}

/// True if a way back leads to a release that a merge brought in and did not keep: it never was live on this branch.
/// One to which its own branch went back is a way back there too.
fn is_of_another_branch<E>(
    facts: &dyn Facts<Error = E>,
    environment: &EnvironmentName,
    group: &GroupName,
    release: &Release,
) -> bool {
    let was_it = |past: &&PastEntry| {
        let known = &past.deployment.release;
        known.state == DeploymentState::Live && known.digest == release.digest
    };
    // A history that cannot be read bars no way back.
    let Ok(own) = facts.readable_past(environment, group) else { return false };
    let Ok(every) = facts.every_past(environment, group) else { return false };
    let is_way_back = |past: &PastEntry| matches!(past.action, ReleaseAction::Rollback | ReleaseAction::Undo);
    let mut brought_in = every.iter().filter(was_it).peekable();
    brought_in.peek().is_some() && !brought_in.any(is_way_back) && !own.iter().any(|past| was_it(&past))
}

/// True if a resolve that keeps an unproven release can keep another one. Where it cannot, each branch had its own live
/// already, and the merge must come to an end; and the policy never bars a way back that a branch went.
fn has_other_choice<E>(
    facts: &dyn Facts<Error = E>,
    (environment, source): (&EnvironmentName, &EnvironmentName),
    group: &GroupName,
    change: &GroupChange,
) -> Result<bool, Error<E>> {
    if let Some(kept) = &change.before {
        let operation = facts.operation(environment, &kept.operation).ok().flatten();
        let action = operation.and_then(|operation| Some(operation.changes.get(group)?.action));
        if matches!(action, Some(ReleaseAction::Rollback | ReleaseAction::Undo)) {
            return Ok(false);
        }
    }
    for other in &change.merged {
        if find_unproven(facts, source, group, &other.release)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Refuses to bring in a version under the number of the present one, offline or not, where that has other bytes and
/// lies nowhere: history would have one number for two contents.
fn check_numbers<E>(plan: &Plan, facts: &dyn Facts<Error = E>) -> Result<(), Error<E>> {
    for (group, change) in &plan.operation.changes {
        let is_shared = |present: &Release| {
            present.version == change.after.version
                && present.digest != change.after.digest
                && facts.number(group, present).ok().flatten().is_none()
        };
        let present = change.before.as_ref().map(|before| &before.release);
        if change.after.state == DeploymentState::Live && present.is_some_and(is_shared) {
            let (group, version) = (group.clone(), change.after.version.clone());
            return Err(Error::NumberShared { group, version, environment: plan.operation.environment.clone() });
        }
    }
    Ok(())
}

/// The kinds of backend with which a release is or was live in an environment.
#[derive(Debug, Default)]
struct BackendKinds {
    mock: bool,
    real: bool,
}

impl BackendKinds {
    fn note(&mut self, release: &Release) {
        *if release.backend.is_mock() { &mut self.mock } else { &mut self.real } = true;
    }
}

/// Finds the kinds of backend of a release in an environment. The past is read only if the present does not have its
/// own.
fn past_backends<E>(
    facts: &dyn Facts<Error = E>,
    environment: &EnvironmentName,
    group: &GroupName,
    release: &Release,
) -> Result<BackendKinds, Error<E>> {
    let was_it = |known: &Release| known.state == DeploymentState::Live && known.digest == release.digest;
    let mut kinds = BackendKinds::default();
    let live = facts.environment(environment).map_err(Error::Facts)?;
    if let Some(current) = live.deployments.get(group).map(|current| &current.release).filter(|current| was_it(current))
    {
        kinds.note(current);
        if current.backend.is_mock() == release.backend.is_mock() {
            return Ok(kinds);
        }
    }
    let past = facts.every_past(environment, group).map_err(Error::Facts)?;
    past.iter().map(|past| &past.deployment.release).filter(|past| was_it(past)).for_each(|past| kinds.note(past));
    Ok(kinds)
}
