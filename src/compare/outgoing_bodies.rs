//! Compares the bodies of webhooks and callbacks, which callers read, and the responses to them, which callers send.

use super::comparer::{ApiReport, Comparer};
use super::kinds;
use super::media_types::{MediaTypeKinds, media_types};
use super::output::RawChange;
use crate::definition::{Node, ValueDirection};

pub(super) fn request_body<'d>(
    comparer: &mut Comparer<'d>,
    path: &str,
    (before, after): (Option<Node<'d>>, Option<Node<'d>>),
    report: &mut ApiReport,
) {
    let path = format!("{path} request body");
    let body = |node: Option<Node<'d>>| node.and_then(Node::resolve).filter(|body| has_content(Some(*body)));
    match (body(before), body(after)) {
        (Some(old), Some(new)) => {
            presence(&path, "body", (old, new), report);
            content(comparer, &path, Some(old), Some(new), ValueDirection::Response, report);
        }
        (Some(old), None) => {
            let (kind, message) = if is_sent(old) {
                (kinds::OUTGOING_BODY_REMOVED, "the body, which was always sent, was removed")
            } else {
                (kinds::OUTGOING_OPTIONAL_BODY_REMOVED, "the body, which could be missing, was removed")
            };
            report.add(&path, RawChange::new(kind, message).at(Some(old.location()), None));
        }
        (None, Some(new)) => {
            let found = RawChange::new(kinds::OUTGOING_BODY_ADDED, "a body was added");
            report.add(&path, found.at(None, Some(new.location())));
        }
        (None, None) => {}
    }
}

/// Compares the responses of callers: each code with the response of its own, else with that which covers it.
pub(super) fn responses<'d>(
    comparer: &mut Comparer<'d>,
    path: &str,
    (before, after): (Option<Node<'d>>, Option<Node<'d>>),
    report: &mut ApiReport,
) {
    let label = |status: &str| format!("{path} response {status}");
    for (status, old) in before.into_iter().flat_map(Node::entries) {
        if let Some(new) = covering(after, status) {
            response(comparer, &label(status), (old, new), report);
        } else {
            let place = before.map(|before| before.key_location(status));
            let found = RawChange::new(kinds::OUTGOING_CHANGED, format!("the response {status:?} was removed"));
            report.add(path, found.at(place, None));
        }
    }
    for (status, new) in after.into_iter().flat_map(Node::entries) {
        if before.is_some_and(|before| before.get(status).is_some()) {
            continue;
        }
        let place = after.map(|after| after.key_location(status));
        let message = format!("the response {status:?} was added");
        let Some(old) = covering(before, status) else {
            report.add(path, RawChange::new(kinds::OUTGOING_RESPONSE_ADDED, message).at(None, place));
            continue;
        };
        let mut parts = ApiReport::default();
        response(comparer, &label(status), (old, new), &mut parts);
        let message = format!("{message}, which another one covered");
        report.add_folded(path, RawChange::new(kinds::OUTGOING_CHANGED, message).at(None, place), parts);
    }
}

/// Returns the response of a code: its own, that of its class, or the default, which beside a code of success is there
/// for errors.
fn covering<'d>(responses: Option<Node<'d>>, status: &str) -> Option<Node<'d>> {
    let responses = responses?;
    let is_success = |status: &str| status.starts_with('2');
    let class = || status.get(..1).and_then(|digit| responses.get(&format!("{digit}XX")));
    let for_errors = || is_success(status) && responses.entries().any(|(other, _)| is_success(other));
    responses.get(status).or_else(class).or_else(|| responses.get("default").filter(|_| !for_errors()))
}

/// Compares a response: its body, which cannot be declared as optional, and its headers.
fn response<'d>(
    comparer: &mut Comparer<'d>,
    path: &str,
    (before, after): (Node<'d>, Node<'d>),
    report: &mut ApiReport,
) {
    let (old, new) = (before.resolve(), after.resolve());
    let places = (old.map(Node::location), new.map(Node::location));
    match (has_content(old), has_content(new)) {
        (false, true) => {
            let found = RawChange::new(kinds::OUTGOING_RESPONSE_BODY_ADDED, "the response had no body and has one");
            report.add(path, found.at(places.0, places.1));
        }
        (true, false) => {
            let found = RawChange::new(kinds::OUTGOING_RESPONSE_BODY_REMOVED, "the response had a body and has none");
            report.add(path, found.at(places.0, places.1));
        }
        _ => content(comparer, path, old, new, ValueDirection::Request, report),
    }
    headers(comparer, path, (headers_of(old), headers_of(new)), report);
}

/// A header and its name.
type NamedHeader<'d> = (&'d str, Node<'d>);

/// Lists the headers of a response; its media type is no header of its own (OpenAPI 3.1, section 4.8.17.1).
fn headers_of(response: Option<Node<'_>>) -> Vec<NamedHeader<'_>> {
    let all = response.and_then(|response| response.get("headers")).into_iter().flat_map(Node::entries);
    let described = all.filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    described.map(|(name, node)| (name, node.resolve().unwrap_or(node))).collect()
}

fn headers<'d>(
    comparer: &mut Comparer<'d>,
    path: &str,
    (before, after): (Vec<NamedHeader<'d>>, Vec<NamedHeader<'d>>),
    report: &mut ApiReport,
) {
    let label = |name: &str| format!("{path} header {name}");
    let find = |list: &[NamedHeader<'d>], name: &str| {
        list.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, node)| *node)
    };
    for (name, was) in &before {
        let path = label(name);
        let Some(is) = find(&after, name) else {
            let found = RawChange::new(kinds::OUTGOING_HEADER_REMOVED, "the header was removed");
            report.add(&path, found.at(Some(was.location()), None));
            continue;
        };
        let change = match (is_sent(*was), is_sent(is)) {
            (false, true) => Some((kinds::OUTGOING_HEADER_REQUIRED, "the header could be missing and is required")),
            (true, false) => Some((kinds::OUTGOING_HEADER_OPTIONAL, "the header was required and can be missing")),
            _ => None,
        };
        if let Some((kind, message)) = change {
            let places = (Some(was.key_location("required")), Some(is.key_location("required")));
            report.add(&path, RawChange::new(kind, message).at(places.0, places.1));
        }
        comparer.header_value(&path, (*was, is), ValueDirection::Request, report);
    }
    for (name, is) in after.iter().filter(|(name, _)| find(&before, name).is_none()) {
        let (kind, message) = if is_sent(*is) {
            (kinds::OUTGOING_HEADER_REQUIRED, "a required header was added")
        } else {
            (kinds::OUTGOING_HEADER_ADDED, "an optional header was added")
        };
        report.add(&label(name), RawChange::new(kind, message).at(None, Some(is.location())));
    }
}

fn has_content(owner: Option<Node<'_>>) -> bool {
    !media_types(owner).is_empty()
}

fn is_sent(node: Node<'_>) -> bool {
    node.get("required").and_then(Node::as_bool) == Some(true)
}

/// Reports a part that was always sent and can be missing now, or the reverse.
pub(super) fn presence(path: &str, noun: &str, (old, new): (Node<'_>, Node<'_>), report: &mut ApiReport) {
    let (kind, message) = match (is_sent(old), is_sent(new)) {
        (true, false) => (kinds::OUTGOING_BECAME_OPTIONAL, format!("the {noun} was always sent and can be missing")),
        (false, true) => (kinds::OUTGOING_BECAME_REQUIRED, format!("the {noun} could be missing and is always sent")),
        _ => return,
    };
    let places = (Some(old.key_location("required")), Some(new.key_location("required")));
    report.add(path, RawChange::new(kind, message).at(places.0, places.1));
}

fn content<'d>(
    comparer: &mut Comparer<'d>,
    path: &str,
    old: Option<Node<'d>>,
    new: Option<Node<'d>>,
    direction: ValueDirection,
    report: &mut ApiReport,
) {
    let (was, is) = (media_types(old), media_types(new));
    comparer.content((&was, &is), direction, MediaTypeKinds::OUTGOING, &|_| path.to_owned(), report);
}
