//! Regular expressions without the parts that have no structure of their own, for the generation of texts.

/// Puts what a text must have before a place there; matching verifies it afterwards. `None` where there is none.
pub(super) fn with_look_behind(pattern: &str) -> Option<String> {
    pattern.contains("(?<=").then(|| without_look_around(&pattern.replace("(?<=", "(?:")))
}

/// Removes look-around groups; matching verifies them afterwards.
pub(super) fn without_look_around(pattern: &str) -> String {
    let mut kept = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let opens = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|group| rest.starts_with(group));
        let taken = if first == '\\' { rest.chars().take(2).map(char::len_utf8).sum() } else { first.len_utf8() };
        let taken = if opens { group_length(rest) } else { taken };
        let (head, tail) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        if !opens {
            kept.push_str(head);
        }
        rest = tail;
    }
    kept
}

/// Puts the group that a back reference names in its place; matching verifies that both are the same text afterwards.
pub(super) fn with_groups_repeated(pattern: &str) -> String {
    let mut written = String::with_capacity(pattern.len());
    let mut groups: Vec<&str> = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if first == '(' && (!rest.starts_with("(?") || rest.starts_with("(?<") || rest.starts_with("(?P<")) {
            groups.push(rest.get(..group_length(rest)).unwrap_or_default());
        }
        let number =
            rest.strip_prefix('\\').and_then(|rest| rest.chars().next()?.to_digit(10)).filter(|number| *number > 0);
        let group = number.and_then(|number| groups.get(number as usize - 1)).map(|group| unnamed(group));
        let taken = if first == '\\' { rest.chars().take(2).map(char::len_utf8).sum() } else { first.len_utf8() };
        let (head, tail) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        written.push_str(group.as_deref().unwrap_or(head));
        rest = tail;
    }
    written
}

/// Writes a group without its name, which stands in a pattern once.
fn unnamed(group: &str) -> String {
    let inner = group.strip_prefix('(').and_then(|group| group.strip_suffix(')')).unwrap_or(group);
    let inner = match inner.starts_with('?').then(|| inner.split_once('>')).flatten() {
        Some((_, inner)) => inner,
        None => inner,
    };
    format!("(?:{inner})")
}

/// Returns the length in bytes of the group at the beginning of a text.
fn group_length(text: &str) -> usize {
    let (mut open, mut in_class, mut escaped) = (0_usize, false, false);
    for (at, each) in text.char_indices() {
        match each {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => open += 1,
            ')' if !in_class => {
                open -= 1;
                if open == 0 {
                    return at + each.len_utf8();
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stand_in_the_place_of_their_references() {
        for (pattern, expected) in [
            ("(a|b)-\\1", "(a|b)-(?:a|b)"),
            ("(?<t>x)(?:y)(z)\\2\\1", "(?<t>x)(?:y)(z)(?:z)(?:x)"),
            ("\\\\1(a)", "\\\\1(a)"),
            ("(a)\\2", "(a)\\2"),
            ("\\d{2}", "\\d{2}"),
        ] {
            assert_eq!(with_groups_repeated(pattern), expected, "{pattern}");
        }
        assert_eq!(with_look_behind("(?<=a)b(?=c)").as_deref(), Some("(?:a)b"));
        assert_eq!(with_look_behind("a(?<!b)"), None);
        assert_eq!(without_look_around("^(?=a)b(?!c(d))\\(?=e)"), "^b\\(?=e)");
    }
}
