//! The HTTP methods that a definition can declare.

use std::fmt;
use std::str::FromStr;

/// A method with a field of its own in a path item (OpenAPI 3.1, section 4.8.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are those of RFC 9110, section 9, RFC 5789, and OpenAPI 3.2, section 4.9")]
pub enum Method {
    Get,
    Put,
    Post,
    Delete,
    Options,
    Head,
    Patch,
    Trace,
    Query,
}

/// The error for a text that is not a method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a method: use GET, PUT, POST, DELETE, OPTIONS, HEAD, PATCH, TRACE or QUERY")]
pub struct MethodError {
    /// The refused text.
    pub text: String,
}

impl Method {
    /// All methods, in the order in which OpenAPI lists them.
    pub const ALL: [Self; 9] = [
        Self::Get,
        Self::Put,
        Self::Post,
        Self::Delete,
        Self::Options,
        Self::Head,
        Self::Patch,
        Self::Trace,
        Self::Query,
    ];

    /// Returns the method as written in a request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
            Self::Trace => "TRACE",
            Self::Query => "QUERY",
        }
    }

    /// Returns the field of a path item that holds the method's operation.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Put => "put",
            Self::Post => "post",
            Self::Delete => "delete",
            Self::Options => "options",
            Self::Head => "head",
            Self::Patch => "patch",
            Self::Trace => "trace",
            Self::Query => "query",
        }
    }
}

impl FromStr for Method {
    type Err = MethodError;

    /// Parses a method, ignoring case.
    fn from_str(text: &str) -> Result<Self, MethodError> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| MethodError { text: text.to_owned() })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
