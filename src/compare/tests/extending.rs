//! Schemas that extend one with a discriminator, which no list names.

use super::{compared, kinds, whole};

/// A definition whose API takes and returns a schema, among components that extend `Pet`.
fn pets(schema: &str, mapping: &str, children: &str, sent: bool) -> crate::definition::Definition {
    let content = format!("content: {{a/json: {{schema: {schema}}}}}");
    let api = if sent { format!("requestBody: {{{content}}}") } else { format!("responses: {{'200': {{{content}}}}}") };
    whole(&format!(
        "paths: {{/a: {{put: {{{api}}}}}}}\ncomponents: {{schemas: {{Pet: {{type: object, required: [t], properties: {{t: {{type: string}}}}, \
         discriminator: {{propertyName: t, mapping: {{{mapping}}}}}}}, {children}}}}}"
    ))
}

fn child(name: &str, base: &str, more: &str) -> String {
    format!("{name}: {{allOf: [{{$ref: '#/components/schemas/{base}'}}, {{{more}}}]}}")
}

#[test]
fn schemas_that_a_discriminator_chooses_are_compared_wherever_their_base_is_named() {
    let (integer, number) = ("properties: {m: {type: integer}}", "properties: {m: {type: number}}");
    let cat = child("Cat", "Pet", integer);
    let with = |other: String| format!("{cat}, {other}");
    let tagged = |name: &str| child(name, "Pet", "properties: {t: {const: c}}");
    let required = child("Cat", "Pet", &format!("{integer}, required: [m]"));
    let siamese = |more: &str| with(child("Siamese", "Cat", more));
    let (request, response) = ("discriminator-value-removed breaks", "discriminator-value-added breaks");
    for (was, is, sent, returned) in [
        (("", cat.clone()), ("", with(child("Dog", "Pet", integer))), "discriminator-value-added", response),
        (("", with(child("Dog", "Pet", integer))), ("", cat.clone()), request, "discriminator-value-removed"),
        (("", cat.clone()), ("", child("Cat", "Pet", number)), "type-widened", "type-widened breaks"),
        (("", cat.clone()), ("", required), "property-became-required breaks", "property-became-required"),
        (("", siamese(integer)), ("", siamese(number)), "", ""),
        (
            ("", siamese("properties: {s: {type: integer}}")),
            ("", siamese("properties: {s: {type: number}}")),
            "type-widened",
            "type-widened breaks",
        ),
        (("c: Cat", cat.clone()), ("c: Feline", child("Feline", "Pet", integer)), "", ""),
        (("", tagged("Cat")), ("", tagged("Feline")), "", ""),
        (
            ("c: Cat", cat.clone()),
            ("k: Cat", cat.clone()),
            "discriminator-value-added, discriminator-value-removed breaks",
            "discriminator-value-added breaks, discriminator-value-removed",
        ),
        (("", with("Other: {type: object}".to_owned())), ("", with("Other: {type: string}".to_owned())), "", ""),
    ] {
        let names = [
            "{$ref: '#/components/schemas/Pet'}",
            "{type: array, items: {allOf: [{$ref: '#/components/schemas/Pet'}], nullable: true}}",
        ];
        for (schema, (is_sent, expected)) in
            names.iter().flat_map(|name| [(name, (true, sent)), (name, (false, returned))])
        {
            let (before, after) = (pets(schema, was.0, &was.1, is_sent), pets(schema, is.0, &is.1, is_sent));
            assert_eq!(kinds(&compared(&before, &after)).join(", "), expected, "{schema}: {was:?} → {is:?}");
        }
    }
}

#[test]
fn a_schema_that_extends_another_is_chosen_among_those_that_extend_it() {
    let cat = "{$ref: '#/components/schemas/Cat'}";
    let animals = |dog: &str, siamese: &str| {
        let (cat, dog) = (child("Cat", "Pet", "properties: {m: {}}"), child("Dog", "Pet", dog));
        format!("{cat}, {dog}, {}", child("Siamese", "Cat", siamese))
    };
    let (integer, text) = ("properties: {s: {type: integer}}", "properties: {s: {type: string}}");
    let before = pets(cat, "", &animals(integer, integer), false);
    for (dog, siamese, expected) in [(text, integer, ""), (integer, text, "type-changed breaks")] {
        let after = pets(cat, "", &animals(dog, siamese), false);
        assert_eq!(kinds(&compared(&before, &after)).join(", "), expected);
    }
}
