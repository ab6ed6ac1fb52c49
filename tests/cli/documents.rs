//! The README and the help topics: every block in them is run, and what they show is what happens.
//!
//! A document is one session in a home folder of its own, which holds a `petstore.yaml`. Its blocks are run in order:
//!
//! - `console`: each line after `$ ` is run, and prints the lines below it; a line `…` stands for any lines, and a
//!   command that ends in ` &` goes on in the background until the end of the document;
//! - `sh`: the block is run by `sh -e` and has to succeed.
//!
//! A comment before a block says more: `<!-- file: PATH -->` writes the block to a file, `<!-- run: COMMAND -->` runs a
//! command that readers need not see, `<!-- parse -->` only parses it (files of other programs), and `<!-- run by
//! .ci/run -->` leaves it to the check.

mod session;

use std::fs;
use std::path::Path;

use session::Session;

/// A fenced block, with the comments that stand before it.
struct Block {
    language: String,
    text: String,
    notes: Vec<String>,
}

/// Splits a document into its fenced blocks. Comments behind the last block are left out.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut notes = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if let Some(note) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) {
            notes.push(note.to_owned());
        } else if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
            blocks.push(Block { language: language.to_owned(), text, notes: std::mem::take(&mut notes) });
        }
    }
    blocks
}

/// Runs every block of a document.
fn run_document(name: &str, markdown: &str) {
    let mut session = Session::new(name);
    for block in blocks(markdown) {
        let mut is_run = true;
        for note in &block.notes {
            if let Some(command) = note.strip_prefix("run: ") {
                session.script(command);
            } else if let Some(path) = note.strip_prefix("file: ") {
                session.write(path, &block.text);
                is_run = false;
            } else if note == "parse" {
                parse(name, &block);
                is_run = false;
            } else if note == "run by .ci/run" {
                assert_is_run_by_the_check(&block.text);
                is_run = false;
            } else {
                panic!("{name}: unknown comment {note:?}");
            }
        }
        match block.language.as_str() {
            _ if !is_run => {}
            "console" => session.recording(&block.text),
            "sh" => drop(session.script(&block.text)),
            language => {
                panic!("{name}: a block of {language:?} needs a comment that says how it is tested:\n{}", block.text)
            }
        }
    }
}

fn parse(name: &str, block: &Block) {
    let result = match block.language.as_str() {
        "yaml" => serde_saphyr::from_str::<serde_json::Value>(&block.text).map(drop).map_err(|error| error.to_string()),
        "json" => serde_json::from_str::<serde_json::Value>(&block.text).map(drop).map_err(|error| error.to_string()),
        "toml" => block.text.parse::<toml::Table>().map(drop).map_err(|error| error.to_string()),
        "sh" => {
            let shell = std::process::Command::new("sh").args(["-n", "-c", &block.text]).output().expect("a shell");
            if shell.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&shell.stderr).into_owned()) }
        }
        language => panic!("{name}: {language:?} cannot be parsed here"),
    };
    result.unwrap_or_else(|error| panic!("{name}: {error}:\n{}", block.text));
}

fn assert_is_run_by_the_check(text: &str) {
    let check = include_str!("../../.ci/run");
    for line in text.lines() {
        let command = line.split(" #").next().unwrap_or_default().trim();
        assert!(check.lines().any(|line| line.trim() == command), ".ci/run does not run {command:?}");
    }
}

fn topic_files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/topics");
    let files = fs::read_dir(folder).expect("the folder of the topics").map(|entry| entry.expect("an entry").path());
    let mut topics: Vec<(String, String)> = files
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a topic"))
        })
        .collect();
    topics.sort();
    topics
}

#[test]
fn every_block_of_the_readme_is_what_happens() {
    run_document("README", include_str!("../../README.md"));
}

#[test]
fn every_block_of_the_topics_is_what_happens() {
    std::thread::scope(|scope| {
        for (name, markdown) in topic_files() {
            scope.spawn(move || run_document(&name, &markdown));
        }
    });
}

#[test]
fn the_recipe_for_pipelines_publishes_what_is_new_and_then_nothing() {
    for (name, markdown) in
        [("README", include_str!("../../README.md")), ("ci", include_str!("../../src/cli/topics/ci.md"))]
    {
        let recipe = blocks(markdown).into_iter().find(|block| block.text.contains("--detailed-exitcode && code=0"));
        let recipe = recipe.unwrap_or_else(|| panic!("{name} has no recipe")).text;
        let mut session = Session::new(name);
        session.script("apigw init --example petstore shop");
        session.script("cd shop");
        assert!(session.script(&recipe).contains("committed as operation"));
        assert!(session.read("deployments/test.yaml").contains("version: \"0.0.1\""));
        assert!(session.script(&recipe).contains("nothing to publish"));
    }
}

#[test]
fn the_topic_about_settings_names_every_key() {
    let topic = include_str!("../../src/cli/topics/settings.md");
    let sandbox = crate::harness::Sandbox::empty();
    for schema in ["workspace", "group"] {
        let schema: serde_json::Value = sandbox.run(&format!("schema {schema}")).expect_exit(0).json();
        let definitions = schema["$defs"].as_object().expect("definitions").values();
        for object in definitions.chain([&schema]) {
            for key in object["properties"].as_object().into_iter().flat_map(serde_json::Map::keys) {
                let is_named = [format!("`{key}`"), format!(".{key}`"), format!("`{key}.")]
                    .iter()
                    .any(|name| topic.contains(name));
                assert!(is_named, "the topic about settings does not name {key}");
            }
        }
    }
}

#[test]
fn the_readme_names_every_topic() {
    for (name, _) in topic_files() {
        let link = format!("](src/cli/topics/{name}.md)");
        assert!(include_str!("../../README.md").contains(&link), "the README does not name the topic {name}");
    }
}

#[test]
fn a_topic_is_shown_as_help_and_as_a_manual_page() {
    let sandbox = crate::harness::Sandbox::empty();
    for (name, markdown) in topic_files() {
        let title = markdown.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a title");
        let help = sandbox.run(&format!("help {name}")).expect_exit(0).stdout;
        assert_eq!(help.lines().next(), Some(title), "{name}");
        assert!(!help.contains("<!--") && !help.contains("```"), "{name}: {help}");
        sandbox.run(&format!("man 7 {name}")).expect_exit(0).expect_stdout(&format!(".TH apigw-{name} 7"));
    }
    // A name that is both is the command.
    sandbox.run("man docs").expect_exit(0).expect_stdout(".TH apigw-docs 1");
    sandbox.run("man plans").expect_exit(0).expect_stdout(".TH apigw-plans 7");
    sandbox.run("man 7 publish").expect_exit(64);
    sandbox.run("help docs").expect_exit(0).expect_stderr("apigw docs --help");
    sandbox.run("help publish").expect_exit(0).expect_stdout("Usage: apigw publish");
    sandbox.run("help group set").expect_exit(0).expect_stdout("Usage: apigw group set");
    sandbox
        .run("help nonsense")
        .expect_exit(64)
        .expect_stderr("unknown command or topic \"nonsense\"")
        .expect_stderr("topics: workspace");
}
