//! Cases of the command line, a folder each, in `tests/cli/cases`:
//!
//! - `before`: the name of a workspace in `tests/cli/workspaces`, or a folder with the files themselves;
//! - `command`: the command, as it is typed in a shell;
//! - `stdout`, `stderr`: its output, each missing where it is empty; `exit`: its exit code, missing where it is 0;
//! - `after`: the files that it made or changed; `removed`: those that it removed, a line each.
//!
//! A new case is a new folder with `before` and `command`: `APIGW_UPDATE_CASES=1 cargo test --test cli cases` writes
//! the rest, to be read before it is committed. Ids, times, checksums of entries and the folder around the workspace
//! are redacted, since they differ from run to run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::isolate;

/// Texts of files by their path below a folder.
type Files = BTreeMap<String, String>;

/// All that a case says, or that running its command came to.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    stdout: String,
    stderr: String,
    exit: i32,
    after: Files,
    removed: Vec<String>,
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli")
}

/// Reads every file below a folder, but for the machine's own.
fn read_files(folder: &Path) -> Files {
    fn walk(folder: &Path, prefix: &str, files: &mut Files) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                if name != ".apigw" {
                    walk(&entry.path(), &format!("{name}/"), files);
                }
            } else {
                files.insert(name, fs::read_to_string(entry.path()).expect("a text"));
            }
        }
    }
    let mut files = Files::new();
    if folder.is_dir() {
        walk(folder, "", &mut files);
    }
    files
}

fn write_files(folder: &Path, files: &Files) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

/// Replaces what differs from run to run: the operations and times of this run, and the checksums that cover them.
fn redact(text: &str, before: &str) -> String {
    let mut redacted = String::new();
    for line in text.split_inclusive('\n') {
        let indent = &line[..line.len() - line.trim_start().len()];
        if line.trim_start().starts_with("checksum: ") && !before.contains(line.trim()) {
            redacted += indent;
            redacted += "checksum: [CHECKSUM]\n";
            continue;
        }
        let is_word = |character: char| character.is_ascii_alphanumeric() || "-.:".contains(character);
        let mut rest = line;
        while let Some(start) = rest.find(is_word) {
            let length = rest[start..].find(|character| !is_word(character)).unwrap_or(rest.len() - start);
            let word = &rest[start..start + length];
            // A full stop behind an id ends a sentence.
            let bare = word.trim_end_matches(['.', ':']);
            redacted += &rest[..start];
            redacted += kind(bare).filter(|_| !before.contains(bare)).unwrap_or(bare);
            redacted += &word[bare.len()..];
            rest = &rest[start + length..];
        }
        redacted += rest;
    }
    redacted
}

/// Returns the placeholder of an operation's id, its short form, a file of it, or a time.
fn kind(word: &str) -> Option<&'static str> {
    let is_hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let id = word.strip_suffix(".yaml").unwrap_or(word);
    if id.len() == 33 && id.contains("Z-") {
        return Some(if id.len() == word.len() { "[OPERATION]" } else { "[OPERATION].yaml" });
    }
    if word.len() == 24 && word.ends_with('Z') && word.contains('T') {
        return Some("[TIME]");
    }
    (word.len() == 8 && is_hexadecimal(word)).then_some("[OPERATION]")
}

/// Runs the command of a case in a copy of its workspace.
fn run(case: &Path) -> Outcome {
    let named = case.join("before");
    let source = if named.is_dir() {
        named
    } else {
        let name = fs::read_to_string(&named).expect("a case has `before`");
        tests().join("workspaces").join(name.trim())
    };
    let before = read_files(&source);
    assert!(!before.is_empty(), "{} is no workspace", source.display());
    let sandbox = tempfile::tempdir().expect("a temporary folder");
    let workspace = sandbox.path().join("shop");
    write_files(&workspace, &before);
    let command = fs::read_to_string(case.join("command")).expect("a case has `command`");
    let programs = Path::new(env!("CARGO_BIN_EXE_apigw")).parent().expect("a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).current_dir(&workspace).stdin(Stdio::null());
    isolate(&mut shell, sandbox.path());
    let output = shell.env("PATH", path).output().expect("a shell");

    let known: String = before.iter().flat_map(|(path, text)| [path.as_str(), "\n", text.as_str()]).collect();
    let folder = sandbox.path().to_str().expect("UTF-8");
    let text = |bytes: Vec<u8>| redact(&String::from_utf8(bytes).expect("UTF-8").replace(folder, "[FOLDER]"), &known);
    let now = read_files(&workspace);
    let changed = now.iter().filter(|(path, text)| before.get(*path) != Some(text));
    Outcome {
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        exit: output.status.code().unwrap_or(-1),
        after: changed.map(|(path, text)| (redact(path, &known), redact(text, &known))).collect(),
        removed: before.keys().filter(|path| !now.contains_key(*path)).cloned().collect(),
    }
}

/// Reads the outcome that a case expects.
fn expected(case: &Path) -> Outcome {
    let text = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_default();
    Outcome {
        stdout: text("stdout"),
        stderr: text("stderr"),
        exit: text("exit").trim().parse().unwrap_or_default(),
        after: read_files(&case.join("after")),
        removed: text("removed").lines().map(str::to_owned).collect(),
    }
}

/// Writes an outcome into the folder of its case.
fn update(case: &Path, outcome: &Outcome) {
    let _ = fs::remove_dir_all(case.join("after"));
    let exit = if outcome.exit == 0 { String::new() } else { format!("{}\n", outcome.exit) };
    let removed: String = outcome.removed.iter().flat_map(|path| [path.as_str(), "\n"]).collect();
    for (name, text) in
        [("stdout", &outcome.stdout), ("stderr", &outcome.stderr), ("exit", &exit), ("removed", &removed)]
    {
        if text.is_empty() {
            let _ = fs::remove_file(case.join(name));
        } else {
            fs::write(case.join(name), text).expect("a part of a case");
        }
    }
    write_files(&case.join("after"), &outcome.after);
}

#[test]
fn every_case_ends_as_its_folder_says() {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(tests().join("cases")).expect("cases").map(|entry| entry.expect("an entry").path()).collect();
    cases.sort();
    let mut failed = Vec::new();
    for case in &cases {
        let outcome = run(case);
        if std::env::var_os("APIGW_UPDATE_CASES").is_some() {
            update(case, &outcome);
        } else if outcome != expected(case) {
            failed.push(format!("{}\nexpected {:#?}\nbut it was {outcome:#?}", case.display(), expected(case)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn what_differs_from_run_to_run_is_redacted_and_nothing_else() {
    let id = "20261124T021611.036Z-0b2a68d22e03";
    let text =
        format!("  operation: \"{id}\"\n  since: 2026-11-24T02:16:11.036Z\n  checksum: sha256:00\nundo 0b2a68d2.\n");
    let redacted = "  operation: \"[OPERATION]\"\n  since: [TIME]\n  checksum: [CHECKSUM]\nundo [OPERATION].\n";
    assert_eq!(redact(&text, ""), redacted);
    assert_eq!(redact(&text, &text), text, "what was there before stays");
    assert_eq!(
        redact("petstore 0.0.1 deadbeef defaced https://127.0.0.1:8080/v1", ""),
        "petstore 0.0.1 [OPERATION] defaced https://127.0.0.1:8080/v1"
    );
}
