//! Malicious definitions, compared with a copy that differs: bounded work, and a change that says so.
//!
//! They are small, and so are the limits here: work has to stop at the limits, whatever these are.

use std::fmt::Write;

use super::schema::UnfoldingLimits;
use super::tests::{definition, settings};
use super::{Change, ComparedGroup, Comparison, compare_within};
use crate::definition::Definition;

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        writeln!(text, "    {}", line(index)).expect("a string takes all");
        text
    })
}

fn reference(index: usize) -> String {
    format!("{{$ref: '#/components/schemas/s{index}'}}")
}

/// A definition with an API for each schema that is named; both send and return it.
fn around(schemas: &str, roots: &[usize]) -> Definition {
    let mut text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n".to_owned();
    for root in roots {
        let content = format!("{{content: {{application/json: {{schema: {}}}}}}}", reference(*root));
        writeln!(text, "  /a{root}: {{put: {{requestBody: {content}, responses: {{'200': {content}}}}}}}")
            .expect("written");
    }
    definition(&format!("{text}components:\n  schemas:\n{schemas}"))
}

fn compared(before: &Definition, after: &Definition) -> Comparison {
    let settings = settings("prefix: /");
    let (before, after) = (
        ComparedGroup { settings: &settings, definition: before },
        ComparedGroup { settings: &settings, definition: after },
    );
    compare_within(before, after, UnfoldingLimits { pairs: 10_000, steps: 100_000, proofs: 50_000 })
}

fn kinds(comparison: &Comparison) -> Vec<&'static str> {
    let mut kinds: Vec<&'static str> = comparison.changes.iter().map(|change: &Change| change.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[test]
fn schemas_that_explode_are_compared() {
    let every_so_often: Vec<usize> = (0..40).map(|index| index * 25).collect();
    let first = [0];
    let cases: Vec<(&str, String, &[usize], &[&str])> = vec![
        (
            "a chain of references",
            lines(1_000, |index| format!("s{index}: {}", reference(index + 1))) + "    s1000: {type: END}\n",
            &every_so_often,
            &["type-changed"],
        ),
        (
            "exponential allOf",
            lines(150, |index| format!("s{index}: {{allOf: [{0}, {0}]}}", reference(index + 1)))
                + "    s150: {type: END}\n",
            &first,
            &["type-changed"],
        ),
        (
            "exponential oneOf",
            lines(150, |index| format!("s{index}: {{oneOf: [{0}, {0}]}}", reference(index + 1)))
                + "    s150: {type: END}\n",
            &first,
            &["type-changed"],
        ),
        (
            "a tower of allOf, entered everywhere",
            lines(1_000, |index| format!("s{index}: {{allOf: [{}], type: object}}", reference(index + 1)))
                + "    s1000: {required: [END]}\n",
            &every_so_often,
            &["comparison-incomplete", "property-became-optional", "property-became-required"],
        ),
        (
            "exponential properties",
            lines(100, |index| {
                let next = reference(index + 1);
                format!("s{index}: {{properties: {{a: {next}, b: {next}}}, items: {next}, not: {next}, if: {next}}}")
            }) + "    s100: {type: END}\n",
            &first,
            &["type-changed"],
        ),
        (
            "properties of all that came before",
            lines(60, |index| {
                let all: Vec<String> = (0..=60).map(|other| format!("p{other}: {}", reference(other))).collect();
                format!("s{index}: {{properties: {{{}}}}}", all.join(", "))
            }) + "    s60: {type: END}\n",
            &first,
            &["type-changed"],
        ),
        (
            "sets of states",
            lines(40, |index| {
                // The set that applies after n steps differs for nearly every path of n steps.
                let (next, over) = (reference((index + 1) % 40), reference((index * 7 + 3) % 40));
                format!(
                    "s{index}: {{properties: {{a: {{allOf: [{next}, {over}]}}, b: {over}, c: {next}}}, maxLength: 1}}"
                )
            }) + "    s40: {type: END}\n",
            &[0, 40],
            &["comparison-incomplete", "type-changed"],
        ),
        (
            "is not itself",
            format!("    s0: {{not: {}, maxLength: 1}}\n    s1: {{type: END}}\n", reference(0)),
            &[0, 1],
            &["type-changed"],
        ),
        (
            "many values",
            format!(
                "    s0: {{enum: [{}END]}}\n",
                (0..10_000).fold(String::new(), |text, index| format!("{text}v{index},"))
            ),
            &first,
            &["enum-value-added", "enum-value-removed"],
        ),
    ];
    // Schemas too large to unfold are compared up to a limit, and the comparison says so.
    for (name, schemas, roots, expected) in cases {
        let (before, after) =
            (around(&schemas.replace("END", "string"), roots), around(&schemas.replace("END", "boolean"), roots));
        let comparison = compared(&before, &after);
        assert_eq!(kinds(&comparison), expected, "{name}");
        assert_eq!(compared(&before, &before), Comparison::default(), "{name}");
    }
}
