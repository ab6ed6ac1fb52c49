//! HTTP/1.1 as a gateway speaks it to a backend (RFC 9112): one request at a time on a connection, written and read by
//! the task of the request itself.
//!
//! A client library runs each connection as a task of its own and hands requests and answers through channels, which costs
//! a gateway more than everything else that it does with a request. Here, a request's bytes go from the caller's headers into
//! the connection's buffer, and an answer's out of it.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod sending;
