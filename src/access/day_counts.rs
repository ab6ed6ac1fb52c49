//! Requests that were let in on a day, as a gateway hands them out and takes them back after a restart.

use std::collections::BTreeMap;

use crate::model::Timestamp;

/// The milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The requests that were let in on one day, by the name of what limits them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayCounts {
    /// The day, counted from 1970-01-01 in UTC.
    pub day: u32,
    /// The counts.
    pub counts: BTreeMap<String, u32>,
}

impl DayCounts {
    /// Returns the number of the day in which a time lies.
    #[must_use]
    pub fn day_of(time: Timestamp) -> u32 {
        u32::try_from(time.milliseconds().div_euclid(DAY_MS)).unwrap_or_default()
    }

    /// Returns the milliseconds from a time to the next day.
    #[must_use]
    pub const fn rest_of_day_ms(time: Timestamp) -> i64 {
        DAY_MS - time.milliseconds().rem_euclid(DAY_MS)
    }

    /// Returns the first moment of the day.
    #[must_use]
    pub fn begin(&self) -> Timestamp {
        Timestamp::from_milliseconds(i64::from(self.day) * DAY_MS)
    }

    /// Adds counts of another process: of a later day they count alone, of the same day the larger ones.
    #[must_use]
    pub fn merged_with(mut self, other: Self) -> Self {
        match self.day.cmp(&other.day) {
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Equal => {
                for (name, count) in other.counts {
                    let own = self.counts.entry(name).or_default();
                    *own = count.max(*own);
                }
                self
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_goes_by_its_date_in_utc() {
        let at = |text: &str| Timestamp::from_input(text).unwrap();
        let (first, last, next) = (at("2026-11-29"), at("2026-11-29T23:59:59.999Z"), at("2026-11-30"));
        assert_eq!(DayCounts::day_of(first), DayCounts::day_of(last));
        assert_eq!(DayCounts::day_of(first) + 1, DayCounts::day_of(next));
        assert_eq!([first, last].map(DayCounts::rest_of_day_ms), [DAY_MS, 1]);
        assert_eq!(DayCounts { day: DayCounts::day_of(last), counts: BTreeMap::new() }.begin(), first);
        assert_eq!(DayCounts::day_of(Timestamp::from_milliseconds(-1)), 0);
    }

    #[test]
    fn the_larger_count_of_the_later_day_stays() {
        let counts = |day, list: &[(&str, u32)]| DayCounts {
            day,
            counts: list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        };
        let merged = counts(7, &[("a", 1), ("b", 5)]).merged_with(counts(7, &[("b", 4), ("c", 2)]));
        assert_eq!(merged, counts(7, &[("a", 1), ("b", 5), ("c", 2)]));
        assert_eq!(counts(7, &[("a", 1)]).merged_with(counts(8, &[("b", 2)])), counts(8, &[("b", 2)]));
        assert_eq!(counts(9, &[("a", 1)]).merged_with(counts(8, &[("b", 2)])), counts(9, &[("a", 1)]));
    }
}
