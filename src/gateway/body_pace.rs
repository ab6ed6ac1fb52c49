//! The slowest pace at which a client may send a body.

use std::cell::Cell;

use super::clock::{TICKS_A_SECOND, Ticks, ticks};
use super::config::GatewayTimeouts;

/// The slowest pace of a body: the longest standstill, and the least rate in the long run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyPace {
    /// The longest wait for a client that sends nothing.
    pub(crate) ticks: Ticks,
    /// The least bytes in a tick.
    pub(crate) bytes_a_tick: u64,
}

impl BodyPace {
    /// Returns the slowest pace of request bodies by the settings of a gateway.
    pub(crate) fn new(timeouts: &GatewayTimeouts) -> Self {
        Self { ticks: ticks(timeouts.body), bytes_a_tick: GatewayTimeouts::BODY_BYTES_A_SECOND / TICKS_A_SECOND }
    }
}

/// The bytes that a client is behind with a body. They grow while it is waited for, and each byte that comes pays for
/// one; none is paid for in advance, so that a burst at the beginning buys no standstill later.
#[derive(Debug)]
pub(crate) struct BodyArrears {
    bytes: Cell<u64>,
    counted: Cell<Ticks>,
}

impl BodyArrears {
    /// Begins without any.
    pub(crate) fn new(now: Ticks) -> Self {
        Self { bytes: Cell::new(0), counted: Cell::new(now) }
    }

    /// Begins anew, for another body.
    pub(crate) fn begin(&self, now: Ticks) {
        self.bytes.set(0);
        self.counted.set(now);
    }

    /// Counts bytes that have come.
    pub(crate) fn came(&self, count: u64) {
        self.bytes.set(self.bytes.get().saturating_sub(count));
    }

    /// Counts the time since the last call, in which the client may have been waited for; returns `true` where it has
    /// been for too long.
    pub(crate) fn tick(&self, now: Ticks, is_awaited: bool, pace: BodyPace) -> bool {
        let passed = now.saturating_sub(self.counted.replace(now));
        if is_awaited {
            self.bytes.set(self.bytes.get().saturating_add(passed.saturating_mul(pace.bytes_a_tick)));
        }
        self.bytes.get() > pace.ticks.saturating_mul(pace.bytes_a_tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_stand_still_or_come_slowly_for_so_long() {
        let pace = BodyPace { ticks: 10, bytes_a_tick: 100 };
        let late_at = |bytes: &dyn Fn(Ticks) -> u64, is_awaited: bool| {
            let arrears = BodyArrears::new(0);
            (0..200).find(|&now| {
                arrears.came(bytes(now));
                arrears.tick(now, is_awaited, pace)
            })
        };
        for (name, late, expected) in [
            ("nothing comes", late_at(&|_| 0, true), Some(11)),
            ("nobody waits", late_at(&|_| 0, false), None),
            ("nothing comes behind a burst", late_at(&|now| if now == 0 { 100_000 } else { 0 }, true), Some(11)),
            (
                "a burst in between pays what is owed",
                late_at(&|now| if now == 6 { 100_000 } else { 0 }, true),
                Some(16),
            ),
            ("it comes at half the pace", late_at(&|_| 50, true), Some(20)),
            ("it comes at the least pace", late_at(&|_| 100, true), None),
        ] {
            assert_eq!(late, expected, "{name}");
        }
    }
}
