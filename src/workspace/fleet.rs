//! The nodes of fleets, as a control plane of this machine remembers them: `.apigw/fleet/<environment>.json`.
//!
//! A control plane that is started again needs the clusters that nodes have: one that it takes away too early fails requests.
//! Hence a release is synced here before the first node is given it. The rest, like the time of a poll, is not synced.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::error::{Error, PathContext, missing_hint};
use super::{Workspace, layout, lock};
use crate::fleet::{FleetRecord, FleetReport};
use crate::model::{EnvironmentName, Location, SCHEMA};

/// The lock of the one control plane of an environment in a workspace.
#[derive(Debug)]
pub struct FleetLock {
    _file: fs::File,
}

impl Workspace {
    /// Reads the state of the nodes of an environment; `None` where no control plane has told of any.
    ///
    /// # Errors
    ///
    /// Fails where the file is damaged, or of a newer schema.
    pub fn fleet_report(&self, environment: &EnvironmentName) -> Result<Option<FleetReport>, Error> {
        self.read_fleet(environment, |report: &FleetReport| report.schema)
    }

    /// Reads all that is remembered of the nodes of an environment.
    pub fn fleet_record(&self, environment: &EnvironmentName) -> Result<Option<FleetRecord>, Error> {
        self.read_fleet(environment, |record: &FleetRecord| record.report.schema)
    }

    fn read_fleet<T: serde::de::DeserializeOwned>(
        &self,
        environment: &EnvironmentName,
        schema: impl Fn(&T) -> u32,
    ) -> Result<Option<T>, Error> {
        let place = layout::fleet(environment);
        let Some(bytes) = self.root.read(&place, layout::LARGEST_RECORD)? else { return Ok(None) };
        let damaged = |message: String| Error::invalid("fleet", Location::file(&place), message, missing_hint(&place));
        let read: T = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        match schema(&read) {
            newer if newer > SCHEMA => {
                Err(damaged(format!("its schema is {newer}, and this apigw knows {SCHEMA}: use a newer one")))
            }
            _ => Ok(Some(read)),
        }
    }

    /// Becomes the control plane of an environment for as long as the lock lives. There is one: two would each remember their own
    /// nodes in the place of the other's, and nobody would wait for all of them.
    pub fn lock_fleet(&self, environment: &EnvironmentName) -> Result<FleetLock, Error> {
        self.make_fleets_folder()?;
        let path = self.root.locate(&layout::fleet_lock(environment))?;
        let file = fs::OpenOptions::new().create(true).append(true).open(&path).at("open", &path)?;
        match file.try_lock() {
            Ok(()) => Ok(FleetLock { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(Error::FleetInUse { environment: environment.clone() }),
            Err(fs::TryLockError::Error(error)) => Ok(Err(error).at("lock", &path)?),
        }
    }

    /// Returns the folder of fleets, and makes it where it is missing.
    fn make_fleets_folder(&self) -> Result<PathBuf, Error> {
        // A workspace that is gone must not come back empty.
        let local = self.root.locate(layout::LOCAL_FOLDER)?;
        if !local.is_dir() {
            lock::make_local_folder(&self.root)?;
        }
        let folder = self.root.locate(layout::FLEETS_FOLDER)?;
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(error).at("create", &folder).map_err(Error::Io)
            }
            _ => Ok(folder),
        }
    }

    /// Saves the state of the nodes of an environment, where it must survive a loss of power synced.
    pub fn save_fleet(&self, record: &FleetRecord, is_synced: bool) -> Result<(), Error> {
        let folder = self.make_fleets_folder()?;
        let path = self.root.locate(&layout::fleet(&record.report.environment))?;
        let bytes = serde_json::to_vec(record).map_err(std::io::Error::other).at("write", &path)?;
        let mut temporary = tempfile::Builder::new().prefix(".").tempfile_in(&folder).at("write in", &folder)?;
        temporary.write_all(&bytes).at("write", &path)?;
        temporary.as_file().set_permissions(fs::Permissions::from_mode(0o644)).at("write", &path)?;
        if is_synced {
            temporary.as_file().sync_all().at("sync", &path)?;
        }
        temporary.persist(&path).map_err(|error| error.error).at("replace", &path)?;
        if is_synced {
            fs::File::open(&folder).and_then(|folder| folder.sync_all()).at("sync", &folder)?;
        }
        Ok(())
    }
}
