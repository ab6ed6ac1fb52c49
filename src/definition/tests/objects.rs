//! Fields of objects, few and many: each is found by its name and stands in its order.

use std::fmt::Write as _;

use super::super::document::Document;
use super::super::findings::ReadFindings;
use super::super::yaml;
use crate::model::Finding;

/// Reads a text and asks something of its root.
fn asked<T>(text: &str, ask: impl FnOnce(super::super::Node<'_>) -> T) -> (T, Vec<Finding>) {
    let mut findings = ReadFindings::default();
    let mut document = Document::new("");
    let root = yaml::read(&mut document, "f", text.as_bytes(), &mut findings).expect("it is read");
    (ask(document.node(root)), findings.into_vec())
}

/// Names of some lengths, many of which begin and end alike.
fn names(count: usize) -> Vec<String> {
    let name = |number: usize| match number % 3 {
        0 => format!("n{number}"),
        1 => format!("name{number:04}name"),
        _ => format!("name{}name", "x".repeat(number)),
    };
    (0..count).map(name).collect()
}

fn written(names: &[String]) -> String {
    names.iter().enumerate().fold(String::new(), |mut text, (number, name)| {
        let _ = writeln!(text, "  {name}: {number}");
        text
    })
}

#[test]
fn a_field_is_found_among_few_and_among_many() {
    for count in (1..40).chain([100, 1_000]) {
        let names = names(count);
        asked(&format!("o:\n{}", written(&names)), |root| {
            let object = root.get("o").expect("the object");
            assert!(object.is_object() && object.entries().map(|(name, _)| name).eq(names.iter()), "{count} fields");
            for (number, name) in names.iter().enumerate() {
                let value = object.get(name).and_then(|value| value.as_number()?.as_u64());
                assert_eq!(value, Some(number as u64), "{name} of {count}");
                assert_eq!(object.key_location(name).line, number + 2, "{name} of {count}");
            }
            for absent in ["", "n", "name9999name", "nameyname", "name"] {
                assert!(object.get(absent).is_none(), "{absent:?} of {count}");
            }
        });
    }
}

#[test]
fn a_name_that_stands_twice_is_told_among_few_and_among_many() {
    for count in (1..40).chain([100, 1_000]) {
        let names = names(count);
        let text = format!("o:\n{}{}", written(&names), written(&names));
        let (left, findings) = asked(&text, |root| root.get("o").map_or(0, |object| object.entries().count()));
        assert_eq!(left, count);
        let lines: Vec<_> = findings.iter().map(|finding| finding.location.line).collect();
        assert!(lines.iter().copied().eq((count + 2..).take(lines.len())), "{count} fields: {lines:?}");
        assert_eq!(findings.iter().map(|finding| finding.count).sum::<usize>(), count, "{count} fields");
        for (finding, first) in findings.iter().zip(2..).take(count.min(10)) {
            assert!(finding.message.contains(&format!("first on line {first}, column 3")), "{}", finding.message);
        }
    }
}

/// An object that has few fields of its own gets many: it is only then that their names need an index.
#[test]
fn merged_fields_are_found_and_own_ones_win() {
    for (own, brought) in [(1, 5), (1, 11), (1, 12), (6, 7), (12, 1), (12, 40), (13, 20), (40, 100)] {
        let names = names(own + brought);
        // The source has them all, with other values for those that the object has itself.
        let source: String = written(&names).replace(": ", ": 1");
        let text = format!("s: &s\n{source}o:\n{}  <<: [*s, *s]\n", written(&names[..own]));
        let ((), findings) = asked(&text, |root| {
            let object = root.get("o").expect("the object");
            assert!(object.entries().map(|(name, _)| name).eq(names.iter()), "{own} and {brought}");
            for (number, name) in names.iter().enumerate() {
                let expected = if number < own { number.to_string() } else { format!("1{number}") };
                let value = object.get(name).and_then(|value| Some(value.as_number()?.to_string()));
                assert_eq!(value, Some(expected), "{name} of {own} and {brought}");
            }
            assert!(object.get("absent").is_none());
        });
        assert!(findings.is_empty(), "{findings:?}");
    }
}
