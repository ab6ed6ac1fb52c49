//! Secrets that are made: with a key, or in the place of one before.

use std::path::PathBuf;

use ring::rand::SystemRandom;

use super::{KeyCreateArguments, RotateArguments, SecretOut};
use crate::access::{
    AccessOperation, AccessSubject, Key, NewSecret, Secret, SecretId, SecretProof, SigningSettings, SubjectState,
    change,
};
use crate::cli::change::shown_after_commit;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::OutputFormat;
use crate::cli::reason::ChangeReason;
use crate::cli::views::KeySecretView;
use crate::model::{KeyKind, SCHEMA, Timestamp};
use crate::workspace::{self, LockGuard};

pub(super) fn create(context: &Context<'_>, arguments: &KeyCreateArguments) -> Result<Exit, CommandError> {
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    let kind = KeyKind::from(arguments.kind);
    let signs = arguments.region.is_some() || arguments.service.is_some() || arguments.path.is_some();
    if signs && kind != KeyKind::Signature {
        return Err(CommandError::usage("--region, --service and --path are of a key that signs")
            .hint("leave them out, or make a key of `--kind signature`"));
    }
    check_out(context, &arguments.out)?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    if guard.workspace().access_record(&AccessSubject::Key(arguments.name.clone()))?.is_some() {
        return Err(workspace::Error::Exists { what: format!("key {}", arguments.name) }.into());
    }
    let made = MadeSecret::new(kind, author.now)?;
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
        secrets: vec![made.secret.clone()],
        grants: Vec::new(),
    };
    let operation = change::create(key, &author)?;
    commit(context, &guard, operation, &made, &arguments.out)?;
    let name = &arguments.name;
    context.output.note(&format!("it may call nothing yet: `apigw access grant {name} GROUP --env ENV`"));
    Ok(Exit::Done)
}

pub(super) fn rotate(context: &Context<'_>, arguments: &RotateArguments) -> Result<Exit, CommandError> {
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    check_out(context, &arguments.out)?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let (key, before) = guard.workspace().key(&arguments.name)?;
    let revoked = guard.workspace().revoked_secrets()?;
    let made = MadeSecret::new(key.kind, author.now)?;
    let is_revoked = |id: &SecretId| revoked.iter().any(|revoked| revoked.is_same_file(id));
    let operation = change::rotate((&key, &before), made.secret.clone(), arguments.overlap, is_revoked, &author)?;
    commit(context, &guard, operation, &made, &arguments.out)?;
    Ok(Exit::Done)
}

/// A secret that was just made: its text, and the file's part of it.
struct MadeSecret {
    text: NewSecret,
    secret: Secret,
    kind: KeyKind,
}

impl MadeSecret {
    fn new(kind: KeyKind, now: Timestamp) -> Result<Self, CommandError> {
        let random = SystemRandom::new();
        let failed = |_| CommandError::new("random", Exit::Failed, "the system gives no random bytes");
        let id = SecretId::generate(&random).map_err(failed)?;
        let text = match kind {
            KeyKind::Signature => NewSecret::for_signing(&random),
            KeyKind::Subscription => NewSecret::for_subscription(&id, &random),
        };
        let text = text.map_err(failed)?;
        let proof = match kind {
            KeyKind::Signature => SecretProof::Fingerprint(text.digest()),
            KeyKind::Subscription => SecretProof::Sha256(text.digest()),
        };
        Ok(Self { secret: Secret { id, created: now, retires: None, proof }, text, kind })
    }
}

/// A secret never goes into a pipe unasked.
fn check_out(context: &Context<'_>, out: &SecretOut) -> Result<(), CommandError> {
    if out.file.is_some() || context.process.stdout_is_terminal {
        return Ok(());
    }
    Err(CommandError::usage("a secret is shown on a terminal alone, and stdout is none")
        .hint("name a file for it: `--to FILE`"))
}

/// Writes a secret to its places, durable before the commit, then commits; what was written is taken back where that fails.
fn commit(
    context: &Context<'_>,
    guard: &LockGuard,
    mut operation: AccessOperation,
    made: &MadeSecret,
    out: &SecretOut,
) -> Result<(), CommandError> {
    let id = &made.secret.id;
    let mut written: Vec<PathBuf> = Vec::new();
    let mut write = || {
        if made.kind == KeyKind::Signature {
            written.push(guard.keep_secret(id, &made.text)?);
        }
        if let Some(file) = &out.file {
            let path = context.folder().join(file);
            guard.hand_out_secret(&path, &made.text)?;
            written.push(path);
        }
        guard.commit_access(&mut operation)
    };
    let committed = write();
    let (operation_id, unknown) = match committed {
        Ok(id) => (id, None),
        Err(error) => {
            let workspace::Error::DurabilityUnknown { operation: Some(id), .. } = &error else {
                for path in &written {
                    guard.take_back_secret(path);
                }
                return Err(error.into());
            };
            (id.clone(), Some(error))
        }
    };
    let SubjectState::Key(key) = &operation.after else { return Ok(()) };
    let file = out.file.as_ref().map(|file| file.display().to_string());
    let view = KeySecretView {
        schema: SCHEMA,
        operation: operation_id,
        key: key.name.clone(),
        kind: key.kind,
        secret: id.clone(),
        file: file.clone(),
        text: file.is_none().then(|| made.text.reveal().to_owned()),
        expires: key.expires,
    };
    let name = &key.name;
    let shown = context.output.data(&view, || match &file {
        Some(file) => format!("key {name}: secret {id} is in {file}\n"),
        None => format!("key {name}: secret {id}, shown this once:\n\n{}\n\n", made.text.reveal()),
    });
    shown_after_commit(context, shown);
    if made.kind == KeyKind::Signature && context.output.format == OutputFormat::Table {
        context.output.note(&format!("clients sign with key id {id}; gateways find the secret in .apigw/secrets/{id}"));
    }
    unknown.map_or(Ok(()), |error| Err(error.into()))
}
