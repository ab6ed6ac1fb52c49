//! Compares webhooks and callbacks: requests that the API sends, and that callers answer.
//!
//! Data goes the other way here. Callers read the body of the request, so that it must not hold more than before, and
//! send the bodies of the responses, which must not be refused.

use super::apis::{Comparer, Report};
use super::kinds::{self, Kind};
use super::output::Found;
use crate::definition::{Direction, Node};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Compares the webhooks of two definitions.
pub(super) fn webhooks<'d>(
    comparer: &mut Comparer<'d>,
    before: Option<Node<'d>>,
    after: Option<Node<'d>>,
    report: &mut Report,
) {
    names(before, after, "webhook", (kinds::WEBHOOK_ADDED, kinds::WEBHOOK_REMOVED), report);
    for (name, old, new) in both(before, after) {
        path_item(comparer, &format!("webhook {name}"), old, new, report);
    }
}

/// Compares the callbacks of an API: each name has addresses, and each address is called like a path.
pub(super) fn callbacks<'d>(
    comparer: &mut Comparer<'d>,
    before: Option<Node<'d>>,
    after: Option<Node<'d>>,
    report: &mut Report,
) {
    names(before, after, "callback", (kinds::CALLBACK_ADDED, kinds::CALLBACK_REMOVED), report);
    for (name, old, new) in both(before, after) {
        let path = format!("callback {name}");
        let (old, new) = (old.resolve().unwrap_or(old), new.resolve().unwrap_or(new));
        differing_names(&path, "address", Some(old), Some(new), report);
        for (_, old, new) in both(Some(old), Some(new)) {
            path_item(comparer, &path, old, new, report);
        }
    }
}

fn path_item<'d>(comparer: &mut Comparer<'d>, path: &str, old: Node<'d>, new: Node<'d>, report: &mut Report) {
    let (old, new) = (old.resolve().unwrap_or(old), new.resolve().unwrap_or(new));
    for method in METHODS {
        let shown = method.to_ascii_uppercase();
        match (old.get(method), new.get(method)) {
            (Some(old), Some(new)) => operation(comparer, &format!("{path} {shown}"), old, new, report),
            (None, None) => {}
            (was, is) => {
                let message = format!("the method {shown} is {}", if is.is_some() { "new" } else { "gone" });
                let found = Found::new(kinds::OUTGOING_CHANGED, message);
                report.add(path, found.at(was.map(Node::location), is.map(Node::location)));
            }
        }
    }
}

fn operation<'d>(comparer: &mut Comparer<'d>, path: &str, old: Node<'d>, new: Node<'d>, report: &mut Report) {
    for found in comparer.describe(&["summary", "description"], old, new) {
        report.add(path, found);
    }
    if let Some(message) = comparer.change("the parameters", old.get("parameters"), new.get("parameters")) {
        let found = Found::new(kinds::OUTGOING_CHANGED, message);
        report.add(path, found.at(Some(old.key_location("parameters")), Some(new.key_location("parameters"))));
    }
    let body = |operation: Node<'d>| operation.get("requestBody").and_then(Node::resolve);
    content(comparer, &format!("{path} body"), body(old), body(new), Direction::Response, report);
    let (was, is) = (old.get("responses"), new.get("responses"));
    differing_names(path, "response", was, is, report);
    for (status, old, new) in both(was, is) {
        let path = format!("{path} response {status}");
        content(comparer, &path, old.resolve(), new.resolve(), Direction::Request, report);
    }
}

fn content<'d>(
    comparer: &mut Comparer<'d>,
    path: &str,
    old: Option<Node<'d>>,
    new: Option<Node<'d>>,
    direction: Direction,
    report: &mut Report,
) {
    let media_types = |node: Option<Node<'d>>| node.and_then(|node| node.get("content"));
    let (was, is) = (media_types(old), media_types(new));
    differing_names(path, "media type", was, is, report);
    for (_, old, new) in both(was, is) {
        let schema = |media_type: Node<'d>| media_type.get("schema").map(Node::id);
        let pair = comparer.schemas.pair(schema(old), schema(new), direction);
        report.add_schema(path, pair);
    }
}

/// Goes through the values that two maps have under the same name.
fn both<'d>(before: Option<Node<'d>>, after: Option<Node<'d>>) -> Vec<(&'d str, Node<'d>, Node<'d>)> {
    let old = before.into_iter().flat_map(Node::entries);
    old.filter_map(|(name, old)| Some((name, old, after?.get(name)?))).collect()
}

/// Says which names came and went, as changes of what is sent.
fn differing_names(path: &str, noun: &str, before: Option<Node<'_>>, after: Option<Node<'_>>, report: &mut Report) {
    let kinds = (kinds::OUTGOING_CHANGED, kinds::OUTGOING_CHANGED);
    names_at(path, noun, (before, after), kinds, report);
}

/// Says which names came and went.
fn names(before: Option<Node<'_>>, after: Option<Node<'_>>, noun: &str, kinds: (Kind, Kind), report: &mut Report) {
    names_at(noun, noun, (before, after), kinds, report);
}

fn names_at(
    path: &str,
    noun: &str,
    (before, after): (Option<Node<'_>>, Option<Node<'_>>),
    (added, removed): (Kind, Kind),
    report: &mut Report,
) {
    for (name, _) in before.into_iter().flat_map(Node::entries) {
        if after.is_none_or(|after| after.get(name).is_none()) {
            let place = before.map(|before| before.key_location(name));
            report.add(path, Found::new(removed, format!("the {noun} {name:?} is gone")).at(place, None));
        }
    }
    for (name, _) in after.into_iter().flat_map(Node::entries) {
        if before.is_none_or(|before| before.get(name).is_none()) {
            let place = after.map(|after| after.key_location(name));
            report.add(path, Found::new(added, format!("the {noun} {name:?} is new")).at(None, place));
        }
    }
}
