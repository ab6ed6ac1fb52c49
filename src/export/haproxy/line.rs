//! Texts in HAProxy's configuration language.

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
}
