//! The declared media type of a body, and how much a caller accepts one (RFC 9110, section 12.5.1).

use crate::model::{MediaRange, media_type_parameter, split_unquoted, trim_blanks};

/// Finds the declaration for the media type of a body: of those that include it the most exact, the first among equals.
///
/// A media type that names no parameters leaves open which of those with parameters is meant: it is the first, where
/// no range includes it.
pub(crate) fn declared<'c, T>(content: &'c [T], name: impl Fn(&T) -> &str, sent: &MediaRange) -> Option<&'c T> {
    let parsed = || content.iter().filter_map(|entry| Some((MediaRange::parse(name(entry))?, entry)));
    let mut found: Option<(MediaRange, &T)> = None;
    for (range, entry) in parsed().filter(|(range, _)| range.includes(sent)) {
        if found.as_ref().is_none_or(|(known, _)| range.specificity() > known.specificity()) {
            found = Some((range, entry));
        }
    }
    let open = || parsed().find(|(range, _)| sent.is_plain() && !range.is_range() && range.names(sent));
    found.or_else(open).map(|(_, entry)| entry)
}

/// The most ranges of a request that count: each is compared with each declared response.
const MOST_RANGES: usize = 256;

/// The ranges of the `Accept` headers of a request, with their weights from 0 to 1000.
pub(crate) struct AcceptedRanges(Vec<(MediaRange, u16)>);

impl AcceptedRanges {
    /// Parses the headers; `None` where they name nothing, as without them.
    pub(crate) fn parse<'h>(headers: impl Iterator<Item = &'h str>) -> Option<Self> {
        let ranges =
            headers.flat_map(|header| split_unquoted(header, ',')).filter(|range| !trim_blanks(range).is_empty());
        let mut named = ranges.peekable();
        named.peek()?;
        Some(Self(named.filter_map(weighted).take(MOST_RANGES).collect()))
    }

    /// Returns how much a media type is accepted: the most exact range decides.
    pub(crate) fn quality(&self, media_type: &MediaRange) -> u16 {
        let mut found: Option<((u8, usize), u16)> = None;
        for (range, weight) in self.0.iter().filter(|(range, _)| range.includes(media_type)) {
            if found.is_none_or(|(known, _)| range.specificity() > known) {
                found = Some((range.specificity(), *weight));
            }
        }
        found.map_or(0, |(_, weight)| weight)
    }

    /// Finds the most accepted range that meets a declared one and does not have its usual member, with its weight:
    /// the first among equals, of those that `is_wanted` holds for.
    pub(crate) fn beside(
        &self,
        declared: &MediaRange,
        usual: &MediaRange,
        is_wanted: impl Fn(&MediaRange) -> bool,
    ) -> Option<(u16, &MediaRange)> {
        let meets = |range: &MediaRange| declared.names(range) || range.names(declared);
        let mut best: Option<(u16, &MediaRange)> = None;
        for (range, weight) in &self.0 {
            let is_more = *weight > best.as_ref().map_or(0, |(known, _)| *known);
            if is_more && meets(range) && !range.includes(usual) && is_wanted(range) {
                best = Some((*weight, range));
            }
        }
        best
    }
}

/// Parses a range of an `Accept` header with its weight; parameters behind the weight are not the media type's.
fn weighted(text: &str) -> Option<(MediaRange, u16)> {
    let mut parts = split_unquoted(text, ';').into_iter();
    let mut range = MediaRange::of_name(parts.next()?)?;
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = media_type_parameter(part)?;
        if name == "q" {
            return Some((range, thousandths(&value)));
        }
        range.add(part)?;
    }
    Some((range, 1000))
}

/// Reads a weight like `0.5` (RFC 9110, section 12.4.2), or `.5` as some write it; one that is malformed counts as 0.
fn thousandths(weight: &str) -> u16 {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    match whole {
        "1" if decimals.len() <= 3 && decimals.bytes().all(|digit| digit == b'0') => 1000,
        "0" | "" if decimals.len() <= 3 => format!("{decimals:0<3}").parse().unwrap_or_default(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_range_decides() {
        for (accept, media_type, expected) in [
            ("application/json", "application/json;version=1", 1000),
            ("application/json;version=2", "application/json;version=2", 1000),
            ("application/json; version=\"2\"", "application/json;version=2", 1000),
            ("application/json;VERSION=2", "application/json;version=2", 1000),
            ("application/json;version=3", "application/json;version=2", 0),
            ("application/json;version=2", "application/json", 0),
            ("application/json;version=2;q=0.5", "application/json;version=2", 500),
            ("application/json;q=0.5;version=2", "application/json;version=2", 500),
            ("application/json;version=1;q=0.1, application/json", "application/json;version=1", 100),
            ("*/*;q=0.3, application/*;q=0.2, application/json;q=0.1", "application/json", 100),
            ("*/*;q=0.3, application/*;q=0.2", "application/json", 200),
            ("*/*;q=0.3", "text/plain", 300),
            ("text/html, *; q=.2", "text/plain", 200),
            ("application/json;charset=utf-8", "application/json", 1000),
            ("application/json;charset=UTF-8", "application/json;charset=utf-8", 1000),
            ("application/json;charset=latin1", "application/json", 0),
            ("application/json;odata.metadata=full", "application/json;odata.metadata=full", 1000),
            ("a/b;x=\"1,2\";q=0.4, a/b;q=0.2", "a/b;x=\"1,2\"", 400),
            ("a/b;q=0", "a/b", 0),
            ("a/b;q=1.5", "a/b", 0),
            ("nonsense, a/b;q=0.7", "a/b", 700),
            ("nonsense", "a/b", 0),
        ] {
            let media_type = MediaRange::parse(media_type).expect("a media type");
            let accepted = AcceptedRanges::parse([accept].into_iter()).expect("ranges");
            assert_eq!(accepted.quality(&media_type), expected, "{accept} {media_type:?}");
        }
        for nothing in ["", " ", ",", " , ,"] {
            assert!(AcceptedRanges::parse([nothing].into_iter()).is_none(), "{nothing:?}");
        }
        let many = AcceptedRanges::parse(["a/b,".repeat(MOST_RANGES * 2).as_str(), "c/d"].into_iter()).expect("ranges");
        assert_eq!(many.0.len(), MOST_RANGES);
    }

    #[test]
    fn a_body_is_of_the_most_exact_media_type_that_is_declared() {
        let versions = &["application/json;version=1", "application/json;version=2"][..];
        let ranges = &["*/*", "application/*", "application/json", "application/json;v=2"][..];
        for (content, sent, expected) in [
            (versions, "application/json;version=2", Some(1)),
            (versions, "application/json; version=\"2\"", Some(1)),
            (versions, "application/json;version=2;charset=utf-8", Some(1)),
            (versions, "application/json;version=9", None),
            (versions, "application/json", Some(0)),
            (versions, "application/json;charset=utf-8", Some(0)),
            (versions, "text/plain", None),
            (ranges, "text/plain", Some(0)),
            (ranges, "application/xml", Some(1)),
            (ranges, "application/json;v=1", Some(2)),
            (ranges, "application/json;v=2", Some(3)),
            (&["application/json;charset=utf-8"], "application/json", Some(0)),
            (&["application/json"], "application/json;charset=utf-8", Some(0)),
            (&["*/*", "application/json;v=1"], "application/json;v=2", Some(0)),
            (&["application/json;v=1", "application/*"], "application/json", Some(1)),
        ] {
            let sent = MediaRange::parse(sent).expect("a media type");
            let found = declared(content, |name| name, &sent);
            let found = found.and_then(|found| content.iter().position(|known| known == found));
            assert_eq!(found, expected, "{content:?} {sent:?}");
        }
    }
}
