//! Sets and removes every leaf of awkward texts: each result is exact, or a refusal.

use crate::workspace::edit::tree::{EditTree, NodeContent, TreeNode};
use crate::workspace::edit::verify::{TextSyntax, read};
use crate::workspace::edit::{EditRefusal, ValueEdit, edit};
use proptest::prelude::*;
use serde_json::{Value, json};

const YAML: &[&str] = &[
    "",
    "# only a comment",
    "---\n",
    "--- # start\na: 1 # one\n# between\nb: two\n...\n# after\n",
    "%YAML 1.2\n---\na: 1\n",
    "# top\na: 1 # one\n\n# list\nb:  # note\n  # first\n  - x # x\n  - y: 1\n    z: 2 # z\n\n# end\n",
    "a:\n  b:\n    c:\n      d:\n        e: {f: [1, {g: 2}], h: }\n      i: 1\n    # after c\n  # after b\n# after a\n",
    "a: {b: 1, c: [1, 2], 'd': \"x\", \"e\":5, f, g: } # flow\nh: {}\ni: []\nj: { k: { l: m } }\n",
    "a: {\n  b: 1, # one\n  # own\n  c: 2 # two\n}\nd: [\n  1, # x\n  2\n]\n",
    "a: |\n  one\n  # not a comment\n\n  two\nb: >- # folded\n  three\n  four\n\n\n# c\nc: |+\n  kept\n\n\nd: |2\n    lead\n   more\ne: |-\n  strip",
    "a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n  e: 2\nf: &y [1]\ng: [*y]\nh: &z 1\n",
    "a:\t1\t# tab\nb: \"x\"\t\nc:\t'y'\nd: e \n",
    "a: 1\r\nb:\r\n  c: 'x' # c\r\n  d: |\r\n    t\r\n\r\n# e\r\nf: [1,\r\n  2]\r\n",
    "\u{feff}a: 1\nb: {c: 2}",
    "paths:\n  '/pets/{petId}':\n    get:\n      responses:\n        \"200\": {description: ok}\n        '404':\n          description: >\n            gone\n        default: x\n  /a:b: {}\n  \"q\\\"uote\": 1\n",
    "200: a\n4.5: b\ntrue: c\nnull: d\n~: e\n-1: f\nyes: g\n",
    "- a: 1\n- b: 2\n",
    "a:\n- b: 1\n  c:\n  - d\n  # x\n- e\nf:\n  - - g\n    - h\n  -\n    i: j\n",
    "a: one\n  two\n  three # c\nb: \"x\n  y\"\nc: 'x\n\n  y'\nd:\n  plain below\ne:\n  # comment\n  f: 1\n",
    "? a\n: 1\n? b\n  # c\n: c: 2\nd: 3\n",
    "!!map\na: !!str 1\nb: !x {c: 1}\nd: 2\n",
    "&r\na: &s 1\n&k b: *s\nc: *k\n",
    "größe: ü # ä\n日本: {語: 1, 'ß': 2}\nemoji: \"😀\" # 😀\n",
    "a: 'it''s' # 'q'\nb: \"\\\"#\\\"\" # \"\nc: x#y\nd: http://a#b # c\n",
    "a:\n    b: 1\n    c:\n       d: 2\ne:\n f: 3\n",
    "a:   \n\n\n  b: 1\n\n\n\n",
    "a:\n  # only a comment in it\nb:\n# less\n  c: 1\n # middle\n  d: 2\n",
];

const JSON: &[&str] = &[
    "{}",
    "{\"a\":1,\"b\":{\"c\":[1,{\"d\":null}],\"e\":{}}}",
    "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\n      1\n    ],\n    \"d\": {}\n  }\n}\n",
    "{\r\n\t\"a\": \"\\ud83d\\ude00\\/\",\r\n\t\"b\": { \"c\": 1, \"d\": 2 }\r\n}",
    "\n\n { \"a\" : 1 , \"b\" : { \"c\" : true } }\n\n",
    "{\"a\": {\n\"b\": 1}, \"c\": 1e5\n, \"d\": -0.0}",
];

/// Returns the path of every value below mappings, each mapping too.
fn paths(value: &Value, above: &[String], found: &mut Vec<Vec<String>>) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        let path: Vec<String> = above.iter().chain([key]).cloned().collect();
        found.push(path.clone());
        paths(inner, &path, found);
    }
}

/// Makes an edit and checks the outcome unless it is refused.
fn hold(text: &str, change: &ValueEdit) -> Result<(), EditRefusal> {
    let changed = edit(text, std::slice::from_ref(change)).map_err(|error| error.reason)?;
    assert_eq!(text.starts_with('\u{feff}'), changed.starts_with('\u{feff}'));
    let (text, changed) = (text.trim_start_matches('\u{feff}'), changed.trim_start_matches('\u{feff}'));
    let new =
        read(changed, TextSyntax::of(changed)).unwrap_or_else(|stop| panic!("{stop:?} {change:?}\n{text}\n{changed}"));
    let at = |path: &[String]| path.iter().try_fold(&new, |inner, key| inner.as_object()?.get(key));
    match change {
        ValueEdit::Set { path, value } => assert_eq!(at(path), Some(value), "{change:?}\n{text}\n{changed}"),
        ValueEdit::Remove { path, .. } => assert_eq!(at(path), None, "{change:?}\n{text}\n{changed}"),
    }
    let (old, new): (Vec<_>, Vec<_>) = (text.lines().collect(), changed.lines().collect());
    let before = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let after = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let touched = before..old.len().saturating_sub(after);
    let may = may_touch(text, change);
    let inside = touched.is_empty() || (may.start <= touched.start && touched.end <= may.end);
    assert!(inside, "{touched:?} touched, not {may:?}, by {change:?}\n{text}\n{changed}");
    assert_eq!(text.contains('\r'), changed.contains('\r'), "{change:?}\n{text}\n{changed}");
    // Done again, it changes nothing; a removal finds nothing.
    let again = edit(changed, std::slice::from_ref(change));
    match change {
        ValueEdit::Set { .. } => assert_eq!(again.as_deref(), Ok(changed), "{change:?}\n{text}"),
        ValueEdit::Remove { .. } => assert!(again.is_err(), "{change:?}\n{text}"),
    }
    Ok(())
}

/// Returns the lines of the deepest entry on the path; with its parent's key where it is the only one, and with the
/// neighbours' lines in braces, where commas are.
fn may_touch(text: &str, change: &ValueEdit) -> std::ops::Range<usize> {
    let all = 0..text.lines().count();
    let Ok(tree) = EditTree::parse(text) else { return all };
    let line = |offset: usize| text.get(..offset).map_or(0, |before| before.matches('\n').count());
    let mut node = tree.root.as_ref();
    let mut allowed = all;
    for key in change.path() {
        let Some(TreeNode { shape: NodeContent::Mapping { flow, entries }, .. }) = node else { break };
        let Some(entry) = entries.iter().find(|entry| entry.name.as_ref() == Some(key)) else { break };
        let end = tree.comments_end(text, entry.end(), |column| column > entry.key.column);
        let lines = line(entry.key.range.start)..line(end) + 1;
        match (flow, entries.len()) {
            (_, 1) => {}
            (false, _) => allowed = lines,
            (true, _) => allowed = allowed.start.max(lines.start.saturating_sub(1))..allowed.end.min(lines.end + 1),
        }
        node = Some(&entry.value);
    }
    allowed
}

#[test]
fn every_path_of_every_awkward_text_is_set_and_removed() {
    let mut done = 0;
    let mut refused = 0;
    let mut unsure = 0;
    for text in YAML.iter().chain(JSON) {
        let plain = text.trim_start_matches('\u{feff}');
        let whole = read(plain, TextSyntax::of(plain)).unwrap_or(Value::Null);
        let mut found = vec![vec!["brand new".to_owned()]];
        paths(&whole, &[], &mut found);
        for path in found {
            let below: Vec<String> = path.iter().cloned().chain(["404".to_owned()]).collect();
            let values =
                [json!("0.0.2"), json!(7), json!(["no", {"a b": [1]}]), json!({"x": {"y": "1:2"}}), json!("a\nb\n")];
            let sets = values
                .into_iter()
                .flat_map(|value| [ValueEdit::set(path.clone(), value.clone()), ValueEdit::set(below.clone(), value)]);
            let removes = [ValueEdit::remove(path.clone())];
            for change in sets.chain(removes) {
                match hold(text, &change) {
                    Ok(()) => done += 1,
                    Err(EditRefusal::Unsure(_)) => unsure += 1,
                    Err(_) => refused += 1,
                }
            }
        }
    }
    // A change that does less, or leaves more to the last guard, should be noticed.
    assert!(done > 1_150 && unsure < 40, "{done} done, {refused} refused, {unsure} only by the last guard");
}

proptest! {
    #[test]
    fn every_string_is_read_as_itself(text in any::<String>(), word in "[-+.0-9a-zA-Z_:# ~'\"\\[{]{1,6}") {
        for string in [text, word] {
            for before in ["v: a\n", "v: 'a'\n", "v: \"a\"\n", "m: {v: a}\n", "v: |\n  a\n  b\n"] {
                let path = if before.starts_with('m') { vec!["m", "v"] } else { vec!["v"] };
                let changed = edit(before, &[ValueEdit::set(path.clone(), string.clone())]);
                let changed = changed.expect("any string can be a value");
                // The reader that the project reads these files with knows more words than YAML 1.2 does.
                let value: Value = serde_saphyr::from_str(&changed).expect("an edited text can be read");
                let found = path.iter().fold(&value, |inner, key| &inner[*key]);
                prop_assert_eq!(found, &Value::String(string.clone()), "{}", changed);
            }
            let changed = edit("a: 1\n", &[ValueEdit::set([string.clone()], 2)]);
            // A key that is the text of a merge key, or the document's own key, is not a new one.
            let changed = changed.expect("any string can be a key");
            prop_assert!(read(&changed, TextSyntax::Yaml).is_ok());
        }
    }

    #[test]
    fn no_text_is_a_reason_to_panic(text in "[-?:,\\[\\]{}#&*!|>'\"%@` \n\t\rab1=.]{0,40}", key in "[ab1]") {
        for change in [ValueEdit::set([key.clone()], 1), ValueEdit::set([key.clone(), "b".to_owned()], "x"), ValueEdit::remove([key.clone()])] {
            let _ = hold(&text, &change);
        }
    }
}
