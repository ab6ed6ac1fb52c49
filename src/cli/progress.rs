//! Progress of long work, shown on a terminal only.
//!
//! One line that is written over needs no library; the count of crates is small on purpose.

use std::cell::Cell;
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::escape;

/// The shortest time between two changes of the line: nobody reads faster.
const INTERVAL: Duration = Duration::from_millis(100);

/// A line on stderr that names the current item, and goes away at the end.
pub(super) struct ProgressLine {
    what: Option<&'static str>,
    next: Cell<Instant>,
}

impl ProgressLine {
    /// Begins; where progress is not wanted, nothing is shown. Work that ends at once shows nothing either.
    pub(super) fn start(is_shown: bool, what: &'static str) -> Self {
        Self { what: is_shown.then_some(what), next: Cell::new(Instant::now() + INTERVAL) }
    }

    /// Shows the name of the current item.
    pub(super) fn say(&self, name: &str) {
        let Some(what) = self.what else { return };
        let now = Instant::now();
        if now >= self.next.get() {
            self.next.set(now + INTERVAL);
            // Where nobody looks, there is nobody to tell.
            let _ = write!(std::io::stderr(), "\r{what} {}\u{1b}[K", escape::line(name));
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.what.is_some() {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
