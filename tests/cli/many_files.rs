//! Commands that write very many files: their work grows with the files, and nothing that is slow is done for each.

use std::fmt::Write as _;
use std::process::Command;

use crate::harness::{Sandbox, isolate};
use crate::tools::has_tool;

#[test]
fn files_of_a_folder_are_synced_together() {
    if !has_tool("strace", "how often a folder of many files is synced") {
        return;
    }
    let sandbox = Sandbox::petstore();
    let mut definition = "openapi: 3.0.3\ninfo: {title: Big, version: '1'}\npaths:\n".to_owned();
    for number in 0..400 {
        let _ = writeln!(definition, "  /a{number}: {{get: {{responses: {{'200': {{description: d}}}}}}}}");
    }
    sandbox.write("groups/petstore/openapi.yaml", &definition);
    sandbox.run("publish petstore --env test --backend http://127.0.0.1:9").expect_exit(0);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "calls", "-e", "trace=fsync,fdatasync,sync_file_range,syncfs"]);
    command.args([env!("CARGO_BIN_EXE_apigw"), "docs", "--env", "test", "--out", "docs"]).current_dir(sandbox.path());
    isolate(&mut command, sandbox.path());
    assert!(command.output().expect("strace runs").status.success());
    let written = sandbox.read("docs/.apigw-files").lines().count();
    let syncs = sandbox.read("calls").lines().count();
    assert!(written > 700 && (1..=8).contains(&syncs), "{syncs} syncs for {written} files");
}
