//! The requests that gateways of this machine have let in today, for those that are started after them.

use std::collections::BTreeMap;

use super::super::Workspace;
use super::super::error::Error;
use crate::access::DayCounts;
use crate::model::{SCHEMA, Timestamp};

/// The file of the counts.
pub(in crate::workspace) const DAY_COUNTS_FILE: &str = ".apigw/day-counts.json";

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DayCountsFile {
    schema: u32,
    /// The first moment of the latest day.
    day: Timestamp,
    counts: BTreeMap<String, u32>,
    /// The days before, of which one is today where the clock was ahead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<CountedDay>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CountedDay {
    /// The first moment of the day.
    day: Timestamp,
    counts: BTreeMap<String, u32>,
}

impl From<DayCountsFile> for DayCounts {
    fn from(file: DayCountsFile) -> Self {
        let latest = CountedDay { day: file.day, counts: file.counts };
        let days = file.earlier.into_iter().chain([latest]);
        Self { days: days.map(|CountedDay { day, counts }| (Self::day_of(day), counts)).collect() }
    }
}

impl From<DayCounts> for DayCountsFile {
    fn from(counts: DayCounts) -> Self {
        let days = counts.days.into_iter();
        let mut days = days.map(|(day, counts)| CountedDay { day: DayCounts::begin_of(day), counts });
        let none = CountedDay { day: DayCounts::begin_of(0), counts: BTreeMap::new() };
        let CountedDay { day, counts } = days.next_back().unwrap_or(none);
        Self { schema: SCHEMA, day, counts, earlier: days.collect() }
    }
}

impl Workspace {
    /// Reads the counts that gateways have saved; none where none has.
    ///
    /// # Errors
    ///
    /// Fails where the file is damaged, or of a newer schema.
    pub fn day_counts(&self) -> Result<DayCounts, Error> {
        let file: Option<DayCountsFile> = self.gateway_record(DAY_COUNTS_FILE)?;
        Ok(file.map(DayCounts::from).unwrap_or_default())
    }

    /// Saves counts, beside those that another gateway of this machine has saved: of the same day the larger ones stay.
    /// It is not synced: a machine that loses power may lose the day's counts.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be written, or is of a newer schema.
    pub fn save_day_counts(&self, counts: DayCounts, now: Timestamp) -> Result<(), Error> {
        self.change_gateway_record(DAY_COUNTS_FILE, |file: Option<DayCountsFile>| {
            counts.merged_with(file.map(DayCounts::from).unwrap_or_default(), DayCounts::day_of(now)).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn now() -> Timestamp {
        DayCounts::begin_of(20_000)
    }

    #[test]
    fn counts_of_two_gateways_are_kept_and_a_damaged_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        assert_eq!(workspace.day_counts().unwrap(), DayCounts::default());
        assert!(workspace.save_day_counts(DayCounts::default(), now()).is_err(), "no folder is made");
        fs::create_dir(folder.path().join(".apigw")).unwrap();
        let of_day = |day: u32, list: &[(&str, u32)]| DayCounts {
            days: [(day, list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect())].into(),
        };
        let counts = |list: &[(&str, u32)]| of_day(20_000, list);
        workspace.save_day_counts(counts(&[("a", 1), ("b", 2)]), now()).unwrap();
        workspace.save_day_counts(counts(&[("b", 1), ("c", 3)]), now()).unwrap();
        assert_eq!(workspace.day_counts().unwrap(), counts(&[("a", 1), ("b", 2), ("c", 3)]));
        // A clock that was ahead for a while loses no count of the day.
        workspace.save_day_counts(of_day(20_001, &[("a", 7)]), now()).unwrap();
        workspace.save_day_counts(counts(&[("a", 4)]), now()).unwrap();
        assert_eq!(workspace.day_counts().unwrap().of("a", 20_000), [(20_000, 4), (20_001, 7)]);
        let path = folder.path().join(DAY_COUNTS_FILE);
        let newer = "{\"schema\":9,\"day\":\"2026-11-29T00:00:00.000Z\",\"counts\":{}}";
        fs::write(&path, newer).unwrap();
        assert!(workspace.day_counts().is_err());
        assert!(workspace.save_day_counts(counts(&[("a", 4)]), now()).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), newer, "a newer apigw wrote it");
        for damaged in ["", "{"] {
            fs::write(&path, damaged).unwrap();
            assert!(workspace.day_counts().is_err(), "{damaged}");
        }
        workspace.save_day_counts(counts(&[("a", 4)]), now()).unwrap();
        assert_eq!(workspace.day_counts().unwrap(), counts(&[("a", 4)]));
        assert_eq!(fs::read_dir(folder.path().join(".apigw")).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn gateways_that_save_at_once_lose_no_count() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        fs::create_dir(folder.path().join(".apigw")).unwrap();
        let workspace = &Workspace::open(folder.path()).unwrap();
        let counts = |gateway: u32, count: u32| DayCounts {
            days: [(20_000, BTreeMap::from([(format!("key-{gateway}"), count)]))].into(),
        };
        std::thread::scope(|scope| {
            for gateway in 0..8 {
                scope.spawn(move || {
                    for count in 1..=50 {
                        workspace.save_day_counts(counts(gateway, count), now()).unwrap();
                    }
                });
            }
        });
        let saved = workspace.day_counts().unwrap();
        assert_eq!(saved.days[&20_000], (0..8).map(|gateway| (format!("key-{gateway}"), 50)).collect());
    }
}
