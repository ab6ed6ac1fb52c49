//! An environment's file in which Git left a merge conflict: both sides of it, and a file that still has one.

use std::collections::BTreeSet;

use super::{END, EnvironmentReading, at, group_of, header, parse_text, render, whole_entry};
use crate::model::{
    Deployment, Environment, EnvironmentName, GroupName, Hint, MERGE_CONFLICT, OperationId, Timestamp, conflict_marker,
};
use crate::plan::SideEntries;
use crate::workspace::error::Error;

/// The two versions of a file in which Git left a conflict.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::workspace) struct ConflictSides {
    /// The side above the `=======`: that of the branch that was checked out.
    pub(in crate::workspace) head: String,
    /// The side below it.
    pub(in crate::workspace) other: String,
    /// The file with a mark in the place of each line between markers, so that its lines keep their numbers.
    pub(in crate::workspace) masked: String,
    /// The groups whose entries have a line between markers.
    pub(in crate::workspace) disputed: BTreeSet<GroupName>,
    /// The line of the first marker, from 1.
    pub(in crate::workspace) line: usize,
}

/// The way in which a group came to differ on the sides of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workspace) enum ConflictOrigin {
    /// Each branch made an operation.
    BothBranches,
    /// One branch alone changed the group.
    OneBranch,
    /// A commit is reverted that others were made upon.
    Revert,
}

/// Tells the origin of a difference by the operations that a group is at on the sides.
pub(in crate::workspace) type OriginOf<'a> =
    dyn Fn(&GroupName, Option<&OperationId>, Option<&OperationId>) -> ConflictOrigin + 'a;

/// The mark in the place of a line between conflict markers; no line of an entry is like it.
const MASK: &str = "<\n";

/// Parts a file at its conflict markers, with or without the base between them; `None` where it has none.
pub(in crate::workspace) fn split_conflict(text: &str) -> Option<ConflictSides> {
    #[derive(Clone, Copy)]
    enum Part {
        Both,
        Head,
        Base,
        Other,
    }
    let (mut head, mut other, mut first) = (String::new(), String::new(), None);
    let (mut masked, mut disputed) = (String::new(), BTreeSet::new());
    let (mut part, mut length, mut current) = (Part::Both, 0, None);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let was_outside = matches!(part, Part::Both);
        match (part, conflict_marker(line)) {
            (Part::Both, Some(('<', found))) => {
                first.get_or_insert(index + 1);
                (part, length) = (Part::Head, found);
            }
            // A marker of another length belongs to a conflict within the base.
            (Part::Head, Some(('|', found))) if found == length => part = Part::Base,
            (Part::Head | Part::Base, Some(('=', found))) if found == length => part = Part::Other,
            (Part::Other, Some(('>', found))) if found == length => part = Part::Both,
            (Part::Both, _) => {
                head.push_str(line);
                other.push_str(line);
            }
            (Part::Head, _) => head.push_str(line),
            (Part::Other, _) => other.push_str(line),
            (Part::Base, _) => {}
        }
        current = group_of(line).or(current);
        if was_outside && matches!(part, Part::Both) {
            masked.push_str(line);
        } else {
            masked.push_str(MASK);
            disputed.extend(current.clone().filter(|_| line.starts_with("  ")));
        }
    }
    first.map(|line| ConflictSides { head, other, masked, disputed, line })
}

/// Reads the entries outside a conflict. Every other group of either side has the conflict as its finding, or that of
/// its own entry where both sides have the same operation.
///
/// # Errors
///
/// Fails where the conflict reaches into the frame of the file, or names no group.
pub(super) fn parse_sides(
    place: &str,
    name: &EnvironmentName,
    sides: &ConflictSides,
    origin: &OriginOf<'_>,
) -> Result<EnvironmentReading, Error> {
    let (head, other) = (operations_in(&sides.head), operations_in(&sides.other));
    let cause = conflict_cause(&head, &other, origin);
    let hint = Hint::ResolveConflict { environment: name.clone() };
    let finding =
        MERGE_CONFLICT.finding(at(place, sides.line), format!("Git left a merge conflict here: {cause}"), hint);
    let Ok(mut reading) = parse_text(place, name, &sides.masked) else { return Err(Error::Invalid(vec![finding])) };
    reading.environment.deployments.retain(|group, _| !sides.disputed.contains(group));
    let named =
        [&sides.head, &sides.other].into_iter().flat_map(|side| side.split_inclusive('\n').filter_map(group_of));
    let mut unread: BTreeSet<GroupName> = named.collect();
    unread.retain(|group| !reading.environment.deployments.contains_key(group));
    if unread.is_empty() {
        return Err(Error::Invalid(vec![finding]));
    }
    let problem = |group: GroupName| {
        let own = reading.problems.iter().find(|(named, _)| named.as_ref() == Some(&group));
        let is_agreed = head.contains_key(&group) && head.get(&group) == other.get(&group);
        let found = own.filter(|_| is_agreed && !sides.disputed.contains(&group));
        let found = found.map_or_else(|| finding.clone(), |(_, own)| own.clone());
        (Some(group), found)
    };
    let problems = unread.into_iter().map(problem).collect();
    Ok(EnvironmentReading { environment: reading.environment, problems, layout: None })
}

/// Names the groups that a revert or both branches changed or, where there are none, those that one branch changed.
fn conflict_cause(head: &SideEntries, other: &SideEntries, origin: &OriginOf<'_>) -> String {
    let mut both: Vec<&str> = Vec::new();
    let mut one: Vec<&str> = Vec::new();
    let mut reverted: Vec<&str> = Vec::new();
    for group in head.keys().chain(other.keys().filter(|group| !head.contains_key(*group))) {
        let (left, right) = (head.get(group), other.get(group));
        if left == right {
            continue;
        }
        match origin(group, left, right) {
            ConflictOrigin::BothBranches => both.push(group.as_str()),
            ConflictOrigin::OneBranch => one.push(group.as_str()),
            ConflictOrigin::Revert => reverted.push(group.as_str()),
        }
    }
    let groups = |names: &[&str]| match names {
        [only] => format!("group {only}"),
        several => format!("groups {}", several.join(", ")),
    };
    if !reverted.is_empty() {
        return format!("the commit to be reverted released {}, which changed since", groups(&reverted));
    }
    match (both.is_empty(), one.is_empty()) {
        (false, _) => format!("both branches changed {}", groups(&both)),
        (true, false) => format!("{} changed on one branch alone, so nothing has to be chosen", groups(&one)),
        (true, true) => "both branches changed the same lines".to_owned(),
    }
}

/// Returns the latest time that any entry of a file has, on either side of a conflict.
pub(in crate::workspace) fn latest_time(text: &str) -> Option<Timestamp> {
    let times = text.lines().filter_map(|line| line.strip_prefix("    since: \"")?.strip_suffix('"')?.parse().ok());
    times.max()
}

/// Reads which operation each group is at, and nothing else: it holds where a merge mixed the lines of an entry.
pub(in crate::workspace) fn operations_in(text: &str) -> SideEntries {
    let mut found = SideEntries::new();
    let mut group: Option<GroupName> = None;
    for line in text.split_inclusive('\n') {
        if let Some(name) = group_of(line) {
            group = Some(name);
        } else if let (Some(name), Some(id)) = (&group, operation_of(line)) {
            found.insert(name.clone(), id);
        }
    }
    found
}

fn operation_of(line: &str) -> Option<OperationId> {
    line.trim_end().strip_prefix("    operation: \"")?.strip_suffix('"')?.parse().ok()
}

/// A group whose two entries a file holds between conflict markers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workspace) struct ConflictEntry {
    /// The group.
    pub(in crate::workspace) group: GroupName,
    /// Its entry on the branch that was checked out.
    pub(in crate::workspace) head: Option<Deployment>,
    /// Its entry on the other branch.
    pub(in crate::workspace) other: Option<Deployment>,
}

/// Writes an environment's file in which groups are in conflict: each of them, and nothing else, between markers.
pub(in crate::workspace) fn render_conflict(environment: &Environment, conflicts: &[ConflictEntry]) -> String {
    if conflicts.is_empty() {
        return render(environment);
    }
    let mut text = String::new();
    header(&mut text, &environment.name);
    text.push_str("deployments:\n");
    let mut groups: Vec<&GroupName> = environment.deployments.keys().collect();
    groups.extend(conflicts.iter().map(|conflict| &conflict.group));
    groups.sort_unstable();
    groups.dedup();
    let write = |text: &mut String, group: &GroupName, deployment: &Deployment| {
        text.push_str(&whole_entry(&environment.name, group, deployment));
    };
    for group in groups {
        if let Some(conflict) = conflicts.iter().find(|conflict| conflict.group == *group) {
            text.push_str("<<<<<<< ours\n");
            conflict.head.iter().for_each(|deployment| write(&mut text, group, deployment));
            text.push_str("=======\n");
            conflict.other.iter().for_each(|deployment| write(&mut text, group, deployment));
            text.push_str(">>>>>>> theirs\n");
        } else if let Some(deployment) = environment.deployments.get(group) {
            write(&mut text, group, deployment);
        }
    }
    text.push_str(END);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_parted_at_its_markers() {
        for (text, head, other) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\nd\n", "a\nb\nd\n", "a\nc\nd\n"),
            ("<<<<<<< HEAD\n=======\nc\n>>>>>>> x\n", "", "c\n"),
            ("<<<<<<< HEAD\nb\n||||||| 12ab\nz\n=======\nc\n>>>>>>> x\n", "b\n", "c\n"),
            ("<<<<<<< HEAD\r\nb\r\n=======\r\nc\r\n>>>>>>> x\r\n", "b\r\n", "c\r\n"),
            ("<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n-\n<<<<<<< a\n3\n=======\n4\n>>>>>>> b\n", "1\n-\n3\n", "2\n-\n4\n"),
            // The base of a criss-cross merge is itself in conflict, with longer markers.
            (
                "<<<<<<< a\n1\n||||||| b\n<<<<<<<<< c\n5\n=========\n6\n>>>>>>>>> d\n=======\n2\n>>>>>>> b\n",
                "1\n",
                "2\n",
            ),
        ] {
            let sides = split_conflict(text).unwrap();
            assert_eq!((sides.head.as_str(), sides.other.as_str()), (head, other), "{text}");
        }
        assert_eq!(split_conflict("a: \"<<<<<<< b\"\n=======\n"), None);
    }

    #[test]
    fn the_operations_are_read_though_an_entry_is_mixed() {
        let id = "20261123T180000.000Z-0123456789ab";
        let text = format!("deployments:\n  a:\n    state: mixed\n    operation: \"{id}\"\n  b:\n    since: x\n");
        let found = operations_in(&text);
        assert_eq!(
            found.into_iter().map(|(group, id)| format!("{group} {id}")).collect::<Vec<_>>(),
            [format!("a {id}")]
        );
    }
}
