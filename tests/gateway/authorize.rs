//! Verdicts for proxies: a request that is described gets what it would get if it were sent, up to the backend.

use super::client::{Answer, get, request};
use super::signatures::{SigningCallers, SigningScheme, WrittenRequest, schemes};

fn ask(callers: &SigningCallers, request: &WrittenRequest) -> Answer {
    let described = WrittenRequest { target: format!("/-/authorize{}", request.target), ..request.clone() };
    described.send(callers.gateway.authorize_address().expect("a listener"))
}

#[test]
fn a_described_request_is_let_in_once_and_reaches_no_backend() {
    let callers = SigningCallers::start("");
    for (number, scheme) in schemes().enumerate() {
        for body in ["{\"a\":1}", ""] {
            let signed = callers.sign(scheme, "/petstore/files?a=%20b", body, &format!("n{number}{}", body.len()));
            let changed = WrittenRequest { target: "/petstore/files?a=%20c".to_owned(), ..signed.clone() };
            assert_eq!(ask(&callers, &changed).status, 401, "{number}");
            let mut longer = signed.clone();
            longer.body.push('x');
            assert_eq!(ask(&callers, &longer).status, 401, "{number}");
            let allowed = ask(&callers, &signed);
            assert_eq!((allowed.status, allowed.body.as_str()), (200, ""), "{number}");
            let name = if matches!(scheme, SigningScheme::MessageEd25519) { "pair" } else { "shop" };
            assert_eq!(allowed.header("x-apigw-key"), Some(name));
            let removed = allowed.header("x-envoy-auth-headers-to-remove");
            let is_message = signed.headers.iter().any(|(header, _)| header == "signature");
            assert_eq!(removed, Some(if is_message { "signature-input,signature" } else { "authorization" }));
            // Verdicts and requests that are served count together.
            assert_eq!(ask(&callers, &signed).status, 401, "{number} twice");
            assert_eq!(signed.send(callers.address()).status, 401, "{number} twice");
        }
    }
    assert!(callers.backend.received().is_empty());
}

#[test]
fn other_answers_are_those_for_the_caller() {
    let callers = SigningCallers::start("");
    let address = callers.gateway.authorize_address().expect("a listener");
    for (target, code) in [
        ("/-/authorize/petstore/pets", (401, "UNAUTHENTICATED")),
        ("/-/authorize/petstore/nothing", (404, "NOT_FOUND")),
        ("/-/authorize/other", (404, "NOT_FOUND")),
        ("/-/authorize/petstore/../pets", (400, "BAD_REQUEST")),
        ("/petstore/pets", (404, "NOT_FOUND")),
        ("/", (404, "NOT_FOUND")),
    ] {
        let answer = get(address, target, "");
        assert_eq!((answer.status, answer.code().as_str()), code, "{target}");
    }
    let deleted = request(address, "DELETE /-/authorize/petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(deleted.status, 405);
    let elsewhere = request(address, "GET /-/authorize/petstore/pets HTTP/1.1\r\nHost: other.example\r\n\r\n");
    assert_eq!(elsewhere.status, 404);
    assert_eq!(get(callers.address(), "/-/authorize/petstore/pets", "").status, 404, "callers cannot ask");
}

#[test]
fn a_group_that_asks_nobody_lets_everybody_in() {
    let gateway = super::snapshot::start(
        apigw::gateway::Config { authorize: Some(([127, 0, 0, 1], 0).into()), ..super::snapshot::config() },
        &super::snapshot::pets(apigw::model::Backend::Mock, "auth: signature\n"),
    );
    let address = gateway.authorize_address().expect("a listener");
    let answer = get(address, "/-/authorize/petstore/pets", "");
    assert_eq!((answer.status, answer.body.as_str(), answer.header("x-apigw-key")), (200, "", None));
    assert_eq!(answer.header("x-envoy-auth-headers-to-remove"), None);
    let forged = get(address, "/-/authorize/petstore/pets", "X-Apigw-Key: shop\r\nX_Apigw-Key: shop\r\n");
    assert_eq!((forged.status, forged.header("x-apigw-key")), (200, None));
    assert_eq!(forged.header("x-envoy-auth-headers-to-remove"), Some("x-apigw-key,x_apigw-key"));
}

#[test]
fn a_name_that_a_caller_gives_itself_is_removed_or_overwritten() {
    let callers = SigningCallers::start("");
    let mut signed = callers.sign(schemes().next().expect("a scheme"), "/petstore/files", "{}", "n");
    for name in ["x-apigw-key", "X_APIGW_KEY", "x-apigw_key"] {
        signed.headers.push((name.to_owned(), "pair".to_owned()));
    }
    let allowed = ask(&callers, &signed);
    assert_eq!((allowed.status, allowed.header("x-apigw-key")), (200, Some("shop")));
    assert_eq!(allowed.header("x-envoy-auth-headers-to-remove"), Some("authorization,x_apigw_key,x-apigw_key"));
}

#[test]
fn the_address_of_a_described_request_is_the_one_that_the_proxy_tells() {
    let callers = SigningCallers::start("ip_rules: {allow: [192.0.2.0/24]}\n");
    let address = callers.gateway.authorize_address().expect("a listener");
    for (lines, status) in [
        ("", 403),
        ("X-Forwarded-For: 192.0.2.7\r\n", 401),
        ("X-Forwarded-For: 192.0.2.7, 198.51.100.1\r\n", 403),
        ("X-Forwarded-For: 198.51.100.1, 192.0.2.7\r\n", 401),
        // The proxy alone is believed, and not an item that names its address once more.
        ("X-Forwarded-For: 192.0.2.7, 127.0.0.1\r\n", 403),
    ] {
        assert_eq!(get(address, "/-/authorize/petstore/pets", lines).status, status, "{lines}");
    }
}
