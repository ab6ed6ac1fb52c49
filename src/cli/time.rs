//! Points in time, as they are typed and as they are shown.

use super::context::Context;
use super::error::CommandError;
use crate::model::{EnvironmentName, Timestamp, TimestampError};
use crate::workspace;

/// A point in time or an operation, as an argument names it.
pub(super) enum NamedMoment<T> {
    Time(Timestamp),
    Operation(T),
}

/// Reads a time, or the id of an operation or the beginning of it.
pub(super) fn named_moment<T>(
    text: &str,
    find: impl FnOnce(&str) -> Result<T, workspace::Error>,
) -> Result<NamedMoment<T>, CommandError> {
    let error = match Timestamp::from_input(text) {
        Ok(time) => return Ok(NamedMoment::Time(time)),
        Err(error) => error,
    };
    let not_time =
        |error: TimestampError| CommandError::invalid("time", error.to_string()).hint("or give the id of an operation");
    if !text.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return Err(not_time(error));
    }
    find(text).map(NamedMoment::Operation).map_err(|found| match found {
        // No id of an operation has these.
        workspace::Error::Unknown { .. } if text.contains([' ', ':', '/']) => not_time(error),
        workspace::Error::Unknown { .. } => {
            CommandError::from(found).hint("a time is written like \"2026-11-23T18:00:00Z\" or \"2026-11-23\" (UTC)")
        }
        found => found.into(),
    })
}

/// Refuses a time that has not come yet: most likely a mistyped date, and nobody knows that state.
pub(super) fn check_past(
    context: &Context<'_>,
    time: Timestamp,
    environments: &[EnvironmentName],
) -> Result<(), CommandError> {
    // An operation that a clock ahead of this one made has its time all the same.
    if time <= context.now() || context.workspace()?.newest_time(environments).is_some_and(|newest| time <= newest) {
        return Ok(());
    }
    Err(CommandError::usage(format!("{time} has not come yet, and the state of a past time is asked for"))
        .hint("give a time in the past, or an operation of `apigw history`"))
}

/// Returns the age of a time at `now`: `12s`, `5m`, `3h`, `9d`, `2y`.
pub(super) fn age(since: Timestamp, now: Timestamp) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let seconds = (now.ms_since(since) / 1000).max(0);
    match seconds {
        0..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => format!("{}m", seconds / MINUTE),
        HOUR..DAY => format!("{}h", seconds / HOUR),
        DAY..YEAR => format!("{}d", seconds / DAY),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let age = |seconds: i64| age(Timestamp::from_milliseconds(0), Timestamp::from_milliseconds(seconds * 1000));
        assert_eq!(
            [age(-5), age(59), age(60), age(7200), age(86_400), age(800 * 86_400)],
            ["0s", "59s", "1m", "2h", "1d", "2y"]
        );
    }
}
