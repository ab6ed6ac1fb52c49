//! A worker that stands still: seen by operators, and in nobody's way when the gateway stops.

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use apigw::gateway::{AccessLog, AccessRecord, Config, Gateway};
use apigw::model::Backend::Mock;

use super::client::{Client, PATIENCE, get};
use super::snapshot::{config, pets, start};

/// An access log that holds up the worker that asks it, on one path.
struct HoldingLog(Mutex<mpsc::Receiver<()>>);

impl AccessLog for HoldingLog {
    fn record(&self, record: &AccessRecord<'_>) {
        if record.path == "/petstore/hold" {
            // It ends when the test lets go of the other side.
            self.0.lock().expect("a channel").recv().ok();
        }
    }

    fn dropped(&self) -> u64 {
        0
    }
}

/// Starts a gateway, of which one worker stands still until what is returned is dropped.
fn stuck() -> (Gateway, mpsc::Sender<()>, Client) {
    let (hold, held) = mpsc::channel();
    let log = Arc::new(HoldingLog(Mutex::new(held)));
    let config = Config { admin: Some(([127, 0, 0, 1], 0).into()), access_log: Some(log), ..config() };
    let gateway = start(config, &pets(Mock, ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("GET /petstore/hold HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wait_until(|| gateway.stuck_workers().len() == 1, "a worker that is seen to stand still");
    (gateway, hold, client)
}

fn wait_until(mut condition: impl FnMut() -> bool, what: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "{what} is waited for in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_worker_that_stands_still_is_seen_until_it_moves_again() {
    let (gateway, hold, _client) = stuck();
    let admin = gateway.admin_address().expect("an address");
    let stuck = gateway.stuck_workers()[0];
    let ready = get(admin, "/-/readyz", "");
    assert_eq!((ready.status, ready.body), (503, format!("a worker is stuck: {stuck}\n")));
    let status: serde_json::Value = serde_json::from_str(&get(admin, "/-/status", "").body).expect("JSON");
    assert_eq!(status["stuck_workers"], serde_json::json!([stuck]));
    assert!(get(admin, "/-/metrics", "").body.contains("apigw_stuck_workers 1\n"));
    drop(hold);
    wait_until(|| gateway.stuck_workers().is_empty(), "a worker that moves again");
    assert_eq!(get(admin, "/-/readyz", "").status, 200);
    assert!(gateway.shutdown(PATIENCE, || false), "all is answered");
}

#[test]
fn a_worker_that_stands_still_keeps_no_gateway_from_ending() {
    for (name, limit, is_hurried) in
        [("a second signal", Duration::from_hours(1), true), ("the end of the drain", Duration::from_millis(50), false)]
    {
        let (gateway, hold, _client) = stuck();
        let (end, has_ended) = mpsc::channel();
        std::thread::spawn(move || end.send(gateway.shutdown(limit, || is_hurried)));
        assert_eq!(has_ended.recv_timeout(PATIENCE), Ok(false), "{name}");
        drop(hold);
    }
}
