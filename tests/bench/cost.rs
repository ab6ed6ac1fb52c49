//! The cost of commands, each a process of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_apigw");

/// Time and memory that one command took.
pub(crate) struct Cost {
    pub(crate) clock: Duration,
    pub(crate) processor: Duration,
    pub(crate) peak_kib: u64,
    pub(crate) exit: i32,
}

impl Cost {
    pub(crate) fn shown(&self) -> String {
        let mebibytes = self.peak_kib / 1024;
        format!("{:.2} s ({:.2} s CPU, {mebibytes} MiB)", self.clock.as_secs_f64(), self.processor.as_secs_f64())
    }
}

/// Runs a command and looks at it while it runs.
pub(crate) fn apigw(folder: &Path, words: &str) -> Cost {
    let mut command = Command::new(BINARY);
    command.args(words.split(' ')).current_dir(folder).env("HOME", folder).env("APIGW_ACTOR", "Ada");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn().expect("the command runs");
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let (mut processor, mut peak_kib) = (Duration::ZERO, 0);
    loop {
        processor = processor_time(&process).max(processor);
        peak_kib = peak_memory(&process).max(peak_kib);
        if let Some(status) = child.try_wait().expect("the command is waited for") {
            return Cost { clock: started.elapsed(), processor, peak_kib, exit: status.code().unwrap_or(-1) };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn peak_memory(process: &Path) -> u64 {
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// Returns the time in user and system mode, which Linux counts in hundredths of a second.
pub(crate) fn processor_time(process: &Path) -> Duration {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
