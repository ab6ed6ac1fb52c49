//! Faults of the command line: the argument parser's message, with the words of this tool for those of others.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::duration::parse_duration;
use super::error::{CommandError, Exit};
use super::output::{Output, OutputFormat, SourceTexts};
use super::process::ProcessContext;
use super::selection::mistaken_version;
use super::{display, escape, variables};
use crate::model::EnvironmentName;
use crate::workspace::Workspace;

/// Commands that other tools call otherwise, by the command above them.
const COMMAND_WORDS: [(&str, &[&str], &[&str]); 19] = [
    ("apigw", &["online", "deploy", "release", "activate", "up"], &["publish", "switch"]),
    ("apigw", &["revert", "restore"], &["rollback", "undo"]),
    ("apigw", &["down", "stop", "unpublish", "delete", "remove", "rm"], &["offline"]),
    ("apigw", &["list", "ls", "ps", "get", "envs", "environments"], &["status"]),
    ("apigw", &["log", "logs", "audit"], &["history"]),
    ("apigw", &["lint", "validate", "test"], &["check"]),
    ("apigw", &["merge"], &["resolve"]),
    ("apigw", &["start", "run"], &["serve"]),
    ("apigw", &["import", "create", "new"], &["group"]),
    ("group", &["remove", "rm"], &["delete"]),
    ("group", &["new", "add"], &["create"]),
    ("group", &["ls"], &["list"]),
    ("api", &["delete", "rm"], &["remove"]),
    ("api", &["new", "create"], &["add"]),
    ("version", &["freeze", "new", "add"], &["create"]),
    ("key", &["delete", "remove", "rm"], &["revoke"]),
    ("key", &["new", "add"], &["create"]),
    ("access", &["add", "allow"], &["grant"]),
    ("access", &["delete", "remove", "rm", "deny"], &["revoke"]),
];

/// The commands of changes and views that name an environment.
const OF_ENVIRONMENT: &[&str] = &["publish", "switch", "offline", "rollback", "undo", "history", "status", "call"];

/// Arguments that commands lack and another way has, by the commands.
const ARGUMENT_TIPS: [(&[&str], &str, &str); 9] = [
    (
        &["switch"],
        "--all",
        "one group is switched at a time; all go back with 'apigw rollback --all --env ENV --to OPERATION'",
    ),
    (&["promote"], "--env", "name both environments: '--from ENV --to ENV'"),
    (&["promote"], "-e", "name both environments: '--from ENV --to ENV'"),
    (&["rollback"], "--version", "to go to a version: 'apigw switch GROUP --env ENV --version V'"),
    (&["plan"], "--dry-run", "a plan changes nothing: leave it out"),
    (&["history"], "--limit", "the number of operations is '-n N'"),
    (&["access revoke"], "--all", "name each group, or revoke the key: 'apigw key revoke KEY'"),
    (OF_ENVIRONMENT, "-e", "the environment is '--env ENV'"),
    (
        &["publish", "switch", "offline", "rollback", "promote", "history", "status", "check", "diff", "call"],
        "--group",
        "a group is named without it",
    ),
];

/// Shows the outcome of the argument parser: help and version are data, all else is wrong usage.
pub(super) fn refuse(process: &ProcessContext, mut error: clap::Error) -> Exit {
    let output = display::output_before_arguments(process);
    if !error.use_stderr() {
        // A reader that has gone away has what it wanted.
        let shown = output.raw(styled(&error, output.color).as_bytes());
        return shown.map_or(Exit::Failed, |()| Exit::Done);
    }
    if process.arguments.iter().any(|word| word.to_string_lossy().contains("PRIVATE KEY-----")) {
        let error =
            CommandError::usage("an argument is the text of a private key, which other users of the machine see")
                .hint("name the file that has it, or give the public key");
        output.error(&error, &SourceTexts::new(&|_| None));
        return Exit::Usage;
    }
    advise(process, &mut error);
    if output.format == OutputFormat::Table {
        show(process, &output, &error);
    } else {
        output.error(&usage_error(&error.render().to_string()), &SourceTexts::new(&|_| None));
    }
    Exit::Usage
}

fn styled(error: &clap::Error, color: bool) -> String {
    if color { error.render().ansi().to_string() } else { error.render().to_string() }
}

fn show(process: &ProcessContext, output: &Output, error: &clap::Error) {
    let has_controls = process.arguments.iter().any(|word| word.to_string_lossy().chars().any(escape::is_control));
    if has_controls {
        output.note(styled(error, false).trim_end());
    } else {
        output.styled_note(styled(error, output.color_talk).trim_end());
    }
}

/// Replaces the parser's advice, which goes by letters alone, where it is known what was meant.
fn advise(process: &ProcessContext, error: &mut clap::Error) {
    let command = command_of(&error.render().to_string());
    let last = command.rsplit(' ').next().unwrap_or_default();
    let typed = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(word)) => word.clone(),
        _ => String::new(),
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = typed(error, ContextKind::InvalidSubcommand);
            let known = COMMAND_WORDS.iter().find(|(above, words, _)| *above == last && words.contains(&word.as_str()));
            if let Some((_, _, meant)) = known {
                let meant = meant.iter().map(ToString::to_string).collect();
                error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(meant));
            }
        }
        ErrorKind::UnknownArgument => {
            let word = typed(error, ContextKind::InvalidArg);
            let known = ARGUMENT_TIPS
                .iter()
                .find(|(of, argument, _)| *argument == word && of.iter().any(|of| command.ends_with(of)));
            let tip = known.map(|(_, _, tip)| (*tip).to_owned()).or_else(|| value_tip(&command, &word));
            if let Some(tip) = tip.or_else(|| wait_tip(process)) {
                error.remove(ContextKind::SuggestedArg);
                suggest(error, [tip]);
            } else if !word.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit()) {
                // A number may be a value; an option that does not exist is none.
                error.remove(ContextKind::Suggested);
            }
        }
        ErrorKind::ArgumentConflict => {
            if let Some(tip) = wait_tip(process) {
                suggest(error, [tip]);
            }
        }
        ErrorKind::MissingRequiredArgument => {
            let lacks = |value: &str| match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(missing)) => missing.iter().any(|argument| argument.contains(value)),
                _ => false,
            };
            let environments = lacks("<ENV>").then(|| environments_tip(process)).flatten();
            let previous = lacks("<V>") && last == "switch";
            let previous = previous.then(|| "to the other version that was live last: '--previous'".to_owned());
            let tips: Vec<_> = environments.into_iter().chain(previous).collect();
            suggest(error, tips);
        }
        _ => {}
    }
}

fn suggest(error: &mut clap::Error, tips: impl IntoIterator<Item = String>) {
    let tips: Vec<_> = tips.into_iter().map(Into::into).collect();
    if !tips.is_empty() {
        error.remove(ContextKind::Suggested);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
}

/// Returns the option of a value that was typed without it.
fn value_tip(command: &str, word: &str) -> Option<String> {
    let is_of = |commands: &[&str]| commands.iter().any(|name| command.ends_with(name));
    let is_built_in = |name: EnvironmentName| EnvironmentName::BUILT_IN.contains(&name.as_str());
    if is_of(&["switch"])
        && let Some(version) = mistaken_version(word)
    {
        return Some(format!("a version is named with '--version {version}'"));
    }
    let is_environment = EnvironmentName::from_input(word).is_ok_and(is_built_in);
    (is_environment && is_of(OF_ENVIRONMENT)).then(|| format!("an environment is named with '--env {word}'"))
}

/// Returns how a time-out is written that was typed as a word of its own.
fn wait_tip(process: &ProcessContext) -> Option<String> {
    let words: Vec<&str> = process.arguments.iter().filter_map(|word| word.to_str()).collect();
    let pair = words.windows(2).find(|pair| pair[0] == "--wait" && parse_duration(pair[1]).is_ok())?;
    Some(format!("a time-out is written '--wait={}'", pair[1]))
}

/// Lists the environments of the workspace that is meant.
fn environments_tip(process: &ProcessContext) -> Option<String> {
    let typed = display::typed_value(process, "--directory", Some("-C"));
    let folder = process.folder.join(typed.or_else(|| process.variable(variables::DIRECTORY)).unwrap_or_default());
    let (workspace, _) = Workspace::open_readable(&folder).ok()?;
    let names: Vec<String> = workspace.settings().environments().iter().map(ToString::to_string).collect();
    Some(format!("the environments are {}", names.join(", ")))
}

/// Returns the command whose usage a message of the parser shows.
fn command_of(text: &str) -> String {
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or("apigw");
    usage.split(' ').take_while(|word| !word.starts_with(['-', '<', '['])).collect::<Vec<_>>().join(" ")
}

/// Joins the argument parser's message into one line: the arguments that it means stand below the first.
fn usage_error(text: &str) -> CommandError {
    let paragraph = text.trim_start_matches("error: ").lines().take_while(|line| !line.trim().is_empty());
    let message = paragraph.map(str::trim).collect::<Vec<_>>().join(" ");
    let tips = text.lines().filter_map(|line| line.trim().strip_prefix("tip: ")).map(str::to_owned);
    let help = format!("`{} --help` shows its arguments", command_of(text));
    let error = CommandError::usage(message);
    tips.chain([help]).fold(error, CommandError::hint)
}
