//! What a publish leaves when it is killed, when a system call fails, and when the power goes.
//!
//! `strace` kills the program at, or fails, each file system call of a publish in turn. A kill never
//! proves an fsync, so the states that a power loss may leave are built from a trace of the calls.

#![cfg(target_os = "linux")]

mod commands;
mod disk;
mod inject;
mod power;
mod pull;
mod trace;
mod workspace;

use std::io::Write as _;

use anyhow::{Result, ensure};
use commands::Writer;
use power::Variant;
use trace::Tracer;
use workspace::Scenario;

#[test]
fn a_publish_survives_a_kill_at_every_call() -> Result<()> {
    let Some(tracer) = tracer("kill")? else { return Ok(()) };
    for scenario in Scenario::all()? {
        finish("kill", &scenario, &inject::kill_at_every_call(&scenario, &tracer)?)?;
    }
    Ok(())
}

#[test]
fn a_publish_survives_the_failure_of_every_call() -> Result<()> {
    let Some(tracer) = tracer("errno")? else { return Ok(()) };
    for scenario in Scenario::all()? {
        finish("errno", &scenario, &inject::fail_every_call(&scenario, &tracer)?)?;
    }
    Ok(())
}

#[test]
fn a_publish_survives_a_power_loss_after_every_call() -> Result<()> {
    let Some(tracer) = tracer("power loss")? else { return Ok(()) };
    for scenario in Scenario::all()? {
        finish("power loss", &scenario, &power::lose_power(&scenario, &tracer, Variant::AsBuilt)?)?;
    }
    Ok(())
}

#[test]
fn every_command_that_writes_survives_an_interruption() -> Result<()> {
    let Some(tracer) = tracer("commands")? else { return Ok(()) };
    let mut failures = Vec::new();
    for (number, writer) in Writer::all()?.iter().enumerate() {
        let finished = commands::finish(writer, &writer.interrupt(&tracer, number)?);
        failures.extend(finished.err().map(|error| format!("{error:#}")));
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

#[test]
fn a_pull_between_an_interruption_and_the_recovery_loses_nothing() -> Result<()> {
    let Some(tracer) = tracer("pull")? else { return Ok(()) };
    pull::pull_after_each_call(&tracer)
}

/// The power-loss test would be worth nothing if it did not see these.
#[test]
fn the_power_loss_test_catches_broken_variants() -> Result<()> {
    let Some(tracer) = tracer("broken variants")? else { return Ok(()) };
    for scenario in Scenario::all()? {
        for variant in [Variant::NoFileSync, Variant::NoFolderSync, Variant::WriteInPlace] {
            let outcome = power::lose_power(&scenario, &tracer, variant)?;
            ensure!(!outcome.failures.is_empty(), "{variant:?} of {} went unseen", scenario.name);
            say(&format!("{variant:?}, {}: caught: {}", scenario.name, outcome.failures[0]));
        }
    }
    Ok(())
}

/// What a test did, and what went wrong.
#[derive(Debug, Default)]
struct Outcome {
    injected: usize,
    /// Runs after which the change was there.
    committed: usize,
    failures: Vec<String>,
}

fn finish(what: &str, scenario: &Scenario, outcome: &Outcome) -> Result<()> {
    let Outcome { injected, committed, failures } = outcome;
    let lost = failures.len();
    say(&format!("{what}, {}: injected {injected}, of these {committed} committed, lost {lost}", scenario.name));
    ensure!(*committed > 0 && committed < injected, "{what}: the injections missed one side of the commit");
    let first: Vec<&str> = failures.iter().take(400).map(String::as_str).collect();
    ensure!(failures.is_empty(), "{what}: {lost} of {injected} failed:\n{}", first.join("\n"));
    Ok(())
}

/// Finds `strace`. Without it a test is skipped, unless `APIGW_REQUIRE_TOOLS` is set.
fn tracer(what: &str) -> Result<Option<Tracer>> {
    let tracer = Tracer::find();
    if tracer.is_none() {
        ensure!(std::env::var_os("APIGW_REQUIRE_TOOLS").is_none(), "{what}: strace is missing or may not trace");
        say(&format!("{what}: skipped: strace is missing or may not trace"));
    }
    Ok(tracer)
}

/// Writes where the test harness does not capture it.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
