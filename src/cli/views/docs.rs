//! The fields of `docs`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{EnvironmentName, GroupName};

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct DocsView {
    pub(in crate::cli) schema: u32,
    /// The folder, as it was named.
    pub(in crate::cli) folder: String,
    /// True if every file in it was as it should be.
    pub(in crate::cli) up_to_date: bool,
    /// The references of what is live, or of the version that was named.
    pub(in crate::cli) pages: Vec<DocsPageView>,
    /// The number of files.
    pub(in crate::cli) files: usize,
    /// Files that were missing or had other bytes.
    pub(in crate::cli) written: Vec<String>,
    /// Files that are no longer needed.
    pub(in crate::cli) removed: Vec<String>,
}

/// The reference of a group.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct DocsPageView {
    /// None for a version by itself.
    pub(in crate::cli) environment: Option<EnvironmentName>,
    pub(in crate::cli) group: GroupName,
    /// The path below the folder.
    pub(in crate::cli) path: String,
}
