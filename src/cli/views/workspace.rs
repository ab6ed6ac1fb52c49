//! The documents of the commands that concern a workspace as a whole.

use std::net::SocketAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::{ChangeView, ConflictView, EntryView, GatewayWaitView, NodeWaitView, OutputDocument};
use crate::model::{Digest, EnvironmentName, GroupName, OperationId, PolicyOverride, SCHEMA, Version};

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct InitView {
    schema: u32,
    folder: String,
    /// The files that were made, below the folder.
    files: Vec<String>,
}

impl InitView {
    pub(in crate::cli) const fn new(folder: String, files: Vec<String>) -> Self {
        Self { schema: SCHEMA, folder, files }
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ResolveView<'a> {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) environment: EnvironmentName,
    pub(in crate::cli) operation: Option<OperationId>,
    pub(in crate::cli) dry_run: bool,
    pub(in crate::cli) warnings: &'a [String],
    pub(in crate::cli) changes: Vec<ChangeView>,
    /// The policies that the change overrides, and the faults that it replaces.
    #[serde(rename = "override")]
    pub(in crate::cli) overrides: &'a [PolicyOverride],
    /// The entries that became their group's one head, without an operation.
    pub(in crate::cli) restored: Vec<RestoredView>,
    /// The versions whose number was frozen with other bytes on both sides.
    pub(in crate::cli) versions: Vec<RenumberedView>,
    /// The groups that still need a choice.
    pub(in crate::cli) unresolved: Vec<ConflictView<'a>>,
    /// The gateways that serve the change or do not, where that was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) gateways: Option<&'a [GatewayWaitView]>,
    /// The nodes that serve the change or do not, where they were waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) nodes: Option<&'a [NodeWaitView]>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct RestoredView {
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) before: Option<EntryView>,
    pub(in crate::cli) after: Option<EntryView>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct RenumberedView {
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) frozen_as: Version,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) digest: Digest,
}

/// The outcome of a merge, or of installing the driver.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum MergeDriverDocument {
    Installed {
        schema: u32,
        installed: bool,
    },
    Merged {
        schema: u32,
        /// False if conflicts are marked in the file.
        clean: bool,
    },
}

/// The gateway as it began to serve.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ServeView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) pid: u32,
    /// The addresses on which it listens.
    pub(in crate::cli) listening: Vec<String>,
    pub(in crate::cli) admin: Option<SocketAddr>,
    /// Address of the authorizer for proxies.
    pub(in crate::cli) authorize: Option<SocketAddr>,
    /// The address of the documents.
    pub(in crate::cli) docs: Option<SocketAddr>,
    /// Where nodes poll.
    pub(in crate::cli) xds: Option<SocketAddr>,
    pub(in crate::cli) environments: Vec<EnvironmentName>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct CompletionsView {
    schema: u32,
    shell: &'static str,
    script: String,
}

impl CompletionsView {
    pub(in crate::cli) const fn new(shell: &'static str, script: String) -> Self {
        Self { schema: SCHEMA, shell, script }
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ManualPageView {
    schema: u32,
    /// The command, `apigw` first, or the topic.
    name: String,
    /// The page, in roff.
    page: String,
}

impl ManualPageView {
    pub(in crate::cli) const fn new(name: String, page: String) -> Self {
        Self { schema: SCHEMA, name, page }
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct HelpView {
    schema: u32,
    /// The command, `apigw` first, or the topic.
    name: String,
    text: String,
}

impl HelpView {
    pub(in crate::cli) const fn new(name: String, text: String) -> Self {
        Self { schema: SCHEMA, name, text }
    }
}

/// A JSON Schema, marked by `$schema`; without a name, the names that there are.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum SchemaDocument {
    Names {
        schema: u32,
        names: Vec<SchemaNameView>,
    },
    #[expect(dead_code, reason = "a schema is printed as it is; this is its place in the schema of the document")]
    Schema(#[schemars(schema_with = "json_schema")] Value),
}

fn json_schema(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "object", "required": ["$schema"]})
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct SchemaNameView {
    pub(in crate::cli) name: String,
    pub(in crate::cli) meaning: String,
}

impl OutputDocument for InitView {}
impl OutputDocument for ResolveView<'_> {}
impl OutputDocument for MergeDriverDocument {}
impl OutputDocument for ServeView {}
impl OutputDocument for CompletionsView {}
impl OutputDocument for ManualPageView {}
impl OutputDocument for HelpView {}
impl OutputDocument for SchemaDocument {}
