//! Quoted strings and block scalars.

use super::{case, json, set};

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
        case("v: text\n", &set(&["v"], value), &format!("v: \"{quoted}\"\n"));
    }
    case("v: text\n", &set(&["v"], "_a"), "v: _a\n");
}

#[test]
fn an_empty_mapping_stays_an_item_of_its_list() {
    case("v: 1\n", &set(&["v"], json!([{}, 2])), "v:\n  - {}\n  - 2\n");
}
