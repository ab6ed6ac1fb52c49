//! The revocations of commits as a gateway follows them: read beside all else, however long Git takes.

use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::Workspace;
use super::super::git::GitCheckout;
use super::super::outside::FileStamp;
use super::committed_revocations::{CommittedRevocations, UnreadCommits};

/// The longest that the first reading is waited for: before it, a revoked secret could be let in.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The longest that a later one is waited for.
const WAIT: Duration = Duration::from_millis(50);
/// The time after which operators are told that a reading is not at its end.
const SLOW: Duration = Duration::from_secs(5);

/// The revocations in commits, with the reason why there may be more.
type ReadCommits = (CommittedRevocations, Option<UnreadCommits>);

/// The revocations in commits, which are read again as often as those change.
#[derive(Debug, Default)]
pub(super) struct FollowedCommits {
    /// Revocations that were read at any time.
    pub(super) found: CommittedRevocations,
    unread: Option<UnreadCommits>,
    /// Stamps of Git's files that tell of new commits, as they were before these were read.
    stamps: Vec<Option<FileStamp>>,
    reading: Option<Reading>,
    was_read: bool,
}

#[derive(Debug)]
struct Reading {
    begun: Instant,
    outcome: Receiver<ReadCommits>,
}

impl Reading {
    fn is_slow(&self) -> bool {
        self.begun.elapsed() >= SLOW
    }
}

impl FollowedCommits {
    /// True if there may be something new.
    pub(super) fn must_read(&mut self, workspace: &Workspace) -> bool {
        // Operators are told of a slow reading while it goes on.
        let is_slow = self.reading.as_ref().is_some_and(Reading::is_slow) && self.unread.is_none();
        is_slow
            || self.take(None)
            || GitCheckout::find(workspace.folder()).is_some_and(|found| found.commit_stamps() != self.stamps)
    }

    /// Begins to read the commits where they changed, and returns the reason why there may be more than are known.
    pub(super) fn read(&mut self, workspace: &Workspace) -> Option<UnreadCommits> {
        let checkout = GitCheckout::find(workspace.folder())?;
        self.take(None);
        let stamps = checkout.commit_stamps();
        if self.reading.is_none() && (self.stamps != stamps || self.unread == Some(UnreadCommits::All)) {
            self.stamps = stamps;
            let (sender, outcome) = mpsc::channel();
            let workspace = workspace.clone();
            thread::spawn(move || sender.send(workspace.committed_revocations()));
            self.reading = Some(Reading { begun: Instant::now(), outcome });
            self.take(Some(if self.was_read { WAIT } else { FIRST_WAIT }));
        }
        if self.reading.as_ref().is_some_and(|reading| !self.was_read || reading.is_slow()) {
            self.unread = Some(UnreadCommits::All);
        }
        self.unread
    }

    /// Takes the outcome of a reading that is at its end, and waits for that where told.
    fn take(&mut self, wait: Option<Duration>) -> bool {
        let Some(reading) = &self.reading else { return false };
        let outcome = match wait {
            Some(wait) => reading.outcome.recv_timeout(wait).ok(),
            None => match reading.outcome.try_recv() {
                Ok(read) => Some(read),
                // It ended without an outcome.
                Err(TryRecvError::Disconnected) => Some((CommittedRevocations::default(), Some(UnreadCommits::All))),
                Err(TryRecvError::Empty) => None,
            },
        };
        let Some((found, unread)) = outcome else { return false };
        self.found.join(found);
        self.unread = unread;
        self.was_read = true;
        self.reading = None;
        true
    }
}
