//! The command that prints secrets.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::super::secret_variables::withhold_secrets;
use super::super::{Workspace, layout};
use crate::access::HmacSecret;
use crate::check::rules::access::SECRETS_COMMAND;
use crate::model::{Finding, Location};

/// The most bytes that it may print.
const LARGEST_OUTPUT: u64 = 4 << 20;
/// The longest that it may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// Reason why a command gives no secrets.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandProblem {
    #[error("cannot be started: {0}")]
    Start(io::Error),
    #[error("took longer than 10 s")]
    Slow,
    #[error("failed with {0}")]
    Failed(ExitStatus),
    #[error("printed no JSON object of texts by id")]
    NoJson,
}

/// Tells of a command that gave no secrets.
pub(super) fn command_problem(program: &str, problem: &CommandProblem) -> Finding {
    SECRETS_COMMAND.finding(
        Location::file(layout::WORKSPACE_FILE),
        format!("`secrets_command` {program:?} {problem}"),
        "run it by hand: it has to print like {\"ID\": \"SECRET\"}; keys without a secret are not accepted",
    )
}

/// Runs the command and reads what it prints. Nothing of that is ever shown.
pub(super) fn printed(
    workspace: &Workspace,
    program: &str,
    arguments: &[String],
) -> Result<BTreeMap<String, HmacSecret>, CommandProblem> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace.folder());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // A group of its own, so that a command that hangs is ended with all that it has started.
    command.process_group(0);
    withhold_secrets(&mut command);
    let mut child = command.spawn().map_err(CommandProblem::Start)?;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.take(LARGEST_OUTPUT).read_to_end(&mut bytes);
            let _ = sender.send(read.map(|_| bytes));
        });
    }
    let deadline = Instant::now() + COMMAND_TIMEOUT;
    let output = receiver.recv_timeout(COMMAND_TIMEOUT);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            _ if Instant::now() >= deadline => {
                end_group(&child);
                let _ = child.wait();
                return Err(CommandProblem::Slow);
            }
            _ => thread::sleep(Duration::from_millis(5)),
        }
    };
    if !status.success() {
        return Err(CommandProblem::Failed(status));
    }
    // Its output may be open longer than it runs: in a process that it has started.
    let bytes = output.map_err(|_| {
        end_group(&child);
        CommandProblem::Slow
    })?;
    let bytes = bytes.map_err(|_| CommandProblem::NoJson)?;
    let texts: BTreeMap<String, String> = serde_json::from_slice(&bytes).map_err(|_| CommandProblem::NoJson)?;
    Ok(texts.into_iter().map(|(id, text)| (id, HmacSecret::new(text.as_bytes()))).collect())
}

/// Ends a command and all that it has started, as far as that stayed in its group.
fn end_group(child: &Child) {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}
