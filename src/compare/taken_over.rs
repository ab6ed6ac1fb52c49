//! Requests that a new path takes from one that matches them too: a gateway tries the paths of a group in one order,
//! whatever their methods.

use std::collections::BTreeMap;

use super::comparer::ApiReport;
use super::excerpt;
use super::kinds;
use super::output::RawChange;
use crate::definition::percent::decode_query;
use crate::definition::template_index::{MOST_STEPS, TemplateIndex, covers, template};
use crate::definition::{
    Api, Definition, Node, Parameter, ParameterPlace, PathPiece, PathPrecedence, QueryCondition, path_pieces,
    scalar_text,
};
use crate::model::Method;

/// The paths of a definition, from which those of another one may take requests.
pub(super) struct TakenPaths<'d> {
    before: &'d Definition,
    paths: Vec<ServedPath<'d>>,
    numbers: BTreeMap<PathPrecedence, usize>,
    index: TemplateIndex,
    /// The first API of each method, for each path of the other definition.
    after: BTreeMap<PathPrecedence, BTreeMap<&'d str, &'d Api>>,
    steps_left: usize,
}

struct ServedPath<'d> {
    precedence: PathPrecedence,
    path: &'d str,
    is_prefix: bool,
    apis: Vec<&'d Api>,
}

/// Returns the place of an API's path among those of its group, and whether all below it is matched too.
fn place(api: &Api) -> Option<(PathPrecedence, bool)> {
    let is_prefix = api.route.as_ref().ok()?.is_prefix;
    Some((PathPrecedence::of_path(&api.path, is_prefix), is_prefix))
}

/// Returns the path of an API, without the slash at the end of a folder that is matched with all below it.
fn matched_path(path: &str, is_prefix: bool) -> &str {
    if is_prefix { path.trim_end_matches('/') } else { path }
}

impl<'d> TakenPaths<'d> {
    pub(super) fn of(before: &'d Definition, after: &'d Definition) -> Self {
        let mut taken = Self {
            before,
            paths: Vec::new(),
            numbers: BTreeMap::new(),
            index: TemplateIndex::new(),
            after: BTreeMap::new(),
            steps_left: MOST_STEPS,
        };
        for api in &before.apis {
            let Some((precedence, is_prefix)) = place(api) else { continue };
            let next = taken.paths.len();
            let number = *taken.numbers.entry(precedence.clone()).or_insert(next);
            if number == next {
                taken.index.add(&template(matched_path(&api.path, is_prefix)), number, is_prefix);
                taken.paths.push(ServedPath { precedence, path: &api.path, is_prefix, apis: Vec::new() });
            }
            taken.paths.get_mut(number).into_iter().for_each(|path| path.apis.push(api));
        }
        for api in &after.apis {
            if let Some((precedence, _)) = place(api) {
                taken.after.entry(precedence).or_default().entry(api.method.as_str()).or_insert(api);
            }
        }
        taken
    }

    /// Reports the APIs whose requests an API of the other definition takes, or refuses because its path lacks their
    /// method.
    ///
    /// A value of the parameter that its definition lists is one that callers send; any other is one that they may
    /// send.
    pub(super) fn report(&mut self, new: &Api, report: &mut ApiReport) {
        let Some((precedence, is_prefix)) = place(new) else { return };
        if let Some(known) = self.numbers.get(&precedence).and_then(|number| self.paths.get(*number)) {
            self.own_query(known, new, report);
        }
        let Some(methods) = self.after.get(&precedence) else { return };
        if !methods.get(new.method.as_str()).is_some_and(|first| std::ptr::eq(*first, new)) {
            return;
        }
        if let Some(known) = self.numbers.get(&precedence).and_then(|number| self.paths.get(*number)) {
            return own_method(known, new, report);
        }
        let wanted = template(matched_path(&new.path, is_prefix));
        let meeting = self.index.meeting_or_above(&wanted, &mut self.steps_left);
        let mut losing: Vec<&ServedPath<'d>> = meeting
            .into_iter()
            .filter_map(|number| self.paths.get(number))
            .filter(|old| old.precedence > precedence)
            .collect();
        losing.sort_by(|one, other| one.precedence.cmp(&other.precedence));
        // Those behind one that had all the requests had none of them.
        let had_all = |old: &&ServedPath<'_>| !old.is_prefix && covers(&template(old.path), &wanted);
        let count = losing.iter().position(had_all).map_or(losing.len(), |place| place + 1);
        for old in losing.into_iter().take(count) {
            let values = taken_values(old.path, &new.path);
            // Each API is told once: where the new path has its method, by that one.
            let is_first = methods.keys().next() == Some(&new.method.as_str());
            // One that no longer matches what is below its path is no other path.
            let is_same_path = template(matched_path(old.path, old.is_prefix)) == wanted;
            let mine = old.apis.iter().filter(|api| {
                let is_served = methods.contains_key(api.method.as_str());
                if is_served { !is_same_path && api.method == new.method } else { is_first }
            });
            for api in mine {
                let is_refused = api.method != new.method;
                let is_listed = values.iter().any(|(name, text)| self.is_listed(api, name, text));
                // All that lies below a prefix is declared.
                let is_certain = is_listed || (old.is_prefix && is_refused);
                let kind = if is_certain { kinds::LISTED_PATH_TAKEN_OVER } else { kinds::PATH_TAKEN_OVER };
                let value = if is_listed { ", a value that its parameter lists" } else { "" };
                let outcome = if is_refused { ", and refuses them by their method (405)" } else { "" };
                let message = format!(
                    "the new path takes the requests of {} that fit {}{value}{outcome}",
                    excerpt::quoted(&api.method_and_path()),
                    excerpt::quoted(&new.path),
                );
                let places = (Some(api.location.clone()), Some(new.location.clone()));
                report.add("", RawChange::new(kind, message).at(places.0, places.1));
            }
        }
    }

    /// Reports the APIs of the same method and path whose requests a new one takes that asks for more in the query.
    fn own_query(&self, known: &ServedPath<'_>, new: &Api, report: &mut ApiReport) {
        let wanted = conditions(new);
        let of_method = || known.apis.iter().filter(|api| api.method == new.method);
        if wanted.is_empty() || of_method().any(|api| conditions(api) == wanted) {
            return;
        }
        let mut losing: Vec<&Api> = of_method()
            .copied()
            .filter(|api| conditions(api).len() < wanted.len() && can_meet(conditions(api), wanted))
            .collect();
        losing.sort_by_key(|api| std::cmp::Reverse(conditions(api).len()));
        // Those behind one that had all the requests had none of them.
        let had_all = |old: &&Api| conditions(old).iter().all(|own| wanted.iter().any(|one| implies(one, own)));
        let count = losing.iter().position(had_all).map_or(losing.len(), |place| place + 1);
        for old in losing.into_iter().take(count) {
            let is_listed = wanted.iter().all(|condition| {
                conditions(old).iter().any(|own| implies(own, condition)) || self.is_query_listed(old, condition)
            });
            let (kind, value) = if is_listed {
                (kinds::LISTED_PATH_TAKEN_OVER, ", which its parameters list")
            } else {
                (kinds::PATH_TAKEN_OVER, "")
            };
            let message = format!(
                "the new path takes the requests of {} with the query of {}{value}",
                excerpt::quoted(&old.method_and_path()),
                excerpt::quoted(&format!("{}{}", new.path, new.variant)),
            );
            let places = (Some(old.location.clone()), Some(new.location.clone()));
            report.add("", RawChange::new(kind, message).at(places.0, places.1));
        }
    }

    /// True if a parameter of an API is declared to have the value that a condition asks for.
    fn is_query_listed(&self, api: &Api, condition: &QueryCondition) -> bool {
        let name = decode_query(&condition.name);
        let is_named = |known: &&Parameter| known.place == ParameterPlace::Query && known.name == name;
        let Some(parameter) = api.parameters.iter().find(is_named) else { return false };
        let Some(value) = condition.value.as_deref().map(decode_query) else { return true };
        self.listed_values(parameter).contains(&value)
    }

    fn is_listed(&self, api: &Api, name: &str, text: &str) -> bool {
        let is_named = |parameter: &&Parameter| parameter.place == ParameterPlace::Path && parameter.name == name;
        let Some(parameter) = api.parameters.iter().find(is_named) else { return false };
        self.listed_values(parameter).iter().any(|value| is_text_of(text, value))
    }

    /// Lists the values that the schema of a parameter names, those of the items where it is a list.
    fn listed_values(&self, parameter: &Parameter) -> Vec<String> {
        let Some(schema) = parameter.schema.and_then(|id| self.before.node(id).resolve()) else { return Vec::new() };
        let items = schema.get("items").and_then(Node::resolve);
        let mut values = Vec::new();
        for schema in [Some(schema), items].into_iter().flatten() {
            let named = schema.get("const").into_iter().chain(schema.get("enum").into_iter().flat_map(Node::items));
            values.extend(named.filter_map(scalar_text));
            if schema.get("type").and_then(Node::as_str) == Some("boolean") {
                values.extend(["true", "false"].map(str::to_owned));
            }
        }
        values
    }
}

/// Returns what the query of a request for an API has to have.
fn conditions(api: &Api) -> &[QueryCondition] {
    api.route.as_ref().map_or(&[], |route| &route.query)
}

/// True if a query can have what both sides ask for, each name with one value.
fn can_meet(one: &[QueryCondition], other: &[QueryCondition]) -> bool {
    let differ = |one: &QueryCondition, other: &QueryCondition| {
        one.name == other.name && one.value.is_some() && other.value.is_some() && one.value != other.value
    };
    !one.iter().any(|one| other.iter().any(|other| differ(one, other)))
}

/// True if each query that meets one condition meets another.
fn implies(one: &QueryCondition, other: &QueryCondition) -> bool {
    one.name == other.name && (other.value.is_none() || one.value == other.value)
}

/// Reports the requests that a path answers without an API of their own: `HEAD` by `GET` (RFC 9110, section 9.3.2), and
/// `OPTIONS` by the methods that it has.
fn own_method(known: &ServedPath<'_>, new: &Api, report: &mut ApiReport) {
    let find = |method: Method| known.apis.iter().find(|api| api.method == method);
    if find(new.method).is_some() {
        return;
    }
    let (old, answered) = match new.method {
        Method::Head => (find(Method::Get), "GET"),
        Method::Options => (known.apis.first(), "the gateway"),
        _ => return,
    };
    let Some(old) = old else { return };
    let message = format!("it takes the {} requests of the path, which {answered} answered", new.method.as_str());
    let places = (Some(old.location.clone()), Some(new.location.clone()));
    report.add("", RawChange::new(kinds::PATH_TAKEN_OVER, message).at(places.0, places.1));
}

/// True if a segment of a path, with any values for its parameters, can be a text.
fn is_text_of(segment: &str, text: &str) -> bool {
    covers(&template(segment), &template(text))
}

/// Lists the parameters of a path, each with the text that another path has in its place, or the segment with such
/// texts.
fn taken_values<'p>(old: &'p str, new: &'p str) -> Vec<(&'p str, &'p str)> {
    let mut taken = Vec::new();
    for (old, new) in old.split('/').zip(new.split('/')) {
        let (old_pieces, new_pieces) = (path_pieces(old), path_pieces(new));
        match (old_pieces.as_slice(), new_pieces.as_slice()) {
            ([PathPiece::Parameter(_)], [PathPiece::Parameter(_)]) => {}
            ([PathPiece::Parameter(name)], _) => taken.push((*name, new)),
            (pieces, [PathPiece::Text(text)]) => taken.extend(value_within(pieces, text)),
            _ => {}
        }
    }
    taken
}

/// Returns the only parameter of a segment, with its value in a text.
fn value_within<'p>(pieces: &[PathPiece<'p>], text: &'p str) -> Option<(&'p str, &'p str)> {
    let (start, name, end) = match pieces {
        [PathPiece::Text(start), PathPiece::Parameter(name), PathPiece::Text(end)] => (*start, *name, *end),
        [PathPiece::Text(start), PathPiece::Parameter(name)] => (*start, *name, ""),
        [PathPiece::Parameter(name), PathPiece::Text(end)] => ("", *name, *end),
        _ => return None,
    };
    Some((name, text.strip_prefix(start)?.strip_suffix(end)?))
}
