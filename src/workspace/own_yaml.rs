//! Reading the YAML that apigw itself wrote.
//!
//! Such files have neither anchors nor aliases, and nest only as deep as their one shape does. That
//! is looked at before the parser sees the text, because both can cost a parser far more memory and
//! time than the text's size suggests.

use serde::de::DeserializeOwned;

use super::error::Error;
use crate::model::Location;

/// The deepest that flow collections nest: `backend: {…}`.
const DEEPEST_FLOW: usize = 2;

/// Parses a file of apigw's own.
pub(super) fn parse<T: DeserializeOwned>(place: &str, text: &str) -> Result<T, Error> {
    let broken = |line: usize, column: usize, message: String| {
        let location = Location { file: place.into(), line, column };
        Error::invalid(
            "file-damaged",
            location,
            message,
            format!("restore it, for example with `git checkout -- {place}`"),
        )
    };
    if let Some((line, column)) = foreign_construct(text) {
        return Err(broken(line, column, "apigw never writes this: edited by hand, or damaged".to_owned()));
    }
    serde_yaml::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |location| (location.line(), location.column()));
        broken(line, column, format!("the file is damaged: {error}"))
    })
}

/// Finds an anchor, an alias, a tag or a flow collection that nests too deep, outside of quotes.
fn foreign_construct(text: &str) -> Option<(usize, usize)> {
    for (index, line) in text.lines().enumerate() {
        let mut quoted = false;
        let mut escaped = false;
        let mut depth = 0_usize;
        for (column, character) in line.chars().enumerate() {
            match character {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '#' if column == 0 => break,
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.saturating_sub(1),
                '&' | '*' | '!' => return Some((index + 1, column + 1)),
                _ => {}
            }
            if depth > DEEPEST_FLOW {
                return Some((index + 1, column + 1));
            }
        }
    }
    None
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
}
