//! Names of media types.

use super::blanks::trim_blanks;

/// Returns a media type without its parameters, in lower case (RFC 9110, section 8.3.1).
#[must_use]
pub fn media_type_essence(media_type: &str) -> String {
    trim_blanks(media_type.split(';').next().unwrap_or_default()).to_ascii_lowercase()
}

/// True if a media type is JSON: by its name, or by its suffix (RFC 6839, section 3.1).
#[must_use]
pub fn is_json_media_type(media_type: &str) -> bool {
    let essence = media_type_essence(media_type);
    matches!(essence.split_once('/'), Some((_, "json" | "x-json"))) || essence.ends_with("+json")
}

/// True if a text in a charset says the same as its bytes in UTF-8; `is_ascii` tells if it has ASCII alone.
#[must_use]
pub fn reads_as_utf8(charset: &str, is_ascii: impl FnOnce() -> bool) -> bool {
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => true,
        // Some clients call each form so (Apache HttpClient 4), and most of what they send is ASCII.
        "iso-8859-1" | "latin1" | "windows-1252" => is_ascii(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_capitals_are_left_out() {
        for (text, essence) in [
            ("application/json", "application/json"),
            ("Text/Plain ; charset=utf-8", "text/plain"),
            ("\t*/*;q=1;x", "*/*"),
            ("a/b\u{c};c", "a/b\u{c}"),
            ("", ""),
        ] {
            assert_eq!(media_type_essence(text), essence, "{text:?}");
        }
    }
}
