//! Compares parameters that are the whole query string (OpenAPI 3.2, section 4.12.1): a body in the place of the query.

use super::comparer::{ApiReport, Comparer};
use super::kinds;
use super::media_types::{MediaTypeKinds, media_types};
use super::output::RawChange;
use crate::definition::{Api, Definition, Node, ValueDirection};

pub(super) fn compare(comparer: &mut Comparer<'_>, before: &Api, after: &Api, report: &mut ApiReport) {
    let path = "request query string";
    let is_required = |parameter: Node<'_>| parameter.get("required").and_then(Node::as_bool) == Some(true);
    let (old, new) = match (parameter(comparer.before, before), parameter(comparer.after, after)) {
        (None, None) => return,
        (Some(old), None) => {
            let found = RawChange::new(kinds::PARAMETER_REMOVED, "the query string was removed");
            return report.add(path, found.at(Some(old.location()), None).with_sunset(old));
        }
        (None, Some(new)) => {
            let (kind, message) = if is_required(new) {
                (kinds::REQUIRED_PARAMETER_ADDED, "a required query string was added")
            } else {
                (kinds::PARAMETER_ADDED, "an optional query string was added")
            };
            return report.add(path, RawChange::new(kind, message).at(None, Some(new.location())));
        }
        (Some(old), Some(new)) => (old, new),
    };
    let places = (Some(old.key_location("required")), Some(new.key_location("required")));
    let change = match (is_required(old), is_required(new)) {
        (false, true) => Some((kinds::PARAMETER_BECAME_REQUIRED, "the query string was optional and is required")),
        (true, false) => Some((kinds::PARAMETER_BECAME_OPTIONAL, "the query string was required and is optional")),
        _ => None,
    };
    if let Some((kind, message)) = change {
        report.add(path, RawChange::new(kind, message).at(places.0, places.1));
    }
    for found in comparer.describe(&["description"], old, new) {
        report.add(path, found);
    }
    let (was, is) = (media_types(Some(old)), media_types(Some(new)));
    let label = |media_type: &str| format!("request {media_type} query string");
    comparer.content((&was, &is), ValueDirection::Request, MediaTypeKinds::INCOMING, &label, report);
}

/// Finds the parameter of an API, or of its path item, that is the whole query string.
fn parameter<'d>(definition: &'d Definition, api: &Api) -> Option<Node<'d>> {
    let find = |owner: Node<'d>| {
        let parameters = owner.get("parameters").into_iter().flat_map(Node::items).filter_map(Node::resolve);
        parameters.into_iter().find(|parameter| parameter.get("in").and_then(Node::as_str) == Some("querystring"))
    };
    let path_item = || {
        let paths = definition.document().root()?.get("paths")?;
        paths.get(&format!("{}{}", api.path, api.variant))?.resolve()
    };
    find(definition.node(api.node)).or_else(|| path_item().and_then(find))
}
