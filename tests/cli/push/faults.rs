//! Stores that refuse, fail, respond slowly or half, or lose their response: what is said, and what was done.

use super::Publisher;
use super::server::{Fault, StoreServer};
use crate::harness::Outcome;

const BUCKET: &str = "/bucket/online";

/// A workspace that pushes to a store server.
struct Site {
    publisher: Publisher,
    server: StoreServer,
}

impl Site {
    fn new() -> Self {
        Self { publisher: Publisher::new(), server: StoreServer::new() }
    }

    fn push(&self) -> Outcome {
        self.push_with("--store-timeout 300ms")
    }

    fn push_with(&self, words: &str) -> Outcome {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "a-secret-that-nobody-sees"),
            ("AWS_SESSION_TOKEN", "a-token-that-nobody-sees"),
            ("AWS_ENDPOINT_URL", &self.server.url("")),
        ];
        let key = self.publisher.path("push.pem");
        let outcome =
            self.publisher.sandbox.run_with(&variables, &format!("-v push s3://bucket/online --key {key} {words}"));
        for text in [&outcome.stdout, &outcome.stderr] {
            assert!(!text.contains("nobody-sees"), "{text}");
        }
        outcome
    }

    fn pointer(&self) -> Option<Vec<u8>> {
        self.server.object(&format!("{BUCKET}/pointer"))
    }
}

#[test]
fn each_refusal_of_a_store_is_told_with_the_way_out() {
    let site = Site::new();
    let error = |code: &'static str| match code {
        "skew" => "<Error><Code>RequestTimeTooSkewed</Code></Error>",
        "denied" => "<Error><Code>AccessDenied</Code></Error>",
        "raw" => "<Error><Code>\u{1b}[2J</Code></Error>",
        _ => "<Error><Code>NoSuchBucket</Code></Error>",
    };
    for (fault, text, message, hint) in [
        (Fault::Response("403 Forbidden", error("denied")), "GET", "403 Forbidden (AccessDenied)", "s3:GetObject"),
        (Fault::Response("403 Forbidden", error("denied")), "PUT", "403 Forbidden (AccessDenied)", "s3:PutObject"),
        (Fault::Response("403 Forbidden", error("skew")), "GET", "the clocks of this machine and of the store", "NTP"),
        (Fault::Response("404 Not Found", error("bucket")), "GET", "(NoSuchBucket)", "create the bucket"),
        (Fault::Response("403 Forbidden", error("raw")), "GET", "403 Forbidden\n", "s3:GetObject"),
        (Fault::Response("500 Internal Server Error", ""), "PUT", "500 Internal Server Error", "try again later"),
        (Fault::Response("501 Not Implemented", ""), "probe", "501 Not Implemented", "conditional writes"),
        (Fault::Headers("301 Moved\r\nLocation: http://169.254.169.254/x"), "GET", "a redirect", "AWS_REGION"),
        (Fault::Unconditional, "probe", "does not refuse a write whose condition", "conditional writes"),
        (Fault::Silence, "GET", "no whole response within 0.3 s", "--store-timeout"),
    ] {
        site.server.fail(fault.clone(), text, usize::MAX);
        site.push().expect_exit(1).expect_stderr(message).expect_stderr(hint);
        assert_eq!(site.pointer(), None, "{fault:?}");
    }
    site.server.mend();
    site.push().expect_exit(0).expect_stdout("push 1, ");
}

#[test]
fn a_fault_that_passes_is_waited_for() {
    let site = Site::new();
    for (mark, fault) in [
        ("a", Fault::Response("503 Slow Down", "<Error><Code>SlowDown</Code></Error>")),
        ("b", Fault::Response("409 Conflict", "<Error><Code>ConditionalRequestConflict</Code></Error>")),
        ("c", Fault::Half),
        ("d", Fault::Lost),
    ] {
        for text in ["GET", "PUT", "PUT /bucket/online/pointer"] {
            site.publisher.publish_again(&format!("{mark} {text}"));
            site.server.fail(fault.clone(), text, 2);
            site.push_with("--store-timeout 5s").expect_exit(0);
            site.server.mend();
            site.push().expect_exit(0).expect_stdout("is up to date");
        }
    }
}

#[test]
fn a_pointer_that_cannot_be_written_is_no_push_that_came_first() {
    let site = Site::new();
    site.push().expect_exit(0);
    let before = site.pointer();
    site.publisher.publish_again("second");
    for (fault, message) in [
        (Fault::Response("500 Internal Server Error", ""), "500 Internal Server Error"),
        (Fault::Response("409 Conflict", ""), "409 Conflict"),
        (
            Fault::Response("412 Precondition Failed", ""),
            "412 Precondition Failed, and still has what was there before",
        ),
        (Fault::Response("200 OK", ""), "success, and still has what was there before"),
        (Fault::Silence, "no whole response within 0.3 s"),
    ] {
        let requests = site.server.requests();
        site.server.fail(fault.clone(), "PUT /bucket/online/pointer", usize::MAX);
        let outcome = site.push().expect_exit(1).expect_stderr("the pointer was not written").expect_stderr(message);
        assert!(!outcome.stderr.contains("another push"), "{fault:?}");
        let requests = site.server.requests() - requests;
        assert!(requests < 150, "{fault:?}: {requests} requests");
        assert_eq!(site.pointer(), before, "{fault:?}");
    }
    site.server.mend();
    site.push().expect_exit(0).expect_stdout("push 2, ");
}

#[test]
fn a_pointer_that_is_refused_for_a_moment_is_written_in_the_end() {
    let site = Site::new();
    site.push().expect_exit(0);
    site.publisher.publish_again("second");
    // The push that came first is not seen at once.
    site.server.fail(Fault::Response("412 Precondition Failed", ""), "PUT /bucket/online/pointer", 4);
    site.push_with("--store-timeout 5s").expect_exit(0).expect_stdout("push 2, ");
}

#[test]
fn a_push_whose_response_was_lost_is_found_or_not_known() {
    let site = Site::new();
    site.push().expect_exit(0);
    let before = site.pointer();
    site.publisher.publish_again("second");
    // Neither the response to the pointer comes, nor that to any request after it.
    site.server.fail(Fault::Lost, "/pointer", usize::MAX);
    site.push().expect_exit(1).expect_stderr("the connection broke off");
    assert_eq!(site.pointer(), before, "it could not even be read");
    site.server.fail(Fault::Lost, "PUT /bucket/online/pointer", usize::MAX);
    site.push().expect_exit(0).expect_stdout("push 2, ");
    let second = site.pointer();
    assert_ne!(second, before);
    site.publisher.publish_again("third");
    site.server.fail(Fault::Gone, "PUT /bucket/online/pointer", 1);
    site.push().expect_exit(7).expect_stderr("it is not known whether the push is in force");
    assert_ne!(site.pointer(), second, "it is, this time");
}

#[test]
fn credentials_come_from_a_profile_too() {
    let site = Site::new();
    let profile = "[deploy]\naws_access_key_id = id\naws_secret_access_key = a-secret\n";
    site.publisher.sandbox.write(".aws/credentials", profile);
    let config = format!("[profile deploy]\nregion = eu-west-1\nendpoint_url = {}\n", site.server.url(""));
    site.publisher.sandbox.write(".aws/config", &config);
    let words = format!("push s3://bucket/online --key {}", site.publisher.path("push.pem"));
    let run = |profile: &str| site.publisher.sandbox.run_with(&[("AWS_PROFILE", profile)], &words);
    run("gone").expect_exit(3).expect_stderr("there is no profile \"gone\"");
    assert_eq!(site.server.requests(), 0);
    run("deploy").expect_exit(0).expect_stdout("push 1, ");
    let endpoint = [("AWS_PROFILE", "deploy"), ("AWS_ENDPOINT_URL", "http://store.example.com")];
    site.publisher
        .sandbox
        .run_with(&endpoint, &words)
        .expect_exit(3)
        .expect_stderr("http reaches loopback addresses alone");
}

#[test]
fn a_store_that_keeps_no_object_gets_no_pointer() {
    let site = Site::new();
    site.server.fail(Fault::Response("200 OK", ""), "PUT /bucket/online/objects", usize::MAX);
    site.push().expect_exit(1).expect_stderr("does not have the object").expect_stderr("nothing was pushed");
    assert_eq!(site.pointer(), None);
    site.server.mend();
    site.push().expect_exit(0).expect_stdout("push 1, ");
}

#[test]
fn a_state_whose_list_is_lost_is_pushed_over() {
    let site = Site::new();
    site.push().expect_exit(0);
    site.publisher.publish_again("second");
    let pushed = site.push_with("-o json").expect_exit(0).json();
    let state = pushed["state"].as_str().expect("a digest").replace(':', "/");
    site.server.insert(&format!("{BUCKET}/objects/{state}"), b"damaged");
    site.publisher.publish_again("third");
    site.push()
        .expect_exit(3)
        .expect_stderr("is damaged")
        .expect_stderr("s3://bucket/online --key")
        .expect_stderr("--repair");
    site.push_with("--repair").expect_exit(0).expect_stdout("push 3, ");
    site.push().expect_exit(0).expect_stdout("is up to date (push 3)");
    site.push_with("--repair").expect_exit(0).expect_stdout("0 objects written again");
}

#[test]
fn a_list_that_does_not_end_is_refused() {
    let site = Site::new();
    site.push().expect_exit(0);
    let end = "<IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken></ListBucketResult>";
    let digits = "0".repeat(64);
    let entry = format!(
        "<Contents><Key>online/objects/sha256/{digits}</Key><LastModified>2026-01-01T00:00:00Z</LastModified>\
         <Size>7</Size></Contents>"
    );
    for entry in ["", &entry] {
        let body = format!("<ListBucketResult>{entry}{end}").leak();
        site.server.fail(Fault::Response("200 OK", body), "list-type=2", usize::MAX);
        site.push_with("--prune --dry-run").expect_exit(1).expect_stderr("ListObjectsV2");
    }
}
