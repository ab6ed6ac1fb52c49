use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::definition::{ParameterPlace, ParameterStyle};

/// Reads a definition with these operations and schemas.
fn model(version: &str, paths: &str, schemas: &str) -> DefinitionModel {
    let text = format!(
        "openapi: {version}\ninfo: {{title: t, version: '1'}}\npaths: {paths}\ncomponents: {{schemas: {schemas}}}\n"
    );
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let reading = crate::definition::read("g", &mut fetch);
    let definition = reading.definition.expect("a definition");
    let settings: GroupSettings =
        serde_saphyr::from_str("schema: 1\nversion: '0.0.1'\nprefix: /g\n").expect("settings");
    DefinitionModel::build(ModelSource { definition: &definition, settings: &settings, environments: &[] })
}

/// Writes a type in one line.
fn shown(model: &DefinitionModel, value: &TypeModel) -> String {
    let join = |list: &[TypeModel], by: &str| list.iter().map(|one| shown(model, one)).collect::<Vec<_>>().join(by);
    let mut text = match &value.kind {
        TypeKind::Any => "any".to_owned(),
        TypeKind::Never => "never".to_owned(),
        TypeKind::Null => "null".to_owned(),
        TypeKind::Boolean => "boolean".to_owned(),
        TypeKind::Integer => "integer".to_owned(),
        TypeKind::Number => "number".to_owned(),
        TypeKind::Text => "text".to_owned(),
        TypeKind::Bytes => "bytes".to_owned(),
        TypeKind::Literal(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join("|"),
        TypeKind::Array(item) => format!("[{}]", shown(model, item)),
        TypeKind::Tuple(first, rest) => {
            let rest = rest.as_ref().map(|rest| format!(", ...{}", shown(model, rest))).unwrap_or_default();
            format!("({}{rest})", join(first, ", "))
        }
        TypeKind::Map(item) => format!("{{*: {}}}", shown(model, item)),
        TypeKind::Object(object) => {
            let mut text = String::from("{");
            for property in &object.properties {
                let mark = if property.is_required { "" } else { "?" };
                let flag = if property.is_read_only { " read" } else { "" };
                let _ = write!(text, "{}{mark}: {}{flag}, ", property.name, shown(model, &property.value));
            }
            match &object.additional {
                AdditionalProperties::Unspecified => {}
                AdditionalProperties::Refused => text.push('!'),
                AdditionalProperties::Typed(value) => {
                    let _ = write!(text, "*: {}", shown(model, value));
                }
            }
            text.trim_end_matches(", ").to_owned() + "}"
        }
        TypeKind::Union(list, discriminator) => {
            let by = discriminator.as_ref().map(|by| format!(" by {}", by.property)).unwrap_or_default();
            format!("<{}{by}>", join(list, " | "))
        }
        TypeKind::Reference(id) => format!("&{}", model.types[id.index()].name),
    };
    if value.is_nullable {
        text.push_str(" or null");
    }
    text
}

#[test]
fn schemas_are_read_as_types() {
    for (version, schema, expected) in [
        ("3.1.0", "true", "any"),
        ("3.1.0", "false", "never"),
        ("3.1.0", "{}", "any"),
        ("3.1.0", "{type: [string, 'null']}", "text or null"),
        ("3.1.0", "{type: [string, integer]}", "<text | integer>"),
        ("3.1.0", "{type: 'null'}", "null"),
        ("3.1.0", "{const: a}", "\"a\""),
        ("3.1.0", "{enum: [a, b, a, null]}", "\"a\"|\"b\" or null"),
        ("3.0.0", "{type: string, nullable: true}", "text or null"),
        ("3.0.0", "{type: string, format: binary}", "bytes"),
        ("3.1.0", "{contentMediaType: image/png}", "bytes"),
        ("3.1.0", "{type: string, contentMediaType: application/json}", "text"),
        ("3.1.0", "{type: string, contentMediaType: image/png, contentEncoding: base64}", "text"),
        ("3.1.0", "{type: array, items: {type: number}}", "[number]"),
        ("3.1.0", "{type: array}", "[any]"),
        ("3.1.0", "{prefixItems: [{type: number}], items: false}", "(number)"),
        ("3.1.0", "{type: array, prefixItems: [{type: number}]}", "(number, ...any)"),
        ("3.1.0", "{type: object}", "{*: any}"),
        ("3.1.0", "{type: object, additionalProperties: {type: integer}}", "{*: integer}"),
        ("3.1.0", "{type: object, additionalProperties: false}", "{!}"),
        ("3.1.0", "{properties: {a: {}}, required: [b, a]}", "{a: any, b: any}"),
        ("3.1.0", "{properties: {a: {type: string, readOnly: true}}}", "{a?: text read}"),
        ("3.1.0", "{allOf: [{$ref: '#/components/schemas/N'}], description: d}", "&N"),
        ("3.1.0", "{$ref: '#/components/schemas/N', description: d}", "&N"),
        ("3.0.0", "{$ref: '#/components/schemas/N', type: string}", "&N"),
        ("3.0.0", "{allOf: [{$ref: '#/components/schemas/N'}], nullable: true}", "&N or null"),
        (
            "3.1.0",
            "{allOf: [{$ref: '#/components/schemas/N'}, {properties: {c: {type: integer}}}]}",
            "{next?: &N, c?: integer}",
        ),
        ("3.1.0", "{anyOf: [{$ref: '#/components/schemas/N'}, {type: 'null'}]}", "&N or null"),
        (
            "3.1.0",
            "{oneOf: [{type: string}, {type: integer}], discriminator: {propertyName: p}}",
            "<text | integer by p>",
        ),
        ("3.1.0", "{properties: {a: {}, b: {}}, anyOf: [{required: [a]}, {required: [b]}]}", "{a?: any, b?: any}"),
        (
            "3.1.0",
            "{properties: {a: {type: string}}, oneOf: [{properties: {b: {type: integer}}}, {properties: {c: {}}}]}",
            "<{a?: text, b?: integer} | {a?: text, c?: any}>",
        ),
        ("3.1.0", "{type: [string, 'null'], enum: [a]}", "\"a\""),
        ("3.1.0", "{patternProperties: {'^x': {type: integer}}, additionalProperties: false}", "{*: integer}"),
    ] {
        let schemas =
            format!("{{S: {schema}, N: {{type: object, properties: {{next: {{$ref: '#/components/schemas/N'}}}}}}}}");
        let paths = "{/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/S'}}}}}}}}";
        let model = model(version, paths, &schemas);
        let found = model.types.iter().find(|named| named.name == "S").map(|named| shown(&model, &named.value));
        assert_eq!(found.as_deref(), Some(expected), "{version} {schema}");
    }
}

#[test]
fn a_base_that_lists_its_heirs_is_no_circle() {
    let schemas = "{Pet: {type: object, oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], \
                   properties: {kind: {type: string}}}, \
                   Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {properties: {lives: {type: integer}}}]}, \
                   Dog: {properties: {bark: {type: string}}}, \
                   Self: {allOf: [{$ref: '#/components/schemas/Self'}]}, \
                   Deep: {properties: {deep: {allOf: [{$ref: '#/components/schemas/Deep'}, {properties: {more: {}}}]}}}}";
    let content = |name: &str| format!("{{application/json: {{schema: {{$ref: '#/components/schemas/{name}'}}}}}}");
    let response = |name: &str| format!("{{description: d, content: {}}}", content(name));
    let paths = format!(
        "{{/a: {{get: {{responses: {{'200': {}, '400': {}, '500': {}}}}}}}}}",
        response("Pet"),
        response("Self"),
        response("Deep")
    );
    let model = model("3.1.0", &paths, schemas);
    let of = |name: &str| {
        let named = model.types.iter().find(|named| named.name == name).expect("a type");
        shown(&model, &named.value)
    };
    assert_eq!(of("Pet"), "<{kind?: text, lives?: integer} | {kind?: text, bark?: text}>");
    assert_eq!(of("Deep"), "{deep?: {deep?: any, more?: any}}");
    assert_eq!(of("Self"), "any");
}

#[test]
fn operations_have_keys_parameters_bodies_and_mock_responses() {
    let paths = "{'/a/{id}': {parameters: [{name: id, in: path, required: true, schema: {type: integer}}], \
                 post: {operationId: one, tags: [x], parameters: [{name: q, in: query, style: pipeDelimited, explode: false, \
                 allowReserved: true, schema: {type: array, items: {type: string}}, example: [a, b]}], \
                 requestBody: {required: true, content: {multipart/form-data: {schema: {type: object, properties: {f: {type: string, \
                 format: binary}}}, encoding: {f: {contentType: image/png}}}, application/x-ndjson: {schema: {type: array, items: {type: integer}}}}}, \
                 responses: {'201': {description: d, headers: {X-A: {schema: {type: integer}}}, content: {application/json: {example: {a: 1}}}}, \
                 default: {description: e}}, callbacks: {done: {'{$request.body#/url}': {post: {responses: {'204': {description: d}}}}}}}, \
                 get: {operationId: one, responses: {'204': {description: d}}}}}";
    let model = model("3.1.0", paths, "{}");
    let [post, get] = model.operations.as_slice() else { panic!("two operations") };
    assert_eq!((post.key.as_str(), get.key.as_str()), ("one", "GET /a/{id}"));
    let [id, query] = post.parameters.as_slice() else { panic!("two parameters") };
    assert_eq!(
        (id.place, id.is_required, shown(&model, &id.value)),
        (ParameterPlace::Path, true, "integer".to_owned())
    );
    assert_eq!((query.style, query.explode, query.allows_reserved), (ParameterStyle::PipeDelimited, false, true));
    assert_eq!(query.sample, Some(serde_json::json!(["a", "b"])));
    let [multipart, lines] = post.body.as_ref().expect("a body").content.as_slice() else { panic!("two contents") };
    assert_eq!((multipart.kind, lines.kind), (ContentKind::Multipart, ContentKind::JsonLines));
    assert_eq!(multipart.parts[0].media_types, ["image/png"]);
    assert!(multipart.fields(&model.types).expect("fields").properties[0].value.is_file());
    assert_eq!(lines.item.as_ref().map(|item| shown(&model, item)).as_deref(), Some("integer"));
    let created = post.success().expect("a response");
    assert_eq!(created.mocks[0].body, "{\"a\":1}".as_bytes());
    assert_eq!(post.mock.as_ref().map(|mock| mock.status), Some(201));
    assert_eq!((created.headers[0].name.as_str(), post.responses.len()), ("X-A", 2));
    assert_eq!(post.callbacks[0].operations[0].path, "{$request.body#/url}");
    assert_eq!((model.tags[0].name.as_str(), model.declared_version.as_deref()), ("x", Some("1")));
}

#[test]
fn the_fields_of_a_query_string_are_parameters() {
    let query_of = |media_type: &str, schema: &str| {
        let content = format!("{{schema: {schema}, encoding: {{sort: {{explode: false}}}}}}");
        let paths = format!(
            "{{/a: {{get: {{parameters: [{{name: q, in: querystring, content: {{{media_type}: {content}}}}}], \
             responses: {{'204': {{description: d}}}}}}}}}}"
        );
        let schemas = "{Q: {type: object, required: [term], properties: {term: {type: string, description: T, example: x}, \
                       sort: {type: array, items: {type: string}}, at: {type: object}}}, Map: {type: object, additionalProperties: {type: integer}}}";
        model("3.2.0", &paths, schemas).operations.remove(0).parameters
    };
    let query = |schema: &str| query_of("application/x-www-form-urlencoded", schema);
    let [term, sort, at] = &query("{$ref: '#/components/schemas/Q'}")[..] else { panic!("three parameters") };
    assert_eq!((term.name.as_str(), term.place, term.is_required), ("term", ParameterPlace::Query, true));
    assert_eq!((term.description.as_deref(), &term.sample), (Some("T"), &Some(serde_json::json!("x"))));
    assert_eq!((sort.style, sort.explode, sort.is_required), (ParameterStyle::Form, false, false));
    assert_eq!(at.media_type.as_deref(), Some("application/json"));
    let [whole] = &query("{$ref: '#/components/schemas/Map'}")[..] else { panic!("one parameter") };
    assert_eq!((whole.name.as_str(), whole.style, whole.explode), ("q", ParameterStyle::Form, true));
    for (media_type, is_json) in [("application/json", true), ("text/plain", false)] {
        let [whole] = &query_of(media_type, "{$ref: '#/components/schemas/Q'}")[..] else { panic!("one parameter") };
        assert_eq!((whole.name.as_str(), whole.is_whole, whole.is_json()), ("q", true, is_json));
    }
}

#[test]
fn constraints_are_said_in_words() {
    for (schema, expected) in [
        ("{minimum: 1, exclusiveMinimum: true}", "greater than 1"),
        ("{exclusiveMaximum: 7, maximum: 9}", "at most 9; less than 7"),
        ("{minLength: 3, maxLength: 3}", "exactly 3 characters"),
        ("{minItems: 1, uniqueItems: true}", "at least 1 item; no item twice"),
        ("{maxProperties: 2.0}", "at most 2 properties"),
        ("{multipleOf: 0.5, pattern: ^a}", "a multiple of 0.5; matches ^a"),
    ] {
        let document = crate::definition::tree("g", "a.yaml", schema.as_bytes());
        let constraints = Constraint::read(document.root().expect("a root"));
        let words: Vec<String> = constraints.iter().map(ToString::to_string).collect();
        assert_eq!(words.join("; "), expected, "{schema}");
    }
}
