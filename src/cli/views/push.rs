//! The documents of `push`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{EntryView, OutputDocument};
use crate::model::{Digest, EnvironmentName, GroupName, Timestamp};

/// A push, or the key that was made for pushes.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum PushDocument {
    Push(PushView),
    Repair(PushRepairView),
    Prune(PushPruneView),
    Key(PushKeyView),
}

impl OutputDocument for PushDocument {}

/// A push, made or not.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct PushView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) destination: String,
    pub(in crate::cli) dry_run: bool,
    /// True if the destination had this state before.
    pub(in crate::cli) up_to_date: bool,
    /// The number of pushes to the destination, this one included.
    pub(in crate::cli) sequence: u64,
    /// The digest of the list of files.
    pub(in crate::cli) state: Digest,
    /// When readers stop being ready, unless another push comes.
    pub(in crate::cli) expires: Option<Timestamp>,
    /// The number of objects that the destination did not have.
    pub(in crate::cli) new_objects: usize,
    /// The key that readers pin.
    pub(in crate::cli) public_key: String,
    pub(in crate::cli) environments: Vec<PushedEnvironmentView>,
}

/// An environment of a push.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct PushedEnvironmentView {
    pub(in crate::cli) environment: EnvironmentName,
    /// The number of its groups, offline ones among them.
    pub(in crate::cli) groups: usize,
    /// The entries that the destination did not have.
    pub(in crate::cli) changed: Vec<PushedEntryView>,
}

/// An entry that is pushed.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct PushedEntryView {
    pub(in crate::cli) group: GroupName,
    #[serde(flatten)]
    pub(in crate::cli) entry: EntryView,
}

/// Objects that were written again.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct PushRepairView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) destination: String,
    /// The number of objects that were missing or damaged.
    pub(in crate::cli) repaired_objects: usize,
}

/// Objects that no reader needs, removed or not.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct PushPruneView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) destination: String,
    pub(in crate::cli) dry_run: bool,
    /// The number of the last pushes whose states are kept.
    pub(in crate::cli) kept_pushes: u64,
    /// The number of objects that are removed.
    pub(in crate::cli) removed_objects: usize,
    /// The objects that no reader needs. Some stay where there are too many for one run.
    pub(in crate::cli) unneeded: Vec<UnneededObjectView>,
}

/// An object that no reader needs.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct UnneededObjectView {
    pub(in crate::cli) digest: Digest,
    pub(in crate::cli) bytes: u64,
    /// The time at which it was written.
    pub(in crate::cli) modified: Timestamp,
}

/// A key that was made for pushes.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct PushKeyView {
    pub(in crate::cli) schema: u32,
    /// The file of the private key.
    pub(in crate::cli) file: String,
    /// The key that readers pin.
    pub(in crate::cli) public_key: String,
}
