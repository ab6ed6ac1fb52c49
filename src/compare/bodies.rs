//! Compares request bodies and responses: media types, status codes and headers.

use super::apis::{Comparer, Report};
use super::kinds::{self, Polarity};
use super::output::Found;
use crate::definition::{Api, Direction, Header, MediaType, Node, NodeId, Response, StatusPattern};

pub(super) fn request(comparer: &mut Comparer<'_>, before: &Api, after: &Api, report: &mut Report) {
    let path = "request body";
    match (&before.request_body, &after.request_body) {
        (None, None) => {}
        (Some(old), None) => {
            let place = Some(comparer.before.node(old.node).location());
            report.add(path, Found::new(kinds::REQUEST_BODY_REMOVED, "the body is gone").at(place, None));
        }
        (None, Some(new)) => {
            let place = Some(comparer.after.node(new.node).location());
            let (kind, message) = if new.required {
                (kinds::REQUIRED_REQUEST_BODY_ADDED, "the body is new and required")
            } else {
                (kinds::REQUEST_BODY_ADDED, "the body is new and optional")
            };
            report.add(path, Found::new(kind, message).at(None, place));
        }
        (Some(old), Some(new)) => {
            let (was, is) = (comparer.before.node(old.node), comparer.after.node(new.node));
            let places = (Some(was.key_location("required")), Some(is.key_location("required")));
            match (old.required, new.required) {
                (false, true) => {
                    let found =
                        Found::new(kinds::REQUEST_BODY_BECAME_REQUIRED, "the body was optional and is required");
                    report.add(path, found.at(places.0, places.1));
                }
                (true, false) => {
                    let found =
                        Found::new(kinds::REQUEST_BODY_BECAME_OPTIONAL, "the body was required and is optional");
                    report.add(path, found.at(places.0, places.1));
                }
                _ => {}
            }
            for found in comparer.describe(&["description"], was, is) {
                report.add(path, found);
            }
            let label = |media_type: &str| format!("request {media_type} body");
            comparer.content(&old.content, &new.content, Direction::Request, &label, report);
        }
    }
}

pub(super) fn responses(comparer: &mut Comparer<'_>, before: &Api, after: &Api, report: &mut Report) {
    for old in &before.responses {
        if let Some(new) = after.responses.iter().find(|new| new.status == old.status) {
            comparer.response(old, new, report);
        } else if let Some(new) = cover(&after.responses, old.status) {
            comparer.response_changed_status(old, new, report);
            comparer.response(old, new, report);
        } else if let Some(new) = instead(before, after, old.status) {
            comparer.response_changed_status(old, new, report);
        } else {
            let place = Some(comparer.before.node(old.node).location());
            // Beside a code of success, the default is there for errors.
            let beside_success = before.responses.iter().any(|other| is_only_success(other.status));
            let for_errors = old.status == StatusPattern::Default && beside_success;
            let kind = if is_success(old.status) && !for_errors {
                kinds::SUCCESS_RESPONSE_REMOVED
            } else {
                kinds::ERROR_RESPONSE_REMOVED
            };
            let found = Found::new(kind, format!("the response {} is gone", old.status));
            report.add(&format!("response {}", old.status), found.at(place, None));
        }
    }
    for new in &after.responses {
        if declares(before, new.status) {
            continue;
        }
        let covering = cover(&before.responses, new.status);
        let is_new = covering.is_none_or(|old| declares(after, old.status));
        if is_new && instead(after, before, new.status).is_none() {
            let place = Some(comparer.after.node(new.node).location());
            let found = Found::new(kinds::RESPONSE_ADDED, format!("the response {} is new", new.status));
            report.add(&format!("response {}", new.status), found.at(None, place));
        }
        if let Some(old) = covering {
            comparer.response(old, new, report);
        }
    }
}

/// Finds the response that `there` has in the place of a wider one that only `here` has.
fn instead<'a>(here: &Api, there: &'a Api, wide: StatusPattern) -> Option<&'a Response> {
    there.responses.iter().find(|narrow| covers(wide, narrow.status) && !declares(here, narrow.status))
}

fn declares(api: &Api, status: StatusPattern) -> bool {
    api.responses.iter().any(|response| response.status == status)
}

/// Finds the response that stands for a code without one of its own: its class, else the default.
fn cover(responses: &[Response], status: StatusPattern) -> Option<&Response> {
    let class =
        responses.iter().find(|other| matches!(other.status, StatusPattern::Class(_)) && covers(other.status, status));
    class.or_else(|| responses.iter().find(|other| covers(other.status, status)))
}

fn covers(wide: StatusPattern, narrow: StatusPattern) -> bool {
    match (wide, narrow) {
        (StatusPattern::Class(digit), StatusPattern::Code(code)) => code / 100 == u16::from(digit),
        (StatusPattern::Default, StatusPattern::Code(_) | StatusPattern::Class(_)) => true,
        _ => false,
    }
}

fn is_success(status: StatusPattern) -> bool {
    status == StatusPattern::Default || is_only_success(status)
}

fn is_only_success(status: StatusPattern) -> bool {
    matches!(status, StatusPattern::Code(200..300) | StatusPattern::Class(2))
}

impl Comparer<'_> {
    fn response_changed_status(&mut self, old: &Response, new: &Response, report: &mut Report) {
        let kind = match (covers(new.status, old.status), is_success(old.status)) {
            (true, true) => kinds::RESPONSE_WIDENED,
            (true, false) => kinds::ERROR_RESPONSE_WIDENED,
            (false, _) => kinds::RESPONSE_NARROWED,
        };
        let places = (self.before.node(old.node).location(), self.after.node(new.node).location());
        let message = format!("the response {} became {}", old.status, new.status);
        let found = Found::new(kind, message).at(Some(places.0), Some(places.1));
        report.add(&format!("response {}", new.status), found);
    }

    fn response(&mut self, old: &Response, new: &Response, report: &mut Report) {
        let status = new.status;
        let (before, after) = (self.before.node(old.node), self.after.node(new.node));
        if old.status == new.status {
            for found in self.describe(&["description"], before, after) {
                report.add(&format!("response {status}"), found);
            }
        }
        self.headers(old, new, report);
        let label = |media_type: &str| format!("response {status} {media_type} body");
        self.content(&old.content, &new.content, Direction::Response, &label, report);
    }

    fn headers(&mut self, old: &Response, new: &Response, report: &mut Report) {
        let counted = |header: &&Header| !header.name.eq_ignore_ascii_case("content-type");
        let find =
            |list: &'_ [Header], name: &str| list.iter().position(|header| header.name.eq_ignore_ascii_case(name));
        for was in old.headers.iter().filter(counted) {
            let path = format!("response {} header {}", new.status, was.name);
            let before = self.before.node(was.node);
            let Some(is) = find(&new.headers, &was.name).and_then(|index| new.headers.get(index)) else {
                let found = Found::new(kinds::HEADER_REMOVED, "the header is gone");
                report.add(&path, found.at(Some(before.location()), None));
                continue;
            };
            let after = self.after.node(is.node);
            let places = (Some(before.key_location("required")), Some(after.key_location("required")));
            match (was.required, is.required) {
                (false, true) => {
                    let found =
                        Found::new(kinds::HEADER_BECAME_REQUIRED, "the header could be missing and is always there");
                    report.add(&path, found.at(places.0, places.1));
                }
                (true, false) => {
                    let found =
                        Found::new(kinds::HEADER_BECAME_OPTIONAL, "the header was always there and can be missing");
                    report.add(&path, found.at(places.0, places.1));
                }
                _ => {}
            }
            for found in self.describe(&["description"], before, after) {
                report.add(&path, found);
            }
            self.examples(before, after, &path, report);
            let pair = match (was.schema, is.schema) {
                (None, None) => {
                    let (was, is) = (content_schema(before), content_schema(after));
                    self.schemas.pair(was, is, Direction::Response)
                }
                (was, is) => self.schemas.text_pair(was, is, Direction::Response),
            };
            report.add_schema(&path, pair);
        }
        for is in new.headers.iter().filter(counted).filter(|is| find(&old.headers, &is.name).is_none()) {
            let place = Some(self.after.node(is.node).location());
            let path = format!("response {} header {}", new.status, is.name);
            report.add(&path, Found::new(kinds::HEADER_ADDED, "the header is new").at(None, place));
        }
    }

    fn content(
        &mut self,
        before: &[MediaType],
        after: &[MediaType],
        direction: Direction,
        label: &dyn Fn(&str) -> String,
        report: &mut Report,
    ) {
        let mut paired: Vec<NodeId> = Vec::new();
        for old in before {
            let was = self.before.node(old.node);
            let Some((new, kind)) = media_type_partner(old, after) else {
                let found = Found::new(kinds::MEDIA_TYPE_REMOVED, format!("the media type {} is gone", old.name));
                report.add(&label(&old.name), found.at(Some(was.location()), None));
                continue;
            };
            paired.push(new.node);
            let (path, is) = (label(&new.name), self.after.node(new.node));
            if let Some(kind) = kind {
                let message = format!("the media type was {} and is {}", old.name, new.name);
                let found = Found::directed(kind, direction, Polarity::Same, message);
                report.add(&path, found.at(Some(was.location()), Some(is.location())));
            }
            self.examples(was, is, &path, report);
            if let Some(message) = self.change("the encoding", was.get("encoding"), is.get("encoding")) {
                let found = Found::directed(kinds::ENCODING_CHANGED, direction, Polarity::Same, message);
                report.add(&path, found.at(Some(was.key_location("encoding")), Some(is.key_location("encoding"))));
            }
            let pair = self.schemas.pair(old.schema, new.schema, direction);
            report.add_schema(&path, pair);
        }
        for new in after.iter().filter(|new| !paired.contains(&new.node)) {
            let place = Some(self.after.node(new.node).location());
            let found = Found::new(kinds::MEDIA_TYPE_ADDED, format!("the media type {} is new", new.name));
            report.add(&label(&new.name), found.at(None, place));
        }
    }
}

/// Returns the schema of a header that is written in a media type.
fn content_schema(header: Node<'_>) -> Option<NodeId> {
    header.get("content")?.entries().next()?.1.resolve()?.get("schema").map(Node::id)
}

/// Finds the media type that took the place of another, and what that means where it is not the same.
fn media_type_partner<'a>(old: &MediaType, after: &'a [MediaType]) -> Option<(&'a MediaType, Option<kinds::Kind>)> {
    let normal = |name: &str| name.to_ascii_lowercase().replace(' ', "");
    let essence = |name: &str| normal(name).split(';').next().unwrap_or_default().to_owned();
    let find = |fits: &dyn Fn(&str) -> bool| after.iter().find(|new| fits(&new.name));
    let (exact, bare) = (normal(&old.name), essence(&old.name));
    if let Some(new) = find(&|name| normal(name) == exact).or_else(|| find(&|name| essence(name) == bare)) {
        return Some((new, None));
    }
    if let Some(new) = find(&|name| includes(&essence(name), &bare)) {
        return Some((new, Some(kinds::MEDIA_TYPE_WIDENED)));
    }
    find(&|name| includes(&bare, &essence(name))).map(|new| (new, Some(kinds::MEDIA_TYPE_NARROWED)))
}

/// Tells whether a range of media types includes another one (RFC 9110, section 12.5.1).
fn includes(range: &str, other: &str) -> bool {
    range == "*/*" || range.strip_suffix('*').is_some_and(|kind| kind.ends_with('/') && other.starts_with(kind))
}
