//! Documents that are nearly definitions: everything this room does with them ends.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::definition::{ImportRules, ValueDirection, import, read};
use crate::model::DEFINITION_FILE;

/// Documents that are nearly definitions, of the words that definitions are made of.
#[expect(clippy::too_many_lines, reason = "a list of words")]
fn near_definitions() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "openapi",
        "swagger",
        "paths",
        "/a",
        "/{b}",
        "get",
        "post",
        "parameters",
        "name",
        "in",
        "schema",
        "type",
        "items",
        "properties",
        "required",
        "responses",
        "200",
        "default",
        "content",
        "application/json",
        "$ref",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "enum",
        "const",
        "pattern",
        "minLength",
        "maximum",
        "multipleOf",
        "format",
        "components",
        "schemas",
        "definitions",
        "additionalProperties",
        "example",
        "examples",
        "x-apigw-mock",
        "body",
        "headers",
        "if",
        "minItems",
        "uniqueItems",
        "discriminator",
        "propertyName",
        "nullable",
        "security",
        "servers",
        "url",
        "produces",
        "securityDefinitions",
        "flow",
        "collectionFormat",
        "formData",
    ]);
    let text = prop_oneof![
        word.clone().prop_map(str::to_owned),
        prop::sample::select(vec![
            "3.0.3",
            "3.1.0",
            "2.0",
            "#/paths/~1a",
            "#/components/schemas/a",
            "#/definitions/a",
            "#",
            "",
            "openapi.yaml",
            "object",
            "string",
            "array",
            "integer",
            "null",
            "query",
            "path",
            "^a+$",
            "[",
            "(?=a)b",
            "date-time",
            "\u{0}",
            "multi",
            "oauth2",
            "é/…",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-4_i64..5).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(7, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Value>()),
        ]
    })
}

/// Does everything with a document that this room does.
fn use_up(text: &[u8]) {
    let bytes: Arc<[u8]> = Arc::from(text);
    let mut fetch = |path: &str| Ok((path == DEFINITION_FILE).then(|| Arc::clone(&bytes)));
    let _: Result<_, _> = import(DEFINITION_FILE, &[], &ImportRules::default(), &mut fetch);
    let reading = read("g", &mut fetch);
    let Some(definition) = reading.definition else { return };
    let results = definition.results();
    assert_eq!(results.len(), definition.apis.len());
    for (api, results) in definition.apis.iter().zip(&results) {
        assert_eq!(definition.constant_result(api).constant(), results.constant());
        let contents = api.responses.iter().flat_map(|response| &response.content);
        for schema in contents.filter_map(|content| content.schema) {
            let plain = definition.json_schema(schema, ValueDirection::Request).expect("small");
            assert!(jsonschema::options().build(&plain).is_ok(), "{plain}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "[ -~\\n\\t{}\\[\\]:,&*?|>'\"%@`!-]{0,200}") {
        use_up(text.as_bytes());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        use_up(&bytes);
    }

    #[test]
    fn no_document_panics(document in near_definitions(), swagger in any::<bool>()) {
        let mut document = document;
        if let Value::Object(map) = &mut document {
            let (field, version) = if swagger { ("swagger", "2.0") } else { ("openapi", "3.1.0") };
            map.insert(field.to_owned(), version.into());
        }
        use_up(document.to_string().as_bytes());
    }

    #[test]
    fn no_operation_panics(operation in near_definitions(), schema in near_definitions(), specification in 0_usize..3) {
        let responses = json!({ "200": { "description": "d", "schema": schema, "content": { "application/json":
            { "schema": schema }, "application/xml": { "schema": schema } } }, "4XX": operation });
        let mut api = json!({ "operationId": "a", "responses": responses });
        if let (Value::Object(api), Value::Object(more)) = (&mut api, &operation) {
            more.iter().for_each(|(name, value)| { api.entry(name).or_insert_with(|| value.clone()); });
        }
        let version = ["3.0.3", "3.1.0", "2.0"][specification];
        let field = if version == "2.0" { "swagger" } else { "openapi" };
        let document = json!({ field: version, "paths": { "/a": { "get": api }, "/{b}": operation },
            "components": { "schemas": { "a": schema } }, "definitions": { "a": schema } });
        use_up(document.to_string().as_bytes());
    }
}
