//! Expressions over templates, against the values that the gateway finds.

use std::sync::Arc;

use fancy_regex::Regex;

use super::*;
use crate::gateway::PathValues;

/// Reads the template of a path with some parameters.
fn template(path: &str, parameters: &[(&str, &str)]) -> PathTemplate {
    let parameter = |(name, more): &(&str, &str)| format!("{{name: {name}, in: path, required: true, {more}}}");
    let parameters: Vec<String> = parameters.iter().map(parameter).collect();
    let parameters = parameters.join(", ");
    let text = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{'{path}': {{get: {{parameters: [{parameters}], responses: {{}}}}}}}}"
    );
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
    PathTemplate::new(&definition, &definition.apis[0])
}

fn whole(pattern: &str) -> Regex {
    Regex::new(&format!("^(?:{pattern})$")).expect("an expression")
}

/// Lists the texts of up to four pieces.
fn texts(pieces: &[&str]) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut from = 0;
    for _ in 0..4 {
        let end = texts.len();
        for index in from..end {
            let longer: Vec<String> = pieces.iter().map(|piece| format!("{}{piece}", texts[index])).collect();
            texts.extend(longer);
        }
        from = end;
    }
    texts
}

const ANY: &str = "schema: {type: string}";
const INTEGER: &str = "schema: {type: integer}";
const NUMBER: &str = "schema: {type: number}";
const LISTED: &str = "schema: {enum: [a, a5, a-, 'é', '[']}";
const LABEL: &str = "style: label, schema: {type: string}";
const LABELS: &str = "style: label, explode: true, schema: {type: array}";
const MATRIX: &str = "style: matrix, schema: {type: string}";
const MATRICES: &str = "style: matrix, explode: true, schema: {type: array}";

#[test]
fn a_run_is_taken_and_split_as_by_the_gateway() {
    let kinds = [ANY, INTEGER, NUMBER, LISTED, LABEL, LABELS, MATRIX, MATRICES];
    let all = texts(&["a", "5", "-", ".", "e", ";a", ";b="]);
    let encoded = ["%C3%A9", "a%20", "%205", "%5B", "a%5B"].map(str::to_owned);
    for (one, other) in kinds.iter().flat_map(|one| kinds.iter().map(move |other| (*one, *other))) {
        let path = template("/{a}{b}", &[("a", one), ("b", other)]);
        let values = PathValues::new(&path);
        let shape = PathShape::new("", &path, std::iter::once(&path));
        let taken = [shape.pattern.clone(), path_pattern("", &path, RunReading::Styles, &[])].map(|one| whole(&one));
        let split = template_rewrite("", &path, "", "/{a}/{b}");
        let split = whole(&split.pattern);
        for text in all.iter().chain(&encoded) {
            let named = values.named(&[text.as_str()], None).filter(|_| !text.is_empty());
            let path = format!("/{text}");
            let is_taken = taken.iter().all(|pattern| pattern.is_match(&path).expect("a match"));
            let has_matrix = [one, other].iter().any(|kind| kind.contains("matrix"));
            // The gateway takes a semicolon in other values, too.
            if !text.contains(';') || has_matrix && is_taken {
                assert_eq!(is_taken, named.is_some(), "{text} of {one} and {other}");
            }
            let Some(found) = split.captures(&path).expect("a match") else { continue };
            if !is_taken {
                continue;
            }
            let found = [1, 2].map(|index| found.get(index).expect("a group").as_str());
            let named = named.expect("values").iter().map(|(_, value)| *value).collect::<Vec<_>>();
            assert_eq!(found.as_slice(), named, "{text} of {one} and {other}");
        }
    }
}

/// A rewriting that does not match would send a caller's own path to the backend.
#[test]
fn each_path_that_is_taken_and_has_its_types_is_rewritten() {
    let run = [("a", ANY), ("b", INTEGER)];
    let all = texts(&["a", "5", "-", "/", "."]);
    for (written, parameters, target, is_prefix) in [
        ("/{a}{b}/{c}", [run[0], run[1], ("c", ANY)].as_slice(), "/x/{a}/{c}", false),
        ("/{c}/{a}{b}/", &[run[0], run[1], ("c", ANY)], "/x/{c}", true),
        ("/{a}-{b}", &run, "/x/{b}/{a}", false),
        ("/{a}/{b}/", &run, "/x/{b}/{a}", true),
    ] {
        let path = PathTemplate { is_prefix, ..template(written, parameters) };
        let shape = PathShape::new("/g", &path, std::iter::once(&path));
        let reading = if splits_run(&path, target) { RunReading::Types } else { RunReading::Styles };
        let shape = if is_prefix { format!("{}{BELOW}", shape.pattern.trim_end_matches('/')) } else { shape.pattern };
        let taken = [shape, path_pattern("/g", &path, reading, &[])].map(|one| whole(&one));
        let rewrite = whole(&template_rewrite("/g", &path, "", target).pattern);
        let mut count = 0;
        for text in &all {
            let text = format!("/g/{text}");
            if taken.iter().all(|pattern| pattern.is_match(&text).expect("a match")) {
                assert!(rewrite.is_match(&text).expect("a match"), "{text} of {written}");
                count += 1;
            }
        }
        assert!(count > 5, "{written}");
    }
}

#[test]
fn a_long_run_is_told_from_others() {
    let path = template("/{a}{b}/{c}", &[("a", ANY), ("b", INTEGER), ("c", ANY)]);
    let patterns = long_run_patterns("/g", &path, true);
    assert_eq!(patterns.len(), 1);
    for (length, is_long) in [(2, false), (128, false), (129, true), (1_000, true)] {
        let text = format!("/g/{}/c", "a".repeat(length));
        assert_eq!(whole(&patterns[0]).is_match(&text).expect("a match"), is_long, "{length}");
    }
    assert!(long_run_patterns("/g", &path, false).is_empty(), "the gateway takes it");
    let marked = template("/{a}{b}", &[("a", ANY), ("b", LABEL)]);
    assert_eq!(long_run_patterns("/g", &marked, false).len(), 1);
}

#[test]
fn the_text_of_a_parameter_is_found_where_it_has_one_of_its_own() {
    for (path, expected) in [
        ("/t/{a}", ParameterText::Own),
        ("/t/x{a}.json/{b}", ParameterText::Own),
        ("/t/{b}", ParameterText::Missing),
        ("/t", ParameterText::Missing),
        ("/t/{a}{b}", ParameterText::Undecided),
        ("/t/{b}-{a}", ParameterText::Undecided),
        ("/t?x={a}", ParameterText::Undecided),
    ] {
        let path = template(path, &[("a", ANY), ("b", ANY)]);
        assert_eq!(parameter_text(&path, "a"), expected, "{}", path.template);
    }
}

#[test]
fn groups_are_those_of_the_parameters_that_a_backend_gets() {
    let definition = "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}";
    let rewrite = template_rewrite("/m", &PathTemplate::of_text(definition, false), "", "/u/{j}/{a}/{j}");
    assert_eq!(rewrite.pattern.matches("([").count(), 2, "{}", rewrite.pattern);
    let pieces: Vec<&RewritePiece> =
        rewrite.pieces.iter().filter(|piece| matches!(piece, RewritePiece::Capture(_))).collect();
    assert_eq!(pieces, [&RewritePiece::Capture(2), &RewritePiece::Capture(1), &RewritePiece::Capture(2)]);
}
