//! Reading small documents: values, locations, references, APIs.

use crate::model::Hint;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{ApiResults, DefinitionReading, ParameterPlace, ParameterStyle, Specification, StatusPattern, read, rules};
use crate::definition::ImportRules;
use crate::model::DEFINITION_FILE;

mod alternatives;
mod dynamic;
mod layout;
mod objects;
mod random;
mod results;

fn read_files(files: &[(&str, &str)]) -> DefinitionReading {
    let files: BTreeMap<&str, Arc<[u8]>> =
        files.iter().map(|(path, text)| (*path, Arc::from(text.as_bytes()))).collect();
    read("groups/g", &mut |path| Ok(files.get(path).cloned()))
}

fn read_text(text: &str) -> DefinitionReading {
    read_files(&[(DEFINITION_FILE, text)])
}

/// Lists findings as `line:column rule`.
fn places(reading: &DefinitionReading) -> Vec<String> {
    let place = |finding: &crate::model::Finding| {
        let file = finding.location.to_string();
        format!("{} {}", file.strip_prefix("groups/g/").expect("within the folder"), finding.rule)
    };
    reading.findings.iter().map(place).collect()
}

#[test]
fn scalars_follow_the_core_schema() {
    let text = "a: [null, ~, true, True, yes, no, 1, -1, 0x1f, 0o17, 012, 1_000, 1.5, 1e3, .inf, +1, '1', \"\\ud83d\\ude00\", \
                !!str 1, 2020-01-01, 12:30, 18446744073709551615]\n200: x\nno: y\n? null\n: z\n";
    let reading = read_text(text);
    assert_eq!(places(&reading), ["openapi.yaml:1:1 openapi-version"]);
    let mut findings = super::findings::ReadFindings::default();
    let mut document = super::document::Document::new("");
    let root = super::yaml::read(&mut document, "f", text.as_bytes(), &mut findings).expect("it is read");
    let value = document.node(root).to_value(100).expect("small");
    let expected = json!({
        "a": [null, null, true, true, "yes", "no", 1, -1, 31, 15, "012", "1_000", 1.5, 1000.0, ".inf", 1, "1", "😀",
            "1", "2020-01-01", "12:30", 18_446_744_073_709_551_615_u64],
        "200": "x", "no": "y", "null": "z",
    });
    assert_eq!(value, expected);
}

#[test]
fn json_is_read_as_json_readers_read_it() {
    let text = "{\n\t\"a\":\"\\u00e9\\/\\n\\ud83d\\ude00\",\"b\":[1,2.5e-3,-0,true,null],\"c\":{}}";
    let mut findings = super::findings::ReadFindings::default();
    let mut document = super::document::Document::new("");
    let root = super::yaml::read(&mut document, "f", text.as_bytes(), &mut findings).expect("it is read");
    let expected: Value = serde_json::from_str(text).expect("JSON");
    let read = document.node(root).to_value(100).expect("small");
    assert_eq!(read["a"], expected["a"]);
    assert_eq!(read["b"][1], expected["b"][1]);
    assert_eq!(read["c"], expected["c"]);
}

#[test]
fn merge_keys_bring_fields_in_and_own_fields_win() {
    let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}\n";
    let mut findings = super::findings::ReadFindings::default();
    let mut document = super::document::Document::new("");
    let root = super::yaml::read(&mut document, "f", text.as_bytes(), &mut findings).expect("it is read");
    let merged = document.node(root).get("z").and_then(|node| node.to_value(100)).expect("small");
    assert_eq!(merged, json!({ "c": 3, "a": 1, "b": 1 }));
    assert!(findings.into_vec().is_empty());
}

#[test]
fn faults_have_the_place_of_their_token() {
    let head = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n";
    let cases: &[(&str, &[&str])] = &[
        ("paths:\n  /a: {}\n  /a: {}\n", &["openapi.yaml:5:3 duplicate-key"]),
        ("paths: []\n", &["openapi.yaml:3:8 definition-structure"]),
        ("paths:\n  /a: {get: 1}\n", &["openapi.yaml:4:13 definition-structure"]),
        ("paths:\n  /a/{b: {}\n", &["openapi.yaml:4:3 path-template"]),
        ("paths:\n  a: {}\n", &["openapi.yaml:4:3 definition-sloppy"]),
        ("paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {get: {}}\n", &["openapi.yaml:5:12 duplicate-api"]),
        ("paths:\n  /a: {get: {responses: {abc: {}}}}\n", &["openapi.yaml:4:26 definition-structure"]),
        ("paths:\n  /a: {get: {responses: {2xx: {}}}}\n", &["openapi.yaml:4:26 definition-sloppy"]),
        ("paths:\n  /a: {get: {deprecated: 'yes'}}\n", &["openapi.yaml:4:26 definition-sloppy"]),
        ("paths:\n  /a: {get: {operationId: 7}}\n", &["openapi.yaml:4:27 definition-sloppy"]),
        ("paths:\n  /a: {get: {parameters: [{in: query}]}}\n", &["openapi.yaml:4:27 definition-structure"]),
        ("paths:\n  /a: {$ref: 'http://x/y'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'file:///etc/passwd'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: '../other/openapi.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'x/%2e%2e/../../o.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: '/etc/passwd'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'a\\b.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'group.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'versions/1.0.0/openapi.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'missing.yaml'}\n", &["openapi.yaml:4:14 reference-unresolved"]),
        ("paths:\n  /a: {$ref: '#/nowhere'}\n", &["openapi.yaml:4:14 reference-unresolved"]),
        ("paths:\n  /a: {$ref: '#/paths/~1a'}\n", &["openapi.yaml:4:14 reference-circular"]),
        ("paths: {\n", &["openapi.yaml:3:8 definition-syntax"]),
    ];
    for (text, expected) in cases {
        assert_eq!(places(&read_text(&format!("{head}{text}"))), *expected, "{text}");
    }
}

#[test]
fn data_may_look_like_a_reference() {
    let reading = read_text(
        "openapi: 3.1.0\nx-any: {$ref: nowhere}\ncomponents:\n  schemas:\n    a:\n      default: {$ref: nowhere}\n      \
         examples: [{$ref: nowhere}]\n      properties:\n        example: {$ref: '#/components/schemas/b'}\n        \
         $ref: {type: string}\n    b: {}\n",
    );
    assert_eq!(places(&reading), Vec::<String>::new());
}

#[test]
fn every_file_that_is_reached_is_listed() {
    let reading = read_files(&[
        (
            DEFINITION_FILE,
            "openapi: 3.0.3\npaths:\n  /a: {$ref: 'paths/a.yaml'}\ncomponents: {schemas: {unused: {$ref: u.json#/x}}}\n",
        ),
        ("paths/a.yaml", "get:\n  responses:\n    200: {$ref: '../parts.yaml#/ok'}\n"),
        (
            "parts.yaml",
            "ok: {description: d, content: {text/plain: {schema: {$ref: '#/s%20t'}}}}\ns t: {type: string}\n",
        ),
        ("u.json", "{\"x\": {}}"),
        ("other.yaml", "{}"),
    ]);
    assert_eq!(places(&reading), Vec::<String>::new());
    let files: Vec<&str> = reading.files.iter().map(|(path, _)| path).collect();
    assert_eq!(files, ["openapi.yaml", "parts.yaml", "paths/a.yaml", "u.json"]);
    let definition = reading.definition.expect("it is read");
    let api = definition.api("GET /a").expect("the API");
    assert_eq!(api.location.to_string(), "groups/g/paths/a.yaml:1:1");
    let results = definition.results();
    let result = results.first().and_then(ApiResults::constant).expect("a result");
    assert_eq!(
        (result.status, result.media_type.as_deref(), &result.body[..]),
        (200, Some("text/plain"), &b"string"[..])
    );
}

#[test]
fn names_of_schemas_are_followed() {
    let schema = json!({
        "$defs": {
            "a": { "$anchor": "plain", "type": "integer" },
            "b": { "$id": "https://example.com/b", "type": "boolean", "$defs": { "c": { "const": 7 } },
                "properties": { "c": { "$ref": "#/$defs/c" } } },
        },
        "type": "object",
        "required": ["x", "y", "z"],
        "properties": {
            "x": { "$ref": "#plain" }, "y": { "$ref": "https://example.com/b" },
            "z": { "$ref": "https://example.com/b#/$defs/c" },
        },
    });
    assert_eq!(results::built("3.1.0", &schema), Some(json!({ "x": 0, "y": true, "z": 7 })));
}

#[test]
fn an_api_has_all_that_the_definition_says() {
    let reading = read_text(
        "openapi: 3.0.3\ninfo: {title: Pets}\nservers: [{url: 'https://{h}/v1', variables: {h: {default: a.b}}}]\n\
         security: [{k: []}]\npaths:\n  /pets/{id}:\n    x-shared: 1\n    parameters:\n    - {name: id, in: path, schema: \
         {type: integer}}\n    - {name: q, in: query, schema: {type: string}}\n    get:\n      operationId: getPet\n      \
         x-own: 2\n      parameters:\n      - {name: q, in: query, required: true, style: pipeDelimited, schema: {type: \
         array}}\n      responses: {default: {description: d}, 4XX: {description: e}, 200: {description: f}}\n    \
         delete: {security: []}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X-Key}}}\n",
    );
    assert_eq!(places(&reading), Vec::<String>::new());
    let definition = reading.definition.expect("it is read");
    assert_eq!((definition.specification, definition.title.as_str()), (Specification::V3_0, "Pets"));
    assert_eq!(definition.servers.first().map(|server| server.url.as_str()), Some("https://a.b/v1"));
    let names: Vec<String> = definition.apis.iter().map(super::Api::name).collect();
    assert_eq!(names, ["getPet", "DELETE /pets/{id}"]);
    let api = definition.api("getPet").expect("the API");
    let parameters: Vec<_> =
        api.parameters.iter().map(|one| (one.name.as_str(), one.place, one.required, one.style)).collect();
    let expected = [
        ("id", ParameterPlace::Path, true, ParameterStyle::Simple),
        ("q", ParameterPlace::Query, true, ParameterStyle::PipeDelimited),
    ];
    assert_eq!(parameters, expected);
    let statuses: Vec<_> = api.responses.iter().map(|response| response.status).collect();
    assert_eq!(statuses, [StatusPattern::Default, StatusPattern::Class(4), StatusPattern::Code(200)]);
    assert_eq!(api.extensions.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["x-shared", "x-own"]);
    assert_eq!(api.security, [[("k".to_owned(), Vec::<String>::new())]]);
    assert!(definition.api("DELETE /pets/{id}").is_some_and(|api| api.security.is_empty()));
}

#[test]
fn references_to_an_imported_document_lead_to_it_by_its_new_name() {
    let document = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {$ref: 'b/c.yaml#/a'}}\n\
                    components: {schemas: {A: {$anchor: q}, B: {$ref: 'a.yaml#/components/schemas/A'}}}\n";
    for (schema, more, changed, count) in [
        ("{}", "b: {$ref: '../a.yaml#/components'}", None, 1),
        ("{x-a: {$ref: '../a.yaml#/components'}}", "", None, 1),
        (
            "{$ref: ../a.yaml#/components/schemas/A} # a.yaml",
            "",
            Some("{$ref: ../openapi.yaml#/components/schemas/A} # a.yaml"),
            2,
        ),
        ("{$ref: '.././%61.yaml#q'}", "", Some("{$ref: '.././openapi.yaml#q'}"), 2),
        ("{$dynamicRef: '../a.yaml#q'}", "", Some("{$dynamicRef: '../openapi.yaml#q'}"), 2),
        (
            "{\"ö\": &x {\"$ref\": \"../a.yaml\"}, not: *x, allOf: [{$ref: \"../a.yaml#q\"}, *x]}",
            "",
            Some("{\"ö\": &x {\"$ref\": \"../openapi.yaml\"}, not: *x, allOf: [{$ref: \"../openapi.yaml#q\"}, *x]}"),
            3,
        ),
        (
            "{oneOf: [{$ref: '../a.yaml#q'}], discriminator: {propertyName: p, mapping: {a: '../a.yaml#q', b: '#/b'}}}",
            "",
            Some(
                "{oneOf: [{$ref: '../openapi.yaml#q'}], discriminator: {propertyName: p, mapping: {a: '../openapi.yaml#q', b: '#/b'}}}",
            ),
            3,
        ),
        ("{$ref: '#/x/A'}", "x: {$ref: '../a.yaml#/components/schemas'}", None, 2),
    ] {
        let beside = |schema: &str, more: &str| {
            format!(
                "a: {{get: {{responses: {{'200': {{description: d, content: {{a/b: {{schema: {schema}\n}}}}}}}}}}}}\n{more}\n"
            )
        };
        let given = beside(schema, more);
        let file = |name: &str| match name {
            "a.yaml" => Some(Arc::from(document.as_bytes())),
            "b/c.yaml" => Some(Arc::from(given.as_bytes())),
            _ => None,
        };
        let imported = crate::definition::import("a.yaml", &[], &ImportRules::default(), &mut |name| Ok(file(name)))
            .expect("it is imported");
        assert_eq!((imported.apis, imported.renamed), (1, count), "{given}");
        let files: Vec<(&str, &str)> =
            imported.files.iter().map(|(name, bytes)| (name, std::str::from_utf8(bytes).expect("UTF-8"))).collect();
        let more = if count == 1 { more.to_owned() } else { more.replace("a.yaml", DEFINITION_FILE) };
        let kept = beside(changed.unwrap_or(schema), &more);
        let renamed = document.replace("'a.yaml#", "'openapi.yaml#");
        assert_eq!(files, [("b/c.yaml", kept.as_str()), (DEFINITION_FILE, renamed.as_str())]);
        let again = |name: &str| Ok(imported.files.get(name).cloned());
        let again = crate::definition::import(DEFINITION_FILE, &[], &ImportRules::default(), &mut { again })
            .expect("it is imported again");
        assert_eq!((again.files, again.renamed), (imported.files, 0), "it has that name already");
    }
}

#[test]
fn a_reference_to_an_imported_document_that_cannot_be_changed_is_refused_with_its_place() {
    let import = |reference: &str| {
        let document = format!(
            "openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {{'200':\n  \
             {{description: d, content: {{a/b: {{schema: {{$ref: {reference}}}}}}}}}}}}}}}}}\nx: {{}}\n"
        );
        let fetch = |name: &str| (name == "a.yaml").then(|| Arc::from(document.as_bytes()));
        crate::definition::import("a.yaml", &[], &ImportRules::default(), &mut |name| Ok(fetch(name)))
    };
    let findings = import("\"a.yaml\\u0023/x\"").expect_err("nobody finds the end of the name");
    let told: Vec<String> = findings.iter().map(crate::model::Finding::one_line).collect();
    let message = "this names \"a.yaml\", which is \"openapi.yaml\" in a group, and cannot be changed here";
    assert_eq!(told, [format!("a.yaml:4:51: {message}")]);
    assert!(matches!(&findings[0].hint, Hint::Text(hint) if hint.starts_with("write \"openapi.yaml\"")));
    let findings = import("\"a.yaml\\u0023/y\"").expect_err("it leads nowhere");
    assert!(findings.iter().all(|finding| !finding.message.contains(message)), "{findings:?}");
}

#[test]
fn a_pointer_without_its_first_slash_is_taken_with_a_warning() {
    let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    A: {type: string}\n    \
                B: {$ref: '#components/schemas/A'}\n    C: {$anchor: c}\n    D: {$ref: '#c'}\n";
    let bytes: std::sync::Arc<[u8]> = std::sync::Arc::from(text.as_bytes());
    let findings = read("g", &mut |_| Ok(Some(std::sync::Arc::clone(&bytes)))).findings;
    let told: Vec<(&str, usize)> = findings.iter().map(|finding| (finding.rule, finding.location.line)).collect();
    assert_eq!(told, [(rules::SLOPPY.name, 7)], "{findings:?}");
}

#[test]
fn nothing_in_the_place_of_an_operation_or_a_body_is_taken_as_one_that_says_nothing() {
    let reading =
        read_text("openapi: 3.0.3\npaths:\n  /a:\n    get:\n    put: {requestBody: }\n    post: {requestBody: 1}\n");
    assert_eq!(places(&reading), ["openapi.yaml:6:25 definition-structure"]);
    let definition = reading.definition.unwrap();
    let names: Vec<_> = definition.apis.iter().map(|api| (api.name(), api.request_body.is_some())).collect();
    assert_eq!(names[..2], [("GET /a".to_owned(), false), ("PUT /a".to_owned(), false)]);
}

#[test]
fn what_is_no_definition_is_called_by_its_name() {
    for (text, word) in [
        ("asyncapi: 3.0.0\n", "; it looks like AsyncAPI"),
        ("swaggerVersion: \"1.2\"\n", "; it looks like Swagger 1"),
        ("$schema: https://json-schema.org/draft/2020-12/schema\n", "; it looks like a JSON Schema"),
        ("name: x\n", "has no field `openapi`, which says what it follows"),
    ] {
        let reading = read_text(text);
        let [finding] = reading.findings.as_slice() else { panic!("{text}: {:?}", reading.findings) };
        assert!(finding.message.contains(word), "{}", finding.message);
        // Whoever reads this may just have typed that command.
        assert!(finding.hint != Hint::ImportDefinition, "{:?}", finding.hint);
    }
}

#[test]
fn a_reference_that_leads_nowhere_says_where_it_ends() {
    let reading = read_text("openapi: 3.1.0\npaths: {/a: {$ref: '#/components/pathItems/a'}}\n");
    let told: Vec<&str> = reading.findings.iter().map(|finding| finding.message.as_str()).collect();
    let expected = "the reference \"#/components/pathItems/a\" leads nowhere: the document has no \"components\"";
    assert_eq!(told, [expected]);
}

#[test]
fn prose_of_the_wrong_kind_is_left_out_and_names_are_refused() {
    let text = "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      summary: {a: 1}\n      responses:\n        '200':\n          \
                description: [d]\n";
    let reading = read_text(text);
    assert_eq!(places(&reading), ["openapi.yaml:5:16 definition-sloppy", "openapi.yaml:8:24 definition-sloppy"]);
    let api = &reading.definition.as_ref().expect("it is read").apis[0];
    assert_eq!((&api.summary, &api.responses[0].description), (&None, &None));
    let refused = read_text(&text.replace("summary", "operationId"));
    assert_eq!(places(&refused)[0], "openapi.yaml:5:20 definition-structure");
    assert_eq!(refused.findings[0].message, "a text is needed here, and this is a mapping");
}

#[test]
fn json_may_hold_control_characters_that_yaml_may_not() {
    let title = "a\u{7f}b\u{80}\u{85}\u{9f}c";
    let text = format!(
        "{{\"openapi\": \"3.0.0\", \"info\": {{\"title\": \"{title}\"}}, \"paths\": [], \"\u{80}\": \"\u{fdd0}\"}}"
    );
    // A placeholder cannot be distinguished from the same character in the text.
    assert_eq!(places(&read_text(&text)), ["openapi.yaml:1:42 definition-syntax"]);
    let reading = read_text(&text.replace('\u{fdd0}', ""));
    assert_eq!(places(&reading), ["openapi.yaml:1:61 definition-structure"]);
    assert_eq!(reading.definition.expect("it is read").title, title);
}
