//! For each rule a violation, with its exact location, and a valid case close to it.

mod definitions;
mod extensions;
mod media_types;
mod workspaces;

use crate::model::Hint;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::definition::{self, DefinitionReading};
use crate::model::RuleLevel;
use crate::model::{GroupName, GroupSettings};
use definitions::DEFINITIONS_3_1;
use workspaces::cases;

mod bounds;
mod schemas;

const OPEN_3_0: &str = "openapi: 3.0.3\ninfo: {title: t, version: \"1\"}\n";
const OPEN_3_1: &str = "openapi: 3.1.0\ninfo: {title: t, version: \"1\"}\n";
/// A path with an operation, for definitions that are about something else.
const PATHS: &str = "paths: {/a: {get: {responses: {\"200\": {description: d}}}}}\n";
const GROUP: &str = "schema: 1\nversion: \"0.0.1\"\nprefix: /g\n";
const WORKSPACE: &str = "schema = 1\n";

/// A workspace in memory.
struct WorkspaceCase {
    groups: Vec<(GroupName, String, String)>,
    settings: String,
    beside: Vec<(String, String)>,
    live: Option<Vec<LiveGroup>>,
    missing_secrets: Vec<String>,
    signing_fault: Option<SigningKeyFault>,
}

impl WorkspaceCase {
    /// A group `one` with a definition.
    fn definition(text: &str) -> Self {
        Self::group(GROUP, text)
    }

    /// A group `one` with settings and a definition.
    fn group(settings: &str, definition: &str) -> Self {
        let settings_of_workspace = WORKSPACE.to_owned();
        let case = Self {
            groups: Vec::new(),
            settings: settings_of_workspace,
            beside: Vec::new(),
            live: None,
            missing_secrets: Vec::new(),
            signing_fault: None,
        };
        case.and("one", settings, definition)
    }

    fn missing_secrets(mut self, names: &[&str]) -> Self {
        self.missing_secrets = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    fn signing_fault(mut self, fault: SigningKeyFault) -> Self {
        self.signing_fault = Some(fault);
        self
    }

    fn and(mut self, name: &str, settings: &str, definition: &str) -> Self {
        self.groups.push((name.parse().unwrap(), settings.to_owned(), definition.to_owned()));
        self
    }

    fn settings(mut self, text: &str) -> Self {
        self.settings.push_str(text);
        self
    }

    fn beside(mut self, file: &str, text: &str) -> Self {
        self.beside.push((file.to_owned(), text.to_owned()));
        self
    }

    fn live(mut self, groups: &[&str]) -> Self {
        let live = |group: &&str| LiveGroup {
            environment: "online".parse().unwrap(),
            group: group.parse().unwrap(),
            has_backend: false,
        };
        self.live = Some(groups.iter().map(live).collect());
        self
    }

    fn findings(&self) -> Vec<Finding> {
        let settings: WorkspaceSettings = toml::from_str(&self.settings).unwrap();
        let read = |name: &GroupName, text: &str| {
            definition::read(&format!("groups/{name}"), &mut |path| {
                let beside = || self.beside.iter().find(|(file, _)| file == path).map(|(_, text)| text.as_str());
                let text = if path == "openapi.yaml" { Some(text) } else { beside() };
                Ok(text.filter(|text| *text != "none").map(|text| Arc::from(text.as_bytes())))
            })
        };
        let read: Vec<(GroupSettings, DefinitionReading)> = self
            .groups
            .iter()
            .map(|(name, settings, definition)| (serde_saphyr::from_str(settings).unwrap(), read(name, definition)))
            .collect();
        let subjects: Vec<CheckedGroup<'_>> = self
            .groups
            .iter()
            .zip(&read)
            .map(|((group, text, _), (settings, reading))| CheckedGroup {
                group,
                settings: Some(settings),
                settings_text: text.as_bytes(),
                definition: reading.definition.as_ref(),
                reading: &reading.findings,
                missing_secrets: &self.missing_secrets,
                signing_fault: self.signing_fault,
                has_backend: settings.backend.is_some(),
            })
            .collect();
        let live = self.live.as_deref();
        workspace(&WorkspaceOverview { settings: &settings, settings_text: &self.settings, subjects: &subjects, live })
    }

    /// Lists the places where a rule is broken; of the group `one` without its folder.
    fn places(&self, rule: &str) -> Vec<String> {
        let places = self.findings().into_iter().filter(|finding| finding.rule == rule);
        places.map(|finding| finding.location.to_string().replace("groups/one/", "")).collect()
    }
}

/// Describes a case that does not break its rule where it should, or breaks it where it should not, with all findings.
fn compare(rule: &str, wrong: &WorkspaceCase, places: &[&str], right: &WorkspaceCase) -> Option<String> {
    let shown = |case: &WorkspaceCase| {
        let line = |finding: Finding| format!("\n    {} {}: {}", finding.location, finding.rule, finding.message);
        case.findings().into_iter().map(line).collect::<String>()
    };
    if wrong.places(rule) != places {
        return Some(format!("\n  {rule} should be at {places:?}:{}", shown(wrong)));
    }
    (!right.places(rule).is_empty()).then(|| format!("\n  {rule} should be nowhere:{}", shown(right)))
}

#[test]
fn what_a_mock_lacks_is_no_matter_to_a_real_backend_and_the_other_way_round() {
    for (rule, mock, real) in [
        ("constant-result-missing", true, false),
        ("constant-result", true, false),
        ("constant-result-contradicts-schema", true, false),
        ("constant-result-field", true, false),
        ("variable-unknown", false, true),
        ("security-uncovered", false, true),
        ("variable-undeclared", false, false),
        ("path-ambiguous", true, true),
    ] {
        assert_eq!((concerns_release(rule, true), concerns_release(rule, false)), (mock, real), "{rule}");
    }
}

#[test]
fn every_rule_is_broken_by_some_case() {
    let mut broken: BTreeSet<&str> = DEFINITIONS_3_1.iter().map(|(rule, ..)| *rule).collect();
    broken.extend(cases().iter().map(|(rule, ..)| *rule));
    broken.extend(["reference-siblings", "extension-unknown"]);
    // Those of the import are broken by its own tests, and those of files by the tests of the command.
    broken.extend(["conversion-loss", "conversion-failed"]);
    broken.extend(all_rules().iter().map(|rule| rule.name).filter(|name| !can_be_set(name)));
    let all: BTreeSet<&str> = all_rules().iter().map(|rule| rule.name).collect();
    assert_eq!(broken, all);
    assert_eq!(all.len(), all_rules().len(), "a name belongs to one rule");
}

#[test]
fn settings_set_the_level_of_a_rule() {
    let severity = |level: &str| {
        let case = WorkspaceCase::definition(&format!("{OPEN_3_1}paths: {{}}\n"))
            .settings(&format!("[rules]\nno-api = \"{level}\"\n"));
        case.findings().into_iter().find(|finding| finding.rule == "no-api").map(|finding| finding.severity)
    };
    for level in [RuleLevel::Off, RuleLevel::Warning, RuleLevel::Error] {
        let name = format!("{level:?}").to_lowercase();
        assert_eq!(severity(&name), level.severity(), "{name}");
    }
}

#[test]
fn pages_say_what_why_and_how() {
    for rule in all_rules() {
        assert!(rule.explanation.len() > 60 && rule.explanation.ends_with('.'), "{}", rule.name);
        let text = format!("{} {}", rule.explanation, rule.example);
        assert!(!text.contains("  \n") && !text.contains("\\n"), "{}: {text:?}", rule.name);
    }
}

/// A finding of the reader is not repeated by a rule of the specification.
#[test]
fn a_place_is_spoken_of_once() {
    let text = format!(
        "{OPEN_3_1}paths: {{/a: {{get: {{deprecated: \"yes\", parameters: 1, responses: {{\"20\": {{}}}}}}}}}}\n"
    );
    let findings = WorkspaceCase::definition(&text).findings();
    let places: BTreeSet<&Location> = findings.iter().map(|finding| &finding.location).collect();
    let of_document: Vec<_> = findings.iter().filter(|finding| finding.rule.starts_with("specification")).collect();
    assert!(places.len() >= 3, "{findings:#?}");
    for finding in of_document {
        let same = findings.iter().filter(|other| other.location == finding.location).count();
        assert_eq!(same, 1, "{findings:#?}");
    }
}

/// A custom domain is of `online` alone.
#[test]
fn a_group_that_is_live_elsewhere_leaves_its_domain_without_an_answer() {
    let mut case =
        WorkspaceCase::group(&format!("{GROUP}domains: [a.example]\n"), &format!("{OPEN_3_1}{PATHS}")).live(&["one"]);
    assert_eq!(case.places("domain-not-live"), [""; 0]);
    for live in case.live.iter_mut().flatten() {
        live.environment = "test".parse().unwrap();
    }
    assert_eq!(case.places("domain-not-live"), ["group.yaml:4:1"]);
}

/// A scheme whose reference leads nowhere is declared all the same.
#[test]
fn a_scheme_that_leads_nowhere_is_not_undeclared() {
    let scheme = |name: &str| {
        let schemes = format!("components: {{securitySchemes: {{{name}: {{$ref: \"#/nowhere\"}}}}}}\n");
        WorkspaceCase::definition(&format!("{OPEN_3_1}security: [{{key: []}}]\n{schemes}{PATHS}"))
            .places("security-undeclared")
    };
    assert_eq!(scheme("key"), [""; 0]);
    assert_eq!(scheme("other"), ["openapi.yaml:3:13"]);
}

#[test]
fn findings_say_what_is_wrong_and_what_may_have_been_meant() {
    let schemes = "components: {securitySchemes: {basic: {type: http, scheme: basic}, key: {type: http, scheme: a}}}\n";
    let asks =
        |name: &str| WorkspaceCase::definition(&format!("{OPEN_3_1}security: [{{{name}: []}}]\n{schemes}{PATHS}"));
    let operations = "{get: {operationId: listA}, put: {operationId: putA}}";
    let forwards = |name: &str| {
        let settings = format!("{GROUP}forwarding: {{apis: {{{name}: {{}}}}}}\n");
        WorkspaceCase::group(&settings, &format!("{OPEN_3_1}paths: {{/a: {operations}}}\n"))
    };
    let unchecked = |paths: &str| {
        let settings = format!("{GROUP}auth: none\nbackend: http://a\n");
        WorkspaceCase::group(
            &settings,
            &format!("{OPEN_3_1}security: [{{key: []}}]\n{schemes}paths: {{/a: {paths}}}\n"),
        )
    };
    let address =
        |text: &str| WorkspaceCase::group(&format!("{GROUP}backend: {text}\n"), &format!("{OPEN_3_1}{PATHS}"));
    let shadowed = |paths: &str| {
        let hidden = GROUP.replace("/g", "/g/h");
        WorkspaceCase::definition(&format!("{OPEN_3_1}paths: {{{paths}}}\n")).and(
            "two",
            &hidden,
            &format!("{OPEN_3_1}paths: {{\"/{{x}}\": {{get: {{}}}}}}\n"),
        )
    };
    let domains = |list: &str| {
        let settings = format!("{GROUP}domains: [{list}]\n");
        WorkspaceCase::group(&settings, &format!("{OPEN_3_1}{PATHS}")).and(
            "two",
            &settings,
            &format!("{OPEN_3_1}{PATHS}"),
        )
    };
    let of_webhooks = |webhooks: &str| WorkspaceCase::definition(&format!("{OPEN_3_1}{webhooks}paths: {{}}\n"));
    for (case, rule, words) in [
        (shadowed("/h/a: {get: {}}"), "route-shadowed", "with \"/{x}\"; "),
        (shadowed("/h/a: {get: {}}, /h/b: {get: {}}"), "route-shadowed", "with \"/{x}\", and 1 more alike; "),
        (domains("a.example, a.example"), "domain-collision", "a.example is given twice in this list; remove one"),
        (domains("a.example"), "domain-collision", "a.example is bound to one as well; leave"),
        (of_webhooks(""), "no-api", "the group one has no API; "),
        (of_webhooks("webhooks: {w: {post: {}}}\n"), "no-api", "has no API: a webhook is called by the API"),
        (asks("KEY"), "security-undeclared", "did you mean \"key\"?"),
        (asks("none"), "security-undeclared", "declare it under `components.securitySchemes`"),
        (forwards("PUTA"), "unknown-api", "did you mean \"putA\"?"),
        (forwards("none"), "unknown-api", "ListApis"),
        (unchecked("{get: {}}"), "security-uncovered", "key (1 API),"),
        (unchecked(operations), "security-uncovered", "key (2 APIs),"),
        (address("ftp://${HOST}"), "backend-address", "\"ftp://${HOST}\" is not a backend's address"),
    ] {
        let found = case.findings().into_iter().find(|finding| finding.rule == rule);
        let text =
            found.map(|finding| format!("{}; {}", finding.message, hint_text(&finding.hint))).unwrap_or_default();
        assert!(text.contains(words), "{rule} should say {words:?}: {text:?}");
    }
}

/// Returns the text of a hint, or its name.
fn hint_text(hint: &Hint) -> String {
    match hint {
        Hint::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

/// Paths that all cross each other would have as many findings as there are pairs of them.
#[test]
fn many_crossing_paths_have_one_finding_each() {
    let path = |number: usize| {
        if number.is_multiple_of(2) { format!("/r{number}/{{a}}") } else { format!("/{{a}}/r{number}") }
    };
    let paths = (0..600).fold(String::new(), |text, number| text + &format!("  {}: {{get: {{}}}}\n", path(number)));
    let places = WorkspaceCase::definition(&format!("{OPEN_3_1}paths:\n{paths}")).places("path-ambiguous");
    assert!((300..600).contains(&places.len()), "{}", places.len());
}

#[test]
fn a_parameter_that_a_path_writes_with_its_pattern_is_named_in_the_hint() {
    for written in ["id:[0-9]+", "id+", "+id", "id=a*"] {
        let text = format!(
            "{OPEN_3_1}paths:\n  '/a/{{{written}}}': {{get: {{parameters: [{{name: id, in: path, required: true, schema: {{}}}}]}}}}\n"
        );
        let findings = WorkspaceCase::definition(&text).findings();
        let hint =
            |rule: &str| findings.iter().find(|finding| finding.rule == rule).map(|finding| hint_text(&finding.hint));
        let undeclared = hint("path-parameter-undeclared").expect(written);
        assert!(undeclared.starts_with("write {id}: "), "{undeclared}");
        let unused = hint("path-parameter-unused").expect(written);
        assert_eq!(unused, format!("write {{id}} in the path instead of {{{written}}}"));
    }
}

#[test]
fn an_empty_list_is_called_empty_where_it_must_not_be() {
    let text = format!("{OPEN_3_0}paths: {{}}\ncomponents: {{schemas: {{A: {{enum: []}}, B: {{anyOf: []}}}}}}\n");
    let findings = WorkspaceCase::definition(&text).findings();
    let messages = findings.iter().filter(|finding| finding.rule == "schema-keyword").map(|finding| &finding.message);
    assert_eq!(messages.filter(|message| message.ends_with("and here is an empty list")).count(), 2, "{findings:#?}");
}

#[test]
fn the_fields_of_3_2_are_known_in_3_2_alone() {
    let text = |version: &str| {
        format!(
            "openapi: {version}\n$self: https://x.example/openapi.yaml\ninfo: {{title: t, version: '1'}}\n\
             servers: [{{url: /, name: here}}]\ntags: [{{name: a, summary: s, kind: nav}}, {{name: b, parent: a}}]\n\
             paths:\n  /a:\n    query:\n      responses: {{'200': {{summary: s, content: {{text/event-stream: {{itemSchema: {{}}}}}}}}}}\n    \
             get:\n      parameters: [{{name: c, in: cookie, style: cookie, schema: {{type: string}}}}]\n      \
             responses:\n        '200':\n          description: d\n          content:\n            \
             application/json: {{$ref: '#/components/mediaTypes/M'}}\n            \
             multipart/mixed: {{prefixEncoding: [{{contentType: a/b}}], itemEncoding: {{contentType: a/b}}}}\n\
             components:\n  mediaTypes: {{M: {{schema: {{type: string}}, examples: {{e: {{dataValue: a, serializedValue: a}}}}}}}}\n  \
             schemas:\n    D: {{type: object, discriminator: {{propertyName: p, defaultMapping: E}}, xml: {{nodeType: element}}}}\n    \
             E: {{type: object}}\n  securitySchemes:\n    o:\n      type: oauth2\n      deprecated: true\n      \
             oauth2MetadataUrl: https://x.example/m\n      flows: {{deviceAuthorization: {{deviceAuthorizationUrl: 'https://x.example/d', \
             tokenUrl: 'https://x.example/t', scopes: {{}}}}}}\n"
        )
    };
    let rules = |version: &str| {
        let findings = WorkspaceCase::definition(&text(version)).findings();
        findings.iter().map(|finding| format!("{} {}", finding.location, finding.rule)).collect::<Vec<_>>()
    };
    assert_eq!(rules("3.2.0"), [""; 0]);
    let in_3_1 = rules("3.1.0");
    assert!(in_3_1.iter().filter(|found| found.ends_with("specification-unknown-field")).count() >= 12, "{in_3_1:#?}");
}
