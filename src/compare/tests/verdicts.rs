//! Verdicts where an attacker of the comparison found wrong ones: a place, its content before and after, and the effect
//! on callers there and back.

use super::{compared, whole};
use crate::compare::Compatibility;
use crate::definition::Definition;

/// The effect of a change: callers break, or keep working, or there is no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Breaks,
    Keeps,
    Same,
}

use Verdict::{Breaks, Keeps, Same};

const COMPONENTS: &str = "components: {schemas: {Int: {type: integer}, Small: {allOf: [{$ref: '#/components/schemas/Int'}, {maximum: 10}]}}}";

/// Writes a definition with a schema, or another part, in a place.
fn placed(place: &str, part: &str) -> Definition {
    let parameter = |rest: &str| format!("get: {{parameters: [{{name: v, {rest}, schema: {part}}}]}}");
    let body = |content: &str| format!("post: {{requestBody: {{content: {{{content}}}}}}}");
    let response = |rest: &str| format!("get: {{responses: {{'200': {{{rest}}}}}}}");
    let object = format!("schema: {{type: object, properties: {{n: {part}}}}}");
    let operation = match place {
        "query" => parameter("in: query"),
        "flat query" => parameter("in: query, explode: false"),
        "deep query" => parameter("in: query, style: deepObject, explode: true"),
        "header" => parameter("in: header"),
        "cookie" => parameter("in: cookie"),
        "path" => "get: {}".to_owned(),
        "response header" => response(&format!("headers: {{v: {{schema: {part}}}}}")),
        "callback" => format!(
            "post: {{callbacks: {{c: {{'{{$request.body#/u}}': {{post: {{parameters: [{{name: v, in: query, schema: {part}}}]}}}}}}}}}}"
        ),
        "form" => body(&format!("application/x-www-form-urlencoded: {{{object}}}")),
        "deep form" => body(&format!(
            "application/x-www-form-urlencoded: {{{object}, encoding: {{n: {{style: deepObject, explode: true}}}}}}"
        )),
        "exploded form" => body(&format!(
            "application/x-www-form-urlencoded: {{{object}, encoding: {{n: {{style: form, explode: true}}}}}}"
        )),
        "flat form" => body(&format!(
            "application/x-www-form-urlencoded: {{{object}, encoding: {{n: {{style: form, explode: false}}}}}}"
        )),
        "multipart" => body(&format!("multipart/form-data: {{{object}}}")),
        "body" => body(&format!("application/json: {{schema: {part}}}")),
        "response" => response(&format!("content: {{application/json: {{schema: {part}}}}}")),
        "text body" => body(&format!("text/plain: {{schema: {part}}}")),
        "text query" => {
            format!("get: {{parameters: [{{name: v, in: query, content: {{text/plain: {{schema: {part}}}}}}}]}}")
        }
        "media type" => body(&format!("'{part}': {{schema: {{type: object}}}}")),
        "response media type" => response(&format!("content: {{'{part}': {{schema: {{type: object}}}}}}")),
        "part media type" => body(&format!(
            "multipart/form-data: {{schema: {{type: object, properties: {{n: {{}}}}}}, encoding: {{n: {{contentType: '{part}'}}}}}}"
        )),
        "image" => response(&format!("content: {{image/png: {part}}}")),
        "explode" => format!(
            "get: {{parameters: [{{name: v, in: header, explode: {part}, schema: {{type: array, items: {{type: string}}}}}}]}}"
        ),
        "explode of objects" => {
            format!("get: {{parameters: [{{name: v, in: header, explode: {part}, schema: {{type: object}}}}]}}")
        }
        _ => panic!("{place}"),
    };
    if place == "path" {
        let parameter = format!("{{name: v, in: path, required: true, schema: {part}}}");
        return whole(&format!("paths: {{'/a/{{v}}': {{get: {{parameters: [{parameter}]}}}}}}\n{COMPONENTS}"));
    }
    whole(&format!("paths: {{/a: {{{operation}}}}}\n{COMPONENTS}"))
}

fn verdict(before: &Definition, after: &Definition) -> Verdict {
    let comparison = compared(before, after);
    if comparison.changes.is_empty() {
        Same
    } else if comparison.changes.iter().any(|change| change.compatibility == Compatibility::Breaking) {
        Breaks
    } else {
        Keeps
    }
}

/// Schemas that are tightened, where the value is text: one part of the new one holds by the number, another by its
/// text.
const TIGHTENED: &[(&str, &str)] = &[
    ("{type: integer}", "{allOf: [{type: integer}, {maximum: 5}]}"),
    ("{type: integer}", "{$ref: '#/components/schemas/Small'}"),
    ("{type: integer}", "{type: integer, if: {type: integer}, then: {minimum: 3}}"),
    ("{type: integer}", "{type: integer, anyOf: [{maximum: 1}, {minimum: 5}]}"),
    ("{type: integer}", "{type: integer, not: {minimum: 3}}"),
    ("{type: number}", "{allOf: [{type: number}, {type: string}]}"),
    ("{type: [integer, string], maxLength: 2}", "{type: string, maxLength: 2}"),
    ("{const: 1}", "{allOf: [{const: 1}, {const: '1'}]}"),
    (
        "{type: array, items: {type: integer}}",
        "{type: array, allOf: [{items: {type: integer}}, {items: {maximum: 5}}]}",
    ),
    ("{type: array, items: {type: integer}}", "{type: array, items: {allOf: [{type: integer}, {maximum: 5}]}}"),
];

#[test]
fn what_is_tightened_in_text_is_seen_wherever_text_travels() {
    let mut wrong = Vec::new();
    for (loose, tight) in TIGHTENED {
        for place in ["query", "header", "cookie", "path", "form", "multipart", "deep query"] {
            let (before, after) = (placed(place, loose), placed(place, tight));
            let found = (verdict(&before, &after), verdict(&after, &before));
            if found != (Breaks, Keeps) {
                wrong.push(format!("{place}: {loose} → {tight}: {found:?}"));
            }
        }
        for place in ["response header", "callback"] {
            let (before, after) = (placed(place, loose), placed(place, tight));
            let found = (verdict(&before, &after), verdict(&after, &before));
            if found != (Keeps, Breaks) {
                wrong.push(format!("{place}: {loose} → {tight}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[rustfmt::skip]
const VERDICTS: &[(&str, &str, &str, Verdict, Verdict)] = &[
    // Parameters of media types
    ("media type", "application/json;version=1", "application/json;version=2", Breaks, Breaks),
    ("media type", "application/json;version=1", "application/json", Same, Same),
    ("media type", "application/json;odata.metadata=full", "application/json;odata.metadata=none", Breaks, Breaks),
    ("media type", "text/csv;header=present", "text/csv;header=absent", Breaks, Breaks),
    ("media type", "application/json;charset=utf-8", "application/json", Same, Same),
    ("media type", "application/json; version=\"1\"", "Application/json;Version=1", Same, Same),
    ("response media type", "application/json;version=1", "application/json;version=2", Breaks, Breaks),
    ("response media type", "application/json;version=1", "application/json", Breaks, Keeps),
    ("response media type", "application/json;charset=utf-8", "application/json", Same, Same),
    ("part media type", "application/json;version=1", "application/json;version=2", Breaks, Breaks),
    // Objects of forms, in lists too
    ("form", "{type: array, items: {type: object, properties: {a: {type: integer}}}}", "{type: array, items: {type: object, properties: {a: {type: string}}}}", Breaks, Breaks),
    ("multipart", "{type: array, items: {type: object, properties: {a: {type: integer}}}}", "{type: array, items: {type: object, properties: {a: {type: string}}}}", Breaks, Breaks),
    ("multipart", "{type: array, items: {type: object, properties: {a: {type: boolean}}}}", "{type: array, items: {type: object, properties: {a: {enum: ['true', 'false']}}}}", Breaks, Breaks),
    ("form", "{type: array, items: {oneOf: [{type: integer}, {type: object, properties: {a: {type: integer}}}]}}", "{type: array, items: {oneOf: [{type: integer}, {type: object, properties: {a: {type: string}}}]}}", Breaks, Breaks),
    ("form", "{anyOf: [{type: array, items: {type: object, properties: {a: {type: integer}}}}, {type: 'null'}]}", "{anyOf: [{type: array, items: {type: object, properties: {a: {type: string}}}}, {type: 'null'}]}", Breaks, Breaks),
    ("form", "{type: array, items: {type: integer}}", "{type: array, items: {type: string}}", Keeps, Breaks),
    ("deep form", "{type: object, properties: {a: {type: integer}}}", "{type: object, properties: {a: {type: string}}}", Keeps, Breaks),
    ("exploded form", "{type: object, properties: {a: {type: integer}}}", "{type: object, properties: {a: {type: string}}}", Keeps, Breaks),
    ("flat form", "{type: object, additionalProperties: {type: integer}}", "{type: object, additionalProperties: {type: string}}", Keeps, Breaks),
    ("form", "{type: object, properties: {a: {type: integer}}}", "{type: object, properties: {a: {type: string}}}", Breaks, Breaks),
    // Choices that cover a case together
    ("body", "{oneOf: [{type: object, required: [k], properties: {k: {enum: [a]}}}, {type: object, required: [k], properties: {k: {enum: [a, b]}}}]}", "{oneOf: [{type: object, required: [k], properties: {k: {enum: [a]}}}, {type: object, required: [k], properties: {k: {enum: [b]}}}]}", Keeps, Breaks),
    ("body", "{oneOf: [{type: integer, maximum: 0}, {type: integer, minimum: 1}]}", "{type: integer}", Same, Same),
    ("query", "{oneOf: [{type: integer, maximum: 0}, {type: integer, minimum: 1}]}", "{type: integer}", Same, Same),
    ("body", "{type: integer}", "{anyOf: [{type: integer, maximum: 0}, {type: integer, minimum: 1}]}", Same, Same),
    ("body", "{type: integer}", "{anyOf: [{type: integer, maximum: 0}, {type: integer, minimum: 2}]}", Breaks, Keeps),
    ("body", "{type: number}", "{anyOf: [{type: number, maximum: 0}, {type: number, exclusiveMinimum: 0}]}", Same, Same),
    ("body", "{type: number}", "{anyOf: [{type: number, exclusiveMaximum: 0}, {type: number, exclusiveMinimum: 0}]}", Breaks, Keeps),
    ("body", "{type: string}", "{anyOf: [{type: string, minLength: 1}, {type: string, maxLength: 0}]}", Same, Same),
    ("response", "{anyOf: [{type: string, pattern: '^x-'}, {enum: [a]}]}", "{anyOf: [{type: string, pattern: '^x-'}, {enum: [a, x-b]}]}", Same, Same),
    ("response", "{anyOf: [{type: string, pattern: '^x-'}, {enum: [a]}]}", "{anyOf: [{type: string, pattern: '^x-'}, {enum: [a, y-b]}]}", Breaks, Keeps),
    ("query", "{type: [boolean, number], maximum: 9}", "{type: [boolean, string, object], maxLength: 0}", Breaks, Breaks),
    // A list of one in text
    ("query", "{oneOf: [{type: integer}, {type: array, items: {type: integer}}]}", "{type: array, items: {type: integer}}", Same, Same),
    ("query", "{oneOf: [{type: string}, {type: array, items: {type: string}}]}", "{type: array, items: {type: string}}", Same, Same),
    ("query", "{type: [string, array]}", "{type: array}", Same, Same),
    ("query", "{type: [string, array]}", "{type: array, minItems: 2}", Breaks, Keeps),
    ("header", "{type: [boolean, array]}", "{type: array}", Same, Same),
    ("header", "{type: [string, array]}", "{type: array}", Breaks, Keeps),
    ("form", "{type: [object, array]}", "{type: array}", Same, Same),
    ("query", "{type: [object, array]}", "{type: array}", Breaks, Keeps),
    // The items of one text may have to differ.
    ("flat query", "{type: string}", "{type: array, items: {type: string}, uniqueItems: true}", Breaks, Keeps),
    ("header", "{type: string}", "{type: array, items: {type: [boolean, string]}, uniqueItems: true}", Breaks, Keeps),
    ("flat query", "{type: string}", "{type: array, items: {type: string}}", Keeps, Keeps),
    // In one text, an empty list has an empty one.
    ("flat query", "{type: array, items: {type: integer}}", "{type: array, minItems: 1, items: {type: integer}}", Breaks, Keeps),
    ("header", "{type: array, items: {type: integer}}", "{type: array, minItems: 1, items: {type: integer}}", Breaks, Keeps),
    ("header", "{type: array, items: {type: string}}", "{type: array, minItems: 1, items: {type: string}}", Same, Same),
    ("path", "{type: array, items: {type: integer}}", "{type: array, minItems: 1, items: {type: integer}}", Same, Same),
    ("flat query", "{type: array, items: {type: integer}, maxItems: 1}", "{type: integer}", Breaks, Keeps),
    ("flat query", "{type: array, items: {type: string}, maxItems: 1}", "{type: string}", Keeps, Breaks),
    ("flat query", "{anyOf: [{type: array, items: {type: boolean}}, {type: array, items: {type: integer}}]}", "{oneOf: [{type: array, items: {type: boolean}}, {type: array, items: {type: integer}}]}", Breaks, Keeps),
    ("query", "{anyOf: [{type: array, items: {type: boolean}}, {type: array, items: {type: integer}}]}", "{oneOf: [{type: array, items: {type: boolean}}, {type: array, items: {type: integer}}]}", Same, Same),
    // Elsewhere an empty list has no text.
    ("query", "{type: array, items: {type: integer}}", "{type: array, minItems: 1, items: {type: integer}}", Same, Same),
    ("query", "{type: array, items: {type: integer}}", "{type: array, minItems: 2, items: {type: integer}}", Breaks, Keeps),
    ("body", "{type: array, items: {type: integer}}", "{type: array, minItems: 1, items: {type: integer}}", Breaks, Keeps),
    // Null is written as nothing, or by its name.
    ("query", "{type: [integer, 'null']}", "{type: integer}", Breaks, Keeps),
    ("query", "{type: [string, 'null']}", "{type: string}", Keeps, Keeps),
    ("query", "{type: [string, 'null'], minLength: 1}", "{type: string, minLength: 1}", Breaks, Keeps),
    ("query", "{type: [string, 'null']}", "{enum: ['', 'null', a]}", Breaks, Keeps),
    ("query", "{type: 'null'}", "{enum: ['', 'null']}", Keeps, Keeps),
    ("response header", "{type: string}", "{type: [string, 'null']}", Keeps, Keeps),
    // Any text of a number is a text of one alternative alone.
    ("query", "{oneOf: [{type: number}, {type: boolean}]}", "{oneOf: [{}, {type: number}]}", Keeps, Breaks),
    ("query", "{type: integer}", "{not: {type: [integer, boolean]}}", Keeps, Breaks),
    ("query", "{type: integer}", "{not: {type: [integer, string, array]}}", Breaks, Breaks),
    // A text that satisfies one alternative must not be read as a value that satisfies two.
    ("query", "{oneOf: [{not: {type: string, pattern: 'b$'}}, {minLength: 1}]}", "{oneOf: [{}, {minLength: 2}]}", Breaks, Breaks),
    ("query", "{oneOf: [{}, {type: array}]}", "{oneOf: [{not: {type: string, pattern: 'b$'}}, {type: array}]}", Breaks, Keeps),
    ("query", "{type: [string, array], minItems: 3}", "{oneOf: [{type: [string, array], minLength: 3}, {type: array, maxItems: 1}]}", Breaks, Breaks),
    ("query", "{oneOf: [{title: A, type: integer}, {title: B, type: array, items: {type: boolean}}]}", "{oneOf: [{title: A, type: string}, {title: B, type: array, items: {type: boolean}}]}", Keeps, Breaks),
    ("explode", "false", "true", Same, Same),
    ("explode of objects", "false", "true", Breaks, Breaks),
    // Plain text, and bytes
    ("text body", "{type: integer}", "{type: string}", Keeps, Breaks),
    ("text query", "{type: integer}", "{type: string}", Keeps, Breaks),
    ("image", "{schema: {type: string, format: binary}}", "{}", Same, Same),
    // A property that is described elsewhere is no new one.
    ("body", "{type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", "{type: object, properties: {v: {type: string, maxLength: 3}}, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", Breaks, Keeps),
    ("form", "{type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", "{type: object, properties: {v: {type: string, maxLength: 3}}, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", Breaks, Keeps),
    ("response", "{type: object, properties: {v: {enum: [x]}}, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", "{type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", Breaks, Keeps),
    ("body", "{type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}}}]}", "{type: object, properties: {v: {type: integer}}, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}}}]}", Breaks, Breaks),
    ("body", "{type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}}}]}", "{type: object, properties: {v: {type: string}}, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}}}]}", Breaks, Breaks),
    ("body", "{type: array, items: {type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}}", "{type: array, items: {type: object, properties: {v: {type: integer}}, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}}", Breaks, Keeps),
    ("body", "{type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", "{type: object, properties: {v: {type: string}}, oneOf: [{required: [k], properties: {k: {const: a}}}, {required: [k], properties: {k: {const: b}}}]}", Same, Same),
    ("response", "{type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", "{type: object, properties: {v: {type: string}}, oneOf: [{required: [k], properties: {k: {const: a}}}, {required: [k], properties: {k: {const: b}}}]}", Same, Same),
    ("body", "{type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", "{type: object, properties: {v: {type: integer}}, oneOf: [{required: [k], properties: {k: {const: a}}}, {required: [k], properties: {k: {const: b}}}]}", Breaks, Breaks),
    ("response", "{type: object, properties: {v: {type: string}}, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", "{type: object, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}, v: {type: string}}}]}", Same, Same),
    ("body", "{type: object, properties: {v: {type: string}}, oneOf: [{required: [k], properties: {k: {const: a}}}, {required: [k], properties: {k: {const: b}}}]}", "{type: object, properties: {v: {type: string}}, oneOf: [{required: [k], properties: {k: {const: a}, v: {enum: [x]}}}, {required: [k], properties: {k: {const: b}}}]}", Breaks, Keeps),
    ("body", "{type: object, properties: {v: {type: string}}, if: {required: [t]}, then: {}}", "{type: object, properties: {v: {type: string}}, if: {required: [t]}, then: {properties: {v: {maxLength: 2}}}}", Breaks, Keeps),
    ("body", "{type: object, if: {required: [t]}, then: {properties: {v: {type: string}}}}", "{type: object, properties: {v: {type: integer}}, if: {required: [t]}, then: {properties: {v: {type: string}}}}", Breaks, Breaks),
    ("body", "{type: object, dependentSchemas: {t: {properties: {v: {type: string}}}}}", "{type: object, properties: {v: {type: integer}}, dependentSchemas: {t: {properties: {v: {type: string}}}}}", Breaks, Breaks),
    ("body", "{type: object, patternProperties: {'^x-': {type: string}}}", "{type: object, patternProperties: {'^x-': {type: string}}, properties: {x-a: {type: integer}}}", Breaks, Breaks),
    ("body", "{type: object, patternProperties: {'^x-': {type: string}}}", "{type: object, patternProperties: {'^x-': {type: string}}, properties: {y-a: {type: integer}}}", Keeps, Breaks),
    ("body", "{type: object, unevaluatedProperties: {type: string}}", "{type: object, unevaluatedProperties: {type: string}, properties: {v: {type: string, maxLength: 2}}}", Breaks, Breaks),
    ("body", "{type: object, required: [v]}", "{type: object, properties: {v: {type: integer}}}", Breaks, Breaks),
    ("body", "{type: object, dependentRequired: {t: [v]}}", "{type: object, dependentRequired: {t: [v]}, properties: {v: {type: integer}}}", Breaks, Breaks),
    ("body", "{type: object, anyOf: [{required: [v]}, {required: [w]}]}", "{type: object, anyOf: [{required: [v]}, {required: [w]}], properties: {v: {type: integer}}}", Breaks, Breaks),
    ("body", "{type: object, propertyNames: {enum: [v, w]}}", "{type: object, propertyNames: {enum: [v, w]}, properties: {v: {type: integer}}}", Breaks, Breaks),
    ("response", "{type: object, unevaluatedProperties: false, oneOf: [{required: [k], properties: {k: {const: a}}}, {required: [k], properties: {k: {const: b}}}]}", "{type: object, unevaluatedProperties: false, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}}}]}", Breaks, Breaks),
    ("body", "{type: object, unevaluatedProperties: false, oneOf: [{required: [k], properties: {k: {const: a}}}, {required: [k], properties: {k: {const: b}}}]}", "{type: object, unevaluatedProperties: false, oneOf: [{required: [k], properties: {k: {const: a}, v: {type: string}}}, {required: [k], properties: {k: {const: b}}}]}", Keeps, Breaks),
    // An alternative, or a schema that depends on the property itself, may speak of a property that is described beside
    // it.
    ("body", "{type: object, dependentSchemas: {c: {properties: {a: {type: string}}, required: [a, c]}}, if: {properties: {a: {type: object}}}, then: {properties: {a: {const: a}}}}", "{type: object, properties: {c: {type: string}}, dependentSchemas: {c: {properties: {a: {type: string}}, required: [a, c]}}, if: {properties: {a: {type: object}}}, then: {properties: {a: {const: a}}}}", Breaks, Breaks),
    ("flat query", "{type: object, properties: {b: {type: integer}}, anyOf: [{type: object, properties: {b: {type: integer}}}, {type: object, properties: {}, required: [a, b]}]}", "{type: object, properties: {b: {type: integer}}, anyOf: [{type: object, properties: {b: {type: string}}}, {type: object, properties: {}, required: [a, b]}]}", Breaks, Keeps),
    ("body", "{type: object, additionalProperties: {type: string}, if: {required: [t]}, then: {properties: {w: {type: string}}}}", "{type: object, additionalProperties: {type: string}, if: {required: [t]}, then: {properties: {w: {type: string}, v: {type: string, maxLength: 2}}}}", Breaks, Breaks),
    ("body", "{type: object, unevaluatedProperties: {type: integer}, patternProperties: {'^x-': {type: string}}}", "{type: object, unevaluatedProperties: {type: integer}}", Breaks, Breaks),
    ("response", "{type: object, unevaluatedProperties: {type: string}, anyOf: [{required: [a]}, {required: [b]}]}", "{type: object, unevaluatedProperties: {type: string}, anyOf: [{required: [a]}, {required: [b], patternProperties: {'^x-': {type: integer}}}]}", Breaks, Breaks),
    ("body", "{allOf: [{type: object, additionalProperties: {const: 1}, properties: {b: {type: string}}}, {properties: {b: {type: string}}}]}", "{allOf: [{type: object, additionalProperties: {const: 1}}, {properties: {b: {type: string}}}]}", Breaks, Keeps),
    // What a schema that depends on a property, a condition or a choice describes is not left to
    // `unevaluatedProperties`.
    ("body", "{type: object, unevaluatedProperties: false, properties: {a: {}}, dependentSchemas: {a: {properties: {b: {}}}}}", "{type: object, unevaluatedProperties: false, properties: {a: {}}}", Breaks, Breaks),
    ("response", "{type: object, unevaluatedProperties: {type: integer}}", "{type: object, unevaluatedProperties: {type: integer}, dependentSchemas: {a: {properties: {b: {type: string}}}}}", Breaks, Breaks),
    ("body", "{type: object, unevaluatedProperties: {type: integer}, anyOf: [{required: [a]}, {required: [b], dependentSchemas: {a: {properties: {c: {type: string}}}}}]}", "{type: object, unevaluatedProperties: {type: integer}, anyOf: [{required: [a]}, {required: [b]}]}", Breaks, Breaks),
    ("body", "{unevaluatedProperties: {const: 1}, allOf: [{type: object, dependentSchemas: {a: {properties: {b: {type: string}}}}}]}", "{unevaluatedProperties: {const: 1}, allOf: [{type: object}]}", Breaks, Breaks),
    ("body", "{type: object, dependentSchemas: {a: {required: [b]}}}", "{type: object}", Keeps, Breaks),
    ("body", "{type: object, unevaluatedProperties: {type: integer}, if: {properties: {a: {type: string}}}}", "{type: object, unevaluatedProperties: {type: integer}}", Breaks, Breaks),
    ("body", "{type: object, unevaluatedProperties: {type: integer}, if: {required: [a]}, then: {properties: {a: {type: string}}}}", "{type: object, unevaluatedProperties: {type: integer}, if: {required: [a]}}", Breaks, Breaks),
    ("body", "{type: object, unevaluatedProperties: {const: 1}, anyOf: [{properties: {a: {type: string}}}, {properties: {b: {type: string}}}]}", "{type: object, unevaluatedProperties: {const: 1}}", Breaks, Breaks),
    ("body", "{type: array, unevaluatedItems: {const: 1}, anyOf: [{prefixItems: [{type: string}]}, {required: [a]}]}", "{type: array, unevaluatedItems: {const: 1}}", Breaks, Breaks),
    ("body", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {anyOf: [{}, {properties: {b: {}}}]}}", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {anyOf: [{}]}}", Breaks, Breaks),
    // Nor is what an inner `unevaluatedProperties` takes.
    ("body", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {unevaluatedProperties: {type: string}}}", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {}}", Breaks, Breaks),
    ("response", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {}}", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {unevaluatedProperties: true}}", Breaks, Breaks),
    ("body", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {properties: {b: {}}}}", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {}}", Breaks, Keeps),
    ("response", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {}}", "{type: object, unevaluatedProperties: false, if: {required: [a]}, then: {anyOf: [{properties: {b: {}}}, true]}}", Breaks, Breaks),
    ("body", "{type: array, unevaluatedItems: false, anyOf: [{minItems: 1, unevaluatedItems: true}, {maxItems: 0}]}", "{type: array, unevaluatedItems: false, anyOf: [{minItems: 1}, {maxItems: 0}]}", Breaks, Breaks),
    ("body", "{unevaluatedProperties: false, allOf: [{type: object, unevaluatedProperties: {type: string}}]}", "{unevaluatedProperties: false, allOf: [{type: object}]}", Breaks, Breaks),
    // What is said of items is not left to `unevaluatedItems`.
    ("body", "{type: array, items: {type: string}, unevaluatedItems: false}", "{type: array, unevaluatedItems: false}", Breaks, Breaks),
    ("body", "{type: array, prefixItems: [{type: integer}], items: {type: string}, unevaluatedItems: {type: boolean}}", "{type: array, prefixItems: [{type: integer}], unevaluatedItems: {type: boolean}}", Breaks, Breaks),
    ("body", "{type: array, prefixItems: [{type: string}], unevaluatedItems: false}", "{type: array, unevaluatedItems: false}", Breaks, Breaks),
    ("body", "{allOf: [{type: array, items: {type: string}}], unevaluatedItems: false}", "{allOf: [{type: array}], unevaluatedItems: false}", Breaks, Breaks),
    ("body", "{type: array, contains: {type: string}, unevaluatedItems: false}", "{type: array, unevaluatedItems: false}", Breaks, Breaks),
    ("response", "{type: array, unevaluatedItems: {type: boolean}}", "{type: array, items: {type: string}, unevaluatedItems: {type: boolean}}", Breaks, Breaks),
    ("body", "{type: array, unevaluatedItems: {type: boolean}, anyOf: [{minItems: 1, items: {type: string}}, {maxItems: 0}]}", "{type: array, unevaluatedItems: {type: boolean}, anyOf: [{minItems: 1}, {maxItems: 0}]}", Breaks, Breaks),
    // Bytes in the words of OpenAPI 3.0 and of 3.1
    ("image", "{schema: {type: string, format: binary}}", "{schema: {contentMediaType: image/png}}", Same, Same),
    ("image", "{}", "{schema: {contentMediaType: image/png}}", Same, Same),
    ("body", "{}", "{contentMediaType: image/png}", Same, Same),
    ("body", "{type: string, format: byte}", "{type: string, contentEncoding: base64, contentMediaType: image/png}", Same, Same),
    ("response", "{type: string, format: byte}", "{type: string, contentEncoding: base64, contentMediaType: image/png}", Same, Same),
    ("body", "{type: string, contentMediaType: image/png}", "{type: string, contentMediaType: image/gif}", Breaks, Breaks),
    ("multipart", "{type: string, format: binary}", "{}", Same, Same),
    ("multipart", "{type: string, format: binary}", "{contentMediaType: image/png}", Same, Same),
    ("body", "{type: string}", "{type: string, format: binary}", Same, Same),
    ("response", "{type: object, properties: {a: {type: string, format: binary}}}", "{type: object, properties: {a: {type: string}}}", Same, Same),
    ("multipart", "{type: string}", "{type: string, format: binary}", Breaks, Keeps),
    // The same values, written otherwise
    ("body", "{type: integer, minimum: 1, multipleOf: 5}", "{type: integer, minimum: 5, multipleOf: 5}", Same, Same),
    ("body", "{type: integer, minimum: 1, multipleOf: 5}", "{type: integer, minimum: 6, multipleOf: 5}", Breaks, Keeps),
    ("body", "{type: string, maxLength: 0}", "{type: string, enum: ['']}", Same, Same),
    ("body", "{type: integer, format: int32}", "{type: integer, minimum: -2147483648, maximum: 2147483647}", Same, Same),
    ("body", "{type: integer, format: int32}", "{type: integer, minimum: -2147483648, maximum: 2147483646}", Breaks, Keeps),
    ("body", "{type: integer}", "{type: integer, format: uint64}", Breaks, Keeps),
    ("query", "{type: integer, maximum: 100}", "{type: integer, format: uint8}", Breaks, Breaks),
    ("body", "{type: integer, format: int64}", "{type: integer, format: uint64}", Breaks, Breaks),
    ("body", "{type: integer, format: uint32}", "{type: integer, format: int64}", Keeps, Breaks),
    ("body", "{type: integer, format: uint8}", "{type: integer, minimum: 0, maximum: 255}", Same, Same),
    ("body", "{type: string}", "{type: string, format: my-own}", Same, Same),
    ("body", "{oneOf: [{type: string, format: date}]}", "{oneOf: [{type: string, format: date}, {type: string, format: date-time}]}", Keeps, Breaks),
    ("body", "{oneOf: [{type: string, format: uri}]}", "{oneOf: [{type: string, format: uri}, {type: string, format: uri-reference}]}", Breaks, Breaks),
    // Exact numbers
    ("body", "{type: integer, maximum: 18446744073709551616}", "{type: integer, maximum: 18446744073709551615}", Breaks, Keeps),
    ("body", "{type: integer, maximum: 18446744073709551617}", "{type: integer, maximum: 18446744073709551616}", Breaks, Keeps),
    ("body", "{type: integer, minimum: -9223372036854775810}", "{type: integer, minimum: -9223372036854775809}", Breaks, Keeps),
    ("body", "{type: integer, multipleOf: 9007199254740993}", "{type: integer, multipleOf: 9007199254740992}", Breaks, Breaks),
    ("body", "{type: number, maximum: 0.12345678901234567}", "{type: number, maximum: 0.12345678901234566}", Breaks, Keeps),
    ("body", "{type: number, maximum: 1e400}", "{type: number, maximum: 1e399}", Breaks, Keeps),
    ("body", "{type: number, maximum: 1e400}", "{type: number, maximum: 9}", Breaks, Keeps),
    ("body", "{enum: [18446744073709551616, 1]}", "{enum: [18446744073709551617, 1]}", Breaks, Breaks),
    // Keywords of a schema object of `allOf` that speak of it alone
    ("body", "{type: object, properties: {id: {type: integer}, n: {type: string}}, additionalProperties: false}", "{type: object, properties: {n: {type: string}}, allOf: [{type: object, properties: {id: {type: integer}}}], additionalProperties: false}", Breaks, Keeps),
    ("body", "{type: object, properties: {id: {type: integer}, n: {type: string}}, additionalProperties: false}", "{allOf: [{type: object, properties: {id: {type: integer}}, additionalProperties: false}, {type: object, properties: {n: {type: string}}, additionalProperties: false}]}", Breaks, Keeps),
    ("body", "{type: object, properties: {id: {type: integer}, n: {type: string}}, additionalProperties: false}", "{allOf: [{type: object, properties: {id: {type: integer}}, additionalProperties: false}, {type: object, properties: {n: {type: string}}}]}", Breaks, Keeps),
    ("body", "{type: array, items: {type: object, properties: {id: {type: integer}, n: {type: string}}, additionalProperties: false}}", "{type: array, items: {type: object, properties: {n: {type: string}}, allOf: [{type: object, properties: {id: {type: integer}}}], additionalProperties: false}}", Breaks, Keeps),
    ("body", "{allOf: [{type: object, properties: {id: {type: integer}}, additionalProperties: false}]}", "{allOf: [{type: object, properties: {id: {type: integer}}}], additionalProperties: false}", Breaks, Keeps),
    ("body", "{allOf: [{type: object, properties: {id: {type: integer}}, additionalProperties: false}]}", "{allOf: [{type: object, properties: {id: {type: integer}}, additionalProperties: false}, {type: object}]}", Same, Same),
    ("body", "{type: object, properties: {n: {type: string}}, allOf: [{type: object, properties: {id: {type: integer}}}], unevaluatedProperties: false}", "{type: object, properties: {n: {type: string}}, allOf: [{type: object, properties: {id: {type: integer}}, unevaluatedProperties: false}]}", Breaks, Keeps),
    ("body", "{allOf: [{type: object, properties: {id: {type: integer}}, unevaluatedProperties: false}]}", "{allOf: [{type: object, properties: {id: {type: integer}}}], unevaluatedProperties: false}", Same, Same),
    ("body", "{type: object, properties: {id: {type: integer}}, patternProperties: {^x: {type: string}}, additionalProperties: false}", "{allOf: [{type: object, properties: {id: {type: integer}}, additionalProperties: false}, {patternProperties: {^x: {type: string}}}]}", Breaks, Keeps),
    ("body", "{type: object, properties: {id: {type: integer}}, patternProperties: {^n: {type: string}}, additionalProperties: false}", "{allOf: [{type: object, properties: {id: {type: integer}}, patternProperties: {^n: {type: string}}, additionalProperties: false}, {type: object, properties: {n: {type: string}}}]}", Keeps, Breaks),
    ("body", "{type: object, if: {required: [a]}, allOf: [{then: {required: [b]}}]}", "{type: object, allOf: [{if: {required: [a]}, then: {required: [b]}}]}", Breaks, Keeps),
    ("body", "{type: array, allOf: [{contains: {type: integer}, minContains: 0}]}", "{type: array, contains: {type: integer}, allOf: [{minContains: 0}]}", Breaks, Keeps),
    ("body", "{type: array}", "{type: array, contains: true}", Breaks, Keeps),
    ("body", "{type: array, prefixItems: [{type: string}, true]}", "{type: array, prefixItems: [{type: string}, true], allOf: [{prefixItems: [{type: string}, {type: string}]}]}", Breaks, Keeps),
    ("body", "{type: array, prefixItems: [{type: string}], items: false}", "{type: array, allOf: [{prefixItems: [{type: string}]}], items: false}", Breaks, Keeps),
    ("body", "{type: array, prefixItems: [{type: integer}], allOf: [{items: {type: integer}}]}", "{type: array, prefixItems: [{type: integer}], allOf: [{items: {type: integer}, prefixItems: [{type: string}]}]}", Breaks, Keeps),
    ("body", "{type: array, prefixItems: [{type: integer}, {type: integer}], allOf: [{unevaluatedItems: false}]}", "{type: array, prefixItems: [{type: integer}, {type: integer}], allOf: [{prefixItems: [true], unevaluatedItems: false}]}", Keeps, Breaks),
    ("body", "{type: string, format: date}", "{type: string, format: date, allOf: [{format: email}]}", Breaks, Keeps),
    ("body", "{type: string, format: email}", "{allOf: [{type: string, format: email}, {format: idn-email}]}", Same, Same),
    ("body", "{type: object, dependentRequired: {a: [b]}}", "{type: object, dependentRequired: {a: [b]}, allOf: [{dependentRequired: {a: [c]}}]}", Breaks, Keeps),
    ("body", "{type: object, dependentRequired: {a: [b, c]}}", "{type: object, dependentRequired: {a: [b]}, allOf: [{dependentRequired: {a: [c]}}]}", Same, Same),
    ("body", "{type: array, contains: {const: s}, prefixItems: [{type: string}], unevaluatedItems: false, allOf: [{prefixItems: [true, true]}]}", "{type: array, contains: {const: s}, prefixItems: [{type: string}], unevaluatedItems: false, allOf: [{}]}", Breaks, Breaks),
    ("body", "{type: array, allOf: [{contains: {const: s}, minContains: 0}, {contains: {type: integer}, minContains: 0}]}", "{type: array, contains: {const: s}, allOf: [{contains: {type: integer}, minContains: 0}]}", Breaks, Keeps),
    ("body", "{type: object, properties: {b: {}}, dependentSchemas: {b: {properties: {a: {type: integer}}}}}", "{type: object, properties: {b: {}, a: {type: integer}}, dependentSchemas: {b: {}}}", Breaks, Breaks),
    ("body", "{type: object, if: {required: [a]}, else: {properties: {b: {type: string}}}}", "{type: object, if: {required: [a]}, properties: {b: {type: string}}}", Breaks, Breaks),
    // A property that one alternative describes, laid on all
    ("body", "{type: object, properties: {k: {}}, anyOf: [{properties: {k: {const: c}, n: {type: integer}}}, {properties: {k: {const: b}}}]}", "{type: object, properties: {k: {}, n: {type: integer}}, anyOf: [{properties: {k: {const: c}}}, {properties: {k: {const: b}}}]}", Breaks, Breaks),
    ("body", "{type: object, properties: {k: {}}, required: [k], oneOf: [{properties: {k: {const: c}, n: {type: integer}}}, {properties: {k: {const: b}}}]}", "{type: object, properties: {k: {}, n: {type: integer}}, required: [k], oneOf: [{properties: {k: {const: c}, n: {type: integer}}}, {properties: {k: {const: b}}}]}", Breaks, Breaks),
    ("body", "{type: object, properties: {k: {}}, required: [k], oneOf: [{properties: {k: {const: c}, n: {type: integer}}}, {properties: {k: {const: b}}}]}", "{type: object, properties: {k: {}}, required: [k], oneOf: [{properties: {k: {const: c}, n: {type: integer}}}, {properties: {k: {const: b}, n: {type: integer}}}]}", Breaks, Breaks),
    ("body", "{type: object, properties: {k: {}}, if: {properties: {k: {const: c}}, required: [k]}, then: {properties: {n: {type: integer}}}}", "{type: object, properties: {k: {}, n: {type: integer}}}", Breaks, Breaks),
    ("body", "{type: object, properties: {k: {}}, dependentSchemas: {k: {properties: {n: {type: integer}}}}}", "{type: object, properties: {k: {}, n: {type: integer}}}", Breaks, Breaks),
    ("body", "{type: object, oneOf: [{properties: {a: {type: integer}}}, {properties: {b: {type: integer}}}]}", "{type: object, oneOf: [{}, {properties: {b: {type: integer}}}]}", Breaks, Breaks),
    // Patterns that nobody can decide
    ("body", "{type: object, properties: {a: {type: integer}}, patternProperties: {'(': true}, additionalProperties: false}", "{type: object, allOf: [{properties: {a: {type: integer}}}], patternProperties: {'(': true}, additionalProperties: false}", Breaks, Keeps),
    ("body", "{type: object, properties: {a: {type: integer}}, patternProperties: {'(': true}, additionalProperties: false}", "{type: object, properties: {a: {type: number}}, patternProperties: {'(': true}, additionalProperties: false}", Keeps, Breaks),
];

#[test]
fn verdicts_are_right_there_and_back() {
    let mut wrong = Vec::new();
    for (place, before, after, there, back) in VERDICTS {
        let (old, new) = (placed(place, before), placed(place, after));
        let found = (verdict(&old, &new), verdict(&new, &old));
        if found != (*there, *back) {
            let kinds = (super::kinds(&compared(&old, &new)), super::kinds(&compared(&new, &old)));
            wrong.push(format!("{place}: {before} → {after}: {found:?} {kinds:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
