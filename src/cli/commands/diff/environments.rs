//! The comparison of two environments, as far as they can be read.

use std::collections::BTreeSet;

use super::sides::DiffSide;
use super::{GroupDiff, one};
use crate::cli::error::CommandError;
use crate::compare::ChangeRules;
use crate::model::{EnvironmentName, GroupName};
use crate::plan::Facts as _;
use crate::workspace::{DiskFacts, EnvironmentOverview, Error, ViewProblem};

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
        let mut sides = Vec::new();
        for overview in &overviews {
            match side(facts, overview, group) {
                Ok(side) => sides.extend(side),
                Err(problem) => problems.push(problem),
            }
        }
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
) -> Result<Option<DiffSide>, ViewProblem> {
    let is_absent = !environment.deployments.contains_key(group);
    if is_absent && problems.iter().any(|problem| problem.group.as_ref().is_none_or(|named| named == group)) {
        return Ok(None);
    }
    let side = DiffSide::of_entry(facts, environment, group).and_then(|side| match &side.candidate {
        Some(candidate) if candidate.definition.is_none() => Err(Error::Invalid(candidate.findings.clone())),
        _ => Ok(side),
    });
    side.map(Some).map_err(|error| ViewProblem {
        environment: environment.name.clone(),
        group: Some(group.clone()),
        message: error.one_line(),
    })
}
