//! Signed requests that are sent again after a gateway was killed and started again.

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use apigw::access::sigv4::{SCHEMES, Signer};
use apigw::access::{PathForm, SigningRequest};
use apigw::model::Timestamp;

use crate::clients;
use crate::harness::Sandbox;
use crate::serving::{Serving, exchange};

const JOURNAL: &str = ".apigw/signed-dates";
const PATH: &str = "/petstore/pets";
/// The host, which is signed: the port is another one after a restart.
const HOST: &str = "petstore.test.apigw.localhost";

/// A caller's key, and the number of its requests.
struct SigningCaller {
    key_id: String,
    secret: String,
    requests: u32,
}

impl SigningCaller {
    /// Signs a request that is dated so many seconds ahead of the clock.
    fn sign(&mut self, ahead_s: i64) -> String {
        self.requests += 1;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
        let now = i64::try_from(since.as_millis()).expect("a time");
        let signer = Signer {
            scheme: &SCHEMES[0],
            key_id: &self.key_id,
            secret: self.secret.as_bytes(),
            region: "local",
            service: "apigw",
            path_form: PathForm::Sent,
        };
        let request = SigningRequest { method: "GET", path: PATH, query: "", authority: HOST, headers: &[], body: b"" };
        let date = Timestamp::from_milliseconds(now + ahead_s * 1000);
        let headers = signer.sign(&request, date, &format!("nonce{}", self.requests));
        headers.iter().flat_map(|(name, value)| [*name, ": ", value, "\r\n"]).collect()
    }

    /// Sends requests that are dated now until one is let in: a gateway lets in none that is dated before its start.
    fn wait_to_be_let_in(&mut self, serving: &Serving) {
        let start = Instant::now();
        while send(serving, &self.sign(0)) != 200 {
            assert!(start.elapsed() < Duration::from_secs(20), "never let in: {}", serving.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn send(serving: &Serving, lines: &str) -> u16 {
    let head = format!("GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{lines}\r\n");
    let answer = exchange(&serving.address, &head);
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

fn start(sandbox: &Sandbox) -> Serving {
    Serving::start_into(sandbox, "access.log", "serve --env test --listen 127.0.0.1:0")
}

/// Waits until the access log has a line with this in it.
fn wait_for_log(sandbox: &Sandbox, part: &str) {
    let start = Instant::now();
    while !sandbox.read("access.log").contains(part) {
        assert!(start.elapsed() < Duration::from_secs(20), "{part:?} is not in {}", sandbox.read("access.log"));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_request_that_was_let_in_before_a_kill_is_refused_after_it() {
    let sandbox = Sandbox::petstore();
    let (serving, key_id, secret) = clients::start(&sandbox);
    let mut caller = SigningCaller { key_id, secret, requests: 0 };
    caller.wait_to_be_let_in(&serving);
    assert_eq!(sandbox.read(JOURNAL), "", "a date that is not ahead is not recorded");
    let ahead = caller.sign(240);
    assert_eq!([(); 2].map(|()| send(&serving, &ahead)), [200, 401]);
    let recorded = sandbox.read(JOURNAL);
    assert!(recorded.starts_with(&format!("{} 20", caller.key_id)) && recorded.lines().count() == 1, "{recorded}");
    serving.kill();
    // Twice, for the second process after it knows by the journal alone, too.
    for _ in 0..2 {
        refuse_after_start(&sandbox, &mut caller, &ahead);
    }
    assert_eq!(sandbox.read(JOURNAL), recorded);
}

/// Starts a gateway, which refuses a request of one before and lets in fresh ones, and kills it.
fn refuse_after_start(sandbox: &Sandbox, caller: &mut SigningCaller, seen: &str) {
    let serving = start(sandbox);
    assert_eq!(send(&serving, seen), 401);
    wait_for_log(sandbox, "may have been seen before a restart");
    caller.wait_to_be_let_in(&serving);
    assert_eq!(send(&serving, seen), 401);
    serving.kill();
}

#[test]
fn a_request_whose_date_cannot_be_recorded_is_refused() {
    let sandbox = Sandbox::petstore();
    let (serving, key_id, secret) = clients::start(&sandbox);
    let mut caller = SigningCaller { key_id, secret, requests: 0 };
    caller.wait_to_be_let_in(&serving);
    serving.kill();
    sandbox.write(JOURNAL, "damaged\n");
    let serving = start(&sandbox);
    serving.wait_to_hear("signed requests are refused until");
    assert_eq!(send(&serving, &caller.sign(200)), 401);
    serving.kill();
    let path = sandbox.path().join(JOURNAL);
    fs::remove_file(&path).expect("removed");
    let serving = start(&sandbox);
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("a folder");
    assert_eq!(send(&serving, &caller.sign(200)), 503);
    wait_for_log(&sandbox, "its date cannot be recorded");
    caller.wait_to_be_let_in(&serving);
}
