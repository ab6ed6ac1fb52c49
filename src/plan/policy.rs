//! What an environment's settings allow.

use std::sync::Arc;

use crate::compare::{self, Compatibility, Side};
use crate::model::{Backend, EnvironmentName, GroupName, Policy, State, Version};

use super::{Candidate, Error, Facts, Plan};

/// Applies the environment's policies to a plan. Warnings go into the plan.
///
/// `promote_from` does not hold back a way back: rollback and undo restore what was let in before.
pub(super) fn apply(plan: &mut Plan, facts: &dyn Facts, returns: bool) -> Result<(), Error> {
    let environment = plan.operation.environment.clone();
    let settings = facts.settings().environment(&environment);
    apply_mock(plan, &environment, settings.mock)?;
    apply_breaking(plan, facts, &environment, settings.breaking)?;
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
) -> Result<(), Error> {
    if policy == Policy::Allow {
        return Ok(());
    }
    let mut broken = Vec::new();
    for (group, change) in &plan.operation.changes {
        let before = change.before.as_ref().map(|before| &before.release).filter(|before| before.state == State::Live);
        let Some(before) = before.filter(|before| before.digest != change.after.digest) else { continue };
        if change.after.state != State::Live {
            continue;
        }
        let (Some(before), Some(after)) = (
            facts.frozen(group, &before.version).map_err(Error::Facts)?,
            planned(plan, facts, group, &change.after.version)?,
        ) else {
            continue;
        };
        let (Some(old), Some(new)) = (&before.definition, &after.definition) else { continue };
        let comparison = compare::compare(
            Side { settings: &before.settings, definition: old },
            Side { settings: &after.settings, definition: new },
        );
        let breaking = comparison.changes.iter().filter(|change| change.compatibility == Compatibility::Breaking);
        broken.extend(breaking.map(|change| {
            let api = change.api.as_ref().map(|api| format!(" {} {}", api.method, api.path)).unwrap_or_default();
            format!("{group}{api}: {}", change.message)
        }));
    }
    if broken.is_empty() {
        return Ok(());
    }
    if policy == Policy::Warn {
        plan.warnings.extend(broken.into_iter().map(|change| format!("callers break: {change}")));
        return Ok(());
    }
    let message = format!("callers of what is live there would break ({} changes)", broken.len());
    let more = broken.len().saturating_sub(MOST_SHOWN);
    let mut hints: Vec<String> =
        broken.into_iter().take(MOST_SHOWN).map(|change| format!("callers break: {change}")).collect();
    if more > 0 {
        hints.push(format!("and {more} more; `apigw diff` shows all"));
    }
    hints.push(format!("the policy is `breaking` under `[environments.{environment}]` in apigw.toml"));
    Err(Error::Refused { environment: environment.clone(), message, hints })
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
        if after.state == State::Live && !is_live_there {
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
