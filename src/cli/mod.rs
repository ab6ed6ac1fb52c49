//! The command line: parses, calls, prints, and decides nothing about releases.
//!
//! A new verb is one file in `commands/`, with its arguments and its handler, and one line in
//! [`commands::Command`].

mod arguments;
mod change;
mod commands;
mod complete;
mod context;
mod error;
mod output;
mod process;
mod progress;
mod sarif;
mod selection;
mod snapshot;
mod table;
mod time;
mod user_settings;
mod views;
mod wait;

use clap::FromArgMatches as _;

pub use complete::complete;
pub use process::Process;

use arguments::Arguments;
use context::Context;
use error::{CommandError, Exit};
use output::{Output, Sources};

/// Runs one command to its end and returns its exit code, as DESIGN and README list them.
#[must_use]
pub fn run(process: &Process) -> u8 {
    let matches = match arguments::command().try_get_matches_from(&process.arguments) {
        Ok(matches) => matches,
        Err(error) => return refuse(process, &error) as u8,
    };
    let result = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => run_command(process, arguments),
        Err(error) => return refuse(process, &error) as u8,
    };
    match result {
        Ok(exit) => exit as u8,
        Err(Failure { error, output, workspace }) => {
            let within = |file: &str| workspace.as_ref().and_then(|workspace| workspace.source(file));
            let read = |file: &str| error.source(file).or_else(|| within(file));
            output.error(&error, &Sources::new(&read));
            error.exit as u8
        }
    }
}

/// An error with what is needed to show it.
struct Failure {
    error: CommandError,
    output: Output,
    workspace: Option<crate::workspace::Workspace>,
}

fn run_command(process: &Process, arguments: Arguments) -> Result<Exit, Failure> {
    let Arguments { global, command } = arguments;
    let context = match Context::new(process, global) {
        Ok(context) => context,
        Err((error, output)) => return Err(Failure { error, output, workspace: None }),
    };
    let result = context.check_format(&command).and_then(|()| command.run(&context));
    result.map_err(|error| {
        let (output, workspace) = context.into_parts();
        Failure { error, output, workspace }
    })
}

/// Shows what the parser of arguments says: help and version are data, all else is wrong usage.
fn refuse(process: &Process, error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        // A reader that has gone away has what it wanted.
        let _ = error.print();
        return Exit::Done;
    }
    let output = process.output_before_arguments();
    if output.format == output::Format::Table {
        let _ = error.print();
    } else {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or("wrong usage").trim_start_matches("error: ").to_owned();
        let error = CommandError::usage(message).hint("`apigw --help` shows the commands");
        output.error(&error, &Sources::new(&|_| None));
    }
    Exit::Usage
}
