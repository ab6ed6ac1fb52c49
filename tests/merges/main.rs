//! No merge loses a release or an operation: branches at random, merged and rebased with the real Git.
//!
//! Each round publishes on two branches, joins them, resolves, and compares the entries with those that must come out.
//! `APIGW_MERGES` is the number of merges; a failing seed is printed with its commands.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

mod cases;
#[path = "../clones/mod.rs"]
mod clones;
mod keepers;
mod model;
mod numbers;
mod picks;
mod policies;
mod renames;
mod rest;
mod views;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use clones::{SeededRandom, WorkspaceClone, has_git};
use model::{BranchState, GROUPS, expected, live_entries};

/// How many merges one repository sees before the next seed begins with an empty one.
const ROUNDS: u64 = 10;

/// What was counted over all merges.
#[derive(Debug, Default)]
struct Counts {
    merges: AtomicU64,
    rebases: AtomicU64,
    contested: AtomicU64,
    collisions: AtomicU64,
    conflicts: AtomicU64,
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn no_merge_loses_a_release_or_an_operation() {
    if !has_git() {
        return;
    }
    let merges: u64 = std::env::var("APIGW_MERGES").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let counts = Counts::default();
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        let work = || {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed * ROUNDS >= merges {
                    return;
                }
                Repository::new(seed).run(&counts);
            }
        };
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().expect("a worker");
        }
    });
    let report = format!("{counts:?}\n");
    std::io::stderr().write_all(report.as_bytes()).expect("stderr");
}

/// A repository of one seed, and all that was acknowledged in it.
struct Repository {
    seed: u64,
    random: SeededRandom,
    /// The clone of the person who joins: Ada.
    clone: WorkspaceClone,
    /// The clone of the other one.
    other: WorkspaceClone,
    acknowledged: BTreeSet<String>,
    addresses: u32,
    _folder: tempfile::TempDir,
}

/// Whose clone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Person {
    Own,
    Other,
}

/// The groups that both people publish.
struct BranchPlan {
    contested: Option<&'static str>,
    /// A group of which both freeze one number with other bytes.
    colliding: Option<&'static str>,
}

/// How two branches become one.
struct Joining {
    is_rebase: bool,
    choice: &'static str,
    /// The person commits the merge with one side of every conflict, and resolves afterwards.
    is_late: bool,
}

impl Repository {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut clone = WorkspaceClone::new(&folder.path().join("workspace"), "Ada", GROUPS);
        let mut random = SeededRandom::new(seed);
        if random.percent(50) {
            clone.done("merge-driver --install");
            clone.commit("driver");
        }
        let other = WorkspaceClone::of(&clone.folder, &folder.path().join("other"), "Bob");
        Self { seed, random, clone, other, acknowledged: BTreeSet::new(), addresses: 0, _folder: folder }
    }

    fn run(&mut self, counts: &Counts) {
        let mut base = BranchState::default();
        for _ in 0..ROUNDS {
            let is_rebase = self.random.percent(34);
            let is_contested = self.random.percent(30);
            let collides = self.random.percent(5);
            add(&counts.merges);
            [(is_rebase, &counts.rebases), (is_contested, &counts.contested), (collides, &counts.collisions)]
                .into_iter()
                .filter(|(is, _)| *is)
                .for_each(|(_, count)| add(count));
            let contested = is_contested.then(|| *self.random.pick(GROUPS));
            let colliding = collides.then(|| *self.random.pick(GROUPS));
            let plan = BranchPlan { contested, colliding };
            self.other.git_done("pull -q --ff-only origin main");
            let theirs = self.branch(Person::Other, &base, &plan);
            let ours = self.branch(Person::Own, &base, &plan);
            let choice = if self.random.percent(50) { "ours" } else { "theirs" };
            let is_late = !is_rebase && self.random.percent(30);
            let joining = Joining { is_rebase, choice, is_late };
            if self.join(&joining) {
                add(&counts.conflicts);
            }
            base = self.check(&base, (&ours, &theirs), choice);
        }
    }

    /// Publishes on one branch; a contested group and a colliding one are published on both.
    fn branch(&mut self, person: Person, base: &BranchState, plan: &BranchPlan) -> BranchState {
        let mut state = base.clone();
        self.addresses += 1;
        if let Some(group) = plan.colliding {
            let address = self.addresses;
            self.clone_of(person).done(&format!("api add {group} GET /only-{address}"));
            self.change(person, &mut state, &format!("publish {group} --env test --bump patch --mock"));
            self.clone_of(person).commit("collide");
        }
        let mut groups: Vec<&str> = plan.contested.into_iter().collect();
        // Each person has half of the groups alone.
        for _ in 0..=self.random.below(2) {
            groups.push(GROUPS[2 * self.random.below(GROUPS.len() / 2) + usize::from(person == Person::Own)]);
        }
        for group in groups {
            self.addresses += 1;
            let words = match self.random.below(8) {
                0 => format!("offline {group} --env test"),
                1 => format!("rollback {group} --env test"),
                2 => format!("publish {group} --env pre-release --mock"),
                _ => format!("publish {group} --env test --backend http://127.0.0.1:{}", 1000 + self.addresses),
            };
            self.change(person, &mut state, &words);
            if self.random.percent(60) {
                self.clone_of(person).commit("step");
            }
        }
        self.clone_of(person).commit("end");
        state
    }

    fn clone_of(&mut self, person: Person) -> &mut WorkspaceClone {
        match person {
            Person::Own => &mut self.clone,
            Person::Other => &mut self.other,
        }
    }

    /// Runs a command that changes an environment; a refused one changes nothing.
    fn change(&mut self, person: Person, state: &mut BranchState, words: &str) {
        let clone = self.clone_of(person);
        let outcome = clone.apigw(&format!("-o json {words}"));
        if outcome.code == 0 {
            let view = outcome.json();
            self.acknowledged.extend(view["operation"].as_str().map(str::to_owned));
            state.apply(&view);
        } else {
            // The working copy may differ from the frozen version that it names, and there may be nothing to go back
            // to.
            assert!([3, 4].contains(&outcome.code), "{words}: {outcome:?}\n{}", clone.shown());
        }
    }

    /// Joins the other's branch with the own one, and returns true where Git found a conflict.
    fn join(&mut self, joining: &Joining) -> bool {
        self.clone.git_done(&format!("fetch -q {} main", self.other.folder.display()));
        let verb = if joining.is_rebase { "rebase -q" } else { "merge -q --no-edit" };
        let mut outcome = self.clone.git(&format!("{verb} FETCH_HEAD"));
        let is_conflict = outcome.code != 0;
        let mut left = 20;
        while outcome.code != 0 {
            left -= 1;
            assert!(left > 0, "seed {}: the rebase never ends: {outcome:?}\n{}", self.seed, self.clone.shown());
            if joining.is_late {
                self.clone.git(&format!("checkout --{} .", joining.choice));
            } else {
                self.resolve(joining.choice);
                self.take_working_copies();
            }
            self.clone.git_done("add -A");
            outcome = if joining.is_rebase {
                self.clone.git("rebase --continue")
            } else {
                self.clone.git("commit -q --no-edit")
            };
            let is_empty = joining.is_rebase && outcome.code != 0 && !self.clone.is_in_conflict();
            if is_empty {
                outcome = self.clone.git("rebase --skip");
            }
        }
        if joining.is_late {
            self.resolve(joining.choice);
            self.clone.commit("resolved");
        }
        is_conflict
    }

    fn resolve(&mut self, choice: &str) {
        for environment in ["test", "pre-release"] {
            let outcome = self.clone.done(&format!("-o json resolve --env {environment} --{choice}"));
            self.acknowledged.extend(outcome.json()["operation"].as_str().map(str::to_owned));
        }
    }

    /// Takes one side of working copies that are in conflict: they are no part of what is released.
    fn take_working_copies(&mut self) {
        let listed = self.clone.git_done("diff --name-only --diff-filter=U").stdout;
        for file in listed.lines().filter(|file| file.starts_with("groups/") && !file.contains("/versions/")) {
            self.clone.git_done(&format!("checkout --ours -- {file}"));
        }
    }

    /// Compares the joined state with the one that must come out, and returns it.
    fn check(&mut self, base: &BranchState, (ours, theirs): (&BranchState, &BranchState), choice: &str) -> BranchState {
        // Resolving what is whole changes nothing.
        for environment in ["test", "pre-release"] {
            let outcome = self.clone.done(&format!("-o json resolve --env {environment}"));
            assert!(outcome.json()["operation"].is_null(), "seed {}: {outcome:?}\n{}", self.seed, self.clone.shown());
        }
        let verified = self.clone.apigw("-o json verify");
        assert_eq!(verified.code, 0, "seed {}: {verified:?}\n{}", self.seed, self.clone.shown());
        let found = live_entries(&self.clone.done("-o json status").json());
        let wanted = expected(base, ours, theirs, choice);
        assert_eq!(found, wanted.entries, "seed {}, {choice}\n{}", self.seed, self.clone.shown());
        let history = self.clone.done("-o json history -n 100000").json();
        let operations = history["operations"].as_array().expect("operations");
        let known: BTreeSet<&str> = operations.iter().filter_map(|operation| operation["operation"].as_str()).collect();
        let lost: Vec<&String> = self.acknowledged.iter().filter(|id| !known.contains(id.as_str())).collect();
        assert!(lost.is_empty(), "seed {}: {lost:?} are lost\n{}", self.seed, self.clone.shown());
        wanted
    }
}
