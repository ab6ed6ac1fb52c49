//! Puts load on a process and reads what it cost.

use std::error::Error;
use std::path::PathBuf;
use std::process::{Child, Command};

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

impl Process {
    /// Returns the memory that it holds in KiB, what its processes share counted once.
    pub(crate) fn memory_kib(&self) -> Result<f64, Box<dyn Error>> {
        Ok(f64::from(memory(&family(self.child.id()))?))
    }
}

/// What a load gave.
pub(crate) struct Load {
    pub(crate) requests_a_second: f64,
    /// Half of the answers came within this time; not a number where the client does not say.
    pub(crate) median_us: f64,
    /// Of a hundred answers, 99 did.
    pub(crate) nearly_all_us: f64,
    pub(crate) cpu_us: f64,
    pub(crate) memory_kib: f64,
}

/// Client that puts the load.
#[derive(Clone, Copy)]
pub(crate) enum Client<'c> {
    /// 64 connections that are kept.
    Wrk,
    /// HTTP/2: 8 connections with 16 requests at a time on each.
    H2Load,
    /// As [`Client::Wrk`], with the headers or the requests of a caller.
    Caller(&'c Caller),
}

/// A caller who shows something.
#[derive(Default)]
pub(crate) struct Caller {
    pub(crate) headers: Vec<(&'static str, String)>,
    /// A script that has the requests, where each is another.
    pub(crate) script: Option<PathBuf>,
    /// True if each request is refused.
    pub(crate) is_refused: bool,
}

impl Caller {
    fn arguments(&self) -> Vec<String> {
        let headers = self.headers.iter().map(|(name, value)| format!("-H{name}: {value}"));
        headers.chain(self.script.iter().map(|script| format!("-s{}", script.display()))).collect()
    }
}

impl Client<'_> {
    /// Asks for a path for so many seconds.
    pub(crate) fn load(self, process: &Process, path: &str, seconds: u32) -> Result<Load, Box<dyn Error>> {
        let url = format!("http://127.0.0.1:{}{path}", process.port);
        let before = cpu_ticks(process.child.id())?;
        let report = match self {
            Self::Wrk | Self::Caller(_) => {
                let mut arguments = ["-t1", "-c64", "--latency"].map(str::to_owned).to_vec();
                arguments.push(format!("-d{seconds}s"));
                if let Self::Caller(caller) = self {
                    arguments.extend(caller.arguments());
                }
                arguments.push(url);
                run("wrk", &arguments.iter().map(String::as_str).collect::<Vec<_>>())?
            }
            Self::H2Load => run("h2load", &["-t1", "-c8", "-m16", &format!("-D{seconds}"), &url])?,
        };
        let ticks = cpu_ticks(process.child.id())? - before;
        let all_failed = || format!("requests failed:\n{report}");
        let (requests_a_second, requests, median_us, nearly_all_us) = match self {
            Self::Wrk | Self::Caller(_)
                if report.contains("Socket errors") || report.contains("Non-2xx") != self.is_refused() =>
            {
                return Err(all_failed().into());
            }
            Self::Wrk | Self::Caller(_) => (
                word_after(&report, "Requests/sec:")?.parse()?,
                word_before(&report, " requests in ")?.parse()?,
                microseconds(word_after(&report, " 50%")?)?,
                microseconds(word_after(&report, " 99%")?)?,
            ),
            Self::H2Load => {
                let requests: f64 = word_before(&report, " 2xx,")?.parse()?;
                if !report.contains(" 0 4xx, 0 5xx") || requests == 0.0 {
                    return Err(all_failed().into());
                }
                (word_before(&report, " req/s,")?.parse()?, requests, f64::NAN, f64::NAN)
            }
        };
        // The kernel counts in hundredths of a second.
        let cpu_us = f64::from(u32::try_from(ticks)?) * 10_000.0 / requests;
        Ok(Load { requests_a_second, median_us, nearly_all_us, cpu_us, memory_kib: process.memory_kib()? })
    }

    const fn is_refused(self) -> bool {
        matches!(self, Self::Caller(Caller { is_refused: true, .. }))
    }
}

/// Finds a program; fails with the package of the distribution to install.
pub(crate) fn find(program: &str, package: &str) -> Result<(), Box<dyn Error>> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&folders).chain(["/usr/sbin".into()]);
    if folders.any(|folder| folder.join(program).exists()) {
        return Ok(());
    }
    Err(format!("{program} is missing: install it, for example with `apt-get install {package}`").into())
}

fn run(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    Ok(String::from_utf8(Command::new(program).args(arguments).output()?.stdout)?)
}

fn word_after<'r>(report: &'r str, text: &str) -> Result<&'r str, Box<dyn Error>> {
    let rest = report.split(text).nth(1).and_then(|rest| rest.split_whitespace().next());
    rest.ok_or_else(|| format!("there is no {text:?} in the report:\n{report}").into())
}

fn word_before<'r>(report: &'r str, text: &str) -> Result<&'r str, Box<dyn Error>> {
    let before = report.split_once(text).and_then(|(before, _)| before.split_whitespace().next_back());
    before.ok_or_else(|| format!("there is no {text:?} in the report:\n{report}").into())
}

/// Reads a time like `1.25ms`.
fn microseconds(text: &str) -> Result<f64, Box<dyn Error>> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let unit = match text.strip_prefix(digits) {
        Some("us") => 1.0,
        Some("ms") => 1e3,
        Some("s") => 1e6,
        _ => return Err(format!("{text:?} is no time").into()),
    };
    Ok(digits.parse::<f64>()? * unit)
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
