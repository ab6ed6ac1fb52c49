//! The definition of a version that is live, which takes a multiple of the memory of its files.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::definition::Definition;
use crate::model::{Digest, GroupName, Release, Version};
use crate::workspace::{Error, Workspace};

/// The definition of a version: at hand as long as somebody builds on it or there are few, else read again.
#[derive(Debug)]
pub struct LiveDefinition {
    workspace: Arc<Workspace>,
    group: GroupName,
    version: Version,
    digest: Digest,
    bytes: usize,
    held: Mutex<Held>,
}

#[derive(Debug)]
enum Held {
    /// By this value.
    Here(Arc<Definition>),
    /// By others, if at all.
    Elsewhere(Weak<Definition>),
}

impl LiveDefinition {
    /// Makes one of what has been read of a version, whose files have so many bytes.
    pub(super) fn new(
        workspace: Arc<Workspace>,
        group: &GroupName,
        release: &Release,
        bytes: usize,
        definition: Arc<Definition>,
    ) -> Self {
        let (group, version) = (group.clone(), release.version.clone());
        Self { workspace, group, version, digest: release.digest, bytes, held: Mutex::new(Held::Here(definition)) }
    }

    /// Returns how many bytes its files have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the definition, read again where nobody holds it any more.
    pub fn get(&self) -> Result<Arc<Definition>, Error> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match &*held {
            Held::Here(definition) => Some(Arc::clone(definition)),
            Held::Elsewhere(definition) => definition.upgrade(),
        };
        if let Some(definition) = found {
            return Ok(definition);
        }
        let candidate = self.workspace.released(&self.group, &self.version, self.digest)?;
        let definition = candidate.definition.ok_or(Error::Invalid(candidate.findings))?;
        *held = Held::Elsewhere(Arc::downgrade(&definition));
        Ok(definition)
    }

    /// Leaves the definition to others; returns whether it was here.
    pub(super) fn let_go(&self) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Held::Here(definition) = &*held else { return false };
        *held = Held::Elsewhere(Arc::downgrade(definition));
        true
    }
}
