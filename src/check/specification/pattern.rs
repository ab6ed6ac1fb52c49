//! Constructs of other regular expression dialects that ECMA-262 lacks.
//!
//! JSON Schema requires the dialect of ECMA-262 (2020-12, section 6.4). A pattern in another dialect is matched in that
//! dialect if possible, but callers' validators may reject it or match other strings.

/// Returns the first construct in a pattern that ECMA-262 (section 22.2.1) does not have.
pub(super) fn foreign_construct(pattern: &str) -> Option<&str> {
    let mut in_class = false;
    let mut after_quantifier = false;
    let mut at = 0;
    while let Some(rest) = pattern.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next()?;
        let length = match first {
            '\\' => {
                let escape = rest.get(..1 + rest.chars().nth(1).map_or(0, char::len_utf8))?;
                let is_foreign = if in_class { CLASS_ESCAPES.contains(&escape) } else { ESCAPES.contains(&escape) };
                if is_foreign {
                    return Some(escape);
                }
                // The name in `\\p{…}` and the number in `\\u{…}` are part of the escape.
                let braced = rest.get(escape.len()..).filter(|after| after.starts_with('{'));
                let braced =
                    braced.filter(|_| ["\\p", "\\P", "\\u"].contains(&escape)).and_then(|after| after.find('}'));
                escape.len() + braced.map_or(0, |end| end + 1)
            }
            '[' if in_class => match rest.find(":]").filter(|_| rest.starts_with("[:")) {
                Some(end) => return rest.get(..end + 2),
                None => 1,
            },
            '[' => {
                in_class = true;
                // In ECMA-262 a `]` directly after `[` closes the class; in other dialects it is a member of it.
                1
            }
            ']' => {
                in_class = false;
                1
            }
            '(' if !in_class && rest.starts_with("(?") => {
                if let Some(group) = foreign_group(rest) {
                    return Some(group);
                }
                2
            }
            '+' if !in_class && after_quantifier => return rest.get(..1),
            other => other.len_utf8(),
        };
        after_quantifier = !in_class && matches!(first, '*' | '+' | '?' | '}') && !(first == '?' && after_quantifier);
        at += length;
    }
    None
}

/// Escapes outside a class that have a meaning in other dialects but at most stand for the letter itself in ECMA-262.
const ESCAPES: &[&str] =
    &["\\A", "\\Z", "\\z", "\\G", "\\Q", "\\E", "\\h", "\\H", "\\R", "\\X", "\\a", "\\e", "\\K", "\\g", "\\x{"];
const CLASS_ESCAPES: &[&str] = &["\\h", "\\H", "\\a", "\\e", "\\R"];

/// Returns the beginning of a group `(?…` that ECMA-262 does not have.
fn foreign_group(rest: &str) -> Option<&str> {
    let after = rest.get(2..)?;
    if ["=", "!", ":", "<=", "<!"].iter().any(|known| after.starts_with(known)) {
        return None;
    }
    // A named group, `(?<name>…)`.
    if after.starts_with('<') {
        return None;
    }
    let flags = after.find([')', ':']).filter(|end| {
        after.get(..*end).is_some_and(|flags| {
            !flags.is_empty() && flags.bytes().all(|flag| flag.is_ascii_alphabetic() || flag == b'-')
        })
    });
    match flags {
        // ECMA-262 of 2025 has modifiers for a group, `(?i:…)`, but none for the rest of a pattern, `(?i)`.
        Some(end)
            if after.get(end..)?.starts_with(':') && after.get(..end)?.bytes().all(|flag| b"ims-".contains(&flag)) =>
        {
            None
        }
        Some(end) => rest.get(..end + 3),
        None => rest.get(..4).or(Some(rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constructs_of_other_dialects_are_found_and_none_of_its_own() {
        for (pattern, expected) in [
            ("(?i)abc", Some("(?i)")),
            ("a(?x: b )", Some("(?x:")),
            (r"\A[a-z]+\z", Some(r"\A")),
            (r"^a\Z", Some(r"\Z")),
            ("(?P<year>[0-9]{4})", Some("(?P<")),
            ("(?>a+)b", Some("(?>a")),
            ("(?#why)a", Some("(?#w")),
            ("a++b", Some("+")),
            ("[[:alpha:]]+", Some("[:alpha:]")),
            (r"\h+", Some(r"\h")),
            (r"[\h]", Some(r"\h")),
            ("^(?:a|b)(?=c)(?!d)(?<=e)(?<!f)(?<g>h)$", None),
            ("(?i:abc)", None),
            (r"^[\w\-.]+@\p{L}+\u{1F600}\d{1,3}?$", None),
            (r"a\+\+\(\?i\)", None),
            ("[+]+", None),
            ("a+?b*?c??", None),
            ("[(?i)]", None),
            ("", None),
        ] {
            assert_eq!(foreign_construct(pattern), expected, "{pattern}");
        }
    }
}
