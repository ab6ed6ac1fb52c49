//! `apigw export`: files of a folder that belongs to it, and a report with the place of each setting.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::harness::Sandbox;

/// Settings of a group with a real backend, with one of everything that a target may not express.
const SHOP: &str = "\
schema: 1
version: \"0.0.1\"
prefix: /shop
auth: signature
backend: http://127.0.0.1:9
cors:
  allow_origins: [\"https://shop.example\"]
forwarding:
  constants:
    - {to: header.Authorization, value: \"Basic hush\"}
    - {to: header.X-Source, value: \"50% \\\"off\\\"; $x\"}
    - {to: query.source, value: \"50% \\\"off\\\"; $x\"}
  parameters:
    - {from: query.q, to: header.X-Query}
  more_addresses: [\"http://127.0.0.1:10/base\"]
";

const TARGETS: [&str; 5] = ["envoy", "nginx", "haproxy", "gateway-api", "kong"];

/// Settings of a group with a real backend, but for its constants.
const CONSTANTS: &str = "\
schema: 1
version: \"0.0.1\"
prefix: /shop
backend: http://127.0.0.1:9
forwarding:
  constants:
";

pub(crate) const SHOP_DEFINITION: &str = "\
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /items/{id}:
    get:
      operationId: getItem
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '200': {description: d}
";

fn shop() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.write("groups/shop/group.yaml", SHOP);
    sandbox.write("groups/shop/openapi.yaml", SHOP_DEFINITION);
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox.run("publish shop --env test").expect_exit(0);
    sandbox
}

#[test]
fn a_folder_is_kept_up_to_date_and_orphans_are_removed() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox
        .run("export envoy --env test --out out --check")
        .expect_exit(2)
        .expect_stdout("out is out of date: 3 files");
    assert!(!sandbox.path().join("out").exists());
    sandbox.run("export envoy --env test --out out").expect_exit(0);
    sandbox.run("export envoy --env test --out out --check").expect_exit(0).expect_stdout("out is up to date");
    let operation = sandbox.entry("test")["operation"].as_str().expect("an operation").to_owned();
    assert!(sandbox.read("out/envoy.json").contains(&format!("test: petstore 0.0.1, operation {operation}")));
    // Another version, and a file that an earlier export had.
    sandbox.edit("changed");
    sandbox.run("publish petstore --env test --mock --bump patch").expect_exit(0);
    let list = sandbox.read("out/.apigw-files");
    sandbox.write("out/.apigw-files", &format!("{list}old/gone.json\n"));
    sandbox.write("out/old/gone.json", "{}");
    let stale = sandbox.run("-o json export envoy --env test --out out --check").expect_exit(2).json();
    let state = |path: &str| {
        let files = stale["files"].as_array().expect("files");
        files.iter().find(|file| file["path"] == path).map(|file| file["state"].clone())
    };
    assert_eq!((state("rds.json"), state("cds.json")), (Some("written".into()), Some("unchanged".into())));
    assert_eq!(state("old/gone.json"), Some("removed".into()));
    sandbox.run("export envoy --env test --out out").expect_exit(0);
    assert!(!sandbox.path().join("out/old").exists());
    // It belongs to somebody else now.
    sandbox.write("out/mine.txt", "");
    let refused = sandbox.run("export envoy --env test --out out").expect_exit(5);
    refused.expect_stderr("mine.txt").expect_stderr("nothing was written");
    sandbox.run("export envoy --env test --out groups").expect_exit(3);
}

#[test]
fn a_deviation_names_the_line_of_its_setting() {
    let sandbox = shop();
    let report =
        sandbox.run("-o json export envoy shop --env test --out out --allow-loss rewrites").expect_exit(0).json();
    let group = &report["groups"][0];
    let find = |aspect: &str, detail: &str| -> Value {
        let all = group["deviations"].as_array().expect("deviations");
        let found = all
            .iter()
            .find(|one| one["aspect"] == aspect && one["detail"].as_str().is_some_and(|text| text.contains(detail)));
        found.cloned().unwrap_or_else(|| panic!("no {aspect} {detail}: {group:#}"))
    };
    let file = "groups/shop/versions/0.0.1/group.yaml";
    for (aspect, detail, fidelity, line) in [
        ("rewrites", "constants of the query", "lost", 9),
        ("rewrites", "parameters do not move", "lost", 13),
        ("rewrites", "base path", "lost", 15),
        ("access", "authorizer", "near", 4),
    ] {
        let found = find(aspect, detail);
        assert_eq!(
            (found["file"].as_str(), found["line"].as_u64(), found["fidelity"].as_str()),
            (Some(file), Some(line), Some(fidelity)),
            "{detail}"
        );
    }
    assert_eq!(group["apis"][0]["fidelity"], "lost");
}

#[test]
fn every_deviation_of_every_target_has_a_file_and_a_line() {
    let sandbox = shop();
    let settings = sandbox
        .read("groups/shop/group.yaml")
        .replace("schema: 1\nversion: \"0.0.1\"", "schema: 1\nversion: \"0.0.2\"");
    let settings =
        settings.replace("auth: signature", "auth: subscription\nlimits: [\"5/minute\"]\nvalidate_responses: log");
    sandbox.write("groups/shop/group.yaml", &(settings.clone() + "ip_rules: {allow: [\"10.0.0.0/8\"]}\n"));
    sandbox.run("key create ci --kind subscription --to .apigw/ci.key").expect_exit(0);
    sandbox.run("access grant ci shop --env test --limit 5/minute").expect_exit(0);
    sandbox.run("publish shop --env test").expect_exit(0);
    for target in ["envoy", "nginx", "haproxy", "gateway-api", "kong"] {
        let words =
            format!("-o json export {target} --env test --out {target} --allow-loss access,ip-rules,limits,rewrites");
        let report = sandbox.run(&words).expect_exit(0).json();
        let mut count = 0;
        for group in report["groups"].as_array().expect("groups") {
            let of_apis = group["apis"].as_array().into_iter().flatten();
            let lists = of_apis.map(|api| &api["deviations"]).chain([&group["deviations"]]);
            for deviation in lists.flat_map(|list| list.as_array().expect("deviations")) {
                let (file, line) =
                    (deviation["file"].as_str().expect("a file"), deviation["line"].as_u64().unwrap_or_default());
                let lines = sandbox.read(file).lines().count() as u64;
                assert!((1..=lines).contains(&line), "{target}: {deviation}");
                count += 1;
            }
        }
        assert!(count > 5, "{target}: {count}");
        let refused = sandbox.run(&format!("export {target} shop --env test --out none"));
        if target != "envoy" {
            refused.expect_exit(5).expect_stderr("groups/shop/versions/0.0.2/group.yaml:");
        }
    }
    let report = sandbox
        .run("-o json export nginx shop --env test --out nginx2 --allow-loss access,limits,rewrites")
        .expect_exit(0)
        .json();
    let found = |file: &str, text: &str| {
        let all = report["groups"][0]["deviations"].as_array().expect("deviations");
        let line = all
            .iter()
            .find(|one| one["file"] == file && one["detail"].as_str().is_some_and(|detail| detail.contains(text)));
        let line =
            line.unwrap_or_else(|| panic!("no {text} in {file}: {report:#}"))["line"].as_u64().unwrap_or_default();
        sandbox.read(file).lines().nth(usize::try_from(line).unwrap_or_default() - 1).expect("a line").to_owned()
    };
    assert!(found("keys/ci.yaml", "of a key or grant").starts_with("grants:"));
    let group = "groups/shop/versions/0.0.2/group.yaml";
    assert!(found(group, "are not validated").starts_with("validate_responses:"));
    // Nothing is written of the limit of bodies.
    assert!(found(group, "a larger body").starts_with("schema:"));
}

#[test]
fn an_export_never_opens_what_the_gateway_closes() {
    let sandbox = shop();
    let closed = "auth: signature";
    for target in ["nginx", "haproxy", "gateway-api", "kong"] {
        let refused = sandbox.run(&format!("export {target} --env test --out out")).expect_exit(5);
        refused.expect_stderr("shop in test: callers are not asked").expect_stderr("--allow-loss access");
        assert!(!sandbox.path().join("out").exists(), "{target}");
        sandbox.run(&format!("export {target} --env test --out {target} --allow-loss access,rewrites")).expect_exit(0);
    }
    let settings = sandbox.read("groups/shop/group.yaml");
    let settings = settings.replace(closed, "ip_rules: {deny: [192.0.2.0/24]}\nlimits: 60/minute");
    sandbox.write("groups/shop/group.yaml", &settings);
    sandbox.run("publish shop --env test --bump patch").expect_exit(0);
    for target in ["envoy", "nginx", "haproxy", "gateway-api", "kong"] {
        let allowed = sandbox.run(&format!("export {target} --env test --out {target} --allow-loss rewrites"));
        if target == "gateway-api" {
            allowed
                .expect_exit(5)
                .expect_stderr("addresses that may not call are let in")
                .expect_stderr("--allow-loss ip-rules");
        } else {
            allowed
                .expect_exit(0)
                .expect_stdout("near  ip-rules")
                .expect_stdout("groups/shop/versions/0.0.2/group.yaml:4");
        }
        let report = sandbox
            .run(&format!("-o json export {target} --env test --out {target} --allow-loss ip-rules,rewrites"))
            .expect_exit(0)
            .json();
        assert!(report["groups"].to_string().contains("requests are not counted"), "{target}");
    }
}

#[test]
fn a_parameter_that_a_backend_relies_on_is_not_lost_in_silence() {
    for constant in ["query.source", "query.q"] {
        let sandbox = shop();
        let settings = sandbox.read("groups/shop/group.yaml").replace("auth: signature\n", "");
        // The constant alone, then the mapping alone.
        let other = if constant == "query.q" { "query.source" } else { "query.q" };
        let lines = settings.lines().filter(|line| !line.contains(other));
        let lines: Vec<String> = lines.map(|line| format!("{line}\n")).collect();
        let text = lines.concat();
        let text = if other == "query.q" { text.replace("  parameters:\n", "") } else { text };
        sandbox.write("groups/shop/group.yaml", &text);
        sandbox.run("publish shop --env test --bump patch").expect_exit(0);
        for target in ["envoy", "nginx", "haproxy", "gateway-api"] {
            let refused = sandbox.run(&format!("export {target} --env test --out out")).expect_exit(5);
            refused.expect_stderr("--allow-loss rewrites");
            assert!(!sandbox.path().join("out").exists(), "{target}");
        }
        sandbox.run("export envoy --env test --out out --allow-loss rewrites").expect_exit(0);
        assert!(!sandbox.read("out/rds.json").contains("query_parameter_mutations"));
        let words = "export kong --env test --out kong";
        if constant == "query.q" {
            sandbox.run(words).expect_exit(5).expect_stderr("--allow-loss rewrites");
            continue;
        }
        // Kong adds constants of the query too, but for those that it would take for templates.
        sandbox.run(words).expect_exit(0);
        for (place, value) in [("Basic hush", "x-source"), ("value: \"50% \\\"off\\\"; $x\"", "authorization")] {
            let constant = if place.starts_with("value") { "value: \"a$(b\"" } else { "a$(b" };
            sandbox.write("groups/shop/group.yaml", &text.replacen(place, constant, 1));
            sandbox.run("publish shop --env test --bump patch").expect_exit(0);
            let refused = sandbox.run("export kong --env test --out lost").expect_exit(5);
            refused.expect_stderr("`$(`").expect_stderr("--allow-loss rewrites");
            assert!(!sandbox.path().join("lost").exists());
            for target in ["envoy", "nginx", "haproxy", "gateway-api"] {
                let report =
                    sandbox.run(&format!("-o json export {target} --env test --out fine --allow-loss rewrites"));
                assert!(!report.expect_exit(0).stdout.contains("`$(`"), "{target}");
                std::fs::remove_dir_all(sandbox.path().join("fine")).expect("a folder");
            }
            sandbox.run(&format!("{words} --allow-loss rewrites")).expect_exit(0);
            assert!(sandbox.read("kong/kong.json").contains(&format!("\"{value}:")));
        }
    }
}

#[test]
fn many_lists_of_credentials_make_an_export_of_their_number() {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    sandbox.write(
        "groups/shop/group.yaml",
        "schema: 1\nversion: \"0.0.1\"\nprefix: /shop\nvalidate_requests: false\nmock: {check_security: true}\n",
    );
    let (mut lists, mut schemes) = (String::new(), String::new());
    for index in 0..24 {
        let _ = write!(lists, "{{a{index}: [], b{index}: []}}, ");
        for letter in ["a", "b"] {
            let scheme = format!("{{type: apiKey, in: header, name: X-{letter}-{index}}}");
            let _ = writeln!(schemes, "    {letter}{index}: {scheme}");
        }
    }
    let definition =
        SHOP_DEFINITION.replace("operationId: getItem", &format!("operationId: getItem\n      security: [{lists}]"));
    let definition = definition.replace("{description: d}", "{description: d, content: {text/plain: {example: item}}}");
    sandbox.write("groups/shop/openapi.yaml", &format!("{definition}components:\n  securitySchemes:\n{schemes}"));
    sandbox.run("publish shop --env test --mock").expect_exit(0);
    for target in ["envoy", "nginx", "haproxy", "gateway-api"] {
        sandbox.run(&format!("export {target} --env test --out {target}")).expect_exit(0);
    }
    assert!(sandbox.read("nginx/nginx.conf").len() < 200_000);
    // Kong asks for no credentials, and answers all the same.
    sandbox.run("export kong --env test --out kong --allow-loss access").expect_exit(0);
    let kong: Value = serde_json::from_str(&sandbox.read("kong/kong.json")).expect("JSON");
    assert_eq!(kong["services"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_backend_that_knows_the_gateway_by_its_signature_is_not_exported_without_it() {
    let sandbox = shop();
    let settings = sandbox.read("groups/shop/group.yaml");
    let settings =
        settings.replace("auth: signature\n", "").replace("forwarding:\n", "forwarding:\n  sign: {key: front}\n");
    sandbox.write("groups/shop/group.yaml", &settings);
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("front.key");
    sandbox.run(&format!("key create front --kind signature --to {}", secret.display())).expect_exit(0);
    sandbox.run("publish shop --env test --bump patch").expect_exit(0);
    for target in ["envoy", "nginx", "haproxy", "gateway-api", "kong"] {
        let words = format!("export {target} shop --env test --out {target} --allow-loss rewrites");
        let refused = sandbox.run(&words).expect_exit(5);
        refused.expect_stderr("requests are not signed for the backend").expect_stderr("--allow-loss access");
        sandbox.run(&format!("{words},access")).expect_exit(0);
    }
}

#[test]
fn limits_of_keys_and_grants_are_not_lost_unless_it_is_allowed() {
    let limits = |of_key: &str, of_grant: &str, environment: &str| {
        let sandbox = shop();
        let settings = sandbox.read("groups/shop/group.yaml").replace("auth: signature", "auth: subscription");
        sandbox.write("groups/shop/group.yaml", &settings);
        sandbox.run("publish shop --env test --bump patch").expect_exit(0);
        let outside = Sandbox::empty();
        let file = outside.path().join("key");
        sandbox.run(&format!("key create bob --kind subscription --to {}{of_key}", file.display())).expect_exit(0);
        sandbox.run(&format!("access grant bob shop -y --env {environment}{of_grant}")).expect_exit(0);
        ["haproxy", "envoy"].map(|target| {
            let words = format!("-o json export {target} shop --env test --out {target} --allow-loss rewrites");
            let report = sandbox.run(&format!("{words},limits")).expect_exit(0).json();
            let all = report["groups"][0]["deviations"].as_array().expect("deviations").clone();
            let is_limit = |one: &Value| one["aspect"] == "limits" && one["file"] == "keys/bob.yaml";
            let limit = all.into_iter().find(is_limit);
            let fidelity = limit.map(|one| one["fidelity"].as_str().expect("a word").to_owned());
            // The limits are a part of what the key may do.
            let exit = if fidelity.as_deref() == Some("lost") { 5 } else { 0 };
            sandbox.run(&words).expect_exit(exit);
            fidelity
        })
    };
    let (lost, near) = (Some("lost".to_owned()), Some("near".to_owned()));
    assert_eq!(limits("", "", "test"), [None, None]);
    assert_eq!(limits(" --limit 5/minute", "", "test"), [lost.clone(), near.clone()]);
    assert_eq!(limits("", " --limit 5/minute", "test"), [lost, near]);
    assert_eq!(limits("", " --limit 5/minute", "online"), [None, None]);
}

#[test]
fn callers_of_a_group_with_tokens_are_said_to_be_asked_for_none() {
    let sandbox = shop();
    let key = "\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs\"";
    sandbox.write("keys/jwks/id.json", &format!("{{\"keys\": [{{\"kid\": \"1\", {key}}}]}}"));
    let token = "auth: {token: {issuer: 'https://id.example', audience: pets, jwks: id.json}}";
    let settings = sandbox.read("groups/shop/group.yaml").replace("auth: signature", token);
    sandbox.write("groups/shop/group.yaml", &settings);
    sandbox.run("publish shop --env test --bump patch").expect_exit(0);
    for target in ["nginx", "haproxy", "gateway-api", "kong"] {
        let refused = sandbox.run(&format!("export {target} --env test --out out")).expect_exit(5);
        let refused = refused.expect_stderr("callers are not asked for a token");
        assert!(!refused.stderr.contains("signature"), "{target}: {}", refused.stderr);
    }
}

#[test]
fn values_are_data_in_the_language_of_the_target_and_secrets_are_private() {
    let sandbox = shop();
    sandbox.run("export envoy --env test --out out --allow-loss rewrites").expect_exit(0);
    let mode = |file: &str| {
        let metadata = std::fs::metadata(sandbox.path().join(file)).expect("a file");
        metadata.permissions().mode() & 0o077
    };
    assert_eq!(mode("out/rds.json"), 0, "it has a secret");
    assert_ne!(mode("out/envoy.json"), 0);
    let routes: Value = serde_json::from_str(&sandbox.read("out/rds.json")).expect("JSON");
    let text = routes.to_string();
    assert!(text.contains("Basic hush"));
    // A percent sign begins a command of Envoy's formatter.
    assert!(text.contains(r#""value":"50%% \"off\"; $x""#), "{text}");
}

#[test]
fn nothing_is_written_for_a_group_that_is_not_served() {
    let sandbox = shop();
    sandbox.run("export envoy nonsense --env test --out out").expect_exit(3);
    sandbox
        .run("export envoy shop --env online --out out")
        .expect_exit(3)
        .expect_stderr("nothing was published to online yet");
    let version = "groups/shop/versions/0.0.1/openapi.yaml";
    std::fs::set_permissions(sandbox.path().join(version), std::fs::Permissions::from_mode(0o644)).expect("writable");
    sandbox.write(version, "openapi: 3.0.3\n");
    sandbox.run("export envoy --env test --out out").expect_exit(3).expect_stderr("nothing was written");
    assert!(!sandbox.path().join("out").exists());
}

#[test]
fn a_route_of_kong_matches_the_paths_of_its_api_alone() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --backend http://127.0.0.1:9").expect_exit(0);
    sandbox.run("export kong --env test --out out").expect_exit(0);
    let file: Value = serde_json::from_str(&sandbox.read("out/kong.json")).expect("JSON");
    let routes = file["services"].as_array().expect("services").iter().filter_map(|one| one["routes"].as_array());
    let paths: Vec<&str> = routes.flatten().filter_map(|route| route["paths"][0].as_str()).collect();
    assert!(paths.contains(&"~(?:/petstore(/pets/[^/;]+))$"), "{paths:?}");
    for path in paths {
        let expression = fancy_regex::Regex::new(&path[1..].replace("(?:/", "^(?:/")).expect("an expression");
        assert!(!expression.is_match("/petstore/undeclared/path").unwrap_or(true), "{path}");
    }
}

#[test]
fn no_text_of_a_definition_adds_a_header() {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    let definition = "\
openapi: 3.0.3
info: {title: Evil, version: '1'}
components: {securitySchemes: {odd: {type: apiKey, in: header, name: \"x-key\\r\\nX-Evil: 1\"}}}
paths:
  /a:
    get:
      responses:
        '200': {description: d, content: {\"text/plain\\r\\nX-Evil: 1\": {example: yes}}}
  /b:
    get:
      security: [{odd: []}]
      responses: {'200': {description: d, content: {text/plain: {example: b}}}}
  /c:
    get:
      responses:
        '200':
          description: d
          content: {text/plain: {examples: {\"b\\r\\nX-Evil: 1\": {value: b}, c d: {value: c}}}}
";
    sandbox.write("new.yaml", definition);
    sandbox.run("group import evil new.yaml").expect_exit(0);
    let settings = sandbox.read("groups/evil/group.yaml") + "mock: {check_security: true}\n";
    sandbox.write("groups/evil/group.yaml", &settings);
    sandbox.run("publish evil --env test --mock").expect_exit(0);
    for target in ["envoy", "nginx", "haproxy", "kong"] {
        sandbox.run(&format!("export {target} --env test --out {target} --allow-loss access")).expect_exit(0);
        let folder = std::fs::read_dir(sandbox.path().join(target)).expect("a folder");
        for file in folder.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()) {
            let text = std::fs::read_to_string(&file).expect("a text");
            // In the body of a refusal, it is a JSON text.
            let headers = text.lines().filter(|line| !line.contains("The request needs"));
            let found: Vec<&str> = headers.filter(|line| line.contains("X-Evil") || line.contains("x-evil")).collect();
            assert!(found.is_empty(), "{}: {found:?}", file.display());
        }
    }
    assert!(sandbox.read("nginx/nginx.conf").contains("example=\\\"c d\\\""));
}

#[test]
fn an_envoy_is_to_be_restarted_once_its_bootstrap_has_other_settings() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let is_warned = |words: &str| {
        let ran = sandbox.run(&format!("export envoy --env test --out out{words}"));
        ran.expect_exit(if words.ends_with("--check") { 2 } else { 0 }).stderr.contains("restart Envoy")
    };
    assert!(!is_warned(""), "there was none");
    // Its operations are for readers.
    sandbox.edit("changed");
    sandbox.run("publish petstore --env test --mock --bump patch").expect_exit(0);
    assert!(!is_warned(""));
    assert!(!is_warned(" --listen 127.0.0.1:1 --check"));
    assert!(is_warned(" --listen 127.0.0.1:1"));
}

#[test]
fn a_constant_that_a_target_cannot_send_is_named() {
    let sandbox = Sandbox::petstore();
    let many = (0..16).fold(String::new(), |text, index| text + &format!("    - {{to: header.x-{index}, value: a}}\n"));
    for (constants, lost) in [
        ("    - {to: header.x-a, value: ''}\n", vec!["gateway-api"]),
        ("    - {to: header.x-a, value: '::1'}\n", vec!["kong"]),
        (&*format!("    - {{to: header.x-a, value: {}}}\n", "a".repeat(4_097)), vec!["gateway-api"]),
        (&many, vec!["gateway-api"]),
        (&format!("    - {{to: header.x-a, value: {}}}\n", "a".repeat(16_385)), vec!["envoy", "gateway-api"]),
        (&format!("    - {{to: header.x-a, value: {}}}\n", "a%".repeat(2_048)), vec![]),
        (&format!("    - {{to: header.x-a, value: '{}'}}\n", "%".repeat(8_193)), vec!["envoy", "gateway-api"]),
        (
            &format!("    - {{to: header.x-a, value: {}}}\n", "a".repeat(65_537)),
            vec!["envoy", "haproxy", "gateway-api"],
        ),
        (&format!("    - {{to: header.{}, value: a}}\n", "x".repeat(256)), vec![]),
        (&format!("    - {{to: header.{}, value: a}}\n", "x".repeat(257)), TARGETS.to_vec()),
        ("    - {to: query.a, value: b}\n", vec!["envoy", "nginx", "haproxy", "gateway-api"]),
        ("    - {to: query.a, value: ''}\n", TARGETS.to_vec()),
        ("    - {to: header.x-a, value: '#1'}\n", vec!["kong"]),
        ("    - {to: header.tenant_id, value: acme}\n", vec![]),
    ] {
        sandbox.write("groups/shop/group.yaml", &format!("{CONSTANTS}{constants}"));
        sandbox.write("groups/shop/openapi.yaml", SHOP_DEFINITION);
        sandbox.run("publish shop --env test --bump patch").expect_exit(0);
        for target in TARGETS {
            let ran = sandbox.run(&format!("export {target} shop --env test --out {target}"));
            let ran = ran.expect_exit(if lost.contains(&target) { 5 } else { 0 });
            assert!(!lost.contains(&target) || ran.stderr.contains("/group.yaml:"), "{target}: {}", ran.stderr);
            sandbox
                .run(&format!("export {target} shop --env test --out {target} --allow-loss rewrites"))
                .expect_exit(0);
            let _ = std::fs::remove_dir_all(sandbox.path().join(target));
        }
    }
}

#[test]
fn of_constants_for_one_place_the_last_is_written() {
    let sandbox = Sandbox::petstore();
    let own = "  apis: {getItem: {constants: [{to: header.x-a, value: third}, {to: query.a, value: fourth}]}}\n";
    let constants = "    - {to: header.X-A, value: first}\n    - {to: header.x-a, value: second}\n    - {to: query.a, value: zeroth}\n";
    sandbox.write("groups/shop/group.yaml", &format!("{CONSTANTS}{constants}{own}"));
    sandbox.write("groups/shop/openapi.yaml", SHOP_DEFINITION);
    sandbox.run("publish shop --env test").expect_exit(0);
    for (target, file) in [("nginx", "nginx.conf"), ("gateway-api", "30-routes.json"), ("kong", "kong.json")] {
        sandbox.run(&format!("export {target} shop --env test --out {target} --allow-loss rewrites")).expect_exit(0);
        let text = sandbox.read(&format!("{target}/{file}"));
        let earlier: Vec<&str> =
            ["first", "second", "zeroth"].into_iter().filter(|value| text.contains(&format!("{value}\""))).collect();
        assert!(earlier.is_empty() && text.contains("third\""), "{target}: {earlier:?}");
    }
    let kong: Value = serde_json::from_str(&sandbox.read("kong/kong.json")).expect("JSON");
    let plugins = kong["services"][0]["routes"][0]["plugins"].as_array().expect("plugins");
    let config = &plugins.iter().find(|one| one["name"] == "request-transformer").expect("one")["config"];
    assert_eq!(config["replace"]["querystring"], serde_json::json!(["a:fourth"]));
    assert_eq!(config["replace"]["headers"], serde_json::json!(["x-forwarded-prefix:/shop", "x-a:third"]));
}
