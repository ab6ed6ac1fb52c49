//! Ways of requests to an API: the conditions beside method and path, or the reason why there is no way.

use std::fmt;

/// The conditions of a request for an API beyond its method and path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiRoute {
    /// True if the API also matches everything below its path.
    pub is_prefix: bool,
    /// Conditions on the query.
    pub query: Vec<QueryCondition>,
}

/// A condition on a parameter in the query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct QueryCondition {
    /// The name, as written.
    pub name: String,
    /// The value, as written; `None` if any value matches.
    pub value: Option<String>,
}

/// The reason why an API has no route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRouted {
    /// The path is not a valid template.
    Template(&'static str),
    /// Requests for the path are refused, since the path is ambiguous.
    Unreachable,
    /// Another API already matches the same requests.
    Taken {
        /// The other API, as `METHOD path`.
        by: String,
        /// The line of the other API.
        line: usize,
    },
}

impl fmt::Display for NotRouted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(fault) => write!(formatter, "its path {fault}"),
            Self::Unreachable => formatter.write_str("its path is read in more than one way"),
            Self::Taken { by, line } => write!(formatter, "its requests are those of {by} on line {line}"),
        }
    }
}
