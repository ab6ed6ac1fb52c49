//! The state of an environment for other gateways: files that they load, and a report of the differences.
//!
//! Pure: from [`routes`](crate::routes) to files. [`export()`] is the entry point. A new target is a module with
//! `files` and `judge`, and a variant of [`ExportTarget`].
//!
//! - `options`, `files`: the settings of an export, and what it writes
//! - `table`: the decisions of a gateway as an ordered list, common to the targets
//! - `host_set`: the hosts that share one
//! - `lower`: builds it, with `pattern`, `template`, `composed_path`, `mock`, `cors` and `refusal`
//! - `plain_path`: refuses paths that are those of other APIs without their semicolons
//! - `claims`: the headers that no caller may set
//! - `seen_headers`: the headers of a request that settings see, and the changes that they make
//! - `constant`: constants that a target may not send as they are
//! - `upstream`: backends by the digest of their settings
//! - `feature`, `feature_uses`, `connection_uses`, `place`: the settings that a target may not express
//! - `verdict`, `aspect`, `report`: the verdicts about them
//! - `wider`: the methods of wider paths, for targets that decide by path and method at once
//! - `length`, `long_pattern`: the lengths that targets have limits for, and paths and steps that are left out for
//!   theirs
//! - `target`: the targets
//! - `node`: the same state for nodes that follow a control plane
//! - `envoy`, `nginx`, `haproxy`, `gateway_api`, `kong`: their translators
//!
//! Names and values of definitions and settings are data in every target's language: a translator writes JSON through
//! `serde_json`, or quotes each text by one function.

mod aspect;
mod claims;
mod composed_path;
mod condition_uses;
mod connection_uses;
mod constant;
mod cors;
mod envoy;
mod feature;
mod feature_uses;
mod files;
mod gateway_api;
mod haproxy;
mod host_set;
mod kong;
mod length;
mod long_pattern;
mod lower;
mod mock;
mod nginx;
mod node;
mod options;
mod pattern;
mod place;
mod plain_path;
mod refusal;
mod report;
mod seen_headers;
mod table;
mod target;
mod template;
#[cfg(test)]
mod tests;
mod upstream;
mod verdict;
mod wider;

use std::net::SocketAddr;

use serde_json::Value;

use crate::routes::{EnvironmentRoutes, GroupRoutes};
use crate::spread::spread;

pub use aspect::ReportAspect;
pub use envoy::NodeTranslator;
pub use files::ExportFile;
pub use node::{NodeBootstrap, NodeCluster, NodeResources, NodeTls};
pub use options::{CallerKeys, ExportOptions};
pub use place::SettingPlace;
pub use report::{ApiReport, Deviation, Fidelity, GroupReport};
pub use target::ExportTarget;

/// Files for an engine, with the report about them.
#[derive(Debug, Clone)]
pub struct EngineExport {
    /// The files, by path below the folder.
    pub files: Vec<ExportFile>,
    /// The report of each group.
    pub groups: Vec<GroupReport>,
}

/// Writes the files of some environments for a target.
#[must_use]
pub fn export(target: ExportTarget, environments: &[EnvironmentRoutes], options: &ExportOptions) -> EngineExport {
    let groups: Vec<&GroupRoutes> = environments.iter().flat_map(|environment| &environment.groups).collect();
    let files = match target {
        ExportTarget::Envoy => envoy::files(&groups, options),
        ExportTarget::Nginx => nginx::files(&groups, options),
        ExportTarget::Haproxy => haproxy::files(&groups, options),
        ExportTarget::GatewayApi => gateway_api::files(&groups, options),
        ExportTarget::Kong => kong::files(&groups),
    };
    EngineExport { files, groups: spread(&groups, |group| report(group, target, &options.callers)) }
}

/// Makes the report of a group for a target.
#[must_use]
pub fn report(group: &GroupRoutes, target: ExportTarget, callers: &CallerKeys) -> GroupReport {
    GroupReport::new(group, target, callers)
}

/// Writes the listener of a node.
#[must_use]
pub fn node_listener(listen: SocketAddr) -> Value {
    envoy::node_listener(listen)
}

/// Writes the bootstrap of a node.
#[must_use]
pub fn node_bootstrap(node: &NodeBootstrap) -> Value {
    envoy::node_bootstrap(node)
}
