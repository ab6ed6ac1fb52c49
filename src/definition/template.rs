//! Path templates: alternating texts and parameters (OpenAPI 3.1, section 4.8.8.2), with extensions found in real
//! definitions.

use std::collections::HashSet;

use super::percent::one_spelling;
use crate::model::{PathReading, is_canonical_but_for_slashes, path_reading};

/// A piece of a path template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathPiece<'p> {
    /// A literal text.
    Text(&'p str),
    /// A parameter, as the text between its braces.
    Parameter(&'p str),
}

/// Splits a path template into its pieces. An unmatched brace is text.
///
/// Nested braces belong to the parameter: some frameworks write a pattern after its name, like `{year:[0-9]{4}}`.
#[must_use]
pub fn path_pieces(path: &str) -> Vec<PathPiece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = path;
    while let Some((text, name, behind)) = next_parameter(rest) {
        if !text.is_empty() {
            pieces.push(PathPiece::Text(text));
        }
        pieces.push(PathPiece::Parameter(name));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(PathPiece::Text(rest));
    }
    pieces
}

/// Returns the parameters of a path template as written, in order.
#[must_use]
pub fn parameter_names(path: &str) -> Vec<&str> {
    let name = |piece| match piece {
        PathPiece::Parameter(name) => Some(name),
        PathPiece::Text(_) => None,
    };
    path_pieces(path).into_iter().filter_map(name).collect()
}

/// Returns the name of a parameter without the pattern or modifier that some frameworks add, like `{id:[0-9]+}`,
/// `{name=*}` or `{proxy+}`.
#[must_use]
pub fn bare_name(written: &str) -> &str {
    written.split([':', '=']).next().unwrap_or(written).trim_matches(['+', '*', '{', '}', ' '])
}

/// Returns a path template without the names of its parameters, so that equivalent templates are equal.
#[must_use]
pub fn template_shape(path: &str) -> String {
    let piece = |piece: &PathPiece<'_>| match *piece {
        PathPiece::Text(text) => text.to_owned(),
        PathPiece::Parameter(_) => "{}".to_owned(),
    };
    path_pieces(path).iter().map(piece).collect()
}

/// Splits a key of `paths` into the path and the rest: a query, a fragment, or an RFC 6570 expression for one of them,
/// like `{?limit}`.
pub(super) fn split_variant(written: &str) -> (&str, &str) {
    let mut at = 0;
    for piece in path_pieces(written) {
        match piece {
            PathPiece::Parameter(name) if name.starts_with(['?', '&', '#']) => break,
            PathPiece::Parameter(name) => at += name.len() + 2,
            PathPiece::Text(text) => match text.find(['?', '#']) {
                Some(end) => {
                    at += end;
                    break;
                }
                None => at += text.len(),
            },
        }
    }
    written.split_at(at)
}

/// Returns the fault that prevents a path template from being routed; `None` if it is valid.
#[must_use]
pub fn path_fault(path: &str) -> Option<&'static str> {
    path_pieces(path).into_iter().find_map(|piece| match piece {
        PathPiece::Text(text) if text.contains('{') => Some("has a brace that is not closed"),
        PathPiece::Text(text) if text.contains('}') => Some("closes a brace that is not open"),
        PathPiece::Parameter(name) if bare_name(name).is_empty() || bare_name(name).contains('/') => {
            Some("has a parameter without a proper name")
        }
        PathPiece::Parameter(name) if name.split_once('=').is_some_and(|(_, pattern)| pattern.contains('/')) => {
            Some("has a parameter that spans several segments")
        }
        _ => None,
    })
}

/// Returns an irregularity of a path template that does not prevent it from being routed.
pub(super) fn template_oddity(path: &str) -> Option<String> {
    let pieces = path_pieces(path);
    let adjacent = pieces.windows(2).find_map(|pair| match *pair {
        [PathPiece::Parameter(one), PathPiece::Parameter(other)] => {
            Some(format!("has nothing between {{{one}}} and {{{other}}}, which gateways split differently"))
        }
        _ => None,
    });
    let is_odd = |each: &char| *each == ' ' || each.is_ascii_punctuation() && "<>\"^`|".contains(*each);
    let odd = || {
        let texts = pieces.iter().filter_map(|piece| match piece {
            PathPiece::Text(text) => text.chars().find(is_odd),
            PathPiece::Parameter(_) => None,
        });
        texts.into_iter().next().map(|each| {
            format!("has {:?}, which no URI has: requests write it as %{:02X}", each.to_string(), u32::from(each))
        })
    };
    let pattern = || {
        let is_pattern = |name: &&str| bare_name(name) != *name && name.contains([':', '=']);
        let name = parameter_names(path).into_iter().find(is_pattern)?;
        Some(format!("has the pattern {name:?} within braces, which is not compared with requests"))
    };
    adjacent.or_else(odd).or_else(pattern)
}

/// Returns the first parameter that occurs twice in a path template.
pub(super) fn repeated_name(path: &str) -> Option<&str> {
    let mut names = HashSet::new();
    parameter_names(path).into_iter().find(|name| !names.insert(*name))
}

/// Splits a text at its first parameter: the text before it, the parameter, the text after it.
fn next_parameter(text: &str) -> Option<(&str, &str, &str)> {
    let open = text.find('{')?;
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some((text.get(..open)?, text.get(open + 1..at)?, text.get(at + 1..)?)),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// True if a path at a backend that is made of a template has one reading as far as its own texts go; the gateway sends
/// no request to another. `encoded_slashes` is the group's setting.
pub(crate) fn has_one_reading(template: &str, encoded_slashes: bool) -> bool {
    let pieces = path_pieces(template).into_iter().map(|piece| match piece {
        PathPiece::Text(text) => one_spelling(text),
        PathPiece::Parameter(_) => "x".into(),
    });
    let filled: String = pieces.collect();
    path_reading(&filled) != PathReading::Several || encoded_slashes && is_canonical_but_for_slashes(&filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_split_into_texts_and_parameters() {
        for (path, names, shape) in [
            ("/a", &[][..], "/a"),
            ("/a/{b}/{c}.{d}", &["b", "c", "d"], "/a/{}/{}.{}"),
            ("/{a}{b}", &["a", "b"], "/{}{}"),
            ("/y/{year:[0-9]{4}}/x", &["year:[0-9]{4}"], "/y/{}/x"),
            ("/t/{id:\\d+}", &["id:\\d+"], "/t/{}"),
            ("/{{id}}", &["{id}"], "/{}"),
            ("/a/{b", &[], "/a/{b"),
            ("/a/b}", &[], "/a/b}"),
        ] {
            assert_eq!(parameter_names(path), names, "{path}");
            assert_eq!(template_shape(path), shape, "{path}");
        }
        let names = ["id:[0-9]+", "name=*", "proxy+", "+path", "{id}", "id"].map(bare_name);
        assert_eq!(names, ["id", "name", "proxy", "path", "id", "id"]);
    }

    #[test]
    fn a_variant_begins_at_a_query_or_a_fragment_outside_of_braces() {
        for (written, path, variant) in [
            ("/a", "/a", ""),
            ("/a?b=c", "/a", "?b=c"),
            ("/a#b?c", "/a", "#b?c"),
            ("/a/{b:x?}/c?d", "/a/{b:x?}/c", "?d"),
            ("/a{?b,c}", "/a", "{?b,c}"),
            ("/a{#b}", "/a", "{#b}"),
            ("/a/{b", "/a/{b", ""),
        ] {
            assert_eq!(split_variant(written), (path, variant), "{written}");
        }
    }

    #[test]
    fn faults_and_oddities_are_told_apart() {
        for (path, fault, oddity) in [
            ("/a/{b}", "", ""),
            ("/a/{b", "not closed", ""),
            ("/a/b}", "not open", ""),
            ("/{}", "proper name", ""),
            ("/{/a}", "proper name", ""),
            ("/{name=projects/*}", "several segments", ""),
            ("/{a}{b}", "", "nothing between {a} and {b}"),
            ("/a b", "", "%20"),
            ("/<id>", "", "%3C"),
            ("/{id:\\d+}", "", "pattern"),
            ("/{year:[0-9]{4}}", "", "pattern"),
            ("/größe/{{id}}", "", ""),
        ] {
            let found = path_fault(path).unwrap_or_default();
            assert!(found.contains(fault) && found.is_empty() == fault.is_empty(), "{path}: {found}");
            if fault.is_empty() {
                let found = template_oddity(path).unwrap_or_default();
                assert!(found.contains(oddity) && found.is_empty() == oddity.is_empty(), "{path}: {found}");
            }
        }
    }

    #[test]
    fn a_path_at_a_backend_has_one_reading() {
        for (template, encoded_slashes, is_one) in [
            ("/a/{b}", false, true),
            ("/a/{b}?c=1", false, true),
            ("/a/{b}?c=..%2F", false, false),
            ("/p$1/${a}\\1", false, false),
            ("/a/../{b}", false, false),
            ("/a//{b}", false, false),
            ("/a%2F{b}", false, false),
            ("/a%2F{b}", true, true),
        ] {
            assert_eq!(has_one_reading(template, encoded_slashes), is_one, "{template}");
        }
    }
}
