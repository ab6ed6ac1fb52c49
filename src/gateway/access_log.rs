//! The access log: one record a request, without a secret and without the values of a query.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use crate::model::Timestamp;

/// Takes the record of each request when its response has ended. It is called on the workers, so it must not wait.
pub trait AccessLog: Send + Sync {
    /// Writes a record.
    fn record(&self, record: &AccessRecord<'_>);

    /// Returns the number of records dropped so far, since they could not be written in time.
    fn dropped(&self) -> u64;
}

/// Access record of a request.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRecord<'a> {
    /// Time of arrival.
    #[serde(serialize_with = "point_in_time")]
    pub time: SystemTime,
    /// Its id, as the response and the backend have it.
    pub request_id: &'a str,
    /// The client: the one that a trusted proxy tells, else the other end of the connection.
    pub client: LoggedClient,
    /// The trusted proxy that tells the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<SocketAddr>,
    /// The host that it asked for.
    pub host: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The environment; empty where none was found.
    pub environment: &'a str,
    /// The group; empty where none was found.
    pub group: &'a str,
    /// The version that served it.
    pub version: &'a str,
    /// The API's operation id, or method and path.
    pub api: &'a str,
    /// The name of the caller's key; empty where none was asked for, or none lets it in.
    pub key: &'a str,
    /// `mock`, or the address that was called; empty if the gateway responded itself.
    pub backend: &'a str,
    /// The status of the response.
    pub status: u16,
    /// Reason of a failure; empty without one.
    pub error: &'a str,
    /// Bytes read of the request's body.
    pub bytes_in: u64,
    /// Bytes sent of the response's body.
    pub bytes_out: u64,
    /// From the end of the request's head to the end of the response.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub took: Duration,
    /// From there to the head of the backend's response.
    #[serde(rename = "backendSeconds", serialize_with = "optional_seconds")]
    pub backend_took: Option<Duration>,
}

/// The address of a client in the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum LoggedClient {
    /// The other end of the connection.
    Connected(SocketAddr),
    /// The address that a proxy tells.
    Told(IpAddr),
}

fn point_in_time<S: serde::Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    serializer.collect_str(&Timestamp::from_unix_time(since))
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

#[expect(clippy::ref_option, reason = "serde hands in a reference to the field")]
fn optional_seconds<S: serde::Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => seconds(duration, serializer),
        None => serializer.serialize_none(),
    }
}
