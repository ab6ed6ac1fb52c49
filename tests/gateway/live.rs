//! Changing what is served while it is served.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use apigw::model;
use apigw::snapshot::{EnvironmentSnapshot, Snapshot};

use super::backend::{Backend, reply};
use super::client::{Answer, Client, get};
use super::frames::{Frames, fields};
use super::snapshot::{PETS, config, environment, group, http, offline, pets, settings, snapshot, start};

/// How often what is served changes while clients ask.
const CHANGES: usize = 400;

/// The pets at a version, of which `/pets/mine` tells.
fn version(version: &str, backend: model::Backend) -> Snapshot {
    snapshot(vec![group("pets", version, &PETS.replace("Mine", version), &settings(""), backend)])
}

/// What the answer of `/pets/mine` says of who gave it.
fn told(answer: &Answer) -> String {
    assert!([200, 404].contains(&answer.status), "a request failed: {answer:?}");
    told_by(&answer.body)
}

/// What the body of that answer says of it.
fn told_by(body: &str) -> String {
    if !body.starts_with('{') {
        return body.to_owned();
    }
    let value: serde_json::Value = serde_json::from_str(body).expect("a constant result or a problem");
    match (value["name"].as_str(), value["code"].as_str()) {
        (Some(name), _) => name.to_owned(),
        (None, Some("NOT_FOUND")) => "offline".to_owned(),
        _ => panic!("a request failed: {body}"),
    }
}

/// How many requests a client that does not wait for each answer sends at a time.
const AT_A_TIME: u32 = 8;

/// How a client asks.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// One request after another.
    OneByOne,
    /// Several requests at a time, one behind the other.
    Pipelined,
    /// Several requests at a time over HTTP/2.
    Multiplexed,
}

/// Makes a client's connection; what is returned asks, and returns the bodies of the answers.
fn asker(address: std::net::SocketAddr, way: Way) -> Box<dyn FnMut() -> Vec<String>> {
    const REQUEST: &str = "GET /petstore/pets/mine HTTP/1.1\r\nHost: localhost\r\n\r\n";
    if matches!(way, Way::Multiplexed) {
        let mut client = Frames::connect(address);
        let mut next = 1;
        return Box::new(move || {
            let streams: Vec<u32> = (0..AT_A_TIME).map(|place| next + 2 * place).collect();
            next += 2 * AT_A_TIME;
            for stream in &streams {
                client.request(*stream, &fields("GET", "/petstore/pets/mine", &[]), None);
            }
            client.bodies(&streams).expect("an answer to each request of a connection that is kept")
        });
    }
    let count = if matches!(way, Way::Pipelined) { AT_A_TIME } else { 1 };
    let mut client = Client::connect(address);
    Box::new(move || {
        client.send(REQUEST.repeat(count as usize));
        let answer = |_| client.answer().expect("an answer on a connection that is kept");
        (0..count).map(answer).map(|answer| answer.body).collect()
    })
}

/// Asks on and on, and returns how many answers came. Each must be of what was live at some moment in between.
fn ask(
    address: std::net::SocketAddr,
    way: Way,
    live: &[&str],
    begun: &AtomicUsize,
    done: &AtomicUsize,
    stop: &AtomicBool,
) -> usize {
    let mut asker = asker(address, way);
    let mut count = 0;
    while !stop.load(Ordering::SeqCst) {
        let oldest = done.load(Ordering::SeqCst);
        let bodies = asker();
        let newest = begun.load(Ordering::SeqCst);
        for told in bodies.iter().map(|body| told_by(body)) {
            let was_live = (oldest..=newest).any(|change| live[change % live.len()] == told);
            assert!(was_live, "{told} answers between change {oldest} and {newest}, {way:?}");
            count += 1;
        }
    }
    count
}

#[test]
fn every_answer_is_of_something_that_was_live_meanwhile() {
    let first = Backend::saying("first");
    let second = Backend::saying("second");
    let states = [
        ("1.0.0", version("1.0.0", model::Backend::Mock)),
        ("2.0.0", version("2.0.0", model::Backend::Mock)),
        ("first", version("2.0.0", http(first.address))),
        ("second", version("2.0.0", http(second.address))),
        ("3.0.0", version("3.0.0", model::Backend::Mock)),
        ("offline", {
            let mut gone = version("3.0.0", model::Backend::Mock);
            let environment = Arc::make_mut(&mut gone.environments[0]);
            let groups = environment.groups().iter().cloned().map(offline).collect();
            *environment = EnvironmentSnapshot::new(environment.name.clone(), groups);
            gone
        }),
    ];
    let live: Arc<Vec<&str>> = Arc::new(states.iter().map(|(told, _)| *told).collect());
    let gateway = start(config(), &states[0].1);
    let address = gateway.addresses()[0];
    let (begun, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = [Way::OneByOne, Way::OneByOne, Way::Pipelined, Way::Multiplexed]
        .into_iter()
        .map(|way| {
            let (live, begun, done, stop) =
                (Arc::clone(&live), Arc::clone(&begun), Arc::clone(&done), Arc::clone(&stop));
            thread::spawn(move || ask(address, way, &live, &begun, &done, &stop))
        })
        .collect();
    for change in 1..=CHANGES {
        begun.store(change, Ordering::SeqCst);
        assert_eq!(gateway.replace(&states[change % states.len()].1), []);
        done.store(change, Ordering::SeqCst);
        // The next request sees it: this one begins after the change was made.
        assert_eq!(told(&get(address, "/petstore/pets/mine", "")), live[change % live.len()]);
        if clients.iter().any(thread::JoinHandle::is_finished) {
            break;
        }
    }
    stop.store(true, Ordering::SeqCst);
    let asked: Vec<usize> =
        clients.into_iter().map(|client| client.join().expect("a client without a failed request")).collect();
    assert!(asked.iter().all(|asked| *asked > CHANGES / 4), "{asked:?}");
}

#[test]
fn a_request_in_flight_is_answered_by_what_was_live_when_it_came() {
    let (arrived, has_arrived) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (arrived, may_go_on) = (std::sync::Mutex::new(arrived), std::sync::Mutex::new(may_go_on));
    let backend = Backend::start(move |_, stream| {
        arrived.lock().expect("a channel").send(()).expect("a test that waits");
        may_go_on.lock().expect("a channel").recv().expect("a test that lets go");
        reply(stream, "old")
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let address = gateway.addresses()[0];
    let mut client = Client::connect(address);
    client.send("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
    has_arrived.recv().expect("a request at the backend");
    let mut gone = pets(http(backend.address), "");
    let environment = Arc::make_mut(&mut gone.environments[0]);
    let groups = environment.groups().iter().cloned().map(offline).collect();
    *environment = EnvironmentSnapshot::new(environment.name.clone(), groups);
    gateway.replace(&gone);
    let answer = get(address, "/petstore/pets", "");
    assert_eq!((answer.status, answer.code().as_str()), (404, "NOT_FOUND"));
    go_on.send(()).expect("a backend that waits");
    assert_eq!(client.answer().map(|answer| answer.body), Some("old".to_owned()));
}

#[test]
fn bodies_in_flight_end_as_they_began() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let backend = Backend::start(move |request, stream| {
        if request.line().starts_with("POST") {
            return reply(stream, &String::from_utf8_lossy(&request.body));
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfir").ok();
        may_go_on.lock().expect("a channel").recv().expect("a test that lets go");
        stream.write_all(b"st!").is_ok()
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let address = gateway.addresses()[0];
    let mut reader = Client::connect(address);
    reader.send("GET /petstore/files HTTP/1.1\r\nHost: localhost\r\n\r\n");
    reader.read_until("fir");
    let mut writer = Client::connect(address);
    writer.send("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc");
    while gateway.requests_in_flight() < 2 {
        thread::yield_now();
    }
    for change in [version("2.0.0", model::Backend::Mock), Snapshot::default(), version("3.0.0", model::Backend::Mock)]
    {
        gateway.replace(&change);
    }
    writer.send("def");
    assert_eq!(writer.answer().map(|answer| answer.body), Some("abcdef".to_owned()));
    go_on.send(()).expect("a backend that waits");
    assert_eq!(reader.take(3).as_deref(), Some(&b"st!"[..]));
    for client in [&mut reader, &mut writer] {
        client.send("GET /petstore/pets/mine HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.answer().as_ref().map(told), Some("3.0.0".to_owned()), "the connection goes on");
    }
}

#[test]
fn stopping_answers_what_is_in_flight_and_nothing_more() {
    let (arrived, has_arrived) = mpsc::channel();
    let arrived = std::sync::Mutex::new(arrived);
    let backend = Backend::start(move |_, stream| {
        arrived.lock().expect("a channel").send(()).expect("a test that waits");
        thread::sleep(Duration::from_millis(100));
        reply(stream, "done")
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let address = gateway.addresses()[0];
    let request = "GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut idle = Client::connect(address);
    idle.send(request);
    assert!(idle.answer().is_some());
    let mut busy = Client::connect(address);
    busy.send(request);
    let mut silent = Client::connect(address);
    has_arrived.iter().nth(1).expect("the second request at the backend");
    let stop = thread::spawn(move || gateway.shutdown(Duration::from_mins(1), || false));
    assert!(idle.is_closed(), "nothing is asked on it any more");
    assert!(silent.is_closed(), "one from which nothing has come is not waited for");
    let answer = busy.answer().expect("what was in flight is answered");
    assert_eq!((answer.body.as_str(), answer.header("connection")), ("done", Some("close")));
    assert!(busy.is_closed());
    drop((busy, idle));
    assert!(stop.join().expect("a gateway that stops"), "everything was answered");
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn a_group_that_cannot_be_compiled_is_served_as_before() {
    let gateway = start(config(), &version("1.0.0", model::Backend::Mock));
    let address = gateway.addresses()[0];
    let broken = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {'/pets/{a': {get: {}}}\n";
    let unserved = group("pets", "2.0.0", broken, &settings(""), model::Backend::Mock);
    let operation = unserved.deployment.operation.clone();
    let rejected = gateway.replace(&snapshot(vec![
        group("other", "0.0.1", PETS, &settings("").replace("/petstore", "/other"), model::Backend::Mock),
        unserved,
    ]));
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0].group.as_ref().map(model::GroupName::as_str), Some("pets"));
    assert_eq!(rejected[0].operation, Some(operation));
    assert!(rejected[0].reason.contains("/pets/"), "{}", rejected[0].reason);
    assert_eq!(told(&get(address, "/petstore/pets/mine", "")), "1.0.0");
    assert_eq!(get(address, "/other/pets", "").status, 200);
}

#[test]
fn environments_and_groups_are_told_apart_by_host() {
    let mut with_domain = group(
        "pets",
        "2.0.0",
        &PETS.replace("Mine", "2.0.0"),
        &settings("domains: [api.example.com]\n"),
        model::Backend::Mock,
    );
    with_domain.deployment.operation =
        group("x", "2.0.0", PETS, &settings(""), model::Backend::Mock).deployment.operation;
    let test = group(
        "pets",
        "1.0.0",
        &PETS.replace("Mine", "1.0.0"),
        &settings("domains: [test.example.com]\n"),
        model::Backend::Mock,
    );
    let both =
        Snapshot { environments: vec![environment("test", vec![test]), environment("online", vec![with_domain])] };
    let gateway = start(config(), &both);
    for (host, expected) in [
        ("pets.test.apigw.localhost", "1.0.0"),
        ("PETS.Test.apigw.localhost:8080", "1.0.0"),
        ("pets.online.apigw.localhost", "2.0.0"),
        ("api.example.com", "2.0.0"),
        ("test.example.com", "offline"),
        ("localhost", "offline"),
        ("other.test.apigw.localhost", "offline"),
    ] {
        let request = format!("GET /petstore/pets/mine HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(told(&super::client::request(gateway.addresses()[0], &request)), expected, "{host}");
    }
}
