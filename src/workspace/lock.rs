//! Locks: whoever holds one may write, and nobody else.
//!
//! A lock is `flock` on a file that is never removed. The kernel frees it when its holder dies, so
//! a lock is never left behind. The file says who holds it, for those who wait.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::{At, Error};
use super::layout::{self, LOCAL_FOLDER, Root};

/// How long to sleep between two attempts.
const PAUSE: Duration = Duration::from_millis(3);

/// Who asks for a lock, told to others who wait for it, and for how long at most.
#[derive(Debug, Clone)]
pub struct LockRequest {
    /// Who, and what for: a line.
    pub holder: String,
    /// How long to wait at most.
    pub timeout: Duration,
}

/// A lock that is held, with a folder for temporary files that nobody else uses.
#[derive(Debug)]
pub(super) struct Held {
    _file: File,
    temporary: PathBuf,
}

impl Held {
    /// Takes the lock of this name, and removes what a dead holder left.
    pub(super) fn take(root: &Root, name: &str, request: &LockRequest) -> Result<Self, Error> {
        make_local_folder(root)?;
        let path = root.locate(&layout::lock(name))?;
        make_parent(&path)?;
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).at("open", &path)?;
        wait_for(&mut file, &path, name, request)?;
        // What stands in the file is only shown to others: a failure to write it is no failure to lock.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", request.holder));
        let temporary = root.locate(&layout::temporary(name))?;
        Ok(Self { _file: file, temporary })
    }

    pub(super) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Lists what a dead holder left among the temporary files.
    pub(super) fn leftovers(&self) -> Result<Vec<PathBuf>, Error> {
        fs::create_dir_all(&self.temporary).at("create", &self.temporary)?;
        let entries = fs::read_dir(&self.temporary).at("list", &self.temporary)?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry.at("list", &self.temporary)?.path());
        }
        Ok(paths)
    }
}

/// Says whether somebody holds the lock of this name at the moment, without taking it.
pub(super) fn is_held(root: &Root, name: &str) -> bool {
    let Ok(path) = root.locate(&layout::lock(name)) else {
        return false;
    };
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn wait_for(file: &mut File, path: &Path, name: &str, request: &LockRequest) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if start.elapsed() < request.timeout => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let read = file.take(4096).read_to_string(&mut holder);
                let holder = read.is_ok().then(|| holder.trim().to_owned()).filter(|holder| !holder.is_empty());
                return Err(Error::Locked { name: name.to_owned(), waited: request.timeout, holder });
            }
            Err(TryLockError::Error(error)) => return Err(error).at("lock", path).map_err(Error::Io),
        }
    }
}

/// Makes the folder of what is this machine's own, ignored by Git whatever the workspace ignores.
pub(super) fn make_local_folder(root: &Root) -> Result<(), Error> {
    let folder = root.locate(LOCAL_FOLDER)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        fs::create_dir_all(&folder).at("create", &folder)?;
        fs::write(&ignore, "*\n").at("write", &ignore)?;
    }
    Ok(())
}

fn make_parent(path: &Path) -> Result<(), Error> {
    let parent = path.parent().unwrap_or(path);
    Ok(fs::create_dir_all(parent).at("create", parent)?)
}
