//! Release plans: many steps over groups and environments, from one file.

mod file;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Author, EnvironmentName, GroupName, PolicyOverride, Release, WorkspaceSettings};

use super::backend::BackendChoice;
use super::error::{Error, StaleReason, StateError, StepFault};
use super::facts::Facts;
use super::offline::OfflineRequest;
use super::outcome::{EditedEntry, Plan};
use super::overlay::PlanOverlay;
use super::promote::promote_bound;
use super::promote::{PromoteRequest, PromotedRelease};
use super::publish::PublishRequest;
use super::selection::GroupSelection;
use super::switch::{SwitchRequest, SwitchTo};
use super::{offline, publish, switch};

pub use file::{BoundChange, BoundPlan, OfflineStep, PlanStep, PromoteStep, PublishStep, ReleasePlan, SwitchStep};

/// Plans every step, each upon the outcome of those before it: one plan an environment, in order.
pub fn release<E>(file: &ReleasePlan, facts: &dyn Facts<Error = E>, author: &Author) -> Result<Vec<Plan>, Error<E>> {
    let author = &Author { message: author.message.clone().or_else(|| file.message.clone()), ..author.clone() };
    let mut overlay = PlanOverlay::new(facts);
    let mut plans: Vec<Plan> = Vec::new();
    let mut refused = Vec::new();
    for (index, step) in file.steps.iter().enumerate() {
        let number = index + 1;
        let plan = match plan_step(file, step, number, &overlay, author) {
            Ok(plan) => plan,
            // The steps after it are planned as well, so that every refusal is told at once.
            Err(Error::Refused { environment, refusals, plan }) => {
                overlay.add(&plan)?;
                refused.push(Error::Refused { environment, refusals, plan });
                continue;
            }
            Err(error) => {
                refused.push(error);
                break;
            }
        };
        overlay.add(&plan)?;
        let environment = plan.operation.environment.clone();
        match plans.iter().position(|plan| plan.operation.environment == environment) {
            None => plans.push(plan),
            Some(place) if place + 1 == plans.len() => {
                refused.extend(merge(&mut plans[place], plan, number).err());
            }
            Some(_) => refused.push(wrong_step(number, StepFault::ScatteredSteps { environment })),
        }
    }
    match refused.len() {
        0 => Ok(plans),
        1 => Err(refused.remove(0)),
        _ => Err(Error::Steps(refused)),
    }
}

/// Records the outcome of plans, so that they apply to this state only. The author's reason goes to the file, and the
/// permission to break callers to each step.
#[must_use]
pub fn bind(file: &ReleasePlan, plans: &[Plan], author: &Author) -> ReleasePlan {
    let bound_plan = |plan: &Plan| {
        let bound = |(group, change): (&GroupName, &crate::model::GroupChange)| {
            let edit = plan.replaced_edits.get(group);
            let replaced_lines = edit.map(|edit| edit.own_lines.clone()).unwrap_or_default();
            (group.clone(), BoundChange { before: change.before.clone(), after: change.after.clone(), replaced_lines })
        };
        BoundPlan {
            environment: plan.operation.environment.clone(),
            changes: plan.operation.changes.iter().map(bound).collect(),
            sources: plan.sources.clone(),
            overrides: plan.operation.overrides.clone(),
        }
    };
    let mut file = ReleasePlan { bound: Some(plans.iter().map(bound_plan).collect()), ..file.clone() };
    file.message = author.message.clone().or(file.message);
    for step in &mut file.steps {
        *step.allow_breaking() |= author.allow_breaking;
    }
    file
}

/// Refuses a bound plan where a plan replaces other edits by hand than those that it was made with.
fn check_bound_edits<E>(bound: &BoundPlan, now: Option<&Plan>) -> Result<(), Error<E>> {
    let edits = now.into_iter().flat_map(|now| &now.replaced_edits);
    let is_other = |(group, edit): &(&GroupName, &EditedEntry)| {
        bound.changes.get(*group).is_some_and(|change| change.replaced_lines != edit.own_lines)
    };
    let groups: Vec<GroupName> = edits.filter(is_other).map(|(group, _)| group.clone()).collect();
    if groups.is_empty() {
        return Ok(());
    }
    Err(Error::Stale(StaleReason::Edited { groups, environment: bound.environment.clone() }))
}

/// Compares plans with the outcome that they were bound to. Changes that were applied already, by a run that stopped
/// half-way, are accepted.
pub fn check_bound<E>(
    bound: &[BoundPlan],
    plans: &[Plan],
    facts: &dyn Facts<Error = E>,
    author: &Author,
) -> Result<(), Error<E>> {
    for plan in bound {
        let environment = facts.environment(&plan.environment).map_err(Error::Facts)?;
        let now = plans.iter().find(|now| now.operation.environment == plan.environment);
        check_bound_edits(plan, now)?;
        for (group, change) in &plan.changes {
            let current = environment.deployments.get(group);
            if current.is_some_and(|current| current.release.serves_same(&change.after)) {
                continue;
            }
            if current != change.before.as_ref() {
                let (group, environment) = (group.clone(), plan.environment.clone());
                return Err(Error::Stale(StaleReason::EntryChanged { group, environment }));
            }
            if now.and_then(|now| now.operation.changes.get(group)).map(|now| &now.after) != Some(&change.after) {
                let (group, environment) = (group.clone(), plan.environment.clone());
                return Err(Error::Stale(StaleReason::OtherRelease { group, environment }));
            }
        }
    }
    for plan in plans {
        let environment = &plan.operation.environment;
        let bound = bound.iter().find(|bound| bound.environment == *environment);
        let planned = plan.operation.changes.keys();
        let extra = planned.into_iter().find(|group| bound.is_none_or(|bound| !bound.changes.contains_key(*group)));
        if let Some(group) = extra {
            let (group, environment) = (group.clone(), environment.clone());
            return Err(Error::Stale(StaleReason::OtherGroup { group, environment }));
        }
        let overrides = bound.map_or(&[][..], |bound| &bound.overrides);
        for policy in plan.operation.overrides.iter().filter(|policy| !overrides.contains(policy)) {
            match policy {
                // Edits are compared line by line.
                PolicyOverride::HandEdit => {}
                PolicyOverride::Breaking if author.allow_breaking => {}
                PolicyOverride::Breaking => {
                    let environment = environment.clone();
                    return Err(Error::Stale(StaleReason::OtherOverride { policy: *policy, environment }));
                }
            }
        }
    }
    Ok(())
}

fn plan_step<E>(
    file: &ReleasePlan,
    step: &PlanStep,
    number: usize,
    facts: &dyn Facts<Error = E>,
    author: &Author,
) -> Result<Plan, Error<E>> {
    let environment = file.target(step).ok_or_else(|| wrong_step(number, StepFault::NoEnvironment))?;
    let environment = declared(facts.settings(), environment, number)?;
    if step.allows_breaking() && author.message.is_none() {
        return Err(wrong_step(number, StepFault::NoReason));
    }
    let author = &Author { allow_breaking: author.allow_breaking || step.allows_breaking(), ..author.clone() };
    let wrong = |fault| wrong_step(number, fault);
    match step {
        PlanStep::Publish(step) => {
            let request = publish_request(step, environment).map_err(wrong)?;
            check_unedited(&request.environment, &request.groups, facts)?;
            publish(&request, facts, author)
        }
        PlanStep::Switch(step) => switch(&switch_request(step, environment).map_err(wrong)?, facts, author),
        PlanStep::Offline(step) => {
            let groups = groups(&step.groups, step.all).map_err(wrong)?;
            offline(&OfflineRequest { environment, groups, if_current: None }, facts, author)
        }
        PlanStep::Promote(step) => {
            let from = step.from.as_ref().ok_or_else(|| wrong_step(number, StepFault::NoSource))?;
            let from = declared(facts.settings(), from, number)?;
            let request = promote_request(step, from, environment).map_err(wrong)?;
            check_unedited(&request.from, &request.groups, facts)?;
            check_unedited(&request.to, &request.groups, facts)?;
            let bound = file.bound.as_ref().and_then(|bound| promoted(bound, &request.from, &request.to));
            promote_bound(&request, bound.as_ref(), facts, author)
        }
    }
}

/// Refuses a step that brings something new in where an entry was edited by hand, as its command does.
fn check_unedited<E>(
    environment: &EnvironmentName,
    groups: &GroupSelection,
    facts: &dyn Facts<Error = E>,
) -> Result<(), Error<E>> {
    let groups = match groups {
        GroupSelection::Groups(groups) => groups.iter().cloned().collect(),
        GroupSelection::All => BTreeSet::new(),
    };
    facts.check_unedited(environment, &groups).map_err(Error::Facts)
}

fn groups(names: &[GroupName], is_all: bool) -> Result<GroupSelection, StepFault> {
    match (names, is_all) {
        ([_, ..], false) => Ok(GroupSelection::Groups(names.to_vec())),
        ([], true) => Ok(GroupSelection::All),
        _ => Err(StepFault::GroupsOrAll),
    }
}

fn publish_request(step: &PublishStep, environment: EnvironmentName) -> Result<PublishRequest, StepFault> {
    let groups = groups(&step.groups, step.all)?;
    let backend = match (step.mock, &step.backend) {
        (false, None) => BackendChoice::Settings,
        (true, None) => BackendChoice::Mock,
        (false, Some(address)) => BackendChoice::Address(address.clone()),
        (true, Some(_)) => return Err(StepFault::MockAndBackend),
    };
    let (version, bump) = (step.version.clone(), step.bump);
    Ok(PublishRequest { environment, groups, version, bump, backend, if_current: None })
}

fn switch_request(step: &SwitchStep, environment: EnvironmentName) -> Result<SwitchRequest, StepFault> {
    let [group] = step.groups.as_slice() else { return Err(StepFault::NotOneGroup) };
    let to = match (&step.version, step.previous) {
        (Some(version), false) => SwitchTo::Version(version.clone()),
        (None, true) => SwitchTo::Previous,
        _ => return Err(StepFault::VersionOrPrevious),
    };
    Ok(SwitchRequest { environment, group: group.clone(), to, if_current: None })
}

fn promote_request(
    step: &PromoteStep,
    from: EnvironmentName,
    to: EnvironmentName,
) -> Result<PromoteRequest, StepFault> {
    let release = match (&step.version, &step.at) {
        (None, None) => PromotedRelease::Live,
        (Some(version), None) => PromotedRelease::Version(version.clone()),
        (None, Some(operation)) => PromotedRelease::After(operation.clone()),
        (Some(_), Some(_)) => return Err(StepFault::VersionAndOperation),
    };
    Ok(PromoteRequest { from, to, groups: groups(&step.groups, step.all)?, release, if_current: None })
}

/// Returns the releases that a bound plan promotes from one environment to another; `None` if it does not name the
/// source.
fn promoted(bound: &[BoundPlan], from: &EnvironmentName, to: &EnvironmentName) -> Option<BTreeMap<GroupName, Release>> {
    let plan = bound.iter().find(|plan| plan.environment == *to).filter(|plan| !plan.sources.is_empty())?;
    let ours = plan.changes.iter().filter(|(group, _)| plan.sources.get(*group) == Some(from));
    Some(ours.map(|(group, change)| (group.clone(), change.after.clone())).collect())
}

/// Returns the environment that a step names, by its name or by an alias.
fn declared<E>(
    settings: &WorkspaceSettings,
    name: &EnvironmentName,
    number: usize,
) -> Result<EnvironmentName, Error<E>> {
    settings.environment_named(name.as_str()).ok_or_else(|| {
        let declared = settings.environments();
        wrong_step(number, StepFault::UnknownEnvironment { name: name.clone(), declared })
    })
}

fn wrong_step<E>(number: usize, fault: StepFault) -> Error<E> {
    StateError::Step { number, fault }.into()
}

fn merge<E>(plan: &mut Plan, next: Plan, number: usize) -> Result<(), Error<E>> {
    let touched: BTreeSet<GroupName> = plan.operation.changes.keys().chain(&plan.unchanged).cloned().collect();
    let again = next.operation.changes.keys().chain(&next.unchanged).find(|group| touched.contains(*group));
    if let Some(group) = again {
        let (group, environment) = (group.clone(), plan.operation.environment.clone());
        return Err(wrong_step(number, StepFault::RepeatedGroup { group, environment }));
    }
    plan.operation.time = plan.operation.time.max(next.operation.time);
    plan.operation.changes.extend(next.operation.changes);
    let overrides = &mut plan.operation.overrides;
    let more = next.operation.overrides.into_iter().filter(|policy| !overrides.contains(policy));
    let more: Vec<_> = more.collect();
    overrides.extend(more);
    plan.replaced_edits.extend(next.replaced_edits);
    plan.unchanged.extend(next.unchanged);
    plan.sources.extend(next.sources);
    plan.freezes.extend(next.freezes);
    plan.edits.extend(next.edits);
    plan.warnings.extend(next.warnings);
    Ok(())
}
