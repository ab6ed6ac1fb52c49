//! Many connections, an hour's worth of changes, clients that are slow on purpose: what is left behind, counted.
//!
//! It is a program of its own, since it counts the file descriptors and threads of its process.

#![expect(clippy::expect_used, clippy::print_stderr, reason = "what a test needs is there, or the test has failed")]

#[path = "../gateway/backend.rs"]
#[expect(dead_code, reason = "the tests of single requests use more of it")]
mod backend;
#[path = "../gateway/client.rs"]
#[expect(dead_code, reason = "the tests of single requests use more of it")]
mod client;
#[path = "../gateway/snapshot.rs"]
mod snapshot;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use apigw::definition::Definition;
use apigw::gateway::GatewayTimeouts;
use apigw::model;
use apigw::snapshot::{EnvironmentSnapshot, Snapshot};
use rustix::process::{Resource, getrlimit, setrlimit};

use backend::{Backend, reply};
use client::Client;
use snapshot::{PETS, config, group, http, offline, pets, settings, start};

/// How many connections are open at a time, if the system allows it.
const CONNECTIONS: usize = 10_000;

/// How often what is served changes: once a second for an hour.
const CHANGES: usize = 3600;

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// How much the process may grow, in KiB, while nothing is added to it: what allocators and threads keep for later.
const GROWTH_KIB: u64 = 24 * 1024;

const GET: &str = "GET /petstore/pets/mine HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[test]
fn nothing_is_left_behind() {
    if let Ok(order) = std::env::var(CROWD) {
        return crowd(&order);
    }
    many_connections();
    many_changes();
}

/// Opens many connections, changes what is served, and asks on each of them again.
fn many_connections() {
    let mut config = config();
    // The first connection waits for the last one to be opened before it asks.
    config.timeouts.head = PATIENCE;
    config.timeouts.keep_alive = PATIENCE;
    let gateway = start(config, &version(0, model::Backend::Mock).0);
    let idle = descriptors();
    let room = usize::try_from(raise_limit()).unwrap_or(usize::MAX).saturating_sub(idle + 100);
    let count = CONNECTIONS.min(room);
    if count < CONNECTIONS {
        eprintln!("the system allows only {count} connections of {CONNECTIONS} at a time: raise `ulimit -Hn`");
    }
    let before = memory_kib();
    let mut crowd = Crowd::start(gateway.addresses()[0], count);
    crowd.asks("version 0");
    assert_eq!(gateway.connections(), count);
    // One of them is that by which the crowd is spoken to.
    assert_eq!(descriptors(), idle + count + 1);
    eprintln!("{count} connections take {} KiB each", (memory_kib().saturating_sub(before)) / count as u64);
    for number in 1..=100 {
        assert_eq!(gateway.replace(&version(number, model::Backend::Mock).0), []);
    }
    crowd.asks("version 100");
    assert_eq!(gateway.connections(), count, "a change closes no connection");
    drop(crowd);
    wait_until("every connection is closed", || gateway.connections() == 0 && descriptors() == idle);
}

/// Changes what is served while clients ask, dawdle and leave.
fn many_changes() {
    let backend = Backend::start(|request, stream| {
        if request.line().contains("/files") {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n";
            let space = vec![b'x'; 100_000];
            return stream.write_all(head.as_bytes()).is_ok() && (0..1000).all(|_| stream.write_all(&space).is_ok());
        }
        reply(stream, "real")
    });
    let threads = entries("/proc/self/task");
    let mut config = config();
    let soon = Duration::from_secs(1);
    config.timeouts = GatewayTimeouts { head: soon, body: soon, write: soon, ..GatewayTimeouts::default() };
    let gateway = start(config, &version(0, model::Backend::Mock).0);
    let address = gateway.addresses()[0];
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            std::thread::spawn(move || ask(address, &stop, &asked))
        })
        .collect();
    let mut old: Vec<Weak<Definition>> = Vec::new();
    let (mut warm, mut forwarded) = (0, 0);
    let mut dawdlers = Vec::new();
    for number in 1..=CHANGES {
        let (next, definition) = match number % 4 {
            0 => (pets(model::Backend::Mock, ""), Weak::new()),
            // Each is a backend of its own, with connections of its own, though they lead to the same address.
            1 => version(number, http(backend.address)),
            2 => version(number, model::Backend::Mock),
            _ => {
                let (mut gone, definition) = version(number, model::Backend::Mock);
                let environment = Arc::make_mut(&mut gone.environments[0]);
                let groups = environment.groups().iter().cloned().map(offline).collect();
                *environment = EnvironmentSnapshot::new(environment.name.clone(), groups);
                (gone, definition)
            }
        };
        assert_eq!(gateway.replace(&next), []);
        old.push(definition);
        if number % 20 == 0 {
            dawdlers.extend(dawdle(address));
        }
        forwarded += backend.forget();
        if number % 4 != 1 {
            continue;
        }
        // What has just been published is asked for before it goes.
        let seen = asked.load(Ordering::SeqCst);
        while asked.load(Ordering::SeqCst) == seen && !clients.iter().any(std::thread::JoinHandle::is_finished) {
            std::thread::yield_now();
        }
        if number == CHANGES / 4 + 1 {
            warm = memory_kib();
        }
    }
    assert!(forwarded > 0, "no request went to a backend");
    let hot = memory_kib();
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().expect("a client without a failed request");
    }
    gateway.replace(&Snapshot::default());
    wait_until("what dawdles is cut off, and what leads to backends that are gone is closed", || {
        gateway.connections() == 0 && gateway.requests_in_flight() == 0 && gateway.backend_connections() == 0
    });
    let left = old.iter().filter(|definition| definition.strong_count() > 0).count();
    assert_eq!(left, 0, "versions that nobody serves are still in memory");
    let asked = asked.load(Ordering::SeqCst);
    eprintln!("{CHANGES} changes, {asked} requests: {warm} KiB after a quarter of them, {hot} KiB after all");
    assert!(hot < warm + GROWTH_KIB, "memory grows from {warm} KiB to {hot} KiB");
    let dawdled = dawdlers.len();
    drop(dawdlers);
    eprintln!("{dawdled} clients dawdled");
    drop(gateway);
    wait_until("the gateway's threads have ended", || entries("/proc/self/task") <= threads);
}

/// The pets at a version of their own, whose definition is known again, and that definition.
fn version(number: usize, backend: model::Backend) -> (Snapshot, Weak<Definition>) {
    let more = format!("forwarding: {{allow_addresses: [\"10.0.{}.{}\"]}}\n", number / 256, number % 256);
    let named = group("pets", "0.0.1", &PETS.replace("Mine", &format!("version {number}")), &settings(&more), backend);
    let definition = named.content.as_ref().and_then(|content| content.definition.get().ok()).expect("a definition");
    let definition = Arc::downgrade(&definition);
    (snapshot::snapshot(vec![named]), definition)
}

/// Asks on and on, on one connection for a while and then on another.
fn ask(address: SocketAddr, stop: &AtomicBool, asked: &AtomicUsize) {
    while !stop.load(Ordering::SeqCst) {
        let mut client = Client::connect(address);
        for _ in 0..50 {
            client.send(GET);
            let answer = client.answer().expect("an answer on a connection that is kept");
            assert!([200, 404].contains(&answer.status), "{answer:?}");
            asked.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Opens connections of clients that stop half-way: in a head, in a body, in reading what they asked for.
fn dawdle(address: SocketAddr) -> Vec<TcpStream> {
    [
        "",
        "GET /petstore/pets HTTP/1.1\r\nHost: loc",
        "POST /petstore/pets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"n",
        "GET /petstore/files HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ]
    .into_iter()
    .map(|text| {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(text.as_bytes()).expect("a beginning");
        stream
    })
    .collect()
}

/// Many connections of clients, in a process of their own, so that they do not count among those of this one.
struct Crowd {
    process: Child,
    control: BufReader<TcpStream>,
}

/// What makes of a second process of this test the clients of the first: where to be spoken to, whom to ask, how many.
const CROWD: &str = "APIGW_TEST_CROWD";

impl Crowd {
    fn start(address: SocketAddr, count: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let control = listener.local_addr().expect("an address");
        let process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "nothing_is_left_behind"])
            .env(CROWD, format!("{control} {address} {count}"))
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("this program again");
        let (control, _) = listener.accept().expect("the crowd");
        control.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self { process, control: BufReader::new(control) }
    }

    /// Has each connection ask once; all must be told the same.
    fn asks(&mut self, expected: &str) {
        writeln!(self.control.get_mut(), "{expected}").expect("a crowd that listens");
        let mut line = String::new();
        self.control.read_line(&mut line).expect("a crowd that answers");
        assert_eq!(line, "all\n", "not every connection is answered with {expected}");
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.control.get_ref().shutdown(std::net::Shutdown::Both).ok();
        self.process.wait().ok();
    }
}

/// Is a crowd, until nobody speaks to it any more.
fn crowd(order: &str) {
    let [control, address, count] = order.split(' ').collect::<Vec<_>>()[..] else { panic!("{order:?}") };
    raise_limit();
    let mut control = BufReader::new(TcpStream::connect(control).expect("who started it"));
    let count: usize = count.parse().expect("a number");
    let mut clients: Vec<Client> = Vec::with_capacity(count);
    let mut line = String::new();
    while control.read_line(&mut line).expect("an order") > 0 {
        let expected = line.trim_end();
        clients.resize_with(count, || Client::connect(address.parse().expect("an address")));
        let all = clients.iter_mut().all(|client| {
            client.send(GET);
            client.answer().is_some_and(|answer| answer.status == 200 && answer.body.contains(expected))
        });
        writeln!(control.get_mut(), "{}", if all { "all" } else { "not all" }).expect("who started it");
        line.clear();
    }
}

/// Lets the process open as many files as the system allows, and returns how many.
fn raise_limit() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("more open files");
    limit.maximum.unwrap_or(u64::MAX)
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "not so: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn descriptors() -> usize {
    entries("/proc/self/fd")
}

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).expect("a folder of the system").count()
}

fn memory_kib() -> u64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").expect("a file of the system");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:")).expect("a line with the memory");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}
