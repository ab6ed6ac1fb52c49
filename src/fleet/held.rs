//! The clusters that a node has, or may have.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::resources::ClusterResource;
use crate::model::{Digest, Timestamp};

/// The time for which a cluster stays that no route leads to: a request may be on its way there, or wait for its body.
pub(super) const LINGER_MS: i64 = 60_000;
/// The time that names of new clusters have to be resolved, after a node polled with their version.
const SETTLE_MS: i64 = 1_000;

/// A cluster that a node has, or may have.
#[derive(Debug, Clone)]
pub(super) struct HeldCluster {
    pub(super) resource: ClusterResource,
    /// The time at which it is taken away; `None` where a route may lead to it.
    pub(super) until: Option<Timestamp>,
    /// The time from which routes may lead to it; `None` where the node has not polled with it yet.
    pub(super) usable_at: Option<Timestamp>,
    /// True if routes of the node may have led to it.
    pub(super) was_routed: bool,
}

impl HeldCluster {
    pub(super) fn new(resource: &ClusterResource) -> Self {
        Self { resource: resource.clone(), until: None, usable_at: None, was_routed: false }
    }

    /// Moves its times, as the clock was set.
    pub(super) fn shift_times(&mut self, milliseconds: i64) {
        shift(&mut self.until, milliseconds);
        shift(&mut self.usable_at, milliseconds);
    }

    /// Notes that the node has polled with it.
    pub(super) fn note_applied(&mut self, now: Timestamp) {
        let settle_ms = if self.resource.resolves_names() { SETTLE_MS } else { 0 };
        self.usable_at.get_or_insert(now.plus_ms(settle_ms));
    }
}

/// Moves a time that may be none.
pub(super) fn shift(time: &mut Option<Timestamp>, milliseconds: i64) {
    *time = time.map(|time| time.plus_ms(milliseconds));
}

/// Returns the version of some clusters: the digest of their names and contents.
pub(super) fn clusters_version(clusters: &BTreeMap<Arc<str>, HeldCluster>) -> String {
    let mut identity = Vec::new();
    for (name, held) in clusters {
        identity.extend_from_slice(name.as_bytes());
        identity.push(b'\n');
        identity.extend_from_slice(held.resource.digest().bytes());
    }
    Digest::of(&identity).short()
}
