//! The kinds of problem.

use crate::check::rules::files::STATE_IGNORED;
use crate::check::rules::records::{
    ABANDONED, BLOCKED, DAMAGED, FOREIGN, HAND_EDIT, LEFTOVER, MISSING, UNEXPLAINED, UNREFERENCED,
};
use crate::check::{KEY_FILE_NAME, PRIVATE_KEY, REVOCATIONS_UNREAD, SECRET_LEAKED, SECRET_MISSING, SECRET_REUSED};
use crate::model::{MERGE_CONFLICT, Rule};

/// The kinds of problem that a workspace can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, schemars::JsonSchema, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// A file of apigw's was edited by hand.
    HandEdit,
    /// Git left both sides of a merge in a file.
    MergeConflict,
    /// Bytes are not those that were written.
    Damaged,
    /// Something that must be there is not.
    Missing,
    /// Something is there that does not belong to the workspace.
    Foreign,
    /// An operation was prepared and never committed.
    Abandoned,
    /// A committed operation that no entry leads to, for no known reason.
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
    /// Commits may have revocations that are not known here.
    RevocationsUnread,
    /// A secret stands in clear where everybody reads it.
    SecretLeaked,
    /// A file among the keys is ignored because of its name.
    IgnoredKeyFile,
    /// Git ignores a part of the state.
    IgnoredState,
}

impl ProblemKind {
    /// Returns the rule that a problem of this kind violates.
    pub(super) const fn rule(self) -> &'static Rule {
        match self {
            Self::HandEdit => &HAND_EDIT,
            Self::MergeConflict => &MERGE_CONFLICT,
            Self::Damaged => &DAMAGED,
            Self::Missing => &MISSING,
            Self::Foreign => &FOREIGN,
            Self::Abandoned => &ABANDONED,
            Self::Unexplained => &UNEXPLAINED,
            Self::Blocked => &BLOCKED,
            Self::Leftover => &LEFTOVER,
            Self::NoSecret => &SECRET_MISSING,
            Self::PrivateKey => &PRIVATE_KEY,
            Self::Unreferenced => &UNREFERENCED,
            Self::SecretReused => &SECRET_REUSED,
            Self::RevocationsUnread => &REVOCATIONS_UNREAD,
            Self::SecretLeaked => &SECRET_LEAKED,
            Self::IgnoredKeyFile => &KEY_FILE_NAME,
            Self::IgnoredState => &STATE_IGNORED,
        }
    }
}
