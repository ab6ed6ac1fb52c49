//! `apigw prune`.

use crate::harness::Sandbox;

#[test]
fn a_version_that_no_operation_names_is_deleted_and_its_number_does_not_come_back() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.edit("second");
    sandbox.run("version bump patch").expect_exit(0);
    sandbox.run("version create").expect_exit(0);
    sandbox.run("prune").expect_exit(0).expect_stdout("nothing to prune");
    sandbox.edit("third");
    let before = sandbox.files();
    sandbox.run("prune --dry-run").expect_exit(0).expect_stdout("would delete petstore 0.0.2\n");
    assert_eq!(sandbox.files(), before, "a dry run writes nothing");
    let json = sandbox.run("-o json prune -m leftover").expect_exit(0).json();
    assert_eq!(json["versions"][0]["version"], "0.0.2");
    sandbox
        .run("version list")
        .expect_exit(0)
        .expect_stdout("0.0.2 was deleted by Ada <ada@example.com>")
        .expect_stdout("leftover");
    sandbox
        .run("publish --env test --mock --bump patch")
        .expect_exit(0)
        .expect_stdout("0.0.1 with mock → 0.0.3 with mock");
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn versions_of_past_states_of_other_branches_and_of_dropped_environments_are_kept() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}\n[environments.trial]\n"));
    sandbox.run("publish --env trial --mock").expect_exit(0);
    for mark in ["second", "third"] {
        sandbox.edit(mark);
        sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    }
    let third = sandbox.read("deployments/test.yaml");
    sandbox.edit("fourth");
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    // An operation that lost a merge: no entry leads to it, and it still names its version.
    sandbox.write("deployments/test.yaml", &third);
    sandbox.write("apigw.toml", &settings);
    sandbox.edit("fifth");
    sandbox.run("prune").expect_exit(0).expect_stdout("nothing to prune");
}

#[test]
fn an_operation_that_cannot_be_read_may_name_a_version() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.edit("second");
    sandbox.run("version bump patch").expect_exit(0);
    sandbox.run("version create").expect_exit(0);
    sandbox.edit("third");
    let operation = sandbox.entry("test")["operation"].as_str().expect("an operation").to_owned();
    sandbox.write(&format!("history/test/{operation}.yaml"), "schema: 1\n");
    sandbox.run("prune").expect_exit(3).expect_stderr(&operation);
    sandbox.run("version show 0.0.2").expect_exit(0);
}

#[test]
fn the_history_of_an_environment_that_was_removed_bars_no_prune() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}\n[environments.trial]\n"));
    sandbox.run("publish --env trial --mock").expect_exit(0);
    sandbox.edit("second");
    sandbox.run("version bump patch").expect_exit(0);
    sandbox.run("version create").expect_exit(0);
    sandbox.edit("third");
    sandbox.write("apigw.toml", &settings);
    sandbox.run("verify").expect_exit(0).expect_stdout("declare the environment in apigw.toml again");
    std::fs::remove_file(sandbox.path().join("deployments/trial.yaml")).expect("a file");
    sandbox.run("prune").expect_exit(0).expect_stdout("deleted petstore 0.0.2");
    sandbox.read("groups/petstore/versions/0.0.1/version.yaml");
}
