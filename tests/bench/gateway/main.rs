//! The gateway against nginx, on the same machine in the same run: `cargo bench --bench gateway [-- SECONDS]`.
//!
//! It needs `nginx` and `wrk` from the distribution. Each row is one load on each of the two, one after the other, and
//! prints requests a second, latencies, CPU time a request and memory, with the gateway's share of nginx's.

#![expect(clippy::print_stdout, reason = "a benchmark is there to print")]

mod measure;
mod nginx;
mod served;

use std::error::Error;
use std::time::Duration;

use measure::{Load, Process};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, groups, apis, backend] = &arguments[..]
        && command == "serve"
    {
        return served::run(groups.parse()?, apis.parse()?, backend);
    }
    let seconds = arguments.first().map_or(Ok(5), |seconds| seconds.parse())?;
    let origin = nginx::origin()?;
    println!(
        "{:<28}{:>12}{:>12}{:>10}{:>10}{:>12}{:>12}",
        "", "requests/s", "of nginx", "p50", "p99", "CPU/request", "memory"
    );
    for (groups, apis) in [(1, 1), (100, 1000)] {
        for (name, backend) in
            [("constant result", "mock".to_owned()), ("proxied", format!("http://127.0.0.1:{}", origin.port))]
        {
            let path = format!("/g{}/r{}", groups / 2, apis / 2);
            let name = format!("{name}, {} routes", groups * apis);
            let theirs = {
                let nginx = nginx::gateway(groups, apis, &backend)?;
                measure::load(&nginx, &path, seconds)?
            };
            let ours = {
                let gateway = served::start(groups, apis, &backend)?;
                println!("  {}", gateway.said);
                measure::load(&gateway, &path, seconds)?
            };
            print(&format!("{name}: nginx"), &theirs, &theirs);
            print(&format!("{name}: apigw"), &ours, &theirs);
        }
    }
    let gateway = served::start(1000, 20, "mock")?;
    println!("1000 groups of 20 APIs: {}", gateway.said);
    Ok(())
}

fn print(name: &str, load: &Load, nginx: &Load) {
    println!(
        "{name:<40}{:>10.0}{:>8.2}{:>12}{:>12}{:>9.1} us{:>7.1} MiB",
        load.requests_a_second,
        load.requests_a_second / nginx.requests_a_second,
        load.median,
        load.nearly_all,
        load.cpu_a_request.as_secs_f64() * 1e6,
        f64::from(load.memory_kib) / 1024.0,
    );
}

/// Waits until somebody listens on a port.
fn wait_for(process: &mut std::process::Child, port: u16) -> Result<(), Box<dyn Error>> {
    for _ in 0..1200 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        if let Some(status) = process.try_wait()? {
            return Err(format!("it ended with {status}").into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("it does not listen".into())
}

/// Makes a process of a child that listens.
fn listening(mut child: std::process::Child, port: u16) -> Result<Process, Box<dyn Error>> {
    wait_for(&mut child, port)?;
    Ok(Process { child, port, said: String::new(), folder: None })
}
