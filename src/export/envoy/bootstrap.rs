//! The bootstraps: of an Envoy that reads files, and of a node that polls a control plane.

use serde_json::{Value, json};

use super::super::node::{NodeBootstrap, NodeTls};
use super::super::options::ExportOptions;
use super::cluster::authorizer;
use super::listener::{listener, name_end_of_filters};
use super::protobuf::{METADATA, type_url};

/// The cluster of the control plane.
const CONTROL: &str = "apigw-control";
/// The pause between two polls of a kind; Envoy adds as much again at most.
const POLL_PAUSE: &str = "0.2s";
/// Longer than a control plane holds a poll.
const POLL_TIMEOUT: &str = "20s";

/// The size of a compiled expression that Envoy takes; its own limit of 100 refuses paths with a few parameters, and
/// with them all routes.
const LARGEST_EXPRESSION: u32 = 1_000_000;

/// The most bytes of a response of the control plane that Envoy takes; its own limit of 32 MB refuses the routes of
/// more than 450 groups of 20 APIs, and says so in its log alone.
const LARGEST_RESPONSE: u32 = 1 << 30;

/// Writes the bootstrap of an Envoy that reads files.
pub(super) fn of_files(origins: &[String], options: &ExportOptions) -> Value {
    let listener = listener(options.listen, &name_end_of_filters(), &source("rds.json", options));
    json!({
        "node": {"id": "apigw", "cluster": "apigw", "metadata": {METADATA: {"deployments": origins}}},
        "dynamic_resources": {"cds_config": source("cds.json", options)},
        "static_resources": {"listeners": [listener]},
        "layered_runtime": runtime(json!({})),
    })
}

/// Writes the settings of the runtime; an operator can still change them.
fn runtime(mut settings: Value) -> Value {
    settings["re2.max_program_size.error_level"] = LARGEST_EXPRESSION.into();
    json!({"layers": [{"name": "apigw", "static_layer": settings}, {"name": "admin", "admin_layer": {}}]})
}

/// Names a file of the discovery; its folder is watched, since a mounted one is replaced as a whole.
fn source(file: &str, options: &ExportOptions) -> Value {
    let folder = options.folder.as_deref().unwrap_or(".").trim_end_matches('/');
    let path = if options.folder.is_some() { format!("{folder}/{file}") } else { file.to_owned() };
    json!({
        "resource_api_version": "V3",
        "path_config_source": {"path": path, "watched_directory": {"path": if folder.is_empty() { "/" } else { folder }}},
    })
}

/// Names the control plane as the source of a kind of resources.
pub(super) fn control_plane() -> Value {
    json!({
        "resource_api_version": "V3",
        // A node without resources listens to nobody, rather than answer 404 once a time is over.
        "initial_fetch_timeout": "0s",
        "api_config_source": {
            "api_type": "REST",
            "transport_api_version": "V3",
            "cluster_names": [CONTROL],
            "refresh_delay": POLL_PAUSE,
            "request_timeout": POLL_TIMEOUT,
        },
    })
}

/// Writes the bootstrap of a node.
pub(super) fn of_node(node: &NodeBootstrap) -> Value {
    let NodeBootstrap { node: name, environment, listen, control_host, control_port, tls, .. } = node;
    let endpoint = json!({"endpoint": {"address": {"socket_address": {
        "address": control_host,
        "port_value": control_port,
    }}}});
    let mut control = json!({
        "name": CONTROL,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": "2s",
        "load_assignment": {"cluster_name": CONTROL, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 10, "keepalive_interval": 5, "keepalive_probes": 3}},
    });
    if let Some(tls) = tls {
        control["transport_socket"] = encryption(control_host, tls);
    }
    let mut authorizer = authorizer(node.authorizer);
    if let Some(fields) = authorizer.as_object_mut() {
        fields.shift_remove("@type");
    }
    json!({
        "node": {
            "id": name,
            "cluster": "apigw",
            "metadata": {METADATA: {"environment": environment, "listen": listen.to_string(), "waits": true}},
        },
        "dynamic_resources": {"cds_config": control_plane(), "lds_config": control_plane()},
        "static_resources": {"clusters": [control, authorizer]},
        "layered_runtime": runtime(json!({"http.async_response_buffer_limit": LARGEST_RESPONSE})),
    })
}

/// Writes mutual TLS with the control plane, whose certificate has to be for its host.
fn encryption(host: &str, NodeTls { certificate, key, trusted }: &NodeTls) -> Value {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_address = bare.parse::<std::net::IpAddr>().is_ok();
    let kind = if is_address { "IP_ADDRESS" } else { "DNS" };
    let mut context = json!({
        "@type": type_url("extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
        "common_tls_context": {
            "tls_certificates": [{"certificate_chain": {"filename": certificate}, "private_key": {"filename": key}}],
            "validation_context": {
                "trusted_ca": {"filename": trusted},
                "match_typed_subject_alt_names": [{"san_type": kind, "matcher": {"exact": bare}}],
            },
        },
    });
    if !is_address {
        context["sni"] = host.into();
    }
    json!({"name": "envoy.transport_sockets.tls", "typed_config": context})
}
