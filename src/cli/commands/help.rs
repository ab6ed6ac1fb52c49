//! `apigw help`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::markdown::terminal_text;
use crate::cli::topics::{TOPICS, find_topic};
use crate::cli::views::HelpView;
use crate::model::nearest;

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
        let text = terminal_text(topic.markdown, usize::from(width), has_color(context));
        show(context, topic.name.to_owned(), text)?;
        if (context.parser)().find_subcommand(name).is_some() {
            context.output.note(&format!("the flags of the command: `apigw {name} --help`"));
        }
        return Ok(Exit::Done);
    }
    let mut command = (context.parser)();
    command.build();
    let mut chosen = &mut command;
    for word in &words {
        chosen = chosen.find_subcommand_mut(word).ok_or_else(|| unknown_name(word))?;
    }
    let help = chosen.render_long_help();
    let text = if has_color(context) { help.ansi().to_string() } else { help.to_string() };
    let name = std::iter::once("apigw").chain(words).collect::<Vec<_>>().join(" ");
    show(context, name, text)
}

/// True if the text is for people, and takes colours.
const fn has_color(context: &Context<'_>) -> bool {
    context.output.color && !context.output.format.is_document()
}

fn show(context: &Context<'_>, name: String, text: String) -> Result<Exit, CommandError> {
    context.output.painted(&HelpView::new(name, text.clone()), || text)?;
    Ok(Exit::Done)
}

/// Returns the error about a word that is neither a command nor a topic.
pub(super) fn unknown_name(word: &str) -> CommandError {
    let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    let near = nearest(word, topics.iter().copied());
    let near = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    CommandError::usage(format!("unknown command or topic {word:?}{near}"))
        .hint("`apigw --help` shows the commands, and the exit codes, which `apigw help troubleshooting` explains")
        .hint(format!("topics: {}", topics.join(", ")))
}
