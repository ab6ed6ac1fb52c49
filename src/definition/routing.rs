//! Decides which APIs requests can be routed to: the one place, for `check`, for a publish and for the gateway.
//!
//! An API that cannot be routed stays in the definition and takes no other with it.

use std::collections::HashMap;
use std::fmt;

use super::api::{Api, ParameterPlace, Style};
use super::document::{Document, Node};
use super::findings::Findings;
use super::percent::one_spelling;
use super::rules;
use super::template::{PathPiece, bare_name, path_fault, path_pieces};
use crate::model::{Method, PathReading, path_reading};

/// How requests get to an API, beside its method and path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiRoute {
    /// True if it matches everything below its path, too.
    pub is_prefix: bool,
    /// What the query of its requests must have.
    pub query: Vec<QueryCondition>,
}

/// A parameter that a query must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryCondition {
    /// Its name, as it is written.
    pub name: String,
    /// Its value, as it is written; `None` where any will do.
    pub value: Option<String>,
}

/// The reason why no request is routed to an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRouted {
    /// Its path is no template.
    Template(&'static str),
    /// A request for its path is refused, as it is read in more than one way.
    Unreachable,
    /// Its requests are those of another API.
    Taken {
        /// The other one, as `METHOD path`.
        by: String,
        /// The line of the other one.
        line: usize,
    },
}

impl fmt::Display for NotRouted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(fault) => write!(formatter, "its path {fault}"),
            Self::Unreachable => formatter.write_str("its path is read in more than one way"),
            Self::Taken { by, line } => write!(formatter, "its requests are those of {by} on line {line}"),
        }
    }
}

/// The requests of an API: those with one method, one shape of path and the same parameters in the query.
type Requests = (Method, String, bool, Vec<QueryCondition>);

/// Decides for each API how requests get to it, or why none does.
pub(super) fn route(apis: &mut [Api], document: &Document, findings: &mut Findings) {
    let mut taken: HashMap<Requests, usize> = HashMap::new();
    // A fragment never reaches a server: the API that is written without one has the requests of both. And parameters that
    // nothing tells apart leave the requests to one parameter in their place.
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

/// Returns how requests get to an API, as if it were alone.
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

/// Returns whether requests for the path are let in: its values may be anything, so one stands for all.
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
    api.path_parameter(written).is_some_and(|parameter| parameter.style == Style::Matrix)
}

fn has_fragment(api: &Api) -> bool {
    api.variant.contains('#') && !api.variant.starts_with('?')
}

/// Lists what the query of an API's requests must have.
///
/// A query behind the path says it. A fragment says nothing to a server; but where definitions tell APIs of one path apart by
/// it, required parameters that have one value each do the same.
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

/// Reads `name`, `name=value` or `name={parameter}`.
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

/// Returns `true` if parameters of the path have nothing between them and nothing that tells them apart.
fn has_merged_parameters(api: &Api, document: &Document) -> bool {
    let is_merged = |pair: &[PathPiece<'_>]| match *pair {
        [PathPiece::Parameter(_), PathPiece::Parameter(next)] => !is_marked(api, next, document),
        _ => false,
    };
    path_pieces(&api.path).windows(2).any(is_merged)
}

/// Returns `true` if the texts of a parameter are told from what stands before them: by their style, or as they are listed.
fn is_marked(api: &Api, written: &str, document: &Document) -> bool {
    api.path_parameter(written).is_some_and(|parameter| {
        let schema = parameter.schema.and_then(|schema| document.node(schema).resolve());
        matches!(parameter.style, Style::Label | Style::Matrix)
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
        // What is below a folder is below it with and without its slash.
        shape.truncate(shape.trim_end_matches('/').len());
    }
    (api.method, shape, route.is_prefix, route.query.clone())
}

impl Api {
    /// Returns the declared parameter that is meant by what stands between braces in the path.
    #[must_use]
    pub fn path_parameter(&self, written: &str) -> Option<&super::Parameter> {
        let named =
            |name: &str| self.parameters.iter().find(|known| known.place == ParameterPlace::Path && known.name == name);
        named(written).or_else(|| named(bare_name(written)))
    }
}
