//! What the README shows, run word for word.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::isolate;

const README: &str = include_str!("../../README.md");
const DEFINITION: &str = include_str!("../../examples/petstore/groups/petstore/openapi.yaml");

/// Replaces what differs from run to run: ids, digests, ages, the width of columns.
fn normalize(text: &str) -> Vec<String> {
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ')']).trim_start_matches('(');
        let is_age = bare.strip_suffix('s').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let is_hexadecimal =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if (bare.len() == 33 && bare.contains("Z-")) || (bare.len() == 8 && is_hexadecimal(bare)) {
            "OPERATION".to_owned()
        } else if bare.starts_with("sha256:") {
            "DIGEST".to_owned()
        } else if is_age && !bare.is_empty() {
            word.replace(bare, "AGE")
        } else {
            word.to_owned()
        }
    };
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    // The names that can be resolved depend on the network of the machine.
    let is_shown = |line: &&str| !line.trim().is_empty() && !line.contains("cannot be resolved from here");
    text.lines().filter(is_shown).map(line).collect()
}

/// Returns the commands of the recording, each with what it prints.
fn recording() -> Vec<(&'static str, String)> {
    let block = README.split("```console\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in block.expect("the README has a recording").lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, String::new())),
            (None, Some((_, printed))) => printed.extend([line, "\n"]),
            (None, None) => panic!("the recording begins with output"),
        }
    }
    commands
}

#[test]
fn the_recording_of_the_readme_is_what_happens() {
    let home = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(home.path().join("petstore.yaml"), DEFINITION).expect("a definition");
    let mut folder = home.path().to_owned();
    let programs = Path::new(env!("CARGO_BIN_EXE_apigw")).parent().expect("a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let commands = recording();
    assert!(commands.len() >= 9, "the recording is too short");
    for (command, printed) in commands {
        if let Some(name) = command.strip_prefix("cd ") {
            folder = folder.join(name);
            continue;
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{command} 2>&1")]).current_dir(&folder).stdin(Stdio::null());
        isolate(&mut shell, home.path());
        let output = shell.env("PATH", &path).output().expect("a shell");
        let actual = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(normalize(&actual), normalize(&printed), "$ {command}\n{actual}");
    }
}

#[test]
fn the_shell_recipe_of_the_readme_publishes_what_is_new_and_then_nothing() {
    let recipe = README.split("```sh\n").find(|block| block.starts_with("apigw check -o github"));
    let recipe = recipe.and_then(|block| block.split("```").next()).expect("the README has a recipe");
    let sandbox = crate::harness::Sandbox::petstore();
    let programs = Path::new(env!("CARGO_BIN_EXE_apigw")).parent().expect("a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let run = || {
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", recipe]).current_dir(sandbox.path()).stdin(Stdio::null());
        isolate(&mut shell, sandbox.path());
        let output = shell.env("PATH", &path).env("CI_COMMIT_MESSAGE", "why").output().expect("a shell");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert!(run().contains("committed as operation"));
    assert_eq!(sandbox.entry("test")["message"], "why");
    assert!(run().contains("nothing to publish"));
}
