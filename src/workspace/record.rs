//! An environment's file: the live entries, one a group.
//!
//! The file is YAML, but of one fixed shape, a line a field, so that it is written and read at the
//! speed of the disk and two branches merge line by line. Each entry's checksum covers its lines in
//! that shape, so an edit by hand shows, in whatever way the text was changed. `verify` explains such
//! an edit and can record it. A file in another shape is read by its values ([`values`]).

pub(super) mod conflict;
pub(super) mod replace;
pub(super) mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use self::conflict::{ConflictOrigin, OriginOf};
use super::error::{Error, NOT_AS_WRITTEN, restore_hint};
use super::own_yaml;
use super::quote::quoted;
use crate::check::rules::records::{CUT_SHORT, HAND_EDIT};
use crate::model::{
    Backend, Deployment, DeploymentState, Digest, Environment, EnvironmentName, Finding, GroupName, Hint, HttpUrl,
    Location, Release, SCHEMA,
};

/// The YAML end marker: a file without it is cut short.
pub(super) const END: &str = "...";

/// An environment's file as far as it can be read.
#[derive(Debug)]
pub(super) struct EnvironmentReading {
    /// The entries that are whole and unchanged.
    pub(super) environment: Environment,
    /// The findings on the others, each with its group where that is known.
    pub(super) problems: Vec<(Option<GroupName>, Finding)>,
    /// Its other layout; `None` where the file is laid out as apigw does.
    pub(super) layout: Option<LayoutChange>,
}

/// Another layout of an environment's file than apigw's.
#[derive(Debug)]
pub(super) struct LayoutChange {
    /// The file's text in apigw's layout.
    pub(super) restored: String,
    /// The finding on it.
    pub(super) finding: Finding,
    /// True if the end marker is missing.
    pub(super) lacks_end: bool,
}

impl EnvironmentReading {
    /// Returns the file's text in apigw's layout, which is all that changes of single entries know.
    pub(super) fn take_text(&mut self, text: String) -> String {
        self.layout.take().map_or(text, |layout| layout.restored)
    }

    /// Returns the environment, if nothing is wrong with the entries of its file.
    pub(super) fn whole(self) -> Result<Environment, Error> {
        if self.problems.is_empty() {
            Ok(self.environment)
        } else {
            let mut findings: Vec<Finding> = self.problems.into_iter().map(|(_, finding)| finding).collect();
            // One conflict is the finding of each group in it.
            findings.dedup();
            Err(Error::Invalid(findings))
        }
    }

    /// Returns the environment for changes of these groups alone; others may be in conflict or edited by hand.
    pub(super) fn for_groups(self, groups: &BTreeSet<GroupName>) -> Result<Environment, Error> {
        // In a conflict, the entry of a group may stand on one side alone.
        let are_edits = self.problems.iter().all(|(_, finding)| finding.rule == HAND_EDIT.name);
        let is_sound = |group: &GroupName| {
            let is_named = |(named, _): &(Option<GroupName>, Finding)| named.as_ref() == Some(group);
            (are_edits || self.environment.deployments.contains_key(group)) && !self.problems.iter().any(is_named)
        };
        let are_known = self.problems.iter().all(|(group, _)| group.is_some());
        if are_known && !groups.is_empty() && groups.iter().all(is_sound) { Ok(self.environment) } else { self.whole() }
    }
}

/// Writes an environment's file.
pub(super) fn render(environment: &Environment) -> String {
    let name = &environment.name;
    let mut text = String::with_capacity(256 + 400 * environment.deployments.len());
    header(&mut text, name);
    if environment.deployments.is_empty() {
        text.push_str("deployments: {}\n");
    } else {
        text.push_str("deployments:\n");
    }
    for (group, deployment) in &environment.deployments {
        text.push_str(&whole_entry(name, group, deployment));
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// Writes an entry with its checksum.
fn whole_entry(name: &EnvironmentName, group: &GroupName, deployment: &Deployment) -> String {
    let mut text = String::new();
    entry(&mut text, group, deployment);
    let checksum = checksum(name, &text);
    let _ = writeln!(text, "    checksum: {checksum}");
    text
}

fn header(text: &mut String, name: &EnvironmentName) {
    let _ = write!(
        text,
        "# What is live in {name}. Change it with `apigw publish`, `switch` and `offline`, not by hand.\n\
         schema: {SCHEMA}\n\
         environment: {name}\n"
    );
}

fn entry(text: &mut String, group: &GroupName, deployment: &Deployment) {
    let _ = writeln!(text, "  {group}:");
    release(text, "    ", &deployment.release);
    let _ = write!(text, "    since: \"{}\"\n    operation: \"{}\"\n", deployment.since, deployment.operation);
}

/// Writes the fields of a release, as they stand in entries and in operations.
pub(super) fn release(text: &mut String, indent: &str, release: &Release) {
    let state = match release.state {
        DeploymentState::Live => "live",
        DeploymentState::Offline => "offline",
    };
    let _ = write!(
        text,
        "{indent}state: {state}\n{indent}version: \"{}\"\n{indent}digest: {}\n",
        release.version, release.digest
    );
    let _ = match &release.backend {
        Backend::Mock => writeln!(text, "{indent}backend: {{type: mock}}"),
        Backend::Http { url, variables } => {
            let values: Vec<String> =
                variables.iter().map(|(name, value)| format!("{}: {}", quoted(name), quoted(value))).collect();
            let values =
                if values.is_empty() { String::new() } else { format!(", variables: {{{}}}", values.join(", ")) };
            writeln!(text, "{indent}backend: {{type: http, url: {}{values}}}", quoted(url.as_str()))
        }
    };
}

fn checksum(environment: &EnvironmentName, entry: &str) -> Digest {
    Digest::of(format!("{environment}\n{entry}").as_bytes())
}

/// Reads an environment's file, entry by entry.
///
/// Entries outside a merge conflict are read as ever: both branches have them, and each has its checksum.
///
/// # Errors
///
/// Fails where the file as a whole cannot be read: cut short, of a newer schema, or in conflict outside its entries.
pub(super) fn parse(place: &str, name: &EnvironmentName, text: &str) -> Result<EnvironmentReading, Error> {
    parse_told(place, name, text, &|_, head, other| match (head, other) {
        (Some(_), Some(_)) => ConflictOrigin::BothBranches,
        _ => ConflictOrigin::OneBranch,
    })
}

/// Reads an environment's file as [`parse`] does. `origin` tells of the operations that a group is at on the sides of a
/// conflict how they came to differ.
pub(super) fn parse_told(
    place: &str,
    name: &EnvironmentName,
    text: &str,
    origin: &OriginOf<'_>,
) -> Result<EnvironmentReading, Error> {
    conflict::split_conflict(text)
        .map_or_else(|| parse_text(place, name, text), |sides| conflict::parse_sides(place, name, &sides, origin))
}

fn parse_text(place: &str, name: &EnvironmentName, text: &str) -> Result<EnvironmentReading, Error> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    own_yaml::check_schema(place, text, SCHEMA)?;
    if text.strip_suffix('\n').and_then(|text| text.lines().next_back()) != Some(END) {
        return Err(Error::invalid(
            &CUT_SHORT,
            at(place, lines.len().max(1)),
            format!("the file is cut short: its last line is not the end marker {END:?}"),
            restore_hint(place),
        ));
    }
    let mut expected = String::new();
    header(&mut expected, name);
    let head = expected.lines().count();
    if !text.starts_with(&expected) {
        let line = expected.lines().zip(text.lines()).take_while(|(left, right)| left == right).count();
        return Err(edited(place, line + 1));
    }
    let body = lines.get(head + 1..lines.len() - 1).unwrap_or_default();
    let opening = lines.get(head).copied().unwrap_or_default();
    if opening != if body.is_empty() { "deployments: {}\n" } else { "deployments:\n" } {
        return Err(edited(place, head + 1));
    }
    Ok(parse_entries(place, name, body, head + 2))
}

fn parse_entries(place: &str, name: &EnvironmentName, body: &[&str], first_line: usize) -> EnvironmentReading {
    let mut deployments = BTreeMap::new();
    let mut problems = Vec::new();
    let mut start = 0;
    let mut last: Option<GroupName> = None;
    let mut is_rest = false;
    while start < body.len() {
        let length = 1 + body[start + 1..].iter().take_while(|line| line.starts_with("    ")).count();
        let lines = &body[start..start + length];
        let group = group_of(lines[0]);
        let is_in_rest = std::mem::replace(&mut is_rest, group.is_none());
        match parse_entry(name, lines) {
            Ok((group, deployment)) if last.as_ref().is_none_or(|last| *last < group) => {
                last = Some(group.clone());
                deployments.insert(group, deployment);
            }
            Ok((group, _)) => problems.push((Some(group), out_of_order(place, first_line + start))),
            // Lines that belong to no entry are one problem, however many they are.
            Err(_) if group.is_none() && is_in_rest => {}
            Err(offset) => problems.push((group.clone(), edited_finding(place, first_line + start + offset))),
        }
        start += length;
    }
    EnvironmentReading { environment: Environment { name: name.clone(), deployments }, problems, layout: None }
}

fn group_of(line: &str) -> Option<GroupName> {
    line.strip_prefix("  ")?.strip_suffix(":\n")?.parse().ok()
}

/// Reads the lines of one entry; an error is the line, from 0, that is not as it was written.
fn parse_entry(name: &EnvironmentName, lines: &[&str]) -> Result<(GroupName, Deployment), usize> {
    let group = group_of(lines[0]).ok_or(0_usize)?;
    let &[first, state, version, digest, backend, since, operation, last] = lines else {
        return Err(lines.len().min(7));
    };
    let release = Release {
        state: match state {
            "    state: live\n" => DeploymentState::Live,
            "    state: offline\n" => DeploymentState::Offline,
            _ => return Err(1),
        },
        version: field(version, "    version: \"", "\"\n").ok_or(2_usize)?,
        digest: field(digest, "    digest: ", "\n").ok_or(3_usize)?,
        backend: parse_backend(backend).ok_or(4_usize)?,
    };
    let deployment = Deployment {
        release,
        since: field(since, "    since: \"", "\"\n").ok_or(5_usize)?,
        operation: field(operation, "    operation: \"", "\"\n").ok_or(6_usize)?,
    };
    let stated: Digest = field(last, "    checksum: ", "\n").ok_or(7_usize)?;
    let text = [first, state, version, digest, backend, since, operation].concat();
    if stated == checksum(name, &text) { Ok((group, deployment)) } else { Err(0) }
}

fn field<T: std::str::FromStr>(line: &str, before: &str, after: &str) -> Option<T> {
    line.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
}

fn parse_backend(line: &str) -> Option<Backend> {
    let value = line.strip_prefix("    backend: {type: ")?.strip_suffix("}\n")?;
    if value == "mock" {
        return Some(Backend::Mock);
    }
    let value = value.strip_prefix("http, url: ")?;
    // An address has no blank.
    let (url, variables) = value.split_once(", variables: ").unwrap_or((value, "{}"));
    let url: HttpUrl = serde_json::from_str(url).ok()?;
    Some(Backend::Http { url, variables: serde_json::from_str(variables).ok()? })
}

fn edited(place: &str, line: usize) -> Error {
    Error::Invalid(vec![edited_finding(place, line)])
}

fn edited_finding(place: &str, line: usize) -> Finding {
    HAND_EDIT.finding(at(place, line), NOT_AS_WRITTEN, Hint::InspectEdit)
}

fn out_of_order(place: &str, line: usize) -> Finding {
    Finding {
        message: "this entry is given twice, or not in order: edited by hand, or merged".to_owned(),
        hint: Hint::InspectLayout,
        ..edited_finding(place, line)
    }
}

fn at(place: &str, line: usize) -> Location {
    Location { file: place.into(), line, column: 1 }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::workspace) fn example() -> Environment {
        let deployment = |version: &str, backend| Deployment {
            release: Release {
                state: DeploymentState::Live,
                version: version.parse().unwrap(),
                digest: Digest::of(version.as_bytes()),
                backend,
            },
            since: "2026-11-23T18:00:00.000Z".parse().unwrap(),
            operation: "20261123T180000.000Z-0123456789ab".parse().unwrap(),
        };
        let url = "https://petstore.example.com/base".parse().unwrap();
        let variables = [("HOST".to_owned(), "a, variables: {\"b\"}\n".to_owned()), ("no".to_owned(), String::new())];
        let mut environment = Environment::empty("test".parse().unwrap());
        environment.deployments.insert("orders".parse().unwrap(), deployment("1.10.0", Backend::Mock));
        environment.deployments.insert(
            "petstore".parse().unwrap(),
            deployment("0.0.1", Backend::Http { url, variables: variables.into() }),
        );
        environment
    }

    fn read(text: &str) -> Result<Environment, Error> {
        parse("deployments/test.yaml", &"test".parse().unwrap(), text).and_then(EnvironmentReading::whole)
    }

    #[test]
    fn what_is_written_is_read() {
        let environment = example();
        assert_eq!(read(&render(&environment)).unwrap(), environment);
        let empty = Environment::empty("test".parse().unwrap());
        assert_eq!(read(&render(&empty)).unwrap(), empty);
    }

    #[test]
    fn other_programs_read_it_as_yaml() {
        let value: serde_json::Value = serde_yaml::from_str(&render(&example())).unwrap();
        assert_eq!(value["deployments"]["orders"]["version"], "1.10.0");
        assert_eq!(value["deployments"]["petstore"]["backend"]["url"], "https://petstore.example.com/base");
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let text = render(&example());
        for index in 0..text.len() {
            assert!(read(&text[..index]).is_err(), "cut at {index}");
            for replacement in [b'\0', b' ', text.as_bytes()[index] ^ 1] {
                let mut bytes = text.clone().into_bytes();
                if bytes[index] == replacement {
                    continue;
                }
                bytes[index] = replacement;
                if let Ok(changed) = String::from_utf8(bytes) {
                    assert!(read(&changed).is_err(), "byte {index} became {replacement}");
                }
            }
        }
    }

    #[test]
    fn an_entry_of_another_environment_is_noticed() {
        let text =
            render(&example()).replace("in test.", "in online.").replace("environment: test", "environment: online");
        let reading = parse("deployments/online.yaml", &"online".parse().unwrap(), &text).unwrap();
        assert_eq!(reading.problems.len(), 2);
    }

    #[test]
    fn one_broken_entry_leaves_the_others() {
        let text = render(&example()).replace("\"1.10.0\"", "\"1.11.0\"");
        let reading = parse("deployments/test.yaml", &"test".parse().unwrap(), &text).unwrap();
        let broken: Vec<_> = reading.problems.iter().map(|(group, _)| group.as_ref().map(GroupName::as_str)).collect();
        assert_eq!(broken, [Some("orders")]);
        assert_eq!(reading.environment.deployments.len(), 1);
    }

    #[test]
    fn a_merge_conflict_is_named() {
        let text = render(&example());
        let conflict = text.replace(
            "    version: \"0.0.1\"\n",
            "<<<<<<< HEAD\n    version: \"0.0.1\"\n=======\n    version: \"0.0.2\"\n>>>>>>> other\n",
        );
        let message = read(&conflict).unwrap_err().to_string();
        assert!(
            message.starts_with("deployments/test.yaml:15:1:")
                && message.ends_with("both branches changed the same lines"),
            "{message}"
        );
    }

    #[test]
    fn a_newer_schema_is_named() {
        let message = read(&render(&example()).replace("schema: 1", "schema: 2")).unwrap_err().to_string();
        assert!(message.contains("schema 2"), "{message}");
    }
}
