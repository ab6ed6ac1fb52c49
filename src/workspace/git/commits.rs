//! Files that commits have, or had.

use super::{CommitId, GitCheckout};

/// A file as a commit has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::workspace) struct CommittedFile {
    /// The commit, in a form that Git knows.
    pub(in crate::workspace) commit: String,
    /// The path from the top of the repository.
    pub(in crate::workspace) path: String,
}

impl GitCheckout {
    /// Returns the files that these commits and those before them added to folders of this name, wherever they lie, and
    /// whatever became of the files; commits before `known` ones are left out.
    pub(in crate::workspace) fn files_added<'c>(
        &self,
        folder: &str,
        commits: impl IntoIterator<Item = &'c CommitId>,
        known: impl IntoIterator<Item = &'c CommitId>,
    ) -> Option<Vec<CommittedFile>> {
        // Settings of people hide first commits and merges.
        let options = ["-c", "log.showRoot=true", "log", "--full-history", "--diff-merges=separate", "--no-renames"];
        let commits: Vec<&str> = commits.into_iter().map(|commit| &*commit.0).collect();
        let known: Vec<String> = known.into_iter().map(|commit| format!("^{}", commit.0)).collect();
        let pattern = format!(":(top,glob)**/{folder}/*");
        let format = ["--no-show-signature", "--diff-filter=A", "--name-only", "-z", "--format=%H"];
        let mut words = [&options[..], &format, &commits].concat();
        words.extend(known.iter().map(String::as_str));
        words.extend(["--", &pattern]);
        let listed = self.ask(&words)?;
        let listed = String::from_utf8_lossy(&listed);
        let mut commit = "";
        let mut found = Vec::new();
        for part in listed.split_terminator('\0').map(str::trim).filter(|part| !part.is_empty()) {
            if part.contains('/') {
                found.push(CommittedFile { commit: commit.to_owned(), path: part.to_owned() });
            } else {
                commit = part;
            }
        }
        Some(found)
    }

    /// Reads files, without bytes where a commit has one not; `None` where Git cannot be asked.
    pub(in crate::workspace) fn read_files(&self, files: &[CommittedFile]) -> Option<Vec<Vec<u8>>> {
        if files.is_empty() {
            return Some(Vec::new());
        }
        let names: Vec<String> = files.iter().map(|file| format!("{}:{}\n", file.commit, file.path)).collect();
        let printed = self.ask_with_input(&["cat-file", "--batch"], names.concat().into_bytes())?;
        let mut rest = &*printed;
        files.iter().map(|_| take_object(&mut rest)).collect()
    }
}

/// Takes the next object of a batch, without bytes where it is not there; `None` where the batch is cut off.
fn take_object(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = memchr::memchr(b'\n', rest)?;
    let (head, body) = (rest.get(..end)?, rest.get(end + 1..)?);
    let head = String::from_utf8_lossy(head);
    // A name may have spaces too, and stands in the place of an object that is missing.
    let size = head.rsplit_once(" blob ").and_then(|(_, size)| size.parse::<usize>().ok());
    let Some(size) = size else {
        *rest = body;
        return Some(Vec::new());
    };
    let bytes = body.get(..size)?.to_vec();
    *rest = body.get(size + 1..)?;
    Some(bytes)
}
