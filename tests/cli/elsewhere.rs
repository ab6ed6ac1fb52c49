//! Commands from outside of the workspace: those that hints and outputs name work where the user stands.

use crate::harness::{Outcome, Sandbox};

/// Makes a workspace with the petstore in a folder of the sandbox, named so that a shell must quote it.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    let made = sandbox.run_words(&["init", "--example", "petstore", "my shop"]).expect_exit(0);
    made.expect_stdout("next: cd 'my shop' && apigw publish petstore --env test --mock");
    sandbox
}

fn run(sandbox: &Sandbox, words: &str) -> Outcome {
    let words: Vec<&str> = ["-C", "my shop"].into_iter().chain(words.split(' ')).collect();
    sandbox.run_words(&words)
}

/// Returns the commands in a text, as they are quoted or follow `next:`.
fn commands(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2).filter(|part| part.starts_with("apigw "));
    let next = text.lines().filter_map(|line| line.strip_prefix("next: "));
    quoted.chain(next).map(str::to_owned).collect()
}

#[test]
fn hints_keep_the_folder_that_was_named() {
    let sandbox = sandbox();
    run(&sandbox, "group create orders").expect_exit(0).expect_stdout("next: apigw -C 'my shop' api add orders");
    run(&sandbox, "publish petstore --env test --mock").expect_exit(0);
    for words in [
        "show 0000",
        "diff petstore@test petstore@online",
        "diff petstore@9.9.9 petstore",
        "rollback petstore --env test",
        "rollback --all --env test",
        "switch petstore --env online --previous",
        "switch petstore --env test --version 9.9.9",
        "undo 0000 --env test",
        "promote petstore --from online --to test",
        "publish orders --env test",
        "publish petstore --env nowhere",
        "group show nothing",
        "group delete petstore --yes",
        "version delete petstore 0.0.1",
        "key show nobody",
        "resolve --env nowhere",
        "call nothing --env test",
        "check nothing",
        "diff --explain nothing",
    ] {
        let failed = run(&sandbox, words);
        assert!(failed.exit > 1, "{words}: {failed:?}");
        let commands = commands(&failed.stderr);
        for command in &commands {
            let is_placed = command.starts_with("apigw -C 'my shop' ") || command.starts_with("apigw help ");
            assert!(is_placed, "{words}: {command}");
        }
        let document = run(&sandbox, &format!("-o json {words}")).stderr;
        assert_eq!(document.contains("`apigw -C 'my shop' "), !commands.is_empty(), "{words}: {document}");
        assert!(!document.contains("`apigw -C 'my shop' -C"), "{words}: {document}");
    }
    let (here, quoted) = (sandbox.path().join("my shop/groups"), "-C 'my shop'");
    for (words, folder, is_placed) in [("-C ..", &here, false), ("-C ../../", &here, false)] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_apigw"));
        crate::harness::isolate(&mut command, sandbox.path());
        let output =
            command.args(words.split(' ')).args(["show", "0000"]).current_dir(folder).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(text.contains(quoted), is_placed, "{words}: {text}");
    }
    let named = sandbox.run_with(&[("APIGW_DIRECTORY", "my shop")], "show 0000").expect_exit(3);
    assert!(!named.stderr.contains("-C"), "the variable holds for the next command: {}", named.stderr);
}

#[test]
fn views_and_outputs_keep_the_folder_that_was_named() {
    let sandbox = sandbox();
    run(&sandbox, "publish petstore --env test --mock").expect_exit(0);
    let live = sandbox.read("my shop/deployments/test.yaml");
    sandbox.write("my shop/deployments/test.yaml", &live.replace("0.0.1", "0.0.2"));
    run(&sandbox, "verify").expect_exit(3).expect_stdout("`apigw -C 'my shop' verify --repair`");
    sandbox.write("my shop/deployments/test.yaml", &live);
    sandbox.write("my shop/plan.yaml", "schema: 1\nenvironment: test\nsteps:\n- offline: {groups: [petstore]}\n");
    let planned = run(&sandbox, "plan plan.yaml --out bound.yaml").expect_exit(0);
    let command = commands(&planned.stderr).pop().expect("a command");
    let output = std::process::Command::new("sh");
    let mut shell = output;
    crate::harness::isolate(&mut shell, sandbox.path());
    let typed = command.replacen("apigw", env!("CARGO_BIN_EXE_apigw"), 1);
    let status = shell.args(["-c", &typed]).current_dir(sandbox.path()).status().expect("it runs");
    assert!(status.success(), "{command}");
    let status = run(&sandbox, "-o json status --env test").expect_exit(0).json();
    assert_eq!(status["deployments"][0]["state"], "offline");
    // Help is no place of a workspace, and its examples stay as they are.
    let help = run(&sandbox, "help troubleshooting").expect_exit(0);
    assert!(!help.stdout.contains("my shop"));
}
