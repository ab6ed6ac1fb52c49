//! Random schemas: generated values are valid, failures have a reason, and `fits` agrees with a validator.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use super::{Sampler, ValueDirection};
use crate::definition::api::Specification;
use crate::definition::{Definition, read, rules};

/// Makes a definition whose one response has the schema `S` of `schemas`.
fn definition(specification: &str, schemas: &Value) -> Definition {
    let document = json!({
        "openapi": specification,
        "info": { "title": "t", "version": "1" },
        "paths": { "/a": { "get": { "responses": { "200": {
            "description": "ok",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/S" } } },
        } } } } },
        "components": { "schemas": schemas },
    });
    let bytes: Arc<[u8]> = Arc::from(document.to_string().into_bytes());
    let reading = read("g", &mut |path| Ok((path == "openapi.yaml").then(|| Arc::clone(&bytes))));
    reading.definition.expect("a definition")
}

fn validator(definition: &Definition) -> (jsonschema::Validator, Value) {
    let api = definition.apis.first().expect("an API");
    let response = api.responses.first().expect("a response");
    let schema = response.content.first().and_then(|content| content.schema).expect("a schema");
    let schema = definition.json_schema(schema, ValueDirection::Response).expect("small enough");
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .build(&schema)
        .expect("a validator takes the schema");
    (validator, schema)
}

/// Builds the result of a schema: valid, or `None` where a finding says why there is none.
fn built(specification: &str, schemas: &Value) -> Option<Value> {
    let definition = definition(specification, schemas);
    let (validator, schema) = validator(&definition);
    let results = definition.results().pop().expect("an API");
    let Some(value) = results.declared.into_iter().next().and_then(|declared| declared.value) else {
        let findings = results.findings;
        let told = findings.iter().any(|finding| finding.rule == rules::CONSTANT_RESULT.name);
        assert!(told, "nothing says why no value of {schemas} is built: {findings:?}");
        return None;
    };
    // One that is doubted fits several alternatives, of which a validator wants one.
    if results.findings.iter().any(|finding| finding.message.contains("fits several alternatives")) {
        return None;
    }
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{value} of {schemas} (as {schema}): {errors:?}");
    Some(Value::clone(&value))
}

/// A runner whose cases are always the same.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config.clone(), TestRng::deterministic_rng(config.rng_algorithm))
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-20_i64..20).prop_map(Value::from),
        (-40_i32..40).prop_map(|quarter| json!(f64::from(quarter) / 4.0)),
        "[a-c]{0,4}".prop_map(Value::from),
        Just(json!("2026-11-25")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(2, 8, 3, |inner| {
        let name = prop_oneof![Just("a"), Just("b"), Just("c")].prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Makes one keyword, with the schemas that it holds taken from `inner`.
fn keyword(inner: BoxedStrategy<Value>) -> BoxedStrategy<(&'static str, Value)> {
    let name = || prop_oneof![Just("a"), Just("b"), Just("c")];
    let types = prop_oneof![
        Just("string"),
        Just("integer"),
        Just("number"),
        Just("object"),
        Just("array"),
        Just("boolean"),
        Just("null")
    ];
    let pattern = prop_oneof![Just("^a"), Just("b$"), Just("^[a-c]{2}$"), Just("^(a|bc)+$"), Just("\\d{3}")];
    let format = prop_oneof![Just("date"), Just("uuid"), Just("email"), Just("ipv4"), Just("uri"), Just("date-time")];
    let small = 0_u32..4;
    let list = prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from);
    let map = prop::collection::btree_map(name(), inner.clone(), 1..3)
        .prop_map(|map| Value::Object(map.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()));
    let names = prop::collection::btree_set(name(), 1..3).prop_map(|names| json!(names));
    let needs = (name(), name()).prop_map(|(one, other)| json!({ one: [other] }));
    prop_oneof![
        8 => types.prop_map(|name| ("type", json!(name))),
        1 => prop::collection::vec(value(), 1..4).prop_map(|list| ("enum", json!(list))),
        1 => value().prop_map(|constant| ("const", constant)),
        1 => value().prop_map(|value| ("default", value)),
        2 => (-10_i64..10).prop_map(|bound| ("minimum", json!(bound))),
        2 => (-10_i64..10).prop_map(|bound| ("maximum", json!(bound))),
        1 => (-10_i64..10).prop_map(|bound| ("exclusiveMinimum", json!(bound))),
        1 => (1_i32..20).prop_map(|step| ("multipleOf", json!(f64::from(step) / 4.0))),
        2 => small.clone().prop_map(|count| ("minLength", json!(count))),
        1 => small.clone().prop_map(|count| ("maxLength", json!(count))),
        2 => pattern.clone().prop_map(|pattern| ("pattern", json!(pattern))),
        1 => format.prop_map(|format| ("format", json!(format))),
        2 => small.clone().prop_map(|count| ("minItems", json!(count))),
        1 => small.clone().prop_map(|count| ("maxItems", json!(count))),
        1 => any::<bool>().prop_map(|unique| ("uniqueItems", json!(unique))),
        3 => inner.clone().prop_map(|schema| ("items", schema)),
        1 => list.clone().prop_map(|list| ("prefixItems", list)),
        1 => inner.clone().prop_map(|schema| ("contains", schema)),
        1 => small.clone().prop_map(|count| ("minContains", json!(count))),
        1 => small.clone().prop_map(|count| ("maxContains", json!(count))),
        1 => inner.clone().prop_map(|schema| ("unevaluatedItems", schema)),
        4 => map.clone().prop_map(|map| ("properties", map)),
        4 => names.prop_map(|names| ("required", names)),
        1 => (pattern, inner.clone()).prop_map(|(pattern, schema)| ("patternProperties", json!({ pattern: schema }))),
        2 => inner.clone().prop_map(|schema| ("additionalProperties", schema)),
        1 => inner.clone().prop_map(|schema| ("unevaluatedProperties", schema)),
        1 => inner.clone().prop_map(|schema| ("propertyNames", schema)),
        1 => small.clone().prop_map(|count| ("minProperties", json!(count))),
        1 => small.prop_map(|count| ("maxProperties", json!(count))),
        1 => needs.prop_map(|needs| ("dependentRequired", needs)),
        1 => map.prop_map(|map| ("dependentSchemas", map)),
        2 => list.clone().prop_map(|list| ("allOf", list)),
        2 => list.clone().prop_map(|list| ("anyOf", list)),
        2 => list.prop_map(|list| ("oneOf", list)),
        1 => inner.clone().prop_map(|schema| ("not", schema)),
        1 => inner.clone().prop_map(|schema| ("if", schema)),
        1 => inner.clone().prop_map(|schema| ("then", schema)),
        1 => inner.prop_map(|schema| ("else", schema)),
    ]
    .boxed()
}

fn schema() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        4 => prop_oneof![Just("string"), Just("integer"), Just("boolean")].prop_map(|name| json!({ "type": name })),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(json!({ "$ref": "#/components/schemas/T" })),
        1 => Just(json!({ "$ref": "#/components/schemas/S" })),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop::collection::vec(keyword(inner), 1..5).prop_map(|keywords| {
            Value::Object(keywords.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        })
    })
    .boxed()
}

fn schemas() -> impl Strategy<Value = Value> {
    (schema(), schema()).prop_map(|(one, other)| json!({ "S": one, "T": other }))
}

#[test]
fn what_is_built_of_random_schemas_is_valid() {
    let mut runner = runner(600);
    runner
        .run(&schemas(), |schemas| {
            built("3.1.0", &schemas);
            built("3.0.3", &schemas);
            Ok(())
        })
        .expect("it holds");
}

/// A schema that a value keeps by the way it is made, with other keywords that the value happens to keep.
fn witnessed() -> impl Strategy<Value = (Value, Value)> {
    (value(), prop::collection::vec(keyword(schema()), 1..8)).prop_map(|(value, keywords)| {
        let mut kept = Map::new();
        for (name, keyword) in keywords {
            let mut next = kept.clone();
            next.insert(name.to_owned(), keyword);
            let schemas = json!({ "S": next, "T": true });
            if validator(&definition("3.1.0", &schemas)).0.is_valid(&value) {
                kept = next;
            }
        }
        (value, Value::Object(kept))
    })
}

#[test]
fn nearly_every_schema_that_a_value_keeps_has_a_result() {
    let mut runner = runner(300);
    let counts = std::cell::Cell::new((0, 0));
    runner
        .run(&witnessed(), |(_, schema)| {
            let (tried, found) = counts.get();
            let built = built("3.1.0", &json!({ "S": schema, "T": true }));
            counts.set((tried + 1, found + usize::from(built.is_some())));
            Ok(())
        })
        .expect("it holds");
    let (tried, found) = counts.get();
    assert!(found * 100 >= tried * 95, "{found} of {tried} are built");
}

/// Lets `S` refer to `T` alone and `T` to nothing: a schema that is an alternative of itself has no settled meaning.
fn without_cycles(schemas: &Value) -> Value {
    let replaced = |name: &str, by: &str| {
        let text = schemas.get(name).map(Value::to_string).unwrap_or_default();
        let text = text.replace("{\"$ref\":\"#/components/schemas/S\"}", by);
        text.replace("{\"$ref\":\"#/components/schemas/T\"}", by)
    };
    let parse = |text: String| serde_json::from_str::<Value>(&text).expect("it stays JSON");
    let (one, other) = (replaced("S", "{\"$ref\":\"#/components/schemas/T\"}"), replaced("T", "{\"type\":\"string\"}"));
    json!({ "S": parse(one), "T": parse(other) })
}

#[test]
fn whether_a_value_fits_is_what_a_validator_says() {
    let mut runner = runner(1_500);
    runner
        .run(&(schemas(), value()), |(schemas, value)| {
            let schemas = without_cycles(&schemas);
            let definition = definition("3.1.0", &schemas);
            let api = definition.apis.first().expect("an API");
            let node = api.responses.first().and_then(|response| response.content.first()?.schema).expect("a schema");
            let fits = Sampler::new(Specification::V3_1).allows_within(&value, definition.node(node), None, &mut 0);
            let (validator, schema) = validator(&definition);
            prop_assert_eq!(fits, validator.is_valid(&value), "{} against {} (as {})", value, schemas, schema);
            Ok(())
        })
        .expect("it holds");
}

#[test]
fn values_are_found_where_schemas_say_them_in_a_roundabout_way() {
    let below = |schema: Value| json!({"type": "object", "required": ["a"], "properties": {"a": schema}});
    let mut failures: Vec<String> = Vec::new();
    for schema in [
        json!({"type": "integer", "minimum": 0, "maximum": 100, "not": {"maximum": 90}}),
        json!({"type": "integer", "not": {"minimum": -5}}),
        json!({"type": "integer", "not": {"minimum": 0, "maximum": 5000}}),
        json!({"type": "number", "minimum": 1, "maximum": 2, "not": {"multipleOf": 0.5}}),
        json!({"type": "string", "not": {"pattern": "[a-z]"}}),
        json!({"type": "string", "not": {"minLength": 3}}),
        json!({"type": "string", "not": {"maxLength": 12}}),
        json!({"type": "string", "maxLength": 8, "not": {"pattern": "^[a-zA-Z0-9]*$"}}),
        json!({"type": "object", "required": ["a"], "dependentSchemas": {
            "a": {"required": ["b"], "properties": {"b": {"type": "integer"}}, "dependentSchemas": {
                "b": {"required": ["c"], "properties": {"c": {"const": 7}}}}}}}),
        json!({"type": "object", "minProperties": 3, "additionalProperties": false,
            "patternProperties": {"^x-": {"type": "integer"}}}),
        json!({"type": "object", "minProperties": 4, "additionalProperties": false,
            "patternProperties": {"^[a-b]$": {"type": "integer"}, "^[0-9]{2}$": {"type": "string"}}}),
        json!({"type": "object", "minProperties": 2, "patternProperties": {"^x-": {"type": "integer"}}}),
        json!({"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "[0-9]"}, {"pattern": "z$"}]}),
        json!({"type": "string", "minLength": 8, "allOf": [{"pattern": "[a-z]"}, {"pattern": "[A-Z]"}, {"pattern": "[0-9]"}]}),
        json!({"type": "string", "pattern": "^(a|b)-\\1$"}),
        json!({"type": "string", "pattern": "^(?<tag>[a-z]{2})/(x)\\2\\1$"}),
        json!({"type": "integer", "minimum": 1e20}),
        json!({"type": "integer", "minimum": 18_446_744_073_709_551_615_u64, "exclusiveMinimum": 18_446_744_073_709_551_615_u64}),
        json!({"type": "number", "maximum": -1e30, "multipleOf": 2}),
        json!({"oneOf": [{"type": "string", "minLength": 2}, {"type": "string", "maxLength": 8}]}),
        json!({"oneOf": [{"type": "string", "maxLength": 8}, {"type": "string", "maxLength": 3}]}),
        json!({"oneOf": [{"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "z$"}]}),
        json!({"type": "integer", "oneOf": [{"minimum": 0}, {"maximum": 10}]}),
        json!({"type": "number", "oneOf": [{"minimum": 0}, {"minimum": 7}]}),
        json!({"oneOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "array", "maxItems": 2, "items": {"type": "integer"}}]}),
        json!({"oneOf": [{"type": "object"}, {"type": "object", "maxProperties": 1}]}),
        json!({"oneOf": [
            {"type": "object", "properties": {"p": {"type": "object", "properties": {"q": {"type": "integer"}}}}},
            {"type": "object", "properties": {"p": {"type": "object", "properties": {
                "q": {"type": "integer"}, "r": {"type": "string"}}}}}]}),
        json!({"oneOf": [
            {"type": "object", "properties": {"a": {"type": "object", "properties": {"x": {"type": "integer"}}}}},
            {"type": "object", "properties": {"a": {"type": "object", "properties": {"y": {"type": "integer"}}}}}]}),
        json!({"type": "integer", "not": {"enum": [0, 1, 2]}}),
        json!({"type": "integer", "minimum": 1, "maximum": 5, "not": {"enum": [1, 2, 3]}}),
        json!({"type": "integer", "not": {"const": 0}}),
        json!({"type": "string", "not": {"enum": ["string", ""]}}),
        json!({"type": "object", "not": {"maxProperties": 0}}),
        json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "not": {"minProperties": 2}}),
        json!({"type": "array", "items": {"type": "integer"}, "not": {"maxItems": 2}}),
        json!({"type": "array", "items": {"type": ["boolean", "null"]}, "minItems": 3, "uniqueItems": true}),
        json!({"type": "array", "minItems": 1, "unevaluatedItems": {"type": "boolean"}}),
        json!({"type": "array", "unevaluatedItems": false}),
        json!({"type": "array", "prefixItems": [{"type": "string"}], "minItems": 2, "unevaluatedItems": {"type": "boolean"}}),
        json!({"type": "array", "contains": {"type": "string"}, "minItems": 2, "unevaluatedItems": {"type": "boolean"}}),
        json!({"allOf": [{"type": "array", "minItems": 1}], "unevaluatedItems": {"type": "boolean"}}),
        json!({"type": "object", "minProperties": 1, "unevaluatedProperties": {"type": "boolean"}}),
        json!({"type": "object", "required": ["a"], "unevaluatedProperties": {"type": "boolean"}}),
        json!({"oneOf": [{"type": "string"}, {"type": ["string", "integer"]}]}),
        json!({"oneOf": [{"type": ["integer", "string"]}, {"type": "integer"}, {"type": "boolean"}, {"type": "boolean"}]}),
    ] {
        for schema in [schema.clone(), below(schema)] {
            if built("3.1.0", &json!({"S": schema})).is_none() {
                failures.push(schema.to_string());
            }
        }
    }
    assert!(failures.is_empty(), "these have no value:\n{}", failures.join("\n"));
}

#[test]
fn a_text_of_a_format_keeps_to_a_pattern_that_leaves_an_end_open_and_to_a_length() {
    let patterns = [
        ("date-time", "\\.\\d{3}Z$"),
        ("date-time", "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z$"),
        ("date-time", "\\+02:00$"),
        ("date-time", "[+-]\\d\\d:\\d\\d$"),
        ("date-time", "^1999"),
        ("date", "^1999"),
        ("date", "^2030"),
        ("date", "^\\d{4}-12-31$"),
        ("time", "^09:"),
        ("time", "\\.\\d+Z$"),
        ("duration", "^PT"),
        ("duration", "^P\\d+W$"),
        ("email", "@corp\\.com$"),
        ("email", "^[a-z]+\\.[a-z]+@"),
        ("hostname", "\\.example\\.org$"),
        ("hostname", "^db-\\d+"),
        ("ipv4", "^10\\."),
        ("ipv4", "^192\\.168\\."),
        ("ipv6", "^fe80"),
        ("uri", "\\.pdf$"),
        ("uri", "^s3://"),
        ("uri", "^urn:uuid:"),
        ("uuid", "^a"),
        ("uuid", "^[0-9A-F-]+$"),
        ("uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-4"),
    ];
    let lengths = [("ipv4", 15), ("ipv6", 39), ("duration", 10), ("date-time", 24), ("date-time", 25), ("time", 9)];
    let patterns =
        patterns.iter().map(|(format, pattern)| json!({"type": "string", "format": format, "pattern": pattern}));
    let lengths = lengths
        .iter()
        .map(|(format, length)| json!({"type": "string", "format": format, "minLength": length, "maxLength": length}));
    let others = [json!({"type": "string", "pattern": "(?<=a)b"}), json!({"type": "string", "pattern": "^x(?<=x)y$"})];
    let schemas: Vec<Value> = patterns.chain(lengths).chain(others).collect();
    let failures: Vec<&Value> =
        schemas.iter().filter(|schema| built("3.1.0", &json!({"S": schema})).is_none()).collect();
    assert!(failures.is_empty(), "these have no value: {failures:?}");
}

/// Builds the result of equal alternatives; true if there is one, which is doubted.
fn is_doubted(alternatives: &Value) -> bool {
    let named = json!({"type": "object", "required": ["t"], "properties": {"t": {"type": "string"}}});
    let definition = definition("3.1.0", &json!({"S": {"oneOf": alternatives}, "A": named, "B": named}));
    let results = definition.results().pop().expect("an API");
    let is_built = results.declared.first().is_some_and(|declared| declared.value.is_some());
    assert_eq!(results.findings.len(), 1, "{alternatives}: {:?}", results.findings);
    is_built
}

#[test]
fn equal_alternatives_have_a_result_where_they_have_names() {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    assert!(is_doubted(&json!([reference("A"), reference("B")])));
    assert!(!is_doubted(&json!([reference("A"), reference("A")])));
    assert!(!is_doubted(&json!([{"type": "integer"}, {"type": "integer"}])));
    // A description changes nothing of what is valid, and the name of a property is none.
    assert!(!is_doubted(&json!([{"type": "integer"}, {"type": "integer", "description": "a number"}])));
    let object =
        |name: &str| json!({"type": "object", "required": [name], "properties": {name: {"description": name}}});
    let described =
        json!({"description": "d", "type": "object", "required": ["description"], "properties": {"description": {}}});
    assert!(!is_doubted(&json!([object("description"), described])));
    assert!(is_doubted(&json!([{"type": "integer", "title": "One"}, {"type": "integer", "title": "Other"}])));
}
