//! Builds the tables of hosts from the routes of groups.

use std::collections::BTreeMap;

use super::composed_path::{AMBIGUOUS_SEGMENT, segments_of_parameters};
use super::cors::preflight_steps;
use super::host_set::{HostSet, host_sets};
use super::length::{is_short_condition, is_short_name};
use super::mock::{ConditionalOutcome, mock_steps};
use super::pattern::{
    BELOW, PARAMETER, REST, ambiguous_path, exact_pattern, prefix_rewrite, query_pattern, quote, quote_path_value,
    shares_segment, shown_query_pattern, template_pattern, template_rewrite,
};
use super::pattern::{PathPattern, PathRewrite, RewritePiece};
use super::refusal::ProblemResponse;
use super::seen_headers::{is_never_seen, is_seen_otherwise};
use super::table::{
    DecisionStep, ForwardAction, HostTable, PathRule, RequestCondition, RequestPart, StepOutcome, TextTest,
};
use crate::definition::{PathPrecedence, has_one_reading};
use crate::model::{Method, ParameterReference, is_header_name, is_header_value};
use crate::routes::{
    Credential, DynamicUpstream, GroupForwarding, GroupRoutes, PathPart, PathTemplate, Responder, Route, RouteAccess,
    RouteForward, Upstream, ValuePrefix, allow,
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
    if encoded_slashes {
        // The host has groups that let them through, and others.
        let keeps_out =
            |path: &&mut PathRule<'_>| !path.group.encoded_slashes && matches!(path.pattern, PathPattern::Regex(_));
        for path in paths.iter_mut().filter(keeps_out) {
            let has_one = RequestCondition::new(RequestPart::Path, TextTest::Matches(ENCODED_SLASHES.to_owned()));
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

/// True if it is a parameter whose value begins with a semicolon.
fn is_matrix(part: &PathPart) -> bool {
    matches!(part, PathPart::Parameter(parameter) if matches!(parameter.lead, ValuePrefix::Semicolon { .. }))
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
        let shape = full_shape(group, &first.path);
        let is_root = shape == format!("{}/", quote(group.prefix.before_path()));
        let patterns = match (first.path.is_prefix, plain_path(&first.path)) {
            (false, Some(path)) => {
                let path = format!("{}{path}", group.prefix.before_path());
                // The prefix alone is the group's root.
                let bare = path.strip_suffix('/').filter(|bare| is_root && !bare.is_empty()).map(exact_pattern);
                std::iter::once(exact_pattern(&path)).chain(bare).collect()
            }
            (false, None) => vec![PathPattern::Regex(shape)],
            // Below the root, the bare prefix is a path of its own: nothing of it is left for a backend.
            (true, _) if is_root => {
                let bare = Some(group.prefix.before_path()).filter(|bare| !bare.is_empty()).map(exact_pattern);
                std::iter::once(PathPattern::Regex(format!("{shape}{REST}"))).chain(bare).collect()
            }
            (true, _) => vec![PathPattern::Regex(format!("{}{BELOW}", shape.trim_end_matches('/')))],
        };
        for pattern in patterns {
            rules.push(PathRule { group, steps: steps(group, &routes, &pattern), pattern });
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

/// Writes the expression of the paths that the router takes for a template: parameters side by side share one text.
fn shape_pattern(path: &PathTemplate) -> String {
    let mut shape = String::new();
    let mut is_adjacent = false;
    let has_matrix = path.parts.iter().any(is_matrix);
    for part in &path.parts {
        match part {
            PathPart::Text(text) => match exact_pattern(text) {
                PathPattern::Exact(text) => shape.push_str(&quote(&text)),
                PathPattern::Regex(pattern) => shape.push_str(&pattern),
            },
            PathPart::Parameter(_) if is_adjacent => {}
            PathPart::Parameter(_) => shape.push_str(if has_matrix { "[^/]+" } else { PARAMETER }),
        }
        is_adjacent = matches!(part, PathPart::Parameter(_));
    }
    shape
}

fn full_shape(group: &GroupRoutes, path: &PathTemplate) -> String {
    format!("{}{}", quote(group.prefix.before_path()), shape_pattern(path))
}

/// Lists the steps of the routes of one path.
fn steps<'r>(group: &'r GroupRoutes, routes: &[&'r Route], pattern: &PathPattern) -> Vec<DecisionStep<'r>> {
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
            conditions.extend(route_conditions(group, route));
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
    let is_marked =
        |part: &&PathPart| matches!(part, PathPart::Parameter(parameter) if parameter.lead != ValuePrefix::Nothing);
    path.parts.iter().filter(is_marked).count()
}

/// Lists the conditions of a route beside its path and its method.
fn route_conditions(group: &GroupRoutes, route: &Route) -> Vec<RequestCondition> {
    let query = route.path.query.iter();
    let query = query.map(|condition| {
        let decode = crate::definition::percent::decode_query;
        RequestCondition::query(&decode(&condition.name), condition.value.as_deref().map(decode).as_deref())
    });
    let template = template_pattern(&route.path, &[]);
    let path = template
        .is_selective
        .then(|| RequestCondition::new(RequestPart::Path, TextTest::Matches(path_pattern(group, route, &[]))));
    query.chain(path).collect()
}

fn path_pattern(group: &GroupRoutes, route: &Route, narrowed: &[(&str, &str)]) -> String {
    let template = template_pattern(&route.path, narrowed);
    let rest = if route.path.is_prefix { BELOW } else { "" };
    format!("{}{}{rest}", quote(group.prefix.before_path()), template.captured)
}

/// Lists the steps of one route: addresses, access, then its responses or its backends.
fn route_steps<'r>(
    group: &'r GroupRoutes,
    route: &'r Route,
    pattern: &PathPattern,
    conditions: &[RequestCondition],
) -> Vec<DecisionStep<'r>> {
    let mut steps = Vec::new();
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
            for parameters in own.path.iter().flat_map(|target| segments_of_parameters(&route.path, target)) {
                let narrowed: Vec<(&str, &str)> =
                    parameters.into_iter().map(|name| (name, AMBIGUOUS_SEGMENT)).collect();
                let is_ambiguous = TextTest::Matches(path_pattern(group, route, &narrowed));
                let refused = StepOutcome::Refuse(ProblemResponse::ambiguous_path());
                steps.push((vec![RequestCondition::new(RequestPart::Path, is_ambiguous)], refused));
            }
            for dynamic in own.dynamic.iter().chain(&forward.dynamic) {
                if let Some(condition) = dynamic_condition(group, route, dynamic) {
                    steps.push((vec![condition], action(&dynamic.upstream)));
                }
            }
            steps.push((Vec::new(), action(own.upstream.as_ref().unwrap_or(&forward.upstream))));
        }
        (Responder::Forward(_), None) => {}
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
        // Which text is whose would depend on the value.
        ParameterReference::Path(name) if shares_segment(&route.path, name) => return None,
        ParameterReference::Path(name) => {
            let narrowed = |value: &str| path_pattern(group, route, &[(name, value)]);
            let of_value = |value: &String| narrowed(&quote_path_value(value));
            let patterns =
                if values.is_empty() { vec![narrowed(PARAMETER)] } else { values.into_iter().map(of_value).collect() };
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
