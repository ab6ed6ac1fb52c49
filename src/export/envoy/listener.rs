//! The listener with its filters and its access log.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use super::super::claims::claims_pattern;
use super::super::options::USUAL_BODY_BYTES;
use super::super::refusal::ProblemResponse;
use super::cluster::AUTHORIZER;
use super::message::problem_format;
use super::protobuf::{METADATA, described_body, type_url};
use super::route::routes_name;
use crate::model::Digest;

/// Writes the listener, with the end of the name and the source of its routes.
pub(super) fn listener(listen: SocketAddr, name_end: &str, source: &Value) -> Value {
    json!({
        "name": "apigw",
        "address": {"socket_address": {"address": listen.ip().to_string(), "port_value": listen.port()}},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": connection_manager(name_end, source),
        }]}],
    })
}

/// Ends the names of routes and clusters that rely on the filters of a listener.
pub(super) fn name_end_of_filters() -> String {
    format!("-{}", Digest::of(Value::from(filters()).to_string().as_bytes()).short())
}

/// Writes the filters, all of them always: routes change while Envoy runs, and a listener of files does not.
fn filters() -> Vec<Value> {
    // The path as it came: a rewrite changes it, and no header is to tell a backend of it.
    let path = json!({"on_request_headers": [{
        "object_key": "apigw.path",
        "factory_key": "envoy.string",
        "format_string": {"text_format_source": {"inline_string": "%PATH(NQ:PATH)%"}},
    }]});
    let mut filters = vec![filter("set_filter_state", "extensions.filters.http.set_filter_state.v3.Config", path)];
    filters.push(filter("cors", "extensions.filters.http.cors.v3.Cors", json!({})));
    filters.push(filter("rbac", "extensions.filters.http.rbac.v3.RBAC", json!({})));
    filters.push(filter("ext_authz", "extensions.filters.http.ext_authz.v3.ExtAuthz", authorization()));
    let limit = json!({"max_request_bytes": USUAL_BODY_BYTES});
    filters.push(filter("buffer", "extensions.filters.http.buffer.v3.Buffer", limit));
    filters.push(filter(
        "header_mutation",
        "extensions.filters.http.header_mutation.v3.HeaderMutation",
        json!({"mutations": {}}),
    ));
    filters.push(filter("router", "extensions.filters.http.router.v3.Router", json!({"suppress_envoy_headers": true})));
    filters
}

fn connection_manager(name_end: &str, source: &Value) -> Value {
    let removals = json!([{"remove_on_match": {"key_matcher": {"safe_regex": {"regex": claims_pattern()}}}}]);
    let mut manager = json!({
        "stat_prefix": "apigw",
        "rds": {"route_config_name": routes_name(name_end), "config_source": source},
        "http_filters": filters(),
        // Paths are matched as they came; those with several readings are refused by the first route of each host.
        "normalize_path": false,
        "merge_slashes": false,
        "strip_trailing_host_dot": true,
        "http_protocol_options": {"accept_http_10": true},
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "use_remote_address": true,
        "generate_request_id": true,
        "preserve_external_request_id": true,
        "always_set_request_id_in_response": true,
        "server_header_transformation": "PASS_THROUGH",
        "via": "apigw",
        "max_request_headers_kb": 32,
        "request_headers_timeout": "10s",
        "stream_idle_timeout": "0s",
        "common_http_protocol_options": {
            "idle_timeout": "75s",
            "max_headers_count": 100,
            "headers_with_underscores_action": "ALLOW",
        },
        "http2_protocol_options": {"max_concurrent_streams": 100},
        "early_header_mutation_extensions": [{
            "name": "envoy.http.early_header_mutation.header_mutation",
            "typed_config": {
                "@type": type_url("extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"),
                "mutations": removals,
            },
        }],
        "upgrade_configs": [{"upgrade_type": "websocket", "enabled": false}],
        "local_reply_config": {"mappers": refusals()},
        "access_log": [access_log()],
    });
    set_type(&mut manager, "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager");
    manager
}

fn set_type(message: &mut Value, name: &str) {
    if let Some(fields) = message.as_object_mut() {
        let mut typed = Map::from_iter([("@type".to_owned(), Value::from(type_url(name)))]);
        typed.append(fields);
        *fields = typed;
    }
}

fn filter(name: &str, message_type: &str, mut config: Value) -> Value {
    set_type(&mut config, message_type);
    json!({"name": format!("envoy.filters.http.{name}"), "typed_config": config})
}

/// Asks the authorizer of a gateway about each caller, with the body: a signature covers it.
fn authorization() -> Value {
    json!({
        "http_service": {
            "server_uri": {
                // Its cluster says where that is.
                "uri": format!("http://{AUTHORIZER}"),
                "cluster": AUTHORIZER,
                "timeout": "5s",
            },
            "path_prefix": "/-/authorize",
            "authorization_response": {"allowed_upstream_headers": {"patterns": [{"exact": "x-apigw-key"}]}},
        },
        "allowed_headers": {"patterns": [{"safe_regex": {"regex": ".*"}}]},
        "with_request_body": described_body(USUAL_BODY_BYTES),
        "failure_mode_allow": false,
        "status_on_error": {"code": "ServiceUnavailable"},
    })
}

/// Writes the refusals of Envoy's own as problem details, told from responses of a route by their flags or their
/// details.
fn refusals() -> Vec<Value> {
    let mapper = |flags: &[&str], refusal: &ProblemResponse| {
        json!({
            "filter": {"response_flag_filter": {"flags": flags}},
            "status_code": refusal.status,
            "body_format_override": problem_format(refusal),
        })
    };
    vec![
        of_filter("rbac_access_denied", &ProblemResponse::refused_address()),
        of_filter("ext_authz_error", &ProblemResponse::unreachable_authorizer()),
        mapper(&["UF", "UH", "UO"], &ProblemResponse::unreachable_backend()),
        mapper(&["UT", "SI"], &ProblemResponse::late_backend()),
    ]
}

/// Writes the refusal of a filter. Its reason is in the details of its response alone: metadata of a filter comes
/// later.
fn of_filter(details: &str, refusal: &ProblemResponse) -> Value {
    json!({
        "filter": {"extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {
                "@type": type_url("extensions.access_loggers.filters.cel.v3.ExpressionFilter"),
                "expression": format!("response.code_details.startsWith('{details}')"),
            },
        }},
        "status_code": refusal.status,
        "body_format_override": problem_format(refusal),
    })
}

/// Writes the access log as lines of JSON, with the fields of `apigw serve`.
fn access_log() -> Value {
    let of_route = |name: &str| format!("%METADATA(ROUTE:{METADATA}:{name})%");
    json!({
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": type_url("extensions.access_loggers.stream.v3.StdoutAccessLog"),
            "log_format": {"json_format": {
                "time": "%START_TIME%",
                "request_id": "%REQ(X-REQUEST-ID)%",
                "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
                // Of a forwarded request, the authority is its backend's.
                "host": "%REQ(X-FORWARDED-HOST?:AUTHORITY)%",
                "method": "%REQ(:METHOD)%",
                "path": "%FILTER_STATE(apigw.path:PLAIN)%",
                "environment": of_route("environment"),
                "group": of_route("group"),
                "version": of_route("version"),
                "operation": of_route("operation"),
                "api": of_route("api"),
                "key": "%REQ(X-APIGW-KEY)%",
                "backend": "%UPSTREAM_HOST%",
                "status": "%RESPONSE_CODE%",
                "error": "%RESPONSE_FLAGS%",
                "bytes_in": "%BYTES_RECEIVED%",
                "bytes_out": "%BYTES_SENT%",
                "duration_ms": "%DURATION%",
            }},
        },
    })
}
