//! Requests that were let in on a day, as a gateway hands them out and takes them back after a restart.

use std::collections::BTreeMap;

use crate::model::Timestamp;

/// The milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The days that are kept: a clock that goes ahead and back begins none of them anew.
const KEPT_DAYS: usize = 3;

/// The requests that were let in on some days, by the name of what limits them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayCounts {
    /// The counts of each day, which is counted from 1970-01-01 in UTC.
    pub days: BTreeMap<u32, BTreeMap<String, u32>>,
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

    /// Returns the first moment of a day.
    #[must_use]
    pub fn begin_of(day: u32) -> Timestamp {
        Timestamp::from_milliseconds(i64::from(day) * DAY_MS)
    }

    /// Returns the days of one count, those first that are nearest to today.
    #[must_use]
    pub fn of(&self, name: &str, today: u32) -> Vec<(u32, u32)> {
        let mut days: Vec<(u32, u32)> =
            self.days.iter().filter_map(|(day, counts)| Some((*day, *counts.get(name)?))).collect();
        days.sort_by_key(|(day, _)| day.abs_diff(today));
        days
    }

    /// Adds counts of another process: of the same day the larger ones stay, and of all days those nearest to today.
    #[must_use]
    pub fn merged_with(mut self, other: Self, today: u32) -> Self {
        for (day, counts) in other.days {
            let own = self.days.entry(day).or_default();
            for (name, count) in counts {
                let own = own.entry(name).or_default();
                *own = count.max(*own);
            }
        }
        while self.days.len() > KEPT_DAYS
            && let Some(farthest) = self.days.keys().copied().max_by_key(|day| day.abs_diff(today))
        {
            self.days.remove(&farthest);
        }
        self
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
        assert_eq!(DayCounts::begin_of(DayCounts::day_of(last)), first);
        assert_eq!(DayCounts::day_of(Timestamp::from_milliseconds(-1)), 0);
    }

    #[test]
    fn the_larger_count_of_a_day_stays_and_the_nearest_days() {
        let counts = |days: &[(u32, &[(&str, u32)])]| DayCounts {
            days: days
                .iter()
                .map(|(day, list)| (*day, list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()))
                .collect(),
        };
        let merged = counts(&[(7, &[("a", 1), ("b", 5)])]).merged_with(counts(&[(7, &[("b", 4), ("c", 2)])]), 7);
        assert_eq!(merged, counts(&[(7, &[("a", 1), ("b", 5), ("c", 2)])]));
        // The clock of one of both is wrong.
        let (today, ahead) = (counts(&[(7, &[("a", 3)])]), counts(&[(8, &[("a", 1)])]));
        let both = counts(&[(7, &[("a", 3)]), (8, &[("a", 1)])]);
        assert_eq!(today.clone().merged_with(ahead.clone(), 7), both);
        assert_eq!(ahead.merged_with(today, 8), both);
        assert_eq!([7, 8].map(|today| both.of("a", today)[0]), [(7, 3), (8, 1)]);
        for (today, kept) in [(7, [7, 8, 9]), (10, [8, 9, 10]), (60, [8, 9, 10])] {
            let later = both.clone().merged_with(counts(&[(9, &[("a", 1)]), (10, &[])]), today);
            assert_eq!(later.days.keys().copied().collect::<Vec<_>>(), kept, "{today}");
        }
    }
}
