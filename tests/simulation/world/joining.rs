//! Merges and rebases, with all that has to be resolved in them.

use anyhow::{Context as _, Result, ensure};

use super::{ENVIRONMENTS, World, entry_names};
use crate::clones::{SeededRandom, WorkspaceClone};
use crate::judge;
use crate::reference::{Expectation, Ids};

/// A choice between two branches, and how it is made.
struct Joining {
    is_rebase: bool,
    choice: &'static str,
    /// One side of every conflict is committed, and resolved afterwards.
    is_late: bool,
}

impl World {
    /// Merges what others pushed, or rebases upon it, and resolves what conflicts.
    pub(super) fn pull(&mut self, who: usize, is_rebase: bool, random: &mut SeededRandom) -> Result<()> {
        let person = &mut self.people[who];
        person.clone.commit("pull");
        person.clone.git_done("fetch -q origin main");
        // A rebase leaves merges out, with the resolves that were committed in them.
        let merges = person.clone.git_done("rev-list --merges FETCH_HEAD..HEAD");
        let is_rebase = is_rebase && merges.stdout.is_empty();
        let choice = if random.percent(50) { "ours" } else { "theirs" };
        let joining = Joining { is_rebase, choice, is_late: !is_rebase && random.percent(25) };
        let ours = person.known.clone();
        person.latest.clear();
        *(if is_rebase { &mut self.counts.rebases } else { &mut self.counts.merges }) += 1;
        self.join(who, &joining, random)?;
        let theirs = self.remote.clone();
        self.people[who].known.extend(theirs.iter().cloned());
        self.check_choice(who, (&ours, &theirs), &joining)
    }

    fn join(&mut self, who: usize, joining: &Joining, random: &mut SeededRandom) -> Result<()> {
        let verb = if joining.is_rebase { "rebase -q" } else { "merge -q --no-edit" };
        let mut outcome = self.people[who].clone.git(&format!("{verb} FETCH_HEAD"));
        self.counts.conflicts += usize::from(outcome.code != 0);
        let mut left = 60;
        while outcome.code != 0 {
            left -= 1;
            ensure!(left > 0, "the rebase never ends: {outcome:?}");
            if joining.is_late {
                self.people[who].clone.git("checkout --ours .");
            } else {
                self.resolve(who, joining, random)?;
            }
            let clone = &mut self.people[who].clone;
            take_working_copies(clone);
            clone.git_done("add -A");
            outcome = clone.git(if joining.is_rebase { "rebase --continue" } else { "commit -q --no-edit" });
            if joining.is_rebase && outcome.code != 0 && !clone.is_in_conflict() {
                outcome = clone.git("rebase --skip");
            }
        }
        // What Git merged without a conflict may hold operations that were never committed.
        if joining.is_late {
            self.resolve(who, joining, random)?;
            self.people[who].clone.commit("resolved");
        }
        Ok(())
    }

    /// Resolves every environment; a resolve that is killed is typed again.
    fn resolve(&mut self, who: usize, joining: &Joining, random: &mut SeededRandom) -> Result<()> {
        for environment in ENVIRONMENTS {
            let words = format!("resolve --env {environment} --{}", joining.choice);
            let mut tries = 0;
            while !self.command(who, &words, &Expectation::Resolve, random)? {
                tries += 1;
                ensure!(tries < 20, "{words} is never done: {}", self.refusal);
            }
            self.adopt_explained(who, environment)?;
        }
        Ok(())
    }

    /// Takes over what a resolve put in force, or joined, of operations that were cut off before their commit.
    fn adopt_explained(&mut self, who: usize, environment: &str) -> Result<()> {
        let person = &mut self.people[who];
        for id in judge::unknown(person)? {
            if entry_names(&person.clone.folder, environment, &id)? {
                person.known.insert(id);
            }
        }
        person.known = self.reference.with_predecessors(&person.known);
        Ok(())
    }

    /// Holds what was joined against the choice, for the groups that both branches changed.
    fn check_choice(&self, who: usize, (ours, theirs): (&Ids, &Ids), joining: &Joining) -> Result<()> {
        let (all, chosen) = (ours | theirs, if joining.choice == "ours" { ours } else { theirs });
        let (chosen, now) = (self.reference.heads(chosen), self.reference.heads(&self.people[who].known));
        for ((environment, group), heads) in self.reference.heads(&all).iter().filter(|(_, heads)| heads.len() > 1) {
            let place = (environment.clone(), group.clone());
            let releases = |heads: Option<&Ids>| {
                let releases = heads.into_iter().flatten().filter_map(|id| self.reference.release_of(id, group));
                releases.cloned().collect::<Vec<_>>()
            };
            let (wanted, found) = (releases(chosen.get(&place)), releases(now.get(&place)));
            let is_chosen = found.len() == 1 && wanted.contains(&found[0]);
            // One that was cut off, built upon a head, stands for it, in a resolve as well.
            let heads_now = now.get(&place).cloned().unwrap_or_default();
            let has_adopted = self.reference.with_predecessors(&heads_now).iter().any(|id| {
                let release = self.reference.release_of(id, group);
                !all.contains(id) && self.is_plain(id) && found.iter().any(|found| Some(found) == release)
            });
            ensure!(
                is_chosen || has_adopted,
                "{place:?} had the heads {heads:?}, {} was chosen, and is at {found:?}, not {wanted:?}",
                joining.choice
            );
        }
        Ok(())
    }

    fn is_plain(&self, id: &str) -> bool {
        let operation = self.reference.get(id);
        operation.is_some_and(|operation| operation.changes.values().all(|change| change.action != "resolve"))
    }

    /// Explains operations that were cut off: repairs what this machine can tell, and takes or drops the others.
    pub(super) fn explain(&mut self, who: usize, random: &mut SeededRandom) -> Result<()> {
        let repaired = self.people[who].clone.apigw("verify --repair -y");
        ensure!([0, 3].contains(&repaired.code), "{repaired:?}");
        for id in judge::loose(&self.people[who])? {
            // Another may have joined it.
            if !judge::loose(&self.people[who])?.contains(&id) {
                continue;
            }
            self.counts.unexplained += 1;
            let environment = self.reference.get(&id).context("nobody made it")?.environment.clone();
            let choice = if random.percent(50) { format!("--take {id}") } else { format!("--drop {id} -m killed") };
            let words = format!("resolve --env {environment} {choice}");
            while !self.command(who, &words, &Expectation::Resolve, random)? {}
            self.adopt_explained(who, &environment)?;
            self.people[who].latest.clear();
        }
        Ok(())
    }
}

/// Takes one side of working copies that are in conflict: they are no part of what is released.
fn take_working_copies(clone: &mut WorkspaceClone) {
    let listed = clone.git_done("diff --name-only --diff-filter=U").stdout;
    for file in listed.lines().filter(|file| file.starts_with("groups/") && !file.contains("/versions/")) {
        clone.git_done(&format!("checkout --ours -- {file}"));
    }
}
