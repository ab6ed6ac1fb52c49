//! Kong: one declarative file, `kong.json`, for a node without a database.
//!
//! A mock is a route that ends in the plugin `request-termination` with its constant response. Kong's plugins take
//! templates in some values, which begin with `$(` or are lines that begin with `#`, and drop a colon that begins one,
//! or end a name at its own: such a constant is left out, which has to be allowed, and the caller's own goes with it.

mod verdicts;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::claims::removed_by_name;
use super::constant::{has_colon_of_kong, is_template, last_constants, writes_header};
use super::cors::{header_list, short_origins};
use super::files::{ExportFile, has_secrets};
use super::long_pattern::leave_out_long;
use super::lower::{credential_condition, host_tables};
use super::options::USUAL_BODY_BYTES;
use super::pattern::{PathPattern, PathRewrite, RewritePiece};
use super::refusal::ProblemResponse;
use super::seen_headers::applied_mappings;
use super::table::{
    DecisionStep, FixedResponse, ForwardAction, PathRule, RequestCondition, RequestPart, StepOutcome, TextTest,
};
use super::upstream::ConnectedUpstream;
use super::wider::methods_of_wider_paths;
use crate::model::{Cors, Digest, IpRules, Method, ParameterMapping, ParameterReference};
use crate::routes::{FixedParameter, GroupRoutes, RequestMapping, RouteAccess};

use verdicts::MOST_PATTERN_BYTES;

pub(super) use verdicts::judge;

/// A header that no preflight asks for, since no page may set it (the Fetch standard, section 2.2.2).
const NEVER_ASKED_HEADER: &str = "host";

/// Writes the file of some groups.
pub(super) fn files(groups: &[&GroupRoutes]) -> Vec<ExportFile> {
    let is_private = groups.iter().any(|group| has_secrets(group));
    let mut services = Vec::new();
    let mut upstreams = Vec::new();
    let (mut service_names, mut upstream_names) = (BTreeSet::new(), BTreeSet::new());
    let mut tables = host_tables(groups);
    leave_out_long(&mut tables, |length| length.total <= MOST_PATTERN_BYTES);
    for table in tables {
        let count = table.paths.len();
        let wider = methods_of_wider_paths(&table.paths);
        for (index, path) in table.paths.iter().enumerate() {
            for (step, route) in api_steps(path) {
                let name = resource_name(path.group, &route.api, &format!("{:?}", path.pattern));
                if !service_names.insert(name.clone()) {
                    continue;
                }
                let route = route_of(path, step, &name, &table.hosts, count - index);
                let (service, upstream) = service_of(path.group, step, &name, &route);
                services.push(service);
                upstreams.extend(upstream.filter(|upstream| upstream_names.insert(upstream["name"].to_string())));
            }
            for route in refusing_routes(path, wider.get(index), &table.hosts, count - index) {
                services.push(unused_service(&route));
            }
        }
    }
    let document = json!({
        "_format_version": "3.0",
        "services": services,
        "upstreams": upstreams,
    });
    vec![ExportFile::new("kong.json", format!("{document:#}\n"), is_private)]
}

/// Lists the steps that answer a plain request to each API, which asks for nothing by its headers but to be let in.
fn api_steps<'p, 'r>(path: &'p PathRule<'r>) -> impl Iterator<Item = (&'p DecisionStep<'r>, &'r crate::routes::Route)> {
    path.steps.iter().filter_map(|step| {
        let shown: Vec<RequestCondition> = match step.route.map(|route| &route.access) {
            Some(RouteAccess::Presence { any_of }) => any_of.iter().flatten().map(credential_condition).collect(),
            _ => Vec::new(),
        };
        let is_plain = step.conditions.iter().all(|condition| match (&condition.subject, &condition.test) {
            // Nobody is asked for credentials, which the report says.
            _ if shown.contains(condition) => true,
            (RequestPart::Method, _) => true,
            // Without the header, all media types are accepted.
            (RequestPart::Header(name), TextTest::Matches(_)) => name == "accept",
            _ => false,
        });
        let is_answer = matches!(step.action, StepOutcome::Respond(_) | StepOutcome::Forward(_));
        step.route.filter(|_| is_plain && is_answer).map(|route| (step, route))
    })
}

fn resource_name(group: &GroupRoutes, api: &str, pattern: &str) -> String {
    let GroupRoutes { environment, group, .. } = group;
    format!("{environment}-{group}-{}", Digest::of(format!("{api} {pattern}").as_bytes()).short())
}

fn route_of(path: &PathRule<'_>, step: &DecisionStep<'_>, name: &str, hosts: &[&str], priority: usize) -> Value {
    let group = path.group;
    let method = step.route.map_or("GET", |route| route.method.as_str());
    let methods = if method == "GET" { vec!["GET", "HEAD"] } else { vec![method] };
    let pattern = whole_pattern(path);
    // The path at the backend is made of the captures of the route's own expression.
    let pattern = match &step.action {
        StepOutcome::Forward(action) => match &action.rewrite {
            Some(PathRewrite { pattern, pieces })
                if pieces.iter().any(|piece| matches!(piece, RewritePiece::Capture(_))) =>
            {
                pattern.clone()
            }
            _ => pattern,
        },
        _ => pattern,
    };
    let keep_host = group.forward.as_ref().is_some_and(|forward| forward.keep_host);
    json!({
        "name": name,
        "hosts": hosts,
        "methods": methods,
        "paths": [format!("~(?:{pattern})$")],
        "regex_priority": priority,
        "strip_path": false,
        "preserve_host": keep_host,
        "protocols": ["http", "https"],
        "tags": tags(group, step.route.map(|route| route.api.as_str())),
        "plugins": plugins(group, step),
    })
}

fn whole_pattern(path: &PathRule<'_>) -> String {
    match &path.pattern {
        PathPattern::Exact(path) => super::pattern::quote(path),
        PathPattern::Regex(pattern) => pattern.clone(),
    }
}

/// Writes the routes of requests to a path that no API of it takes: preflights and other `OPTIONS`, where pages of
/// other origins may call, and the methods of wider paths, which Kong would take them for.
fn refusing_routes(
    path: &PathRule<'_>,
    wider: Option<&BTreeSet<Method>>,
    hosts: &[&str],
    priority: usize,
) -> Vec<Value> {
    let group = path.group;
    let pattern = whole_pattern(path);
    let route = |kind: &str, methods: Vec<&str>, plugins: Vec<Value>| {
        json!({
            "name": resource_name(group, kind, &format!("{:?}", path.pattern)),
            "hosts": hosts,
            "methods": methods,
            "paths": [format!("~(?:{pattern})$")],
            "regex_priority": priority,
            "strip_path": false,
            "protocols": ["http", "https"],
            "tags": tags(group, None),
            "plugins": plugins,
        })
    };
    let has_options = path.steps.iter().filter_map(|step| step.route).any(|route| route.method == Method::Options);
    let cors = group.cors.as_ref().filter(|_| !has_options && path.steps.iter().any(|step| step.route.is_some()));
    let options = cors.and_then(cors_plugin).map(|cors| {
        let empty = json!({"name": "request-termination", "config": {"status_code": 204}});
        route("OPTIONS", vec!["OPTIONS"], vec![cors, empty])
    });
    let is_answered = |method: &Method| *method == Method::Options && options.is_some();
    let refused: Vec<&str> =
        wider.into_iter().flatten().filter(|method| !is_answered(method)).map(|method| method.as_str()).collect();
    let refusal = (!refused.is_empty()).then(|| {
        let config = json!({"status_code": 405, "message": "This path does not have this method."});
        route("405", refused, vec![json!({"name": "request-termination", "config": config})])
    });
    options.into_iter().chain(refusal).collect()
}

/// Returns tags, whose letters are those that Kong takes.
fn tags(group: &GroupRoutes, api: Option<&str>) -> Vec<String> {
    let plain = |text: &str| -> String {
        text.chars()
            .map(|letter| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '_' })
            .collect()
    };
    let GroupRoutes { environment, group, version, operation, .. } = group;
    let api = api.map(plain);
    let names = [environment.to_string(), group.to_string(), version.to_string(), operation.to_string()];
    names.into_iter().chain(api).collect()
}

fn plugins(group: &GroupRoutes, step: &DecisionStep<'_>) -> Vec<Value> {
    let mut plugins =
        vec![json!({"name": "correlation-id", "config": {"header_name": "x-request-id", "echo_downstream": true}})];
    plugins.extend(group.cors.as_ref().and_then(cors_plugin));
    plugins.extend((!group.ip_rules.is_empty()).then(|| address_plugin(&group.ip_rules)));
    match &step.action {
        StepOutcome::Respond(response) => plugins.push(termination(response)),
        StepOutcome::Forward(action) => {
            let limit = action.route.limits.body_bytes.unwrap_or(USUAL_BODY_BYTES);
            plugins.push(json!({
                "name": "request-size-limiting",
                "config": {"allowed_payload_size": limit, "size_unit": "bytes"},
            }));
            plugins.push(transformer(group, action));
        }
        StepOutcome::Refuse(_) => {}
    }
    plugins
}

/// Writes the plugin that allows pages of other origins; `None` if no origin is left, since Kong takes an empty list
/// for all.
fn cors_plugin(cors: &Cors) -> Option<Value> {
    let listed = |names: &[String]| if header_list(names).is_empty() { Vec::new() } else { names.to_vec() };
    let origin = |origin: &String| if origin == "*" { origin.clone() } else { super::pattern::quote(origin) };
    let origins: Vec<String> = short_origins(cors).map(origin).collect();
    if origins.is_empty() {
        return None;
    }
    // Beside `*`, Kong gives credentials to every origin, the gateway to listed ones alone.
    let credentials = cors.allow_credentials && !origins.iter().any(|origin| origin == "*");
    let mut config = json!({
        "origins": origins,
        "exposed_headers": listed(&cors.expose_headers),
        "credentials": credentials,
        "preflight_continue": false,
    });
    if !cors.allow_headers.is_empty() {
        // Kong takes an empty list for all headers that a page asks for.
        let headers = Some(listed(&cors.allow_headers)).filter(|headers| !headers.is_empty());
        config["headers"] = headers.unwrap_or_else(|| vec![NEVER_ASKED_HEADER.to_owned()]).into();
    }
    if let Some(age) = cors.max_age_seconds {
        config["max_age"] = age.into();
    }
    Some(json!({"name": "cors", "config": config}))
}

fn address_plugin(IpRules { allow, deny }: &IpRules) -> Value {
    let mut config = json!({"status": 403, "message": ProblemResponse::refused_address().detail});
    for (name, ranges) in [("allow", allow), ("deny", deny)] {
        if !ranges.is_empty() {
            config[name] = ranges.iter().map(ToString::to_string).collect::<Vec<_>>().into();
        }
    }
    json!({"name": "ip-restriction", "config": config})
}

fn termination(response: &FixedResponse<'_>) -> Value {
    let mut config = json!({"status_code": response.status});
    if let Some(media_type) = response.media_type {
        config["content_type"] = media_type.into();
        config["body"] = String::from_utf8_lossy(response.body).into();
    }
    json!({"name": "request-termination", "config": config})
}

/// Writes the changes of a request on its way to a backend.
fn transformer(group: &GroupRoutes, action: &ForwardAction<'_>) -> Value {
    let is_own = !writes_header(action, "x-forwarded-prefix");
    let mut added: Vec<String> =
        is_own.then(|| format!("x-forwarded-prefix:{}", group.prefix.as_str())).into_iter().collect();
    let mut queries = Vec::new();
    let mut renamed = Vec::new();
    let mut removed: Vec<&str> = removed_by_name(|_| false);
    let mut removed_queries = Vec::new();
    for constant in last_constants(action.forward.mappings.iter().chain(&action.own.mappings)) {
        match (&constant.to, is_sendable(constant)) {
            (ParameterReference::Header(name), true) => added.push(format!("{name}:{}", constant.value)),
            (ParameterReference::Header(name), false) => removed.push(name),
            (ParameterReference::Query(name), true) => queries.push(format!("{name}:{}", constant.value)),
            (ParameterReference::Query(name), false) => removed_queries.push(name.as_str()),
            (ParameterReference::Path(_), _) => {}
        }
    }
    for mapping in applied_mappings(action) {
        if let RequestMapping::Move(ParameterMapping {
            from: ParameterReference::Header(from),
            to: ParameterReference::Header(to),
        }) = mapping
        {
            renamed.push(format!("{from}:{to}"));
        }
    }
    let mut config = json!({
        "remove": {"headers": removed, "querystring": removed_queries},
        "rename": {"headers": renamed},
        // What is there is replaced, and what is not is added.
        "replace": {"headers": added, "querystring": queries},
        "add": {"headers": added, "querystring": queries},
    });
    if let Some(uri) = action.rewrite.as_ref().and_then(rewritten) {
        config["replace"]["uri"] = uri.into();
    }
    json!({"name": "request-transformer", "config": config})
}

/// True if Kong sends a constant as it is.
fn is_sendable(constant: &FixedParameter) -> bool {
    !constant.value.is_empty() && !has_colon_of_kong(constant) && !is_template(&constant.value)
}

/// Writes the path at a backend as a template of Kong; `None` if a literal text would be read as a template.
fn rewritten(rewrite: &PathRewrite) -> Option<String> {
    let piece = |piece: &RewritePiece| match piece {
        RewritePiece::Text(text) if is_template(text) => None,
        RewritePiece::Text(text) => Some(text.clone()),
        RewritePiece::Capture(group) => Some(format!("$(uri_captures[{group}])")),
    };
    rewrite.pieces.iter().map(piece).collect()
}

/// Writes the service of a route that ends in a plugin: nothing is sent there.
fn unused_service(route: &Value) -> Value {
    json!({"name": route["name"], "url": "http://127.0.0.1:9", "routes": [route]})
}

/// Writes the service of a route, with an upstream if it has several addresses.
fn service_of(group: &GroupRoutes, step: &DecisionStep<'_>, name: &str, route: &Value) -> (Value, Option<Value>) {
    let StepOutcome::Forward(action) = &step.action else { return (unused_service(route), None) };
    let upstream = ConnectedUpstream::new(group, action);
    let first = upstream.endpoints.first();
    let is_one = upstream.endpoints.len() == 1;
    let host = first.filter(|_| is_one).map_or_else(|| upstream.name.clone(), |endpoint| endpoint.host.clone());
    let mut service = json!({
        "name": name,
        "protocol": if upstream.tls.is_some() { "https" } else { "http" },
        "host": host,
        "port": first.map_or(80, |endpoint| endpoint.port),
        "connect_timeout": upstream.connect_timeout_ms,
        "read_timeout": upstream.response_timeout_ms,
        "write_timeout": upstream.response_timeout_ms,
        "retries": u8::from(action.forward.retry),
        "routes": [route],
    });
    if upstream.tls.is_some() {
        // Kong verifies no certificate of a backend unless it is told to.
        service["tls_verify"] = true.into();
    }
    let targets: Vec<Value> =
        upstream.endpoints.iter().map(|endpoint| json!({"target": endpoint.address(), "weight": 100})).collect();
    let upstream = (!is_one).then(|| {
        json!({
            "name": upstream.name,
            "targets": targets,
            "healthchecks": {"passive": {"unhealthy": {"tcp_failures": 1, "timeouts": 1}}},
        })
    });
    (service, upstream)
}
