//! The author of a change, for operations and notes.

use super::digest::Digest;
use super::time::Timestamp;
use super::version_notes::VersionRemark;

/// The author of a change, with time and reason: all that an operation records besides its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The author's name.
    pub actor: String,
    /// Reason; `None` if none was given.
    pub message: Option<String>,
    /// The command that was typed, secrets blanked.
    pub command: String,
    /// The time at which the command started.
    pub now: Timestamp,
    /// True if callers may break, whatever the environment's policy says; the operation then records it.
    pub allow_breaking: bool,
}

impl Author {
    /// Returns the author's note on a version.
    #[must_use]
    pub fn remark(&self, digest: Digest) -> VersionRemark {
        VersionRemark { at: self.now, by: self.actor.clone(), why: self.message.clone(), digest }
    }
}
