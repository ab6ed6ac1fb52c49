//! What a publish, and each other command that writes, leaves when it is killed, when a system call fails, and when the
//! power goes.
//!
//! `strace` kills the program at, or fails, each file system call of a publish in turn. A kill never
//! proves an fsync, so the states that a power loss may leave are built from a trace of the calls.

#![cfg(target_os = "linux")]

mod commands;
mod disk;
mod inject;
mod outputs;
mod power;
mod pull;
#[path = "../tools/mod.rs"]
mod tools;
mod trace;
mod workspace;

use std::io::Write as _;

use anyhow::{Result, ensure};
use commands::Writer;
use power::Variant;
use tools::has;
use trace::Tracer;
use workspace::Scenario;

#[test]
fn a_publish_survives_a_kill_at_every_call() -> Result<()> {
    let Some(tracer) = tracer("kill") else { return Ok(()) };
    for scenario in Scenario::all()? {
        finish("kill", &scenario, &inject::kill_at_every_call(&scenario, &tracer)?)?;
    }
    Ok(())
}

#[test]
fn a_publish_survives_the_failure_of_every_call() -> Result<()> {
    let Some(tracer) = tracer("errno") else { return Ok(()) };
    for scenario in Scenario::all()? {
        finish("errno", &scenario, &inject::fail_every_call(&scenario, &tracer)?)?;
    }
    Ok(())
}

#[test]
fn a_publish_survives_a_power_loss_after_every_call() -> Result<()> {
    let Some(tracer) = tracer("power loss") else { return Ok(()) };
    for scenario in Scenario::all()? {
        finish("power loss", &scenario, &power::lose_power(&scenario, &tracer, Variant::AsBuilt, 1)?)?;
    }
    Ok(())
}

#[test]
fn every_command_that_writes_survives_an_interruption() -> Result<()> {
    let Some(tracer) = tracer("commands") else { return Ok(()) };
    let mut failures = Vec::new();
    for (number, writer) in Writer::all()?.iter().enumerate() {
        let finished = commands::finish(writer, &writer.interrupt(&tracer, number)?);
        failures.extend(finished.err().map(|error| format!("{error:#}")));
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

#[test]
fn the_next_run_removes_what_a_killed_writer_of_files_left() -> Result<()> {
    let Some(tracer) = tracer("writers of files") else { return Ok(()) };
    let (killed, failures) = outputs::kill_writers(&tracer)?;
    say(&format!("writers of files: killed {killed} times, {} went wrong", failures.len()));
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

#[test]
fn a_pull_between_an_interruption_and_the_recovery_loses_nothing() -> Result<()> {
    let Some(tracer) = tracer("pull") else { return Ok(()) };
    pull::pull_after_each_call(&tracer)
}

#[test]
fn other_commands_survive_a_power_loss() -> Result<()> {
    let Some(tracer) = tracer("power loss of other commands") else { return Ok(()) };
    let mut failures = Vec::new();
    for writer in Writer::durable()? {
        let outcome = power::lose_power(&writer, &tracer, Variant::AsBuilt, commands::step())?;
        failures.extend(report("power loss", writer.name, &outcome).err().map(|error| format!("{error:#}")));
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

#[test]
fn a_power_loss_of_broken_other_commands_is_caught() -> Result<()> {
    let Some(tracer) = tracer("broken variants of other commands") else { return Ok(()) };
    for writer in Writer::durable()? {
        for variant in [Variant::NoFileSync, Variant::NoFolderSync] {
            let outcome = power::lose_power(&writer, &tracer, variant, commands::step())?;
            ensure!(!outcome.failures.is_empty(), "{variant:?} of {} went unseen", writer.name);
            say(&format!("{variant:?}, {}: caught: {}", writer.name, outcome.failures[0]));
        }
    }
    Ok(())
}

/// The power-loss test would be worth nothing if it did not see these.
#[test]
fn the_power_loss_test_catches_broken_variants() -> Result<()> {
    let Some(tracer) = tracer("broken variants") else { return Ok(()) };
    for scenario in Scenario::all()? {
        for variant in [Variant::NoFileSync, Variant::NoFolderSync, Variant::WriteInPlace] {
            let outcome = power::lose_power(&scenario, &tracer, variant, 1)?;
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
    report(what, scenario.name, outcome)
}

fn report(what: &str, name: &str, outcome: &Outcome) -> Result<()> {
    let Outcome { injected, committed, failures } = outcome;
    let lost = failures.len();
    say(&format!("{what}, {name}: injected {injected}, of these {committed} committed, lost {lost}"));
    let first: Vec<&str> = failures.iter().take(400).map(String::as_str).collect();
    ensure!(failures.is_empty(), "{what}, {name}: {lost} of {injected} failed:\n{}", first.join("\n"));
    ensure!(*committed > 0 && committed < injected, "{what}, {name}: the injections missed one side of the commit");
    Ok(())
}

/// Finds `strace`. Without it a test is skipped.
fn tracer(what: &str) -> Option<Tracer> {
    let tracer = Tracer::find();
    has(tracer.is_some(), "a strace that may trace", what);
    tracer
}

/// Writes where the test harness does not capture it.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
