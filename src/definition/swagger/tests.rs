//! The conversion of each part of an OpenAPI 2.0 document.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{ImportRules, ImportedDefinition, import, rules};
use crate::model::{DEFINITION_FILE, Finding};

fn import_files(files: &[(&str, String)]) -> Result<ImportedDefinition, Vec<Finding>> {
    let files: BTreeMap<&str, Arc<[u8]>> =
        files.iter().map(|(path, text)| (*path, Arc::from(text.as_bytes()))).collect();
    import("api.json", &[], &ImportRules::default(), &mut |path| Ok(files.get(path).cloned()))
}

/// Converts a document of these fields and gives it back with the rules that had findings.
fn converted(fields: Value) -> (Value, Vec<&'static str>) {
    let mut document = json!({ "swagger": "2.0", "info": { "title": "t", "version": "1" } });
    if let (Value::Object(document), Value::Object(fields)) = (&mut document, fields) {
        document.extend(fields);
    }
    let imported = import_files(&[("api.json", document.to_string())]).expect("it is converted");
    let bytes = imported.files.get(DEFINITION_FILE).expect("the definition");
    let text = std::str::from_utf8(bytes).expect("text");
    let value: Value = serde_saphyr::from_str(text).expect("YAML");
    (value, imported.findings.iter().map(|finding| finding.rule).collect())
}

/// Converts one operation.
fn operation(fields: &Value) -> (Value, Vec<&'static str>) {
    let (document, rules) = converted(json!({ "paths": { "/a": { "post": fields } } }));
    (document["paths"]["/a"]["post"].clone(), rules)
}

#[test]
fn servers_come_from_schemes_host_and_base_path() {
    let cases = [
        (json!({}), json!([{ "url": "/" }]), None, Some("/")),
        (json!({ "basePath": "/v1/" }), json!([{ "url": "/v1" }]), None, Some("/v1")),
        (json!({ "host": "a.b" }), json!([{ "url": "https://a.b" }]), Some("https://a.b"), Some("/")),
        (
            json!({ "host": "localhost:8080", "basePath": "/" }),
            json!([{ "url": "http://localhost:8080" }]),
            Some("http://localhost:8080"),
            Some("/"),
        ),
        (
            json!({ "host": "http://a.b/c/", "basePath": "/v1" }),
            json!([{ "url": "http://a.b/c/v1" }]),
            Some("http://a.b/c/v1"),
            Some("/c/v1"),
        ),
        (
            json!({ "host": "a.b:81", "basePath": "v1", "schemes": ["http", "wss"] }),
            json!([{ "url": "http://a.b:81/v1" }, { "url": "wss://a.b:81/v1" }]),
            Some("http://a.b:81/v1"),
            Some("/v1"),
        ),
    ];
    for (fields, servers, backend, prefix) in cases {
        let (document, rules) = converted(fields.clone());
        assert_eq!(document["servers"], servers, "{fields}");
        assert_eq!(rules.contains(&rules::SLOPPY.name), fields["host"].to_string().contains("://"), "{fields}");
        let mut whole = json!({ "swagger": "2.0", "info": { "title": "t", "version": "1" } });
        whole.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        let imported = import_files(&[("api.json", whole.to_string())]).expect("it is converted");
        assert_eq!(imported.backend.as_ref().map(crate::model::HttpUrl::as_str), backend);
        assert_eq!(imported.prefix.as_ref().map(crate::model::PathPrefix::as_str), prefix);
    }
}

#[test]
fn each_field_that_is_left_out_is_named() {
    let document = json!({
        "swagger": "2.0", "info": { "title": "t", "version": "1" }, "parameterz": {},
        "paths": { "/a": { "summary": "s", "post": {
            "requestBody": { "content": {} },
            "parameters": [
                { "name": "q", "in": "query", "type": "string", "schema": { "type": "integer" } },
                { "name": "b", "in": "body", "content": {}, "schema": {} },
            ],
            "responses": { "200": { "description": "d", "content": {}, "headers": { "X": { "type": "string", "style": "simple" } } } },
        } } },
    });
    let imported = import_files(&[("api.json", document.to_string())]).expect("it is converted");
    let named: Vec<&str> = imported.findings.iter().filter_map(|one| one.message.split('"').nth(1)).collect();
    assert_eq!(named, ["parameterz", "summary", "requestBody", "type", "content", "content", "style"]);
    assert!(imported.findings.iter().all(|finding| finding.rule == rules::CONVERSION.name));
}

#[test]
fn parameters_get_a_schema_and_a_style() {
    let list = |format: &str| json!({ "name": "q", "in": "query", "type": "array", "items": { "type": "integer" }, "collectionFormat": format });
    let (converted, rules) = operation(&json!({
        "parameters": [
            { "name": "a", "in": "query", "type": "integer", "format": "int32", "minimum": 1, "default": 2, "required": true,
                "description": "d", "allowEmptyValue": true, "x-nullable": true, "x-own": 1 },
            list("csv"), list("ssv"), list("pipes"), list("multi"), list("tsv"),
            { "name": "X", "in": "header", "type": "array", "items": { "type": "string" } },
        ],
        "responses": {},
    }));
    let list = |style: &str, explode: bool| {
        json!({ "name": "q", "in": "query", "style": style, "explode": explode,
        "schema": { "type": "array", "items": { "type": "integer" } } })
    };
    let expected = json!([
        { "name": "a", "in": "query", "description": "d", "required": true, "allowEmptyValue": true, "schema":
            { "type": "integer", "format": "int32", "minimum": 1, "default": 2, "nullable": true }, "x-own": 1 },
        list("form", false), list("spaceDelimited", false), list("pipeDelimited", false), list("form", true),
        { "name": "q", "in": "query", "schema": { "type": "string" } },
        { "name": "X", "in": "header", "style": "simple", "explode": false, "schema":
            { "type": "array", "items": { "type": "string" } } },
    ]);
    assert_eq!(converted["parameters"], expected);
    assert_eq!(rules, [rules::CONVERSION.name]);
}

#[test]
fn a_body_takes_what_the_operation_consumes() {
    let (converted, _) = operation(&json!({
        "consumes": ["application/xml", "application/json"],
        "parameters": [{ "in": "body", "name": "b", "required": true, "description": "d", "schema": { "type": "object" } }],
        "responses": {},
    }));
    let media_type = json!({ "schema": { "type": "object" } });
    let content = json!({ "application/xml": media_type, "application/json": media_type });
    assert_eq!(converted["requestBody"], json!({ "description": "d", "content": content, "required": true }));
}

#[test]
fn a_form_becomes_a_body() {
    let text = json!({ "in": "formData", "name": "t", "type": "string", "required": true, "description": "d" });
    let (converted, _) = operation(&json!({ "parameters": [text, { "in": "formData", "name": "l", "type": "array",
        "items": { "type": "string" }, "collectionFormat": "pipes" }], "responses": {} }));
    let expected = json!({ "content": { "application/x-www-form-urlencoded": {
        "schema": { "type": "object", "properties": { "t": { "type": "string", "description": "d" },
            "l": { "type": "array", "items": { "type": "string" } } }, "required": ["t"] },
        "encoding": { "l": { "style": "pipeDelimited", "explode": false } } } }, "required": true });
    assert_eq!(converted["requestBody"], expected);
    let (converted, _) = operation(&json!({ "consumes": ["application/json"],
        "parameters": [{ "in": "formData", "name": "f", "type": "file" }], "responses": {} }));
    let expected = json!({ "content": { "multipart/form-data": { "schema": { "type": "object",
        "properties": { "f": { "type": "string", "format": "binary" } } } } } });
    assert_eq!(converted["requestBody"], expected);
}

#[test]
fn responses_are_written_for_what_is_produced() {
    let (converted, _) = operation(&json!({
        "produces": ["application/json"],
        "responses": {
            "200": { "description": "ok", "schema": { "type": "string" },
                "headers": { "X-A": { "type": "integer", "description": "h" } },
                "examples": { "application/json": "a", "text/plain": "b" } },
            "201": { "schema": { "type": "file" } },
            "204": { "description": "none" },
        },
    }));
    let expected = json!({
        "200": { "description": "ok", "headers": { "X-A": { "description": "h", "schema": { "type": "integer" } } },
            "content": { "application/json": { "schema": { "type": "string" }, "example": "a" },
                "text/plain": { "schema": { "type": "string" }, "example": "b" } } },
        "201": { "description": "", "content": { "application/json": { "schema": { "type": "string", "format": "binary" } } } },
        "204": { "description": "none" },
    });
    assert_eq!(converted["responses"], expected);
}

#[test]
fn shared_parts_move_to_components_and_references_follow() {
    let (document, _) = converted(json!({
        "paths": { "/a": {
            "parameters": [{ "$ref": "#/parameters/q" }, { "$ref": "#/parameters/b" }],
            "put": { "responses": { "200": { "$ref": "#/responses/ok" } } },
            "post": { "produces": ["text/plain"], "parameters": [{ "$ref": "#/parameters/f" }],
                "responses": { "200": { "$ref": "#/responses/ok" } } } } },
        "parameters": { "q": { "name": "q", "in": "query", "type": "string" },
            "b": { "name": "b", "in": "body", "schema": { "$ref": "#/definitions/Pet«Cat»" } },
            "f": { "name": "f", "in": "formData", "type": "string" } },
        "responses": { "ok": { "description": "ok", "schema": { "$ref": "#/definitions/Pet«Cat»" } } },
        "definitions": { "Pet«Cat»": { "discriminator": "kind", "x-nullable": true, "properties": {
            "kind": { "type": "string" }, "next": { "$ref": "#/definitions/Pet«Cat»", "x-nullable": true } } } },
    }));
    let pet = json!({ "$ref": "#/components/schemas/Pet_Cat_" });
    assert_eq!(document["paths"]["/a"]["parameters"], json!([{ "$ref": "#/components/parameters/q" }]));
    assert_eq!(document["paths"]["/a"]["put"]["requestBody"], json!({ "$ref": "#/components/requestBodies/b" }));
    assert_eq!(document["paths"]["/a"]["put"]["responses"]["200"], json!({ "$ref": "#/components/responses/ok" }));
    let own = &document["paths"]["/a"]["post"];
    assert_eq!(own["responses"]["200"]["content"], json!({ "text/plain": { "schema": pet } }));
    assert_eq!(
        own["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]["f"]["type"],
        "string"
    );
    let schema = json!({ "discriminator": { "propertyName": "kind" }, "nullable": true, "properties": {
        "kind": { "type": "string" }, "next": { "nullable": true, "allOf": [pet] } } });
    assert_eq!(document["components"]["schemas"]["Pet_Cat_"], schema);
}

#[test]
fn security_keeps_its_kinds() {
    let oauth = |flow: &str| json!({ "type": "oauth2", "flow": flow, "authorizationUrl": "https://a/b", "scopes": { "s": "d" } });
    let (document, _) = converted(json!({
        "security": [{ "b": [] }],
        "securityDefinitions": { "b": { "type": "basic" }, "k": { "type": "apiKey", "in": "query", "name": "k" },
            "i": oauth("implicit"), "c": oauth("accessCode"), "a": oauth("application") },
    }));
    let flow = json!({ "authorizationUrl": "https://a/b", "scopes": { "s": "d" } });
    let oauth = |name: &str| json!({ "type": "oauth2", "flows": { name: flow } });
    let expected = json!({ "b": { "type": "http", "scheme": "basic" }, "k": { "type": "apiKey", "name": "k", "in": "query" },
        "i": oauth("implicit"), "c": oauth("authorizationCode"), "a": oauth("clientCredentials") });
    assert_eq!(document["components"]["securitySchemes"], expected);
    assert_eq!(document["security"], json!([{ "b": [] }]));
}

#[test]
fn other_files_move_into_the_one_document() {
    let root =
        json!({ "swagger": "2.0", "info": { "title": "t", "version": "1" }, "paths": { "/a": { "$ref": "a.yaml" } } });
    let item = "get:\n  responses:\n    200:\n      description: d\n      schema: {$ref: 'pet.yaml#/Pet'}\n".to_owned();
    let pet = "Pet: {type: object, properties: {next: {$ref: '#/Pet'}}}\n".to_owned();
    let imported =
        import_files(&[("api.json", root.to_string()), ("a.yaml", item), ("pet.yaml", pet)]).expect("converted");
    assert_eq!(imported.files.iter().map(|(path, _)| path).collect::<Vec<_>>(), [DEFINITION_FILE]);
    let text = String::from_utf8_lossy(imported.files.get(DEFINITION_FILE).expect("the file"));
    let document: Value = serde_saphyr::from_str(&text).expect("YAML");
    let next = json!({ "$ref": "#/components/schemas/Pet" });
    assert_eq!(document["components"]["schemas"]["Pet"]["properties"]["next"], next);
    assert_eq!(document["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]["schema"], next);
}

#[test]
fn documents_of_3_x_keep_their_bytes_and_their_files() {
    let root = "# kept\nopenapi: 3.1.0\npaths: {/a: {$ref: 'parts/a.yaml'}}\n".to_owned();
    let part = "get: {responses: {200: {$ref: '../api.json#/components/responses/x'}}}\n".to_owned();
    let findings = import_files(&[("api.json", root.clone()), ("parts/a.yaml", part.clone())]).expect_err("unresolved");
    assert_eq!(findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [rules::REFERENCE_UNRESOLVED.name]);
    let root = format!("{root}components: {{responses: {{x: {{description: d}}}}}}\n");
    let imported = import_files(&[("api.json", root.clone()), ("parts/a.yaml", part)]).expect("it is taken");
    assert_eq!(imported.files.iter().map(|(path, _)| path).collect::<Vec<_>>(), [DEFINITION_FILE, "parts/a.yaml"]);
    assert_eq!(imported.files.get(DEFINITION_FILE).expect("the file")[..], *root.as_bytes());
}

#[test]
fn examples_of_parameters_are_kept_under_their_names() {
    let (converted, _) = operation(&json!({ "parameters": [
        { "name": "a", "in": "query", "type": "string", "x-examples": { "one": "x", "two": { "value": "y" } } },
        { "name": "b", "in": "query", "type": "string", "x-example": "z", "x-examples": { "one": "x" } },
        { "name": "c", "in": "body", "schema": {}, "x-examples": { "application/json": { "k": 1 } } },
    ], "responses": {} }));
    let expected = json!({ "one": { "value": "x" }, "two": { "value": "y" } });
    assert_eq!(converted["parameters"][0]["examples"], expected);
    assert_eq!(converted["parameters"][1]["example"], "z");
    assert_eq!(converted["requestBody"]["content"]["application/json"]["example"], json!({ "k": 1 }));
}

#[test]
fn what_3_0_cannot_say_is_named() {
    let nested = json!({ "type": "array", "items": { "type": "string" }, "collectionFormat": "pipes" });
    for parameter in [
        json!({ "name": "a", "in": "query", "type": "array", "items": nested }),
        json!({ "name": "a", "in": "formData", "type": "array", "items": { "type": "integer" }, "collectionFormat": "tsv" }),
        json!({ "name": "a", "in": "header", "type": "array", "items": { "type": "integer" }, "collectionFormat": "pipes" }),
    ] {
        let (_, rules) = operation(&json!({ "parameters": [parameter], "responses": {} }));
        assert_eq!(rules, [rules::CONVERSION.name], "{parameter}");
    }
}

#[test]
fn lists_that_3_0_cannot_take_apart_stay_texts() {
    let list = |format: &str, items: Value| {
        json!({ "name": "a", "in": "query", "type": "array", "items": items, "collectionFormat": format, "maxItems": 2,
            "default": [[1]] })
    };
    let inner = |format: &str| json!({ "type": "array", "items": { "type": "integer" }, "collectionFormat": format });
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "maxItems": 2, "items": text });
    let deeper = json!({ "type": "array", "items": inner("csv"), "collectionFormat": "pipes" });
    for (parameter, schema, style) in [
        (list("tsv", json!({ "type": "integer" })), &text, Value::Null),
        (list("csv", inner("csv")), &text, Value::Null),
        (list("csv", deeper), &text, Value::Null),
        (list("csv", inner("pipes")), &texts, json!("form")),
        (list("pipes", inner("csv")), &texts, json!("pipeDelimited")),
        (list("multi", inner("csv")), &texts, json!("form")),
    ] {
        let (converted, rules) = operation(&json!({ "parameters": [parameter], "responses": {} }));
        let found = &converted["parameters"][0];
        assert_eq!((&found["schema"], &found["style"]), (schema, &style), "{parameter}");
        assert_eq!(rules, [rules::CONVERSION.name], "{parameter}");
    }
}

#[test]
fn a_field_that_may_be_empty_allows_an_empty_text() {
    let empty = json!({ "type": "string", "enum": [""] });
    for (field, expected) in [
        (json!({ "type": "integer" }), json!({ "anyOf": [{ "type": "integer" }, empty], "description": "d" })),
        (
            json!({ "type": "string", "minLength": 2 }),
            json!({ "anyOf": [{ "type": "string", "minLength": 2 }, empty], "description": "d" }),
        ),
        (json!({ "type": "string" }), json!({ "type": "string", "description": "d" })),
        (json!({ "type": "file" }), json!({ "type": "string", "format": "binary", "description": "d" })),
    ] {
        let mut parameter = json!({ "name": "a", "in": "formData", "description": "d", "allowEmptyValue": true });
        parameter.as_object_mut().expect("an object").extend(field.as_object().expect("an object").clone());
        let (converted, rules) = operation(&json!({ "parameters": [parameter], "responses": {} }));
        let content = converted["requestBody"]["content"].as_object().expect("content").values().next();
        assert_eq!(content.expect("a media type")["schema"]["properties"]["a"], expected, "{parameter}");
        assert_eq!(rules, [""; 0], "{parameter}");
    }
}

#[test]
fn references_in_fields_that_2_0_does_not_have_follow_too() {
    let (converted, _) = converted(json!({ "paths": {}, "definitions": {
        "A": { "properties": { "next": { "schema": { "$ref": "#/definitions/B" } } } },
        "B": { "type": "string" },
    } }));
    let next = &converted["components"]["schemas"]["A"]["properties"]["next"];
    assert_eq!(next["schema"]["$ref"], "#/components/schemas/B");
}

/// A 2.0 document in YAML, line by line, with the locations of its findings.
#[test]
fn what_is_found_after_the_conversion_is_placed_in_the_authors_file() {
    let head = "swagger: '2.0'\ninfo: {title: t, version: '1'}\n";
    let too_long = format!("paths: {{}}\nhost: {}\n", "a".repeat(9_000));
    let cases = [
        ("paths:\n  /a/{b: {get: {}}\n", "4:3 path-template"),
        ("paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {get: {}}\n", "5:12 duplicate-api"),
        ("paths: {/a: {get: {responses: {abc: {}}}}}\n", "3:32 definition-structure"),
        ("paths: {/a: {get: {deprecated: 'yes'}}}\n", "3:32 definition-sloppy"),
        (
            "paths:\n  /a: {get: {parameters: [\n    {in: body, name: x, schema: {}},\n    {in: query, name: 7, type: string}]}}\n",
            "6:23",
        ),
        ("paths: {}\nsecurityDefinitions:\n  k: {type: apiKey, name: 7, in: header}\n", "5:27"),
        // Of two that are called alike, the first.
        (
            "paths:\n  /a: {get: {parameters: [\n    {in: query, name: 7, type: string},\n    {in: query, name: 7, type: string}]}}\n",
            "5:23",
        ),
        (&too_long, "4:7 definition-structure"),
    ];
    for (text, place) in cases {
        let outcome = import_files(&[("api.json", format!("{head}{text}"))]);
        let findings = outcome.map_or_else(|findings| findings, |imported| imported.findings);
        let places: Vec<String> =
            findings.iter().map(|finding| format!("{} {}", finding.location, finding.rule)).collect();
        assert!(places.iter().any(|found| found.starts_with(&format!("api.json:{place}"))), "{text}: {places:?}");
        assert!(findings.iter().all(|finding| finding.location.line > 0), "{text}: {places:?}");
    }
}
