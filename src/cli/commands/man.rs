//! `apigw man`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::help::unknown_name;
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::markdown::manual_page;
use crate::cli::topics::find_topic;
use crate::cli::views::ManualPageView;

/// Print the manual page of apigw, of a command (section 1), or of a topic (section 7)
///
/// A name that is both, like `docs`, is the command; with 7 before it, the topic.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw man publish > apigw-publish.1\n  apigw man 7 docs > apigw-docs.7")]
pub(in crate::cli) struct ManArguments {
    /// A command, like `publish` or `group set`, or a topic of `apigw help`; a section, 1 or 7, may stand before it
    #[arg(value_name = "COMMAND|TOPIC", add = ArgValueCandidates::new(complete::help_names))]
    words: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ManArguments) -> Result<Exit, CommandError> {
    let (section, words) = match &arguments.words[..] {
        [section, words @ ..] if ["1", "7"].contains(&section.as_str()) && !words.is_empty() => {
            (section.as_str(), words)
        }
        words => ("", words),
    };
    let mut command = (context.parser)();
    command.build();
    if let [name] = words
        && let Some(topic) = find_topic(name).filter(|_| section != "1")
        && (section == "7" || command.find_subcommand(name).is_none())
    {
        return show(context, topic.name.to_owned(), manual_page(topic.name, topic.summary, topic.markdown));
    }
    let mut chosen = &command;
    for word in words {
        if section == "7" {
            return Err(unknown_name(word));
        }
        chosen = chosen.find_subcommand(word).ok_or_else(|| unknown_name(word))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(chosen.clone()).render(&mut page)?;
    let name = std::iter::once("apigw").chain(words.iter().map(String::as_str)).collect::<Vec<_>>();
    show(context, name.join(" "), String::from_utf8_lossy(&page).into_owned())
}

fn show(context: &Context<'_>, name: String, page: String) -> Result<Exit, CommandError> {
    context.output.data(&ManualPageView::new(name, page.clone()), || page)?;
    Ok(Exit::Done)
}
