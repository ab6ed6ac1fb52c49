//! From a host name and a path's prefix to a group in an environment.

use std::collections::HashMap;
use std::sync::Arc;

use super::hash::FastHash;
use super::host::Host;
use super::table::Found;
use crate::gateway::served::ServedGroup;
use crate::model::{DomainName, EnvironmentName};

/// The environment whose groups have custom domains.
const CUSTOM_DOMAINS_IN: &str = "online";

/// What is served of an environment, by host name.
#[derive(Default)]
pub(crate) struct HostTable {
    hosts: HashMap<Box<str>, GroupsByPrefix, FastHash>,
    /// What a loopback host name reaches, where no other environment is served.
    loopback: Option<GroupsByPrefix>,
}

/// The groups of one host, by what their paths start with.
#[derive(Default)]
struct GroupsByPrefix {
    groups: HashMap<Box<str>, Vec<Arc<ServedGroup>>, FastHash>,
    most_segments: usize,
}

/// What a host and a path lead to.
pub(crate) enum Lookup<'t, 'p> {
    /// A path that a group knows.
    Path(&'t Arc<ServedGroup>, Found<'t, 'p>, &'p str),
    /// The host is served, the path is not.
    UnknownPath,
    /// Nothing is served for the host.
    UnknownHost,
}

impl HostTable {
    /// Builds the table of an environment's live groups; `alone` says that no other environment is served.
    pub(crate) fn build(
        environment: &EnvironmentName,
        groups: &[Arc<ServedGroup>],
        base: &DomainName,
        alone: bool,
    ) -> Self {
        let mut table =
            Self { hosts: HashMap::with_capacity_and_hasher(groups.len(), FastHash::default()), loopback: None };
        let has_custom_domains = environment.as_str() == CUSTOM_DOMAINS_IN;
        for group in groups {
            table.add(&format!("{}.{environment}.{base}", group.name), group);
            let domains = group.compiled.domains.iter().filter(|_| has_custom_domains);
            for domain in domains {
                table.add(domain.as_str(), group);
            }
        }
        if alone {
            let mut loopback = GroupsByPrefix::default();
            for group in groups {
                loopback.add(group);
            }
            table.loopback = Some(loopback);
        }
        table
    }

    /// Finds what a host and a canonical path lead to, or nothing where the host is not of this environment.
    pub(crate) fn find<'t, 'p>(&'t self, host: &Host, path: &'p str) -> Option<Lookup<'t, 'p>> {
        let loopback = || self.loopback.as_ref().filter(|_| host.is_loopback());
        let groups = self.hosts.get(host.name()).or_else(loopback)?;
        let found = groups.find(path);
        Some(found.map_or(Lookup::UnknownPath, |(group, found, rest)| Lookup::Path(group, found, rest)))
    }

    fn add(&mut self, host: &str, group: &Arc<ServedGroup>) {
        self.hosts.entry(host.into()).or_default().add(group);
    }
}

impl GroupsByPrefix {
    fn add(&mut self, group: &Arc<ServedGroup>) {
        let prefix = group.compiled.prefix.before_path();
        self.most_segments = self.most_segments.max(prefix.matches('/').count());
        self.groups.entry(prefix.into()).or_default().push(Arc::clone(group));
    }

    /// Finds the group with the longest prefix that knows the rest of the path.
    fn find<'t, 'p>(&'t self, path: &'p str) -> Option<(&'t Arc<ServedGroup>, Found<'t, 'p>, &'p str)> {
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
            groups.iter().find_map(|group| Some((group, group.compiled.routes.find(rest)?, rest)))
        })
    }
}
