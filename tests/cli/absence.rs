//! Folders that commands write: an environment about which there is nothing to write takes nothing away from them.

use std::fs;

use crate::harness::Sandbox;
use crate::push::Publisher;

const TARGETS: [&str; 5] = ["envoy", "nginx", "haproxy", "gateway-api", "kong"];

#[test]
fn an_environment_without_a_release_is_refused_by_all() {
    let sandbox = Sandbox::petstore();
    sandbox.run("docs --all --out pages").expect_exit(3).expect_stderr("nothing was published yet");
    sandbox.run("publish --env test --backend http://127.0.0.1:9").expect_exit(0);
    sandbox.run("docs --env test --out pages").expect_exit(0);
    sandbox.run("sdk --env test --language python --out clients").expect_exit(0);
    for target in TARGETS {
        sandbox.run(&format!("export {target} --env test --out {target} --allow-loss limits")).expect_exit(0);
    }
    let before = sandbox.files();
    let exports = TARGETS.map(|target| format!("export {target} --env online --out {target}"));
    for words in exports.iter().map(String::as_str).chain(["docs --env online --out pages"]) {
        let refused = sandbox.run(words).expect_exit(3);
        let refused = refused.expect_stderr("nothing was published to online yet");
        refused.expect_stderr("apigw publish GROUP --env online").expect_stderr("`--allow-empty`");
        sandbox.run(&format!("{words} --check")).expect_exit(3);
    }
    sandbox.run("sdk --env online --language python --out clients").expect_exit(3);
    assert_eq!(sandbox.files(), before);
    // A matrix of all environments has a column for each.
    sandbox.run("docs --all --out all").expect_exit(0);
}

#[test]
fn an_environment_without_a_release_is_left_out_beside_others() {
    let publisher = Publisher::new();
    let sandbox = &publisher.sandbox;
    sandbox.run("publish --env test --backend http://127.0.0.1:9").expect_exit(0);
    let export = |target: &str| format!("export {target} --allow-loss limits --out {target}");
    let exports = TARGETS.map(|target| (export(target), target.to_owned()));
    let (state, key) = (publisher.path("state"), publisher.path("push.pem"));
    let push = format!("push {state} --key {key}");
    let all = exports.into_iter().chain([("docs --out pages".to_owned(), "pages".to_owned())]);
    for (command, folder) in all {
        sandbox.run(&format!("{command} --env test")).expect_exit(0);
        let before = sandbox.read_folder(&folder);
        let written = sandbox.run(&format!("{command} --env test,online,online --check")).expect_exit(0);
        written.expect_stderr("nothing was published to online yet, so it is left out");
        assert_eq!(sandbox.read_folder(&folder), before);
        for environments in ["online", "pre-release,online"] {
            let refused = sandbox.run(&format!("{command} --env {environments}")).expect_exit(3);
            refused.expect_stderr("online yet").expect_stderr("`--allow-empty`");
        }
        let empty = format!("{command} --env online --allow-empty");
        let written = sandbox.run(&empty).expect_exit(0);
        assert!(!written.stderr.contains("left out"), "{}", written.stderr);
        sandbox.run(&format!("{empty} --check")).expect_exit(0);
    }
    sandbox.run(&format!("{push} --env test,online")).expect_exit(0).expect_stderr("online yet, so it is left out");
    sandbox.run(&format!("{push} --env online")).expect_exit(3).expect_stderr("`--allow-empty`");
    sandbox.run(&format!("{push} --env test,online --allow-empty")).expect_exit(0).expect_stdout("push 2");
    sandbox.run("promote petstore --from test --to online --yes").expect_exit(0);
    sandbox.run(&format!("{push} --env test,online")).expect_exit(0).expect_stdout("push 3");
    // An environment whose file was lost is none to which nothing was published.
    fs::remove_file(sandbox.path().join("deployments/online.yaml")).expect("a file");
    for command in [push.as_str(), "docs --out pages", &export("envoy")] {
        for words in ["", " --allow-empty"] {
            let refused = sandbox.run(&format!("{command} --env test,online{words}")).expect_exit(3);
            assert!(refused.stderr.contains("deployments/online.yaml"), "{}", refused.stderr);
        }
    }
}

#[test]
fn an_export_that_would_serve_nothing_has_to_be_allowed() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --backend http://127.0.0.1:9").expect_exit(0);
    for target in TARGETS {
        sandbox.run(&format!("export {target} --env test --out {target}")).expect_exit(0);
    }
    sandbox.run("offline petstore --env test").expect_exit(0);
    let before = sandbox.files();
    for target in TARGETS {
        let export = format!("export {target} --env test --out {target}");
        sandbox.run(&export).expect_exit(5).expect_stderr("nothing is live in test").expect_stderr("--allow-empty");
        sandbox.run(&format!("{export} --check")).expect_exit(5);
        assert_eq!(sandbox.files(), before);
    }
    for target in TARGETS {
        let export = format!("export {target} --env test --out {target} --allow-empty");
        sandbox.run(&format!("{export} --check")).expect_exit(2);
        sandbox.run(&export).expect_exit(0);
        sandbox.run(&format!("{export} --check")).expect_exit(0);
    }
    assert!(!sandbox.read("envoy/rds.json").contains("petstore"));
}
