//! Times as nonces and dates of requests are held against them.

use crate::model::Timestamp;

/// A point in time on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock, which may jump.
    pub wall: Timestamp,
    /// The milliseconds of a clock that never goes back, from any beginning.
    pub monotonic_ms: i64,
}

/// Returns the whole second of a time: dates of requests have no parts of seconds.
pub(super) const fn second_of(time: Timestamp) -> i64 {
    time.milliseconds().div_euclid(1000)
}
