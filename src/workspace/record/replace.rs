//! Replacing entries of an environment's file whose other parts are in conflict, or edited by hand: every other byte
//! stays as it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{checksum, conflict, entry, group_of, parse_entry};
use crate::model::{Deployment, EnvironmentName, GroupName};

/// Replaces whole entries outside conflict markers.
pub(in crate::workspace) fn replace_entries(
    name: &EnvironmentName,
    text: &str,
    entries: &BTreeMap<GroupName, Deployment>,
) -> String {
    let masked = conflict::split_conflict(text).map_or_else(|| text.to_owned(), |sides| sides.masked);
    let masked: Vec<&str> = masked.split_inclusive('\n').collect();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut replaced = String::with_capacity(text.len() + 256);
    let mut start = 0;
    while start < lines.len() {
        let fields = masked[start + 1..].iter().take_while(|line| line.starts_with("    ")).count();
        let block = &masked[start..=start + fields];
        let is_whole = || parse_entry(name, block).is_ok();
        let new = group_of(block[0]).and_then(|group| entries.get_key_value(&group)).filter(|_| is_whole());
        if let Some((group, deployment)) = new {
            let first = replaced.len();
            entry(&mut replaced, group, deployment);
            let checksum = checksum(name, &replaced[first..]);
            let _ = writeln!(replaced, "    checksum: {checksum}");
        } else {
            lines[start..=start + fields].iter().for_each(|line| replaced.push_str(line));
        }
        start += fields + 1;
    }
    replaced
}
