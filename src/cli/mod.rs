//! The command line: parses, calls, prints, and decides nothing about releases.
//!
//! A new verb is one file in `commands/`, with its arguments and its handler, and four lines in `commands/mod.rs`: the
//! module, the variant of [`commands::Command`], and its arms in `writes` and `run`. Its JSON document is a line in
//! [`documents`].

mod advice;
mod arguments;
mod backends;
mod change;
mod chosen_version;
mod clients;
mod command_kind;
mod commands;
mod complete;
mod context;
mod deviation_places;
mod display;
mod documents;
mod duration;
mod error;
mod escape;
mod fleet;
mod gateway_counts;
mod generated_folder;
mod global;
mod hints;
mod limits;
mod live_routes;
mod lost;
mod markdown;
mod missing_release;
mod node_check;
mod numbers;
mod output;
mod process;
mod progress;
mod published;
mod reason;
mod release_text;
mod sarif;
mod selection;
mod shell;
mod short_ids;
mod signing;
mod site;
mod stores;
mod table;
mod time;
mod topics;
mod typed_body;
mod typed_names;
mod usage;
mod user_settings;
mod variables;
mod views;
mod wait;
mod workflow;
mod wrap;
mod written_path;
mod yaml;

use clap::FromArgMatches as _;

pub use process::ProcessContext;

use arguments::Arguments;
use context::Context;
use error::{CommandError, Exit};
use output::{Output, SourceTexts};

/// Answers a shell that asks for completions, and ends the process then; else does nothing.
pub fn complete() {
    complete::answer_shell(arguments::command);
}

/// Runs one command to its end and returns its exit code, as DESIGN and README list them.
#[must_use]
pub fn run(process: &ProcessContext) -> u8 {
    let matches = match arguments::command().try_get_matches_from(&process.arguments) {
        Ok(matches) => matches,
        Err(error) => return usage::refuse(process, error) as u8,
    };
    let result = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => run_command(process, arguments),
        Err(error) => return usage::refuse(process, error) as u8,
    };
    match result {
        Ok(exit) => exit as u8,
        Err(CommandFailure { mut error, output, workspace }) => {
            if let Some(workspace) = &workspace {
                workspace.check_hints(&mut error.findings);
                for (name, typed) in &workspace.settings().aliases {
                    let table = |hint: &String| {
                        hint.replace(&format!("[environments.{name}]"), &format!("[environments.{typed}]"))
                    };
                    error.hints = error.hints.iter().map(table).collect();
                }
                if let Some(git) = hints::git_in(&process.folder, workspace) {
                    hints::relocate(&mut error.findings, &git);
                    error.hints.iter_mut().for_each(|hint| *hint = hints::relocated(hint, &git));
                }
            }
            error = error.located(|text| output.located(text).into_owned());
            // Programs get whole ids.
            let is_for_people = !output.format.is_document();
            let short = workspace.as_ref().filter(|_| is_for_people).and_then(|workspace| workspace.short_ids().ok());
            let error = short.into_iter().fold(error, |error, short| error.with_short_ids(&short));
            let within = |file: &str| workspace.as_ref().and_then(|workspace| workspace.source(file));
            let read = |file: &str| error.source(file).or_else(|| within(file));
            output.error(&error, &SourceTexts::new(&read));
            error.exit as u8
        }
    }
}

/// An error with the parts that show it.
struct CommandFailure {
    error: CommandError,
    output: Output,
    workspace: Option<crate::workspace::Workspace>,
}

fn run_command(process: &ProcessContext, arguments: Arguments) -> Result<Exit, CommandFailure> {
    let Arguments { global, command } = arguments;
    let context = match Context::new(process, arguments::command, global, &command.kind()) {
        Ok(context) => context,
        Err((error, output)) => return Err(CommandFailure { error, output, workspace: None }),
    };
    command.run(&context).map_err(|error| {
        let (output, workspace) = context.into_parts();
        CommandFailure { error, output, workspace }
    })
}
