//! What definitions cost: `cargo bench --bench definition`.
//!
//! Each command is a process of its own; printed are seconds on the clock, seconds of processor time, and its
//! peak of memory (`VmHWM`, which Linux tells while a process runs, so the last millisecond is not seen).
//! The large definition is `3.1/openai.yaml` of the folder that `APIGW_CORPUS` names.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and stops where it cannot go on")]

#[path = "../cost.rs"]
mod cost;
mod hostile;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cost::{BINARY, Cost, apigw};

/// Makes a workspace with a group for each definition, as if somebody had written them there.
fn workspace(definitions: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    assert_eq!(apigw(folder.path(), "init").exit, 0);
    for (name, bytes) in definitions {
        let group = folder.path().join("groups").join(name);
        fs::create_dir_all(&group).expect("a folder");
        let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /{name}\n");
        fs::write(group.join("group.yaml"), settings).expect("a file");
        fs::write(group.join("openapi.yaml"), bytes).expect("a file");
    }
    folder
}

/// Imports a definition, and returns what it costs and what a group has then: the definition itself where it is
/// OpenAPI 3 or refused, what it is converted to where it is 2.0.
fn imported(bytes: &[u8]) -> (Cost, Vec<u8>) {
    let folder = workspace(&[]);
    fs::write(folder.path().join("given.yaml"), bytes).expect("a file");
    let cost = apigw(folder.path(), "group import given given.yaml");
    let taken = fs::read(folder.path().join("groups/given/openapi.yaml"));
    (cost, taken.unwrap_or_else(|_| bytes.to_vec()))
}

/// Returns the name of the last API of a group, for which most is looked at; one that does not exist where it has none.
fn last_api(folder: &Path, group: &str) -> String {
    let mut command = Command::new(BINARY);
    command.args(["api", "list", group, "-o", "json"]).current_dir(folder).env("HOME", folder);
    let listed = command.output().expect("the command runs").stdout;
    let listed: serde_json::Value = serde_json::from_slice(&listed).unwrap_or_default();
    let last = listed["apis"].as_array().and_then(|apis| apis.last());
    let name = last.and_then(|api| Some(format!("{} {}", api["method"].as_str()?, api["path"].as_str()?)));
    name.unwrap_or_else(|| "GET /".to_owned())
}

/// Measures the commands on a definition and a copy that differs.
fn commands(bytes: &[u8], edited: &[u8]) -> [Cost; 5] {
    let (import, taken) = imported(bytes);
    let written = workspace(&[("a", &taken), ("b", &imported(edited).1)]);
    let check = apigw(written.path(), "check");
    let diff = apigw(written.path(), "diff a b");
    let publish = apigw(written.path(), "publish a --env test --mock --dry-run");
    let show = apigw(written.path(), &format!("api show a {}", last_api(written.path(), "a")));
    [import, check, diff, publish, show]
}

fn row(name: &str, costs: &[Cost]) {
    let cells: Vec<String> = costs.iter().map(|cost| format!("{}, exit {}", cost.shown(), cost.exit)).collect();
    println!("| {name} | {} |", cells.join(" | "));
}

fn table() {
    println!("\n| definition | import | check | diff with an edited copy | publish --dry-run | api show |");
    println!("|---|---|---|---|---|---|");
}

fn large() {
    let corpus = std::env::var_os("APIGW_CORPUS").map_or_else(|| PathBuf::from("../shared/definitions"), PathBuf::from);
    let Ok(bytes) = fs::read(corpus.join("3.1/openai.yaml")) else {
        println!("3.1/openai.yaml is not in {}: name its folder in APIGW_CORPUS", corpus.display());
        return;
    };
    let edited = String::from_utf8_lossy(&bytes).replacen("type: integer", "type: string", 40);
    row("openai.yaml, 3 MB", &commands(&bytes, edited.as_bytes()));
}

/// Writes a definition of so many operations, each with parameters, a body, a response and schemas of its own.
fn operations(count: usize) -> String {
    let mut paths = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n".to_owned();
    let mut schemas = "components:\n  schemas:\n".to_owned();
    for index in 0..count {
        let schema = format!("schema: {{$ref: '#/components/schemas/s{index}'}}");
        let _ = write!(
            paths,
            "  /things/{index}/{{id}}:\n    put:\n      operationId: put{index}\n      parameters:\n      \
             - {{name: id, in: path, required: true, schema: {{type: string}}}}\n      \
             - {{name: limit, in: query, schema: {{type: integer, maximum: 100}}}}\n      \
             requestBody: {{content: {{application/json: {{{schema}}}}}}}\n      responses:\n        \
             '200': {{description: d, content: {{application/json: {{{schema}}}}}}}\n"
        );
        let _ = write!(
            schemas,
            "    s{index}:\n      type: object\n      required: [id]\n      properties:\n        \
             id: {{type: string, format: uuid}}\n        name: {{type: string, maxLength: 80}}\n        \
             next: {{$ref: '#/components/schemas/s{}'}}\n",
            index / 2
        );
    }
    paths + &schemas
}

fn growth() {
    for count in [10, 100, 1_000, 10_000] {
        let text = operations(count);
        let edited = text.replace("maxLength: 80", "maxLength: 40");
        row(&format!("{count} operations"), &commands(text.as_bytes(), edited.as_bytes()));
    }
}

fn harmful() {
    for hostile::Hostile { name, bytes, says } in hostile::definitions(1) {
        let edited: Vec<u8> = String::from_utf8(bytes.clone())
            .map_or_else(|_| bytes.clone(), |text| text.replace("string", "integer").into_bytes());
        let said = if says.is_empty() { "taken" } else { says };
        row(&format!("{name}: {said}"), &commands(&bytes, &edited));
    }
}

fn main() {
    table();
    large();
    growth();
    table();
    harmful();
}
