//! The latest dates of signed requests that gateways of this machine have let in, for those that are started after
//! them.

use std::collections::BTreeMap;

use super::super::Workspace;
use super::super::error::Error;
use crate::access::{LatestDates, SecretId};
use crate::model::{SCHEMA, Timestamp};

/// The file of the dates.
pub(in crate::workspace) const LATEST_DATES_FILE: &str = ".apigw/latest-dates.json";

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LatestDatesFile {
    schema: u32,
    dates: BTreeMap<SecretId, Timestamp>,
}

impl Workspace {
    /// Reads the latest dates that gateways have saved.
    ///
    /// # Errors
    ///
    /// Fails where the file is damaged, or of a newer schema.
    pub fn latest_dates(&self) -> Result<LatestDates, Error> {
        let file: Option<LatestDatesFile> = self.gateway_record(LATEST_DATES_FILE)?;
        Ok(file.map_or_else(LatestDates::default, |file| LatestDates { dates: file.dates }))
    }

    /// Saves dates, beside those that another gateway of this machine has saved. It is not synced, as the counts of a
    /// day.
    pub fn save_latest_dates(&self, latest: LatestDates, now: Timestamp) -> Result<(), Error> {
        self.change_gateway_record(LATEST_DATES_FILE, |file: Option<LatestDatesFile>| {
            let saved = LatestDates { dates: file.map(|file| file.dates).unwrap_or_default() };
            LatestDatesFile { schema: SCHEMA, dates: latest.merged_with(&saved, now).dates }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn dates_of_two_gateways_are_kept_for_a_day_and_a_damaged_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        fs::create_dir(folder.path().join(".apigw")).unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        let at = |seconds: i64| Timestamp::from_milliseconds((1_800_000_000 + seconds) * 1000);
        let latest = |list: &[(&str, i64)]| LatestDates {
            dates: list.iter().map(|(id, seconds)| (id.parse().unwrap(), at(*seconds))).collect(),
        };
        assert_eq!(workspace.latest_dates().unwrap(), LatestDates::default());
        workspace.save_latest_dates(latest(&[("abcd", 5), ("abce", 9)]), at(9)).unwrap();
        workspace.save_latest_dates(latest(&[("abcd", 7), ("abce", 8)]), at(9)).unwrap();
        assert_eq!(workspace.latest_dates().unwrap(), latest(&[("abcd", 7), ("abce", 9)]));
        workspace.save_latest_dates(LatestDates::default(), at(86_408)).unwrap();
        assert_eq!(workspace.latest_dates().unwrap(), latest(&[("abce", 9)]));
        let path = folder.path().join(LATEST_DATES_FILE);
        let newer = "{\"schema\":9,\"dates\":{}}";
        fs::write(&path, newer).unwrap();
        assert!(workspace.latest_dates().is_err() && workspace.save_latest_dates(latest(&[]), at(4)).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), newer, "a newer apigw wrote it");
        for damaged in ["", "{", "{\"schema\":1,\"dates\":{\"/\":0}}"] {
            fs::write(&path, damaged).unwrap();
            assert!(workspace.latest_dates().is_err(), "{damaged}");
        }
        workspace.save_latest_dates(latest(&[("abcd", 4)]), at(4)).unwrap();
        assert_eq!(workspace.latest_dates().unwrap(), latest(&[("abcd", 4)]));
        assert_eq!(fs::read_dir(folder.path().join(".apigw")).unwrap().count(), 1, "nothing is left behind");
    }
}
