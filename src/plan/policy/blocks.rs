//! Blocked versions, which come live nowhere.

use crate::model::{Deployment, DeploymentState, GroupChange, GroupName, PolicyMode, Release, ReleaseAction};

use crate::plan::error::Error;
use crate::plan::facts::Facts;
use crate::plan::outcome::Plan;
use crate::plan::refusal::{BlockedRelease, PolicyRefusal};

/// Keeps every blocked version out. One that is live already stays so, and is warned of.
pub(super) fn check_blocks<E>(
    plan: &mut Plan,
    facts: &dyn Facts<Error = E>,
    mock: PolicyMode,
) -> Result<Option<PolicyRefusal>, Error<E>> {
    let (releases, live) = find_blocks(plan, facts, mock)?;
    let stays_live = |release: &BlockedRelease| format!("{}; it stays live", release.text());
    plan.warnings.extend(live.iter().map(stays_live));
    warn_of_unreadable_notes(plan, facts)?;
    let unchanged = find_unchanged_blocks(plan, facts)?;
    plan.warnings.extend(unchanged.iter().map(stays_live));
    Ok(if releases.is_empty() { None } else { Some(PolicyRefusal::Blocked { releases }) })
}

/// Finds the blocked releases that a plan would bring in, and those of its changes that are live already.
fn find_blocks<E>(
    plan: &Plan,
    facts: &dyn Facts<Error = E>,
    mock: PolicyMode,
) -> Result<(Vec<BlockedRelease>, Vec<BlockedRelease>), Error<E>> {
    let (mut releases, mut live) = (Vec::new(), Vec::new());
    for (group, change) in &plan.operation.changes {
        let mut block = find_block(facts, group, &change.after)?;
        if block.is_none() && plan.freezes.contains_key(group) {
            let notes = facts.notes(group).map_err(Error::Facts)?;
            let version = &change.after.version;
            block = notes.block_of_number(version).map(|block| BlockedRelease::new(group, version, block));
        }
        let comes_in = match change.action {
            ReleaseAction::Resolve => has_open_head(facts, group, change, mock)?,
            _ => !change.before.as_ref().is_some_and(|before| before.release.serves_same(&change.after)),
        };
        // Branches of a merge have their releases live already, and the merge must come to an end.
        if comes_in && change.after.state == DeploymentState::Live && change.action != ReleaseAction::Resolve {
            facts.check_note(group, &change.after.version).map_err(Error::Facts)?;
        }
        if comes_in { &mut releases } else { &mut live }.extend(block);
    }
    Ok((releases, live))
}

fn warn_of_unreadable_notes<E>(plan: &mut Plan, facts: &dyn Facts<Error = E>) -> Result<(), Error<E>> {
    for group in plan.operation.changes.keys().chain(&plan.unchanged) {
        let unreadable = facts.unreadable_notes(group).map_err(Error::Facts)?.into_iter();
        let text =
            |version| format!("cannot read the note on version {version} of {group}: it may be blocked or deleted");
        plan.warnings.extend(unreadable.map(text));
    }
    Ok(())
}

/// Finds the blocked releases of the groups that a plan leaves as they are.
fn find_unchanged_blocks<E>(plan: &Plan, facts: &dyn Facts<Error = E>) -> Result<Vec<BlockedRelease>, Error<E>> {
    if plan.unchanged.is_empty() {
        return Ok(Vec::new());
    }
    let environment = facts.environment(&plan.operation.environment).map_err(Error::Facts)?;
    let current = plan.unchanged.iter().filter_map(|group| Some((group, environment.deployments.get(group)?)));
    let blocks = current.map(|(group, current)| find_block(facts, group, &current.release));
    Ok(blocks.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// True if a resolve can keep a head of a group that neither a block nor the policy on mocks bars. Where it can keep no
/// such head, each is what its own branch had live already, and the merge must come to an end.
pub(super) fn has_open_head<E>(
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    change: &GroupChange,
    mock: PolicyMode,
) -> Result<bool, Error<E>> {
    for Deployment { release, .. } in change.predecessors() {
        let is_live_mock = release.state == DeploymentState::Live && release.backend.is_mock();
        if !(is_live_mock && mock == PolicyMode::Deny) && find_block(facts, group, release)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the block of a release; `None` where it takes nothing live, or is not blocked.
pub(in crate::plan) fn find_block<E>(
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    release: &Release,
) -> Result<Option<BlockedRelease>, Error<E>> {
    if release.state == DeploymentState::Offline {
        return Ok(None);
    }
    let notes = facts.notes(group).map_err(Error::Facts)?;
    Ok(notes.block(&release.digest).map(|block| BlockedRelease::new(group, &release.version, block)))
}
