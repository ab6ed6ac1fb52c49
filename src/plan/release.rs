//! Release plans: many steps over groups and environments, from one file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Deployment, Digest, Environment, EnvironmentName, GroupName, Operation, OperationId};
use crate::model::{Release, Version, WorkspaceSettings};

use super::facts::{Candidate, Facts, Past};
use super::{
    Author, BackendChoice, Bump, Error, OfflineRequest, Plan, PromoteRequest, PublishRequest, Selection, SwitchRequest,
    SwitchTo, offline, promote, publish, switch,
};

/// A release plan: a file of steps, and, once it is bound, what they come to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleasePlan {
    /// The schema of the file, 1.
    pub schema: u32,
    /// The environment of every step that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub environment: Option<EnvironmentName>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do, in this order. The steps of one environment stand together and commit together.
    pub steps: Vec<Step>,
    /// What the steps come to, written by `plan --out`: the plan applies only to the state from
    /// which this was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Vec<BoundPlan>>,
}

/// One step of a release plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// As `apigw publish`.
    Publish(Verb),
    /// As `apigw switch`.
    Switch(Verb),
    /// As `apigw offline`.
    Offline(Verb),
    /// As `apigw promote`.
    Promote(Verb),
}

/// The words of a step: those of its command.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Verb {
    /// The environment, where the plan names none or another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub environment: Option<EnvironmentName>,
    /// The groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub groups: Vec<GroupName>,
    /// Every group, instead of `groups`.
    #[serde(skip_serializing_if = "is_false")]
    pub all: bool,
    /// The version (publish, switch).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub version: Option<Version>,
    /// How far the version grows first (publish).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bump: Option<Bump>,
    /// A mock backend (publish).
    #[serde(skip_serializing_if = "is_false")]
    pub mock: bool,
    /// The backend's address (publish).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// The other version that was live last (switch).
    #[serde(skip_serializing_if = "is_false")]
    pub previous: bool,
    /// The environment to take over from (promote).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub from: Option<EnvironmentName>,
    /// The environment to change (promote), as `environment` elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub to: Option<EnvironmentName>,
}

/// What a plan comes to in one environment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundPlan {
    /// The environment.
    #[schemars(with = "String")]
    pub environment: EnvironmentName,
    /// Its changes, by group.
    #[schemars(with = "BTreeMap<String, BoundChange>")]
    pub changes: BTreeMap<GroupName, BoundChange>,
}

/// What a plan changes for one group.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundChange {
    /// The entry from which the plan was computed.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub before: Option<Deployment>,
    /// What is deployed afterwards.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub after: Release,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to `skip_serializing_if`")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Plans every step, each upon the outcome of those before it: one plan an environment, in order.
pub fn release(file: &ReleasePlan, facts: &dyn Facts, author: &Author) -> Result<Vec<Plan>, Error> {
    let author = &Author { message: author.message.clone().or_else(|| file.message.clone()), ..author.clone() };
    let mut overlay = Overlay::new(facts);
    let mut plans: Vec<Plan> = Vec::new();
    for (index, step) in file.steps.iter().enumerate() {
        let number = index + 1;
        let plan = plan_step(file, step, number, &overlay, author)?;
        overlay.add(&plan)?;
        let environment = plan.operation.environment.clone();
        match plans.iter().position(|plan| plan.operation.environment == environment) {
            None => plans.push(plan),
            Some(place) if place + 1 == plans.len() => merge(&mut plans[place], plan, number)?,
            Some(_) => {
                return Err(Error::state(
                    format!("step {number} returns to {environment}, after a step of another environment"),
                    ["an environment commits once: put its steps together, or make two plans".to_owned()],
                ));
            }
        }
    }
    Ok(plans)
}

/// Writes down what plans come to, so that they apply to this state only.
#[must_use]
pub fn bind(file: &ReleasePlan, plans: &[Plan]) -> ReleasePlan {
    let changes = |plan: &Plan| {
        let change =
            |change: &crate::model::Change| BoundChange { before: change.before.clone(), after: change.after.clone() };
        plan.operation.changes.iter().map(|(group, planned)| (group.clone(), change(planned))).collect()
    };
    let bound = plans
        .iter()
        .map(|plan| BoundPlan { environment: plan.operation.environment.clone(), changes: changes(plan) })
        .collect();
    ReleasePlan { bound: Some(bound), ..file.clone() }
}

/// Compares what plans come to now with what they were bound to. What was applied already, by a run
/// that stopped half-way, counts as it should be.
pub fn check_bound(bound: &[BoundPlan], plans: &[Plan], facts: &dyn Facts) -> Result<(), Error> {
    let stale = |message: String| Err(Error::Stale { message });
    for plan in bound {
        let environment = facts.environment(&plan.environment).map_err(Error::Facts)?;
        let now = plans.iter().find(|now| now.operation.environment == plan.environment);
        for (group, change) in &plan.changes {
            let current = environment.deployments.get(group);
            let place = format!("{group} in {}", plan.environment);
            if current.is_some_and(|current| current.release == change.after) {
                continue;
            }
            if current != change.before.as_ref() {
                return stale(format!("{place} is not what it was when the plan was made"));
            }
            if now.and_then(|now| now.operation.changes.get(group)).map(|now| &now.after) != Some(&change.after) {
                return stale(format!("the plan would not do the same to {place} any more"));
            }
        }
    }
    for plan in plans {
        let bound = bound.iter().find(|bound| bound.environment == plan.operation.environment);
        let planned = plan.operation.changes.keys();
        let extra = planned.into_iter().find(|group| bound.is_none_or(|bound| !bound.changes.contains_key(*group)));
        if let Some(group) = extra {
            return stale(format!("it would now change {group} in {} as well", plan.operation.environment));
        }
    }
    Ok(())
}

fn plan_step(
    file: &ReleasePlan,
    step: &Step,
    number: usize,
    facts: &dyn Facts,
    author: &Author,
) -> Result<Plan, Error> {
    let (Step::Publish(verb) | Step::Switch(verb) | Step::Offline(verb) | Step::Promote(verb)) = step;
    check_words(step, verb, number)?;
    let environment = || {
        let named = verb.to.as_ref().or(verb.environment.as_ref()).or(file.environment.as_ref());
        named.cloned().ok_or_else(|| wrong_step(number, "names no environment", "add `environment: …`"))
    };
    let groups = || match (verb.groups.is_empty(), verb.all) {
        (false, false) => Ok(Selection::Groups(verb.groups.clone())),
        (true, true) => Ok(Selection::All),
        _ => Err(wrong_step(number, "must have either `groups` or `all`", "write `groups: […]` or `all: true`")),
    };
    check_declared(facts.settings(), &environment()?, number)?;
    match step {
        Step::Publish(_) => {
            let backend = match (verb.mock, &verb.backend) {
                (false, None) => BackendChoice::Settings,
                (true, None) => BackendChoice::Mock,
                (false, Some(address)) => BackendChoice::Address(address.clone()),
                (true, Some(_)) => return Err(wrong_step(number, "has both `mock` and `backend`", "leave one out")),
            };
            let request = PublishRequest {
                environment: environment()?,
                groups: groups()?,
                version: verb.version.clone(),
                bump: verb.bump,
                backend,
                if_current: None,
            };
            publish(&request, facts, author)
        }
        Step::Switch(_) => {
            let [group] = verb.groups.as_slice() else {
                return Err(wrong_step(number, "must name one group", "write `groups: [NAME]`"));
            };
            let to = match (&verb.version, verb.previous) {
                (Some(version), false) => SwitchTo::Version(version.clone()),
                (None, true) => SwitchTo::Previous,
                _ => return Err(wrong_step(number, "must have either `version` or `previous: true`", "add one")),
            };
            let request = SwitchRequest { environment: environment()?, group: group.clone(), to, if_current: None };
            switch(&request, facts, author)
        }
        Step::Offline(_) => {
            let request = OfflineRequest { environment: environment()?, groups: groups()?, if_current: None };
            offline(&request, facts, author)
        }
        Step::Promote(_) => {
            let from = verb.from.clone();
            let from = from.ok_or_else(|| wrong_step(number, "does not say from where", "add `from: …`"))?;
            let request = PromoteRequest { from, to: environment()?, groups: groups()?, if_current: None };
            promote(&request, facts, author)
        }
    }
}

/// Refuses words that the step's command does not have.
fn check_words(step: &Step, verb: &Verb, number: usize) -> Result<(), Error> {
    let given = [
        ("all", verb.all),
        ("version", verb.version.is_some()),
        ("bump", verb.bump.is_some()),
        ("mock", verb.mock),
        ("backend", verb.backend.is_some()),
        ("previous", verb.previous),
        ("from", verb.from.is_some()),
        ("to", verb.to.is_some()),
    ];
    let (name, allowed): (_, &[&str]) = match step {
        Step::Publish(_) => ("publish", &["all", "version", "bump", "mock", "backend"]),
        Step::Switch(_) => ("switch", &["version", "previous"]),
        Step::Offline(_) => ("offline", &["all"]),
        Step::Promote(_) => ("promote", &["all", "from", "to"]),
    };
    match given.iter().find(|(word, is_given)| *is_given && !allowed.contains(word)) {
        None => Ok(()),
        Some((word, _)) => {
            let words = allowed.join("`, `");
            Err(wrong_step(
                number,
                &format!("has `{word}`, which {name} does not have"),
                &format!("{name} takes `environment`, `groups`, `{words}`"),
            ))
        }
    }
}

fn check_declared(settings: &WorkspaceSettings, environment: &EnvironmentName, number: usize) -> Result<(), Error> {
    let known = settings.environments();
    if known.contains(environment) {
        return Ok(());
    }
    let names: Vec<&str> = known.iter().map(EnvironmentName::as_str).collect();
    Err(wrong_step(
        number,
        &format!("names the environment {:?}, which does not exist", environment.as_str()),
        &format!("there are {}; declare others in apigw.toml", names.join(", ")),
    ))
}

fn wrong_step(number: usize, message: &str, hint: &str) -> Error {
    Error::state(format!("step {number} {message}"), [hint.to_owned()])
}

fn merge(plan: &mut Plan, next: Plan, number: usize) -> Result<(), Error> {
    let touched: BTreeSet<GroupName> = plan.operation.changes.keys().chain(&plan.unchanged).cloned().collect();
    let again = next.operation.changes.keys().chain(&next.unchanged).find(|group| touched.contains(*group));
    if let Some(group) = again {
        let environment = &plan.operation.environment;
        return Err(wrong_step(
            number,
            &format!("has {group} in {environment}, which an earlier step has already"),
            "an environment commits once: leave one of the two steps out",
        ));
    }
    plan.operation.time = plan.operation.time.max(next.operation.time);
    plan.operation.changes.extend(next.operation.changes);
    plan.unchanged.extend(next.unchanged);
    plan.freezes.extend(next.freezes);
    plan.edits.extend(next.edits);
    plan.warnings.extend(next.warnings);
    Ok(())
}

/// What is on disk, with the outcome of the steps so far upon it.
struct Overlay<'a> {
    base: &'a dyn Facts,
    environments: BTreeMap<EnvironmentName, Arc<Environment>>,
    frozen: BTreeMap<(GroupName, Version), Arc<Candidate>>,
}

impl<'a> Overlay<'a> {
    const fn new(base: &'a dyn Facts) -> Self {
        Self { base, environments: BTreeMap::new(), frozen: BTreeMap::new() }
    }

    fn add(&mut self, plan: &Plan) -> Result<(), Error> {
        let Operation { environment: name, time, changes, .. } = &plan.operation;
        let mut environment = Environment::clone(&*self.environment(name).map_err(Error::Facts)?);
        for (group, change) in changes {
            // The operation has no id before it is committed. Nobody asks for this one: no later
            // step may touch the group in this environment again.
            let operation = OperationId::new(*time, &Digest::of(b""));
            let deployment = Deployment { release: change.after.clone(), since: *time, operation };
            environment.deployments.insert(group.clone(), deployment);
        }
        self.environments.insert(name.clone(), Arc::new(environment));
        for freeze in &plan.freezes {
            let version = plan.edits.iter().any(|edit| edit.group == freeze.group).then_some(&freeze.version);
            let candidate = self.base.working_copy(&freeze.group, version).map_err(Error::Facts)?;
            self.frozen.insert((freeze.group.clone(), freeze.version.clone()), candidate);
        }
        Ok(())
    }
}

impl Facts for Overlay<'_> {
    fn settings(&self) -> &WorkspaceSettings {
        self.base.settings()
    }

    fn groups(&self) -> Result<Vec<GroupName>, anyhow::Error> {
        self.base.groups()
    }

    fn environment(&self, environment: &EnvironmentName) -> Result<Arc<Environment>, anyhow::Error> {
        self.environments.get(environment).map_or_else(|| self.base.environment(environment), |known| Ok(known.clone()))
    }

    fn working_copy(&self, group: &GroupName, version: Option<&Version>) -> Result<Arc<Candidate>, anyhow::Error> {
        // An earlier step may have bumped the version; then that is the working copy now.
        let bumped = self
            .frozen
            .iter()
            .rev()
            .find(|((name, _), candidate)| name == group && candidate.settings_on_disk.is_some());
        match (bumped, version) {
            (Some((_, candidate)), None) => Ok(candidate.clone()),
            _ => self.base.working_copy(group, version),
        }
    }

    fn versions(&self, group: &GroupName) -> Result<BTreeSet<Version>, anyhow::Error> {
        let mut versions = self.base.versions(group)?;
        versions.extend(self.frozen.keys().filter(|(name, _)| name == group).map(|(_, version)| version.clone()));
        Ok(versions)
    }

    fn frozen(&self, group: &GroupName, version: &Version) -> Result<Option<Arc<Candidate>>, anyhow::Error> {
        match self.frozen.get(&(group.clone(), version.clone())) {
            Some(candidate) => Ok(Some(candidate.clone())),
            None => self.base.frozen(group, version),
        }
    }

    fn past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<Past>, anyhow::Error> {
        self.base.past(environment, group)
    }

    fn operation(&self, environment: &EnvironmentName, id: &OperationId) -> Result<Option<Operation>, anyhow::Error> {
        self.base.operation(environment, id)
    }
}
