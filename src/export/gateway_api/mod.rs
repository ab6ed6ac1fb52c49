//! Kubernetes: resources of the Gateway API, standard channel, in the order in which `kubectl apply` takes them.
//!
//! The standard API routes and forwards; it has no response of its own, so mock responses are what an implementation
//! offers beside it, and are lost here. What is not routed is answered by the implementation.

mod verdicts;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::claims::removed_by_name;
use super::constant::last_constants;
use super::files::{ExportFile, has_secrets, origins};
use super::length::MOST_HOST_BYTES;
use super::long_pattern::leave_out_long;
use super::lower::host_tables;
use super::options::ExportOptions;
use super::pattern::{PathPattern, PathRewrite, RewritePiece};
use super::table::{PathRule, RequestPart, StepOutcome, TextTest};
use super::upstream::{ConnectedUpstream, UpstreamEndpoint};
use super::wider::methods_of_wider_paths;
use crate::model::{Digest, Method, ParameterReference};
use crate::routes::{FixedParameter, GroupRoutes, RequestMapping};

use verdicts::{MOST_BACKENDS, MOST_HEADERS, MOST_VALUE_BYTES, is_short_pattern};

pub(super) use verdicts::judge;

/// The most rules of one route, by the schema of the resource.
const MOST_RULES: usize = 16;
/// A method that the schema does not take.
const UNKNOWN_METHOD: &str = "QUERY";
/// The name of the gateway, whose class is the cluster's own.
const GATEWAY: &str = "apigw";

/// Writes the files of some groups.
pub(super) fn files(groups: &[&GroupRoutes], options: &ExportOptions) -> Vec<ExportFile> {
    let mut services = BTreeMap::new();
    let mut routes = Vec::new();
    let mut tables = host_tables(groups);
    leave_out_long(&mut tables, is_short_pattern);
    for table in tables {
        let mut rules = Vec::new();
        for (path, wider) in table.paths.iter().zip(methods_of_wider_paths(&table.paths)) {
            rules.extend(path_rules(path, &mut services));
            rules.extend(refusing_rule(path, &wider));
        }
        let hosts: Vec<&str> = table.hosts.iter().copied().filter(|host| host.len() <= MOST_HOST_BYTES).collect();
        // A route without hosts would be one for all of them.
        let Some(name) = hosts.first().copied() else { continue };
        let groups = table.paths.iter().map(|path| (&path.group.environment, &path.group.group, path.group));
        let groups: BTreeMap<_, _> = groups.map(|(environment, name, group)| ((environment, name), group)).collect();
        let groups: Vec<&GroupRoutes> = groups.into_values().collect();
        // Rules of several routes of one host are merged, the most specific first, whatever route they are in.
        for (index, rules) in rules.chunks(MOST_RULES).enumerate() {
            routes.push(json!({
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": {
                    "name": resource_name(name, index),
                    "labels": labels(),
                    "annotations": {"apigw/deployments": origins(&groups).join("\n")},
                },
                "spec": {"parentRefs": [{"name": GATEWAY}], "hostnames": hosts, "rules": rules},
            }));
        }
    }
    let is_private = groups.iter().any(|group| has_secrets(group));
    let services: Vec<Value> = services.into_values().flatten().collect();
    vec![
        ExportFile::new("10-gateway.json", list(&[gateway(options)]), false),
        ExportFile::new("20-services.json", list(&services), false),
        ExportFile::new("30-routes.json", list(&routes), is_private),
    ]
}

/// Writes resources as one `List`, which `kubectl apply` accepts.
fn list(items: &[Value]) -> String {
    format!("{:#}\n", json!({"apiVersion": "v1", "kind": "List", "items": items}))
}

fn labels() -> Value {
    json!({"app.kubernetes.io/managed-by": "apigw"})
}

fn gateway(options: &ExportOptions) -> Value {
    let port = options.listen.port();
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": GATEWAY, "labels": labels()},
        "spec": {
            "gatewayClassName": GATEWAY,
            "listeners": [{"name": "http", "port": port, "protocol": "HTTP"}],
        },
    })
}

/// Returns a name of at most 63 characters for the piece of a route. The digest tells hosts apart that read alike.
fn resource_name(host: &str, index: usize) -> String {
    let short: String = host.replace('.', "-").chars().take(40).collect();
    format!("{}-{}-{index}", short.trim_end_matches('-'), Digest::of(host.as_bytes()).short())
}

/// Writes the rules of a path: one for each step that forwards.
fn path_rules(path: &PathRule<'_>, services: &mut BTreeMap<String, Vec<Value>>) -> Vec<Value> {
    let mut rules = Vec::new();
    for step in &path.steps {
        let StepOutcome::Forward(action) = &step.action else { continue };
        let mut matching = json!({"path": path_match(path)});
        let mut headers = Vec::new();
        let mut is_expressed = true;
        for condition in &step.conditions {
            match (&condition.subject, &condition.test) {
                (RequestPart::Method, TextTest::Equals(method)) if method == UNKNOWN_METHOD => is_expressed = false,
                // GET takes HEAD along in the gateway; here each is a match of its own.
                (RequestPart::Method, TextTest::Equals(method)) => matching["method"] = method.as_str().into(),
                (RequestPart::Method, _) => matching["method"] = "GET".into(),
                (RequestPart::Header(name), TextTest::Matches(pattern)) => {
                    headers.push(header_match(name, pattern));
                }
                (RequestPart::Header(name), TextTest::MatchesAny(patterns)) => {
                    headers.push(header_match(name, &patterns.join("|")));
                }
                (RequestPart::Header(name), TextTest::Present) => {
                    headers.push(json!({"type": "RegularExpression", "name": name, "value": ".*"}));
                }
                (RequestPart::Header(name), TextTest::Equals(value)) => {
                    headers.push(json!({"name": name, "value": value}));
                }
                (RequestPart::Query | RequestPart::Path, _) => is_expressed = false,
            }
        }
        if !is_expressed {
            continue;
        }
        if !headers.is_empty() {
            matching["headers"] = headers.into();
        }
        let mut matches = vec![matching.clone()];
        if matching["method"] == "GET" {
            matching["method"] = "HEAD".into();
            matches.push(matching);
        }
        let upstream = ConnectedUpstream::new(path.group, action);
        let backends: Vec<Value> = upstream
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.has_usual_name())
            .take(MOST_BACKENDS)
            .map(|endpoint| {
                let name = service_name(endpoint);
                services.entry(name.clone()).or_insert_with(|| service(&name, endpoint));
                json!({"name": name, "port": endpoint.port})
            })
            .collect();
        let mut filters = header_filters(path.group, action.forward.mappings.iter().chain(&action.own.mappings));
        filters.extend(rewrite_filter(action.rewrite.as_ref(), &upstream, action.forward.keep_host));
        rules.push(json!({
            "matches": matches,
            "filters": filters,
            "backendRefs": backends,
            "timeouts": {"backendRequest": duration(upstream.response_timeout_ms)},
        }));
    }
    rules
}

/// Writes the rule that leads nowhere with the methods of wider paths, to which an implementation would give them.
fn refusing_rule(path: &PathRule<'_>, wider: &BTreeSet<Method>) -> Option<Value> {
    let methods = wider.iter().map(|method| method.as_str()).filter(|method| *method != UNKNOWN_METHOD);
    let matches: Vec<Value> = methods.map(|method| json!({"path": path_match(path), "method": method})).collect();
    (!matches.is_empty()).then(|| json!({"matches": matches}))
}

fn path_match(path: &PathRule<'_>) -> Value {
    match &path.pattern {
        PathPattern::Exact(path) => json!({"type": "Exact", "value": path}),
        PathPattern::Regex(pattern) => json!({"type": "RegularExpression", "value": format!("^(?:{pattern})$")}),
    }
}

/// Writes the match of a whole value: an implementation may take an expression for one of a part of it.
fn header_match(name: &str, pattern: &str) -> Value {
    json!({"type": "RegularExpression", "name": name, "value": format!("^(?:{pattern})$")})
}

fn header_filters<'m>(group: &GroupRoutes, mappings: impl Iterator<Item = &'m RequestMapping>) -> Vec<Value> {
    let mut values = vec![("x-forwarded-prefix", group.prefix.as_str())];
    for FixedParameter { to, value, .. } in last_constants(mappings) {
        if let ParameterReference::Header(name) = to {
            // The schema takes a name once.
            values.retain(|(known, _)| known != name);
            values.push((name, value));
        }
    }
    let is_sent = |value: &&(&str, &str)| (1..=MOST_VALUE_BYTES).contains(&value.1.len());
    let values: Vec<&(&str, &str)> = values.iter().filter(is_sent).take(MOST_HEADERS).collect();
    let set: Vec<Value> = values.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let removed = removed_by_name(|name| values.iter().any(|(set, _)| *set == name));
    vec![json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": set, "remove": removed}})]
}

/// Writes the change of the path, where the API can: the whole path of an exact match.
fn rewrite_filter(rewrite: Option<&PathRewrite>, upstream: &ConnectedUpstream<'_>, keep_host: bool) -> Option<Value> {
    let mut change = json!({});
    let host = upstream.endpoints.first().filter(|endpoint| !keep_host && endpoint.has_usual_name());
    if let Some(host) = host.map(host_name).filter(|host| host.parse::<std::net::IpAddr>().is_err()) {
        change["hostname"] = host.into();
    }
    let text = |piece: &RewritePiece| match piece {
        RewritePiece::Text(text) => Some(text.clone()),
        RewritePiece::Capture(_) => None,
    };
    let whole: Option<String> = rewrite.and_then(|rewrite| rewrite.pieces.iter().map(text).collect());
    if let Some(path) = whole {
        change["path"] = json!({"type": "ReplaceFullPath", "replaceFullPath": path});
    }
    let is_empty = change.as_object().is_none_or(serde_json::Map::is_empty);
    (!is_empty).then(|| json!({"type": "URLRewrite", "urlRewrite": change}))
}

/// Returns the name of a host as Kubernetes takes it.
fn host_name(endpoint: &UpstreamEndpoint) -> String {
    endpoint.host.trim_end_matches('.').to_ascii_lowercase()
}

/// Writes a duration (GEP-2257), whose numbers have at most five digits.
fn duration(milliseconds: u32) -> String {
    if milliseconds < 100_000 {
        return format!("{milliseconds}ms");
    }
    let (seconds, rest) = (milliseconds / 1_000, milliseconds % 1_000);
    format!("{}h{}m{}s{rest}ms", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Returns a name of at most 63 characters. The digest tells hosts apart that read alike: a backend would get the
/// requests of another otherwise.
fn service_name(UpstreamEndpoint { is_https, host, port, .. }: &UpstreamEndpoint) -> String {
    let short: String = host
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .take(32)
        .collect();
    let digest = Digest::of(format!("{is_https} {host}").as_bytes()).short();
    format!("apigw-{}-{digest}-{port}", short.trim_matches('-'))
}

/// Writes the service of a backend: a name outside of the cluster, or an address with its slice.
fn service(name: &str, endpoint: &UpstreamEndpoint) -> Vec<Value> {
    let UpstreamEndpoint { host, port, is_https, .. } = endpoint;
    let protocol = if *is_https { "https" } else { "http" };
    let metadata = json!({"name": name, "labels": labels()});
    let service = |spec: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec});
    let ports = json!([{"name": protocol, "port": port, "targetPort": port}]);
    match host.parse::<std::net::IpAddr>() {
        Err(_) => vec![service(json!({"type": "ExternalName", "externalName": host_name(endpoint), "ports": ports}))],
        Ok(address) => vec![
            service(json!({"ports": ports})),
            json!({
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
                "addressType": if address.is_ipv4() { "IPv4" } else { "IPv6" },
                "ports": [{"name": protocol, "port": port}],
                "endpoints": [{"addresses": [address.to_string()]}],
            }),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_durations_have_five_digits() {
        for (milliseconds, text) in
            [(1, "1ms"), (99_999, "99999ms"), (120_000, "0h2m0s0ms"), (u32::MAX, "1193h2m47s295ms")]
        {
            assert_eq!(duration(milliseconds), text);
        }
    }

    #[test]
    fn hosts_that_read_alike_have_names_of_their_own() {
        assert_eq!(resource_name("a.b", 0).len(), "a-b--0".len() + Digest::of(b"a.b").short().len());
        assert_ne!(resource_name("a.b", 0), resource_name("a-b", 0));
        let long = resource_name(&"l".repeat(200), 99_999);
        assert!(long.len() <= 63, "{long}");
    }
}
