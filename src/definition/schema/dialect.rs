//! Constructs of other regular expression dialects that ECMA-262 lacks.
//!
//! JSON Schema requires the dialect of ECMA-262 (2020-12, section 6.4). A pattern in another dialect is matched in that
//! dialect if possible, but callers' validators may reject it or match other strings: without the flag `u`, an escape
//! that ECMA-262 does not know stands for its letter.

/// Returns the first construct in a pattern that ECMA-262 (section 22.2.1) does not have.
pub(crate) fn foreign_construct(pattern: &str) -> Option<&str> {
    let mut in_class = false;
    let mut after_quantifier = false;
    let mut at = 0;
    while let Some(rest) = pattern.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next()?;
        let length = match first {
            '\\' => {
                let escape = rest.get(..1 + rest.chars().nth(1).map_or(0, char::len_utf8))?;
                let after = rest.get(escape.len()..)?;
                let braced = after.find('}').filter(|_| after.starts_with('{')).and_then(|end| after.get(1..end));
                let whole = rest.get(..escape.len() + braced.map_or(0, |braced| braced.len() + 2))?;
                if is_foreign_escape(escape.get(1..)?, braced, in_class) {
                    return Some(if BRACED.contains(&escape) { whole } else { escape });
                }
                // The name in `\\p{…}` and the number in `\\u{…}` are part of the escape.
                if ["\\p", "\\P", "\\u"].contains(&escape) { whole.len() } else { escape.len() }
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
            '{' if !in_class && is_count_up_to(rest) => return rest.get(..=rest.find('}')?),
            other => other.len_utf8(),
        };
        after_quantifier = !in_class && matches!(first, '*' | '+' | '?' | '}') && !(first == '?' && after_quantifier);
        at += length;
    }
    None
}

/// Escapes that have a braced text behind them in other dialects.
const BRACED: &[&str] = &["\\p", "\\P", "\\x", "\\b", "\\B", "\\o", "\\N", "\\g", "\\h"];
/// The letters of the escapes of ECMA-262.
const ESCAPES: &str = "bBcdDfknpPrsStuvwWx";

/// True for an escape that has a meaning in other dialects alone.
fn is_foreign_escape(name: &str, braced: Option<&str>, in_class: bool) -> bool {
    match (name, braced) {
        ("p" | "P", braced) => !braced.is_some_and(is_property),
        ("x", Some(_)) => true,
        ("b" | "B", Some(braced)) if !in_class => {
            // A boundary cannot be repeated, so what is in the braces is a name.
            braced.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        }
        ("B", _) if in_class => true,
        (name, _) => name.starts_with(|letter: char| letter.is_ascii_alphabetic()) && !ESCAPES.contains(name),
    }
}

/// True for a Unicode property as ECMA-262 (tables 67 to 70) writes it: `Script=Greek`, while `Greek` alone is none,
/// and names in their exact case.
fn is_property(written: &str) -> bool {
    let is_known = |property: &str| regex_syntax::parse(&format!("\\p{{{property}}}")).is_ok();
    let is_exact = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_uppercase()) || matches!(name, "cntrl" | "digit" | "punct")
    };
    match written.split_once('=') {
        Some((name, value)) => {
            let names = ["General_Category", "gc", "Script", "sc", "Script_Extensions", "scx"];
            names.contains(&name) && is_exact(value) && is_known(written)
        }
        None => {
            is_exact(written)
                && !written.starts_with("Is")
                && is_known(written)
                && !is_known(&format!("Script={written}"))
        }
    }
}

/// True for a repetition `{,n}`, which is text in ECMA-262.
fn is_count_up_to(rest: &str) -> bool {
    let count = rest.strip_prefix("{,").and_then(|rest| rest.split_once('}'));
    count.is_some_and(|(count, _)| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()))
}

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
            (r"^\pL$", Some(r"\p")),
            (r"^\p{Greek}$", Some(r"\p{Greek}")),
            (r"^\p{IsGreek}$", Some(r"\p{IsGreek}")),
            (r"^[\p{lu}]$", Some(r"\p{lu}")),
            (r"^\x{41}$", Some(r"\x{41}")),
            (r"^[\x{41}]$", Some(r"\x{41}")),
            (r"^\b{start}a$", Some(r"\b{start}")),
            ("^a{,5}$", Some("{,5}")),
            (r"^\i\c*$", Some(r"\i")),
            (r"^\p{Script=Greek}\p{sc=Latin}\p{Lu}\p{gc=Nd}\p{Letter}\p{ASCII}\P{digit}\p{Emoji}$", None),
            (r"^\<a\>\x41\cA[\b]\0\k\/$", None),
            ("^[^]]$", None),
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
