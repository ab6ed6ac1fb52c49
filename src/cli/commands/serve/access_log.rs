//! The access log on stdout: a line a request on a terminal, JSON lines in a pipe.

use std::io::Write as _;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::gateway::{AccessLog, AccessRecord};

/// How many lines may wait to be written; more are left out.
const MOST_WAITING: usize = 16 * 1024;

/// Workers put lines into a queue, one thread writes them.
pub(super) struct Log {
    queue: SyncSender<String>,
    is_terminal: bool,
}

impl Log {
    pub(super) fn start(is_terminal: bool) -> Self {
        let (queue, lines) = sync_channel::<String>(MOST_WAITING);
        std::thread::spawn(move || {
            for line in lines {
                let mut stdout = std::io::stdout().lock();
                // Requests are served on where nobody reads the log any more.
                if stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()).is_err() {
                    return;
                }
            }
        });
        Self { queue, is_terminal }
    }
}

impl AccessLog for Log {
    fn record(&self, record: &AccessRecord<'_>) {
        let milliseconds = record.took.as_secs_f64() * 1000.0;
        let line = if self.is_terminal {
            format!(
                "{} {} {}{} {} {} {milliseconds:.1} ms\n",
                record.status, record.method, record.host, record.path, record.version, record.backend
            )
        } else {
            serde_json::to_string(record).unwrap_or_default() + "\n"
        };
        // A log that nobody keeps up with must not hold up a request.
        let _ = self.queue.try_send(line);
    }
}
