//! The standing of a gateway that follows a store, for operators.

use crate::model::{EnvironmentName, Timestamp};

/// The state that a gateway has from a store, and how it stands with the store.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SourceStatus {
    /// The store.
    pub url: String,
    /// The number of the push that is served.
    pub sequence: u64,
    /// The time of that push.
    pub pushed: Timestamp,
    /// The time from which the gateway is not ready, unless another push comes.
    pub expires: Option<Timestamp>,
    /// True if that time is over.
    pub expired: bool,
    /// The environments that were named and that the push does not have: while there are some, the gateway is not
    /// ready.
    pub missing_environments: Vec<EnvironmentName>,
    /// When the store said last that there is nothing newer; `None` where it has not responded yet.
    pub checked: Option<Timestamp>,
    /// Since when it does not; `None` where it does.
    pub failing_since: Option<Timestamp>,
    /// Reason why it does not.
    pub reason: Option<String>,
}
