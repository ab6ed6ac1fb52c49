//! The file of an operation on keys and grants. Its name carries the digest of its bytes.

use std::fmt::Write as _;

use super::super::error::{Error, restore_hint};
use super::super::quote::quoted;
use super::super::{layout, own_yaml};
use super::subject_file;
use crate::access::{AccessAction, AccessOperation, Key, OwnerGrants, Revocation, SubjectState};
use crate::check::rules::records::OPERATION_DAMAGED;
use crate::model::{Digest, Location, OperationId, Timestamp};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessOperationFile {
    #[serde(rename = "schema")]
    _schema: u32,
    action: AccessAction,
    time: Timestamp,
    actor: String,
    message: Option<String>,
    summary: String,
    before: Option<OperationId>,
    #[serde(default)]
    merged: Vec<OperationId>,
    after: StateFile,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    #[serde(default)]
    key: Option<Key>,
    #[serde(default)]
    owner: Option<OwnerGrants>,
    #[serde(default)]
    revocation: Option<Revocation>,
}

/// Writes an operation's file, and returns its id with it.
pub(super) fn render(operation: &AccessOperation) -> (OperationId, String) {
    let AccessOperation { action, time, actor, message, summary, before, merged, after } = operation;
    let schema = operation.schema();
    let mut text = format!(
        "# One change of the {}, as it was committed. Nothing changes this file.\nschema: {schema}\naction: {action}\n\
         time: \"{time}\"\n",
        after.subject()
    );
    let message = message.as_deref().map_or_else(|| "null".to_owned(), quoted);
    let _ = writeln!(text, "actor: {}\nmessage: {message}\nsummary: {}", quoted(actor), quoted(summary));
    let before = before.as_ref().map_or_else(|| "null".to_owned(), |before| format!("\"{before}\""));
    let kind = match after {
        SubjectState::Key(_) => "key",
        SubjectState::Owner(_) => "owner",
        SubjectState::Revocation(_) => "revocation",
    };
    let _ = writeln!(text, "before: {before}");
    if !merged.is_empty() {
        let merged: Vec<String> = merged.iter().map(|id| format!("\"{id}\"")).collect();
        let _ = writeln!(text, "merged: [{}]", merged.join(", "));
    }
    let _ = writeln!(text, "after:\n  {kind}:");
    subject_file::fields(&mut text, "    ", after);
    text.push_str("...\n");
    (OperationId::new(*time, &Digest::of(text.as_bytes())), text)
}

/// Reads an operation's file and compares its bytes with its name.
///
/// # Errors
///
/// Fails where the file is damaged, or of a newer schema than this apigw knows.
pub(super) fn parse(place: &str, id: &OperationId, bytes: Vec<u8>) -> Result<AccessOperation, Error> {
    let damaged = |message: &str| {
        let hint = restore_hint(place);
        Error::invalid(&OPERATION_DAMAGED, Location::file(place), message.to_owned(), hint)
    };
    let digest = Digest::of(&bytes);
    let text = layout::text(place, bytes)?;
    own_yaml::check_schema(place, &text, AccessOperation::NEWEST_SCHEMA)?;
    if !id.as_str().ends_with(&digest.short()) {
        return Err(damaged("its bytes are not those that were committed"));
    }
    let AccessOperationFile { action, time, actor, message, summary, before, merged, after, .. } =
        own_yaml::parse(place, &text)?;
    let after = match after {
        StateFile { key: Some(key), owner: None, revocation: None } => SubjectState::Key(key),
        StateFile { key: None, owner: Some(owner), revocation: None } => SubjectState::Owner(owner),
        StateFile { key: None, owner: None, revocation: Some(revocation) } => SubjectState::Revocation(revocation),
        _ => return Err(damaged("it says nothing, or several things, of what was changed")),
    };
    if OperationId::new(time, &digest) != *id {
        return Err(damaged("it belongs to another time than its name says"));
    }
    Ok(AccessOperation { action, time, actor, message, summary, before, merged, after })
}
