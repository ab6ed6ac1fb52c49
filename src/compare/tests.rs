//! Each kind of change in both directions: there and back, sent and returned.

mod definitions;
mod extending;
mod name_claims;
mod schemas;
mod tagged;
mod verdicts;
mod writings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Change, ChangeRules, ComparedGroup, Comparison, Compatibility, KINDS, compare, markdown};
use crate::definition::{Definition, read};
use crate::model::{BumpLevel, ChangeLevel, DEFINITION_FILE, GroupSettings, Timestamp};
use definitions::{DEFINITIONS, SETTINGS};
use schemas::SCHEMAS;
use writings::OUTGOING;

pub(super) fn definition(text: &str) -> Definition {
    let bytes: Arc<[u8]> = Arc::from(text.as_bytes());
    let reading = read("g", &mut |path| Ok((path == DEFINITION_FILE).then(|| Arc::clone(&bytes))));
    reading.definition.unwrap_or_else(|| panic!("{text}: {:?}", reading.findings))
}

pub(super) fn settings(text: &str) -> GroupSettings {
    serde_yaml::from_str(&format!("{{schema: 1, version: 1.0.0, {text}}}")).expect("settings")
}

pub(super) fn compared(before: &Definition, after: &Definition) -> Comparison {
    let settings = settings("prefix: /");
    compare(
        ComparedGroup { settings: &settings, definition: before },
        ComparedGroup { settings: &settings, definition: after },
    )
}

fn kinds(comparison: &Comparison) -> Vec<String> {
    let shown = |change: &Change| match change.compatibility {
        Compatibility::Breaking => format!("{} breaks", change.kind),
        Compatibility::Warning => format!("{} warns", change.kind),
        Compatibility::Compatible => change.kind.to_owned(),
    };
    let mut kinds: Vec<String> = comparison.changes.iter().map(shown).collect();
    kinds.sort();
    kinds
}

/// The rest of a definition around a schema that a request sends, or a response returns.
pub(super) fn around(specification: &str, schema: &str, sent: bool, components: &str) -> Definition {
    let content = format!("content: {{application/json: {{schema: {schema}}}}}");
    let (body, response) = if sent {
        (format!("requestBody: {{{content}}}, "), String::new())
    } else {
        (String::new(), format!(", {content}"))
    };
    definition(&format!(
        "openapi: {specification}\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{post: {{{body}responses: {{'200': {{description: d{response}}}}}}}}}}}\n{components}"
    ))
}

fn whole(text: &str) -> Definition {
    definition(&format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\n{text}\n"))
}

#[test]
fn every_kind_is_expected_somewhere() {
    let rows = SCHEMAS.iter().chain(DEFINITIONS).chain(SETTINGS).chain(OUTGOING);
    let expected: BTreeSet<&str> = rows
        .flat_map(|(_, _, there, back)| [there, back])
        .flat_map(|list| list.split(", "))
        .filter_map(|item| item.split(' ').next())
        .collect();
    for kind in KINDS {
        let is_bound = ["comparison-incomplete", "changes-left-out", "breaking-changes-left-out"].contains(&kind.name);
        assert!(is_bound || expected.contains(kind.name), "{}", kind.name);
    }
    let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), KINDS.len());
}

#[test]
fn a_change_says_where_it_is_and_whom_it_concerns() {
    let text = |length: u32, name: &str| {
        format!(
            "openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          \
             description: d\n          content:\n            application/json:\n              schema: {{type: array, items: \
             {{$ref: '#/components/schemas/Pet'}}}}\n    post:\n      requestBody: {{content: {{application/json: {{schema: \
             {{$ref: '#/components/schemas/Pet'}}}}}}}}\n  /b:\n    get:\n      responses:\n        '200': {{description: d, \
             content: {{application/json: {{schema: {{$ref: '#/components/schemas/Pet'}}}}}}}}\ncomponents:\n  schemas:\n    \
             Pet:\n      type: object\n      properties:\n        {name}: {{type: string, maxLength: {length}}}\n        \
             mother: {{$ref: '#/components/schemas/Pet'}}\n"
        )
    };
    let comparison = compared(&definition(&text(5, "name")), &definition(&text(9, "name")));
    let found: Vec<(String, String, String)> = comparison
        .changes
        .iter()
        .map(|change| {
            let places = [&change.before, &change.after].map(|place| place.as_ref().map(ToString::to_string));
            let who = change.api.iter().chain(&change.also).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            (
                format!("{} {} {}", change.compatibility, change.kind, change.path),
                who,
                format!("{places:?} {}", change.message),
            )
        })
        .collect();
    let place = "[Some(\"g/openapi.yaml:23:41\"), Some(\"g/openapi.yaml:23:41\")] the maxLength was 5 and is 9";
    assert_eq!(
        found,
        [
            (
                "breaking length-widened response 200 application/json body []/name".to_owned(),
                "GET /a, GET /b".to_owned(),
                place.to_owned(),
            ),
            (
                "compatible length-widened request application/json body /name".to_owned(),
                "POST /a".to_owned(),
                place.to_owned(),
            ),
        ]
    );
    let comparison = compared(&definition(&text(5, "name")), &definition(&text(5, "title")));
    assert_eq!(kinds(&comparison), ["property-added", "property-removed breaks"]);
    let who: Vec<usize> = comparison.changes.iter().map(|change| change.also.len()).collect();
    assert_eq!(who, [2, 2]);
}

#[test]
fn both_sides_of_a_long_value_look_different() {
    let long = "x".repeat(80);
    let object = |end: &str| format!("{{a: {long}, b: {long}, c: {end}}}");
    for (before, after) in [
        (format!("{{type: string, pattern: {long}1}}"), format!("{{type: string, pattern: {long}2}}")),
        (format!("{{const: {long}1}}"), format!("{{const: {long}2}}")),
        (format!("{{const: {}}}", object("1")), format!("{{const: {}}}", object("2"))),
        (format!("{{enum: [{long}1, {long}2]}}"), format!("{{enum: [{long}1, {long}3]}}")),
        ("{type: string}".to_owned(), format!("{{type: string, enum: [{long}1, {long}2]}}")),
        (format!("{{default: {}}}", object("1")), format!("{{default: {}}}", object("2"))),
        (format!("{{dependentRequired: {{a: [{long}1]}}}}"), format!("{{dependentRequired: {{a: [{long}2]}}}}")),
    ] {
        let comparison = compared(&around("3.1.0", &before, true, ""), &around("3.1.0", &after, true, ""));
        let messages: Vec<&str> = comparison.changes.iter().map(|change| change.message.as_str()).collect();
        let all = messages.join("\n");
        let digits: BTreeSet<char> = all.chars().filter(char::is_ascii_digit).collect();
        assert!(digits.len() == 2, "{before} → {after}: {all}");
        assert!(messages.iter().all(|message| message.chars().count() < 260), "{all}");
    }
}

#[test]
fn the_advice_is_the_largest_that_a_change_asks_for() {
    let base = whole("paths: {/a: {get: {summary: x}}}");
    for (after, level) in [
        ("paths: {/a: {get: {summary: x}}}", None),
        ("paths: {/a: {get: {summary: y}}}", Some(BumpLevel::Patch)),
        ("paths: {/a: {get: {summary: y}, put: {}}}", Some(BumpLevel::Minor)),
        ("paths: {/a: {put: {}}}", Some(BumpLevel::Major)),
    ] {
        let comparison = compared(&base, &whole(after));
        assert_eq!(
            (comparison.advice(), comparison.is_breaking()),
            (level, level == Some(BumpLevel::Major)),
            "{after}"
        );
    }
}

#[test]
fn markdown_names_what_breaks_first_and_takes_nothing_as_markup() {
    let before = whole("paths: {/a: {get: {}}, /_b|c_: {get: {}}}");
    let after = whole("paths: {/a: {get: {}, put: {}}}");
    let text = markdown(&compared(&before, &after), false, 65_536);
    let expected = "### Breaking changes (1)\n\n| API | Where | Change | Kind |\n| --- | --- | --- | --- |\n\
                    | GET /\\_b\\|c\\_ |  | the API was removed; it was not deprecated before | `api-removed` |\n\n\
                    ### Compatible changes (1)\n\n<details>\n<summary>Show them</summary>\n\n| API | Where | Change | Kind |\n| --- | --- | --- | --- |\n\
                    | PUT /a |  | the API was added | `api-added` |\n\n</details>\n\nThe next version should be a **major** one.\n";
    assert_eq!(text, expected);
    assert_eq!(markdown(&Comparison::default(), false, 65_536), "No changes.\n");
}

#[test]
fn markdown_keeps_within_its_room_and_counts_the_rest() {
    let paths = |count: usize| {
        let all: Vec<String> = (0..count).map(|index| format!("/a{index}: {{get: {{}}}}")).collect();
        whole(&format!("paths: {{{}}}", all.join(", ")))
    };
    let comparison = compared(&paths(900), &whole("paths: {/b: {get: {}}}"));
    for most in [2_000, 20_000] {
        let text = markdown(&comparison, false, most);
        assert!(text.chars().count() <= most, "{} characters", text.chars().count());
        assert!(text.contains("Breaking changes (900)") && text.contains(" more do not fit here"), "{text}");
        assert!(text.contains("Compatible changes (1)"), "{text}");
    }
    let text = markdown(&comparison, true, 1_000_000);
    assert!(
        !text.contains("GET /b") && text.contains("Compatible changes (1)") && text.contains("GET /a899"),
        "{text}"
    );
}

#[test]
fn changes_beyond_the_list_are_counted_by_what_they_do() {
    let listing = |letter: char| {
        let values: Vec<String> = (0..10_300).map(|index| format!("{letter}{index}")).collect();
        around("3.1.0", &format!("{{type: string, enum: [{}]}}", values.join(", ")), true, "")
    };
    let text = markdown(&compared(&listing('a'), &listing('b')), false, 65_536);
    assert!(text.contains("Breaking changes (10300)") && text.contains("Compatible changes (10300)"), "{text}");
}

/// Those that break nobody leave room for those that do, whichever come first.
#[test]
fn a_change_that_breaks_is_listed_behind_any_number_of_others() {
    let paths = |summary: &str, type_name: &str| {
        let all: Vec<String> = (0..10_002).map(|index| format!("/a{index}: {{get: {{summary: {summary}}}}}")).collect();
        let last = format!("/z: {{get: {{parameters: [{{in: query, name: q, schema: {{type: {type_name}}}}}]}}}}");
        whole(&format!("paths: {{{}, {last}}}", all.join(", ")))
    };
    let comparison = compared(&paths("x", "string"), &paths("y", "integer"));
    let breaking: Vec<&str> = comparison.changes.iter().filter(|one| one.is_breaking()).map(|one| one.kind).collect();
    assert_eq!(breaking, ["type-narrowed"]);
    assert_eq!((comparison.count(None), comparison.count(Some(Compatibility::Breaking))), (10_003, 1));
    assert_eq!(comparison.changes.last().map(|one| one.message.as_str()), Some("2 more changes are left out"));
}

#[test]
fn levels_and_dates_change_what_a_change_does() {
    let sunset = "deprecated: true, x-sunset: '2026-10-31'";
    let parameters = format!("parameters: [{{in: query, name: q, {sunset}}}]");
    let responses = |properties: &str| {
        format!("responses: {{'200': {{content: {{a/b: {{schema: {{properties: {{{properties}}}}}}}}}}}}}")
    };
    let old = responses(&format!("p: {{{sunset}}}"));
    let before = whole(&format!("paths: {{/a: {{get: {{{sunset}}}}}, /b: {{get: {{{parameters}, {old}}}}}}}"));
    let after = whole(&format!("paths: {{/b: {{get: {{{}}}}}}}", responses("")));
    let comparison = compared(&before, &after);
    let none = BTreeMap::new();
    let at = |text: &str| Timestamp::from_input(text).ok();
    let judged = |levels, sunset| kinds(&comparison.clone().judged(ChangeRules { levels, sunset }));
    let past = comparison.clone().judged(ChangeRules { levels: &none, sunset: at("2026-11-01") });
    assert!(past.changes.iter().all(|change| change.compatibility == Compatibility::Warning));
    let message = "the API was removed; it was deprecated; allowed, as its sunset date \"2026-10-31\" is past";
    assert_eq!(past.changes.first().map(|change| change.message.as_str()), Some(message));
    let breaks = ["deprecated-api-removed breaks", "parameter-removed breaks", "property-removed breaks"];
    let warns = ["deprecated-api-removed warns", "parameter-removed warns", "property-removed warns"];
    assert_eq!(judged(&none, None), breaks);
    assert_eq!(judged(&none, at("2026-10-31T23:59:59Z")), breaks);
    assert_eq!(judged(&none, at("2026-11-01")), warns);
    let levels = BTreeMap::from([
        ("parameter-removed".to_owned(), ChangeLevel::Compatible),
        ("property-removed".to_owned(), ChangeLevel::Breaking),
    ]);
    let expected = ["deprecated-api-removed warns", "parameter-removed", "property-removed breaks"];
    assert_eq!(judged(&levels, at("2026-11-01")), expected);
}

#[test]
fn the_advice_before_the_first_major_version_is_smaller() {
    let (base, gone) = (whole("paths: {/a: {get: {}}}"), whole("paths: {}"));
    for (before, after, level) in [(&base, &gone, BumpLevel::Minor), (&gone, &base, BumpLevel::Patch)] {
        let comparison = Comparison { is_initial: true, ..compared(before, after) };
        assert_eq!(comparison.advice(), Some(level));
    }
}

#[test]
fn schemas_are_compared_under_their_dynamic_scopes() {
    let around = |item: &str, list: &str| {
        whole(&format!(
            "paths: {{/a: {{post: {{requestBody: {{content: {{application/json: {{schema: {{$ref: '#/components/schemas/Own'}}}}}}}}, \
             responses: {{'200': {{description: d}}}}}}}}}}\n\
             components: {{schemas: {{\
             Own: {{$id: own, $ref: list, $defs: {{item: {{$dynamicAnchor: item, {item}}}}}}}, \
             List: {{$id: list, type: array, items: {{$dynamicRef: '#item'}}, $defs: {{item: {{$dynamicAnchor: item, {list}}}}}}}}}}}"
        ))
    };
    let of = |before: &Definition, after: &Definition| kinds(&compared(before, after));
    let (integer, number) = (around("type: integer", "title: any"), around("type: number", "title: any"));
    assert_eq!(of(&number, &integer), ["type-narrowed breaks"]);
    assert_eq!(of(&integer, &number), ["type-widened"]);
    // Nobody comes to the list's own anchor.
    assert_eq!(of(&number, &around("type: number", "type: string")), Vec::<String>::new());
}
