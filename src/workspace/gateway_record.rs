//! JSON files below `.apigw` that a gateway of this machine leaves for those that are started after it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Error, PathContext, missing_hint};
use super::{Workspace, layout};
use crate::model::{Location, SCHEMA};

impl Workspace {
    /// Reads a record; `None` where none was written.
    ///
    /// # Errors
    ///
    /// Fails where the file is damaged, or of a newer schema.
    pub(super) fn gateway_record<T: DeserializeOwned>(
        &self,
        place: &str,
        rule: &'static str,
        schema: impl Fn(&T) -> u32,
    ) -> Result<Option<T>, Error> {
        let Some(bytes) = self.root.read(place, layout::LARGEST_RECORD)? else { return Ok(None) };
        let damaged = |message: String| Error::invalid(rule, Location::file(place), message, missing_hint(place));
        let read: T = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        match schema(&read) {
            newer if newer > SCHEMA => {
                Err(damaged(format!("its schema is {newer}, and this apigw knows {SCHEMA}: use a newer one")))
            }
            _ => Ok(Some(read)),
        }
    }

    /// Replaces a record, synced where it must survive a loss of power. No reader sees half of a file.
    ///
    /// Its folder is not made where it is missing: a workspace that is gone must not come back empty.
    pub(super) fn save_gateway_record(
        &self,
        place: &str,
        record: &impl Serialize,
        is_synced: bool,
    ) -> Result<(), Error> {
        let path = self.root.locate(place)?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let bytes = serde_json::to_vec(record).map_err(std::io::Error::other).at("write", &path)?;
        let mut temporary = tempfile::Builder::new().prefix(".").tempfile_in(folder).at("write in", folder)?;
        temporary.write_all(&bytes).at("write", &path)?;
        temporary.as_file().set_permissions(fs::Permissions::from_mode(0o644)).at("write", &path)?;
        if is_synced {
            temporary.as_file().sync_all().at("sync", &path)?;
        }
        temporary.persist(&path).map_err(|error| error.error).at("replace", &path)?;
        if is_synced {
            fs::File::open(folder).and_then(|folder| folder.sync_all()).at("sync", folder)?;
        }
        Ok(())
    }
}
