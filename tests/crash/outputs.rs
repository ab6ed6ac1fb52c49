//! Commands that write files for others, killed at each call that changes the disk: the next run removes what was left,
//! and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::commands::step;
use crate::trace::{Call, Fault, Tracer};
use crate::workspace::{copy, entries, new_folder, succeed};

/// The calls after which a killed command may leave something.
const CHANGES: [&str; 7] = ["openat", "write", "mkdir", "rename", "renameat", "unlink", "rmdir"];
const OUTPUTS: [&str; 4] = [
    "docs --env test --out out/docs",
    "export nginx --env test --out out/nginx",
    "sdk --env test --language python --out out/sdk",
    "plan release.yaml --out out/bound.yaml",
];
const RELEASE: &str = "schema: 1\nsteps:\n- offline: {environment: test, groups: [pets]}\n";
/// A file of somebody else, of a name that is nearly that of a temporary one.
const FOREIGN: &str = "out/.apigw-abc123";

/// Kills each command at its calls, and returns how often, and what went wrong.
pub(crate) fn kill_writers(tracer: &Tracer) -> Result<(usize, Vec<String>)> {
    let (mut killed, mut failures) = (0, Vec::new());
    for (number, words) in OUTPUTS.iter().enumerate() {
        let before = prepare()?;
        let words: Vec<&str> = words.split(' ').collect();
        let folder = copied(&before)?;
        let calls = tracer.trace(&words, folder.path())?;
        let wanted = files(&folder.path().join("out"))?;
        let calls: Vec<&Call> = calls.iter().filter(|call| is_change(call)).collect();
        ensure!(calls.len() > 2, "{words:?} has {} calls", calls.len());
        for call in calls.iter().skip(number % step()).step_by(step()) {
            killed += 1;
            let folder = copied(&before)?;
            tracer.inject(&words, folder.path(), call, Fault::Kill)?;
            let again = succeed(folder.path(), &words).and_then(|_| files(&folder.path().join("out")));
            match again {
                Ok(found) if found == wanted => {}
                Ok(found) => failures.push(format!("{words:?} at {}: {:?}", call.line, found.keys())),
                Err(error) => failures.push(format!("{words:?} at {}: {error:#}", call.line)),
            }
        }
    }
    Ok((killed, failures))
}

fn is_change(call: &Call) -> bool {
    let is_output = call.line.contains("/out") && (call.name != "openat" || call.line.contains("O_CREAT"));
    is_output && CHANGES.contains(&call.name.as_str())
}

fn prepare() -> Result<TempDir> {
    let folder = new_folder()?;
    let root = folder.path();
    for words in ["init", "group create pets", "api add pets GET /things", "publish pets --env test --mock"] {
        succeed(root, &words.split(' ').collect::<Vec<_>>())?;
    }
    fs::write(root.join("release.yaml"), RELEASE)?;
    fs::create_dir(root.join("out"))?;
    fs::write(root.join("out/kept.txt"), "mine")?;
    fs::write(root.join(FOREIGN), "mine")?;
    Ok(folder)
}

fn copied(before: &TempDir) -> Result<TempDir> {
    let folder = new_folder()?;
    copy(before.path(), folder.path())?;
    Ok(folder)
}

/// Reads the files of a folder, by path.
fn files(root: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for path in entries(&folder)? {
            let name = path.strip_prefix(root)?.display().to_string();
            if path.is_dir() { open.push(path) } else { drop(files.insert(name, fs::read(&path)?)) }
        }
    }
    Ok(files)
}
