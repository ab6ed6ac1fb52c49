//! HTTP/1.1 as a gateway speaks it to its clients (RFC 9112): one request after the other, read, answered and written by the
//! connection's own task.
//!
//! Where a request ends is decided in one place and by one reading: what [`head`] and [`requests`] let pass is what the
//! service sees and what is passed on.

mod answer;
pub(crate) mod body;
mod connection;
mod exchange;
pub(crate) mod head;
mod requests;

#[cfg(test)]
mod tests;

pub(crate) use exchange::serve;
