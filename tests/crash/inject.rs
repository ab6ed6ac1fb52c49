//! Killing a publish at each of its file system calls, and failing each with what it can give.

use anyhow::{Context as _, Result, ensure};

use crate::Outcome;
use crate::trace::{Call, Fault, Tracer};
use crate::workspace::{Scenario, State, text};

/// The calls, and the errors that each can give.
const CALLS: &[(&str, &[&str])] = &[
    ("openat", &["EACCES", "EMFILE", "ENOSPC", "EIO"]),
    ("read", &["EIO"]),
    ("write", &["ENOSPC", "EDQUOT", "EIO"]),
    ("fsync", &["EIO", "ENOSPC", "EDQUOT"]),
    ("fdatasync", &["EIO", "ENOSPC"]),
    ("rename", &["EIO", "ENOSPC", "EROFS"]),
    ("renameat", &["EIO", "ENOSPC", "EROFS"]),
    ("renameat2", &["EIO", "ENOSPC", "EROFS"]),
    ("mkdir", &["EACCES", "ENOSPC", "EDQUOT", "EROFS"]),
    ("unlink", &["EACCES", "EIO", "EROFS"]),
    ("unlinkat", &["EACCES", "EIO", "EROFS"]),
    ("rmdir", &["EACCES", "EIO", "EROFS"]),
    ("fchmod", &["EIO", "EROFS"]),
    ("chmod", &["EIO", "EROFS"]),
    ("ftruncate", &["EIO", "EROFS"]),
    ("lseek", &["EIO"]),
    ("flock", &["EIO", "ENOLCK"]),
    ("close", &["EIO"]),
    ("statx", &["EACCES"]),
    ("newfstatat", &["EIO"]),
    ("getdents64", &["EIO"]),
    ("readlink", &["EIO"]),
];

pub(crate) fn kill_at_every_call(scenario: &Scenario, tracer: &Tracer) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for call in calls(scenario, tracer)?.into_iter().chain(exit(scenario, tracer)?) {
        outcome.record(&call, "killed", scenario, tracer, Fault::Kill);
    }
    Ok(outcome)
}

pub(crate) fn fail_every_call(scenario: &Scenario, tracer: &Tracer) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for call in calls(scenario, tracer)? {
        for errno in errors(&call).iter().filter(|errno| can_give(&call, errno)) {
            outcome.record(&call, errno, scenario, tracer, Fault::Fail(errno));
        }
    }
    Ok(outcome)
}

impl Outcome {
    fn record(&mut self, call: &Call, what: &str, scenario: &Scenario, tracer: &Tracer, fault: Fault) {
        self.injected += 1;
        match run(scenario, tracer, call, fault) {
            Ok(State::New) => self.committed += 1,
            Ok(State::Old) => {}
            Err(error) => self.failures.push(format!("{what} at {} {}: {error:#}", call.ordinal, call.line)),
        }
    }
}

fn calls(scenario: &Scenario, tracer: &Tracer) -> Result<Vec<Call>> {
    let folder = scenario.copy()?;
    let mut calls = tracer.trace(scenario.arguments, folder.path())?;
    calls.retain(|call| !errors(call).is_empty());
    Ok(calls)
}

fn exit(scenario: &Scenario, tracer: &Tracer) -> Result<Option<Call>> {
    let folder = scenario.copy()?;
    Ok(tracer.trace(scenario.arguments, folder.path())?.into_iter().find(|call| call.name == "exit_group"))
}

fn errors(call: &Call) -> &'static [&'static str] {
    CALLS.iter().find(|(name, _)| *name == call.name).map_or(&[], |(_, errors)| errors)
}

/// Says whether a call can give an error: what only reads needs no space.
fn can_give(call: &Call, errno: &str) -> bool {
    match call.name.as_str() {
        "openat" => errno != "ENOSPC" || call.line.contains("O_CREAT"),
        _ => true,
    }
}

fn run(scenario: &Scenario, tracer: &Tracer, call: &Call, fault: Fault) -> Result<State> {
    let folder = scenario.copy()?;
    let root = folder.path();
    let output = tracer.inject(scenario.arguments, root, call, fault)?;
    if matches!(fault, Fault::Kill) {
        return scenario.judge(root, true);
    }
    let state = scenario.state(root)?;
    let fits = match output.status.code() {
        Some(0) => state == State::New && !matters(call, fault),
        Some(1) => state == State::Old,
        Some(7) => state == State::New,
        _ => false,
    };
    ensure!(fits, "{} with the {state:?} state: {}", output.status, text(&output));
    scenario.judge(root, true).with_context(|| text(&output))
}

/// Says whether a publish may not go on as if nothing had happened when this call fails. Where the system has no locks,
/// a lock file takes their place.
fn matters(call: &Call, fault: Fault) -> bool {
    let writes = matches!(call.name.as_str(), "write" | "fchmod") && call.line.contains("/.apigw/tmp/");
    let creates = call.name == "mkdir" && call.line.ends_with(" = 0");
    let is_lock = call.name == "flock" && !matches!(fault, Fault::Fail("ENOLCK"));
    writes || creates || call.name.starts_with("rename") || call.name.ends_with("sync") || is_lock
}
