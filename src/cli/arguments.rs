//! The arguments of the program: the global options and a command.

use clap::{CommandFactory as _, Parser};

use super::commands::Command;
use super::global::GlobalOptions;

/// The command line as parsed.
#[derive(Debug, Parser)]
#[command(
    name = "apigw",
    version,
    about = "Manage which version of which API group is live in which environment",
    long_about = "Manage which version of which API group is live in which environment, as plain files that a \
                  team keeps in its own repository",
    after_help = AFTER_HELP,
    subcommand_required = true,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    max_term_width = 100,
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: GlobalOptions,
    #[command(subcommand)]
    pub(super) command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, or nothing to do; 1 failed; 2 changes pending (only with --detailed-exitcode); \
3 input is not valid; 4 conflict; 5 refused by policy or by the user; 6 lock not obtained in time; \
7 committed, durability unknown; 64 wrong usage.

Variables stand for the global options, --message and --wait: APIGW_DIRECTORY, _OUTPUT, _COLOR, _QUIET, _VERBOSE, \
_YES, _LOCK_TIMEOUT, _ACTOR, _MESSAGE, _WAIT. No other option has one.

`apigw help TOPIC` explains: workspace, settings, definitions, plans, compatibility, serving, sdk, access, docs, fleets, push, \
ci, json, variables, troubleshooting, reliability, performance, changes.

Examples:
  apigw init --example petstore shop
  apigw -C shop publish petstore --env test --mock";

/// Returns the parser of arguments.
pub(super) fn command() -> clap::Command {
    Arguments::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn the_help_names_the_variable_of_each_global_option() {
        let globals = command();
        let globals = globals.get_arguments().filter(|argument| argument.is_global_set());
        for long in globals.filter_map(clap::Arg::get_long).chain(["message", "wait"]) {
            let name = format!("_{}", long.replace('-', "_").to_uppercase());
            assert!(AFTER_HELP.contains(&name), "{name}");
        }
    }

    #[test]
    fn the_help_names_every_topic() {
        for topic in crate::cli::topics::TOPICS {
            assert!(AFTER_HELP.contains(topic.name), "{}", topic.name);
        }
    }

    #[test]
    fn every_help_ends_with_two_examples() {
        fn check(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples = help.split_once("Examples:").map_or(0, |(_, examples)| examples.matches("  apigw ").count());
            let is_leaf = !command.has_subcommands();
            assert!(!is_leaf || examples == 2, "{} has {examples} examples", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
