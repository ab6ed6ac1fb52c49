//! The policy on changes that break callers of the release that is live.

use std::sync::Arc;

use crate::compare::{self, ChangeRules, ComparedGroup, Compatibility};
use crate::model::{DeploymentState, GroupName, PolicyMode, PolicyOverride, Release, SunsetPolicy, Version};
use crate::plan::candidate::PublishCandidate;
use crate::plan::error::Error;
use crate::plan::facts::Facts;
use crate::plan::outcome::Plan;
use crate::plan::refusal::{
    BreakingChange, ComparedVersions, ComparisonFault, IncomparableGroup, NextVersion, PolicyRefusal,
};

use super::direction::{ReleaseDirection, replaced_releases};

/// Compares each group with its live release, and refuses breaking changes if the policy denies them.
pub(super) fn apply_breaking<E>(
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
                CompatibilityVerdict::Compared { breaking, warnings } => {
                    changes.extend(breaking);
                    plan.warnings.extend(warnings.iter().map(BreakingChange::place_and_message));
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
    /// Changes that break them; and warnings, with the removals that would break them, were their sunset dates not
    /// past.
    Compared { breaking: Vec<BreakingChange>, warnings: Vec<BreakingChange> },
    /// They cannot be compared.
    Unknown(IncomparableGroup),
}

/// Finds out whether a change breaks the callers of a release.
fn compatibility_with<E>(
    plan: &Plan,
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    before: &Release,
    after: &Release,
) -> Result<CompatibilityVerdict, Error<E>> {
    let nothing = || CompatibilityVerdict::Compared { breaking: Vec::new(), warnings: Vec::new() };
    if before.state == DeploymentState::Offline {
        return Ok(nothing());
    }
    if after.state == DeploymentState::Offline {
        let message = "the whole group goes offline".to_owned();
        let offline =
            BreakingChange { group: group.clone(), place: String::new(), kind: None, message, versions: None };
        return Ok(CompatibilityVerdict::Compared { breaking: vec![offline], warnings: Vec::new() });
    }
    if before.digest == after.digest {
        return Ok(nothing());
    }
    compared(plan, facts, group, (before, after))
}

/// Returns the versions that a person compares to see all that differs between two releases; `None` where one of them
/// does not lie there: a resolve that is refused writes none of the versions that it numbers.
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
        warnings: of(|change| change.compatibility == Compatibility::Warning),
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
