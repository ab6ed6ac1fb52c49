//! Connections of HTTP/1.1 from their first request to their last: what is kept, in which order answers come, and when
//! a connection is closed.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use apigw::model::Backend::Mock;

use super::backend::{Backend, reply};
use super::client::Client;
use super::snapshot::{config, http, pets, start};

const GET: &str = "GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[test]
fn a_connection_is_kept_or_closed_as_both_sides_say() {
    let gateway = start(config(), &pets(Mock, ""));
    for (version, header, kept) in [
        ("1.1", "", true),
        ("1.1", "Connection: keep-alive\r\n", true),
        ("1.1", "Connection: Close\r\n", false),
        ("1.1", "Connection: x, close\r\n", false),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
    ] {
        let mut client = Client::connect(gateway.addresses()[0]);
        let request = format!("GET /petstore/pets HTTP/{version}\r\nHost: localhost\r\n{header}\r\n");
        client.send(&request);
        let answer = client.answer().expect("an answer");
        let said = answer.header("connection").map(str::to_owned);
        let expected = match (version, kept) {
            ("1.0", kept) => kept.then_some("keep-alive"),
            (_, kept) => (!kept).then_some("close"),
        };
        assert_eq!(said.as_deref(), expected, "{request:?}");
        if kept {
            client.send(&request);
            assert_eq!(client.answer().map(|answer| answer.status), Some(200), "{request:?} again");
        } else {
            assert!(client.is_closed(), "{request:?}");
        }
    }
}

#[test]
fn answers_come_in_the_order_of_their_requests_and_none_waits_for_a_later_one() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let backend = Backend::start(move |request, stream| {
        if request.line().contains("/files") {
            may_go_on.lock().expect("a channel").recv().expect("a test that goes on");
        }
        reply(stream, request.line())
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    let nowhere = "GET /petstore/nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let slow = "GET /petstore/files HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send([nowhere, nowhere, slow, GET, nowhere].concat());
    assert_eq!([client.answer(), client.answer()].map(|answer| answer.expect("an answer").status), [404, 404]);
    go_on.send(()).expect("a backend that waits");
    let rest = [client.answer(), client.answer(), client.answer()].map(|answer| answer.expect("an answer"));
    assert_eq!(rest.each_ref().map(|answer| answer.status), [200, 200, 404]);
    assert!(rest[0].body.contains("/files") && rest[1].body.contains("/pets"), "{rest:?}");
}

#[test]
fn many_requests_in_one_go_are_all_answered() {
    let gateway = start(config(), &pets(Mock, ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send(GET.repeat(3000));
    for number in 0..3000 {
        assert_eq!(client.answer().map(|answer| answer.status), Some(200), "request {number}");
    }
}

#[test]
fn what_is_left_of_a_body_that_nobody_wants_is_not_taken_for_a_request() {
    let gateway = start(config(), &pets(Mock, ""));
    let post = |length: usize| {
        format!("POST /petstore/nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n")
    };
    // What has come with the head is skipped.
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send(format!("{}{GET}{GET}", post(GET.len())));
    let statuses = [client.answer(), client.answer()].map(|answer| answer.expect("an answer").status);
    assert_eq!(statuses, [404, 200]);
    // What is still to come is not waited for.
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send(format!("{}{GET}", post(GET.len() + 1)));
    let answer = client.answer().expect("an answer");
    assert_eq!((answer.status, answer.header("connection")), (404, Some("close")));
    client.send(format!("x{GET}"));
    assert_eq!(client.answer(), None);
    // Nor is what cannot be skipped.
    let chunked = "POST /petstore/nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let large = post(200 * 1024) + &"x".repeat(200 * 1024);
    for (name, text) in [("a chunk without a size", format!("{chunked}x\r\n{GET}")), ("a large body", large + GET)] {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(text);
        let answer = client.answer().expect("an answer");
        assert_eq!((answer.status, answer.header("connection")), (404, Some("close")), "{name}");
        assert_eq!(client.answer(), None, "{name}");
    }
}

#[test]
fn what_is_left_of_a_body_that_the_backend_did_not_want_is_not_taken_for_a_request() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gateway = start(config(), &pets(http(listener.local_addr().expect("an address")), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    let length = 3 + GET.len();
    client.send(format!("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\nabc"));
    let (mut backend, _) = listener.accept().expect("a connection");
    reply(&mut backend, "early");
    assert_eq!(client.answer().map(|answer| answer.body).as_deref(), Some("early"));
    client.send(GET);
    assert_eq!(client.answer(), None);
}

#[test]
fn what_came_of_an_answer_that_breaks_off_is_handed_on() {
    let backend = Backend::start(move |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").ok();
        false
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send(GET);
    assert!(client.read_until("\r\n\r\n").contains("200"));
    assert_eq!(client.take(3).as_deref(), Some(&b"abc"[..]));
    assert!(client.is_closed());
}

#[test]
fn a_body_that_is_refused_is_not_asked_for() {
    let backend = Backend::saying("backend");
    let gateway = start(config(), &pets(http(backend.address), "max_body_kib: 1\n"));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9999\r\n\r\n",
    );
    assert_eq!(client.answer().map(|answer| answer.status), Some(413));
    assert!(client.is_closed());
}

/// Most clients send a whole body before they read.
#[test]
fn a_refusal_of_a_large_body_is_read_after_all_of_it_is_sent() {
    let backend = Backend::saying("backend");
    let gateway = start(config(), &pets(http(backend.address), "max_body_kib: 1\n"));
    let mut stream = TcpStream::connect(gateway.addresses()[0]).expect("a connection");
    let body = vec![b'x'; 16 * 1024 * 1024];
    let head = format!("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).expect("the head is sent");
    for part in body.chunks(1024 * 1024) {
        stream.write_all(part).expect("the body is sent");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn who_speaks_http_1_0_gets_no_chunks_and_who_takes_no_trailers_gets_none() {
    let backend = Backend::start(move |_, stream| {
        let head = "HTTP/1.1 200 OK\r\nDate: then\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n";
        stream.write_all(format!("{head}3\r\nabc\r\n3\r\ndef\r\n0\r\nX-Sum: 1\r\n\r\n").as_bytes()).is_ok()
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("GET /petstore/pets HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
    let answer = client.answer().expect("an answer");
    assert_eq!((answer.body.as_str(), answer.header("transfer-encoding")), ("abcdef", None));
    assert_eq!((answer.header("connection"), answer.header("content-length")), (Some("close"), None));
    assert_eq!(answer.header("date"), Some("then"));
    assert!(client.is_closed(), "the end of the connection is the end of the body");
    assert!(backend.received()[0].header("via")[0].starts_with("1.0 apigw-"), "RFC 9110, section 7.6.3");
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("GET /petstore/pets HTTP/1.0\r\nHost: a b\r\nConnection: keep-alive\r\n\r\n");
    let refused = client.answer().expect("an answer");
    assert_eq!((refused.status, refused.header("connection")), (400, Some("close")));

    let mut client = Client::connect(gateway.addresses()[0]);
    client.send(GET);
    assert_eq!(client.answer().expect("an answer").body, "abcdef", "without a trailer");
    client.send(GET);
    assert!(client.answer().is_some(), "the connection is kept");
}

#[test]
fn an_answer_of_the_gateway_is_dated() {
    let gateway = start(config(), &pets(Mock, ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send(GET);
    let answer = client.answer().expect("an answer");
    let date = answer.header("date").expect("a date");
    let told = httpdate::parse_http_date(date).expect("a date of HTTP");
    let age = std::time::SystemTime::now().duration_since(told).expect("a time that has been");
    assert!(age.as_secs() < 60, "{date}");
}

#[test]
fn requests_whose_turn_has_not_come_fill_no_memory() {
    const MORE_THAN_THE_SYSTEM_HOLDS: usize = 64 * 1024 * 1024;
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let backend = Backend::start(move |_, stream| {
        may_go_on.lock().expect("a channel").recv().ok();
        reply(stream, "late")
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let mut client = TcpStream::connect(gateway.addresses()[0]).expect("a connection");
    client.set_write_timeout(Some(Duration::from_secs(1))).expect("a timeout");
    let requests = GET.repeat(1000);
    let mut sent = 0;
    while sent < MORE_THAN_THE_SYSTEM_HOLDS
        && let Ok(count) = client.write(requests.as_bytes())
    {
        sent += count;
    }
    assert!(sent < MORE_THAN_THE_SYSTEM_HOLDS, "{sent} bytes were taken while the first answer was waited for");
    drop(go_on);
    let mut answer = [0; 15];
    client.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}

#[test]
fn the_last_answer_is_not_taken_back_where_the_client_has_sent_more() {
    let gateway = start(config(), &pets(Mock, ""));
    let mut client = TcpStream::connect(gateway.addresses()[0]).expect("a connection");
    let last = GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    client.write_all((last + &GET.repeat(2000)).as_bytes()).expect("a request and more");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an end, and no reset");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.matches("HTTP/1.1").count() == 1, "{answer}");
}
