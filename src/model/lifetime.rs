//! Lifetimes, as people write them: `90d`, `12h`, `30m`, `10s`.

use std::str::FromStr;

/// Units, in milliseconds.
const UNITS: [(&str, i64); 4] = [("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Lifetime {
    milliseconds: i64,
}

/// The error for a text that is not a lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write it like 7d, 12h, 30m or 10s")]
pub struct LifetimeError;

impl Lifetime {
    /// Returns it in milliseconds.
    #[must_use]
    pub const fn milliseconds(self) -> i64 {
        self.milliseconds
    }
}

impl FromStr for Lifetime {
    type Err = LifetimeError;

    fn from_str(text: &str) -> Result<Self, LifetimeError> {
        let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let factor = UNITS.into_iter().find(|(name, _)| *name == unit).map(|(_, milliseconds)| milliseconds);
        let milliseconds =
            number.parse::<i64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
        milliseconds.map(|milliseconds| Self { milliseconds }).ok_or(LifetimeError)
    }
}

impl TryFrom<String> for Lifetime {
    type Error = LifetimeError;

    fn try_from(text: String) -> Result<Self, LifetimeError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(text.parse().map(Lifetime::milliseconds).ok(), expected, "{text}");
        }
    }
}
