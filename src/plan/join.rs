//! A resolution as a plan: policies are applied to it, it is shown and waited for like any other.

use super::error::Error;
use super::facts::Facts;
use super::outcome::Plan;
use super::policy::{self, ReleaseDirection};
use super::resolve::Resolution;
use crate::model::Author;

/// Applies the environment's policies to a resolution, and returns it as a plan.
///
/// A group with a choice is judged as a change from every release that is not kept. Dropped operations and groups that
/// one branch alone changed were no choice: nothing refuses them. Overridden policies are recorded in the resolution.
pub fn join_plan<E>(
    resolution: &mut Resolution,
    facts: &dyn Facts<Error = E>,
    author: &Author,
) -> Result<Plan, Error<E>> {
    let mut plan = Plan::new(&resolution.operation.environment, author);
    plan.operation = resolution.operation.clone();
    if resolution.dropped.is_none() {
        policy::apply(&mut plan, facts, author, ReleaseDirection::Join)?;
    }
    resolution.operation.overrides.clone_from(&plan.operation.overrides);
    plan.unchanged = resolution.restored.keys().cloned().collect();
    Ok(plan)
}
