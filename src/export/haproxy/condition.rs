//! The condition of the rules of a step.

use std::fmt::Write as _;

/// The most words that HAProxy takes in a line.
const MOST_WORDS: usize = 64;
/// The words of the condition that a step's path matches and no step before was taken.
const WORDS_OF_A_PATH: usize = 18;
/// The most words of a rule: a refusal with two headers, or a response without any.
const WORDS_OF_A_RULE: usize = 14;
const WORDS_OF_A_RESPONSE: usize = 8;
const WORDS_OF_A_HEADER: usize = 3;
/// The headers of a response that are written in its own line.
pub(super) const MOST_HEADERS_OF_A_LINE: usize = 14;

/// Writes the condition of a step's rules: that of its path, that no step before was taken, and its own; `headers` are
/// those of its response. Where a line would have more words than HAProxy takes, the condition is decided in lines
/// before.
pub(super) fn step_condition(
    text: &mut String,
    is_rule: &str,
    conditions: &[String],
    headers: Option<usize>,
) -> String {
    // Once a backend is named, the step is taken.
    let is_open = format!("if {is_rule} !{{ var(txn.backend) -m found }}");
    let of_rule = headers.map_or(WORDS_OF_A_RULE, |headers| {
        WORDS_OF_A_RESPONSE + WORDS_OF_A_HEADER * headers.min(MOST_HEADERS_OF_A_LINE)
    });
    let own: usize = conditions.iter().map(|condition| word_count(condition)).sum();
    if WORDS_OF_A_PATH + of_rule + own <= MOST_WORDS {
        return format!("{is_open} {}", conditions.join(" ")).trim_end().to_owned();
    }
    text.push_str("    http-request unset-var(txn.holds)\n");
    let _ = writeln!(text, "    http-request set-var(txn.holds) bool(true) {is_open}");
    for condition in conditions {
        let _ = writeln!(text, "    http-request unset-var(txn.holds) unless {condition}");
    }
    "if { var(txn.holds) -m found }".to_owned()
}

/// Counts the words of a condition, of which a quoted one may have blanks.
fn word_count(condition: &str) -> usize {
    let mut count = 1;
    let mut is_quoted = false;
    let mut letters = condition.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            '\\' if !is_quoted => drop(letters.next()),
            ' ' if !is_quoted => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::line::quoted;
    use super::*;

    #[test]
    fn a_word_ends_at_a_blank_outside_of_quotes() {
        for (text, count) in [("a", 1), ("a b", 1), ("it's a b", 1), ("''", 1)] {
            assert_eq!(word_count(&quoted(text)), count, "{text}");
            assert_eq!(word_count(&format!("{{ method -m str {} }}", quoted(text))), 5 + count, "{text}");
        }
    }

    #[test]
    fn no_line_has_more_words_than_haproxy_takes() {
        let is_rule = "{ var(txn.table) -m str 0 } { var(txn.rule) -m str 1 }";
        for (conditions, headers) in [(0, None), (5, None), (6, None), (300, None), (1, Some(40)), (9, Some(0))] {
            let conditions = vec!["{ req.fhdr(x-a) -m str 'a b' }".to_owned(); conditions];
            let mut text = String::new();
            let condition = step_condition(&mut text, is_rule, &conditions, headers);
            let of_rule = headers.map_or(14, |headers| 8 + 3 * headers.min(MOST_HEADERS_OF_A_LINE));
            let lines: Vec<usize> = text.lines().map(|line| word_count(line.trim())).collect();
            assert!(of_rule + word_count(&condition) <= MOST_WORDS, "{condition}");
            assert!(lines.iter().all(|words| *words <= MOST_WORDS), "{text}");
        }
    }
}
