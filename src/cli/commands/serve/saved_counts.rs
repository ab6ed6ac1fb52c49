//! The counts of limits a day, saved so that a restart begins no day anew.

use std::time::Duration;

use super::periodic_save::PeriodicSave;
use crate::access::DayCounts;
use crate::cli::context::Context;
use crate::gateway::Gateway;
use crate::workspace::Workspace;

/// The time between two saves: a gateway that is killed loses no more.
const INTERVAL: Duration = Duration::from_secs(10);

/// Saves the counts of a gateway.
pub(super) struct SavedCounts(PeriodicSave<DayCounts>);

impl SavedCounts {
    /// Begins with counts that were saved before.
    pub(super) fn new(saved: DayCounts) -> Self {
        Self(PeriodicSave::new(saved, INTERVAL, "daily limits start over after a restart"))
    }

    /// Saves the counts where it is time to.
    pub(super) fn save_in_time(&mut self, context: &Context<'_>, workspace: &Workspace, gateway: &Gateway) {
        if self.0.is_due() {
            self.save(context, workspace, gateway);
        }
    }

    /// Saves the counts where they changed.
    pub(super) fn save(&mut self, context: &Context<'_>, workspace: &Workspace, gateway: &Gateway) {
        let counts = gateway.day_counts();
        if !counts.days.is_empty() {
            self.0.save(context, counts, |counts| workspace.save_day_counts(counts, context.now()));
        }
    }
}

/// Reads the counts that a gateway before has saved.
pub(super) fn read_saved_counts(context: &Context<'_>, workspace: &Workspace) -> DayCounts {
    workspace.day_counts().unwrap_or_else(|error| {
        context.output.warning(&format!("daily limits start over: {}", error.one_line()));
        DayCounts::default()
    })
}
