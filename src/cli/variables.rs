//! The variables that stand for the flags before a command, and for `--message` and `--wait`.
//!
//! No other flag has one: the words of a command stand where it is typed. An empty variable is unset, and one that a
//! command has no use for is never looked at.

use std::time::Duration;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;

use super::duration::parse_duration;
use super::error::CommandError;
use super::process::ProcessContext;

/// `-C`.
pub(super) const DIRECTORY: &str = "APIGW_DIRECTORY";
/// `--output`.
pub(super) const OUTPUT: &str = "APIGW_OUTPUT";
/// `--color`.
pub(super) const COLOR: &str = "APIGW_COLOR";
/// `--quiet`.
pub(super) const QUIET: &str = "APIGW_QUIET";
/// `--verbose`.
pub(super) const VERBOSE: &str = "APIGW_VERBOSE";
/// `--yes`.
pub(super) const YES: &str = "APIGW_YES";
/// `--lock-timeout`.
pub(super) const LOCK_TIMEOUT: &str = "APIGW_LOCK_TIMEOUT";
/// `--actor`.
pub(super) const ACTOR: &str = "APIGW_ACTOR";
/// `--message`.
pub(super) const MESSAGE: &str = "APIGW_MESSAGE";
/// `--wait`.
pub(super) const WAIT: &str = "APIGW_WAIT";

/// Reads a variable that is yes or no.
pub(super) fn flag(process: &ProcessContext, name: &str) -> Result<bool, CommandError> {
    use clap::builder::TypedValueParser as _;
    let Some(text) = process.variable(name) else { return Ok(false) };
    let parsed = BoolishValueParser::new().parse_ref(&clap::Command::new("apigw"), None, text.as_ref());
    parsed.map_err(|_| wrong(name, text, "write 1 or 0, true or false, yes or no"))
}

/// Reads a variable that is one of the values of a flag.
pub(super) fn choice<T: ValueEnum>(process: &ProcessContext, name: &str) -> Result<Option<T>, CommandError> {
    let Some(text) = process.variable(name) else { return Ok(None) };
    let known: Vec<String> =
        T::value_variants().iter().filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned())).collect();
    T::from_str(text, true).map(Some).map_err(|_| wrong(name, text, &format!("it can be {}", known.join(", "))))
}

/// Reads a variable that is a duration.
pub(super) fn duration(process: &ProcessContext, name: &str) -> Result<Option<Duration>, CommandError> {
    let Some(text) = process.variable(name) else { return Ok(None) };
    parse_duration(text).map(Some).map_err(|error| wrong(name, text, &error.to_string()))
}

fn wrong(name: &str, text: &str, hint: &str) -> CommandError {
    CommandError::usage(format!("the variable {name} is {text:?}")).hint(hint.to_owned())
}
