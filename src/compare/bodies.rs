//! Compares request bodies and responses: media types, status codes and headers.

use super::comparer::{ApiReport, Comparer};
use super::kinds::{self, ChangeEffect};
use super::media_types::{MediaTypeKinds, media_types};
use super::output::RawChange;
use crate::definition::{Api, Header, Response, StatusPattern, ValueDirection};

pub(super) fn request(comparer: &mut Comparer<'_>, before: &Api, after: &Api, report: &mut ApiReport) {
    let path = "request body";
    match (&before.request_body, &after.request_body) {
        (None, None) => {}
        (Some(old), None) => {
            let place = Some(comparer.before.node(old.node).location());
            report.add(path, RawChange::new(kinds::REQUEST_BODY_REMOVED, "the body was removed").at(place, None));
        }
        (None, Some(new)) => {
            let place = Some(comparer.after.node(new.node).location());
            let (kind, message) = if new.required {
                (kinds::REQUIRED_REQUEST_BODY_ADDED, "a required body was added")
            } else {
                (kinds::REQUEST_BODY_ADDED, "an optional body was added")
            };
            report.add(path, RawChange::new(kind, message).at(None, place));
        }
        (Some(old), Some(new)) => {
            let (was, is) = (comparer.before.node(old.node), comparer.after.node(new.node));
            let places = (Some(was.key_location("required")), Some(is.key_location("required")));
            match (old.required, new.required) {
                (false, true) => {
                    let found =
                        RawChange::new(kinds::REQUEST_BODY_BECAME_REQUIRED, "the body was optional and is required");
                    report.add(path, found.at(places.0, places.1));
                }
                (true, false) => {
                    let found =
                        RawChange::new(kinds::REQUEST_BODY_BECAME_OPTIONAL, "the body was required and is optional");
                    report.add(path, found.at(places.0, places.1));
                }
                _ => {}
            }
            for found in comparer.describe(&["description"], was, is) {
                report.add(path, found);
            }
            let label = |media_type: &str| format!("request {media_type} body");
            let content = (media_types(Some(was)), media_types(Some(is)));
            let lists = (content.0.as_slice(), content.1.as_slice());
            comparer.content(lists, ValueDirection::Request, MediaTypeKinds::INCOMING, &label, report);
        }
    }
}

pub(super) fn responses(comparer: &mut Comparer<'_>, before: &Api, after: &Api, report: &mut ApiReport) {
    for old in &before.responses {
        if let Some(new) = after.responses.iter().find(|new| new.status == old.status) {
            comparer.response(old, new, report);
        } else if let Some(new) = cover(&after.responses, old.status) {
            if cover(&before.responses, old.status).is_some_and(|wide| wide.status == new.status) {
                comparer.response_left_to(before, old, new, report);
            } else {
                comparer.response_changed_status(before, old, new, report);
            }
            comparer.response(old, new, report);
        } else if let Some(new) = instead(before, after, old.status) {
            comparer.response_changed_status(before, old, new, report);
        } else {
            let place = Some(comparer.before.node(old.node).location());
            let for_errors = old.status == StatusPattern::Default && declares_success(&before.responses);
            let kind = if is_success(before, old.status) && !for_errors {
                kinds::SUCCESS_RESPONSE_REMOVED
            } else {
                kinds::ERROR_RESPONSE_REMOVED
            };
            let found = RawChange::new(kind, format!("the response {} was removed", old.status));
            report.add(&format!("response {}", old.status), found.at(place, None));
        }
    }
    for new in after.responses.iter().filter(|new| !declares(before, new.status)) {
        comparer.response_added((before, after), new, report);
    }
}

/// Finds the response of `there` that replaces a wider one of `here`.
fn instead<'a>(here: &Api, there: &'a Api, wide: StatusPattern) -> Option<&'a Response> {
    let is_for_errors = wide == StatusPattern::Default && declares_success(&here.responses);
    there.responses.iter().find(|narrow| {
        let is_other = is_for_errors && is_only_success(narrow.status);
        covers(wide, narrow.status) && !declares(here, narrow.status) && !is_other
    })
}

fn declares(api: &Api, status: StatusPattern) -> bool {
    api.responses.iter().any(|response| response.status == status)
}

/// True if a status code of success is declared; the default response then covers errors only.
fn declares_success(responses: &[Response]) -> bool {
    responses.iter().any(|response| is_only_success(response.status))
}

/// Finds the response that stands for a code without one of its own: its class, else the default, but for a code of
/// success that stands beside others.
fn cover(responses: &[Response], status: StatusPattern) -> Option<&Response> {
    let class =
        responses.iter().find(|other| matches!(other.status, StatusPattern::Class(_)) && covers(other.status, status));
    let is_beside_others = is_only_success(status) && declares_success(responses);
    class.or_else(|| responses.iter().find(|other| !is_beside_others && covers(other.status, status)))
}

pub(super) fn covers(wide: StatusPattern, narrow: StatusPattern) -> bool {
    match (wide, narrow) {
        (StatusPattern::Class(digit), StatusPattern::Code(code)) => code / 100 == u16::from(digit),
        (StatusPattern::Default, StatusPattern::Code(_) | StatusPattern::Class(_)) => true,
        _ => false,
    }
}

/// True if callers rely on a code: one of success, or a redirection where no code of success is declared.
fn is_success(api: &Api, status: StatusPattern) -> bool {
    let is_redirection = matches!(status, StatusPattern::Code(300..400) | StatusPattern::Class(3));
    status == StatusPattern::Default || is_only_success(status) || (is_redirection && !declares_success(&api.responses))
}

pub(super) fn is_only_success(status: StatusPattern) -> bool {
    matches!(status, StatusPattern::Code(200..300) | StatusPattern::Class(2))
}

impl Comparer<'_> {
    fn response_added(&mut self, (before, after): (&Api, &Api), new: &Response, report: &mut ApiReport) {
        let path = format!("response {}", new.status);
        let place = Some(self.after.node(new.node).location());
        let covering = cover(&before.responses, new.status);
        let replaces = covering.filter(|old| !declares(after, old.status));
        match (replaces, covering) {
            (Some(old), _) => self.response(old, new, report),
            (None, Some(old)) if !is_only_success(new.status) => {
                let message = format!("the response {} was added, which {} covered", new.status, old.status);
                let mut parts = ApiReport::default();
                self.response(old, new, &mut parts);
                let found = RawChange::directed(
                    kinds::ERROR_RESPONSE_DECLARED,
                    kinds::ERROR_RESPONSE_DECLARED.effect,
                    ValueDirection::Response,
                    message,
                );
                report.add_folded(&path, found.at(None, place), parts);
            }
            (None, _) if instead(after, before, new.status).is_some() => {}
            (None, covering) => {
                let by_default = covers(StatusPattern::Default, new.status) && declares(before, StatusPattern::Default);
                let (kind, message) = if covering.is_none() && by_default {
                    let message = format!("the response {} was added, beside other codes of success", new.status);
                    (kinds::SUCCESS_RESPONSE_ADDED, message)
                } else {
                    (kinds::RESPONSE_ADDED, format!("the response {} was added", new.status))
                };
                report.add(&path, RawChange::new(kind, message).at(None, place));
                if let Some(old) = covering {
                    self.response(old, new, report);
                }
            }
        }
    }

    /// Reports a code that is no longer declared by itself, beside a class or the default that had it already.
    fn response_left_to(&mut self, before: &Api, old: &Response, new: &Response, report: &mut ApiReport) {
        let kind = if is_success(before, old.status) { kinds::RESPONSE_WIDENED } else { kinds::ERROR_RESPONSE_WIDENED };
        let places = (self.before.node(old.node).location(), self.after.node(new.node).location());
        let message = format!("the response {} was removed, which {} has too", old.status, new.status);
        let found = RawChange::directed(kind, ChangeEffect::Keeps, ValueDirection::Response, message);
        report.add(&format!("response {}", new.status), found.at(Some(places.0), Some(places.1)));
    }

    fn response_changed_status(&mut self, before: &Api, old: &Response, new: &Response, report: &mut ApiReport) {
        let kind = match (covers(new.status, old.status), is_success(before, old.status)) {
            (true, true) => kinds::RESPONSE_WIDENED,
            (true, false) => kinds::ERROR_RESPONSE_WIDENED,
            (false, _) => kinds::RESPONSE_NARROWED,
        };
        let places = (self.before.node(old.node).location(), self.after.node(new.node).location());
        let message = format!("the response {} became {}", old.status, new.status);
        let found = RawChange::new(kind, message).at(Some(places.0), Some(places.1));
        report.add(&format!("response {}", new.status), found);
    }

    fn response(&mut self, old: &Response, new: &Response, report: &mut ApiReport) {
        let status = new.status;
        let (before, after) = (self.before.node(old.node), self.after.node(new.node));
        if old.status == new.status {
            for found in self.describe(&["description"], before, after) {
                report.add(&format!("response {status}"), found);
            }
        }
        self.headers(old, new, report);
        let label = |media_type: &str| format!("response {status} {media_type} body");
        let (was, is) = (media_types(Some(before)), media_types(Some(after)));
        self.content((&was, &is), ValueDirection::Response, MediaTypeKinds::INCOMING, &label, report);
    }

    fn headers(&mut self, old: &Response, new: &Response, report: &mut ApiReport) {
        let counted = |header: &&Header| !header.name.eq_ignore_ascii_case("content-type");
        let find =
            |list: &'_ [Header], name: &str| list.iter().position(|header| header.name.eq_ignore_ascii_case(name));
        for was in old.headers.iter().filter(counted) {
            let path = format!("response {} header {}", new.status, was.name);
            let before = self.before.node(was.node);
            let Some(is) = find(&new.headers, &was.name).and_then(|index| new.headers.get(index)) else {
                let found = RawChange::new(kinds::HEADER_REMOVED, "the header was removed");
                report.add(&path, found.at(Some(before.location()), None));
                continue;
            };
            let after = self.after.node(is.node);
            let places = (Some(before.key_location("required")), Some(after.key_location("required")));
            match (was.required, is.required) {
                (false, true) => {
                    let found = RawChange::new(
                        kinds::HEADER_BECAME_REQUIRED,
                        "the header could be missing and is always there",
                    );
                    report.add(&path, found.at(places.0, places.1));
                }
                (true, false) => {
                    let found =
                        RawChange::new(kinds::HEADER_BECAME_OPTIONAL, "the header was always there and can be missing");
                    report.add(&path, found.at(places.0, places.1));
                }
                _ => {}
            }
            for found in self.describe(&["description"], before, after) {
                report.add(&path, found);
            }
            self.examples(before, after, &path, report);
            self.header_value(&path, (before, after), ValueDirection::Response, report);
        }
        for is in new.headers.iter().filter(counted).filter(|is| find(&old.headers, &is.name).is_none()) {
            let place = Some(self.after.node(is.node).location());
            let path = format!("response {} header {}", new.status, is.name);
            report.add(&path, RawChange::new(kinds::HEADER_ADDED, "the header was added").at(None, place));
        }
    }
}
