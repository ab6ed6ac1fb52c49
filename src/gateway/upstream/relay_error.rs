//! The reasons for which a response breaks off.

use super::http1::BrokenExchange;

/// A response broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    /// The backend stopped sending.
    #[error("the backend sent nothing for too long")]
    Idle,
    /// The client stopped reading.
    #[error("the client took nothing for too long")]
    Untaken,
    /// The response lasts, and its caller would not be let in any more.
    #[error("the response was ended, since its request would be refused now: {0}")]
    CallerRefused(String),
    /// The exchange with the backend broke off.
    #[error("the backend's response ended early: {0}")]
    Broken(#[from] BrokenExchange),
}
