//! Many alternatives that a constant tells apart.

use super::{around, compared, kinds};

#[test]
fn an_alternative_with_a_constant_of_its_own_overlaps_with_none() {
    let union = |count: usize, more: &str| {
        let one = |index: usize| {
            format!(
                "{{type: object, required: [t], properties: {{t: {{const: k{index}}}, v: {{type: string}}{more}}}}}"
            )
        };
        let list: Vec<String> = (0..count).map(one).collect();
        let components = format!("components: {{schemas: {{A: {{oneOf: [{}]}}}}}}", list.join(", "));
        around("3.1.0", "{$ref: '#/components/schemas/A'}", true, &components)
    };
    let recursive = ", c: {$ref: '#/components/schemas/A'}, d: {$ref: '#/components/schemas/A'}";
    for (count, more) in [(6, ""), (20, ""), (80, ""), (6, recursive), (16, recursive), (24, recursive)] {
        let found = kinds(&compared(&union(count, more), &union(count + 1, more)));
        assert_eq!(found, ["alternative-added"], "{count} {more}");
    }
}

#[test]
fn alternatives_with_constants_that_may_be_missing_or_null_overlap() {
    let union = |one: &str, other: &str| {
        let schema = |properties: &str| format!("{{type: object, {properties}}}");
        around("3.1.0", &format!("{{oneOf: [{}, {}]}}", schema(one), schema(other)), true, "")
    };
    let a = "required: [t], properties: {t: {const: a}}";
    for (before, after, expected) in [
        ("required: [t], properties: {t: {const: b}}", "required: [t], properties: {t: {enum: [b, c]}}", ""),
        (
            "required: [t], properties: {t: {const: b}}",
            "required: [t], properties: {t: {enum: [b, a]}}",
            "overlap-added breaks",
        ),
        ("required: [t], properties: {t: {const: b}}", "required: [t], properties: {t: {enum: [b, 1]}}", ""),
    ] {
        let found = kinds(&compared(&union(a, before), &union(a, after)));
        let overlaps: Vec<String> = found.into_iter().filter(|kind| kind.starts_with("overlap")).collect();
        assert_eq!(overlaps.join(", "), expected, "{before} → {after}");
    }
    let optional = |value: &str| format!("properties: {{t: {{const: {value}}}}}");
    let found = kinds(&compared(&union(&optional("a"), &optional("b")), &union(&optional("a"), "properties: {}")));
    assert!(found.contains(&"overlap-added breaks".to_owned()), "{found:?}");
}
