//! Words of command lines, as a shell takes them.

/// Quotes a word as a shell needs it.
pub(super) fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@,+%".contains(&byte);
    if (!word.is_empty() && word.bytes().all(plain)) || word.contains("***") {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them_otherwise() {
        for (word, quoted) in [("why not", "'why not'"), ("it's", "'it'\\''s'"), ("${A}", "'${A}'"), ("a=/b", "a=/b")] {
            assert_eq!(shell_word(word), quoted);
        }
    }
}
