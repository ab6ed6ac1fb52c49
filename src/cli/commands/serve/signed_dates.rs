//! The dates of signed requests, kept over a restart; and a clock that is set back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::periodic_save::PeriodicSave;
use crate::access::{EarlierDates, LatestDates, SignedDates};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::process::wall_clock;
use crate::gateway::Gateway;
use crate::model::Timestamp;
use crate::workspace::Workspace;

/// The time between two saves.
const INTERVAL: Duration = Duration::from_secs(LatestDates::SAVED_S.unsigned_abs());
/// The milliseconds by which the clock is set back at least for somebody to be told of it.
const TOLD_MS: i64 = 2000;

/// Reads the dates of gateways before, and begins the journal of this one.
pub(super) fn begin_signed_dates(context: &Context<'_>, workspace: &Workspace) -> Result<SignedDates, CommandError> {
    let journal = workspace.signed_dates()?;
    let (mut earlier, mut error) = journal.begin(wall_clock());
    let latest = workspace.latest_dates().unwrap_or_else(|damaged| {
        earlier = EarlierDates::Unreadable;
        error = error.take().or(Some(damaged));
        LatestDates::default()
    });
    if let Some(error) = error {
        let refused = match earlier {
            EarlierDates::Unreadable => {
                "signed requests are refused until their dates are after the start by the tolerance"
            }
            _ => "signed requests that are dated ahead of the clock are refused",
        };
        context.output.warning(&format!("{refused}: {}", error.one_line()));
    }
    if let Some(date) = latest.ahead_of(wall_clock()) {
        context.output.warning(&format!(
            "the clock was set back since signed requests were let in: those of the same keys that are dated until {date} are \
             refused"
        ));
    }
    Ok(SignedDates { earlier, latest, journal: Arc::new(journal) })
}

/// Saves the latest dates of a gateway, and looks at the clock.
pub(super) struct SavedDates {
    saves: PeriodicSave<LatestDates>,
    /// The wall clock at one moment.
    clock: (Timestamp, Instant),
}

impl SavedDates {
    /// Begins with nothing saved.
    pub(super) fn new() -> Self {
        const LOSS: &str = "if the clock is set back over a restart, signed requests may be let in again";
        let saves = PeriodicSave::new(LatestDates::default(), INTERVAL, LOSS);
        Self { saves, clock: (wall_clock(), Instant::now()) }
    }

    /// Saves the dates where it is time to.
    pub(super) fn save_in_time(&mut self, context: &Context<'_>, workspace: &Workspace, gateway: &Gateway) {
        if self.saves.is_due() {
            self.poll_clock(context);
            self.save(context, workspace, gateway);
        }
    }

    /// Tells of a clock that was set back since the last look.
    fn poll_clock(&mut self, context: &Context<'_>) {
        let (wall, instant) = self.clock;
        let elapsed_ms = i64::try_from(instant.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.clock = (wall_clock(), Instant::now());
        let back_ms = wall.plus_ms(elapsed_ms).ms_since(self.clock.0);
        if back_ms >= TOLD_MS {
            context.output.warning(&format!(
                "the clock was set back by {} s: signed requests are refused that may have been let in before",
                back_ms / 1000
            ));
        }
    }

    /// Saves the dates where they changed.
    pub(super) fn save(&mut self, context: &Context<'_>, workspace: &Workspace, gateway: &Gateway) {
        let write = |latest| workspace.save_latest_dates(latest, wall_clock());
        self.saves.save(context, gateway.latest_dates(), write);
    }
}
