//! A file that exists as long as the lock is held, where no file can be locked, and the process that it names.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use super::super::error::{Error, PathContext};
use super::super::layout;
use super::BETWEEN_ATTEMPTS;

/// The most markers that guard the taking over of one another; each level needs one more process that died in it.
const MOST_LEVELS: usize = 3;

/// A process, in a line: its number, its machine and its start, in ticks since the machine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessIdentity {
    process: u32,
    host: String,
    /// None where the system does not tell it.
    start: Option<String>,
}

impl ProcessIdentity {
    pub(super) fn own() -> Self {
        let process = std::process::id();
        Self { process, host: host_name(), start: start_of(process) }
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.trim().split(' ');
        let process = words.next()?.parse().ok()?;
        let host = words.next()?.to_owned();
        Some(Self { process, host, start: words.next().map(str::to_owned) })
    }

    /// True if the process ran on this machine and is known to be gone, also where another one has its number by now.
    pub(super) fn is_gone(&self) -> bool {
        let is_other = || match (&self.start, start_of(self.process)) {
            (Some(noted), Some(now)) => *noted != now,
            _ => false,
        };
        self.is_here() && (is_gone(self.process) || is_other())
    }

    /// True if the process runs, or ran, on this machine.
    pub(super) fn is_here(&self) -> bool {
        self.host == host_name()
    }
}

impl fmt::Display for ProcessIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.process, self.host)?;
        self.start.iter().try_for_each(|start| write!(formatter, " {start}"))
    }
}

/// True if no process has this number, on a machine that tells.
pub(super) fn is_gone(process: u32) -> bool {
    let processes = Path::new("/proc");
    processes.join("self").exists() && !processes.join(process.to_string()).exists()
}

fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Reads when a process started.
fn start_of(process: u32) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program, in parentheses, may hold blanks and parentheses. The start is the 22nd of all fields.
    let (_, fields) = status.rsplit_once(')')?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}

/// The state of a marker.
#[derive(Debug, PartialEq, Eq)]
enum MarkerState {
    Absent,
    /// Its process lives, or nothing is known of it.
    Held,
    /// Its process ran on this machine and is gone.
    Dead,
}

fn state_of(path: &Path) -> MarkerState {
    match fs::read_to_string(path) {
        Ok(line) if ProcessIdentity::parse(&line).is_some_and(|holder| holder.is_gone()) => MarkerState::Dead,
        Err(error) if error.kind() == io::ErrorKind::NotFound => MarkerState::Absent,
        // One that another user keeps to themselves cannot be read, and may be held.
        Ok(_) | Err(_) => MarkerState::Held,
    }
}

/// True if there is a marker whose process is not known to be gone.
pub(super) fn is_held(path: &Path) -> bool {
    state_of(path) == MarkerState::Held
}

/// A marker of this process. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct MarkerGuard {
    path: PathBuf,
    owner: ProcessIdentity,
}

impl MarkerGuard {
    /// Creates a marker; `None` where the deadline comes first. One whose process has ended is taken over.
    pub(super) fn create(path: &Path, deadline: Instant) -> Result<Option<Self>, Error> {
        Self::create_at_level(path, deadline, 0)
    }

    fn create_at_level(path: &Path, deadline: Instant, level: usize) -> Result<Option<Self>, Error> {
        loop {
            let owner = ProcessIdentity::own();
            match create_with_line(path, &owner) {
                Ok(()) => return Ok(Some(Self { path: path.to_owned(), owner })),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).at("create", path).map_err(Error::Io),
            }
            let is_dead = state_of(path) == MarkerState::Dead;
            if is_dead && level + 1 < MOST_LEVELS && take_over(path, deadline, level)? {
                continue;
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(BETWEEN_ATTEMPTS);
        }
    }
}

/// Creates a marker that has its line from the start: nobody could tell that the process of one without a line is gone.
fn create_with_line(path: &Path, owner: &ProcessIdentity) -> io::Result<()> {
    // Nobody who waits writes a file each time: they lie in a folder that the holder clears.
    if path.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(Path::new(layout::TEMPORARY_FOLDER).file_name().unwrap_or_default());
    let folder = if temporary.is_dir() { &temporary } else { folder };
    // Others read it too, as far as the umask lets them.
    let permissions = fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder)?;
    writeln!(file, "{owner}")?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(error.error),
        // A file system that neither renames without replacing nor links.
        Err(_) => {
            let written = File::create_new(path)?.write_all(format!("{owner}\n").as_bytes());
            if written.is_err() {
                let _ = fs::remove_file(path);
            }
            written
        }
    }
}

/// Removes a marker whose process has ended; false if it is still there. Of several that see it, one at a time comes
/// here: the others would remove the marker that the first makes next.
fn take_over(path: &Path, deadline: Instant, level: usize) -> Result<bool, Error> {
    let mut guarding = path.as_os_str().to_owned();
    guarding.push(".takeover");
    let Some(_guard) = MarkerGuard::create_at_level(Path::new(&guarding), deadline, level + 1)? else {
        return Ok(false);
    };
    Ok(match state_of(path) {
        MarkerState::Absent => true,
        MarkerState::Held => false,
        MarkerState::Dead => fs::remove_file(path).is_ok(),
    })
}

impl Drop for MarkerGuard {
    fn drop(&mut self) {
        // Somebody may have removed it by hand, and another process made its own.
        let line = fs::read_to_string(&self.path).ok();
        if line.and_then(|line| ProcessIdentity::parse(&line)).as_ref() == Some(&self.owner) {
            // One that stays names a process that has ended, which the next holder sees.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    fn dead_line() -> String {
        format!("4194304 {}\n", host_name())
    }

    fn in_a_minute() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    #[test]
    fn a_marker_that_was_made_since_is_not_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marker");
        // Seen dead, and taken over by another process before this one comes to it.
        let line = format!("1 {}\n", host_name());
        fs::write(&path, &line).unwrap();
        assert!(!take_over(&path, in_a_minute(), 0).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), line);
        fs::write(&path, dead_line()).unwrap();
        // A process that died while it took one over bars nobody.
        fs::write(folder.path().join("marker.takeover"), dead_line()).unwrap();
        let guard = MarkerGuard::create(&path, in_a_minute()).unwrap().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(guard);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn of_several_that_see_a_dead_marker_one_at_a_time_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marker");
        let is_taken = AtomicBool::new(false);
        for _ in 0..20 {
            fs::write(&path, dead_line()).unwrap();
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let guard = MarkerGuard::create(&path, in_a_minute()).unwrap().unwrap();
                        assert!(!is_taken.swap(true, Ordering::SeqCst), "two hold it");
                        thread::yield_now();
                        is_taken.store(false, Ordering::SeqCst);
                        drop(guard);
                    });
                }
            });
        }
    }

    #[test]
    fn a_marker_that_cannot_be_read_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marker");
        assert_eq!(state_of(&path), MarkerState::Absent);
        // A folder cannot be read as a file by anybody, whoever runs this.
        fs::create_dir(&path).unwrap();
        assert_eq!(state_of(&path), MarkerState::Held);
        assert!(MarkerGuard::create(&path, Instant::now()).unwrap().is_none());
        fs::remove_dir(&path).unwrap();
        for (line, state) in [
            ("", MarkerState::Held),
            ("4194304 elsewhere.example", MarkerState::Held),
            (&dead_line(), MarkerState::Dead),
            (&ProcessIdentity::own().to_string(), MarkerState::Held),
            // Another process has the number by now.
            (&format!("{} {} 1", std::process::id(), host_name()), MarkerState::Dead),
        ] {
            fs::write(&path, line).unwrap();
            assert_eq!(state_of(&path), state, "{line}");
        }
    }

    #[test]
    fn a_marker_has_its_line_from_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marker");
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    drop(MarkerGuard::create(&path, in_a_minute()).unwrap().unwrap());
                }
                is_over.store(true, Ordering::SeqCst);
            });
            while !is_over.load(Ordering::SeqCst) {
                let line = fs::read_to_string(&path).ok();
                assert!(line.is_none_or(|line| line.ends_with('\n')), "one without a line");
            }
        });
    }

    #[test]
    fn a_guard_removes_no_marker_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marker");
        let guard = MarkerGuard::create(&path, in_a_minute()).unwrap().unwrap();
        fs::write(&path, "1 elsewhere.example\n").unwrap();
        drop(guard);
        assert!(path.exists());
    }
}
