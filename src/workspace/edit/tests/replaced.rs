//! The layout of a value that replaces another, and of its neighbours.

use super::{EditRefusal, TextChange, case, edit, json, refused, remove, set};

#[test]
fn each_list_and_mapping_keeps_its_own_indentation() {
    for (before, path, value, after) in [
        ("v:\n      a: 1\nw:\n  b: 1\n", "v", json!({"c": 1}), "v:\n      c: 1\nw:\n  b: 1\n"),
        ("v:\n      a: 1\nw:\n  b: 1\n", "w", json!({"c": 1}), "v:\n      a: 1\nw:\n  c: 1\n"),
        ("v:\n- a\nw:\n  - b\n", "v", json!(["c"]), "v:\n- c\nw:\n  - b\n"),
        ("v:\n- a\nw:\n  - b\n", "w", json!(["c"]), "v:\n- a\nw:\n  - c\n"),
        ("v: one\n", "v", json!(["a"]), "v:\n  - a\n"),
        ("v:\n  a: 1\n", "v", json!({}), "v: {}\n"),
        ("v: |\nw: 1\n", "v", json!("a\nb\n"), "v: |\n  a\n  b\nw: 1\n"),
        ("? v\n: 1\n", "v", json!("x"), "? v\n: x\n"),
    ] {
        case(before, &set(&[path], value), after);
    }
}

#[test]
fn a_json_value_stands_in_lines_where_its_neighbours_do() {
    for (before, path, value, after) in [
        ("{\n  \"a\": 1\n}", vec!["a"], json!({"b": 2}), "{\n  \"a\": {\n    \"b\": 2\n  }\n}"),
        ("{\n  \"a\": 1\n}", vec!["a"], json!({}), "{\n  \"a\": {}\n}"),
        ("{\n  \"a\": 1\n}", vec!["a"], json!([]), "{\n  \"a\": []\n}"),
        ("{\n  \"x\": {\"a\": 1}\n}", vec!["x", "a"], json!({"b": 2}), "{\n  \"x\": {\"a\": {\"b\": 2}}\n}"),
        ("{\n  \"x\": {\"a\": [\n    1\n  ]}\n}", vec!["x", "a"], json!([2]), "{\n  \"x\": {\"a\": [\n    2\n  ]}\n}"),
        ("{\n  \"a\": 1, \"b\": 2\n}", vec!["c"], json!(3), "{\n  \"a\": 1, \"b\": 2, \"c\": 3\n}"),
        ("{\n\"a\": 1\n}", vec!["b"], json!({"c": 2}), "{\n\"a\": 1,\n\"b\": {\"c\": 2}\n}"),
    ] {
        case(before, &set(&path, value), after);
    }
}

#[test]
fn a_comma_outside_of_braces_is_none_of_theirs() {
    let before = "m: {\n  a: {\n    c: 1\n  }, # one\n  d: 2\n}\n";
    case(before, &set(&["m", "a", "v"], 5), &before.replace("c: 1\n", "c: 1,\n    v: 5\n"));
}

#[test]
fn the_line_break_of_two_characters_goes_and_stays_whole() {
    case("a: 1\r\nv: 2", &remove(&["v"]), "a: 1");
    case("v:\r\n- a\r\nw: 1\r\n", &set(&["v"], json!(["c"])), "v:\r\n- c\r\nw: 1\r\n");
}

#[test]
fn comments_in_braces_are_refused_where_the_braces_start() {
    for (text, change) in
        [("m: {v: [a, # one\n  b]}\n", set(&["m", "v"], 1)), ("m: {v: { # none\n  }}\n", set(&["m", "v", "w"], 1))]
    {
        assert_eq!(refused(text, &change, (1, 8)), EditRefusal::Comment, "{text}");
    }
}

#[test]
fn an_anchor_without_a_value_gets_no_keys() {
    assert!(matches!(refused("&x\n", &set(&["v"], 1), (0, 0)), EditRefusal::Layout(_)));
}

#[test]
fn paths_are_shown_with_quotes_around_what_is_no_plain_word() {
    for (path, shown) in [
        (vec!["x-y_z"], "cannot edit `x-y_z`: there is no such key"),
        (vec![""], "cannot edit `\"\"`: there is no such key"),
        (vec!["a b"], "cannot edit `\"a b\"`: there is no such key"),
        (vec![], "cannot edit the file: no key is named"),
    ] {
        let error = edit("a: 1\n", &[remove(&path)]).expect_err("nothing to remove");
        assert_eq!(error.to_string(), shown);
    }
}

#[test]
fn pieces_are_replaced_in_the_order_of_the_text() {
    let mut change = TextChange::default();
    change.replace(4..5, "C");
    change.insert(2, "b");
    change.replace(0..1, "A");
    assert_eq!(change.apply("a--:c"), "A-b-:C");
}
