//! From a host name and a path's prefix to a group in an environment.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::host::RequestedHost;
use super::table::{PathMatch, RouteTable};
use crate::model::GroupHosts;

/// A group that requests are routed to.
pub(crate) trait RoutedGroup {
    /// Returns the hosts that its requests are for.
    fn hosts(&self) -> &GroupHosts;

    /// Returns the prefix of their paths; empty for `/`.
    fn prefix(&self) -> &str;

    /// Returns its routes.
    fn routes(&self) -> &RouteTable;
}

/// The groups of an environment, by host name.
pub(crate) struct HostTable<G> {
    hosts: HashMap<Box<str>, GroupsByPrefix<G>, FixedState>,
    /// Groups of a loopback host name, where no other environment is served.
    loopback: Option<GroupsByPrefix<G>>,
}

/// The groups of one host, by path prefix.
struct GroupsByPrefix<G> {
    groups: HashMap<Box<str>, Vec<Arc<G>>, FixedState>,
    most_segments: usize,
}

/// Result of looking up a host and a path.
pub(crate) enum HostLookup<'t, 'p, G> {
    /// A path that a group knows.
    Path(&'t Arc<G>, PathMatch<'t, 'p>, &'p str),
    /// The host is served, the path is not.
    UnknownPath,
    /// Nothing is served for the host.
    UnknownHost,
}

impl<G: RoutedGroup> HostTable<G> {
    /// Builds the table of an environment's live groups; `alone` says that no other environment is served.
    pub(crate) fn build<'g>(groups: impl Iterator<Item = &'g Arc<G>> + Clone, alone: bool) -> Self
    where
        G: 'g,
    {
        let room = groups.clone().count();
        let mut table = Self { hosts: HashMap::with_capacity_and_hasher(room, FixedState::default()), loopback: None };
        for group in groups.clone() {
            for host in group.hosts().iter() {
                table.hosts.entry(host.into()).or_insert_with(GroupsByPrefix::new).add(group);
            }
        }
        if alone {
            let mut loopback = GroupsByPrefix::new();
            for group in groups {
                loopback.add(group);
            }
            table.loopback = Some(loopback);
        }
        table
    }

    /// Looks up a host and a canonical path; `None` if the host is not of this environment.
    pub(crate) fn find<'t, 'p>(&'t self, host: &RequestedHost, path: &'p str) -> Option<HostLookup<'t, 'p, G>> {
        let loopback = || self.loopback.as_ref().filter(|_| host.is_loopback());
        let groups = self.hosts.get(host.name()).or_else(loopback)?;
        let found = groups.find(path);
        Some(found.map_or(HostLookup::UnknownPath, |(group, found, rest)| HostLookup::Path(group, found, rest)))
    }
}

impl<G: RoutedGroup> GroupsByPrefix<G> {
    fn new() -> Self {
        Self { groups: HashMap::default(), most_segments: 0 }
    }

    fn add(&mut self, group: &Arc<G>) {
        let prefix = group.prefix();
        self.most_segments = self.most_segments.max(prefix.matches('/').count());
        self.groups.entry(prefix.into()).or_default().push(Arc::clone(group));
    }

    /// Finds the group with the longest prefix that knows the rest of the path.
    fn find<'t, 'p>(&'t self, path: &'p str) -> Option<(&'t Arc<G>, PathMatch<'t, 'p>, &'p str)> {
        let slashes = path.bytes().enumerate().skip(1).filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
        let mut ends = [0; 17];
        let mut count = 1;
        for (slot, end) in ends.iter_mut().skip(1).zip(slashes.chain([path.len()])).take(self.most_segments) {
            *slot = end;
            count += 1;
        }
        ends.iter().take(count).rev().find_map(|&end| {
            let (prefix, rest) = path.split_at_checked(end)?;
            let rest = if rest.is_empty() { "/" } else { rest };
            let groups = self.groups.get(prefix)?;
            groups.iter().find_map(|group| Some((group, group.routes().find(rest)?, rest)))
        })
    }
}
