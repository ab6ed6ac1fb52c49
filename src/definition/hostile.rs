//! Tests with hostile definitions: each is rejected or read within bounded work.

use std::fmt::Write;
use std::sync::Arc;

use super::import::{ImportRules, import};
use super::result::{self, ResultBudget};
use super::{DefinitionReading, read, rules};
use crate::model::DEFINITION_FILE;

fn read_text(text: &str) -> DefinitionReading {
    let bytes: Arc<[u8]> = Arc::from(text.as_bytes());
    read("groups/hostile", &mut |path| Ok((path == DEFINITION_FILE).then(|| Arc::clone(&bytes))))
}

/// Reads a definition whose one API responds with a schema, and lists the rules that it violates.
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
        for (api, results) in definition.apis.iter().zip(definition.results()) {
            broken.extend(results.findings.iter().map(|finding| finding.rule));
            for media_type in api.responses.iter().flat_map(|response| &response.content) {
                let _: Option<Option<serde_json::Value>> =
                    media_type.schema.map(|schema| definition.json_schema(schema, super::ValueDirection::Request));
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
        assert!(reading.findings.len() <= crate::model::Findings::MOST_OF_A_RULE + 2, "{name}");
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
    let findings = import("a.yaml", &[], &ImportRules::default(), &mut |_| Ok(Some(Arc::from(text.as_bytes()))))
        .expect_err("it is refused");
    assert!(findings.iter().any(|finding| finding.rule == rules::TOO_LARGE.name), "{findings:?}");
}

fn all(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().concat()
}

/// Reads a definition of `count` APIs with the given operation, in which `@` is replaced by the number of the API.
fn of_apis(count: usize, operation: &str, rest: &str) -> DefinitionReading {
    let paths = all(count, |index| format!("  /a{index}: {}\n", operation.replace('@', &index.to_string())));
    read_text(&format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n{paths}{rest}"))
}

/// Returns an operation that responds with a body.
fn answering(content: &str) -> String {
    format!("{{get: {{responses: {{'200': {{description: d, content: {content}}}}}}}}}")
}

/// The tests only need building to stop at the budget, whatever its size.
const SMALL: ResultBudget = ResultBudget { steps: 200_000, bytes: 4 << 20 };

#[test]
fn all_results_of_a_definition_share_one_budget() {
    let example = format!("components: {{examples: {{e: {{value: [{}]}}}}}}\n", vec!["1"; 2_000].join(","));
    let named = "examples: {e: {$ref: '#/components/examples/e'}}";
    let long = "n".repeat(1_000);
    let cases = [
        ("values", "{application/json: {schema: {type: array, minItems: 2000, title: '@'}}}".to_owned(), ""),
        (
            "steps",
            format!("{{application/json: {{schema: {{title: '@', items: {{not: {{type: string}}}}}}, {named}}}}}"),
            &*example,
        ),
        (
            "elements of XML",
            format!("{{application/xml: {{schema: {{title: '@', minItems: 90, items: {{xml: {{name: {long}}}}}}}}}}}"),
            "",
        ),
        (
            "parts of a form",
            format!(
                "{{multipart/form-data: {{schema: {{title: '@', required: [{long}], properties: {{{long}: {{minItems: 90}}}}}}}}}}"
            ),
            "",
        ),
    ];
    for (name, content, rest) in cases {
        let definition = of_apis(200, &answering(&content), rest).definition.expect("a definition");
        let results = result::build(&definition, SMALL);
        let built = results.iter().take_while(|results| results.constant().is_some()).count();
        assert!((5..150).contains(&built), "{name}: {built} APIs are answered");
        for (api, results) in definition.apis.iter().zip(&results).skip(built) {
            let told: Vec<_> = results.findings.iter().map(|finding| (finding.rule, finding.location.line)).collect();
            assert_eq!(told, [(rules::CONSTANT_RESULT.name, api.location.line)], "{name}: {}", api.name());
            assert!(results.is_cut && results.declared.is_empty(), "{name}: {}", api.name());
        }
        assert!(result::build(&definition, SMALL) == results, "{name}: the same every time");
        for at in [0, built - 1, built, 199] {
            let alone = result::constant(&definition, &definition.apis[at], SMALL);
            assert!(alone.constant() == results[at].constant(), "{name}: {at} by itself");
            assert!(alone.is_cut == results[at].is_cut, "{name}: {at} by itself");
        }
    }
}

#[test]
fn the_constant_results_come_before_the_others() {
    let error = "{description: d, content: {a/json: {schema: {type: array, minItems: 2000, title: '@'}}}}";
    let operation = format!("{{get: {{responses: {{'500': {error}, '200': {{description: d}}}}}}}}");
    let definition = of_apis(60, &operation, "").definition.expect("a definition");
    let results = result::build(&definition, SMALL);
    assert!(results.iter().all(|results| results.constant().is_some_and(|constant| constant.status == 200)));
    let whole = results.iter().filter(|results| !results.is_cut && results.declared.len() == 2).count();
    let cut = results.iter().filter(|results| results.is_cut && results.declared.len() == 1).count();
    assert!(whole > 5 && cut > 5 && whole + cut == 60, "{whole} are whole, {cut} are cut");
}

#[test]
fn what_many_places_refer_to_is_kept_once() {
    let content = all(2_000, |index| format!("a/{index}+json: {{examples: {{e: *e}}}}, "));
    let rest = format!("x-e: &e {{value: [{}]}}\n", vec!["1"; 20_000].join(","));
    let text = format!("openapi: 3.1.0\n{rest}paths:\n  /a: {}\n", answering(&format!("{{{content}}}")));
    let results = read_text(&text).definition.expect("a definition").results().pop().expect("an API");
    assert!(!results.is_cut && results.declared.len() == 2_000, "{:?}", results.findings);
    let places: std::collections::HashSet<_> =
        results.declared.iter().map(|declared| declared.result.body.as_ptr()).collect();
    assert_eq!(places.len(), 1);
}

#[test]
fn what_apis_share_is_not_written_out_without_end() {
    let long = "x".repeat(1_000_000);
    let thousand = |part: &str| all(1_000, |index| part.replace('@', &index.to_string()));
    let responses = "{get: {responses: {'200': {$ref: '#/components/responses/r'}}}}";
    let cases = [
        ("a description", responses, format!("components: {{responses: {{r: {{description: {long}}}}}}}\n")),
        (
            "media types",
            responses,
            format!("components: {{responses: {{r: {{description: d, content: {{{}}}}}}}}}\n", thousand("a/@: {}, ")),
        ),
        (
            "headers",
            responses,
            format!("components: {{responses: {{r: {{description: d, headers: {{{}}}}}}}}}\n", thousand("a@: {}, ")),
        ),
        ("parameters", "{parameters: *p, get: {}}", format!("x-p: &p [{}]\n", thousand("{name: a@, in: query}, "))),
        (
            "parameters of operations",
            "{get: {parameters: *p}}",
            format!("x-p: &p [{}]\n", thousand("{name: a@, in: query}, ")),
        ),
        ("extensions", "*p", format!("x-p: &p {{get: {{}}, {}}}\n", thousand("x-@: 1, "))),
        ("security", "{get: {}}", format!("security: [{}]\n", thousand("{a@: []}, "))),
        ("responses", "{get: {responses: *p}}", format!("x-p: &p {{{}}}\n", thousand("@: {}, "))),
    ];
    for (name, operation, shared) in cases {
        let paths = all(3_000, |index| format!("  /a{index}: {operation}\n"));
        let reading = read_text(&format!("openapi: 3.1.0\n{shared}paths:\n{paths}"));
        assert!(reading.definition.is_none(), "{name}");
        let rules: Vec<&str> = reading.findings.iter().map(|finding| finding.rule).collect();
        assert!(rules.contains(&rules::TOO_LARGE.name), "{name}: {rules:?}");
    }
}

#[test]
fn what_the_methods_of_a_path_share_counts_for_each() {
    let shared = format!("x-p: &p [{}]\n", all(1_000, |index| format!("{{name: a{index}, in: query}}, ")));
    let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
    let of = |methods: &[&str]| {
        let operations: Vec<String> = methods.iter().map(|method| format!("{method}: {{}}")).collect();
        let paths = all(150, |index| format!("  /a{index}: {{parameters: *p, {}}}\n", operations.join(", ")));
        read_text(&format!("openapi: 3.1.0\n{shared}paths:\n{paths}"))
    };
    assert!(of(&["get"]).definition.is_some());
    let reading = of(&methods);
    assert!(reading.definition.is_none());
    assert!(reading.findings.iter().any(|finding| finding.rule == rules::TOO_LARGE.name), "{:?}", reading.findings);
}
