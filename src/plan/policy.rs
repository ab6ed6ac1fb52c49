//! The policies of an environment: refusals and warnings.

use std::sync::Arc;

use crate::compare::{self, ChangeRules, ComparedGroup};
use crate::model::{
    Author, Deployment, DeploymentState, EnvironmentName, GroupChange, GroupName, PolicyMode, PolicyOverride, Release,
    ReleaseAction, SunsetPolicy, Version,
};

use super::candidate::PublishCandidate;
use super::error::Error;
use super::facts::Facts;
use super::outcome::Plan;
use super::refusal::{
    BlockedRelease, BreakingChange, ComparedVersions, ComparisonFault, IncomparableGroup, NextVersion, PolicyRefusal,
    UnprovenRelease, mock_message,
};

/// The direction of a change: policies on new releases never bar the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReleaseDirection {
    /// To a release that somebody names, new or not.
    Forward,
    /// Back to an earlier release, by rollback or undo.
    Back,
    /// To one of the releases that branches had, by a resolve: each came in by its own branch's policies, and is new to
    /// the callers of the others.
    Join,
}

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
    if let (ReleaseDirection::Forward, Some(source)) = (direction, settings.promote_from) {
        refusals.extend(check_source(plan, facts, source)?);
    }
    if refusals.is_empty() {
        return Ok(());
    }
    Err(Error::Refused { environment, refusals, plan: Box::new(plan.clone()) })
}

/// Keeps every blocked version out. One that is live already stays so, and is warned of.
fn check_blocks<E>(
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
fn has_open_head<E>(
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
pub(super) fn find_block<E>(
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

/// Compares each group with its live release, and refuses breaking changes if the policy denies them.
fn apply_breaking<E>(
    plan: &mut Plan,
    facts: &dyn Facts<Error = E>,
    policy: PolicyMode,
    is_overridden: bool,
    direction: ReleaseDirection,
) -> Result<Option<PolicyRefusal>, Error<E>> {
    if policy == PolicyMode::Allow {
        return Ok(None);
    }
    let (mut changes, mut unknown) = (Vec::new(), Vec::new());
    for (group, change) in &plan.operation.changes {
        for before in replaced_releases(change) {
            match compatibility_with(plan, facts, group, before, &change.after)? {
                CompatibilityVerdict::Compared { breaking, past_sunset } => {
                    changes.extend(breaking);
                    plan.warnings.extend(past_sunset.iter().map(BreakingChange::place_and_message));
                }
                CompatibilityVerdict::Unknown(incomparable) => unknown.push(incomparable),
            }
        }
    }
    let is_back = direction == ReleaseDirection::Back;
    // A release that cannot be read cannot be compared either, and must not bar the way back from it.
    let is_refused = policy == PolicyMode::Deny && !(changes.is_empty() && (is_back || unknown.is_empty()));
    if is_refused && !is_overridden {
        return Ok(Some(PolicyRefusal::Breaking { changes, unknown, on_way_back: is_back }));
    }
    if is_refused {
        plan.operation.overrides.push(PolicyOverride::Breaking);
    }
    let texts = changes.iter().map(BreakingChange::text).chain(unknown.iter().map(IncomparableGroup::text));
    plan.warnings.extend(texts);
    Ok(None)
}

/// The compatibility of a change with the callers of the live release.
enum CompatibilityVerdict {
    /// Changes that break them, and removals that would, were their sunset dates not past.
    Compared { breaking: Vec<BreakingChange>, past_sunset: Vec<BreakingChange> },
    /// They cannot be compared.
    Unknown(IncomparableGroup),
}

/// Returns the releases that a change replaces: that of before, or those that a resolve does not keep.
fn replaced_releases(change: &GroupChange) -> impl Iterator<Item = &Release> {
    let before = change.before.iter().filter(|_| change.action != ReleaseAction::Resolve);
    before.chain(&change.merged).map(|entry| &entry.release)
}

/// Finds out whether a change breaks the callers of a release.
fn compatibility_with<E>(
    plan: &Plan,
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    before: &Release,
    after: &Release,
) -> Result<CompatibilityVerdict, Error<E>> {
    let nothing = || CompatibilityVerdict::Compared { breaking: Vec::new(), past_sunset: Vec::new() };
    if before.state == DeploymentState::Offline {
        return Ok(nothing());
    }
    if after.state == DeploymentState::Offline {
        let message = "the whole group goes offline".to_owned();
        let offline =
            BreakingChange { group: group.clone(), place: String::new(), kind: None, message, versions: None };
        return Ok(CompatibilityVerdict::Compared { breaking: vec![offline], past_sunset: Vec::new() });
    }
    if before.digest == after.digest {
        return Ok(nothing());
    }
    compared(plan, facts, group, (before, after))
}

/// Returns the versions that a person compares to see all that differs between two releases; `None` where one of them does
/// not lie there: a resolve that is refused writes none of the versions that it numbers.
fn compared_versions<E>(
    plan: &Plan,
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    (before, after): (&Release, &Release),
) -> Option<ComparedVersions> {
    let on_disk = |release: &Release| {
        let number = facts.number(group, release).ok().flatten()?;
        let frozen = facts.frozen(group, &number).ok().flatten()?;
        (frozen.digest == release.digest).then_some(number)
    };
    let is_new = plan.freezes.contains_key(group);
    let next = if is_new { NextVersion::WorkingCopy } else { NextVersion::Frozen(on_disk(after)?) };
    Some(ComparedVersions { before: on_disk(before)?, next })
}

/// Compares a version that is to be live with the one that is.
fn compared<E>(
    plan: &Plan,
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    (live, next_release): (&Release, &Release),
) -> Result<CompatibilityVerdict, Error<E>> {
    let versions = compared_versions(plan, facts, group, (live, next_release));
    let before = facts.released(group, live);
    let after = planned(plan, facts, group, next_release)?;
    let (live, version) = (&live.version, &next_release.version);
    let unknown = |version: &Version, fault| {
        let (group, version) = (group.clone(), version.clone());
        Ok(CompatibilityVerdict::Unknown(IncomparableGroup { group, version, fault }))
    };
    let before = match before {
        Ok(Some(before)) => before,
        Ok(None) => return unknown(live, ComparisonFault::LiveFolderMissing),
        Err(error) => return unknown(live, ComparisonFault::LiveUnreadable(facts.error_text(&error))),
    };
    let Some(after) = after else { return unknown(version, ComparisonFault::FolderMissing) };
    let Some(old) = &before.definition else { return unknown(live, ComparisonFault::LiveDefinitionUnreadable) };
    let Some(new) = &after.definition else { return unknown(version, ComparisonFault::DefinitionUnreadable) };
    let comparison = compare::compare(
        ComparedGroup { settings: &before.settings, definition: old },
        ComparedGroup { settings: &after.settings, definition: new },
    );
    let settings = facts.settings();
    let dates_count = settings.environment(&plan.operation.environment).sunset == SunsetPolicy::Allow;
    let sunset = dates_count.then_some(plan.operation.time);
    let comparison = comparison.judged(ChangeRules { levels: &settings.changes, sunset });
    let as_data = |change: &compare::Change| {
        let parts = [change.apis(1), change.path.clone()];
        let place: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        BreakingChange {
            group: group.clone(),
            place: place.join(", "),
            kind: Some(change.kind),
            message: change.message.clone(),
            versions: versions.clone(),
        }
    };
    let of = |is_listed: fn(&compare::Change) -> bool| {
        comparison.changes.iter().filter(move |change| is_listed(change)).map(as_data).collect()
    };
    Ok(CompatibilityVerdict::Compared {
        breaking: of(compare::Change::is_breaking),
        past_sunset: of(|change| change.is_past_sunset),
    })
}

/// Returns the version that a plan makes live, frozen already or about to be.
fn planned<E>(
    plan: &Plan,
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    release: &Release,
) -> Result<Option<Arc<PublishCandidate>>, Error<E>> {
    if !plan.freezes.contains_key(group) {
        return facts.released(group, release).map_err(Error::Facts);
    }
    let edited = plan.edits.contains_key(group);
    facts.working_copy(group, edited.then_some(&release.version)).map(Some).map_err(Error::Facts)
}

/// Asks of each release for evidence that it was live in another environment.
fn check_source<E>(
    plan: &Plan,
    facts: &dyn Facts<Error = E>,
    source: EnvironmentName,
) -> Result<Option<PolicyRefusal>, Error<E>> {
    let mut releases = Vec::new();
    for (group, change) in &plan.operation.changes {
        let after = &change.after;
        if after.state == DeploymentState::Offline {
            continue;
        }
        let kinds = past_backends(facts, &source, group, after)?;
        let (is_proven, had_other_backend) =
            if after.backend.is_mock() { (kinds.mock, kinds.real) } else { (kinds.real, kinds.mock) };
        if !is_proven {
            releases.push(UnprovenRelease {
                group: group.clone(),
                version: after.version.clone(),
                is_mock: after.backend.is_mock(),
                had_other_backend,
            });
        }
    }
    Ok(if releases.is_empty() { None } else { Some(PolicyRefusal::Source { source, releases }) })
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

/// Finds the kinds of backend of a release in an environment. The past is read only if the present does not have its own.
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
