//! `apigw help`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::arguments;
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::markdown::terminal_text;
use crate::cli::topics::{TOPICS, find_topic};

/// The widest line of a topic: longer ones are hard to read.
const MAX_WIDTH: u16 = 100;

/// Show the help of a command, or of a topic like `plans`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw help publish\n  apigw help plans")]
pub(in crate::cli) struct HelpArguments {
    /// A command, like `publish` or `group set`, or a topic
    #[arg(value_name = "COMMAND|TOPIC", add = ArgValueCandidates::new(complete::help_names))]
    words: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &HelpArguments) -> Result<Exit, CommandError> {
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    if let [name] = words[..]
        && let Some(topic) = find_topic(name)
    {
        let width = context.output.width.map_or(MAX_WIDTH, |width| width.min(MAX_WIDTH));
        context.output.raw(terminal_text(topic.markdown, usize::from(width), context.output.color).as_bytes())?;
        return Ok(Exit::Done);
    }
    let mut command = arguments::command();
    command.build();
    let mut chosen = &mut command;
    for word in &words {
        chosen = chosen.find_subcommand_mut(word).ok_or_else(|| unknown_name(word))?;
    }
    let help = chosen.render_long_help();
    let text = if context.output.color { help.ansi().to_string() } else { help.to_string() };
    context.output.raw(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Returns the error about a word that is neither a command nor a topic.
pub(super) fn unknown_name(word: &str) -> CommandError {
    let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    CommandError::usage(format!("unknown command or topic {word:?}"))
        .hint("`apigw --help` shows the commands")
        .hint(format!("topics: {}", topics.join(", ")))
}
