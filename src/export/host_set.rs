//! Hosts that lead to the same groups, which share a table.

use std::collections::BTreeMap;

use crate::routes::GroupRoutes;

/// Some hosts, with the groups that their requests are for.
pub(super) struct HostSet<'r> {
    /// The hosts, in order.
    pub(super) hosts: Vec<&'r str>,
    /// The indexes of the groups, those with the longest prefix first.
    pub(super) groups: Vec<usize>,
}

/// Lists the hosts of some groups: one set for each set of groups, in the order of these.
pub(super) fn host_sets<'r>(groups: &[&'r GroupRoutes]) -> Vec<HostSet<'r>> {
    let mut by_host: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        for host in group.hosts.iter() {
            by_host.entry(host).or_default().push(index);
        }
    }
    let mut by_groups: BTreeMap<Vec<usize>, Vec<&str>> = BTreeMap::new();
    for (host, indexes) in by_host {
        by_groups.entry(indexes).or_default().push(host);
    }
    let set = |(mut indexes, hosts): (Vec<usize>, _)| {
        let length = |index: &usize| groups.get(*index).map_or(0, |group| group.prefix.before_path().len());
        indexes.sort_by_key(|index| std::cmp::Reverse(length(index)));
        HostSet { hosts, groups: indexes }
    };
    by_groups.into_iter().map(set).collect()
}

impl<'r> HostSet<'r> {
    /// Returns the host that it is named by.
    pub(super) fn name(&self) -> Option<&'r str> {
        self.hosts.first().copied()
    }
}
