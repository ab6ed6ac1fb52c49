//! The access log: to stdout, as a line a request on a terminal and JSON lines in a pipe, or as JSON lines to a file.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::escape;
use crate::gateway::{AccessLog, AccessRecord};
use crate::workspace::append_outside;

use super::options::LogTarget;

/// The number of lines that may wait to be written; more are left out.
const MOST_WAITING: usize = 16 * 1024;

/// The size in bytes at which lines that wait together are written.
const LARGEST_WRITE: usize = 64 * 1024;

/// Workers put lines into a queue, one thread writes them.
pub(super) struct LogQueue {
    queue: SyncSender<String>,
    is_terminal: bool,
    state: Arc<LogState>,
}

/// The state that the log and its writer thread share.
#[derive(Default)]
struct LogState {
    dropped: AtomicU64,
    /// The number of lines left out at the last query, and whether it had grown then.
    seen: AtomicU64,
    was_dropping: AtomicBool,
    must_reopen: AtomicBool,
}

/// Destination of the lines.
enum LogSink {
    Stdout,
    /// Stdout has one document, and nothing else.
    Stderr,
    File {
        path: PathBuf,
        file: Box<dyn Write + Send>,
    },
}

impl LogQueue {
    /// Starts the log, unless it is off.
    pub(super) fn start(context: &Context<'_>, target: &LogTarget) -> Result<Option<Arc<Self>>, CommandError> {
        let (sink, is_terminal) = match target {
            LogTarget::Off => return Ok(None),
            LogTarget::Stdout if context.output.format.is_document() => (LogSink::Stderr, false),
            LogTarget::Stdout => (LogSink::Stdout, context.process.stdout_is_terminal),
            LogTarget::File(path) => {
                let path = context.folder().join(path);
                let file = append_outside(&path)?;
                (LogSink::File { path, file }, false)
            }
        };
        Ok(Some(Arc::new(Self::to(sink, is_terminal))))
    }

    fn to(mut sink: impl LogDestination, is_terminal: bool) -> Self {
        let (queue, lines) = sync_channel::<String>(MOST_WAITING);
        let state = Arc::new(LogState::default());
        std::thread::spawn({
            let state = Arc::clone(&state);
            move || {
                let mut waiting = String::new();
                while let Ok(first) = lines.recv() {
                    waiting.clear();
                    waiting.push_str(&first);
                    let mut count = 1;
                    while waiting.len() < LARGEST_WRITE
                        && let Ok(line) = lines.try_recv()
                    {
                        waiting.push_str(&line);
                        count += 1;
                    }
                    if state.must_reopen.swap(false, Ordering::Relaxed) {
                        sink.reopen();
                    }
                    // Requests are served on where nobody reads the log any more, or the disk is full.
                    if sink.put(waiting.as_bytes()).is_err() {
                        state.dropped.fetch_add(count, Ordering::Relaxed);
                    }
                }
            }
        });
        Self { queue, is_terminal, state }
    }

    /// Opens the file again before the next line, which may have been moved away.
    pub(super) fn reopen(&self) {
        self.state.must_reopen.store(true, Ordering::Relaxed);
    }

    /// Returns how many lines were left out so far, where some were since this was last asked and none were then.
    pub(super) fn begins_to_drop(&self) -> Option<u64> {
        let dropped = self.dropped();
        let is_dropping = self.state.seen.swap(dropped, Ordering::Relaxed) < dropped;
        let was_dropping = self.state.was_dropping.swap(is_dropping, Ordering::Relaxed);
        (is_dropping && !was_dropping).then_some(dropped)
    }
}

impl AccessLog for LogQueue {
    fn record(&self, record: &AccessRecord<'_>) {
        let line = if self.is_terminal { terminal_line(record) } else { json_line(record) };
        // A log that nobody keeps up with must not hold up a request.
        if self.queue.try_send(line).is_err() {
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn dropped(&self) -> u64 {
        self.state.dropped.load(Ordering::Relaxed)
    }
}

fn terminal_line(record: &AccessRecord<'_>) -> String {
    let milliseconds = record.took.as_secs_f64() * 1000.0;
    let AccessRecord { status, method, host, path, version, backend, .. } = record;
    let line = format!("{status} {method} {host}{path} {version} {backend} {milliseconds:.1} ms");
    escape::line(&line).into_owned() + "\n"
}

/// Bytes of a line, with room to spare.
const USUAL_LINE: usize = 768;

fn json_line(record: &AccessRecord<'_>) -> String {
    let mut line = Vec::with_capacity(USUAL_LINE);
    // Nothing of a record can fail to be written as JSON.
    let _ = serde_json::to_writer(&mut line, record);
    let mut line = String::from_utf8(line).unwrap_or_default();
    if let Cow::Owned(escaped) = escape::json(&line) {
        line = escaped;
    }
    line.push('\n');
    line
}

/// A destination of lines.
trait LogDestination: Send + 'static {
    /// Writes whole lines out.
    fn put(&mut self, lines: &[u8]) -> io::Result<()>;

    /// Begins anew where the name of the file leads to now.
    fn reopen(&mut self);
}

impl LogDestination for LogSink {
    fn put(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(lines).and_then(|()| stdout.flush())
            }
            Self::Stderr => io::stderr().lock().write_all(lines),
            Self::File { file, .. } => file.write_all(lines),
        }
    }

    fn reopen(&mut self) {
        if let Self::File { path, file } = self
            && let Ok(opened) = append_outside(path)
        {
            *file = opened;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::gateway::LoggedClient;

    /// Takes lines only when it is told to.
    struct Slow(Receiver<()>);

    impl LogDestination for Slow {
        fn put(&mut self, _: &[u8]) -> io::Result<()> {
            self.0.recv().map_err(io::Error::other)
        }

        fn reopen(&mut self) {}
    }

    fn record(path: &str) -> AccessRecord<'_> {
        AccessRecord {
            time: SystemTime::UNIX_EPOCH,
            request_id: "",
            client: LoggedClient::Connected(SocketAddr::from(([127, 0, 0, 1], 1))),
            proxy: None,
            host: "",
            method: "",
            path,
            environment: "",
            group: "",
            version: "",
            api: "",
            key: "ci",
            backend: "",
            status: 200,
            error: "",
            bytes_in: 0,
            bytes_out: 0,
            took: Duration::ZERO,
            backend_took: None,
        }
    }

    #[test]
    fn a_line_does_nothing_to_a_terminal() {
        let record = record("/a\u{1b}[2J\u{202e}\n200 GET");
        assert_eq!(terminal_line(&record), "200  /a\\u{1b}[2J\\u{202e}\\n200 GET   0.0 ms\n");
        let line = json_line(&record);
        assert!(line.contains("\\u202e"), "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(read["path"], record.path);
    }

    #[test]
    fn lines_that_are_left_out_are_counted_and_told_once() {
        let record = record("");
        let (go_on, told) = channel();
        let log = LogQueue::to(Slow(told), true);
        assert_eq!(log.begins_to_drop(), None);
        // A first write may be in the hands of the thread, the others wait.
        let most_taken = LARGEST_WRITE / terminal_line(&record).len() + 1;
        for _ in 0..MOST_WAITING + most_taken + 10 {
            log.record(&record);
        }
        let dropped = log.dropped();
        assert!((10..=10 + most_taken as u64).contains(&dropped), "{dropped}");
        assert_eq!(log.begins_to_drop(), Some(dropped));
        log.record(&record);
        log.record(&record);
        assert_eq!(log.begins_to_drop(), None, "it was told a moment ago");
        assert_eq!(log.begins_to_drop(), None);
        let dropped = log.dropped();
        log.record(&record);
        assert_eq!(log.begins_to_drop(), Some(dropped + 1), "it begins again");
        drop(go_on);
    }

    /// Keeps each write.
    struct Kept(Receiver<()>, std::sync::mpsc::Sender<Vec<u8>>);

    impl LogDestination for Kept {
        fn put(&mut self, lines: &[u8]) -> io::Result<()> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(lines.to_vec()).map_err(io::Error::other)
        }

        fn reopen(&mut self) {}
    }

    #[test]
    fn lines_that_wait_together_are_written_together_and_in_order() {
        let (go_on, told) = channel();
        let (writes, written) = channel();
        let log = LogQueue::to(Kept(told, writes), true);
        let paths: Vec<String> = (0..40).map(|number| format!("/{number}")).collect();
        for path in &paths {
            log.record(&record(path));
        }
        let mut texts: Vec<Vec<u8>> = Vec::new();
        while texts.concat().len() < paths.iter().map(|path| terminal_line(&record(path)).len()).sum::<usize>() {
            go_on.send(()).expect("the thread runs");
            texts.push(written.recv().expect("a write"));
        }
        let expected: String = paths.iter().map(|path| terminal_line(&record(path))).collect();
        assert_eq!(String::from_utf8(texts.concat()).expect("text"), expected);
        assert!(texts.iter().all(|text| text.ends_with(b"\n")), "each write ends with a line");
        // The first write has at least the first line; those that came while it was held are the second.
        assert!(texts.len() <= 2, "{} writes", texts.len());
        assert_eq!(log.dropped(), 0);
    }
}
