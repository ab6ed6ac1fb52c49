//! Bounds of the violations that are listed.

use serde_json::{Map, Value, json};

use super::super::schema::ValueSchema;
use super::super::validator::options;
use super::keywords::{BUDGET, MOST_WEIGHT};
use super::*;

fn tree() -> ValueSchema {
    let schema = json!({
        "$ref": "#/$defs/tree",
        "$defs": {
            "tree": { "oneOf": [{ "$ref": "#/$defs/and" }, { "$ref": "#/$defs/or" }, { "$ref": "#/$defs/leaf" }] },
            "and": {
                "type": "object", "required": ["op", "left", "right"],
                "properties": {
                    "op": { "const": "and" }, "left": { "$ref": "#/$defs/tree" }, "right": { "$ref": "#/$defs/tree" },
                },
            },
            "or": {
                "type": "object", "required": ["op", "left", "right"],
                "properties": {
                    "op": { "const": "or" }, "left": { "$ref": "#/$defs/tree" }, "right": { "$ref": "#/$defs/tree" },
                },
            },
            "leaf": {
                "type": "object", "required": ["value"],
                "properties": { "value": { "type": "integer" } }, "additionalProperties": false,
            },
        },
    });
    ValueSchema::compile(schema).expect("a schema")
}

fn nested(depth: usize, leaf: Value) -> Value {
    (0..depth).fold(leaf, |inner, _| json!({ "op": "or", "left": { "value": 1 }, "right": inner }))
}

/// Returns the weight that is left after the violations of a value were listed.
fn left_after(schema: &ValueSchema, value: &Value) -> (usize, String) {
    let found = schema.check(value, 4);
    (BUDGET.get(), found.iter().map(|one| format!("{}: {}", one.path, one.message)).collect::<Vec<String>>().join("\n"))
}

#[test]
fn violations_of_a_deep_value_are_listed_within_the_budget() {
    let schema = json!({
        "$ref": "#/$defs/list",
        "$defs": { "list": { "anyOf": [
            { "type": "array", "prefixItems": [{ "$ref": "#/$defs/list" }, { "const": 1 }] },
            { "type": "array", "prefixItems": [{ "$ref": "#/$defs/list" }, { "const": 2 }] },
            { "const": 0 },
        ] } },
    });
    let schema = ValueSchema::compile(schema).expect("a schema");
    let lists = |leaf: u8| (0..200).fold(json!(leaf), |inner, _| json!([inner, 2]));
    assert_eq!(left_after(&schema, &lists(0)).1, "");
    let (left, found) = left_after(&schema, &lists(9));
    assert!(left < 1_000, "{left}");
    assert!(found.starts_with('/'), "{found}");
}

#[test]
fn an_alternative_with_another_tag_costs_nothing() {
    let schema = tree();
    assert_eq!(left_after(&schema, &nested(60, json!({ "value": 1 }))).1, "");
    let (left, found) = left_after(&schema, &nested(60, json!({ "value": "x" })));
    assert!(left > 0, "{left}");
    assert_eq!(found, format!("{}/value: \"x\" is not of type \"integer\"", "/right".repeat(60)));
    let (_, found) = left_after(&schema, &nested(1, json!({ "op": "xor", "left": { "value": 1 } })));
    assert_eq!(found, "/right/op: \"and\" was expected");
}

#[test]
fn a_violation_that_is_not_deep_is_told_at_its_place() {
    let schema = tree();
    for depth in 0..6 {
        let (_, found) = left_after(&schema, &nested(depth, json!({ "value": "x" })));
        let place = "/right".repeat(depth);
        assert_eq!(found, format!("{place}/value: \"x\" is not of type \"integer\""));
    }
}

#[test]
fn alternatives_are_not_listed_for_many_copies_of_a_large_value() {
    let alternative = |index: usize| {
        let names: Vec<String> = (0..20).map(|name| format!("name{index}_{name}")).collect();
        json!({ "type": "object", "required": names })
    };
    let schema = json!({ "anyOf": (0..50).map(alternative).collect::<Vec<Value>>() });
    let schema = ValueSchema::compile(schema).expect("a schema");
    let (left, found) = left_after(&schema, &json!({ "text": "x".repeat(300_000) }));
    assert!(left < 100_000, "{left}");
    assert!(found.contains("required property"), "{found}");
    let (left, _) = left_after(&schema, &json!({ "text": "x" }));
    assert!(left > MOST_WEIGHT - 50 * 21 * 5, "{left}");
}

/// Each violation has the whole path of its part.
#[test]
fn a_long_name_before_many_wrong_parts_costs_no_more_than_the_value() {
    let (long, wrong) = ("k".repeat(150_000), vec!["x"; 40_000]);
    let integer = || json!({ "type": "integer" });
    let map = |items: Value| json!({ "additionalProperties": { "items": items } });
    for (schema, value) in [
        (map(integer()), json!({ &long: &wrong })),
        (map(json!({ "anyOf": [integer(), { "type": "boolean" }] })), json!({ &long: &wrong })),
        (
            map(json!({ "prefixItems": [integer()], "items": integer() })),
            json!({ &long: wrong.chunks(4).collect::<Vec<_>>() }),
        ),
        (
            json!({ "properties": { "labels": { "additionalProperties": { "propertyNames": { "maxLength": 0 } } } } }),
            json!({ "labels": { &long: (0..20_000).map(|name| (name.to_string(), json!(0))).collect::<Map<_, _>>() } }),
        ),
        (
            json!({ "patternProperties": { "^k": { "unevaluatedProperties": { "items": integer() } } } }),
            json!({ &long: { "a": &wrong } }),
        ),
    ] {
        let schema = ValueSchema::compile(schema).expect("a schema");
        let errors = with_budget(|| schema.validator().errors(&value).len());
        assert!((1..400).contains(&errors), "{errors}");
        assert!(left_after(&schema, &value).1.contains("/kkk"));
    }
}

#[test]
fn bounds_change_no_verdict() {
    let open = json!({
        "anyOf": [{ "properties": { "x": { "$ref": "#/$defs/self" } } }, { "required": ["y"] }],
        "unevaluatedProperties": false,
        "$defs": { "self": { "properties": { "a": { "$ref": "#/$defs/self" } }, "unevaluatedProperties": false } },
    });
    let listing = with_keywords(options()).build(&bounded(&open).expect("bounds"));
    let listing = listing.expect("a schema");
    let plain = jsonschema::draft202012::new(&open).expect("a schema");
    for value in [
        json!({}),
        json!({ "x": {} }),
        json!({ "x": { "a": { "a": {} } } }),
        json!({ "x": { "a": { "b": {} } } }),
        json!({ "y": 1 }),
        json!({ "x": {}, "z": 1 }),
    ] {
        let errors = with_budget(|| listing.iter_errors(&value).count());
        assert_eq!(plain.is_valid(&value), errors == 0, "{value}");
        assert_eq!(plain.is_valid(&value), listing.is_valid(&value), "{value}");
        assert_eq!(plain.iter_errors(&value).count(), errors, "{value}");
    }
}
