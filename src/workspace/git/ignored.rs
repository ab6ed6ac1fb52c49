//! Files that Git would not take, since a pattern of somebody's ignores them.

use super::GitCheckout;

/// The most places of one question: with longer names than any, a command line has room for them.
const MOST_PLACES: usize = 2_000;

/// A file that Git ignores, there or not, with the pattern that does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workspace) struct IgnoredFile {
    /// The file, from the workspace's folder.
    pub(in crate::workspace) place: String,
    /// The file and the line that the pattern stands in.
    pub(in crate::workspace) source: String,
    /// The pattern as it is written.
    pub(in crate::workspace) pattern: String,
}

impl GitCheckout {
    /// Returns those of these files that Git ignores. One that it has already is none of them.
    pub(in crate::workspace) fn ignored_files(&self, places: &[String]) -> Vec<IgnoredFile> {
        places.chunks(MOST_PLACES).flat_map(|places| self.ignored_of(places)).collect()
    }

    /// Lists the files in these places that are there and that Git ignores.
    pub(in crate::workspace) fn present_ignored_files(&self, places: &[&str]) -> Vec<String> {
        let words = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--"];
        let listed = self.ask(&[&words, places].concat()).unwrap_or_default();
        String::from_utf8_lossy(&listed).split_terminator('\0').map(str::to_owned).collect()
    }

    fn ignored_of(&self, places: &[String]) -> Vec<IgnoredFile> {
        // With `-z` it would read the places from a pipe alone.
        let words = ["check-ignore", "-v", "--"].into_iter().chain(places.iter().map(String::as_str));
        let listed = self.ask(&words.collect::<Vec<_>>()).unwrap_or_default();
        String::from_utf8_lossy(&listed).lines().filter_map(ignored_file).collect()
    }
}

/// Reads a line like `.gitignore:2:build/<TAB>groups/build/group.yaml`.
fn ignored_file(line: &str) -> Option<IgnoredFile> {
    let (rule, place) = line.rsplit_once('\t')?;
    let split = |(at, _)| {
        let (line, pattern) = rule[at + 1..].split_once(':')?;
        let is_number = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| (&rule[..=at + line.len()], pattern))
    };
    let (source, pattern) = rule.match_indices(':').find_map(split)?;
    // A pattern that begins so takes files in again.
    let is_ignored = !pattern.starts_with('!');
    let (place, source, pattern) = (place.to_owned(), source.to_owned(), pattern.to_owned());
    is_ignored.then_some(IgnoredFile { place, source, pattern })
}
