//! Release plans: many steps over groups and environments, from one file.

mod file;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Author, EnvironmentName, GroupName, Release, WorkspaceSettings};

use super::backend::BackendChoice;
use super::error::{Error, StaleReason, StateError, StepFault};
use super::facts::Facts;
use super::offline::OfflineRequest;
use super::outcome::Plan;
use super::overlay::PlanOverlay;
use super::promote::promote_bound;
use super::promote::{PromoteRequest, PromotedRelease};
use super::publish::PublishRequest;
use super::selection::GroupSelection;
use super::switch::{SwitchRequest, SwitchTo};
use super::{offline, publish, switch};

pub use file::{BoundChange, BoundPlan, PlanStep, ReleasePlan, StepWords};

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
            (group.clone(), BoundChange { before: change.before.clone(), after: change.after.clone() })
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
        let (PlanStep::Publish(verb) | PlanStep::Switch(verb) | PlanStep::Offline(verb) | PlanStep::Promote(verb)) =
            step;
        verb.allow_breaking |= author.allow_breaking;
    }
    file
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
        for (group, change) in &plan.changes {
            let current = environment.deployments.get(group);
            let place = || (group.clone(), plan.environment.clone());
            if current.is_some_and(|current| current.release.serves_same(&change.after)) {
                continue;
            }
            if current != change.before.as_ref() {
                let (group, environment) = place();
                return Err(Error::Stale(StaleReason::EntryChanged { group, environment }));
            }
            if now.and_then(|now| now.operation.changes.get(group)).map(|now| &now.after) != Some(&change.after) {
                let (group, environment) = place();
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
        let mut others = plan.operation.overrides.iter().filter(|policy| !overrides.contains(policy));
        if let Some(policy) = others.next().filter(|_| !author.allow_breaking) {
            let (policy, environment) = (*policy, environment.clone());
            return Err(Error::Stale(StaleReason::OtherOverride { policy, environment }));
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
    let verb = step.words();
    check_words(step, verb, number)?;
    let named = |name: &EnvironmentName| declared(facts.settings(), name, number);
    let environment = file.target(step);
    let environment = environment.ok_or_else(|| wrong_step(number, StepFault::NoEnvironment));
    let groups = || match (verb.groups.is_empty(), verb.all) {
        (false, false) => Ok(GroupSelection::Groups(verb.groups.clone())),
        (true, true) => Ok(GroupSelection::All),
        _ => Err(wrong_step(number, StepFault::GroupsOrAll)),
    };
    let environment = named(environment?)?;
    if verb.allow_breaking && author.message.is_none() {
        return Err(wrong_step(number, StepFault::NoReason));
    }
    let author = &Author { allow_breaking: author.allow_breaking || verb.allow_breaking, ..author.clone() };
    match step {
        PlanStep::Publish(_) => {
            let backend = match (verb.mock, &verb.backend) {
                (false, None) => BackendChoice::Settings,
                (true, None) => BackendChoice::Mock,
                (false, Some(address)) => BackendChoice::Address(address.clone()),
                (true, Some(_)) => return Err(wrong_step(number, StepFault::MockAndBackend)),
            };
            let request = PublishRequest {
                environment,
                groups: groups()?,
                version: verb.version.clone(),
                bump: verb.bump,
                backend,
                if_current: None,
            };
            publish(&request, facts, author)
        }
        PlanStep::Switch(_) => {
            let [group] = verb.groups.as_slice() else {
                return Err(wrong_step(number, StepFault::NotOneGroup));
            };
            let to = match (&verb.version, verb.previous) {
                (Some(version), false) => SwitchTo::Version(version.clone()),
                (None, true) => SwitchTo::Previous,
                _ => return Err(wrong_step(number, StepFault::VersionOrPrevious)),
            };
            let request = SwitchRequest { environment, group: group.clone(), to, if_current: None };
            switch(&request, facts, author)
        }
        PlanStep::Offline(_) => {
            let request = OfflineRequest { environment, groups: groups()?, if_current: None };
            offline(&request, facts, author)
        }
        PlanStep::Promote(_) => {
            let from = verb.from.as_ref();
            let from = from.ok_or_else(|| wrong_step(number, StepFault::NoSource))?;
            let from = named(from)?;
            let release = match (&verb.version, &verb.at) {
                (None, None) => PromotedRelease::Live,
                (Some(version), None) => PromotedRelease::Version(version.clone()),
                (None, Some(operation)) => PromotedRelease::After(operation.clone()),
                (Some(_), Some(_)) => return Err(wrong_step(number, StepFault::VersionAndOperation)),
            };
            let bound = file.bound.as_ref().and_then(|bound| promoted(bound, &from, &environment));
            let request = PromoteRequest { from, to: environment, groups: groups()?, release, if_current: None };
            promote_bound(&request, bound.as_ref(), facts, author)
        }
    }
}

/// Returns the releases that a bound plan promotes from one environment to another; `None` if it does not name the
/// source.
fn promoted(bound: &[BoundPlan], from: &EnvironmentName, to: &EnvironmentName) -> Option<BTreeMap<GroupName, Release>> {
    let plan = bound.iter().find(|plan| plan.environment == *to).filter(|plan| !plan.sources.is_empty())?;
    let ours = plan.changes.iter().filter(|(group, _)| plan.sources.get(*group) == Some(from));
    Some(ours.map(|(group, change)| (group.clone(), change.after.clone())).collect())
}

/// Refuses words that the step's command does not have.
fn check_words<E>(step: &PlanStep, verb: &StepWords, number: usize) -> Result<(), Error<E>> {
    let given = [
        ("all", verb.all),
        ("version", verb.version.is_some()),
        ("bump", verb.bump.is_some()),
        ("mock", verb.mock),
        ("backend", verb.backend.is_some()),
        ("previous", verb.previous),
        ("from", verb.from.is_some()),
        ("to", verb.to.is_some()),
        ("at", verb.at.is_some()),
    ];
    let (command, allowed): (_, &[&str]) = match step {
        PlanStep::Publish(_) => ("publish", &["all", "version", "bump", "mock", "backend"]),
        PlanStep::Switch(_) => ("switch", &["version", "previous"]),
        PlanStep::Offline(_) => ("offline", &["all"]),
        PlanStep::Promote(_) => ("promote", &["all", "from", "to", "version", "at"]),
    };
    match given.iter().find(|(word, is_given)| *is_given && !allowed.contains(word)) {
        None => Ok(()),
        Some((word, _)) => Err(wrong_step(number, StepFault::ForeignWord { word, command, allowed })),
    }
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
    plan.operation.overrides.extend(next.operation.overrides);
    plan.operation.overrides.dedup();
    plan.unchanged.extend(next.unchanged);
    plan.sources.extend(next.sources);
    plan.freezes.extend(next.freezes);
    plan.edits.extend(next.edits);
    plan.warnings.extend(next.warnings);
    Ok(())
}
