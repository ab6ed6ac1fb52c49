//! Code in the pages of the documentation: each call runs as it stands there, with the packages of `apigw sdk`.

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::Sandbox;
use crate::serving::Serving;
use crate::tools::has_tool;

/// A definition with bodies, forms, files, streams and every style.
const FEATURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/features.yaml");

struct DocumentedGroups {
    sandbox: Sandbox,
    serving: Serving,
}

const GROUPS: [&str; 2] = ["petstore", "features"];

fn documented(language: &str) -> DocumentedGroups {
    let sandbox = Sandbox::petstore();
    sandbox.run_words(&["group", "import", "features", FEATURES]).expect_exit(0);
    for group in GROUPS {
        sandbox.run(&format!("publish {group} --env test --mock")).expect_exit(0);
    }
    sandbox.run("docs --env test --out public").expect_exit(0);
    sandbox.run(&format!("sdk --env test --language {language} --out sdk")).expect_exit(0);
    let serving = Serving::start(&sandbox);
    DocumentedGroups { sandbox, serving }
}

impl DocumentedGroups {
    /// Returns the code of a language in the page of a group, with the address of the gateway for that of the
    /// environment.
    fn calls(&self, group: &str, language: &str) -> Vec<String> {
        let page = self.sandbox.read(&format!("public/test/{group}/index.html"));
        let mark = format!(" data-language=\"{language}\"");
        let panes = page.split(mark.as_str()).skip(1);
        let address = format!("http://{}/{group}", self.serving.address);
        let calls: Vec<String> = panes
            .map(|pane| {
                let code = pane.split_once("<code>").and_then(|(_, rest)| rest.split_once("</code>")).expect("code").0;
                let code = code.replace("<span class=\"s\">", "").replace("</span>", "");
                let code = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
                    .iter()
                    .fold(code, |code, (from, to)| code.replace(from, to));
                assert!(code.contains("\"test\""), "{code}");
                code.replace("Client(\"test\"", &format!("Client(base_url=\"{address}\""))
                    .replace("environment: \"test\"", &format!("baseUrl: \"{address}\""))
                    .replace("Client.of(\"test\"", &format!("Client.at(\"{address}\""))
            })
            .collect();
        assert!(calls.len() > 3, "{group} {language}: {calls:#?}");
        calls
    }
}

/// Checks that a call was answered: a status is printed, or the items of a stream.
fn expect_answered(output: &Output, call: &str) {
    let said = String::from_utf8_lossy(&output.stdout);
    let is_stream = ["for item in", "for await", "forEachRemaining"].iter().any(|loops| call.contains(loops));
    let is_answered = !said.trim().is_empty() && (is_stream || said.starts_with('2'));
    let is_whole = output.status.success() && is_answered;
    assert!(is_whole, "{call}\n{said}{}", String::from_utf8_lossy(&output.stderr));
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the tool runs")
}

#[test]
fn python_in_pages_is_strictly_typed_and_runs() {
    if !has_tool("python3", "Python in pages") || !has_tool("mypy", "types of Python in pages") {
        return;
    }
    let documented = documented("python");
    let folder = tempfile::tempdir().expect("a folder");
    for group in GROUPS {
        let package = documented.sandbox.path().join(format!("sdk/{group}/python"));
        let mut files = Vec::new();
        let calls = documented.calls(group, "python");
        for (index, call) in calls.iter().enumerate() {
            let file = folder.path().join(format!("{group}_{index}.py"));
            std::fs::write(&file, call).expect("a file");
            files.push(file);
        }
        let checked =
            run(Command::new("mypy").arg("--strict").args(&files).env("MYPYPATH", &package).current_dir(folder.path()));
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
        for call in calls {
            expect_answered(&run(Command::new("python3").args(["-c", &call]).env("PYTHONPATH", &package)), &call);
        }
    }
}

#[test]
fn typescript_in_pages_is_strictly_typed_and_runs() {
    if !has_tool("node", "TypeScript in pages") || !has_tool("tsc", "types of TypeScript in pages") {
        return;
    }
    let documented = documented("typescript");
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for group in GROUPS {
        let package = documented.sandbox.path().join(format!("sdk/{group}/typescript"));
        let installed = folder.path().join(format!("node_modules/{group}-sdk"));
        std::fs::create_dir_all(installed.parent().expect("a folder")).expect("a folder");
        std::os::unix::fs::symlink(package, installed).expect("a link");
        for (index, call) in documented.calls(group, "typescript").into_iter().enumerate() {
            let file = folder.path().join(format!("{group}-{index}.mts"));
            std::fs::write(&file, &call).expect("a file");
            files.push((file, call));
        }
    }
    let options = "--strict --noEmit --target es2022 --module nodenext --lib es2022,dom,dom.asynciterable --types";
    let paths = files.iter().map(|(file, _)| file);
    let output = run(Command::new("tsc").args(options.split(' ')).arg("").args(paths).current_dir(folder.path()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    for (file, call) in &files {
        // No type is written in it, so that it is JavaScript too.
        let script = file.with_extension("mjs");
        std::fs::rename(file, &script).expect("renamed");
        expect_answered(&run(Command::new("node").arg(script)), call);
    }
}

#[test]
fn java_in_pages_compiles_without_a_warning_and_runs() {
    if !has_tool("javac", "Java in pages") {
        return;
    }
    let documented = documented("java");
    let folder = tempfile::tempdir().expect("a folder");
    let classes = folder.path().join("classes");
    let mut calls = Vec::new();
    for group in GROUPS {
        let package = documented.sandbox.path().join(format!("sdk/{group}/java"));
        let compiled = run(Command::new("javac").arg("@javac.args").arg("-d").arg(&classes).current_dir(package));
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        for (index, call) in documented.calls(group, "java").into_iter().enumerate() {
            let (imports, statements) = call.split_once("\n\n").expect("statements");
            let name = format!("Call{index}Of{group}");
            let source = format!(
                "{imports}\npublic final class {name} {{\n    public static void main(String[] arguments) {{\n{statements}    }}\n}}\n"
            );
            std::fs::write(folder.path().join(format!("{name}.java")), source).expect("a file");
            calls.push((name, call));
        }
    }
    let files = calls.iter().map(|(name, _)| format!("{name}.java"));
    let compiled = run(Command::new("javac")
        .args(["-encoding", "UTF-8", "--release", "17", "-Xlint:all", "-Werror", "-cp", "classes", "-d", "classes"])
        .args(files)
        .current_dir(folder.path()));
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    for (name, call) in &calls {
        expect_answered(&java(&classes, name), call);
    }
}

fn java(classes: &Path, name: &str) -> Output {
    run(Command::new("java").args(["-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp"]).arg(classes).arg(name))
}
