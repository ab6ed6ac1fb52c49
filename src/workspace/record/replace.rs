//! Replacing entries of an environment's file whose other parts are in conflict, or edited by hand: every other byte
//! stays as it is.

use std::collections::BTreeMap;

use super::{END, conflict, group_of, parse_entry, whole_entry};
use crate::model::{Deployment, EnvironmentName, GroupName};

/// Replaces whole entries outside conflict markers, and those that were edited by hand and are to be replaced; inserts
/// those of groups that have none.
pub(in crate::workspace) fn replace_entries(
    name: &EnvironmentName,
    text: &str,
    entries: &BTreeMap<GroupName, Deployment>,
    is_edited: impl Fn(&GroupName) -> bool,
) -> String {
    let mut missing: BTreeMap<&GroupName, &Deployment> = entries.iter().collect();
    let mut replaced = replace_blocks(text, |group, block| {
        missing.remove(group);
        let deployment = entries.get(group).filter(|_| is_edited(group) || parse_entry(name, block).is_ok())?;
        Some(whole_entry(name, group, deployment))
    });
    for (group, deployment) in missing {
        let is_after = |line: &str| line.trim_end() == END || group_of(line).is_some_and(|other| other > *group);
        let before = replaced.split_inclusive('\n').take_while(|line| !is_after(line));
        let at = before.map(str::len).sum();
        replaced.insert_str(at, &whole_entry(name, group, deployment));
    }
    replaced
}

/// Replaces the lines of entries outside conflict markers, whatever they say.
pub(in crate::workspace) fn replace_texts(text: &str, texts: &BTreeMap<GroupName, String>) -> String {
    replace_blocks(text, |group, _| texts.get(group).cloned())
}

/// Returns the lines of a group's one entry outside conflict markers; `None` where it has none, or several.
pub(in crate::workspace) fn entry_text(text: &str, group: &GroupName) -> Option<String> {
    let mut found = Vec::new();
    replace_blocks(text, |of, block| {
        found.extend((of == group).then(|| block.concat()));
        None
    });
    found.pop().filter(|_| found.is_empty())
}

/// Copies a file, but for the entries outside conflict markers that have a replacement, each given as its lines.
fn replace_blocks(text: &str, mut replacement: impl FnMut(&GroupName, &[&str]) -> Option<String>) -> String {
    let masked = conflict::split_conflict(text).map_or_else(|| text.to_owned(), |sides| sides.masked);
    let masked: Vec<&str> = masked.split_inclusive('\n').collect();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut replaced = String::with_capacity(text.len() + 256);
    let mut start = 0;
    while start < lines.len() {
        let fields = masked[start + 1..].iter().take_while(|line| line.starts_with("    ")).count();
        let block = &masked[start..=start + fields];
        match group_of(block[0]).and_then(|group| replacement(&group, block)) {
            Some(new) => replaced.push_str(&new),
            None => lines[start..=start + fields].iter().for_each(|line| replaced.push_str(line)),
        }
        start += fields + 1;
    }
    replaced
}
