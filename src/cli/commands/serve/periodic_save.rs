//! State of a gateway that is saved now and then, as far as it has changed.

use std::time::{Duration, Instant};

use crate::cli::context::Context;
use crate::workspace;

/// The saves of one state.
pub(super) struct PeriodicSave<T> {
    saved: T,
    interval: Duration,
    next: Instant,
    is_failing: bool,
    /// The loss at a restart as long as saves fail.
    loss: &'static str,
}

impl<T: Clone + PartialEq> PeriodicSave<T> {
    /// Begins with a state that was saved before.
    pub(super) fn new(saved: T, interval: Duration, loss: &'static str) -> Self {
        Self { saved, interval, next: Instant::now() + interval, is_failing: false, loss }
    }

    /// True once in each interval.
    pub(super) fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = now >= self.next;
        if is_due {
            self.next = now + self.interval;
        }
        is_due
    }

    /// Saves the state where it has changed. A failure is told once.
    pub(super) fn save(
        &mut self,
        context: &Context<'_>,
        state: T,
        write: impl FnOnce(T) -> Result<(), workspace::Error>,
    ) {
        if state == self.saved {
            return;
        }
        match write(state.clone()) {
            Ok(()) => {
                self.saved = state;
                self.is_failing = false;
            }
            Err(_) if self.is_failing => {}
            Err(error) => {
                self.is_failing = true;
                context.output.warning(&format!("{}: {}", self.loss, error.one_line()));
            }
        }
    }
}
