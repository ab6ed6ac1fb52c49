//! Access to the files of a definition.

use std::sync::Arc;

/// Returns the contents of a file by its path below the group's folder.
///
/// `None` if there is no such file; an error if it must not or cannot be read.
pub type Fetch<'f> = dyn FnMut(&str) -> Result<Option<Arc<[u8]>>, FetchError> + 'f;

/// The error for a file whose contents are not available.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The file exceeds the size limit, which the message states.
    #[error("{0}")]
    TooLarge(String),
    /// Access is not allowed, by apigw or by the operating system.
    #[error("{0}")]
    Refused(String),
}
