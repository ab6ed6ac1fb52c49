//! Dynamic references: each case is held against a validator that follows dynamic scopes itself.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{read_files, read_text};
use crate::definition::schema::Sampler;
use crate::definition::values::ValueSchema;
use crate::definition::{DeclaredResult, Definition, DefinitionReading, rules};

/// Returns a definition with these component schemas, whose one API takes and returns each under its name.
fn reading_of(schemas: &Value) -> DefinitionReading {
    let content = |name: &str| json!({ format!("text/{name}"): { "schema": { "$ref": format!("#/components/schemas/{name}") } } });
    let mut all = json!({});
    for name in schemas.as_object().expect("schemas").keys() {
        all.as_object_mut().expect("content").extend(content(name).as_object().expect("content").clone());
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": { "/a": { "post": { "operationId": "a", "requestBody": { "content": all },
            "responses": { "200": { "description": "d", "content": all } } } } },
        "components": { "schemas": schemas },
    });
    read_text(&document.to_string())
}

/// Judges a value by a component schema: as requests are judged, and as results are.
fn judged(definition: &Definition, name: &str, value: &Value) -> [bool; 2] {
    let api = definition.api("a").expect("the API");
    let media_type = format!("text/{name}");
    let response = api.responses.first().expect("a response");
    let schema = response.content.iter().find(|known| known.name == media_type).and_then(|known| known.schema);
    let validator = ValueSchema::build(definition, schema).expect("a schema");
    let node = definition.node(schema.expect("a schema"));
    let fits = Sampler::new(definition.specification).allows_within(value, node, None, &mut 0);
    [validator.check(value, 1).is_empty(), fits]
}

/// Judges a value by a component schema with a validator that follows the dynamic scope.
fn expected(schemas: &Value, name: &str, value: &Value) -> bool {
    let whole = json!({ "$id": "https://example.com/root", "$defs": schemas, "$ref": format!("#/$defs/{name}") });
    jsonschema::validator_for(&whole).expect("a schema").is_valid(value)
}

fn generic_list() -> Value {
    json!({
        "List": { "$id": "list", "type": "array", "items": { "$dynamicRef": "#item" },
            "$defs": { "item": { "$dynamicAnchor": "item" } } },
        "Integers": { "$id": "integers", "$ref": "list",
            "$defs": { "item": { "$dynamicAnchor": "item", "type": "integer" } } },
        "Lists": { "$id": "lists", "$ref": "list",
            "$defs": { "item": { "$dynamicAnchor": "item", "$ref": "integers" } } },
    })
}

fn tree() -> Value {
    json!({
        "Tree": { "$id": "tree", "$dynamicAnchor": "node", "type": "object",
            "properties": { "data": true, "children": { "type": "array", "items": { "$dynamicRef": "#node" } } } },
        "StrictTree": { "$id": "strict-tree", "$dynamicAnchor": "node", "$ref": "tree",
            "unevaluatedProperties": false },
        "NamedTree": { "$id": "named-tree", "$dynamicAnchor": "node",
            "allOf": [{ "$ref": "tree" }, { "required": ["data"] }] },
    })
}

fn extensible() -> Value {
    json!({
        "Base": { "$id": "base", "$ref": "#/$defs/element", "$defs": {
            "element": { "$dynamicAnchor": "element", "type": "object",
                "properties": { "elements": { "type": "array", "items": { "$dynamicRef": "#element" } } } } } },
        "Extended": { "$id": "extended", "$ref": "base", "$defs": {
            "element": { "$dynamicAnchor": "element", "required": ["a"], "$ref": "base#/$defs/element" } } },
        "Twice": { "type": "object", "properties": { "b": { "$ref": "base" }, "x": { "$ref": "extended" } } },
        "Inner": { "$id": "inner", "type": "object", "properties": { "e": {
            "$id": "embedded", "$ref": "base", "$defs": { "o": { "$dynamicAnchor": "element", "type": "integer" } } } } },
        "Plain": { "$id": "plain", "$ref": "base", "$defs": { "element": { "$anchor": "element", "type": "string" } } },
    })
}

#[test]
fn dynamic_references_follow_their_scope() {
    let nested = |depth: usize, leaf: Value| (0..depth).fold(leaf, |inner, _| json!({ "children": [inner] }));
    let cases = [
        (generic_list(), "List", vec![json!([1, "a"]), json!([]), json!(1)]),
        (generic_list(), "Integers", vec![json!([1, 2]), json!([1, "a"]), json!(["a"]), json!([])]),
        (generic_list(), "Lists", vec![json!([[1], []]), json!([["a"]]), json!([1]), json!([[[1]]])]),
        (tree(), "Tree", vec![nested(3, json!({ "x": 1 })), json!({ "children": [1] })]),
        (tree(), "StrictTree", vec![nested(3, json!({ "x": 1 })), nested(3, json!({ "data": 1 })), json!({ "x": 1 })]),
        (tree(), "NamedTree", vec![nested(1, json!({ "data": 1 })), json!({ "data": 1, "children": [{ "x": 1 }] })]),
        (
            extensible(),
            "Extended",
            vec![
                json!({ "elements": [{ "a": 1 }] }),
                json!({ "a": 1, "elements": [{}] }),
                json!({ "a": 1, "elements": [{ "a": 1 }] }),
            ],
        ),
        (extensible(), "Base", vec![json!({ "elements": [{}] }), json!({ "elements": [1] })]),
        (extensible(), "Plain", vec![json!({ "elements": [{}] }), json!({ "elements": ["a"] })]),
        (
            extensible(),
            "Twice",
            vec![
                json!({ "b": { "elements": [{}] } }),
                json!({ "x": { "elements": [{}] } }),
                json!({ "x": { "a": 1, "elements": [{ "a": 1 }] } }),
            ],
        ),
        (extensible(), "Inner", vec![json!({ "e": { "elements": [1] } }), json!({ "e": { "elements": [{}] } })]),
    ];
    for (schemas, name, values) in cases {
        let reading = reading_of(&schemas);
        assert!(reading.findings.is_empty(), "{name}: {:?}", reading.findings);
        let definition = reading.definition.expect("it is read");
        for value in values {
            let expected = expected(&schemas, name, &value);
            assert_eq!(judged(&definition, name, &value), [expected; 2], "{name} for {value}");
        }
    }
}

#[test]
fn results_follow_the_dynamic_scope() {
    let result = |schemas: &Value, name: &str| {
        let definition = reading_of(schemas).definition.expect("it is read");
        let declared = definition.results().pop().expect("an API").declared;
        let of_name = |result: &&DeclaredResult| result.result.media_type.as_deref() == Some(&*format!("text/{name}"));
        declared.iter().find(of_name).and_then(|result| result.value.as_deref().cloned())
    };
    assert_eq!(result(&generic_list(), "Integers"), Some(json!([0])));
    // The outermost resource has the anchor for the inner lists too: their items are lists without end.
    assert_eq!(result(&generic_list(), "Lists"), Some(json!([])));
    let value = result(&extensible(), "Extended").expect("a result");
    assert!(expected(&extensible(), "Extended", &value), "{value}");
}

#[test]
fn resources_are_files_where_they_have_no_name_of_their_own() {
    let root = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {operationId: a, responses: {'200': \
                {description: d, content: {text/N: {schema: {$ref: numbers.yaml}}, text/L: {schema: {$ref: list.yaml}}}}}}}}\n";
    let list = "type: array\nitems: {$dynamicRef: '#item'}\n$defs: {item: {$dynamicAnchor: item}}\n";
    let numbers = "$ref: list.yaml\n$defs: {item: {$dynamicAnchor: item, type: number, minimum: x}}\n";
    let reading = read_files(&[("openapi.yaml", root), ("list.yaml", list), ("numbers.yaml", numbers)]);
    let definition = reading.definition.expect("it is read");
    for (name, value, is_valid) in [("N", json!([1]), true), ("N", json!(["a"]), false), ("L", json!(["a"]), true)] {
        assert_eq!(judged(&definition, name, &value), [is_valid; 2], "{name} for {value}");
    }
    let copies = definition.document().ids_from(0).map(|id| definition.node(id));
    let items = copies.filter(|node| node.get("$dynamicRef").is_some());
    let files: Vec<String> = items.map(|node| format!("{} {}", node.file(), node.location())).collect();
    assert_eq!(files, ["list.yaml groups/g/list.yaml:2:8", "list.yaml groups/g/list.yaml:2:8"]);
}

#[test]
fn openapi_3_0_has_no_dynamic_references() {
    let text = json!({ "openapi": "3.0.3", "info": { "title": "t", "version": "1" },
        "paths": { "/a": { "get": { "operationId": "a", "responses": { "200": { "description": "d",
            "content": { "text/A": { "schema": { "$dynamicRef": "#/nowhere", "type": "string" } } } } } } } } });
    let definition = read_text(&text.to_string()).definition.expect("it is read");
    assert_eq!(judged(&definition, "A", &json!("a")), [true; 2]);
    assert_eq!(judged(&definition, "A", &json!(1)), [false; 2]);
}

#[test]
fn a_dynamic_reference_to_itself_is_found_once() {
    let schemas = json!({
        "A": { "$id": "a", "$dynamicAnchor": "n", "$dynamicRef": "#n" },
        "B": { "$id": "b", "$ref": "a", "$defs": { "n": { "$dynamicAnchor": "n", "$ref": "a" } } },
    });
    let found: Vec<&str> = reading_of(&schemas).findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(found, [rules::REFERENCE_CIRCULAR.name]);
}

#[test]
fn scopes_without_end_are_a_finding() {
    // Each resource picks one of two meanings for its own name and goes on to the next: 2^40 scopes at the end.
    let mut schemas = json!({});
    let mut add = |name: String, schema: Value| schemas.as_object_mut().expect("an object").insert(name, schema);
    for level in 0..40 {
        for side in ["l", "r"] {
            let next = |side: &str| json!({ "$ref": format!("{side}{}", level + 1) });
            let schema = json!({ "$id": format!("{side}{level}"), "properties": { "l": next("l"), "r": next("r") },
                "$defs": { "n": { "$dynamicAnchor": format!("n{level}"), "title": side } } });
            add(format!("{side}{level}"), schema);
        }
    }
    let mut names = String::new();
    (0..40).for_each(|level| write!(names, "{level} ").expect("a string takes all"));
    let seekers: Vec<Value> =
        names.split_whitespace().map(|level| json!({ "$dynamicRef": format!("#n{level}") })).collect();
    let defaults: Value = (0..40)
        .map(|level| (format!("n{level}"), json!({ "$dynamicAnchor": format!("n{level}") })))
        .collect::<serde_json::Map<_, _>>()
        .into();
    for side in ["l40", "r40"] {
        add(side.to_owned(), json!({ "$id": side, "allOf": seekers, "$defs": defaults }));
    }
    let reading = reading_of(&schemas);
    let found: Vec<&str> = reading.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(found, [rules::TOO_LARGE.name], "{:?}", reading.findings);
}

#[test]
fn more_names_than_the_limit_are_a_finding() {
    let definition = |names: usize| {
        let seekers: Vec<Value> = (0..names).map(|name| json!({ "$dynamicRef": format!("#n{name}") })).collect();
        let anchor = |name: usize| (format!("n{name}"), json!({ "$dynamicAnchor": format!("n{name}") }));
        let anchors: serde_json::Map<String, Value> = (0..names).map(anchor).collect();
        json!({ "all": { "$id": "all", "allOf": seekers, "$defs": anchors } })
    };
    assert!(reading_of(&definition(64)).findings.is_empty());
    let findings = reading_of(&definition(65)).findings;
    let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("more than 64 names"), "{messages:?}");
}
