//! Listening, accepting and watching connections, on one thread a worker.

pub(crate) mod admin;
pub(crate) mod connection;
pub(crate) mod descriptors;
pub(crate) mod discovery;
mod header_blocks;
mod header_filter;
mod key_collector;
pub(crate) mod key_fetcher;
pub(crate) mod listener;
mod observed;
mod own_listener;
pub(crate) mod own_thread;
pub(crate) mod page_listener;
mod pieces_body;
pub(crate) mod worker;
pub(crate) mod yielding;
