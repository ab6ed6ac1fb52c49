//! The folder of a command that writes files, or tells with `--check` that they are out of date.

use std::path::Path;

use super::context::Context;
use super::error::{CommandError, Exit};
use crate::share::GeneratedFile;
use crate::workspace::{FolderChanges, OutputFile, OutputFolder};

/// Hint for a folder that is out of date. It does not repeat the arguments, since the caller knows them.
pub(super) const WRITE_IT: &str = "; the same command without `--check` writes it";

/// A folder of generated files.
pub(super) struct GeneratedFolder {
    folder: OutputFolder,
    is_check: bool,
}

impl GeneratedFolder {
    /// Opens the folder of a kind of files, which is refused where it holds something else.
    pub(super) fn open(context: &Context<'_>, out: &Path, kind: &str, is_check: bool) -> Result<Self, CommandError> {
        Ok(Self { folder: OutputFolder::open(&context.folder().join(out), kind)?, is_check })
    }

    /// Reads a file that it has from before.
    pub(super) fn read_file(&self, name: &str) -> Result<Option<Vec<u8>>, CommandError> {
        Ok(self.folder.read_file(name)?)
    }

    /// Compares the folder with the files that it should have, and writes them unless it is only checked.
    pub(super) fn update(&self, files: &[OutputFile<'_>]) -> Result<FolderChanges, CommandError> {
        Ok(if self.is_check { self.folder.compare(files)? } else { self.folder.write(files)? })
    }

    /// Returns the exit of a command that found these changes.
    pub(super) fn exit(&self, changes: &FolderChanges) -> Exit {
        if self.is_check && !changes.is_empty() { Exit::ChangesPending } else { Exit::Done }
    }
}

/// Lists files that everybody may read.
pub(super) fn public_files(files: &[GeneratedFile]) -> Vec<OutputFile<'_>> {
    files.iter().map(|file| OutputFile { path: &file.path, bytes: &file.bytes, is_private: false }).collect()
}
