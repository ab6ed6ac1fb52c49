//! The options that say why a change is made.

use clap::Args;

/// Reason of a change, and the permission to break callers.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ChangeReason {
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY")]
    pub(super) message: Option<String>,
    /// Override the environment's policy on breaking changes; needs -m, and is recorded
    #[arg(long)]
    pub(super) allow_breaking: bool,
}
