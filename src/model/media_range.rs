//! Media types with their parameters, and ranges of them (RFC 9110, sections 8.3.1 and 12.5.1).

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
        let mut parts = split_unquoted(text, ';').into_iter();
        let mut media_type = Self::of_name(parts.next()?)?;
        for part in parts.filter(|part| !part.is_empty()) {
            media_type.add(part)?;
        }
        Some(media_type)
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let (kind, subtype) = if name == "*" { ("*", "*") } else { name.split_once('/')? };
        (is_token(kind) && is_token(subtype)).then(|| Self {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            parameters: Vec::new(),
        })
    }

    pub(crate) fn add(&mut self, part: &str) -> Option<()> {
        let (name, value) = media_type_parameter(part)?;
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

    /// Returns `true` if a media type is one of this range: of its name, and with all parameters that it names.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        self.names(other) && self.parameters.iter().all(|(name, value)| other.has(name, value))
    }

    /// True if it stands for several media types: `*/*`, `text/*` or `application/*+json`.
    pub(crate) fn is_range(&self) -> bool {
        self.kind == "*" || self.subtype.starts_with('*')
    }

    /// Returns how exact a range is: a wildcard, a kind, a suffix of a kind, a media type; and its parameters.
    pub(crate) fn specificity(&self) -> (u8, usize) {
        let name = match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", _) => 0,
            (_, "*") => 1,
            (_, subtype) if subtype.starts_with("*+") => 2,
            _ => 3,
        };
        (name, self.parameters.len())
    }

    /// Returns `true` if it has no parameter by which one representation is told from another.
    pub(crate) fn is_plain(&self) -> bool {
        self.parameters.iter().all(|(name, _)| name == "charset")
    }

    /// Returns a parameter by its name in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the name of a parameter that is continued or encoded, like `charset*` (RFC 2231); no media type has one
    /// over HTTP, and of two parsers one may read it and the other not.
    pub(crate) fn extended_parameter(&self) -> Option<&str> {
        self.parameters.iter().map(|(name, _)| name.as_str()).find(|name| name.contains('*'))
    }

    pub(crate) fn names(&self, other: &Self) -> bool {
        let fits = |range: &str, name: &str| match range.strip_prefix('*') {
            Some(suffix) if suffix.is_empty() || suffix.starts_with('+') => name.ends_with(suffix),
            _ => range == name,
        };
        fits(&self.kind, &other.kind) && fits(&self.subtype, &other.subtype)
    }

    fn has(&self, name: &str, wanted: &str) -> bool {
        match self.parameter(name) {
            Some(value) if name == "charset" => value.eq_ignore_ascii_case(wanted),
            Some(value) => value == wanted,
            // A body that names no charset is UTF-8 here, as JSON always is (RFC 8259, section 8.1).
            None => name == "charset" && wanted.eq_ignore_ascii_case("utf-8"),
        }
    }
}

/// Reads `name=value` or `name="value"` (RFC 9110, section 5.6.6); the name in lower case.
pub(crate) fn media_type_parameter(text: &str) -> Option<(String, String)> {
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

/// Removes the backslashes before quoted characters; `None` where a quote stands within.
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
pub(crate) fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
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

/// Writes a text as it is if it is a token, else as a quoted string (RFC 9110, section 5.6.4).
pub(crate) fn token_or_quoted(text: &str) -> String {
    if is_token(text) { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// True if a text is a token (RFC 9110, section 5.6.2).
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
        for (range, media_type, is_named) in [
            ("application/*+json", "application/merge-patch+json", true),
            ("application/*+json", "application/json", false),
            ("application/*+json", "text/x+json", false),
            ("*/*", "a/b", true),
            ("a/*b", "a/xb", false),
        ] {
            let [range, media_type] = [range, media_type].map(|text| MediaRange::parse(text).expect("a media type"));
            assert_eq!(range.includes(&media_type), is_named, "{range:?} {media_type:?}");
        }
        for text in
            ["", "a", "a/", "/b", "a/b, c/d", "a /b", "a/b;x", "a/b;x=\"y", "a/b;x=1;X=2", "a/b;x=y z", "a/b\u{c}"]
        {
            assert_eq!(MediaRange::parse(text), None, "{text}");
        }
    }
}
