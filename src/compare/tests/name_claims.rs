//! Names of the query that one more parameter reads.

use super::{compared, kinds, whole};

#[test]
fn a_name_that_another_parameter_reads_is_compared_with_what_was_sent_under_it() {
    let object = |name: &str, schema: &str| format!("{{in: query, name: {name}, schema: {{type: object, {schema}}}}}");
    let f = object("f", "properties: {a: {type: string}}");
    let a = |schema: &str| format!("{{in: query, name: a, schema: {{type: {schema}}}}}");
    let deep = "{in: query, name: f, style: deepObject, explode: true, schema: {type: object, properties: {a: {type: string}}}}";
    let (optional, narrowed) = ("parameter-added", "parameter-added, type-narrowed breaks");
    for (before, after, expected) in [
        (f.clone(), a("integer"), narrowed),
        (f.clone(), a("string"), optional),
        (f.clone(), "{in: query, name: b, schema: {type: integer}}".to_owned(), optional),
        (f.clone(), "{in: cookie, name: a, schema: {type: integer}}".to_owned(), optional),
        (object("f", "additionalProperties: {type: string}"), a("integer"), narrowed),
        (object("f", "additionalProperties: true"), a("integer"), "parameter-added, schema-added breaks"),
        (object("f", "additionalProperties: false"), a("integer"), optional),
        (object("f", "properties: {b: {}}"), a("integer"), optional),
        (
            object("f", "properties: {a: {type: string}}, required: [a]"),
            a("string"),
            "parameter-added, property-removed breaks",
        ),
        (f.clone(), object("h", "properties: {a: {type: integer}}"), narrowed),
        (
            f.clone(),
            object("h", "properties: {a: {type: string}, b: {}}, required: [b]"),
            "parameter-added, required-parameter-added breaks",
        ),
        (f.clone(), object("h", "properties: {b: {type: integer}}"), optional),
        (a("string"), object("h", "properties: {a: {type: integer}}"), optional),
        (deep.to_owned(), "{in: query, name: 'f[a]', schema: {type: integer}}".to_owned(), narrowed),
        (deep.to_owned(), "{in: query, name: 'f[b]', schema: {type: integer}}".to_owned(), optional),
        (deep.to_owned(), a("integer"), optional),
    ] {
        let with = |parameters: &str| whole(&format!("paths: {{/a: {{get: {{parameters: [{parameters}]}}}}}}"));
        let found = kinds(&compared(&with(&before), &with(&format!("{before}, {after}")))).join(", ");
        assert_eq!(found, expected, "{before} and {after}");
    }
}

#[test]
fn a_property_that_another_object_has_too_is_compared_with_what_was_sent_under_it() {
    let f = "{in: query, name: f, schema: {type: object, properties: {a: {type: string}}}}";
    let h = |more: &str| format!("{{in: query, name: h, schema: {{type: object, properties: {{b: {{}}{more}}}}}}}");
    let with = |h: &str| whole(&format!("paths: {{/a: {{get: {{parameters: [{f}, {h}]}}}}}}"));
    for (more, expected) in [
        (", a: {type: integer}", "property-added, type-narrowed breaks"),
        (", a: {type: string}", "property-added"),
        (", c: {type: integer}", "property-added"),
    ] {
        assert_eq!(kinds(&compared(&with(&h("")), &with(&h(more)))).join(", "), expected);
    }
}
