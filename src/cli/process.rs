//! The surroundings of the process, captured once: arguments, variables, folder, clock, terminal.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// The surroundings of the process.
#[derive(Debug, Clone)]
pub struct ProcessContext {
    /// The arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// The program's file, as other programs can start it.
    pub executable: PathBuf,
    /// The variables whose names are UTF-8.
    pub variables: BTreeMap<String, String>,
    /// The folder in which it was started.
    pub folder: PathBuf,
    /// Time of its start.
    pub now: Timestamp,
    /// The folder in which the system keeps a user's settings.
    pub settings_folder: Option<PathBuf>,
    /// The folder in which the system keeps what a user's programs remember.
    pub state_folder: Option<PathBuf>,
    /// True if stdin is a terminal, where a question can be asked.
    pub stdin_is_terminal: bool,
    /// True if stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// True if stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// The width of the terminal that stdout is, in columns; `None` where it is none.
    pub width: Option<u16>,
}

/// Reads the clock: for a process that follows files for as long as it runs.
pub(super) fn wall_clock() -> Timestamp {
    Timestamp::from_unix_time(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

impl ProcessContext {
    /// Captures the present process.
    #[must_use]
    pub fn capture() -> Self {
        let variables = std::env::vars_os();
        let stdout_is_terminal = std::io::stdout().is_terminal();
        let width = terminal_size::terminal_size().map_or(80, |(width, _)| width.0.max(20));
        Self {
            arguments: std::env::args_os().collect(),
            executable: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("apigw")),
            // Bytes that are not UTF-8 are replaced: a folder of such a name is not found, and never taken for unset.
            variables: variables
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
                .collect(),
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            now: wall_clock(),
            settings_folder: dirs::config_dir(),
            state_folder: dirs::state_dir().or_else(dirs::data_local_dir),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal,
            stderr_is_terminal: std::io::stderr().is_terminal(),
            width: stdout_is_terminal.then_some(width),
        }
    }

    /// Returns a variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
