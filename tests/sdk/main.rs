//! Generated clients against the gateway: their types are checked, and every operation is called and answered as
//! declared.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

mod bodies;
mod broken_bodies;
mod component_names;
mod corpus;
mod exchanges;
mod golden;
mod java;
mod java_limits;
mod served;
mod styles;
#[path = "../tools/mod.rs"]
mod tools;
mod transport;
mod typescript_values;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use apigw::share::sdk::SdkLanguage;
use serde_json::Value;

use served::{Served, write_packages};
use tools::has_tool;

const PYTHON_DRIVER: &str = include_str!("drive.py");
const NODE_DRIVER: &str = include_str!("drive.mjs");

fn run(command: &mut Command) -> Output {
    command.output().expect("the tool runs")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// True if a mock has a response, and the client of a language a way to it.
fn is_answered(operation: &Value, language: SdkLanguage) -> bool {
    // `fetch` sends no TRACE, and takes 407 for a fault of the connection.
    let is_kept_back = operation["status"] == 407 || operation["method"] == "TRACE";
    !operation["status"].is_null() && (language != SdkLanguage::TypeScript || !is_kept_back)
}

/// Calls each operation of each group with a driver, and returns what differs from the declared responses.
fn drive(served: &Served, language: SdkLanguage, folder: &Path, program: &str, driver: &Path) -> (usize, String) {
    let mut failures = String::new();
    let mut calls = 0;
    for group in &served.groups {
        let mut expected = Served::expected(group, language);
        expected.retain(|operation| is_answered(operation, language));
        calls += expected.len();
        let file = folder.join(format!("{}.json", group.name));
        std::fs::write(&file, serde_json::to_vec(&expected).expect("JSON")).expect("a file");
        let output = run(Command::new(program)
            .arg(driver)
            .args([group.name.as_str(), served.address.as_str()])
            .arg(&file)
            .current_dir(folder));
        if !output.status.success() || output.stdout != format!("{} called\n", expected.len()).as_bytes() {
            let _ = writeln!(failures, "{}:\n{}", group.origin, text(&output));
        }
    }
    (calls, failures)
}

#[test]
fn python_clients_call_every_operation() {
    if !has_tool("python3", "calls of generated Python clients") {
        return;
    }
    let served = Served::start();
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served, SdkLanguage::Python, folder.path());
    let driver = folder.path().join("drive.py");
    std::fs::write(&driver, PYTHON_DRIVER).expect("a file");
    let (calls, failures) = drive(&served, SdkLanguage::Python, folder.path(), "python3", &driver);
    assert!(failures.is_empty() && calls > 0, "{calls}: {failures}");
    writeln!(std::io::stderr(), "{calls} operations of {} groups called from Python", served.groups.len())
        .expect("written");
}

#[test]
fn python_clients_are_strictly_typed() {
    if !has_tool("mypy", "types of generated Python clients") {
        return;
    }
    let served = Served::start();
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served, SdkLanguage::Python, folder.path());
    let packages = served.groups.iter().flat_map(|group| ["-p".to_owned(), format!("{}_sdk", group.name)]);
    let output = run(Command::new("mypy").arg("--strict").args(packages).current_dir(folder.path()));
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn typescript_clients_call_every_operation() {
    if !has_tool("node", "calls of generated JavaScript clients") {
        return;
    }
    let served = Served::start();
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served, SdkLanguage::TypeScript, folder.path());
    let driver = folder.path().join("drive.mjs");
    std::fs::write(&driver, NODE_DRIVER).expect("a file");
    let (calls, failures) = drive(&served, SdkLanguage::TypeScript, folder.path(), "node", &driver);
    assert!(failures.is_empty() && calls > 0, "{calls}: {failures}");
    writeln!(std::io::stderr(), "{calls} operations of {} groups called from Node", served.groups.len())
        .expect("written");
}

/// Calls with values that would make another path, and reads names that every object has.
const HOSTILE_NODE: &str = r#"
const { Client } = await import(`${process.cwd()}/g1/index.js`);
let sent = 0;
const client = new Client({ baseUrl: "http://127.0.0.1:1/g1", fetch: () => { sent += 1; throw new Error("sent"); }, retries: 0 });
if ((await client) !== client) console.log("the client is a promise");
for (const part of [".", "..", ""]) {
  await client.dots({ part }).then(() => console.log("answered"), (error) => error instanceof TypeError || console.log(part, error));
}
for (const environment of ["toString", "constructor", "__proto__"]) {
  try { new Client({ environment }); console.log(environment); } catch (error) {
    if (!error.message.includes("is not an environment")) console.log(error.message);
  }
}
"#;

const HOSTILE_PYTHON: &str = r#"
import g1_sdk
client = g1_sdk.Client(base_url="http://127.0.0.1:1/g1", retries=0)
for part in (".", "..", ""):
    try:
        client.dots(part)
        print("answered", part)
    except ValueError:
        pass
    except Exception as error:
        print(part, repr(error))
"#;

#[test]
fn hostile_values_lead_to_no_other_operation() {
    let served = Served::of_own();
    for (language, program, flags, script) in [
        (SdkLanguage::Python, "python3", &["-c"][..], HOSTILE_PYTHON),
        (SdkLanguage::TypeScript, "node", &["--input-type=module", "-e"][..], HOSTILE_NODE),
    ] {
        if !has_tool(program, "hostile values in generated clients") {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        write_packages(&served, language, folder.path());
        let output = run(Command::new(program).args(flags).arg(script).current_dir(folder.path()));
        assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output));
    }
}

#[test]
fn typescript_clients_are_strictly_typed() {
    if !has_tool("tsc", "types of generated TypeScript clients") {
        return;
    }
    let served = Served::start();
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served, SdkLanguage::TypeScript, folder.path());
    let files = served.groups.iter().map(|group| format!("{}/index.d.ts", group.name));
    let options = "--strict --noEmit --skipLibCheck false --target es2022 --module nodenext --lib es2022,dom,dom.asynciterable --types";
    let output = run(Command::new("tsc").args(options.split(' ')).arg("").args(files).current_dir(folder.path()));
    assert!(output.status.success(), "{}", text(&output));
}
