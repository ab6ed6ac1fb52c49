//! The order in which a gateway tries the paths of a group: the first that matches a request takes it.

use super::path::{PathPart, PathTemplate};

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

impl PathTemplate {
    /// Returns the place of the path among those of its group.
    pub(crate) fn precedence(&self) -> PathPrecedence {
        let (mut ranks, mut text) = (Vec::new(), String::new());
        for (index, part) in self.parts.iter().enumerate() {
            let next = self.parts.get(index + 1);
            match part {
                PathPart::Text(own) => {
                    // Paths below a folder are below it with and without its slash.
                    let own = if self.is_prefix && next.is_none() { own.trim_end_matches('/') } else { own };
                    ranks.extend(std::iter::repeat_n(PartRank::Text, own.len()));
                    text.push_str(own);
                }
                // Those with nothing between them share one text.
                PathPart::Parameter(_) if matches!(next, Some(PathPart::Parameter(_))) => {}
                PathPart::Parameter(_) => {
                    let is_inline = matches!(next, Some(PathPart::Text(next)) if !next.starts_with('/'));
                    ranks.push(if is_inline { PartRank::Inline } else { PartRank::Whole });
                    text.push('{');
                }
            }
        }
        ranks.push(PartRank::End);
        let is_template = !self.is_prefix && self.parts.iter().any(|part| matches!(part, PathPart::Parameter(_)));
        PathPrecedence { is_prefix: self.is_prefix, is_template, ranks, text }
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
            Some((path, _)) => PathTemplate::of_text(path, true),
            None => PathTemplate::of_text(text, false),
        };
        let mut sorted: Vec<&str> = ordered.iter().rev().copied().collect();
        sorted.sort_by_key(|text| path(text).precedence());
        assert_eq!(sorted, ordered);
        for (one, other) in [("/{a}", "/{b}"), ("/{a}{b}/c", "/{x}/c"), ("/a/ prefix", "/a prefix")] {
            assert_eq!(path(one).precedence(), path(other).precedence(), "{one} {other}");
        }
    }
}
