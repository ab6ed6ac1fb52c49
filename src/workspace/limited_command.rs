//! Commands that are ended where they take too long.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Reason why there is no output of a command.
#[derive(Debug, thiserror::Error)]
pub(super) enum LimitedError {
    /// It cannot be started.
    #[error("cannot be started: {0}")]
    Start(io::Error),
    /// It took longer than it may.
    #[error("took longer than {} s", .0.as_secs())]
    Slow(Duration),
    /// Its output cannot be read.
    #[error("has no output that can be read: {0}")]
    Output(io::Error),
}

/// Runs a command, and returns its status and the beginning of its output, up to `most_bytes`. One that
/// takes longer than `limit` is ended, with all that it has started.
pub(super) fn run_within(
    command: &mut Command,
    input: Vec<u8>,
    limit: Duration,
    most_bytes: u64,
) -> Result<(ExitStatus, Vec<u8>), LimitedError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.process_group(0);
    let mut child = command.spawn().map_err(LimitedError::Start)?;
    let deadline = Instant::now() + limit;
    let (sender, receiver) = mpsc::channel();
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read its input ends all the same.
        thread::spawn(move || stdin.write_all(&input));
    }
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.take(most_bytes).read_to_end(&mut bytes);
            let _ = sender.send(read.map(|_| bytes));
        });
    }
    let output = receiver.recv_timeout(limit);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            _ if Instant::now() >= deadline => {
                end_group(&child);
                let _ = child.wait();
                return Err(LimitedError::Slow(limit));
            }
            _ => thread::sleep(Duration::from_millis(1)),
        }
    };
    // Its output may be open longer than it runs: in a process that it has started.
    let bytes = output.map_err(|_| {
        end_group(&child);
        LimitedError::Slow(limit)
    })?;
    Ok((status, bytes.map_err(LimitedError::Output)?))
}

/// Ends a command and all that it has started, as far as that stayed in its group.
fn end_group(child: &Child) {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_ends_in_time_with_all_that_it_started() {
        let run = |script: &str| {
            let (begin, limit) = (Instant::now(), Duration::from_millis(500));
            let outcome = run_within(Command::new("sh").args(["-c", script]), b"input".to_vec(), limit, 4);
            assert!(begin.elapsed() < Duration::from_secs(20), "{script}");
            match outcome {
                Ok((status, bytes)) => format!("{} {}", status.success(), String::from_utf8_lossy(&bytes)),
                Err(error) => error.to_string(),
            }
        };
        for (script, expected) in [
            ("echo abcdefg", "true abcd"),
            ("cat", "true inpu"),
            ("echo a; exit 3", "false a\n"),
            ("sleep 60", "took longer than 0 s"),
            ("sleep 60 & echo a", "took longer than 0 s"),
        ] {
            assert_eq!(run(script), expected, "{script}");
        }
        let missing = run_within(&mut Command::new("./no-such-program"), Vec::new(), Duration::from_secs(1), 1);
        assert!(matches!(missing, Err(LimitedError::Start(_))));
    }
}
