//! The workspaces that are published from, and what must hold of one afterwards.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::power::InterruptedCommand;

pub(crate) const APIGW: &str = env!("CARGO_BIN_EXE_apigw");
const DEPLOYMENTS: &str = "deployments/test.yaml";
const HISTORY: &str = "history/test";
const TEMPORARY: &str = ".apigw/tmp";
/// What publishes an edited working copy.
const NEXT: &[&str] = &["publish", "--env", "test", "--mock", "--bump", "patch"];

/// A workspace before a publish, and the publish.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [&'static str],
    before: TempDir,
    /// What the deployments file says after the publish, but for time and operation.
    published: String,
}

/// Which of the two states that are allowed a workspace is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Old,
    New,
}

impl Scenario {
    pub(crate) fn all() -> Result<[Self; 2]> {
        let first = new_folder()?;
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/petstore"), first.path())?;
        // Whoever has tried the example has published it there.
        for published in ["deployments", "history", ".apigw"].map(|name| first.path().join(name)) {
            if published.exists() {
                fs::remove_dir_all(published)?;
            }
        }
        let second = new_folder()?;
        copy(first.path(), second.path())?;
        let arguments = &["publish", "--env", "test", "--mock"];
        succeed(second.path(), arguments)?;
        edit(second.path(), "List the pets", "List all the pets")?;
        Ok([Self::new("first publish", first, arguments)?, Self::new("next publish", second, NEXT)?])
    }

    fn new(name: &'static str, before: TempDir, arguments: &'static [&'static str]) -> Result<Self> {
        let after = new_folder()?;
        copy(before.path(), after.path())?;
        succeed(after.path(), arguments)?;
        let published = said(&deployments(after.path())?.context("nothing was published")?);
        Ok(Self { name, arguments, before, published })
    }

    pub(crate) fn copy(&self) -> Result<TempDir> {
        let folder = new_folder()?;
        copy(self.before.path(), folder.path())?;
        Ok(folder)
    }

    /// Says which state a workspace is in; any but the two is an error.
    pub(crate) fn state(&self, root: &Path) -> Result<State> {
        let now = deployments(root)?;
        if now == deployments(self.before.path())? {
            return Ok(State::Old);
        }
        let now = now.context("the deployments file is gone")?;
        ensure!(said(&now) == self.published, "the deployments file is neither the old nor the new:\n{now}");
        Ok(State::New)
    }

    /// Says which state an interrupted publish left, after which `verify` must accept the workspace,
    /// and publishing again must mend all. `swept` is whether no trace of the first may be left.
    pub(crate) fn judge(&self, root: &Path, swept: bool) -> Result<State> {
        let state = self.state(root)?;
        succeed(root, &["verify"]).context("after the interruption")?;
        let mut committed = BTreeSet::from_iter(operation(self.before.path())?);
        committed.extend(operation(root)?);
        succeed(root, self.arguments).context("publishing again")?;
        live_is_the_working_copy(root)?;
        committed.extend(operation(root)?);
        let verified = succeed(root, &["verify"]).context("after publishing again")?;
        let history = operations(root)?;
        ensure!(history.is_superset(&committed), "of {committed:?} only {history:?} is in the history");
        let left = entries(&root.join(TEMPORARY))?;
        ensure!(left.is_empty(), "left behind: {left:?}");
        if swept {
            ensure!(history == committed, "the history has {history:?}, committed were {committed:?}");
            let talk = text(&verified);
            ensure!(talk.contains("no problems"), "verify is not content: {talk}");
        }
        live_is_the_working_copy(root)?;
        Ok(state)
    }
}

impl InterruptedCommand for Scenario {
    fn arguments(&self) -> Vec<&str> {
        self.arguments.to_vec()
    }

    fn copy(&self) -> Result<TempDir> {
        self.copy()
    }

    fn judge_power_loss(&self, root: &Path) -> Result<State> {
        // What names an uncommitted operation is not durable, so the operation may stay; `verify` says so.
        self.judge(root, false)
    }
}

/// Runs `apigw` where it finds no Git, whose calls are none of ours.
pub(crate) fn quiet(command: &mut Command, root: &Path) -> Result<Output> {
    command.current_dir(root).env_clear().env("PATH", "/nonexistent").env("USER", "tester");
    Ok(command.env("HOME", "/nonexistent").output()?)
}

pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Makes a folder, in memory where the system has such a place: that an fsync reaches a disk is
/// nothing that these tests could see, and waiting for it is most of their time.
pub(crate) fn new_folder() -> Result<TempDir> {
    let disk = || Ok(TempDir::new_in(fs::canonicalize(env!("CARGO_TARGET_TMPDIR"))?)?);
    TempDir::new_in("/dev/shm").or_else(|_| disk())
}

pub(crate) fn succeed(root: &Path, arguments: &[&str]) -> Result<Output> {
    let output = quiet(Command::new(APIGW).args(arguments), root)?;
    ensure!(output.status.success(), "{arguments:?}: {}: {}", output.status, text(&output));
    Ok(output)
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    for path in entries(from)? {
        let target = to.join(path.file_name().context("no name")?);
        if path.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// Lists a folder; one that is not there is empty.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

fn edit(root: &Path, from: &str, to: &str) -> Result<()> {
    let path = root.join("groups/petstore/openapi.yaml");
    let text = fs::read_to_string(&path)?;
    let edited = text.replace(from, to);
    ensure!(edited != text, "there is nothing to edit");
    Ok(fs::write(&path, edited)?)
}

fn deployments(root: &Path) -> Result<Option<String>> {
    let path = root.join(DEPLOYMENTS);
    let text = if path.exists() { Some(fs::read_to_string(path)?) } else { None };
    // A file without an entry says what no file says; it is written before the first operation.
    Ok(text.filter(|text| !text.ends_with("environment: test\ndeployments: {}\n...\n")))
}

/// Leaves out what differs between two runs of the same publish.
fn said(deployments: &str) -> String {
    let own = ["since:", "operation:", "checksum:"];
    let lines = deployments.lines().filter(|line| !own.iter().any(|key| line.trim_start().starts_with(key)));
    lines.collect::<Vec<_>>().join("\n") + if deployments.ends_with('\n') { "\n" } else { "" }
}

/// Returns the value of a key of the only deployment.
fn value(root: &Path, key: &str) -> Result<Option<String>> {
    let text = deployments(root)?.unwrap_or_default();
    let mut values = text.lines().filter_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(": "));
    Ok(values.next().map(|value| value.trim_matches('"').to_owned()))
}

fn operation(root: &Path) -> Result<Option<String>> {
    value(root, "operation")
}

fn operations(root: &Path) -> Result<BTreeSet<String>> {
    let files = entries(&root.join(HISTORY))?;
    let stems = files.iter().filter_map(|path| path.file_stem()?.to_str());
    Ok(stems.map(str::to_owned).collect())
}

fn live_is_the_working_copy(root: &Path) -> Result<()> {
    let version = value(root, "version")?.context("no version is live")?;
    let group = root.join("groups/petstore");
    let live = fs::read(group.join("versions").join(version).join("openapi.yaml"))?;
    ensure!(live == fs::read(group.join("openapi.yaml"))?, "what is live is not the working copy");
    Ok(())
}
