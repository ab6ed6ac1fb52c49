//! Generated files, and the list of their checksums.

use crate::model::Digest;

/// A file of pages or of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Its path below the output folder, with slashes.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Writes `SHA256SUMS`, as `sha256sum --check` reads it.
#[must_use]
pub fn checksums(files: &[GeneratedFile]) -> GeneratedFile {
    let line = |file: &GeneratedFile| format!("{}  {}\n", Digest::of(&file.bytes).hexadecimal(), file.path);
    let sums: String = files.iter().map(line).collect();
    GeneratedFile { path: "SHA256SUMS".to_owned(), bytes: sums.into_bytes() }
}
