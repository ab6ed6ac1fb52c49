//! What a request's head must be before anything is looked up: one host, one reading of its path, an expectation
//! that can be met.

use std::rc::Rc;

use http::header::{CONTENT_LENGTH, EXPECT, HOST};
use http::request::Parts;

use super::problem::{Kind, Problem};
use super::routing::host::Host;
use super::server::http1::head::is_plain_target;
use crate::model::{is_canonical_but_for_slashes, is_canonical_path};

/// A head that may be looked up.
pub(crate) struct CheckedHead {
    pub(crate) host: Rc<Host>,
    /// True if the path has an encoded slash, which is refused unless the group lets it through.
    pub(crate) has_encoded_slash: bool,
}

/// Checks a head, and returns the host, which `read` reads.
pub(crate) fn check_head(parts: &Parts, read: impl FnOnce(&str) -> Option<Rc<Host>>) -> Result<CheckedHead, Problem> {
    let host = read(authority(parts)?).ok_or_else(|| bad("The Host is malformed."))?;
    let path = parts.uri.path();
    let has_encoded_slash = !is_canonical_path(path);
    if has_encoded_slash && !is_canonical_but_for_slashes(path) {
        return Err(ambiguous_path());
    }
    if parts.version >= http::Version::HTTP_2 {
        check_multiplexed(parts)?;
    }
    let expectations = parts.headers.get_all(EXPECT).iter();
    if expectations.into_iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Problem::new(Kind::ExpectationFailed, "The only expectation that is met is 100-continue."));
    }
    Ok(CheckedHead { host, has_encoded_slash })
}

/// Refuses a path that two parties may read in two ways.
pub(crate) fn ambiguous_path() -> Problem {
    bad("The path has more than one reading: it must have no empty, \".\" or \"..\" segment and no encoded slash, \
         backslash or control character.")
}

/// Checks what nobody has before the parser of HTTP/2 did, and what has two readings once it is written as HTTP/1.1.
fn check_multiplexed(parts: &Parts) -> Result<(), Problem> {
    let query = parts.uri.query().unwrap_or_default();
    if !is_plain_target(parts.uri.path().as_bytes(), query.as_bytes()) {
        return Err(bad("The target has characters that must be percent-encoded."));
    }
    if parts.headers.get_all(CONTENT_LENGTH).iter().count() > 1 {
        return Err(bad("The request has more than one Content-Length."));
    }
    Ok(())
}

/// Finds the host: the one `Host` header, or the target's authority, or both where they agree (RFC 9112, section
/// 3.2; RFC 9113, section 8.3.1).
fn authority(parts: &Parts) -> Result<&str, Problem> {
    let mut headers = parts.headers.get_all(HOST).iter();
    let header = match (headers.next(), headers.next()) {
        (_, Some(_)) => return Err(bad("The request has more than one Host.")),
        (Some(value), None) => Some(value.to_str().map_err(|_| bad("The Host is malformed."))?),
        (None, None) => None,
    };
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    match (header, authority) {
        (Some(header), Some(authority)) if !header.eq_ignore_ascii_case(authority) => {
            Err(bad("The target's authority is not the Host."))
        }
        (None, Some(_)) if parts.version < http::Version::HTTP_2 => Err(bad("The request has no Host.")),
        (Some(text), _) | (None, Some(text)) => Ok(text),
        (None, None) => Err(bad("The request has no Host.")),
    }
}

fn bad(detail: &str) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Version};

    fn check(parts: &Parts) -> Result<Rc<Host>, Problem> {
        check_head(parts, |authority| Host::parse(authority).map(Rc::new)).map(|head| head.host)
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
            ("http://a.b:80/x", &["a.b"], Version::HTTP_11, "400"),
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
