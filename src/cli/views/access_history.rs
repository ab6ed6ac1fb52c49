//! The documents of operations on keys and grants.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{FindingView, OutputDocument, ShowView};
use crate::access::{
    AccessAction, Grant, Key, OwnerGrants, Revocation, Secret, SecretId, SigningSettings, SubjectState,
};
use crate::model::{Finding, KeyKind, KeyName, OperationId, OwnerName, RateLimits, SCHEMA, Timestamp};
use crate::workspace::CommittedAccess;

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessHistoryView<'a> {
    schema: u32,
    operations: Vec<AccessOperationView>,
    /// True if older operations are left out; `-n` says how many are shown.
    truncated: bool,
    /// The files that cannot be read.
    problems: Vec<FindingView<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessOperationView {
    operation: OperationId,
    subject: String,
    action: AccessAction,
    summary: String,
    time: Timestamp,
    actor: String,
    message: Option<String>,
    before: Option<OperationId>,
    /// The operations of other branches that a resolve joined with the one before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    merged: Vec<OperationId>,
    /// The subject before; null where it had no file, or where that operation cannot be read.
    state_before: Option<AccessStateView>,
    /// The subject from then on.
    state_after: AccessStateView,
}

/// All that the file of a key, of an owner or of a revocation said.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum AccessStateView {
    Key(KeyStateView),
    Owner(OwnerStateView),
    Revocation(RevocationStateView),
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct KeyStateView {
    kind: KeyKind,
    owner: Option<OwnerName>,
    description: Option<String>,
    not_before: Option<Timestamp>,
    expires: Option<Timestamp>,
    signing: SigningSettings,
    limits: RateLimits,
    secrets: Vec<SecretStateView>,
    grants: Vec<Grant>,
}

#[derive(Serialize, JsonSchema)]
struct SecretStateView {
    id: SecretId,
    created: Timestamp,
    retires: Option<Timestamp>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct OwnerStateView {
    grants: Vec<Grant>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct RevocationStateView {
    secret: SecretId,
    key: KeyName,
}

impl AccessStateView {
    fn new(state: &SubjectState) -> Self {
        match state.clone() {
            SubjectState::Key(Key {
                name: _,
                kind,
                owner,
                description,
                created: _,
                not_before,
                expires,
                signing,
                limits,
                secrets,
                grants,
            }) => {
                // The proof of a secret is nothing that a reader needs.
                let secret = |Secret { id, created, retires, .. }| SecretStateView { id, created, retires };
                let secrets = secrets.into_iter().map(secret).collect();
                Self::Key(KeyStateView {
                    kind,
                    owner,
                    description,
                    not_before,
                    expires,
                    signing,
                    limits,
                    secrets,
                    grants,
                })
            }
            SubjectState::Owner(OwnerGrants { grants, .. }) => Self::Owner(OwnerStateView { grants }),
            SubjectState::Revocation(Revocation { secret, key, .. }) => {
                Self::Revocation(RevocationStateView { secret, key })
            }
        }
    }
}

impl AccessOperationView {
    fn new(CommittedAccess { id, operation }: &CommittedAccess, before: Option<&SubjectState>) -> Self {
        Self {
            operation: id.clone(),
            subject: operation.after.subject().to_string(),
            action: operation.action,
            summary: operation.summary.clone(),
            time: operation.time,
            actor: operation.actor.clone(),
            message: operation.message.clone(),
            before: operation.before.clone(),
            merged: operation.merged.clone(),
            state_before: before.map(AccessStateView::new),
            state_after: AccessStateView::new(&operation.after),
        }
    }

    /// Returns the subject before; `None` where it had no file, or where that operation cannot be read.
    pub(in crate::cli) const fn state_before(&self) -> Option<&AccessStateView> {
        self.state_before.as_ref()
    }

    /// Returns the subject from then on.
    pub(in crate::cli) const fn state_after(&self) -> &AccessStateView {
        &self.state_after
    }
}

/// One operation on a key or on grants, as `show` prints it.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessShowView<'a> {
    schema: u32,
    #[serde(flatten)]
    pub(in crate::cli) operation: AccessOperationView,
    /// The files by which the subject before cannot be read.
    problems: Vec<FindingView<'a>>,
}

impl<'a> AccessShowView<'a> {
    pub(in crate::cli) fn new(
        committed: &CommittedAccess,
        before: Option<&SubjectState>,
        unreadable: &'a [Finding],
    ) -> Self {
        let problems = unreadable.iter().map(FindingView::new).collect();
        Self { schema: SCHEMA, operation: AccessOperationView::new(committed, before), problems }
    }
}

/// One operation: of releases, or on a key or on grants.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum ShowDocument<'a> {
    Release(Box<ShowView<'a>>),
    Access(Box<AccessShowView<'a>>),
}

impl OutputDocument for ShowDocument<'_> {}

impl<'a> AccessHistoryView<'a> {
    /// Shows the first operations of a whole history, the newest first.
    pub(in crate::cli) fn new(operations: &[CommittedAccess], most: usize, problems: &'a [Finding]) -> Self {
        let states: BTreeMap<_, _> = operations.iter().map(|found| (&found.id, &found.operation.after)).collect();
        let view = |committed: &CommittedAccess| {
            let before = committed.operation.before.as_ref().and_then(|id| states.get(id).copied());
            AccessOperationView::new(committed, before)
        };
        Self {
            schema: SCHEMA,
            operations: operations.iter().take(most).map(view).collect(),
            truncated: operations.len() > most,
            problems: problems.iter().map(FindingView::new).collect(),
        }
    }
}
