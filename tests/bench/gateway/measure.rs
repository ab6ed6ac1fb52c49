//! Puts load on a process and reads what it cost.

use std::error::Error;
use std::process::{Child, Command};
use std::time::Duration;

/// A process that listens; it ends when it is dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) port: u16,
    /// What it said when it was ready.
    pub(crate) said: String,
    pub(crate) folder: Option<tempfile::TempDir>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // nginx's workers end with their master only where it is told, not where it is killed.
        Command::new("kill").arg(self.child.id().to_string()).status().ok();
        self.child.wait().ok();
        self.folder.take();
    }
}

/// What a load gave.
pub(crate) struct Load {
    pub(crate) requests_a_second: f64,
    pub(crate) median: String,
    pub(crate) nearly_all: String,
    pub(crate) cpu_a_request: Duration,
    pub(crate) memory_kib: u32,
}

/// Asks for a path for so many seconds on 64 connections that are kept.
pub(crate) fn load(process: &Process, path: &str, seconds: u32) -> Result<Load, Box<dyn Error>> {
    let url = format!("http://127.0.0.1:{}{path}", process.port);
    run_wrk(&url, 1)?;
    let before = cpu_ticks(process.child.id())?;
    let report = run_wrk(&url, seconds)?;
    let ticks = cpu_ticks(process.child.id())? - before;
    if report.contains("Non-2xx") || report.contains("Socket errors") {
        return Err(format!("requests failed:\n{report}").into());
    }
    let latencies = report.split("Latency Distribution").nth(1).ok_or("wrk's report has another form")?;
    let word = |after: &str| -> Result<String, Box<dyn Error>> {
        let rest = latencies.split(after).nth(1).ok_or("wrk's report has another form")?;
        Ok(rest.split_whitespace().next().unwrap_or_default().to_owned())
    };
    let requests_a_second: f64 = word("Requests/sec:")?.parse()?;
    let requests = requests_a_second * f64::from(seconds);
    Ok(Load {
        requests_a_second,
        median: word("50%")?,
        nearly_all: word("99%")?,
        // The kernel counts in hundredths of a second.
        cpu_a_request: Duration::from_secs_f64(f64::from(u32::try_from(ticks)?) / 100.0 / requests),
        memory_kib: memory(&family(process.child.id()))?,
    })
}

fn run_wrk(url: &str, seconds: u32) -> Result<String, Box<dyn Error>> {
    let output =
        Command::new("wrk").args(["-t1", "-c64", "--latency"]).arg(format!("-d{seconds}s")).arg(url).output()?;
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns a process and those that it started.
fn family(process: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    std::iter::once(process).chain(children.split_whitespace().filter_map(|child| child.parse().ok())).collect()
}

fn cpu_ticks(process: u32) -> Result<u64, Box<dyn Error>> {
    let mut ticks = 0;
    for process in family(process) {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        for field in [11, 12] {
            ticks += fields.get(field).ok_or("/proc has another form")?.parse::<u64>()?;
        }
    }
    Ok(ticks)
}

/// Returns the memory that processes hold in KiB, what they share counted once.
pub(crate) fn memory(processes: &[u32]) -> Result<u32, Box<dyn Error>> {
    let mut kib = 0;
    for process in processes {
        let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("/proc has another form")?;
        kib += line.split_whitespace().next().unwrap_or_default().parse::<u32>()?;
    }
    Ok(kib)
}
