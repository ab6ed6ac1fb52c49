//! The latest dates of signed requests, kept for the process after: its clock may be set back.

use std::collections::BTreeMap;

use super::clock_reading::second_of;
use super::secret_id::SecretId;
use crate::model::Timestamp;

/// The milliseconds for which a date is kept: clocks that are set back further than a day are not provided for.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// The latest date of a request that was let in with each secret, but for dates ahead of the clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LatestDates {
    /// The dates by secret.
    pub dates: BTreeMap<SecretId, Timestamp>,
}

impl LatestDates {
    /// The seconds between two saves: a process that is killed loses no more. They are not stored as later than they
    /// are: by a clock that was fast, keys would be refused for as long as it was.
    pub const SAVED_S: i64 = 1;

    /// Takes a date, unless it is earlier than that of the secret.
    pub fn note(&mut self, id: &SecretId, date: Timestamp) {
        match self.dates.get_mut(id) {
            Some(latest) => *latest = date.max(*latest),
            None => drop(self.dates.insert(id.clone(), date)),
        }
    }

    /// Adds those of another process, and drops those that are a day old.
    #[must_use]
    pub fn merged_with(mut self, other: &Self, now: Timestamp) -> Self {
        for (id, date) in &other.dates {
            self.note(id, *date);
        }
        self.dates.retain(|_, date| now.ms_since(*date) <= KEPT_MS);
        self
    }

    /// True if a request may have been let in by a process before.
    pub(super) fn may_hold(&self, id: &SecretId, signed: Timestamp) -> bool {
        self.dates.get(id).is_some_and(|latest| second_of(signed) <= second_of(*latest))
    }

    /// Returns the latest date of all where the clock is behind it, since it was set back.
    #[must_use]
    pub fn ahead_of(&self, now: Timestamp) -> Option<Timestamp> {
        let latest = self.dates.values().max()?;
        (latest.ms_since(now) > 1000).then_some(*latest)
    }
}
