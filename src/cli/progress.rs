//! Progress of long work, shown on a terminal only.

use std::time::Duration;

use indicatif::ProgressBar;

/// A line on stderr that says what is being worked on, and goes away at the end.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Begins; where progress is not wanted, nothing is shown.
    pub(super) fn start(is_shown: bool, what: &'static str) -> Self {
        if !is_shown {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_prefix(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Says what is being worked on now.
    pub(super) fn say(&self, name: &str) {
        if !self.0.is_hidden() {
            self.0.set_message(name.to_owned());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
