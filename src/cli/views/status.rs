//! The fields of `status`.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::{EntryView, FleetStatusView};
use crate::model::{EnvironmentName, GroupName, OperationId, PolicyOverride, Timestamp, Version, VersionRemark};
use crate::workspace::ViewProblem;

/// The document of `status`.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum StatusDocument {
    /// The live versions.
    Live(StatusView),
    /// The nodes.
    Fleet(FleetStatusView),
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct StatusView {
    pub(in crate::cli) schema: u32,
    /// The environments that were asked for, those without an entry among them.
    pub(in crate::cli) environments: Vec<EnvironmentName>,
    pub(in crate::cli) deployments: Vec<StatusEntryView>,
    /// The parts that cannot be read, and the live versions that cannot be served.
    pub(in crate::cli) problems: Vec<ViewProblemView>,
    /// The files of keys and owners that cannot be read, so that gateways let nobody in by them.
    pub(in crate::cli) closed_keys: Vec<ClosedKeyView>,
    /// The gateways that run on this machine.
    pub(in crate::cli) gateways: Vec<GatewayView>,
}

/// A file of a key or an owner by which gateways let nobody in.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ClosedKeyView {
    pub(in crate::cli) file: String,
    pub(in crate::cli) line: usize,
    pub(in crate::cli) message: String,
}

/// A part of a view that cannot be shown.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ViewProblemView {
    environment: EnvironmentName,
    group: Option<GroupName>,
    message: String,
}

impl ViewProblemView {
    pub(in crate::cli) fn new(problem: &ViewProblem) -> Self {
        let ViewProblem { environment, group, message } = problem.clone();
        Self { environment, group, message }
    }
}

/// An environment before this one in which a newer version is live.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct NewerView {
    pub(in crate::cli) environment: EnvironmentName,
    pub(in crate::cli) version: Version,
}

/// A gateway that runs on this machine.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct GatewayView {
    pub(in crate::cli) pid: u32,
    pub(in crate::cli) since: Timestamp,
    pub(in crate::cli) addresses: Vec<String>,
    pub(in crate::cli) admin: Option<SocketAddr>,
    pub(in crate::cli) environments: Vec<EnvironmentName>,
}

/// A gateway that serves another operation of a group than the one that is live, or none.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct BehindView {
    pub(in crate::cli) pid: u32,
    pub(in crate::cli) operation: Option<OperationId>,
    pub(in crate::cli) reason: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct StatusEntryView {
    pub(in crate::cli) environment: EnvironmentName,
    pub(in crate::cli) group: GroupName,
    #[serde(flatten)]
    pub(in crate::cli) entry: EntryView,
    /// True if the working copy differs from the group's newest version.
    pub(in crate::cli) edited: bool,
    /// The environment before this one that has a newer version.
    pub(in crate::cli) newer: Option<NewerView>,
    /// The reason why the version cannot be served as it was committed.
    pub(in crate::cli) problem: Option<String>,
    /// The block of the version, which keeps it out elsewhere.
    pub(in crate::cli) blocked: Option<VersionRemark>,
    pub(in crate::cli) urls: Vec<String>,
    pub(in crate::cli) by: Option<String>,
    pub(in crate::cli) message: Option<String>,
    /// The policies that the operation overrides, and the faults that it replaced.
    #[serde(rename = "override", skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) overrides: Vec<PolicyOverride>,
    /// The processes of the gateways on this machine in which the operation is in force.
    pub(in crate::cli) served_by: Vec<u32>,
    /// The gateways on this machine that serve the environment, and in which it is not.
    pub(in crate::cli) behind: Vec<BehindView>,
}
