//! Patterns as Node 20 judges them: with the flag `u` where it takes the pattern so, else without.

use serde_json::{Value, json};

use super::super::CompiledPatterns;
use super::{legacy_construct, translated_pattern};
use crate::definition::values::ValueSchema;

#[test]
fn patterns_are_read_as_ecmascript_reads_them() {
    let mut patterns = CompiledPatterns::default();
    for (pattern, right, wrong) in [
        (r"^(?<n>a|b)\k<n>$", &["aa", "bb"][..], &["ab"][..]),
        (r"^(?<n>a)(b)\2\k<n>0$", &["abba0"][..], &["abba", "abbb0"][..]),
        (r"^[^]$", &["a", "\n"][..], &["", "ab"][..]),
        (r"^[]$", &[][..], &["", "a", "[]"][..]),
        (r"^\0$", &["\u{0000}"][..], &["0"][..]),
        (r"^[\b]$", &["\u{8}"][..], &["b"][..]),
        (r"^.{0,5000}$", &["", &"a".repeat(5000)][..], &["a\u{2028}", &"a".repeat(5001)][..]),
        (r"^[^<>]{2,9000}$", &["ab"][..], &["a", "a<b"][..]),
        (r"\<a\>", &["<a>"][..], &["a"][..]),
        (r"^[^]]$", &["a]"][..], &["a", "ab", "]"][..]),
        (r"^[]a]$", &[][..], &["a", "]", "a]"][..]),
        (r"^[\w-.]+$", &["a-b.c"][..], &["a b", "a+b", "a,b"][..]),
        (r"^[a-\d]+$", &["a-1", "5"][..], &["b"][..]),
        (r"^[\s-x]$", &["-", "x", " "][..], &["y"][..]),
        (r"^[%--]$", &["-", "&"][..], &["."][..]),
        (r"^[a&&b~~]+$", &["a&b~"][..], &["c"][..]),
        (r"^[[a]+$", &["[a"][..], &["b"][..]),
        (r"^\cJ[\cJ]$", &["\n\n"][..], &["JJ"][..]),
        (r"^\x41\u0042\u{43}$", &["ABC"][..], &["AB"][..]),
        (r"^\uD83D\uDE00$", &["😀"][..], &["a"][..]),
        (r"^a{,x}$", &["a{,x}"][..], &["a"][..]),
        (r"^a{b}]$", &["a{b}]"][..], &["ab"][..]),
        (r"^(?!x)\d+$", &["12"][..], &["x1", "١"][..]),
        (r"^(?!x)\w.$", &["ab"][..], &["é1", "a\r"][..]),
        (r"^(?=.)\s$", &["\u{feff}"][..], &["\u{85}", "a"][..]),
        (r"^\D\W\S$", &["a-b"][..], &["1-b", "aab", "a- "][..]),
        (r"^[\D]$", &["a", "é"][..], &["1"][..]),
        (r"^[\W]$", &["-", "é"][..], &["a"][..]),
        (r"^[\S]$", &["a"][..], &["\u{2028}"][..]),
        (r"^[^\d\s]$", &["a"][..], &["1", " "][..]),
        (r"\ba\b", &["a", "éa", "a-"][..], &["ba"][..]),
        (r"^\Ba", &[][..], &["a", "ba"][..]),
        (r"^\p{L}\p{Script=Greek}\P{Lu}$", &["aαb"][..], &["αaa", "aαB"][..]),
        (r"^[\p{L}-]+$", &["é-ä"][..], &["1"][..]),
        (r#"^\/\-\_\@\ \"\#\&\~\%$"#, &["/-_@ \"#&~%"][..], &["x"][..]),
        (r"^(a)\1$", &["aa"][..], &["a"][..]),
        (r"^\1$", &["\u{0001}"][..], &["1"][..]),
        (r"^\18\8$", &["\u{0001}88"][..], &["18"][..]),
        (r"^[\101]$", &["A"][..], &["1"][..]),
        (r"^(?:a|b)(?=c)c(?<=c)(?<!d)$", &["ac"][..], &["bd"][..]),
        (r"^a+?b*?$", &["aab"][..], &["b"][..]),
        (r"^\$\^\.\*\+\?\(\)\[\]\{\}\|\\$", &["$^.*+?()[]{}|\\"][..], &["a"][..]),
        (r"^[\]\\\^-]$", &["]", "\\", "^", "-"][..], &["a"][..]),
        (r"^\t\n\v\f\r$", &["\t\n\u{000b}\u{c}\r"][..], &["tnvfr"][..]),
        (r"^.$", &["a", "é", "😀"][..], &["\n", "\r", "\u{2029}"][..]),
    ] {
        let schema = ValueSchema::compile(json!({"pattern": pattern})).expect("a schema");
        for (texts, is_right) in [(right, true), (wrong, false)] {
            for text in texts {
                let shown: String = text.chars().take(20).collect();
                assert_eq!(patterns.matches(pattern, text), is_right, "{pattern} {shown:?}");
                let found = schema.check(&Value::from(*text), 1);
                assert_eq!(found.is_empty(), is_right, "{pattern} {shown:?} in a request");
                // A violation has the pattern that the schema has.
                let told = found.first().is_none_or(|found| found.message.ends_with(&format!("\"{pattern}\"")));
                assert!(told, "{pattern} {found:?}");
            }
        }
        assert!(patterns.is_usable(pattern), "{pattern}");
    }
}

#[test]
fn names_of_properties_are_matched_by_two_patterns_that_are_one() {
    let schema = json!({"patternProperties": {r"^\d$": {"type": "integer"}, "^[0-9]$": {"minimum": 5}}, "properties": {
        "enum": {"pattern": r"^[\w-.]$", "format": "int32"}}});
    let schema = ValueSchema::compile(schema).expect("a schema");
    for (value, is_right) in [
        (json!({"1": 5}), true),
        (json!({"1": 4}), false),
        (json!({"1": "a"}), false),
        (json!({"enum": "."}), true),
        (json!({"enum": "+"}), false),
        (json!({"enum": 3_000_000_000_u32}), false),
    ] {
        assert_eq!(schema.check(&value, 1).is_empty(), is_right, "{value}");
    }
}

#[test]
fn texts_that_are_no_pattern_are_told_from_those_that_are_too_large() {
    for pattern in ["(", "a**", "[b-a]", "(?<n>a)(?<n>b)", r"^[\uD800]$", r"(?<n>a)\k<m>"] {
        let is_expression = crate::definition::is_regular_expression(pattern);
        assert!(!is_expression, "{pattern} {:?}", translated_pattern(pattern));
    }
    assert!(crate::definition::is_regular_expression("^(a{1000}){1000}$"));
    assert!(!CompiledPatterns::default().is_usable("^(a{1000}){1000}$"));
}

#[test]
fn constructs_that_only_annex_b_allows_are_told() {
    for (pattern, expected) in [
        ("^{a}$", Some("{")),
        ("^a]$", Some("]")),
        (r"^[\w-.]+$", Some(r"\w-.")),
        (r"^\{[a-z]{2,3}\}[\w.-]$", None),
        ("^a{2}$", None),
        (r"(?i)a", None),
    ] {
        assert_eq!(legacy_construct(pattern), expected, "{pattern}");
    }
}
