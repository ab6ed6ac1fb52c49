//! Promote: take over what is live in another environment, the same digest.

use crate::model::{Action, Backend, EnvironmentName, GroupName, OperationId, Release, State};

use super::facts::Facts;
use super::{Author, BackendChoice, Error, Plan, Selection, backend, check_current, live_groups, policy};

/// A request to promote groups from one environment to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromoteRequest {
    /// From where.
    pub from: EnvironmentName,
    /// To where.
    pub to: EnvironmentName,
    /// Which groups.
    pub groups: Selection,
    /// The operation that must be the latest of each group in the environment that changes.
    pub if_current: Option<OperationId>,
}

/// Plans a promotion.
///
/// A mock stays a mock. A real backend gets the address that the version's settings have in the
/// environment that it comes to, never that of the one it comes from.
pub fn promote(request: &PromoteRequest, facts: &dyn Facts, author: &Author) -> Result<Plan, Error> {
    let PromoteRequest { from, to, groups, .. } = request;
    if from == to {
        return Err(Error::state(format!("{from} cannot be promoted to itself"), ["name two environments".to_owned()]));
    }
    let source = facts.environment(from).map_err(Error::Facts)?;
    let target = facts.environment(to).map_err(Error::Facts)?;
    let mut plan = Plan::new(to, author);
    for group in &groups.resolve(|| Ok(live_groups(&source)))? {
        let current = target.deployments.get(group);
        check_current(group, to, current, request.if_current.as_ref())?;
        let live = source.deployments.get(group).filter(|live| live.release.state == State::Live);
        let Some(live) = live else {
            return Err(Error::state(
                format!("{group} is not live in {from}"),
                [format!("publish it there first: `apigw publish {group} --env {from}`")],
            ));
        };
        let backend = target_backend(group, &live.release, to, facts)?;
        if let Some(Backend::Http { url, .. }) = current.map(|current| &current.release.backend)
            && backend == Backend::Mock
        {
            plan.warnings.push(format!("{group} in {to} changes from {url} to a mock, as it is in {from}"));
        }
        let after = Release { backend, ..live.release.clone() };
        plan.change(group, Action::Promote, current, after);
    }
    policy::apply(&mut plan, facts, false)?;
    Ok(plan)
}

fn target_backend(
    group: &GroupName,
    live: &Release,
    to: &EnvironmentName,
    facts: &dyn Facts,
) -> Result<Backend, Error> {
    if live.backend == Backend::Mock {
        return Ok(Backend::Mock);
    }
    let Some(candidate) = facts.frozen(group, &live.version).map_err(Error::Facts)? else {
        return Err(Error::state(
            format!("version {} of {group} is live, but its folder is missing", live.version),
            ["`apigw verify` says what is missing and how to get it back".to_owned()],
        ));
    };
    backend::resolve(&BackendChoice::Settings, group, &candidate.settings, facts.settings(), to)
}
