//! Writes the access log, and counts: each request has a record, which is written when its response has ended.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::context::Context;
use crate::gateway::access_log::{AccessRecord, LoggedClient};
use crate::gateway::compiled::{CompiledApi, CompiledGroup};
use crate::gateway::meter::Meter;
use crate::gateway::request_body::BodyProgress;

/// A request as it is going to be written down.
pub(crate) struct RequestRecord {
    pub(crate) context: Rc<Context>,
    pub(crate) started: Instant,
    pub(crate) status: u16,
    pub(crate) meter: Arc<Meter>,
    pub(crate) entry: Option<Box<LoggedRequest>>,
    pub(crate) progress: Option<Rc<BodyProgress>>,
    pub(crate) backend: ResponseOrigin,
    pub(crate) error: Option<String>,
    pub(crate) backend_took: Option<Duration>,
}

/// Origin of a response.
pub(crate) enum ResponseOrigin {
    /// The gateway, on its own account.
    Gateway,
    /// The definition's constant result.
    Mock,
    /// The backend with this address.
    Backend(Arc<str>),
}

impl ResponseOrigin {
    /// Names the backend that was asked, if one was.
    pub(crate) fn asked(backend: Option<Arc<str>>) -> Self {
        backend.map_or(Self::Gateway, Self::Backend)
    }

    /// Returns how the access log names it.
    fn as_str(&self) -> &str {
        match self {
            Self::Gateway => "",
            Self::Mock => "mock",
            Self::Backend(address) => address,
        }
    }
}

/// Fields of a request that only the access log needs.
pub(crate) struct LoggedRequest {
    pub(crate) time: SystemTime,
    pub(crate) request_id: String,
    pub(crate) client: LoggedClient,
    pub(crate) proxy: Option<SocketAddr>,
    pub(crate) host: String,
    pub(crate) method: http::Method,
    pub(crate) path: String,
    pub(crate) environment: String,
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) api: String,
    /// The caller's key, where one was asked for and lets it in.
    pub(crate) key: String,
}

impl LoggedRequest {
    /// Records the group and the API of the request. A path that holds a secret is logged as its template.
    pub(crate) fn found(&mut self, group: &CompiledGroup, api: Option<&CompiledApi>) {
        self.environment.clone_from(&group.environment);
        self.group.clone_from(&group.name);
        self.version.clone_from(&group.version);
        if let Some(api) = api {
            self.api = api.name.to_string();
            if let Some(template) = &api.secret_path {
                self.path = format!("{}{template}", group.prefix.before_path());
            }
        }
    }
}

impl RequestRecord {
    /// Notes why a response ended before its end; the first reason is the one that counts.
    pub(crate) fn broke_off(&mut self, reason: &dyn std::fmt::Display) {
        self.error.get_or_insert_with(|| reason.to_string());
    }

    /// Counts the request and writes it down.
    pub(crate) fn write(self, bytes_out: u64) {
        let took = self.started.elapsed();
        self.meter.record(self.context.index, self.status, took);
        let (Some(log), Some(entry)) = (&self.context.shared.config.access_log, &self.entry) else { return };
        log.record(&AccessRecord {
            time: entry.time,
            request_id: &entry.request_id,
            client: entry.client,
            proxy: entry.proxy,
            host: &entry.host,
            method: entry.method.as_str(),
            path: &entry.path,
            environment: &entry.environment,
            group: &entry.group,
            version: &entry.version,
            api: &entry.api,
            key: &entry.key,
            backend: self.backend.as_str(),
            status: self.status,
            error: self.error.as_deref().unwrap_or_default(),
            bytes_in: self.progress.as_ref().map_or(0, |progress| progress.bytes.get()),
            bytes_out,
            took,
            backend_took: self.backend_took,
        });
    }
}
