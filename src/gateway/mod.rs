//! The gateway: serves the live groups from memory.
//!
//! Of the rooms below the command line, this one and `store` are asynchronous. It gets
//! [`Snapshot`](crate::snapshot::Snapshot)s from a caller that reads files, and touches none itself.
//!
//! - [`Gateway::start`] compiles a snapshot, listens, and runs one worker a core: a thread with a runtime, a socket for
//!   each address and a pool of connections to backends (`server`). Workers share the compiled snapshot, which no
//!   request changes, and these, which requests do: the number of open connections, meters and the counters of limits
//!   (atomics), the table of nonces (sharded locks), the room for signed bodies (a lock), and the health of backends
//!   (an atomic for each).
//! - [`Gateway::replace`] compiles the next snapshot beside the one that is served (`compile`, `compiled`), and swaps
//!   one pointer. The next request that comes sees it; those in flight are served by the snapshot of their start.
//! - hyper speaks HTTP/1.1 and HTTP/2 with clients; towards backends HTTP/1.1 is the gateway's own (`upstream::http1`).
//! - `service` handles a request: it checks the head (`request_head`), `routing` finds the API, and `mock` or
//!   `upstream` makes the response. A refusal is a `problem`.
//! - [`call`] is the client side: it builds a request from a definition and sends it.
//! - `client_address` finds the address to which IP rules apply, `access` admits callers or gives the reason for a
//!   refusal, and `rate_limits` counts admitted requests.
//! - Nodes of a fleet poll `server::discovery`, and `fleet_control` holds their polls until there is something new.
//! - Each request is logged (`access_log`), counted and timed (`meter`); `server::admin` serves operators.
//!
//! The modules point one way: upstream ← service ← server. Nothing below `server` knows a worker.

mod access;
mod access_log;
mod access_rules;
mod body_pace;
pub mod call;
mod charset;
mod client_address;
mod clock;
mod compile;
mod compiled;
mod config;
mod content_rule;
mod cors;
mod credentials;
mod fleet_control;
mod headers;
mod http2_fields;
mod issuer_keys;
mod key_meter;
mod media_type;
mod meter;
mod mock;
mod mutual_tls;
mod pages;
mod parameters;
mod preference;
mod problem;
mod rate_limits;
mod refusal_reason;
mod request_body;
mod request_head;
mod routing;
mod run;
mod server;
mod service;
mod shown_credential;
mod signals;
mod signed_body_room;
mod signing_key;
mod source_status;
mod stream;
pub mod tls;
mod token_rules;
mod upstream;
mod validate;
mod validate_response;
mod watch;

pub use access_log::{AccessLog, AccessRecord, LoggedClient};
pub use config::{BindAddress, Config, DiscoveryConfig, GatewayLimits, GatewayTimeouts, KeyFetchTimes};
pub use fleet_control::FleetControl;
pub(crate) use headers::strip_hop_by_hop;
pub use mutual_tls::{MutualTls, RefusedClient};
pub use pages::{PageSource, is_own_host};
pub use run::{Gateway, StartError};
pub use server::descriptors::ConnectionLimits;
pub use signals::{Signal, signals};
pub use source_status::SourceStatus;

#[cfg(test)]
pub(crate) use routing::values::PathValues;
pub(crate) use upstream::connect::is_refused as is_refused_address;
pub(crate) use upstream::tls_client::client_config;
