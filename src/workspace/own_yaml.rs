//! Reading the YAML that apigw itself wrote.
//!
//! Such files have neither anchors nor aliases, and nest only as deep as their schema does. This is checked before the
//! parser sees the text, because both can cost a parser far more memory and time than the text's size suggests.

use std::iter::Peekable;

use serde::de::DeserializeOwned;

use super::error::{Error, restore_hint};
use crate::check::rules::files::SCHEMA_NEWER;
use crate::check::rules::records::FILE_DAMAGED;
use crate::model::Location;

/// The deepest that flow collections nest: `backend: {…}`.
const DEEPEST_FLOW: usize = 2;

/// Parses a file of apigw's own.
pub(super) fn parse<T: DeserializeOwned>(place: &str, text: &str) -> Result<T, Error> {
    check_constructs(place, text)?;
    serde_yaml::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |location| (location.line(), location.column()));
        broken(place, (line, column), format!("the file is damaged: {error}"))
    })
}

/// Refuses what apigw never writes and what can cost a parser far more than the text's size suggests.
pub(super) fn check_constructs(place: &str, text: &str) -> Result<(), Error> {
    let found = foreign_construct(text);
    let message = "apigw never writes this: edited by hand, or damaged";
    found.map_or(Ok(()), |position| Err(broken(place, position, message.to_owned())))
}

fn broken(place: &str, (line, column): (usize, usize), message: String) -> Error {
    let location = Location { file: place.into(), line, column };
    Error::invalid(&FILE_DAMAGED, location, message, restore_hint(place))
}

/// Refuses a file of a newer schema than this apigw knows; it is looked at before any field is read.
pub(super) fn check_schema(place: &str, text: &str, newest: u32) -> Result<(), Error> {
    let stated = text.lines().enumerate().find_map(|(index, line)| {
        let number: u64 = line.strip_prefix("schema: ")?.trim_end().parse().ok()?;
        Some((index, number))
    });
    match stated {
        Some((index, number)) if number > u64::from(newest) => Err(Error::invalid(
            &SCHEMA_NEWER,
            Location { file: place.into(), line: index + 1, column: 1 },
            format!("the file has schema {number}, and this apigw knows schema {newest}"),
            "a newer apigw wrote it: use that one",
        )),
        _ => Ok(()),
    }
}

/// Finds constructs that apigw never writes: an anchor, an alias, a tag, a flow collection that nests too deep, and a
/// quoted text or a flow collection that does not end in the line in which it begins.
fn foreign_construct(text: &str) -> Option<(usize, usize)> {
    text.lines().enumerate().find_map(|(index, line)| {
        let mut column = 1;
        // YAML 1.1 ends a line at these as well.
        line.split(['\r', '\u{85}', '\u{2028}', '\u{2029}']).find_map(|part| {
            let begin = column;
            column += part.chars().count() + 1;
            foreign_in_line(part).map(|found| (index + 1, begin + found))
        })
    })
}

/// Finds a foreign construct in a line and returns its column, from 0.
///
/// A quotation mark or a bracket is accepted only where a value can begin, and is foreign elsewhere: taken for the
/// start of a quoted text within a plain one, it would hide everything behind it.
fn foreign_in_line(line: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut value_can_begin = true;
    let mut before = ' ';
    let mut characters = line.chars().enumerate().peekable();
    while let Some((column, character)) = characters.next() {
        match character {
            '#' if is_space(before) => break,
            '"' | '\'' if value_can_begin && quoted_text_ends(character, &mut characters) => value_can_begin = false,
            '{' | '[' if value_can_begin && depth < DEEPEST_FLOW => depth += 1,
            '}' | ']' if depth > 0 => {
                depth -= 1;
                value_can_begin = false;
            }
            '"' | '\'' | '{' | '[' | '}' | ']' | '&' | '*' | '!' => return Some(column),
            ',' if depth > 0 => value_can_begin = true,
            ':' => {
                let key_ended = matches!(before, '"' | '\'' | '}' | ']');
                value_can_begin = key_ended || characters.peek().is_none_or(|(_, next)| is_space(*next));
            }
            other => value_can_begin &= is_space(other),
        }
        before = character;
    }
    (depth > 0).then(|| line.chars().count())
}

/// Skips to the end of a quoted text; true if it has one (YAML 1.2.2, section 7.3).
fn quoted_text_ends(quote: char, characters: &mut Peekable<impl Iterator<Item = (usize, char)>>) -> bool {
    while let Some((_, character)) = characters.next() {
        if character == '\\' && quote == '"' {
            characters.next();
        } else if character == quote && (quote == '"' || characters.next_if(|(_, next)| *next == quote).is_none()) {
            return true;
        }
    }
    false
}

const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_aliases_and_depth_are_refused() {
        for text in ["a: &x 1\n", "a: *x\n", "a: !!str 1\n", "a: [[[[1]]]]\n", "a: {b: {c: {d: 1}}}\n"] {
            assert!(parse::<serde_json::Value>("f", text).is_err(), "{text}");
        }
        let value: serde_json::Value = parse("f", "# &a\na: \"&x *y ! [[[[ \\\" {{{{\"\nb: {c: d}\n").unwrap();
        assert_eq!(value["b"]["c"], "d");
    }

    #[test]
    fn no_quotation_mark_hides_them() {
        for text in [
            "'\"': &x 1\n",
            "'a'' \"': &x 1 \"\n",
            "a\"b: &x 1\n",
            "a, \"b: &x 1 \"\n",
            "a{ \"b: &x 1 \"\n",
            "a:\"b: &x 1 \"\n",
            "{k: a \", l: &x b \"}\n",
            "{k: a - \"b, l: &x c \"}\n",
            "{\"k\":\"a, \", l: &x 1 \"}\n",
            "\"a\n \": &x 1\n",
            "# \r\"a\": &x 1\n",
            "# \u{2028}a: &x 1\n",
            "- [\": \", &x a, \"b\"]\n",
            "a: [\n [\n [\n 1 ] ] ]\n",
        ] {
            let error = parse::<serde_json::Value>("f", text).unwrap_err().to_string();
            assert!(error.contains("apigw never writes this"), "{text}: {error}");
        }
    }

    #[test]
    fn what_people_change_by_hand_is_read() {
        let text = "a: 'it''s' # \"b\nc: it's\n";
        assert!(parse::<serde_json::Value>("f", text).is_err(), "a mark within a plain text");
        let text = "a: 'it''s' # \"b\n\"c\": {d: [ 'e', \"f\" ], \"g\":h}\ni: http://j:1/#k\n";
        let value: serde_json::Value = parse("f", text).unwrap();
        assert_eq!(value, serde_json::json!({ "a": "it's", "c": { "d": ["e", "f"], "g": "h" }, "i": "http://j:1/#k" }));
    }
}
