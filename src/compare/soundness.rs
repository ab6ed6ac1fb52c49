//! Nothing that breaks callers goes unsaid: schemas at random, with values that one side takes and the other refuses.
//!
//! The values are judged by a validator of JSON Schema, which knows nothing of the comparison. Two things are taken for
//! compatible on purpose, and so are not asked here: a new optional property of an object that is open, where nothing
//! described it (a caller might have sent another value under its name), and `format`, which validators need not look
//! at. Nor are schemas asked that contradict themselves. `APIGW_SCHEMA_PAIRS` says how many pairs are tried,
//! `APIGW_SCHEMA_SEED` which ones: with a seed of one's own, also pairs that break nobody are searched for a value that
//! shows the contrary.

mod objects;
mod search;
mod text;

use std::io::Write;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::{Value, json};

use super::Compatibility;
use super::tests::{around, compared};

/// A keyword schema of one type: with its bounds, and the two properties that all objects here declare.
fn keywords(depth: u32) -> BoxedStrategy<Value> {
    let inner = if depth == 0 { Just(json!({})).boxed() } else { schema(depth - 1) };
    let number = prop_oneof![
        Just(json!({})),
        (-1..3_i64).prop_map(|least| json!({"minimum": least})),
        (0..4_i64).prop_map(|most| json!({"maximum": most})),
        (0..3_i64).prop_map(|least| json!({"exclusiveMinimum": least})),
        (0..3_i64).prop_map(|most| json!({"exclusiveMaximum": most})),
        (1..4_i64).prop_map(|step| json!({"multipleOf": step})),
    ];
    let text = prop_oneof![
        Just(json!({})),
        (0..3_u64).prop_map(|least| json!({"minLength": least})),
        (0..3_u64).prop_map(|most| json!({"maxLength": most})),
        prop_oneof![Just("^a"), Just("b$"), Just("^[0-9]+$")].prop_map(|pattern| json!({"pattern": pattern})),
    ];
    let list = prop_oneof![
        Just(json!({})),
        (0..3_u64).prop_map(|least| json!({"minItems": least})),
        (0..3_u64).prop_map(|most| json!({"maxItems": most})),
        Just(json!({"uniqueItems": true})),
        inner.clone().prop_map(|items| json!({"items": items})),
        (inner.clone(), inner.clone()).prop_map(|(first, rest)| json!({"prefixItems": [first], "items": rest})),
        inner.clone().prop_map(|contains| json!({"contains": contains})),
    ];
    let others = prop_oneof![
        3 => Just(json!({})),
        1 => Just(json!({"additionalProperties": false})),
        1 => inner.clone().prop_map(|others| json!({"additionalProperties": others})),
        1 => Just(json!({"minProperties": 1})),
        1 => Just(json!({"maxProperties": 1})),
        1 => Just(json!({"propertyNames": {"maxLength": 1}})),
        1 => Just(json!({"dependentRequired": {"a": ["b"]}})),
        1 => Just(json!({"unevaluatedProperties": false})),
        1 => inner.clone().prop_map(|matching| json!({"patternProperties": {"^c": matching}})),
    ];
    let required = prop::sample::subsequence(vec!["a", "b"], 0..=2);
    let object = (inner.clone(), inner, required, others).prop_map(|(a, b, required, others)| {
        merged(&[json!({"properties": {"a": a, "b": b}, "required": required}), others])
    });
    let types = prop::sample::subsequence(vec!["boolean", "integer", "number", "string", "array", "object"], 1..4);
    let types = (types, prop::bool::weighted(0.3)).prop_map(|(mut types, null)| {
        types.extend(null.then_some("null"));
        types
    });
    let listed = prop::sample::subsequence(listed(), 1..5);
    (types, number, text, list, object, prop::option::weighted(0.15, listed), 0..10_u8)
        .prop_map(|(types, number, text, list, object, listed, untyped)| {
            let mut parts = vec![];
            let has = |name: &str| types.contains(&name) || untyped == 0;
            if untyped > 0 {
                parts.push(json!({"type": types}));
            }
            if has("integer") || has("number") {
                parts.push(number);
            }
            if has("string") {
                parts.push(text);
            }
            if has("array") {
                parts.push(list);
            }
            if has("object") {
                parts.push(object);
            }
            parts.extend(listed.map(|values| json!({"enum": values})));
            merged(&parts)
        })
        .boxed()
}

fn schema(depth: u32) -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        1 => Just(json!({})),
        2 => Just(json!({"$ref": "#/components/schemas/A"})),
        6 => keywords(depth),
        1 => prop::sample::select(listed()).prop_map(|value| json!({"const": value})),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let inner = || schema(depth - 1);
    prop_oneof![
        6 => leaf,
        1 => prop::collection::vec(inner(), 1..4).prop_map(|list| json!({"anyOf": list})),
        1 => prop::collection::vec(inner(), 1..4).prop_map(|list| json!({"oneOf": list})),
        1 => prop::collection::vec(inner(), 1..3).prop_map(|list| json!({"allOf": list})),
        1 => (keywords(0), inner()).prop_map(|(outer, one)| merged(&[outer, json!({"allOf": [one]})])),
        1 => inner().prop_map(|not| json!({"not": not})),
        1 => (inner(), inner()).prop_map(|(condition, then)| json!({"if": condition, "then": then})),
        1 => inner().prop_map(|one| json!({"anyOf": [one, {"type": "null"}]})),
    ]
    .boxed()
}

fn merged(parts: &[Value]) -> Value {
    Value::Object(
        parts
            .iter()
            .filter_map(Value::as_object)
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

fn listed() -> Vec<Value> {
    vec![json!(null), json!(true), json!(0), json!(1), json!(2.5), json!("a"), json!("12"), json!([]), json!({})]
}

/// Values of all types, which hold one another.
fn values() -> Vec<Value> {
    let mut simple = listed();
    simple.extend([
        json!(-1),
        json!(2),
        json!(3),
        json!(4),
        json!(6),
        json!(0.5),
        json!(false),
        json!(""),
        json!("ab"),
        json!("b"),
        json!("abc"),
    ]);
    let mut all = simple.clone();
    for value in &simple {
        all.extend([
            json!([value]),
            json!({"a": value}),
            json!({"b": value}),
            json!({"a": value, "b": value}),
            json!({"cc": value}),
            json!({"c": value}),
            json!({"a": value, "c": value}),
            json!({"a": "a", "c": value}),
            json!({"b": 1, "c": value}),
            json!({"a": 1, "b": "a", "c": value}),
        ]);
        all.extend([
            json!([value, value]),
            json!([value, 1]),
            json!([1, value]),
            json!({"a": {"a": value}}),
            json!([[value]]),
        ]);
        all.extend([
            json!({"a": 1, "b": value}),
            json!({"a": value, "b": "a"}),
            json!({"a": [value]}),
            json!([{"a": value}]),
        ]);
    }
    all
}

fn components(a: &Value) -> String {
    format!("components: {{schemas: {{A: {a}}}}}")
}

fn breaks(before: (&Value, &Value), after: (&Value, &Value), sent: bool) -> bool {
    !breaking_kinds(before, after, sent).is_empty()
}

fn breaking_kinds(before: (&Value, &Value), after: (&Value, &Value), sent: bool) -> Vec<&'static str> {
    let side = |(schema, a): (&Value, &Value)| around("3.1.0", &schema.to_string(), sent, &components(a));
    let comparison = compared(&side(before), &side(after));
    let breaking = comparison.changes.iter().filter(|change| change.compatibility == Compatibility::Breaking);
    breaking.map(|change| change.kind).collect()
}

/// True if a value can show that a pair breaks callers: none shows that a property which they read or send is gone.
fn can_be_shown(kinds: &[&str]) -> bool {
    !kinds.is_empty() && !kinds.contains(&"property-removed")
}

/// Returns for each value whether a schema accepts it.
fn taken(schema: (&Value, &Value)) -> Vec<bool> {
    static VALUES: LazyLock<Vec<Value>> = LazyLock::new(values);
    let validator = search::validator(schema);
    VALUES.iter().map(|value| validator.is_valid(value)).collect()
}

/// Returns for each value whether a schema accepts it and describes all properties in it.
fn described(schema: (&Value, &Value)) -> Vec<bool> {
    let (closed, a) = objects::described(schema);
    taken(schema).into_iter().zip(taken((&closed, &a))).map(|(taken, described)| taken && described).collect()
}

/// Pairs of schemas, each with its referenced schemas: any two, and two that differ in a keyword or an alternative.
fn pair() -> impl Strategy<Value = [(Value, Value); 2]> {
    prop_oneof![
        2 => (schema(2), schema(2), keywords(1), keywords(1)).prop_map(|(one, other, a, b)| [(one, a), (other, b)]),
        1 => (keywords(1), edit(), keywords(0))
            .prop_map(|(one, edit, a)| [(one.clone(), a.clone()), (merged(&[one, edit]), a)]),
        2 => (choice(), schema(1), keywords(1), 0..4_usize, keyword(), keyword()).prop_map(|(one, other, a, edit, was, is)| {
            let mut changed = one.clone();
            match (edit, changed.first_mut()) {
                (0, _) => changed.push(other),
                (1, Some(first)) => *first = other,
                (2, Some(first)) => *first = merged(&[first.clone(), other]),
                _ => {}
            }
            [(json!({was: one}), a.clone()), (json!({is: changed}), a)]
        }),
        3 => objects::pair(),
    ]
}

fn keyword() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("oneOf"), 1 => Just("anyOf")]
}

fn choice() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(schema(1), 1..4)
}

/// Number of pairs that are tried.
fn pairs() -> u32 {
    std::env::var("APIGW_SCHEMA_PAIRS").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(1_000)
}

/// The seed of one's own, if any.
fn own_seed() -> Option<u64> {
    std::env::var("APIGW_SCHEMA_SEED").ok().and_then(|seed| seed.parse().ok())
}

/// Builds a runner. Its seed is fixed, so that a change of the code and nothing else turns a test red.
fn runner(usual_seed: u64) -> TestRunner {
    let seed = RngSeed::Fixed(own_seed().unwrap_or(usual_seed));
    TestRunner::new(ProptestConfig { failure_persistence: None, rng_seed: seed, ..ProptestConfig::default() })
}

/// Of the changes that are said to break callers, no more than this share (in percent) may be without a value that
/// shows it.
const MOST_UNSHOWN: usize = 5;

/// Outcome of the pairs.
#[derive(Default)]
struct Tally {
    missed: Vec<String>,
    breaking: usize,
    unshown: usize,
}

impl Tally {
    /// Judges a pair, sent and returned.
    fn judge(&mut self, [before, after]: &[(Value, Value); 2]) {
        let (before, after) = ((&before.0, &before.1), (&after.0, &after.1));
        let (was, is) = (taken(before), taken(after));
        for (sent, sender, (old, new)) in [(true, before, (&was, &is)), (false, after, (&is, &was))] {
            let witness_of = |old: &[bool]| old.iter().zip(new).position(|(old, new)| *old && !*new);
            let kinds = breaking_kinds(before, after, sent);
            let breaks = !kinds.is_empty();
            self.breaking += usize::from(breaks);
            self.unshown += usize::from(can_be_shown(&kinds) && witness_of(old).is_none());
            let witness = witness_of(old).and_then(|_| witness_of(&described(sender)));
            if let (Some(index), false) = (witness, breaks) {
                let value = values().swap_remove(index);
                self.missed.push(format!(
                    "{value} ({}): {} → {}",
                    if sent { "sent" } else { "returned" },
                    shown(before),
                    shown(after)
                ));
            }
        }
    }
}

fn shown((schema, a): (&Value, &Value)) -> String {
    format!("{schema} with A {a}")
}

#[test]
fn nothing_that_breaks_callers_is_missed() {
    let mut runner = runner(20_261_125);
    let strategy = pair();
    let pairs: Vec<_> = (0..pairs()).map(|_| strategy.new_tree(&mut runner).expect("a pair").current()).collect();
    let tallies = crate::spread::spread(&pairs, |pair| {
        let mut tally = Tally::default();
        tally.judge(pair);
        tally
    });
    let sum = |count: &dyn Fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    let (breaking, unshown) = (sum(&|tally| tally.breaking), sum(&|tally| tally.unshown));
    let share = unshown * 100 / breaking.max(1);
    // Past the harness, which captures the output of a test that passes.
    let _ = writeln!(
        std::io::stderr(),
        "{} pairs: {breaking} times breaking, {unshown} of them without a counterexample ({share} %)",
        pairs.len()
    );
    let missed: Vec<&String> = tallies.iter().flat_map(|tally| &tally.missed).collect();
    assert!(missed.is_empty(), "{} missed: {:#?}", missed.len(), missed.iter().take(10).collect::<Vec<_>>());
    assert!(share <= MOST_UNSHOWN, "{share} %");
}

/// One keyword that replaces another of a schema.
fn edit() -> impl Strategy<Value = Value> {
    keywords(1).prop_flat_map(|schema| {
        let keywords: Vec<(String, Value)> =
            schema.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
        prop::sample::select(if keywords.is_empty() { vec![("title".to_owned(), json!("t"))] } else { keywords })
            .prop_map(|(name, value)| json!({name: value}))
    })
}

/// An edit of a single keyword, and a value that shows that it narrows the schema.
#[rustfmt::skip]
const NARROWED: &[(&str, &str, &str)] = &[
    ("{}", r#"{"type": "string"}"#, "1"),
    (r#"{"type": ["string", "integer"]}"#, r#"{"type": "string"}"#, "1"),
    (r#"{"type": ["string", "null"]}"#, r#"{"type": "string"}"#, "null"),
    (r#"{"type": "number"}"#, r#"{"type": "integer"}"#, "0.5"),
    (r#"{"type": "string"}"#, r#"{"type": "string", "enum": ["a"]}"#, r#""b""#),
    (r#"{"enum": ["a", "b"]}"#, r#"{"enum": ["a"]}"#, r#""b""#),
    (r#"{"type": "integer"}"#, r#"{"type": "integer", "minimum": 1}"#, "0"),
    (r#"{"type": "integer", "maximum": 3}"#, r#"{"type": "integer", "exclusiveMaximum": 3}"#, "3"),
    (r#"{"type": "integer", "multipleOf": 2}"#, r#"{"type": "integer", "multipleOf": 4}"#, "2"),
    (r#"{"type": "string"}"#, r#"{"type": "string", "maxLength": 1}"#, r#""ab""#),
    (r#"{"type": "string"}"#, r#"{"type": "string", "pattern": "^a"}"#, r#""b""#),
    (r#"{"type": "array"}"#, r#"{"type": "array", "minItems": 1}"#, "[]"),
    (r#"{"type": "array"}"#, r#"{"type": "array", "uniqueItems": true}"#, "[1, 1]"),
    (r#"{"type": "array"}"#, r#"{"type": "array", "contains": {"const": 1}}"#, "[]"),
    (r#"{"type": "object"}"#, r#"{"type": "object", "maxProperties": 0}"#, r#"{"a": 1}"#),
    (r#"{"type": "object"}"#, r#"{"type": "object", "required": ["a"]}"#, "{}"),
    (r#"{"type": "object"}"#, r#"{"type": "object", "additionalProperties": false}"#, r#"{"a": 1}"#),
    (r#"{"anyOf": [{"type": "string"}, {"type": "boolean"}]}"#, r#"{"anyOf": [{"type": "string"}]}"#, "true"),
    (r#"{"type": "object", "properties": {"a": {}}}"#, r#"{"type": "object", "properties": {"a": {}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}"#, "{}"),
    (r#"{"type": "string"}"#, r#"{"type": "string", "not": {"const": "a"}}"#, r#""a""#),
];

#[test]
fn what_narrows_has_a_witness() {
    let a = json!({});
    for (before, after, value) in NARROWED {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        let (before, after, value) = (parsed(before), parsed(after), parsed(value));
        let taken = |schema: &Value| jsonschema::draft202012::is_valid(schema, &value);
        assert!(taken(&before) && !taken(&after), "{before} → {after}: {value}");
        for (from, to, sent) in [(&before, &after, true), (&after, &before, false)] {
            assert!(breaks((from, &a), (to, &a), sent), "{from} → {to}, sent: {sent}");
            assert!(!breaks((from, &a), (to, &a), !sent), "{from} → {to} breaks the other way, sent: {}", !sent);
        }
    }
}
