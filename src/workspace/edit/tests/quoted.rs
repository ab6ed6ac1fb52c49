//! Quoted strings and block scalars.

use super::super::toml::comments;
use super::{FileSyntax, case, json, set};

#[test]
fn lines_that_a_block_would_not_keep_are_quoted() {
    for (value, quoted) in [
        ("one \ntwo\n", "one \\ntwo\\n"),
        (" one\ntwo\n", " one\\ntwo\\n"),
        ("\none\n", "\\none\\n"),
        ("one\n\n", "one\\n\\n"),
        ("\n", "\\n"),
        ("one\ntwo\u{7}\n", "one\\ntwo\\u0007\\n"),
        ("\u{fffe}\u{ffff}", "\\ufffe\\uffff"),
    ] {
        case(FileSyntax::Yaml, "v: text\n", &set(&["v"], value), &format!("v: \"{quoted}\"\n"));
    }
    case(FileSyntax::Yaml, "v: text\n", &set(&["v"], "_a"), "v: _a\n");
}

#[test]
fn an_empty_mapping_stays_an_item_of_its_list() {
    case(FileSyntax::Yaml, "v: 1\n", &set(&["v"], json!([{}, 2])), "v:\n  - {}\n  - 2\n");
}

#[test]
fn a_hash_in_a_toml_string_begins_no_comment() {
    for (text, comment) in [
        ("a = '#' # x", Some("# x")),
        ("a = 'x # y'", None),
        ("a = \"\\\"#\" # x", Some("# x")),
        ("a = 'x\\' # y", Some("# y")),
        ("a = \"\"\"x\"#\"\"\" # y", Some("# y")),
        ("a = '''x'#''' # y", Some("# y")),
        ("a = \"\"\"#\"\"\"\"\" # y", Some("# y")),
        ("a = \"\" # y", Some("# y")),
    ] {
        let found: Vec<&str> = comments(text).into_iter().filter_map(|range| text.get(range)).collect();
        assert_eq!(found, Vec::from_iter(comment), "{text}");
    }
}
