//! `apigw completions`.

use clap::Args;
use clap_complete::env::Shells;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::views::CompletionsView;

/// Print the completion script of a shell, for commands, groups, versions and environments
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw completions bash > ~/.local/share/bash-completion/completions/apigw\n  apigw completions fish > ~/.config/fish/completions/apigw.fish"
)]
pub(in crate::cli) struct CompletionsArguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &CompletionsArguments) -> Result<Exit, CommandError> {
    let name = match arguments.shell {
        Shell::Bash => "bash",
        Shell::Zsh => "zsh",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
    };
    let shells = Shells::builtins();
    let mut script = Vec::new();
    if let Some(completer) = shells.completer(name) {
        completer.write_registration("COMPLETE", "apigw", "apigw", "apigw", &mut script)?;
    }
    let script = String::from_utf8_lossy(&script).into_owned();
    context.output.data(&CompletionsView::new(name, script.clone()), || script)?;
    Ok(Exit::Done)
}
