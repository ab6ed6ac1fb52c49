//! A worker's time, in ticks: no request pays for a timer. And the wall clock.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// A count of ticks of a worker's clock.
pub(crate) type Ticks = u64;

/// A worker's clock.
pub(crate) type Clock = Rc<Cell<Ticks>>;

/// The time between two ticks.
pub(crate) const TICK: Duration = Duration::from_millis(250);

/// Number of ticks in a second.
pub(crate) const TICKS_A_SECOND: Ticks = 4;

/// Returns the ticks of a time, one at least.
pub(crate) fn ticks(duration: Duration) -> Ticks {
    u64::try_from(duration.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX).max(1)
}

/// Returns the time of the wall clock.
pub(crate) fn wall_clock() -> Timestamp {
    Timestamp::from_unix_time(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
