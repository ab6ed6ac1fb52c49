//! The state of a node, and the decision about each of its polls.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::held::{HeldCluster, LINGER_MS, clusters_version, shift};
use super::kind::{KindState, PolledVersion, content_of};
use super::resources::{DiscoveryBody, FleetRelease, ReleaseSummary};
use super::{DiscoveryPoll, ResourceKind};
use crate::model::Timestamp;

/// The time for which a name counts as shared after two processes were seen to poll under it.
const SHARED_MS: i64 = 60_000;

/// The next step about a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollStep {
    /// Send this body.
    Send(DiscoveryBody),
    /// There is nothing to send, at least until a time unless something changes.
    Wait(Option<Timestamp>),
}

/// A node.
#[derive(Debug)]
pub(super) struct NodeRecord {
    pub(super) listen: SocketAddr,
    pub(super) joined: Timestamp,
    pub(super) seen: Timestamp,
    pub(super) kinds: [KindState; 3],
    pub(super) held: BTreeMap<Arc<str>, HeldCluster>,
    /// The clusters of the version that the node has applied; `None` where they are not known.
    pub(super) applied_clusters: Option<BTreeSet<Arc<str>>>,
    sent_clusters: BTreeSet<Arc<str>>,
    /// The release whose routes the node has applied; `None` where it has none, or unknown ones.
    pub(super) applied: Option<Arc<ReleaseSummary>>,
    sent_routes: Option<Arc<ReleaseSummary>>,
    /// The release that the clusters which were sent last are of.
    sent_for: Option<Arc<FleetRelease>>,
    /// A release whose clusters the node has, and whose routes it is to get: newer ones may come faster than it polls.
    next: Option<Arc<FleetRelease>>,
    /// When two processes were last seen to poll under the name.
    pub(super) shared_at: Option<Timestamp>,
}

impl NodeRecord {
    pub(super) fn new(listen: SocketAddr, now: Timestamp) -> Self {
        Self {
            listen,
            joined: now,
            seen: now,
            kinds: std::array::from_fn(|_| KindState::new(String::new(), now)),
            held: BTreeMap::new(),
            applied_clusters: None,
            sent_clusters: BTreeSet::new(),
            applied: None,
            sent_routes: None,
            sent_for: None,
            next: None,
            shared_at: None,
        }
    }

    pub(super) const fn kind(&self, kind: ResourceKind) -> &KindState {
        &self.kinds[kind as usize]
    }

    pub(super) const fn kind_mut(&mut self, kind: ResourceKind) -> &mut KindState {
        &mut self.kinds[kind as usize]
    }

    /// Learns from a poll. A release whose routes the node may have is found by its version. Returns true if it says
    /// something new.
    pub(super) fn arrive(
        &mut self,
        poll: &DiscoveryPoll,
        release: Option<&FleetRelease>,
        find: impl Fn(&str) -> Option<Arc<ReleaseSummary>>,
        now: Timestamp,
    ) -> bool {
        (self.listen, self.seen) = (poll.listen, now);
        let is_shared = poll.waits && self.kind_mut(poll.kind).hold(poll.source, now);
        if is_shared {
            self.shared_at = Some(now);
        }
        let was_refused = self.kind(poll.kind).is_refused();
        let polled = self.kind_mut(poll.kind).learn(&poll.version, now);
        match poll.kind {
            ResourceKind::Listeners => {}
            ResourceKind::Clusters => self.learn_clusters(polled, &poll.version, release, now),
            ResourceKind::Routes => self.learn_routes(polled, &poll.version, find),
        }
        self.mark_unused(release, now);
        polled != PolledVersion::Unchanged || is_shared || self.kind(poll.kind).is_refused() != was_refused
    }

    fn learn_clusters(&mut self, polled: PolledVersion, version: &str, release: Option<&FleetRelease>, now: Timestamp) {
        match polled {
            PolledVersion::Unchanged => {}
            PolledVersion::Accepted => {
                let sent = std::mem::take(&mut self.sent_clusters);
                for name in &sent {
                    if let Some(held) = self.held.get_mut(name) {
                        held.note_applied(now);
                    }
                }
                self.applied_clusters = Some(sent);
                let is_pending =
                    |next: &Arc<FleetRelease>| next.summary.version != self.kind(ResourceKind::Routes).applied;
                if !self.next.as_ref().is_some_and(is_pending) {
                    self.next = self.sent_for.take();
                }
            }
            // Envoy has just been started: it has nothing of before.
            PolledVersion::Unknown if version.is_empty() => {
                let (joined, shared_at) = (self.joined, self.shared_at);
                let clusters = self.kind(ResourceKind::Clusters).clone();
                *self = Self { joined, shared_at, ..Self::new(self.listen, now) };
                *self.kind_mut(ResourceKind::Clusters) = clusters;
                self.applied_clusters = Some(BTreeSet::new());
            }
            PolledVersion::Unknown => {
                let wanted = release.map(|release| self.wanted_clusters(release, now));
                let is_same =
                    |wanted: &BTreeMap<Arc<str>, HeldCluster>| clusters_version(wanted) == content_of(version);
                self.applied_clusters = wanted.filter(is_same).map(|wanted| {
                    self.held = wanted;
                    self.held.values_mut().for_each(|held| held.note_applied(now));
                    self.held.keys().cloned().collect()
                });
            }
        }
    }

    fn learn_routes(
        &mut self,
        polled: PolledVersion,
        version: &str,
        find: impl Fn(&str) -> Option<Arc<ReleaseSummary>>,
    ) {
        match polled {
            PolledVersion::Unchanged => {}
            PolledVersion::Accepted => self.applied = self.sent_routes.take(),
            PolledVersion::Unknown => {
                self.sent_routes = None;
                self.applied = find(version);
                for (name, resource) in self.applied.iter().flat_map(|applied| &applied.clusters) {
                    self.held.entry(Arc::clone(name)).or_insert_with(|| HeldCluster::new(resource));
                }
            }
        }
        if self.next.as_ref().is_some_and(|next| next.summary.version == version) {
            self.next = None;
        }
    }

    /// Begins to count the time of clusters that no route leads to any more.
    fn mark_unused(&mut self, release: Option<&FleetRelease>, now: Timestamp) {
        // Routes that are not known may lead to any cluster that the node has polled with.
        let routes = self.kind(ResourceKind::Routes);
        let knows_routes = routes.has_polled && (self.applied.is_some() || routes.applied.is_empty());
        let routed = [self.applied.as_deref(), self.sent_routes.as_deref()];
        let coming = [self.next.as_deref(), release].map(|release| release.map(FleetRelease::summary));
        self.held.retain(|name, held| {
            let leads_to = |summaries: &[Option<&ReleaseSummary>]| {
                summaries.iter().flatten().any(|summary| summary.clusters.contains_key(name))
            };
            let may_be_routed = leads_to(&routed) || !knows_routes && held.usable_at.is_some();
            held.was_routed |= may_be_routed;
            let is_used = may_be_routed || leads_to(&coming);
            held.until = if is_used { None } else { Some(held.until.unwrap_or(now.plus_ms(LINGER_MS))) };
            // One that no route led to goes at once: it may be the one that the node refuses.
            is_used || held.was_routed
        });
    }

    /// Decides about a poll, and takes note of the response.
    pub(super) fn respond(&mut self, kind: ResourceKind, release: &Arc<FleetRelease>, now: Timestamp) -> PollStep {
        match kind {
            ResourceKind::Listeners => {
                let (version, body) = release.listener(self.listen);
                self.send(kind, &version, now, || body)
            }
            ResourceKind::Clusters => self.next_clusters(release, now),
            ResourceKind::Routes => self.next_routes(release, now),
        }
    }

    fn next_clusters(&mut self, release: &Arc<FleetRelease>, now: Timestamp) -> PollStep {
        // A control plane that was just started does not know which routes the node has: the one before it may have
        // sent some and died. A node without routes polls for clusters alone until it has a listener, which it gets.
        let is_fresh = self.kind(ResourceKind::Clusters).applied.is_empty();
        if !is_fresh && !self.kind(ResourceKind::Routes).has_polled {
            return PollStep::Wait(None);
        }
        self.mark_unused(Some(release), now);
        let wanted = self.wanted_clusters(release, now);
        let version = self.kind(ResourceKind::Clusters).renewed(clusters_version(&wanted));
        let body = || {
            let resources: Vec<&str> = wanted.values().map(|held| held.resource.json()).collect();
            ResourceKind::Clusters.response(&version, [resources.join(",").into()])
        };
        let step = self.send(ResourceKind::Clusters, &version, now, body);
        match step {
            PollStep::Send(_) => {
                self.sent_clusters = wanted.keys().cloned().collect();
                self.sent_for = Some(Arc::clone(release));
                self.held = wanted;
                step
            }
            PollStep::Wait(until) => {
                let expiries = wanted.values().filter_map(|held| held.until);
                PollStep::Wait(expiries.chain(until).min())
            }
        }
    }

    /// Returns the clusters that the node should have: those of the release, and those of before that are not to go
    /// yet.
    fn wanted_clusters(&self, release: &FleetRelease, now: Timestamp) -> BTreeMap<Arc<str>, HeldCluster> {
        let is_kept = |held: &HeldCluster| held.until.is_none_or(|until| until > now);
        let kept = self.held.iter().filter(|(_, held)| is_kept(held));
        let mut wanted: BTreeMap<Arc<str>, HeldCluster> =
            kept.map(|(name, held)| (Arc::clone(name), held.clone())).collect();
        for (name, resource) in &release.summary.clusters {
            let held = wanted.entry(Arc::clone(name)).or_insert_with(|| HeldCluster::new(resource));
            (held.resource, held.until) = (resource.clone(), None);
        }
        wanted
    }

    fn next_routes(&mut self, release: &Arc<FleetRelease>, now: Timestamp) -> PollStep {
        let usable = [Some(release), self.next.as_ref()].into_iter().flatten().map(|next| (next, self.usable_at(next)));
        let usable: Vec<(&Arc<FleetRelease>, Option<Timestamp>)> = usable.collect();
        let first = usable.iter().find(|(_, at)| at.is_some_and(|at| at <= now));
        let Some(next) = first.map(|(next, _)| Arc::clone(next)) else {
            return PollStep::Wait(usable.into_iter().filter_map(|(_, at)| at).min());
        };
        let is_applied = self.kind(ResourceKind::Routes).applied == next.summary.version;
        if !is_applied && self.may_have_old_listener(release) {
            return PollStep::Wait(None);
        }
        if next.summary.version == release.summary.version {
            self.next = None;
        }
        let step = self.send(ResourceKind::Routes, &next.summary.version, now, || next.routes.clone());
        if matches!(step, PollStep::Send(_)) {
            self.sent_routes = Some(Arc::clone(&next.summary));
        } else if self.kind(ResourceKind::Routes).sent.is_none() {
            self.sent_routes = None;
        }
        step
    }

    /// True if the node may have a listener of another form, whose filters lack what routes rely on to keep callers
    /// out. One that polls with none has at most the one that it was sent.
    fn may_have_old_listener(&self, release: &FleetRelease) -> bool {
        let listeners = self.kind(ResourceKind::Listeners);
        let has_none = listeners.has_polled && listeners.applied.is_empty();
        !has_none && listeners.applied != release.listener(self.listen).0
    }

    /// Returns the time from which the node may have the routes of a release; `None` where it lacks a cluster.
    fn usable_at(&self, release: &FleetRelease) -> Option<Timestamp> {
        let applied = self.applied_clusters.as_ref()?;
        let mut usable_at = Timestamp::from_milliseconds(0);
        for name in release.summary.clusters.keys() {
            let held = self.held.get(name).filter(|_| applied.contains(name))?;
            usable_at = usable_at.max(held.usable_at?);
        }
        Some(usable_at)
    }

    fn send(
        &mut self,
        kind: ResourceKind,
        version: &str,
        now: Timestamp,
        body: impl FnOnce() -> DiscoveryBody,
    ) -> PollStep {
        let state = self.kind_mut(kind);
        if state.applied == version {
            // A refused one is not what the node should have any more.
            state.sent = None;
            return PollStep::Wait(None);
        }
        if let Some(until) = state.pause_until(version, now) {
            return PollStep::Wait(Some(until));
        }
        state.note_sent(version, now);
        PollStep::Send(body())
    }

    /// Moves its times, as the clock was set.
    pub(super) fn shift_times(&mut self, milliseconds: i64) {
        self.joined = self.joined.plus_ms(milliseconds);
        self.seen = self.seen.plus_ms(milliseconds);
        shift(&mut self.shared_at, milliseconds);
        self.kinds.iter_mut().for_each(|kind| kind.shift_times(milliseconds));
        self.held.values_mut().for_each(|held| held.shift_times(milliseconds));
    }

    /// True if the node has applied routes of a version, or was sent them.
    pub(super) fn may_have_routes(&self, version: &str) -> bool {
        let routes = self.kind(ResourceKind::Routes);
        routes.applied == version || routes.sent.as_ref().is_some_and(|sent| sent.version == version)
    }

    /// True if two processes have polled under the name a moment ago.
    pub(super) fn is_shared(&self, now: Timestamp) -> bool {
        self.shared_at.is_some_and(|at| now.ms_since(at) < SHARED_MS)
    }
}
