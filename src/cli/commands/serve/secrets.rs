//! Secrets that are read again while requests are served: a command for them may take its time.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use crate::workspace::{SecretSources, Workspace};

/// The reading of secrets that is under way, if one is.
#[derive(Default)]
pub(super) struct PendingSecrets(Option<Receiver<SecretSources>>);

impl PendingSecrets {
    /// Begins to read; a reading that is under way counts no more.
    pub(super) fn begin(&mut self, workspace: &Workspace, variables: &BTreeMap<String, String>) {
        let (sender, receiver) = channel();
        let (workspace, variables) = (workspace.clone(), variables.clone());
        // Where nobody waits for it any more, what it has read is dropped.
        thread::spawn(move || sender.send(SecretSources::read(&workspace, &variables)));
        self.0 = Some(receiver);
    }

    /// Returns what was read, once.
    pub(super) fn take(&mut self) -> Option<SecretSources> {
        match self.0.as_ref()?.try_recv() {
            Ok(sources) => {
                self.0 = None;
                Some(sources)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.0 = None;
                None
            }
        }
    }
}
