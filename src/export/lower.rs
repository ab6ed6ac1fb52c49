//! Builds the tables of hosts from the routes of groups.

use std::collections::BTreeMap;

use super::composed_path::{AMBIGUOUS_SEGMENT, segments_of_parameters};
use super::cors::preflight_steps;
use super::host_set::{HostSet, host_sets};
use super::length::{is_short_condition, is_short_name};
use super::mock::{ConditionalOutcome, mock_steps};
use super::pattern::{
    BELOW, REST, ambiguous_path, exact_pattern, prefix_rewrite, query_pattern, quote, quote_path_value,
    shown_query_pattern,
};
use super::pattern::{PathPattern, PathRewrite, RewritePiece};
use super::plain_path::refuse_paths_of_others;
use super::refusal::ProblemResponse;
use super::seen_headers::{is_never_seen, is_seen_otherwise};
use super::table::{
    DecisionStep, ForwardAction, HostTable, PathRule, RequestCondition, RequestPart, StepOutcome, TextTest,
};
use super::template::{
    ParameterText, PathShape, RunReading, is_marked, is_matrix, long_run_patterns, parameter_text, path_pattern,
    splits_run, template_rewrite,
};
use crate::definition::{PathPrecedence, has_one_reading};
use crate::model::{Method, ParameterReference, is_header_name, is_header_value};
use crate::routes::{
    Credential, DynamicUpstream, GroupForwarding, GroupRoutes, PathPart, PathTemplate, Responder, Route, RouteAccess,
    RouteForward, Upstream, allow,
};
use crate::spread::spread;

/// Paths with a semicolon that no API takes.
const SEMICOLONS: &str = ".*;.*";
/// Paths with an encoded slash, which none takes of a group that does not let them through.
const ENCODED_SLASHES: &str = ".*%2[fF].*";

/// Builds the tables of some groups: one for each set of hosts with the same groups, by the first of them.
pub(super) fn host_tables<'r>(groups: &[&'r GroupRoutes]) -> Vec<HostTable<'r>> {
    tables_of(groups, host_sets(groups))
}

/// Builds the tables of some sets of hosts.
pub(super) fn tables_of<'r>(groups: &[&'r GroupRoutes], sets: Vec<HostSet<'r>>) -> Vec<HostTable<'r>> {
    let of_hosts: Vec<(Vec<&GroupRoutes>, Vec<&str>)> = sets
        .into_iter()
        .map(|set| (set.groups.into_iter().filter_map(|index| groups.get(index).copied()).collect(), set.hosts))
        .collect();
    let all: Vec<&GroupRoutes> = of_hosts.iter().flat_map(|(groups, _)| groups).copied().collect();
    let mut rules = spread(&all, |group| path_rules(group)).into_iter();
    let table = |(groups, hosts): (Vec<_>, _)| {
        let paths = rules.by_ref().take(groups.len()).flatten().collect();
        host_table(hosts, &groups, paths)
    };
    of_hosts.into_iter().map(table).collect()
}

fn host_table<'r>(hosts: Vec<&'r str>, groups: &[&'r GroupRoutes], mut paths: Vec<PathRule<'r>>) -> HostTable<'r> {
    let encoded_slashes = groups.iter().any(|group| group.encoded_slashes);
    let semicolons = groups.iter().any(|group| group.routes.iter().any(|route| route.path.parts.iter().any(is_matrix)));
    let refused = |conditions| DecisionStep {
        conditions,
        refused_by: None,
        action: StepOutcome::Refuse(ProblemResponse::ambiguous_path()),
        route: None,
    };
    refuse_paths_of_others(&mut paths);
    if encoded_slashes {
        // The host has groups that let them through, and others.
        let keeps_out =
            |path: &&mut PathRule<'_>| !path.group.encoded_slashes && matches!(path.pattern, PathPattern::Regex(_));
        for path in paths.iter_mut().filter(keeps_out) {
            let has_one = RequestCondition::path(ENCODED_SLASHES.to_owned());
            path.steps.insert(0, refused(vec![has_one]));
        }
    }
    if let Some(group) = groups.first() {
        let others = [(encoded_slashes, ENCODED_SLASHES), (semicolons, SEMICOLONS)];
        for (_, pattern) in others.into_iter().filter(|(is_taken, _)| *is_taken) {
            let pattern = PathPattern::Regex(pattern.to_owned());
            paths.push(PathRule { group, pattern, steps: vec![refused(Vec::new())] });
        }
    }
    HostTable { hosts, ambiguous: ambiguous_path(encoded_slashes, semicolons), paths }
}

/// Builds the rules of a group's paths: exact paths first, then templates, then prefixes.
pub(super) fn path_rules(group: &GroupRoutes) -> Vec<PathRule<'_>> {
    let mut entries: BTreeMap<PathPrecedence, Vec<&Route>> = BTreeMap::new();
    for route in &group.routes {
        entries.entry(route.path.precedence()).or_default().push(route);
    }
    let mut rules = Vec::with_capacity(entries.len());
    for routes in entries.into_values() {
        let Some(first) = routes.first() else { continue };
        let shape = PathShape::new(group.prefix.before_path(), &first.path, routes.iter().map(|route| &route.path));
        let is_root = shape.pattern == format!("{}/", quote(group.prefix.before_path()));
        let patterns = match (first.path.is_prefix, plain_path(&first.path)) {
            (false, Some(path)) => {
                let path = format!("{}{path}", group.prefix.before_path());
                // The prefix alone is the group's root.
                let bare = path.strip_suffix('/').filter(|bare| is_root && !bare.is_empty()).map(exact_pattern);
                std::iter::once(exact_pattern(&path)).chain(bare).collect()
            }
            (false, None) => vec![PathPattern::Regex(shape.pattern.clone())],
            // Below the root, the bare prefix is a path of its own: nothing of it is left for a backend.
            (true, _) if is_root => {
                let bare = Some(group.prefix.before_path()).filter(|bare| !bare.is_empty()).map(exact_pattern);
                std::iter::once(PathPattern::Regex(format!("{}{REST}", shape.pattern))).chain(bare).collect()
            }
            (true, _) => vec![PathPattern::Regex(format!("{}{BELOW}", shape.pattern.trim_end_matches('/')))],
        };
        for pattern in patterns {
            rules.push(PathRule { group, steps: steps(group, &routes, &shape, &pattern), pattern });
        }
    }
    rules
}

/// Returns the one path that a template without parameters matches.
fn plain_path(path: &PathTemplate) -> Option<&str> {
    match path.parts.as_slice() {
        [PathPart::Text(text)] => Some(text),
        _ => None,
    }
}

/// Lists the steps of the routes of one path.
fn steps<'r>(
    group: &'r GroupRoutes,
    routes: &[&'r Route],
    shape: &PathShape,
    pattern: &PathPattern,
) -> Vec<DecisionStep<'r>> {
    let allow = allow(routes.iter().map(|route| route.method.as_str()));
    let mut steps = preflight_steps(group, &allow, true);
    let mut methods: Vec<Method> = routes.iter().map(|route| route.method).collect();
    methods.sort_unstable();
    methods.dedup();
    for method in &methods {
        let takes_head = *method == Method::Get && !methods.contains(&Method::Head);
        let method_condition = if takes_head {
            RequestCondition::new(RequestPart::Method, TextTest::Matches("GET|HEAD".to_owned()))
        } else {
            RequestCondition::method(method.as_str())
        };
        let mut candidates: Vec<&&Route> = routes.iter().filter(|route| route.method == *method).collect();
        // The one that asks for most is looked at first.
        candidates.sort_by_key(|route| std::cmp::Reverse((route.path.query.len(), mark_count(&route.path))));
        let mut is_decided = false;
        for route in candidates {
            let mut conditions = vec![method_condition.clone()];
            conditions.extend(route_conditions(group, route, shape));
            is_decided |= conditions.len() == 1;
            steps.extend(route_steps(group, route, pattern, &conditions));
        }
        if !is_decided {
            let action = StepOutcome::Refuse(ProblemResponse::unknown_path());
            steps.push(DecisionStep { conditions: vec![method_condition], refused_by: None, action, route: None });
        }
    }
    if !methods.contains(&Method::Options) {
        steps.extend(preflight_steps(group, &allow, false));
    }
    steps.push(DecisionStep {
        conditions: Vec::new(),
        refused_by: None,
        action: StepOutcome::Refuse(ProblemResponse::unknown_method(&allow)),
        route: None,
    });
    steps
}

fn mark_count(path: &PathTemplate) -> usize {
    path.parts.iter().filter(|part| is_marked(part)).count()
}

/// Lists the conditions of a route beside its path and its method.
fn route_conditions(group: &GroupRoutes, route: &Route, shape: &PathShape) -> Vec<RequestCondition> {
    let query = route.path.query.iter();
    let query = query.map(|condition| {
        let decode = crate::definition::percent::decode_query;
        RequestCondition::query(&decode(&condition.name), condition.value.as_deref().map(decode).as_deref())
    });
    let own = || RequestCondition::path(path_pattern(group.prefix.before_path(), &route.path, RunReading::Styles, &[]));
    let path = shape.is_wider_than(&route.path).then(own);
    query.chain(path).collect()
}

/// Lists the steps of one route: addresses, access, then its responses or its backends.
fn route_steps<'r>(
    group: &'r GroupRoutes,
    route: &'r Route,
    pattern: &PathPattern,
    conditions: &[RequestCondition],
) -> Vec<DecisionStep<'r>> {
    let prefix = group.prefix.before_path();
    let mut steps = Vec::new();
    let long = |pattern| (vec![RequestCondition::path(pattern)], StepOutcome::Refuse(ProblemResponse::unknown_path()));
    steps.extend(long_run_patterns(prefix, &route.path, false).into_iter().map(long));
    match (&route.responder, &group.forward) {
        (Responder::Mock(responses), _) => steps.extend(mock_steps(responses)),
        (Responder::Forward(own), Some(_))
            if own.path.as_deref().is_some_and(|path| !has_one_reading(path, group.encoded_slashes)) =>
        {
            steps.push((Vec::new(), StepOutcome::Refuse(ProblemResponse::ambiguous_path())));
        }
        (Responder::Forward(own), Some(forward)) => {
            let action = |upstream| {
                StepOutcome::Forward(Box::new(ForwardAction {
                    forward,
                    own,
                    upstream,
                    route,
                    rewrite: rewrite(group, forward, own, upstream, route, pattern),
                }))
            };
            steps.extend(composed_path_steps(group, route, own));
            let is_split = own.path.as_deref().is_some_and(|target| splits_run(&route.path, target));
            let split = || RequestCondition::path(path_pattern(prefix, &route.path, RunReading::Types, &[]));
            let split: Vec<RequestCondition> = is_split.then(split).into_iter().collect();
            for dynamic in own.dynamic.iter().chain(&forward.dynamic) {
                if let Some(condition) = dynamic_condition(group, route, dynamic) {
                    let conditions = split.iter().cloned().chain([condition]).collect();
                    steps.push((conditions, action(&dynamic.upstream)));
                }
            }
            steps.push((split, action(own.upstream.as_ref().unwrap_or(&forward.upstream))));
            if is_split {
                // No request goes on with the path that it came with.
                steps.push((Vec::new(), StepOutcome::Refuse(ProblemResponse::ambiguous_path())));
            }
        }
        (Responder::Forward(_), None) => {}
    }
    if route.limits.body_bytes == Some(0) {
        // Zero is no limit to some engines, and one byte their smallest.
        let has_body = RequestCondition::header("content-length", TextTest::Matches("0*[1-9][0-9]*".to_owned()));
        steps.insert(0, (vec![has_body], StepOutcome::Refuse(ProblemResponse::large_body(0))));
    }
    if let RouteAccess::Presence { any_of } = &route.access {
        steps = with_credentials(&steps, any_of);
    }
    let step = |(own, action): (Vec<RequestCondition>, _)| DecisionStep {
        conditions: conditions.iter().cloned().chain(own).collect(),
        refused_by: None,
        action,
        route: Some(route),
    };
    let refused = (!group.ip_rules.is_empty()).then(|| DecisionStep {
        conditions: conditions.to_vec(),
        refused_by: Some(&group.ip_rules),
        action: StepOutcome::Refuse(ProblemResponse::refused_address()),
        route: Some(route),
    });
    refused.into_iter().chain(steps.into_iter().map(step)).collect()
}

/// Lists the steps that refuse requests whose path at the backend would have several readings, or a parameter of which
/// no expression tells the text.
fn composed_path_steps<'r>(group: &GroupRoutes, route: &Route, own: &RouteForward) -> Vec<ConditionalOutcome<'r>> {
    let Some(target) = &own.path else { return Vec::new() };
    let prefix = group.prefix.before_path();
    let is_split = splits_run(&route.path, target);
    let reading = if is_split { RunReading::Types } else { RunReading::Styles };
    let long = if is_split { long_run_patterns(prefix, &route.path, true) } else { Vec::new() };
    let ambiguous = segments_of_parameters(&route.path, target).into_iter().map(|parameters| {
        let narrowed: Vec<(&str, &str)> = parameters.into_iter().map(|name| (name, AMBIGUOUS_SEGMENT)).collect();
        path_pattern(prefix, &route.path, reading, &narrowed)
    });
    let refused =
        |pattern| (vec![RequestCondition::path(pattern)], StepOutcome::Refuse(ProblemResponse::ambiguous_path()));
    long.into_iter().chain(ambiguous).map(refused).collect()
}

/// Lists steps once for each list of credentials that lets a caller in, and refuses all else. Their number is that of
/// the lists; conditions of "a credential of each list is missing" would be as many as the product of their lengths.
fn with_credentials<'r>(steps: &[ConditionalOutcome<'r>], any_of: &[Vec<Credential>]) -> Vec<ConditionalOutcome<'r>> {
    let mut all = Vec::new();
    // A definition may name a header that no request can have.
    let can_be_shown = |one: &Credential| {
        is_short_name(one.name()) && !matches!(one, Credential::Header(name) if !is_header_name(name))
    };
    for list in any_of.iter().filter(|list| list.iter().all(can_be_shown)) {
        let shown: Vec<RequestCondition> = list.iter().map(credential_condition).collect();
        let with_shown =
            |(own, action): &ConditionalOutcome<'r>| (shown.iter().chain(own).cloned().collect(), action.clone());
        all.extend(steps.iter().map(with_shown));
        if list.is_empty() {
            return all;
        }
    }
    all.push((Vec::new(), StepOutcome::Refuse(ProblemResponse::missing_credentials(any_of))));
    all
}

/// Writes the condition that a credential is shown, which is not empty.
pub(super) fn credential_condition(credential: &Credential) -> RequestCondition {
    match credential {
        Credential::Header(name) => RequestCondition::header(name, TextTest::Matches(".+".to_owned())),
        Credential::Query(name) => {
            RequestCondition::new(RequestPart::Query, TextTest::Matches(shown_query_pattern(name)))
        }
        Credential::Cookie(name) => {
            let pattern = format!("(?:.*;)?[ \\t]*{}=[^;]*[^; \\t].*", quote(name));
            RequestCondition::header("cookie", TextTest::Matches(pattern))
        }
        Credential::Authorization(scheme) => {
            let pattern = format!("(?i){} +[^ ].*", quote(scheme));
            RequestCondition::header("authorization", TextTest::Matches(pattern))
        }
    }
}

/// Writes the condition of another backend; `None` if no request can meet it, or only one by texts that are left out.
fn dynamic_condition(group: &GroupRoutes, route: &Route, dynamic: &DynamicUpstream) -> Option<RequestCondition> {
    let values: Vec<&String> = dynamic.equals.iter().filter(|value| is_short_condition(&dynamic.when, value)).collect();
    if !is_short_condition(&dynamic.when, "") || values.is_empty() && !dynamic.equals.is_empty() {
        return None;
    }
    Some(match &dynamic.when {
        ParameterReference::Header(name)
            if is_never_seen(name, &route.access) || is_seen_otherwise(name, &route.access) =>
        {
            return None;
        }
        ParameterReference::Header(name) if dynamic.equals.is_empty() => {
            RequestCondition::header(name, TextTest::Present)
        }
        ParameterReference::Header(name) => {
            let patterns: Vec<String> =
                values.into_iter().filter(|value| is_header_value(value)).map(|value| quote(value)).collect();
            (!patterns.is_empty()).then(|| RequestCondition::header(name, TextTest::MatchesAny(patterns)))?
        }
        ParameterReference::Query(name) if dynamic.equals.is_empty() => RequestCondition::query(name, None),
        ParameterReference::Query(name) => {
            let patterns = values.into_iter().map(|value| query_pattern(name, Some(value)));
            RequestCondition::new(RequestPart::Query, TextTest::MatchesAny(patterns.collect()))
        }
        ParameterReference::Path(name) => {
            // A route without the parameter has the usual backend, as one whose text no expression tells.
            if parameter_text(&route.path, name) != ParameterText::Own {
                return None;
            }
            let narrowed = |narrowed: &[(&str, &str)]| {
                path_pattern(group.prefix.before_path(), &route.path, RunReading::Styles, narrowed)
            };
            let of_value = |value: &String| narrowed(&[(name, &quote_path_value(value))]);
            let patterns =
                if values.is_empty() { vec![narrowed(&[])] } else { values.into_iter().map(of_value).collect() };
            RequestCondition::new(RequestPart::Path, TextTest::MatchesAny(patterns))
        }
    })
}

/// Returns the change of a path on its way to a backend.
fn rewrite(
    group: &GroupRoutes,
    forward: &GroupForwarding,
    own: &RouteForward,
    upstream: &Upstream,
    route: &Route,
    pattern: &PathPattern,
) -> Option<PathRewrite> {
    let base = upstream.targets.first().map(super::upstream::base_path).unwrap_or_default();
    let prefix = group.prefix.before_path();
    if let Some(target) = &own.path {
        let rewrite = template_rewrite(prefix, &route.path, &base, target);
        return Some(match (pattern, rewrite) {
            // A path without parameters is replaced whole, the bare prefix too.
            (PathPattern::Exact(_), rewrite) => PathRewrite { pattern: ".*".to_owned(), ..rewrite },
            (PathPattern::Regex(_), rewrite) => rewrite,
        });
    }
    let replacement = format!("{base}{}", if forward.keep_prefix { prefix } else { "" });
    match pattern {
        _ if replacement == prefix => None,
        PathPattern::Exact(path) => {
            let rest = path.strip_prefix(prefix).filter(|rest| !rest.is_empty()).unwrap_or("/");
            let pieces = vec![RewritePiece::Text(format!("{replacement}{rest}"))];
            Some(PathRewrite { pattern: ".*".to_owned(), pieces })
        }
        PathPattern::Regex(shape) => Some(prefix_rewrite(prefix, shape, &replacement)),
    }
}
