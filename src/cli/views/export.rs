//! The document of `export`.

use schemars::JsonSchema;
use serde::Serialize;

use super::OutputDocument;
use crate::export::{Fidelity, ReportAspect};
use crate::model::{EnvironmentName, GroupName, OperationId, Version};

/// The document of `export`.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum ExportDocument<'a> {
    /// Files for an engine.
    Files(&'a ExportView<'a>),
    /// The bootstrap of a node.
    Bootstrap(BootstrapView),
}

/// The bootstrap of a node.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct BootstrapView {
    pub(in crate::cli) schema: u32,
    /// The configuration that Envoy is started with.
    pub(in crate::cli) bootstrap: serde_json::Value,
}

/// An export: its files, and the differences of the target from the gateway.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ExportView<'a> {
    pub(in crate::cli) schema: u32,
    /// The engine that the files are for.
    pub(in crate::cli) target: &'static str,
    /// The folder of the files.
    pub(in crate::cli) folder: String,
    /// True if the folder had the same files before.
    pub(in crate::cli) up_to_date: bool,
    pub(in crate::cli) files: Vec<ExportFileView<'a>>,
    pub(in crate::cli) groups: Vec<ExportGroupView<'a>>,
}

/// A file of an export.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ExportFileView<'a> {
    /// Its path below the folder.
    pub(in crate::cli) path: &'a str,
    pub(in crate::cli) state: FileState,
}

/// The state of a file before the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum FileState {
    /// It is as it should be.
    Unchanged,
    /// It is written; with --check, it would be.
    Written,
    /// It is removed; with --check, it would be.
    Removed,
}

/// The report of a group.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ExportGroupView<'a> {
    pub(in crate::cli) environment: &'a EnvironmentName,
    pub(in crate::cli) group: &'a GroupName,
    pub(in crate::cli) version: &'a Version,
    /// The operation that made it live.
    pub(in crate::cli) operation: &'a OperationId,
    /// The differences of the whole group.
    pub(in crate::cli) deviations: Vec<DeviationView<'a>>,
    pub(in crate::cli) apis: Vec<ExportApiView<'a>>,
}

/// The report of an API.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ExportApiView<'a> {
    /// Its operation id, or its method and path.
    pub(in crate::cli) api: &'a str,
    /// The worst of its own differences and the group's.
    pub(in crate::cli) fidelity: Fidelity,
    /// The differences of this API alone.
    pub(in crate::cli) deviations: Vec<DeviationView<'a>>,
}

/// A setting that the target does not express exactly.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::cli) struct DeviationView<'a> {
    pub(in crate::cli) aspect: ReportAspect,
    pub(in crate::cli) fidelity: Fidelity,
    /// The difference.
    pub(in crate::cli) detail: &'a str,
    /// The file of the setting.
    pub(in crate::cli) file: String,
    /// Its line; 0 for the file as a whole, where the setting has its default.
    pub(in crate::cli) line: usize,
}

impl OutputDocument for ExportDocument<'_> {}
