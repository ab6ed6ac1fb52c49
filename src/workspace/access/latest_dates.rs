//! The latest dates of signed requests that gateways of this machine have let in, for those that are started after them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use super::super::error::{Error, PathContext, missing_hint};
use super::super::{Workspace, layout};
use crate::access::{LatestDates, SecretId};
use crate::model::{Location, SCHEMA, Timestamp};

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
        let Some(bytes) = self.root.read(LATEST_DATES_FILE, layout::LARGEST_RECORD)? else {
            return Ok(LatestDates::default());
        };
        let damaged = |message: String| {
            Error::invalid("latest-dates", Location::file(LATEST_DATES_FILE), message, missing_hint(LATEST_DATES_FILE))
        };
        let file: LatestDatesFile = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if file.schema > SCHEMA {
            return Err(damaged(format!("its schema is {}, newer than this apigw knows", file.schema)));
        }
        Ok(LatestDates { dates: file.dates })
    }

    /// Saves dates, beside those that another gateway of this machine has saved. It is not synced, as the counts of a day.
    pub fn save_latest_dates(&self, latest: LatestDates, now: Timestamp) -> Result<(), Error> {
        // A damaged file has nothing to keep.
        let latest = latest.merged_with(&self.latest_dates().unwrap_or_default(), now);
        let file = LatestDatesFile { schema: SCHEMA, dates: latest.dates };
        let path = self.root.locate(LATEST_DATES_FILE)?;
        let bytes = serde_json::to_vec(&file).map_err(std::io::Error::other).at("write", &path)?;
        // Not made where it is missing: a workspace that is gone must not come back empty.
        let folder = self.root.locate(layout::LOCAL_FOLDER)?;
        let mut temporary = tempfile::Builder::new().prefix(".").tempfile_in(&folder).at("write in", &folder)?;
        temporary.write_all(&bytes).at("write", &path)?;
        temporary.as_file().set_permissions(fs::Permissions::from_mode(0o644)).at("write", &path)?;
        temporary.persist(&path).map_err(|error| error.error).at("replace", &path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
        for damaged in ["", "{", "{\"schema\":9,\"dates\":{}}", "{\"schema\":1,\"dates\":{\"/\":0}}"] {
            fs::write(&path, damaged).unwrap();
            assert!(workspace.latest_dates().is_err(), "{damaged}");
        }
        workspace.save_latest_dates(latest(&[("abcd", 4)]), at(4)).unwrap();
        assert_eq!(workspace.latest_dates().unwrap(), latest(&[("abcd", 4)]));
        assert_eq!(fs::read_dir(folder.path().join(".apigw")).unwrap().count(), 1, "nothing is left behind");
    }
}
