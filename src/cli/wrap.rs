//! Lines within the width of a terminal, broken between words.

use std::borrow::Cow;

/// The columns by which a line goes on further in.
const INDENT: usize = 2;

/// Breaks the lines of a text that are wider than a terminal. A word that is wider alone, and a command between
/// backticks, stay whole: a line feed in it would be copied along, and the terminal breaks it without one.
pub(super) fn wrapped(text: &str, width: Option<u16>) -> Cow<'_, str> {
    let Some(width) = width.map(usize::from) else { return Cow::Borrowed(text) };
    if text.split('\n').all(|line| columns(line) <= width) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(|line| wrapped_line(line, width)).collect();
    Cow::Owned(lines.join("\n"))
}

fn wrapped_line(line: &str, width: usize) -> Cow<'_, str> {
    if columns(line) <= width {
        return Cow::Borrowed(line);
    }
    let (first, rest) = line.split_at(line.len() - line.trim_start_matches(' ').len());
    let indent = " ".repeat((first.len() + INDENT).min(width / 2));
    let mut text = first.to_owned();
    let (mut column, mut is_empty) = (first.len(), true);
    for (blanks, word) in words(rest) {
        let length = columns(word);
        if !is_empty && column + blanks + length > width {
            text.push('\n');
            text.push_str(&indent);
            column = indent.len();
        } else {
            text.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        }
        text.push_str(word);
        (column, is_empty) = (column + length, false);
    }
    Cow::Owned(text)
}

/// Parts a line into words, each with the number of blanks before it.
fn words(line: &str) -> Vec<(usize, &str)> {
    let (mut words, mut start, mut blanks, mut is_quoted) = (Vec::new(), 0, 0, false);
    for (at, character) in line.char_indices() {
        match character {
            '`' => is_quoted = !is_quoted,
            ' ' if !is_quoted => {
                if start < at {
                    words.push((blanks, &line[start..at]));
                    blanks = 0;
                }
                blanks += 1;
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < line.len() {
        words.push((blanks, &line[start..]));
    }
    words
}

/// Counts the columns of a text, without the sequences that colour it.
fn columns(text: &str) -> usize {
    let mut is_sequence = false;
    let is_shown = |character: &char| {
        let was_sequence = is_sequence;
        is_sequence = *character == '\u{1b}' || is_sequence && *character != 'm';
        !was_sequence && !is_sequence
    };
    text.chars().filter(is_shown).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_alone() {
        for (width, text, expected) in [
            (None, "one two", "one two"),
            (Some(9), "one two\nthree four\n", "one two\nthree\n  four\n"),
            (Some(9), "  one  two three", "  one\n    two\n    three"),
            (Some(12), "go `a b c d e f` or not", "go\n  `a b c d e f`\n  or not"),
            (Some(6), "see http://a.example/b now", "see\n  http://a.example/b\n  now"),
            (Some(9), "\u{1b}[1;31merror\u{1b}[0m: ab c", "\u{1b}[1;31merror\u{1b}[0m: ab\n  c"),
            (Some(7), "äö üß x", "äö üß x"),
        ] {
            assert_eq!(wrapped(text, width), expected, "{text}");
        }
    }
}
