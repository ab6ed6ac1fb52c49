//! Searches that are bounded: where one stops, a finding says so.

use std::fmt::Write as _;

use super::{OPEN_3_1, WorkspaceCase};
use crate::model::Findings;

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        writeln!(text, "  {}", line(index)).expect("written");
        text
    })
}

/// Returns the messages of a rule's findings that contain a word.
fn told(case: &WorkspaceCase, rule: &str, word: &str) -> Vec<(String, usize)> {
    let findings = case.findings().into_iter().filter(|finding| finding.rule == rule && finding.message.contains(word));
    findings.map(|finding| (finding.message, finding.location.line)).collect()
}

#[test]
fn examples_that_are_not_compared_are_counted() {
    let rule = "example-contradicts-schema";
    let schema = |index: usize| format!("s{index}: {{title: t, items: {{not: {{type: string}}}}, example: *e}}");
    let case = |count: usize, values: usize| {
        let example = vec!["1"; values].join(",");
        let schemas = lines(count, |index| format!("  {}", schema(index)));
        WorkspaceCase::definition(&format!(
            "{OPEN_3_1}x-e: &e [{example}]\npaths: {{}}\ncomponents:\n  schemas:\n{schemas}"
        ))
    };
    let left_out = "too large to be compared";
    assert_eq!(told(&case(20, 1_000), rule, left_out), []);
    // Comparing takes more steps than there are, and one example is larger than any that is compared.
    for case in [case(200, 15_000), case(1, 30_000)] {
        assert_eq!(told(&case, rule, left_out).len(), 1);
    }
}

#[test]
fn patterns_that_are_not_looked_at_are_counted() {
    let case = |count: usize| {
        let schemas = lines(count, |index| format!("  s{index}: {{pattern: '^((a{{1000}}){{1000}}){index}$'}}"));
        WorkspaceCase::definition(&format!("{OPEN_3_1}paths: {{}}\ncomponents:\n  schemas:\n{schemas}"))
    };
    let (rule, left_out) = ("example-contradicts-schema", "patterns are not looked at");
    assert_eq!(told(&case(5), rule, left_out), []);
    assert_eq!(told(&case(30), rule, left_out).len(), 1);
}

#[test]
fn paths_that_are_not_compared_are_named() {
    let exact = lines(1_000, |index| format!("/t{index}/{{z}}: {{get: {{}}}}"));
    let open = |count| lines(count, |index| format!("/{{p}}/u{index}: {{get: {{}}}}"));
    let case = |count| WorkspaceCase::definition(&format!("{OPEN_3_1}paths:\n{exact}{}", open(count)));
    let stopped = "not all compared";
    assert_eq!(told(&case(100), "path-ambiguous", stopped), []);
    let lines: Vec<usize> = told(&case(1_100), "path-ambiguous", stopped).iter().map(|(_, line)| *line).collect();
    // The paths that are exact at first stand on the first 1,000 lines.
    assert!(matches!(lines[..], [1_100..2_000]), "{lines:?}");
}

#[test]
fn routes_that_are_not_compared_are_named() {
    let settings = |prefix: &str| format!("schema: 1\nversion: \"0.0.1\"\nprefix: {prefix}\n");
    let before = lines(1_000, |index| format!("/t{index}/x: {{get: {{}}}}"));
    let hidden = |count| lines(count, |index| format!("/b/{{p}}/u{index}: {{get: {{}}}}"));
    let case = |count| {
        WorkspaceCase::group(&settings("/"), &format!("{OPEN_3_1}paths:\n{}", hidden(count))).and(
            "two",
            &settings("/b"),
            &format!("{OPEN_3_1}paths:\n{before}"),
        )
    };
    assert_eq!(told(&case(300), "route-shadowed", "not compared"), []);
    assert_eq!(told(&case(1_100), "route-shadowed", "not compared").len(), 1);
}

#[test]
fn findings_that_are_not_listed_are_counted() {
    let most = Findings::MOST_OF_A_RULE;
    let text = lines(most * 2, |index| format!("/a{index}: {{get: {{operationID: a, responses: {{'200': {{}}}}}}}}"));
    let findings = WorkspaceCase::definition(&format!("{OPEN_3_1}paths:\n{text}")).findings();
    for rule in ["specification-unknown-field", "specification-required"] {
        let of_rule: Vec<_> = findings.iter().filter(|finding| finding.rule == rule).collect();
        assert_eq!(of_rule.len(), most + 1, "{rule}");
        assert_eq!(of_rule.iter().map(|finding| finding.count).sum::<usize>(), most * 2, "{rule}");
    }
}
