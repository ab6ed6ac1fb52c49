//! The gateway with real listeners and real backends.

#![expect(clippy::expect_used, reason = "what a test needs is there, or the test has failed")]

mod access;
mod access_logs;
mod answers;
mod authorize;
mod backend;
mod backends;
mod backpressure;
mod checked_responses;
mod client;
mod connection;
mod forwarding;
mod frames;
mod framing;
mod hostile;
mod hostile_http2;
mod issuer_keys;
mod limits;
mod live;
mod mocking;
mod ongoing_calls;
mod passing;
mod paths;
mod protocols;
mod rate_limits;
mod signatures;
mod signing;
mod snapshot;
mod stuck;
mod tokens;
mod websocket_callers;
