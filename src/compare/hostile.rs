//! Definitions that mean harm, compared with a copy that differs: bounded work, and a change that says so.

use std::fmt::Write;

use super::tests::{compared, definition};
use super::{Change, Comparison};
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

fn kinds(comparison: &Comparison) -> Vec<&'static str> {
    let mut kinds: Vec<&'static str> = comparison.changes.iter().map(|change: &Change| change.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[test]
fn schemas_that_explode_are_compared() {
    let every_hundredth: Vec<usize> = (0..100).map(|index| index * 100).collect();
    let first = [0];
    let cases: Vec<(&str, String, &[usize], &[&str])> = vec![
        (
            "a chain of references",
            lines(10_000, |index| format!("s{index}: {}", reference(index + 1))) + "    s10000: {type: END}\n",
            &every_hundredth,
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
            lines(10_000, |index| format!("s{index}: {{allOf: [{}], type: object}}", reference(index + 1)))
                + "    s10000: {required: [END]}\n",
            &every_hundredth,
            &["comparison-incomplete", "property-became-optional", "property-became-required"],
        ),
        (
            "exponential properties",
            lines(500, |index| {
                let next = reference(index + 1);
                format!("s{index}: {{properties: {{a: {next}, b: {next}}}, items: {next}, not: {next}, if: {next}}}")
            }) + "    s500: {type: END}\n",
            &first,
            &["type-changed"],
        ),
        (
            "properties of all that came before",
            lines(600, |index| {
                let all: Vec<String> = (0..600).map(|other| format!("p{other}: {}", reference(other))).collect();
                format!("s{index}: {{properties: {{{}}}}}", all.join(", "))
            }) + "    s600: {type: END}\n",
            &first,
            &["comparison-incomplete"],
        ),
        (
            "sets of states",
            lines(40, |index| {
                // Which of these apply together after n steps is another set for nearly every path of n steps.
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
                (0..100_000).fold(String::new(), |text, index| format!("{text}v{index},"))
            ),
            &first,
            &["enum-value-added", "enum-value-removed"],
        ),
    ];
    // What is too much to unfold is compared up to a bound, and the comparison says so.
    for (name, schemas, roots, expected) in cases {
        let (before, after) =
            (around(&schemas.replace("END", "string"), roots), around(&schemas.replace("END", "boolean"), roots));
        let comparison = compared(&before, &after);
        assert_eq!(kinds(&comparison), expected, "{name}");
        assert_eq!(compared(&before, &before), Comparison::default(), "{name}");
    }
}
