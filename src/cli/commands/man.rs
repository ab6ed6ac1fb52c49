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
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw man publish > apigw-publish.1\n  apigw man plans > apigw-plans.7")]
pub(in crate::cli) struct ManArguments {
    /// A command, like `publish` or `group set`, or a topic of `apigw help`
    #[arg(value_name = "COMMAND|TOPIC", add = ArgValueCandidates::new(complete::help_names))]
    words: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ManArguments) -> Result<Exit, CommandError> {
    if let [name] = &arguments.words[..]
        && let Some(topic) = find_topic(name)
    {
        return show(context, topic.name.to_owned(), manual_page(topic.name, topic.summary, topic.markdown));
    }
    let mut command = (context.parser)();
    command.build();
    let mut chosen = &command;
    for word in &arguments.words {
        chosen = chosen.find_subcommand(word).ok_or_else(|| unknown_name(word))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(chosen.clone()).render(&mut page)?;
    let name = std::iter::once("apigw").chain(arguments.words.iter().map(String::as_str)).collect::<Vec<_>>();
    show(context, name.join(" "), String::from_utf8_lossy(&page).into_owned())
}

fn show(context: &Context<'_>, name: String, page: String) -> Result<Exit, CommandError> {
    context.output.data(&ManualPageView::new(name, page.clone()), || page)?;
    Ok(Exit::Done)
}
