//! The name that a document had before it became a group's definition.
//!
//! In the group's folder it is `openapi.yaml`. References that lead back to it by the name it had are written anew in
//! their place: a second copy under that name would stay as it is when the definition is edited.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::document::Node;
use crate::definition::reference::{self, RootFile};
use crate::model::{DEFINITION_FILE, FileSet, Severity};

/// The files of a definition under the names that they have in a group's folder.
#[derive(Default)]
pub(super) struct Renamed {
    pub(super) files: FileSet,
    /// How many references were written anew.
    pub(super) references: usize,
}

/// Gives the document `name` the name of a definition, and lets references that lead to it by `name` lead there.
///
/// `None` where one of them cannot be changed in its place.
pub(super) fn renamed(name: &str, files: &FileSet, references: &[Node<'_>]) -> Option<Renamed> {
    let mut renamed = FileSet::default();
    let mut count = 0;
    for (path, bytes) in files.iter() {
        let places: BTreeSet<(usize, usize)> =
            references.iter().filter(|node| node.file() == path).map(|node| place(*node)).collect();
        let bytes = if places.is_empty() { Arc::clone(bytes) } else { rewritten(bytes, &places)?.into_bytes().into() };
        count += places.len();
        renamed.insert(if path == name { DEFINITION_FILE } else { path }, bytes);
    }
    if count > 0 && !stands_alone(&renamed) {
        return None;
    }
    Some(Renamed { files: renamed, references: count })
}

/// Line and column of a value, from 1.
fn place(node: Node<'_>) -> (usize, usize) {
    let location = node.location();
    (location.line, location.column)
}

/// Writes the references at these places anew; `None` where no plain or quoted text stands there.
fn rewritten(bytes: &[u8], places: &BTreeSet<(usize, usize)>) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut places = places.iter().peekable();
    let mut written = String::with_capacity(text.len() + places.len() * DEFINITION_FILE.len());
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let mut rest = line;
        while let Some((_, column)) = places.next_if(|(line, _)| *line == number) {
            let passed = line.len() - rest.len();
            let at = line.char_indices().nth(column.checked_sub(1)?)?.0.checked_sub(passed)?;
            let (before, reference) = rest.split_at_checked(at)?;
            let own = own_name(reference)?;
            written.push_str(before);
            written.push_str(reference.get(..own.start)?);
            written.push_str(DEFINITION_FILE);
            rest = reference.get(own.end..)?;
        }
        written.push_str(rest);
    }
    places.next().is_none().then_some(written)
}

/// Finds the name of the file in a reference as it is written: what stands before its `#`, or its end, and after the
/// last slash before that.
fn own_name(reference: &str) -> Option<std::ops::Range<usize>> {
    let (start, ends): (usize, &[char]) = match reference.chars().next()? {
        '"' => (1, &['"', '#']),
        '\'' => (1, &['\'', '#']),
        _ => (0, &['#', ' ', ',', '}', ']', '\r', '\n']),
    };
    let written = reference.get(start..)?;
    let path = written.get(..written.find(ends).unwrap_or(written.len()))?;
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    (name < path.len()).then_some(start + name..start + path.len())
}

/// Tells whether a definition is read without an error from these files, and needs all of them.
fn stands_alone(files: &FileSet) -> bool {
    let loaded = reference::load(RootFile { folder: "", path: DEFINITION_FILE, above: &[] }, &mut |path| {
        Ok(files.get(path).cloned())
    });
    loaded.files == *files && loaded.findings.into_vec().iter().all(|finding| finding.severity != Severity::Error)
}
