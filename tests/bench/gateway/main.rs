//! The gateway against nginx, on the same machine in the same run: `cargo bench --bench gateway [-- [access]
//! [SECONDS]]`.
//!
//! With `access`, callers with keys, signatures and tokens alone are measured, which takes five minutes; it needs
//! `openssl` beside, and says which of HAProxy and Envoy is missing. It needs `nginx`, `wrk` and, for HTTP/2, `h2load`
//! from the distribution, and takes about three minutes. Each row is one load on each of the two, in turns, several
//! rounds, the one that begins changing: what is printed is the median of the rounds, and the median of the shares.
//! Both have a worker a core, no access log unless the row says so, connections to the backend that are kept, and the
//! same client on the same cores.

#![expect(clippy::print_stdout, reason = "a benchmark is there to print")]

mod access;
mod callers;
mod engines;
mod measure;
mod nginx;
mod served;

use std::error::Error;
use std::time::Duration;

use measure::{Client, Load, Process};
use nginx::Protocol;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each of the two is measured for a row.
const ROUNDS: usize = 5;

/// Numbers of groups, and of APIs of each, for 1 and for 100,000 routes.
const SIZES: [(usize, usize); 2] = [(1, 1), (100, 1000)];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, groups, apis, backend] = &arguments[..]
        && command == "serve"
    {
        return served::run(groups.parse()?, apis.parse()?, backend);
    }
    let is_access = arguments.first().is_some_and(|argument| argument == "access");
    let seconds = arguments.get(usize::from(is_access)).map_or(Ok(4), |seconds| seconds.parse())?;
    measure::find("nginx", "nginx")?;
    measure::find("wrk", "wrk")?;
    if is_access {
        return access::measure(seconds);
    }
    let origin = nginx::origin()?;
    let proxied = format!("http://127.0.0.1:{}", origin.port);
    println!("| load | | requests/s | of nginx | p50 | p99 | CPU a request | of nginx | memory |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for (groups, apis) in SIZES {
        for (name, backend) in [("constant result", "mock"), ("proxied", proxied.as_str())] {
            let name = format!("{name}, {} routes", groups * apis);
            let path = format!("/g{}/r{}", groups / 2, apis / 2);
            let theirs = nginx::gateway(groups, apis, backend, "access_log off;", Protocol::Http1)?;
            let ours = served::start(groups, apis, backend)?;
            compare(&name, &theirs, &ours, &path, Client::Wrk, seconds)?;
        }
    }
    if measure::find("h2load", "nghttp2-client").is_ok() {
        let theirs = nginx::gateway(1, 1, "mock", "access_log off;", Protocol::Http2)?;
        let ours = served::start(1, 1, "mock")?;
        compare("constant result over HTTP/2", &theirs, &ours, "/g0/r0", Client::H2Load, seconds)?;
    }
    let log = tempfile::tempdir()?;
    let theirs = nginx::gateway(1, 1, "mock", &nginx::access_log(log.path()), Protocol::Http1)?;
    let ours = served::command(1, 1, &log.path().join("apigw.log"))?;
    compare("constant result, `apigw serve` with its log", &theirs, &ours, "/g0/r0", Client::Wrk, seconds)?;
    drop((theirs, ours));
    println!();
    routing(seconds)?;
    loading()?;
    drop(origin);
    println!();
    access::measure(seconds)
}

/// Puts the same load on both in turns, and prints a line for each.
fn compare(
    name: &str,
    theirs: &Process,
    ours: &Process,
    path: &str,
    client: Client<'_>,
    seconds: u32,
) -> Result<(), Box<dyn Error>> {
    let mut loads: [Vec<Load>; 2] = [Vec::new(), Vec::new()];
    for process in [theirs, ours] {
        client.load(process, path, 1)?;
    }
    for round in 0..ROUNDS {
        for turn in 0..2 {
            let which = (round + turn) % 2;
            let process = if which == 0 { theirs } else { ours };
            if let Some(loads) = loads.get_mut(which) {
                loads.push(client.load(process, path, seconds)?);
            }
        }
    }
    let [theirs, ours] = &loads;
    let share =
        |figure: fn(&Load) -> f64| median(ours.iter().zip(theirs).map(|(ours, theirs)| figure(ours) / figure(theirs)));
    let (rate, cpu) = (share(|load| load.requests_a_second), share(|load| load.cpu_us));
    for (who, loads, rate, cpu) in [("nginx", theirs, 1.0, 1.0), ("apigw", ours, rate, cpu)] {
        let of = |figure: fn(&Load) -> f64| median(loads.iter().map(figure));
        println!(
            "| {name} | {who} | {:.0} | {rate:.2} | {} | {} | {:.1} us | {cpu:.2} | {:.1} MiB |",
            of(|load| load.requests_a_second),
            time(of(|load| load.median_us)),
            time(of(|load| load.nearly_all_us)),
            of(|load| load.cpu_us),
            of(|load| load.memory_kib) / 1024.0,
        );
    }
    Ok(())
}

/// Prints what a request costs with ever more routes.
fn routing(seconds: u32) -> Result<(), Box<dyn Error>> {
    println!("| routes | CPU a request |");
    println!("|---|---|");
    for (groups, apis) in [(1, 10), (10, 100), (100, 1000)] {
        let gateway = served::start(groups, apis, "mock")?;
        let path = format!("/g{}/r{}", groups / 2, apis / 2);
        Client::Wrk.load(&gateway, &path, 1)?;
        let loads = (0..ROUNDS).map(|_| Client::Wrk.load(&gateway, &path, seconds.div_ceil(2)));
        let loads = loads.collect::<Result<Vec<_>, _>>()?;
        println!("| {} | {:.1} us |", groups * apis, median(loads.iter().map(|load| load.cpu_us)));
    }
    println!();
    Ok(())
}

/// Prints how long it takes until groups are served, and what an idle gateway holds.
fn loading() -> Result<(), Box<dyn Error>> {
    let log = tempfile::tempdir()?;
    let idle = served::command(1, 1, &log.path().join("idle"))?;
    println!("`apigw serve` of one group, idle: {:.1} MiB, {}", idle.memory_kib()? / 1024.0, idle.said);
    drop(idle);
    let large = served::command(1000, 20, &log.path().join("large"))?;
    println!("`apigw serve` of 1,000 groups of 20 APIs: {:.1} MiB, {}", large.memory_kib()? / 1024.0, large.said);
    drop(large);
    for (groups, apis) in [(1000, 20), (100, 1000)] {
        let gateway = served::start(groups, apis, "mock")?;
        println!("{groups} groups of {apis} APIs: {}", gateway.said);
    }
    Ok(())
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn time(microseconds: f64) -> String {
    if microseconds.is_nan() {
        "-".to_owned()
    } else if microseconds < 1000.0 {
        format!("{microseconds:.0} us")
    } else {
        format!("{:.2} ms", microseconds / 1000.0)
    }
}

/// Waits until a process listens on a port.
fn wait_for(process: &mut std::process::Child, port: u16) -> Result<(), Box<dyn Error>> {
    for _ in 0..60_000 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        if let Some(status) = process.try_wait()? {
            return Err(format!("it ended with {status}").into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err("it does not listen".into())
}

/// Makes a process of a child that listens.
fn listening(mut child: std::process::Child, port: u16) -> Result<Process, Box<dyn Error>> {
    wait_for(&mut child, port)?;
    Ok(Process { child, port, said: String::new(), folder: None })
}
