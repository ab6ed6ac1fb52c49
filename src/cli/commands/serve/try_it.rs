//! Requests that a reader sends from a page ("Try it"), passed on to the gateway.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, COOKIE, HOST, HeaderName, HeaderValue, ORIGIN, REFERER, SET_COOKIE, TRAILER};
use http::{HeaderMap, Request, Response, StatusCode};

use super::page_response::{forbidden, text};
use super::served_state::served_state;
use crate::gateway::call::{CallDestination, OutgoingCall, send};
use crate::gateway::strip_hop_by_hop;
use crate::model::{EnvironmentName, GroupHosts, GroupName};
use crate::plan::Facts as _;
use crate::share::reference::ServedState;
use crate::workspace::{DiskFacts, Workspace};

/// Time-out for a request that is passed on.
const TRY_TIMEOUT: Duration = Duration::from_secs(30);
/// The header by which the script of a page marks its own requests. A page of another origin cannot send it: its
/// browser asks first whether it may, and is refused.
const TRY_HEADER: &str = "x-apigw-try";
/// Headers of a request that are the page's own, or its browser's about it; those that begin with `sec-` are too.
const OF_PAGE: [HeaderName; 6] = [HOST, CONTENT_LENGTH, COOKIE, ORIGIN, REFERER, HeaderName::from_static(TRY_HEADER)];

/// Sends a request of a page to the gateway, as a caller from elsewhere would send it.
///
/// - `folder`: the workspace.
/// - `gateway`: the gateway's own address; `None` where requests are not passed on.
/// - `below`: the part of the path that names the target.
pub(super) fn pass_on(
    request: &Request<Bytes>,
    below: &str,
    folder: &Path,
    gateway: Option<SocketAddr>,
) -> Response<Bytes> {
    // A page of another origin must not reach callers' APIs with the standing of this one.
    if !is_of_own_origin(request.headers()) {
        return forbidden("only the pages themselves may send requests");
    }
    let target = TryTarget::parse(below).zip(Workspace::open(folder).ok());
    let target = target.filter(|(target, workspace)| workspace.settings().document_try_it(&target.environment));
    let Some((target, workspace)) = target else { return text(StatusCode::NOT_FOUND, "not found") };
    if let Some(reason) = refusal(&workspace, &target) {
        return forbidden(reason);
    }
    let Some(outgoing) = target.outgoing(request, &workspace) else {
        return text(StatusCode::NOT_FOUND, "not found");
    };
    let Some(address) = gateway else {
        return text(StatusCode::NOT_FOUND, "requests are not passed on");
    };
    let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { address.ip().to_string() };
    let to = CallDestination { host, port: address.port(), encrypted: false, authority: None };
    match send(&to, outgoing, TRY_TIMEOUT) {
        Ok(received) => {
            let mut response = Response::new(received.body);
            *response.status_mut() = received.status;
            *response.headers_mut() = response_headers(&received.headers);
            // Shown as text by a page; followed or run by nobody.
            response.headers_mut().insert("content-security-policy", HeaderValue::from_static("sandbox"));
            response
        }
        Err(error) => text(StatusCode::BAD_GATEWAY, &error.to_string()),
    }
}

/// Target of a request from a page.
struct TryTarget<'p> {
    environment: EnvironmentName,
    group: GroupName,
    path: &'p str,
}

impl<'p> TryTarget<'p> {
    fn parse(below: &'p str) -> Option<Self> {
        let mut parts = below.trim_start_matches('/').splitn(3, '/');
        let environment = parts.next()?.parse().ok()?;
        Some(Self { environment, group: parts.next()?.parse().ok()?, path: parts.next()? })
    }

    fn outgoing(&self, request: &Request<Bytes>, workspace: &Workspace) -> Option<OutgoingCall> {
        let hosts = GroupHosts::new(&self.group, &self.environment, &workspace.settings().base_domain, &[]);
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(OutgoingCall {
            method: request.method().clone(),
            target: format!("/{}{query}", self.path),
            host: HeaderValue::from_str(&hosts.secondary).ok()?,
            headers: request_headers(request.headers()),
            body: request.body().clone(),
        })
    }
}

/// Returns the reason why nothing is passed on to a group: the gateway sees the address of this machine and not the
/// reader's, so that `ip_rules` would admit everybody whom they refuse.
fn refusal(workspace: &Workspace, target: &TryTarget<'_>) -> Option<&'static str> {
    const UNKNOWN: &str =
        "the version that is live cannot be read, so nothing says from which addresses it may be called";
    let TryTarget { environment, group, .. } = target;
    let facts = DiskFacts::new(workspace);
    let Ok(live) = facts.environment(environment) else { return Some(UNKNOWN) };
    // Of what is not there, the gateway says so itself.
    let deployment = live.deployments.get(group)?;
    let gateways = workspace.gateways().map(|gateways| gateways.running).unwrap_or_default();
    if let ServedState::NotServed(_) = served_state(&gateways, environment, group, deployment) {
        return Some("the gateway serves another version than the one that is live");
    }
    match facts.released(group, &deployment.release) {
        Ok(Some(candidate)) if candidate.settings.ip_rules.of_environment(environment).is_empty() => None,
        Ok(Some(_)) => Some("the group has `ip_rules`: call it from an address of your own, and not from its pages"),
        Ok(None) | Err(_) => Some(UNKNOWN),
    }
}

/// True for a request of a page of this listener, as browsers say: by `Sec-Fetch-Site`, older ones by `Origin`, and the
/// page itself by a header of its own. Over `http` to a host that is not loopback a browser sends no `Sec-Fetch-Site`,
/// and with GET no `Origin` (Fetch Metadata, section 2; Fetch, section 3.2).
fn is_of_own_origin(headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.contains_key("sec-fetch-site") {
        return header("sec-fetch-site") == Some("same-origin");
    }
    if !headers.contains_key("origin") {
        return headers.contains_key(TRY_HEADER);
    }
    let origin = header("origin").and_then(|origin| origin.split_once("://"));
    origin
        .zip(header("host"))
        .is_some_and(|((scheme, from), host)| matches!(scheme, "http" | "https") && from.eq_ignore_ascii_case(host))
}

/// Returns the headers of a page's request that the gateway gets.
fn request_headers(received: &HeaderMap) -> HeaderMap {
    let mut headers = received.clone();
    strip_hop_by_hop(&mut headers);
    remove_where(&mut headers, |name| OF_PAGE.contains(name) || *name == TRAILER || name.as_str().starts_with("sec-"));
    headers
}

/// Returns the headers of the gateway's response that a page gets. A cookie of a backend would be one of this origin.
fn response_headers(received: &HeaderMap) -> HeaderMap {
    let mut headers = received.clone();
    strip_hop_by_hop(&mut headers);
    remove_where(&mut headers, |name| [CONTENT_LENGTH, SET_COOKIE, TRAILER].contains(name));
    headers
}

fn remove_where(headers: &mut HeaderMap, is_removed: impl Fn(&HeaderName) -> bool) {
    let removed: Vec<HeaderName> = headers.keys().filter(|name| is_removed(name)).cloned().collect();
    for name in removed {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn headers_of_a_connection_and_of_a_page_stay_here() {
        let request = headers(&[
            ("connection", "X-Hop, close"),
            ("x-hop", "1"),
            ("proxy-authorization", "Basic x"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("host", "localhost"),
            ("cookie", "session=1"),
            ("origin", "http://localhost"),
            ("referer", "http://localhost/"),
            ("sec-fetch-site", "same-origin"),
            (TRY_HEADER, "1"),
            ("x-api-key", "key"),
        ]);
        assert_eq!(names(&request_headers(&request)), ["x-api-key"]);
        let response = headers(&[
            ("connection", "X-Hop"),
            ("x-hop", "1"),
            ("proxy-authenticate", "Basic"),
            ("content-length", "2"),
            ("set-cookie", "session=1"),
            ("content-type", "text/plain"),
        ]);
        assert_eq!(names(&response_headers(&response)), ["content-type"]);
    }
}
