//! Determines the routes of APIs, in one place for `check`, publishing and the gateway.
//!
//! An API without a route stays in the definition and does not affect the others.

use std::collections::HashMap;

use super::api::{Api, Parameter};
use super::document::{Document, Node};
use super::findings::ReadFindings;
use super::parameter::{ParameterPlace, ParameterStyle};
use super::percent::one_spelling;
use super::route::{ApiRoute, NotRouted, QueryCondition};
use super::rules;
use super::template::{PathPiece, bare_name, path_fault, path_pieces};
use crate::model::{Method, PathReading, path_reading};

/// A key for the requests that an API matches: method, shape of the path, prefix match, and query conditions.
type Requests = (Method, String, bool, Vec<QueryCondition>);

/// Determines the route of each API, or the reason why it has none.
pub(super) fn route(apis: &mut [Api], document: &Document, findings: &mut ReadFindings) {
    let mut taken: HashMap<Requests, usize> = HashMap::new();
    // A fragment never reaches a server, so the API without one gets the requests of both. Templates with adjacent,
    // indistinguishable parameters yield to those with a single parameter in that place.
    let mut order: Vec<usize> = (0..apis.len()).collect();
    order.sort_by_key(|index| apis.get(*index).map(|api| (has_fragment(api), has_merged_parameters(api, document))));
    for index in order {
        let Some(api) = apis.get(index) else { continue };
        let mut route = own_route(api, document);
        if let Ok(found) = &route {
            let requests = requests(api, found, document);
            let first = *taken.entry(requests).or_insert(index);
            if let Some(other) = apis.get(first).filter(|_| first != index) {
                let (by, line) = (other.method_and_path(), other.location.line);
                let message =
                    format!("{} is not served: its requests are those of {by} on line {line}", api.method_and_path());
                findings.add(rules::DUPLICATE_API, api.location.clone(), message, "remove one of the two");
                route = Err(NotRouted::Taken { by, line });
            }
        }
        if let Some(api) = apis.get_mut(index) {
            api.route = route;
        }
    }
}

/// Returns the route of an API irrespective of other APIs.
fn own_route(api: &Api, document: &Document) -> Result<ApiRoute, NotRouted> {
    if let Some(fault) = path_fault(&api.path) {
        return Err(NotRouted::Template(fault));
    }
    if !is_reachable(api) {
        return Err(NotRouted::Unreachable);
    }
    let is_prefix = api.extension("x-apigw-match").is_some_and(|node| document.node(node).as_str() == Some("prefix"));
    Ok(ApiRoute { is_prefix, query: conditions(api, document) })
}

/// True if requests for the path are admitted, tested with a sample value for each parameter.
fn is_reachable(api: &Api) -> bool {
    let mut filled = String::with_capacity(api.path.len());
    let mut matrix_segments = true;
    for piece in path_pieces(&api.path) {
        match piece {
            PathPiece::Text(text) => {
                matrix_segments &= !text.contains("/;");
                filled.push_str(text);
            }
            PathPiece::Parameter(name) if is_matrix(api, name) => filled.push_str(";x"),
            PathPiece::Parameter(_) => filled.push('x'),
        }
    }
    match path_reading(&filled) {
        PathReading::One => true,
        PathReading::Matrix => matrix_segments,
        PathReading::Several => false,
    }
}

fn is_matrix(api: &Api, written: &str) -> bool {
    api.path_parameter(written).is_some_and(|parameter| parameter.style == ParameterStyle::Matrix)
}

fn has_fragment(api: &Api) -> bool {
    api.variant.contains('#') && !api.variant.starts_with('?')
}

/// Lists the query conditions of an API.
///
/// They come from a query in the path. A fragment never reaches a server; but where a definition distinguishes APIs of
/// one path by it, required parameters with a single allowed value serve the same purpose.
fn conditions(api: &Api, document: &Document) -> Vec<QueryCondition> {
    let mut conditions: Vec<QueryCondition> = if let Some(query) = api.variant.strip_prefix('?') {
        let query = query.split('#').next().unwrap_or_default();
        query.split('&').filter(|pair| !pair.is_empty()).map(condition).collect()
    } else if has_fragment(api) {
        let in_query = api.parameters.iter().filter(|known| known.place == ParameterPlace::Query && known.required);
        let only = in_query.filter_map(|known| {
            let value = only_value(document.node(known.schema?).resolve()?)?;
            Some(QueryCondition { name: known.name.clone(), value: Some(value) })
        });
        only.collect()
    } else {
        Vec::new()
    };
    conditions.sort();
    conditions.dedup();
    conditions
}

/// Parses `name`, `name=value` or `name={parameter}`.
fn condition(pair: &str) -> QueryCondition {
    let (name, value) = pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)));
    let value = value.filter(|value| !value.is_empty() && !value.contains('{'));
    QueryCondition { name: name.to_owned(), value: value.map(str::to_owned) }
}

fn only_value(schema: Node<'_>) -> Option<String> {
    let text = |node: Node<'_>| super::fields::scalar_text(node);
    if let Some(value) = schema.get("const") {
        return text(value);
    }
    let mut values = schema.get("enum")?.items();
    let first = values.next()?;
    if values.next().is_some() { None } else { text(first) }
}

/// True if two parameters are adjacent in the path and indistinguishable.
fn has_merged_parameters(api: &Api, document: &Document) -> bool {
    let is_merged = |pair: &[PathPiece<'_>]| match *pair {
        [PathPiece::Parameter(_), PathPiece::Parameter(next)] => !is_marked(api, next, document),
        _ => false,
    };
    path_pieces(&api.path).windows(2).any(is_merged)
}

/// True if the values of a parameter can be told from preceding text: by their style, or because they are enumerated.
fn is_marked(api: &Api, written: &str, document: &Document) -> bool {
    api.path_parameter(written).is_some_and(|parameter| {
        let schema = parameter.schema.and_then(|schema| document.node(schema).resolve());
        matches!(parameter.style, ParameterStyle::Label | ParameterStyle::Matrix)
            || schema.is_some_and(|schema| schema.get("enum").is_some())
    })
}

fn requests(api: &Api, route: &ApiRoute, document: &Document) -> Requests {
    let mut shape = String::with_capacity(api.path.len());
    for piece in path_pieces(&api.path) {
        match piece {
            PathPiece::Text(text) => shape.push_str(&one_spelling(text)),
            PathPiece::Parameter(name) if shape.ends_with('}') && !is_marked(api, name, document) => {}
            PathPiece::Parameter(_) => shape.push_str("{}"),
        }
    }
    if route.is_prefix {
        // A folder matches with and without its trailing slash.
        shape.truncate(shape.trim_end_matches('/').len());
    }
    (api.method, shape, route.is_prefix, route.query.clone())
}

impl Api {
    /// Returns the declared parameter for a name in braces in the path.
    #[must_use]
    pub fn path_parameter(&self, written: &str) -> Option<&Parameter> {
        let named =
            |name: &str| self.parameters.iter().find(|known| known.place == ParameterPlace::Path && known.name == name);
        named(written).or_else(|| named(bare_name(written)))
    }
}
