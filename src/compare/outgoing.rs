//! Compares webhooks and callbacks: requests that the API sends, and that callers answer.
//!
//! Data goes the other way here. Callers read the body of the request, so that it must not hold more than before, and
//! send the bodies of the responses, which must not be refused.

use std::collections::{BTreeSet, HashMap};

use super::comparer::{ApiReport, Comparer};
use super::headers::is_in_media_type;
use super::kinds::{self, Kind};
use super::outgoing_bodies::{presence, request_body, responses};
use super::output::RawChange;
use super::schema::ListWriting;
use crate::definition::{Node, ParameterStyle, ValueDirection};
use crate::model::Method;

/// Lists the operations of a path item, each after its method.
fn operations(item: Node<'_>) -> Vec<(String, Node<'_>)> {
    let own = Method::ALL.iter().filter_map(|method| Some((method.as_str().to_owned(), item.get(method.field())?)));
    let additional = item.get("additionalOperations").into_iter().flat_map(Node::entries);
    own.chain(additional.map(|(method, operation)| (method.to_owned(), operation))).collect()
}

/// The same thing before and after, where it is there at all.
type Pair<'d> = (Option<Node<'d>>, Option<Node<'d>>);

/// Compares the webhooks of two definitions.
pub(super) fn webhooks<'d>(comparer: &mut Comparer<'d>, (before, after): Pair<'d>, report: &mut ApiReport) {
    let kinds = (kinds::WEBHOOK_ADDED, kinds::WEBHOOK_REMOVED);
    named(comparer, "webhook", kinds, (before, after), report, path_item);
}

/// Compares the callbacks of an API: each name has addresses, and each address is called like a path.
pub(super) fn callbacks<'d>(comparer: &mut Comparer<'d>, (before, after): Pair<'d>, report: &mut ApiReport) {
    let kinds = (kinds::CALLBACK_ADDED, kinds::CALLBACK_REMOVED);
    if let Some(((name, old), (new_name, new))) = renamed_callback(before, after) {
        let path = format!("callback {new_name}");
        let message = format!("the callback {name:?} is named {new_name:?}");
        let places = [(before, name), (after, new_name)].map(|(all, name)| all.map(|all| all.key_location(name)));
        let [was, is] = places;
        report.add(&path, RawChange::new(kinds::CALLBACK_RENAMED, message).at(was, is));
        for (name, old, new) in both(before, after) {
            callback(comparer, &format!("callback {name}"), old, new, report);
        }
        return callback(comparer, &path, old, new, report);
    }
    named(comparer, "callback", kinds, (before, after), report, callback);
}

/// Compares a callback: its addresses, each like a path.
fn callback<'d>(comparer: &mut Comparer<'d>, path: &str, old: Node<'d>, new: Node<'d>, report: &mut ApiReport) {
    let (old, new) = (old.resolve().unwrap_or(old), new.resolve().unwrap_or(new));
    let kinds = (kinds::OUTGOING_CHANGED, kinds::OUTGOING_CHANGED);
    names_at(path, "address", (Some(old), Some(new)), kinds, is_address, report);
    for (_, old, new) in both(Some(old), Some(new)).into_iter().filter(|(name, ..)| is_address(name)) {
        path_item(comparer, path, old, new, report);
    }
}

/// True unless a field of a callback is an extension.
fn is_address(name: &str) -> bool {
    !name.starts_with("x-")
}

/// A node with its name in a map.
type NamedNode<'d> = (&'d str, Node<'d>);

/// Finds the one callback whose name went and the one whose name came, where both have the same addresses: their names,
/// which are never sent, are all that tells them apart.
fn renamed_callback<'d>(before: Option<Node<'d>>, after: Option<Node<'d>>) -> Option<(NamedNode<'d>, NamedNode<'d>)> {
    let (before, after) = (before?, after?);
    let only = |here: Node<'d>, there: Node<'d>| {
        let mut missing = here.entries().filter(move |(name, _)| there.get(name).is_none());
        missing.next().filter(|_| missing.next().is_none())
    };
    let (gone, fresh) = (only(before, after)?, only(after, before)?);
    let addresses = |node: Node<'d>| -> BTreeSet<&'d str> {
        node.resolve().unwrap_or(node).entries().map(|(address, _)| address).filter(|name| is_address(name)).collect()
    };
    let (was, is) = (addresses(gone.1), addresses(fresh.1));
    (!was.is_empty() && was == is).then_some((gone, fresh))
}

/// Reports added and removed names, and compares the values of the names on both sides.
fn named<'d>(
    comparer: &mut Comparer<'d>,
    noun: &str,
    kinds: (Kind, Kind),
    (before, after): Pair<'d>,
    report: &mut ApiReport,
    each: impl Fn(&mut Comparer<'d>, &str, Node<'d>, Node<'d>, &mut ApiReport),
) {
    names_at(noun, noun, (before, after), kinds, |_| true, report);
    for (name, old, new) in both(before, after) {
        each(comparer, &format!("{noun} {name}"), old, new, report);
    }
}

fn path_item<'d>(comparer: &mut Comparer<'d>, path: &str, old: Node<'d>, new: Node<'d>, report: &mut ApiReport) {
    let (old, new) = (old.resolve().unwrap_or(old), new.resolve().unwrap_or(new));
    let (before, after) = (operations(old), operations(new));
    let find = |list: &[(String, Node<'d>)], method: &str| {
        list.iter().find(|(other, _)| other == method).map(|(_, operation)| *operation)
    };
    let fresh = after.iter().filter(|(method, _)| find(&before, method).is_none());
    for (shown, _) in before.iter().chain(fresh) {
        match (find(&before, shown), find(&after, shown)) {
            (Some(was), Some(is)) => {
                let path = format!("{path} {shown}");
                parameters(comparer, &path, &effective(old, was), &effective(new, is), report);
                operation(comparer, &path, was, is, report);
            }
            (None, None) => {}
            (was, is) => {
                let message = format!("the method {shown} was {}", if is.is_some() { "added" } else { "removed" });
                let found = RawChange::new(kinds::OUTGOING_CHANGED, message);
                report.add(path, found.at(was.map(Node::location), is.map(Node::location)));
            }
        }
    }
}

fn operation<'d>(comparer: &mut Comparer<'d>, path: &str, old: Node<'d>, new: Node<'d>, report: &mut ApiReport) {
    for found in comparer.describe(&["summary", "description"], old, new) {
        report.add(path, found);
    }
    request_body(comparer, path, (old.get("requestBody"), new.get("requestBody")), report);
    responses(comparer, path, (old.get("responses"), new.get("responses")), report);
}

/// Key of a parameter: its location and its name, which is case-insensitive for a header.
type Identity<'d> = (&'d str, String);

/// Lists the parameters of an operation: its own ones, and those of its path item that it does not replace
/// (OpenAPI 3.1, section 4.8.9.1).
fn effective<'d>(path_item: Node<'d>, operation: Node<'d>) -> Vec<(Identity<'d>, Node<'d>)> {
    let mut list: Vec<(Identity<'d>, Node<'d>)> = Vec::new();
    let mut indices: HashMap<Identity<'d>, usize> = HashMap::new();
    let written = [path_item, operation].into_iter().filter_map(|owner| owner.get("parameters")).flat_map(Node::items);
    for parameter in written.filter_map(Node::resolve) {
        let text = |field| parameter.get(field).and_then(Node::as_str);
        let (Some(place), Some(name)) = (text("in"), text("name")) else { continue };
        let name = if place == "header" { name.to_ascii_lowercase() } else { name.to_owned() };
        let index = *indices.entry((place, name.clone())).or_insert(list.len());
        match list.get_mut(index) {
            Some(known) => known.1 = parameter,
            None => list.push(((place, name), parameter)),
        }
    }
    list
}

fn parameters<'d>(
    comparer: &mut Comparer<'d>,
    path: &str,
    before: &[(Identity<'d>, Node<'d>)],
    after: &[(Identity<'d>, Node<'d>)],
    report: &mut ApiReport,
) {
    let label = |identity: &Identity<'_>| format!("{path} request {} parameter {}", identity.0, identity.1);
    let mut fresh: HashMap<&Identity<'d>, Node<'d>> = after.iter().map(|(identity, new)| (identity, *new)).collect();
    for (identity, old) in before {
        if let Some(new) = fresh.remove(identity) {
            parameter(comparer, &label(identity), *old, new, report);
        } else {
            let found = RawChange::new(kinds::OUTGOING_CHANGED, "the parameter was removed");
            report.add(&label(identity), found.at(Some(old.location()), None));
        }
    }
    for (identity, new) in after.iter().filter(|(identity, _)| fresh.contains_key(identity)) {
        let found = RawChange::new(kinds::OUTGOING_PARAMETER_ADDED, "the parameter was added");
        report.add(&label(identity), found.at(None, Some(new.location())));
    }
}

fn parameter<'d>(comparer: &mut Comparer<'d>, path: &str, old: Node<'d>, new: Node<'d>, report: &mut ApiReport) {
    presence(path, "parameter", (old, new), report);
    if let Some(found) = comparer.written_in(kinds::OUTGOING_CHANGED, (old, new)) {
        report.add(path, found);
        return;
    }
    if is_in_media_type(old, new) {
        let pair = comparer.media_type_pair((old, new), ValueDirection::Response);
        return report.add_schema(path, pair);
    }
    let schema = |parameter: Node<'d>| parameter.get("schema").map(Node::id);
    let (was, is) = (written(old), written(new));
    let is_in_path = new.get("in").and_then(Node::as_str) == Some("path");
    let is_other_text = is_in_path && was.0 != is.0;
    if is_other_text || (was != is && comparer.schemas.are_structured(schema(old), schema(new)) == (true, true)) {
        let shown = |(style, explode): (&str, bool)| format!("{style}{}", if explode { ", exploded" } else { "" });
        let message =
            format!("the value was written in the style {} and is written in the style {}", shown(was), shown(is));
        let places = (Some(old.key_location("style")), Some(new.key_location("style")));
        report.add(path, RawChange::new(kinds::OUTGOING_CHANGED, message).at(places.0, places.1));
    }
    let lists = |(style, explode)| {
        let style = match style {
            "form" => ParameterStyle::Form,
            "spaceDelimited" => ParameterStyle::SpaceDelimited,
            "pipeDelimited" => ParameterStyle::PipeDelimited,
            "deepObject" => ParameterStyle::DeepObject,
            "matrix" => ParameterStyle::Matrix,
            "label" => ParameterStyle::Label,
            _ => ParameterStyle::Simple,
        };
        ListWriting::of_style(style, explode)
    };
    let pair = comparer.schemas.text_pair(schema(old), schema(new), (lists(was), lists(is)), ValueDirection::Response);
    report.add_schema(path, pair);
}

/// Returns the style and whether it is exploded, with the defaults filled in (OpenAPI 3.1, section 4.8.12.2.1).
fn written(parameter: Node<'_>) -> (&str, bool) {
    let in_form = matches!(parameter.get("in").and_then(Node::as_str), Some("query" | "cookie"));
    let by_default = if in_form { "form" } else { "simple" };
    let style = parameter.get("style").and_then(Node::as_str).unwrap_or(by_default);
    let is_exploded = parameter.get("explode").and_then(Node::as_bool).unwrap_or(style == "form");
    (style, is_exploded && style != "deepObject")
}

/// Goes through the values that two maps have under the same name.
fn both<'d>(before: Option<Node<'d>>, after: Option<Node<'d>>) -> Vec<(&'d str, Node<'d>, Node<'d>)> {
    let old = before.into_iter().flat_map(Node::entries);
    old.filter_map(|(name, old)| Some((name, old, after?.get(name)?))).collect()
}

/// Reports the names that were added and removed, of those that count.
fn names_at(
    path: &str,
    noun: &str,
    (before, after): (Option<Node<'_>>, Option<Node<'_>>),
    (added, removed): (Kind, Kind),
    counts: impl Fn(&str) -> bool,
    report: &mut ApiReport,
) {
    for (name, _) in before.into_iter().flat_map(Node::entries).filter(|(name, _)| counts(name)) {
        if after.is_none_or(|after| after.get(name).is_none()) {
            let place = before.map(|before| before.key_location(name));
            report.add(path, RawChange::new(removed, format!("the {noun} {name:?} was removed")).at(place, None));
        }
    }
    for (name, _) in after.into_iter().flat_map(Node::entries).filter(|(name, _)| counts(name)) {
        if before.is_none_or(|before| before.get(name).is_none()) {
            let place = after.map(|after| after.key_location(name));
            report.add(path, RawChange::new(added, format!("the {noun} {name:?} was added")).at(None, place));
        }
    }
}
