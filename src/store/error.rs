//! The faults of a store.

use std::error::Error;
use std::io;
use std::time::Duration;

use http::StatusCode;

use super::object_store::PutOutcome;

/// A call to a store that failed.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct StoreError {
    /// The store and the object.
    pub place: String,
    /// The fault.
    pub fault: StoreFault,
}

/// Reason why a call to a store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// Nobody listens there.
    #[error("cannot connect ({0})")]
    Connect(io::Error),
    /// The connection cannot be encrypted.
    #[error("cannot encrypt the connection: {0}")]
    Tls(String),
    /// The connection broke off, before or within the response.
    #[error("the connection broke off ({0})")]
    Broken(hyper::Error),
    /// The response did not come in time.
    #[error("no whole response within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The response is larger than such an object can be.
    #[error("the object is larger than {0} bytes")]
    TooLarge(u64),
    /// The request cannot be written.
    #[error("the request cannot be written: {0}")]
    Request(#[from] http::Error),
    /// The store refused.
    #[error("the store responded with {status}{}", shown_code(.code.as_deref()))]
    Status {
        /// The status.
        status: StatusCode,
        /// The code of an S3 error, of letters and digits alone.
        code: Option<String>,
    },
    /// The store sends readers elsewhere.
    #[error("the store responded with {0}, a redirect, which is not followed")]
    Redirect(StatusCode),
    /// The clocks of this machine and of the store differ.
    #[error("the clocks of this machine and of the store differ too much (RequestTimeTooSkewed{})", shown_date(.0.as_deref()))]
    ClockSkew(Option<String>),
    /// The store has no conditional writes, so that a push could undo another.
    #[error(
        "the store does not refuse a write whose condition ({condition}) does not hold: it responded with {response}"
    )]
    Unconditional {
        /// The condition.
        condition: &'static str,
        /// The response.
        response: String,
    },
    /// The store responded to a write, and has what it had before.
    #[error("the store responded with {}, and still has what was there before", shown_outcome(*.put))]
    Unchanged {
        /// The response.
        put: PutOutcome,
    },
    /// The store responded to the write of an object, and does not have it.
    #[error("the store responded with success, and does not have the object that was written")]
    NotKept,
    /// A folder cannot be read or written.
    #[error("{0}")]
    Folder(Box<dyn Error + Send + Sync>),
    /// The list of objects cannot be read.
    #[error("the list of objects cannot be read")]
    List,
    /// The list of objects goes on without an end.
    #[error("the list of objects repeats itself, or does not end")]
    EndlessList,
    /// A reader alone can use the store.
    #[error("this kind of store can only be read")]
    ReadOnly,
}

impl StoreFault {
    /// Makes the fault of a status that is no success.
    pub(super) fn of_status(status: StatusCode, code: Option<String>) -> Self {
        // Nothing was asked under a condition, so that a 304 leads nowhere.
        let is_redirect = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
        if is_redirect { Self::Redirect(status) } else { Self::Status { status, code } }
    }
}

impl StoreError {
    /// True if the same call may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match &self.fault {
            StoreFault::Connect(_) | StoreFault::Broken(_) | StoreFault::Timeout(_) => true,
            // 409 is `ConditionalRequestConflict`: another write of the same object was under way.
            StoreFault::Status { status, .. } => {
                status.is_server_error() && *status != StatusCode::NOT_IMPLEMENTED
                    || matches!(
                        *status,
                        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT
                    )
            }
            _ => false,
        }
    }
}

const fn shown_outcome(put: PutOutcome) -> &'static str {
    match put {
        PutOutcome::Written => "success",
        PutOutcome::Refused => "412 Precondition Failed",
    }
}

fn shown_code(code: Option<&str>) -> String {
    code.map(|code| format!(" ({code})")).unwrap_or_default()
}

fn shown_date(date: Option<&str>) -> String {
    date.map(|date| format!("; the store's clock says {date}")).unwrap_or_default()
}
