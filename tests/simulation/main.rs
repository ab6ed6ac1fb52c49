//! Three people, the real program and the real Git, commands at random: nothing acknowledged is lost, nothing is live
//! that nobody published, and `verify` says so after each step.
//!
//! `APIGW_SEEDS` and `APIGW_STEPS` say how much; `APIGW_SEED` runs one seed alone. A failing seed is printed with the
//! shortest script that was found for it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

#[path = "../clones/mod.rs"]
mod clones;
mod judge;
mod reference;
mod steps;
mod way_back;
mod world;

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use clones::tools::has_working;
use steps::{Step, steps};
use world::{Counts, Hardships, World};

/// How often a failing script is tried with steps left out.
const ATTEMPTS: usize = 60;

/// A run that failed.
struct Failure {
    /// The number of steps up to the failure.
    taken: usize,
    reason: String,
    script: String,
}

#[test]
fn three_people_lose_nothing() {
    if !clones::has_git() {
        return;
    }
    let hardships = hardships();
    let number = |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let count = usize::try_from(number("APIGW_STEPS", 100)).expect("a number of steps");
    let only: Option<u64> = std::env::var("APIGW_SEED").ok().and_then(|text| text.parse().ok());
    let (first, end) = only.map_or((0, number("APIGW_SEEDS", 3)), |seed| (seed, seed + 1));
    let next = AtomicU64::new(first);
    let outcome = Mutex::new((Counts::default(), Vec::new()));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let ran = run(seed, &steps(seed, count), hardships);
                    let failed = match ran {
                        Ok(counts) => {
                            outcome.lock().expect("no panic").0.add(&counts);
                            continue;
                        }
                        Err(failure) => {
                            say(&format!("seed {seed} fails, a shorter script is looked for: {}", failure.reason));
                            shortened(seed, steps(seed, count), failure, hardships)
                        }
                    };
                    outcome.lock().expect("no panic").1.push(failed);
                }
            });
        }
    });
    let (counts, failures) = outcome.into_inner().expect("no panic");
    say(&format!("simulation: {} seeds, {count} steps each: {counts:?}", end - first));
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let killed = !hardships.can_kill || counts.killed > 0;
    let is_worth_it = counts.operations > count / 4 && counts.conflicts > 0 && killed;
    assert!(is_worth_it || only.is_some(), "the simulation met too little: {counts:?}");
}

fn run(seed: u64, steps: &[Step], hardships: Hardships) -> Result<Counts, Failure> {
    let failure = |taken, error: &anyhow::Error, script| Failure { taken, reason: format!("{error:#}"), script };
    let mut world = World::new(seed, hardships).map_err(|error| failure(0, &error, String::new()))?;
    for (number, step) in steps.iter().enumerate() {
        // A command that has to succeed and does not is a panic.
        let taken = catch_unwind(AssertUnwindSafe(|| world.take(step)));
        let taken = taken.unwrap_or_else(|_| Err(anyhow::anyhow!("a command failed that has to succeed")));
        taken.map_err(|error| failure(number + 1, &error, world.script()))?;
    }
    Ok(world.counts)
}

/// Leaves out steps as long as it still fails, and tells the shortest script.
fn shortened(seed: u64, mut steps: Vec<Step>, mut failure: Failure, hardships: Hardships) -> String {
    steps.truncate(failure.taken);
    let mut attempts = 0;
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut start = 0;
        let mut has_shortened = false;
        while start < steps.len() && attempts < ATTEMPTS {
            attempts += 1;
            let mut fewer = steps.clone();
            fewer.drain(start..(start + size).min(steps.len()));
            match run(seed, &fewer, hardships) {
                Err(shorter) => {
                    fewer.truncate(shorter.taken);
                    (steps, failure, has_shortened) = (fewer, shorter, true);
                }
                Ok(_) => start += size,
            }
        }
        if !has_shortened || attempts >= ATTEMPTS {
            size /= 2;
        }
    }
    let steps: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
    format!("seed {seed}: {}\n{}\n{}", failure.reason, failure.script, steps.join("\n"))
}

/// Finds the tools that make things hard. Without them a run is easier.
fn hardships() -> Hardships {
    let works = |program: &str, words: &[&str]| has_working(program, words, "kills, or clocks that are wrong");
    Hardships {
        can_kill: works("strace", &["-o", "/dev/null", "true"]),
        can_skew: works("faketime", &["-f", "+1h", "true"]),
    }
}

/// Writes where the test harness does not capture it.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.commands += other.commands;
        self.operations += other.operations;
        self.killed += other.killed;
        self.committed_when_killed += other.committed_when_killed;
        self.refused += other.refused;
        self.merges += other.merges;
        self.rebases += other.rebases;
        self.conflicts += other.conflicts;
        self.unexplained += other.unexplained;
    }
}
