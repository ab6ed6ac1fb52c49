//! The route of requests that go on to a backend, and their changes.

use serde_json::{Value, json};

use super::super::constant::writes_header;
use super::super::pattern::{PathRewrite, RewritePiece};
use super::super::seen_headers::applied_mappings;
use super::super::table::ForwardAction;
use super::cluster::milliseconds;
use super::message::overwritten;
use super::protobuf::{MOST_HEADER_BYTES, literal, type_url};
use crate::model::{ParameterReference, is_reserved_for_gateway};
use crate::routes::{GroupRoutes, RequestMapping, RouteAccess};

const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PREFIX: &str = "x-forwarded-prefix";

/// Writes the route to a cluster.
pub(super) fn forwarding(group: &GroupRoutes, action: &ForwardAction<'_>, cluster: &str) -> Value {
    let ForwardAction { forward, route, rewrite, .. } = action;
    let mut target = json!({
        "cluster": cluster,
        "timeout": "0s",
        "idle_timeout": milliseconds(action.idle_ms()),
    });
    // Those that the settings write come from the filter.
    if !writes_header(action, FORWARDED_HOST) {
        target["append_x_forwarded_host"] = true.into();
    }
    if !forward.keep_host {
        target["auto_host_rewrite"] = true.into();
    }
    if let Some(PathRewrite { pattern, pieces }) = rewrite.as_ref().filter(|rewrite| rewrite.has_numbered_groups()) {
        let substitution: String = pieces.iter().map(rewrite_piece).collect();
        target["regex_rewrite"] =
            json!({"pattern": {"regex": format!("^(?:{pattern})$")}, "substitution": substitution});
    }
    if forward.retry {
        target["retry_policy"] = json!({"retry_on": "connect-failure,reset-before-request", "num_retries": 1});
    }
    if route.websocket {
        target["upgrade_configs"] = json!([{"upgrade_type": "websocket", "enabled": true}]);
    }
    let is_own = !writes_header(action, FORWARDED_PREFIX);
    // Envoy tells of a host that it changes alone.
    let is_host_kept = forward.keep_host && !writes_header(action, FORWARDED_HOST);
    let added = [is_own.then(|| prefix_header(group)), is_host_kept.then(host_header)];
    let added: Vec<Value> = added.into_iter().flatten().collect();
    json!({
        "route": target,
        "request_headers_to_add": added,
    })
}

/// Writes a piece of a substitution, in which a backslash begins a capture.
fn rewrite_piece(piece: &RewritePiece) -> String {
    match piece {
        RewritePiece::Text(text) => text.replace('\\', "\\\\"),
        RewritePiece::Capture(group) => format!("\\{group}"),
    }
}

fn prefix_header(group: &GroupRoutes) -> Value {
    overwritten(FORWARDED_PREFIX, &literal(group.prefix.as_str()))
}

fn host_header() -> Value {
    overwritten(FORWARDED_HOST, "%REQ(:AUTHORITY)%")
}

/// Lists the headers in which callers of an API show that they may call, which no backend gets.
fn credential_headers(access: &RouteAccess) -> Vec<&str> {
    let RouteAccess::Key { signature, subscription, token, pass_credentials: false, .. } = access else {
        return Vec::new();
    };
    let mut names: Vec<&str> = subscription.iter().flat_map(|one| &one.headers).map(String::as_str).collect();
    if signature.is_some() {
        names.extend(["signature", "signature-input"]);
    }
    if signature.is_some() || token.is_some() {
        names.push("authorization");
    }
    names
}

/// Writes the changes of a request's headers, in order: credentials that go, then parameters that move, and those that
/// are set.
pub(super) fn mutations(group: &GroupRoutes, action: &ForwardAction<'_>) -> Option<Value> {
    // A route removes headers behind this filter: what the settings have put in the place of one would go, too.
    let credentials = credential_headers(&action.route.access).into_iter();
    let mut headers: Vec<Value> = credentials.map(|name| json!({"remove": name})).collect();
    // What is told of the hop before the settings write it: a header that moves may be missing.
    for (name, own) in [(FORWARDED_PREFIX, prefix_header(group)), (FORWARDED_HOST, host_header())] {
        if writes_header(action, name) {
            headers.push(json!({"append": own}));
        }
    }
    for mapping in applied_mappings(action) {
        match mapping {
            RequestMapping::Move(mapping) => {
                if let (ParameterReference::Header(from), ParameterReference::Header(to)) = (&mapping.from, &mapping.to)
                {
                    if !is_reserved_for_gateway(to) {
                        headers.push(json!({"append": overwritten(to, &format!("%REQ({from})%"))}));
                    }
                    if !is_reserved_for_gateway(from) {
                        headers.push(json!({"remove": from}));
                    }
                }
            }
            RequestMapping::Set(constant) => {
                if let ParameterReference::Header(name) = &constant.to {
                    let value = literal(&constant.value);
                    let is_short = value.len() <= MOST_HEADER_BYTES;
                    headers.push(if is_short {
                        json!({"append": overwritten(name, &value)})
                    } else {
                        json!({"remove": name})
                    });
                }
            }
        }
    }
    (!headers.is_empty()).then(|| {
        json!({
            "@type": type_url("extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute"),
            "mutations": {"request_mutations": headers},
        })
    })
}
