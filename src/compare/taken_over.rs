//! Requests that a new path takes from one with a parameter in its place, or from one that is served with all below it:
//! of two paths that match, the one with the literal text does (OpenAPI 3.1.1, section 4.8.8.2).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::comparer::ApiReport;
use super::excerpt;
use super::kinds;
use super::output::RawChange;
use crate::definition::{Api, Definition, Node, Parameter, ParameterPlace, PathPiece, path_pieces, template_shape};

/// The paths of a definition in whose place a new one can stand.
pub(super) struct TemplatedPaths<'d> {
    definition: &'d Definition,
    shapes: HashSet<String>,
    /// The APIs of the paths with a parameter, by the number of segments.
    by_length: BTreeMap<usize, Vec<TemplatedPath<'d>>>,
    /// The APIs of the paths that are served with all below them.
    prefixes: Vec<TemplatedPath<'d>>,
}

struct TemplatedPath<'d> {
    path: &'d str,
    apis: Vec<&'d Api>,
}

impl<'d> TemplatedPaths<'d> {
    pub(super) fn of(definition: &'d Definition) -> Self {
        let mut by_path: HashMap<&str, Vec<&Api>> = HashMap::new();
        let mut order = Vec::new();
        let mut shapes = HashSet::new();
        for api in &definition.apis {
            shapes.insert(template_shape(&api.path));
            let is_templated = path_pieces(&api.path).iter().any(|piece| matches!(piece, PathPiece::Parameter(_)));
            if is_templated {
                let apis = by_path.entry(&api.path).or_default();
                if apis.is_empty() {
                    order.push(api.path.as_str());
                }
                apis.push(api);
            }
        }
        let mut prefixes: Vec<TemplatedPath<'_>> = Vec::new();
        for api in definition.apis.iter().filter(|api| api.route.as_ref().is_ok_and(|route| route.is_prefix)) {
            match prefixes.iter_mut().find(|prefix| prefix.path == api.path) {
                Some(prefix) => prefix.apis.push(api),
                None => prefixes.push(TemplatedPath { path: &api.path, apis: vec![api] }),
            }
        }
        let mut by_length: BTreeMap<usize, Vec<TemplatedPath<'_>>> = BTreeMap::new();
        for path in order {
            let apis = by_path.remove(path).unwrap_or_default();
            by_length.entry(path.split('/').count()).or_default().push(TemplatedPath { path, apis });
        }
        Self { definition, shapes, by_length, prefixes }
    }

    /// Reports the APIs whose requests a new API takes, or refuses because its path lacks their method.
    ///
    /// A value of the parameter that its definition lists is one that callers send; any other is one that they may
    /// send.
    pub(super) fn report(&self, new: &Api, methods: &BTreeSet<&str>, report: &mut ApiReport) {
        if self.shapes.contains(&template_shape(&new.path)) {
            return;
        }
        let templated = self.by_length.get(&new.path.split('/').count()).into_iter().flatten();
        let mut found: Vec<_> = templated.filter_map(|old| Some((old, taken(old.path, &new.path)?))).collect();
        // What is below a prefix and has a path of its own is taken from that.
        if found.is_empty() {
            found =
                self.prefixes.iter().filter(|old| is_below(old.path, &new.path)).map(|old| (old, Vec::new())).collect();
        }
        for (old, taken) in found {
            // Each API is told once: where the new path has its method, by that one.
            let mine = old.apis.iter().filter(|api| {
                let is_first = methods.first() == Some(&new.method.as_str());
                if methods.contains(api.method.as_str()) { api.method == new.method } else { is_first }
            });
            for api in mine {
                let outcome = if api.method == new.method { "" } else { ", and refuses them by their method (405)" };
                let is_listed = taken.iter().any(|(name, text)| self.is_listed(api, name, text));
                let kind = if is_listed { kinds::LISTED_PATH_TAKEN_OVER } else { kinds::PATH_TAKEN_OVER };
                let value = if is_listed { ", a value that its parameter lists" } else { "" };
                let message = format!(
                    "the new path takes the requests of {} that name {}{value}{outcome}",
                    excerpt::quoted(&api.method_and_path()),
                    excerpt::quoted(&new.path),
                );
                report
                    .add("", RawChange::new(kind, message).at(Some(api.location.clone()), Some(new.location.clone())));
            }
        }
    }

    fn is_listed(&self, api: &Api, name: &str, text: &str) -> bool {
        let is_named = |parameter: &&Parameter| parameter.place == ParameterPlace::Path && parameter.name == name;
        let schema = api.parameters.iter().find(is_named).and_then(|parameter| parameter.schema);
        let Some(schema) = schema.and_then(|id| self.definition.node(id).resolve()) else { return false };
        let constant = schema.get("const").into_iter();
        let listed = schema.get("enum").into_iter().flat_map(Node::items);
        constant.chain(listed).filter_map(Node::as_str).any(|value| is_text_of(text, value))
    }
}

/// True if a path lies below another one, whose parameters take any segment.
fn is_below(above: &str, path: &str) -> bool {
    let (mut above, mut path) = (above.trim_end_matches('/').split('/'), path.split('/'));
    let is_matched = |(above, segment): (&str, &str)| {
        above == segment || matches!(path_pieces(above).as_slice(), [PathPiece::Parameter(_)])
    };
    above.by_ref().all(|above| path.next().is_some_and(|segment| is_matched((above, segment)))) && path.next().is_some()
}

/// True if a segment of a path, with any values for its parameters, can be a text.
fn is_text_of(segment: &str, text: &str) -> bool {
    let pieces = path_pieces(segment);
    let (first, last) = (pieces.first(), pieces.last());
    match (first, last) {
        (Some(PathPiece::Text(only)), _) if pieces.len() == 1 => *only == text,
        (first, last) => {
            let of = |piece: Option<&PathPiece<'_>>| match piece {
                Some(PathPiece::Text(text)) => (*text).to_owned(),
                _ => String::new(),
            };
            let (start, end) = (of(first), of(last));
            text.len() > start.len() + end.len() && text.starts_with(&start) && text.ends_with(&end)
        }
    }
}

/// Returns the parameters of a path, each with the segment with text that another path of as many segments has in its
/// place; `None` where that has anything else in another place, or no text in any.
fn taken<'p>(old: &'p str, new: &'p str) -> Option<Vec<(&'p str, &'p str)>> {
    let mut taken = Vec::new();
    for (old, new) in old.split('/').zip(new.split('/')) {
        match (path_pieces(old).as_slice(), path_pieces(new).as_slice()) {
            ([PathPiece::Parameter(_)], [PathPiece::Parameter(_)]) => {}
            ([PathPiece::Parameter(name)], [_, ..]) => taken.push((*name, new)),
            _ if old == new => {}
            _ => return None,
        }
    }
    (!taken.is_empty()).then_some(taken)
}
