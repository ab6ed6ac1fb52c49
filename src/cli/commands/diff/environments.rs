//! The comparison of two environments, as far as they can be read.

use std::collections::BTreeSet;

use super::sides::DiffSide;
use super::{GroupDiff, one};
use crate::cli::error::CommandError;
use crate::compare::ChangeRules;
use crate::model::{EnvironmentName, GroupName};
use crate::plan::Facts as _;
use crate::workspace::{DiskFacts, EnvironmentOverview, ViewProblem};

/// Compares every group of which both sides are known, and returns the reasons why others are not.
pub(super) fn compare(
    facts: &DiskFacts<'_>,
    names: &[EnvironmentName; 2],
    judgement: ChangeRules<'_>,
) -> Result<(Vec<GroupDiff>, Vec<ViewProblem>), CommandError> {
    let overviews = facts.workspace().overview(names, None);
    let entries = overviews.iter().flat_map(|overview| overview.environment.deployments.keys());
    let groups: BTreeSet<&GroupName> = entries.collect();
    let mut problems: Vec<ViewProblem> = overviews.iter().flat_map(|overview| overview.problems.clone()).collect();
    let mut diffs = Vec::new();
    for group in groups {
        let sides: Vec<DiffSide> = overviews.iter().filter_map(|overview| side(facts, overview, group)).collect();
        problems.extend(sides.iter().filter_map(|side| side.problem.clone()));
        if let Ok([before, after]) = <[DiffSide; 2]>::try_from(sides) {
            diffs.push(one(group.clone(), before, after, judgement)?);
        }
    }
    if diffs.is_empty() {
        // With nothing beside it, the error of the file says more.
        for name in names {
            facts.environment(name)?;
        }
    }
    Ok((diffs, problems))
}

/// Returns the side of a group in an environment; `None` where its entry is among those that cannot be read.
fn side(
    facts: &DiskFacts<'_>,
    EnvironmentOverview { environment, problems }: &EnvironmentOverview,
    group: &GroupName,
) -> Option<DiffSide> {
    let is_absent = !environment.deployments.contains_key(group);
    if is_absent && problems.iter().any(|problem| problem.group.as_ref().is_none_or(|named| named == group)) {
        return None;
    }
    Some(DiffSide::of_entry(facts, environment, group))
}
