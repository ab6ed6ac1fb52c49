//! What an environment's settings allow.

use crate::model::{Backend, EnvironmentName, Policy, State};

use super::{Error, Facts, Plan};

/// Applies the environment's policies to a plan. Warnings go into the plan.
///
/// `promote_from` does not hold back a way back: rollback and undo restore what was let in before.
pub(super) fn apply(plan: &mut Plan, facts: &dyn Facts, returns: bool) -> Result<(), Error> {
    let environment = plan.operation.environment.clone();
    let settings = facts.settings().environment(&environment);
    apply_mock(plan, &environment, settings.mock)?;
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
