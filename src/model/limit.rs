//! Rate limits: a number of requests in a second, a minute or a day.

use std::fmt;
use std::str::FromStr;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest number of a limit: one request a nanosecond.
const MOST_REQUESTS: u32 = 1_000_000_000;

/// The time in which the requests of a limit are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitWindow {
    /// Any second.
    Second,
    /// Any minute.
    Minute,
    /// A day by its date in UTC.
    Day,
}

impl LimitWindow {
    /// Returns the word that stands in files and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }

    /// Returns its length in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Day => 24 * 60 * 60,
        }
    }
}

impl fmt::Display for LimitWindow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The most requests in a window, written like `60/minute`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateLimit {
    /// The window.
    pub window: LimitWindow,
    /// The number of requests, at least one.
    pub requests: u32,
}

/// Reason why a text is not a rate limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateLimitError {
    /// It has another form.
    #[error("{0:?} is not a limit: write it like 60/minute, with second, minute or day")]
    Malformed(String),
    /// Its window is none of the three.
    #[error("{0:?} is not a window of a limit: use second, minute or day")]
    UnknownWindow(String),
    /// It lets nobody in.
    #[error("a limit of 0 admits nobody: revoke the grant, or deny the addresses instead")]
    Zero,
    /// It is larger than any limit has to be.
    #[error("a limit has {MOST_REQUESTS} requests at most")]
    TooMany,
    /// Two limits have the same window.
    #[error("there are two limits a {0}: keep one")]
    RepeatedWindow(LimitWindow),
}

impl FromStr for RateLimit {
    type Err = RateLimitError;

    fn from_str(text: &str) -> Result<Self, RateLimitError> {
        let shortened = |text: &str| text.chars().take(100).collect::<String>();
        let malformed = || RateLimitError::Malformed(shortened(text));
        let (number, window) = text.split_once('/').ok_or_else(malformed)?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let window = match window {
            "second" | "sec" | "s" => LimitWindow::Second,
            "minute" | "min" => LimitWindow::Minute,
            "day" | "d" => LimitWindow::Day,
            other => return Err(RateLimitError::UnknownWindow(shortened(other))),
        };
        match number.parse() {
            Ok(0) => Err(RateLimitError::Zero),
            Ok(requests @ 1..=MOST_REQUESTS) => Ok(Self { window, requests }),
            _ => Err(RateLimitError::TooMany),
        }
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.requests, self.window)
    }
}

impl Serialize for RateLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RateLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Limits that all hold, one a window at most, the shortest window first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct RateLimits(Vec<RateLimit>);

impl RateLimits {
    /// Takes limits in any order.
    ///
    /// # Errors
    ///
    /// Fails where two have the same window.
    pub fn new(mut limits: Vec<RateLimit>) -> Result<Self, RateLimitError> {
        limits.sort_unstable();
        match limits.windows(2).find(|pair| matches!(pair, [one, next] if one.window == next.window)) {
            Some(pair) => Err(RateLimitError::RepeatedWindow(pair[0].window)),
            None => Ok(Self(limits)),
        }
    }

    /// True if nothing is limited.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the limits, the shortest window first.
    pub fn iter(&self) -> impl Iterator<Item = RateLimit> {
        self.0.iter().copied()
    }

    /// Returns the limit of a window.
    #[must_use]
    pub fn of(&self, window: LimitWindow) -> Option<RateLimit> {
        self.iter().find(|limit| limit.window == window)
    }

    /// Returns the most requests that the strictest of the limits would admit in a day; the largest number without any.
    #[must_use]
    pub fn most_requests_a_day(&self) -> u64 {
        let windows = |window: LimitWindow| u64::from(LimitWindow::Day.seconds() / window.seconds());
        self.iter().map(|limit| u64::from(limit.requests) * windows(limit.window)).min().unwrap_or(u64::MAX)
    }

    /// Finds a limit that is above another one of the same window, and returns both.
    #[must_use]
    pub fn first_above(&self, most: &Self) -> Option<(RateLimit, RateLimit)> {
        let pairs = self.iter().filter_map(|limit| Some((limit, most.of(limit.window)?)));
        pairs.into_iter().find(|(limit, most)| limit.requests > most.requests)
    }
}

impl fmt::Display for RateLimits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.iter().map(|limit| limit.to_string()).collect();
        formatter.pad(&texts.join(", "))
    }
}

/// Reads one limit or a list of them.
impl<'de> Deserialize<'de> for RateLimits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RateLimitsVisitor)
    }
}

struct RateLimitsVisitor;

impl<'de> Visitor<'de> for RateLimitsVisitor {
    type Value = RateLimits;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a limit like `60/minute`, or a list of limits")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RateLimits, E> {
        text.parse().map(|limit| RateLimits(vec![limit])).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<RateLimits, A::Error> {
        let limits: Vec<RateLimit> = Deserialize::deserialize(SeqAccessDeserializer::new(list))?;
        RateLimits::new(limits).map_err(A::Error::custom)
    }
}

impl schemars::JsonSchema for RateLimits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RateLimits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let limit = schemars::json_schema!({"type": "string", "pattern": "^[0-9]+/(second|sec|s|minute|min|day|d)$"});
        schemars::json_schema!({
            "description": "The most requests a second, minute or day (UTC), like `60/minute`; one a window.",
            "anyOf": [limit, {"type": "array", "items": limit}],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_a_number_and_a_window() {
        for (text, written) in [
            ("1/s", "1/second"),
            ("60/min", "60/minute"),
            ("60/minute", "60/minute"),
            ("1000000000/d", "1000000000/day"),
        ] {
            assert_eq!(text.parse::<RateLimit>().unwrap().to_string(), written);
        }
        for (refused, message) in [
            ("", "write it like 60/minute"),
            ("60", "write it like 60/minute"),
            ("-1/day", "write it like 60/minute"),
            ("+1/day", "write it like 60/minute"),
            ("/day", "write it like 60/minute"),
            ("1.5/day", "write it like 60/minute"),
            ("1/fortnight", "\"fortnight\" is not a window of a limit: use second, minute or day"),
            ("1/m", "\"m\" is not a window"),
            ("1/", "is not a window"),
            ("1/ day", "is not a window"),
            ("0/day", "admits nobody"),
            ("00/day", "admits nobody"),
            ("1000000001/s", "at most"),
            ("99999999999999999999/s", "at most"),
        ] {
            let error = refused.parse::<RateLimit>().unwrap_err().to_string();
            assert!(error.contains(message), "{refused}: {error}");
        }
    }

    #[test]
    fn one_limit_a_window_is_read_from_a_word_or_a_list() {
        let read = |text: &str| serde_saphyr::from_str::<RateLimits>(text).map_err(|error| error.to_string());
        assert_eq!(read("60/min").unwrap().to_string(), "60/minute");
        assert_eq!(read("[1000/d, 60/min, 2/s]").unwrap().to_string(), "2/second, 60/minute, 1000/day");
        assert_eq!(read("[]").unwrap(), RateLimits::default());
        for refused in ["[1/s, 2/second]", "0/s", "[1/fortnight]", "7", "{}", "[7]", "null"] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_limit_is_above_another_of_its_window_alone() {
        let limits = |text: &str| serde_saphyr::from_str::<RateLimits>(text).unwrap();
        for (own, most, expected) in [
            ("[60/min]", "[60/min]", false),
            ("[61/min]", "[60/min]", true),
            ("[61/s]", "[60/min]", false),
            ("[1/s, 9/d]", "[2/s, 8/d]", true),
            ("[1/s]", "[]", false),
        ] {
            assert_eq!(limits(own).first_above(&limits(most)).is_some(), expected, "{own} {most}");
        }
    }
}
