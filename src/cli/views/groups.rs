//! The documents of `group`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ApiView, FindingView, OutputDocument};
use crate::model::{Auth, GroupName, PathPrefix, SCHEMA, Version};

/// A group that was made, or whose definition was replaced.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct GroupView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    /// The number of APIs in its definition.
    pub(in crate::cli) apis: usize,
    pub(in crate::cli) prefix: PathPrefix,
    pub(in crate::cli) backend: Option<String>,
    pub(in crate::cli) version: Version,
    /// The findings in the definition, each with its place.
    pub(in crate::cli) warnings: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct GroupListView {
    schema: u32,
    groups: Vec<GroupListEntryView>,
}

impl GroupListView {
    pub(in crate::cli) const fn new(groups: Vec<GroupListEntryView>) -> Self {
        Self { schema: SCHEMA, groups }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum GroupListEntryView {
    Readable {
        group: GroupName,
        version: Version,
        prefix: PathPrefix,
        auth: Auth,
        description: Option<String>,
    },
    /// A group whose settings cannot be read.
    Unreadable {
        group: GroupName,
        problem: String,
    },
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct GroupShowView<'a> {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) description: Option<String>,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) prefix: PathPrefix,
    pub(in crate::cli) auth: Auth,
    pub(in crate::cli) backend: Option<String>,
    pub(in crate::cli) domains: Vec<String>,
    pub(in crate::cli) apis: Vec<ApiView>,
    /// The faults by which the definition cannot be read, so that no API is listed.
    pub(in crate::cli) problems: Vec<FindingView<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct GroupSetView {
    schema: u32,
    group: GroupName,
    /// The file of the settings.
    file: String,
    /// False if the settings had these values already.
    changed: bool,
}

impl GroupSetView {
    pub(in crate::cli) const fn new(group: GroupName, file: String, changed: bool) -> Self {
        Self { schema: SCHEMA, group, file, changed }
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct GroupDeleteView {
    schema: u32,
    group: GroupName,
    deleted: bool,
    /// The ways back that are lost.
    lost: Vec<String>,
}

impl GroupDeleteView {
    pub(in crate::cli) const fn new(group: GroupName, lost: Vec<String>) -> Self {
        Self { schema: SCHEMA, group, deleted: true, lost }
    }
}

impl OutputDocument for GroupView {}
impl OutputDocument for GroupListView {}
impl OutputDocument for GroupShowView<'_> {}
impl OutputDocument for GroupSetView {}
impl OutputDocument for GroupDeleteView {}
