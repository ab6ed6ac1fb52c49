//! Real backends: their choice, their connections, and the requests that they are sent.

pub(crate) mod connect;
pub(crate) mod failure;
pub(crate) mod forward;
pub(crate) mod http1;
pub(crate) mod identity;
pub(crate) mod pool;
pub(crate) mod relay;
pub(crate) mod relay_error;
pub(crate) mod relayed_connection;
pub(crate) mod route;
pub(crate) mod signing;
pub(crate) mod target;
pub(crate) mod tls_client;
pub(crate) mod websocket;
