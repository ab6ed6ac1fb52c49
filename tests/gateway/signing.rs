//! Requests that the gateway signs for a backend, and what operators see of callers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use apigw::access::{Grant, HmacSecret, Key, KeyDirectory, NewSecret, Secret, SecretId, SecretProof, SigningSettings};
use apigw::gateway::{Config, Gateway};
use apigw::model::{Digest, RateLimits, Timestamp};

use super::backend::Backend;
use super::client::{Answer, get, request};
use super::snapshot::{config, http, pets, start};

const SECRET: &[u8] = b"a secret that two gateways share";

fn key(name: &str, id: &str, proof: SecretProof) -> Key {
    let (group, environment) = ("pets".parse().expect("a name"), "test".parse().expect("a name"));
    let since = Timestamp::from_milliseconds(0);
    Key {
        name: name.parse().expect("a name"),
        kind: proof.kind(),
        owner: None,
        description: None,
        created: since,
        not_before: None,
        expires: None,
        signing: SigningSettings::default(),
        limits: RateLimits::default(),
        secrets: vec![Secret { id: id.parse().expect("an id"), created: since, retires: None, proof }],
        grants: vec![Grant::new(name, group, vec![environment], Vec::new(), (since, "Ada".to_owned()))],
    }
}

/// The key with which one gateway signs and another verifies, with its secret or without.
fn directory(others: Vec<Key>, has_secret: bool) -> Arc<KeyDirectory> {
    let front = key("front", "front123", SecretProof::Fingerprint(Digest::of(SECRET)));
    let id: SecretId = "front123".parse().expect("an id");
    let secrets = HashMap::from_iter(has_secret.then(|| (id, HmacSecret::new(SECRET))));
    Arc::new(KeyDirectory::new(others.into_iter().chain([front]).map(Arc::new), [], ([], &[]), &secrets))
}

/// A gateway that signs, in front of one that verifies, in front of a backend.
fn chain(scheme: &str) -> (Gateway, Gateway, Backend) {
    let backend = Backend::saying("ok");
    let back = start(config(), &pets(http(backend.address), "auth: signature\n"));
    back.replace_access(directory(Vec::new(), true));
    let sign = format!("forwarding: {{keep_prefix: true, sign: {{key: front, scheme: {scheme}}}}}\n");
    let front = start(config(), &pets(http(back.addresses()[0]), &sign));
    front.replace_access(directory(Vec::new(), true));
    (front, back, backend)
}

fn post(address: SocketAddr, lines: &str, body: &str) -> Answer {
    let head = format!("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
    request(address, &format!("{head}{lines}\r\n{body}"))
}

#[test]
fn each_request_is_signed_with_its_body_whatever_the_caller_claims() {
    for scheme in ["JDCLOUD2", "JDCLOUD3", "AWS4"] {
        let (front, back, backend) = chain(scheme);
        let address = front.addresses()[0];
        assert_eq!(get(back.addresses()[0], "/petstore/pets", "").status, 401, "the other gateway verifies");
        for lines in [
            "",
            "Authorization: JDCLOUD2-HMAC-SHA256 Credential=x\r\n",
            "Authorization: Basic YTpi\r\nX-Jdcloud-Nonce: 1\r\nX-Jdcloud-Date: 1\r\nX-Amz-Date: 1\r\nX-Amz-Content-Sha256: 1\r\n",
            "X-Apigw-Key: admin\r\nx_apigw_key: admin\r\n",
            "Signature-Input: sig1=(\"@method\");keyid=\"x\"\r\nSignature: sig1=:AAAA:\r\n",
        ] {
            let answer = get(address, "/petstore/pets?limit=1&a=b%20c", lines);
            assert_eq!(answer.status, 200, "{scheme} {lines}: {answer:?}");
            // Without a nonce, two equal requests in one second have one signature, and the second is refused.
            let sent = post(address, lines, &format!("a body {}", lines.len()));
            assert_eq!(sent.status, 200, "{scheme} {lines}: {sent:?}");
        }
        let received = backend.received();
        assert_eq!(received.len(), 10);
        for request in &received {
            assert_eq!(request.header("x-apigw-key"), ["front"]);
            for name in ["authorization", "x_apigw_key", "signature", "signature-input"] {
                assert_eq!(request.header(name), [""; 0], "{name}");
            }
        }
    }
}

#[test]
fn a_backend_is_called_unsigned_never() {
    let (front, _back, backend) = chain("JDCLOUD2");
    front.replace_access(directory(Vec::new(), false));
    for answer in [get(front.addresses()[0], "/petstore/pets", ""), post(front.addresses()[0], "", "a body")] {
        assert_eq!((answer.status, answer.code().as_str()), (503, "ACCESS_UNAVAILABLE"));
        assert!(!answer.body.contains("front"), "a caller is told of the key: {}", answer.body);
    }
    front.replace_access(Arc::default());
    assert_eq!(get(front.addresses()[0], "/petstore/pets", "").status, 503);
    assert_eq!(backend.received().len(), 0);
}

#[test]
fn operators_see_keys_refusals_and_missing_secrets() {
    let backend = Backend::saying("ok");
    let admin = Config { admin: Some(([127, 0, 0, 1], 0).into()), ..config() };
    let settings = "auth: [signature, subscription]\nlimits: 3/day\n";
    let gateway = start(admin, &pets(http(backend.address), settings));
    let id: SecretId = "ci123456".parse().expect("an id");
    let text = NewSecret::for_subscription(&id, &ring::rand::SystemRandom::new()).expect("random bytes");
    let ci = key("ci", id.as_str(), SecretProof::Sha256(text.digest()));
    gateway.replace_access(directory(vec![ci], false));
    let address = gateway.addresses()[0];
    let line = format!("X-Api-Key: {}\r\n", text.reveal());
    for (lines, status) in
        [(&*line, 200), ("", 401), (&line, 200), ("X-Api-Key: x\r\n", 401), (&line, 200), (&line, 429)]
    {
        assert_eq!(get(address, "/petstore/pets", lines).status, status);
    }
    let admin = gateway.admin_address().expect("an address");
    let metrics = get(admin, "/-/metrics", "").body;
    for line in [
        "apigw_key_requests_total{key=\"ci\",status=\"2xx\"} 3\n",
        "apigw_key_requests_total{key=\"ci\",status=\"4xx\"} 1\n",
        "apigw_access_refusals_total{reason=\"no_key\"} 1\n",
        "apigw_access_refusals_total{reason=\"malformed\"} 1\n",
        "apigw_access_refusals_total{reason=\"limit\"} 1\n",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let status: serde_json::Value = serde_json::from_str(&get(admin, "/-/status", "").body).expect("JSON");
    assert_eq!(status["missing_secrets"], serde_json::json!([{"key": "front", "secret": "front123"}]));
}
