//! Folders that commands write: an environment about which there is nothing to write takes nothing away from them.

use crate::harness::Sandbox;

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
    let exports = TARGETS.map(|target| format!("export {target} --env online --out {target} --allow-empty"));
    let mixed = TARGETS.map(|target| format!("export {target} --env test,online --out {target}"));
    for words in exports.iter().chain(&mixed).map(String::as_str).chain(["docs --env online --out pages"]) {
        let refused = sandbox.run(words).expect_exit(3);
        refused.expect_stderr("nothing was published to online yet").expect_stderr("apigw publish GROUP --env online");
        sandbox.run(&format!("{words} --check")).expect_exit(3);
    }
    sandbox.run("sdk --env online --language python --out clients").expect_exit(3);
    assert_eq!(sandbox.files(), before);
    // A matrix of all environments has a column for each.
    sandbox.run("docs --all --out all").expect_exit(0);
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
