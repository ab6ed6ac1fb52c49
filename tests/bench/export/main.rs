//! The cost of exports: `cargo bench --bench export`.
//!
//! 1,000 groups of 20 APIs, half of them mocks, are exported to each target, and once more after one group was
//! published again. Printed are seconds on the clock, seconds of processor time and the peak of memory of each command.
//! Then one group is published again and again beside `serve --xds`, and printed are the times from the end of the
//! command, which has committed, to the first and the last byte of the routes at a node, with the processor time of the
//! control plane.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and stops where it cannot go on")]

#[path = "../cost.rs"]
mod cost;
mod node;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use cost::apigw;
use node::ControlPlane;

const GROUPS: usize = 1_000;
const APIS: usize = 20;

fn definition(title: &str) -> String {
    let mut text = format!("openapi: 3.0.3\ninfo: {{title: {title}, version: '1'}}\npaths:\n");
    for number in 0..APIS {
        let _ = writeln!(
            text,
            "  /items{number}/{{id}}: {{get: {{operationId: get{number}, parameters: [{{name: id, in: path, required: true, schema: {{type: \
             string}}}}], responses: {{'200': {{description: d, content: {{application/json: {{example: {{id: a}}}}}}}}}}}}}}"
        );
    }
    text
}

fn write_group(folder: &Path, number: usize, title: &str) {
    let group = folder.join(format!("groups/group-{number}"));
    fs::create_dir_all(&group).expect("a folder");
    let backend = if number.is_multiple_of(2) { "" } else { "backend: http://127.0.0.1:9000\n" };
    let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /group-{number}\n{backend}");
    fs::write(group.join("group.yaml"), settings).expect("a file");
    fs::write(group.join("openapi.yaml"), definition(title)).expect("a file");
}

fn publish(folder: &Path, number: usize) {
    let mock = if number.is_multiple_of(2) { " --mock" } else { "" };
    let cost = apigw(folder, &format!("publish group-{number} --env test --bump patch{mock}"));
    assert_eq!(cost.exit, 0, "group {number} is published");
}

fn main() {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let folder = folder.path();
    assert_eq!(apigw(folder, "init").exit, 0);
    for number in 0..GROUPS {
        write_group(folder, number, "First");
        publish(folder, number);
    }
    for (round, title) in ["First", "Second", "Third"].iter().enumerate() {
        if round > 0 {
            write_group(folder, 1, title);
            publish(folder, 1);
        }
        for target in ["envoy", "nginx", "haproxy", "gateway-api", "kong"] {
            let cost = apigw(folder, &format!("export {target} --env test --out {target}"));
            assert_eq!(cost.exit, 0, "{target}");
            println!("{target}, {}: {}", if round == 0 { "all" } else { "one group changed" }, cost.shown());
        }
    }
    follow(folder);
}

/// Publishes one group again and again while a node waits for it.
fn follow(folder: &Path) {
    let control = ControlPlane::start(folder);
    let mut version = control.settle();
    for round in 0..5 {
        write_group(folder, 1, &format!("Round {round}"));
        let (before, held) = (control.processor_time(), version.clone());
        let (committed, polled) = std::thread::scope(|scope| {
            let polled = scope.spawn(|| control.poll("routes", &held));
            publish(folder, 1);
            (Instant::now(), polled.join().expect("a response"))
        });
        let milliseconds = |at: Instant| at.saturating_duration_since(committed).as_millis();
        println!(
            "a node, one group changed: {} ms to the first byte, {} ms to the last of {} MB ({} ms CPU)",
            milliseconds(polled.first),
            milliseconds(polled.last),
            polled.bytes >> 20,
            control.processor_time().saturating_sub(before).as_millis(),
        );
        version = polled.version;
    }
}
