//! Rules over more than a definition: settings, addresses, domains, and groups together.

use super::{GROUP, OPEN_3_1, PATHS, WorkspaceCase, compare};
use crate::check::SigningKeyFault;
use crate::model::KeyKind;

/// The rule, a violation with its locations, and a valid case.
pub(super) type Row = (&'static str, WorkspaceCase, Vec<&'static str>, WorkspaceCase);

/// Cases of more than a definition.
pub(super) fn cases() -> Vec<Row> {
    addresses()
        .into_iter()
        .chain(domains_and_routes())
        .chain(credentials())
        .chain(forwarding())
        .chain(workspaces())
        .collect()
}

fn with(text: &str) -> WorkspaceCase {
    WorkspaceCase::group(&format!("{GROUP}{text}"), &format!("{OPEN_3_1}{PATHS}"))
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
        // Only environments that declare all variables determine the address; it may begin with a variable.
        (
            "backend-address",
            with("backend: ftp://${HOST}\n"),
            vec!["group.yaml:4:10"],
            with("backend: https://${HOST}/a\n").settings(
                "[environments.test.variables]\nHOST = \"a\"\n[environments.online.variables]\nPORT = \"1\"\n",
            ),
        ),
        ("backend-address", with("backend: a/${ADDRESS}\n"), vec!["group.yaml:4:10"], with("backend: ${ADDRESS}/a\n")),
        (
            "variable-unknown",
            with("backend: https://${HOST}/a\nforwarding: {apis: {a: {backend: \"http://${HSOT}\"}}}\n")
                .settings("[environments.test.variables]\nHOST = \"a\"\n"),
            vec!["group.yaml:5:34"],
            with("backend: https://${HOST}/a\n").settings("[environments.test.variables]\nHOST = \"a\"\n"),
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
    let two = |one: (String, String), other: (String, String)| {
        WorkspaceCase::group(&one.0, &one.1).and("two", &other.0, &other.1)
    };
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
            "domain-collision",
            with("domains: [apigw.localhost]\n"),
            vec!["group.yaml:4:11"],
            with("domains: [localhost.apigw]\n"),
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
        // A prefix alone is asked for as the path "/", and a prefix that only ends alike hides nothing.
        (
            "route-shadowed",
            two(path("/g", "/h", ""), path("/g/h", "/", "")),
            vec!["openapi.yaml:5:5"],
            two(path("/g", "/h/a", ""), path("/k/h", "/{x}", "")),
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
    let two = &secured.replace("{securitySchemes: {", "{securitySchemes: {bearer: {type: http, scheme: bearer}, ");
    let keyed = |header: &str| {
        WorkspaceCase::group(&format!("{GROUP}auth: {{subscription: {{headers: [{header}]}}}}\n"), secured)
    };
    vec![
        ("key-header", keyed("Cookie"), vec!["group.yaml:4:32"], keyed("x-shop-key")),
        (
            "security-uncovered",
            WorkspaceCase::group(&format!("{GROUP}auth: none\nbackend: http://a\n"), bearer),
            vec!["group.yaml:4:7"],
            WorkspaceCase::group(&format!("{GROUP}auth: none\n"), bearer),
        ),
        (
            "security-uncovered",
            WorkspaceCase::group(&format!("{GROUP}backend: http://a\nauth: signature\n"), bearer),
            vec!["group.yaml:5:7", "group.yaml:5:7"],
            WorkspaceCase::group(&format!("{GROUP}backend: http://a\nauth: signature\n"), secured),
        ),
        (
            "security-uncovered",
            WorkspaceCase::group(
                &format!("{GROUP}backend: http://a\nauth: signature\n"),
                &two.replace("[{key: []}]", "[{key: [], bearer: []}]"),
            ),
            vec!["group.yaml:5:7"],
            WorkspaceCase::group(&format!("{GROUP}backend: http://a\nauth: signature\n"), two),
        ),
        (
            "security-uncovered",
            WorkspaceCase::group(
                &format!("{GROUP}backend: http://a\nauth: signature\n"),
                &secured.replace("[{key: []}]", "[{key: []}, {}]"),
            ),
            vec!["group.yaml:5:7"],
            WorkspaceCase::group(&format!("{GROUP}backend: http://a\nauth: signature\n"), secured),
        ),
        (
            "security-uncovered",
            WorkspaceCase::group(&format!("{GROUP}backend: http://a\n"), secured),
            vec!["group.yaml"],
            WorkspaceCase::group(
                &format!("{GROUP}backend: http://a\n"),
                &secured.replace("[{key: []}]", "[{key: []}, {}]"),
            ),
        ),
    ]
}

fn forwarding() -> Vec<Row> {
    let path = |path: &str| with(&format!("forwarding: {{apis: {{\"GET /a\": {{path: \"{path}\"}}}}}}\n"));
    let tls = |tls: &str| with(&format!("forwarding: {{tls: {{{tls}}}}}\n"));
    let constant =
        |value: &str| with(&format!("forwarding: {{constants: [{{to: header.x-a, value: \"{value}\"}}]}}\n"));
    let origins = |origins: &str| with(&format!("cors: {{allow_origins: [{origins}]}}\n"));
    let exposed = |names: &str| with(&format!("cors: {{allow_origins: [\"*\"], expose_headers: [{names}]}}\n"));
    let slash = |text: &str| {
        let parameter = "{name: b, in: path, required: true, schema: {type: string}, example: c/d}";
        let paths = format!("paths:\n  /a/{{b}}:\n    get: {{parameters: [{parameter}]}}\n");
        WorkspaceCase::group(&format!("{GROUP}forwarding: {{{text}}}\n"), &format!("{OPEN_3_1}{paths}"))
    };
    let sign = || with("forwarding: {sign: {key: front}}\n");
    vec![
        ("signing-key", sign().signing_fault(SigningKeyFault::Missing), vec!["group.yaml:4:26"], sign()),
        ("signing-key", sign().signing_fault(SigningKeyFault::Kind(KeyKind::Token)), vec!["group.yaml:4:26"], sign()),
        ("forwarding", path("b"), vec!["group.yaml:4:38"], path("/b")),
        (
            "path-value-slash",
            slash("encoded_slashes: false"),
            vec!["openapi.yaml:5:93"],
            slash("encoded_slashes: true"),
        ),
        ("forwarding", path("/{b}"), vec!["group.yaml:4:38"], path("/b/c")),
        ("forwarding", path("/b\\r\\nc"), vec!["group.yaml:4:38"], path("/b%20c")),
        ("forwarding", tls("certificate: a.crt"), vec!["group.yaml:4:20"], tls("certificate: a.crt, key: a.key")),
        ("forwarding", tls("key: a.key"), vec!["group.yaml:4:20"], tls("ca: a.crt")),
        ("forwarding", tls("ca: ../a.crt"), vec!["group.yaml:4:24"], tls("ca: a.crt")),
        (
            "tls-file-missing",
            tls("ca: a.pem, certificate: b.pem, key: c.pem").missing_secrets(&["a.pem", "c.pem"]),
            vec!["group.yaml:4:24", "group.yaml:4:56"],
            tls("ca: a.pem, certificate: b.pem, key: c.pem"),
        ),
        (
            "forwarding",
            with("forwarding: {parameters: [{from: query.b, to: path.b}]}\n"),
            vec!["group.yaml:4:47"],
            with("forwarding: {parameters: [{from: query.b, to: query.c}]}\n"),
        ),
        (
            "forwarding",
            with("forwarding: {apis: {\"GET /a\": {constants: [{to: path.b, value: c}]}}}\n"),
            vec!["group.yaml:4:49"],
            with("forwarding: {apis: {\"GET /a\": {constants: [{to: query.b, value: c}]}}}\n"),
        ),
        ("forwarding", constant("a\\nb"), vec!["group.yaml:4:50"], constant("\u{e4} b")),
        (
            "cors-origin",
            origins("\"https://a.b\", \"a.b\", \"https://a.b/\", \"https://A.b\", \"https://*.b\""),
            vec!["group.yaml:4:39", "group.yaml:4:46", "group.yaml:4:62", "group.yaml:4:77"],
            origins("\"*\", \"null\", \"https://a.b\", \"http://localhost:3000\""),
        ),
        (
            "cors-header",
            exposed("\"a b\", \"a;b\", \"\u{fc}\", \"\", X-Total, \"a\\r\\nX-Evil: 1\""),
            vec!["group.yaml:4:47", "group.yaml:4:54", "group.yaml:4:61", "group.yaml:4:66", "group.yaml:4:79"],
            exposed("\"*\", X-Total, \"x_$a\""),
        ),
        ("cors-header", origins("\"https://a\\r\\nX-Evil: 1\""), vec!["group.yaml:4:24"], origins("\"https://a\"")),
    ]
}

fn workspaces() -> Vec<Row> {
    vec![
        (
            "unknown-environment",
            with("ip_rules:\n  environments:\n    qa: {deny: [192.0.2.7]}\n    prod: {deny: [192.0.2.7]}\n"),
            vec!["group.yaml:6:5"],
            with("ip_rules: {environments: {qa: {deny: [192.0.2.7]}, staging: {}}}\n").settings("[environments.qa]\n"),
        ),
        (
            "secrets-command-empty",
            with("").settings("[access]\nsecrets_command = []\n"),
            vec!["apigw.toml:3:19"],
            with("").settings("[access]\nsecrets_command = [\"true\"]\n"),
        ),
        (
            "signed-request-repeated",
            with("auth: [signature, subscription]\n").settings("[access]\ngateways = 2\n"),
            vec!["apigw.toml:3:12"],
            with("auth: subscription\n").settings("[access]\ngateways = 2\n"),
        ),
        (
            "signed-body-limit",
            with("auth: [signature, subscription]\nmax_body_kib: 32769\n"),
            vec!["group.yaml:5:15"],
            with("auth: signature\nmax_body_kib: 32768\n"),
        ),
        (
            "ip-rules-empty",
            with("ip_rules: {allow: [], environments: {prod: {allow: []}, test: {allow: [\"::1\"]}}}\n"),
            vec!["group.yaml:4:19", "group.yaml:4:52"],
            with("ip_rules: {deny: [], environments: {online: {deny: [0.0.0.0/0, \"::/0\"]}}}\n"),
        ),
        (
            "unknown-api",
            with("forwarding: {apis: {\"GET /a\": {}, geta: {}}}\n"),
            vec!["group.yaml:4:35"],
            with("forwarding: {apis: {\"GET /a\": {}}}\n"),
        ),
        (
            "environment-misspelt",
            with("").settings("[environments.onlne]\nprotected = true\n[environments.qa]\n").live(&[]),
            vec!["apigw.toml:2:15"],
            with("").settings("[environments.prod]\n[environments.test2]\n[environments.qa]\n").live(&[]),
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
