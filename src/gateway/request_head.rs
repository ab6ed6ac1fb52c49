//! Checks of a request's head before anything is looked up: one host, one reading of its path, an expectation that can
//! be met.

use std::rc::Rc;

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, Uri, Version};

use super::http2_fields::{X_APIGW_MALFORMED, has_blanks_around};
use super::problem::{Kind, Problem};
use super::routing::host::RequestedHost;
use crate::model::{PathReading, is_canonical_but_for_slashes, path_reading, trim_blanks};
use crate::routes::problem::AMBIGUOUS_PATH;

/// A head that may be looked up.
#[derive(Clone)]
pub(crate) struct CheckedHead {
    pub(crate) host: Rc<RequestedHost>,
    /// True if the path has an encoded slash, which is refused unless the group lets it through.
    pub(crate) has_encoded_slash: bool,
}

/// The most header fields of a request. hyper holds it for HTTP/1.1.
const MOST_FIELDS: usize = 100;

/// Checks a head, and returns the host, which `read` reads.
pub(crate) fn check_head(
    parts: &Parts,
    has_body: bool,
    read: impl FnOnce(&str) -> Option<Rc<RequestedHost>>,
) -> Result<CheckedHead, Problem> {
    if parts.version == Version::HTTP_2 {
        check_http2_fields(&parts.headers)?;
    }
    let host = read(authority(parts)?).ok_or_else(|| bad("The Host is malformed."))?;
    let has_encoded_slash = check_target(&parts.uri)?;
    if has_body {
        check_framing(&parts.headers)?;
    }
    if parts.headers.len() > MOST_FIELDS {
        return Err(Problem::new(Kind::HeadTooLarge, format!("The request has more than {MOST_FIELDS} headers.")));
    }
    let expectations = parts.headers.get_all(EXPECT).iter();
    if expectations.into_iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Problem::new(Kind::ExpectationFailed, "Only `Expect: 100-continue` is supported."));
    }
    Ok(CheckedHead { host, has_encoded_slash })
}

/// Refuses the requests of a connection of HTTP/2 with a header block that cannot be read.
pub(crate) fn unreadable_header_block() -> Problem {
    bad("A header block on this connection is malformed.")
}

/// Checks the fields of a request over HTTP/2, of which hyper leaves some as they are.
fn check_http2_fields(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(X_APIGW_MALFORMED) {
        return Err(bad("The target has a fragment, which is never sent."));
    }
    if has_blanks_around(headers) {
        return Err(bad("The value of a header has blanks around it."));
    }
    Ok(())
}

/// Refuses a path that two parties may read in two ways.
pub(crate) fn ambiguous_path() -> Problem {
    bad(AMBIGUOUS_PATH)
}

/// Checks that a target is a path or an absolute address of HTTP, and has one reading; returns whether its path has an
/// encoded slash.
fn check_target(uri: &Uri) -> Result<bool, Problem> {
    let has_other_scheme = uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS);
    // `*` is for the server as a whole, and an authority alone for tunnels (RFC 9112, section 3.2).
    if has_other_scheme || uri.path().is_empty() || uri.path() == "*" {
        return Err(bad("The target is neither a path nor an absolute address of HTTP."));
    }
    // A segment that begins with a semicolon is looked at once the API is known, which may declare it.
    let has_encoded_slash = path_reading(uri.path()) == PathReading::Several;
    if has_encoded_slash && !is_canonical_but_for_slashes(uri.path()) {
        return Err(ambiguous_path());
    }
    if !is_plain_target(uri.path().as_bytes(), uri.query().unwrap_or_default().as_bytes()) {
        return Err(bad("The target has characters that must be percent-encoded."));
    }
    Ok(has_encoded_slash)
}

/// Checks that a body is framed in one way (RFC 9112, section 6.1), as far as the parsed head shows: of a
/// `Content-Length` beside a `Transfer-Encoding`, and of one that is repeated, hyper has left one.
fn check_framing(headers: &HeaderMap) -> Result<(), Problem> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let lengths = headers.get_all(CONTENT_LENGTH).iter().count();
    match (codings.next(), codings.next()) {
        (Some(_), None) if lengths > 0 => Err(bad("The request has both Content-Length and Transfer-Encoding.")),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        (Some(_), _) => Err(bad("The request's Transfer-Encoding is not a single \"chunked\".")),
        (None, _) if lengths > 1 => Err(bad("The request has more than one Content-Length.")),
        (None, _) => Ok(()),
    }
}

/// True if a path, and a query without its question mark, have only characters that may stand there unencoded
/// (RFC 3986, section 3, with those that browsers leave as they are).
pub(crate) fn is_plain_target(path: &[u8], query: &[u8]) -> bool {
    let has = |byte: u8, class: u8| CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & class != 0);
    path.iter().all(|&byte| has(byte, PATH)) && query.iter().all(|&byte| has(byte, QUERY))
}

const PATH: u8 = 1;
const QUERY: u8 = 2;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut letter: u8 = 0x21;
    while letter < 0x7f {
        let mut class = 0;
        if !matches!(letter, b'"' | b'#' | b'<' | b'>' | b'?' | b'`' | b'{' | b'}') {
            class |= PATH;
        }
        if !matches!(letter, b'"' | b'#' | b'<' | b'>') {
            class |= QUERY;
        }
        classes[letter as usize] = class;
        letter += 1;
    }
    classes
};

/// Finds the host: the one `Host` header, or the target's authority, or both where they agree (RFC 9112, section 3.2;
/// RFC 9113, section 8.3.1).
fn authority(parts: &Parts) -> Result<&str, Problem> {
    let mut headers = parts.headers.get_all(HOST).iter();
    let header = match (headers.next(), headers.next()) {
        (_, Some(_)) => return Err(bad("The request has more than one Host.")),
        (Some(value), None) => Some(value.to_str().map_err(|_| bad("The Host is malformed."))?),
        (None, None) => None,
    };
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    match (header, authority) {
        (Some(header), Some(authority)) if !is_same_authority(header, authority, parts.uri.scheme()) => {
            Err(bad("The target's authority is not the Host."))
        }
        (None, Some(_)) if parts.version < Version::HTTP_2 => Err(bad("The request has no Host.")),
        (Some(text), _) | (None, Some(text)) => Ok(text),
        (None, None) => Err(bad("The request has no Host.")),
    }
}

/// True if two authorities are one: the port of the scheme may be left out, or be empty (RFC 9110, section 4.2.3).
fn is_same_authority(one: &str, other: &str, scheme: Option<&Scheme>) -> bool {
    let usual = if scheme == Some(&Scheme::HTTPS) { "443" } else { "80" };
    let without_usual_port = |authority: &'_ str| match authority.rsplit_once(':') {
        Some((name, port)) if port.is_empty() || port == usual => name.to_ascii_lowercase(),
        _ => authority.to_ascii_lowercase(),
    };
    one.eq_ignore_ascii_case(other) || without_usual_port(one) == without_usual_port(other)
}

fn bad(detail: &str) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}

/// True if a request asks to go on as a websocket (RFC 6455, section 4.1).
pub(crate) fn wants_websocket(parts: &Parts) -> bool {
    let has = |name, wanted: &str| {
        let values = parts.headers.get_all(name).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|word| trim_blanks(word).eq_ignore_ascii_case(wanted))
    };
    parts.version == Version::HTTP_11
        && parts.method == Method::GET
        && has(CONNECTION, "upgrade")
        && has(UPGRADE, "websocket")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn check(parts: &Parts) -> Result<Rc<RequestedHost>, Problem> {
        check_head(parts, true, |authority| RequestedHost::parse(authority).map(Rc::new)).map(|head| head.host)
    }

    #[test]
    fn one_host_and_one_reading() {
        for (target, hosts, version, expected) in [
            ("/a", &["A.b:80"][..], Version::HTTP_11, "a.b"),
            ("http://a.b/x", &["a.b"], Version::HTTP_11, "a.b"),
            ("http://A.b:80/x", &["a.B:80"], Version::HTTP_11, "a.b"),
            ("http://a.b/x", &[], Version::HTTP_2, "a.b"),
            ("http://a.b/x", &["a.b"], Version::HTTP_2, "a.b"),
            ("http://a.b/x", &["c.d"], Version::HTTP_2, "400"),
            ("http://a.b/x", &[], Version::HTTP_11, "400"),
            ("http://a.b/x", &["c.d"], Version::HTTP_11, "400"),
            ("http://a.b:80/x", &["a.b"], Version::HTTP_11, "a.b"),
            ("http://a.b/x", &["A.b:80"], Version::HTTP_11, "a.b"),
            ("http://a.b:/x", &["a.b:80"], Version::HTTP_11, "a.b"),
            ("https://a.b:443/x", &["a.b:"], Version::HTTP_2, "a.b"),
            ("http://[::1]:80/x", &["[::1]"], Version::HTTP_11, "[::1]"),
            ("http://a.b:443/x", &["a.b"], Version::HTTP_11, "400"),
            ("https://a.b:80/x", &["a.b"], Version::HTTP_2, "400"),
            ("http://a.b:8080/x", &["a.b"], Version::HTTP_11, "400"),
            ("http://[::80]/x", &["[:]"], Version::HTTP_11, "400"),
            ("/a", &["a.b:"], Version::HTTP_11, "a.b"),
            ("http://u@a.b/x", &["u@a.b"], Version::HTTP_11, "400"),
            ("/a", &[], Version::HTTP_10, "400"),
            ("/a", &["a.b", "a.b"], Version::HTTP_11, "400"),
            ("/a", &["a b"], Version::HTTP_11, "400"),
            ("/a", &[""], Version::HTTP_11, "400"),
            ("/a/../b", &["a.b"], Version::HTTP_11, "400"),
        ] {
            let mut request = Request::builder().uri(target).version(version);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            let (parts, ()) = request.body(()).expect("a request").into_parts();
            let checked = check(&parts)
                .map_or_else(|problem| problem.kind.status().as_u16().to_string(), |host| host.name().to_owned());
            assert_eq!(checked, expected, "{target} {hosts:?}");
        }
    }

    #[test]
    fn targets_of_the_server_and_of_tunnels_are_called_by_their_name() {
        for target in ["*", "a.b:80", "ftp://a.b/x"] {
            let host = if target == "*" { "a.b" } else { "a.b:80" };
            let host = if target.starts_with("ftp") { "a.b" } else { host };
            let request = Request::builder().uri(target).header(HOST, host).body(()).expect("a request");
            let problem = check(&request.into_parts().0).err().expect("it is refused");
            assert!(problem.detail.starts_with("The target is neither a path"), "{target}: {}", problem.detail);
        }
    }

    #[test]
    fn other_expectations_are_not_met() {
        let request =
            Request::builder().uri("/").header(HOST, "a").header(EXPECT, "200-ok").body(()).expect("a request");
        assert_eq!(check(&request.into_parts().0).err().map(|problem| problem.kind), Some(Kind::ExpectationFailed));
    }

    #[test]
    fn an_expectation_is_met_in_any_case() {
        let request =
            Request::builder().uri("/").header(HOST, "a").header(EXPECT, "100-Continue").body(()).expect("a request");
        assert!(check(&request.into_parts().0).is_ok());
    }
}
