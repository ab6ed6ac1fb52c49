//! A change of a text as pieces to replace, and the lines of a text.

use super::error::{EditError, EditRefusal};
use std::ops::Range;

/// Pieces of a text to replace, and the comments that go on purpose.
#[derive(Debug, Default)]
pub(super) struct TextChange {
    splices: Vec<(Range<usize>, String)>,
    dropped: Vec<Range<usize>>,
}

impl TextChange {
    /// Replaces a piece of the old text. Pieces never overlap; at one offset they keep their order.
    pub(super) fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        self.splices.push((range, with.into()));
    }

    /// Inserts text before an offset of the old text.
    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// Lets the comments in a piece of the old text go.
    pub(super) fn drop_comments(&mut self, range: Range<usize>) {
        self.dropped.push(range);
    }

    /// True if a comment that starts here goes on purpose.
    pub(super) fn drops(&self, offset: usize) -> bool {
        self.dropped.iter().any(|range| range.contains(&offset))
    }

    /// Returns the text with all pieces replaced.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut splices: Vec<_> = self.splices.iter().collect();
        splices.sort_by_key(|(range, _)| range.start);
        let mut changed = String::with_capacity(text.len() + 64);
        let mut done = 0;
        for (range, with) in splices {
            changed.push_str(text.get(done..range.start).unwrap_or_default());
            changed.push_str(with);
            done = done.max(range.end);
        }
        changed.push_str(text.get(done..).unwrap_or_default());
        changed
    }
}

/// A refusal with its place in the text, where there is one.
#[derive(Debug)]
pub(super) struct EditStop {
    place: EditPlace,
    reason: EditRefusal,
}

#[derive(Debug)]
enum EditPlace {
    Unknown,
    Offset(usize),
    LineAndColumn(usize, usize),
}

impl EditStop {
    /// Builds a refusal without a place.
    pub(super) fn new(reason: EditRefusal) -> Self {
        Self { place: EditPlace::Unknown, reason }
    }

    /// Refuses because of the text at an offset.
    pub(super) fn at(offset: usize, reason: EditRefusal) -> Self {
        Self { place: EditPlace::Offset(offset), reason }
    }

    /// Refuses because of the text at a line and column, both from 1.
    pub(super) fn at_line(line: usize, column: usize, reason: EditRefusal) -> Self {
        Self { place: EditPlace::LineAndColumn(line, column), reason }
    }

    /// Completes the refusal with the path of the edit.
    pub(super) fn into_error(self, text: &str, path: &[String]) -> EditError {
        let (line, column) = match self.place {
            EditPlace::Unknown => (0, 0),
            EditPlace::Offset(offset) => line_and_column(text, offset),
            EditPlace::LineAndColumn(line, column) => (line, column),
        };
        EditError { path: path.to_vec(), line, column, reason: self.reason }
    }
}

/// Returns the line and the column in characters of an offset, both from 1.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let start = line_start(text, before.len());
    (before.matches('\n').count() + 1, before.get(start..).unwrap_or_default().chars().count() + 1)
}

/// Returns the start of the line that contains an offset.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

/// Returns where the line of an offset ends, before its line break.
pub(super) fn line_end(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or_default();
    match rest.find('\n') {
        Some(0) if text.get(..offset).is_some_and(|before| before.ends_with('\r')) => offset - 1,
        Some(at) => offset + rest.get(..at).map_or(at, |line| line.strip_suffix('\r').unwrap_or(line).len()),
        None => text.len(),
    }
}

/// Returns where the line before the line of an offset ends, or nothing in the first line.
pub(super) fn previous_line_end(text: &str, offset: usize) -> Option<usize> {
    line_start(text, offset).checked_sub(1).map(|line_break| line_end(text, line_break))
}

/// Returns the piece that takes whole lines away, a line break with them.
pub(super) fn whole_lines(text: &str, from: usize, to: usize) -> Range<usize> {
    let (start, end) = (line_start(text, from), line_end(text, to));
    match text.get(end..).and_then(|rest| rest.find('\n')) {
        Some(at) => start..end + at + 1,
        None => previous_line_end(text, from).unwrap_or(start)..text.len(),
    }
}

/// Returns the text before an offset in its line, if it is only spaces and tabs.
pub(super) fn indentation(text: &str, offset: usize) -> Option<&str> {
    let before = text.get(line_start(text, offset)..offset)?;
    before.bytes().all(|byte| byte == b' ' || byte == b'\t').then_some(before)
}

/// Returns the line break that the text uses.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}
