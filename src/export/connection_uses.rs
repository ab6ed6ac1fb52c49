//! The features of connections to backends that a group uses, each with its setting.

use super::feature::ExportFeature;
use super::table::LONGEST_MS;
use super::upstream::{UpstreamEndpoint, all_endpoints, base_path, has_key_beside};
use crate::routes::{GroupForwarding, GroupRoutes};

/// A feature with the keys of its setting.
pub(super) type ConnectionUse = (ExportFeature, &'static [&'static str]);

/// Lists the features of the connections to the backends of a group.
pub(super) fn connection_uses(group: &GroupRoutes, forward: &GroupForwarding) -> Vec<ConnectionUse> {
    let mut uses: Vec<ConnectionUse> = Vec::new();
    let targets = &forward.upstream.targets;
    if targets.len() > 1 {
        uses.push((ExportFeature::SeveralTargets(targets.len()), &["forwarding", "more_addresses"]));
    }
    let mut bases = targets.iter().map(base_path);
    let first = bases.next().unwrap_or_default();
    if bases.any(|base| base != first) {
        uses.push((ExportFeature::DifferentBasePaths, &["forwarding", "more_addresses"]));
    }
    let is_https = |target| UpstreamEndpoint::new(target).is_https;
    if targets.iter().any(is_https) && !targets.iter().all(is_https) {
        uses.push((ExportFeature::MixedSchemes, &["forwarding", "more_addresses"]));
    }
    if all_endpoints(group, forward).any(|endpoint| !endpoint.has_usual_name()) {
        uses.push((ExportFeature::UnusualHost, &["backend"]));
    }
    tls_uses(&mut uses, group, forward);
    if forward.retry {
        uses.push((ExportFeature::Retry, &["forwarding", "retry"]));
    }
    uses.push((ExportFeature::Timeouts, &["forwarding", "response_timeout_ms"]));
    let timeouts: [(u32, &'static [&'static str]); 3] = [
        (forward.timeouts.connect_ms, &["forwarding", "connect_timeout_ms"]),
        (forward.timeouts.response_ms, &["forwarding", "response_timeout_ms"]),
        (forward.timeouts.websocket_idle_ms, &["forwarding", "websocket_idle_timeout_ms"]),
    ];
    let is_long = |(milliseconds, _): &(u32, _)| *milliseconds > LONGEST_MS;
    uses.extend(timeouts.into_iter().filter(is_long).map(|(_, path)| (ExportFeature::LongTimeout, path)));
    uses.push((ExportFeature::AddressGuard, &["forwarding", "allow_addresses"]));
    uses.push((ExportFeature::Upgrades, &["forwarding", "websockets"]));
    uses.push((ExportFeature::ConnectionHeaders, &["forwarding"]));
    uses
}

fn tls_uses(uses: &mut Vec<ConnectionUse>, group: &GroupRoutes, forward: &GroupForwarding) {
    let mut over_tls = all_endpoints(group, forward).filter(|endpoint| endpoint.is_https).peekable();
    if over_tls.peek().is_some() {
        uses.push((ExportFeature::Https, &["forwarding", "tls"]));
    }
    if over_tls.any(|endpoint| endpoint.ip().is_some()) {
        uses.push((ExportFeature::HttpsByAddress, &["backend"]));
    }
    if forward.tls.certificate.is_some() {
        let is_key_beside = has_key_beside(&forward.tls);
        uses.push((ExportFeature::ClientCertificate { is_key_beside }, &["forwarding", "tls", "certificate"]));
    }
}
