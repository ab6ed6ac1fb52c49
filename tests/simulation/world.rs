//! Three people with clones of one repository, and the steps that they take.

mod joining;
mod requests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::clones::{Outcome, SeededRandom, WorkspaceClone};
use super::judge;
use super::reference::{Expectation, Ids, Reference, read_operation};
use super::steps::{Step, StepKind};

pub(crate) const GROUPS: &[&str] = &["a", "b", "c", "d"];
pub(crate) const ENVIRONMENTS: &[&str] = &["test", "pre-release", "online"];
const PEOPLE: [&str; 3] = ["Ada", "Bob", "Cyn"];

/// One command in so many of a hundred is killed.
const KILLED: usize = 20;

/// The calls at which a command is killed, and up to which of each.
const KILL_AT: &[(&str, usize)] =
    &[("rename", 4), ("fsync", 20), ("fsync", 20), ("unlink", 3), ("openat", 60), ("write", 12)];

const RELEASE: &str = "schema: 1
steps:
- publish: {environment: test, groups: [a, b], mock: true}
- promote: {from: test, to: pre-release, groups: [a, b]}
";

/// The programs that make things hard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hardships {
    pub(crate) can_kill: bool,
    pub(crate) can_skew: bool,
}

/// Counts over all runs.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) commands: usize,
    pub(crate) operations: usize,
    pub(crate) killed: usize,
    pub(crate) committed_when_killed: usize,
    pub(crate) refused: usize,
    pub(crate) merges: usize,
    pub(crate) rebases: usize,
    pub(crate) conflicts: usize,
    pub(crate) unexplained: usize,
}

/// A person, and the operations that a clone must have.
pub(crate) struct Person {
    pub(crate) clone: WorkspaceClone,
    pub(crate) known: Ids,
    /// The operation that was made last here, by environment, unless others were merged since.
    latest: BTreeMap<String, String>,
    clock: i64,
}

pub(crate) struct World {
    pub(crate) people: Vec<Person>,
    pub(crate) reference: Reference,
    pub(crate) counts: Counts,
    /// The operations of the bare repository.
    remote: Ids,
    hardships: Hardships,
    numbers: usize,
    /// The message of the last command that was refused.
    refusal: String,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(seed: u64, hardships: Hardships) -> Result<Self> {
        // In memory where the system has such a place: nothing here sees whether an fsync reaches a disk.
        let folder = tempfile::TempDir::new_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
        let mut first = WorkspaceClone::new(&folder.path().join(PEOPLE[0]), PEOPLE[0], GROUPS);
        fs::write(first.folder.join("release.yaml"), RELEASE)?;
        first.commit("plan");
        let remote = folder.path().join("remote.git");
        first.git_done(&format!("clone -q --bare . {}", remote.display()));
        first.git_done(&format!("remote add origin {}", remote.display()));
        let mut clones = vec![first];
        for name in &PEOPLE[1..] {
            clones.push(WorkspaceClone::of(&remote, &folder.path().join(name), name));
        }
        let mut random = SeededRandom::new(seed);
        for clone in clones.iter_mut().filter(|_| random.percent(50)) {
            clone.done("merge-driver --install");
        }
        let person = |clone| Person { clone, known: Ids::new(), latest: BTreeMap::new(), clock: 0 };
        Ok(Self {
            people: clones.into_iter().map(person).collect(),
            reference: Reference::default(),
            counts: Counts::default(),
            remote: Ids::new(),
            hardships,
            numbers: 0,
            refusal: String::new(),
            _folder: folder,
        })
    }

    /// Returns the script of all three, in the order in which each ran it.
    pub(crate) fn script(&self) -> String {
        self.people.iter().map(|person| person.clone.shown()).collect::<Vec<_>>().join("\n--\n")
    }

    /// Takes a step and judges the clone in which it was taken.
    pub(crate) fn take(&mut self, step: &Step) -> Result<()> {
        let mut random = SeededRandom::new(step.seed);
        let who = step.person;
        match step.kind {
            StepKind::Commit => self.people[who].clone.commit("work"),
            StepKind::Push => self.push(who)?,
            StepKind::Merge | StepKind::Rebase => self.pull(who, step.kind == StepKind::Rebase, &mut random)?,
            StepKind::Explain => self.explain(who, &mut random)?,
            StepKind::CleanLocal => {
                self.people[who].clone.git_done("clean -fdxq .apigw");
            }
            StepKind::SetClock => {
                let hours = [-2, 0, 0, 3][random.below(4)];
                self.people[who].clock = if self.hardships.can_skew { hours * 3600 } else { 0 };
            }
            kind => {
                if let Some((words, expected)) = self.request(who, kind, &mut random)? {
                    self.command(who, &words, &expected, &mut random)?;
                }
            }
        }
        judge::judge(self, who)
    }

    /// Runs a command, killed at random, and takes over the operations that it made. Returns true if it was done.
    fn command(&mut self, who: usize, words: &str, expected: &Expectation, random: &mut SeededRandom) -> Result<bool> {
        let person = &mut self.people[who];
        let before = operation_files(&person.clone.folder)?;
        let had_leftovers = has_leftovers(&person.clone.folder);
        let files = judge::files(&person.clone.folder)?;
        let (call, most) = *random.pick(KILL_AT);
        let at = 1 + random.below(most);
        let is_to_be_killed = self.hardships.can_kill && random.percent(KILLED);
        let wrapper = if is_to_be_killed {
            format!("strace -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={at}")
        } else if person.clock != 0 {
            format!("faketime -f {:+}s", person.clock)
        } else {
            String::new()
        };
        let outcome = person.clone.apigw_under(&wrapper, &format!("-o json -y {words}"));
        self.counts.commands += 1;
        let after = operation_files(&person.clone.folder)?;
        if let Some((id, _)) = before.iter().find(|(id, _)| person.known.contains(*id) && !after.contains_key(*id)) {
            bail!("{words} removed operation {id}, which was acknowledged: {outcome:?}");
        }
        let mut new: BTreeMap<&String, &PathBuf> = after.iter().filter(|(id, _)| !before.contains_key(*id)).collect();
        let is_killed = is_to_be_killed && outcome.code == -1;
        match outcome.code {
            -1 if is_killed => {
                self.counts.killed += 1;
                self.people[who].latest.clear();
            }
            0 => {
                let acknowledged = acknowledged(&outcome);
                // What was cut off before its commit may be made again, the same to the millisecond.
                let person = &self.people[who];
                new.extend(after.iter().filter(|(id, _)| acknowledged.contains(*id) && !person.known.contains(*id)));
                let made: Ids = new.keys().map(|id| (*id).clone()).collect();
                ensure!(acknowledged == made, "{words} made {made:?}: {outcome:?}");
            }
            3..=5 => {
                self.counts.refused += 1;
                self.refusal.clone_from(&outcome.stderr);
                let now = judge::files(&self.people[who].clone.folder)?;
                ensure!(had_leftovers || files == now, "{words} was refused and changed something: {outcome:?}");
                ensure!(new.is_empty(), "{words} was refused and made {new:?}: {outcome:?}");
            }
            code => bail!("{words}: exit {code}: {}{}", outcome.stdout, outcome.stderr),
        }
        for (id, path) in new {
            self.take_over(who, id, path, expected, is_killed).with_context(|| format!("{words}: {outcome:?}"))?;
        }
        Ok(outcome.code == 0)
    }

    /// Takes over an operation whose file is new. One that was killed is committed once an entry names it.
    fn take_over(&mut self, who: usize, id: &str, path: &Path, expected: &Expectation, is_killed: bool) -> Result<()> {
        let operation = read_operation(path)?;
        let person = &mut self.people[who];
        self.counts.operations += 1;
        // What a resolve builds upon may be what was left behind before.
        let mut base = person.known.clone();
        if matches!(expected, Expectation::Resolve) {
            base.extend(self.remote.iter().cloned());
        }
        self.reference.check(expected, &base, &operation)?;
        let environment = operation.environment.clone();
        let is_live = entry_names(&person.clone.folder, &environment, id)?;
        ensure!(is_live || is_killed, "operation {id} was acknowledged and is not live");
        self.reference.insert(id, operation);
        if is_live {
            self.counts.committed_when_killed += usize::from(is_killed);
            person.known.insert(id.to_owned());
            if !is_killed {
                person.latest.insert(environment, id.to_owned());
            }
        }
        Ok(())
    }

    fn push(&mut self, who: usize) -> Result<()> {
        let person = &mut self.people[who];
        person.clone.commit("push");
        // Somebody else may have been first.
        if person.clone.git("push -q origin HEAD:main").code == 0 {
            let lost: Vec<_> = self.remote.iter().filter(|id| !person.known.contains(*id)).collect();
            ensure!(lost.is_empty(), "the push took {lost:?} away");
            self.remote.clone_from(&person.known);
        }
        Ok(())
    }
}

fn acknowledged(outcome: &Outcome) -> Ids {
    let view: Value = serde_json::from_str(&outcome.stdout).unwrap_or_default();
    let plans = view["plans"].as_array().cloned().unwrap_or_default();
    let operation = |view: &Value| view["operation"].as_str().map(str::to_owned);
    plans.iter().chain([&view]).filter_map(operation).collect()
}

/// Finds the files of operations, by id.
pub(crate) fn operation_files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for environment in ENVIRONMENTS {
        let Ok(entries) = fs::read_dir(folder.join("history").join(environment)) else { continue };
        for entry in entries {
            let path = entry?.path();
            let id = path.file_stem().and_then(|stem| stem.to_str()).context("a name that is no text")?.to_owned();
            files.insert(id, path);
        }
    }
    Ok(files)
}

/// True if an entry of an environment names an operation.
fn entry_names(folder: &Path, environment: &str, id: &str) -> Result<bool> {
    let path = folder.join("deployments").join(environment).with_extension("yaml");
    let text = if path.exists() { fs::read_to_string(path)? } else { String::new() };
    Ok(text.contains(&format!("operation: \"{id}\"")))
}

fn has_leftovers(folder: &Path) -> bool {
    let local = folder.join(".apigw");
    let has_files = |name: &str| fs::read_dir(local.join(name)).is_ok_and(|mut entries| entries.next().is_some());
    local.join("intent.json").exists() || has_files("tmp") || has_files("import")
}
