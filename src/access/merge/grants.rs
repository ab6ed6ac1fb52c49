//! Grants of two sides, merged by what each is for: one group, one environment, the same APIs.

use std::collections::{BTreeMap, BTreeSet};

use super::ContestedField;
use crate::access::grant::Grant;
use crate::model::{EnvironmentName, GroupName, RateLimits};

/// All that a grant is for in one environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct GrantPlace {
    group: GroupName,
    environment: EnvironmentName,
    apis: Vec<String>,
}

/// The grants by place. The environments of each are not looked at.
type GrantsByPlace<'g> = BTreeMap<GrantPlace, &'g Grant>;

/// Merged grants, with what they had to leave out.
pub(super) struct GrantMerge {
    pub(super) grants: Vec<Grant>,
    pub(super) contested: Vec<ContestedField>,
    pub(super) withheld: Vec<String>,
}

/// Merges the grants of two sides since a common state.
///
/// A place that one side removed is gone, also where the other changed its limits, which replaces the grant. Where one
/// side removed all grants for a group in an environment, those that the other added there are withheld.
pub(super) fn merge_grants(base: &[Grant], one: &[Grant], other: &[Grant]) -> GrantMerge {
    let (base, one, other) = (by_place(base), by_place(one), by_place(other));
    let targets = |grants: &GrantsByPlace<'_>| grants.keys().map(target).collect::<BTreeSet<_>>();
    let (base_targets, one_targets, other_targets) = (targets(&base), targets(&one), targets(&other));
    let is_closed = |target: &(GroupName, EnvironmentName)| {
        base_targets.contains(target) && !(one_targets.contains(target) && other_targets.contains(target))
    };
    let mut merge = GrantMerge { grants: Vec::new(), contested: Vec::new(), withheld: Vec::new() };
    let places: BTreeSet<&GrantPlace> = one.keys().chain(other.keys()).collect();
    for place in places {
        let kept = match (base.get(place), one.get(place), other.get(place)) {
            (None, Some(grant), None) | (None, None, Some(grant)) if is_closed(&target(place)) => {
                merge.withheld.push(format!("{}: the other branch revoked all of it", described(place, grant)));
                continue;
            }
            (None, Some(grant), None) | (None, None, Some(grant)) => *grant,
            (base, Some(one), Some(other)) => merge.pick(place, base.copied(), one, other),
            _ => continue,
        };
        merge.add(kept, &place.environment);
    }
    merge
}

impl GrantMerge {
    /// Chooses one of two grants for one place.
    fn pick<'g>(&mut self, place: &GrantPlace, base: Option<&Grant>, one: &'g Grant, other: &'g Grant) -> &'g Grant {
        let is_base = |grant: &Grant| base.is_some_and(|base| base.id == grant.id && base.limits == grant.limits);
        if is_base(other) {
            return one;
        }
        if is_base(one) {
            return other;
        }
        if one.limits != other.limits {
            let kept = one;
            let (one, other) = (shown_limits(&one.limits), shown_limits(&other.limits));
            let field = format!("the limits of the grant for {}", named(place));
            self.contested.push(ContestedField { field, one, other });
            return kept;
        }
        if one.since <= other.since { one } else { other }
    }

    /// Adds a grant in one environment; the environments of one grant come together again.
    fn add(&mut self, grant: &Grant, environment: &EnvironmentName) {
        let is_same = |known: &&mut Grant| known.id == grant.id && known.limits == grant.limits;
        if let Some(known) = self.grants.iter_mut().find(is_same) {
            known.environments.push(environment.clone());
            known.environments.sort_unstable();
        } else {
            self.grants.push(Grant { environments: vec![environment.clone()], ..grant.clone() });
        }
    }
}

fn by_place(grants: &[Grant]) -> GrantsByPlace<'_> {
    let places = grants.iter().flat_map(|grant| {
        grant.environments.iter().map(move |environment| {
            let place =
                GrantPlace { group: grant.group.clone(), environment: environment.clone(), apis: grant.apis.clone() };
            (place, grant)
        })
    });
    places.collect()
}

fn target(place: &GrantPlace) -> (GroupName, EnvironmentName) {
    (place.group.clone(), place.environment.clone())
}

fn named(place: &GrantPlace) -> String {
    let apis = if place.apis.is_empty() { String::new() } else { format!(" ({})", place.apis.join(", ")) };
    format!("{} in {}{apis}", place.group, place.environment)
}

fn described(place: &GrantPlace, grant: &Grant) -> String {
    format!("grant {} for {} by {}", grant.id, named(place), grant.by)
}

/// Writes limits for a person who has to choose.
pub(super) fn shown_limits(limits: &RateLimits) -> String {
    if limits.is_empty() { "none".to_owned() } else { limits.to_string() }
}
