//! The nodes of fleets, as a control plane of this machine remembers them: `.apigw/fleet/<environment>.json`.
//!
//! A control plane that is started again needs the clusters that nodes have: one that it takes away too early fails
//! requests. Hence a release is synced here before the first node is given it. The rest, like the time of a poll, is
//! not synced.
//!
//! A file `<environment>.forget.<node>` asks the control plane to forget a node that is gone, and is removed when it
//! has looked.

use std::fs;

use super::error::{Error, PathContext};
use super::{Workspace, folders, layout, local_folder};
use crate::fleet::{FleetRecord, FleetReport};
use crate::model::{EnvironmentName, NodeName};

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
        self.gateway_record(&layout::fleet(environment))
    }

    /// Reads all that is remembered of the nodes of an environment.
    pub fn fleet_record(&self, environment: &EnvironmentName) -> Result<Option<FleetRecord>, Error> {
        self.gateway_record(&layout::fleet(environment))
    }

    /// Becomes the control plane of an environment for as long as the lock lives. There is one: two would each remember
    /// their own nodes in the place of the other's, and nobody would wait for all of them.
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

    /// Makes the folder of fleets where it is missing.
    fn make_fleets_folder(&self) -> Result<(), Error> {
        // A workspace that is gone must not come back empty.
        let local = self.root.locate(layout::LOCAL_FOLDER)?;
        if !local.is_dir() {
            local_folder::make_local_folder(&self.root)?;
        }
        Ok(folders::make(&self.root.locate(layout::FLEETS_FOLDER)?)?)
    }

    /// Saves the state of the nodes of an environment, where it must survive a loss of power synced.
    pub fn save_fleet(&self, record: &FleetRecord, is_synced: bool) -> Result<(), Error> {
        self.make_fleets_folder()?;
        self.save_gateway_record(&layout::fleet(&record.report.environment), record, is_synced)
    }

    /// Asks the control plane of an environment to forget a node.
    pub fn request_forgetting(&self, environment: &EnvironmentName, node: &NodeName) -> Result<(), Error> {
        let path = self.root.locate(&layout::forget_request(environment, node))?;
        Ok(fs::write(&path, "").at("write", &path)?)
    }

    /// Lists the nodes that the control plane of an environment was asked to forget.
    pub fn forget_requests(&self, environment: &EnvironmentName) -> Result<Vec<NodeName>, Error> {
        let files = self.root.list(layout::FLEETS_FOLDER)?;
        Ok(files.iter().filter_map(|file| layout::forget_request_node(environment, file)).collect())
    }

    /// Removes the request to forget a node.
    pub fn close_forget_request(&self, environment: &EnvironmentName, node: &NodeName) -> Result<(), Error> {
        let path = self.root.locate(&layout::forget_request(environment, node))?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => Ok(removed.at("remove", &path)?),
        }
    }
}
