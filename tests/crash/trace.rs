//! Running a command under `strace`, and reading what it says.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};

use crate::workspace::{APIGW, new_folder, quiet, text};

/// The number of the signal.
const KILL: i32 = 9;

/// The program that traces.
pub(crate) struct Tracer(PathBuf);

/// One system call of a traced command.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// Which of the calls of this name it is, from one on.
    pub(crate) ordinal: usize,
    /// What `strace` says of it.
    pub(crate) line: String,
}

/// What a fault does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    Kill,
    Fail(&'static str),
    /// This call and every later one of its name.
    FailFrom(&'static str),
}

impl Tracer {
    pub(crate) fn find() -> Option<Self> {
        let path = env::var_os("PATH")?;
        let found = env::split_paths(&path).map(|folder| folder.join("strace")).find(|path| path.is_file())?;
        let tried = Command::new(&found).args(["-o", "/dev/null", APIGW, "--version"]).output().ok()?;
        tried.status.success().then_some(Self(found))
    }

    /// Runs a command and returns every call from the opening of the workspace on.
    pub(crate) fn trace(&self, arguments: &[&str], root: &Path) -> Result<Vec<Call>> {
        let folder = new_folder()?;
        let log = folder.path().join("trace");
        let mut command = Command::new(&self.0);
        command.args(["-y", "-s", "1000000", "-o"]).arg(&log).arg(APIGW).args(arguments);
        let output = quiet(&mut command, root)?;
        ensure!(output.status.success(), "tracing: {}: {}", output.status, text(&output));
        let mut counts = BTreeMap::new();
        let mut calls = Vec::new();
        for line in fs::read_to_string(&log)?.lines() {
            let Some((name, _)) = line.split_once('(') else { continue };
            let ordinal: &mut usize = counts.entry(name.to_owned()).or_default();
            *ordinal += 1;
            calls.push(Call { name: name.to_owned(), ordinal: *ordinal, line: line.to_owned() });
        }
        let opened = calls.iter().position(|call| call.line.contains("/apigw.toml\", O_RDONLY"));
        Ok(calls.split_off(opened.context("the workspace was not opened")?))
    }

    /// Runs a command with a fault at one call.
    pub(crate) fn inject(&self, arguments: &[&str], root: &Path, call: &Call, fault: Fault) -> Result<Output> {
        let Call { name, ordinal, .. } = call;
        let inject = match fault {
            Fault::Kill => format!("inject={name}:signal=KILL:when={ordinal}"),
            Fault::Fail(errno) => format!("inject={name}:error={errno}:when={ordinal}"),
            Fault::FailFrom(errno) => format!("inject={name}:error={errno}:when={ordinal}+"),
        };
        let folder = new_folder()?;
        let log = folder.path().join("trace");
        let mut command = Command::new(&self.0);
        command.arg("-o").arg(&log).arg("-e").arg(format!("trace={name}")).arg("-e").arg(inject);
        let output = quiet(command.arg(APIGW).args(arguments), root)?;
        let happened = match fault {
            Fault::Kill => output.status.signal() == Some(KILL),
            Fault::Fail(_) | Fault::FailFrom(_) => fs::read_to_string(&log)?.contains("(INJECTED)"),
        };
        ensure!(happened, "the fault did not happen: {}", output.status);
        Ok(output)
    }
}
