//! Clusters: the backends, and the listener that decides on callers.

use std::net::{IpAddr, SocketAddr};

use serde_json::{Value, json};

use super::super::upstream::{ConnectedUpstream, UpstreamEndpoint};
use super::protobuf::type_url;

/// The cluster of the listener that decides on callers.
pub(super) const AUTHORIZER: &str = "apigw-authorizer";
/// The key of an endpoint's metadata by which its TLS settings are found.
const HOST: &str = "host";
/// The certificates that a system trusts, on Debian and its children.
const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Writes the cluster of the listener that decides on callers.
pub(super) fn authorizer(address: SocketAddr) -> Value {
    let endpoint = json!({"endpoint": {"address": {"socket_address": {
        "address": address.ip().to_string(),
        "port_value": address.port(),
    }}}});
    json!({
        "@type": type_url("config.cluster.v3.Cluster"),
        "name": AUTHORIZER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": AUTHORIZER, "endpoints": [{"lb_endpoints": [endpoint]}]},
    })
}

/// Writes the cluster of a backend. The files of its TLS settings are in a folder of the engine's machine.
pub(super) fn cluster(upstream: &ConnectedUpstream<'_>, secrets_folder: &str) -> Value {
    let mut hosts: Vec<&str> = upstream.endpoints.iter().map(|endpoint| endpoint.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let is_told_apart = upstream.tls.is_some() && hosts.len() > 1;
    let endpoints: Vec<Value> = upstream.endpoints.iter().map(|one| endpoint(one, is_told_apart)).collect();
    let mut cluster = json!({
        "@type": type_url("config.cluster.v3.Cluster"),
        "name": upstream.name,
        "type": "STRICT_DNS",
        // Unless told, Envoy asks no IPv4 address of a name that has one of IPv6, as `localhost` has.
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": milliseconds(upstream.connect_timeout_ms),
        "load_assignment": {"cluster_name": upstream.name, "endpoints": [{"lb_endpoints": endpoints}]},
    });
    if upstream.endpoints.len() > 1 {
        // As the gateway does: a failed address is left out at once, and tried again soon.
        cluster["outlier_detection"] = json!({
            "consecutive_5xx": 0,
            "enforcing_consecutive_5xx": 0,
            "split_external_local_origin_errors": true,
            "consecutive_local_origin_failure": 1,
            "base_ejection_time": "1s",
            "interval": "1s",
            "max_ejection_percent": 99,
        });
    }
    if let Some(tls) = upstream.tls {
        let path = |name: &str| format!("{}/{name}", secrets_folder.trim_end_matches('/'));
        let trusted = tls.ca.as_deref().map_or_else(|| SYSTEM_CERTIFICATES.to_owned(), path);
        let mut common = json!({"validation_context": {"trusted_ca": {"filename": trusted}}});
        if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
            common["tls_certificates"] =
                json!([{"certificate_chain": {"filename": path(certificate)}, "private_key": {"filename": path(key)}}]);
        }
        // `Host` is rewritten to the name of an endpoint, which has a port: SNI is a setting of its own.
        if let [host] = hosts.as_slice() {
            cluster["transport_socket"] = tls_socket(host, &common);
        } else {
            let socket = |host: &&str| json!({"name": host, "match": {HOST: host}, "transport_socket": tls_socket(host, &common)});
            cluster["transport_socket_matches"] = hosts.iter().map(socket).collect();
        }
    }
    cluster
}

/// Writes the TLS settings of connections to a host, whose certificate has to be for it.
fn tls_socket(host: &str, common: &Value) -> Value {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    let mut context = json!({
        "@type": type_url("extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
        "common_tls_context": common,
    });
    let san_type = if address.is_some() { "IP_ADDRESS" } else { "DNS" };
    let name = address.map_or(name, |address| address.to_string());
    context["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"] =
        json!([{"san_type": san_type, "matcher": {"exact": name}}]);
    if address.is_none() {
        context["sni"] = name.into();
    }
    json!({"name": "envoy.transport_sockets.tls", "typed_config": context})
}

fn endpoint(endpoint: &UpstreamEndpoint, is_told_apart: bool) -> Value {
    let address = json!({"address": endpoint.host, "port_value": endpoint.port});
    // The name is what `Host` is rewritten to.
    let mut written = json!({"endpoint": {"hostname": endpoint.authority, "address": {"socket_address": address}}});
    if is_told_apart {
        written["metadata"] = json!({"filter_metadata": {"envoy.transport_socket_match": {HOST: endpoint.host}}});
    }
    written
}

/// Writes a duration as protobuf's JSON does.
pub(super) fn milliseconds(count: u32) -> String {
    format!("{}.{:03}s", count / 1000, count % 1000)
}
