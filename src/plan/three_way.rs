//! Merges two branches' entries of an environment against the entries that both began from.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Deployment, Environment, GroupName};

/// The entries of a group on the two sides of a merge.
pub type SidePair = (Option<Deployment>, Option<Deployment>);

/// Merges entries by group: a group that one side changed is taken from that side. Returns the groups that both changed
/// with the entry of each side; they are not in the environment that is returned.
#[must_use]
pub fn merge_entries(
    base: &Environment,
    ours: &Environment,
    theirs: &Environment,
) -> (Environment, BTreeMap<GroupName, SidePair>) {
    let mut merged = Environment::empty(ours.name.clone());
    let mut conflicts = BTreeMap::new();
    let groups: BTreeSet<&GroupName> = ours.deployments.keys().chain(theirs.deployments.keys()).collect();
    for group in groups {
        let [before, left, right] = [base, ours, theirs].map(|side| side.deployments.get(group));
        let kept = if left == right || right == before {
            left
        } else if left == before {
            right
        } else {
            conflicts.insert(group.clone(), (left.cloned(), right.cloned()));
            continue;
        };
        merged.deployments.extend(kept.map(|entry| (group.clone(), entry.clone())));
    }
    (merged, conflicts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Backend, DeploymentState, Digest, Release};

    /// Each letter of a side is a group's entry of that number; a dot is none.
    fn environment(numbers: &str) -> Environment {
        let mut environment = Environment::empty("test".parse().expect("a name"));
        for (group, number) in ["a", "b", "c"].iter().zip(numbers.chars()).filter(|(_, number)| *number != '.') {
            let release = Release {
                state: DeploymentState::Live,
                version: format!("0.0.{number}").parse().expect("a version"),
                digest: Digest::of(b""),
                backend: Backend::Mock,
            };
            let entry = Deployment {
                release,
                since: "2026-11-23T18:00:00.000Z".parse().expect("a time"),
                operation: "20261123T180000.000Z-0123456789ab".parse().expect("an id"),
            };
            environment.deployments.insert(group.parse().expect("a name"), entry);
        }
        environment
    }

    #[test]
    fn what_one_side_changed_is_taken_from_it() {
        for (base, ours, theirs, expected, in_conflict) in [
            ("111", "111", "111", "111", ""),
            ("111", "211", "112", "212", ""),
            ("111", "222", "222", "222", ""),
            ("...", "1..", ".1.", "11.", ""),
            ("...", "1..", "2..", "...", "a"),
            ("111", "211", "312", ".12", "a"),
            ("111", "211", "322", ".22", "a"),
            // An entry goes where the commit that made it was reverted.
            ("11.", ".1.", "11.", ".1.", ""),
            ("11.", ".1.", "21.", ".1.", "a"),
        ] {
            let (merged, conflicts) = merge_entries(&environment(base), &environment(ours), &environment(theirs));
            assert_eq!(merged, environment(expected), "{base} {ours} {theirs}");
            let conflicts: String = conflicts.keys().map(GroupName::as_str).collect();
            assert_eq!(conflicts, in_conflict, "{base} {ours} {theirs}");
        }
    }
}
