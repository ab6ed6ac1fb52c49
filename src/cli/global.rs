//! The options that every command has.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration::parse_duration;
use super::output::{ColorChoice, OutputFormat};

/// The options that every command has.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct GlobalOptions {
    /// Run as if started in this folder
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true, value_hint = clap::ValueHint::DirPath)]
    pub(super) directory: Option<PathBuf>,
    /// Format of the output [default: table]; `check` has github and sarif too, `diff` github and markdown
    #[arg(short, long, value_name = "FORMAT", global = true, value_enum, hide_possible_values = true)]
    pub(super) output: Option<OutputFormat>,
    /// Use of colours [default: auto]
    #[arg(long, value_name = "WHEN", global = true, value_enum)]
    pub(super) color: Option<ColorChoice>,
    /// Print results and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Report files read and decisions made
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Confirm changes of protected environments
    #[arg(short, long, global = true)]
    pub(super) yes: bool,
    /// Longest time to wait for the lock [default: 10s]
    #[arg(long, value_name = "TIME", global = true, value_parser = parse_duration)]
    pub(super) lock_timeout: Option<Duration>,
    /// Author of the change [default: the CI system's user, else Git's, else the system's]
    #[arg(long, value_name = "NAME", global = true)]
    pub(super) actor: Option<String>,
}
