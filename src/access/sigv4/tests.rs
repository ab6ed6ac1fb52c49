use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use super::*;
use crate::access::{BodyDigest, PathForm, ReceivedRequest, SigningRequest};

/// The most milliseconds by which a signer's clock may differ.
const DATE_TOLERANCE_MS: i64 = 5 * 60 * 1000;
/// Requests by the published signers, clock and nonces fixed; some changed afterwards in one point.
const CASES: &str = include_str!("cases.json");

#[derive(Debug, Clone, Deserialize)]
struct SignatureCase {
    id: String,
    #[serde(default = "now")]
    now: String,
    #[serde(default = "key")]
    key: CaseKey,
    #[serde(default = "region")]
    region: String,
    #[serde(default = "service")]
    service: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    expect: String,
    #[serde(default)]
    needs: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct CaseKey {
    id: String,
    secret: String,
}

fn now() -> String {
    "20260401T080000Z".to_owned()
}

fn key() -> CaseKey {
    CaseKey { id: "ak".to_owned(), secret: "sk".to_owned() }
}

fn region() -> String {
    "cn-north-1".to_owned()
}

fn service() -> String {
    "svc".to_owned()
}

impl SignatureCase {
    fn verify(&self, path_form: PathForm) -> Result<CanonicalForm, SignatureFault> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let value = HeaderValue::from_str(value).expect("a value");
            headers.append(HeaderName::from_bytes(name.as_bytes()).expect("a name"), value);
        }
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let request = ReceivedRequest {
            method: &self.method,
            path,
            query,
            authority: "",
            headers: &headers,
            body: &BodyDigest::of(&headers, self.body.as_bytes()),
        };
        let authorization = Authorization::parse(&headers)?.ok_or(SignatureFault::Malformed)?;
        authorization.check_date(parse_date_time(&self.now).expect("a time"), DATE_TOLERANCE_MS)?;
        authorization.check_scope(Some(&self.region), Some(&self.service))?;
        let is_known = authorization.key_id() == self.key.id;
        let secret = if is_known { self.key.secret.as_bytes() } else { b"of nobody" };
        authorization.verify(&request, secret, path_form)
    }
}

fn cases() -> Vec<SignatureCase> {
    serde_json::from_str(CASES).expect("the cases")
}

#[test]
fn requests_of_real_signers_get_the_right_verdict() {
    let mut wrong = Vec::new();
    for case in cases() {
        let is_accepted = case.verify(PathForm::Sent).is_ok();
        let needs_again = case.needs.as_deref() == Some("signing.path: again");
        if is_accepted != (case.expect == "accept" && !needs_again) {
            wrong.push(format!("{} {}: {:?}", case.id, case.target, case.verify(PathForm::Sent)));
        }
        if needs_again && case.verify(PathForm::Again).is_err() {
            wrong.push(format!("{} with `again`", case.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_changed_byte_of_what_is_signed_is_refused() {
    let accepted = |case: &SignatureCase| case.expect == "accept" && case.needs.is_none();
    let mut tried = 0;
    for case in cases().iter().filter(|case| accepted(case)) {
        let changed = |text: &str, index: usize| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[index] = if bytes[index] == b'7' { b'8' } else { b'7' };
            String::from_utf8(bytes).ok()
        };
        let mut refuse = |case: &SignatureCase, what: &str| {
            tried += 1;
            assert!(case.verify(PathForm::Sent).is_err(), "{}: {what}", case.id);
        };
        for index in 0..case.target.len() {
            let Some(target) = changed(&case.target, index) else { continue };
            refuse(&SignatureCase { target, ..case.clone() }, "target");
        }
        for index in 0..case.body.len() {
            let Some(body) = changed(&case.body, index) else { continue };
            refuse(&SignatureCase { body, ..case.clone() }, "body");
        }
        refuse(&SignatureCase { method: "PATCH".to_owned(), ..case.clone() }, "method");
        let authorization = case.headers.iter().find(|(name, _)| name == "authorization").expect("one").1.clone();
        let signed = authorization.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next()).expect("one");
        for (place, (name, value)) in case.headers.iter().enumerate() {
            let is_signed = signed.split(';').any(|signed| signed == name);
            for index in 0..value.len() {
                // Blanks at both ends, and in a run, are no part of a value.
                let is_blank = value.as_bytes()[index] == b' ';
                let is_covered = is_signed || name == "authorization" || name.ends_with("-date");
                let Some(value) = changed(value, index).filter(|_| is_covered && !is_blank) else { continue };
                let mut headers = case.headers.clone();
                headers[place].1 = value;
                refuse(&SignatureCase { headers, ..case.clone() }, name);
            }
        }
    }
    assert!(tried > 10_000, "{tried}");
}

fn signer(scheme: &'static SignatureScheme) -> Signer<'static> {
    Signer {
        scheme,
        key_id: "ak",
        secret: b"sk",
        region: "cn-north-1",
        service: "service_name",
        path_form: PathForm::Sent,
    }
}

/// The vector of JD's own documentation, which signs no host.
#[test]
fn the_published_vector_is_verified() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-jdcloud-date", "20180405T010203Z"),
        ("x-jdcloud-nonce", "55f3919e-3a7d-4174-b117-f150ff25e274"),
        (
            "authorization",
            "JDCLOUD2-HMAC-SHA256 Credential=ak/20180405/cn-north-1/service_name/jdcloud2_request, \
             SignedHeaders=content-type;x-jdcloud-date;x-jdcloud-nonce, \
             Signature=cea138630c57ba3de51933926e3b1657c34b4d1b6f86d360511bf40a09f63729",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let request = ReceivedRequest {
        method: "GET",
        path: "/v1/regions/cn-north-1/instances",
        query: "pageNumber=2&pageSize=10",
        authority: "www.jdcloud-api.com",
        headers: &headers,
        body: &BodyDigest::of(&headers, b""),
    };
    let authorization = Authorization::parse(&headers).unwrap().unwrap();
    assert_eq!(authorization.verify(&request, b"sk", PathForm::Sent), Ok(CanonicalForm(0)));
    assert!(authorization.verify(&request, b"sl", PathForm::Sent).is_err());
}

#[test]
fn what_is_signed_is_verified_in_each_scheme() {
    for scheme in &SCHEMES {
        for (path, query) in [("/a/b%20c", "x=1&y"), ("/a+(b)", "q=a+b&c=%E4"), ("/", ""), ("/%zz", "q=%zz")] {
            for path_form in [PathForm::Sent, PathForm::Again] {
                let body = b"{}".as_slice();
                let request = SigningRequest {
                    method: "POST",
                    path,
                    query,
                    authority: "h:1",
                    headers: &[("content-type", " application/json ")],
                    body,
                };
                let now = parse_date_time("20180405T010203Z").unwrap();
                let signed = Signer { path_form, ..signer(scheme) }.sign(&request, now, "n-1");
                let mut headers = HeaderMap::new();
                headers.insert("content-type", HeaderValue::from_static("application/json"));
                for (name, value) in signed {
                    headers.append(name, HeaderValue::from_str(&value).unwrap());
                }
                let authorization = Authorization::parse(&headers).unwrap().unwrap();
                let digest = BodyDigest::of(&headers, body);
                let headers = &headers;
                let received =
                    ReceivedRequest { method: "POST", path, query, authority: "h:1", headers, body: &digest };
                authorization.verify(&received, b"sk", path_form).unwrap();
                assert!(authorization.verify(&received, b"sl", path_form).is_err());
                let other = ReceivedRequest { authority: "h:2", ..received };
                assert!(authorization.verify(&other, b"sk", path_form).is_err());
            }
        }
    }
}

/// Two requests never have one canonical form, but for values that mean the same.
#[test]
fn no_other_request_has_the_signature() {
    for (signed, sent) in [
        ("q=a%2Bb", "q=a+b"),
        ("q=a%20b", "q=a+b"),
        ("q=%25zz", "q=%zz"),
        ("a=1&a=2", "a=12"),
        ("a=1", "a=1&"),
        ("a=1&b=2", "a=1%26b=2"),
        ("a=1", "A=1"),
    ] {
        let forms = canonical::query_forms(sent);
        assert!(canonical::query_forms(signed).iter().all(|form| !forms.contains(form)), "{signed} {sent}");
    }
    for (signed, sent) in [("/a%2520b", "/a%20b"), ("/a%2Fb", "/a/b"), ("/a%41", "/aA")] {
        for chosen in [PathForm::Sent, PathForm::Again] {
            let forms = canonical::path_forms(sent, chosen);
            assert!(canonical::path_forms(signed, chosen).iter().all(|form| !forms.contains(form)), "{signed} {sent}");
        }
    }
}

#[test]
fn what_no_signer_sends_is_refused_with_its_reason() {
    let good = "AWS4-HMAC-SHA256 Credential=abcd/20260401/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=";
    let parse = |authorization: String, more: &[(&'static str, String)]| {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_str(&authorization).unwrap());
        headers.insert("x-amz-date", HeaderValue::from_static("20260401T080000Z"));
        for (name, value) in more {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        Authorization::parse(&headers).map(|parsed| parsed.is_some())
    };
    let digits = "0".repeat(64);
    assert_eq!(parse(format!("{good}{digits}"), &[]), Ok(true));
    assert_eq!(parse("Bearer x".to_owned(), &[]), Ok(false));
    assert_eq!(
        parse(format!("{good}{digits}"), &[("authorization", "x".to_owned())]),
        Err(SignatureFault::SeveralAuthorizations)
    );
    assert_eq!(parse(format!("{good}{}", "0".repeat(60_000)), &[]), Err(SignatureFault::TooLong));
    assert_eq!(parse(format!("{good}{}", "F".repeat(64)), &[]), Err(SignatureFault::Malformed));
    let many: Vec<String> = (0..100).map(|number| format!("h{number:05}")).collect();
    for list in [&many.join(";"), "x-amz-date;host", "Host;x-amz-date", "host;host", "", "authorization;host"] {
        let text = format!("{good}{digits}").replace("host;x-amz-date", list);
        assert_eq!(parse(text, &[]), Err(SignatureFault::SignedHeaders), "{list}");
    }
    let twice = [("x-amz-date", "20260401T080000Z".to_owned())];
    assert_eq!(parse(format!("{good}{digits}"), &twice), Err(SignatureFault::RepeatedHeader("x-amz-date")));
    let jdcloud =
        format!("{good}{digits}").replace("AWS4-HMAC", "JDCLOUD2-HMAC").replace("aws4_request", "jdcloud2_request");
    let jdcloud = jdcloud.replace("host;x-amz-date", "host;x-jdcloud-nonce");
    let with_nonce = |nonce: String| [("x-jdcloud-date", "20260401T080000Z".to_owned()), ("x-jdcloud-nonce", nonce)];
    assert_eq!(parse(jdcloud.clone(), &with_nonce("n".to_owned())), Ok(true));
    assert_eq!(parse(jdcloud.clone(), &with_nonce("n".repeat(1 << 20))), Err(SignatureFault::NoNonce));
    // Runs of blanks are folded before they are signed: `a  b` would be another nonce with the same signature.
    for folded in ["a b", "a  b", "a\tb"] {
        assert_eq!(parse(jdcloud.clone(), &with_nonce(folded.to_owned())), Err(SignatureFault::NoNonce), "{folded:?}");
    }
    let without_host = format!("{good}{digits}").replace("host;x-amz-date", "x-amz-date");
    assert_eq!(parse(without_host, &[]), Err(SignatureFault::NoHost));
    assert_eq!(
        parse(jdcloud.replace("host;x-jdcloud-nonce", "host"), &with_nonce("n".to_owned())),
        Err(SignatureFault::NoNonce)
    );
}

#[test]
fn dates_are_of_one_shape_and_within_the_tolerance() {
    for text in ["", "20260401T080000", "20260401t080000Z", "20261301T080000Z", "20260401T080060Z", "2026040aT080000Z"]
    {
        assert_eq!(parse_date_time(text), None, "{text}");
    }
    assert_eq!(parse_date_time("20260401T080000Z").unwrap().to_string(), "2026-04-01T08:00:00.000Z");
    let fault = SignatureFault::Clock { ahead_ms: -7 * 60_000 };
    assert_eq!(fault.to_string(), "the signer's clock is 7 min 0 s behind");
}
