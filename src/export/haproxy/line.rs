//! Texts in HAProxy's configuration language.

use crate::model::is_header_name;

/// Writes a text as one word: between single quotes, nothing has a meaning. Control characters, which no header and no
/// expression here can have, are left out, since a word ends with its line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for letter in text.chars().filter(|letter| !letter.is_ascii_control() || *letter == '\t') {
        if letter == '\'' {
            quoted.push_str("'\\''");
        } else {
            quoted.push(letter);
        }
    }
    quoted.push('\'');
    quoted
}

/// Writes a text for HAProxy's formatter, in which a percent sign begins a variable.
pub(super) fn formatted(text: &str) -> String {
    text.replace('%', "%%")
}

/// Writes the value of a header; an empty word would end the file's loading.
pub(super) fn header_value(text: &str) -> String {
    if text.is_empty() { "'%[str()]'".to_owned() } else { quoted(&formatted(text)) }
}

/// Writes the sample of a header of a request. Its name stands between quotes of the sample's own where it has other
/// characters than letters, digits, hyphens and underscores.
pub(super) fn header_sample(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_plain {
        format!("req.fhdr({name})")
    } else {
        // No request has a header with a blank in its name.
        let name = if is_header_name(name) { name } else { "no header" };
        format!("req.fhdr(\"{name}\")")
    }
}

/// Writes the text that a sample is compared with. One that begins with a hyphen would be a flag: `-f` names a file of
/// patterns.
pub(super) fn compared(text: &str) -> String {
    let flags_end = if text.starts_with('-') { "-- " } else { "" };
    format!("{flags_end}{}", quoted(text))
}

/// Writes the sample of a host's name, as a part of a word.
pub(super) fn host_sample(host: &str) -> String {
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':'));
    if is_plain { format!("str({host})") } else { format!("str(\"{}\")", host.replace(['"', '\\'], "")) }
}

/// Writes a text with samples as one word, between quotes where it has to be.
pub(super) fn sample_word(text: &str) -> String {
    if text.contains('"') { quoted(text) } else { text.to_owned() }
}

/// The most bytes of a body that a buffer is made larger for.
pub(super) const MOST_BODY_BYTES: usize = 256 * 1024;

/// The most bytes of a header, which has to fit into a buffer too.
pub(super) const MOST_HEADER_BYTES: usize = 64 * 1024;

/// The most bytes of an expression: PCRE compiles it to 64 KiB at most, and a part of it becomes eight times as long.
pub(super) const MOST_PATTERN_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_word_but_its_quote() {
        assert_eq!(quoted("a'b\n http-request deny \"$x\" # \\"), "'a'\\''b http-request deny \"$x\" # \\'");
        assert_eq!(quoted("a\u{85}b\u{e4}\u{7f}"), "'a\u{85}b\u{e4}'");
        assert_eq!(formatted("50%[src]"), "50%%[src]");
    }

    #[test]
    fn a_header_is_read_by_its_whole_name() {
        let word = |name: &str| sample_word(&header_sample(name));
        assert_eq!(word("x-a_b"), "req.fhdr(x-a_b)");
        assert_eq!(word("x.a"), "'req.fhdr(\"x.a\")'");
        assert_eq!(word("#it's"), "'req.fhdr(\"#it'\\''s\")'");
        assert_eq!(word("a\")"), "'req.fhdr(\"no header\")'");
    }

    #[test]
    fn no_text_is_a_flag_or_the_end_of_an_argument() {
        assert_eq!((compared("-f"), compared("a-f")), ("-- '-f'".to_owned(), "'a-f'".to_owned()));
        assert_eq!(host_sample("a-b.example"), "str(a-b.example)");
        assert_eq!(host_sample("a(b),\\\"c"), "str(\"a(b),c\")");
    }
}
