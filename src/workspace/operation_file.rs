//! An operation's file: one committed change of one environment.
//!
//! Its name carries the digest of its bytes, so nothing in it can change unnoticed.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::error::Error;
use super::layout;
use super::own_yaml;
use super::quote::quoted;
use super::record::release;
use crate::model::{Change, Deployment, Digest, EnvironmentName, Location, Operation, OperationId, SCHEMA};

/// The newest schema of an operation. Only an operation that needs it says so: what an older apigw can read stays so.
const NEWEST_SCHEMA: u32 = 2;

#[derive(serde::Deserialize)]
struct File {
    schema: u32,
    #[serde(flatten)]
    operation: Operation,
}

/// Returns the schema that an operation needs.
const fn schema_of(operation: &Operation) -> u32 {
    if operation.overrides.is_empty() { SCHEMA } else { NEWEST_SCHEMA }
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
        schema_of(operation),
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

fn render_change(text: &mut String, change: &Change) {
    let _ = writeln!(text, "    action: {}", change.action);
    match &change.before {
        None => text.push_str("    before: null\n"),
        Some(Deployment { release: before, since, operation }) => {
            text.push_str("    before:\n");
            release(text, "      ", before);
            let _ = write!(text, "      since: \"{since}\"\n      operation: \"{operation}\"\n");
        }
    }
    text.push_str("    after:\n");
    release(text, "      ", &change.after);
}

/// Reads an operation's file and compares its bytes with its name.
pub(super) fn parse(environment: &EnvironmentName, id: &OperationId, bytes: Vec<u8>) -> Result<Operation, Error> {
    parse_part(environment, id, bytes, |text| text.into())
}

/// Reads an operation's file as [`parse`] does, every byte compared, but leaves out its changes: they may be as many as
/// there are groups, and whoever asks for the author has no use for them.
pub(super) fn parse_head(environment: &EnvironmentName, id: &OperationId, bytes: Vec<u8>) -> Result<Operation, Error> {
    parse_part(environment, id, bytes, |text| match text.split_once(CHANGES) {
        Some((head, _)) => format!("{head}\nchanges: {{}}\n").into(),
        None => text.into(),
    })
}

/// Where the changes begin. Texts before it are quoted in one line each, so it stands nowhere else.
const CHANGES: &str = "\nchanges:\n";

fn parse_part(
    environment: &EnvironmentName,
    id: &OperationId,
    bytes: Vec<u8>,
    part: fn(&str) -> Cow<'_, str>,
) -> Result<Operation, Error> {
    let place = layout::operation(environment, id);
    let damaged = |message: String| {
        Error::invalid(
            "operation-damaged",
            Location::file(&place),
            message,
            format!("restore it, for example with `git checkout -- {place}`"),
        )
    };
    let digest = Digest::of(&bytes);
    if !id.as_str().ends_with(&digest.short()) {
        return Err(damaged(format!(
            "its bytes are not those that were committed: their digest begins with {}",
            digest.short()
        )));
    }
    let text = layout::text(&place, bytes)?;
    let text = part(&text);
    // A newer schema is named as such before any of its fields is read.
    let schema = text.lines().find_map(|line| line.strip_prefix("schema: ")?.parse::<u32>().ok());
    if let Some(schema) = schema.filter(|schema| *schema > NEWEST_SCHEMA) {
        return Err(Error::invalid(
            "newer-schema",
            Location::file(&place),
            format!("the file has schema {schema}, and this apigw knows schemas up to {NEWEST_SCHEMA}"),
            "a newer apigw wrote it: use that one",
        ));
    }
    let file: File = own_yaml::parse(&place, &text)?;
    if file.schema != schema_of(&file.operation) {
        return Err(damaged(format!("the file has schema {}, which its fields do not have", file.schema)));
    }
    if file.operation.environment != *environment || OperationId::new(file.operation.time, &digest) != *id {
        return Err(damaged("it belongs to another environment or another time than its name says".to_owned()));
    }
    Ok(file.operation)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Action, Backend, PolicyOverride, Release, State};

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
            release: release(State::Live),
            since: "2026-11-23T18:00:00.000Z".parse().unwrap(),
            operation: "20261123T180000.000Z-0123456789ab".parse().unwrap(),
        };
        let changes = [
            ("a", Change { action: Action::Publish, before: None, after: release(State::Live) }),
            ("b", Change { action: Action::Offline, before: Some(before), after: release(State::Offline) }),
        ];
        Operation {
            environment: "test".parse().unwrap(),
            time: "2026-11-23T19:00:00.000Z".parse().unwrap(),
            actor: "Zoë <zoe@example.com>".to_owned(),
            message: Some("why: \"because\"\nand *more*".to_owned()),
            command: "apigw publish".to_owned(),
            overrides: Vec::new(),
            changes: changes
                .into_iter()
                .map(|(group, change)| (group.parse().unwrap(), change))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let operation = example();
        let (id, text) = render(&operation);
        assert_eq!(parse(&operation.environment, &id, text.into_bytes()).unwrap(), operation);
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
            ("schema: 2", "schema: 3", "this apigw knows schemas up to 2"),
            ("override: [breaking]\n", "", "which its fields do not have"),
        ] {
            let text = text.replace(from, to);
            let id = OperationId::new(operation.time, &Digest::of(text.as_bytes()));
            let error = parse(&operation.environment, &id, text.into_bytes()).expect_err("another schema").to_string();
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
