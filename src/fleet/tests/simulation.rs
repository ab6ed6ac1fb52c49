//! Envoys as they were seen to behave, driven through random releases, restarts, losses and sleep.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{fleet, publish, release, time};
use crate::fleet::{DiscoveryPoll, EnvironmentFleet, FleetRelease, NodeIdentity, PollStep, ResourceKind};

/// The clusters that releases lead to.
const CLUSTERS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "dns-g", "dns-h", "dns-i", "bad"];

/// Makes the same numbers for the same seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// An Envoy: it applies the good clusters of a set with a bad one, acknowledges silently, and polls with the old
/// version after a refusal.
pub(super) struct SimulatedEnvoy {
    name: String,
    versions: [String; 3],
    /// The clusters, with the time at which their names are resolved.
    clusters: BTreeMap<String, i64>,
    route_clusters: BTreeSet<String>,
    next_poll: [i64; 3],
    /// True if it refuses the cluster `bad`.
    refuses: bool,
}

impl SimulatedEnvoy {
    fn new(name: String, refuses: bool) -> Self {
        Self {
            name,
            versions: Default::default(),
            clusters: BTreeMap::new(),
            route_clusters: BTreeSet::new(),
            next_poll: [0; 3],
            refuses,
        }
    }

    /// Asserts that each route leads to a cluster that is there and resolved.
    pub(super) fn check(&self, now: i64, seed: u64) {
        for cluster in &self.route_clusters {
            let resolved = self.clusters.get(cluster).is_some_and(|resolved| *resolved <= now);
            assert!(resolved, "seed {seed}, {now} ms: {} has a route to {cluster}, and {:?}", self.name, self.clusters);
        }
    }

    /// Asserts that the newest release is applied, without clusters of before.
    pub(super) fn check_newest(&self, newest: &FleetRelease, seed: u64) {
        let names: BTreeSet<String> = newest.summary().clusters.keys().map(ToString::to_string).collect();
        assert_eq!((&self.versions[2], &self.route_clusters), (&newest.summary().version, &names), "seed {seed}");
        assert_eq!(self.clusters.keys().cloned().collect::<BTreeSet<_>>(), names, "seed {seed}");
    }

    fn apply(&mut self, kind: ResourceKind, message: &Value, now: i64, random: &mut Random) {
        let version = message["version_info"].as_str().unwrap().to_owned();
        let resources = message["resources"].as_array().unwrap();
        match kind {
            ResourceKind::Listeners => {}
            ResourceKind::Routes => {
                let names = resources[0]["clusters"].as_array().unwrap().iter();
                self.route_clusters = names.map(|name| name.as_str().unwrap().to_owned()).collect();
            }
            ResourceKind::Clusters => {
                let names: BTreeSet<&str> = resources.iter().map(|cluster| cluster["name"].as_str().unwrap()).collect();
                let is_bad = |name: &&str| self.refuses && *name == "bad";
                self.clusters.retain(|name, _| names.contains(name.as_str()));
                for name in names.iter().filter(|name| !is_bad(name)) {
                    let takes = if name.starts_with("dns") { random.below(900) } else { 0 };
                    self.clusters.entry((*name).to_owned()).or_insert(now + i64::try_from(takes).unwrap());
                }
                if names.iter().any(is_bad) {
                    return;
                }
            }
        }
        self.versions[kind as usize] = version;
    }
}

pub(super) struct World {
    random: Random,
    pub(super) now: i64,
    pub(super) newest: FleetRelease,
    number: u32,
    pub(super) fleet: EnvironmentFleet,
    pub(super) envoys: Vec<SimulatedEnvoy>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut fleet = fleet();
        let newest = release(0, &["a"]);
        publish(&mut fleet, newest.clone());
        let envoys = (0..3).map(|index| SimulatedEnvoy::new(format!("edge-{index}"), index == 2)).collect();
        Self { random: Random(seed), now: 0, newest, number: 0, fleet, envoys }
    }

    /// Lets some milliseconds pass, in which something may happen.
    pub(super) fn step(&mut self) {
        self.now += 10 + i64::try_from(self.random.below(60)).unwrap();
        match self.random.below(100) {
            0..8 => self.publish_any(),
            8 => self.restart(),
            9 => {
                let index = self.any_envoy();
                let envoy = &self.envoys[index];
                self.envoys[index] = SimulatedEnvoy::new(envoy.name.clone(), envoy.refuses);
            }
            10 => {
                let index = self.any_envoy();
                let asleep_ms = i64::try_from(self.random.below(200_000)).unwrap();
                self.envoys[index].next_poll = [self.now + asleep_ms; 3];
            }
            // A long silence, in which clusters of before go.
            11 => self.now += 61_000,
            _ => {}
        }
        self.poll_all(5);
    }

    /// Publishes a release that no node refuses, and lets all of them come to rest.
    pub(super) fn calm(&mut self) {
        self.publish(&["c", "dns-g"]);
        for _ in 0..3_000 {
            self.now += 100;
            self.poll_all(0);
        }
    }

    fn any_envoy(&mut self) -> usize {
        usize::try_from(self.random.below(3)).unwrap()
    }

    fn publish_any(&mut self) {
        let chosen: Vec<&str> = CLUSTERS.into_iter().filter(|_| self.random.below(3) == 0).collect();
        self.publish(&chosen);
    }

    fn publish(&mut self, clusters: &[&str]) {
        self.number += 1;
        self.newest = release(self.number, clusters);
        publish(&mut self.fleet, self.newest.clone());
    }

    /// Starts the control plane again, with what it remembers; the release may be another one by then.
    fn restart(&mut self) {
        let record = serde_json::to_string(&self.fleet.record(time(self.now))).unwrap();
        self.fleet = EnvironmentFleet::remembered(serde_json::from_str(&record).unwrap(), time(self.now));
        publish(&mut self.fleet, self.newest.clone());
        if self.random.below(2) == 0 {
            self.publish_any();
        }
    }

    fn poll_all(&mut self, loses_percent: u64) {
        for envoy in &mut self.envoys {
            for kind in ResourceKind::ALL {
                if envoy.next_poll[kind as usize] > self.now {
                    continue;
                }
                envoy.next_poll[kind as usize] = self.now + 100 + i64::try_from(self.random.below(100)).unwrap();
                let identity = NodeIdentity { environment: "test".parse().unwrap(), node: envoy.name.parse().unwrap() };
                let version = envoy.versions[kind as usize].clone();
                let listen = ([127, 0, 0, 1], 80).into();
                let poll = DiscoveryPoll { identity, listen, waits: false, kind, version, source: 1 };
                self.fleet.arrive(&poll, time(self.now)).unwrap();
                let step = self.fleet.respond(&poll.identity.node, kind, time(self.now));
                self.fleet.leave(&poll, time(self.now));
                let PollStep::Send(body) = step else { continue };
                if self.random.below(100) >= loses_percent {
                    envoy.apply(
                        kind,
                        &serde_json::from_slice(&body.pieces().concat()).unwrap(),
                        self.now,
                        &mut self.random,
                    );
                }
            }
        }
    }
}
