//! Media types with their parameters (RFC 9110, section 8.3.1), and how much a caller accepts one (section 12.5.1).

/// A media type, or a range of them like `text/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaRange {
    kind: String,
    subtype: String,
    /// The names in lower case, each once; without `boundary`, which belongs to one message.
    parameters: Vec<(String, String)>,
}

impl MediaRange {
    /// Reads a media type; `None` where it is malformed or names a parameter twice.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = split(text, ';').into_iter();
        let mut media_type = Self::of_name(parts.next()?)?;
        for part in parts.filter(|part| !part.is_empty()) {
            media_type.add(part)?;
        }
        Some(media_type)
    }

    fn of_name(name: &str) -> Option<Self> {
        let (kind, subtype) = if name == "*" { ("*", "*") } else { name.split_once('/')? };
        (is_token(kind) && is_token(subtype)).then(|| Self {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            parameters: Vec::new(),
        })
    }

    fn add(&mut self, part: &str) -> Option<()> {
        let (name, value) = parameter(part)?;
        if self.parameters.iter().any(|(known, _)| *known == name) {
            return None;
        }
        if name != "boundary" {
            self.parameters.push((name, value));
        }
        Some(())
    }

    /// Returns the media type without its parameters, in lower case.
    pub(crate) fn essence(&self) -> String {
        format!("{}/{}", self.kind, self.subtype)
    }

    /// True if a media type is one of this range: of its name, and with all parameters that it names.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        self.names(other) && self.parameters.iter().all(|(name, value)| other.has(name, value))
    }

    /// Returns how exact a range is: a wildcard, a kind, a media type, one with parameters.
    pub(crate) fn specificity(&self) -> (u8, usize) {
        let name = match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", _) => 0,
            (_, "*") => 1,
            _ => 2,
        };
        (name, self.parameters.len())
    }

    /// True if it has no parameter by which one representation is told from another.
    pub(crate) fn is_plain(&self) -> bool {
        self.parameters.iter().all(|(name, _)| name == "charset")
    }

    fn names(&self, other: &Self) -> bool {
        let fits = |range: &str, name: &str| range == "*" || range == name;
        fits(&self.kind, &other.kind) && fits(&self.subtype, &other.subtype)
    }

    fn has(&self, name: &str, wanted: &str) -> bool {
        let value = self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match value {
            Some(value) if name == "charset" => value.eq_ignore_ascii_case(wanted),
            Some(value) => value == wanted,
            // A body that names no charset is UTF-8 here, as JSON always is (RFC 8259, section 8.1).
            None => name == "charset" && wanted.eq_ignore_ascii_case("utf-8"),
        }
    }
}

/// Finds the declaration for the media type of a body: of those that include it the most exact, the first among equals.
///
/// A media type that names no parameters leaves open which of those with parameters is meant: it is the first.
pub(crate) fn declared<'c, T>(content: &'c [T], name: impl Fn(&T) -> &str, sent: &MediaRange) -> Option<&'c T> {
    let parsed = || content.iter().filter_map(|entry| Some((MediaRange::parse(name(entry))?, entry)));
    let mut found: Option<(MediaRange, &T)> = None;
    for (range, entry) in parsed().filter(|(range, _)| range.includes(sent)) {
        if found.as_ref().is_none_or(|(known, _)| range.specificity() > known.specificity()) {
            found = Some((range, entry));
        }
    }
    let is_exact = found.as_ref().is_some_and(|(range, _)| range.specificity().0 == 2);
    let open = || parsed().find(|(range, _)| sent.is_plain() && range.specificity().0 == 2 && range.names(sent));
    let open = if is_exact { None } else { open() };
    open.or(found).map(|(_, entry)| entry)
}

/// Returns how much a media type is accepted, from 0 to 1000: the most exact range decides.
pub(crate) fn quality(accepts: &[&str], media_type: &MediaRange) -> u16 {
    let mut found: Option<((u8, usize), u16)> = None;
    for range in accepts.iter().flat_map(|accept| split(accept, ',')) {
        let Some((range, weight)) = weighted(range).filter(|(range, _)| range.includes(media_type)) else { continue };
        if found.is_none_or(|(known, _)| range.specificity() > known) {
            found = Some((range.specificity(), weight));
        }
    }
    found.map_or(0, |(_, weight)| weight)
}

/// Parses a range of an `Accept` header with its weight; parameters behind the weight are not the media type's.
fn weighted(text: &str) -> Option<(MediaRange, u16)> {
    let mut parts = split(text, ';').into_iter();
    let mut range = MediaRange::of_name(parts.next()?)?;
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = parameter(part)?;
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

/// Reads `name=value` or `name="value"` (RFC 9110, section 5.6.6); the name in lower case.
fn parameter(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    if !is_token(name) {
        return None;
    }
    let value = match value.strip_prefix('"') {
        Some(quoted) => unquoted(quoted.strip_suffix('"')?)?,
        None if is_token(value) || value.is_empty() => value.to_owned(),
        None => return None,
    };
    Some((name.to_ascii_lowercase(), value))
}

/// Removes the backslashes before quoted characters; `None` if an unescaped quote is within.
pub(crate) fn unquoted(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(each) = rest.next() {
        match each {
            '\\' => plain.push(rest.next()?),
            '"' => return None,
            _ => plain.push(each),
        }
    }
    Some(plain)
}

/// Splits a text at a separator outside of quotes, and trims the white space around each part.
pub(crate) fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut quoted, mut escaped) = (0, false, false);
    for (at, each) in text.char_indices() {
        match each {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if each == separator && !quoted => {
                parts.push(text.get(from..at).unwrap_or_default());
                from = at + each.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    // White space is a space or a tab and nothing else (RFC 9110, section 5.6.3).
    parts.into_iter().map(|part| part.trim_matches([' ', '\t'])).collect()
}

pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_has_a_name_and_parameters() {
        for (text, name, parameters) in [
            ("application/json", "application/json", &[][..]),
            ("Application/JSON ; Version=2;x=\"a;\\\"b,\"", "application/json", &[("version", "2"), ("x", "a;\"b,")]),
            ("text/plain;charset=utf-8;", "text/plain", &[("charset", "utf-8")]),
            ("multipart/form-data; boundary=x", "multipart/form-data", &[]),
        ] {
            let parsed = MediaRange::parse(text).expect("a media type");
            let found: Vec<_> = parsed.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!((parsed.essence().as_str(), &found[..]), (name, parameters), "{text}");
        }
        for text in
            ["", "a", "a/", "/b", "a/b, c/d", "a /b", "a/b;x", "a/b;x=\"y", "a/b;x=1;X=2", "a/b;x=y z", "a/b\u{c}"]
        {
            assert_eq!(MediaRange::parse(text), None, "{text}");
        }
    }

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
            ("", "a/b", 0),
        ] {
            let media_type = MediaRange::parse(media_type).expect("a media type");
            assert_eq!(quality(&[accept], &media_type), expected, "{accept} {media_type:?}");
        }
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
        ] {
            let sent = MediaRange::parse(sent).expect("a media type");
            let found = declared(content, |name| name, &sent);
            let found = found.and_then(|found| content.iter().position(|known| known == found));
            assert_eq!(found, expected, "{content:?} {sent:?}");
        }
    }
}
