//! Results of schemas with alternatives, and the parts of a result beside its body.

use serde_json::{Value, json};

use super::results::built;
use super::{read_files, read_text};
use crate::definition::{ApiResults, rules};
use crate::model::DEFINITION_FILE;

/// Builds the results of a definition's API from its operation and components.
fn results(specification: &str, operation: &Value, schemas: &Value) -> ApiResults {
    let document = json!({
        "openapi": specification,
        "info": { "title": "t", "version": "1" },
        "paths": { "/a": { "get": operation } },
        "components": { "schemas": schemas },
    });
    read_text(&document.to_string()).definition.expect("it is read").results().pop().expect("an API")
}

fn answering(schema: &Value) -> Value {
    json!({ "responses": { "200": { "description": "d", "content": { "application/json": { "schema": schema } } } } })
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

#[test]
fn overlapping_alternatives_are_told_apart_where_a_value_can() {
    let open = |name: &str| object(&json!({ name: { "type": "integer" } }), &[]);
    for schema in [
        json!({ "oneOf": [open("a"), open("b")] }),
        json!({ "oneOf": [open("a"), open("b"), open("c")] }),
        json!({ "type": "object", "properties": { "p": { "oneOf": [open("a"), open("b")] } }, "required": ["p"] }),
        json!({ "type": "array", "minItems": 1, "items": { "oneOf": [open("a"), open("b")] } }),
        json!({ "oneOf": [{ "type": "integer" }, { "type": "number" }] }),
        json!({ "oneOf": [{ "type": "integer", "maximum": 3 }, { "type": "integer", "minimum": 0 }] }),
        json!({ "oneOf": [{ "type": "string" }, { "enum": ["a", "b"] }] }),
        json!({ "oneOf": [{ "type": "string", "minLength": 3 }, { "type": "string", "maxLength": 5 }] }),
        json!({ "oneOf": [object(&json!({}), &["a"]), object(&json!({}), &["b"])], "required": ["a"] }),
    ] {
        // It is held against a validator there.
        assert!(built("3.1.0", &schema).is_some(), "{schema}");
    }
}

#[test]
fn where_no_value_fits_one_alternative_alone_the_first_is_taken_with_a_warning() {
    let said = |results: &ApiResults| {
        let message = |finding: &crate::model::Finding| finding.message.contains("exactly one");
        results.findings.iter().any(|finding| finding.rule == rules::CONSTANT_RESULT.name && message(finding))
    };
    let closed = |name: &str| json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "additionalProperties": false, "title": name });
    let overlap = json!({ "oneOf": [closed("A"), closed("B")] });
    let inner = object(&json!({ "p": overlap }), &["p"]);
    for (schema, expected) in [(&overlap, json!({ "a": 0 })), (&inner, json!({ "p": { "a": 0 } }))] {
        let found = results("3.1.0", &answering(schema), &json!({}));
        let value = found.declared.first().and_then(|first| first.value.clone()).expect("a value");
        assert_eq!((&*value, said(&found)), (&expected, true), "{schema}");
    }
    // Of two that are the same a discriminator names the first.
    let kind = object(&json!({ "t": { "type": "string" }, "n": { "type": "integer" } }), &["t"]);
    let schemas = json!({ "K1": kind, "K2": kind });
    let list = json!([{ "$ref": "#/components/schemas/K1" }, { "$ref": "#/components/schemas/K2" }]);
    let told = json!({ "oneOf": list, "discriminator": { "propertyName": "t" } });
    for (schema, expected) in [
        (object(&json!({ "p": told }), &["p"]), json!({ "p": { "t": "K1", "n": 0 } })),
        (told, json!({ "t": "K1", "n": 0 })),
    ] {
        let found = results("3.1.0", &answering(&schema), &schemas);
        let value = found.declared.first().and_then(|first| first.value.clone()).expect("a value");
        assert_eq!((&*value, said(&found)), (&expected, true), "{schema}");
    }
    // Without one, none of them can be alone: there is nothing to answer.
    for schema in [
        json!({ "oneOf": [{ "type": "integer" }, { "type": "integer" }] }),
        object(&json!({ "p": { "oneOf": [closed("A"), closed("A")] } }), &["p"]),
        json!({ "oneOf": [{ "$ref": "#/components/schemas/K1" }, { "$ref": "#/components/schemas/K1" }] }),
    ] {
        let found = results("3.1.0", &answering(&schema), &schemas);
        assert_eq!((found.constant(), said(&found)), (None, true), "{schema}");
    }
}

#[test]
fn a_discriminator_names_the_schema_that_is_built() {
    let kind = |more: &Value| {
        let mut properties = json!({ "kind": { "type": "string" } });
        properties.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        object(&properties, &["kind"])
    };
    let with_base = |own: &str| json!({ "allOf": [{ "$ref": "#/components/schemas/Base" }, object(&json!({ own: { "type": "integer" } }), &[own])] });
    let schemas = json!({
        "X": kind(&json!({ "x": { "type": "integer" } })),
        "Y": kind(&json!({ "y": { "type": "string" } })),
        "Base": { "type": "object", "properties": { "kind": { "type": "string" } }, "required": ["kind"],
            "discriminator": { "propertyName": "kind", "mapping": { "second": "#/components/schemas/Second" } } },
        "First": with_base("one"),
        "Second": with_base("two"),
        "Listed": { "type": "object", "properties": { "kind": { "enum": ["a"] } }, "required": ["kind"],
            "discriminator": { "propertyName": "kind", "mapping": { "a": "A" } } },
        "A": { "allOf": [{ "$ref": "#/components/schemas/Listed" }, object(&json!({ "own": { "const": 1 } }), &["own"])] },
    });
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let of = |mapping: Value| json!({ "oneOf": [reference("X"), reference("Y")], "discriminator": { "propertyName": "kind", "mapping": mapping } });
    for (schema, expected) in [
        (of(json!({ "x": "#/components/schemas/X", "y": "Y" })), json!({ "kind": "x", "x": 0 })),
        (of(json!({})), json!({ "kind": "X", "x": 0 })),
        (reference("First"), json!({ "kind": "First", "one": 0 })),
        (reference("Second"), json!({ "kind": "second", "two": 0 })),
        (reference("Base"), json!({ "kind": "Base" })),
        (reference("Listed"), json!({ "kind": "a", "own": 1 })),
        (json!({ "oneOf": [reference("First"), reference("Second")] }), json!({ "kind": "First", "one": 0 })),
        (
            json!({ "type": "array", "items": reference("Second"), "minItems": 1 }),
            json!([{ "kind": "second", "two": 0 }]),
        ),
        (object(&json!({ "p": reference("First") }), &["p"]), json!({ "p": { "kind": "First", "one": 0 } })),
    ] {
        let found = results("3.1.0", &answering(&schema), &schemas);
        let value = found.declared.first().and_then(|first| first.value.clone()).expect("a value");
        // A distinguishing property may be added, and required ones are present.
        let has = |found: &Value, wanted: &Value| {
            wanted.as_object().is_none_or(|wanted| wanted.iter().all(|(name, value)| found.get(name) == Some(value)))
        };
        let is_exact = !schema["oneOf"].is_array() && *value == expected;
        assert!(is_exact || schema["oneOf"].is_array() && has(&value, &expected), "{schema}: {value}");
    }
}

#[test]
fn nullable_beside_a_reference_builds_the_object() {
    let pet = json!({ "Pet": object(&json!({ "n": { "type": "integer" } }), &["n"]) });
    let reference = json!({ "$ref": "#/components/schemas/Pet" });
    for keyword in ["allOf", "oneOf", "anyOf"] {
        let schema = object(&json!({ "p": { "nullable": true, keyword: [reference] } }), &["p"]);
        let found = results("3.0.3", &answering(&schema), &pet);
        let value = found.declared.first().and_then(|first| first.value.clone()).expect("a value");
        assert_eq!(*value, json!({ "p": { "n": 0 } }), "{keyword}");
    }
}

#[test]
fn headers_keep_their_lines_and_their_style() {
    let list = json!({ "schema": { "type": "array", "items": { "type": "string" } }, "example": ["a", "b"] });
    let object = json!({ "a": 1, "b": 2 });
    let headers = json!({
        "Set-Cookie": list, "X-List": list,
        "X-Flat": { "schema": { "type": "object" }, "example": object },
        "X-Exploded": { "schema": { "type": "object" }, "example": object, "explode": true },
    });
    let operation = json!({ "responses": { "200": { "description": "d", "headers": headers } } });
    let found = results("3.1.0", &operation, &json!({}));
    let lines = |found: &ApiResults| found.constant().expect("a result").headers.clone();
    let expected =
        [("Set-Cookie", "a"), ("Set-Cookie", "b"), ("X-List", "a,b"), ("X-Flat", "a,1,b,2"), ("X-Exploded", "a=1,b=2")];
    assert_eq!(lines(&found), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

    let mock = json!({ "status": 200, "headers": { "set-cookie": ["c", "d"], "X-List": ["e", "f"], "Connection": "close" }, "body": 1 });
    let operation = json!({ "x-apigw-mock": mock, "responses": { "200": { "description": "d", "headers": { "Set-Cookie": list } } } });
    let found = results("3.1.0", &operation, &json!({}));
    let expected = [("set-cookie", "c"), ("set-cookie", "d"), ("X-List", "e,f")];
    assert_eq!(lines(&found), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(found.findings.iter().any(|finding| finding.message.contains("\"Connection\"")), "{:?}", found.findings);
}

#[test]
fn a_file_beside_the_definition_is_an_example_and_an_address_is_not() {
    let media_type =
        |external: &str| format!("{{schema: {{type: integer}}, examples: {{a: {{externalValue: '{external}'}}}}}}");
    let text = |json: &str, png: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /a: {{get: {{responses: {{'200': {{description: d, content: {{application/json: {}}}}}}}}}}}\n  /b: {{get: {{responses: {{'200': {{description: d, content: {{image/png: {}}}}}}}}}}}\n",
            media_type(json),
            media_type(png)
        )
    };
    let given = text("./one.json", "files/two.png");
    let reading = read_files(&[(DEFINITION_FILE, &given), ("one.json", " {\"a\": 1}"), ("files/two.png", "\u{89}PNG")]);
    let names: Vec<&str> = reading.files.iter().map(|(path, _)| path).collect();
    assert_eq!(names, ["files/two.png", "one.json", DEFINITION_FILE], "they belong to the version");
    let results = reading.definition.expect("a definition").results();
    let bodies: Vec<&[u8]> = results.iter().map(|results| &*results.constant().expect("a result").body).collect();
    assert_eq!(bodies, [&b" {\"a\": 1}"[..], "\u{89}PNG".as_bytes()]);
    let media_types: Vec<_> =
        results.iter().map(|results| results.constant().and_then(|result| result.media_type.clone())).collect();
    assert_eq!(media_types, [Some("application/json".to_owned()), Some("image/png".to_owned())]);

    for elsewhere in ["https://files.example/a.json", "missing.json", "../outside.json"] {
        let reading = read_files(&[(DEFINITION_FILE, &text(elsewhere, "two.png"))]);
        assert!(reading.findings.is_empty(), "{:?}", reading.findings);
        let results = reading.definition.expect("a definition").results().remove(0);
        assert_eq!(results.constant().map(|result| &*result.body), Some(&b"0"[..]), "{elsewhere}");
        assert!(
            results.findings.iter().any(|finding| finding.message.contains("externalValue")),
            "{:?}",
            results.findings
        );
    }
}

#[test]
fn headers_are_sent_as_their_content_and_examples_say() {
    for (header, expected, told) in [
        ("{content: {application/json: {example: {a: [1]}}}}", Some("{\"a\":[1]}"), ""),
        ("{content: {application/json: {example: {a: é}}}}", Some("{\"a\":\"\\u00e9\"}"), ""),
        ("{content: {application/json: {schema: {type: array, items: {type: integer}}}}}", Some("[0]"), ""),
        ("{content: {text/plain: {example: a b}}}", Some("a b"), ""),
        ("{schema: {type: string}, example: ''}", Some(""), ""),
        ("{schema: {type: string}, examples: {one: {externalValue: ext.txt}}}", Some("from the file"), ""),
        ("{schema: {type: string}, examples: {one: {externalValue: none.txt}}}", Some("string"), "none.txt"),
        ("{schema: {type: string}, example: \"a\\nb\"}", None, "\"X-J\" of GET /a is not sent"),
        ("{schema: {type: string}, example: é}", Some("é"), ""),
    ] {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {{'200': {{description: d, headers: {{X-J: {header}}}}}}}}}}}}}\n"
        );
        let reading = read_files(&[(DEFINITION_FILE, &text), ("ext.txt", "from the file\n")]);
        let results = reading.definition.expect("a definition").results().remove(0);
        let headers = &results.constant().expect("a result").headers;
        assert_eq!(headers.first().map(|(_, value)| value.as_str()), expected, "{header}");
        let found = results.findings.first().map(|finding| finding.message.as_str()).unwrap_or_default();
        assert!(found.contains(told) && found.is_empty() == told.is_empty(), "{header}: {found:?}");
    }
}

#[test]
fn examples_of_3_2_are_sent_as_they_are_serialized() {
    let example = |media_type: &str, example: &str| {
        let text = format!(
            "openapi: 3.2.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {{'200': {{description: d, \
             headers: {{X-A: {{schema: {{type: array}}, examples: {{e: {{serializedValue: 'a,b', dataValue: [a, b]}}}}}}}}, \
             content: {{{media_type}: {{schema: {{type: object, required: [n]}}, examples: {{e: {example}}}}}}}}}}}}}}}}}\n"
        );
        let reading = read_files(&[(DEFINITION_FILE, &text), ("f.json", "{ \"n\": 3 }")]);
        assert!(reading.findings.is_empty(), "{:?}", reading.findings);
        let results = reading.definition.expect("a definition").results().remove(0);
        let constant = results.constant().expect("a result");
        assert_eq!(constant.headers, [("X-A".to_owned(), "a,b".to_owned())]);
        let rules: Vec<&str> = results.findings.iter().map(|finding| finding.rule).collect();
        (String::from_utf8_lossy(&constant.body).into_owned(), rules.join(" "))
    };
    let mismatch = "example-contradicts-schema";
    for (media_type, given, body, rules) in [
        ("application/json", "{dataValue: {n: 1, $ref: no}}", r#"{"n":1,"$ref":"no"}"#, ""),
        ("application/json", "{dataValue: {n: 1}, serializedValue: '{ \"n\": 1 }'}", r#"{ "n": 1 }"#, ""),
        ("application/json", "{serializedValue: '{ \"n\": 1 }'}", r#"{ "n": 1 }"#, ""),
        ("application/json", "{serializedValue: '{ \"m\": 1 }'}", r#"{ "m": 1 }"#, mismatch),
        ("application/json", "{dataValue: {m: 1}, serializedValue: '{}'}", "{}", mismatch),
        ("application/x-www-form-urlencoded", "{serializedValue: n=%20}", "n=%20", ""),
        ("application/json", "{dataValue: {n: 3}, externalValue: f.json}", r#"{ "n": 3 }"#, ""),
        ("application/json", "{dataValue: {n: 3}, externalValue: 'https://x.example/f'}", r#"{"n":3}"#, ""),
    ] {
        assert_eq!(example(media_type, given), (body.to_owned(), rules.to_owned()), "{given}");
    }
}

#[test]
fn a_sequence_has_one_item_of_its_schema() {
    let item =
        "{type: object, required: [data], properties: {event: {const: ping}, data: {type: integer, minimum: 3}}}";
    for (media_type, body) in [
        ("application/jsonl", "{\"event\":\"ping\",\"data\":3}\n"),
        ("application/x-ndjson", "{\"event\":\"ping\",\"data\":3}\n"),
        ("application/json-seq", "\u{1e}{\"event\":\"ping\",\"data\":3}\n"),
        ("text/event-stream", "event: ping\ndata: 3\n\n"),
        ("application/json", "{}"),
    ] {
        let text = format!(
            "openapi: 3.2.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {{'200': {{description: d, \
             content: {{{media_type}: {{itemSchema: {item}}}}}}}}}}}}}}}\n"
        );
        let results = read_files(&[(DEFINITION_FILE, &text)]).definition.expect("a definition").results().remove(0);
        let constant = results.constant().expect("a result");
        assert_eq!(String::from_utf8_lossy(&constant.body), body, "{media_type}");
        assert_eq!(constant.media_type.as_deref(), Some(media_type));
    }
}
