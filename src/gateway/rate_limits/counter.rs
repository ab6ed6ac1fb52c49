//! The counter of one limit: one atomic, whatever the number of threads.
//!
//! A second and a minute go by the generic cell rate algorithm with the whole limit as burst: the atomic holds the time
//! at which all that was let in would have come one by one. A day holds its number and its count.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::access::DayCounts;
use crate::model::{LimitWindow, RateLimit, Timestamp};

/// The nanoseconds of a second.
const SECOND_NS: u64 = 1_000_000_000;
/// The bits of a day's count.
const COUNT_BITS: u32 = 32;

/// A point in time, for limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LimitMoment {
    /// The nanoseconds of a clock that never goes back, from the start of the gateway.
    pub(crate) monotonic_ns: u64,
    /// The wall clock, by which days go.
    pub(crate) wall: Timestamp,
}

/// Requests that are left, and the time that matters to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitStanding {
    /// The requests that are left now.
    pub(crate) remaining: u32,
    /// The seconds until all of the limit is there again, rounded up.
    pub(crate) reset_s: u64,
    /// The seconds until one more request is let in, rounded up; 0 where one is now.
    pub(crate) wait_s: u64,
}

/// The requests of one limit.
#[derive(Debug)]
pub(crate) struct LimitCounter {
    limit: RateLimit,
    state: AtomicU64,
    /// The day before the one of the state, with its count: a clock that goes ahead and back begins no day anew.
    other_day: AtomicU64,
}

impl LimitCounter {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, state: AtomicU64::new(0), other_day: AtomicU64::new(0) }
    }

    /// Begins with requests that were let in on days before.
    pub(super) fn with_days(limit: RateLimit, days: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut days = days.map(|(day, count)| AtomicU64::new(packed(day, count)));
        let (state, other_day) = (days.next().unwrap_or_default(), days.next().unwrap_or_default());
        Self { limit, state, other_day }
    }

    pub(super) const fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Returns the days and their counts, of a limit a day.
    pub(super) fn days(&self) -> impl Iterator<Item = (u32, u32)> {
        let states = [&self.state, &self.other_day].map(|state| unpacked(state.load(Ordering::Relaxed)));
        states.into_iter().filter(|(_, count)| self.limit.window == LimitWindow::Day && *count > 0)
    }

    /// True if the counter is in the state of a new one.
    pub(super) fn is_idle(&self, now: LimitMoment) -> bool {
        let state = self.state.load(Ordering::Relaxed);
        match self.limit.window {
            LimitWindow::Day => self.count_on(DayCounts::day_of(now.wall), state) == 0,
            LimitWindow::Second | LimitWindow::Minute => state <= now.monotonic_ns,
        }
    }

    /// Returns the standing, without taking a request.
    pub(super) fn look(&self, now: LimitMoment) -> LimitStanding {
        self.standing(self.state.load(Ordering::Relaxed), now)
    }

    /// Counts one request and returns the standing after it; fails with the present standing if none is left.
    pub(super) fn take(&self, now: LimitMoment) -> Result<LimitStanding, LimitStanding> {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            let Some(next) = self.next(state, now) else { return Err(self.standing(state, now)) };
            match self.state.compare_exchange_weak(state, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    if self.limit.window == LimitWindow::Day && unpacked(state).0 != unpacked(next).0 {
                        self.other_day.store(state, Ordering::Relaxed);
                    }
                    return Ok(self.standing(next, now));
                }
                Err(other) => state = other,
            }
        }
    }

    /// Gives back a request that was taken and not let in.
    pub(super) fn give_back(&self) {
        let interval_ns = self.interval_ns();
        let back = |state: u64| match self.limit.window {
            LimitWindow::Day => (unpacked(state).1 > 0).then(|| state - 1),
            LimitWindow::Second | LimitWindow::Minute => Some(state.saturating_sub(interval_ns)),
        };
        // None is left to give back where a day has ended meanwhile.
        let _ = self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, back);
    }

    /// Returns the state after one more request; `None` if none is left.
    fn next(&self, state: u64, now: LimitMoment) -> Option<u64> {
        match self.limit.window {
            LimitWindow::Day => {
                let today = DayCounts::day_of(now.wall);
                // A clock that was wrong has another day than today, before or after: nobody is kept out for it.
                let count = self.count_on(today, state);
                (count < self.limit.requests).then(|| packed(today, count + 1))
            }
            LimitWindow::Second | LimitWindow::Minute => {
                let next = state.max(now.monotonic_ns) + self.interval_ns();
                (next - now.monotonic_ns <= self.burst_ns()).then_some(next)
            }
        }
    }

    fn standing(&self, state: u64, now: LimitMoment) -> LimitStanding {
        match self.limit.window {
            LimitWindow::Day => {
                let count = self.count_on(DayCounts::day_of(now.wall), state);
                let remaining = self.limit.requests.saturating_sub(count);
                let rest_ms = u64::try_from(DayCounts::rest_of_day_ms(now.wall)).unwrap_or_default();
                let reset_s = rest_ms.div_ceil(1000);
                LimitStanding { remaining, reset_s, wait_s: if remaining == 0 { reset_s } else { 0 } }
            }
            LimitWindow::Second | LimitWindow::Minute => {
                let used_ns = state.saturating_sub(now.monotonic_ns);
                let left_ns = self.burst_ns().saturating_sub(used_ns);
                let remaining = u32::try_from(left_ns / self.interval_ns()).unwrap_or(u32::MAX);
                let missing_ns = (used_ns + self.interval_ns()).saturating_sub(self.burst_ns());
                let seconds = |nanoseconds: u64| nanoseconds.div_ceil(SECOND_NS);
                LimitStanding { remaining, reset_s: seconds(used_ns), wait_s: seconds(missing_ns) }
            }
        }
    }

    /// Returns the requests that were let in on a day.
    fn count_on(&self, today: u32, state: u64) -> u32 {
        let days = [state, self.other_day.load(Ordering::Relaxed)].map(unpacked);
        days.into_iter().find(|(day, _)| *day == today).map_or(0, |(_, count)| count)
    }

    /// Returns the time in which one request is earned.
    fn interval_ns(&self) -> u64 {
        u64::from(self.limit.window.seconds()) * SECOND_NS / u64::from(self.limit.requests.max(1))
    }

    fn burst_ns(&self) -> u64 {
        self.interval_ns() * u64::from(self.limit.requests)
    }
}

fn packed(day: u32, count: u32) -> u64 {
    u64::from(day) << COUNT_BITS | u64::from(count)
}

#[expect(clippy::cast_possible_truncation, reason = "each half has 32 bits")]
const fn unpacked(state: u64) -> (u32, u32) {
    ((state >> COUNT_BITS) as u32, state as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A moment so many seconds after noon.
    fn at(seconds: f64) -> LimitMoment {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
        let (monotonic_ns, wall_ms) = ((5e9 + seconds * 1e9) as u64, (seconds * 1e3) as i64);
        LimitMoment { monotonic_ns, wall: Timestamp::from_milliseconds(1_800_014_400_000 + wall_ms) }
    }

    fn counter(limit: &str) -> LimitCounter {
        LimitCounter::new(limit.parse().unwrap())
    }

    fn taken(counter: &LimitCounter, now: LimitMoment, tries: usize) -> usize {
        (0..tries).filter(|_| counter.take(now).is_ok()).count()
    }

    #[test]
    fn the_whole_limit_is_a_burst_and_then_earned_one_by_one() {
        for (limit, now, later, earned) in [
            ("60/minute", 60, 1.0, 1),
            ("60/minute", 60, 59.9, 59),
            ("60/minute", 60, 3600.0, 60),
            ("3/second", 3, 0.7, 2),
        ] {
            let counter = counter(limit);
            assert_eq!(taken(&counter, at(0.0), 100), now, "{limit}");
            assert_eq!(taken(&counter, at(later), 100), earned, "{limit} {later}");
        }
    }

    #[test]
    fn a_day_ends_at_midnight_in_utc_and_not_a_day_later() {
        let counter = counter("5/day");
        let before_midnight = LimitMoment { wall: Timestamp::from_input("2027-01-15T23:59:59Z").unwrap(), ..at(0.0) };
        assert_eq!(taken(&counter, before_midnight, 9), 5);
        assert_eq!(counter.look(before_midnight), LimitStanding { remaining: 0, reset_s: 1, wait_s: 1 });
        let after = LimitMoment { wall: Timestamp::from_input("2027-01-16T00:00:00Z").unwrap(), ..at(0.0) };
        assert_eq!(counter.look(after).remaining, 5);
        assert_eq!(taken(&counter, after, 9), 5);
        // A clock that was a day ahead keeps nobody out once it is right, and begins no day anew.
        assert_eq!([before_midnight, after].map(|now| taken(&counter, now, 9)), [0, 0]);
        let wrong_at_first = self::counter("5/day");
        assert_eq!([after, before_midnight, after].map(|now| taken(&wrong_at_first, now, 4)), [4, 4, 1]);
        assert_eq!(taken(&wrong_at_first, before_midnight, 9), 1);
    }

    #[test]
    fn a_standing_tells_how_long_to_wait() {
        let counter = counter("60/minute");
        assert_eq!(counter.take(at(0.0)), Ok(LimitStanding { remaining: 59, reset_s: 1, wait_s: 0 }));
        taken(&counter, at(0.0), 59);
        assert_eq!(counter.take(at(0.0)), Err(LimitStanding { remaining: 0, reset_s: 60, wait_s: 1 }));
        assert_eq!(counter.take(at(0.4)), Err(LimitStanding { remaining: 0, reset_s: 60, wait_s: 1 }));
        assert_eq!(counter.take(at(1.0)), Ok(LimitStanding { remaining: 0, reset_s: 60, wait_s: 1 }));
        assert!(!counter.is_idle(at(60.9)) && counter.is_idle(at(61.0)));
    }

    #[test]
    fn a_request_that_is_given_back_can_be_taken_again() {
        for limit in ["2/second", "2/minute", "2/day"] {
            let counter = counter(limit);
            assert_eq!(taken(&counter, at(0.0), 3), 2, "{limit}");
            counter.give_back();
            assert_eq!(taken(&counter, at(0.0), 3), 1, "{limit}");
        }
        let unused = counter("2/day");
        unused.give_back();
        assert_eq!(unused.look(at(0.0)).remaining, 2);
    }

    #[test]
    fn of_sixteen_threads_as_many_requests_are_let_in_as_the_limit_says() {
        for limit in ["1000/second", "1000/minute", "1000/day"] {
            let counter = counter(limit);
            let total: usize = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| taken(&counter, at(0.0), 500))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(total, 1000, "{limit}");
        }
    }

    #[test]
    fn the_largest_limits_have_room() {
        let counter = counter("1000000000/second");
        assert_eq!(taken(&counter, at(0.0), 100), 100);
        assert_eq!(counter.look(at(0.0)).remaining, 999_999_900);
    }
}
