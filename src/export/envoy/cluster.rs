//! Clusters: the backends, and the listener that decides on callers.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use serde_json::{Value, json};

use super::super::upstream::{ConnectedUpstream, UpstreamEndpoint};
use super::protobuf::type_url;
use crate::model::BackendTls;

/// The cluster of the listener that decides on callers.
pub(super) const AUTHORIZER: &str = "apigw-authorizer";
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
    let endpoints: Vec<Value> = upstream.endpoints.iter().map(endpoint).collect();
    let mut cluster = json!({
        "@type": type_url("config.cluster.v3.Cluster"),
        "name": upstream.name,
        "type": "STRICT_DNS",
        // Of a name with addresses of both kinds, Envoy would ask those of IPv6 alone.
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
        let hosts: BTreeSet<&str> = upstream.endpoints.iter().map(|endpoint| &*endpoint.host).collect();
        let sockets: Vec<(&str, Value)> =
            hosts.into_iter().map(|host| (host, encryption(host, tls, secrets_folder))).collect();
        match sockets.as_slice() {
            [(_, socket)] => cluster["transport_socket"] = socket.clone(),
            several => {
                let matched = several
                    .iter()
                    .map(|(host, socket)| json!({"name": host, "match": {"host": host}, "transport_socket": socket}));
                cluster["transport_socket_matches"] = matched.collect();
            }
        }
    }
    cluster
}

/// Writes TLS with a host, whose certificate has to be for it. A name is told to the backend (RFC 6066, section 3: an address
/// is not), without a port.
fn encryption(host: &str, tls: &BackendTls, secrets_folder: &str) -> Value {
    let path = |name: &str| format!("{}/{name}", secrets_folder.trim_end_matches('/'));
    let trusted = tls.ca.as_deref().map_or_else(|| SYSTEM_CERTIFICATES.to_owned(), path);
    let is_address = host.parse::<IpAddr>().is_ok();
    let kind = if is_address { "IP_ADDRESS" } else { "DNS" };
    let mut common = json!({"validation_context": {
        "trusted_ca": {"filename": trusted},
        "match_typed_subject_alt_names": [{"san_type": kind, "matcher": {"exact": host}}],
    }});
    if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
        common["tls_certificates"] =
            json!([{"certificate_chain": {"filename": path(certificate)}, "private_key": {"filename": path(key)}}]);
    }
    let mut context = json!({
        "@type": type_url("extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
        "common_tls_context": common,
    });
    if !is_address {
        context["sni"] = host.into();
    }
    json!({"name": "envoy.transport_sockets.tls", "typed_config": context})
}

fn endpoint(endpoint: &UpstreamEndpoint) -> Value {
    let address = json!({"address": endpoint.host, "port_value": endpoint.port});
    // The name is what `Host` is rewritten to.
    let mut written = json!({"endpoint": {"hostname": endpoint.authority, "address": {"socket_address": address}}});
    if endpoint.is_https {
        written["metadata"] = json!({"filter_metadata": {"envoy.transport_socket_match": {"host": endpoint.host}}});
    }
    written
}

/// Writes a duration as protobuf's JSON does.
pub(super) fn milliseconds(count: u32) -> String {
    format!("{}.{:03}s", count / 1000, count % 1000)
}
