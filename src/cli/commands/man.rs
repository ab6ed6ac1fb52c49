//! `apigw man`.

use clap::Args;

use crate::cli::arguments;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};

/// Print the manual page, of apigw or of one command
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw man > ~/.local/share/man/man1/apigw.1\n  apigw man publish > apigw-publish.1"
)]
pub(in crate::cli) struct ManArguments {
    /// The command, like `publish` or `group set`
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ManArguments) -> Result<Exit, CommandError> {
    let mut command = arguments::command();
    command.build();
    let mut chosen = &command;
    for word in &arguments.command {
        chosen = chosen.find_subcommand(word).ok_or_else(|| {
            CommandError::usage(format!("there is no command {word:?}")).hint("`apigw --help` shows the commands")
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(chosen.clone()).render(&mut page)?;
    context.output.raw(&page)?;
    Ok(Exit::Done)
}
