//! Failures of requests to backends: the problem that the client gets, and the reason for the log.

use super::connect::ConnectError;
use super::http1::BrokenExchange;
use super::route::NoHeaderValue;
use crate::gateway::problem::{Kind, Problem};
use crate::routes::problem::UNREACHABLE_BACKEND;

/// Failure of a request to a backend, with the reason for the log.
pub(crate) struct UpstreamFailure {
    pub(crate) problem: Problem,
    /// The reason for the access log; clients are not told addresses.
    pub(crate) reason: String,
}

impl UpstreamFailure {
    pub(crate) fn new(kind: Kind, detail: &str, reason: impl Into<String>) -> Self {
        Self { problem: Problem::new(kind, detail), reason: reason.into() }
    }
}

impl From<BrokenExchange> for UpstreamFailure {
    fn from(broken: BrokenExchange) -> Self {
        let reason = broken.to_string();
        match broken {
            BrokenExchange::Request(fault) => Self { problem: Problem::of_body(fault), reason },
            BrokenExchange::Connection(_) | BrokenExchange::Closed | BrokenExchange::Malformed(_) => {
                Self::new(Kind::BadGateway, "The backend closed the connection, or its response is not HTTP.", reason)
            }
        }
    }
}

impl From<ConnectError> for UpstreamFailure {
    fn from(error: ConnectError) -> Self {
        let reason = error.to_string();
        match error {
            ConnectError::Timeout => {
                Self::new(Kind::DeadlineExceeded, "The backend did not accept a connection in time.", reason)
            }
            ConnectError::NoneLeft => {
                Self::new(Kind::SourceUnavailable, "The gateway has no free connection to a backend.", reason)
            }
            ConnectError::Refused(_) => Self::new(
                Kind::BadGateway,
                "The backend's address is one that the gateway does not connect to.",
                reason,
            ),
            ConnectError::Resolve(_) | ConnectError::Failed(_) => {
                Self::new(Kind::SourceUnavailable, UNREACHABLE_BACKEND, reason)
            }
        }
    }
}

impl From<NoHeaderValue> for UpstreamFailure {
    fn from(NoHeaderValue: NoHeaderValue) -> Self {
        let detail = "A parameter has a value that cannot stand in a header.";
        Self::new(Kind::BadRequest, detail, "a parameter that becomes a header has control characters")
    }
}
