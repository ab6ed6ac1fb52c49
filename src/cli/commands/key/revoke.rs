//! `apigw key revoke`.

use super::KeyRevokeArguments;
use crate::access::{AccessSubject, Key, SecretId, SecretProof, change};
use crate::cli::change::shown_after_commit;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::hints;
use crate::cli::reason::ChangeReason;
use crate::cli::views::{KeyRevokeView, RevokedSecretView};
use crate::model::{Author, Finding, KeyKind, KeyName, OperationId, SCHEMA};
use crate::workspace::{self, Committed, LockGuard, RevocableKey};

pub(super) fn revoke(context: &Context<'_>, arguments: &KeyRevokeArguments) -> Result<Exit, CommandError> {
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let RevocableKey { key, file, damaged, unread } = guard.workspace().revocable_key(&arguments.name)?;
    for Finding { location, message, hint, .. } in file.iter().chain(&damaged).chain(&unread) {
        context.output.warning(&format!("{location}: {message}; {}", hints::text(hint)));
    }
    let revoked = guard.workspace().revoked_secrets()?;
    let name = &arguments.name;
    if let Some(other) = arguments.secrets.iter().find(|id| !key.secrets.iter().any(|secret| secret.id == **id)) {
        let hint = if unread.is_empty() {
            format!("list them: `apigw key show {name}`")
        } else {
            format!("restore all that the warnings name, then revoke again: `apigw key revoke {name} {other}`")
        };
        let message = format!("key {name} has no secret {other}");
        return Err(CommandError::invalid("unknown-secret", message).hint(hint));
    }
    // A secret that is named is revoked, whatever other ones there are.
    let unread = if arguments.secrets.is_empty() { unread } else { Vec::new() };
    let live: Vec<SecretId> = key.live_secrets(author.now).map(|secret| secret.id.clone()).collect();
    let named = if arguments.secrets.is_empty() { &live } else { &arguments.secrets };
    let (operations, failed) = revoke_each(context, &guard, &key, named, &author);
    // One that failed may be refused on this machine all the same, which the error says.
    let revoked = if failed.is_some() { guard.workspace().revoked_secrets().unwrap_or(revoked) } else { revoked };
    let is_revoked = |id: &SecretId| revoked.contains(id) || operations.iter().any(|(revoked, _)| revoked == id);
    let left: Vec<SecretId> = live.iter().filter(|id| !is_revoked(id)).cloned().collect();
    let view = |(secret, operation): &(SecretId, OperationId)| RevokedSecretView {
        secret: secret.clone(),
        operation: operation.clone(),
    };
    let view = KeyRevokeView {
        schema: SCHEMA,
        key: name.clone(),
        revoked: operations.iter().map(view).collect(),
        live: left.clone(),
    };
    let shown = context.output.data(&view, || text(name, &operations, failed.is_some(), !unread.is_empty()));
    shown_after_commit(context, shown);
    if let Some(error) = failed {
        return Err(left
            .iter()
            .fold(error, |error, id| error.hint(format!("secret {id} of key {name} is still valid"))));
    }
    if let Some(first) = unread.first() {
        let message = format!("there may be more secrets of key {name}: {} cannot be read", first.location.file);
        return Err(CommandError::invalid("secrets-unread", message)
            .hint(format!("{}: {}", first.location.file, hints::text(&first.hint)))
            .hint(format!("restore all that the warnings name, then revoke again: `apigw key revoke {name}`")));
    }
    if left.is_empty() && !operations.is_empty() {
        context.output.note(&next_step(&key, name, file.is_empty()));
    }
    Ok(Exit::Done)
}

/// Describes the revoked secrets.
fn text(name: &KeyName, operations: &[(SecretId, OperationId)], has_failed: bool, is_partly_unread: bool) -> String {
    if !operations.is_empty() {
        let secrets: Vec<&str> = operations.iter().map(|(id, _)| id.as_str()).collect();
        let end = if is_partly_unread { "" } else { ", for good" };
        return format!("key {name}: revoked {}{end}\n", secrets.join(", "));
    }
    let reason = match (has_failed, is_partly_unread) {
        (true, _) => "nothing was revoked",
        (false, false) => "nothing to revoke, no such secret is valid",
        (false, true) => "nothing to revoke, no secret that is known is valid",
    };
    format!("key {name}: {reason}\n")
}

/// Names the way to a new secret for the caller of a key without one.
fn next_step(key: &Key, name: &KeyName, is_whole: bool) -> String {
    match key.kind {
        KeyKind::Token => {
            "tokens of its subject are refused; to admit them again, create another key for it".to_owned()
        }
        KeyKind::Signature if has_pair(key) => format!(
            "its caller needs another pair: `apigw key rotate {name} --public-key FILE` with the public half of one that the \
             caller makes, or `apigw key rotate {name} --to FILE` for one that apigw makes"
        ),
        _ if is_whole => format!("give its caller a new secret: `apigw key rotate {name} --to FILE`"),
        _ => format!("once its file is whole, give its caller a new secret: `apigw key rotate {name} --to FILE`"),
    }
}

/// True if the last secret of a key is a pair, of which apigw has the public half alone.
fn has_pair(key: &Key) -> bool {
    key.secrets.last().is_some_and(|secret| matches!(secret.proof, SecretProof::PublicKey(_)))
}

/// Revokes secrets, and returns those that are revoked now with the first error. One that fails leaves the others to
/// revoke: each that still lets in is a leak.
fn revoke_each(
    context: &Context<'_>,
    guard: &LockGuard,
    key: &Key,
    secrets: &[SecretId],
    author: &Author,
) -> (Vec<(SecretId, OperationId)>, Option<CommandError>) {
    let (mut operations, mut failed) = (Vec::new(), None);
    for id in secrets {
        // One that only this machine remembers is written again.
        let committed = match guard.workspace().access_record(&AccessSubject::Secret(id.clone())) {
            Ok(Some(_)) => Ok((None, None)),
            Ok(None) => with_id(guard.commit_access(&mut change::revoke(key, id, author))),
            Err(workspace::Error::Invalid(findings)) => revoke_over(context, guard, &findings, (key, id), author),
            Err(error) => Err(error.into()),
        };
        let error = match committed {
            Ok((operation, error)) => {
                operations.extend(operation.map(|operation| (id.clone(), operation)));
                error
            }
            Err(error) => Some(error),
        };
        failed = failed.or(error);
    }
    (operations, failed)
}

/// Revokes a secret whose revocation's file is damaged: unless an operation made that file, it closes only while it is
/// there.
fn revoke_over(
    context: &Context<'_>,
    guard: &LockGuard,
    findings: &[Finding],
    (key, id): (&Key, &SecretId),
    author: &Author,
) -> Result<(Option<OperationId>, Option<CommandError>), CommandError> {
    let is_committed = guard.remember_committed_revocation(id)?;
    for Finding { location, message, hint, .. } in findings {
        let next = if is_committed { hints::text(hint) } else { "the revocation is written over it".into() };
        context.output.warning(&format!("{location}: {message}; {next}"));
    }
    if is_committed {
        return Ok((None, None));
    }
    with_id(guard.commit_access_after(&mut change::revoke(key, id, author)))
}

/// Returns the id of a committed operation, with the error of one whose durability is unknown.
fn with_id(
    committed: Result<Committed, workspace::Error>,
) -> Result<(Option<OperationId>, Option<CommandError>), CommandError> {
    let Committed { id, unsynced } = committed?;
    Ok((Some(id), unsynced.map(CommandError::from)))
}
