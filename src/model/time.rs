//! Points in time, in UTC, to the millisecond.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};

/// A point in time, in UTC, to the millisecond; written as RFC 3339 with three decimals and `Z`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// The error for a text that is not a point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time: write it like \"2026-11-23T18:00:00Z\" or \"2026-11-23\" (UTC)")]
pub struct TimestampError {
    /// The refused text.
    pub text: String,
}

impl Timestamp {
    /// Creates a timestamp from milliseconds since 1970-01-01T00:00:00Z.
    ///
    /// Clamps to the years 0 to 9999, the range of RFC 3339.
    #[must_use]
    pub fn from_milliseconds(milliseconds: i64) -> Self {
        const YEAR_0: i64 = -62_167_219_200_000;
        const YEAR_9999: i64 = 253_402_300_799_999;
        Self(milliseconds.clamp(YEAR_0, YEAR_9999))
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn milliseconds(self) -> i64 {
        self.0
    }

    /// Creates a timestamp from the time since 1970-01-01T00:00:00Z, as systems give it.
    #[must_use]
    pub fn from_unix_time(since: Duration) -> Self {
        Self::from_milliseconds(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Returns the time some milliseconds later, or earlier where they are negative.
    #[must_use]
    pub fn plus_ms(self, milliseconds: i64) -> Self {
        Self::from_milliseconds(self.0.saturating_add(milliseconds))
    }

    /// Returns the milliseconds since another time; negative where that is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Returns the time one millisecond later.
    #[must_use]
    pub fn successor(self) -> Self {
        self.plus_ms(1)
    }

    /// Returns the time in the format of an operation's id: `20261123T180000.000Z`.
    #[must_use]
    pub fn compact(self) -> String {
        self.date_time().format("%Y%m%dT%H%M%S%.3fZ").to_string()
    }

    /// Parses user input: RFC 3339 with any offset, or a date, taken as its first moment in UTC.
    ///
    /// # Errors
    ///
    /// Fails if the text is neither.
    pub fn from_input(text: &str) -> Result<Self, TimestampError> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::from_milliseconds(time.timestamp_millis()));
        }
        text.parse::<NaiveDate>()
            .ok()
            .and_then(|date| date.and_hms_opt(0, 0, 0))
            .map(|time| Self::from_milliseconds(time.and_utc().timestamp_millis()))
            .ok_or_else(|| TimestampError { text: text.to_owned() })
    }

    /// Parses the end of a sunset period: an HTTP date (RFC 8594), RFC 3339, or a date, taken as the end of that day in
    /// UTC.
    #[must_use]
    pub fn from_sunset(text: &str) -> Option<Self> {
        let text = without_weekday(text.trim());
        if let Ok(time) = DateTime::parse_from_rfc2822(text).or_else(|_| DateTime::parse_from_rfc3339(text)) {
            return Some(Self::from_milliseconds(time.timestamp_millis()));
        }
        let next = text.parse::<NaiveDate>().ok()?.succ_opt()?.and_hms_opt(0, 0, 0)?;
        Some(Self::from_milliseconds(next.and_utc().timestamp_millis()))
    }

    fn date_time(self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(self.0)
    }
}

/// Removes the name of the weekday, which says nothing that the date does not; RFC 8594 has a wrong one in an example,
/// and recipients are to be robust (RFC 9110, section 5.6.7).
fn without_weekday(text: &str) -> &str {
    const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let dated = text.split_once(',').filter(|(day, _)| WEEKDAYS.contains(day));
    dated.map_or(text, |(_, date)| date.trim_start())
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Parses the canonical form only, without a general date parser, since environment files have thousands of
    /// timestamps.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let parse = || {
            const SHAPE: &[u8; 24] = b"dddd-dd-ddTdd:dd:dd.dddZ";
            let fits = |(byte, shape): (u8, &u8)| if *shape == b'd' { byte.is_ascii_digit() } else { byte == *shape };
            if text.len() != SHAPE.len() || !text.bytes().zip(SHAPE).all(fits) {
                return None;
            }
            let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
            let year = i32::try_from(number(0, 4)?).ok()?;
            let date = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
            let time = date.and_hms_milli_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?)?;
            Some(Self::from_milliseconds(time.and_utc().timestamp_millis()))
        };
        parse().ok_or_else(|| TimestampError { text: text.to_owned() })
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.date_time().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_is_written_and_several_are_read() {
        let time = Timestamp::from_milliseconds(1_795_456_800_123);
        assert_eq!(time.to_string(), "2026-11-23T18:00:00.123Z");
        assert_eq!(time.compact(), "20261123T180000.123Z");
        assert_eq!("2026-11-23T18:00:00.123Z".parse(), Ok(time));
        for refused in [
            "",
            "2026-11-23T18:00:00Z",
            "2026-02-30T18:00:00.000Z",
            "2026-11-23T24:00:00.000Z",
            "2026-11-23t18:00:00.000z",
        ] {
            assert!(refused.parse::<Timestamp>().is_err(), "{refused}");
        }
        let input = |text| Timestamp::from_input(text).map(|time| time.to_string());
        assert_eq!(input("2026-11-23"), Ok("2026-11-23T00:00:00.000Z".to_owned()));
        assert_eq!(input("2026-11-23T19:00:00+01:00"), Ok("2026-11-23T18:00:00.000Z".to_owned()));
        assert!(Timestamp::from_input("yesterday").is_err());
        let sunset = |text| Timestamp::from_sunset(text).map(|time| time.to_string());
        assert_eq!(sunset("2026-12-31").as_deref(), Some("2027-01-01T00:00:00.000Z"));
        assert_eq!(sunset("Thu, 31 Dec 2026 23:59:59 GMT").as_deref(), Some("2026-12-31T23:59:59.000Z"));
        assert_eq!(sunset("2026-12-31T01:00:00+01:00").as_deref(), Some("2026-12-31T00:00:00.000Z"));
        // The example of RFC 8594, section 3, which was a Monday.
        assert_eq!(sunset("Sat, 31 Dec 2018 23:59:59 GMT").as_deref(), Some("2018-12-31T23:59:59.000Z"));
        for text in ["soon", "2020-13-45", "Sat, soon", "Thu, 31 Dec", "31, Dec 2026"] {
            assert_eq!(sunset(text), None, "{text}");
        }
    }
}
