//! The state of an environment for other gateways: files that they load, and a report of the differences.
//!
//! Pure: from [`routes`](crate::routes) to files. [`export()`] is the entry point. A new target is a module with `files` and
//! `judge`, and a variant of [`ExportTarget`].
//!
//! - `table`: the decisions of a gateway as an ordered list, common to the targets
//! - `lower`: builds it, with `pattern`, `mock`, `cors` and `refusal`
//! - `claims`: the headers that no caller may set
//! - `upstream`: backends by the digest of their settings
//! - `feature`, `report`: the settings that a target may not express, and the verdicts about them
//! - `target`: the targets
//! - `node`: the same state for nodes that follow a control plane
//! - `envoy`, `nginx`, `haproxy`, `gateway_api`, `kong`: their translators
//!
//! Names and values of definitions and settings are data in every target's language: a translator writes JSON through
//! `serde_json`, or quotes each text by one function.

mod claims;
mod cors;
mod envoy;
mod feature;
mod gateway_api;
mod haproxy;
mod kong;
mod lower;
mod mock;
mod nginx;
mod node;
mod pattern;
mod refusal;
mod report;
mod table;
mod target;
mod upstream;

use std::net::SocketAddr;

use crate::access::{Grant, Key, OwnerGrants, RevokedSecrets};
use crate::routes::{EnvironmentRoutes, GroupRoutes};

pub use feature::SettingPlace;
pub use node::{NodeBootstrap, NodeCluster, NodeResources, NodeTls, node_bootstrap, node_listener, node_resources};
pub use report::{ApiReport, Deviation, Fidelity, GroupReport, ReportAspect};
pub use target::ExportTarget;

/// The most bytes of a body where a group names no limit, as `apigw serve` has them.
const USUAL_BODY_BYTES: u64 = 300 * 1024;

/// The settings of an export that are the engine's and not the environment's.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// The address that the engine listens on.
    pub listen: SocketAddr,
    /// The folder in which the engine finds its files; `None` for the one that it is started in.
    pub folder: Option<String>,
    /// The folder in which the engine finds the files that `forwarding.tls` names.
    pub secrets_folder: String,
    /// The listener that decides on callers.
    pub authorizer: SocketAddr,
    /// The keys of callers, for a target that asks for them itself.
    pub callers: CallerKeys,
}

/// The keys of callers, with their grants.
#[derive(Debug, Clone, Default)]
pub struct CallerKeys {
    /// The keys.
    pub keys: Vec<Key>,
    /// The grants of owners.
    pub owners: Vec<OwnerGrants>,
    /// The secrets that let nobody in.
    pub revoked: RevokedSecrets,
}

impl CallerKeys {
    /// Lists the grants of a key: its own, and those of its owner.
    fn grants<'k>(&'k self, key: &'k Key) -> impl Iterator<Item = &'k Grant> {
        let of_owner = self.owners.iter().filter(|owner| Some(&owner.owner) == key.owner.as_ref());
        key.grants.iter().chain(of_owner.flat_map(|owner| &owner.grants))
    }

    /// True if a key that may call some of a group in an environment has limits, or the grant by which it may.
    fn have_limits(&self, group: &str, environment: &str) -> bool {
        let is_there = |grant: &&Grant| {
            grant.group.as_str() == group && grant.environments.iter().any(|name| name.as_str() == environment)
        };
        let is_limited = |key: &Key| {
            self.grants(key).filter(is_there).any(|grant| !key.limits.is_empty() || !grant.limits.is_empty())
        };
        self.keys.iter().any(is_limited)
    }
}

/// Files for an engine, with the report about them.
#[derive(Debug, Clone)]
pub struct EngineExport {
    /// The files, by path below the folder.
    pub files: Vec<ExportFile>,
    /// The report of each group.
    pub groups: Vec<GroupReport>,
}

/// A file for an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// Its path below the folder.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// True if it may hold secrets, and is for its owner alone.
    pub is_private: bool,
}

impl ExportFile {
    fn new(path: &str, text: String, is_private: bool) -> Self {
        Self { path: path.to_owned(), bytes: text.into_bytes(), is_private }
    }
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
    EngineExport { files, groups: groups.iter().map(|group| report(group, target, &options.callers)).collect() }
}

/// Makes the report of a group for a target.
#[must_use]
pub fn report(group: &GroupRoutes, target: ExportTarget, callers: &CallerKeys) -> GroupReport {
    GroupReport::new(group, target, callers)
}

/// True if the settings of a group have values that are secrets.
fn has_secrets(group: &GroupRoutes) -> bool {
    use crate::routes::{RequestMapping, Responder};
    let is_secret = |mapping: &RequestMapping| matches!(mapping, RequestMapping::Set(constant) if constant.is_secret);
    let of_routes = group.routes.iter().any(|route| match &route.responder {
        Responder::Forward(own) => {
            own.mappings.iter().any(is_secret) || own.dynamic.iter().any(|dynamic| dynamic.is_secret)
        }
        Responder::Mock(_) => false,
    });
    let of_group = group.forward.as_ref().is_some_and(|forward| {
        forward.mappings.iter().any(is_secret) || forward.dynamic.iter().any(|dynamic| dynamic.is_secret)
    });
    of_routes || of_group
}

/// Names the operations that made the groups live, for the first lines of a file.
fn origins(groups: &[&GroupRoutes]) -> Vec<String> {
    let origin = |group: &&GroupRoutes| {
        let GroupRoutes { environment, group, version, operation, .. } = group;
        format!("{environment}: {group} {version}, operation {operation}")
    };
    groups.iter().map(origin).collect()
}
