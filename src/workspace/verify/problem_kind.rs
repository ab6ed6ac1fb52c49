//! The kinds of problem.

use crate::model::Severity;

/// The kinds of problem that a workspace can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, schemars::JsonSchema, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// A file of apigw's was edited by hand.
    HandEdit,
    /// Bytes are not those that were written.
    Damaged,
    /// Something that must be there is not.
    Missing,
    /// Something is there that does not belong to the workspace.
    Foreign,
    /// An operation was prepared and never committed.
    Abandoned,
    /// No entry leads to a committed operation, for no known reason.
    Unexplained,
    /// A blocked version is live.
    Blocked,
    /// A command that died left temporary files.
    Leftover,
    /// A secret of a key is not on this machine, or cannot be used.
    NoSecret,
    /// A private key lies where Git would add it.
    PrivateKey,
    /// No operation names a frozen version.
    Unreferenced,
    /// A secret was revoked under another id, or two keys have it.
    SecretReused,
    /// A secret stands in clear where everybody reads it.
    SecretLeaked,
    /// A file among the keys is ignored because of its name.
    IgnoredKeyFile,
}

impl ProblemKind {
    /// Returns the word for output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HandEdit => "hand-edit",
            Self::Damaged => "damaged",
            Self::Missing => "missing",
            Self::Foreign => "foreign",
            Self::Abandoned => "abandoned",
            Self::Unexplained => "unexplained",
            Self::Blocked => "blocked",
            Self::Leftover => "leftover",
            Self::NoSecret => "no-secret",
            Self::PrivateKey => "private-key",
            Self::Unreferenced => "unreferenced",
            Self::SecretReused => "secret-reused",
            Self::SecretLeaked => "secret-leaked",
            Self::IgnoredKeyFile => "ignored-key-file",
        }
    }

    pub(super) const fn severity(self) -> Severity {
        match self {
            Self::HandEdit
            | Self::Damaged
            | Self::Missing
            | Self::Unexplained
            | Self::PrivateKey
            | Self::SecretReused
            | Self::SecretLeaked
            | Self::IgnoredKeyFile => Severity::Error,
            Self::Foreign | Self::Abandoned | Self::Blocked | Self::Leftover | Self::NoSecret | Self::Unreferenced => {
                Severity::Warning
            }
        }
    }
}
