//! An operation's file: one committed change of one environment.
//!
//! Its name carries the digest of its bytes, so nothing in it can change unnoticed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::error::{Error, restore_hint};
use super::layout;
use super::own_yaml;
use super::quote::quoted;
use super::record::release;
use crate::check::rules::records::OPERATION_DAMAGED;
use crate::model::{
    Deployment, Digest, EnvironmentName, GroupChange, Location, Operation, OperationId, PolicyOverride, Timestamp,
};

#[derive(serde::Deserialize)]
struct OperationFile {
    schema: u32,
    #[serde(flatten)]
    operation: Operation,
}

/// The fields that an operation of every schema has.
#[derive(serde::Deserialize)]
struct OperationHead {
    environment: EnvironmentName,
    time: Timestamp,
    actor: String,
    message: Option<String>,
    command: String,
    #[serde(default, rename = "override")]
    overrides: Vec<PolicyOverride>,
}

/// Writes an operation's file, and returns its id with it.
pub(super) fn render(operation: &Operation) -> (OperationId, String) {
    let mut text = format!(
        "# One change of {0}, as it was committed. Nothing changes this file.\n\
         schema: {5}\n\
         environment: {0}\n\
         time: \"{1}\"\n\
         actor: {2}\n\
         message: {3}\n\
         command: {4}\n",
        operation.environment,
        operation.time,
        quoted(&operation.actor),
        operation.message.as_deref().map_or_else(|| "null".to_owned(), quoted),
        quoted(&operation.command),
        operation.schema(),
    );
    if !operation.overrides.is_empty() {
        let policies: Vec<&str> = operation.overrides.iter().map(|policy| policy.as_str()).collect();
        let _ = writeln!(text, "override: [{}]", policies.join(", "));
    }
    text.push_str("changes:\n");
    for (group, change) in &operation.changes {
        let _ = writeln!(text, "  {group}:");
        render_change(&mut text, change);
    }
    text.push_str("...\n");
    (OperationId::new(operation.time, &Digest::of(text.as_bytes())), text)
}

fn render_change(text: &mut String, change: &GroupChange) {
    let _ = writeln!(text, "    action: {}", change.action);
    match &change.before {
        None => text.push_str("    before: null\n"),
        Some(before) => {
            text.push_str("    before:\n");
            render_entry(text, "      ", before);
        }
    }
    if !change.merged.is_empty() {
        text.push_str("    merged:\n");
    }
    for merged in &change.merged {
        text.push_str("      -\n");
        render_entry(text, "        ", merged);
    }
    text.push_str("    after:\n");
    release(text, "      ", &change.after);
}

fn render_entry(text: &mut String, indent: &str, entry: &Deployment) {
    release(text, indent, &entry.release);
    let _ = write!(text, "{indent}since: \"{}\"\n{indent}operation: \"{}\"\n", entry.since, entry.operation);
}

/// Reads an operation's file and compares its bytes with its name.
///
/// # Errors
///
/// Fails where the file is damaged, or of a newer schema than this apigw knows.
pub(super) fn parse(environment: &EnvironmentName, id: &OperationId, bytes: Vec<u8>) -> Result<Operation, Error> {
    let (place, text, digest) = named_text(environment, id, bytes)?;
    own_yaml::check_schema(&place, &text, Operation::NEWEST_SCHEMA)?;
    let OperationFile { schema, operation } = own_yaml::parse(&place, &text)?;
    if schema != operation.schema() {
        return Err(damaged(&place, format!("the file has schema {schema}, which its fields do not have")));
    }
    check_name(&place, (environment, id, &digest), (&operation.environment, operation.time))?;
    Ok(operation)
}

/// Reads an operation's file as [`parse`] does, every byte compared, but leaves out its changes: they may be as many as
/// there are groups, and whoever asks for the author has no use for them. A newer schema is read as well.
pub(super) fn parse_head(environment: &EnvironmentName, id: &OperationId, bytes: Vec<u8>) -> Result<Operation, Error> {
    let (place, text, digest) = named_text(environment, id, bytes)?;
    let head = text.split_once(CHANGES).map_or(text.as_str(), |(head, _)| head);
    let head: OperationHead = own_yaml::parse(&place, head)?;
    check_name(&place, (environment, id, &digest), (&head.environment, head.time))?;
    let OperationHead { environment, time, actor, message, command, overrides } = head;
    Ok(Operation { environment, time, actor, message, command, overrides, changes: BTreeMap::new() })
}

/// Start of the changes. Texts before it are quoted in one line each, so it stands nowhere else.
const CHANGES: &str = "\nchanges:\n";

/// Returns an operation's place, text and digest, where the digest is the one in its name.
fn named_text(
    environment: &EnvironmentName,
    id: &OperationId,
    bytes: Vec<u8>,
) -> Result<(String, String, Digest), Error> {
    let place = layout::operation(environment, id);
    let digest = Digest::of(&bytes);
    if !id.as_str().ends_with(&digest.short()) {
        let message =
            format!("its bytes are not those that were committed: their digest begins with {}", digest.short());
        return Err(damaged(&place, message));
    }
    let text = layout::text(&place, bytes)?;
    Ok((place, text, digest))
}

fn check_name(
    place: &str,
    (environment, id, digest): (&EnvironmentName, &OperationId, &Digest),
    (stated_environment, stated_time): (&EnvironmentName, Timestamp),
) -> Result<(), Error> {
    if stated_environment == environment && OperationId::new(stated_time, digest) == *id {
        return Ok(());
    }
    Err(damaged(place, "it belongs to another environment or another time than its name says".to_owned()))
}

fn damaged(place: &str, message: String) -> Error {
    Error::invalid(&OPERATION_DAMAGED, Location::file(place), message, restore_hint(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Backend, DeploymentState, Release, ReleaseAction};

    fn example() -> Operation {
        let release = |state| Release {
            state,
            version: "0.0.1".parse().unwrap(),
            digest: Digest::of(b""),
            backend: Backend::Http {
                url: "https://a.example".parse().unwrap(),
                variables: [("A".to_owned(), "b: \"c\"".to_owned())].into(),
            },
        };
        let before = Deployment {
            release: release(DeploymentState::Live),
            since: "2026-11-23T18:00:00.000Z".parse().unwrap(),
            operation: "20261123T180000.000Z-0123456789ab".parse().unwrap(),
        };
        let changes = [
            ("a", ReleaseAction::Publish, None, release(DeploymentState::Live)),
            ("b", ReleaseAction::Offline, Some(before), release(DeploymentState::Offline)),
        ];
        let change = |(group, action, before, after): (&str, ReleaseAction, Option<Deployment>, Release)| {
            (group.parse().unwrap(), GroupChange { action, before, merged: Vec::new(), after })
        };
        Operation {
            environment: "test".parse().unwrap(),
            time: "2026-11-23T19:00:00.000Z".parse().unwrap(),
            actor: "Zoë <zoe@example.com>".to_owned(),
            message: Some("why: \"because\"\nand *more*".to_owned()),
            command: "apigw publish".to_owned(),
            overrides: Vec::new(),
            changes: changes.into_iter().map(change).collect(),
        }
    }

    /// An operation that joins two histories of `b`, and is therefore of schema 2.
    fn resolve() -> Operation {
        let mut operation = example();
        let change = operation.changes.get_mut(&"b".parse().unwrap()).unwrap();
        let mut other = change.before.clone().unwrap();
        other.operation = "20261123T183000.000Z-0123456789ab".parse().unwrap();
        change.merged = vec![other.clone(), Deployment { operation: example_id(), ..other }];
        change.action = ReleaseAction::Resolve;
        operation
    }

    fn example_id() -> OperationId {
        "20261123T183000.000Z-ba9876543210".parse().unwrap()
    }

    /// Gives a changed text the name that it must have.
    fn renamed(text: &str) -> (EnvironmentName, OperationId, Vec<u8>) {
        let id = OperationId::new(example().time, &Digest::of(text.as_bytes()));
        ("test".parse().unwrap(), id, text.as_bytes().to_vec())
    }

    fn parsed(text: &str) -> Result<Operation, Error> {
        let (environment, id, bytes) = renamed(text);
        parse(&environment, &id, bytes)
    }

    #[test]
    fn what_is_written_is_read() {
        for operation in [example(), resolve()] {
            let (id, text) = render(&operation);
            assert_eq!(parse(&operation.environment, &id, text.into_bytes()).unwrap(), operation);
        }
    }

    /// The bytes that apigw 0.1.0 wrote, and writes still where two histories are not joined.
    #[test]
    fn an_operation_of_schema_1_has_the_bytes_that_it_always_had() {
        let (id, text) = render(&example());
        assert_eq!(id.as_str(), "20261123T190000.000Z-ece1838df40d");
        assert!(text.contains("\nschema: 1\n") && !text.contains("merged"), "{text}");
        assert!(render(&resolve()).1.contains("\nschema: 2\n"));
    }

    #[test]
    fn a_schema_is_read_before_any_field() {
        let (_, text) = render(&example());
        let newer = text.replace("schema: 1\n", "schema: 3\nnews: \"x\"\n");
        let message = parsed(&newer).unwrap_err().to_string();
        assert!(message.contains("schema 3") && message.contains("schema 2"), "{message}");
        let (environment, id, bytes) = renamed(&newer);
        assert_eq!(parse_head(&environment, &id, bytes).unwrap().actor, example().actor);
        let (_, text) = render(&resolve());
        let message = parsed(&text.replace("schema: 2\n", "schema: 1\n")).unwrap_err().to_string();
        assert!(message.contains("schema 1, which its fields do not have"), "{message}");
    }

    #[test]
    fn only_an_operation_that_needs_it_has_the_newer_schema() {
        let mut operation = example();
        assert!(render(&operation).1.contains("\nschema: 1\n"));
        operation.overrides = vec![PolicyOverride::Breaking];
        let (id, text) = render(&operation);
        assert!(text.contains("\nschema: 2\n") && text.contains("\noverride: [breaking]\nchanges:\n"), "{text}");
        assert_eq!(parse(&operation.environment, &id, text.clone().into_bytes()).unwrap(), operation);
        operation.changes.clear();
        assert_eq!(parse_head(&operation.environment, &id, text.clone().into_bytes()).unwrap(), operation);
        for (from, to, expected) in [
            ("schema: 2", "schema: 1", "which its fields do not have"),
            ("schema: 2", "schema: 3", "this apigw knows schema 2"),
            ("override: [breaking]\n", "", "which its fields do not have"),
        ] {
            let error = parsed(&text.replace(from, to)).expect_err("another schema").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn the_head_is_all_but_the_changes() {
        let mut operation = example();
        let (id, text) = render(&operation);
        operation.changes.clear();
        assert_eq!(parse_head(&operation.environment, &id, text.into_bytes()).unwrap(), operation);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let operation = example();
        let (id, text) = render(&operation);
        for index in 0..text.len() {
            assert!(parse(&operation.environment, &id, text.as_bytes()[..index].to_vec()).is_err());
            for replacement in [0, text.as_bytes()[index] ^ 1] {
                let mut bytes = text.clone().into_bytes();
                bytes[index] = replacement;
                assert!(parse(&operation.environment, &id, bytes.clone()).is_err(), "byte {index}");
                assert!(parse_head(&operation.environment, &id, bytes).is_err(), "byte {index} of the head");
            }
        }
    }
}
