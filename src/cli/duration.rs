//! Durations as people type them.

use std::time::Duration;

/// Units of a time-out; without one, a number is seconds.
const TIMEOUT_UNITS: &[(&str, u64)] = &[("ms", 1), ("", 1000), ("s", 1000), ("m", 60_000)];

/// Units of a lifetime.
const LIFETIME_UNITS: &[(&str, u64)] = &[("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Fault of a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DurationError {
    /// Not a number with a unit of a time-out.
    #[error("write it like 500ms, 10s or 2m")]
    Timeout,
    /// Not a number with a unit of a lifetime.
    #[error("write it like 7d, 12h, 30m or 10s")]
    Lifetime,
    /// A unit that no time-out has.
    #[error("{0:?} is not a unit: write it like 500ms, 10s or 2m")]
    Unit(String),
}

/// Parses a duration like `500ms`, `10s`, `2m` or a number of seconds.
pub(super) fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let (number, unit) = split_unit(text).ok_or(DurationError::Timeout)?;
    let milliseconds = scaled(number, unit, TIMEOUT_UNITS).ok_or_else(|| DurationError::Unit(unit.to_owned()))?;
    Ok(Duration::from_millis(milliseconds))
}

/// Parses a lifetime like `90d`, `12h`, `30m` or `10s`, in milliseconds.
pub(super) fn parse_lifetime(text: &str) -> Result<i64, DurationError> {
    let parsed = split_unit(text).and_then(|(number, unit)| {
        let milliseconds = scaled(number, unit, LIFETIME_UNITS).filter(|milliseconds| *milliseconds < u64::MAX)?;
        i64::try_from(milliseconds).ok()
    });
    parsed.ok_or(DurationError::Lifetime)
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

/// Returns a number of a unit in milliseconds; `None` where it is no unit.
fn scaled(number: u64, unit: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (_, milliseconds) = units.iter().find(|(name, _)| *name == unit)?;
    Some(number.saturating_mul(*milliseconds))
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

    #[test]
    fn lifetimes() {
        for (text, expected) in [
            ("90d", Some(7_776_000_000)),
            ("12h", Some(43_200_000)),
            ("30m", Some(1_800_000)),
            ("10s", Some(10_000)),
            ("10", None),
            ("500ms", None),
            ("d", None),
            ("-1d", None),
            ("2027-01-31", None),
            ("18446744073709551615d", None),
            ("9223372036854775807s", None),
        ] {
            assert_eq!(parse_lifetime(text).ok(), expected, "{text}");
        }
    }
}
