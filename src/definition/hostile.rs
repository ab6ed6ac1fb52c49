//! Definitions that mean harm: each is answered, with a message, within bounded work.

use std::fmt::Write;
use std::sync::Arc;

use super::{Reading, import, read, rules};
use crate::model::DEFINITION_FILE;

fn read_text(text: &str) -> Reading {
    let bytes: Arc<[u8]> = Arc::from(text.as_bytes());
    read("groups/hostile", &mut |path| Ok((path == DEFINITION_FILE).then(|| Arc::clone(&bytes))))
}

/// Reads a definition whose one API answers with a schema, and lists the rules that were broken.
fn rules_broken(schemas: &str) -> Vec<&'static str> {
    let mut text =
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    get:\n      responses:\n        \
                    '200':\n          description: d\n          content:\n            application/json:\n              \
                    schema: {$ref: '#/components/schemas/s0'}\ncomponents:\n  schemas:\n"
            .to_owned();
    text.push_str(schemas);
    let reading = read_text(&text);
    let mut broken: Vec<&'static str> = reading.findings.iter().map(|finding| finding.rule).collect();
    if let Some(definition) = &reading.definition {
        for api in &definition.apis {
            broken.extend(definition.result_findings(api).iter().map(|finding| finding.rule));
            let results = definition.results(api);
            assert_eq!(results.first().map(|first| &first.result), definition.constant_result(api).as_ref());
            for media_type in api.responses.iter().flat_map(|response| &response.content) {
                let _: Option<Option<serde_json::Value>> =
                    media_type.schema.map(|schema| definition.json_schema(schema, super::Direction::Request));
            }
        }
    }
    broken.dedup();
    broken
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        writeln!(text, "    {}", line(index)).expect("a string takes all");
        text
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn schemas_that_explode_are_answered() {
    const UNBUILT: &[&str] = &[rules::CONSTANT_RESULT.name];
    let reference = |index: usize| format!("{{$ref: '#/components/schemas/s{index}'}}");
    let cases: Vec<(&str, String, &[&str])> = vec![
        (
            "a chain of references",
            lines(100_000, |index| format!("s{index}: {}", reference(index + 1))) + "    s100000: {type: string}\n",
            &[],
        ),
        (
            "exponential allOf",
            lines(150, |index| format!("s{index}: {{allOf: [{0}, {0}]}}", reference(index + 1))) + "    s150: {}\n",
            &[],
        ),
        (
            "exponential oneOf",
            lines(60, |index| format!("s{index}: {{oneOf: [{0}, {0}]}}", reference(index + 1))) + "    s60: {}\n",
            UNBUILT,
        ),
        (
            "a tower of oneOf",
            lines(10_000, |index| format!("s{index}: {{oneOf: [{}]}}", reference(index + 1))) + "    s10000: {}\n",
            UNBUILT,
        ),
        (
            "a tower of allOf",
            lines(10_000, |index| format!("s{index}: {{allOf: [{}], type: object}}", reference(index + 1)))
                + "    s10000: {}\n",
            UNBUILT,
        ),
        (
            "a tower of many choices and few objects",
            lines(10_000, |index| match (index % 40, reference(index + 1)) {
                (39, next) => format!("s{index}: {{type: object, required: [a], properties: {{a: {next}}}}}"),
                (_, next) => format!("s{index}: {{anyOf: [{next}]}}"),
            }) + "    s10000: {}\n",
            UNBUILT,
        ),
        (
            "a tower of objects and choices",
            lines(10_000, |index| {
                let next = reference(index + 1);
                format!("s{index}: {{anyOf: [{{type: object, required: [a], properties: {{a: {next}}}}}]}}")
            }) + "    s10000: {}\n",
            UNBUILT,
        ),
        (
            "exponential anyOf that never fits",
            lines(60, |index| format!("s{index}: {{anyOf: [{{not: {{}}}}, {0}, {0}]}}", reference(index + 1)))
                + "    s60: false\n",
            UNBUILT,
        ),
        (
            "exponential properties",
            lines(90, |index| {
                let next = reference(index + 1);
                format!("s{index}: {{type: object, required: [a, b], properties: {{a: {next}, b: {next}}}}}")
            }) + "    s90: {type: string}\n",
            UNBUILT,
        ),
        (
            "requires itself",
            format!("    s0: {{type: object, required: [a], properties: {{a: {}}}}}\n", reference(0)),
            UNBUILT,
        ),
        ("is all of itself", format!("    s0: {{allOf: [{}], type: string}}\n", reference(0)), &[]),
        ("is one of itself", format!("    s0: {{oneOf: [{}]}}\n", reference(0)), &[]),
        ("is not itself", format!("    s0: {{not: {}}}\n", reference(0)), UNBUILT),
        ("lists of itself", format!("    s0: {{type: array, minItems: 2, items: {}}}\n", reference(0)), UNBUILT),
        ("a huge list", "    s0: {type: array, minItems: 1000000000, items: {type: string}}\n".to_owned(), UNBUILT),
        ("a huge text", "    s0: {type: string, minLength: 1000000000}\n".to_owned(), UNBUILT),
        ("a huge map", "    s0: {type: object, minProperties: 1000000000}\n".to_owned(), UNBUILT),
        (
            "few values, many of them",
            "    s0: {type: array, minItems: 3, uniqueItems: true, items: {type: boolean}}\n".to_owned(),
            UNBUILT,
        ),
        (
            "a regular expression that backtracks",
            "    s0: {type: string, pattern: '^(a+)+(?=b)c$'}\n".to_owned(),
            UNBUILT,
        ),
        (
            "a regular expression that unfolds",
            "    s0: {type: string, pattern: '^((a{1000}){1000}){1000}$'}\n".to_owned(),
            &[],
        ),
        (
            "a regular expression that nests",
            format!("    s0: {{type: string, pattern: '{}a{}'}}\n", "(".repeat(4_000), ")".repeat(4_000)),
            &[],
        ),
        (
            "a constant that no rule allows",
            format!("    s0: {{type: string, enum: [{}]}}\n", "1,".repeat(100_000)),
            UNBUILT,
        ),
        (
            "a path through itself",
            "    s0: {$ref: '#/components/schemas/s0/x'}\n".to_owned(),
            &[rules::REFERENCE_UNRESOLVED.name],
        ),
        ("a reference to itself", format!("    s0: {}\n", reference(0)), &[rules::REFERENCE_CIRCULAR.name]),
        (
            "references in a circle",
            format!("    s0: {}\n    s1: {}\n", reference(1), reference(0)),
            &[rules::REFERENCE_CIRCULAR.name],
        ),
        (
            "patterns over properties",
            format!(
                "    s0:\n      patternProperties: {{{}}}\n      properties: {{{}}}\n",
                (0..400).map(|index| format!("'^(a|b{index})*$': {{}}")).collect::<Vec<_>>().join(", "),
                (0..400).map(|index| format!("p{index}: {{}}")).collect::<Vec<_>>().join(", "),
            ),
            &[],
        ),
    ];
    for (name, schemas, expected) in cases {
        let broken = rules_broken(&schemas);
        assert_eq!(broken, expected, "{name}");
    }
}

#[test]
fn files_that_explode_are_answered() {
    let laughs = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |mut text, index| {
        let before = index - 1;
        writeln!(text, "a{index}: &a{index} [*a{before}, *a{before}, *a{before}]").expect("written");
        text
    });
    let chain = (1..100_000).fold("a0: &a0 [x]\n".to_owned(), |mut text, index| {
        writeln!(text, "a{index}: &a{index} [*a{}]", index - 1).expect("written");
        text
    });
    let merges = (1..3_000).fold("a0: &a0 {k0: 1}\n".to_owned(), |mut text, index| {
        writeln!(text, "a{index}: &a{index} {{<<: *a{}, k{index}: 1}}", index - 1).expect("written");
        text
    });
    let blocks = (0..2_000).fold(String::new(), |mut text, index| {
        writeln!(text, "{}a:", " ".repeat(index)).expect("written");
        text
    });
    let (version, large, syntax) = (rules::OPENAPI_VERSION.name, rules::TOO_LARGE.name, rules::SYNTAX.name);
    let cases: Vec<(&str, String, &str)> = vec![
        ("aliases of aliases", laughs, version),
        ("a deep chain of aliases", chain, large),
        ("merges of merges", merges, large),
        ("an alias of itself", "a: &a [*a]\n".to_owned(), syntax),
        ("deep flow", "[".repeat(100_000), large),
        ("deep flow maps", "{a: ".repeat(100_000), large),
        ("deep blocks", blocks, large),
        ("deep dashes", "- ".repeat(100_000), large),
        ("many values", format!("[{}]", "a,".repeat(900_000)), large),
        ("many duplicates", "a: 1\n".repeat(200_000), rules::DUPLICATE_KEY.name),
        ("a large file", " ".repeat(40 << 20), large),
        ("an empty file", String::new(), syntax),
        ("only a comment", "# nothing\n".to_owned(), syntax),
        ("two documents", "a: 1\n---\nb: 2\n".to_owned(), syntax),
        ("cut short", "openapi: \"3.1".to_owned(), syntax),
        ("an unknown alias", "a: *b\n".to_owned(), syntax),
        ("a mapping as a key", "{a: b}: c\n".to_owned(), syntax),
        ("a list", "- a\n".to_owned(), rules::STRUCTURE.name),
        ("a number", "1\n".to_owned(), rules::STRUCTURE.name),
    ];
    for (name, text, expected) in cases {
        let reading = read_text(&text);
        assert!(reading.definition.is_none(), "{name}");
        assert!(reading.findings.len() <= 1_001, "{name}");
        let rules: Vec<&str> = reading.findings.iter().map(|finding| finding.rule).collect();
        assert!(rules.contains(&expected), "{name}: {rules:?}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_located() {
    let reading = read("g", &mut |_| Ok(Some(Arc::from(&b"a: 1\nb: \xff"[..]))));
    let finding = reading.findings.first().expect("a finding");
    assert_eq!((finding.rule, finding.location.to_string().as_str()), (rules::SYNTAX.name, "g/openapi.yaml:2:4"));
}

#[test]
fn a_swagger_document_of_aliases_is_answered() {
    let mut text = "swagger: '2.0'\ninfo: {title: t, version: '1'}\npaths: {}\nx-a0: &a0 [x, x]\n".to_owned();
    for index in 1..30 {
        let before = index - 1;
        writeln!(text, "x-a{index}: &a{index} [*a{before}, *a{before}, *a{before}]").expect("written");
    }
    let findings = import("a.yaml", &mut |_| Ok(Some(Arc::from(text.as_bytes())))).expect_err("it is refused");
    assert!(findings.iter().any(|finding| finding.rule == rules::TOO_LARGE.name), "{findings:?}");
}
