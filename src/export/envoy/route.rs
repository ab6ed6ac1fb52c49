//! The route configuration: a virtual host for each set of hosts, and a route for each step.

use std::collections::BTreeSet;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::super::cors::{allowed_origins, header_list, short_origins, varies};
use super::super::host_set::HostSet;
use super::super::long_pattern::leave_out_long;
use super::super::lower::tables_of;
use super::super::options::USUAL_BODY_BYTES;
use super::super::pattern::{AMBIGUOUS_QUERY, PathPattern};
use super::super::refusal::ProblemResponse;
use super::super::table::{
    DecisionStep, FixedResponse, ForwardAction, HeaderText, HostTable, PathRule, RequestCondition, StepOutcome,
};
use super::super::upstream::ConnectedUpstream;
use super::address_rules::address_filter;
use super::forward::{forwarding, mutations};
use super::json_text::JsonText;
use super::message::{append, condition, header, merge, problem_format, with_moved};
use super::protobuf::{METADATA, MOST_HEADERS, MOST_INSTRUCTIONS, asks_authorizer, described_body, literal, type_url};
use crate::model::Cors;
use crate::routes::GroupRoutes;
use crate::spread::spread;

/// The headers that let a page of another origin read a response.
const CORS_HEADERS: [&str; 3] =
    ["access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers"];
/// The most bytes of a response that Envoy writes unless it is told another number.
const USUAL_RESPONSE_BYTES: usize = 4096;
/// The levels of a host that are written over several lines: each of its domains is a line, as each route is.
const HOST_LEVELS: usize = 2;

/// Names the route configuration.
pub(super) fn routes_name(name_end: &str) -> String {
    format!("apigw{name_end}")
}

/// A virtual host, with all that concerns more than one.
pub(super) struct VirtualHost<'r> {
    pub(super) text: JsonText,
    /// The most bytes of a response of its own.
    pub(super) longest_body: usize,
    /// The backends that it leads to.
    pub(super) upstreams: Vec<ConnectedUpstream<'r>>,
}

/// Writes the route configuration, and lists the backends that it leads to; their names have one end.
pub(super) fn configuration<'r>(tables: &[HostTable<'r>], name_end: &str) -> (JsonText, Vec<ConnectedUpstream<'r>>) {
    let mut names = BTreeSet::new();
    let mut upstreams = Vec::new();
    let mut longest_body = 0;
    let mut texts = Vec::with_capacity(tables.len() + 1);
    for host in virtual_hosts(tables, name_end).into_iter().chain([unknown_host(name_end)]) {
        longest_body = longest_body.max(host.longest_body);
        upstreams.extend(host.upstreams.into_iter().filter(|upstream| names.insert(upstream.name.clone())));
        texts.push(host.text);
    }
    (configuration_fields(name_end, longest_body).with("virtual_hosts", JsonText::List(texts)), upstreams)
}

/// Builds the tables of some sets of hosts without expressions that RE2 does not compile.
pub(super) fn short_tables<'r>(groups: &[&'r GroupRoutes], sets: Vec<HostSet<'r>>) -> Vec<HostTable<'r>> {
    let mut tables = tables_of(groups, sets);
    leave_out_long(&mut tables, |length| length.program <= MOST_INSTRUCTIONS);
    tables
}

/// Writes the route configuration without its hosts.
pub(super) fn configuration_fields(name_end: &str, longest_body: usize) -> JsonText {
    let configuration = json!({
        "@type": type_url("config.route.v3.RouteConfiguration"),
        "name": routes_name(name_end),
        // Envoy's own, of a caller with a public address.
        "request_headers_to_remove": ["x-envoy-external-address"],
        "max_direct_response_body_size_bytes": longest_body,
    });
    JsonText::new(configuration, 1)
}

/// Writes the hosts of some tables.
pub(super) fn virtual_hosts<'r>(tables: &[HostTable<'r>], name_end: &str) -> Vec<VirtualHost<'r>> {
    let paths: Vec<&PathRule<'r>> = tables.iter().flat_map(|table| &table.paths).collect();
    let mut written = spread(&paths, |path| {
        let mut writer = RouteWriter::new(name_end);
        (writer.path(path), writer)
    })
    .into_iter();
    let host = |table: &HostTable<'r>| {
        let mut writer = RouteWriter::new(name_end);
        let routes = written.by_ref().take(table.paths.len()).flat_map(|(routes, of_path)| {
            writer.add(of_path);
            routes
        });
        let routes = routes.collect();
        let text = writer.virtual_host(table, routes);
        writer.into_host(text)
    };
    tables.iter().map(host).collect()
}

/// Writes the host of all requests that are for no other.
pub(super) fn unknown_host(name_end: &str) -> VirtualHost<'static> {
    let mut writer = RouteWriter::new(name_end);
    let unknown = writer.refusal(&ProblemResponse::unknown_host());
    let unknown = RouteWriter::undecorated(json!({"match": {"prefix": "/"}}), unknown);
    let host = JsonText::new(json!({"name": "unknown", "domains": ["*"]}), HOST_LEVELS);
    writer.into_host(host.with("routes", JsonText::List(vec![unknown])))
}

/// Writes routes, and takes note of all that concerns more than one of them.
struct RouteWriter<'n, 'r> {
    name_end: &'n str,
    longest_body: usize,
    /// The names of the backends so far.
    names: BTreeSet<String>,
    upstreams: Vec<ConnectedUpstream<'r>>,
}

impl<'n, 'r> RouteWriter<'n, 'r> {
    const fn new(name_end: &'n str) -> Self {
        Self { name_end, longest_body: USUAL_RESPONSE_BYTES, names: BTreeSet::new(), upstreams: Vec::new() }
    }

    /// Adds the notes of another writer.
    fn add(&mut self, other: Self) {
        self.longest_body = self.longest_body.max(other.longest_body);
        let names = &mut self.names;
        self.upstreams.extend(other.upstreams.into_iter().filter(|upstream| names.insert(upstream.name.clone())));
    }

    fn into_host(self, text: JsonText) -> VirtualHost<'r> {
        VirtualHost { text, longest_body: self.longest_body, upstreams: self.upstreams }
    }

    /// Writes a host with the routes of its paths.
    fn virtual_host(&mut self, table: &HostTable<'r>, of_paths: Vec<JsonText>) -> JsonText {
        let ambiguous = format!(".*{}.*", table.ambiguous);
        let refused = self.refusal(&ProblemResponse::ambiguous_path());
        // Its own path is without the query, which the header has.
        let query = format!(r".*\?.*(?:{AMBIGUOUS_QUERY}).*");
        let query = json!([{"name": ":path", "string_match": {"safe_regex": {"regex": query}}}]);
        let mut routes = vec![
            Self::undecorated(json!({"match": {"safe_regex": {"regex": ambiguous}}}), refused.clone()),
            Self::undecorated(json!({"match": {"prefix": "/", "headers": query}}), refused),
        ];
        routes.extend(of_paths);
        let unknown = self.refusal(&ProblemResponse::unknown_path());
        routes.push(Self::undecorated(json!({"match": {"prefix": "/"}}), unknown));
        let domains: Vec<String> =
            table.hosts.iter().flat_map(|host| [(*host).to_owned(), format!("{host}:*")]).collect();
        let host = JsonText::new(json!({"name": table.hosts.first(), "domains": domains}), HOST_LEVELS);
        host.with("routes", JsonText::List(routes))
    }

    /// Writes the routes of a path.
    fn path(&mut self, path: &PathRule<'r>) -> Vec<JsonText> {
        // Routes are matched by no address: a filter of theirs decides on that.
        let steps = path.steps.iter().filter(|step| step.refused_by.is_none());
        steps.flat_map(|step| self.routes(path, step)).map(|route| JsonText::new(route, 0)).collect()
    }

    /// Makes a route that belongs to no group.
    fn undecorated(mut route: Value, response: Value) -> JsonText {
        merge(&mut route, response);
        route["typed_per_filter_config"] = json!({"envoy.filters.http.ext_authz": unasked()});
        JsonText::new(route, 0)
    }

    /// Writes the routes of a step: of a direct response, which Envoy's filter for pages of other origins does not see,
    /// one for each origin.
    fn routes(&mut self, path: &PathRule<'r>, step: &DecisionStep<'r>) -> Vec<Value> {
        let is_preflight = step.route.is_none() && matches!(step.action, StepOutcome::Respond(_));
        let Some(cors) = path.group.cors.as_ref().filter(|_| !is_preflight) else {
            return vec![self.route(path, step, None)];
        };
        let mut plain = self.route(path, step, Some(cors));
        if matches!(step.action, StepOutcome::Forward(_)) {
            // Those of the backend go, before the filter adds those of the policy.
            plain["response_headers_to_remove"] = json!(CORS_HEADERS);
            return vec![plain];
        }
        let exposed = header_list(&cors.expose_headers);
        let exposed = (!exposed.is_empty()).then(|| (CORS_HEADERS[2], HeaderText::Literal(exposed)));
        let of_origin = |(origin, headers): (RequestCondition, Vec<(&str, HeaderText)>)| {
            let mut route = plain.clone();
            append(&mut route["match"], "headers", condition(&origin));
            for header in headers.iter().chain(&exposed).filter_map(|(name, value)| header(name, value)) {
                append(&mut route, "response_headers_to_add", header);
            }
            route
        };
        let mut routes: Vec<Value> = allowed_origins(cors).into_iter().map(of_origin).collect();
        routes.push(plain);
        routes
    }

    fn route(&mut self, path: &PathRule<'r>, step: &DecisionStep<'r>, cors: Option<&Cors>) -> Value {
        let group = path.group;
        let mut matching = match &path.pattern {
            PathPattern::Exact(path) => json!({"path": path}),
            PathPattern::Regex(pattern) => json!({"safe_regex": {"regex": pattern}}),
        };
        let conditions: Vec<Value> = step.conditions.iter().map(condition).collect();
        if !conditions.is_empty() {
            matching["headers"] = conditions.into();
        }
        let mut route = with_moved(with_moved(json!({}), "match", matching), "metadata", metadata(group, step));
        merge(
            &mut route,
            match &step.action {
                StepOutcome::Respond(response) => self.response(response),
                StepOutcome::Refuse(refusal) => self.refusal(refusal),
                StepOutcome::Forward(forward) => {
                    let cluster = self.cluster(group, forward);
                    forwarding(group, forward, &cluster)
                }
            },
        );
        let mut filters = Self::filters(path.group, step, cors);
        if step.route.is_some() && !group.ip_rules.is_empty() {
            filters.extend([address_filter(&group.ip_rules)]);
        }
        if !filters.is_empty() {
            route["typed_per_filter_config"] = filters.into();
        }
        let vary = cors.filter(|cors| varies(cors)).map(|_| HeaderText::Literal("Origin".to_owned()));
        if let Some(vary) = vary.and_then(|vary| header("vary", &vary)) {
            append(&mut route, "response_headers_to_add", vary);
        }
        route
    }

    fn filters(group: &GroupRoutes, step: &DecisionStep<'_>, cors: Option<&Cors>) -> Map<String, Value> {
        let mut filters = Map::new();
        if let (Some(cors), StepOutcome::Forward(_)) = (cors, &step.action) {
            filters.insert("envoy.filters.http.cors".to_owned(), cors_policy(cors));
        }
        let asks = step.route.is_some_and(asks_authorizer);
        let limit = step.route.and_then(|route| route.limits.body_bytes).filter(|limit| *limit != USUAL_BODY_BYTES);
        // Envoy refuses to load a limit of zero.
        let limit = limit.map(|limit| limit.max(1));
        if !asks {
            filters.insert("envoy.filters.http.ext_authz".to_owned(), unasked());
        } else if let Some(limit) = limit.filter(|_| asks) {
            filters.insert("envoy.filters.http.ext_authz".to_owned(), asked_with_body(limit));
        }
        let buffer = "extensions.filters.http.buffer.v3.BufferPerRoute";
        if step.route.is_some_and(|route| route.websocket) {
            filters
                .insert("envoy.filters.http.buffer".to_owned(), json!({"@type": type_url(buffer), "disabled": true}));
        } else if let Some(limit) = limit {
            let limit = json!({"@type": type_url(buffer), "buffer": {"max_request_bytes": limit}});
            filters.insert("envoy.filters.http.buffer".to_owned(), limit);
        }
        if let StepOutcome::Forward(forward) = &step.action
            && let Some(mutations) = mutations(group, forward)
        {
            filters.insert("envoy.filters.http.header_mutation".to_owned(), mutations);
        }
        filters
    }

    /// Notes the cluster of a backend, and returns its name.
    fn cluster(&mut self, group: &GroupRoutes, action: &ForwardAction<'r>) -> String {
        let mut connected = ConnectedUpstream::new(group, action);
        connected.name.push_str(self.name_end);
        let name = connected.name.clone();
        if self.names.insert(name.clone()) {
            self.upstreams.push(connected);
        }
        name
    }

    fn response(&mut self, response: &FixedResponse<'_>) -> Value {
        let mut written = json!({"status": response.status});
        if !response.body.is_empty() {
            self.longest_body = self.longest_body.max(response.body.len());
            written["body"] = match std::str::from_utf8(response.body) {
                Ok(text) => json!({"inline_string": text}),
                Err(_) => json!({"inline_bytes": base64::engine::general_purpose::STANDARD.encode(response.body)}),
            };
        }
        let headers = response.headers.iter().take(MOST_HEADERS);
        let mut headers: Vec<Value> = headers.filter_map(|(name, value)| header(name, value)).collect();
        // Envoy tells where a created or moved thing is, which is the definition's to say. Removals come before
        // additions.
        let mut removed: Vec<&str> =
            if matches!(response.status, 201 | 300..=399) { vec!["location"] } else { Vec::new() };
        match response.media_type {
            Some(media_type) => headers.push(json!({
                "header": {"key": "content-type", "value": literal(media_type)},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            })),
            None => removed.push("content-type"),
        }
        let mut response = with_moved(json!({}), "direct_response", written);
        response["response_headers_to_add"] = headers.into();
        if !removed.is_empty() {
            response["response_headers_to_remove"] = removed.into();
        }
        response
    }

    fn refusal(&mut self, refusal: &ProblemResponse) -> Value {
        self.longest_body = self.longest_body.max(refusal.detail.len() * 2 + 1024);
        let headers = refusal.headers().into_iter();
        let headers: Vec<Value> =
            headers.filter_map(|(name, value)| header(name, &HeaderText::Literal(value))).collect();
        let response = with_moved(json!({"status": refusal.status}), "body_format", problem_format(refusal));
        with_moved(with_moved(json!({}), "direct_response", response), "response_headers_to_add", headers)
    }
}

fn metadata(group: &GroupRoutes, step: &DecisionStep<'_>) -> Value {
    json!({"filter_metadata": {METADATA: {
        "environment": group.environment,
        "group": group.group,
        "version": group.version,
        "operation": group.operation,
        "api": step.route.map_or("", |route| &route.api),
    }}})
}

/// Writes the setting of a route about whose callers nobody is asked.
fn unasked() -> Value {
    json!({"@type": type_url("extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"), "disabled": true})
}

/// Writes the setting of a route about whose callers the authorizer is asked with bodies up to a limit of its own.
fn asked_with_body(limit: u64) -> Value {
    json!({
        "@type": type_url("extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"),
        "check_settings": {"with_request_body": described_body(limit)},
    })
}

fn cors_policy(cors: &Cors) -> Value {
    let origin = |origin: &String| match origin.as_str() {
        "*" => json!({"safe_regex": {"regex": ".*"}}),
        _ => json!({"exact": origin}),
    };
    json!({
        "@type": type_url("extensions.filters.http.cors.v3.CorsPolicy"),
        "allow_origin_string_match": short_origins(cors).map(origin).collect::<Vec<_>>(),
        "allow_credentials": cors.allow_credentials,
        "expose_headers": header_list(&cors.expose_headers),
    })
}
