//! Dates of signed requests that are ahead of the clock, written down so that a restart lets no such request in again.
//!
//! A table of nonces ends with its process. The next process refuses dates before its own start; a date after it could
//! have been let in before. Hence the slot of a date that is more than a second ahead is in the journal before its
//! request is let in, and the next process refuses the dates in recorded slots, and those of its first two seconds. A
//! slot is as short as a restart may lock out a caller whose clock is fast, and so long that such a caller costs two
//! writes a minute.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use super::clock_reading::{ClockReading, second_of};
use super::latest_dates::LatestDates;
use super::secret_id::SecretId;
use crate::model::Timestamp;

/// The seconds of a slot.
const SLOT_S: i64 = 30;
/// The seconds by which a date may be ahead unrecorded: clocks that are kept in step differ by less.
pub(super) const UNRECORDED_S: i64 = 1;
/// The milliseconds after a failure in which the journal is not tried again: a disk that hangs holds up a worker.
const PAUSE_MS: i64 = 1000;

/// Thirty seconds in which dates of a secret's requests lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateSlot {
    id: SecretId,
    begin_s: i64,
}

/// Reason why a text is not a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a secret and the time at which a slot of {SLOT_S} seconds begins")]
pub struct DateSlotError;

/// Dates of the requests that processes before may have let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EarlierDates {
    /// No process before has kept a journal.
    NoJournal,
    /// The slots in the journal. Dates up to a second after its end are not in it.
    Recorded(HashSet<DateSlot>),
    /// The journal cannot be read, so that it may have been any date within the tolerance.
    Unreadable,
}

/// The journal of dates, which outlives the process.
pub trait DateJournal: fmt::Debug + Send + Sync {
    /// Records a slot, so that [`EarlierDates`] of the process after this one has it.
    ///
    /// # Errors
    ///
    /// Fails where it cannot be written; no request in the slot is let in then.
    fn record(&self, slot: &DateSlot, now: Timestamp) -> io::Result<()>;
}

/// The dates of processes before, and the journal for the process after.
#[derive(Debug, Clone)]
pub struct SignedDates {
    /// Dates that may have been let in before.
    pub earlier: EarlierDates,
    /// The latest other dates that were let in before, for a clock that was set back since.
    pub latest: LatestDates,
    /// The journal.
    pub journal: Arc<dyn DateJournal>,
}

/// The slots that a process has recorded.
#[derive(Debug)]
pub(super) struct AheadDates {
    dates: SignedDates,
    recorded: Mutex<RecordedSlots>,
}

#[derive(Debug, Default)]
struct RecordedSlots {
    slots: HashSet<DateSlot>,
    /// The last failure, and the millisecond of the monotonic clock until which it stands.
    failure: Option<(i64, io::ErrorKind)>,
}

impl DateSlot {
    /// Returns the slot of a date.
    #[must_use]
    pub fn of(id: &SecretId, date: Timestamp) -> Self {
        Self { id: id.clone(), begin_s: second_of(date).div_euclid(SLOT_S) * SLOT_S }
    }

    /// True if each of its dates is refused by a process that begins now, recorded or not.
    #[must_use]
    pub const fn is_over(&self, now: Timestamp) -> bool {
        self.begin_s + SLOT_S <= second_of(now)
    }
}

impl fmt::Display for DateSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id.as_str(), Timestamp::from_milliseconds(self.begin_s * 1000))
    }
}

impl FromStr for DateSlot {
    type Err = DateSlotError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, begin) = text.split_once(' ').ok_or(DateSlotError)?;
        let (id, begin) = (id.parse().map_err(|_| DateSlotError)?, begin.parse().map_err(|_| DateSlotError)?);
        let slot = Self::of(&id, begin);
        if slot.to_string() == text { Ok(slot) } else { Err(DateSlotError) }
    }
}

impl EarlierDates {
    /// True if a request may have been let in by a process before the one that began in a second.
    fn may_hold(&self, id: &SecretId, signed: Timestamp, begin_s: i64, tolerance_ms: i64) -> bool {
        match self {
            Self::NoJournal => false,
            Self::Recorded(slots) => {
                second_of(signed) <= begin_s + UNRECORDED_S
                    || !slots.is_empty() && slots.contains(&DateSlot::of(id, signed))
            }
            Self::Unreadable => signed.milliseconds() <= (begin_s + UNRECORDED_S) * 1000 + tolerance_ms,
        }
    }
}

impl AheadDates {
    pub(super) fn new(dates: SignedDates) -> Self {
        Self { dates, recorded: Mutex::default() }
    }

    /// True if a request may have been let in before this process began.
    pub(super) fn may_be_repeated(&self, id: &SecretId, signed: Timestamp, begin_s: i64, tolerance_ms: i64) -> bool {
        self.dates.earlier.may_hold(id, signed, begin_s, tolerance_ms) || self.dates.latest.may_hold(id, signed)
    }

    /// Records the slot of a date that is ahead of the clock, once.
    pub(super) fn record(&self, id: &SecretId, signed: Timestamp, now: ClockReading) -> Result<(), io::ErrorKind> {
        if second_of(signed) <= second_of(now.wall) + UNRECORDED_S {
            return Ok(());
        }
        let slot = DateSlot::of(id, signed);
        // Held while it is written: another request of the slot must not be let in before.
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        if recorded.slots.contains(&slot) {
            return Ok(());
        }
        if let Some((_, kind)) = recorded.failure.filter(|(until_ms, _)| now.monotonic_ms < *until_ms) {
            return Err(kind);
        }
        if let Err(error) = self.dates.journal.record(&slot, now.wall) {
            recorded.failure = Some((now.monotonic_ms.saturating_add(PAUSE_MS), error.kind()));
            return Err(error.kind());
        }
        recorded.slots.retain(|slot| !slot.is_over(now.wall));
        recorded.slots.insert(slot);
        drop(recorded);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{NonceFault, NonceTable};

    const TOLERANCE_MS: i64 = 300_000;

    /// A journal in memory, or on a full disk.
    #[derive(Debug, Default)]
    struct MemoryJournal {
        slots: Mutex<Vec<DateSlot>>,
        is_full: bool,
        attempts: std::sync::atomic::AtomicUsize,
    }

    impl DateJournal for MemoryJournal {
        fn record(&self, slot: &DateSlot, _now: Timestamp) -> io::Result<()> {
            self.attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if self.is_full {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.slots.lock().unwrap().push(slot.clone());
            Ok(())
        }
    }

    /// Returns the time so many seconds after the full hour.
    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_milliseconds((1_800_000_000 + seconds) * 1000 + 500)
    }

    fn id(text: &str) -> SecretId {
        text.parse().unwrap()
    }

    fn table(begin_s: i64, earlier: EarlierDates, journal: &Arc<MemoryJournal>) -> NonceTable {
        table_after(begin_s, earlier, LatestDates::default(), journal)
    }

    fn table_after(
        begin_s: i64,
        earlier: EarlierDates,
        latest: LatestDates,
        journal: &Arc<MemoryJournal>,
    ) -> NonceTable {
        let journal: Arc<dyn DateJournal> = Arc::<MemoryJournal>::clone(journal);
        NonceTable::new(clock(begin_s, begin_s), Some(SignedDates { earlier, latest, journal }))
    }

    fn clock(wall_s: i64, monotonic_s: i64) -> ClockReading {
        ClockReading { wall: at(wall_s), monotonic_ms: monotonic_s * 1000 }
    }

    fn claim(table: &NonceTable, (key, nonce): (&str, u8), signed_s: i64, now_s: i64) -> Result<(), NonceFault> {
        table.claim(&id(key), &[nonce], at(signed_s), clock(now_s, now_s), 2 * TOLERANCE_MS)
    }

    fn recorded(journal: &MemoryJournal) -> EarlierDates {
        EarlierDates::Recorded(journal.slots.lock().unwrap().iter().cloned().collect())
    }

    #[test]
    fn no_date_that_was_let_in_is_let_in_after_a_restart_at_any_time() {
        for ahead_s in [0, 1, 2, 3, 29, 30, 31, 200, 300] {
            let journal = Arc::default();
            let first = table(0, EarlierDates::NoJournal, &journal);
            assert_eq!(claim(&first, ("abcd", 0), 100 + ahead_s, 100), Ok(()), "{ahead_s}");
            assert_eq!(claim(&first, ("abcd", 0), 100 + ahead_s, 100), Err(NonceFault::Seen), "{ahead_s}");
            for begin_s in 100..=100 + ahead_s {
                let next = table(begin_s, recorded(&journal), &journal);
                let again = claim(&next, ("abcd", 0), 100 + ahead_s, begin_s);
                assert!(
                    matches!(again, Err(NonceFault::SeenBeforeRestart | NonceFault::BeforeStart)),
                    "{ahead_s} {begin_s} {again:?}"
                );
            }
        }
    }

    #[test]
    fn a_restart_locks_out_for_two_seconds_and_a_fast_clock_for_a_slot() {
        let journal = Arc::default();
        let first = table(0, EarlierDates::NoJournal, &journal);
        assert_eq!(claim(&first, ("abcd", 0), 340, 100), Ok(()));
        let next = table(101, recorded(&journal), &journal);
        assert_eq!(claim(&next, ("abcd", 1), 102, 102), Err(NonceFault::SeenBeforeRestart));
        assert_eq!(claim(&next, ("abcd", 1), 103, 103), Ok(()));
        for (nonce, signed_s, is_let_in) in [(2, 329, true), (3, 330, false), (4, 359, false), (5, 360, true)] {
            assert_eq!(claim(&next, ("abcd", nonce), signed_s, 103).is_ok(), is_let_in, "{signed_s}");
        }
        assert_eq!(claim(&next, ("abce", 0), 340, 103), Ok(()), "another key has its own slots");
    }

    #[test]
    fn a_fast_clock_writes_twice_a_minute() {
        let journal = Arc::default();
        let table = table(0, EarlierDates::NoJournal, &journal);
        for now_s in 0..600 {
            let nonce = u8::try_from(now_s % 200).unwrap();
            let key = ["abcd", "abce", "abcf"][usize::try_from(now_s / 200).unwrap()];
            for (key, ahead_s) in [(key, 1), ("fast", 240)] {
                let claimed = claim(&table, (key, nonce), now_s + ahead_s, now_s);
                assert!(claimed.is_ok() || key == "fast" && claimed == Err(NonceFault::Seen), "{now_s} {claimed:?}");
            }
        }
        assert_eq!(journal.slots.lock().unwrap().len(), 20);
    }

    #[test]
    fn where_the_journal_fails_dates_ahead_are_refused() {
        let journal = Arc::new(MemoryJournal { is_full: true, ..MemoryJournal::default() });
        let table = table(0, EarlierDates::NoJournal, &journal);
        let fault = NonceFault::NotRecorded(io::ErrorKind::StorageFull);
        assert_eq!(claim(&table, ("abcd", 0), 12, 10), Err(fault));
        assert_eq!(claim(&table, ("abcd", 0), 12, 10), Err(fault));
        assert!(fault.to_string().contains("no storage space"), "{fault}");
        // The journal is left alone for a second, so that one that hangs holds up no worker again and again.
        let attempts = || journal.attempts.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(attempts(), 1);
        assert_eq!(claim(&table, ("abcd", 0), 13, 11), Err(fault));
        assert_eq!(attempts(), 2);
        assert_eq!(claim(&table, ("abcd", 0), 11, 10), Ok(()));
    }

    #[test]
    fn where_the_journal_cannot_be_read_dates_within_the_tolerance_are_refused() {
        let table = table(100, EarlierDates::Unreadable, &Arc::default());
        assert_eq!(claim(&table, ("abcd", 0), 400, 300), Err(NonceFault::SeenBeforeRestart));
        assert_eq!(claim(&table, ("abcd", 0), 402, 300), Ok(()));
    }

    #[test]
    fn where_the_clock_is_set_back_over_a_restart_no_request_is_let_in_again() {
        let journal = Arc::default();
        let first = table(0, EarlierDates::NoJournal, &journal);
        assert_eq!(claim(&first, ("abcd", 0), 1000, 1000), Ok(()));
        assert_eq!(claim(&first, ("abcd", 1), 1240, 1000), Ok(()));
        assert_eq!(claim(&first, ("good", 0), 720, 1000), Ok(()), "280 s behind");
        let latest = first.latest_dates();
        let dates = [("abcd", 1000), ("good", 720)].map(|(key, date_s)| (id(key), at(date_s).milliseconds() - 500));
        assert_eq!(latest.dates, dates.map(|(id, date)| (id, Timestamp::from_milliseconds(date))).into());
        assert_eq!([998, 999].map(|now_s| latest.ahead_of(at(now_s)).is_some()), [true, false]);
        let next = table_after(730, recorded(&journal), latest, &journal);
        for (nonce, signed_s) in [(0, 1000), (1, 1240)] {
            assert!(claim(&next, ("abcd", nonce), signed_s, 740.max(signed_s - 250)).is_err(), "{signed_s}");
        }
        assert_eq!(claim(&next, ("good", 0), 720, 740), Err(NonceFault::BeforeStart));
        assert_eq!(claim(&next, ("good", 1), 740, 740), Ok(()), "a clock that did not jump");
        assert_eq!(claim(&next, ("abcd", 2), 1001, 1001), Ok(()));
    }

    #[test]
    fn a_gateway_that_begins_with_a_fast_clock_lets_in_once_it_is_set_right() {
        let table = table(3600, EarlierDates::Recorded(HashSet::new()), &Arc::default());
        let claim = |nonce: u8, signed_s, (wall_s, monotonic_s)| {
            table.claim(&id("abcd"), &[nonce], at(signed_s), clock(wall_s, monotonic_s), 2 * TOLERANCE_MS)
        };
        assert_eq!(claim(0, 3605, (3610, 3610)), Ok(()));
        // At 20 s by the right clock, which was 3,590 s behind, the start was 10 s before.
        assert_eq!(claim(1, 8, (30, 3620)), Err(NonceFault::BeforeStart));
        assert_eq!(
            claim(1, 12, (30, 3620)),
            Err(NonceFault::SeenBeforeRestart),
            "the process before may have been killed"
        );
        assert_eq!(claim(1, 13, (30, 3620)), Ok(()));
        assert_eq!(claim(0, 3605, (3400, 6990)), Err(NonceFault::Seen));
    }

    #[test]
    fn a_slot_is_read_as_it_is_written() {
        let slot = DateSlot::of(&id("abcd"), at(59));
        assert_eq!(slot.to_string(), "abcd 2027-01-15T08:00:30.000Z");
        assert_eq!(slot.to_string().parse(), Ok(slot.clone()));
        assert_eq!([59, 60].map(|now_s| slot.is_over(at(now_s))), [false, true]);
        for text in ["", "abcd", "abcd ", "a 2027-01-15T08:00:30.000Z", "abcd 2027-01-15T08:00:31.000Z", "abcd x\0"] {
            assert_eq!(text.parse::<DateSlot>(), Err(DateSlotError), "{text}");
        }
    }
}
