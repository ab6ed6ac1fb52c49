//! JSON files below `.apigw` that a gateway of this machine leaves for those that are started after it.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::durable::{stage_beside, sync_folder};
use super::error::{Error, PathContext, missing_hint};
use super::{Workspace, layout};
use crate::check::rules::records::LOCAL_RECORD;
use crate::model::{Location, SCHEMA};

/// The field that is read before any other: a newer schema may have fields that are not known here.
#[derive(serde::Deserialize)]
struct RecordSchema {
    schema: u64,
}

/// Reason why the content of a record cannot be used.
#[derive(Debug, thiserror::Error)]
enum RecordFault {
    #[error("{0}")]
    Damaged(#[from] serde_json::Error),
    #[error("its schema is {0}, and this apigw knows {SCHEMA}: use a newer one")]
    Newer(u64),
}

impl RecordFault {
    fn at(&self, place: &str) -> Error {
        Error::invalid(&LOCAL_RECORD, Location::file(place), self.to_string(), missing_hint(place))
    }
}

impl Workspace {
    /// Reads a record; `None` where none was written.
    ///
    /// # Errors
    ///
    /// Fails where the file is damaged, or of a newer schema.
    pub(super) fn gateway_record<T: DeserializeOwned>(&self, place: &str) -> Result<Option<T>, Error> {
        self.parsed_record(place)?.transpose().map_err(|fault| fault.at(place))
    }

    /// Reads a record that is about to be replaced; `None` where its JSON is damaged too, since that has nothing to
    /// keep.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be read, or is of a newer schema.
    fn replaceable_record<T: DeserializeOwned>(&self, place: &str) -> Result<Option<T>, Error> {
        match self.parsed_record(place)? {
            Some(Err(RecordFault::Damaged(_))) => Ok(None),
            record => record.transpose().map_err(|fault| fault.at(place)),
        }
    }

    fn parsed_record<T: DeserializeOwned>(&self, place: &str) -> Result<Option<Result<T, RecordFault>>, Error> {
        let parse = |bytes: &[u8]| {
            let RecordSchema { schema } = serde_json::from_slice(bytes)?;
            if schema > u64::from(SCHEMA) {
                return Err(RecordFault::Newer(schema));
            }
            Ok(serde_json::from_slice(bytes)?)
        };
        Ok(self.root.read(place, layout::LARGEST_RECORD)?.map(|bytes| parse(&bytes)))
    }

    /// Changes a record that several processes write, under a lock: none loses what another one has written. Where the
    /// system has no locks, it is changed without.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be written, or would lose what it holds: it cannot be read, or is of a newer schema.
    pub(super) fn change_gateway_record<T: Serialize + DeserializeOwned>(
        &self,
        place: &str,
        change: impl FnOnce(Option<T>) -> T,
    ) -> Result<(), Error> {
        let path = self.root.locate(place)?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        // The file itself is replaced, so its lock would be that of an old one.
        let locked = fs::File::open(folder).at("open", folder)?;
        let _ = locked.lock();
        let record = change(self.replaceable_record(place)?);
        self.save_gateway_record(place, &record, false)
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
        let bytes = serde_json::to_vec(record).map_err(std::io::Error::other).at("write", &path)?;
        let temporary = stage_beside(&path, &bytes)?;
        if is_synced {
            temporary.as_file().sync_all().at("sync", &path)?;
        }
        temporary.persist(&path).map_err(|error| error.error).at("replace", &path)?;
        if is_synced {
            path.parent().map_or(Ok(()), sync_folder)?;
        }
        Ok(())
    }
}
