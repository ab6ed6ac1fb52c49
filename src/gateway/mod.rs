//! The gateway: serves the live groups from memory.
//!
//! This is the only asynchronous code. It is handed [`Snapshot`](crate::snapshot::Snapshot)s by somebody who reads
//! files, and touches none itself.
//!
//! - [`Gateway::start`] compiles a snapshot, listens, and runs one worker a core: a thread with a runtime, a socket an
//!   address and a pool of connections to backends of its own (`server`). Workers share nothing that is written to
//!   while requests are served.
//! - [`Gateway::replace`] compiles the next snapshot beside the one that is served (`compile`, `compiled`), and swaps one pointer.
//!   The next request that comes sees it; those in flight are answered by the snapshot of their start.
//! - hyper speaks HTTP/1.1 and HTTP/2 with clients; towards backends HTTP/1.1 is the gateway's own (`upstream::http1`).
//! - A request goes its way in `service`: its head is checked (`request_head`), `routing` finds its API, and `mock` or
//!   `upstream` answers it. A refusal is a `problem`.
//! - [`call`] is the other side: it builds a request from a definition and sends it.
//! - `client_address` finds the address that IP rules are about, `access` lets callers in or says why not, and `rate_limits`
//!   counts what was let in.
//! - Each request is written down (`access_log`), counted and timed (`meter`); operators ask `server::admin`.
//!
//! The modules point one way: upstream ← service ← server. Nothing below `server` knows a worker.

mod access;
mod access_log;
pub mod call;
mod client_address;
mod clock;
mod compile;
mod compiled;
mod config;
mod cors;
mod credentials;
mod headers;
mod issuer_keys;
mod key_meter;
mod media_type;
mod meter;
mod mock;
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
mod signals;
mod signing_key;
mod stream;
pub mod tls;
mod token_rules;
mod upstream;
mod validate;
mod validate_response;
mod watch;

pub use access_log::{AccessLog, AccessRecord};
pub use config::{BindAddress, Config, GatewayLimits, GatewayTimeouts, KeyFetchTimes};
pub(crate) use headers::strip_hop_by_hop;
pub use pages::{PageSource, is_own_host};
pub use run::{Gateway, StartError};
pub use server::descriptors::ConnectionLimits;
pub use signals::{Signal, signals};

pub(crate) use upstream::connect::is_refused as is_refused_address;
