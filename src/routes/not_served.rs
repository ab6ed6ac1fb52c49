//! APIs that no request is routed to.

use schemars::JsonSchema;
use serde::Serialize;

use crate::definition::NotRouted;

/// An API that no request is routed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotServedApi {
    /// Its operation id, or its method and path.
    pub api: String,
    /// The reason.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub reason: NotRouted,
}

fn as_text<S: serde::Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
