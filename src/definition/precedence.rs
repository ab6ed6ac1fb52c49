//! The order in which a gateway tries the paths of a group: the first that matches a request takes it.

use std::borrow::Cow;

use super::percent::one_spelling;
use super::template::{PathPiece, path_pieces};

/// The place of a path in that order: paths themselves, then templates, then `x-apigw-match: prefix`. At the first
/// difference of two templates text comes before a parameter, a parameter with text behind it in its segment before a
/// whole segment, and a longer template before a shorter one (OpenAPI 3.1.1, "Path Templating Matching", for all but
/// the second).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PathPrecedence {
    is_prefix: bool,
    is_template: bool,
    ranks: Vec<PartRank>,
    /// Tells templates apart that differ in their texts alone.
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PartRank {
    /// A byte of text.
    Text,
    /// A parameter with text behind it in its segment.
    Inline,
    /// A parameter up to the end of its segment.
    Whole,
    End,
}

impl PathPrecedence {
    /// Returns the place of a path as a definition writes it.
    pub(crate) fn of_path(path: &str, is_prefix: bool) -> Self {
        let part = |piece| match piece {
            PathPiece::Text(text) => Some(one_spelling(text)),
            PathPiece::Parameter(_) => None,
        };
        let parts: Vec<Option<Cow<'_, str>>> = path_pieces(path).into_iter().map(part).collect();
        Self::of_parts(&parts, is_prefix)
    }

    /// Returns the place of a path by its texts, each in its one spelling, and `None` for its parameters.
    pub(crate) fn of_parts(parts: &[Option<Cow<'_, str>>], is_prefix: bool) -> Self {
        let (mut ranks, mut text) = (Vec::new(), String::new());
        for (index, part) in parts.iter().enumerate() {
            let next = parts.get(index + 1);
            match part {
                Some(own) => {
                    // Paths below a folder are below it with and without its slash.
                    let own = if is_prefix && next.is_none() { own.trim_end_matches('/') } else { own };
                    ranks.extend(std::iter::repeat_n(PartRank::Text, own.len()));
                    text.push_str(own);
                }
                // Those with nothing between them share one text.
                None if next == Some(&None) => {}
                None => {
                    let is_inline = matches!(next, Some(Some(next)) if !next.starts_with('/'));
                    ranks.push(if is_inline { PartRank::Inline } else { PartRank::Whole });
                    text.push('{');
                }
            }
        }
        ranks.push(PartRank::End);
        let is_template = !is_prefix && parts.contains(&None);
        Self { is_prefix, is_template, ranks, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_specific_path_comes_first() {
        let ordered = [
            "/pets",
            "/f/a-{x}",
            "/f/{x}-{y}-{z}",
            "/f/{x}-{y}/b",
            "/f/{x}.{y}",
            "/f/{x}",
            "/{x}-{y}/{z}",
            "/{x}/b",
            "/{x}/{y}",
            "/{x}",
            "/tenants/{id} prefix",
            "/tenants prefix",
            "/ prefix",
        ];
        let path = |text: &str| match text.split_once(' ') {
            Some((path, _)) => PathPrecedence::of_path(path, true),
            None => PathPrecedence::of_path(text, false),
        };
        let mut sorted: Vec<&str> = ordered.iter().rev().copied().collect();
        sorted.sort_by_key(|text| path(text));
        assert_eq!(sorted, ordered);
        for (one, other) in [("/{a}", "/{b}"), ("/{a}{b}/c", "/{x}/c"), ("/a/ prefix", "/a prefix")] {
            assert_eq!(path(one), path(other), "{one} {other}");
        }
    }
}
