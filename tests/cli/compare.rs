//! What a new version breaks: told by `diff`, taken into the version, held back by the gate; and edits in place.

use std::collections::BTreeSet;

use crate::harness::Sandbox;

const DEFINITION: &str = "groups/petstore/openapi.yaml";

fn gated(policy: &str) -> Sandbox {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    let setting = format!("[environments.test]\nbreaking = \"{policy}\"");
    sandbox.write("apigw.toml", &settings.replace("[environments.test]", &setting));
    sandbox
}

#[test]
fn the_dry_run_of_the_gate_has_the_same_verdict_and_list() {
    for (policy, exit) in [("allow", 0), ("warn", 0), ("deny", 5)] {
        let sandbox = gated(policy);
        sandbox.run("publish --env test --mock").expect_exit(0);
        sandbox.run("api remove GET /pets").expect_exit(0);
        sandbox.run("version bump auto").expect_exit(0);
        let before = sandbox.files();
        let dry = sandbox.run("-o json publish --env test --mock --dry-run").expect_exit(exit);
        assert_eq!(sandbox.files(), before, "{policy}");
        let real = sandbox.run("-o json publish --env test --mock").expect_exit(exit);
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        if policy == "deny" {
            assert_eq!(parsed(&dry.stderr)["error"]["hints"], parsed(&real.stderr)["error"]["hints"]);
            assert!(real.stderr.contains("`apigw diff petstore@0.0.1 petstore`"), "{}", real.stderr);
            assert_eq!(sandbox.files(), before);
        } else {
            assert_eq!(dry.json()["warnings"], real.json()["warnings"]);
        }
        let told = dry.stdout.contains("callers break: petstore GET /pets: the API was removed")
            || dry.stderr.contains("callers break: petstore GET /pets: the API was removed");
        assert_eq!(told, policy != "allow");
    }
}

#[test]
fn plan_and_apply_pass_the_gate_like_a_publish() {
    let sandbox = gated("deny");
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("api remove GET /pets").expect_exit(0);
    sandbox.run("version bump auto").expect_exit(0);
    sandbox
        .write("release.yaml", "schema: 1\nenvironment: test\nsteps:\n  - publish: {groups: [petstore], mock: true}\n");
    for command in ["plan release.yaml", "apply release.yaml --dry-run", "apply release.yaml"] {
        sandbox.run(command).expect_exit(5).expect_stderr("callers break: petstore GET /pets");
    }
    assert_eq!(sandbox.entry("test")["version"], "0.0.1");
}

#[test]
fn the_version_grows_by_what_differs_and_only_once() {
    let sandbox = Sandbox::petstore();
    let bumped = || sandbox.run("-o json version bump auto").expect_exit(0).json()["version"].clone();
    assert_eq!(bumped(), "0.0.1", "the first version is not frozen yet");
    sandbox.run("version create").expect_exit(0);
    assert_eq!(bumped(), "0.0.1", "nothing differs");
    sandbox.edit("a comment is no difference to callers");
    assert_eq!(bumped(), "0.0.1");
    let text = sandbox.read(DEFINITION);
    sandbox.write(DEFINITION, &text.replacen("title: ", "title: A ", 1));
    assert_eq!((bumped(), bumped()), ("0.0.2".into(), "0.0.2".into()), "a text");
    sandbox.run("api add GET /owners").expect_exit(0);
    assert_eq!((bumped(), bumped()), ("0.0.2".into(), "0.0.2".into()), "a new API, before 1.0.0");
    sandbox.run("api remove GET /pets").expect_exit(0);
    assert_eq!((bumped(), bumped()), ("0.1.0".into(), "0.1.0".into()), "an API that is gone, before 1.0.0");
}

#[test]
fn diff_tells_what_breaks_first_and_explains_itself() {
    let sandbox = Sandbox::petstore();
    sandbox.run("version create").expect_exit(0);
    sandbox.run("api add GET /aaa").expect_exit(0);
    sandbox.run("api remove GET /pets").expect_exit(0);
    let table = sandbox.run("diff petstore@0.0.1 petstore").expect_exit(0).stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[1].starts_with("break ") && lines[1].contains("GET /pets"), "{table}");
    assert!(table.ends_with("petstore: 2 changes, 1 breaking; the next version should be a minor one\n"), "{table}");
    let kind = sandbox.run("diff --explain api-removed").expect_exit(0).stdout;
    assert!(kind.contains("It breaks callers.") && kind.contains("api-removed = \"warning\""), "{kind}");
    let kinds = sandbox.run("-o json diff --explain list").expect_exit(0).json();
    assert!(kinds["kinds"].as_array().is_some_and(|kinds| kinds.len() > 100));
    let one = sandbox.run("diff --explain api-removed -o json").expect_exit(0).json();
    assert_eq!((&one["schema"], &one["kind"]), (&1.into(), &"api-removed".into()), "{one}");
    sandbox.run("diff --explain api-remved").expect_exit(3).expect_stderr("did you mean \"api-removed\"?");
    sandbox.run("diff --explain nothing").expect_exit(3).expect_stderr("there is no kind of change");
    sandbox.run("diff petstore").expect_exit(64);
}

/// Writes out the alternatives in braces of a name; they do not stand within each other.
fn expanded(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let (choices, after) = rest.split_once('}').expect("a closing brace");
    let tails = expanded(after);
    choices.split(',').flat_map(|choice| tails.iter().map(move |tail| format!("{before}{choice}{tail}"))).collect()
}

#[test]
fn every_check_of_oasdiff_has_a_kind_or_a_note() {
    let topic = include_str!("../../src/cli/topics/compatibility.md");
    let table = topic.split_once("## Checks of oasdiff").expect("a section").1;
    let (mut names, mut covered) = (BTreeSet::new(), 0);
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [checks, kinds, note] = cells.as_slice() else { panic!("{row}") };
        let kinds: Vec<&str> =
            kinds.split(", ").filter(|kind| *kind != "-").map(|kind| kind.trim_matches('`')).collect();
        assert!(!kinds.is_empty() || !note.is_empty(), "neither covered nor explained: {row}");
        for kind in &kinds {
            assert!(apigw::compare::KINDS.iter().any(|known| known.name == *kind), "no such kind: {row}");
        }
        for name in expanded(checks.trim_matches('`')) {
            covered += usize::from(!kinds.is_empty());
            assert!(names.insert(name.clone()), "{name} stands twice");
        }
    }
    assert!(names.contains("request-body-min-items-set") && names.contains("response-property-all-of-removed"));
    assert_eq!((names.len(), covered), (560, 532), "a row was lost");
    assert!(table.contains(&format!("{covered} of {}\nare covered", names.len())), "{covered} of {}", names.len());
}

#[test]
fn diff_shows_what_is_asked_for_as_the_workspace_judges_it() {
    let sandbox = Sandbox::petstore();
    sandbox.run("version create").expect_exit(0);
    sandbox.run("api add GET /aaa").expect_exit(0);
    sandbox.run("api remove GET /pets").expect_exit(0);
    let only = sandbox.run("-o json diff petstore@0.0.1 petstore --only breaking").expect_exit(0).json();
    let group = &only["groups"][0];
    assert_eq!((group["counts"]["breaking"].as_u64(), group["counts"]["compatible"].as_u64()), (Some(1), Some(1)));
    assert_eq!(group["changes"].as_array().map(Vec::len), Some(1), "{group}");
    let github = sandbox.run("diff petstore@0.0.1 petstore -o github").expect_exit(0).stdout;
    assert!(github.contains("::error title=api-removed::petstore: GET /pets: the API was removed"), "{github}");
    assert!(github.contains("::notice file=groups/petstore/openapi.yaml,line="), "{github}");
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}\n[changes]\napi-removed = \"warning\"\n"));
    sandbox.run("diff petstore@0.0.1 petstore --fail-on breaking").expect_exit(0);
    let markdown = sandbox.run("diff petstore@0.0.1 petstore -o markdown").expect_exit(0).stdout;
    assert!(markdown.contains("### Changes of meaning (1)") && markdown.contains("<details>"), "{markdown}");
}

#[test]
fn a_kind_of_change_that_does_not_exist_is_refused_wherever_it_is_read() {
    let sandbox = gated("deny");
    sandbox.run("publish --env test --mock").expect_exit(0);
    let settings = sandbox.read("apigw.toml");
    let line = settings.lines().count() + 2;
    sandbox.write("apigw.toml", &format!("{settings}[changes]\napi-remved = \"compatible\"\n"));
    let before = sandbox.files();
    for command in [
        "publish --env test --mock",
        "diff petstore@test petstore",
        "version bump auto",
        "promote --from test --to pre-release petstore",
    ] {
        let run = sandbox.run(command).expect_exit(3).expect_stderr("there is no kind of change \"api-remved\"");
        run.expect_stderr(&format!("--> apigw.toml:{line}:1\n")).expect_stderr("did you mean \"api-removed\"?");
    }
    sandbox.run("check").expect_exit(3).expect_stdout("[unknown-change]");
    assert_eq!(sandbox.files(), before);
}

#[test]
fn a_publish_shows_the_changes_that_are_warnings() {
    let sandbox = gated("deny");
    sandbox.run("api add GET /old").expect_exit(0);
    sandbox.run("publish --env test --mock").expect_exit(0);
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}[changes]\napi-removed = \"warning\"\n"));
    sandbox.run("api remove GET /old").expect_exit(0);
    let told = "GET /old: the API was removed; it was not deprecated before [api-removed]";
    sandbox.run("publish --env test --mock --bump auto --dry-run").expect_exit(0).expect_stderr(told);
    sandbox.run("publish --env test --mock --bump auto").expect_exit(0).expect_stderr(told);
}

#[test]
fn a_removal_after_its_sunset_is_let_through_and_shown() {
    let sandbox = gated("deny");
    let settings = sandbox.read("apigw.toml");
    let dated = settings.replace("breaking = \"deny\"", "breaking = \"deny\"\nsunset = \"allow\"");
    sandbox.write("apigw.toml", &dated);
    let text = sandbox.read(DEFINITION);
    sandbox.run("api add GET /old").expect_exit(0);
    let old = sandbox.read(DEFINITION);
    let (start, rest) = old.split_once("  /old:\n    get:\n").expect("the new API");
    let deprecated = format!("{start}  /old:\n    get:\n      deprecated: true\n      x-sunset: '2020-01-31'\n{rest}");
    sandbox.write(DEFINITION, &deprecated);
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.write(DEFINITION, &text);
    let told = "GET /old: the API was removed; it was deprecated; allowed, as its sunset date \"2020-01-31\" is past";
    sandbox.run("publish --env test --mock --bump auto").expect_exit(0).expect_stderr(told);
    sandbox.run("diff petstore@0.0.1 petstore@test").expect_exit(0).expect_stdout("allowed, as its sunset date");
}

/// Definitions as people write them.
#[rustfmt::skip]
const WRITTEN: &[&str] = &[
    "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\n",
    "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}",
    "openapi: 3.0.3\r\ninfo:\r\n  title: t\r\n  version: '1'\r\npaths:\r\n  /a:\r\n    get:\r\n      responses: {}\r\ncomponents: {}\r\n",
    "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: ok}}}}}\n",
    "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":{\"/a\":{\"get\":{\"responses\":{}}}}}",
    "{\n\t\"openapi\": \"3.0.3\",\n\t\"info\": {\"title\": \"t\", \"version\": \"1\"},\n\t\"paths\": {\n\t\t\"/a\": {\n\t\t\t\"get\": {\"responses\": {}}\n\t\t}\n\t}\n}\n",
    "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  # first\n  \"/a\": # why\n\n    summary: &s   A  # kept\n    \"put\": &p\n      responses: {}\n\n    # about post\n    'post':\n      <<: *p\n\n  # second\n  /b: {get: {responses: {}}}\n\n\n# end\ncomponents: {}\n# last",
    "---\nopenapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n    /a:\n        get:\n            description: |\n                text\n\n            responses: {}\n\n...\n",
];

#[test]
fn what_is_added_and_removed_again_leaves_no_trace() {
    for text in WRITTEN {
        let sandbox = Sandbox::petstore();
        sandbox.write(DEFINITION, text);
        for api in ["GET /new/{id}", "DELETE /a", "PATCH /a/{id}"] {
            sandbox.run(&format!("api add {api}")).expect_exit(0);
            let added = sandbox.read(DEFINITION);
            assert_ne!(&added, text);
            assert_eq!(added.starts_with('{'), text.starts_with('{'), "JSON stays JSON: {added}");
            let has_bare = |text: &str| text.replace("\r\n", "").contains('\n');
            assert!(!text.contains('\r') || !has_bare(&added), "lines end as they did: {added:?}");
            sandbox.run(&format!("api remove {api}")).expect_exit(0);
            assert_eq!(&sandbox.read(DEFINITION), text, "{api}");
        }
    }
}

#[test]
fn a_parameter_that_the_path_item_declares_is_not_declared_again() {
    let sandbox = Sandbox::petstore();
    let parameter = "{name: NAME, in: path, required: true, schema: {type: integer}}";
    let shared = format!("[{}, {{$ref: '#/components/parameters/B'}}]", parameter.replace("NAME", "a"));
    let b = parameter.replace("NAME", "b");
    sandbox.write(
        DEFINITION,
        &format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /{{a}}/{{b}}/{{c}}:\n    parameters: {shared}\n    \
             get: {{responses: {{}}}}\ncomponents: {{parameters: {{B: {b}}}}}\n"
        ),
    );
    sandbox.run("api add PUT /{a}/{b}/{c}").expect_exit(0);
    let added = sandbox.read(DEFINITION).split_once("put:").expect("the method").1.to_owned();
    let names: Vec<bool> = ["name: a", "name: b", "name: c"]
        .map(|name| added.split("components").next().unwrap_or_default().contains(name))
        .into();
    assert_eq!(names, [false, false, true], "{added}");
}
