//! For each rule what breaks it, with the exact place, and what comes near and keeps it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::definition::{self, Reading};
use crate::model::RuleLevel;

mod bounds;

const OPEN_3_0: &str = "openapi: 3.0.3\ninfo: {title: t, version: \"1\"}\n";
const OPEN_3_1: &str = "openapi: 3.1.0\ninfo: {title: t, version: \"1\"}\n";
/// A path with an operation, for definitions that are about something else.
const PATHS: &str = "paths: {/a: {get: {responses: {\"200\": {description: d}}}}}\n";
const GROUP: &str = "schema: 1\nversion: \"0.0.1\"\nprefix: /g\n";
const WORKSPACE: &str = "schema = 1\n";

/// A workspace in memory.
struct Case {
    groups: Vec<(GroupName, String, String)>,
    settings: String,
    beside: Vec<(String, String)>,
    live: Option<Vec<Live>>,
}

impl Case {
    /// A group `one` with a definition.
    fn definition(text: &str) -> Self {
        Self::group(GROUP, text)
    }

    /// A group `one` with settings and a definition.
    fn group(settings: &str, definition: &str) -> Self {
        Self { groups: Vec::new(), settings: WORKSPACE.to_owned(), beside: Vec::new(), live: None }
            .and("one", settings, definition)
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
        let live = |group: &&str| Live { environment: "online".parse().unwrap(), group: group.parse().unwrap() };
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
        let read: Vec<(GroupSettings, Reading)> = self
            .groups
            .iter()
            .map(|(name, settings, definition)| (serde_saphyr::from_str(settings).unwrap(), read(name, definition)))
            .collect();
        let subjects: Vec<Subject<'_>> = self
            .groups
            .iter()
            .zip(&read)
            .map(|((group, text, _), (settings, reading))| Subject {
                group,
                settings: Some(settings),
                settings_text: text.as_bytes(),
                definition: reading.definition.as_ref(),
                reading: &reading.findings,
            })
            .collect();
        let live = self.live.as_deref();
        workspace(&Overview { settings: &settings, settings_text: &self.settings, subjects: &subjects, live })
    }

    /// Lists the places where a rule is broken; of the group `one` without its folder.
    fn places(&self, rule: &str) -> Vec<String> {
        let places = self.findings().into_iter().filter(|finding| finding.rule == rule);
        places.map(|finding| finding.location.to_string().replace("groups/one/", "")).collect()
    }
}

/// Definitions of 3.1: the rule, what comes after the head and where it is broken, and what keeps it.
const DEFINITIONS_3_1: &[(&str, &str, &[&str], &str)] = &[
    ("definition-missing", "none", &["openapi.yaml"], PATHS),
    ("definition-syntax", "paths: [\n", &["openapi.yaml:3:8"], PATHS),
    ("definition-too-large", "DEEP", &["openapi.yaml:3:209"], PATHS),
    ("duplicate-key", "paths: {}\ncomponents: {}\npaths: {}\n", &["openapi.yaml:5:1"], "paths: {}\ncomponents: {}\n"),
    ("openapi-version", "OPEN 4.0.0", &["openapi.yaml:1:10"], PATHS),
    (
        "reference-unresolved",
        "components: {schemas: {A: {$ref: \"#/components/schemas/B\"}}}\npaths: {}\n",
        &["openapi.yaml:3:34"],
        "components: {schemas: {A: {$ref: \"#/components/schemas/B\"}, B: {}}}\npaths: {}\n",
    ),
    (
        "reference-outside",
        "components: {schemas: {A: {$ref: \"https://a.example/b\"}}}\npaths: {}\n",
        &["openapi.yaml:3:34"],
        "components: {schemas: {A: {$ref: \"beside.yaml\"}}}\npaths: {}\n",
    ),
    (
        "reference-circular",
        "paths: {}\ncomponents:\n  schemas:\n    A: {$ref: \"#/components/schemas/A\"}\n",
        &["openapi.yaml:6:15"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {properties: {a: {$ref: \"#/components/schemas/A\"}}}\n",
    ),
    (
        "definition-structure",
        "paths: {/a: {get: {parameters: {name: a}, responses: {\"200\": {description: d}}}}}\n",
        &["openapi.yaml:3:32"],
        "paths: {/a: {get: {parameters: [], responses: {\"200\": {description: d}}}}}\n",
    ),
    (
        "definition-sloppy",
        "paths: {/a: {get: {deprecated: \"yes\", responses: {\"200\": {description: d}}}}}\n",
        &["openapi.yaml:3:32"],
        "paths: {/a: {get: {deprecated: true, responses: {\"200\": {description: d}}}}}\n",
    ),
    (
        "duplicate-api",
        "paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {get: {}}\n",
        &["openapi.yaml:5:12"],
        "paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {put: {}}\n",
    ),
    ("path-template", "paths:\n  /a/{b: {get: {}}\n", &["openapi.yaml:4:3"], "paths:\n  /a/{b}: {get: {}}\n"),
    (
        "constant-result",
        "paths: {/a: {get: {responses: {\"200\": {description: d, content: {a/json: {schema:\n  {type: integer, minimum: 2, maximum: 1}}}}}}}}\n",
        &["openapi.yaml:4:3"],
        "paths: {/a: {get: {responses: {\"200\": {description: d, content: {a/json: {schema:\n  {type: integer, minimum: 1, maximum: 1}}}}}}}}\n",
    ),
    (
        "example-contradicts-schema",
        "paths: {/a: {get: {responses: {\"200\": {description: d, content: {application/json: {\n  schema: {type: array, items: {type: integer, default: x}},\n  example: [1, x]}}}}}}}\n",
        &["openapi.yaml:4:57", "openapi.yaml:5:16"],
        "paths: {/a: {get: {responses: {\"200\": {description: d, content: {application/json: {\n  schema: {type: array, items: {type: integer, default: 1}},\n  example: \"[2]\"}}}}}}}\n",
    ),
    (
        "constant-result-contradicts-schema",
        "paths: {/a: {get: {x-apigw-mock: {body: x}, responses: {\"200\": {description: d, content: {application/json: {\n  schema: {type: integer}}}}}}}}\n",
        &["openapi.yaml:3:41"],
        "paths: {/a: {get: {x-apigw-mock: {status: 404, body: x}, responses: {\"200\": {description: d, content: {application/json: {\n  schema: {type: integer}}}}}}}}\n",
    ),
    (
        "specification-required",
        "paths:\n  /a:\n    get:\n      responses:\n        \"200\": {summary: d}\n",
        &["openapi.yaml:7:16"],
        "paths:\n  /a:\n    get:\n      responses:\n        \"200\": {$ref: \"#/components/responses/R\", summary: d}\ncomponents: {responses: {R: {description: d}}}\n",
    ),
    (
        "specification-unknown-field",
        "paths:\n  /a:\n    get:\n      operationID: a\n      responses: {\"200\": {description: d}}\n",
        &["openapi.yaml:6:7"],
        "paths:\n  /a:\n    get:\n      x-operationID: a\n      responses: {\"200\": {description: d}}\n",
    ),
    (
        "specification-value",
        "paths: {}\ntags:\n  - name: a\n    externalDocs: {url: [a]}\n",
        &["openapi.yaml:6:25"],
        "paths: {}\ntags:\n  - name: a\n    externalDocs: {url: a, x-list: [a]}\n",
    ),
    (
        "specification-name",
        "paths: {}\ncomponents:\n  schemas:\n    A b: {}\n",
        &["openapi.yaml:6:5"],
        "paths: {}\ncomponents:\n  schemas:\n    A.b-c_d: {properties: {\"e f\": {}}}\n",
    ),
    (
        "specification-exclusive",
        "paths: {/a: {get: {responses: {\"200\": {description: d}}, parameters: [\n  {name: a, in: query, schema: {}, content: {a/b: {}}}]}}}\n",
        &["openapi.yaml:4:36"],
        "paths: {/a: {get: {responses: {\"200\": {description: d}}, parameters: [\n  {name: a, in: query, content: {a/b: {}}}]}}}\n",
    ),
    (
        "schema-keyword",
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: integer, minimum: \"1\"}\n    B: {tpye: integer}\n    C: {required: true}\n",
        &["openapi.yaml:6:33", "openapi.yaml:7:9", "openapi.yaml:8:19"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: [integer, \"null\"], minimum: 1, kind: a}\n    B: {properties: {tpye: {}}}\n    C: true\n",
    ),
    (
        "schema-type",
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: strnig}\n    B: {type: [string, nul]}\n",
        &["openapi.yaml:6:15", "openapi.yaml:7:24"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: string, enum: [strnig]}\n    B: {type: any}\n",
    ),
    (
        "schema-pattern",
        "paths: {}\ncomponents:\n  schemas:\n    A: {pattern: \"^[a\"}\n    B: {patternProperties: {\"(\": {}}}\n",
        &["openapi.yaml:6:18", "openapi.yaml:7:29"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {pattern: \"^[a](?=b)\\\\d$\"}\n    B: {patternProperties: {\"()\": {}}}\n",
    ),
    ("no-api", "paths: {}\n", &["openapi.yaml:3:1"], PATHS),
    (
        "constant-result-missing",
        "paths:\n  /a: {get: {}}\n",
        &["openapi.yaml:4:8"],
        "paths:\n  /a: {get: {x-apigw-mock: 1}}\n",
    ),
    (
        "responses-missing",
        "paths:\n  /a:\n    get: {operationId: a}\n    put: {responses: {}}\n",
        &["openapi.yaml:5:10", "openapi.yaml:6:11"],
        "paths:\n  /a:\n    get: {responses: {default: {description: d}}}\n",
    ),
    (
        "success-response-missing",
        "paths:\n  /a:\n    get:\n      responses: {\"404\": {description: d}}\n",
        &["openapi.yaml:6:7"],
        "paths:\n  /a:\n    get:\n      responses: {\"404\": {description: d}, \"303\": {description: d}}\n",
    ),
    (
        "path-parameter-undeclared",
        "paths:\n  /a/{b}:\n    get: {}\n    put: {}\n  /c/{d}:\n    parameters: [{name: d, in: path, required: true, schema: {}}]\n    get: {}\n  /e/{f}:\n    get: {parameters: [{name: f, in: path, required: true, schema: {}}]}\n    put: {parameters: [{name: f, in: query, schema: {}}]}\n",
        &["openapi.yaml:4:3", "openapi.yaml:12:5"],
        "paths:\n  /a/{b}:\n    get: {parameters: [{$ref: \"#/components/parameters/P\"}]}\ncomponents: {parameters: {P: {name: b, in: path, required: true, schema: {}}}}\n",
    ),
    (
        "path-parameter-unused",
        "paths:\n  /a/{b}:\n    get: {parameters: [{name: B, in: path, required: true, schema: {}}]}\n",
        &["openapi.yaml:5:31"],
        "paths:\n  /a/{b}:\n    get: {parameters: [{name: c, in: query, schema: {}}]}\n",
    ),
    (
        "parameter-duplicate",
        "paths:\n  /a:\n    get:\n      parameters:\n        - {name: X-B, in: header, schema: {}}\n        - {name: x-b, in: header, schema: {}}\n",
        &["openapi.yaml:8:18"],
        "paths:\n  /a:\n    parameters: [{name: b, in: query, schema: {}}]\n    get:\n      parameters:\n        - {name: b, in: query, schema: {}}\n        - {name: b, in: header, schema: {}}\n        - {name: B, in: query, schema: {}}\n",
    ),
    (
        "path-equal",
        "paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {put: {}}\n",
        &["openapi.yaml:5:3"],
        "paths:\n  /a/{b}: {get: {}}\n  /a/{b}/{c}: {put: {}}\n  /a/{b}?c=d: {get: {}}\n",
    ),
    (
        "path-ambiguous",
        "paths:\n  /{a}/mine: {get: {}}\n  /books/{b}: {get: {}}\n",
        &["openapi.yaml:5:3"],
        "paths:\n  /{a}/mine: {get: {}}\n  /books/{b}: {put: {}}\n  /books/mine: {get: {}}\n  /{c}/{d}: {get: {}}\n  /books/{b}.json: {get: {}}\n",
    ),
    (
        "operation-id-duplicate",
        "paths:\n  /a: {get: {operationId: a}}\n  /b: {get: {operationId: a}}\n",
        &["openapi.yaml:5:27"],
        "paths:\n  /a: {get: {operationId: a}}\n  /b: {$ref: \"#/paths/~1a\"}\n",
    ),
    (
        "operation-id-similar",
        "paths:\n  /a: {get: {operationId: getPet}}\n  /b: {get: {operationId: getpet}}\n",
        &["openapi.yaml:5:27"],
        "paths:\n  /a: {get: {operationId: getPet}}\n  /b: {get: {operationId: getPets}}\n",
    ),
    (
        "security-undeclared",
        "security: [{}, {key: []}]\npaths: {/a: {get: {security: [{other: []}]}}}\n",
        &["openapi.yaml:3:17", "openapi.yaml:4:32"],
        "security: [{}, {key: []}]\ncomponents: {securitySchemes: {key: {type: http, scheme: basic}}}\npaths: {/a: {get: {security: []}}}\n",
    ),
    (
        "security-scope",
        "security: [{key: [read, write]}]\ncomponents: {securitySchemes: {key: {type: oauth2, flows: {password: {tokenUrl: u, scopes: {read: r}}}}}}\npaths: {}\n",
        &["openapi.yaml:3:25"],
        "security: [{key: [role]}]\ncomponents: {securitySchemes: {key: {type: http, scheme: basic}}}\npaths: {}\n",
    ),
];

#[test]
fn rules_over_definitions() {
    let deep = format!("x-deep: {}", "[".repeat(300));
    let mut failures = String::new();
    for (rule, wrong, places, right) in DEFINITIONS_3_1 {
        let text = |part: &str| match part {
            "none" => "none".to_owned(),
            "DEEP" => format!("{OPEN_3_1}{deep}"),
            "OPEN 4.0.0" => OPEN_3_1.replace("3.1.0", "4.0.0") + PATHS,
            part => format!("{OPEN_3_1}{part}"),
        };
        let case = |part| Case::definition(&text(part)).beside("beside.yaml", "type: string\n");
        failures.extend(compare(rule, &case(wrong), places, &case(right)));
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Says where a rule is not broken where it should be, or is where it should not, with all findings.
fn compare(rule: &str, wrong: &Case, places: &[&str], right: &Case) -> Option<String> {
    let shown = |case: &Case| {
        let line = |finding: Finding| format!("\n    {} {}: {}", finding.location, finding.rule, finding.message);
        case.findings().into_iter().map(line).collect::<String>()
    };
    if wrong.places(rule) != places {
        return Some(format!("\n  {rule} should be at {places:?}:{}", shown(wrong)));
    }
    (!right.places(rule).is_empty()).then(|| format!("\n  {rule} should be nowhere:{}", shown(right)))
}

#[test]
fn openapi_3_0_has_rules_of_its_own() {
    let mut failures = String::new();
    for (rule, wrong, places, right) in [
        (
            "reference-siblings",
            "paths: {}\ncomponents: {schemas: {A: {$ref: \"#/components/schemas/B\", type: string}, B: {}}}\n",
            &["openapi.yaml:4:60"][..],
            "paths: {}\ncomponents: {schemas: {A: {$ref: \"#/components/schemas/B\"}, B: {}}}\n",
        ),
        (
            "schema-keyword",
            "paths: {}\ncomponents:\n  schemas:\n    A: {const: 1}\n    B: {type: [string, \"null\"]}\n    C: {items: [{}]}\n    D: {exclusiveMinimum: 1}\n",
            &["openapi.yaml:6:9", "openapi.yaml:7:15", "openapi.yaml:8:16", "openapi.yaml:9:27"],
            "paths: {}\ncomponents:\n  schemas:\n    A: {enum: [1], nullable: true}\n    B: {additionalProperties: false}\n    D: {minimum: 1, exclusiveMinimum: true}\n",
        ),
        (
            "specification-unknown-field",
            "paths: {}\nwebhooks: {}\n",
            &["openapi.yaml:4:1"],
            "paths: {}\nx-webhooks: {}\n",
        ),
        (
            "security-scope",
            "security: [{key: [role]}]\ncomponents: {securitySchemes: {key: {type: http, scheme: basic}}}\npaths: {}\n",
            &["openapi.yaml:3:19"],
            "security: [{key: []}]\ncomponents: {securitySchemes: {key: {type: http, scheme: basic}}}\npaths: {}\n",
        ),
        ("specification-required", "x-paths: {}\n", &["openapi.yaml:1:1"], "paths: {}\n"),
    ] {
        let case = |part: &str| Case::definition(&format!("{OPEN_3_0}{part}"));
        failures.extend(compare(rule, &case(wrong), places, &case(right)));
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The rule, what breaks it and where, and what keeps it.
type Row = (&'static str, Case, Vec<&'static str>, Case);

/// Cases of more than a definition.
fn cases() -> Vec<Row> {
    addresses().into_iter().chain(domains_and_routes()).chain(credentials()).chain(workspaces()).collect()
}

fn with(text: &str) -> Case {
    Case::group(&format!("{GROUP}{text}"), &format!("{OPEN_3_1}{PATHS}"))
}

fn addresses() -> Vec<Row> {
    let routes = "forwarding: {routes: [{when: header.a, backend: \"http://a\"}, {when: header.b, backend: b}]}\n";
    vec![
        ("backend-address", with("backend: ftp://a\n"), vec!["group.yaml:4:10"], with("backend: http://a\n")),
        (
            "backend-address",
            with(routes),
            vec!["group.yaml:4:88"],
            with(&routes.replace("backend: b", "backend: http://b")),
        ),
        (
            "backend-address",
            with("backend: https://${HOST}/a\n").settings("[environments.test.variables]\nHOST = \"a b\"\n"),
            vec!["group.yaml:4:10"],
            with("backend: https://${HOST}/a\n").settings("[environments.test.variables]\nHOST = \"a\"\n"),
        ),
        (
            "backend-address",
            with("backend: https://${HOST/a\n"),
            vec!["group.yaml:4:10"],
            with("backend: https://${HOST}/a\n"),
        ),
        (
            "variable-undeclared",
            with("backend: https://${HOST}/a\n").settings("[environments.test.variables]\nHOST = \"a\"\n"),
            vec!["group.yaml:4:10"],
            with("backend: https://host/a\n"),
        ),
        (
            "variable-unused",
            with("").settings("[environments.test.variables]\nA = \"a\"\nHOST = \"a\"\n"),
            vec!["apigw.toml:3:1", "apigw.toml:4:1"],
            with("forwarding: {more_addresses: [\"https://${HOST}\"]}\n")
                .settings("[environments.test.variables]\nHOST = \"a\"\n"),
        ),
    ]
}

fn domains_and_routes() -> Vec<Row> {
    let definition = &format!("{OPEN_3_1}{PATHS}");
    let path = |prefix: &str, path: &str, more: &str| {
        let group = GROUP.replace("/g", prefix);
        let definition =
            format!("{OPEN_3_1}paths:\n  {path}:\n    get: {{{more}responses: {{default: {{description: d}}}}}}\n");
        (group, definition)
    };
    let two =
        |one: (String, String), other: (String, String)| Case::group(&one.0, &one.1).and("two", &other.0, &other.1);
    vec![
        (
            "domain-collision",
            with("domains: [a.example, b.example]\n").and(
                "two",
                &format!("{GROUP}domains: [c.example, b.example]\n"),
                definition,
            ),
            vec!["groups/two/group.yaml:4:22"],
            with("domains: [a.example]\n").and("two", &format!("{GROUP}domains: [b.example]\n"), definition),
        ),
        (
            "domain-collision",
            with("domains: [a.example, x.apigw.localhost, a.example]\n"),
            vec!["group.yaml:4:22", "group.yaml:4:41"],
            with("domains: [xapigw.localhost]\n"),
        ),
        (
            "domain-not-live",
            with("domains: [a.example]\n").live(&["two"]),
            vec!["group.yaml:4:1"],
            with("domains: [a.example]\n").live(&["one"]),
        ),
        (
            "prefix-collision",
            with("").and("two", GROUP, definition),
            vec!["groups/two/group.yaml:3:9"],
            with("").and("two", &GROUP.replace("/g", "/g/h"), definition),
        ),
        (
            "route-shadowed",
            two(path("/g", "/h/a", ""), path("/g/h", "/{x}", "")),
            vec!["openapi.yaml:5:5"],
            two(path("/g", "/{x}/a", ""), path("/g/h", "/{x}", "")),
        ),
        (
            "route-shadowed",
            two(path("/g", "/h/a/{b}", ""), path("/g/h", "/a", "x-apigw-match: prefix, ")),
            vec!["openapi.yaml:5:5"],
            two(path("/g", "/h/a", "x-apigw-match: prefix, "), path("/g/h", "/a", "")),
        ),
        // Of one prefix, the group whose name comes first is asked first.
        (
            "route-shadowed",
            two(path("/g", "/{x}", ""), path("/g", "/a", "")),
            vec!["groups/two/openapi.yaml:5:5"],
            two(path("/g", "/a", ""), path("/g", "/{x}", "")),
        ),
    ]
}

fn credentials() -> Vec<Row> {
    let secured = &format!(
        "{OPEN_3_1}security: [{{key: []}}]\ncomponents: {{securitySchemes: {{key: {{type: apiKey, in: header, name: Authorization}}}}}}\n{PATHS}"
    );
    let bearer = &secured.replace("{type: apiKey, in: header, name: Authorization}", "{type: http, scheme: bearer}");
    vec![
        (
            "security-uncovered",
            Case::group(&format!("{GROUP}auth: none\nbackend: http://a\n"), bearer),
            vec!["group.yaml:4:7"],
            Case::group(&format!("{GROUP}auth: none\n"), bearer),
        ),
        (
            "security-uncovered",
            Case::group(&format!("{GROUP}backend: http://a\nauth: signature\n"), bearer),
            vec!["group.yaml:5:7"],
            Case::group(&format!("{GROUP}backend: http://a\nauth: signature\n"), secured),
        ),
        (
            "security-uncovered",
            Case::group(&format!("{GROUP}backend: http://a\n"), secured),
            vec!["group.yaml"],
            Case::group(&format!("{GROUP}backend: http://a\n"), &secured.replace("[{key: []}]", "[{key: []}, {}]")),
        ),
    ]
}

fn workspaces() -> Vec<Row> {
    vec![
        (
            "unknown-api",
            with("forwarding: {apis: {\"GET /a\": {}, geta: {}}}\n"),
            vec!["group.yaml:4:35"],
            with("forwarding: {apis: {\"GET /a\": {}}}\n"),
        ),
        (
            "promotion-circle",
            with("").settings(
                "[environments.test]\npromote_from = \"online\"\n[environments.online]\npromote_from = \"test\"\n",
            ),
            vec!["apigw.toml:5:16"],
            with("").settings(
                "[environments.pre-release]\npromote_from = \"test\"\n[environments.online]\npromote_from = \"test\"\n",
            ),
        ),
        (
            "unknown-rule",
            with("").settings("[rules]\nno-api = \"off\"\nno-apy = \"off\"\n"),
            vec!["apigw.toml:4:1"],
            with("").settings("[rules]\nno-api = \"off\"\n"),
        ),
        (
            "unknown-group",
            with("").settings("default_group = \"onne\"\n"),
            vec!["apigw.toml:2:17"],
            with("").settings("default_group = \"one\"\n"),
        ),
    ]
}

#[test]
fn rules_over_workspaces() {
    let mut failures = String::new();
    for (rule, wrong, places, right) in cases() {
        failures.extend(compare(rule, &wrong, &places, &right));
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_rule_is_broken_by_some_case() {
    let mut broken: BTreeSet<&str> = DEFINITIONS_3_1.iter().map(|(rule, ..)| *rule).collect();
    broken.extend(cases().iter().map(|(rule, ..)| *rule));
    broken.insert("reference-siblings");
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
        let case =
            Case::definition(&format!("{OPEN_3_1}paths: {{}}\n")).settings(&format!("[rules]\nno-api = \"{level}\"\n"));
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

/// What reading says of a place is not said again in other words.
#[test]
fn a_place_is_spoken_of_once() {
    let text = format!(
        "{OPEN_3_1}paths: {{/a: {{get: {{deprecated: \"yes\", parameters: 1, responses: {{\"20\": {{}}}}}}}}}}\n"
    );
    let findings = Case::definition(&text).findings();
    let places: BTreeSet<&Location> = findings.iter().map(|finding| &finding.location).collect();
    let of_document: Vec<_> = findings.iter().filter(|finding| finding.rule.starts_with("specification")).collect();
    assert!(places.len() >= 3, "{findings:#?}");
    for finding in of_document {
        let same = findings.iter().filter(|other| other.location == finding.location).count();
        assert_eq!(same, 1, "{findings:#?}");
    }
}

/// Paths that all cross each other would have as many findings as there are pairs of them.
#[test]
fn many_crossing_paths_have_one_finding_each() {
    let path = |number: usize| {
        if number.is_multiple_of(2) { format!("/r{number}/{{a}}") } else { format!("/{{a}}/r{number}") }
    };
    let paths = (0..600).fold(String::new(), |text, number| text + &format!("  {}: {{get: {{}}}}\n", path(number)));
    let places = Case::definition(&format!("{OPEN_3_1}paths:\n{paths}")).places("path-ambiguous");
    assert!((300..600).contains(&places.len()), "{}", places.len());
}
