//! Listening, accepting and watching connections, on one thread a worker.

pub(crate) mod connection;
pub(crate) mod framing;
pub(crate) mod guard;
pub(crate) mod listener;
pub(crate) mod watch;
pub(crate) mod worker;

#[cfg(test)]
mod tests;
