//! The structure of regular expressions as far as look-around and back references need it, which no parser of the
//! engine's own shows.

/// The beginnings of look-around groups.
pub(in crate::definition) const LOOK_AROUND: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];

/// Puts what a text must have before a place there; matching verifies it afterwards. `None` where there is none.
pub(super) fn with_look_behind(pattern: &str) -> Option<String> {
    pattern.contains("(?<=").then(|| without_look_around(&pattern.replace("(?<=", "(?:")))
}

/// Removes look-around groups; matching verifies them afterwards.
pub(super) fn without_look_around(pattern: &str) -> String {
    let mut kept = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let opens = LOOK_AROUND.iter().any(|group| rest.starts_with(group));
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
pub(in crate::definition) fn group_length(text: &str) -> usize {
    let mut open = 0_usize;
    for (at, each) in syntax_characters(text) {
        match each {
            '(' => open += 1,
            ')' if open == 1 => return at + 1,
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// Iterates over the characters of an expression that are neither escaped nor in a class, with their places.
pub(in crate::definition) fn syntax_characters(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut in_class, mut escaped) = (false, false);
    text.char_indices().filter(move |(_, each)| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match each {
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            _ => return !in_class,
        }
        false
    })
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
