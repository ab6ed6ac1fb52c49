//! The journal of dates of signed requests that are ahead of the clock, a slot a line, for gateways that are started
//! after.
//!
//! It is not synced: a process that is killed loses nothing, since the kernel has the line. A machine that loses power
//! may lose the lines of its last seconds; requests of those are then let in once more, if the machine serves again
//! before their dates are over.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::durable::stage_beside;
use super::super::error::{Error, PathContext, missing_hint};
use super::super::{Workspace, layout, local_folder};
use crate::access::{DateJournal, DateSlot, EarlierDates};
use crate::check::rules::access::SIGNED_DATES;
use crate::model::{Location, Timestamp};

/// The file of the journal.
pub(in crate::workspace) const SIGNED_DATES_FILE: &str = ".apigw/signed-dates";
/// The length at which slots that are over are dropped, unless most are not.
const LEAST_DROPPED_LENGTH: u64 = 64 << 10;
/// The most attempts to lock the journal for a write, a millisecond apart: another process has it for one write, and a
/// worker waits meanwhile.
const MOST_ATTEMPTS: u32 = 20;
/// The most attempts of a gateway that begins, which keeps nobody waiting.
const MOST_FIRST_ATTEMPTS: u32 = 1000;

/// The journal of a workspace, which its gateways share.
#[derive(Debug)]
pub struct SignedDatesFile {
    workspace: Workspace,
    folder: PathBuf,
    path: PathBuf,
    /// The length at which slots that are over are dropped.
    most_length: AtomicU64,
}

/// The lock of the journal: of its folder, since the file is replaced.
struct JournalLock {
    _folder: File,
}

impl Workspace {
    /// Returns the journal of the dates of signed requests.
    ///
    /// # Errors
    ///
    /// Fails where a link leads out of the workspace.
    pub fn signed_dates(&self) -> Result<SignedDatesFile, Error> {
        Ok(SignedDatesFile {
            workspace: self.clone(),
            folder: self.root.locate(layout::LOCAL_FOLDER)?,
            path: self.root.locate(SIGNED_DATES_FILE)?,
            most_length: AtomicU64::new(LEAST_DROPPED_LENGTH),
        })
    }
}

impl SignedDatesFile {
    /// Reads the dates of processes before, and drops those that are over. A journal with a damaged line is left as it
    /// is, so that the next process sees it, too.
    ///
    /// Returns the error with the dates, since a gateway that cannot read or write them serves nevertheless.
    pub fn begin(&self, now: Timestamp) -> (EarlierDates, Option<Error>) {
        let read = || {
            local_folder::make_local_folder(&self.workspace.root)?;
            let lock = self.lock(MOST_FIRST_ATTEMPTS).at("lock", &self.folder)?;
            Ok((lock, self.slots(now)?))
        };
        let (lock, slots) = match read() {
            Ok(read) => read,
            Err(error) => return (EarlierDates::Unreadable, Some(error)),
        };
        let replaced = self.replace(slots.as_ref().unwrap_or(&HashSet::new())).at("write", &self.path);
        drop(lock);
        let error = replaced.err().map(Error::Io);
        // Without a file the next process knows of none before, so this one may be that.
        let slots = slots.or_else(|| error.is_some().then(HashSet::new));
        (slots.map_or(EarlierDates::NoJournal, EarlierDates::Recorded), error)
    }

    /// Reads the slots that are not over; `None` where there is no journal.
    fn slots(&self, now: Timestamp) -> Result<Option<HashSet<DateSlot>>, Error> {
        let Some(bytes) = self.workspace.root.read(SIGNED_DATES_FILE, layout::LARGEST_RECORD)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let mut slots = HashSet::new();
        // A line without an end is the half of one, whose request was not let in.
        let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        for (number, line) in (1..).zip(lines) {
            let slot: DateSlot = line.parse().map_err(|error: crate::access::DateSlotError| {
                let location = Location { line: number, ..Location::file(SIGNED_DATES_FILE) };
                Error::invalid(&SIGNED_DATES, location, error.to_string(), missing_hint(SIGNED_DATES_FILE))
            })?;
            if !slot.is_over(now) {
                slots.insert(slot);
            }
        }
        Ok(Some(slots))
    }

    fn lock(&self, attempts: u32) -> io::Result<JournalLock> {
        let folder = File::open(&self.folder)?;
        for _ in 0..attempts {
            match folder.try_lock() {
                Ok(()) => return Ok(JournalLock { _folder: folder }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Replaces the journal by these slots.
    fn replace(&self, slots: &HashSet<DateSlot>) -> io::Result<()> {
        let lines: Vec<String> = slots.iter().map(|slot| format!("{slot}\n")).collect();
        let text = lines.concat();
        let temporary = stage_beside(&self.path, text.as_bytes()).map_err(|error| error.source)?;
        temporary.persist(&self.path).map_err(|error| error.error)?;
        let most = LEAST_DROPPED_LENGTH.max(2 * text.len() as u64);
        self.most_length.store(most, Ordering::Relaxed);
        Ok(())
    }
}

impl DateJournal for SignedDatesFile {
    fn record(&self, slot: &DateSlot, now: Timestamp) -> io::Result<()> {
        let _lock = self.lock(MOST_ATTEMPTS)?;
        let mut file = OpenOptions::new().create(true).append(true).mode(0o644).open(&self.path)?;
        let length = file.metadata()?.len();
        if let Err(error) = file.write_all(format!("{slot}\n").as_bytes()) {
            // The next line must not continue the half of this one.
            file.set_len(length)?;
            return Err(error);
        }
        if length > self.most_length.load(Ordering::Relaxed)
            && let Ok(Some(slots)) = self.slots(now)
        {
            // Where this fails the journal is whole, only longer than it need be.
            self.replace(&slots).ok();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Returns the time so many seconds after the full hour.
    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_milliseconds((1_800_000_000 + seconds) * 1000)
    }

    fn slot(id: &str, seconds: i64) -> DateSlot {
        DateSlot::of(&id.parse().unwrap(), at(seconds))
    }

    fn recorded(slots: &[DateSlot]) -> EarlierDates {
        EarlierDates::Recorded(slots.iter().cloned().collect())
    }

    /// Makes a workspace without a local folder.
    fn workspace() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        (folder, workspace)
    }

    fn begin(workspace: &Workspace, now: i64) -> (SignedDatesFile, EarlierDates, bool) {
        let journal = workspace.signed_dates().unwrap();
        let (earlier, error) = journal.begin(at(now));
        (journal, earlier, error.is_none())
    }

    #[test]
    fn slots_of_two_gateways_are_read_by_the_next_until_they_are_over() {
        let (folder, workspace) = workspace();
        let (first, earlier, is_well) = begin(&workspace, 0);
        assert_eq!((earlier, is_well), (EarlierDates::NoJournal, true));
        let (second, earlier, is_well) = begin(&workspace, 0);
        assert_eq!((earlier, is_well), (recorded(&[]), true));
        let slots = [slot("abcd", 30), slot("abcd", 60), slot("abce", 90)];
        first.record(&slots[0], at(1)).unwrap();
        second.record(&slots[1], at(1)).unwrap();
        first.record(&slots[2], at(1)).unwrap();
        assert_eq!(begin(&workspace, 59).1, recorded(&slots));
        assert_eq!(begin(&workspace, 60).1, recorded(&slots[1..]));
        let path = folder.path().join(SIGNED_DATES_FILE);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        // A gateway that writes into it after it was replaced loses nothing.
        first.record(&slots[0], at(61)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
        assert_eq!(fs::read_dir(folder.path().join(".apigw")).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn a_journal_stays_short_while_a_gateway_runs() {
        let (folder, workspace) = workspace();
        let (journal, ..) = begin(&workspace, 0);
        for number in 0..4_000 {
            journal.record(&slot("abcd", number * 30), at(number * 30 - 240)).unwrap();
        }
        let length = fs::metadata(folder.path().join(SIGNED_DATES_FILE)).unwrap().len();
        assert!(length <= LEAST_DROPPED_LENGTH + 100, "{length}");
        assert_eq!(begin(&workspace, 3_999 * 30).1, recorded(&[slot("abcd", 3_999 * 30)]));
    }

    #[test]
    fn a_damaged_journal_is_left_and_half_a_line_is_not_one() {
        let (folder, workspace) = workspace();
        let (journal, ..) = begin(&workspace, 0);
        journal.record(&slot("abcd", 30), at(0)).unwrap();
        let path = folder.path().join(SIGNED_DATES_FILE);
        let whole = fs::read_to_string(&path).unwrap();
        for damaged in ["\n", "\0\0\n", "abcd\n", "abcd 2027-01-15\n"] {
            let text = format!("{damaged}{whole}");
            fs::write(&path, &text).unwrap();
            let (_, earlier, is_well) = begin(&workspace, 0);
            assert_eq!((earlier, is_well), (EarlierDates::Unreadable, false), "{damaged:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::write(&path, format!("{whole}abce 2027-01")).unwrap();
        assert_eq!(begin(&workspace, 0).1, recorded(&[slot("abcd", 30)]));
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    }

    #[test]
    fn where_it_cannot_be_written_nothing_is_recorded() {
        let (folder, workspace) = workspace();
        let (journal, ..) = begin(&workspace, 0);
        fs::remove_dir_all(folder.path().join(".apigw")).unwrap();
        assert!(journal.record(&slot("abcd", 30), at(0)).is_err(), "no folder is made");
        fs::create_dir_all(folder.path().join(SIGNED_DATES_FILE)).unwrap();
        assert!(journal.record(&slot("abcd", 30), at(0)).is_err());
        let (_, earlier, is_well) = begin(&workspace, 0);
        assert_eq!((earlier, is_well), (EarlierDates::Unreadable, false));
    }
}
