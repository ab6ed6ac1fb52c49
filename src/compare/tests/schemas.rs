//! Each kind of change of a schema, and edits that are no change; in requests and in responses.

use proptest::prelude::*;

use super::{around, compared, kinds};
use crate::compare::{Comparison, Compatibility, KINDS};

/// A schema before and after, and the changes expected there and back: each kind with the callers that break, of those
/// that send the value (`request`) and those that read it (`response`), `both` or `none`.
#[rustfmt::skip]
pub(super) const SCHEMAS: &[(&str, &str, &str, &str)] = &[
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
    ("{type: string, x-extensible-enum: [a]}", "{type: string, x-extensible-enum: [a, b]}", "extensible-value-added none", "extensible-value-removed request"),
    ("{type: string, enum: [a], x-extensible-enum: true}", "{type: string, enum: [a, b], x-extensible-enum: true}", "extensible-value-added none", "enum-value-removed request"),
    ("{const: a}", "{const: b}", "const-changed both", "const-changed both"),
    ("{const: a}", "{enum: [a, b]}", "enum-value-added response", "enum-value-removed request"),
    ("{type: string}", "{type: string, const: a}", "enum-added request", "enum-removed response"),
    ("{type: boolean}", "{type: boolean, enum: [true]}", "enum-added request", "enum-removed response"),
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
    ("{type: object, patternProperties: {'.*': {type: integer}}}", "{type: object, patternProperties: {'.*': {type: number}}}", "type-widened response", "type-narrowed request"),
    ("{type: object}", "{type: object, propertyNames: {pattern: '^a'}}", "constraint-added request", "constraint-removed response"),
    ("{type: object, propertyNames: {maxLength: 1}}", "{type: object, propertyNames: {maxLength: 2}}", "length-widened response", "length-narrowed request"),
    ("{type: object}", "{type: object, dependentRequired: {a: [b]}}", "constraint-added request", "constraint-removed response"),
    ("{type: object}", "{type: object, dependentSchemas: {a: {required: [b]}}}", "constraint-added request", "constraint-removed response"),
    ("{type: object}", "{type: object, unevaluatedProperties: false}", "constraint-added request", "constraint-removed response"),
    ("{type: object, additionalProperties: false}", "{type: object, additionalProperties: false, patternProperties: {a: {}}}", "constraint-changed response", "constraint-changed request"),
    ("{type: object, additionalProperties: {type: integer}}", "{type: object, additionalProperties: {type: integer}, properties: {a: {type: string}}}", "property-added none, type-changed both", "property-removed both"),
    ("{enum: [1, a]}", "{enum: [1, a], type: string}", "enum-value-removed request", "enum-value-added response"),
    // Read-only and write-only
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
    ("{anyOf: [{type: number}, {type: integer}]}", "{oneOf: [{type: number}, {type: integer}]}", "choice-narrowed request", "choice-widened response"),
    ("{oneOf: [{required: [a]}]}", "{oneOf: [{required: [a]}, {required: [b]}]}", "alternative-added response, overlap-added request", "alternative-removed request, overlap-removed response"),
    ("{oneOf: [{type: string}, {required: [a]}, {required: [b, c]}]}", "{oneOf: [{type: string}, {required: [a]}, {required: [b]}]}", "overlap-added request, property-became-optional response", "overlap-removed response, property-became-required request"),
    ("{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}}, oneOf: [{required: [a]}, {required: [b]}]}", "choice-added request", "choice-removed response"),
    ("{type: string}", "{allOf: [{type: string}, {maxLength: 3}]}", "length-narrowed request", "length-widened response"),
    ("{type: string}", "{type: string, not: {const: a}}", "constraint-added request", "constraint-removed response"),
    ("{not: {type: integer}}", "{not: {type: number}}", "type-widened request", "type-narrowed response"),
    ("{not: {not: {type: integer}}}", "{not: {not: {type: number}}}", "type-widened response", "type-narrowed request"),
    ("{not: {type: object, properties: {a: {}}}}", "{not: {type: object, properties: {a: {}, b: {type: string}}}}", "constraint-changed response", "property-removed both"),
    ("{if: {type: integer}, then: {minimum: 1}}", "{if: {type: number}, then: {minimum: 1}}", "type-widened request", "type-narrowed response"),
    ("{if: {type: integer}, then: {minimum: 1}}", "{if: {type: integer}, then: {minimum: 2}}", "range-narrowed request", "range-widened response"),
    ("{if: {type: integer}, then: {minimum: 1}}", "{if: {type: integer}, then: {minimum: 1}, else: {type: string}}", "constraint-added request", "constraint-removed response"),
    // Discriminators
    ("{oneOf: [{type: string}, {type: boolean}]}", "{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k}}", "discriminator-added none", "discriminator-removed none"),
    ("{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k}}", "{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: l}}", "discriminator-changed both", "discriminator-changed both"),
    ("{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k, mapping: {x: A}}}", "{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k, mapping: {x: A, y: B}}}", "discriminator-value-added response", "discriminator-value-removed request"),
    ("{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k, mapping: {x: A}}}", "{oneOf: [{type: string}, {type: boolean}], discriminator: {propertyName: k, mapping: {x: B}}}", "discriminator-changed both", "discriminator-changed both"),
    // Annotations
    ("{type: string}", "{type: string, deprecated: true}", "schema-deprecated none", "schema-reactivated none"),
    ("{type: string}", "{type: string, description: a}", "documentation-changed none", "documentation-changed none"),
    ("{type: string}", "{type: string, examples: [a]}", "example-changed none", "example-changed none"),
    ("{type: string, xml: {name: a}}", "{type: string, xml: {name: b}}", "xml-changed none", "xml-changed none"),
];

#[test]
fn schemas_there_and_back_sent_and_returned() {
    let mut wrong = Vec::new();
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
                if kinds(&comparison) != wanted {
                    wrong.push(format!("{before} → {after} in a {who}: {:?}, not {wanted:?}", kinds(&comparison)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    ("3.0.3", "{type: string, nullable: true, enum: [a, b, null]}", "3.1.0", "{type: [string, 'null'], enum: [a, b, null]}", "{}"),
    ("3.0.3", "{type: string, nullable: true, enum: [a]}", "3.0.3", "{type: string, enum: [a]}", "{}"),
    ("3.0.3", "{type: string, format: byte}", "3.1.0", "{type: string, contentEncoding: base64}", "{}"),
    ("3.0.3", "{type: string, format: binary}", "3.1.0", "{type: string, contentMediaType: application/octet-stream}", "{}"),
    ("3.1.0", "{type: integer, multipleOf: 1.5}", "3.1.0", "{type: integer, multipleOf: 3}", "{}"),
    ("3.1.0", "{type: integer, multipleOf: 0.3}", "3.1.0", "{type: integer, multipleOf: 3}", "{}"),
    ("3.1.0", "{allOf: [{multipleOf: 2}, {multipleOf: 3}], type: integer}", "3.1.0", "{type: integer, multipleOf: 6}", "{}"),
    ("3.1.0", "{type: array, prefixItems: [{type: string}, {type: integer}], maxItems: 2}", "3.1.0", "{type: array, prefixItems: [{type: string}, {type: integer}], items: false}", "{}"),
    ("3.1.0", "{type: object, maxProperties: 0, properties: {a: {type: string}}}", "3.1.0", "{type: object, maxProperties: 0, properties: {a: {type: integer}, b: {}}}", "{}"),
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
    ("3.1.0", "{type: boolean}", "3.1.0", "{enum: [true, false]}", "{}"),
    ("3.1.0", "{type: [boolean, 'null']}", "3.1.0", "{enum: [false, true, null]}", "{}"),
    ("3.1.0", "{type: 'null'}", "3.1.0", "{const: null}", "{}"),
    ("3.1.0", "{type: string, pattern: '.*'}", "3.1.0", "{type: string}", "{}"),
    ("3.1.0", "{enum: [{a: 1, b: [2]}, {c: 3}]}", "3.1.0", "{enum: [{b: [2.0], a: 1}, {c: 3}]}", "{}"),
    ("3.1.0", "{const: {a: {b: 1, c: 2}}}", "3.1.0", "{const: {a: {c: 2, b: 1}}}", "{}"),
    ("3.1.0", "{anyOf: [{type: string}, {type: boolean}]}", "3.1.0", "{oneOf: [{type: string}, {type: boolean}]}", "{}"),
    ("3.1.0", "{type: [string, integer]}", "3.1.0", "{oneOf: [{type: string}, {type: integer}]}", "{}"),
    ("3.1.0", "{type: [string, 'null']}", "3.1.0", "{oneOf: [{type: string}, {const: null}]}", "{}"),
    ("3.1.0", "{anyOf: [{type: string}, {enum: [a, b]}]}", "3.1.0", "{anyOf: [{type: string}, {enum: [a, b, c]}]}", "{}"),
    ("3.1.0", "{anyOf: [{type: string}, {enum: [a, b]}]}", "3.1.0", "{type: string}", "{}"),
    ("3.1.0", "{type: integer, multipleOf: 1}", "3.1.0", "{type: integer}", "{}"),
    ("3.1.0", "{type: integer}", "3.1.0", "{type: number, multipleOf: 1}", "{}"),
    ("3.1.0", "{type: integer, exclusiveMinimum: 0.5}", "3.1.0", "{type: integer, minimum: 1}", "{}"),
    ("3.1.0", "{type: array, maxItems: 0, items: {type: string}}", "3.1.0", "{type: array, maxItems: 0, items: {type: integer}}", "{}"),
    ("3.1.0", "{required: [a, b], dependentRequired: {a: [b]}}", "3.1.0", "{required: [a, b]}", "{}"),
    ("3.1.0", "{required: [a], dependentRequired: {a: [b]}}", "3.1.0", "{required: [a, b]}", "{}"),
    ("3.1.0", "{not: {type: object, properties: {a: {}}}}", "3.1.0", "{not: {type: object, properties: {a: {}, b: {}}}}", "{}"),
    ("3.1.0", "{anyOf: [{$ref: '#/components/schemas/A'}, {type: object}]}", "3.1.0", "{type: object}", "{A: {type: object, required: [a]}}"),
    ("3.1.0", "{type: array, items: {oneOf: [{$ref: '#/components/schemas/A'}, {type: string}]}}", "3.1.0", "{type: array, items: {anyOf: [{type: string}, {$ref: '#/components/schemas/A'}]}}", "{A: {type: object, properties: {a: {$ref: '#/components/schemas/A'}}}}"),
    ("3.1.0", "{type: array, minItems: 1}", "3.1.0", "{type: array, contains: true}", "{}"),
    ("3.1.0", "{type: object, dependentRequired: {a: [b]}}", "3.1.0", "{type: object, dependentSchemas: {a: {required: [b]}}}", "{}"),
    ("3.1.0", "{type: object, dependentRequired: {a: [b]}}", "3.1.0", "{type: object, if: {required: [a]}, then: {required: [b]}}", "{}"),
    ("3.1.0", "{type: integer, minimum: 1, maximum: 3}", "3.1.0", "{type: integer, enum: [1, 2, 3]}", "{}"),
    ("3.1.0", "{type: integer, exclusiveMinimum: 2, maximum: 3}", "3.1.0", "{const: 3}", "{}"),
    ("3.1.0", "{type: object, properties: {a: {}}, additionalProperties: false}", "3.1.0", "{type: object, properties: {a: {}}, unevaluatedProperties: false}", "{}"),
    ("3.1.0", "{type: object, additionalProperties: {type: string}}", "3.1.0", "{type: object, unevaluatedProperties: {type: string}}", "{}"),
    ("3.1.0", "{type: object, additionalProperties: {type: integer}}", "3.1.0", "{type: object, patternProperties: {'.*': {type: integer}}}", "{}"),
    ("3.1.0", "{type: object, additionalProperties: {type: integer}}", "3.1.0", "{type: object, patternProperties: {'^.*': {type: integer}}, additionalProperties: false}", "{}"),
    ("3.1.0", "{type: object, default: {a: 1, b: 2}}", "3.1.0", "{type: object, default: {b: 2, a: 1}}", "{}"),
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

/// `null` satisfied both schemas, and was refused: nothing but a proof tells.
#[test]
fn null_is_told_where_it_alone_breaks_callers() {
    let (was, is) = ("{oneOf: [{}, {const: null}]}", "{oneOf: [{const: 0}, {const: null}]}");
    for (before, after, sent, expected) in [
        (was, is, false, &["null-allowed breaks", "schema-added"][..]),
        (is, was, true, &["null-refused breaks", "schema-removed"]),
        (was, is, true, &["schema-added breaks"]),
        (is, was, false, &["schema-removed breaks"]),
    ] {
        let comparison = compared(&around("3.1.0", before, sent, ""), &around("3.1.0", after, sent, ""));
        assert_eq!(kinds(&comparison), expected, "{before} → {after}, sent: {sent}");
    }
}

#[test]
fn the_same_text_can_mean_another_thing() {
    // `nullable` is a keyword of OpenAPI 3.0 alone; and a reference has its meaning elsewhere.
    let nullable = "{type: string, nullable: true}";
    let comparison = compared(&around("3.0.3", nullable, true, ""), &around("3.1.0", nullable, true, ""));
    assert_eq!(kinds(&comparison), ["null-refused breaks"]);
    let list = "{type: array, items: {$ref: '#/components/schemas/A'}}";
    let listing = |a: &str| around("3.1.0", list, true, &format!("components: {{schemas: {{A: {{type: {a}}}}}}}"));
    assert_eq!(kinds(&compared(&listing("number"), &listing("integer"))), ["type-narrowed breaks"]);
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

#[test]
fn a_change_of_null_is_seen_from_both_sides() {
    // A schema that refers to itself at the same value: no proof tells what it allows.
    let nonsense = "{type: 7, enum: 3, required: x, properties: [], minLength: -1, multipleOf: 0}";
    let components =
        format!("components: {{schemas: {{A: {{allOf: [{nonsense}, {{$ref: '#/components/schemas/A'}}]}}}}}}");
    let (one, other) = (format!("{{not: {nonsense}}}"), "{allOf: [{not: {$ref: '#/components/schemas/A'}}]}");
    for sent in [false, true] {
        let sides = (around("3.1.0", &one, sent, &components), around("3.1.0", other, sent, &components));
        let (there, back) = (compared(&sides.0, &sides.1), compared(&sides.1, &sides.0));
        assert_eq!(there.changes.is_empty(), back.changes.is_empty(), "{there:?} {back:?}");
    }
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

#[test]
fn names_that_are_listed_may_become_properties() {
    let before = "{type: object, additionalProperties: {type: integer}, propertyNames: {enum: [a, b]}}";
    for (properties, breaks) in [
        ("{a: {type: integer}, b: {type: number}}", false),
        ("{a: {type: integer}}", true),
        ("{a: {type: integer}, b: {type: string}}", true),
    ] {
        let after = format!("{{type: object, properties: {properties}, additionalProperties: false}}");
        let (before, after) = (around("3.1.0", before, true, ""), around("3.1.0", &after, true, ""));
        let changes = compared(&before, &after).changes;
        let is_breaking = changes.iter().any(|change| change.compatibility == Compatibility::Breaking);
        assert_eq!(is_breaking, breaks, "{properties}: {changes:?}");
    }
}
