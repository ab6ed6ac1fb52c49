//! The documents of `key`, `access`, `sign`, and of the history and the undo of what they change.

use schemars::JsonSchema;
use serde::Serialize;

use super::{AccessHistoryView, FindingView, HistoryView, OutputDocument, PlanView, ResolveView};
use crate::access::{AccessAction, Grant, GrantId, Key, RevokedSecrets, Secret, SecretId, SigningSettings};
use crate::model::{
    EnvironmentName, GroupName, KeyKind, KeyName, OperationId, OwnerName, RateLimits, SCHEMA, Timestamp,
};

/// A secret that was made, with a key or in the place of one before.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct KeySecretView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) operation: OperationId,
    pub(in crate::cli) key: KeyName,
    pub(in crate::cli) kind: KeyKind,
    /// The id of the secret.
    pub(in crate::cli) secret: SecretId,
    /// The file that holds it.
    pub(in crate::cli) file: Option<String>,
    /// The secret itself, on a terminal alone.
    pub(in crate::cli) text: Option<String>,
    pub(in crate::cli) expires: Option<Timestamp>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct KeyRevokeView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) key: KeyName,
    pub(in crate::cli) revoked: Vec<RevokedSecretView>,
    /// The secrets that still let in.
    pub(in crate::cli) live: Vec<SecretId>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct RevokedSecretView {
    pub(in crate::cli) secret: SecretId,
    pub(in crate::cli) operation: OperationId,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct KeyListView<'a> {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) keys: Vec<KeyView>,
    /// The files that cannot be read.
    pub(in crate::cli) problems: Vec<FindingView<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct KeyShowView {
    pub(in crate::cli) schema: u32,
    /// The latest operation on it.
    pub(in crate::cli) operation: OperationId,
    #[serde(flatten)]
    pub(in crate::cli) key: KeyView,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct KeyView {
    name: KeyName,
    kind: KeyKind,
    owner: Option<OwnerName>,
    description: Option<String>,
    created: Timestamp,
    not_before: Option<Timestamp>,
    expires: Option<Timestamp>,
    /// `live`, `not yet valid`, `expired`, or `no live secret`.
    pub(in crate::cli) state: &'static str,
    signing: SigningSettings,
    /// The most requests with it in each environment.
    limits: RateLimits,
    secrets: Vec<SecretView>,
    grants: Vec<Grant>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct SecretView {
    pub(in crate::cli) id: SecretId,
    pub(in crate::cli) created: Timestamp,
    pub(in crate::cli) retires: Option<Timestamp>,
    /// `live`, `retired` or `revoked`.
    pub(in crate::cli) state: &'static str,
}

fn secret_state(secret: &Secret, revoked: &RevokedSecrets, now: Timestamp) -> &'static str {
    if revoked.contains(&secret.id) {
        "revoked"
    } else if secret.is_live(now) {
        "live"
    } else {
        "retired"
    }
}

/// Names the state of a key: `live` where it lets in.
pub(in crate::cli) fn key_state(key: &Key, revoked: &RevokedSecrets, now: Timestamp) -> &'static str {
    if key.expires.is_some_and(|expires| now >= expires) {
        "expired"
    } else if key.not_before.is_some_and(|from| now < from) {
        "not yet valid"
    } else if key.secrets.iter().any(|secret| secret_state(secret, revoked, now) == "live") {
        "live"
    } else {
        "no live secret"
    }
}

impl KeyView {
    pub(in crate::cli) fn new(key: &Key, revoked: &RevokedSecrets, now: Timestamp) -> Self {
        let secrets = key.secrets.iter().map(|secret| SecretView {
            id: secret.id.clone(),
            created: secret.created,
            retires: secret.retires,
            state: secret_state(secret, revoked, now),
        });
        Self {
            state: key_state(key, revoked, now),
            secrets: secrets.collect(),
            name: key.name.clone(),
            kind: key.kind,
            owner: key.owner.clone(),
            description: key.description.clone(),
            created: key.created,
            not_before: key.not_before,
            expires: key.expires,
            signing: key.signing.clone(),
            limits: key.limits.clone(),
            grants: key.grants.clone(),
        }
    }

    /// Returns the secrets.
    pub(in crate::cli) fn secrets(&self) -> &[SecretView] {
        &self.secrets
    }
}

/// A change of a key or of grants; without an operation where nothing was changed.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessChangeView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) operation: Option<OperationId>,
    pub(in crate::cli) dry_run: bool,
    /// Like `key ci` or `owner web`.
    pub(in crate::cli) subject: String,
    pub(in crate::cli) action: Option<AccessAction>,
    /// The fields that changed, in a line.
    pub(in crate::cli) summary: Option<String>,
    /// All grants of the subject from then on.
    pub(in crate::cli) grants: Vec<Grant>,
}

/// The joining of the histories of keys, owners and revocations.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessResolveView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) dry_run: bool,
    pub(in crate::cli) changes: Vec<AccessResolvedView>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessResolvedView {
    /// Like `key ci` or `owner web`.
    pub(in crate::cli) subject: String,
    /// The operation that the file is at from then on; `null` in a dry run.
    pub(in crate::cli) operation: Option<OperationId>,
    /// The operation in a line; `null` where the file became that of the one head, without an operation.
    pub(in crate::cli) summary: Option<String>,
    pub(in crate::cli) before: Option<OperationId>,
    /// The operations of other branches that were joined or dropped.
    pub(in crate::cli) merged: Vec<OperationId>,
    /// The grants of one branch that a revocation of the other removes.
    pub(in crate::cli) withheld: Vec<String>,
    /// All grants of the subject from then on.
    pub(in crate::cli) grants: Vec<Grant>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessListView<'a> {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) grants: Vec<AccessListEntryView>,
    /// The grants of owners that have no key: nobody may call by them.
    pub(in crate::cli) without_key: Vec<UnusedGrantView>,
    /// The files that cannot be read.
    pub(in crate::cli) problems: Vec<FindingView<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct UnusedGrantView {
    pub(in crate::cli) owner: OwnerName,
    #[serde(flatten)]
    pub(in crate::cli) grant: Grant,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessListEntryView {
    pub(in crate::cli) key: KeyName,
    /// `live`, or why the key may call nothing: `not yet valid`, `expired`, or `no live secret`.
    pub(in crate::cli) state: &'static str,
    pub(in crate::cli) kind: KeyKind,
    pub(in crate::cli) owner: Option<OwnerName>,
    /// True if the grant is the owner's.
    pub(in crate::cli) by_owner: bool,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) environment: EnvironmentName,
    /// The APIs; all where it is empty.
    pub(in crate::cli) apis: Vec<String>,
    /// The most requests by the grant in the environment.
    pub(in crate::cli) limits: RateLimits,
    pub(in crate::cli) grant: GrantId,
    pub(in crate::cli) since: Timestamp,
    pub(in crate::cli) by: String,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessTestView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) key: KeyName,
    pub(in crate::cli) allowed: bool,
    /// The steps in the order in which a gateway takes them.
    pub(in crate::cli) steps: Vec<AccessStepView>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct AccessStepView {
    pub(in crate::cli) step: &'static str,
    pub(in crate::cli) passed: bool,
    pub(in crate::cli) reason: String,
    /// The command or the change that makes it pass.
    pub(in crate::cli) next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct SignView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) headers: Vec<SignedHeaderView>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct SignedHeaderView {
    pub(in crate::cli) name: String,
    pub(in crate::cli) value: String,
}

/// The history of releases, or with `--access` that of keys and grants.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum HistoryDocument<'a> {
    Releases(HistoryView<'a>),
    Access(AccessHistoryView<'a>),
}

/// The reversal of a release, or with `--access` of a change of a key or of grants.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the two documents of one command, for its schema; each is printed by itself")]
pub(in crate::cli) enum UndoDocument<'a> {
    Release(PlanView<'a>),
    Access(AccessChangeView),
}

/// The joining of an environment's histories, or with `--access` of those of keys and owners.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the two documents of one command, for its schema; each is printed by itself")]
pub(in crate::cli) enum ResolveDocument<'a> {
    Environment(ResolveView<'a>),
    Access(AccessResolveView),
}

impl OutputDocument for AccessResolveView {}
impl OutputDocument for ResolveDocument<'_> {}
impl OutputDocument for KeySecretView {}
impl OutputDocument for KeyRevokeView {}
impl OutputDocument for KeyListView<'_> {}
impl OutputDocument for KeyShowView {}
impl OutputDocument for AccessChangeView {}

impl AccessChangeView {
    /// Makes the document of a command that found nothing to change.
    pub(in crate::cli) const fn unchanged(subject: String, grants: Vec<Grant>) -> Self {
        Self { schema: SCHEMA, operation: None, dry_run: false, subject, action: None, summary: None, grants }
    }
}
impl OutputDocument for AccessListView<'_> {}
impl OutputDocument for AccessTestView {}
impl OutputDocument for SignView {}
impl OutputDocument for HistoryDocument<'_> {}
impl OutputDocument for UndoDocument<'_> {}
