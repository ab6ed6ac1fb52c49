//! Formats, colours and amount of talk: typed options, variables, user settings and the terminal decide about them.

use super::command_kind::CommandKind;
use super::error::CommandError;
use super::global::GlobalOptions;
use super::output::{ColorChoice, Output, OutputFormat};
use super::process::ProcessContext;
use super::user_settings::UserSettings;
use super::variables;
use crate::model::EnvironmentName;

/// Returns the output of a command.
pub(super) fn output(
    process: &ProcessContext,
    global: &GlobalOptions,
    settings: &UserSettings,
    kind: &CommandKind,
) -> Result<Output, CommandError> {
    let has_format = |format: &OutputFormat| kind.formats.contains(format);
    if global.output.is_some_and(|format| !has_format(&format)) {
        return Err(CommandError::usage("sarif is a format of `check` only, markdown of `diff`, and github of both"));
    }
    // A format that was not asked of this command in particular is of no use to it where it does not have it.
    let general = match variables::choice(process, variables::OUTPUT)? {
        Some(format) => Some(format),
        None => settings.output,
    };
    let format = global.output.or_else(|| general.filter(has_format)).unwrap_or_default();
    let choice = match (global.color, variables::choice(process, variables::COLOR)?) {
        (Some(choice), _) | (None, Some(choice)) => choice,
        (None, None) => settings.color.unwrap_or_default(),
    };
    // Typed options win over a variable that says the opposite.
    let quiet = global.quiet || (!global.verbose && variables::flag(process, variables::QUIET)?);
    let verbose = global.verbose || (!quiet && variables::flag(process, variables::VERBOSE)?);
    Ok(Output {
        format,
        color: takes_color(process, choice, process.stdout_is_terminal),
        color_talk: takes_color(process, choice, process.stderr_is_terminal),
        width: process.width,
        quiet,
        verbose,
        progress: process.stderr_is_terminal && !is_dumb(process) && !quiet,
        // A command that runs on has more to say after its document.
        held_warnings: Output::held_warnings(format).filter(|_| !kind.runs_on),
        shown_warnings: std::cell::RefCell::default(),
        directory: None,
        confirmed: confirmed(process, global),
    })
}

/// Returns the output for help and errors before the arguments are understood: options are looked for among the words.
pub(super) fn output_before_arguments(process: &ProcessContext) -> Output {
    let format = match typed_value(process, "--output", Some("-o")).or_else(|| process.variable(variables::OUTPUT)) {
        Some("json") => OutputFormat::Json,
        Some("yaml") => OutputFormat::Yaml,
        _ => OutputFormat::Table,
    };
    let typed = typed_value(process, "--color", None).and_then(|text| clap::ValueEnum::from_str(text, true).ok());
    // A variable or a file that is not valid is named once the arguments are understood.
    let choice: ColorChoice = typed
        .or_else(|| variables::choice(process, variables::COLOR).ok().flatten())
        .or_else(|| UserSettings::read(process.settings_folder.as_deref()).ok()?.color)
        .unwrap_or_default();
    Output {
        format,
        color: takes_color(process, choice, process.stdout_is_terminal),
        color_talk: takes_color(process, choice, process.stderr_is_terminal),
        width: None,
        quiet: false,
        verbose: false,
        progress: false,
        held_warnings: Output::held_warnings(format),
        shown_warnings: std::cell::RefCell::default(),
        directory: None,
        confirmed: None,
    }
}

/// Returns the environment of a command that was confirmed where it was typed; a variable confirms the next one as
/// well.
fn confirmed(process: &ProcessContext, global: &GlobalOptions) -> Option<EnvironmentName> {
    // That of `promote` follows `--to`, which of `rollback` names no environment.
    let typed = || typed_value(process, "--env", None).or_else(|| typed_value(process, "--to", None));
    global.yes.then(typed).flatten().and_then(|name| EnvironmentName::from_input(name).ok())
}

/// Returns the value of an option among the words that were typed.
pub(super) fn typed_value<'a>(process: &'a ProcessContext, long: &str, short: Option<&str>) -> Option<&'a str> {
    let words: Vec<&str> = process.arguments.iter().filter_map(|word| word.to_str()).collect();
    let is_option = |word: &str| word == long || Some(word) == short;
    let joined = |word: &'a str| {
        let long = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('='));
        long.or_else(|| word.strip_prefix(short?).filter(|value| !value.is_empty()))
    };
    let apart = words.windows(2).find(|pair| is_option(pair[0])).map(|pair| pair[1]);
    apart.or_else(|| words.iter().copied().find_map(joined))
}

/// True if a stream takes colours. A choice made for this program wins over `NO_COLOR` (no-color.org).
fn takes_color(process: &ProcessContext, choice: ColorChoice, is_terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && process.variable("NO_COLOR").is_none() && !is_dumb(process),
    }
}

/// True if the terminal shows escape sequences as text.
fn is_dumb(process: &ProcessContext) -> bool {
    process.variable("TERM") == Some("dumb")
}
