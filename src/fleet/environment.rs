//! The nodes of an environment, with the release that they follow.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use super::held::shift;
use super::node::NodeRecord;
use super::report::{KindReport, NodeReport, NodeTrouble, ReleaseReport, SILENT_MS, SentReport};
use super::resources::{FleetRelease, ReleaseSummary};
use super::{DiscoveryPoll, FleetReport, PollStep, RefusedClient, RefusedPoll, ResourceKind};
use crate::model::{EnvironmentName, FleetSettings, NodeName, SCHEMA, Timestamp, client_network};

/// The most nodes of an environment.
const MOST_NODES: usize = FleetSettings::MOST_NODES;
/// The releases that are remembered beside those that nodes have.
const RECENT_RELEASES: usize = 8;
/// The refused polls that are remembered.
const MOST_REFUSED: usize = 16;

/// A node that cannot join, since there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are {MOST_NODES} nodes already")]
pub struct FullFleet;

/// The nodes of an environment.
#[derive(Debug)]
pub struct EnvironmentFleet {
    pub(super) environment: EnvironmentName,
    pub(super) release: Option<Arc<FleetRelease>>,
    pub(super) nodes: BTreeMap<NodeName, NodeRecord>,
    /// Releases that a node may have, the newest last.
    pub(super) releases: VecDeque<Arc<ReleaseSummary>>,
    pub(super) refused: VecDeque<RefusedPoll>,
    /// When the fleet was remembered: no node can have polled while no control plane ran.
    pub(super) remembered_at: Option<Timestamp>,
}

impl EnvironmentFleet {
    /// Makes a fleet without nodes and without a release.
    #[must_use]
    pub const fn new(environment: EnvironmentName) -> Self {
        Self {
            environment,
            release: None,
            nodes: BTreeMap::new(),
            releases: VecDeque::new(),
            refused: VecDeque::new(),
            remembered_at: None,
        }
    }

    /// Remembers a release before any node is given it.
    pub fn announce(&mut self, release: &FleetRelease) {
        let version = &release.summary.version;
        // Of two states with the same routes, the later one's operations are in force.
        self.releases.retain(|known| known.version != *version);
        for node in self.nodes.values_mut() {
            if let Some(applied) = node.applied.as_mut().filter(|applied| applied.version == *version) {
                *applied = Arc::clone(&release.summary);
            }
        }
        self.releases.push_back(Arc::clone(&release.summary));
        let nodes = &self.nodes;
        let surplus = self.releases.len().saturating_sub(RECENT_RELEASES);
        let mut index = 0;
        self.releases.retain(|known| {
            index += 1;
            index > surplus || nodes.values().any(|node| node.may_have_routes(&known.version))
        });
    }

    /// Gives the nodes a release from their next poll on.
    pub fn replace(&mut self, release: FleetRelease) {
        self.release = Some(Arc::new(release));
    }

    /// Learns from a poll. Returns true if it says something new.
    pub fn arrive(&mut self, poll: &DiscoveryPoll, now: Timestamp) -> Result<bool, FullFleet> {
        let name = &poll.identity.node;
        if !self.nodes.contains_key(name) && self.nodes.len() >= MOST_NODES {
            return Err(FullFleet);
        }
        let node = self.nodes.entry(name.clone()).or_insert_with(|| NodeRecord::new(poll.listen, now));
        let releases = &self.releases;
        let find = |version: &str| releases.iter().find(|release| release.version == version).cloned();
        Ok(node.arrive(poll, self.release.as_deref(), find, now))
    }

    /// Decides about a poll that has arrived.
    pub fn respond(&mut self, name: &NodeName, kind: ResourceKind, now: Timestamp) -> PollStep {
        let Some((node, release)) = self.nodes.get_mut(name).zip(self.release.as_ref()) else {
            return PollStep::Wait(None);
        };
        node.respond(kind, release, now)
    }

    /// Notes that a poll is over.
    pub fn leave(&mut self, poll: &DiscoveryPoll, now: Timestamp) {
        if let Some(node) = self.nodes.get_mut(&poll.identity.node) {
            node.seen = now;
            node.kind_mut(poll.kind).release(poll.source);
        }
    }

    /// Takes note of a client whose poll was refused, one time more. Where there are too many notes, the client with
    /// the most of them loses its oldest: whoever is refused under many names or addresses does not hide others.
    pub fn note_refused(&mut self, client: RefusedClient) {
        let RefusedClient { time, peer, claim, identity, reason } = client;
        let is_same = |known: &RefusedPoll| {
            (known.peer, &known.claim, &known.identity, &known.reason) == (peer, &claim, &identity, &reason)
        };
        let known = self.refused.iter().position(is_same).and_then(|index| self.refused.remove(index));
        let times = known.map_or(0, |known| known.times).saturating_add(1);
        self.refused.push_back(RefusedPoll { time, peer, claim, identity, reason, times });
        if self.refused.len() > MOST_REFUSED {
            let count = |client: IpAddr| self.refused.iter().filter(|poll| client_network(poll.peer) == client).count();
            let surplus =
                self.refused.iter().enumerate().rev().max_by_key(|(_, poll)| count(client_network(poll.peer)));
            surplus.map(|(index, _)| index).and_then(|index| self.refused.remove(index));
        }
    }

    /// Moves all times, as the clock was set: the time since each of them stays the same.
    pub fn shift_times(&mut self, milliseconds: i64) {
        self.nodes.values_mut().for_each(|node| node.shift_times(milliseconds));
        self.refused.iter_mut().for_each(|poll| poll.time = poll.time.plus_ms(milliseconds));
        shift(&mut self.remembered_at, milliseconds);
    }

    /// Forgets nodes that have not polled for some milliseconds, but for those that are named.
    pub fn forget(&mut self, silent_ms: i64, is_named: impl Fn(&NodeName) -> bool, now: Timestamp) {
        let awaited_since = |node: &NodeRecord| self.remembered_at.map_or(node.seen, |at| at.max(node.seen));
        self.nodes.retain(|name, node| is_named(name) || now.ms_since(awaited_since(node)) < silent_ms);
        self.refused.retain(|poll| now.ms_since(poll.time) < silent_ms);
    }

    /// Forgets a node that is silent. Returns true if there was one.
    pub fn forget_node(&mut self, name: &NodeName, now: Timestamp) -> bool {
        let is_silent = |node: &NodeRecord| now.ms_since(node.seen) > SILENT_MS;
        self.nodes.get(name).is_some_and(is_silent) && self.nodes.remove(name).is_some()
    }

    /// Tells the state of each node.
    #[must_use]
    pub fn report(&self, now: Timestamp) -> FleetReport {
        let nodes = self.nodes.iter().map(|(name, node)| self.node_report(name, node, now));
        FleetReport {
            schema: SCHEMA,
            environment: self.environment.clone(),
            time: now,
            release: self.release.as_ref().map(|release| release.summary.version.clone()),
            releases: self
                .releases
                .iter()
                .map(|release| ReleaseReport {
                    version: release.version.clone(),
                    serves: release.serves.clone(),
                    withheld: release.withheld.clone(),
                })
                .collect(),
            nodes: nodes.collect(),
            refused_polls: self.refused.iter().cloned().collect(),
        }
    }

    fn node_report(&self, name: &NodeName, node: &NodeRecord, now: Timestamp) -> NodeReport {
        let kind = |kind: ResourceKind| {
            let state = node.kind(kind);
            KindReport {
                kind,
                applied: state.applied.clone(),
                since: state.since,
                sent: state.sent.as_ref().map(|sent| SentReport {
                    version: sent.version.clone(),
                    times: sent.times,
                    since: sent.since,
                    refused: sent.is_refused,
                }),
            }
        };
        let listener = self.release.as_ref().map(|release| release.listener(node.listen).0);
        let has_listener = listener.is_none_or(|version| node.kind(ResourceKind::Listeners).applied == version);
        NodeReport {
            node: name.clone(),
            listen: node.listen,
            joined: node.joined,
            seen: node.seen,
            serves: node.applied.as_ref().map(|applied| applied.version.clone()),
            since: node.kind(ResourceKind::Routes).since,
            listens: has_listener,
            trouble: self.trouble(node, has_listener, now),
            kinds: ResourceKind::ALL.map(kind).into(),
        }
    }

    /// Finds the reason for which a node does not serve the newest release.
    fn trouble(&self, node: &NodeRecord, has_listener: bool, now: Timestamp) -> Option<NodeTrouble> {
        if node.is_shared(now) {
            return Some(NodeTrouble::SharedName);
        }
        let refused = ResourceKind::ALL.into_iter().find_map(|kind| {
            let sent = node.kind(kind).sent.as_ref().filter(|sent| sent.is_refused)?;
            Some(NodeTrouble::Refuses { kind, times: sent.times })
        });
        let is_silent = now.ms_since(node.seen) > SILENT_MS;
        let newest = self.release.as_ref().map(|release| &release.summary.version);
        let is_behind = || newest != node.applied.as_ref().map(|applied| &applied.version) || !has_listener;
        let silent = is_silent.then_some(NodeTrouble::Silent);
        silent.or(refused).or_else(|| is_behind().then_some(NodeTrouble::Behind))
    }
}
