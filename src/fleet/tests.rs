mod simulation;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::*;
use crate::model::{DigestedText, NodeName, Timestamp};
use simulation::World;

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(1_800_000_000_000 + milliseconds)
}

/// Makes a release whose routes lead to some clusters; those whose name begins with `dns` have to be resolved.
fn release(number: u32, clusters: &[&str]) -> FleetRelease {
    let operation = format!("20261123T180000.{:03}Z-{number:012x}", number % 1000).parse().unwrap();
    let resource =
        |name: &&str| ((*name).into(), ClusterResource::new(&json!({"name": name}), name.starts_with("dns")));
    FleetRelease::new(
        BTreeMap::from([("petstore".parse().unwrap(), operation)]),
        BTreeMap::new(),
        &[DigestedText::new(json!({"name": "apigw", "number": number, "clusters": clusters}).to_string())],
        clusters.iter().map(resource).collect(),
        |listen| json!({"name": "apigw", "address": listen.to_string()}),
    )
}

fn fleet() -> EnvironmentFleet {
    EnvironmentFleet::new("test".parse().unwrap())
}

fn publish(fleet: &mut EnvironmentFleet, release: FleetRelease) {
    fleet.announce(&release);
    fleet.replace(release);
}

fn poll(kind: ResourceKind, version: &str, source: u64) -> DiscoveryPoll {
    let identity = NodeIdentity { environment: "test".parse().unwrap(), node: "edge-1".parse().unwrap() };
    let (listen, version) = (([127, 0, 0, 1], 80).into(), version.to_owned());
    DiscoveryPoll { identity, listen, waits: true, kind, version, source }
}

/// Polls once, and returns the version that is sent; nothing where the poll waits.
fn ask(fleet: &mut EnvironmentFleet, kind: ResourceKind, version: &str, now: i64) -> Option<String> {
    let poll = poll(kind, version, 1);
    fleet.arrive(&poll, time(now)).unwrap();
    let step = fleet.respond(&poll.identity.node, kind, time(now));
    fleet.leave(&poll, time(now));
    let PollStep::Send(body) = step else { return None };
    let message: Value = serde_json::from_slice(&body.pieces().concat()).unwrap();
    Some(message["version_info"].as_str().unwrap().to_owned())
}

fn trouble(fleet: &EnvironmentFleet, now: i64) -> Option<NodeTrouble> {
    fleet.report(time(now)).nodes[0].trouble
}

use ResourceKind::{Clusters, Listeners, Routes};

/// Brings a node to the newest release, and returns its versions of listeners, clusters and routes.
fn settle(fleet: &mut EnvironmentFleet, now: i64) -> [String; 3] {
    let mut versions = [Listeners, Clusters, Routes].map(|kind| {
        let name = "edge-1".parse().unwrap();
        fleet.nodes.get(&name).map_or_else(String::new, |node| node.kind(kind).applied.clone())
    });
    for round in 0..20 {
        for (version, kind) in versions.iter_mut().zip(ResourceKind::ALL) {
            if let Some(sent) = ask(fleet, kind, version, now + round * 100) {
                *version = sent;
            }
        }
    }
    assert_eq!(trouble(fleet, now + 2000), None);
    versions
}

#[test]
fn routes_come_after_the_clusters_that_they_lead_to() {
    let mut fleet = fleet();
    publish(&mut fleet, release(1, &["a", "dns-b"]));
    assert_eq!(ask(&mut fleet, Routes, "", 0), None, "nothing is known of the clusters");
    let clusters = ask(&mut fleet, Clusters, "", 0).unwrap();
    assert!(ask(&mut fleet, Listeners, "", 0).is_some());
    assert_eq!(ask(&mut fleet, Routes, "", 10), None, "the node has not polled with them");
    assert_eq!(ask(&mut fleet, Clusters, &clusters, 20), None);
    assert_eq!(ask(&mut fleet, Routes, "", 1000), None, "a name may not be resolved yet");
    assert_eq!(ask(&mut fleet, Routes, "", 1020), Some(release(1, &["a", "dns-b"]).summary().version.clone()));
}

#[test]
fn routes_come_after_the_listener_whose_filters_they_rely_on() {
    let mut fleet = fleet();
    let older = release(1, &["a"]);
    publish(&mut fleet, older);
    let [listeners, clusters, routes] = settle(&mut fleet, 0);
    // A control plane of another version of the program.
    let record = fleet.record(time(3000));
    let mut again = EnvironmentFleet::remembered(record, time(3000));
    let mut newer = release(2, &["a"]);
    newer.listener = |listen| json!({"name": "apigw", "filter": "new", "address": listen.to_string()});
    publish(&mut again, newer.clone());
    assert_eq!(ask(&mut again, Routes, &routes, 4000), None, "it is not known which listener the node has");
    let sent = ask(&mut again, Listeners, &listeners, 4100).unwrap();
    assert_eq!(ask(&mut again, Clusters, &clusters, 4150), None);
    assert_eq!(ask(&mut again, Routes, &routes, 4200), None, "it has an old one");
    assert_eq!(ask(&mut again, Listeners, &sent, 4300), None);
    assert_eq!(ask(&mut again, Routes, &routes, 4400), Some(newer.summary().version.clone()));
}

#[test]
fn a_control_plane_that_is_started_again_sends_nothing() {
    for is_remembered in [true, false] {
        let mut fleet = fleet();
        publish(&mut fleet, release(1, &["a"]));
        let versions = settle(&mut fleet, 0);
        let mut again = self::fleet();
        if is_remembered {
            let text = serde_json::to_string(&fleet.record(time(3000))).unwrap();
            again = EnvironmentFleet::remembered(serde_json::from_str(&text).unwrap(), time(3000));
        }
        publish(&mut again, release(1, &["a"]));
        for (version, kind) in versions.iter().zip(ResourceKind::ALL) {
            assert_eq!(ask(&mut again, kind, version, 4000), None, "{kind:?} {is_remembered}");
        }
        assert_eq!(trouble(&again, 4000), None);
        assert_eq!(again.report(time(4000)).nodes[0].serves, Some(versions[2].clone()));
    }
}

#[test]
fn a_version_that_was_sent_twice_and_is_polled_as_old_is_refused() {
    let mut fleet = fleet();
    publish(&mut fleet, release(1, &["a"]));
    let [_, clusters, routes] = settle(&mut fleet, 0);
    publish(&mut fleet, release(2, &["a", "b"]));
    let sent = ask(&mut fleet, Clusters, &clusters, 3000);
    assert!(sent.is_some());
    assert_eq!(trouble(&fleet, 3000), Some(NodeTrouble::Behind));
    assert_eq!(ask(&mut fleet, Clusters, &clusters, 3100), sent);
    assert_eq!(trouble(&fleet, 3100), Some(NodeTrouble::Behind), "one of them may have been lost");
    assert_eq!(ask(&mut fleet, Clusters, &clusters, 3200), None, "it is not flooded");
    assert_eq!(trouble(&fleet, 3200), Some(NodeTrouble::Refuses { kind: Clusters, times: 2 }));
    assert_eq!(ask(&mut fleet, Routes, &routes, 3300), None);
    assert_eq!(ask(&mut fleet, Clusters, &clusters, 4000), sent, "what it refuses may be mended there");
    // Half of it is applied: what was before is sent anew, though the node says that it has it.
    publish(&mut fleet, release(3, &["a"]));
    let renewed = format!("{clusters}.1");
    assert_eq!(ask(&mut fleet, Clusters, &clusters, 4100), Some(renewed.clone()));
    assert_eq!(ask(&mut fleet, Clusters, &clusters, 4200), Some(renewed.clone()), "it may have been lost");
    assert_eq!(ask(&mut fleet, Clusters, &renewed, 4300), None);
    settle(&mut fleet, 4400);
}

#[test]
fn an_unknown_version_gets_ours() {
    let mut fleet = fleet();
    publish(&mut fleet, release(1, &["a"]));
    assert_eq!(ask(&mut fleet, Clusters, "future", 0), None, "its routes may lead to clusters that are not known");
    assert_eq!(ask(&mut fleet, Routes, "future", 5000), None);
    let clusters = ask(&mut fleet, Clusters, "future", 5000).unwrap();
    assert_eq!(ask(&mut fleet, Clusters, &clusters, 5100), None);
    let listener = ask(&mut fleet, Listeners, "future", 5200).unwrap();
    assert_eq!(ask(&mut fleet, Listeners, &listener, 5300), None);
    assert!(ask(&mut fleet, Routes, "future", 5400).is_some());
}

#[test]
fn two_processes_under_one_name_are_seen_and_a_broken_connection_is_not_one() {
    let mut fleet = fleet();
    publish(&mut fleet, release(1, &[]));
    settle(&mut fleet, 0);
    let version = fleet.nodes.values().next().unwrap().kind(Routes).applied.clone();
    let hold =
        |fleet: &mut EnvironmentFleet, source, now| fleet.arrive(&poll(Routes, &version, source), time(now)).unwrap();
    for now in [10_000, 20_000] {
        hold(&mut fleet, 1, now);
        fleet.leave(&poll(Routes, &version, 1), time(now + 10));
        hold(&mut fleet, 2, now + 20);
        fleet.leave(&poll(Routes, &version, 2), time(now + 30));
    }
    hold(&mut fleet, 3, 30_000);
    hold(&mut fleet, 4, 30_500);
    assert_eq!(trouble(&fleet, 31_000), None);
    hold(&mut fleet, 3, 40_000);
    assert_eq!(trouble(&fleet, 40_000), Some(NodeTrouble::SharedName));
    fleet.leave(&poll(Routes, &version, 3), time(100_500));
    assert_eq!(trouble(&fleet, 100_500), None, "one of them has ended");
}

#[test]
fn nodes_are_bounded_and_forgotten() {
    let mut fleet = fleet();
    for number in 0..300 {
        let mut poll = poll(Clusters, "", number);
        poll.identity.node = format!("node-{number}").parse().unwrap();
        fleet.arrive(&poll, time(0)).unwrap();
    }
    assert_eq!(fleet.arrive(&poll(Clusters, "", 1), time(0)), Err(FullFleet));
    fleet.forget(60_000, |name| name.as_str() == "node-7", time(59_999));
    assert_eq!(fleet.nodes.len(), 300);
    fleet.forget(60_000, |name| name.as_str() == "node-7", time(60_000));
    assert_eq!(fleet.nodes.keys().map(NodeName::as_str).collect::<Vec<_>>(), ["node-7"]);
    assert_eq!(trouble(&fleet, 60_000), Some(NodeTrouble::Silent));
}

#[test]
fn a_clock_that_is_set_moves_the_times_and_holds_nothing_up() {
    const HOUR_MS: i64 = 3_600_000;
    for (is_restarted, set_ms) in [(false, -HOUR_MS), (true, -HOUR_MS), (false, HOUR_MS), (true, HOUR_MS)] {
        let mut fleet = fleet();
        publish(&mut fleet, release(1, &["dns-a"]));
        let [_, clusters, routes] = settle(&mut fleet, 0);
        publish(&mut fleet, release(2, &["dns-a", "dns-b"]));
        let sent = ask(&mut fleet, Clusters, &clusters, 3000).unwrap();
        assert_eq!(ask(&mut fleet, Clusters, &sent, 3100), None);
        if is_restarted {
            fleet = EnvironmentFleet::remembered(fleet.record(time(3100)), time(3100 + set_ms));
            publish(&mut fleet, release(2, &["dns-a", "dns-b"]));
        } else {
            fleet.shift_times(set_ms);
        }
        let now = 3100 + set_ms;
        fleet.forget(HOUR_MS / 2, |_| false, time(now));
        assert_eq!(fleet.nodes.len(), 1, "it had no chance to poll since");
        assert_eq!(ask(&mut fleet, Clusters, &sent, now), None, "{is_restarted} {set_ms}");
        let newest = release(2, &["dns-a", "dns-b"]).summary().version.clone();
        assert_eq!(ask(&mut fleet, Routes, &routes, now + 1000), Some(newest), "{is_restarted} {set_ms}");
        fleet.forget(HOUR_MS / 2, |_| false, time(now + 1000 + HOUR_MS / 2));
        assert_eq!(fleet.nodes.len(), 0, "{is_restarted} {set_ms}");
    }
}

#[test]
fn polls_are_parsed() {
    let body = |node: Value| json!({"version_info": "v", "node": node, "type_url": "t"}).to_string();
    let metadata = json!({"apigw": {"environment": "test", "listen": "127.0.0.1:80", "waits": true}});
    let good = body(json!({"id": "edge-1", "metadata": metadata, "extensions": [{"name": "x"}]}));
    assert_eq!(DiscoveryPoll::parse(Clusters, good.as_bytes(), 1), Ok(poll(Clusters, "v", 1)));
    for (bad, expected) in [
        ("{".to_owned(), RequestError::Malformed),
        ("{}".to_owned(), RequestError::Malformed),
        (body(json!({"id": "../x", "metadata": metadata})), RequestError::Node),
        (body(json!({"id": "edge-1"})), RequestError::Environment),
        (body(json!({"id": "edge-1", "metadata": {"apigw": {"environment": "test"}}})), RequestError::Listen),
    ] {
        assert_eq!(DiscoveryPoll::parse(Clusters, bad.as_bytes(), 1), Err(expected), "{bad}");
    }
    for (uri, expected) in [
        ("spiffe://example.com/apigw/test/edge-1", Some("edge-1 in test")),
        ("spiffe://example.com/apigw/test/edge-1/x", None),
        ("spiffe://example.com/apigw/test", None),
        ("spiffe:///apigw/test/edge-1", None),
        ("spiffe://example.com/other/test/edge-1", None),
        ("https://example.com/apigw/test/edge-1", None),
        ("spiffe://example.com/apigw/test/..", None),
    ] {
        assert_eq!(NodeIdentity::from_uri(uri).map(|identity| identity.to_string()).as_deref(), expected, "{uri}");
    }
}

#[test]
fn no_node_ever_has_a_route_to_a_cluster_that_it_lacks() {
    for seed in 0..60 {
        let mut world = World::new(seed);
        for _ in 0..1_500 {
            world.step();
            world.envoys.iter().for_each(|envoy| envoy.check(world.now, seed));
        }
        world.calm();
        for envoy in &world.envoys {
            envoy.check_newest(&world.newest, seed);
        }
    }
}

#[test]
fn a_refused_client_hides_no_other_one_whatever_it_says() {
    let mut fleet = fleet();
    let mut refuse = |peer: u8, claim: &str, reason: &str, now: i64| {
        let (claim, reason) = (claim.to_owned(), reason.to_owned());
        let peer = [192, 0, 2, peer].into();
        fleet.note_refused(RefusedClient { time: time(now), peer, claim, identity: None, reason });
    };
    refuse(1, "edge-1 in test", "expired", 0);
    refuse(2, "edge-1 in test", "expired", 1);
    for round in 0..100 {
        refuse(3, "edge-1 in test", ["one reason", "another one"][usize::from(round % 2 == 0)], 2);
    }
    for number in 0..100 {
        refuse(3, &format!("edge-{number} in test"), "not trusted", 3);
    }
    let polls = fleet.report(time(4)).refused_polls;
    let of = |peer: u8| polls.iter().filter(move |poll| poll.peer == IpAddr::from([192, 0, 2, peer]));
    assert_eq!((of(1).count(), of(2).count(), of(3).count()), (1, 1, 14));
    assert_eq!(of(3).next_back().map(|poll| poll.claim.as_str()), Some("edge-99 in test"), "the newest stay");
    // Of IPv6, a client has all addresses of its subnet.
    for host in 0..100 {
        let peer = [0x2001, 0xdb8, 0, 1, 0, 0, 0, host].into();
        let (claim, reason) = ("edge-1 in test".to_owned(), "expired".to_owned());
        fleet.note_refused(RefusedClient { time: time(3), peer, claim, identity: None, reason });
    }
    let polls = fleet.report(time(4)).refused_polls;
    let of = |peer: u8| polls.iter().filter(move |poll| poll.peer == IpAddr::from([192, 0, 2, peer]));
    assert_eq!((of(1).count(), of(2).count(), of(3).count()), (1, 1, 7));
}

#[test]
fn refused_polls_are_counted_by_address_claim_and_reason() {
    let mut fleet = fleet();
    let poll = |peer: u8, reason: &str| {
        let (claim, peer) = ("an unknown node".to_owned(), [192, 0, 2, peer].into());
        RefusedClient { time: time(0), peer, claim, identity: None, reason: reason.to_owned() }
    };
    for _ in 0..50 {
        for (peer, reason) in [(1, "expired"), (1, "not trusted"), (2, "expired")] {
            fleet.note_refused(poll(peer, reason));
        }
    }
    let times: Vec<u32> = fleet.report(time(1)).refused_polls.iter().map(|poll| poll.times).collect();
    assert_eq!(times, [50; 3]);
}
