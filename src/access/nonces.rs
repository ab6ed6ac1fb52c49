//! The nonces that were seen: each signed request is let in once.
//!
//! One table a process, in shards by key; check and insert are one step under the shard's lock. It is bounded a key and
//! in all, and a full one lets nobody in rather than anybody twice. An entry leaves when both the monotonic and the wall
//! clock say that its time is over, so that a clock that jumps opens no window. It is not saved: a request that is dated
//! before the table began is refused, for another process may have let it in; [`AheadDates`] covers later dates.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ring::digest;

use super::ahead_dates::{AheadDates, SignedDates, second_of};
use super::secret_id::SecretId;
use crate::model::Timestamp;

/// A point in time on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock, which may jump.
    pub wall: Timestamp,
    /// The milliseconds of a clock that never goes back, from any beginning.
    pub monotonic_ms: i64,
}

/// Reason why a nonce is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NonceFault {
    /// The same request was let in before.
    #[error("the nonce was already used")]
    Seen,
    /// The request is dated before the table began, so that it may have been let in by another process.
    #[error("the request is dated before this gateway was started")]
    BeforeStart,
    /// The request is dated like one that another process may have let in.
    #[error("the request may have been seen before a restart of this gateway")]
    SeenBeforeRestart,
    /// The request is dated ahead of the clock, and the journal of such dates cannot be written.
    #[error("the request is dated ahead of the clock, and its date cannot be recorded: {0}")]
    NotRecorded(io::ErrorKind),
    /// There is no room for another.
    #[error("the table of nonces is full")]
    Full,
}

/// The number of shards: more than threads that answer requests.
const SHARDS: usize = 16;
/// The most nonces of one key: over 400 requests a second for ten minutes.
const MOST_OF_A_KEY: usize = 1 << 18;
/// The most nonces in all, about 64 MB.
const MOST_IN_ALL: usize = 1 << 20;

/// The beginning of a nonce's SHA-256, so that a long nonce takes no more room than a short one.
type Mark = [u8; 16];

/// The nonces that were seen.
#[derive(Debug)]
pub struct NonceTable {
    shards: [Mutex<HashMap<SecretId, KeyNonces>>; SHARDS],
    /// The second in which the table began: dates of requests have no parts of seconds.
    begin_s: i64,
    /// None where dates are not recorded for the process after.
    ahead: Option<AheadDates>,
    count: AtomicUsize,
    most_of_a_key: usize,
    most_in_all: usize,
}

/// A nonce that was taken.
#[derive(Debug, Clone, Copy)]
struct NonceClaim {
    mark: Mark,
    at: ClockReading,
    /// The groups that a key may call can differ in this, so each entry has its own.
    retention_ms: i64,
}

impl NonceClaim {
    fn is_over(&self, now: ClockReading) -> bool {
        now.wall.milliseconds() - self.at.wall.milliseconds() > self.retention_ms
            && now.monotonic_ms - self.at.monotonic_ms > self.retention_ms
    }
}

#[derive(Debug, Default)]
struct KeyNonces {
    marks: HashSet<Mark>,
    /// In the order of their claims.
    order: VecDeque<NonceClaim>,
}

impl NonceTable {
    /// Begins an empty table, which refuses the dates of processes before and records its own where it is given them.
    #[must_use]
    pub fn new(begin: Timestamp, dates: Option<SignedDates>) -> Self {
        Self { ahead: dates.map(AheadDates::new), ..Self::bounded(begin, MOST_OF_A_KEY, MOST_IN_ALL) }
    }

    fn bounded(begin: Timestamp, most_of_a_key: usize, most_in_all: usize) -> Self {
        let (begin_s, count) = (second_of(begin), AtomicUsize::new(0));
        Self { shards: Default::default(), begin_s, ahead: None, count, most_of_a_key, most_in_all }
    }

    /// Takes the nonce of a request that is dated `signed` for the first and only time, and keeps it for `retention_ms`.
    ///
    /// # Errors
    ///
    /// Fails where the nonce was seen before or may have been, where there is no room for it, or where a date ahead of the
    /// clock cannot be recorded.
    pub fn claim(
        &self,
        id: &SecretId,
        nonce: &[u8],
        signed: Timestamp,
        now: ClockReading,
        retention_ms: i64,
    ) -> Result<(), NonceFault> {
        if second_of(signed) < self.begin_s {
            return Err(NonceFault::BeforeStart);
        }
        if let Some(ahead) = &self.ahead {
            // A date is valid for the tolerance on either side of the clock.
            if ahead.may_be_repeated(id, signed, self.begin_s, retention_ms / 2) {
                return Err(NonceFault::SeenBeforeRestart);
            }
            ahead.record(id, signed, now.wall).map_err(|error| NonceFault::NotRecorded(error.kind()))?;
        }
        if self.len() >= self.most_in_all {
            // Keys that no longer call would keep the table full for all others.
            self.sweep(now);
        }
        let mut mark = Mark::default();
        let hash = digest::digest(&digest::SHA256, nonce);
        mark.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        let mut shard = self.shard(id).lock().unwrap_or_else(PoisonError::into_inner);
        let nonces = shard.entry(id.clone()).or_default();
        self.evict(nonces, now);
        if nonces.marks.contains(&mark) {
            return Err(NonceFault::Seen);
        }
        if nonces.marks.len() >= self.most_of_a_key || !self.reserve() {
            return Err(NonceFault::Full);
        }
        nonces.marks.insert(mark);
        nonces.order.push_back(NonceClaim { mark, at: now, retention_ms });
        Ok(())
    }

    fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn shard(&self, id: &SecretId) -> &Mutex<HashMap<SecretId, KeyNonces>> {
        let sum = id.as_str().bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        &self.shards[sum % SHARDS]
    }

    fn reserve(&self) -> bool {
        let next = |count: usize| (count < self.most_in_all).then_some(count + 1);
        self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// Forgets the nonces of all keys whose time is over; those of a key that calls leave as it calls.
    fn sweep(&self, now: ClockReading) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.values_mut().for_each(|nonces| self.evict(nonces, now));
            shard.retain(|_, nonces| !nonces.marks.is_empty());
        }
    }

    fn evict(&self, nonces: &mut KeyNonces, now: ClockReading) {
        // Behind one that is kept longer, others wait: that takes room, and opens no window.
        while let Some(claim) = nonces.order.front().filter(|claim| claim.is_over(now)).copied() {
            nonces.marks.remove(&claim.mark);
            nonces.order.pop_front();
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETENTION_MS: i64 = 600_000;

    fn at(wall_ms: i64, monotonic_ms: i64) -> ClockReading {
        ClockReading { wall: Timestamp::from_milliseconds(1_800_000_000_000 + wall_ms), monotonic_ms }
    }

    fn id(text: &str) -> SecretId {
        text.parse().unwrap()
    }

    /// Begins a table in the middle of a second.
    fn table() -> NonceTable {
        NonceTable::new(at(500, 0).wall, None)
    }

    #[test]
    fn a_nonce_is_taken_once_a_key_until_both_clocks_say_that_its_time_is_over() {
        let table = table();
        let claim = |key: &str, now| table.claim(&id(key), b"n", at(0, 0).wall, now, RETENTION_MS);
        assert_eq!(claim("abcd", at(0, 0)), Ok(()));
        assert_eq!(claim("abce", at(0, 0)), Ok(()));
        for seen in [at(1, 1), at(600_000, 600_000), at(9_000_000, 1), at(1, 9_000_000), at(-9_000_000, 9_000_000)] {
            assert_eq!(claim("abcd", seen), Err(NonceFault::Seen), "{seen:?}");
        }
        assert_eq!(claim("abcd", at(600_001, 600_001)), Ok(()));
        assert_eq!(claim("abcd", at(600_002, 600_002)), Err(NonceFault::Seen));
        assert_eq!(table.len(), 2);
        table.sweep(at(9_000_000, 9_000_000));
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_request_that_is_dated_before_the_table_began_is_refused() {
        let claim = |signed: ClockReading| table().claim(&id("abcd"), b"n", signed.wall, at(500, 0), RETENTION_MS);
        assert_eq!(claim(at(-1, 0)), Err(NonceFault::BeforeStart));
        assert_eq!(claim(at(-299_000, 0)), Err(NonceFault::BeforeStart));
        // Dates have no parts of seconds, so a request of the table's first second is dated at its beginning.
        assert_eq!(claim(at(0, 0)), Ok(()));
        assert_eq!(claim(at(299_000, 0)), Ok(()));
    }

    #[test]
    fn a_group_with_a_short_tolerance_forgets_no_nonce_of_another() {
        let table = table();
        let claim = |nonce: &[u8], now: ClockReading, retention_ms| {
            table.claim(&id("abcd"), nonce, now.wall, now, retention_ms)
        };
        assert_eq!(claim(b"long", at(0, 0), 3_600_000), Ok(()));
        assert_eq!(claim(b"short", at(0, 0), 60_000), Ok(()));
        assert_eq!(claim(b"other", at(120_000, 120_000), 60_000), Ok(()));
        assert_eq!(claim(b"long", at(120_000, 120_000), 60_000), Err(NonceFault::Seen));
    }

    #[test]
    fn keys_that_no_longer_call_keep_nobody_out_for_ever() {
        let table = NonceTable::bounded(at(0, 0).wall, 3, 3);
        let claim =
            |key: &str, nonce: u8, now: ClockReading| table.claim(&id(key), &[nonce], now.wall, now, RETENTION_MS);
        for nonce in 0..3 {
            assert_eq!(claim("abcd", nonce, at(0, 0)), Ok(()));
        }
        assert_eq!(claim("abce", 0, at(600_000, 600_000)), Err(NonceFault::Full));
        assert_eq!(claim("abce", 0, at(600_001, 600_001)), Ok(()));
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_full_table_lets_nobody_in_and_empties_with_time() {
        let table = NonceTable::bounded(at(0, 0).wall, 3, 5);
        let claim = |key: &str, nonce: u8, now| table.claim(&id(key), &[nonce], at(0, 0).wall, now, RETENTION_MS);
        for nonce in 0..3 {
            assert_eq!(claim("abcd", nonce, at(0, 0)), Ok(()));
        }
        assert_eq!(claim("abcd", 3, at(0, 0)), Err(NonceFault::Full));
        assert_eq!(claim("abce", 0, at(0, 0)), Ok(()));
        assert_eq!(claim("abce", 1, at(0, 0)), Ok(()));
        assert_eq!(claim("abce", 2, at(0, 0)), Err(NonceFault::Full));
        assert_eq!(claim("abcd", 0, at(1, 1)), Err(NonceFault::Seen));
        assert_eq!(claim("abcd", 3, at(600_001, 600_001)), Ok(()));
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn of_many_threads_one_takes_a_nonce() {
        let table = table();
        for round in 0..100_u8 {
            let taken = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let claimed = table.claim(&id("abcd"), &[round], at(0, 0).wall, at(0, 0), RETENTION_MS);
                        taken.fetch_add(usize::from(claimed.is_ok()), Ordering::Relaxed);
                    });
                }
            });
            assert_eq!(taken.into_inner(), 1);
        }
    }

    #[test]
    fn a_hundred_thousand_long_nonces_take_the_room_of_short_ones() {
        let table = table();
        let long = "x".repeat(256);
        for number in 0..100_000 {
            let nonce = format!("{long}{number}");
            table.claim(&id("abcd"), nonce.as_bytes(), at(0, 0).wall, at(0, 0), RETENTION_MS).unwrap();
        }
        assert_eq!(table.len(), 100_000);
        assert!(size_of::<NonceClaim>() <= 40);
    }
}
