//! A publish that is cut off after its commit, pushed, built upon by a colleague and pulled back, before this machine
//! recovers: nothing of it may be taken for something that was never committed.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::trace::{Call, Fault, Tracer};
use crate::workspace::{copy, entries, new_folder, succeed};

const X: &[&str] = &["publish", "a", "--env", "test", "--backend", "http://127.0.0.1:1"];
const Y: &[&str] = &["publish", "a", "--env", "test", "--backend", "http://127.0.0.1:2"];
const Z: &[&str] = &["publish", "b", "--env", "test", "--mock"];

pub(crate) fn pull_after_each_call(tracer: &Tracer) -> Result<()> {
    let before = new_folder()?;
    succeed(before.path(), &["init"])?;
    for group in ["a", "b"] {
        succeed(before.path(), &["group", "create", group])?;
        succeed(before.path(), &["api", "add", group, "GET", "/things"])?;
    }
    succeed(before.path(), &["publish", "a", "--env", "test", "--mock"])?;
    let traced = new_folder()?;
    copy(before.path(), traced.path())?;
    let calls = tracer.trace(X, traced.path())?;
    let is_commit = |call: &Call| call.name.starts_with("rename") && call.line.contains("deployments/test.yaml");
    let commit = calls.iter().rposition(is_commit).context("no commit")?;
    let after = &calls[commit + 1..];
    let (mut cut_off, mut failed) = (0, 0);
    for call in after.iter().filter(|call| ["fsync", "unlink", "openat", "close"].contains(&call.name.as_str())) {
        check(tracer, before.path(), call, Fault::Kill).with_context(|| format!("killed at {}", call.line))?;
        cut_off += 1;
        if call.name == "fsync" {
            check(tracer, before.path(), call, Fault::Fail("EIO")).with_context(|| format!("EIO at {}", call.line))?;
            failed += 1;
        }
    }
    ensure!(cut_off > 0 && failed > 0, "nothing was interrupted after the commit");
    crate::say(&format!("pull: {cut_off} killed, {failed} failed, lost 0"));
    Ok(())
}

fn check(tracer: &Tracer, before: &Path, call: &Call, fault: Fault) -> Result<()> {
    let (mine, theirs) = (new_folder()?, new_folder()?);
    copy(before, mine.path())?;
    tracer.inject(X, mine.path(), call, fault)?;
    let committed = operations(mine.path())?;
    ensure!(committed.len() == 2, "{committed:?}");
    exchange(mine.path(), theirs.path())?;
    succeed(theirs.path(), Y)?;
    exchange(theirs.path(), mine.path())?;
    succeed(mine.path(), Z)?;
    let history = operations(mine.path())?;
    let lost: Vec<_> = committed.iter().filter(|operation| !history.contains(operation)).collect();
    ensure!(lost.is_empty() && history.len() == 4, "lost {lost:?} of {history:?}");
    let verified = succeed(mine.path(), &["verify", "-o", "json"])?;
    let verified: serde_json::Value = serde_json::from_slice(&verified.stdout)?;
    ensure!(verified["problems"].as_array().is_some_and(Vec::is_empty), "{verified}");
    Ok(())
}

fn operations(root: &Path) -> Result<Vec<String>> {
    let files = entries(&root.join("history/test"))?;
    Ok(files.iter().filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect())
}

/// Carries what Git would from one clone to another: files that differ are written anew, as a checkout does.
fn exchange(from: &Path, to: &Path) -> Result<()> {
    for path in entries(from)?.into_iter().filter(|path| !path.ends_with(".apigw")) {
        let target = to.join(path.file_name().context("no name")?);
        if path.is_dir() {
            fs::create_dir_all(&target)?;
            exchange(&path, &target)?;
        } else if !target.exists() || fs::read(&path)? != fs::read(&target)? {
            if target.exists() {
                fs::remove_file(&target)?;
            }
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}
