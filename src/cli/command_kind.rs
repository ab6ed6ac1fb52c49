//! Properties of a command that decide about its output and its options.

use super::output::OutputFormat;

/// Properties of a command.
pub(super) struct CommandKind {
    /// The formats in which it can print.
    pub(super) formats: &'static [OutputFormat],
    /// True if it goes on after it has printed its document.
    pub(super) runs_on: bool,
    /// True if it writes files of the workspace that are committed, so that it may ask and waits for the lock.
    pub(super) writes_committed_files: bool,
}
