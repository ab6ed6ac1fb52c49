//! An environment's file read by its values: one that an editor or a formatter laid out anew has lost nothing.
//!
//! The checksum of an entry covers its lines as apigw writes them, and these follow from the values. Where it holds,
//! the values are those committed, whatever their quoting, their order, and the blank lines around them. It says
//! nothing of entries that are not there: whether the file has them all is for its history to tell.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_yaml::Value;

use super::replace::entry_text;
use super::{END, EnvironmentReading, LayoutChange, at, checksum, entry, header, parse_text};
use crate::check::rules::records::HAND_EDIT;
use crate::model::{
    Backend, Deployment, DeploymentState, Digest, EnvironmentName, GroupName, Hint, OperationId, Release, SCHEMA,
    Timestamp, Version,
};
use crate::workspace::own_yaml;

/// An environment's file as any YAML reader sees it.
#[derive(serde::Deserialize)]
pub(in crate::workspace) struct FileValues {
    schema: u32,
    environment: EnvironmentName,
    deployments: BTreeMap<GroupName, Value>,
    /// The fields that no such file has.
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

impl FileValues {
    /// Reads a file of this schema. `None` where it cannot be read, or has an entry twice.
    pub(in crate::workspace) fn read(place: &str, text: &str) -> Option<Self> {
        // Only as values does the reader refuse an entry that stands twice, and no entries at all.
        own_yaml::parse::<Value>(place, text).ok()?.get("deployments")?.as_mapping()?;
        // A group's name may look like a number, which is no name once it is a value.
        let file: Self = serde_yaml::from_str(text).ok()?;
        (file.schema == SCHEMA).then_some(file)
    }

    pub(in crate::workspace) const fn environment(&self) -> &EnvironmentName {
        &self.environment
    }

    /// Names the fields that no such file has.
    pub(in crate::workspace) fn unknown_fields(&self) -> impl Iterator<Item = &str> {
        self.unknown.keys().map(String::as_str)
    }

    /// Returns the entries; `None` where one of them cannot be read.
    pub(in crate::workspace) fn entries(&self) -> Option<BTreeMap<GroupName, EntryValues>> {
        self.deployments.iter().map(|(group, values)| Some((group.clone(), EntryValues::read(values)?))).collect()
    }
}

/// An entry as any YAML reader sees it.
#[derive(serde::Deserialize)]
pub(in crate::workspace) struct EntryValues {
    state: DeploymentState,
    version: Version,
    digest: Digest,
    backend: Backend,
    since: Timestamp,
    operation: OperationId,
    checksum: Option<Digest>,
    /// The fields that no entry has.
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

impl EntryValues {
    fn read(values: &Value) -> Option<Self> {
        serde_yaml::from_value(values.clone()).ok()
    }

    /// Names the fields that no entry has.
    pub(in crate::workspace) fn unknown_fields(&self) -> impl Iterator<Item = &str> {
        self.unknown.keys().map(String::as_str)
    }

    /// Returns the entry that the fields state, whatever its checksum.
    pub(in crate::workspace) fn deployment(self) -> Deployment {
        let Self { state, version, digest, backend, since, operation, .. } = self;
        Deployment { release: Release { state, version, digest, backend }, since, operation }
    }
}

/// Reads a file that has another layout than apigw writes. `None` where it has that layout, and where it has more or
/// other parts than such a file.
pub(in crate::workspace) fn parse_values(
    place: &str,
    name: &EnvironmentName,
    text: &str,
) -> Option<EnvironmentReading> {
    let lacks_end = text.trim_end().lines().next_back().map(str::trim_end) != Some(END);
    let restored = restore_layout(place, name, text).filter(|restored| restored != text)?;
    let mut reading = parse_text(place, name, &restored).ok()?;
    for (group, finding) in &mut reading.problems {
        finding.location.line = group.as_ref().and_then(|group| line_of(text, group)).unwrap_or_default();
    }
    let first = text.lines().zip(restored.lines()).take_while(|(left, right)| left == right).count();
    let message = if lacks_end {
        format!("the end marker {END:?} is missing; the entries are all there, as they were committed")
    } else {
        "the layout was changed by hand; the values are those committed".to_owned()
    };
    let finding = HAND_EDIT.finding(at(place, first + 1), message, Hint::RestoreLayout);
    reading.layout = Some(LayoutChange { restored, finding, lacks_end });
    Some(reading)
}

/// Lays a file out as apigw does. An entry whose values were changed keeps them, and its checksum.
fn restore_layout(place: &str, name: &EnvironmentName, text: &str) -> Option<String> {
    let file = FileValues::read(place, text)?;
    // Parts that no such file has would be lost in its layout.
    if file.environment != *name || !file.unknown.is_empty() {
        return None;
    }
    let mut entries: BTreeMap<&GroupName, String> = BTreeMap::new();
    for (group, values) in &file.deployments {
        let lines = match lines_by_values(name, group, values) {
            Some((lines, true)) => lines,
            other => own_lines(text, group, values).or_else(|| other.map(|(lines, _)| lines))?,
        };
        entries.insert(group, lines);
    }
    let mut restored = String::with_capacity(text.len());
    header(&mut restored, name);
    restored.push_str(if entries.is_empty() { "deployments: {}\n" } else { "deployments:\n" });
    for lines in entries.values() {
        restored.push_str(lines);
    }
    let _ = writeln!(restored, "{END}");
    Some(restored)
}

/// Writes an entry with the checksum that it states; true if that holds.
fn lines_by_values(name: &EnvironmentName, group: &GroupName, values: &Value) -> Option<(String, bool)> {
    let values = EntryValues::read(values).filter(|values| values.unknown.is_empty())?;
    let stated = values.checksum?;
    let mut lines = String::new();
    entry(&mut lines, group, &values.deployment());
    let holds = checksum(name, &lines) == stated;
    let _ = writeln!(lines, "    checksum: {stated}");
    Some((lines, holds))
}

/// Reads the lines of a group's entry in any layout; `None` where the checksum does not hold, so that a value may be
/// another one.
pub(in crate::workspace) fn committed_entry(
    place: &str,
    name: &EnvironmentName,
    group: &GroupName,
    lines: &str,
) -> Option<Deployment> {
    let read: BTreeMap<GroupName, Value> = own_yaml::parse(place, lines).ok()?;
    let values = read.get(group)?;
    let (_, holds) = lines_by_values(name, group, values)?;
    Some(EntryValues::read(values)?.deployment()).filter(|_| holds)
}

/// Returns the lines of an entry as they stand, if they are all that the file says of it.
fn own_lines(text: &str, group: &GroupName, values: &Value) -> Option<String> {
    let lines = entry_text(text, group)?;
    let read: BTreeMap<GroupName, Value> = serde_yaml::from_str(&lines).ok()?;
    (read.len() == 1 && read.get(group) == Some(values)).then_some(lines)
}

/// Finds the line, from 1, with which a group's entry begins in any layout.
fn line_of(text: &str, group: &GroupName) -> Option<usize> {
    let is_key = |line: &str| {
        line.split_once(':').is_some_and(|(key, _)| key.trim().trim_matches(['"', '\'']) == group.as_str())
    };
    text.lines().position(is_key).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::super::{parse, render};
    use super::*;

    fn read(text: &str) -> Option<EnvironmentReading> {
        parse_values("deployments/test.yaml", &"test".parse().unwrap(), text)
    }

    #[test]
    fn a_file_in_any_layout_has_the_values_that_were_committed() {
        let text = render(&example());
        assert!(read(&text).is_none(), "as it was written");
        let yaml: Value = serde_yaml::from_str(&text).unwrap();
        let block_style = format!("{}...\n", serde_yaml::to_string(&yaml).unwrap());
        for changed in [
            text.replace("  orders:", "\n  orders:"),
            text.replace("    version:", "\n    version:"),
            text.replace("  orders:", "  \"orders\":"),
            text.replace("state: live", "state: 'live'"),
            text.replace("  orders:", "# the orders\n  orders:"),
            text.replace('\n', "\r\n"),
            text.replace("...\n", "..."),
            text.replace("...\n", "...\n\n"),
            text.split_once('\n').unwrap().1.to_owned(),
            block_style,
        ] {
            let reading = read(&changed).unwrap_or_else(|| panic!("not read: {changed}"));
            assert!(reading.problems.is_empty(), "{changed}: {:?}", reading.problems);
            assert_eq!(reading.environment, example(), "{changed}");
            let layout = reading.layout.expect("another layout");
            assert_eq!((layout.restored, layout.lacks_end), (text.clone(), false), "{changed}");
        }
    }

    #[test]
    fn a_group_with_a_number_for_a_name_is_read_in_any_layout() {
        let mut environment = example();
        let entry = environment.deployments.values().next().unwrap().clone();
        environment.deployments.insert("2024".parse().unwrap(), entry);
        let text = render(&environment);
        let reading = read(&text.replace("  orders:", "\n  orders:")).expect("another layout");
        assert_eq!((reading.environment, reading.problems.len()), (environment, 0));
        let reading = read(&text.replacen("\"1.10.0\"", "\"1.11.0\"", 1).replace("  orders:", "\n  orders:"));
        let broken: Vec<_> = reading.unwrap().problems.into_iter().map(|(group, _)| group.unwrap()).collect();
        assert_eq!(broken, ["2024".parse().unwrap()]);
    }

    #[test]
    fn lines_of_no_entry_are_one_problem() {
        for line in ["\n", "junk\n", "#x\n", "    state: live\n"] {
            let text = render(&example());
            let lines = line.repeat(1000);
            for text in [
                text.replace("deployments:\n", &format!("deployments:\n{lines}")),
                text.replace("  petstore:\n", &format!("{lines}  petstore:\n")),
            ] {
                let reading = parse("deployments/test.yaml", &"test".parse().unwrap(), &text).unwrap();
                assert!(reading.problems.len() <= 2, "{line:?}: {}", reading.problems.len());
            }
        }
    }

    #[test]
    fn other_values_are_no_other_layout() {
        let text = render(&example());
        let orders = text.find("  orders:").unwrap();
        let petstore = text.find("  petstore:").unwrap();
        for changed in [
            text.replace("schema: 1", "schema: 2"),
            text.replace("environment: test", "environment: online"),
            text.replace("deployments:\n", "deployments:\nmore: 1\n"),
            text.replace("    state: live", "\tstate: live"),
            text.replace("  petstore:", "  orders:"),
            format!("{}{}", text[..orders].trim_end(), "\n...\n"),
            text.replace("  orders:", "\n  Or ders:"),
            format!("{}{}{}", &text[..petstore], &text[orders..petstore], &text[petstore..]),
        ] {
            assert!(read(&changed).is_none(), "{changed}");
        }
    }

    #[test]
    fn an_edit_beside_another_layout_is_the_edit_of_its_entry_alone() {
        let text = render(&example()).replace("  petstore:", "\n  'petstore':");
        for (before, after) in [("\"1.10.0\"", "\"1.11.0\""), ("\"1.10.0\"", "\n    version2: \"1.10.0\"")] {
            for changed in
                [text.replace(before, after), text.replace(before, after).replace("  orders:", "  \"orders\":")]
            {
                let Some(reading) = read(&changed) else { continue };
                let broken: Vec<_> =
                    reading.problems.iter().map(|(group, _)| group.as_ref().unwrap().as_str()).collect();
                assert_eq!(broken, ["orders"], "{changed}");
                let (group, entry) = reading.environment.deployments.first_key_value().unwrap();
                assert_eq!((group.as_str(), Some(entry)), ("petstore", example().deployments.get(group)), "{changed}");
                let restored = reading.layout.unwrap().restored;
                assert!(parse("deployments/test.yaml", &"test".parse().unwrap(), &restored).is_ok(), "{restored}");
            }
        }
        assert!(read(&text.replace("\"1.10.0\"", "\"1.11.0\"")).is_some());
    }

    #[test]
    fn a_missing_end_is_told_and_a_cut_entry_is_none() {
        let text = render(&example());
        let body = text.strip_suffix("...\n").unwrap();
        assert!(read(body).is_some_and(|reading| reading.layout.is_some_and(|layout| layout.lacks_end)));
        // Only the history tells that an entry is missing.
        let cut = read(&text[..text.find("  petstore:").unwrap()]).unwrap();
        assert!(cut.layout.unwrap().lacks_end && cut.environment.deployments.len() == 1);
        let broken = read(&body[..body.len() - 2]);
        assert!(broken.is_none_or(|reading| !reading.problems.is_empty()));
    }
}
