//! The lines that Git puts around the sides of a merge conflict.

use super::finding::{Finding, Location};
use super::hint::Hint;
use super::rule::Rule;

/// A file has no merge conflict.
pub const MERGE_CONFLICT: Rule = Rule::error(
    "merge-conflict",
    "Git left lines of both branches between conflict markers, so the file says nothing that can be trusted. Edit a file that \
     people write; `resolve` joins the files of deployments and of keys, and says which releases both branches made.",
);

/// The length of Git's conflict markers, unless an attribute says otherwise.
const MARKER: usize = 7;

/// Returns the character and the length of a conflict marker; `None` where a line is none.
#[must_use]
pub fn conflict_marker(line: &str) -> Option<(char, usize)> {
    let line = line.trim_end_matches(['\n', '\r']);
    let first = line.chars().next().filter(|first| "<|=>".contains(*first))?;
    let rest = line.trim_start_matches(first);
    let length = line.len() - rest.len();
    (length >= MARKER && (rest.is_empty() || rest.starts_with(' '))).then_some((first, length))
}

/// Returns the line, from 1, in which the first conflict of a text begins.
#[must_use]
pub fn first_conflict(text: &str) -> Option<usize> {
    let begins = |line: &str| conflict_marker(line).is_some_and(|(character, _)| character == '<');
    Some(text.lines().position(begins)? + 1)
}

/// Returns the finding on the first conflict in a file that people write; `None` where it has none.
#[must_use]
pub fn conflict_finding(file: &str, text: &str) -> Option<Finding> {
    let location = Location { file: file.into(), line: first_conflict(text)?, column: 1 };
    let hint = Hint::EditConflict { file: file.to_owned() };
    Some(MERGE_CONFLICT.finding(location, "Git left a merge conflict here", hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_conflict_begins_where_its_first_side_does() {
        for (text, expected) in [
            ("", None),
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\n", Some(2)),
            ("<<<<<<<\r\n=======\r\n", Some(1)),
            ("<<<<<<<<<<<<<<< ours\n", Some(1)),
            ("=======\n>>>>>>> x\n", None),
            (" <<<<<<< HEAD\n", None),
            ("<<<<<< HEAD\n<<<<<<<HEAD\n", None),
        ] {
            assert_eq!(first_conflict(text), expected, "{text:?}");
        }
    }
}
