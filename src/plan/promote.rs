//! Promote: take over the live or an earlier release of another environment, the same digest.

use std::collections::BTreeMap;

use crate::model::{
    Author, Backend, DeploymentState, Environment, EnvironmentName, GroupName, OperationId, Release, ReleaseAction,
    Version,
};

use super::access::access_warnings;
use super::backend;
use super::backend::BackendChoice;
use super::error::{Error, StateError};
use super::facts::{Facts, with_number};
use super::outcome::Plan;
use super::past_state::FoundState;
use super::past_state::PastState;
use super::policy::{self, ReleaseDirection};
use super::selection::{GroupSelection, check_current, live_groups};

/// A request to promote groups from one environment to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromoteRequest {
    /// From where.
    pub from: EnvironmentName,
    /// To where.
    pub to: EnvironmentName,
    /// The groups.
    pub groups: GroupSelection,
    /// The release to take of those that the source has, or had.
    pub release: PromotedRelease,
    /// The operation that must be the latest of each group in the environment that changes.
    pub if_current: Option<OperationId>,
}

/// The release of the source that is promoted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PromotedRelease {
    /// The live one.
    #[default]
    Live,
    /// This version, as it was live there last.
    Version(Version),
    /// The one that was live right after this operation.
    After(OperationId),
}

/// Plans a promotion.
///
/// A mock stays a mock. A real backend gets the address that the version's settings have in the
/// environment that it comes to, never that of the one it comes from.
pub fn promote<E>(request: &PromoteRequest, facts: &dyn Facts<Error = E>, author: &Author) -> Result<Plan, Error<E>> {
    promote_bound(request, None, facts, author)
}

/// Plans a promotion of the bound releases, if each was live in the source at some time, even if it is not any more.
/// Other groups stay as they are.
pub(super) fn promote_bound<E>(
    request: &PromoteRequest,
    bound: Option<&BTreeMap<GroupName, Release>>,
    facts: &dyn Facts<Error = E>,
    author: &Author,
) -> Result<Plan, Error<E>> {
    let PromoteRequest { from, to, groups, .. } = request;
    if from == to {
        return Err(StateError::SameEnvironment { environment: from.clone() }.into());
    }
    let state = match &request.release {
        PromotedRelease::After(operation) => Some(PastState::After(operation.clone()).find(from, facts)?),
        PromotedRelease::Live | PromotedRelease::Version(_) => None,
    };
    let source = PromotionSource { environment: facts.environment(from).map_err(Error::Facts)?, facts, request, state };
    let target = facts.environment(to).map_err(Error::Facts)?;
    let mut plan = Plan::new(to, author);
    let mut errors = Vec::new();
    for group in &source.groups(groups, bound)? {
        let current = target.deployments.get(group);
        check_current(group, to, current, request.if_current.as_ref())?;
        let release = match bound.map(|bound| bound.get(group)) {
            None => source.release(group),
            Some(Some(bound)) => source.bound_release(group, bound),
            Some(None) => {
                plan.unchanged.push(group.clone());
                continue;
            }
        };
        let after = release.and_then(|release| {
            let backend = target_backend(group, &release, to, facts)?;
            with_number(facts, group, Release { backend, ..release })
        });
        let after = match after {
            Ok(after) => after,
            Err(error @ Error::Facts(_)) => return Err(error),
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        if let Some(Backend::Http { url, .. }) = current.map(|current| &current.release.backend)
            && after.backend == Backend::Mock
        {
            plan.warnings.push(format!("{group} in {to} changes from {url} to a mock, as it is in {from}"));
        }
        if !after.backend.is_mock()
            && let Ok(Some(candidate)) = facts.released(group, &after)
        {
            plan.warnings.extend(access_warnings(facts, group, to, &candidate, &after.backend)?);
        }
        plan.sources.insert(group.clone(), from.clone());
        plan.change(group, ReleaseAction::Promote, current, after);
    }
    Error::all(errors)?;
    policy::apply(&mut plan, facts, author, ReleaseDirection::Forward)?;
    Ok(plan)
}

/// The environment from which groups are promoted.
struct PromotionSource<'a, E> {
    environment: std::sync::Arc<Environment>,
    facts: &'a dyn Facts<Error = E>,
    request: &'a PromoteRequest,
    /// The past state from which releases are taken, where one is named.
    state: Option<FoundState<'a, E>>,
}

impl<E> PromotionSource<'_, E> {
    fn groups(
        &self,
        groups: &GroupSelection,
        bound: Option<&BTreeMap<GroupName, Release>>,
    ) -> Result<Vec<GroupName>, Error<E>> {
        groups.resolve(|| match (bound, &self.state) {
            (Some(bound), _) => Ok(bound.keys().cloned().collect()),
            (None, Some(state)) => state.live_groups(self.environment.deployments.keys()),
            (None, None) => Ok(live_groups(&self.environment)),
        })
    }

    /// Returns the release of a group that the request names.
    fn release(&self, group: &GroupName) -> Result<Release, Error<E>> {
        let named = || (group.clone(), self.request.from.clone());
        let is_live = |release: &Release| release.state == DeploymentState::Live;
        if let Some(state) = &self.state {
            let release = state.release(group)?.filter(is_live);
            return release.ok_or_else(|| {
                let (group, environment) = named();
                StateError::NotLiveThen { group, environment }.into()
            });
        }
        match &self.request.release {
            PromotedRelease::Live | PromotedRelease::After(_) => {
                let live = self.environment.deployments.get(group).map(|live| live.release.clone());
                live.filter(is_live).ok_or_else(|| {
                    let (group, environment) = named();
                    StateError::NotLive { group, environment }.into()
                })
            }
            PromotedRelease::Version(version) => {
                self.find_live(group, |release| self.number(group, release) == *version)?.ok_or_else(|| {
                    let (group, environment) = named();
                    StateError::NeverLive { group, version: version.clone(), environment }.into()
                })
            }
        }
    }

    /// Returns the present number of a release, which a merge may have changed; its own where its version is missing.
    fn number(&self, group: &GroupName, release: &Release) -> Version {
        self.facts.number(group, release).ok().flatten().unwrap_or_else(|| release.version.clone())
    }

    /// Returns the release that a plan was bound to, as the source has or had it; else the one that the request names.
    fn bound_release(&self, group: &GroupName, bound: &Release) -> Result<Release, Error<E>> {
        let is_it =
            |release: &Release| release.digest == bound.digest && release.backend.is_mock() == bound.backend.is_mock();
        self.find_live(group, is_it)?.map_or_else(|| self.release(group), Ok)
    }

    /// Finds the latest release of a group that was live in the source and has a property.
    fn find_live(&self, group: &GroupName, has: impl Fn(&Release) -> bool) -> Result<Option<Release>, Error<E>> {
        let matches = |release: &Release| release.state == DeploymentState::Live && has(release);
        let live = self.environment.deployments.get(group).map(|live| live.release.clone());
        if let Some(live) = live.filter(matches) {
            return Ok(Some(live));
        }
        let past = self.facts.every_past(&self.request.from, group).map_err(Error::Facts)?;
        Ok(past.into_iter().map(|past| past.deployment.release).find(matches))
    }
}

fn target_backend<E>(
    group: &GroupName,
    live: &Release,
    to: &EnvironmentName,
    facts: &dyn Facts<Error = E>,
) -> Result<Backend, Error<E>> {
    if live.backend.is_mock() {
        return Ok(Backend::Mock);
    }
    let Some(candidate) = facts.released(group, live).map_err(Error::Facts)? else {
        return Err(StateError::MissingVersion { group: group.clone(), version: live.version.clone() }.into());
    };
    let resolved = backend::resolve(&BackendChoice::Settings, group, &candidate.settings, facts.settings(), to);
    resolved.map_err(|error| {
        let is_missing = matches!(&error, Error::State(state) if matches!(**state, StateError::NoBackend { .. }));
        if !is_missing {
            return error;
        }
        let number = facts.number(group, live).ok().flatten();
        let version = number.unwrap_or_else(|| live.version.clone());
        StateError::VersionWithoutBackend { group: group.clone(), version, environment: to.clone() }.into()
    })
}
