//! Progress of long work, shown on a terminal only.
//!
//! One line that is written over needs no library; the count of crates is small on purpose.

use std::io::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::escape;

/// The time for which work may say nothing.
const BEFORE_FIRST: Duration = Duration::from_secs(1);

/// The time between two changes of the line: nobody reads faster.
const INTERVAL: Duration = Duration::from_millis(100);

/// A line on stderr that names the work, its current item and the seconds it has taken, and goes away at the end.
///
/// A thread writes it, as one item may take all of the time.
pub(super) struct ProgressLine(Option<RunningLine>);

struct RunningLine {
    item: Arc<Mutex<String>>,
    /// Dropping it ends the thread.
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl ProgressLine {
    /// Begins; where progress is not wanted, nothing is shown. Work that ends soon shows nothing either.
    pub(super) fn start(is_shown: bool, work: &'static str) -> Self {
        Self(is_shown.then(|| RunningLine::start(io::stderr(), work, BEFORE_FIRST).ok()).flatten())
    }

    /// Shows the name of the current item.
    pub(super) fn say(&self, name: &str) {
        if let Some(RunningLine { item, .. }) = &self.0 {
            *item.lock().unwrap_or_else(PoisonError::into_inner) = format!(" {}", escape::line(name));
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some(RunningLine { end, thread, .. }) = self.0.take() {
            drop(end);
            // Whatever is printed next must find the line gone.
            let _ = thread.join();
        }
    }
}

impl RunningLine {
    fn start(mut writer: impl Write + Send + 'static, work: &'static str, before_first: Duration) -> io::Result<Self> {
        let item = Arc::new(Mutex::new(String::new()));
        let (end, ended) = channel::<()>();
        let begin = Instant::now();
        let shown = Arc::clone(&item);
        let write = move || {
            let mut wait = before_first;
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = INTERVAL;
                let item = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let seconds = begin.elapsed().as_secs();
                // Where nobody looks, there is nobody to tell.
                let _ = write!(writer, "\r{work}{item}, {seconds} s\u{1b}[K").and_then(|()| writer.flush());
            }
            if wait != before_first {
                let _ = write!(writer, "\r\u{1b}[K").and_then(|()| writer.flush());
            }
        };
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(write)?;
        Ok(Self { item, end, thread })
    }
}
