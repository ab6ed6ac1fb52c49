//! Paths at a backend that are made of a route's parameters. A value that is a part of its segment in the request may
//! be a whole one there: `..` of `/items/v..`, which the gateway refuses.

use crate::definition::{PathPiece, path_pieces};
use crate::routes::{PathPart, PathTemplate};

/// The values that make a whole segment ambiguous: dots, and an encoded semicolon before anything else.
pub(super) const AMBIGUOUS_SEGMENT: &str =
    r"(?:[^/;]*%2[fF])?(?:\.|%2[eE]){1,2}(?:(?:%2[fF]|%3[bB])[^/;]*)?|%3[bB][^/;]*";

/// Lists the parameters that make up each segment of a path at a backend, where the request has none of them as a
/// segment.
pub(super) fn segments_of_parameters<'t>(path: &PathTemplate, target: &'t str) -> Vec<Vec<&'t str>> {
    let mut segments: Vec<(String, Vec<&str>)> = vec![Default::default()];
    for piece in path_pieces(target) {
        match piece {
            PathPiece::Text(text) => {
                for (index, text) in text.split('/').enumerate() {
                    if index > 0 {
                        segments.push(Default::default());
                    }
                    if let Some((texts, _)) = segments.last_mut() {
                        texts.push_str(text);
                    }
                }
            }
            PathPiece::Parameter(name) => {
                if let Some((_, parameters)) = segments.last_mut() {
                    parameters.push(name);
                }
            }
        }
    }
    let may_be_dots = |(text, parameters): &(String, Vec<&str>)| {
        !parameters.is_empty()
            && text.bytes().all(|byte| byte == b'.')
            && !parameters.iter().any(|name| is_segment(path, name))
    };
    segments.into_iter().filter(may_be_dots).map(|(_, parameters)| parameters).collect()
}

/// True if a parameter is a whole segment of a route, whose value is none of dots.
fn is_segment(path: &PathTemplate, name: &str) -> bool {
    path.parts.iter().enumerate().any(|(index, part)| {
        let before = index.checked_sub(1).and_then(|before| path.parts.get(before));
        let ends = |part: &PathPart| matches!(part, PathPart::Text(text) if text.ends_with('/'));
        let begins = |part: &PathPart| matches!(part, PathPart::Text(text) if text.starts_with('/'));
        matches!(part, PathPart::Parameter(parameter) if parameter.name == name)
            && before.is_some_and(ends)
            && path.parts.get(index + 1).is_none_or(begins)
    })
}
