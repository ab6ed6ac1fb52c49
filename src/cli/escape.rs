//! Control characters and commands of runners as escapes: text that others wrote does nothing to a terminal or to CI,
//! and never looks like another text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// True if it is a character that acts on a terminal instead of being shown: C0, DEL and C1 controls, line and
/// paragraph separators, marks that change the direction of text (Unicode, UAX #9), invisible operators (which tables
/// use as marks).
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

/// True if a text has a command of a runner of CI, or a word that would be one at the beginning of a line.
pub(super) fn has_runner_command(text: &str) -> bool {
    find_runner_mark(text).is_some() || text.split_whitespace().any(|word| word.starts_with("::"))
}

/// Escapes the commands of runners of CI: `::error::` at the beginning of a line (GitHub Actions), `##[error]` and
/// `##vso[…]` anywhere (GitHub Actions, Azure Pipelines).
pub(super) fn runner_commands(text: &str) -> Cow<'_, str> {
    if !has_runner_command(text) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let (blanks, rest) = line.split_at(line.len() - line.trim_start().len());
        result.push_str(blanks);
        let command = rest.strip_prefix(':').filter(|rest| rest.starts_with(':'));
        if command.is_some() {
            push_escape(&mut result, ':');
        }
        result.push_str(&runner_marks(command.unwrap_or(rest)));
    }
    Cow::Owned(result)
}

/// Escapes those commands alone that count anywhere in a line.
pub(super) fn runner_marks(text: &str) -> Cow<'_, str> {
    with_escaped_marks(text, push_escape)
}

/// Escapes the control characters and the commands of runners that a writer of JSON leaves as they are; those left in
/// its output stand within strings.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    match escaped(text, |character| is_control(character) && character != '\n', push_json_escape) {
        Cow::Borrowed(text) => with_escaped_marks(text, push_json_escape),
        Cow::Owned(text) => Cow::Owned(with_escaped_marks(&text, push_json_escape).into_owned()),
    }
}

fn with_escaped_marks(text: &str, push: impl Fn(&mut String, char)) -> Cow<'_, str> {
    let Some(mut at) = find_runner_mark(text) else { return Cow::Borrowed(text) };
    let mut result = String::with_capacity(text.len() + 8);
    let mut rest = text;
    loop {
        let (before, mark) = rest.split_at(at);
        result.push_str(before);
        push(&mut result, '#');
        rest = mark.strip_prefix('#').unwrap_or_default();
        let Some(next) = find_runner_mark(rest) else { break };
        at = next;
    }
    result.push_str(rest);
    Cow::Owned(result)
}

/// Finds `##[` or `##vso[`; any word may stand in the place of `vso`.
fn find_runner_mark(text: &str) -> Option<usize> {
    let is_mark = |at: &usize| {
        let rest = text.get(*at..).and_then(|rest| rest.strip_prefix("##"));
        rest.is_some_and(|rest| rest.trim_start_matches(|each: char| each.is_ascii_alphabetic()).starts_with('['))
    };
    text.match_indices('#').map(|(at, _)| at).find(is_mark)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool, push: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if is_printable_ascii(text) || !text.contains(&is_escaped) {
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

/// True if a text is of printable ASCII alone, which nothing escapes.
///
/// A line of the access log cost 13,000 of a request's 42,000 instructions when each of its characters was looked up;
/// this looks at many bytes at once.
fn is_printable_ascii(text: &str) -> bool {
    text.as_bytes().chunks(64).all(|bytes| bytes.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~')))
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
    fn no_text_is_a_command_of_a_runner() {
        for (given, shown) in [
            ("a ::error::b # ## c[0]\n## d\n[::1]:80\n", "a ::error::b # ## c[0]\n## d\n[::1]:80\n"),
            ("error: a\n    ::error::b\n", "error: a\n    \\u{3a}:error::b\n"),
            ("::set-output\n\n##[error]c", "\\u{3a}:set-output\n\n\\u{23}#[error]c"),
            ("a ##[b]c ###[d]", "a \\u{23}#[b]c #\\u{23}#[d]"),
            ("::a ##vso[task.setvariable variable=b]c", "\\u{3a}:a \\u{23}#vso[task.setvariable variable=b]c"),
        ] {
            assert_eq!(runner_commands(given), shown);
        }
        assert_eq!(runner_marks("::error::##VSO[a]"), "::error::\\u{23}#VSO[a]");
    }

    #[test]
    fn json_says_the_same_after_escaping() {
        let value = serde_json::json!({"a\u{202e}": "\u{1b}\u{7f}\u{9b}\u{2066}\n\"\\", "##[b]": "\\##vso[c] ###[d]"});
        let plain = serde_json::to_string_pretty(&value).expect("JSON");
        let escaped = json(&plain);
        assert!(escaped.chars().all(|character| character == '\n' || !is_control(character)), "{escaped}");
        assert!(!has_runner_command(&escaped), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).expect("JSON"), value);
    }
}
