//! Clients that make the gateway wait, and too many of them.

use std::io::Write as _;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use apigw::gateway::{Config, GatewayTimeouts};
use apigw::model;

use super::backend::Backend;
use super::client::{Client, PATIENCE, get};
use super::frames::{DATA, END_HEADERS, Ended, Frames, HEADERS, block, fields};
use super::snapshot::{config, http, pets, start};

/// Settings under which nothing may take long.
fn impatient() -> Config {
    let soon = Duration::from_millis(300);
    let mut config = config();
    config.timeouts =
        GatewayTimeouts { head: soon, keep_alive: soon, body: soon, write: soon, stall: Duration::from_mins(1) };
    config
}

/// The same, for clients that answer no pings.
fn patient_with_pings() -> Config {
    let mut config = impatient();
    (config.timeouts.head, config.timeouts.keep_alive) = (Duration::from_mins(1), Duration::from_mins(1));
    config
}

#[test]
fn slow_clients_are_cut_off() {
    let gateway = start(impatient(), &pets(model::Backend::Mock, ""));
    for (name, text, status) in [
        ("nothing at all", "", 0),
        ("a head without an end", "GET /petstore/pets HTTP/1.1\r\nHost: local", 0),
        (
            "a body without an end",
            "POST /petstore/pets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc",
            408,
        ),
        (
            "the rest of a body that was asked for",
            "POST /petstore/pets HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n",
            408,
        ),
        ("a next request that does not come", "GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
    ] {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(text);
        let statuses = std::iter::from_fn(|| client.answer()).map(|answer| answer.status);
        let statuses: Vec<u16> = statuses.filter(|status| *status != 100).collect();
        assert_eq!(statuses, if status > 0 { vec![status] } else { Vec::new() }, "{name}");
    }
    let deadline = std::time::Instant::now() + PATIENCE;
    while gateway.connections() > 0 {
        assert!(std::time::Instant::now() < deadline, "a connection is left");
        std::thread::yield_now();
    }
}

#[test]
fn a_client_is_not_blamed_for_what_its_backend_takes() {
    let backend = Backend::start(move |_, stream| {
        // Several times as long as a client may take for anything.
        std::thread::sleep(Duration::from_millis(1500));
        super::backend::reply(stream, "late")
    });
    let gateway = start(impatient(), &pets(http(backend.address), ""));
    let next = "GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let chunks = "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    for (name, first, second) in [
        ("a whole next request", next.repeat(2), ""),
        ("a part of the next request", format!("{next}{}", &next[..20]), ""),
        ("a next request that comes later", next.to_owned(), next),
        ("the end of a body by itself", chunks.to_owned(), "0\r\n\r\n"),
    ] {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(&first);
        std::thread::sleep(Duration::from_millis(20));
        client.send(second);
        assert_eq!(client.answer().map(|answer| answer.body).as_deref(), Some("late"), "{name}");
    }
}

#[test]
fn a_body_that_comes_steadily_is_not_cut_off() {
    let backend = Backend::saying("whole");
    let gateway = start(impatient(), &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16384\r\n\r\n");
    for _ in 0..16 {
        // Far more than the least rate, for far longer than a body may take below it.
        std::thread::sleep(Duration::from_millis(100));
        client.send("x".repeat(1024));
    }
    assert_eq!(client.answer().map(|answer| answer.body).as_deref(), Some("whole"));
}

#[test]
fn a_client_that_asks_and_asks_and_does_not_read_is_cut_off() {
    let mut config = config();
    config.timeouts.write = Duration::from_millis(300);
    let gateway = start(config, &pets(model::Backend::Mock, ""));
    let address = gateway.addresses()[0];
    let (cut, is_cut) = mpsc::channel();
    std::thread::spawn(move || {
        let mut client = Client::connect(address);
        client.send("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500_000));
        cut.send(client).ok();
    });
    is_cut.recv_timeout(PATIENCE).expect("a gateway that cuts the connection");
}

/// Starts a backend whose answers do not end, and which tells when one was broken off.
fn endless() -> (Backend, mpsc::Receiver<()>) {
    let (ended, has_ended) = mpsc::channel();
    let ended = Mutex::new(ended);
    let backend = Backend::start(move |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n").ok();
        while stream.write_all(&[b'x'; 8192]).is_ok() {}
        ended.lock().expect("a channel").send(()).ok();
        false
    });
    (backend, has_ended)
}

#[test]
fn a_client_that_does_not_read_is_cut_off_and_so_is_its_backend() {
    let (backend, has_ended) = endless();
    let gateway = start(impatient(), &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
    has_ended.recv_timeout(PATIENCE).expect("a backend whose connection was closed");
    drop(client);
}

#[test]
fn an_exchange_ends_when_its_client_takes_nothing_for_as_long_as_the_group_says() {
    let (backend, has_ended) = endless();
    // No time-out of the gateway's own is over before the test is.
    let gateway = start(config(), &pets(http(backend.address), "forwarding: {idle_timeout_ms: 300}\n"));
    let began = std::time::Instant::now();
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
    has_ended.recv_timeout(PATIENCE).expect("a backend whose connection was closed");
    assert!(client.rest_until_closed().len() > 1, "and the client's is closed, too");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());

    // One response of several that nobody takes ends alone.
    let began = std::time::Instant::now();
    let mut client = Frames::connect(gateway.addresses()[0]);
    client.request(1, &fields("GET", "/petstore/pets", &[]), None);
    has_ended.recv_timeout(PATIENCE).expect("a backend whose connection was closed");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    client.request(3, &fields("DELETE", "/petstore/pets", &[]), None);
    assert_eq!(client.ended(3), Ended::Status(405), "others on the connection are answered");
}

#[test]
fn slow_bodies_over_http2_end_alone() {
    let gateway = start(patient_with_pings(), &pets(model::Backend::Mock, ""));
    let mut client = Frames::connect(gateway.addresses()[0]);
    client.send(HEADERS, END_HEADERS, 1, &block(&fields("POST", "/petstore/pets", &[("content-type", "text/plain")])));
    for _ in 0..20 {
        client.send(DATA, 0, 1, b"a");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(client.ended(1), Ended::Status(408), "a body that hardly comes");
    client.request(3, &fields("GET", "/petstore/pets", &[]), None);
    assert_eq!(client.ended(3), Ended::Status(200), "others on the connection are answered");
}

#[test]
fn a_body_over_http2_that_stops_ends_alone_whatever_else_moves() {
    let gateway = start(patient_with_pings(), &pets(model::Backend::Mock, ""));
    let json = [("content-type", "application/json")];
    for (name, begun) in [("at once", &b"{\"a\""[..]), ("behind a burst", &[b' '; 16_000])] {
        let mut client = Frames::connect(gateway.addresses()[0]);
        client.send(HEADERS, END_HEADERS, 1, &block(&fields("POST", "/petstore/pets", &json)));
        client.send(DATA, 0, 1, begun);
        let mut others = Vec::new();
        for turn in 1..20 {
            let stream = 2 * turn + 1;
            client.request(stream, &fields("GET", "/petstore/pets", &[]), None);
            others.push(stream);
            std::thread::sleep(Duration::from_millis(100));
        }
        let ended = client.endings(&[&[1][..], &others].concat());
        assert_eq!(ended[0], Ended::Status(408), "{name}");
        assert!(ended[1..].iter().all(|ended| *ended == Ended::Status(200)), "{name}: {ended:?}");
    }
}

#[test]
fn a_burst_buys_no_time_for_the_rest_of_a_body() {
    let gateway = start(impatient(), &pets(model::Backend::Mock, ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    let head = "POST /petstore/pets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n";
    client.send([head, &" ".repeat(100_000)].concat());
    // At the least rate so many bytes take 98 seconds, for which no test waits.
    assert_eq!(client.answer().map(|answer| answer.status), Some(408));
}

#[test]
fn an_answer_over_http2_that_nobody_takes_ends_and_so_does_its_backend() {
    let (backend, has_ended) = endless();
    let gateway = start(patient_with_pings(), &pets(http(backend.address), ""));
    let mut client = Frames::connect(gateway.addresses()[0]);
    // The window of the stream is 65,535 bytes, and stays so.
    client.request(1, &fields("GET", "/petstore/pets", &[]), None);
    has_ended.recv_timeout(PATIENCE).expect("a backend whose connection was closed");
    drop(client);
}

#[test]
fn a_connection_that_answers_no_ping_does_not_hold_up_a_stop() {
    let gateway = start(config(), &pets(model::Backend::Mock, ""));
    let mut unused = Frames::connect(gateway.addresses()[0]);
    let mut used = Frames::connect(gateway.addresses()[0]);
    used.request(1, &fields("GET", "/petstore/pets", &[]), None);
    assert_eq!(used.ended(1), Ended::Status(200));
    while gateway.connections() < 2 {
        std::thread::yield_now();
    }
    let began = std::time::Instant::now();
    assert!(gateway.shutdown(PATIENCE, || false), "all is answered");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(unused.is_closed() && used.is_closed());
}

#[test]
fn a_backend_that_stops_in_the_middle_is_cut_off() {
    let backend = Backend::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").ok();
        std::io::Read::read(stream, &mut [0]).is_ok_and(|count| count > 0)
    });
    let gateway = start(config(), &pets(http(backend.address), "forwarding: {idle_timeout_ms: 100}\n"));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.read_until("\r\n\r\nabc");
    assert!(client.is_closed(), "an answer that is cut short is not made to look whole");
}

#[test]
fn connections_beyond_the_limit_are_closed() {
    let mut config = config();
    config.limits.connections = 2;
    config.admin = Some(([127, 0, 0, 1], 0).into());
    let gateway = start(config, &pets(model::Backend::Mock, ""));
    let ask = |client: &mut Client| {
        client.send("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.answer().map(|answer| answer.status)
    };
    let mut kept: Vec<Client> = (0..2).map(|_| Client::connect(gateway.addresses()[0])).collect();
    assert!(kept.iter_mut().all(|client| ask(client) == Some(200)));
    assert_eq!(ask(&mut Client::connect(gateway.addresses()[0])), None);
    assert!(kept.iter_mut().all(|client| ask(client) == Some(200)), "those that were there first stay");
    let metrics = get(gateway.admin_address().expect("an address"), "/-/metrics", "").body;
    assert!(metrics.contains("apigw_connections_refused_total 1\n"), "{metrics}");
    drop(kept);
    let deadline = std::time::Instant::now() + PATIENCE;
    while ask(&mut Client::connect(gateway.addresses()[0])).is_none() {
        assert!(std::time::Instant::now() < deadline, "a place that became free is not used");
    }
}
