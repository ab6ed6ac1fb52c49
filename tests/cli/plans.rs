//! Release plans: over several environments, bound to what they were computed from.

use crate::harness::Sandbox;

const PLAN: &str = "\
schema: 1
message: July release
steps:
  - publish: {groups: [petstore], environment: test, mock: true}
  - promote: {groups: [petstore], from: test, to: pre-release}
";

#[test]
fn what_plan_prints_is_what_apply_does() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    let planned = sandbox.run("-o json plan release.yaml --detailed-exitcode").expect_exit(2).json();
    let applied = sandbox.run("-o json apply release.yaml").expect_exit(0).json();
    for index in 0..2 {
        let digest = |json: &serde_json::Value| json["plans"][index]["changes"][0]["after"]["digest"].clone();
        assert!(digest(&planned).is_string());
        assert_eq!(digest(&planned), digest(&applied));
    }
    assert_eq!(sandbox.entry("pre-release")["message"], "July release");
    sandbox.run("apply release.yaml --dry-run --detailed-exitcode").expect_exit(0);
}

#[test]
fn a_bound_plan_is_refused_once_it_is_stale() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    sandbox.run("plan release.yaml --out bound.yaml").expect_exit(0);
    sandbox.run("apply bound.yaml --env test").expect_exit(4).expect_stderr("pre-release");
    sandbox.run("publish --env pre-release --backend https://other.example").expect_exit(0);
    let before = sandbox.files();
    sandbox.run("apply bound.yaml").expect_exit(4).expect_stderr("has changed since the plan was made");
    assert_eq!(sandbox.files(), before);
}

#[test]
fn a_plan_that_stopped_half_way_is_finished_by_applying_it_again() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    sandbox.run("plan release.yaml --out bound.yaml").expect_exit(0);
    // As if the first environment had been committed before something went wrong.
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("apply bound.yaml").expect_exit(0);
    assert_eq!(sandbox.entry("test")["digest"], sandbox.entry("pre-release")["digest"]);
    sandbox.run("apply bound.yaml").expect_exit(0);
}

#[test]
fn steps_are_checked() {
    let sandbox = Sandbox::petstore();
    for (steps, message) in [
        ("  - publish: {groups: [petstore], mock: true}", "names no environment"),
        ("  - publish: {environment: test}", "either `groups` or `all`"),
        ("  - publish: {groups: [petstore], environment: qa}", "does not exist"),
        ("  - switch: {groups: [petstore], environment: test, mock: true}", "unknown field `mock`"),
        ("  - publish: {groups: [petstore], environment: test, colour: red}", "colour"),
        ("  - destroy: {groups: [petstore]}", "destroy"),
    ] {
        sandbox.write("plan.yaml", &format!("schema: 1\nsteps:\n{steps}\n"));
        sandbox.run("plan plan.yaml").expect_exit(3).expect_stderr(message);
    }
}

#[test]
fn refused_steps_keep_their_reasons() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    let denied = ["test", "pre-release"].map(|name| format!("[environments.{name}]\nbreaking = \"deny\"\n")).concat();
    let settings = settings.replace("[environments.test]", "").replace("[environments.pre-release]", "");
    sandbox.write("apigw.toml", &format!("{settings}\n{denied}"));
    for name in ["a", "b", "c", "d"] {
        sandbox.run(&format!("api add GET /{name}")).expect_exit(0);
    }
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("publish --env pre-release --mock").expect_exit(0);
    for name in ["a", "b", "c", "d"] {
        sandbox.run(&format!("api remove GET /{name}")).expect_exit(0);
    }
    sandbox.run("version bump petstore major").expect_exit(0);
    let steps = "schema: 1\nmessage: why\nsteps:\n  - publish: {groups: [petstore], environment: test, mock: true}\n";
    let publish = |environment: &str, more: &str| {
        format!("  - publish: {{groups: [petstore], environment: {environment}, mock: true{more}}}\n")
    };
    sandbox.write("plan.yaml", &format!("{steps}{}", publish("pre-release", "")));
    let refused = sandbox.run("plan plan.yaml").expect_exit(5);
    refused.expect_stderr("2 steps are refused by policies").expect_stderr("petstore GET /d");
    let json = sandbox.run("-o json plan plan.yaml").expect_exit(5);
    let error: serde_json::Value = serde_json::from_str(&json.stderr).expect("JSON");
    let reasons = error["error"]["reasons"].as_array().expect("reasons");
    for name in ["a", "b", "c", "d"] {
        let told = reasons.iter().filter(|reason| reason.to_string().contains(&format!("petstore GET /{name}")));
        assert!(told.count() >= 2, "{error}");
    }
    let hints: Vec<String> =
        error["error"]["hints"].as_array().expect("hints").iter().map(ToString::to_string).collect();
    let distinct: std::collections::BTreeSet<&String> = hints.iter().collect();
    assert_eq!(distinct.len(), hints.len(), "{hints:?}");
    // A step that returns to an environment takes no refusal with it.
    let allowed = publish("pre-release", ", allow_breaking: true");
    let back = "  - offline: {groups: [petstore], environment: online}\n";
    sandbox.write("plan.yaml", &format!("{steps}{}{allowed}{back}", publish("online", "")));
    let refused = sandbox.run("plan plan.yaml").expect_exit(5);
    refused.expect_stderr("petstore GET /d").expect_stderr("returns to online");
}

#[test]
fn a_plan_is_never_written_over_the_workspaces_own_files() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let (settings, live) = (sandbox.read("apigw.toml"), sandbox.read("deployments/test.yaml"));
    for own in ["apigw.toml", "deployments/test.yaml", "groups/petstore/plan.yaml", "history/../apigw.toml"] {
        let refused = sandbox.run(&format!("plan release.yaml --out {own}")).expect_exit(3);
        refused.expect_stderr("this is a place of the workspace's own files").expect_stderr("name a file elsewhere");
    }
    assert_eq!((sandbox.read("apigw.toml"), sandbox.read("deployments/test.yaml")), (settings, live));
    sandbox.run("plan release.yaml --out bound.yaml").expect_exit(0);
}

#[test]
fn a_bound_plan_goes_to_stdout_and_never_over_its_source() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    std::os::unix::fs::symlink("release.yaml", sandbox.path().join("link.yaml")).expect("a link");
    for out in ["release.yaml", "./release.yaml", "link.yaml"] {
        sandbox
            .run(&format!("plan release.yaml --out {out}"))
            .expect_exit(64)
            .expect_stderr("would overwrite the plan");
        assert_eq!(sandbox.read("release.yaml"), PLAN);
    }
    let planned = sandbox.run("plan release.yaml --out - --detailed-exitcode").expect_exit(2);
    assert!(planned.stdout.contains("bound:") && planned.stderr.contains("publish petstore"), "{planned:?}");
    assert!(!sandbox.path().join("-").exists());
    sandbox.write("bound.yaml", &planned.stdout);
    sandbox.run("apply bound.yaml --yes").expect_exit(0);
    sandbox.run("-o json plan release.yaml --out -").expect_exit(64).expect_stderr("cannot both go to stdout");
    for words in [
        "docs --env test --out -",
        "sdk petstore --env test --language python --out -",
        "export nginx --env test --out -",
        "key create ci --kind subscription --to -",
        "push --make-key -",
    ] {
        sandbox.run(words).expect_exit(64).expect_stderr("not written to stdout");
        assert!(!sandbox.path().join("-").exists(), "{words}");
    }
}

#[test]
fn a_file_that_is_not_there_is_input_that_is_not_valid() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    for words in [
        "apply missing.yaml",
        "plan missing.yaml",
        "group import copies missing.yaml",
        "call addPet --env test --body @missing.json",
        "key create ci --kind signature --public-key missing.pem",
    ] {
        sandbox.run(words).expect_exit(3).expect_stderr("there is no file").expect_stderr("missing.");
        let refused = sandbox.run(&format!("-o json {words}")).expect_exit(3);
        refused.expect_stderr("\"no-file\"");
    }
}

#[test]
fn a_plan_for_another_environment_is_refused_as_that_before_its_policies() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml").replace("protected = true", "protected = true\nmock = \"deny\"");
    sandbox.write("apigw.toml", &settings);
    let plan = "schema: 1\nenvironment: prod\nsteps:\n- publish: {groups: [petstore], mock: true}\n";
    sandbox.write("release.yaml", plan);
    sandbox.run("apply release.yaml --yes").expect_exit(5);
    sandbox.run("apply release.yaml --env test --yes").expect_exit(4).expect_stderr("the plan is for online");
    sandbox.run("apply release.yaml --env online --yes").expect_exit(5);
}

#[test]
fn no_output_goes_into_a_place_of_the_workspaces_own() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    sandbox.write(".gitattributes", "* text\n");
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let files = sandbox.files();
    for words in [
        "plan release.yaml --out .gitattributes",
        "plan release.yaml --out .apigw/intent.json",
        "key create ci --kind subscription --to groups/ci.key",
        "key create ci --kind subscription --to .apigw/intent.json",
        "key create ci --kind subscription --to .apigw/secrets/ci",
        "push --make-key history/push.key",
        "push --make-key .apigw/tmp/push.key",
        "docs --env test --out groups/petstore/docs",
        "docs --env test --out history",
        "sdk petstore --env test --language python --out deployments/sdk",
        "export nginx --env test --out groups/new",
        "push keys/store --env test --key .apigw/push.key",
    ] {
        if words.starts_with("push keys") {
            sandbox.run("push --make-key .apigw/push.key").expect_exit(0);
        }
        let refused = sandbox.run(words).expect_exit(3);
        refused.expect_stderr("this is a place of the workspace's own files");
    }
    assert_eq!(sandbox.files(), files, "a refusal wrote something");
    // From elsewhere too: the place decides, not where one stands.
    let outside = tempfile::tempdir().expect("a folder");
    let place = sandbox.path().join("groups/push.key");
    let place = place.to_str().expect("a path");
    let folder = outside.path().to_str().expect("a path");
    sandbox.run_words(&["-C", folder, "push", "--make-key", place]).expect_exit(3);
    for words in ["docs --env test --out .apigw/docs", "sdk petstore --env test --language python --out sdk"] {
        sandbox.run(words).expect_exit(0);
    }
}

#[test]
fn no_output_goes_into_a_place_of_gits_own() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    sandbox.write(".git/config", "[core]\n");
    // A bare repository has any name.
    for part in ["HEAD", "objects/pack/x", "refs/heads/main"] {
        sandbox.write(&format!("store.git/{part}"), "x\n");
    }
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let files = sandbox.files();
    for words in [
        "plan release.yaml --out .git/config",
        "plan release.yaml --out .git",
        "plan release.yaml --out .GIT/hooks/pre-commit",
        "plan release.yaml --out store.git/HEAD",
        "key create ci --kind subscription --to .git/ci.key",
        "push --make-key .git/push.key",
        "docs --env test --out .git/docs",
        "sdk petstore --env test --language python --out .git/sdk",
        "export nginx --env test --out store.git/nginx",
    ] {
        sandbox.run(words).expect_exit(3).expect_stderr("this is a place of Git's own files");
    }
    assert_eq!(sandbox.files(), files, "a refusal wrote something");
    sandbox.run("plan release.yaml --out .github/plan.yaml").expect_exit(3);
    sandbox.write(".github/x", "");
    sandbox.run("plan release.yaml --out .github/plan.yaml").expect_exit(0);
    // A worktree of a bare repository may lie in its folder, and is a checkout like any other.
    for part in ["main/.git", "worktrees/main/HEAD"] {
        sandbox.write(&format!("store.git/{part}"), "x\n");
    }
    for words in ["docs --env test --out store.git/main/docs", "plan release.yaml --out store.git/main/plan.yaml"] {
        sandbox.run(words).expect_exit(0);
    }
    for place in ["store.git/worktrees/main/plan.yaml", "store.git/main/.git", "store.git/docs"] {
        sandbox.run(&format!("plan release.yaml --out {place}")).expect_exit(3).expect_stderr("Git's own files");
    }
}

#[test]
fn a_plan_without_steps_and_an_empty_one_are_named_as_such() {
    let sandbox = Sandbox::petstore();
    sandbox.write("none.yaml", "schema: 1\nsteps: []\n");
    for words in ["plan none.yaml", "apply none.yaml"] {
        sandbox.run(words).expect_exit(0).expect_stdout("the plan has no steps: nothing to do");
    }
    sandbox.write("empty.yaml", "");
    let empty = sandbox.run("plan empty.yaml").expect_exit(3).expect_stderr("the file is empty");
    assert!(empty.stderr.contains("apigw schema plan") && !empty.stderr.contains("git checkout"), "{empty:?}");
    sandbox.write("a b.yaml", "schema: 1\nsteps:\n- publish: {groups: [petstore], environment: test, mock: true}\n");
    let written = sandbox.run_words(&["plan", "a b.yaml", "--out", "bound plan.yaml"]).expect_exit(0);
    let quoted = format!("`apigw apply '{}'`", sandbox.path().join("bound plan.yaml").display());
    assert!(written.stderr.contains(&quoted), "{written:?}");
}

#[test]
fn a_step_from_an_operation_that_is_in_no_history_is_refused_as_its_command_is() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let before = sandbox.read("deployments/test.yaml");
    sandbox.run("publish --env test --backend https://other.example").expect_exit(0);
    let operation = sandbox.entry("test")["operation"].as_str().expect("an operation").to_owned();
    sandbox.write("deployments/test.yaml", &before);
    let step = format!("promote: {{groups: [petstore], from: test, to: pre-release, at: {operation}}}");
    sandbox.write("plan.yaml", &format!("schema: 1\nsteps:\n- {step}\n"));
    for words in ["plan plan.yaml", &format!("promote petstore --from test --to pre-release --at {operation}")] {
        let refused = sandbox.run(words).expect_exit(3).expect_stderr("a merge or an edit by hand lost it");
        refused.expect_stderr("`apigw resolve --env test`");
    }
}

#[test]
fn a_plan_of_a_version_that_is_damaged_or_gone_is_refused_before_its_first_commit() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("group create other").expect_exit(0);
    sandbox.run("api add other GET /things").expect_exit(0);
    let first = "publish: {groups: [other], environment: test, mock: true}";
    let second = "promote: {groups: [petstore], from: test, to: pre-release}";
    sandbox.write("plan.yaml", &format!("schema: 1\nsteps:\n- {first}\n- {second}\n"));
    let place = "groups/petstore/versions/0.0.1";
    let definition = sandbox.read(&format!("{place}/openapi.yaml"));
    sandbox.write(&format!("{place}/openapi.yaml"), &format!("{definition}# edited\n"));
    let expect_refusal = |message: &str| {
        let before = sandbox.files();
        for words in ["plan plan.yaml", "apply plan.yaml --dry-run", "apply plan.yaml"] {
            sandbox.run(words).expect_exit(3).expect_stderr(message);
        }
        assert_eq!(sandbox.files(), before);
    };
    expect_refusal("the file is not as it was frozen");
    std::fs::remove_dir_all(sandbox.path().join(place)).expect("remove");
    expect_refusal("there is no version \"petstore@0.0.1\"");
}
