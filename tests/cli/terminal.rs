//! Colours, widths and progress on a terminal, for which the program `script` of util-linux stands in.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::harness::{Sandbox, isolate};
use crate::tools::has_tool;

/// Runs the command on a terminal, and returns all that is written there.
fn on_terminal(sandbox: &Sandbox, columns: usize, variables: &[(&str, &str)], words: &str) -> String {
    on_terminal_by(sandbox.path(), columns, variables, &format!("{} {words}", env!("CARGO_BIN_EXE_apigw")))
}

/// Runs a whole command line on a terminal, and returns all that is written there.
fn on_terminal_by(folder: &Path, columns: usize, variables: &[(&str, &str)], words: &str) -> String {
    let line = format!("stty cols {columns} rows 24; exec {words}");
    let mut command = Command::new("script");
    command.args(["--quiet", "--command", &line, "/dev/null"]).current_dir(folder).stdin(Stdio::null());
    isolate(&mut command, folder);
    command.env("TERM", "xterm").envs(variables.iter().copied());
    let output = command.output().expect("`script` of util-linux runs");
    String::from_utf8(output.stdout).expect("UTF-8").replace("\r\n", "\n")
}

fn has_terminal() -> bool {
    has_tool("script", "what is shown on a terminal") && has_tool("stty", "what is shown on a terminal")
}

/// Commands with coloured data, help of two ways, an error of this program, and an error of the parser of arguments.
const COLOURED: [&str; 5] = ["status", "--help", "help publish", "show nothing", "publish --nothing"];

/// Makes a workspace whose status has a coloured word.
fn behind() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox.run("promote petstore --from test --to pre-release").expect_exit(0);
    sandbox.edit("second");
    sandbox.run("publish petstore --env test --mock --bump patch").expect_exit(0);
    sandbox
}

/// Variables, a flag, and whether there are colours with them.
type ColourCase<'a> = (&'a [(&'a str, &'a str)], &'a str, bool);

#[test]
fn flags_and_variables_decide_about_colours_everywhere() {
    if !has_terminal() {
        return;
    }
    let sandbox = behind();
    let cases: [ColourCase<'_>; 8] = [
        (&[], "", true),
        (&[("NO_COLOR", "")], "", true),
        (&[("NO_COLOR", "1")], "", false),
        (&[("TERM", "dumb")], "", false),
        (&[], "--color never ", false),
        (&[("NO_COLOR", "1"), ("TERM", "dumb")], "--color=always ", true),
        (&[("APIGW_COLOR", "never")], "", false),
        (&[("APIGW_COLOR", "never")], "--color always ", true),
    ];
    for (variables, flag, expected) in cases {
        for words in COLOURED {
            let text = on_terminal(&sandbox, 80, variables, &format!("{flag}{words}"));
            assert!(text.lines().count() > 1, "{words}: {text}");
            assert_eq!(text.contains("\u{1b}["), expected, "{variables:?} {flag}{words}: {text:?}");
        }
    }
}

#[test]
fn a_pipe_has_colours_where_they_are_asked_for() {
    let sandbox = behind();
    for words in COLOURED {
        for (flag, expected) in [("", false), ("--color always ", true)] {
            let outcome = sandbox.run(&format!("{flag}{words}"));
            let text = outcome.stdout + &outcome.stderr;
            assert_eq!(text.contains("\u{1b}["), expected, "{flag}{words}: {text:?}");
        }
    }
    let json = sandbox.run("--color always -o json publish --nothing").expect_exit(64);
    assert!(!json.stderr.contains('\u{1b}'), "{}", json.stderr);
    sandbox.write(".config/apigw/config.toml", "color = \"always\"\n");
    let error = sandbox.run("publish --nothing").expect_exit(64).stderr;
    assert!(error.contains("\u{1b}["), "the user's settings count: {error:?}");
}

#[test]
fn a_terminal_that_knows_no_sequences_gets_none() {
    if !has_terminal() {
        return;
    }
    let sandbox = behind();
    for words in ["verify", "status", "history", "check"] {
        let text = on_terminal(&sandbox, 80, &[("TERM", "dumb")], words);
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{words}: {text:?}");
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    if !has_terminal() {
        return;
    }
    let sandbox = behind();
    let id = sandbox.entry("test")["operation"].as_str().expect("an id").to_owned();
    let short = &id[id.len() - 12..][..8];
    for columns in [60, 80, 120] {
        for words in ["status", "history", "group list", "api list", "version list petstore"] {
            let text = on_terminal(&sandbox, columns, &[("NO_COLOR", "1")], words);
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(widest <= columns, "{words} has {widest} of {columns} columns:\n{text}");
        }
        // A digest is not broken.
        for words in [
            &format!("show {short}"),
            "diff petstore@test petstore@online",
            "diff petstore@0.0.1 petstore@0.0.2",
            "publish petstore --env test --dry-run --backend https://backend-of-the-petstore.internal.example.com:8443/v1",
            "publish petstore --env test --dry-run",
            "undo --env pre-release --dry-run",
            "version delete petstore 0.0.1",
            "routes --env test",
            "offline nobody --env test",
        ] {
            let text = on_terminal(&sandbox, columns, &[("NO_COLOR", "1")], words);
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(widest <= columns.max(80), "{words} has {widest} of {columns} columns:\n{text}");
        }
        let history = on_terminal(&sandbox, columns, &[("NO_COLOR", "1")], "history");
        assert!(history.lines().any(|line| line.starts_with(short)), "ids are whole: {history}");
    }
}

#[test]
fn a_command_that_reads_for_long_says_so_on_a_terminal_alone() {
    if !has_terminal() || !has_tool("strace", "what is shown of work that takes long") {
        return;
    }
    let sandbox = behind();
    let slow = format!(
        "strace --quiet=all -f -o /dev/null -P {} -e inject=openat:delay_enter=2000000:when=1 {}",
        sandbox.path().join("deployments/test.yaml").display(),
        env!("CARGO_BIN_EXE_apigw"),
    );
    let folder = sandbox.path();
    let piped = |words: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{slow} {words} 2>&1")]).current_dir(folder).stdin(Stdio::null());
        isolate(&mut command, folder);
        String::from_utf8(command.output().expect("a shell").stdout).expect("UTF-8")
    };
    thread::scope(|scope| {
        for (words, shown) in [
            ("status", "reading what is live"),
            ("history", "reading the history of"),
            ("check", "checking petstore"),
            ("prune --dry-run", "reading the history"),
            ("verify", "verifying"),
        ] {
            let (slow, piped) = (&slow, &piped);
            scope.spawn(move || {
                let text = on_terminal_by(folder, 80, &[], &format!("{slow} {words}"));
                let (last, rest) = text.rsplit_once("\r\u{1b}[K").expect(words);
                assert!(last.contains(&format!("\r{shown}")) && last.contains(" s\u{1b}[K"), "{words}: {text:?}");
                assert!(!rest.is_empty(), "{words}: {text:?}");
            });
            scope.spawn(move || {
                let text = piped(words);
                assert!(!text.contains(shown) && !text.contains('\r'), "{words}: {text:?}");
            });
        }
    });
    let quick = on_terminal(&sandbox, 80, &[("NO_COLOR", "1")], "verify");
    assert!(!quick.contains('\u{1b}'), "{quick:?}");
}

#[test]
fn nothing_is_wider_than_the_terminal_but_a_command_to_copy() {
    if !has_terminal() {
        return;
    }
    let sandbox = behind();
    let id = sandbox.entry("test")["operation"].as_str().expect("an id").to_owned();
    let expect_width = |columns: usize, words: &str| {
        let text = on_terminal(&sandbox, columns, &[], &format!("--color never {words}"));
        assert!(text.lines().count() > 1, "{words}: {text}");
        for line in text.lines().filter(|line| line.chars().count() > columns) {
            let outside: String = line.split('`').step_by(2).collect();
            assert!(outside.trim().len() <= 1, "{words} at {columns}: {line:?} in\n{text}");
        }
    };
    expect_width(30, "history");
    // The id of an operation takes 34 columns.
    for columns in [60, 80] {
        expect_width(columns, "history");
        expect_width(columns, &format!("show {id}"));
        expect_width(columns, "status");
    }
    sandbox.write("groups/petstore/versions/0.0.1.yaml", "junk\n");
    let entries = sandbox.read("deployments/test.yaml").replace("state: live", "state: offline");
    sandbox.write("deployments/test.yaml", &entries);
    for words in ["verify", "check", "publish --env test --mock"] {
        expect_width(60, words);
        expect_width(80, words);
    }
}
