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

/// The least by which a clock was set, in milliseconds: between the readings of both clocks, a thread may have waited.
const LEAST_STEP_MS: i64 = 1_000;

impl ClockReading {
    /// Returns the milliseconds by which the wall clock was set since an earlier reading: negative where it was set
    /// back, 0 where it went on as usual.
    #[must_use]
    pub const fn step_ms_since(self, earlier: Self) -> i64 {
        let step_ms = self.wall.ms_since(earlier.wall) - (self.monotonic_ms - earlier.monotonic_ms);
        if step_ms.abs() < LEAST_STEP_MS { 0 } else { step_ms }
    }
}

/// Returns the whole second of a time: dates of requests have no parts of seconds.
pub(super) const fn second_of(time: Timestamp) -> i64 {
    time.milliseconds().div_euclid(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_told_from_one_that_went_on() {
        let reading = |wall_ms: i64, monotonic_ms: i64| ClockReading {
            wall: Timestamp::from_milliseconds(1_800_000_000_000 + wall_ms),
            monotonic_ms,
        };
        for (wall_ms, expected) in
            [(5_000, 0), (4_100, 0), (5_900, 0), (5_000 - 3_600_000, -3_600_000), (5_000 + 7_200_000, 7_200_000)]
        {
            assert_eq!(reading(wall_ms, 15_000).step_ms_since(reading(0, 10_000)), expected, "{wall_ms}");
        }
    }
}
