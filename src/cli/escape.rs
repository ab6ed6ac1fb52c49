//! Control characters as escapes: text that others wrote does nothing to a terminal, and never looks like another text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// True if it is a character that acts on a terminal instead of being shown: C0, DEL and C1 controls, line and paragraph
/// separators, marks that change the direction of text (Unicode, UAX #9), invisible operators (which tables use as marks).
pub(super) const fn is_control(character: char) -> bool {
    character.is_ascii_control()
        || matches!(character,
            '\u{80}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2061}'..='\u{2064}' | '\u{2066}'..='\u{2069}')
}

/// Escapes all control characters but line feeds.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    escaped(text, |character| is_control(character) && character != '\n', push_escape)
}

/// Escapes all control characters of a text that must stay one line.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_control, push_escape)
}

/// Escapes the beginnings of lines that runners of CI take for commands: `::error::` and `##[error]`.
pub(super) fn runner_commands(text: &str) -> Cow<'_, str> {
    let is_command = |line: &str| line.trim_start().starts_with("::") || line.trim_start().starts_with("##[");
    if !text.lines().any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let (blanks, rest) = line.split_at(line.len() - line.trim_start().len());
        result.push_str(blanks);
        let mut characters = rest.chars();
        if is_command(rest)
            && let Some(first) = characters.next()
        {
            push_escape(&mut result, first);
        }
        result.push_str(characters.as_str());
    }
    Cow::Owned(result)
}

/// Escapes the control characters that a writer of JSON leaves as they are; those left in its output stand within
/// strings.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    escaped(text, |character| is_control(character) && character != '\n', push_json_escape)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool, push: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_escaped(character) {
            push(&mut result, character);
        } else {
            result.push(character);
        }
    }
    Cow::Owned(result)
}

fn push_escape(result: &mut String, character: char) {
    match character {
        '\n' => result.push_str("\\n"),
        '\r' => result.push_str("\\r"),
        '\t' => result.push_str("\\t"),
        other => {
            // Writing into a string cannot fail.
            let _ = write!(result, "\\u{{{:x}}}", u32::from(other));
        }
    }
}

fn push_json_escape(result: &mut String, character: char) {
    // All of them lie in the basic plane, so one unit of UTF-16 is enough.
    let _ = write!(result, "\\u{:04x}", u32::from(character));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_act_on_a_terminal_are_escaped() {
        for (given, shown) in [
            ("plain ü 漢字 🎉", "plain ü 漢字 🎉"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("\u{0}\u{7}\u{8}\u{b}\u{c}\u{1f}", "\\u{0}\\u{7}\\u{8}\\u{b}\\u{c}\\u{1f}"),
            ("a\rb\tc", "a\\rb\\tc"),
            ("\u{7f}\u{80}\u{85}\u{9b}31m\u{9f}\u{a0}", "\\u{7f}\\u{80}\\u{85}\\u{9b}31m\\u{9f}\u{a0}"),
            ("\u{61c}\u{200e}\u{200f}", "\\u{61c}\\u{200e}\\u{200f}"),
            ("\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}", "\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{202e}"),
            ("\u{2066}\u{2067}\u{2068}\u{2069}", "\\u{2066}\\u{2067}\\u{2068}\\u{2069}"),
            ("\u{2028}\u{2029}\u{2062}", "\\u{2028}\\u{2029}\\u{2062}"),
            // Joiners belong to scripts and emoji.
            ("\u{200d}\u{200c}", "\u{200d}\u{200c}"),
        ] {
            assert_eq!(text(given), shown);
            assert_eq!(line(given), shown);
            assert_eq!(text(&text(given)), shown, "escaping twice changes nothing");
        }
        assert_eq!(text("a\nb"), "a\nb");
        assert_eq!(line("a\nb"), "a\\nb");
    }

    #[test]
    fn no_line_begins_as_a_command_of_ci_does() {
        for (given, shown) in [
            ("a ::error::b\nc ##[error]d\n", "a ::error::b\nc ##[error]d\n"),
            ("error: a\n    ::error::b\n", "error: a\n    \\u{3a}:error::b\n"),
            ("::set-output\n\n##[error]c", "\\u{3a}:set-output\n\n\\u{23}#[error]c"),
        ] {
            assert_eq!(runner_commands(given), shown);
        }
    }

    #[test]
    fn json_says_the_same_after_escaping() {
        let value = serde_json::json!({"a\u{202e}": "\u{1b}\u{7f}\u{9b}\u{2066}\n\"\\"});
        let plain = serde_json::to_string_pretty(&value).expect("JSON");
        let escaped = json(&plain);
        assert!(escaped.chars().all(|character| character == '\n' || !is_control(character)), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).expect("JSON"), value);
    }
}
