//! Accept: record entries that somebody edited by hand.

use std::collections::BTreeMap;

use crate::model::{Author, Deployment, EnvironmentName, GroupName, Release, ReleaseAction};

use super::error::Error;
use super::facts::Facts;
use super::outcome::Plan;
use super::policy::{self, ReleaseDirection};

/// Plans to record edits by hand: for each group the entry as it was committed, and the release that it has now.
///
/// The policies are those that a command asks which makes the same change. Where callers get the same, there is nothing
/// to ask.
pub fn accept<E>(
    environment: &EnvironmentName,
    edits: &BTreeMap<GroupName, (Deployment, Release)>,
    facts: &dyn Facts<Error = E>,
    author: &Author,
) -> Result<Plan, Error<E>> {
    let mut plan = Plan::new(environment, author);
    let (same, changed): (Vec<_>, Vec<_>) =
        edits.iter().partition(|(_, (recorded, edited))| recorded.release.serves_same(edited));
    for (group, (recorded, edited)) in changed {
        plan.replace(group, ReleaseAction::Accept, Some(recorded), edited.clone());
    }
    policy::apply(&mut plan, facts, author, ReleaseDirection::Forward)?;
    for (group, (recorded, edited)) in same {
        plan.replace(group, ReleaseAction::Accept, Some(recorded), edited.clone());
    }
    Ok(plan)
}
