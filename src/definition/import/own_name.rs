//! The original name of an imported document.
//!
//! In the group's folder the document becomes `openapi.yaml`. References to it by its original name are rewritten,
//! since a second copy under that name would not follow later edits.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::document::Node;
use crate::definition::reference::{self, RootFile};
use crate::model::{DEFINITION_FILE, FileSet, Severity};

/// The files of a definition under their names in a group's folder.
#[derive(Default)]
pub(super) struct RenamedFiles {
    pub(super) files: FileSet,
    /// The number of rewritten references.
    pub(super) references: usize,
}

/// Renames the document `name` to `openapi.yaml`, and rewrites the references to it.
///
/// `None` if a reference cannot be rewritten in place.
pub(super) fn renamed(name: &str, files: &FileSet, references: &[Node<'_>]) -> Option<RenamedFiles> {
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
    Some(RenamedFiles { files: renamed, references: count })
}

/// Returns the line and column of a value, from 1.
fn place(node: Node<'_>) -> (usize, usize) {
    let location = node.location();
    (location.line, location.column)
}

/// Rewrites the references at these positions; `None` if one is not a plain or quoted scalar.
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

/// Finds the file name in a reference as written: the part between the last slash and the `#` or the end.
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

/// True if these files are read without an error and all of them are needed.
fn stands_alone(files: &FileSet) -> bool {
    let loaded = reference::load(RootFile { folder: "", path: DEFINITION_FILE, above: &[] }, &mut |path| {
        Ok(files.get(path).cloned())
    });
    loaded.files == *files && loaded.findings.into_vec().iter().all(|finding| finding.severity != Severity::Error)
}
