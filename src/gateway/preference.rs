//! Preferences of a client about the response of a mock (RFC 7240).

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::model::{split_unquoted, token_or_quoted, trim_blanks, unquoted};

/// The header by which a client says its preferences for the response.
pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The header by which a response names the preferences that it follows (RFC 7240, section 3).
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Preferences among the declared responses; of each kind, the first counts (RFC 7240, section 2).
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Preference {
    pub(crate) code: Option<String>,
    pub(crate) example: Option<String>,
}

impl Preference {
    /// Reads the preferences of a request.
    pub(crate) fn of(request: &HeaderMap) -> Self {
        let mut preference = Self::default();
        // Names of examples may have any letters, which clients send as UTF-8, quoted or not.
        let values = request.get_all(PREFER).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
        // `code=404; example=one` makes the example a parameter of the code; it is taken for the preference that it
        // means.
        for word in values.flat_map(|value| split_unquoted(value, ',')).flat_map(|value| split_unquoted(value, ';')) {
            let Some((name, value)) = word.split_once('=') else { continue };
            let kind = match trim_blanks(name) {
                name if name.eq_ignore_ascii_case("code") => &mut preference.code,
                name if name.eq_ignore_ascii_case("example") => &mut preference.example,
                _ => continue,
            };
            if kind.is_none() {
                *kind = preferred(trim_blanks(value));
            }
        }
        preference
    }

    /// Lists the preferences to try, from all of them to none. One that cannot be followed is ignored.
    pub(crate) fn fallbacks(&self) -> impl Iterator<Item = Self> {
        let code = Self { example: None, ..self.clone() };
        let example = Self { code: None, ..self.clone() };
        [self.clone(), code, example, Self::default()].into_iter()
    }

    /// Writes the header of a response that follows these preferences; `None` where there are none.
    pub(crate) fn applied(&self) -> Option<HeaderValue> {
        let named = [("code", &self.code), ("example", &self.example)].into_iter();
        let written = named.filter_map(|(name, value)| Some(format!("{name}={}", token_or_quoted(value.as_deref()?))));
        let list = written.collect::<Vec<_>>().join(", ");
        HeaderValue::try_from(list).ok().filter(|list| !list.is_empty())
    }
}

/// Reads the value of a preference, a token or a quoted string; one that is empty is none (RFC 7240, section 2).
fn preferred(value: &str) -> Option<String> {
    let value = match value.strip_prefix('"') {
        Some(quoted) => unquoted(quoted.strip_suffix('"')?)?,
        None => value.to_owned(),
    };
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read_and_said_again() {
        for (text, code, example, applied) in [
            ("code=404", Some("404"), None, Some("code=404")),
            ("CODE = \"404\" ; example=two", Some("404"), Some("two"), Some("code=404, example=two")),
            ("code=404, code=200", Some("404"), None, Some("code=404")),
            ("respond-async, wait=10, code", None, None, None),
            ("code=, example=\"\"", None, None, None),
            ("example=\"a, \\\"b\\\"; c\"", None, Some("a, \"b\"; c"), Some("example=\"a, \\\"b\\\"; c\"")),
            ("example=\"open", None, None, None),
            ("example=größe, code=404", Some("404"), Some("größe"), Some("code=404, example=\"größe\"")),
            ("example=\"größe\"", None, Some("größe"), Some("example=\"größe\"")),
        ] {
            let value = HeaderValue::from_bytes(text.as_bytes()).expect("a value");
            let request = [(PREFER, value)].into_iter().collect();
            let preference = Preference::of(&request);
            assert_eq!((preference.code.as_deref(), preference.example.as_deref()), (code, example), "{text}");
            assert_eq!(preference.applied().as_ref().map(HeaderValue::as_bytes), applied.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn preferences_are_given_up_one_by_one() {
        let both = Preference { code: Some("404".to_owned()), example: Some("one".to_owned()) };
        let tried: Vec<(bool, bool)> =
            both.fallbacks().map(|tried| (tried.code.is_some(), tried.example.is_some())).collect();
        assert_eq!(tried, [(true, true), (true, false), (false, true), (false, false)]);
    }
}
