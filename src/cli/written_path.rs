//! Paths of files and folders that a command writes.

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};

/// Parses the path of a file or folder to write. `-` is refused: whoever types it means stdout, and would find a file
/// of that name.
pub(super) fn written_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        if path == Path::new("-") {
            Err("this is not written to stdout: name a path, or `./-` for one of that name")
        } else {
            Ok(path)
        }
    })
}
