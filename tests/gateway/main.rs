//! The gateway with real listeners and real backends.

mod backend;
mod client;
mod forwarding;
mod hostile;
mod limits;
mod live;
mod mocking;
mod protocols;
mod snapshot;
