//! Edits of small texts, case by case: each changes its value and nothing else.

use super::change::TextChange;
use super::verify::{TextSyntax, check};
use super::{EditRefusal, ValueEdit, edit};
use serde_json::{Value, json};

mod every_leaf;
mod quoted;
mod replaced;

/// Edits a text, before and after which both stand here as a reader of the file sees them.
#[track_caller]
fn case(before: &str, change: &ValueEdit, after: &str) {
    match edit(before, std::slice::from_ref(change)) {
        Ok(text) => assert_eq!(text, after, "\n--- before\n{before}\n--- after {change:?}\n{text}"),
        Err(error) => panic!("{error} at {}:{}\n--- before\n{before}", error.line, error.column),
    }
}

#[track_caller]
fn refused(text: &str, change: &ValueEdit, place: (usize, usize)) -> EditRefusal {
    match edit(text, std::slice::from_ref(change)) {
        Ok(changed) => panic!("{change:?} was done:\n{changed}"),
        Err(error) => {
            assert_eq!((error.line, error.column), place, "{error}");
            assert!(!error.hint().is_empty());
            error.reason
        }
    }
}

fn set(path: &[&str], value: impl Into<Value>) -> ValueEdit {
    ValueEdit::set(path.iter().copied(), value)
}

fn remove(path: &[&str]) -> ValueEdit {
    ValueEdit::remove(path.iter().copied())
}

#[test]
fn a_scalar_changes_in_its_place() {
    for (before, value, after) in [
        ("v: \"0.0.1\" # next\n", json!("0.0.2"), "v: \"0.0.2\" # next\n"),
        ("v:   '0.0.1'\t# next\n", json!("0.0.2"), "v:   '0.0.2'\t# next\n"),
        ("v: 0.0.1\n", json!("0.0.2"), "v: \"0.0.2\"\n"),
        ("v: none of it\n", json!("it's"), "v: it's\n"),
        ("v: 'a'\n", json!("it's"), "v: 'it''s'\n"),
        ("v: 'a'\n", json!("two\tcolumns"), "v: \"two\\tcolumns\"\n"),
        ("v: 1\r\nw: 2\r\n", json!(true), "v: true\r\nw: 2\r\n"),
        ("\u{feff}v: 1", json!(null), "\u{feff}v: null"),
        ("v: one\n   two # folded\n", json!("three"), "v: three # folded\n"),
        ("v:\n  one # below\n", json!(5), "v:\n  5 # below\n"),
        ("v: # empty\nw: 1\n", json!("new"), "v: new # empty\nw: 1\n"),
        ("v:\nw: 1\n", json!(["a"]), "v:\n  - a\nw: 1\n"),
        ("v: &name 1 # unused\n", json!(2), "v: &name 2 # unused\n"),
        ("a: &name 1\nv: *name # one\n", json!(2), "a: &name 1\nv: 2 # one\n"),
        ("m: -9223372036854776000\nt: !tag .nan\nv: 1\n", json!(2), "m: -9223372036854776000\nt: !tag .nan\nv: 2\n"),
        ("---\nv: 1\n...\n", json!(1.5), "---\nv: 1.5\n...\n"),
        ("? w\n: 1\nv: 1\n", json!("x"), "? w\n: 1\nv: x\n"),
    ] {
        case(before, &set(&["v"], value), after);
    }
}

#[test]
fn strings_that_some_reader_takes_for_something_else_are_quoted() {
    for text in
        ["no", "Off", "1_000", "12:30", "0.0.2", "1.10", "", "~", "null", " a", "a ", "- a", "a: b", "a #b", "<<"]
    {
        case("v: text\n", &set(&["v"], text), &format!("v: \"{text}\"\n"));
        case("w: 'x'\nv: text\n", &set(&["v"], text), &format!("w: 'x'\nv: '{text}'\n"));
    }
    for text in ["https://pets.example:8443/v1?a=b", "/pets/{petId}", "List all pets, please", "größer", "a-b_c.d"] {
        case("v: text\n", &set(&["v"], text), &format!("v: {text}\n"));
    }
    case("v: a\n", &set(&["v"], "\u{85}\u{feff}\u{1f600}\r"), "v: \"\\u0085\\ufeff\u{1f600}\\r\"\n");
}

#[test]
fn a_block_scalar_keeps_its_kind_for_lines() {
    let before = "v: | # why\n    one\n    two\n\n# end\nw: 1\n";
    case(before, &set(&["v"], "three\n\n  four\n"), "v: | # why\n  three\n\n    four\n\n# end\nw: 1\n");
    case(before, &set(&["v"], "three\nfour"), "v: |- # why\n  three\n  four\n\n# end\nw: 1\n");
    case(before, &set(&["v"], "three"), "v: three # why\n\n# end\nw: 1\n");
    case(before, &set(&["v"], json!({"a": 1})), "v: # why\n  a: 1\n\n# end\nw: 1\n");
    case("v: short # why\n", &set(&["v"], "one\ntwo\n"), "v: | # why\n  one\n  two\n");
    case("v: short", &set(&["v"], "one\ntwo\n"), "v: \"one\\ntwo\\n\"");
    case("v: >+\n  kept\n\n\n", &set(&["w"], 1), "v: >+\n  kept\n\n\nw: 1\n");
}

#[test]
fn lists_and_mappings_keep_their_style() {
    for (before, value, after) in [
        ("v: [a, b] # two\n", json!(["c", "no"]), "v: [c, \"no\"] # two\n"),
        ("v: []\n", json!(["c"]), "v: [c]\n"),
        ("v:\n- a # nothing\n", json!(["a"]), "v:\n- a # nothing\n"),
        ("v:\n- a\n- b\nw: 1\n", json!(["c"]), "v:\n- c\nw: 1\n"),
        (
            "v:\n    - a\nw: 1\n",
            json!(["c", {"d": 1, "e": [2]}]),
            "v:\n    - c\n    - d: 1\n      e:\n          - 2\nw: 1\n",
        ),
        ("v: # list\n  # of\n  - a\n", json!([]), "v: [] # list\n  # of\n"),
        (
            "v: {type: mock} # b\n",
            json!({"type": "http", "url": "http://a"}),
            "v: {type: http, url: \"http://a\"} # b\n",
        ),
        (
            "v:\n  type: mock\n",
            json!({"type": "http", "none": 1, "tls": {}}),
            "v:\n  type: http\n  \"none\": 1\n  tls: {}\n",
        ),
        ("v: one\n", json!({"type": "http"}), "v:\n  type: http\n"),
        ("v: {}\n", json!({"type": "http"}), "v:\n  type: http\n"),
    ] {
        case(before, &set(&["v"], value), after);
    }
}

#[test]
fn a_new_key_stands_at_the_end_of_its_mapping() {
    for (before, path, after) in [
        ("a: 1\n", vec!["v"], "a: 1\nv: 5\n"),
        ("a: 1", vec!["v"], "a: 1\nv: 5"),
        ("a: 1\r\nb: 2\r\n", vec!["v"], "a: 1\r\nb: 2\r\nv: 5\r\n"),
        ("a: 1 # one\n# b: 2\n\n", vec!["v"], "a: 1 # one\n# b: 2\nv: 5\n\n"),
        ("a: 1\n...\n# after\n", vec!["v"], "a: 1\nv: 5\n...\n# after\n"),
        (
            "m:\n   a: 1\n   # in m\n\n# not in m\nb: 2\n",
            vec!["m", "v"],
            "m:\n   a: 1\n   # in m\n   v: 5\n\n# not in m\nb: 2\n",
        ),
        ("m:\n  a: |\n    text\n\nb: 2\n", vec!["m", "v"], "m:\n  a: |\n    text\n  v: 5\n\nb: 2\n"),
        ("m:\n    a: 1\n", vec!["m", "x", "v"], "m:\n    a: 1\n    x:\n        v: 5\n"),
        ("m:\n", vec!["m", "v"], "m:\n  v: 5\n"),
        ("m: {} # none\nb: 1\n", vec!["m", "x", "v"], "m: # none\n  x:\n    v: 5\nb: 1\n"),
        ("m: {a: 1}\n", vec!["m", "v"], "m: {a: 1, v: 5}\n"),
        ("m: {a: 1,}\n", vec!["m", "v"], "m: {a: 1, v: 5,}\n"),
        ("m: {a: 1, b}\n", vec!["m", "b"], "m: {a: 1, b: 5}\n"),
        ("m: {a: 1, \"b\":}\n", vec!["m", "b"], "m: {a: 1, \"b\": 5}\n"),
        ("m: {\n  a: 1 # one\n}\n", vec!["m", "v"], "m: {\n  a: 1, # one\n  v: 5\n}\n"),
        ("m: {\n  a: 1, # one\n}\n", vec!["m", "v"], "m: {\n  a: 1, # one\n  v: 5,\n}\n"),
        ("m: {\n  a: 1 # one, two\n}\n", vec!["m", "v"], "m: {\n  a: 1, # one, two\n  v: 5\n}\n"),
        ("'200': a\n", vec!["404"], "'200': a\n'404': 5\n"),
        ("200: a\n", vec!["404"], "200: a\n\"404\": 5\n"),
        ("", vec!["v"], "v: 5\n"),
        ("# only\n", vec!["a", "v"], "# only\na:\n  v: 5\n"),
        ("---\n# only", vec!["v"], "---\n# only\nv: 5"),
        ("---\n...\n", vec!["v"], "---\nv: 5\n...\n"),
        ("a: &unused\n  b: 1\n", vec!["a", "v"], "a: &unused\n  b: 1\n  v: 5\n"),
    ] {
        case(before, &set(&path, 5), after);
    }
}

#[test]
fn an_api_is_added_and_removed() {
    let before = "openapi: 3.1.0\npaths:\n  # Pets\n  '/pets':\n    get:\n      responses:\n        '200': { description: ok }\n\ncomponents: {}\n";
    let operation = json!({"operationId": "addPet", "tags": ["a"], "responses": {"201": {"description": "made"}}});
    case(
        before,
        &set(&["paths", "/pets/{petId}", "post"], operation),
        "openapi: 3.1.0\npaths:\n  # Pets\n  '/pets':\n    get:\n      responses:\n        '200': { description: ok }\n  \
         '/pets/{petId}':\n    post:\n      operationId: addPet\n      tags:\n        - a\n      responses:\n        \
         '201':\n          description: made\n\ncomponents: {}\n",
    );
    case(before, &remove(&["paths", "/pets"]), "openapi: 3.1.0\npaths: {}\n  # Pets\n\ncomponents: {}\n");
}

#[test]
fn a_removed_entry_takes_its_lines_and_no_others() {
    for (before, path, after) in [
        ("a: 1\n# above v\nv: 1 # on v\n# below v\nb: 2\n", vec!["v"], "a: 1\n# above v\n# below v\nb: 2\n"),
        ("a: 1\nv:\n  - 1\n\n  # in v\n\nb: 2\n", vec!["v"], "a: 1\n\nb: 2\n"),
        ("a: 1\nv: |\n  text\n\n  more", vec!["v"], "a: 1"),
        ("v: 1\r\na: 1\r\n", vec!["v"], "a: 1\r\n"),
        ("v: 1 # it\n", vec!["v"], "{}\n"),
        ("m: # why\n  v: 1\nb: 2\n", vec!["m", "v"], "m: {} # why\nb: 2\n"),
        ("m: &unused\n  v: 1", vec!["m", "v"], "m: &unused {}"),
        ("m: {a: 1, v: 2}\n", vec!["m", "v"], "m: {a: 1}\n"),
        ("m: {v: 1, a: 2}\n", vec!["m", "v"], "m: {a: 2}\n"),
        ("m: {v: 1}\n", vec!["m", "v"], "m: {}\n"),
        ("m: {a: 1, v: 2,}\n", vec!["m", "v"], "m: {a: 1,}\n"),
    ] {
        case(before, &remove(&path), after);
    }
}

#[test]
fn json_stays_json_in_its_own_layout() {
    let pretty = "{\n\t\"a\": {\n\t\t\"b\": \"\\u00e4\\/\"\n\t},\n\t\"e\": {}\n}\n";
    for (before, change, after) in [
        (pretty, set(&["a", "b"], "x"), pretty.replace("\\u00e4\\/", "x")),
        (
            pretty,
            set(&["a", "c"], json!([1, {"d": "no"}])),
            pretty
                .replace("\\/\"\n", "\\/\",\n\t\t\"c\": [\n\t\t\t1,\n\t\t\t{\n\t\t\t\t\"d\": \"no\"\n\t\t\t}\n\t\t]\n"),
        ),
        (pretty, set(&["e", "f", "g"], 1), pretty.replace("{}", "{\n\t\t\"f\": {\n\t\t\t\"g\": 1\n\t\t}\n\t}")),
        (pretty, remove(&["e"]), pretty.replace(",\n\t\"e\": {}", "")),
        (pretty, remove(&["a"]), "{\n\t\"e\": {}\n}\n".to_owned()),
        (pretty, remove(&["a", "b"]), pretty.replace("{\n\t\t\"b\": \"\\u00e4\\/\"\n\t}", "{}")),
        ("{\"a\":1}", set(&["b"], json!({"c": [1, 2]})), "{\"a\":1,\"b\":{\"c\":[1,2]}}".to_owned()),
        ("{\"a\": 1}\r\n", set(&["b"], "c"), "{\"a\": 1, \"b\": \"c\"}\r\n".to_owned()),
        ("{}", set(&["b"], "c"), "{\n  \"b\": \"c\"\n}".to_owned()),
        ("{\r\n  \"a\": 1\r\n}\r\n", set(&["b"], 2), "{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}\r\n".to_owned()),
    ] {
        case(before, &change, &after);
    }
}

#[test]
fn the_same_value_changes_nothing() {
    let yaml = "v: 0x10 # hex\n'w': [1,  2]\n";
    case(yaml, &set(&["v"], 16), yaml);
    case(yaml, &set(&["w"], json!([1, 2])), yaml);
    case("{\"v\": \"\\u0061\"}", &set(&["v"], "a"), "{\"v\": \"\\u0061\"}");
}

#[test]
fn what_would_change_elsewhere_too_is_refused() {
    let shared = "a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n  e: 1\n";
    let name = || EditRefusal::Shared("x".to_owned());
    for (change, reason, place) in [
        (set(&["a", "b"], 2), name(), (2, 3)),
        (set(&["a", "n"], 2), name(), (2, 3)),
        (set(&["a"], 2), name(), (2, 3)),
        (remove(&["a"]), name(), (2, 3)),
        (set(&["c", "b"], 2), EditRefusal::Alias, (3, 4)),
        (remove(&["c", "b"]), EditRefusal::Alias, (3, 4)),
        (set(&["d", "b"], 2), EditRefusal::Merged, (5, 3)),
        (remove(&["d", "b"]), EditRefusal::Merged, (5, 3)),
        (remove(&["d", "e"]), EditRefusal::Merged, (5, 3)),
        (set(&["a", "b", "z"], 2), name(), (2, 3)),
    ] {
        assert_eq!(refused(shared, &change, place), reason);
    }
    case(shared, &set(&["d", "e"], 2), &shared.replace("e: 1", "e: 2"));
    case(shared, &remove(&["d"]), "a: &x\n  b: 1\nc: *x\n");
    case(shared, &set(&["c"], 2), &shared.replace("c: *x", "c: 2"));
    assert_eq!(refused("&k a: 1\nb: *k\n", &remove(&["a"]), (1, 4)), EditRefusal::Shared("k".to_owned()));
}

#[test]
fn text_that_is_not_plain_is_refused_with_its_place() {
    let duplicate = |first_line| EditRefusal::DuplicateKey { key: "a".to_owned(), first_line };
    assert_eq!(refused("a: 1\nb:\n  a: 1\n  'a': 2\n", &set(&["c"], 1), (4, 3)), duplicate(3));
    assert_eq!(refused("{\"a\": 1,\n \"a\": 2}", &set(&["c"], 1), (2, 2)), duplicate(1));
    assert_eq!(refused("a: 1\n---\nb: 1\n", &set(&["c"], 1), (2, 1)), EditRefusal::SeveralDocuments);
    for (text, place) in [("a: 1\n b: [\n", (2, 3)), ("a: {b: 1\n", (1, 4)), ("a: 1\n\tb: 2\n", (1, 4))] {
        assert!(matches!(refused(text, &set(&["c"], 1), place), EditRefusal::Malformed(_)), "{text}");
    }
    assert_eq!(refused("a: !!str 1\n", &set(&["a"], 1), (1, 10)), EditRefusal::Tagged);
    assert_eq!(refused("a: !t\n  b: 1\n", &set(&["a", "b"], 2), (2, 3)), EditRefusal::Tagged);
    let unusual = |text, change, place| {
        assert!(matches!(refused(text, &change, place), EditRefusal::Layout(_)));
    };
    unusual("? a\n: 1\n", remove(&["a"]), (1, 3));
    unusual("&k a: 1\n", set(&["b"], 1), (1, 4));
    let list_as_key = refused("? [x]\n: 1\na: 1\n", &set(&["a"], 2), (1, 3));
    assert!(matches!(list_as_key, EditRefusal::Malformed(_)));
}

#[test]
fn aliases_that_multiply_the_text_are_refused_before_they_are_followed() {
    let mut bomb = "a: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let uses = vec![format!("*l{}", level - 1); 10].join(", ");
        bomb = format!("{bomb}k{level}: &l{level} [{uses}]\n");
    }
    assert_eq!(refused(&bomb, &set(&["c"], 1), (0, 0)), EditRefusal::TooLarge);
    assert_eq!(refused("a: &x [*x]\n", &set(&["c"], 1), (1, 8)), EditRefusal::TooLarge);
    let deep = "[".repeat(10_000);
    assert!(matches!(edit(&deep, &[set(&["c"], 1)]), Err(error) if matches!(error.reason, EditRefusal::Malformed(_))));
}

#[test]
fn comments_are_never_lost() {
    for (text, change, place) in [
        ("v:\n  - a # why\n  - b\n", set(&["v"], json!(["c"])), (1, 3)),
        ("v: [a, # why\n  b]\n", set(&["v"], 1), (1, 4)),
        ("m: {\n  v: 1, # why\n  a: 2\n}\n", remove(&["m", "v"]), (2, 3)),
        ("m: { # why\n  v: 1\n}\n", remove(&["m", "v"]), (1, 5)),
        ("m: { # why\n}\n", set(&["m", "v"], 1), (1, 3)),
    ] {
        assert_eq!(refused(text, &change, place), EditRefusal::Comment, "{text}");
    }
}

#[test]
fn a_null_makes_way_for_a_mapping() {
    for null in ["~", "null"] {
        let before = format!("a: 1\nm: {null} # none yet\nb: 2\n");
        case(&before, &set(&["m", "v"], 1), "a: 1\nm: # none yet\n  v: 1\nb: 2\n");
    }
    case("{a: 1, m: ~}\n", &set(&["m", "v"], 1), "{a: 1, m: {v: 1}}\n");
    case("{\"m\":null}", &set(&["m", "v"], 1), "{\"m\":{\"v\":1}}");
    assert_eq!(refused("{\"m\":null}", &remove(&["m", "v"]), (0, 0)), EditRefusal::Missing);
    let (parent, holds) = (vec!["m".to_owned()], "a text, number or boolean");
    let refusal = EditRefusal::NotAMapping { parent, holds };
    assert_eq!(refused("m: 'null'\n", &set(&["m", "v"], 1), (1, 4)), refusal);
}

#[test]
fn a_path_that_leads_nowhere_is_refused() {
    let text = "{\"a\": 1, \"l\": [1]}";
    assert_eq!(refused(text, &remove(&["b"]), (0, 0)), EditRefusal::Missing);
    assert_eq!(refused(text, &set(&[], 1), (0, 0)), EditRefusal::NoPath);
    let parent = |key: &str| vec![key.to_owned()];
    let holds = "a text, number or boolean";
    assert_eq!(refused(text, &set(&["a", "b"], 1), (1, 7)), EditRefusal::NotAMapping { parent: parent("a"), holds });
    let holds = "a list";
    assert_eq!(refused(text, &remove(&["l", "0"]), (1, 15)), EditRefusal::NotAMapping { parent: parent("l"), holds });
}

#[test]
fn messages_name_the_path_and_what_to_do() {
    let error = edit("paths:\n  /pets: &p {get: 1}\n  /cats: *p\n", &[set(&["paths", "/cats", "get"], 2)])
        .expect_err("an alias is no mapping of its own");
    assert_eq!(
        (error.to_string().as_str(), error.hint().as_str(), error.line, error.column),
        (
            "cannot edit `paths.\"/cats\".get`: it stands behind an alias, and would change elsewhere too",
            "edit the file by hand: write `paths.\"/cats\".get` out where it is used",
            3,
            10
        )
    );
}

#[test]
fn the_last_guard_sees_what_the_others_let_through() {
    let change = set(&["a"], 2);
    for (format, before, meant, wrong) in [
        (TextSyntax::Yaml, "a: 1 # c\nb: 1\n", "a: 2 # c\nb: 1\n", "a: 2\nb: 1\n"),
        (TextSyntax::Yaml, "a: 1\nb: 1\n", "a: 2\nb: 1\n", "b: 1\na: 2\n"),
        (TextSyntax::Yaml, "a: 1\nb: 1\n", "a: 2\nb: 1\n", "a: 2\nb: '1'\n"),
        (TextSyntax::Json, "{\"a\": 1, \"b\": 1}", "{\"a\": 2, \"b\": 1}", "{\"a\": 2, \"b\": 1, \"c\": 1}"),
    ] {
        assert!(check(before, meant, &change, format, &TextChange::default()).is_ok(), "{meant}");
        assert!(check(before, wrong, &change, format, &TextChange::default()).is_err(), "{wrong}");
    }
}

#[test]
fn several_edits_are_all_done_or_none() {
    let edits = [set(&["a"], 2), set(&["b", "c"], "x"), remove(&["d"])];
    assert_eq!(edit("a: 1\nd: 1\n", &edits).as_deref(), Ok("a: 2\nb:\n  c: x\n"));
    assert!(edit("a: 1\n", &edits).is_err());
}

#[test]
fn a_key_is_refused_that_no_later_edit_would_find() {
    for text in ["a: {b: 1}\n", "{\"a\": {\"b\": 1}}\n"] {
        let long = set(&["a", &"k".repeat(1000)], 1);
        let changed = edit(text, std::slice::from_ref(&long)).expect("a long key");
        assert_eq!(edit(&changed, &[long]).as_deref(), Ok(changed.as_str()));
        let longer = set(&["a", &"k".repeat(1100)], 1);
        assert!(matches!(refused(text, &longer, (0, 0)), EditRefusal::Unsure(_)), "{text}");
    }
}
