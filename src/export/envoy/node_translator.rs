//! The routes and the clusters of nodes, in which a change of one group touches the hosts of that group alone.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::super::host_set::{HostSet, host_sets};
use super::super::node::{NodeCluster, NodeResources};
use super::super::upstream::ConnectedUpstream;
use super::cluster::cluster;
use super::json_text::JsonText;
use super::route::{VirtualHost, configuration_fields, short_tables, unknown_host, virtual_hosts};
use crate::model::DigestedText;
use crate::routes::GroupRoutes;

/// The end of the names of a node's routes and clusters, whose listener comes with them.
pub(super) const NODE_NAME_END: &str = "";

/// Writes the resources of nodes, and keeps the hosts that it has written for as long as their groups are the very
/// same.
#[derive(Debug)]
pub struct NodeTranslator {
    /// The folder of the nodes with the files that backends need for TLS.
    secrets_folder: String,
    /// By the first of their names.
    hosts: HashMap<String, WrittenHost>,
}

/// A virtual host that is written.
#[derive(Debug)]
struct WrittenHost {
    /// All that it was written of. No other groups can be where these are, as long as they are kept.
    names: Vec<String>,
    groups: Vec<Arc<GroupRoutes>>,
    /// Its text, and a comma: the host of all others comes last.
    text: DigestedText,
    longest_body: usize,
    clusters: Vec<Arc<NodeCluster>>,
}

impl NodeTranslator {
    /// Begins with nothing written, for nodes that find the files of backends in a folder.
    #[must_use]
    pub fn new(secrets_folder: String) -> Self {
        Self { secrets_folder, hosts: HashMap::new() }
    }

    /// Writes the routes and the clusters of some groups.
    pub fn translate(&mut self, groups: &[Arc<GroupRoutes>]) -> NodeResources {
        let routes: Vec<&GroupRoutes> = groups.iter().map(Arc::as_ref).collect();
        let sets = host_sets(&routes);
        let names: Vec<String> = sets.iter().filter_map(HostSet::name).map(str::to_owned).collect();
        let changed: Vec<HostSet<'_>> = sets.into_iter().filter(|set| !self.is_written(set, groups)).collect();
        let written: Vec<WrittenHost> = {
            let of_sets = changed.iter().map(|set| {
                let of_set = set.groups.iter().filter_map(|index| groups.get(*index).cloned());
                (set.hosts.iter().map(|host| (*host).to_owned()).collect(), of_set.collect())
            });
            let of_sets: Vec<(Vec<String>, Vec<Arc<GroupRoutes>>)> = of_sets.collect();
            let hosts = virtual_hosts(&short_tables(&routes, changed), NODE_NAME_END);
            let hosts = hosts.into_iter().zip(of_sets);
            hosts.map(|(host, (names, groups))| self.written(host, names, groups)).collect()
        };
        let kept = names.iter().filter_map(|name| self.hosts.remove_entry(name));
        self.hosts = kept.collect();
        for host in written {
            if let Some(name) = host.names.first() {
                self.hosts.insert(name.clone(), host);
            }
        }
        let hosts: Vec<&WrittenHost> = names.iter().filter_map(|name| self.hosts.get(name)).collect();
        resources(&hosts)
    }

    fn is_written(&self, set: &HostSet<'_>, groups: &[Arc<GroupRoutes>]) -> bool {
        let written = set.name().and_then(|name| self.hosts.get(name));
        written.is_some_and(|written| {
            let of_set = set.groups.iter().filter_map(|index| groups.get(*index));
            let has_groups = written.groups.iter().map(Arc::as_ptr).eq(of_set.map(Arc::as_ptr));
            has_groups && written.names.iter().eq(&set.hosts)
        })
    }

    fn written(&self, host: VirtualHost<'_>, names: Vec<String>, groups: Vec<Arc<GroupRoutes>>) -> WrittenHost {
        let VirtualHost { text, longest_body, upstreams } = host;
        let of_upstream = |upstream: &ConnectedUpstream<'_>| {
            Arc::new(NodeCluster {
                name: upstream.name.clone(),
                message: cluster(upstream, &self.secrets_folder),
                resolves_names: upstream.endpoints.iter().any(|endpoint| endpoint.host.parse::<IpAddr>().is_err()),
            })
        };
        let clusters = upstreams.iter().map(of_upstream).collect();
        let mut written = String::new();
        text.compact(&mut |piece| written.push_str(piece));
        written.push(',');
        WrittenHost { names, groups, text: DigestedText::new(written), longest_body, clusters }
    }
}

/// Puts the resources of some hosts together.
fn resources(hosts: &[&WrittenHost]) -> NodeResources {
    let unknown = unknown_host(NODE_NAME_END);
    let longest_body = hosts.iter().map(|host| host.longest_body).fold(unknown.longest_body, usize::max);
    // A node refuses routes to clusters that it lacks, rather than answer 503.
    let fields = configuration_fields(NODE_NAME_END, longest_body);
    let fields = fields.with("validate_clusters", JsonText::new(true.into(), 0));
    let (before, after) = fields.around_list("virtual_hosts");
    let mut last = String::new();
    unknown.text.compact(&mut |piece| last.push_str(piece));
    last.push_str(after);
    let of_hosts = hosts.iter().map(|host| host.text.clone());
    let routes = std::iter::once(DigestedText::new(before)).chain(of_hosts).chain([DigestedText::new(last)]);
    let clusters = hosts.iter().flat_map(|host| &host.clusters).map(Arc::clone);
    NodeResources { routes: routes.collect(), clusters: clusters.collect() }
}

#[cfg(test)]
mod tests;
