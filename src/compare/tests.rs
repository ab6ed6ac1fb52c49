//! Each kind of change in both directions: there and back, sent and returned.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::coverage::CHECKS;
use super::{Change, Comparison, Compatibility, KINDS, Side, compare, markdown};
use crate::definition::{Definition, read};
use crate::model::{DEFINITION_FILE, GroupSettings, Level};

pub(super) fn definition(text: &str) -> Definition {
    let bytes: Arc<[u8]> = Arc::from(text.as_bytes());
    let reading = read("g", &mut |path| Ok((path == DEFINITION_FILE).then(|| Arc::clone(&bytes))));
    reading.definition.unwrap_or_else(|| panic!("{text}: {:?}", reading.findings))
}

pub(super) fn settings(text: &str) -> GroupSettings {
    serde_yaml::from_str(&format!("{{schema: 1, version: 0.0.1, {text}}}")).expect("settings")
}

pub(super) fn compared(before: &Definition, after: &Definition) -> Comparison {
    let settings = settings("prefix: /");
    compare(Side { settings: &settings, definition: before }, Side { settings: &settings, definition: after })
}

fn kinds(comparison: &Comparison) -> Vec<String> {
    let shown = |change: &Change| match change.compatibility {
        Compatibility::Breaking => format!("{} breaks", change.kind),
        Compatibility::Compatible => change.kind.to_owned(),
    };
    let mut kinds: Vec<String> = comparison.changes.iter().map(shown).collect();
    kinds.sort();
    kinds
}

/// The rest of a definition around a schema that a request sends, or a response returns.
pub(super) fn around(specification: &str, schema: &str, sent: bool, components: &str) -> Definition {
    let content = format!("content: {{application/json: {{schema: {schema}}}}}");
    let (body, response) = if sent {
        (format!("requestBody: {{{content}}}, "), String::new())
    } else {
        (String::new(), format!(", {content}"))
    };
    definition(&format!(
        "openapi: {specification}\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{post: {{{body}responses: {{'200': {{description: d{response}}}}}}}}}}}\n{components}"
    ))
}

/// A schema before and after, and what is expected there and back: each kind with who breaks of those who send the
/// value (`request`) and those who read it (`response`), `both` or `none`.
#[rustfmt::skip]
const SCHEMAS: &[(&str, &str, &str, &str)] = &[
    // Types
    ("{type: string}", "{type: boolean}", "type-changed both", "type-changed both"),
    ("{type: integer}", "{type: number}", "type-widened response", "type-narrowed request"),
    ("{type: string}", "{type: [string, integer]}", "type-widened response", "type-narrowed request"),
    ("{type: [string, integer]}", "{type: [string, boolean]}", "type-changed both", "type-changed both"),
    ("{type: string}", "{type: [string, 'null']}", "null-allowed response", "null-refused request"),
    ("{type: string}", "{oneOf: [{type: string}, {type: 'null'}]}", "null-allowed response", "null-refused request"),
    ("{type: string}", "{}", "schema-removed response", "schema-added request"),
    ("{type: string}", "true", "schema-removed response", "schema-added request"),
    ("{type: string}", "false", "constraint-added request", "constraint-removed response"),
    // Formats
    ("{type: string}", "{type: string, format: date}", "format-narrowed request", "format-widened response"),
    ("{type: string, format: date}", "{type: string, format: uuid}", "format-changed both", "format-changed both"),
    ("{type: integer, format: int32}", "{type: integer, format: int64}", "format-widened response", "format-narrowed request"),
    // Listed values
    ("{type: string}", "{type: string, enum: [a, b]}", "enum-added request", "enum-removed response"),
    ("{type: string, enum: [a, b]}", "{type: string, enum: [b, a, c]}", "enum-value-added response", "enum-value-removed request"),
    ("{const: a}", "{const: b}", "const-changed both", "const-changed both"),
    ("{const: a}", "{enum: [a, b]}", "enum-value-added response", "enum-value-removed request"),
    ("{type: string}", "{type: string, const: a}", "enum-added request", "enum-removed response"),
    // Numbers
    ("{type: number}", "{type: number, minimum: 1}", "range-narrowed request", "range-widened response"),
    ("{type: number, minimum: 1}", "{type: number, minimum: 2}", "range-narrowed request", "range-widened response"),
    ("{type: number, maximum: 1}", "{type: number, maximum: 2}", "range-widened response", "range-narrowed request"),
    ("{type: number, minimum: 1}", "{type: number, exclusiveMinimum: 1}", "range-narrowed request", "range-widened response"),
    ("{type: number, exclusiveMaximum: 9}", "{type: number, exclusiveMaximum: 9.5}", "range-widened response", "range-narrowed request"),
    ("{type: integer, maximum: 18446744073709551614}", "{type: integer, maximum: 18446744073709551615}", "range-widened response", "range-narrowed request"),
    ("{type: number}", "{type: number, multipleOf: 0.1}", "multiple-narrowed request", "multiple-widened response"),
    ("{type: number, multipleOf: 0.1}", "{type: number, multipleOf: 0.5}", "multiple-narrowed request", "multiple-widened response"),
    ("{type: number, multipleOf: 2}", "{type: number, multipleOf: 3}", "multiple-changed both", "multiple-changed both"),
    // Texts
    ("{type: string}", "{type: string, minLength: 1}", "length-narrowed request", "length-widened response"),
    ("{type: string, maxLength: 5}", "{type: string, maxLength: 9}", "length-widened response", "length-narrowed request"),
    ("{type: string}", "{type: string, pattern: '^a'}", "pattern-added request", "pattern-removed response"),
    ("{type: string, pattern: '^a'}", "{type: string, pattern: '^b'}", "pattern-changed both", "pattern-changed both"),
    ("{type: string}", "{type: string, contentEncoding: base64}", "constraint-added request", "constraint-removed response"),
    ("{type: string, contentMediaType: a/b}", "{type: string, contentMediaType: a/c}", "constraint-changed both", "constraint-changed both"),
    // Lists
    ("{type: array, items: {type: string}}", "{type: array, items: {type: string}, minItems: 1}", "item-count-narrowed request", "item-count-widened response"),
    ("{type: array, maxItems: 1}", "{type: array, maxItems: 2}", "item-count-widened response", "item-count-narrowed request"),
    ("{type: array}", "{type: array, uniqueItems: true}", "unique-items-required request", "unique-items-lifted response"),
    ("{type: array, items: {type: integer}}", "{type: array, items: {type: number}}", "type-widened response", "type-narrowed request"),
    ("{type: array}", "{type: array, items: {type: number}}", "schema-added request", "schema-removed response"),
    ("{type: array, items: {type: string}}", "{type: array, items: {type: string}, prefixItems: [{type: string, maxLength: 1}]}", "length-narrowed request", "length-widened response"),
    ("{type: array}", "{type: array, contains: {type: string}}", "constraint-added request", "constraint-removed response"),
    ("{type: array, contains: {type: integer}}", "{type: array, contains: {type: number}}", "type-widened response", "type-narrowed request"),
    ("{type: array, contains: {type: integer}}", "{type: array, contains: {type: integer}, minContains: 2}", "constraint-added request", "constraint-removed response"),
    ("{type: array, contains: {type: integer}, maxContains: 3}", "{type: array, contains: {type: integer}, maxContains: 4}", "constraint-removed response", "constraint-added request"),
    ("{type: array, unevaluatedItems: false}", "{type: array}", "constraint-removed response", "constraint-added request"),
    // Objects
    ("{type: object}", "{type: object, minProperties: 1}", "property-count-narrowed request", "property-count-widened response"),
    ("{type: object, maxProperties: 1}", "{type: object, maxProperties: 2}", "property-count-widened response", "property-count-narrowed request"),
    ("{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}, b: {}}}", "property-added none", "property-removed both"),
    ("{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}, b: {}}, required: [b]}", "required-property-added request", "property-removed both"),
    ("{type: object, properties: {a: {type: string}}}", "{type: object, properties: {a: {type: string}}, required: [a]}", "property-became-required request", "property-became-optional response"),
    ("{type: object}", "{type: object, required: [a]}", "property-became-required request", "property-became-optional response"),
    ("{type: object}", "{type: object, additionalProperties: false}", "additional-properties-narrowed request", "additional-properties-widened response"),
    ("{type: object}", "{type: object, additionalProperties: {type: string}}", "additional-properties-narrowed request", "additional-properties-widened response"),
    ("{type: object, additionalProperties: false}", "{type: object, additionalProperties: {type: string}}", "additional-properties-widened response", "additional-properties-narrowed request"),
    ("{type: object, additionalProperties: {type: integer}}", "{type: object, additionalProperties: {type: number}}", "type-widened response", "type-narrowed request"),
    ("{type: object}", "{type: object, patternProperties: {'^x': {type: string}}}", "constraint-added request", "constraint-removed response"),
    ("{type: object, patternProperties: {'^x': {type: integer}}}", "{type: object, patternProperties: {'^x': {type: number}}}", "type-widened response", "type-narrowed request"),
    ("{type: object}", "{type: object, propertyNames: {pattern: '^a'}}", "constraint-added request", "constraint-removed response"),
    ("{type: object, propertyNames: {maxLength: 1}}", "{type: object, propertyNames: {maxLength: 2}}", "length-widened response", "length-narrowed request"),
    ("{type: object}", "{type: object, dependentRequired: {a: [b]}}", "constraint-added request", "constraint-removed response"),
    ("{type: object}", "{type: object, dependentSchemas: {a: {required: [b]}}}", "constraint-added request", "constraint-removed response"),
    ("{type: object}", "{type: object, unevaluatedProperties: false}", "constraint-added request", "constraint-removed response"),
    ("{type: object, additionalProperties: false}", "{type: object, additionalProperties: false, patternProperties: {a: {}}}", "constraint-changed both", "constraint-changed both"),
    ("{type: object, additionalProperties: {type: integer}}", "{type: object, additionalProperties: {type: integer}, properties: {a: {type: string}}}", "property-added none, type-changed both", "property-removed both"),
    ("{enum: [1, a]}", "{enum: [1, a], type: string}", "enum-value-removed request", "enum-value-added response"),
    // Who sends what
    ("{type: object, properties: {a: {type: string}}}", "{type: object, properties: {a: {type: string, readOnly: true}}}", "read-only-added request", "read-only-removed none"),
    ("{type: object, properties: {a: {type: string}}}", "{type: object, properties: {a: {type: string, writeOnly: true}}}", "write-only-added response", "write-only-removed none"),
    // Composition
    ("{type: string}", "{oneOf: [{type: boolean}, {type: integer}]}", "alternative-added response, alternative-added response, type-changed both", "alternative-removed request, alternative-removed request, type-changed both"),
    ("{anyOf: [{type: string}, {type: boolean}, {type: 'null'}]}", "{anyOf: [{type: string}, {type: boolean}]}", "null-refused request", "null-allowed response"),
    ("{type: [string, 'null']}", "{anyOf: [{type: string}, {type: boolean}, {type: 'null'}]}", "alternative-added response", "alternative-removed request"),
    ("{type: string}", "{anyOf: [{type: string}, {type: boolean}, {type: 'null'}]}", "alternative-added response, null-allowed response", "alternative-removed request, null-refused request"),
    ("{oneOf: [{type: string}, {type: boolean}]}", "{oneOf: [{type: string}, {type: boolean}, {type: integer}]}", "alternative-added response", "alternative-removed request"),
    ("{anyOf: [{type: string}, {type: boolean}]}", "{anyOf: [{type: string}, {type: boolean}, {type: integer}]}", "alternative-added response", "alternative-removed request"),
    ("{type: string}", "{oneOf: [{type: boolean}, {type: string}]}", "alternative-added response", "alternative-removed request"),
    ("{type: string}", "{oneOf: [{type: boolean}, {type: string, maxLength: 3}]}", "alternative-added response, length-narrowed request", "alternative-removed request, length-widened response"),
    ("{oneOf: [{title: A, type: integer}, {title: B, type: boolean}]}", "{oneOf: [{title: B, type: boolean}, {title: A, type: number}]}", "type-widened response", "type-narrowed request"),
    ("{anyOf: [{type: string}, {type: boolean}]}", "{oneOf: [{type: string}, {type: boolean}]}", "choice-narrowed request", "choice-widened response"),
    ("{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}}, oneOf: [{required: [a]}, {required: [b]}]}", "choice-added request", "choice-removed response"),
    ("{type: string}", "{allOf: [{type: string}, {maxLength: 3}]}", "length-narrowed request", "length-widened response"),
    ("{type: string}", "{type: string, not: {const: a}}", "constraint-added request", "constraint-removed response"),
    ("{not: {type: integer}}", "{not: {type: number}}", "type-widened request", "type-narrowed response"),
    ("{not: {not: {type: integer}}}", "{not: {not: {type: number}}}", "type-widened response", "type-narrowed request"),
    ("{not: {type: object, properties: {a: {}}}}", "{not: {type: object, properties: {a: {}, b: {}}}}", "constraint-changed both", "property-removed both"),
    ("{if: {type: integer}, then: {minimum: 1}}", "{if: {type: number}, then: {minimum: 1}}", "type-widened both", "type-narrowed both"),
    ("{if: {type: integer}, then: {minimum: 1}}", "{if: {type: integer}, then: {minimum: 2}}", "range-narrowed request", "range-widened response"),
    ("{if: {type: integer}, then: {minimum: 1}}", "{if: {type: integer}, then: {minimum: 1}, else: {type: string}}", "constraint-added request", "constraint-removed response"),
    // What tells alternatives apart
    ("{oneOf: [{type: string}, {type: boolean}]}", "{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k}}", "discriminator-added none", "discriminator-removed none"),
    ("{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k}}", "{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: l}}", "discriminator-changed both", "discriminator-changed both"),
    ("{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k, mapping: {x: A}}}", "{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k, mapping: {x: A, y: B}}}", "discriminator-value-added response", "discriminator-value-removed request"),
    ("{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k, mapping: {x: A}}}", "{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k, mapping: {x: B}}}", "discriminator-changed both", "discriminator-changed both"),
    // What is said of a value
    ("{type: string}", "{type: string, default: a}", "default-changed none", "default-changed none"),
    ("{type: string}", "{type: string, deprecated: true}", "schema-deprecated none", "schema-reactivated none"),
    ("{type: string}", "{type: string, description: a}", "documentation-changed none", "documentation-changed none"),
    ("{type: string}", "{type: string, examples: [a]}", "example-changed none", "example-changed none"),
    ("{type: string, xml: {name: a}}", "{type: string, xml: {name: b}}", "xml-changed both", "xml-changed both"),
];

#[test]
fn schemas_there_and_back_sent_and_returned() {
    for (before, after, there, back) in SCHEMAS {
        for (before, after, expected) in [(before, after, there), (after, before, back)] {
            for (sent, who) in [(true, "request"), (false, "response")] {
                let comparison = compared(&around("3.1.0", before, sent, ""), &around("3.1.0", after, sent, ""));
                let mut wanted: Vec<String> = expected
                    .split(", ")
                    .map(|item| {
                        let (kind, breaks) = item.split_once(' ').expect("a kind and who breaks");
                        assert!(["request", "response", "both", "none"].contains(&breaks), "{breaks}");
                        if breaks == who || breaks == "both" { format!("{kind} breaks") } else { kind.to_owned() }
                    })
                    .collect();
                wanted.sort();
                assert_eq!(kinds(&comparison), wanted, "{before} → {after} in a {who}: {:#?}", comparison.changes);
            }
        }
    }
}

/// The paths, and what else, of a definition before and after; what is expected there and back.
#[rustfmt::skip]
const DEFINITIONS: &[(&str, &str, &str, &str)] = &[
    // APIs
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}, put: {}}}", "api-added", "api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}}, /b: {get: {deprecated: true}}}", "api-added", "deprecated-api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {'/a?x=1': {get: {}}, /a: {get: {}}}", "api-added", "api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {deprecated: true}}}", "api-deprecated", "api-reactivated"),
    ("paths: {/a: {get: {operationId: x}}}", "paths: {/a: {get: {operationId: y}}}", "operation-id-changed", "operation-id-changed"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {operationId: y}}}", "operation-id-changed", "operation-id-changed"),
    ("paths: {/a: {get: {tags: [x]}}}", "paths: {/a: {get: {tags: [y]}}}", "tags-changed", "tags-changed"),
    ("paths: {/a: {get: {summary: x}}}", "paths: {/a: {get: {summary: y}}}", "documentation-changed", "documentation-changed"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {x-apigw-mock: {status: 201}}}}", "example-changed", "example-changed"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {x-owner: me}}}", "extension-changed", "extension-changed"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {x-apigw-match: prefix}}}", "match-widened", "match-narrowed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {callbacks: {c: {}}}}}", "callback-added", "callback-removed breaks"),
    ("paths: {}\nwebhooks: {}", "paths: {}\nwebhooks: {w: {}}", "webhook-added", "webhook-removed breaks"),
    ("paths: {}", "paths: {}\nservers: [{url: http://x}]", "servers-changed", "servers-changed"),
    ("paths: {}", "paths: {}\ntags: [{name: x}]", "documentation-changed", "documentation-changed"),
    ("paths: {}\nwebhooks: {w: {post: {}}}", "paths: {}\nwebhooks: {w: {put: {}}}", "outgoing-changed breaks, outgoing-changed breaks", "outgoing-changed breaks, outgoing-changed breaks"),
    ("paths: {}\nwebhooks: {w: {post: {requestBody: {content: {a/b: {schema: {type: integer}}}}}}}", "paths: {}\nwebhooks: {w: {post: {requestBody: {content: {a/b: {schema: {type: number}}}}}}}", "type-widened breaks", "type-narrowed"),
    ("paths: {}\nwebhooks: {w: {post: {responses: {'200': {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {}\nwebhooks: {w: {post: {responses: {'200': {content: {a/b: {schema: {type: number}}}}}}}}", "type-widened", "type-narrowed breaks"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {post: {requestBody: {content: {a/b: {}}}}}}}}}}", "paths: {/a: {get: {callbacks: {c: {'{x}': {post: {summary: s, requestBody: {content: {a/c: {}}}}}}}}}}", "documentation-changed, outgoing-changed breaks, outgoing-changed breaks", "documentation-changed, outgoing-changed breaks, outgoing-changed breaks"),
    ("paths: {}\nwebhooks: {w: {post: {requestBody: {required: true, content: {a/b: {}}}}}}", "paths: {}\nwebhooks: {w: {post: {requestBody: {content: {a/b: {}}}}}}", "outgoing-became-optional breaks", "outgoing-became-required"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {post: {requestBody: {required: true, content: {a/b: {}}}}}}}}}}", "paths: {/a: {get: {callbacks: {c: {'{x}': {post: {requestBody: {content: {a/b: {}}}}}}}}}}", "outgoing-became-optional breaks", "outgoing-became-required"),
    ("paths: {}\nwebhooks: {w: {parameters: [{in: header, name: X-B, schema: {type: string}}], post: {}}}", "paths: {}\nwebhooks: {w: {post: {}}}", "outgoing-changed breaks", "outgoing-parameter-added"),
    ("paths: {}\nwebhooks: {w: {parameters: [{in: header, name: X-B}], post: {}}}", "paths: {}\nwebhooks: {w: {post: {parameters: [{in: header, name: x-b}]}}}", "", ""),
    ("paths: {}\nwebhooks: {w: {parameters: [{in: query, name: b, required: true}], post: {}}}", "paths: {}\nwebhooks: {w: {parameters: [{in: query, name: b, required: true}], post: {parameters: [{in: query, name: b}]}}}", "outgoing-became-optional breaks", "outgoing-became-required"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {parameters: [{in: query, name: b, schema: {type: integer}}], post: {}}}}}}}", "paths: {/a: {get: {callbacks: {c: {'{x}': {parameters: [{in: query, name: b, schema: {type: number}}], post: {}}}}}}}", "type-widened breaks", "type-narrowed"),
    ("paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b, explode: true}]}}}", "paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b, style: form}]}}}", "", ""),
    ("paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b}]}}}", "paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b, explode: false}]}}}", "outgoing-changed breaks", "outgoing-changed breaks"),
    // Parameters
    ("paths: {'/a/{b}': {get: {parameters: [{in: path, name: b, required: true, schema: {type: string}}]}}}", "paths: {'/a/{c}': {get: {parameters: [{in: path, name: c, required: true, schema: {type: string}}]}}}", "path-parameter-renamed", "path-parameter-renamed"),
    ("paths: {'/a/{b}': {get: {parameters: [{in: path, name: b, required: true, schema: {type: integer}}]}}}", "paths: {'/a/{c}': {get: {parameters: [{in: path, name: c, required: true, schema: {type: string}}]}}}", "path-parameter-renamed, type-widened", "path-parameter-renamed, type-narrowed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "parameter-added", "parameter-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {parameters: [{in: header, name: b, required: true, schema: {type: string}}], get: {}}}", "required-parameter-added breaks", "parameter-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {parameters: [{in: header, name: Accept, schema: {type: string}}]}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: header, name: x-b}]}}}", "paths: {/a: {get: {parameters: [{in: header, name: X-B}]}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: query, name: b}]}}}", "paths: {/a: {get: {parameters: [{in: cookie, name: b}]}}}", "parameter-moved breaks", "parameter-moved breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, required: true}]}}}", "parameter-became-required breaks", "parameter-became-optional"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, deprecated: true}]}}}", "parameter-deprecated", "parameter-reactivated"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, allowReserved: true}]}}}", "parameter-accepts-more", "parameter-accepts-less breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: array}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, explode: false, schema: {type: array}}]}}}", "parameter-style-changed breaks", "parameter-style-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: array}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, style: pipeDelimited, schema: {type: array}}]}}}", "parameter-style-changed breaks", "parameter-style-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, explode: false, style: pipeDelimited, schema: {type: string}}]}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, content: {application/json: {schema: {type: string}}}}]}}}", "parameter-media-type-changed breaks", "parameter-media-type-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, content: {application/json: {schema: {type: integer}}}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, content: {application/json: {schema: {type: string}}}}]}}}", "type-changed breaks", "type-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "type-widened", "type-narrowed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer, default: 1}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer, default: 2, maximum: 9}}]}}}", "default-changed, range-narrowed breaks", "default-changed, range-widened"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, example: 1}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, example: 2}]}}}", "example-changed", "example-changed"),
    // Request bodies
    ("paths: {/a: {put: {}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "request-body-added", "request-body-removed breaks"),
    ("paths: {/a: {put: {}}}", "paths: {/a: {put: {requestBody: {required: true, content: {a/b: {}}}}}}", "required-request-body-added breaks", "request-body-removed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {required: true, content: {a/b: {}}}}}}", "request-body-became-required breaks", "request-body-became-optional"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {}, a/c: {}}}}}}", "media-type-added", "media-type-removed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {A/b; c=d: {}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/*: {}}}}}}", "media-type-widened", "media-type-narrowed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object}}}}}}}", "schema-added breaks", "schema-removed"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {encoding: {x: {style: form}}}}}}}}", "encoding-changed breaks", "encoding-changed breaks"),
    // Responses
    ("paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}, '201': {description: d}}}}}", "response-added", "success-response-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}, '404': {description: d}}}}}", "response-added", "error-response-removed"),
    ("paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {2XX: {description: d}}}}}", "response-widened breaks", "response-narrowed"),
    ("paths: {/a: {get: {responses: {'404': {description: d}}}}}", "paths: {/a: {get: {responses: {default: {description: d}}}}}", "error-response-widened", "response-narrowed"),
    ("paths: {/a: {get: {responses: {2XX: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: number}}}}}}}}", "response-narrowed, type-widened breaks", "response-widened breaks, type-narrowed"),
    ("paths: {/a: {get: {responses: {default: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'404': {content: {a/b: {schema: {type: number}}}}, default: {content: {a/b: {schema: {type: integer}}}}}}}}", "response-added, type-widened breaks", "error-response-widened, type-narrowed"),
    ("paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: e}}}}}", "documentation-changed", "documentation-changed"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {}, a/c: {}}}}}}}", "media-type-added", "media-type-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {'*/*': {}}}}}}}", "media-type-widened breaks", "media-type-narrowed"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object}}}}}}}}", "schema-added", "schema-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: string}}}}}}}}", "header-added", "header-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {x: {required: true}}}}}}}", "header-became-required", "header-became-optional breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: string}}}}}}}}", "type-widened breaks", "type-narrowed"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {content: {a/b: {schema: {type: integer}}}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {content: {a/b: {schema: {type: string}}}}}}}}}}", "type-changed breaks", "type-changed breaks"),
    // Objects that allow no others
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object, additionalProperties: false}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object, additionalProperties: false, properties: {a: {}}}}}}}}}}", "property-added-to-closed-object breaks", "property-removed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object, additionalProperties: false}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object, additionalProperties: false, properties: {a: {}}}}}}}}}", "property-added", "property-removed breaks"),
    // Who sends what
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object, required: [a], properties: {a: {readOnly: true}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {properties: {a: {readOnly: true, type: string}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {properties: {a: {readOnly: true, type: integer}}}}}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object, required: [a], properties: {a: {writeOnly: true}}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {required: [a], properties: {a: {readOnly: true}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {required: [a], properties: {a: {}}}}}}}}}", "property-became-required breaks, read-only-removed", "read-only-added breaks"),
    // Security
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {security: [{k: []}]}}}", "security-required breaks", "security-lifted"),
    ("paths: {/a: {get: {security: [{k: []}]}}}", "paths: {/a: {get: {security: [{k: []}, {}]}}}", "security-lifted", "security-required breaks"),
    ("paths: {/a: {get: {security: [{k: []}]}}}", "paths: {/a: {get: {security: [{k: []}, {o: [r]}]}}}", "security-alternative-added", "security-alternative-removed breaks"),
    ("paths: {/a: {get: {security: [{k: []}]}}}", "paths: {/a: {get: {security: [{k: [], o: [r]}]}}}", "security-alternative-added, security-alternative-removed breaks", "security-alternative-added"),
    ("paths: {/a: {get: {security: [{o: [r]}]}}}", "paths: {/a: {get: {security: [{o: [r, w]}]}}}", "security-scope-added breaks", "security-scope-removed"),
    ("paths: {/a: {get: {security: [{k: []}]}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X}}}", "paths: {/a: {get: {security: [{l: []}]}}}\ncomponents: {securitySchemes: {l: {type: apiKey, in: header, name: x}}}", "", ""),
    ("paths: {}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X}}}", "paths: {}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: Y}}}", "security-scheme-changed breaks", "security-scheme-changed breaks"),
    ("paths: {}\ncomponents: {securitySchemes: {k: {type: oauth2, flows: {}}}}", "paths: {}\ncomponents: {securitySchemes: {k: {type: oauth2, flows: {implicit: {}}}}}", "security-scheme-updated", "security-scheme-updated"),
];

fn whole(text: &str) -> Definition {
    definition(&format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\n{text}\n"))
}

#[test]
fn definitions_there_and_back() {
    for (before, after, there, back) in DEFINITIONS {
        for (before, after, expected) in [(before, after, there), (after, before, back)] {
            let comparison = compared(&whole(before), &whole(after));
            let found = kinds(&comparison).join(", ");
            assert_eq!(&found, expected, "{before} → {after}: {:#?}", comparison.changes);
        }
    }
}

#[rustfmt::skip]
const SETTINGS: &[(&str, &str, &str, &str)] = &[
    ("prefix: /a", "prefix: /b", "prefix-changed breaks", "prefix-changed breaks"),
    ("prefix: /a", "prefix: /a, auth: signature", "auth-required breaks", "auth-lifted"),
    ("prefix: /a", "prefix: /a, domains: [a.example.com]", "domain-added", "domain-removed breaks"),
    ("prefix: /a", "prefix: /a, backend: 'http://x'", "backend-changed", "backend-changed"),
    ("prefix: /a", "prefix: /a, description: d", "group-description-changed", "group-description-changed"),
];

#[test]
fn settings_there_and_back() {
    let definition = whole("paths: {}");
    for (before, after, there, back) in SETTINGS {
        for (before, after, expected) in [(before, after, there), (after, before, back)] {
            let (before, after) = (settings(before), settings(after));
            let comparison = compare(
                Side { settings: &before, definition: &definition },
                Side { settings: &after, definition: &definition },
            );
            assert_eq!(kinds(&comparison), [*expected]);
        }
    }
    let (before, mut after) = (settings("prefix: /"), settings("prefix: /"));
    after.version = before.version.next(Level::Major);
    let comparison = compare(
        Side { settings: &before, definition: &definition },
        Side { settings: &after, definition: &definition },
    );
    assert_eq!(comparison, Comparison::default());
}

#[test]
fn every_kind_is_expected_somewhere() {
    let rows = SCHEMAS.iter().chain(DEFINITIONS).chain(SETTINGS);
    let expected: BTreeSet<&str> = rows
        .flat_map(|(_, _, there, back)| [there, back])
        .flat_map(|list| list.split(", "))
        .filter_map(|item| item.split(' ').next())
        .collect();
    for kind in KINDS {
        let is_bound = ["comparison-incomplete", "changes-left-out", "breaking-changes-left-out"].contains(&kind.name);
        assert!(is_bound || expected.contains(kind.name), "{}", kind.name);
    }
    let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), KINDS.len());
}

#[test]
fn every_check_of_the_other_tool_has_a_verdict() {
    let known: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let mut names = BTreeSet::new();
    let mut covered = 0;
    for check in CHECKS {
        let unknown: Vec<_> = check.kinds.iter().filter(|kind| !known.contains(**kind)).collect();
        assert!(unknown.is_empty(), "{}: no such kind {unknown:?}", check.names);
        assert!(!check.kinds.is_empty() || !check.note.is_empty(), "{}: neither covered nor said why", check.names);
        for name in check.expanded() {
            assert!(!name.contains(['{', '}', ',']) && !name.contains("--"), "{name}");
            covered += usize::from(!check.kinds.is_empty());
            assert!(names.insert(name.clone()), "{name} stands twice");
        }
    }
    assert_eq!((names.len(), covered), (560, 524));
    for name in ["request-body-min-items-set", "api-removed-before-sunset", "response-property-all-of-removed"] {
        assert!(names.contains(name), "{name}");
    }
}

/// Two ways to write one schema, with the components that they refer to.
#[rustfmt::skip]
const ALIKE: &[(&str, &str, &str, &str, &str)] = &[
    ("3.1.0", "{$ref: '#/components/schemas/A'}", "3.1.0", "{type: object, properties: {a: {type: string}}}", "{A: {type: object, properties: {a: {type: string}}}}"),
    ("3.1.0", "{$ref: '#/components/schemas/A'}", "3.1.0", "{allOf: [{$ref: '#/components/schemas/A'}]}", "{A: {type: string}}"),
    ("3.1.0", "{$ref: '#/components/schemas/A'}", "3.1.0", "{oneOf: [{$ref: '#/components/schemas/A'}]}", "{A: {type: string}}"),
    ("3.1.0", "{$ref: '#/components/schemas/A'}", "3.1.0", "{$ref: '#/components/schemas/B'}", "{A: {type: string}, B: {type: string}}"),
    ("3.1.0", "{$ref: '#/components/schemas/A'}", "3.1.0", "{$ref: '#/components/schemas/B'}", "{A: {properties: {a: {$ref: '#/components/schemas/A'}}}, B: {properties: {a: {$ref: '#/components/schemas/B'}}}}"),
    ("3.1.0", "{$ref: '#/components/schemas/A', maxLength: 3}", "3.1.0", "{type: string, maxLength: 3}", "{A: {type: string}}"),
    ("3.1.0", "{type: object, properties: {a: {type: string}, b: {type: string}}, required: [a]}", "3.1.0", "{allOf: [{type: object, properties: {a: {type: string}}}, {properties: {b: {type: string}}, required: [a]}]}", "{}"),
    ("3.0.3", "{type: string, nullable: true}", "3.1.0", "{type: [string, 'null']}", "{}"),
    ("3.0.3", "{type: string, nullable: true}", "3.1.0", "{anyOf: [{type: string}, {type: 'null'}]}", "{}"),
    ("3.0.3", "{allOf: [{$ref: '#/components/schemas/A'}], nullable: true}", "3.1.0", "{oneOf: [{$ref: '#/components/schemas/A'}, {type: 'null'}]}", "{A: {type: object}}"),
    ("3.0.3", "{oneOf: [{type: string}, {type: integer}], nullable: true}", "3.1.0", "{oneOf: [{type: string}, {type: integer}, {type: 'null'}]}", "{}"),
    ("3.0.3", "{type: string, nullable: true, enum: [a, b]}", "3.1.0", "{type: [string, 'null'], enum: [a, b, null]}", "{}"),
    ("3.0.3", "{type: number, minimum: 1, exclusiveMinimum: true}", "3.1.0", "{type: number, exclusiveMinimum: 1}", "{}"),
    ("3.0.3", "{type: number, maximum: 1, exclusiveMaximum: false}", "3.1.0", "{type: number, maximum: 1.0}", "{}"),
    ("3.0.3", "{type: integer, minimum: 0, exclusiveMinimum: true}", "3.1.0", "{type: integer, minimum: 1}", "{}"),
    ("3.0.3", "{enum: [a]}", "3.1.0", "{type: string, const: a}", "{}"),
    ("3.1.0", "{type: array, minItems: 0, uniqueItems: false, items: {}}", "3.1.0", "{type: array}", "{}"),
    ("3.1.0", "{type: object, additionalProperties: true, required: [], minProperties: 0}", "3.1.0", "{type: object, additionalProperties: {}}", "{}"),
    ("3.1.0", "{type: object, properties: {a: {type: string}, b: {type: integer}}}", "3.1.0", "{properties: {b: {type: integer}, a: {type: string}}, type: object}", "{}"),
    ("3.1.0", "{oneOf: [{type: string}, {type: integer}]}", "3.1.0", "{oneOf: [{type: integer}, {type: string}]}", "{}"),
    ("3.1.0", "{type: [string, integer]}", "3.1.0", "{type: [integer, string]}", "{}"),
    ("3.1.0", "{type: string, enum: [a, b]}", "3.1.0", "{type: string, enum: [b, a]}", "{}"),
    ("3.1.0", "{type: string, pattern: '.*'}", "3.1.0", "{type: string}", "{}"),
];

#[test]
fn what_is_written_otherwise_is_no_change() {
    for (specification, before, other, after, schemas) in ALIKE {
        let components = format!("components: {{schemas: {schemas}}}");
        for sent in [true, false] {
            let before = around(specification, before, sent, &components);
            let after = around(other, after, sent, &components);
            assert_eq!(compared(&before, &after).changes, [], "{specification} {before:?} {other}");
            assert_eq!(compared(&after, &before).changes, []);
        }
    }
}

#[test]
fn the_same_text_can_mean_another_thing() {
    // `nullable` is a keyword of OpenAPI 3.0 alone; and what a reference means stands elsewhere.
    let nullable = "{type: string, nullable: true}";
    let comparison = compared(&around("3.0.3", nullable, true, ""), &around("3.1.0", nullable, true, ""));
    assert_eq!(kinds(&comparison), ["null-refused breaks"]);
    let list = "{type: array, items: {$ref: '#/components/schemas/A'}}";
    let listing = |a: &str| around("3.1.0", list, true, &format!("components: {{schemas: {{A: {{type: {a}}}}}}}"));
    assert_eq!(kinds(&compared(&listing("number"), &listing("integer"))), ["type-narrowed breaks"]);
}

#[test]
fn a_change_says_where_it_is_and_whom_it_concerns() {
    let text = |length: u32, name: &str| {
        format!(
            "openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          \
             description: d\n          content:\n            application/json:\n              schema: {{type: array, items: \
             {{$ref: '#/components/schemas/Pet'}}}}\n    post:\n      requestBody: {{content: {{application/json: {{schema: \
             {{$ref: '#/components/schemas/Pet'}}}}}}}}\n  /b:\n    get:\n      responses:\n        '200': {{description: d, \
             content: {{application/json: {{schema: {{$ref: '#/components/schemas/Pet'}}}}}}}}\ncomponents:\n  schemas:\n    \
             Pet:\n      type: object\n      properties:\n        {name}: {{type: string, maxLength: {length}}}\n        \
             mother: {{$ref: '#/components/schemas/Pet'}}\n"
        )
    };
    let comparison = compared(&definition(&text(5, "name")), &definition(&text(9, "name")));
    let found: Vec<(String, String, String)> = comparison
        .changes
        .iter()
        .map(|change| {
            let places = [&change.before, &change.after].map(|place| place.as_ref().map(ToString::to_string));
            let who = change.api.iter().chain(&change.also).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            (
                format!("{} {} {}", change.compatibility, change.kind, change.path),
                who,
                format!("{places:?} {}", change.message),
            )
        })
        .collect();
    let place = "[Some(\"g/openapi.yaml:23:41\"), Some(\"g/openapi.yaml:23:41\")] the maxLength was 5 and is 9";
    assert_eq!(
        found,
        [
            (
                "breaking length-widened response 200 application/json body []/name".to_owned(),
                "GET /a, GET /b".to_owned(),
                place.to_owned(),
            ),
            (
                "compatible length-widened request application/json body /name".to_owned(),
                "POST /a".to_owned(),
                place.to_owned(),
            ),
        ]
    );
    let comparison = compared(&definition(&text(5, "name")), &definition(&text(5, "title")));
    assert_eq!(kinds(&comparison), ["property-added", "property-removed breaks"]);
    let who: Vec<usize> = comparison.changes.iter().map(|change| change.also.len()).collect();
    assert_eq!(who, [2, 2]);
}

#[test]
fn the_advice_is_the_largest_that_a_change_asks_for() {
    let base = whole("paths: {/a: {get: {summary: x}}}");
    for (after, level) in [
        ("paths: {/a: {get: {summary: x}}}", None),
        ("paths: {/a: {get: {summary: y}}}", Some(Level::Patch)),
        ("paths: {/a: {get: {summary: y}, put: {}}}", Some(Level::Minor)),
        ("paths: {/a: {put: {}}}", Some(Level::Major)),
    ] {
        let comparison = compared(&base, &whole(after));
        assert_eq!((comparison.advice(), comparison.is_breaking()), (level, level == Some(Level::Major)), "{after}");
    }
}

#[test]
fn markdown_names_what_breaks_first_and_takes_nothing_as_markup() {
    let before = whole("paths: {/a: {get: {}}, /_b|c_: {get: {}}}");
    let after = whole("paths: {/a: {get: {}, put: {}}}");
    let text = markdown(&compared(&before, &after));
    let expected = "### Breaking changes (1)\n\n| API | Where | Change | Kind |\n| --- | --- | --- | --- |\n\
                    | GET /\\_b\\|c\\_ |  | the API is gone; it was not deprecated before | `api-removed` |\n\n\
                    ### Compatible changes (1)\n\n| API | Where | Change | Kind |\n| --- | --- | --- | --- |\n\
                    | PUT /a |  | the API is new | `api-added` |\n\nThe next version should be a **major** one.\n";
    assert_eq!(text, expected);
    assert_eq!(markdown(&Comparison::default()), "No changes.\n");
}

/// Schemas of all keywords, some of them nonsense.
fn schema() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("{}".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("{$ref: '#/components/schemas/A'}".to_owned()),
        Just("{$ref: '#/components/schemas/B', maxLength: 2}".to_owned()),
        Just("{type: string, enum: [a, 1, null], format: date, pattern: a}".to_owned()),
        Just("{type: [integer, 'null'], minimum: 1, multipleOf: 2, default: 4}".to_owned()),
        Just("{type: 7, enum: 3, required: x, properties: [], minLength: -1, multipleOf: 0}".to_owned()),
        Just("{const: 1, deprecated: true, readOnly: true, nullable: true}".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let keyword = prop_oneof![
            Just("items"),
            Just("not"),
            Just("if"),
            Just("contains"),
            Just("additionalProperties"),
            Just("propertyNames"),
        ];
        let list = prop_oneof![Just("allOf"), Just("oneOf"), Just("anyOf"), Just("prefixItems")];
        prop_oneof![
            (keyword, inner.clone()).prop_map(|(keyword, schema)| format!("{{{keyword}: {schema}}}")),
            (list, prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(keyword, schemas)| format!("{{{keyword}: [{}]}}", schemas.join(", "))),
            (prop::collection::vec(inner, 0..4), any::<bool>()).prop_map(|(schemas, required)| {
                let properties: Vec<String> =
                    schemas.iter().enumerate().map(|(index, schema)| format!("p{index}: {schema}")).collect();
                let required = if required { "required: [p0, q], " } else { "" };
                format!("{{type: object, {required}properties: {{{}}}}}", properties.join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_two_schemas_compare_and_one_equals_itself(
        one in schema(), other in schema(), a in schema(), b in schema(), old in any::<bool>(), sent in any::<bool>()
    ) {
        let specification = if old { "3.0.3" } else { "3.1.0" };
        let components = format!("components: {{schemas: {{A: {a}, B: {b}}}}}");
        let before = around(specification, &one, sent, &components);
        let again = around(specification, &one, sent, &format!("# again\n{components}\nx-another: 1"));
        let after = around("3.1.0", &other, sent, &components);
        prop_assert_eq!(compared(&before, &before), Comparison::default());
        prop_assert_eq!(compared(&before, &again), Comparison::default());
        let (there, back) = (compared(&before, &after), compared(&after, &before));
        prop_assert_eq!(there.changes.is_empty(), back.changes.is_empty());
        prop_assert!(KINDS.iter().filter(|kind| there.changes.iter().any(|change| change.kind == kind.name)).count() <= there.changes.len());
    }
}
