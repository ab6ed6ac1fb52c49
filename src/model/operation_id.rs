//! The ids of operations.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::digest::Digest;
use super::time::Timestamp;

/// The id of an operation: its time, and the first twelve digits of the SHA-256 of its file. Copies share the text.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct OperationId(Arc<str>);

/// The error for a text that is not an operation's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an operation's id: it looks like \"20261123T180000.000Z-0123456789ab\"")]
pub struct OperationIdError {
    /// The refused text, truncated if it is long.
    pub text: String,
}

impl OperationId {
    /// The length of an id, in bytes.
    pub const LENGTH: usize = 20 + 1 + 12;

    /// Creates the id of an operation whose file has the given digest.
    #[must_use]
    pub fn new(time: Timestamp, file: &Digest) -> Self {
        Self(format!("{}-{}", time.compact(), file.short()).into())
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OperationId {
    type Err = OperationIdError;

    fn from_str(text: &str) -> Result<Self, OperationIdError> {
        const SHAPE: &[u8; OperationId::LENGTH] = b"ddddddddTdddddd.dddZ-xxxxxxxxxxxx";
        let fits = text.len() == Self::LENGTH
            && text.bytes().zip(SHAPE).all(|(byte, kind)| match kind {
                b'd' => byte.is_ascii_digit(),
                b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
                exact => byte == *exact,
            });
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(OperationIdError { text: text.chars().take(Self::LENGTH + 1).collect() })
        }
    }
}

impl TryFrom<String> for OperationId {
    type Error = OperationIdError;

    fn try_from(text: String) -> Result<Self, OperationIdError> {
        text.parse()
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl From<OperationId> for String {
    fn from(id: OperationId) -> Self {
        id.as_str().to_owned()
    }
}
