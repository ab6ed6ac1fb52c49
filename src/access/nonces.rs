//! The nonces that were seen: each signed request is let in once.
//!
//! One table a process, in shards by key; check and insert are one step under the shard's lock. It is bounded a key and
//! in all, and a full one lets nobody in rather than anybody twice. An entry leaves when both the monotonic and the wall
//! clock say that its time is over, so that a clock that jumps opens no window.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ring::digest;

use super::SecretId;
use crate::model::Timestamp;

/// A point in time on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, which may jump.
    pub wall: Timestamp,
    /// The milliseconds of a clock that never goes back, from any beginning.
    pub monotonic_ms: i64,
}

/// Why a nonce is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NonceFault {
    /// The same request was let in before.
    #[error("the nonce was seen before")]
    Seen,
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
    count: AtomicUsize,
    most_of_a_key: usize,
    most_in_all: usize,
}

#[derive(Debug, Default)]
struct KeyNonces {
    marks: HashSet<Mark>,
    order: VecDeque<(Mark, Moment)>,
}

impl Default for NonceTable {
    fn default() -> Self {
        Self::bounded(MOST_OF_A_KEY, MOST_IN_ALL)
    }
}

impl NonceTable {
    fn bounded(most_of_a_key: usize, most_in_all: usize) -> Self {
        Self { shards: Default::default(), count: AtomicUsize::new(0), most_of_a_key, most_in_all }
    }

    /// Takes a nonce for the first and only time, and keeps it for `retention_ms`.
    ///
    /// # Errors
    ///
    /// Fails where the nonce was seen before, or where there is no room for it.
    pub fn claim(&self, id: &SecretId, nonce: &[u8], now: Moment, retention_ms: i64) -> Result<(), NonceFault> {
        let mut mark = Mark::default();
        let hash = digest::digest(&digest::SHA256, nonce);
        mark.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        let mut shard = self.shard(id).lock().unwrap_or_else(PoisonError::into_inner);
        let nonces = shard.entry(id.clone()).or_default();
        self.evict(nonces, now, retention_ms);
        if nonces.marks.contains(&mark) {
            return Err(NonceFault::Seen);
        }
        if nonces.marks.len() >= self.most_of_a_key || !self.reserve() {
            return Err(NonceFault::Full);
        }
        nonces.marks.insert(mark);
        nonces.order.push_back((mark, now));
        Ok(())
    }

    /// Forgets the nonces of all keys whose time is over; those of a key that calls leave as it calls.
    pub fn sweep(&self, now: Moment, retention_ms: i64) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.values_mut().for_each(|nonces| self.evict(nonces, now, retention_ms));
            shard.retain(|_, nonces| !nonces.marks.is_empty());
        }
    }

    /// Returns the number of nonces.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// True if there is no nonce.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, id: &SecretId) -> &Mutex<HashMap<SecretId, KeyNonces>> {
        let sum = id.as_str().bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        &self.shards[sum % SHARDS]
    }

    fn reserve(&self) -> bool {
        let next = |count: usize| (count < self.most_in_all).then_some(count + 1);
        self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    fn evict(&self, nonces: &mut KeyNonces, now: Moment, retention_ms: i64) {
        let is_over = |since: &Moment| {
            now.wall.milliseconds() - since.wall.milliseconds() > retention_ms
                && now.monotonic_ms - since.monotonic_ms > retention_ms
        };
        while let Some((mark, _)) = nonces.order.front().filter(|(_, since)| is_over(since)) {
            nonces.marks.remove(mark);
            nonces.order.pop_front();
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETENTION_MS: i64 = 600_000;

    fn at(wall_ms: i64, monotonic_ms: i64) -> Moment {
        Moment { wall: Timestamp::from_milliseconds(1_800_000_000_000 + wall_ms), monotonic_ms }
    }

    fn id(text: &str) -> SecretId {
        text.parse().unwrap()
    }

    #[test]
    fn a_nonce_is_taken_once_a_key_until_both_clocks_say_that_its_time_is_over() {
        let table = NonceTable::default();
        let claim = |key: &str, now| table.claim(&id(key), b"n", now, RETENTION_MS);
        assert_eq!(claim("abcd", at(0, 0)), Ok(()));
        assert_eq!(claim("abce", at(0, 0)), Ok(()));
        for seen in [at(1, 1), at(600_000, 600_000), at(9_000_000, 1), at(1, 9_000_000), at(-9_000_000, 9_000_000)] {
            assert_eq!(claim("abcd", seen), Err(NonceFault::Seen), "{seen:?}");
        }
        assert_eq!(claim("abcd", at(600_001, 600_001)), Ok(()));
        assert_eq!(claim("abcd", at(600_002, 600_002)), Err(NonceFault::Seen));
        assert_eq!(table.len(), 2);
        table.sweep(at(9_000_000, 9_000_000), RETENTION_MS);
        assert!(table.is_empty());
    }

    #[test]
    fn a_full_table_lets_nobody_in_and_empties_with_time() {
        let table = NonceTable::bounded(3, 5);
        let claim = |key: &str, nonce: u8, now| table.claim(&id(key), &[nonce], now, RETENTION_MS);
        for nonce in 0..3 {
            assert_eq!(claim("abcd", nonce, at(0, 0)), Ok(()));
        }
        assert_eq!(claim("abcd", 3, at(0, 0)), Err(NonceFault::Full));
        assert_eq!(claim("abce", 0, at(0, 0)), Ok(()));
        assert_eq!(claim("abce", 1, at(0, 0)), Ok(()));
        assert_eq!(claim("abce", 2, at(0, 0)), Err(NonceFault::Full));
        assert_eq!(claim("abcd", 0, at(1, 1)), Err(NonceFault::Seen));
        assert_eq!(claim("abcd", 3, at(600_001, 600_001)), Ok(()));
        assert_eq!(table.len(), 3);
    }

    #[test]
    fn of_many_threads_one_takes_a_nonce() {
        let table = NonceTable::default();
        for round in 0..100_u8 {
            let taken = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let claimed = table.claim(&id("abcd"), &[round], at(0, 0), RETENTION_MS);
                        taken.fetch_add(usize::from(claimed.is_ok()), Ordering::Relaxed);
                    });
                }
            });
            assert_eq!(taken.into_inner(), 1);
        }
    }

    #[test]
    fn a_hundred_thousand_long_nonces_take_the_room_of_short_ones() {
        let table = NonceTable::default();
        let long = "x".repeat(256);
        for number in 0..100_000 {
            table.claim(&id("abcd"), format!("{long}{number}").as_bytes(), at(0, 0), RETENTION_MS).unwrap();
        }
        assert_eq!(table.len(), 100_000);
        assert!(size_of::<(Mark, Moment)>() <= 32);
    }
}
