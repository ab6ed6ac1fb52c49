//! The route of a request and the addresses that may take it: asked once for each request, and again while a call goes
//! on.

use std::net::IpAddr;
use std::sync::Arc;

use http::Method;
use http::header::ACCESS_CONTROL_REQUEST_METHOD;
use http::request::Parts;

use crate::gateway::client_address::UntoldAddress;
use crate::gateway::compiled::{CompiledApi, CompiledGroup, CompiledSnapshot};
use crate::gateway::problem::{Kind, Problem};
use crate::gateway::refusal_reason::RefusalReason;
use crate::gateway::request_head::{CheckedHead, ambiguous_path};
use crate::gateway::routing::host::RequestedHost;
use crate::gateway::routing::hosts::HostLookup;
use crate::gateway::routing::table::{PathMatch, PickedRoute};
use crate::routes::problem::{REFUSED_ADDRESS, UNKNOWN_PATH};

/// A path that a group knows.
pub(super) struct FoundPath<'s, 'p> {
    pub(super) group: &'s Arc<CompiledGroup>,
    pub(super) found: PathMatch<'s, 'p>,
    /// The path below the group's prefix.
    pub(super) path: &'p str,
    pub(super) head: &'p CheckedHead,
}

/// Finds the group and the path entry of a request.
pub(super) fn find_path<'s, 'p>(
    snapshot: &'s CompiledSnapshot,
    head: &'p CheckedHead,
    path: &'p str,
) -> Result<FoundPath<'s, 'p>, Problem> {
    let CheckedHead { host, has_encoded_slash } = head;
    match snapshot.find(host, path) {
        HostLookup::Path(group, ..) if *has_encoded_slash && !group.encoded_slashes => Err(ambiguous_path().closing()),
        HostLookup::UnknownPath | HostLookup::UnknownHost if *has_encoded_slash => Err(ambiguous_path().closing()),
        HostLookup::Path(_, found, _) if leads_elsewhere(snapshot, host, path, &found) => Err(semicolons()),
        HostLookup::Path(group, found, path) => Ok(FoundPath { group, found, path, head }),
        _ if has_semicolons(path) => Err(semicolons()),
        HostLookup::UnknownPath => Err(Problem::new(Kind::NotFound, UNKNOWN_PATH)),
        HostLookup::UnknownHost => {
            Err(Problem::new(Kind::NotFound, format!("No group is served for the host {:?}.", host.name())))
        }
    }
}

/// Finds the API for a request's method, and its index; `None` if the path has none for it, or for a preflight.
pub(super) fn match_api_of<'s>(
    found: &FoundPath<'s, '_>,
    parts: &Parts,
) -> Result<Option<(usize, &'s CompiledApi)>, Problem> {
    let asks_origin = parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let is_preflight = parts.method == Method::OPTIONS && asks_origin && found.group.cors.is_some();
    match_api(found, &parts.method, parts.uri.query(), is_preflight)
}

/// Finds the API for a method and a query.
pub(super) fn match_api<'s>(
    found: &FoundPath<'s, '_>,
    method: &Method,
    query: Option<&str>,
    is_preflight: bool,
) -> Result<Option<(usize, &'s CompiledApi)>, Problem> {
    let group: &'s CompiledGroup = found.group;
    let index = match found.found.entry.route(method, &found.found.parameters, query) {
        _ if is_preflight => None,
        PickedRoute::Route(index) => Some(index),
        PickedRoute::NoMatch => return Err(Problem::new(Kind::NotFound, UNKNOWN_PATH)),
        PickedRoute::NoMethod => None,
    };
    let matched = index.and_then(|index| Some((index, group.apis.get(index)?)));
    if has_semicolons(found.path) {
        let takes_semicolons = |api: &CompiledApi| api.path.takes_semicolons(found.path);
        let mut others = found.found.entry.routes().filter_map(|index| group.apis.get(index));
        // A preflight is answered for the path's APIs, whichever the request will be for.
        if !matched.map_or_else(|| others.any(takes_semicolons), |(_, api)| takes_semicolons(api)) {
            return Err(semicolons());
        }
    }
    Ok(matched)
}

/// Refuses a request from an address that `ip_rules` does not admit.
pub(super) fn check_address(
    group: &CompiledGroup,
    address: impl FnOnce() -> Result<IpAddr, UntoldAddress>,
) -> Result<(), Problem> {
    let Some(rules) = &group.ip_rules else { return Ok(()) };
    let reason = match address() {
        Ok(address) if rules.admits(address) => return Ok(()),
        Ok(address) => format!("the address {address} is not admitted by `ip_rules`"),
        Err(untold) => format!("the client's address is not known, which `ip_rules` need: {untold}"),
    };
    let mut problem = Problem::new(Kind::Forbidden, REFUSED_ADDRESS);
    problem.refused_for = Some(RefusalReason::Address);
    problem.operator_reason = Some(reason);
    Err(problem)
}

/// True if a path has semicolons, which are data (RFC 3986, section 3.3) but which some backends remove with all
/// that follows in their segment.
fn has_semicolons(path: &str) -> bool {
    path.contains(';')
}

/// True if a path leads to the APIs of another one where its path parameters are removed. Those that begin a
/// segment are values in the style `matrix`, or refused.
fn leads_elsewhere(snapshot: &CompiledSnapshot, host: &RequestedHost, path: &str, found: &PathMatch<'_, '_>) -> bool {
    if !has_semicolons(path) {
        return false;
    }
    let plain = |segment: &str| match segment.find(';') {
        Some(at) if at > 0 => segment.get(..at).unwrap_or_default().to_owned(),
        _ => segment.to_owned(),
    };
    let read = path.split('/').map(plain).collect::<Vec<_>>().join("/");
    matches!(snapshot.find(host, &read), HostLookup::Path(_, other, _) if !std::ptr::eq(other.entry, found.entry))
}

fn semicolons() -> Problem {
    let detail =
        "The path has more than one reading: the API declares no such semicolon, or it has another path without it.";
    Problem::new(Kind::BadRequest, detail).closing()
}
