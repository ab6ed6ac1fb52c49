//! Control characters that somebody wrote into messages, names and definitions are shown escaped, in every view and
//! format.

use crate::harness::{Outcome, Sandbox};

/// Erases the screen, turns the direction of text, and begins a sequence by its C1 form.
const HOSTILE: &str = "\u{1b}[2J\u{202e}\u{9b}31m\u{7}";

#[track_caller]
fn expect_harmless(what: &str, outcome: &Outcome) {
    for text in [&outcome.stdout, &outcome.stderr] {
        let acts = |character: char| {
            character != '\n'
                && (character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        };
        assert!(!text.chars().any(acts), "{what}: {text:?}");
    }
}

#[test]
fn what_others_wrote_does_nothing_to_a_terminal() {
    let sandbox = Sandbox::petstore();
    let hostile = |text: &str| format!("{text} {HOSTILE}");
    sandbox.write(
        "groups/petstore/group.yaml",
        "schema: 1\nversion: \"0.0.1\"\ndescription: \"pets \\e[2J\\u202e\\x9b31m\"\nprefix: /petstore\nauth: none\n",
    );
    let definition = sandbox.read("groups/petstore/openapi.yaml");
    let definition = definition.replacen("summary:", "summary: \"\\e[2J\\u202e\" #", 1);
    sandbox.write("groups/petstore/openapi.yaml", &definition);
    let message = hostile("why");
    let actor = hostile("Eve");
    let publish = ["--actor", &actor, "publish", "petstore", "--env", "test", "--mock", "-m", &message];
    let published = sandbox.run_words(&publish).expect_exit(0);
    expect_harmless("publish", &published);
    let id = sandbox.entry("test")["operation"].as_str().expect("an id").to_owned();
    sandbox.write(&format!("groups/petstore/versions/0.0.1/{HOSTILE}"), "");
    sandbox.edit("later");
    let file = hostile("no");
    let views: [&[&str]; 14] = [
        &["history"],
        &["show", &id],
        &["status"],
        &["group", "list"],
        &["group", "show", "petstore"],
        &["api", "list", "petstore"],
        &["api", "show", "petstore", "listPets"],
        &["version", "list", "petstore"],
        &["version", "show", "petstore", "0.0.1"],
        &["verify"],
        &["check"],
        &["group", "import", "other", &file],
        &["show", &message],
        &["publish", &file, "--env", "test", "--unknown", &file],
    ];
    for view in views {
        for format in [&[][..], &["-o", "yaml"], &["-o", "json"]] {
            expect_harmless(&format!("{view:?} {format:?}"), &sandbox.run_words(&[format, view].concat()));
        }
    }
    sandbox.run("history").expect_stdout("why \\u{1b}[2J\\u{202e}\\u{9b}31m\\u{7}").expect_stdout("Eve \\u{1b}[2J");
    assert_eq!(sandbox.entry("test")["message"], message.as_str(), "JSON says what was written");
    sandbox.run("verify").expect_stdout("\\u{1b}[2J\\u{202e}\\u{9b}31m");
    let colored = sandbox.run("--color always history");
    assert!(!colored.stdout.contains("\u{1b}[2J"), "{:?}", colored.stdout);
}

#[test]
fn a_definition_with_control_characters_is_found_without_acting() {
    let sandbox = Sandbox::petstore();
    let definition = sandbox.read("groups/petstore/openapi.yaml");
    sandbox
        .write("groups/petstore/openapi.yaml", &definition.replacen("get:", "\"ge\\e[2Jt\u{202e}\": 1\n    get:", 1));
    for words in ["check", "-o yaml check", "check -o github", "check -o sarif"] {
        let found = sandbox.run(words).expect_exit(0);
        expect_harmless(words, &found);
        assert!((found.stdout + &found.stderr).contains("[2Jt"), "{words} does not show the name");
    }
    expect_harmless("diff", &sandbox.run("diff petstore petstore"));
    let outcome = sandbox.run("--color always check");
    assert!(!outcome.stdout.contains("\u{1b}[2J") && !outcome.stdout.contains('\u{202e}'), "{:?}", outcome.stdout);
}

#[test]
fn no_line_of_a_text_looks_like_another_field_of_an_operation() {
    let sandbox = Sandbox::petstore();
    let forged = "good\nby           Eve";
    sandbox
        .run_words(&["--actor", forged, "publish", "petstore", "--env", "test", "--mock", "-m", forged])
        .expect_exit(0);
    let id = sandbox.entry("test")["operation"].as_str().expect("an id").to_owned();
    let shown = sandbox.run(&format!("show {id}")).expect_exit(0);
    let fields = shown.stdout.lines().filter(|line| line.starts_with("by  ")).count();
    assert_eq!(fields, 1, "{}", shown.stdout);
    std::fs::remove_file(sandbox.path().join("deployments/test.yaml")).expect("removed");
    for words in ["verify", "status", "history"] {
        let found = sandbox.run(words);
        let text = found.stdout + &found.stderr;
        assert!(!text.lines().any(|line| line.starts_with("by  ")), "{words}: {text}");
    }
}

#[test]
fn what_others_wrote_is_no_command_of_a_runner_of_ci() {
    let sandbox = Sandbox::petstore();
    let parameter = "{name: \"a\\n::error::pwn\", in: query, required: true, schema: {type: string}}";
    let definition = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /pets:\n    get:\n      operationId: list\n      \
         parameters: [{parameter}]\n      responses: {{'200': {{description: d}}}}\n"
    );
    sandbox.write("groups/petstore/openapi.yaml", &definition);
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let called = sandbox.run("call petstore list --env test").expect_exit(3);
    sandbox.write("groups/petstore/openapi.yaml", &definition.replace("in: query", "in: path"));
    let published = sandbox.run("publish petstore --env test --mock --bump major");
    for outcome in [called, published] {
        assert!(outcome.stderr.contains("error::pwn"), "{}", outcome.stderr);
        expect_no_command("publish", &outcome);
    }
    // GitHub obeys `::` at the beginning of a line, and `##[` anywhere; Azure Pipelines `##vso[` anywhere.
    let message = "why\n::add-mask::a\nb ##vso[task.setvariable variable=c]d ##[error]e";
    let words = ["--actor", "::stop-commands::x ##[add-mask]y", "offline", "petstore", "--env", "test", "-m", message];
    expect_no_command("offline", &sandbox.run_words(&words).expect_exit(0));
    let id = sandbox.entry("test")["operation"].as_str().expect("an id").to_owned();
    sandbox.run("api add petstore GET /x##vso[b]").expect_exit(0);
    let views: [&[&str]; 10] = [
        &["history"],
        &["show", &id],
        &["status"],
        &["api", "list", "petstore"],
        &["check"],
        &["check", "-o", "github"],
        &["check", "-o", "sarif"],
        &["diff", "petstore@0.0.1", "petstore"],
        &["diff", "petstore@0.0.1", "petstore", "-o", "markdown"],
        &["show", message],
    ];
    for view in views {
        let formats: &[&[&str]] = if view.contains(&"-o") { &[&[]] } else { &[&[], &["-o", "yaml"], &["-o", "json"]] };
        for format in formats {
            expect_no_command(&format!("{view:?} {format:?}"), &sandbox.run_words(&[format, view].concat()));
        }
    }
    assert_eq!(sandbox.entry("test")["message"], message, "JSON says what was written");
    sandbox.run(&format!("show {id}")).expect_stdout("\\u{23}#vso[task.setvariable variable=c]d \\u{23}#[error]e");
}

#[track_caller]
fn expect_no_command(what: &str, outcome: &Outcome) {
    let is_own = what.contains("github");
    for line in outcome.stdout.lines().chain(outcome.stderr.lines()) {
        assert!(is_own || !line.trim_start().starts_with("::"), "{what}: {line}");
        assert!(!line.contains("##[") && !line.contains("##vso["), "{what}: {line}");
    }
}
