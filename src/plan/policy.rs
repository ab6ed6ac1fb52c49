//! What an environment's settings allow.

use std::sync::Arc;

use crate::compare::{self, Side};
use crate::model::{Backend, EnvironmentName, GroupName, Policy, State, Version};

use super::{Candidate, Error, Facts, Plan};

/// Applies the environment's policies to a plan. Warnings go into the plan.
///
/// A way back, by rollback or undo, restores what was let in before: `promote_from` does not hold it back, nor does
/// `breaking` where what is live cannot be read and so cannot be compared.
pub(super) fn apply(plan: &mut Plan, facts: &dyn Facts, returns: bool) -> Result<(), Error> {
    let environment = plan.operation.environment.clone();
    let settings = facts.settings().environment(&environment);
    apply_mock(plan, &environment, settings.mock)?;
    apply_breaking(plan, facts, &environment, settings.breaking, returns)?;
    match settings.promote_from {
        Some(source) if !returns => check_source(plan, facts, &environment, &source),
        _ => Ok(()),
    }
}

fn apply_mock(plan: &mut Plan, environment: &EnvironmentName, policy: Policy) -> Result<(), Error> {
    let mocked: Vec<String> = plan
        .operation
        .changes
        .iter()
        .filter(|(_, change)| change.after.state == State::Live && change.after.backend == Backend::Mock)
        .map(|(group, _)| group.to_string())
        .collect();
    if mocked.is_empty() {
        return Ok(());
    }
    let message = format!("a mock backend, which skips authentication and signature checks, for {}", mocked.join(", "));
    match policy {
        Policy::Allow => Ok(()),
        Policy::Warn => {
            plan.warnings.push(format!("{environment} gets {message}"));
            Ok(())
        }
        Policy::Deny => Err(Error::Refused {
            environment: environment.clone(),
            message,
            hints: vec![
                "publish with the real backend: leave `--mock` out, or give `--backend URL`".to_owned(),
                format!("the policy is `mock` under `[environments.{environment}]` in apigw.toml"),
            ],
        }),
    }
}

/// Compares each group with what is live, and holds back what breaks its callers.
fn apply_breaking(
    plan: &mut Plan,
    facts: &dyn Facts,
    environment: &EnvironmentName,
    policy: Policy,
    returns: bool,
) -> Result<(), Error> {
    if policy == Policy::Allow {
        return Ok(());
    }
    let (mut broken, mut unknown) = (Vec::new(), Vec::new());
    let (mut commands, mut warnings) = (Vec::new(), Vec::new());
    for (group, change) in &plan.operation.changes {
        let before = change.before.as_ref().map(|before| &before.release).filter(|before| before.state == State::Live);
        let Some(before) = before.filter(|before| before.digest != change.after.digest) else { continue };
        if change.after.state != State::Live {
            continue;
        }
        match broken_by(plan, facts, group, (&before.version, &change.after.version))? {
            Verdict::Breaks(found) if found.is_empty() => {}
            Verdict::Breaks(found) => {
                let is_frozen = !plan.freezes.iter().any(|freeze| freeze.group == *group);
                let after = if is_frozen { format!("{group}@{}", change.after.version) } else { group.to_string() };
                commands.push(format!("see all that differs: `apigw diff {group}@{environment} {after}`"));
                broken.extend(found);
            }
            Verdict::Unknown(reason) if returns => warnings.push(reason),
            Verdict::Unknown(reason) => unknown.push(reason),
        }
    }
    plan.warnings.append(&mut warnings);
    if broken.is_empty() && unknown.is_empty() {
        return Ok(());
    }
    if policy == Policy::Warn {
        plan.warnings.extend(broken.into_iter().chain(unknown));
        return Ok(());
    }
    let message = refusal(broken.len(), unknown.len());
    let count = broken.len() + unknown.len();
    let mut hints: Vec<String> = unknown.into_iter().chain(broken).take(MOST_SHOWN).collect();
    if count > MOST_SHOWN {
        hints.push(format!("and {} more", count - MOST_SHOWN));
    }
    hints.extend(commands);
    hints.push(format!("the policy is `breaking` under `[environments.{environment}]` in apigw.toml"));
    Err(Error::Refused { environment: environment.clone(), message, hints })
}

/// Says why a plan is held back: what breaks callers, and of how many groups nobody can tell.
fn refusal(breaking: usize, unknown: usize) -> String {
    let callers = match breaking {
        0 => None,
        1 => Some("a caller of what is live there would break (1 change)".to_owned()),
        _ => Some(format!("callers of what is live there would break ({breaking} changes)")),
    };
    let untold = match unknown {
        0 => None,
        1 => Some("it cannot be told whether callers of what is live there break".to_owned()),
        _ => Some(format!("it cannot be told whether callers of what is live there break, for {unknown} groups")),
    };
    callers.into_iter().chain(untold).collect::<Vec<_>>().join("; and ")
}

/// What is known of how a version serves the callers of another one.
enum Verdict {
    /// What breaks them; nothing where they keep working.
    Breaks(Vec<String>),
    /// Why nobody can tell.
    Unknown(String),
}

/// Says what of a version that is to be live breaks the callers of the one that is.
fn broken_by(
    plan: &Plan,
    facts: &dyn Facts,
    group: &GroupName,
    (live, next): (&Version, &Version),
) -> Result<Verdict, Error> {
    let before = facts.frozen(group, live);
    let after = planned(plan, facts, group, next)?;
    let unknown = |version: &Version, why: String| {
        let message = format!("it cannot be told whether callers of {group} break: version {version} {why}");
        Verdict::Unknown(format!("{message}; see `apigw verify`"))
    };
    let before = match before {
        Ok(Some(before)) => before,
        Ok(None) => return Ok(unknown(live, "is live, but its folder is missing".to_owned())),
        Err(error) => return Ok(unknown(live, format!("is live, but cannot be read: {error:#}"))),
    };
    let Some(after) = after else { return Ok(unknown(next, "has no folder".to_owned())) };
    let Some(old) = &before.definition else {
        return Ok(unknown(live, "is live, but its definition cannot be read".to_owned()));
    };
    let Some(new) = &after.definition else {
        return Ok(unknown(next, "has a definition that cannot be read".to_owned()));
    };
    let comparison = compare::compare(
        Side { settings: &before.settings, definition: old },
        Side { settings: &after.settings, definition: new },
    );
    let breaking = comparison.changes.iter().filter(|change| change.is_breaking());
    let shown = |change: &compare::Change| {
        let parts = [change.apis(1), change.path.clone()];
        let place: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let place = if place.is_empty() { String::new() } else { format!(" {}", place.join(", ")) };
        format!("callers break: {group}{place}: {}", change.message)
    };
    Ok(Verdict::Breaks(breaking.map(shown).collect()))
}

/// How many breaking changes a refusal lists.
const MOST_SHOWN: usize = 10;

/// Returns the version that a plan makes live, frozen already or about to be.
fn planned(
    plan: &Plan,
    facts: &dyn Facts,
    group: &GroupName,
    version: &Version,
) -> Result<Option<Arc<Candidate>>, Error> {
    if !plan.freezes.iter().any(|freeze| freeze.group == *group) {
        return facts.frozen(group, version).map_err(Error::Facts);
    }
    let edited = plan.edits.iter().any(|edit| edit.group == *group);
    facts.working_copy(group, edited.then_some(version)).map(Some).map_err(Error::Facts)
}

fn check_source(
    plan: &Plan,
    facts: &dyn Facts,
    environment: &EnvironmentName,
    source: &EnvironmentName,
) -> Result<(), Error> {
    let live = facts.environment(source).map_err(Error::Facts)?;
    for (group, change) in &plan.operation.changes {
        let after = &change.after;
        let is_live_there = live.deployments.get(group).is_some_and(|deployment| {
            deployment.release.state == State::Live && deployment.release.digest == after.digest
        });
        if !is_live_there {
            return Err(Error::Refused {
                environment: environment.clone(),
                message: format!("{group} {} is not live in {source}, from where it has to come", after.version),
                hints: vec![
                    format!(
                        "publish it there first: `apigw publish {group} --env {source} --version {}`",
                        after.version
                    ),
                    format!("the policy is `promote_from` under `[environments.{environment}]` in apigw.toml"),
                ],
            });
        }
    }
    Ok(())
}
