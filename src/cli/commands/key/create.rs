//! `apigw key create` and `apigw key rotate`: secrets that are made with a key, or in the place of one before.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ring::rand::SystemRandom;

use super::super::access::confirm_grants;
use super::unnamed_issuer::unnamed_issuer;
use super::unused::{check_unbound, check_unused};
use super::{KeyCreateArguments, PairArguments, RotateArguments, SecretOut, confirm_use};
use crate::access::change::{self, NextSecret, PublicText};
use crate::access::{
    AccessOperation, AccessSubject, Grant, Key, NewSecret, PrivateKey, PublicKey, Secret, SecretId, SecretProof,
    SigningSettings, TokenBinding,
};
use crate::cli::change::shown_after_commit;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::limits::{check_granted_limits, typed_limits};
use crate::cli::output::OutputFormat;
use crate::cli::reason::ChangeReason;
use crate::cli::views::KeySecretView;
use crate::model::{KeyKind, KeyName, OwnerName, SCHEMA, Timestamp};
use crate::workspace::{self, ExistingPart, LockGuard, Workspace, read_outside};

pub(super) fn create(context: &Context<'_>, arguments: &KeyCreateArguments) -> Result<Exit, CommandError> {
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    let kind = KeyKind::from(arguments.kind);
    let signs = arguments.region.is_some() || arguments.service.is_some() || arguments.path.is_some();
    if signs && kind != KeyKind::Signature {
        return Err(CommandError::usage("--region, --service and --path need `--kind signature`")
            .hint("leave them out, or make a key of `--kind signature`"));
    }
    let limits = typed_limits(&arguments.limit)?;
    let binding = arguments.issuer.clone().zip(arguments.subject.clone());
    let binding = binding.map(|(issuer, subject)| TokenBinding { issuer, subject });
    let source = match (kind, binding) {
        (KeyKind::Token, Some(binding)) => {
            check_pair(kind, &arguments.pair)?;
            SecretSource::Subject(binding)
        }
        (KeyKind::Token, None) => {
            return Err(CommandError::usage("a key of kind token is bound to the subject of an issuer")
                .hint("name both: `--issuer ISSUER --subject SUBJECT`"));
        }
        (_, Some(_)) => {
            return Err(CommandError::usage("--issuer and --subject need `--kind token`")
                .hint("leave them out, or make a key of `--kind token`"));
        }
        (kind, None) => SecretSource::choose(context, kind, &arguments.pair)?,
    };
    source.check_out(context, &arguments.out)?;
    if let Some(description) = &arguments.description {
        context.refuse_secrets(description, PublicText::Description)?;
    }
    let guard = context.workspace()?.lock(&context.lock_request())?;
    if guard.workspace().access_record(&AccessSubject::Key(arguments.name.clone()))?.is_some() {
        return Err(workspace::Error::Exists(ExistingPart::Key(arguments.name.clone())).into());
    }
    let of_owner = match &arguments.owner {
        Some(owner) => guard.workspace().owner_grants(owner)?.0.grants,
        None => Vec::new(),
    };
    check_granted_limits(guard.workspace(), &limits, &of_owner)?;
    check_source(guard.workspace(), &source, author.now)?;
    confirm_grants(context, &[Vec::new()], &of_owner)?;
    let unnamed = match &arguments.issuer {
        Some(issuer) => unnamed_issuer(guard.workspace(), issuer)?,
        None => None,
    };
    let made = MadeSecret::new(source, author.now)?;
    let signing = SigningSettings {
        region: arguments.region.clone(),
        service: arguments.service.clone(),
        path: arguments.path.map(Into::into).unwrap_or_default(),
    };
    let key = Key {
        name: arguments.name.clone(),
        kind,
        owner: arguments.owner.clone(),
        description: arguments.description.clone(),
        created: author.now,
        not_before: arguments.not_before.map(|time| time.resolve(author.now)),
        expires: arguments.expires.map(|time| time.resolve(author.now)),
        signing,
        limits,
        secrets: vec![made.secret.clone()],
        grants: Vec::new(),
    };
    let operation = change::create(key.clone(), &author)?;
    commit(context, &guard, (operation, &key), &made, &arguments.out)?;
    context.output.note(&first_grants(&arguments.name, arguments.owner.as_ref(), &of_owner));
    if let Some(warning) = unnamed {
        context.output.warning(&warning);
    }
    Ok(Exit::Done)
}

/// Tells which calls a new key may make: those that the grants of its owner allow.
fn first_grants(name: &KeyName, owner: Option<&OwnerName>, of_owner: &[Grant]) -> String {
    let Some(owner) = owner.filter(|_| !of_owner.is_empty()) else {
        return format!("it may call nothing yet: `apigw access grant {name} GROUP --env ENV`");
    };
    let calls: BTreeSet<String> = of_owner
        .iter()
        .flat_map(|grant| grant.environments.iter().map(|environment| format!("{} in {environment}", grant.group)))
        .collect();
    let calls = calls.into_iter().collect::<Vec<_>>().join(", ");
    format!("it has the grants of owner {owner}: {calls}; see `apigw access list --key {name}`")
}

/// Refuses a subject or a public key that another secret has or had.
fn check_source(workspace: &Workspace, source: &SecretSource, now: Timestamp) -> Result<(), CommandError> {
    match source {
        SecretSource::Subject(binding) => check_unbound(workspace, binding),
        SecretSource::Given(public) => check_unused(workspace, public, now),
        SecretSource::Subscription | SecretSource::Signing | SecretSource::Pair => Ok(()),
    }
}

pub(super) fn rotate(context: &Context<'_>, arguments: &RotateArguments) -> Result<Exit, CommandError> {
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    let (key, _) = context.workspace()?.key(&arguments.name)?;
    let is_pair = key.secrets.last().is_some_and(|secret| matches!(secret.proof, SecretProof::PublicKey(_)));
    let source = match SecretSource::choose(context, key.kind, &arguments.pair)? {
        // A key pair is followed by another one.
        SecretSource::Signing if is_pair => SecretSource::Pair,
        source => source,
    };
    source.check_out(context, &arguments.out)?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let (key, before) = guard.workspace().key(&arguments.name)?;
    let revoked = guard.workspace().revoked_secrets()?;
    check_source(guard.workspace(), &source, author.now)?;
    if arguments.expires.is_some() {
        confirm_use(context, guard.workspace(), &key)?;
    }
    let made = MadeSecret::new(source, author.now)?;
    let next = NextSecret {
        secret: made.secret.clone(),
        overlap_ms: arguments.overlap.milliseconds(),
        expires: arguments.expires.map(|time| time.resolve(author.now)),
    };
    let is_revoked = |id: &SecretId| revoked.contains(id);
    let operation = change::rotate((&key, &before), next, is_revoked, &author)?;
    commit(context, &guard, (operation, &key), &made, &arguments.out)?;
    if let Some(at) = key.past_end(author.now) {
        context.output.note(&format!("the key had expired at {at}: its old secrets stay invalid, without an overlap"));
    }
    Ok(Exit::Done)
}

/// Source of the secret of a key.
#[derive(Debug, Clone)]
enum SecretSource {
    /// A subscription key is made.
    Subscription,
    /// A shared secret is made.
    Signing,
    /// A key pair is made.
    Pair,
    /// The caller has made a key pair.
    Given(PublicKey),
    /// An issuer of tokens names a subject.
    Subject(TokenBinding),
}

/// Refuses a key pair for a key that does not sign.
fn check_pair(kind: KeyKind, pair: &PairArguments) -> Result<(), CommandError> {
    if kind == KeyKind::Signature || (!pair.ed25519 && pair.public_key.is_none()) {
        return Ok(());
    }
    Err(CommandError::usage("--ed25519 and --public-key are of a key that signs")
        .hint("leave them out, or make a key of `--kind signature`"))
}

/// The most bytes of a file with a public key.
const LARGEST_PUBLIC_KEY: u64 = 4 << 10;

impl SecretSource {
    fn choose(context: &Context<'_>, kind: KeyKind, pair: &PairArguments) -> Result<Self, CommandError> {
        check_pair(kind, pair)?;
        match (kind, &pair.public_key) {
            (KeyKind::Token, _) => {
                Err(CommandError::invalid("key-kind", "a key of kind token has no secret to rotate")
                    .hint("revoke it with `apigw key revoke NAME`, and bind another key to the subject"))
            }
            (KeyKind::Subscription, _) => Ok(Self::Subscription),
            (KeyKind::Signature, None) if pair.ed25519 => Ok(Self::Pair),
            (KeyKind::Signature, None) => Ok(Self::Signing),
            (KeyKind::Signature, Some(file)) => {
                let bytes = read_outside(&context.folder().join(file), LARGEST_PUBLIC_KEY)?;
                let key = String::from_utf8_lossy(&bytes).parse::<PublicKey>();
                key.map(Self::Given).map_err(|error| {
                    CommandError::invalid("public-key", format!("{}: {error}", file.display()))
                        .hint("write it with `openssl pkey -in PRIVATE -pubout -out FILE`")
                })
            }
        }
    }

    /// A secret never goes into a pipe unasked.
    fn check_out(&self, context: &Context<'_>, out: &SecretOut) -> Result<(), CommandError> {
        match (self, &out.file) {
            (Self::Given(_) | Self::Subject(_), Some(_)) => {
                Err(CommandError::usage("--to has nothing to write: this key has no secret"))
            }
            (Self::Given(_) | Self::Subject(_), None) | (_, Some(_)) => Ok(()),
            _ if context.process.stdout_is_terminal => Ok(()),
            _ => Err(CommandError::usage("cannot print a secret: stdout is not a terminal")
                .hint("name a file for it: `--to FILE`")),
        }
    }
}

/// A secret that was just made: its text, unless the caller alone has it, and the file's part of it.
struct MadeSecret {
    text: Option<NewSecret>,
    secret: Secret,
}

impl MadeSecret {
    fn new(source: SecretSource, now: Timestamp) -> Result<Self, CommandError> {
        let random = SystemRandom::new();
        let failed = |_| CommandError::new("random", Exit::Failed, "the system provides no random bytes");
        let id = SecretId::generate(&random).map_err(failed)?;
        let (text, proof) = match source {
            SecretSource::Signing => {
                let text = NewSecret::for_signing(&random).map_err(failed)?;
                let proof = SecretProof::Fingerprint(text.digest());
                (Some(text), proof)
            }
            SecretSource::Subscription => {
                let text = NewSecret::for_subscription(&id, &random).map_err(failed)?;
                let proof = SecretProof::Sha256(text.digest());
                (Some(text), proof)
            }
            SecretSource::Pair => {
                let pair = PrivateKey::generate(&random).map_err(failed)?;
                (Some(NewSecret::of_pair(&pair)), SecretProof::PublicKey(pair.public()))
            }
            SecretSource::Given(key) => (None, SecretProof::PublicKey(key)),
            SecretSource::Subject(binding) => (None, SecretProof::Token(binding)),
        };
        Ok(Self { secret: Secret { id, created: now, retires: None, proof }, text })
    }
}

/// Writes a secret to its places, durable before the commit, then commits; what was written is taken back where that
/// fails.
fn commit(
    context: &Context<'_>,
    guard: &LockGuard,
    (mut operation, key): (AccessOperation, &Key),
    made: &MadeSecret,
    out: &SecretOut,
) -> Result<(), CommandError> {
    let id = &made.secret.id;
    let mut written: Vec<PathBuf> = Vec::new();
    let mut write = || {
        let Some(text) = &made.text else { return guard.commit_access(&mut operation) };
        if made.secret.proof.needs_secret() {
            written.push(guard.keep_secret(id, text)?);
        }
        if let Some(file) = &out.file {
            let path = context.folder().join(file);
            guard.hand_out_secret(&path, text)?;
            written.push(path);
        }
        guard.commit_access(&mut operation)
    };
    let committed = write();
    let committed =
        committed.map_err(|error| written.iter().fold(error, |error, path| guard.take_back_secret(path, error)))?;
    let key = operation.after.key().unwrap_or(key);
    let file = out.file.as_ref().map(|file| file.display().to_string());
    let view = KeySecretView {
        schema: SCHEMA,
        operation: committed.id,
        key: key.name.clone(),
        kind: key.kind,
        secret: id.clone(),
        file: file.clone(),
        text: made.text.as_ref().filter(|_| file.is_none()).map(|text| text.reveal().to_owned()),
        expires: key.expires,
    };
    let name = &key.name;
    let shown = context.output.data(&view, || match (&file, &made.text) {
        (Some(file), _) => format!("key {name}: secret {id} is in {file}\n"),
        (None, Some(text)) => format!("key {name}: secret {id}, shown this once:\n\n{}\n\n", text.reveal()),
        (None, None) => match &made.secret.proof {
            SecretProof::Token(TokenBinding { issuer, subject }) => {
                format!("key {name}: bound to the subject {subject:?} of {issuer:?}, as secret {id}\n")
            }
            _ => format!("key {name}: secret {id} is the caller's own; its public key is stored\n"),
        },
    });
    shown_after_commit(context, shown);
    if key.kind == KeyKind::Signature && context.output.format == OutputFormat::Table {
        let find = if made.secret.proof.needs_secret() {
            format!("gateways find the secret in .apigw/secrets/{id}")
        } else {
            "gateways need no secret".to_owned()
        };
        context.output.note(&format!("clients sign with key id {id}; {find}"));
    }
    committed.unsynced.map_or(Ok(()), |error| Err(error.into()))
}
