//! `apigw check` as a whole: what it shows in each format, its exit codes, and files that cannot be read.

use crate::harness::Sandbox;

const DEFINITION: &str = "groups/petstore/openapi.yaml";
const SETTINGS: &str = "groups/petstore/group.yaml";
/// A definition with one error, one warning.
const WRONG: &str = "openapi: 3.1.0\ninfo: {title: t, version: \"1\", colour: red}\npaths: {}\n";

fn rules(findings: &serde_json::Value) -> Vec<(String, String)> {
    let findings = findings["findings"].as_array().expect("findings");
    let text = |value: &serde_json::Value| value.to_string().trim_matches('"').to_owned();
    findings
        .iter()
        .map(|finding| {
            let place = format!("{}:{}:{}", text(&finding["file"]), finding["line"], finding["column"]);
            (text(&finding["rule"]), place)
        })
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(rule, place)| ((*rule).to_owned(), (*place).to_owned())).collect()
}

#[test]
fn the_exit_code_is_the_same_in_every_format() {
    let sandbox = Sandbox::petstore();
    // Programs are told by the document alone.
    let total =
        |format: &str, text: &str| if ["json", "yaml"].contains(&format) { String::new() } else { format!("{text}\n") };
    for format in ["table", "json", "yaml", "github", "sarif"] {
        let outcome = sandbox.run(&format!("-o {format} check")).expect_exit(0);
        assert_eq!(outcome.stderr, total(format, "no findings"), "{format}");
    }
    assert_eq!(sandbox.run("-o json check").json()["findings"], serde_json::json!([]));
    sandbox.write(DEFINITION, WRONG);
    for format in ["table", "json", "yaml", "github", "sarif"] {
        sandbox.run(&format!("-o {format} check")).expect_exit(3).expect_stderr(&total(format, "1 error, 1 warning"));
    }
    sandbox.write("apigw.toml", "schema = 1\n[rules]\nno-api = \"warning\"\nspecification-unknown-field = \"off\"\n");
    sandbox.run("check").expect_exit(0).expect_stderr("1 warning");
}

#[test]
fn a_finding_has_its_place_its_line_and_what_to_do() {
    let sandbox = Sandbox::petstore();
    sandbox.write(DEFINITION, WRONG);
    let found = rules(&sandbox.run("-o json check").json());
    let places = [
        ("specification-unknown-field", "groups/petstore/openapi.yaml:2:32"),
        ("no-api", "groups/petstore/openapi.yaml:3:1"),
    ];
    assert_eq!(found, pairs(&places));
    let table = sandbox.run("check").expect_exit(3).stdout;
    for part in [
        "warning[specification-unknown-field]: the Info Object has no field \"colour\"",
        "--> groups/petstore/openapi.yaml:2:32",
        "info: {title: t, version: \"1\", colour: red}",
        "                               ^^^^^^\n",
        "help: remove it, or name it \"x-colour\": OpenAPI 3.1, section 4.8.2",
    ] {
        assert!(table.contains(part), "{part:?} is not in:\n{table}");
    }
    let github = sandbox.run("-o github check").expect_exit(3).stdout;
    let first = "::warning file=groups/petstore/openapi.yaml,line=2,col=32,title=specification-unknown-field::the Info Object \
                 has no field \"colour\"%0Aremove it, or name it \"x-colour\": OpenAPI 3.1, section 4.8.2\n";
    assert!(github.starts_with(first), "{github}");
}

#[test]
fn what_can_be_read_is_checked() {
    let sandbox = Sandbox::petstore();
    sandbox.run("group create other").expect_exit(0);
    sandbox.write(DEFINITION, WRONG);
    let of_definition = [
        ("specification-unknown-field", "groups/petstore/openapi.yaml:2:32"),
        ("no-api", "groups/petstore/openapi.yaml:3:1"),
    ];
    let of_other = ("no-api", "groups/other/openapi.yaml:5:1");
    let settings = sandbox.read("apigw.toml");

    sandbox.write("apigw.toml", "schema = 1\nbase_domain = 7\n");
    let found = rules(&sandbox.run("-o json check").expect_exit(3).json());
    assert_eq!(found, pairs(&[("toml", "apigw.toml:2:15"), of_other, of_definition[0], of_definition[1]]));
    // Of named groups too, since nothing else says that the rest was not applied.
    let found = rules(&sandbox.run("-o json check other").expect_exit(3).json());
    assert_eq!(found, pairs(&[("toml", "apigw.toml:2:15"), of_other]));
    sandbox.write("apigw.toml", &settings);

    let good = sandbox.read(SETTINGS);
    sandbox.write(SETTINGS, &format!("{good}colour: red\n"));
    let line = good.lines().count() + 1;
    let found = rules(&sandbox.run("-o json check").expect_exit(3).json());
    let place = format!("{SETTINGS}:{line}:1");
    assert_eq!(found, pairs(&[of_other, ("yaml", &place), of_definition[0], of_definition[1]]));
    sandbox.run("check othr").expect_exit(3).expect_stderr("did you mean \"other\"");
    sandbox.run("check Other").expect_exit(3).expect_stderr("is not a name");
}

/// Each rule of files that cannot be read, with its place.
#[test]
fn files_that_cannot_be_read_are_findings() {
    let group = "schema: 1\nversion: \"0.0.1\"\nprefix: /a\n";
    let long = format!("{group}# {}\n", "x".repeat(9 << 20));
    let domains = format!("{group}domains:\n  - a.b\n  - b.b\n  - c.b\n  - d.b\n  - e.b\n  - f.b\n");
    for (file, text, rule, place) in [
        (SETTINGS, domains.as_str(), "domain-count", "groups/petstore/group.yaml:10:5"),
        (SETTINGS, "schema: 1\nversion: 1.10\nprefix: /a\n", "yaml", "groups/petstore/group.yaml:2:10"),
        (SETTINGS, "schema: 2\n", "newer-schema", "groups/petstore/group.yaml:1:1"),
        (SETTINGS, "schema: 0\n", "schema", "groups/petstore/group.yaml:1:1"),
        (SETTINGS, &long, "file-size", "groups/petstore/group.yaml:0:0"),
        ("apigw.toml", "schema = 1\nx = \n", "toml", "apigw.toml:2:5"),
        (
            "apigw.toml",
            "schema = 1\n[environments]\nonline = { promote_from = \"qa\" }\n",
            "environment",
            "apigw.toml:3:27",
        ),
    ] {
        let sandbox = Sandbox::petstore();
        sandbox.write(file, text);
        let found = rules(&sandbox.run("-o json check").expect_exit(3).json());
        assert!(found.contains(&(rule.to_owned(), place.to_owned())), "{rule}: {found:?}");
    }
    let sandbox = Sandbox::petstore();
    std::fs::write(sandbox.path().join(SETTINGS), b"schema: 1\n# \xff\n").expect("a file");
    let found = rules(&sandbox.run("-o json check").expect_exit(3).json());
    assert_eq!(found, pairs(&[("encoding", "groups/petstore/group.yaml:2:3")]));
    std::fs::remove_file(sandbox.path().join(SETTINGS)).expect("removed");
    let found = rules(&sandbox.run("-o json check").expect_exit(3).json());
    assert_eq!(found, pairs(&[("file", "groups/petstore/group.yaml:0:0")]));
}

#[test]
fn custom_domains_are_compared_with_what_is_live() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read(SETTINGS);
    sandbox.write(SETTINGS, &format!("{settings}domains: [shop.example.com]\n"));
    let line = settings.lines().count() + 1;
    let found = rules(&sandbox.run("-o json check").expect_exit(0).json());
    assert_eq!(found, pairs(&[("domain-not-live", &format!("{SETTINGS}:{line}:1"))]));
    sandbox.run("-y publish --env online --mock").expect_exit(0);
    assert_eq!(rules(&sandbox.run("-o json check").expect_exit(0).json()), []);
}

#[test]
fn every_rule_has_a_page() {
    let sandbox = Sandbox::empty();
    let list = sandbox.run("check --explain list").expect_exit(0).stdout;
    for line in list.lines() {
        let rule = line.split(' ').next().expect("a name");
        let page = sandbox.run(&format!("check --explain {rule}")).expect_exit(0).stdout;
        assert!(page.starts_with(&format!("{line}\n\n")) && page.len() > line.len() + 80, "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 120), "{page}");
    }
    let page = sandbox.run("check --explain prefix-collision").expect_exit(0).stdout;
    assert!(page.contains("[rules]\n  prefix-collision = \"off\""), "{page}");
    let json = sandbox.run("check --explain prefix-collision -o json").expect_exit(0).json();
    assert_eq!((&json["schema"], &json["can_be_set"]), (&1.into(), &true.into()), "{json}");
    assert_eq!(json["rule"], "prefix-collision", "{json}");
    assert!(page.starts_with(&format!("prefix-collision ({})", json["severity"].as_str().expect("a severity"))));
    assert!(json["explanation"].as_str().is_some_and(|text| text.len() > 40), "{json}");
    let rules = sandbox.run("-o yaml check --explain list").expect_exit(0).stdout;
    assert_eq!(rules.matches("rule: ").count(), list.lines().count(), "{rules}");
    let formats = sandbox.run("check --explain formats").expect_exit(0).stdout;
    assert!(formats.contains("int32                  a number from -2147483648 to 2147483647\n"), "{formats}");
    let json = sandbox.run("-o json check --explain formats").expect_exit(0).json();
    assert_eq!(json["formats"].as_array().map(Vec::len), Some(formats.lines().count() - 7), "{json}");
    sandbox.run("check --explain prefix-colision").expect_exit(3).expect_stderr("did you mean \"prefix-collision\"");
}

/// A sloppy definition publishes, and what it is warned of stays short.
#[test]
fn publishing_refuses_errors_and_shows_few_warnings() {
    let sandbox = Sandbox::petstore();
    let fields = (0..30).fold(String::new(), |text, number| text + &format!("field{number}: 1\n"));
    sandbox.write(DEFINITION, &format!("{fields}{}", sandbox.read(DEFINITION)));
    let outcome = sandbox.run("publish --env test --mock --dry-run").expect_exit(0);
    let warnings = outcome.stderr.matches("warning:").count();
    assert_eq!(warnings, 11, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("and 20 more; `-o json` has all"), "{}", outcome.stderr);
    sandbox.write(DEFINITION, WRONG);
    sandbox.run("publish --env test --mock").expect_exit(3).expect_stderr("no API");
}

/// Of one rule not all findings are listed, and all count.
#[test]
fn findings_that_are_not_listed_count_in_every_total() {
    let sandbox = Sandbox::petstore();
    sandbox.write("apigw.toml", "schema = 1\n[rules]\nspecification-required = \"error\"\n");
    let paths = (0..700).fold(String::new(), |text, number| {
        text + &format!("  /a{number}: {{get: {{operationID: a, responses: {{'200': {{}}}}}}}}\n")
    });
    sandbox.write(DEFINITION, &format!("openapi: 3.1.0\ninfo: {{title: t, version: \"1\"}}\npaths:\n{paths}"));
    for format in ["table", "github", "sarif"] {
        let outcome = sandbox.run(&format!("-o {format} check")).expect_exit(3);
        assert!(outcome.stderr.contains("700 errors, 700 warnings"), "{format}: {}", outcome.stderr);
    }
    let checked = sandbox.run("-o json check").json();
    let findings = checked["findings"].as_array().expect("findings");
    let count = |finding: &serde_json::Value| finding.get("count").map_or(1, |count| count.as_u64().expect("a number"));
    assert_eq!((findings.len(), findings.iter().map(count).sum::<u64>()), (1_002, 1_400));
    let outcome = sandbox.run("publish --env test --mock --dry-run").expect_exit(3);
    assert!(outcome.stderr.contains("700 problems were found"), "{}", outcome.stderr);
    sandbox.write("given.yaml", &sandbox.read(DEFINITION).replace("  /a", "  a"));
    sandbox.run("group import given given.yaml").expect_exit(3).expect_stderr("specification-required");
    sandbox.write("apigw.toml", "schema = 1\n");
    let outcome = sandbox.run("group import given given.yaml").expect_exit(0);
    assert!(outcome.stderr.contains("and 690 more"), "{}", outcome.stderr);
}

/// A file of TLS that the gateway would miss is told before anything is live; a mock needs none.
#[test]
fn a_missing_file_of_tls_is_found_before_it_is_published() {
    let sandbox = Sandbox::petstore();
    let settings = "groups/petstore/group.yaml";
    let more = "forwarding: {tls: {ca: backend-ca.pem}}\n";
    sandbox.write(settings, &format!("{}{more}", sandbox.read(settings)));
    let found = |stdout: &str| stdout.matches("tls-file-missing").count();
    let checked = sandbox.run("check").expect_exit(0);
    assert_eq!(found(&checked.stdout), 1, "{}", checked.stdout);
    let copy = "copy it to .apigw/secrets/backend-ca.pem in the workspace on each machine that serves it";
    assert!(checked.stdout.contains(copy), "{}", checked.stdout);
    let missing = "there is no file .apigw/secrets/backend-ca.pem on this machine";
    sandbox.run("publish --env test --dry-run").expect_exit(0).expect_stderr(missing);
    let mock = sandbox.run("publish --env test --mock --dry-run").expect_exit(0);
    assert!(!mock.stderr.contains("backend-ca.pem"), "{}", mock.stderr);
    sandbox.write(".apigw/secrets/backend-ca.pem", "a certificate");
    assert_eq!(found(&sandbox.run("check").expect_exit(0).stdout), 0);
}

#[test]
fn an_index_of_a_pointer_has_neither_a_sign_nor_leading_zeros() {
    let sandbox = Sandbox::petstore();
    for (index, is_found) in [("0", true), ("1", true), ("01", false), ("00", false), ("+1", false), ("2", false)] {
        let definition = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\nx-list: [{{type: string}}, {{type: integer}}]\npaths:\n  /a:\n    \
             get: {{operationId: a, responses: {{'200': {{description: d, content: {{application/json: {{schema: {{$ref: \
             '#/x-list/{index}'}}}}}}}}}}}}\n"
        );
        sandbox.write("groups/petstore/openapi.yaml", &definition);
        let told = sandbox.run("check").stdout;
        assert_eq!(told.contains("reference-unresolved"), !is_found, "{index}: {told}");
    }
}
