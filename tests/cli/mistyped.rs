//! Mistyped dates, environments and addresses: each is told with what was meant.

use crate::harness::Sandbox;

#[test]
fn a_time_that_has_not_come_yet_is_no_past_state() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let files = sandbox.files();
    for words in ["rollback --env test --to 2100-01-01", "rollback --all --env test --to 2100-01-01T00:00:00Z"] {
        let refused = sandbox.run(words).expect_exit(64).expect_stderr("2100-01-01T00:00:00.000Z has not come yet");
        refused.expect_stderr("apigw history");
    }
    sandbox.run("status --at 2100-01-01").expect_exit(64).expect_stderr("has not come yet");
    assert_eq!(sandbox.files(), files);
    sandbox.run("rollback --env test --to 2000-01-01").expect_exit(3);
}

#[test]
fn a_misspelt_environment_is_warned_of_unless_something_uses_it() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    let declare = |tables: &str| sandbox.write("apigw.toml", &format!("{settings}\n{tables}\n"));
    for (name, near) in [("onlne", "online"), ("tset", "test"), ("prodution", "production")] {
        declare(&format!("[environments.{name}]\nprotected = true"));
        let checked = sandbox.run("check").expect_exit(0).expect_stdout("warning[environment-misspelt]");
        checked.expect_stdout(&format!("did you mean \"{near}\"?"));
    }
    for tables in ["[environments.qa]", "[environments.test2]", "[environments.demo]", "[environments.test-eu]"] {
        declare(tables);
        sandbox.run("check").expect_exit(0).expect_stderr("no findings");
    }
    declare("[environments.tests]\n[environments.qa]\npromote_from = \"tests\"");
    sandbox.run("check").expect_exit(0).expect_stderr("no findings");
    declare("[environments.tests]");
    sandbox.run("publish --env tests --mock").expect_exit(0);
    sandbox.run("check").expect_exit(0).expect_stderr("no findings");
}

#[test]
fn an_address_without_a_scheme_is_refused_with_the_one_that_was_meant() {
    let sandbox = Sandbox::petstore();
    let files = sandbox.files();
    for words in [
        "group set petstore backend=localhost:3000",
        "group set petstore backend=\"localhost:3000\"",
        "group create other --backend localhost:3000",
    ] {
        let refused = sandbox.run(words).expect_exit(3).expect_stderr("\"localhost:3000\" is not a backend's address");
        refused.expect_stderr("did you mean \"http://localhost:3000\"?");
    }
    sandbox.run("group set petstore backend=ftp://a.example").expect_exit(3);
    assert_eq!(sandbox.files(), files);
    for address in ["http://localhost:3000", "https://${HOST}:${PORT}/v1", "${BACKEND}/v1", ""] {
        sandbox.run(&format!("group set petstore backend={address}")).expect_exit(0);
    }
}
