//! Secrets that are read again while requests are served: a command for them may take its time.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvError, TryRecvError, channel};
use std::thread;

use crate::workspace::{SecretSources, Workspace};

/// The reading of secrets that is under way, if one is.
#[derive(Default)]
pub(super) struct PendingSecrets(Option<Receiver<SecretSources>>);

impl PendingSecrets {
    /// Begins to read; a reading that is under way counts no more, unless none can take its place.
    pub(super) fn begin(&mut self, workspace: &Workspace, variables: &BTreeMap<String, String>) -> io::Result<()> {
        let (workspace, variables) = (workspace.clone(), variables.clone());
        self.spawn(move || SecretSources::read(&workspace, &variables))
    }

    fn spawn(&mut self, read: impl FnOnce() -> SecretSources + Send + 'static) -> io::Result<()> {
        let (sender, receiver) = channel();
        // Where nobody waits for it any more, what it has read is dropped.
        let run = move || drop(sender.send(read()));
        thread::Builder::new().name("secrets".to_owned()).spawn(run)?;
        self.0 = Some(receiver);
        Ok(())
    }

    /// Returns what was read, once.
    ///
    /// # Errors
    ///
    /// Fails, once, where the reading ended without an outcome: it panicked.
    pub(super) fn take(&mut self) -> Result<Option<SecretSources>, RecvError> {
        let Some(receiver) = &self.0 else { return Ok(None) };
        let taken = match receiver.try_recv() {
            Ok(sources) => Ok(Some(sources)),
            Err(TryRecvError::Empty) => return Ok(None),
            Err(TryRecvError::Disconnected) => Err(RecvError),
        };
        self.0 = None;
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_reader_that_panics_is_told_of_once() {
        let mut pending = PendingSecrets::default();
        assert!(matches!(pending.take(), Ok(None)));
        pending.spawn(|| panic!("a reader that panics")).unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        while matches!(pending.take(), Ok(None)) {
            assert!(Instant::now() < deadline);
            thread::sleep(Duration::from_millis(1));
        }
        assert!(matches!(pending.take(), Ok(None)));
    }
}
