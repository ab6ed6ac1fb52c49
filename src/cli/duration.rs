//! Durations as people type them.

use std::time::Duration;

/// Units; without one, a number is seconds.
const UNITS: &[(&str, u64)] = &[("ms", 1), ("", 1000), ("s", 1000), ("m", 60_000)];

/// Fault of a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DurationError {
    /// Not a number with a unit of a time-out.
    #[error("write it like 500ms, 10s or 2m")]
    Timeout,
    /// A unit that no time-out has.
    #[error("{0:?} is not a unit: write it like 500ms, 10s or 2m")]
    Unit(String),
}

/// Parses a duration like `500ms`, `10s`, `2m` or a number of seconds.
pub(super) fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| DurationError::Timeout)?;
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, milliseconds)| milliseconds);
    let factor = factor.ok_or_else(|| DurationError::Unit(unit.to_owned()))?;
    Ok(Duration::from_millis(number.saturating_mul(*factor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("500ms", Some(500)),
            ("10", Some(10_000)),
            ("2m", Some(120_000)),
            ("18446744073709551615m", Some(u64::MAX)),
            ("", None),
            ("s", None),
            ("1h", None),
            ("-1s", None),
            ("1.5s", None),
        ] {
            assert_eq!(parse_duration(text).ok(), expected.map(Duration::from_millis), "{text}");
        }
    }
}
