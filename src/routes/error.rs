//! The reasons for which a group has no routes.

use super::not_served::NotServedApi;
use crate::model::{HttpUrlError, ParameterReference, VariableError};

/// A group cannot be routed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No request can be routed to any of its APIs.
    #[error("none of its APIs can be served: of {}, {}", .0.api, .0.reason)]
    NothingRouted(NotServedApi),
    /// An address names a variable that was not bound when the group was published.
    #[error("{address}: {source}; publish it again")]
    Variable {
        /// The address.
        address: String,
        /// The fault.
        source: VariableError,
    },
    /// An address is not one of a backend.
    #[error(transparent)]
    Address(#[from] HttpUrlError),
    /// The path of an API at its backend is no path.
    #[error("forwarding.apis.{api}.path must begin with a slash")]
    BackendPath {
        /// The API.
        api: String,
    },
    /// A parameter would take the place of the name of the caller's key.
    #[error("{to} names the caller to backends, and only the gateway writes it")]
    CallerName {
        /// The parameter.
        to: ParameterReference,
    },
    /// The value of a constant parameter cannot stand in a header.
    #[error("the constant {to} has a value that cannot stand in a header")]
    Constant {
        /// The parameter.
        to: ParameterReference,
    },
    /// A text for pages of other origins cannot stand in a header.
    #[error("cors: {text:?} cannot stand in a header")]
    CrossOrigin {
        /// The text.
        text: String,
    },
}
