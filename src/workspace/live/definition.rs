//! The definition of a version that is live, which takes a multiple of the memory of its files.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::definition::Definition;
use crate::model::{Digest, FileSet, GroupName, Release, Version};
use crate::snapshot::{DefinitionError, DefinitionSource};
use crate::workspace::groups::frozen_definition;
use crate::workspace::{Error, Workspace};

/// The definition of a version: read when somebody builds on it, then at hand as long as somebody does or there are
/// few, else read again.
#[derive(Debug)]
pub(super) struct LiveDefinition {
    workspace: Arc<Workspace>,
    group: GroupName,
    version: Version,
    digest: Digest,
    bytes: usize,
    is_kept: AtomicBool,
    held: Mutex<DefinitionCache>,
}

#[derive(Debug)]
enum DefinitionCache {
    /// As the files that it is read from.
    Unread(FileSet),
    /// By this value.
    Here(Arc<Definition>),
    /// By others, if at all.
    Elsewhere(Weak<Definition>),
}

impl LiveDefinition {
    /// Makes one of the files of a version.
    pub(super) fn new(workspace: Arc<Workspace>, group: &GroupName, release: &Release, files: FileSet) -> Self {
        Self {
            workspace,
            group: group.clone(),
            version: release.version.clone(),
            digest: release.digest,
            bytes: files.iter().map(|(_, bytes)| bytes.len()).sum(),
            is_kept: AtomicBool::new(true),
            held: Mutex::new(DefinitionCache::Unread(files)),
        }
    }

    /// Makes a source that reads it when it is asked.
    pub(super) fn source(self: &Arc<Self>) -> DefinitionSource {
        let definition = Arc::clone(self);
        DefinitionSource::new(move || {
            definition.get().map_err(|error| match error {
                Error::Invalid(findings) => DefinitionError::Invalid(findings),
                error => DefinitionError::Unreadable(Arc::new(error)),
            })
        })
    }

    /// Returns how many bytes its files have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Sets whether it stays in memory after it is read.
    pub(super) fn keep(&self, is_kept: bool) {
        self.is_kept.store(is_kept, Ordering::Relaxed);
    }

    /// Returns the definition, parsed again if it was dropped.
    pub(super) fn get(&self) -> Result<Arc<Definition>, Error> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let files = match std::mem::replace(&mut *held, DefinitionCache::Elsewhere(Weak::new())) {
            DefinitionCache::Unread(files) => files,
            DefinitionCache::Here(definition) => return Ok(self.hold(&mut held, definition)),
            DefinitionCache::Elsewhere(definition) => match definition.upgrade() {
                Some(definition) => return Ok(self.hold(&mut held, definition)),
                None => self.workspace.release_files(&self.group, &self.version, self.digest)?,
            },
        };
        let reading = frozen_definition(&self.group, &self.version, &files);
        let definition = reading.definition.ok_or(Error::Invalid(reading.findings))?;
        Ok(self.hold(&mut held, Arc::new(definition)))
    }

    /// Downgrades a definition that is not to be kept to a weak reference.
    pub(super) fn release(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_kept.load(Ordering::Relaxed) {
            return;
        }
        match &*held {
            DefinitionCache::Unread(_) => *held = DefinitionCache::Elsewhere(Weak::new()),
            DefinitionCache::Here(definition) => *held = DefinitionCache::Elsewhere(Arc::downgrade(definition)),
            DefinitionCache::Elsewhere(_) => {}
        }
    }

    /// Keeps a definition, or a weak reference to it.
    fn hold(&self, held: &mut DefinitionCache, definition: Arc<Definition>) -> Arc<Definition> {
        *held = if self.is_kept.load(Ordering::Relaxed) {
            DefinitionCache::Here(Arc::clone(&definition))
        } else {
            DefinitionCache::Elsewhere(Arc::downgrade(&definition))
        };
        definition
    }
}
