//! Requests of people, as words to type, with what they must come to.

use anyhow::{Context as _, Result, bail};

use super::{ENVIRONMENTS, GROUPS, World};
use crate::clones::SeededRandom;
use crate::reference::Expectation;
use crate::steps::StepKind;

impl World {
    /// Puts a request into words.
    pub(super) fn request(
        &mut self,
        who: usize,
        kind: StepKind,
        random: &mut SeededRandom,
    ) -> Result<Option<(String, Expectation)>> {
        self.numbers += 1;
        let number = 1000 + self.numbers;
        let group = *random.pick(GROUPS);
        let environment = *random.pick(ENVIRONMENTS);
        let is_mock = random.percent(30);
        let address = (!is_mock).then(|| format!("http://127.0.0.1:{number}"));
        let backend = address.as_ref().map_or_else(|| "--mock".to_owned(), |address| format!("--backend {address}"));
        let version = format!("0.0.{}", 1 + random.below(4));
        let known: Vec<String> = self.people[who].known.iter().cloned().collect();
        let operation = if known.is_empty() { None } else { Some(random.pick(&known).clone()) };
        let environment_of = |id: &String| self.reference.get(id).map(|operation| operation.environment.clone());
        let request = match kind {
            StepKind::Publish => {
                (format!("publish {group} --env {environment} {backend}"), Expectation::Publish(address))
            }
            StepKind::PublishBump => {
                let words = format!("publish {group} --env {environment} --bump patch {backend}");
                (words, Expectation::Publish(address))
            }
            StepKind::Switch if is_mock => {
                (format!("switch {group} --env {environment} --previous"), Expectation::Switch(None))
            }
            StepKind::Switch => {
                let words = format!("switch {group} --env {environment} --version {version}");
                (words, Expectation::Switch(Some(version)))
            }
            StepKind::Rollback => (format!("rollback {group} --env {environment}"), Expectation::Rollback),
            StepKind::RollbackTo | StepKind::RollbackAll | StepKind::UndoNamed => {
                let Some(id) = operation else { return Ok(None) };
                let environment = environment_of(&id).context("an unknown operation")?;
                match kind {
                    StepKind::UndoNamed => (format!("undo {id} --env {environment}"), Expectation::Undo(Some(id))),
                    StepKind::RollbackTo => {
                        (format!("rollback {group} --env {environment} --to {id}"), Expectation::RollbackTo(id))
                    }
                    _ => (format!("rollback --all --env {environment} --to {id}"), Expectation::RollbackTo(id)),
                }
            }
            StepKind::UndoLast => {
                let latest = self.people[who].latest.get(environment).cloned();
                (format!("undo --env {environment}"), Expectation::Undo(latest))
            }
            StepKind::Offline => (format!("offline {group} --env {environment}"), Expectation::Offline),
            StepKind::Promote | StepKind::PromoteAll => {
                let from = random.below(2);
                let which = if kind == StepKind::Promote { group } else { "--all" };
                let (from, to) = (ENVIRONMENTS[from], ENVIRONMENTS[from + 1]);
                (format!("promote {which} --from {from} --to {to}"), Expectation::Promote(from.to_owned()))
            }
            StepKind::Apply => ("apply release.yaml".to_owned(), Expectation::Apply),
            StepKind::AddApi => (format!("api add {group} GET /only-{number}"), Expectation::Nothing),
            StepKind::Freeze => (format!("version create {group}"), Expectation::Nothing),
            StepKind::Describe => (format!("group set {group} description=n{number}"), Expectation::Nothing),
            StepKind::Repair => ("verify --repair".to_owned(), Expectation::Nothing),
            other => bail!("{other:?} is no request"),
        };
        Ok(Some(request))
    }
}
