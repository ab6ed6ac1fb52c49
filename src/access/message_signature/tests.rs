//! The published vectors, and each way in which a signed request may differ.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use sfv::Parser;

use super::*;
use crate::access::{BodyDigest, PrivateKey, SigningRequest};

/// The keys of RFC 9421, appendices B.1.4 and B.1.5.
const PUBLIC: &str = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
                       MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n";
const SHARED: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
const BODY: &str = "{\"hello\": \"world\"}";
const DIGEST: &str =
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// The request of RFC 9421, appendix B.2.
fn published() -> HeaderMap {
    headers(&[
        ("host", "example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        ("content-digest", DIGEST),
        ("content-length", "18"),
    ])
}

fn received<'a>(headers: &'a HeaderMap, body: &'a BodyDigest) -> ReceivedRequest<'a> {
    let (path, query) = ("/foo", "param=Value&Pet=dog");
    ReceivedRequest { method: "POST", path, query, authority: "example.com", headers, body }
}

fn signature_of(parameters: &str, signature: &str) -> MessageSignature {
    let inputs: Dictionary = Parser::new(&format!("s={parameters}")).parse().unwrap();
    let Some(ListEntry::InnerList(input)) = inputs.get("s") else { panic!("a list") };
    let components = input.items.iter().map(|item| Component::read(item).unwrap()).collect();
    MessageSignature {
        components,
        parameters: vec![ListEntry::InnerList(input.clone())].serialize().unwrap(),
        key_id: String::new(),
        algorithm: None,
        created: Timestamp::from_milliseconds(0),
        expires: None,
        nonce: String::new(),
        signature: STANDARD.decode(signature).unwrap(),
    }
}

#[test]
fn the_published_signatures_are_right() {
    let headers = published();
    let body = BodyDigest::of(&headers, BODY.as_bytes());
    let request = received(&headers, &body);
    content_digest::check(&headers, &body).unwrap();
    let secret = STANDARD.decode(SHARED).unwrap();
    let hmac = signature_of(
        "(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"",
        "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
    );
    assert_eq!(hmac.is_signed_with(VerifyingKey::Hmac(&secret), &request), Ok(true));
    let public = PUBLIC.parse().unwrap();
    let ed25519 = signature_of(
        "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")\
         ;created=1618884473;keyid=\"test-key-ed25519\"",
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    );
    assert_eq!(ed25519.is_signed_with(VerifyingKey::Ed25519(&public), &request), Ok(true));
    assert_eq!(ed25519.is_signed_with(VerifyingKey::Hmac(&secret), &request), Ok(false));
}

#[test]
fn components_have_the_published_values() {
    // RFC 9421, sections 2.1, 2.2.2 to 2.2.8.
    let query = "var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something";
    let headers = headers(&[
        ("x-ows-header", "  Leading and trailing whitespace.   "),
        ("cache-control", "max-age=60"),
        ("cache-control", "   must-revalidate"),
        ("x-empty-header", ""),
    ]);
    let body = BodyDigest::of(&headers, b"");
    let value = |item: &str, query: &str| {
        let item: sfv::Item = Parser::new(item).parse().unwrap();
        let authority = "WWW.Example.com:443";
        let request =
            ReceivedRequest { method: "POST", path: "/path", query, authority, headers: &headers, body: &body };
        let base = components::signature_base(&[Component::read(&item)?], "()", &request, "https")?;
        Ok(String::from_utf8(base).unwrap().lines().next().unwrap_or_default().to_owned())
    };
    for (item, query, expected) in [
        ("\"@method\"", "", "\"@method\": POST"),
        ("\"@target-uri\"", "param=value", "\"@target-uri\": https://www.example.com/path?param=value"),
        ("\"@authority\"", "", "\"@authority\": www.example.com"),
        ("\"@path\"", "", "\"@path\": /path"),
        ("\"@query\"", "param=value&foo=bar&baz=bat%2Dman", "\"@query\": ?param=value&foo=bar&baz=bat%2Dman"),
        ("\"@query\"", "", "\"@query\": ?"),
        (
            "\"@query-param\";name=\"var\"",
            query,
            "\"@query-param\";name=\"var\": this%20is%20a%20big%0Amultiline%20value",
        ),
        ("\"@query-param\";name=\"bar\"", query, "\"@query-param\";name=\"bar\": with%20plus%20whitespace"),
        (
            "\"@query-param\";name=\"fa%C3%A7ade%22%3A%20\"",
            query,
            "\"@query-param\";name=\"fa%C3%A7ade%22%3A%20\": something",
        ),
        ("\"@query-param\";name=\"qux\"", "param=value&qux=", "\"@query-param\";name=\"qux\": "),
        ("\"x-ows-header\"", "", "\"x-ows-header\": Leading and trailing whitespace."),
        ("\"cache-control\"", "", "\"cache-control\": max-age=60, must-revalidate"),
        ("\"x-empty-header\"", "", "\"x-empty-header\": "),
    ] {
        assert_eq!(value(item, query).as_deref(), Ok(expected), "{item}");
    }
    for item in ["\"@query-param\";name=\"a\"", "\"@query-param\";name=\"c\"", "\"x-other\""] {
        assert_eq!(value(item, "a=1&a=2"), Err(SignatureFault::SignedHeaderMissing), "{item}");
    }
    for item in [
        "\"@status\"",
        "\"@unknown\"",
        "\"X-Upper\"",
        "\"\"",
        "7",
        "\"@method\";req",
        "\"x-a\";sf",
        "\"x-a\";bs",
        "\"x-a\";key=\"a\"",
        "\"x-a\";tr",
        "\"@query-param\"",
        "\"@query-param\";name=7",
        "\"@path\";name=\"a\"",
    ] {
        assert!(matches!(value(item, ""), Err(SignatureFault::Component(_))), "{item}");
    }
}

type Change = fn(&mut Signed);

/// A request with a body that is signed, as it is sent.
struct Signed {
    headers: HeaderMap,
    method: &'static str,
    path: &'static str,
    query: &'static str,
    authority: &'static str,
    body: &'static str,
}

fn signed(key: MessageSigningKey<'_>, body: &'static str) -> Signed {
    let (method, path, query, authority) = ("PUT", "/pets/%20a", "b=2&a=1", "a.example:8080");
    let fields = [("content-type", "application/json")];
    let request = SigningRequest { method, path, query, authority, headers: &fields, body: body.as_bytes() };
    let lines =
        MessageSigner { key_id: "id12", key }.sign(&request, Timestamp::from_milliseconds(7_000), "n1").unwrap();
    let mut headers = headers(&fields);
    for (name, value) in lines {
        headers.append(name, HeaderValue::from_str(&value).unwrap());
    }
    Signed { headers, method, path, query, authority, body }
}

impl Signed {
    fn verify(&self, key: VerifyingKey<'_>) -> Result<(), SignatureFault> {
        let body = BodyDigest::of(&self.headers, self.body.as_bytes());
        let Self { method, path, query, authority, headers, .. } = self;
        let request = ReceivedRequest { method, path, query, authority, headers, body: &body };
        MessageSignature::parse(headers)?.ok_or(SignatureFault::SignatureInput)?.verify(&request, key)
    }

    fn replace(&mut self, name: &'static str, from: &str, to: &str) {
        let text = self.headers.get(name).unwrap().to_str().unwrap().replacen(from, to, 1);
        self.headers.insert(name, HeaderValue::from_str(&text).unwrap());
    }
}

#[test]
fn what_is_signed_is_verified_and_each_change_is_refused() {
    let pair = PrivateKey::parse(PRIVATE).unwrap();
    let public = pair.public();
    for is_pair in [false, true] {
        let sign = |body| {
            signed(if is_pair { MessageSigningKey::Ed25519(&pair) } else { MessageSigningKey::Hmac(b"secret") }, body)
        };
        let key = if is_pair { VerifyingKey::Ed25519(&public) } else { VerifyingKey::Hmac(b"secret") };
        assert_eq!(sign("").verify(key), Ok(()));
        assert_eq!(sign("{}").verify(key), Ok(()));
        let changes: [(&str, Change); 12] = [
            ("method", |signed| signed.method = "POST"),
            ("path", |signed| signed.path = "/pets/%20b"),
            ("query", |signed| signed.query = "a=1&b=2"),
            ("no query", |signed| signed.query = ""),
            ("authority", |signed| signed.authority = "b.example:8080"),
            ("body", |signed| signed.body = "{ }"),
            ("no body", |signed| signed.body = ""),
            ("field", |signed| drop(signed.headers.insert("content-type", HeaderValue::from_static("text/plain")))),
            ("nonce", |signed| signed.replace("signature-input", "n1", "n2")),
            ("time", |signed| signed.replace("signature-input", "created=7", "created=8")),
            ("key id", |signed| signed.replace("signature-input", "id12", "id13")),
            ("digest", |signed| drop(signed.headers.remove("content-digest"))),
        ];
        for (what, change) in changes {
            let mut changed = sign("{}");
            change(&mut changed);
            assert!(changed.verify(key).is_err(), "{what} {is_pair}");
        }
        assert!(sign("{}").verify(VerifyingKey::Hmac(b"other")).is_err());
    }
}

#[test]
fn a_signature_has_one_spelling() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut signed = signed(MessageSigningKey::Hmac(b"secret"), "{}");
    let mut bytes = signed.headers["signature"].as_bytes().to_vec();
    // The last letter before the padding has two bits that no byte of the signature holds.
    let last = bytes.iter().rposition(|byte| *byte == b'=').unwrap() - 1;
    let value = ALPHABET.iter().position(|letter| *letter == bytes[last]).unwrap();
    bytes[last] = ALPHABET[value ^ 1];
    signed.headers.insert("signature", HeaderValue::from_bytes(&bytes).unwrap());
    assert!(signed.verify(VerifyingKey::Hmac(b"secret")).is_err());
}

#[test]
fn each_byte_of_the_signature_counts() {
    let whole = signed(MessageSigningKey::Hmac(b"secret"), "{}");
    for name in ["signature", "signature-input"] {
        let text = whole.headers.get(name).unwrap().to_str().unwrap().to_owned();
        for index in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[index] = if bytes[index] == b'x' { b'y' } else { b'x' };
            let mut changed = signed(MessageSigningKey::Hmac(b"secret"), "{}");
            changed.headers.insert(name, HeaderValue::from_bytes(&bytes).unwrap());
            // Another label, the same in both, would be the same request.
            assert!(changed.verify(VerifyingKey::Hmac(b"secret")).is_err(), "{name} {index}");
        }
    }
}

#[test]
fn what_two_parties_could_read_in_two_ways_is_refused() {
    use SignatureFault::{
        Component as Unfit, NotCovered, RepeatedComponent, SeveralSignatures, SignatureInput, SignatureParameter,
    };
    let all = "\"@method\" \"@authority\" \"@path\" \"@query\"";
    let rest = ";created=7;keyid=\"id12\";nonce=\"n\"";
    let missing = |name: &str| NotCovered(name.to_owned());
    for (input, expected) in [
        (format!("s=({all}){rest}"), SignatureFault::MessageMismatch),
        (format!("s=({all}){rest};tag=\"apigw\""), SignatureFault::MessageMismatch),
        (format!("s=(\"@method\" \"@target-uri\"){rest}"), SignatureFault::MessageMismatch),
        (format!("s=({all}){rest}, t=(){rest};tag=\"other\""), SeveralSignatures),
        (format!("s=({all}){rest};tag=\"apigw\", t=({all}){rest};tag=\"apigw\""), SeveralSignatures),
        (format!("s=({all}){rest};tag=\"other\""), SeveralSignatures),
        (format!("s=({all}){rest}, t=({all}){rest}"), SeveralSignatures),
        (String::new(), SeveralSignatures),
        (format!("s=({all} \"@path\"){rest}"), RepeatedComponent("@path".to_owned())),
        (format!("s=({all} \"x-a\";sf){rest}"), Unfit("x-a".to_owned())),
        (format!("s=({all}){rest};alg=\"ed25519\""), SignatureFault::Algorithm),
        (format!("s=({all}){rest};alg=\"rsa-v1_5-sha256\""), SignatureFault::Algorithm),
        (format!("s=(\"@authority\" \"@path\" \"@query\"){rest}"), missing("@method")),
        (format!("s=(\"@method\" \"@path\" \"@query\"){rest}"), missing("@authority")),
        (format!("s=(\"@method\" \"@authority\" \"@query\"){rest}"), missing("@path")),
        (format!("s=(\"@method\" \"@authority\" \"@path\"){rest}"), missing("@query")),
        (format!("s=(\"@method\" \"@authority\" \"@path\" \"@query-param\";name=\"a\"){rest}"), missing("@query")),
        (format!("s=({all});keyid=\"id12\";nonce=\"n\""), SignatureParameter("created")),
        (format!("s=({all});created=\"7\";keyid=\"id12\";nonce=\"n\""), SignatureParameter("created")),
        (format!("s=({all});created=7;nonce=\"n\""), SignatureParameter("keyid")),
        (format!("s=({all});created=7;keyid=\"id12\""), SignatureParameter("nonce")),
        (format!("s=({all});created=7;keyid=\"id12\";nonce=\"\""), SignatureParameter("nonce")),
        (format!("s=({all});created=7;keyid=\"id12\";nonce=\"{}\"", "n".repeat(257)), SignatureParameter("nonce")),
        (format!("s=({all}){rest};expires=\"x\""), SignatureParameter("expires")),
        (format!("s=({all}){rest};expires=6"), SignatureFault::ExpiresBeforeCreated),
        (format!("s=({all}){rest};expires=7"), SignatureFault::MessageMismatch),
        (format!("t=({all}){rest}"), SignatureInput),
        (format!("s=({all}){rest}, s=({all}){rest}"), SignatureInput),
        ("s=7".to_owned(), SignatureInput),
        ("s=(".to_owned(), SignatureInput),
        (format!("s=({}){rest}", "\"@method\" ".repeat(65)), SignatureInput),
        (format!("s=({all}){rest};x=\"{}\"", "x".repeat(9000)), SignatureInput),
    ] {
        let headers = headers(&[("signature-input", &input), ("signature", "s=:AAAA:")]);
        let body = BodyDigest::of(&headers, b"");
        let verify = || {
            let request = ReceivedRequest { query: "a=1", ..received(&headers, &body) };
            MessageSignature::parse(&headers)?.unwrap().verify(&request, VerifyingKey::Hmac(b"secret"))
        };
        assert_eq!(verify(), Err(expected), "{input}");
    }
}

#[test]
fn each_known_digest_of_a_body_must_fit() {
    let sha256 = content_digest::write(&BodyDigest::of(&HeaderMap::new(), BODY.as_bytes()));
    for (line, expected) in [
        (DIGEST.to_owned(), Ok(())),
        (sha256.clone(), Ok(())),
        (format!("{sha256}, {DIGEST}"), Ok(())),
        (format!("{sha256}, md5=:AAAA:"), Ok(())),
        ("md5=:AAAA:".to_owned(), Err(SignatureFault::ContentDigest)),
        (format!("{sha256}, sha-512=:AAAA:"), Err(SignatureFault::BodyHash)),
        (format!("{DIGEST}, sha-256=:AAAA:"), Err(SignatureFault::BodyHash)),
        (format!("{sha256}, {sha256}"), Err(SignatureFault::ContentDigest)),
        ("junk".to_owned(), Err(SignatureFault::ContentDigest)),
        ("sha-256=x".to_owned(), Err(SignatureFault::ContentDigest)),
        ("sha-256=(\"a\")".to_owned(), Err(SignatureFault::ContentDigest)),
        (String::new(), Err(SignatureFault::ContentDigest)),
    ] {
        let headers = headers(&[("content-digest", &line)]);
        let checked = content_digest::check(&headers, &BodyDigest::of(&headers, BODY.as_bytes()));
        assert_eq!(checked, expected, "{line}");
    }
}
