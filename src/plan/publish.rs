//! Publish: set version, backend and address.

use std::sync::Arc;

use crate::check;
use crate::model::{
    Author, Backend, Deployment, DeploymentState, Digest, EnvironmentName, Finding, GroupName, OperationId, Release,
    ReleaseAction, SETTINGS_FILE, Severity, Version,
};

use super::access::access_warnings;
use super::backend;
use super::backend::BackendChoice;
use super::bump::{BumpRequest, bump_target};
use super::candidate::PublishCandidate;
use super::error::{Error, StateError};
use super::facts::Facts;
use super::outcome::{Freeze, Plan, SettingsEdit};
use super::policy::{self, ReleaseDirection};
use super::selection::{GroupSelection, check_current};

/// A request to publish groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// The groups.
    pub groups: GroupSelection,
    /// The version; without one, the version that the group's settings name.
    pub version: Option<Version>,
    /// The part of the version to bump first, unless the working copy is frozen unchanged.
    pub bump: Option<BumpRequest>,
    /// The backend.
    pub backend: BackendChoice,
    /// The operation that must be the latest of each group.
    pub if_current: Option<OperationId>,
}

/// Plans a publish.
pub fn publish<E>(request: &PublishRequest, facts: &dyn Facts<Error = E>, author: &Author) -> Result<Plan, Error<E>> {
    let mut plan = Plan::new(&request.environment, author);
    let environment = facts.environment(&request.environment).map_err(Error::Facts)?;
    let mut errors = Vec::new();
    for group in &request.groups.resolve(|| facts.groups().map_err(Error::Facts))? {
        let current = environment.deployments.get(group);
        check_current(group, &request.environment, current, request.if_current.as_ref())?;
        match publish_group(&mut plan, request, group, current, facts) {
            // Nobody can mend that in the group.
            Err(error @ Error::Facts(_)) => return Err(error),
            Err(error) => errors.push(error),
            Ok(()) => {}
        }
    }
    Error::all(errors)?;
    policy::apply(&mut plan, facts, author, ReleaseDirection::Forward)?;
    Ok(plan)
}

/// Adds one group to the plan. A group that stays as it is was checked when it was published.
fn publish_group<E>(
    plan: &mut Plan,
    request: &PublishRequest,
    group: &GroupName,
    current: Option<&Deployment>,
    facts: &dyn Facts<Error = E>,
) -> Result<(), Error<E>> {
    let ChosenCandidate { candidate, version, is_frozen } = choose(request, group, facts)?;
    let backend =
        backend::resolve(&request.backend, group, &candidate.settings, facts.settings(), &request.environment);
    let is_mock = matches!(backend, Ok(Backend::Mock));
    if let Ok(backend) = &backend {
        let (version, backend) = (version.clone(), backend.clone());
        let after = Release { state: DeploymentState::Live, version, digest: candidate.digest, backend };
        if is_frozen && current.is_some_and(|current| current.release.serves_same(&after)) {
            plan.unchanged.push(group.clone());
            return Ok(());
        }
    }
    if !is_frozen {
        let notes = facts.notes(group).map_err(Error::Facts)?;
        if let Some(deletion) = notes.deletion_barring(&version, &candidate.digest) {
            let deletion = Box::new(deletion.clone());
            return Err(Error::DeletedDiffers { group: group.clone(), version, deletion });
        }
        check_number(facts, group, &version, candidate.digest)?;
    }
    check_candidate(plan, group, &candidate, is_mock, facts)?;
    let backend = backend?;
    plan.warnings.extend(access_warnings(facts, group, &request.environment, &candidate, &backend)?);
    if !is_frozen {
        let freeze = Freeze {
            group: group.clone(),
            version: version.clone(),
            files: candidate.files.clone(),
            digest: candidate.digest,
        };
        plan.freezes.insert(group.clone(), freeze);
    }
    if let (Some(before), Some(after)) = (&candidate.settings_on_disk, candidate.files.get(SETTINGS_FILE)) {
        let edit = SettingsEdit { group: group.clone(), before: before.clone(), after: after.clone() };
        plan.edits.insert(group.clone(), edit);
    }
    let after = Release { state: DeploymentState::Live, version, digest: candidate.digest, backend };
    plan.change(group, ReleaseAction::Publish, current, after);
    Ok(())
}

/// The candidate to publish, with the version that it gets.
struct ChosenCandidate {
    candidate: Arc<PublishCandidate>,
    version: Version,
    /// True if that version is frozen already.
    is_frozen: bool,
}

impl ChosenCandidate {
    const fn frozen(candidate: Arc<PublishCandidate>, version: Version) -> Self {
        Self { candidate, version, is_frozen: true }
    }

    const fn new(candidate: Arc<PublishCandidate>, version: Version) -> Self {
        Self { candidate, version, is_frozen: false }
    }
}

/// Refuses to freeze a number with other bytes than those that operations name by it: their version is gone, and may
/// come back.
///
/// # Errors
///
/// Names the latest of these operations.
pub fn check_number<E>(
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    version: &Version,
    digest: Digest,
) -> Result<(), Error<E>> {
    // The refusal of a number that was deleted says by whom.
    if facts.notes(group).map_err(Error::Facts)?.deletion_barring(version, &digest).is_some() {
        return Ok(());
    }
    let named = facts.named_versions(group).map_err(Error::Facts)?;
    let mut others = named.iter().filter(|((number, _), _)| number == version);
    match others.clone().next_back() {
        Some((_, (environment, operation))) if others.all(|((_, named), _)| *named != digest) => {
            let (group, version) = (group.clone(), version.clone());
            Err(Error::NumberNamed { group, version, environment: environment.clone(), operation: operation.clone() })
        }
        _ => Ok(()),
    }
}

/// Chooses the candidate and its version, and finds out if that is frozen already.
fn choose<E>(
    request: &PublishRequest,
    group: &GroupName,
    facts: &dyn Facts<Error = E>,
) -> Result<ChosenCandidate, Error<E>> {
    let frozen = |version: &Version| facts.frozen(group, version).map_err(Error::Facts);
    if let Some(version) = &request.version {
        if let Some(candidate) = frozen(version)? {
            return Ok(ChosenCandidate::frozen(candidate, version.clone()));
        }
        let working = facts.working_copy(group, None).map_err(Error::Facts)?;
        return if working.settings.version == *version {
            Ok(ChosenCandidate::new(working, version.clone()))
        } else {
            Err(unknown_version(group, version, facts)?)
        };
    }
    let working = facts.working_copy(group, None).map_err(Error::Facts)?;
    let named = working.settings.version.clone();
    let existing = frozen(&named)?;
    let same = existing.as_ref().map(|existing| existing.digest == working.digest);
    let number = match same {
        Some(false) => renumbered(group, &working, facts)?,
        _ => None,
    };
    match (same, request.bump) {
        (Some(true), _) => Ok(ChosenCandidate::frozen(working, named)),
        (_, Some(bump)) => {
            if let Some(number) = number {
                return Ok(ChosenCandidate::frozen(working, number));
            }
            let versions = facts.versions(group).map_err(Error::Facts)?;
            if let Some(newest) = versions.last().filter(|newest| **newest > named)
                && let Some(frozen) = frozen(newest)?
            {
                // A publish that was cut off may have frozen the working copy already. A version that a merge gave
                // another number keeps the settings that it was frozen with.
                let bumped = facts.working_copy(group, Some(&frozen.settings.version)).map_err(Error::Facts)?;
                if frozen.digest == bumped.digest {
                    return Ok(ChosenCandidate::frozen(bumped, newest.clone()));
                }
            }
            let mut deleted = facts.notes(group).map_err(Error::Facts)?.deleted();
            deleted.extend(facts.unreadable_notes(group).map_err(Error::Facts)?);
            let named_before = facts.named_versions(group).map_err(Error::Facts)?.into_keys();
            let others = named_before.filter(|(version, digest)| *version != named || *digest != working.digest);
            let taken = versions.into_iter().chain(deleted).chain(others.map(|(version, _)| version)).collect();
            let target = bump_target(&taken, &named, bump.level(group, facts)?);
            let bumped = facts.working_copy(group, Some(&target)).map_err(Error::Facts)?;
            Ok(ChosenCandidate::new(bumped, target))
        }
        (None, None) => Ok(ChosenCandidate::new(working, named)),
        // A definition that cannot be read differs, and another version would not mend it.
        (Some(false), None) if working.definition.is_none() => {
            let is_error = |finding: &&Finding| finding.severity == Severity::Error;
            let findings = working.findings.iter().filter(is_error).cloned().collect();
            Err(Error::Invalid { group: group.clone(), findings })
        }
        (Some(false), None) => Err(frozen_differs(group, named, number, &working, facts)?),
    }
}

/// Makes the error of a working copy that is not the version that it names, which is frozen.
fn frozen_differs<E>(
    group: &GroupName,
    named: Version,
    number: Option<Version>,
    working: &PublishCandidate,
    facts: &dyn Facts<Error = E>,
) -> Result<Error<E>, Error<E>> {
    let digest = match (&number, facts.frozen(group, &named).map_err(Error::Facts)?) {
        (None, Some(frozen)) => frozen.digest,
        _ => working.digest,
    };
    let is_blocked = facts.notes(group).map_err(Error::Facts)?.block(&digest).is_some();
    let (group, version) = (group.clone(), named);
    Ok(match number {
        Some(number) => Error::Renumbered { group, version, number, is_blocked },
        None => Error::FrozenDiffers { group, version, is_blocked },
    })
}

/// Returns the number that a merge gave to the version that a working copy is; `None` if it is no version, or the one
/// that it names.
fn renumbered<E>(
    group: &GroupName,
    working: &PublishCandidate,
    facts: &dyn Facts<Error = E>,
) -> Result<Option<Version>, Error<E>> {
    let (version, digest) = (working.settings.version.clone(), working.digest);
    let release = Release { state: DeploymentState::Live, version, digest, backend: Backend::Mock };
    let number = facts.number(group, &release).map_err(Error::Facts)?;
    Ok(number.filter(|number| *number != release.version))
}

/// Makes the error of a version that is not frozen, or not any more.
pub(super) fn unknown_version<E>(
    group: &GroupName,
    version: &Version,
    facts: &dyn Facts<Error = E>,
) -> Result<Error<E>, Error<E>> {
    let notes = facts.notes(group).map_err(Error::Facts)?;
    if let Some(deletion) = notes.0.get(version).and_then(|note| note.deletions.last()) {
        let (group, version) = (group.clone(), version.clone());
        return Ok(StateError::DeletedVersion { group, version, deletion: Box::new(deletion.clone()) }.into());
    }
    let versions = facts.versions(group).map_err(Error::Facts)?;
    let newest = versions.into_iter().rev().take(5).collect();
    Ok(StateError::UnknownVersion { group: group.clone(), version: version.clone(), newest }.into())
}

/// Refuses an invalid candidate, as far as its findings concern the kind of backend.
fn check_candidate<E>(
    plan: &mut Plan,
    group: &GroupName,
    candidate: &PublishCandidate,
    is_mock: bool,
    facts: &dyn Facts<Error = E>,
) -> Result<(), Error<E>> {
    let mut findings = check::group(&candidate.subject(group, !is_mock), facts.settings());
    findings.retain(|finding| check::concerns_release(finding.rule, is_mock));
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(Error::Invalid { group: group.clone(), findings: errors });
    }
    plan.warnings.extend(warnings.iter().map(Finding::one_line));
    Ok(())
}
