//! The documents that are printed as JSON and YAML, schema 1. Fields are only ever added.

mod access;
mod access_history;
mod apis;
mod checks;
mod comparison;
mod docs;
mod export;
mod fleet;
mod groups;
mod history;
mod push;
mod routes;
mod sdk;
mod status;
mod versions;
mod workspace;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

pub(super) use access::{
    AccessChangeView, AccessListEntryView, AccessListView, AccessResolveView, AccessResolvedView, AccessStepView,
    AccessTestView, HistoryDocument, KeyListView, KeyRevokeView, KeySecretView, KeyShowView, KeyView, ResolveDocument,
    RevokedSecretView, SecretView, SignView, SignedHeaderView, UndoDocument, UnusedGrantView, key_state,
};
pub(super) use access_history::{AccessHistoryView, AccessShowView, AccessStateView, ShowDocument};
pub(super) use apis::{
    ApiChangeView, ApiListView, ApiShowView, ApiView, CallView, HeaderView, MockResponseView, SentView,
};
pub(super) use checks::{CheckDocument, FormatView, RuleView, VerifyView};
pub(super) use comparison::{ChangeCountsView, CompatibilityChangeView, DiffDocument, GroupDiffView, KindView};
pub(super) use docs::{DocsPageView, DocsView};
pub(super) use export::{
    BootstrapView, DeviationView, ExportApiView, ExportDocument, ExportFileView, ExportGroupView, ExportView, FileState,
};
pub(super) use fleet::{EnvironmentFleetView, FleetStatusView, ForgottenNodeView, NodeForgetView, NodeView};
pub(super) use groups::{GroupDeleteView, GroupListEntryView, GroupListView, GroupSetView, GroupShowView, GroupView};
pub(super) use history::{HistoryRemarks, HistoryView, OperationView, ShowView};
pub(super) use push::{
    PushDocument, PushKeyView, PushPruneView, PushRepairView, PushView, PushedEntryView, PushedEnvironmentView,
    UnneededObjectView,
};
pub(super) use routes::RoutesView;
pub(super) use sdk::{SdkGroupView, SdkView};
pub(super) use status::{
    BehindView, ClosedKeyView, GatewayView, NewerView, StatusDocument, StatusEntryView, StatusView, ViewProblemView,
};
pub(super) use versions::{
    DeletedVersionView, PruneView, PrunedVersionView, VersionBlockView, VersionBumpView, VersionCreateView,
    VersionDeleteView, VersionListEntryView, VersionListView, VersionRemarkView, VersionShowView, VersionUnblockView,
};
pub(super) use workspace::{
    CompletionsView, HelpView, InitView, ManualPageView, MergeDriverDocument, RenumberedView, ResolveView,
    RestoredView, SchemaDocument, SchemaNameView, ServeView,
};

use super::error::CommandError;
use super::hints;
use super::numbers::PresentNumbers;
use crate::model::{
    Backend, Deployment, DeploymentState, Digest, EnvironmentName, Finding, GroupChange, GroupName, NodeName,
    Operation, OperationId, PolicyOverride, Release, ReleaseAction, SCHEMA, Severity, Timestamp, Version,
};
use crate::plan::{BreakingChange, GroupConflict, HeadEntry, MergeSide, Plan};

/// One document, as a command prints it for programs. `documents` lists the one of each command.
pub(super) trait OutputDocument: Serialize + JsonSchema {}

/// A deployment; without an operation where it is only planned.
#[derive(Serialize, JsonSchema)]
pub(super) struct EntryView {
    pub(super) state: DeploymentState,
    pub(super) version: Version,
    /// The number that the version has now, where a merge gave it another one than it was committed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<Version>,
    digest: Digest,
    pub(super) backend: Backend,
    since: Timestamp,
    operation: Option<OperationId>,
}

impl EntryView {
    pub(super) fn new(release: &Release, since: Timestamp, operation: Option<&OperationId>) -> Self {
        let Release { state, version, digest, backend } = release.clone();
        Self { state, version, number: None, digest, backend, since, operation: operation.cloned() }
    }

    /// Adds the number that the version has now, where that changed.
    pub(super) fn numbered(mut self, number: &Version) -> Self {
        self.number = Some(number).filter(|number| **number != self.version).cloned();
        self
    }

    pub(super) fn of(deployment: &Deployment) -> Self {
        Self::new(&deployment.release, deployment.since, Some(&deployment.operation))
    }

    fn add_number(&mut self, group: &GroupName, numbers: &PresentNumbers<'_>) {
        let number = numbers.of(group, &self.version, self.digest);
        self.number = Some(number).filter(|number| *number != self.version);
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ChangeView {
    group: GroupName,
    action: ReleaseAction,
    before: Option<EntryView>,
    /// The entries of the other histories that a resolve joined.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    merged: Vec<EntryView>,
    after: EntryView,
    /// The resolve that kept another release than this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_to: Option<OperationId>,
    /// True if no entry of the group leads to it: a merge, or an edit by hand, lost it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unexplained: bool,
}

impl ChangeView {
    pub(super) fn all(operation: &Operation, id: Option<&OperationId>) -> Vec<Self> {
        let view = |(group, change): (&GroupName, &GroupChange)| Self {
            group: group.clone(),
            action: change.action,
            before: change.before.as_ref().map(EntryView::of),
            merged: change.merged.iter().map(EntryView::of).collect(),
            after: EntryView::new(&change.after, operation.time, id),
            lost_to: None,
            unexplained: false,
        };
        operation.changes.iter().map(view).collect()
    }

    /// Adds the numbers that versions have now, where those are others.
    fn add_numbers(&mut self, numbers: &PresentNumbers<'_>) {
        let entries = self.before.iter_mut().chain(&mut self.merged).chain([&mut self.after]);
        for entry in entries {
            entry.add_number(&self.group, numbers);
        }
    }
}

/// A group that both branches of a merge changed.
#[derive(Serialize, JsonSchema)]
pub(super) struct ConflictView<'a> {
    group: &'a GroupName,
    heads: Vec<HeadView<'a>>,
}

/// One of the operations that a group has to choose among.
#[derive(Serialize, JsonSchema)]
struct HeadView<'a> {
    side: Option<MergeSide>,
    #[serde(flatten)]
    entry: EntryView,
    actor: &'a str,
    message: Option<&'a str>,
}

impl<'a> ConflictView<'a> {
    pub(super) fn new(conflict: &'a GroupConflict) -> Self {
        let head = |head: &'a HeadEntry| HeadView {
            side: head.side,
            entry: EntryView::of(&head.entry),
            actor: &head.actor,
            message: head.message.as_deref(),
        };
        Self { group: &conflict.group, heads: conflict.heads.iter().map(head).collect() }
    }
}

/// The outcome of a change, committed or not.
#[derive(Serialize, JsonSchema)]
pub(super) struct PlanView<'a> {
    schema: u32,
    environment: EnvironmentName,
    operation: Option<OperationId>,
    dry_run: bool,
    warnings: &'a [String],
    changes: Vec<ChangeView>,
    /// The groups that are as they should be already.
    unchanged: &'a [GroupName],
    /// The policies that the change overrides, and the faults that it replaces.
    #[serde(rename = "override", skip_serializing_if = "<[PolicyOverride]>::is_empty")]
    overrides: &'a [PolicyOverride],
    /// True if policies refuse the change; the error says why.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
    /// The gateways that serve the change, if they were waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateways: Option<&'a [GatewayWaitView]>,
    /// The nodes that serve the change, if they were waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<&'a [NodeWaitView]>,
}

/// A node of a fleet, and whether it serves a change that was waited for.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NodeWaitView {
    #[schemars(with = "String")]
    pub(super) node: NodeName,
    pub(super) serves: bool,
    pub(super) reason: Option<String>,
}

/// A gateway, and whether it serves a change that was waited for.
#[derive(Serialize, JsonSchema)]
pub(super) struct GatewayWaitView {
    pub(super) pid: u32,
    pub(super) addresses: Vec<String>,
    pub(super) serves: bool,
    pub(super) reason: Option<String>,
}

impl<'a> PlanView<'a> {
    pub(super) fn new(plan: &'a Plan, id: Option<&OperationId>, dry_run: bool) -> Self {
        Self {
            schema: SCHEMA,
            environment: plan.operation.environment.clone(),
            operation: id.cloned(),
            dry_run,
            warnings: &plan.warnings,
            changes: ChangeView::all(&plan.operation, id),
            unchanged: &plan.unchanged,
            overrides: &plan.operation.overrides,
            refused: false,
            gateways: None,
            nodes: None,
        }
    }

    /// Adds the numbers that versions have now, where those are others.
    pub(super) fn numbered(mut self, numbers: &PresentNumbers<'_>) -> Self {
        self.changes.iter_mut().for_each(|change| change.add_numbers(numbers));
        self
    }

    /// Marks the change as refused by policies.
    pub(super) const fn refused(mut self) -> Self {
        self.refused = true;
        self
    }

    /// Adds the gateways and the nodes that were waited for.
    pub(super) fn waited(mut self, gateways: Option<&'a [GatewayWaitView]>, nodes: Option<&'a [NodeWaitView]>) -> Self {
        (self.gateways, self.nodes) = (gateways, nodes);
        self
    }
}

/// The outcome of a release plan, one plan an environment.
#[derive(Serialize, JsonSchema)]
pub(super) struct ReleaseView<'a> {
    schema: u32,
    plans: Vec<PlanView<'a>>,
    /// The file to which the bound plan was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

impl<'a> ReleaseView<'a> {
    pub(super) const fn new(plans: Vec<PlanView<'a>>) -> Self {
        Self { schema: SCHEMA, plans, file: None }
    }

    /// Names the file to which the bound plan was written.
    pub(super) fn written_to(self, file: Option<String>) -> Self {
        Self { file, ..self }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct FindingsView<'a> {
    schema: u32,
    findings: Vec<FindingView<'a>>,
}

impl<'a> FindingsView<'a> {
    pub(super) fn new(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        Self { schema: SCHEMA, findings: findings.into_iter().map(FindingView::new).collect() }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct FindingView<'a> {
    rule: &'a str,
    severity: Severity,
    message: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    hint: Cow<'a, str>,
    /// Number of breaches of the rule that it stands for, if more than one.
    #[serde(skip_serializing_if = "is_one")]
    count: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_one(count: &usize) -> bool {
    *count == 1
}

impl<'a> FindingView<'a> {
    pub(super) fn new(finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity,
            message: &finding.message,
            file: &finding.location.file,
            line: finding.location.line,
            column: finding.location.column,
            hint: hints::text(&finding.hint),
            count: finding.count,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ErrorView<'a> {
    schema: u32,
    error: ErrorBody<'a>,
}

#[derive(Serialize, JsonSchema)]
struct ErrorBody<'a> {
    code: &'a str,
    message: String,
    hints: Vec<Cow<'a, str>>,
    exit: u8,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    reasons: &'a [String],
    /// The changes that break callers, where a policy refuses them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    breaking: Vec<BreakingChangeView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingView<'a>>,
}

/// A change that breaks callers of a group.
#[derive(Serialize, JsonSchema)]
struct BreakingChangeView<'a> {
    group: &'a GroupName,
    /// The kind, as `[changes]` in `apigw.toml` names it; null where the group goes offline.
    kind: Option<&'a str>,
    /// The API and the path below it; null where the change concerns the whole group.
    place: Option<&'a str>,
    message: &'a str,
}

impl<'a> BreakingChangeView<'a> {
    fn new(change: &'a BreakingChange) -> Self {
        let place = Some(change.place.as_str()).filter(|place| !place.is_empty());
        Self { group: &change.group, kind: change.kind, place, message: &change.message }
    }
}

impl<'a> ErrorView<'a> {
    pub(super) fn new(error: &'a CommandError) -> Self {
        let mut message = error.message.clone();
        for cause in &error.causes {
            message.push_str(": ");
            message.push_str(cause);
        }
        // A program that shows only the message still says where.
        if let Some(first) = error.findings.first() {
            message = format!("{message}: {}", first.one_line());
        }
        let from_findings = error.findings.iter().map(|finding| &finding.hint).filter(|hint| !hint.is_empty());
        let own = error.hints.iter().map(|hint| Cow::Borrowed(hint.as_str()));
        let mut hints: Vec<Cow<'_, str>> = own.chain(from_findings.map(hints::text)).collect();
        hints.dedup();
        Self {
            schema: SCHEMA,
            error: ErrorBody {
                code: error.code,
                message,
                hints,
                exit: error.exit as u8,
                reasons: &error.reasons,
                breaking: error.breaking.iter().map(BreakingChangeView::new).collect(),
                findings: error.findings.iter().map(FindingView::new).collect(),
            },
        }
    }
}

impl OutputDocument for PlanView<'_> {}
impl OutputDocument for ReleaseView<'_> {}
impl OutputDocument for ErrorView<'_> {}
impl OutputDocument for DocsView {}
impl OutputDocument for StatusDocument {}
