//! The command that prints secrets.

use std::collections::BTreeMap;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use super::super::limited_command::{LimitedError, run_within};
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
    #[error(transparent)]
    Limited(#[from] LimitedError),
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
    withhold_secrets(&mut command);
    let (status, bytes) = run_within(&mut command, Vec::new(), COMMAND_TIMEOUT, LARGEST_OUTPUT)?;
    if !status.success() {
        return Err(CommandProblem::Failed(status));
    }
    let texts: BTreeMap<String, String> = serde_json::from_slice(&bytes).map_err(|_| CommandProblem::NoJson)?;
    Ok(texts.into_iter().map(|(id, text)| (id, HmacSecret::new(text.as_bytes()))).collect())
}
