//! The document of `sdk`.

use schemars::JsonSchema;
use serde::Serialize;

use super::OutputDocument;
use crate::model::{Digest, GroupName, Version};

/// The clients that were generated.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct SdkView {
    pub(in crate::cli) schema: u32,
    /// The output folder.
    pub(in crate::cli) folder: String,
    /// True if the folder had all of it already.
    pub(in crate::cli) up_to_date: bool,
    /// The files that were missing or had other bytes, below the folder.
    pub(in crate::cli) written: Vec<String>,
    /// The files that are no longer needed.
    pub(in crate::cli) removed: Vec<String>,
    pub(in crate::cli) groups: Vec<SdkGroupView>,
}

/// The clients of a group.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct SdkGroupView {
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) digest: Digest,
    /// Its folder below the output folder.
    pub(in crate::cli) folder: String,
    /// Its archives, below its folder.
    pub(in crate::cli) archives: Vec<String>,
}

impl OutputDocument for SdkView {}
