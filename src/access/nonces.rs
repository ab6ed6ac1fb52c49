//! The nonces that were seen: each signed request is let in once.
//!
//! One table a process, in shards by key; check and insert are one step under the shard's lock. It is bounded a key and
//! in all, and a full one lets nobody in rather than anybody twice. It is not saved: a request that is dated before the
//! table began is refused, for another process may have let it in; [`AheadDates`] covers later dates.
//!
//! Clocks jump. A nonce leaves once the monotonic clock says that its time is over and the wall clock that its date is
//! too old. Dates of the key up to that one are refused from then on: once the wall clock was set back nobody is let in
//! twice, and a caller whose own clock did not jump has no such dates. The beginning of the table is that of the wall
//! clock as it goes now, so that a gateway that was started with a fast clock locks nobody out once it is set right.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ring::digest;

use super::ahead_dates::{AheadDates, SignedDates, UNRECORDED_S};
use super::clock_reading::{ClockReading, second_of};
use super::latest_dates::LatestDates;
use super::secret_id::SecretId;
use crate::model::Timestamp;

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
    /// The nonces of the key with such dates are forgotten, since the clock was later once.
    #[error("the clock was set back, and the request may have been let in before that")]
    ClockSetBack,
    /// The request is dated ahead of the clock, and the journal of such dates cannot be written.
    #[error("the request is dated ahead of the clock, and its date cannot be recorded: {0}")]
    NotRecorded(io::ErrorKind),
    /// There is no room for another.
    #[error("the table of nonces is full")]
    Full,
}

/// The number of shards: more than threads that serve requests.
const SHARDS: usize = 16;
/// The most nonces of one key: 1,700 requests a second for ten minutes. Each is of a request that was let in.
const MOST_OF_A_KEY: usize = 1 << 20;
/// The most nonces in all: 7,000 requests a second, about 256 MB.
const MOST_IN_ALL: usize = 1 << 22;

/// The beginning of a nonce's SHA-256, so that a long nonce takes no more room than a short one.
type Mark = [u8; 16];

/// The nonces that were seen.
#[derive(Debug)]
pub struct NonceTable {
    shards: [Mutex<HashMap<SecretId, KeyNonces>>; SHARDS],
    begin: ClockReading,
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
    /// The date of the request.
    signed_s: i64,
    /// The last millisecond of the monotonic clock in which it stays. The groups that a key may call can differ in
    /// their tolerance, so each entry has its own.
    last_ms: i64,
}

#[derive(Debug)]
struct KeyNonces {
    marks: HashSet<Mark>,
    /// In the order of their claims.
    order: VecDeque<NonceClaim>,
    /// Those whose time is over, with dates that the wall clock takes nevertheless: it was set back.
    parked: VecDeque<NonceClaim>,
    /// The most seconds by which dates of the key may differ from the wall clock, of all groups that it has called.
    tolerance_s: i64,
    /// The latest date of a request whose nonce has left.
    forgotten_s: i64,
    /// The latest date that was not ahead of the clock.
    latest_s: i64,
}

impl Default for KeyNonces {
    fn default() -> Self {
        let (order, parked) = (VecDeque::new(), VecDeque::new());
        Self { marks: HashSet::new(), order, parked, tolerance_s: 0, forgotten_s: i64::MIN, latest_s: i64::MIN }
    }
}

impl KeyNonces {
    /// Takes out the first nonce that can leave.
    fn next_to_leave(&mut self, now: ClockReading) -> Option<NonceClaim> {
        while let Some(claim) = self.order.pop_front_if(|claim| now.monotonic_ms > claim.last_ms) {
            self.parked.push_back(claim);
        }
        let oldest_s = second_of(now.wall) - self.tolerance_s;
        // Behind one that is kept longer, others wait: that takes room, and opens no window.
        self.parked.pop_front_if(|claim| claim.signed_s < oldest_s)
    }

    fn forget(&mut self, claim: &NonceClaim) {
        self.marks.remove(&claim.mark);
        self.forgotten_s = self.forgotten_s.max(claim.signed_s);
    }
}

impl NonceTable {
    /// Begins an empty table, which refuses the dates of processes before and records its own where it is given them.
    #[must_use]
    pub fn new(begin: ClockReading, dates: Option<SignedDates>) -> Self {
        Self { ahead: dates.map(AheadDates::new), ..Self::bounded(begin, MOST_OF_A_KEY, MOST_IN_ALL) }
    }

    fn bounded(begin: ClockReading, most_of_a_key: usize, most_in_all: usize) -> Self {
        Self { shards: Default::default(), begin, ahead: None, count: AtomicUsize::new(0), most_of_a_key, most_in_all }
    }

    /// Returns the second in which the table began, by the wall clock as it goes now: dates of requests have no parts
    /// of seconds. A process that was killed before may have let in dates that it had not saved.
    fn begin_s(&self, now: ClockReading) -> i64 {
        let begin_s = second_of(self.begin.wall);
        let elapsed_ms = now.monotonic_ms - self.begin.monotonic_ms;
        let present_s = (now.wall.milliseconds() - elapsed_ms).div_euclid(1000);
        if begin_s - present_s > UNRECORDED_S { begin_s.min(present_s + LatestDates::SAVED_S) } else { begin_s }
    }

    /// Returns the latest date of each key that was let in, but for those ahead of the clock, for the process after.
    #[must_use]
    pub fn latest_dates(&self) -> LatestDates {
        let mut latest = LatestDates::default();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, nonces) in shard.iter().filter(|(_, nonces)| nonces.latest_s > i64::MIN) {
                latest.note(id, Timestamp::from_milliseconds(nonces.latest_s * 1000));
            }
        }
        latest
    }

    /// Takes the nonce of a request that is dated `signed` for the first and only time, and keeps it for
    /// `retention_ms`.
    ///
    /// # Errors
    ///
    /// Fails where the nonce was seen before or may have been, where there is no room for it, or where a date ahead of
    /// the clock cannot be recorded.
    pub fn claim(
        &self,
        id: &SecretId,
        nonce: &[u8],
        signed: Timestamp,
        now: ClockReading,
        retention_ms: i64,
    ) -> Result<(), NonceFault> {
        let (begin_s, signed_s) = (self.begin_s(now), second_of(signed));
        if signed_s < begin_s {
            return Err(NonceFault::BeforeStart);
        }
        if let Some(ahead) = &self.ahead {
            // A date is valid for the tolerance on either side of the clock.
            if ahead.may_be_repeated(id, signed, begin_s, retention_ms / 2) {
                return Err(NonceFault::SeenBeforeRestart);
            }
            ahead.record(id, signed, now).map_err(NonceFault::NotRecorded)?;
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
        nonces.tolerance_s = nonces.tolerance_s.max(retention_ms / 2000);
        self.evict(nonces, now);
        if nonces.marks.len() >= self.most_of_a_key {
            self.evict_parked(nonces);
        }
        if nonces.marks.contains(&mark) {
            return Err(NonceFault::Seen);
        }
        if signed_s <= nonces.forgotten_s {
            return Err(NonceFault::ClockSetBack);
        }
        if nonces.marks.len() >= self.most_of_a_key || !self.reserve() {
            return Err(NonceFault::Full);
        }
        nonces.marks.insert(mark);
        nonces.order.push_back(NonceClaim { mark, signed_s, last_ms: now.monotonic_ms.saturating_add(retention_ms) });
        if signed_s <= second_of(now.wall) + UNRECORDED_S {
            nonces.latest_s = nonces.latest_s.max(signed_s);
        }
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

    /// Forgets the nonces of all keys whose time is over; those of a key that calls leave as it calls. The dates of a
    /// key stay: there are no more keys than secrets.
    fn sweep(&self, now: ClockReading) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for nonces in shard.values_mut() {
                self.evict(nonces, now);
                self.evict_parked(nonces);
            }
            for nonces in shard.values_mut().filter(|nonces| nonces.marks.is_empty()) {
                nonces.marks.shrink_to_fit();
                nonces.order.shrink_to_fit();
            }
        }
    }

    fn evict(&self, nonces: &mut KeyNonces, now: ClockReading) {
        while let Some(claim) = nonces.next_to_leave(now) {
            nonces.forget(&claim);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Forgets nonces with dates that the wall clock still takes. The dates are refused, so that only callers whose
    /// clocks were set back with it wait.
    fn evict_parked(&self, nonces: &mut KeyNonces) {
        while let Some(claim) = nonces.parked.pop_front() {
            nonces.forget(&claim);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
