//! The listener for operators: `/-/healthz`, `/-/readyz`, `/-/status`, `/-/metrics`, `/-/fleet` and the pages below
//! `/-/ui/`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::key_collector::KeyCollector;
use super::own_listener::{OwnListener, serve_connections};
use super::page_listener::page;
use super::worker::{LONGEST_TICK, SharedState, StopOrder};
use crate::gateway::compiled::ServedEntry;
use crate::gateway::meter::{BOUNDS, MeterName, Meters};
use crate::snapshot::NotServed;

/// Time after which a stuck worker means that the process should be restarted.
const LONGEST_STUCK: Duration = Duration::from_secs(10);

/// The most connections at a time.
const MOST_CONNECTIONS: usize = 16;

/// State that the listener reports.
pub(crate) struct AdminState {
    pub(crate) shared: Arc<SharedState>,
    pub(crate) meters: Arc<Meters>,
}

impl AdminState {
    /// Responds to operators until the gateway has stopped.
    pub(crate) async fn run(self, listener: TcpListener, stop: watch::Receiver<StopOrder>) {
        let admin = Arc::new(self);
        let respond = move |request| {
            let admin = Arc::clone(&admin);
            async move { admin.respond(request).await }
        };
        serve_connections(listener, stop, OwnListener { most_connections: MOST_CONNECTIONS, tls: None }, respond).await;
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let pages = self.shared.context.config.admin_pages.clone();
        let below = request.uri().path().strip_prefix(PAGES);
        match (pages.filter(|_| request.method() == Method::GET), below) {
            (Some(_), Some("")) => {
                let mut response = plain(StatusCode::PERMANENT_REDIRECT, "text/plain", String::new());
                response.headers_mut().insert(LOCATION, HeaderValue::from_static("/-/ui/"));
                response
            }
            (Some(pages), Some(below)) if below.starts_with('/') => {
                let mut asked = Request::new(Bytes::new());
                // What is left of a path and begins with a slash is one.
                *asked.uri_mut() = below.parse().unwrap_or_default();
                *asked.headers_mut() = request.headers().clone();
                page(pages, asked).await.map(Full::new)
            }
            _ => self.status_response(&request),
        }
    }

    fn status_response(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET or HEAD\n".to_owned());
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match request.uri().path() {
            "/-/healthz" => verdict("ok", self.stuck(LONGEST_STUCK)),
            "/-/readyz" => verdict("ready", self.not_ready()),
            "/-/status" => plain(StatusCode::OK, "application/json", self.status().to_string()),
            "/-/metrics" => match self.metrics() {
                Ok(metrics) => {
                    plain(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", metrics)
                }
                Err(fmt::Error) => {
                    plain(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "metrics cannot be written\n".to_owned())
                }
            },
            "/-/fleet" => self.fleet(),
            _ => plain(StatusCode::NOT_FOUND, "text/plain", "not found\n".to_owned()),
        }
    }

    /// Reports the state of each node.
    fn fleet(&self) -> Response<Full<Bytes>> {
        let Some(discovery) = &self.shared.context.config.discovery else {
            return plain(StatusCode::NOT_FOUND, "text/plain", "no node is served here\n".to_owned());
        };
        let fleets = json!({"schema": 1, "fleets": discovery.control.reports()});
        plain(StatusCode::OK, "application/json", fleets.to_string())
    }

    /// Returns a text about workers that have been stuck for so long; `None` if none has.
    fn stuck(&self, longest: Duration) -> Option<String> {
        let stuck = self.shared.stuck_workers(longest);
        let numbers: Vec<String> = stuck.iter().map(usize::to_string).collect();
        let verb = if numbers.len() > 1 { "workers are stuck" } else { "a worker is stuck" };
        (!numbers.is_empty()).then(|| format!("{verb}: {}", numbers.join(", ")))
    }

    /// Returns the reason why requests should go to another gateway; `None` while it is ready.
    fn not_ready(&self) -> Option<String> {
        if self.shared.context.draining.load(Ordering::Relaxed) {
            return Some("draining".to_owned());
        }
        let snapshot = self.shared.context.snapshot.load();
        let is_dark = |entry: &&NotServed| {
            let environment = snapshot.environments.iter().find(|environment| environment.name == entry.environment);
            let serves = environment.is_some_and(|environment| environment.entries.iter().any(ServedEntry::is_live));
            entry.group.is_none() && !serves
        };
        let not_served = self.shared.not_served.load();
        let dark = || not_served.iter().find(is_dark).map(|dark| format!("{} is not served", dark.environment));
        let source = self.shared.source.load();
        let expired = source.as_ref().filter(|source| source.expired).and_then(|source| source.expires);
        let expired = || expired.map(|at| format!("the state that it follows expired at {at}"));
        let missing = source.as_ref().and_then(|source| source.missing_environments.first());
        let missing = || missing.map(|name| format!("the state that it follows has no environment {name}"));
        self.stuck(LONGEST_TICK).or_else(dark).or_else(expired).or_else(missing)
    }

    /// Returns the served operation of each group in each environment.
    fn status(&self) -> serde_json::Value {
        let snapshot = self.shared.context.snapshot.load();
        let entry = |entry: &ServedEntry| {
            let release = &entry.deployment.release;
            json!({
                "group": entry.group,
                "state": release.state,
                "version": release.version,
                "digest": release.digest,
                "backend": release.backend,
                "operation": entry.deployment.operation,
                "serving": entry.serving,
                "error": entry.error,
                "not_served": entry.not_served(),
            })
        };
        let environments = snapshot.environments.iter().map(|environment| {
            let groups: Vec<serde_json::Value> = environment.entries.iter().map(entry).collect();
            json!({"environment": environment.name, "groups": groups})
        });
        let environments: Vec<serde_json::Value> = environments.collect();
        let missing = self.shared.context.access.missing_secrets();
        let missing_secrets: Vec<serde_json::Value> =
            missing.iter().map(|(key, secret)| json!({"key": key, "secret": secret})).collect();
        let mut status = json!({
            "schema": 1,
            "stuck_workers": self.shared.stuck_workers(LONGEST_TICK),
            "draining": self.shared.context.draining.load(Ordering::Relaxed),
            "connections": self.shared.connections.load(Ordering::Relaxed),
            "missing_secrets": missing_secrets,
            "access_problems": **self.shared.access_problems.load(),
            "key_sets": self.shared.context.issuers.statuses(),
            "environments": environments,
            "unserved": **self.shared.not_served.load(),
        });
        if let Some(source) = &*self.shared.source.load() {
            status["source"] = json!(**source);
        }
        status
    }

    fn metrics(&self) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        for family in [MeterFamily::Requests, MeterFamily::ResponseChecks] {
            registry.register_collector(Box::new(MeterCollector { meters: Arc::clone(&self.meters), family }));
        }
        registry.register_collector(Box::new(KeyCollector(Arc::clone(&self.shared.context))));
        let on_hand = self.shared.on_hand();
        for (name, help, count) in [
            ("apigw_connections", "Open client connections", self.shared.connections.load(Ordering::Relaxed)),
            ("apigw_requests_in_flight", "Requests in flight", on_hand.requests),
            ("apigw_stuck_workers", "Stuck workers", self.shared.stuck_workers(LONGEST_TICK).len()),
            ("apigw_backend_connections", "Open connections to backends", on_hand.backend_connections),
        ] {
            registry.register(name, help, ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX)));
        }
        let help = "Connections of callers that were closed at once because --max-connections or the limit of open files was reached";
        let refused = ConstCounter::new(self.shared.refused.load(Ordering::Relaxed));
        registry.register("apigw_connections_refused", help, refused);
        if let Some(log) = &self.shared.context.config.access_log {
            let help = "Lines of the access log that were dropped because they could not be written in time";
            registry.register("apigw_access_log_dropped_lines", help, ConstCounter::new(log.dropped()));
        }
        let mut text = String::new();
        text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// The path of the pages for operators.
const PAGES: &str = "/-/ui";

/// Responds with 200 and a word, or 503 and a reason.
fn verdict(good: &str, wrong: Option<String>) -> Response<Full<Bytes>> {
    match wrong {
        None => plain(StatusCode::OK, "text/plain", format!("{good}\n")),
        Some(wrong) => plain(StatusCode::SERVICE_UNAVAILABLE, "text/plain", format!("{wrong}\n")),
    }
}

fn plain(status: StatusCode, media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Counts of the meters, written as one family of metrics.
struct MeterCollector {
    meters: Arc<Meters>,
    family: MeterFamily,
}

/// A family of metrics.
#[derive(Debug, Clone, Copy)]
enum MeterFamily {
    /// A histogram a group, version, API and status.
    Requests,
    /// Responses of backends that followed their definition, or did not.
    ResponseChecks,
}

impl fmt::Debug for MeterCollector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.family.fmt(formatter)
    }
}

impl Collector for MeterCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        match self.family {
            MeterFamily::Requests => encode_requests(&self.meters, encoder),
            MeterFamily::ResponseChecks => encode_response_checks(&self.meters, encoder),
        }
    }
}

fn encode_requests(meters: &Meters, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
    let help = "Time from the end of a request's head to the end of its response";
    let mut family = encoder.encode_descriptor("apigw_request_duration_seconds", help, None, MetricType::Histogram)?;
    meters.try_for_each(|name, status, reading| {
        let bounds = BOUNDS.iter().copied().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(reading.buckets).collect();
        let count = reading.buckets.iter().sum();
        let sum = Duration::from_micros(reading.sum_us).as_secs_f64();
        let labels = labels(name, ("status", status.to_string()));
        let mut metric = family.encode_family(&labels)?;
        metric.encode_histogram::<[(&str, &str); 0]>(sum, count, &buckets, None)
    })
}

fn encode_response_checks(meters: &Meters, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
    let help = "Responses of backends that were compared with the definition";
    let mut family = encoder.encode_descriptor("apigw_response_checks", help, None, MetricType::Counter)?;
    meters.try_for_each_response(|name, check, count| {
        let labels = labels(name, ("result", check.as_str().to_owned()));
        let mut metric = family.encode_family(&labels)?;
        metric.encode_counter::<[(&str, &str); 0], u64, u64>(&count, None)
    })
}

/// Lists the labels of an API's metric, and one of its own.
fn labels(name: &MeterName, own: (&'static str, String)) -> [(&'static str, String); 5] {
    [
        ("environment", name.environment.to_string()),
        ("group", name.group.to_string()),
        ("version", name.version.to_string()),
        ("api", name.api.to_string()),
        own,
    ]
}
