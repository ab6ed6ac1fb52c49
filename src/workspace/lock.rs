//! The lock of the workspace: one writer at a time, whatever it writes.
//!
//! It is `flock` on the workspace's own folder, which Git never removes or replaces. The kernel queues those who wait
//! and frees the lock when its holder dies. `.apigw/holder` says who has it, for those who wait. Where folders cannot
//! be locked, as on NFS, a lock file takes the folder's place; where no file can be locked either, as without the
//! lock service of NFS, a file that exists as long as the lock is held.

mod marker;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::Workspace;
use super::durable::FileStage;
use super::error::{Error, PathContext};
use super::import::FinishedImport;
use super::layout::{self, WorkspaceRoot};
use super::local_folder::make_local_folder;
use marker::{MarkerGuard, ProcessIdentity};

/// The pause between two attempts to take a lock for which nobody can wait in the kernel.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

/// A request for the lock.
#[derive(Debug, Clone)]
pub struct LockRequest {
    /// The person, process and command, in a line: shown to others who wait.
    pub holder: String,
    /// The longest time to wait.
    pub timeout: Duration,
}

/// The lock of the workspace, held: the one value that can write. Dropping it lets the next writer in.
#[derive(Debug)]
pub struct LockGuard {
    workspace: Workspace,
    temporary: PathBuf,
    /// The note on this holder, as it was written.
    note: String,
    /// The import that its last holder left, finished.
    finished_import: Option<FinishedImport>,
    _lock: HeldLock,
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        // A process may live on without the lock, and nobody is to wait for it.
        let Ok(path) = self.workspace.root.locate(layout::HOLDER_FILE) else { return };
        if fs::read_to_string(&path).is_ok_and(|note| note == self.note) {
            let holder = self.note.lines().next().unwrap_or_default();
            let _ = fs::write(path, format!("{holder}\n"));
        }
    }
}

/// The lock as the system has it. Dropping it frees it.
#[derive(Debug)]
enum HeldLock {
    /// A folder or a file that is locked.
    Locked { _file: File },
    /// A file that exists, with the holder's process in it.
    Marked { _marker: MarkerGuard },
}

impl Workspace {
    /// Takes the lock, waiting for another holder if there is one, and recovers from one that died.
    pub fn lock(&self, request: &LockRequest) -> Result<LockGuard, Error> {
        let lock = take(&self.root, request)?;
        make_local_folder(&self.root)?;
        let holder = request.holder.lines().next().unwrap_or_default();
        let note = format!("{holder}\n{}\n", ProcessIdentity::own());
        // The note is for those who wait: a failure to write it is no failure to lock.
        let _ = self.root.locate(layout::HOLDER_FILE).map(|path| fs::write(path, &note));
        let mut guard = LockGuard {
            workspace: self.reopen()?,
            temporary: self.root.locate(layout::TEMPORARY_FOLDER)?,
            note,
            finished_import: None,
            _lock: lock,
        };
        guard.finished_import = guard.recover()?;
        Ok(guard)
    }

    /// True if somebody holds the lock at the moment.
    pub(super) fn is_locked(&self) -> bool {
        match probe(File::open(self.root.path())) {
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(error)) if is_unsupported(&error) => {
                let file = self.root.locate(layout::LOCK_FILE).map(File::open);
                let is_locked = file.is_ok_and(|file| matches!(probe(file), Err(TryLockError::WouldBlock)));
                is_locked || self.root.locate(layout::MARKER_FILE).is_ok_and(|path| marker::is_held(&path))
            }
            _ => false,
        }
    }

    /// True if the file system can lock a folder. Where it cannot, a lock file is used, which `git clean` removes.
    #[must_use]
    pub fn has_folder_lock(&self) -> bool {
        let tried = probe(File::open(self.root.path()));
        !matches!(tried, Err(TryLockError::Error(error)) if is_unsupported(&error))
    }
}

/// Takes a shared lock for a moment. It is given back at once: a `close` that fails would keep it, and this process
/// would then wait for itself.
fn probe(file: io::Result<File>) -> Result<(), TryLockError> {
    let file = file.map_err(TryLockError::Error)?;
    file.try_lock_shared()?;
    let _ = file.unlock();
    Ok(())
}

impl LockGuard {
    /// Returns the workspace with its settings as they are under the lock.
    #[must_use]
    pub const fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Returns the import that the last holder of the lock left, and that was finished when it was taken.
    #[must_use]
    pub const fn finished_import(&self) -> Option<&FinishedImport> {
        self.finished_import.as_ref()
    }

    pub(super) fn stage(&self) -> FileStage<'_> {
        FileStage::new(&self.workspace.root, &self.temporary)
    }
}

/// The outcome of one attempt to lock something.
enum LockAttempt {
    Held(HeldLock),
    /// While the lock was waited for, somebody has put another folder or file in the place of this one.
    Replaced,
    TimedOut,
    Unsupported(io::Error),
}

/// Takes the lock: of the folder, of a file where no folder can be locked, or by a marker where no file can be either.
fn take(root: &WorkspaceRoot, request: &LockRequest) -> Result<HeldLock, Error> {
    let deadline = Instant::now() + request.timeout;
    loop {
        let mut attempt = lock_folder(root, deadline)?;
        if let LockAttempt::Unsupported(error) = &attempt {
            // The folder can be locked all the same where memory for locks was short for a moment.
            if is_exhausted(error) && has_other_holder(root) {
                if Instant::now() >= deadline {
                    return Err(timed_out(root, request));
                }
                thread::sleep(BETWEEN_ATTEMPTS);
                continue;
            }
            attempt = lock_file(root, deadline)?;
        }
        if let LockAttempt::Unsupported(_) = attempt {
            attempt = create_marker(root, deadline)?;
        }
        match attempt {
            LockAttempt::Held(lock) => return Ok(lock),
            LockAttempt::Replaced => {}
            LockAttempt::TimedOut | LockAttempt::Unsupported(_) => return Err(timed_out(root, request)),
        }
    }
}

fn lock_folder(root: &WorkspaceRoot, deadline: Instant) -> Result<LockAttempt, Error> {
    let path = root.path();
    let folder = File::open(path).at("open", path)?;
    match acquire(folder, deadline) {
        Err(error) if is_unsupported(&error) => Ok(LockAttempt::Unsupported(error)),
        lock => Ok(checked(lock.at("lock", path)?, path)),
    }
}

fn lock_file(root: &WorkspaceRoot, deadline: Instant) -> Result<LockAttempt, Error> {
    make_local_folder(root)?;
    let path = root.locate(layout::LOCK_FILE)?;
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(&path).at("open", &path)?;
    match acquire(file, deadline) {
        Err(error) if is_exhausted(&error) => Ok(LockAttempt::Unsupported(error)),
        lock => Ok(checked(lock.at("lock", &path)?, &path)),
    }
}

fn create_marker(root: &WorkspaceRoot, deadline: Instant) -> Result<LockAttempt, Error> {
    let marker = MarkerGuard::create(&root.locate(layout::MARKER_FILE)?, deadline)?;
    Ok(marker.map_or(LockAttempt::TimedOut, |marker| LockAttempt::Held(HeldLock::Marked { _marker: marker })))
}

/// Checks that a locked folder or file is still the one at its path.
fn checked(lock: Option<File>, path: &Path) -> LockAttempt {
    match lock {
        None => LockAttempt::TimedOut,
        Some(lock) if is_at(&lock, path) => LockAttempt::Held(HeldLock::Locked { _file: lock }),
        Some(_) => LockAttempt::Replaced,
    }
}

/// True if the note on the holder names another process of this machine that is still there.
fn has_other_holder(root: &WorkspaceRoot) -> bool {
    let holder = read_note(root).and_then(|note| note.process);
    holder.is_some_and(|holder| holder.is_here() && holder != ProcessIdentity::own() && !holder.is_gone())
}

/// Locks a file or a folder; `None` where the deadline comes first.
fn acquire(file: File, deadline: Instant) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => return Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let (sender, receiver) = mpsc::channel();
    // A waiter that comes too late finds nobody to hand the lock to: the file is closed, and the lock free again.
    let wait = move || {
        let locked = loop {
            match file.lock() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                locked => break locked,
            }
        };
        let _ = sender.send(locked.map(|()| file));
    };
    thread::Builder::new().name("lock".to_owned()).spawn(wait)?;
    let remaining = deadline.saturating_duration_since(Instant::now());
    receiver.recv_timeout(remaining).map_or(Ok(None), |locked| locked.map(Some))
}

/// True if the system says that it cannot lock this.
fn is_unsupported(error: &io::Error) -> bool {
    let unsupported = [Errno::BADF, Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOLCK];
    error.raw_os_error().is_some_and(|code| unsupported.iter().any(|errno| errno.raw_os_error() == code))
}

/// True if there is no lock service, or no memory for locks at the moment.
fn is_exhausted(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::NOLCK.raw_os_error())
}

fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let (Ok(held), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    identity(held) == identity(there)
}

fn timed_out(root: &WorkspaceRoot, request: &LockRequest) -> Error {
    let note = read_note(root);
    let has_ended = note.as_ref().is_some_and(HolderNote::has_ended);
    Error::Locked { waited: request.timeout, has_ended, holder: note.map(|note| note.holder) }
}

/// The note on the holder of the lock.
struct HolderNote {
    /// The line that is shown.
    holder: String,
    /// None once the lock was given back: the line stays, for those who meet a holder that left no note.
    process: Option<ProcessIdentity>,
}

impl HolderNote {
    /// Returns true if the process that it names is known to be gone: whoever has the lock left no note.
    fn has_ended(&self) -> bool {
        let shown = || self.holder.split_once("(process ")?.1.split_once(',')?.0.parse().ok();
        self.process.as_ref().map_or_else(|| shown().is_some_and(marker::is_gone), ProcessIdentity::is_gone)
    }
}

fn read_note(root: &WorkspaceRoot) -> Option<HolderNote> {
    let bytes = root.read(layout::HOLDER_FILE, layout::LARGEST_SETTINGS).ok().flatten()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let holder = lines.next().map(str::trim).filter(|holder| !holder.is_empty())?.to_owned();
    Some(HolderNote { holder, process: lines.next().and_then(ProcessIdentity::parse) })
}

#[cfg(test)]
mod tests {
    use super::super::layout::LOCAL_FOLDER;
    use super::*;

    fn request(timeout: Duration) -> LockRequest {
        LockRequest { holder: "Ada: a test".to_owned(), timeout }
    }

    fn workspace(folder: &Path) -> Workspace {
        fs::write(folder.join("apigw.toml"), "schema = 1\n").unwrap();
        Workspace::open(folder).unwrap()
    }

    #[test]
    fn the_lock_survives_the_removal_of_the_local_folder() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace(folder.path());
        let guard = workspace.lock(&request(Duration::ZERO)).unwrap();
        fs::remove_dir_all(folder.path().join(LOCAL_FOLDER)).unwrap();
        assert!(workspace.is_locked());
        assert!(matches!(workspace.lock(&request(Duration::ZERO)), Err(Error::Locked { .. })));
        drop(guard);
        assert!(!workspace.is_locked());
        workspace.lock(&request(Duration::ZERO)).unwrap();
    }

    #[test]
    fn a_waiter_that_gave_up_takes_no_lock_later() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace(folder.path());
        let guard = workspace.lock(&request(Duration::ZERO)).unwrap();
        let refused = workspace.lock(&request(Duration::from_millis(1))).unwrap_err();
        assert!(matches!(refused, Error::Locked { holder: Some(holder), .. } if holder == "Ada: a test"));
        drop(guard);
        workspace.lock(&request(Duration::from_mins(1))).unwrap();
    }
}
