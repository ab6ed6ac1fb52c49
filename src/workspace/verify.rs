//! Verifying: every checksum, digest and chain, and differences from the committed state.
//!
//! Verifying reads without a lock. Repairing takes the workspace's lock, verifies again, and makes only repairs that
//! lose nothing: it removes uncommitted files, rewrites an entry's layout, and records an edit by hand as an operation
//! of its own.

mod access;
mod chain;
mod entries;
mod live_versions;
mod operations;
mod past_versions;
mod problem_kind;
mod repair;
mod tree;
mod unreferenced;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use super::error::{Error, restore_hint};
use super::layout;
use super::overview::ViewProblem;
use super::{LockRequest, Workspace};
use crate::model::{
    Author, Deployment, Environment, EnvironmentName, Finding, GroupName, Hint, Location, MERGE_CONFLICT, OperationId,
};
use crate::plan::{self, Plan};
use chain::OperationChains;
use entries::EnvironmentEntries;
use operations::EnvironmentOperations;
pub use problem_kind::ProblemKind;
use unreferenced::NamedReleases;

/// The pause before a suspect file is read again.
const BEFORE_LOOKING_AGAIN: Duration = Duration::from_millis(20);

/// The outcome of verifying a workspace.
#[derive(Debug, Default)]
pub struct WorkspaceVerification {
    /// The problems, in order of environments, then groups.
    pub problems: Vec<IntegrityProblem>,
    /// The number of entries compared with their checksums and chains.
    pub entries: usize,
    /// The number of operations compared with their names.
    pub operations: usize,
    /// The number of versions compared with their digests, byte for byte.
    pub versions: usize,
    /// The environments in which something can be repaired.
    pub repairable: Vec<EnvironmentName>,
    /// True if a command that died left something half-done.
    pub has_leftovers: bool,
    /// True if Git has a frozen file as it was committed, and what it has checked out is damaged or missing.
    pub has_intact_copies: bool,
}

/// The repairs that were made, and those that were not.
#[derive(Debug, Default)]
pub struct RepairOutcome {
    /// One line for each repair that was made.
    pub done: Vec<String>,
    /// The edits by hand that were recorded, each plan with its operation.
    pub recorded: Vec<(Plan, OperationId)>,
    /// The errors that kept others from being made, policies that refuse an edit among them.
    pub failures: Vec<plan::Error<Error>>,
}

/// The plan that records edits by hand, or the reason why they are refused.
pub type PlannedEdits = Result<Plan, plan::Error<Error>>;

/// Something that is not as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityProblem {
    /// The kind of problem.
    pub kind: ProblemKind,
    /// The location, the message and a hint.
    pub finding: Finding,
    /// True if `--repair` mends it.
    pub repairable: bool,
}

impl WorkspaceVerification {
    /// Adds versions that are missing, each once, whatever number of environments needs it.
    fn add_missing(&mut self, versions: Vec<IntegrityProblem>) {
        let is_missing = |problem: &&IntegrityProblem| problem.kind == ProblemKind::Missing;
        let files = self.problems.iter().filter(is_missing).map(|problem| problem.finding.location.file.clone());
        let mut known: BTreeSet<_> = files.collect();
        self.problems
            .extend(versions.into_iter().filter(|problem| known.insert(problem.finding.location.file.clone())));
    }

    /// Adds problems of keys that were found beside the chains.
    pub fn note(&mut self, kind: ProblemKind, findings: Vec<Finding>) {
        self.problems.extend(findings.into_iter().map(|finding| IntegrityProblem::found(kind, finding)));
    }
}

impl IntegrityProblem {
    fn new(kind: ProblemKind, location: Location, message: impl Into<String>, hint: impl Into<Hint>) -> Self {
        Self { kind, finding: kind.rule().finding(location, message, hint), repairable: false }
    }

    /// Creates the problem of a finding: of this kind, unless it is a merge conflict.
    fn found(kind: ProblemKind, finding: Finding) -> Self {
        let kind = if finding.rule == MERGE_CONFLICT.name { ProblemKind::MergeConflict } else { kind };
        Self { kind, finding, repairable: false }
    }

    const fn repairable(mut self) -> Self {
        self.repairable = true;
        self
    }
}

/// The outcome of verifying one environment, with all that repairing it needs.
struct EnvironmentExamination<'a> {
    entries: EnvironmentEntries,
    abandoned: Vec<OperationId>,
    /// True if all problems are operations that nothing leads to.
    has_loose_ends: bool,
    problems: Vec<IntegrityProblem>,
    /// The files of operations, and the operations that were read of them.
    files: Vec<String>,
    operations: EnvironmentOperations<'a>,
    /// The number of operations compared with their names.
    operation_count: usize,
}

impl EnvironmentExamination<'_> {
    /// Finds the versions that are gone and not live. It looks up every release of the history.
    fn missing_versions(&mut self) -> Vec<IntegrityProblem> {
        past_versions::check(&mut self.operations, &self.files, &self.abandoned, &self.entries)
    }

    /// Returns every release that an operation or an entry names; `None` where one of them cannot be read.
    fn named_releases(&mut self) -> Option<NamedReleases> {
        unreferenced::named(&mut self.operations, &self.files, &self.entries)
    }
}

impl Workspace {
    /// Verifies the whole workspace. `progress` is told each group and environment that is begun.
    pub fn verify(&self, progress: &mut dyn FnMut(&str)) -> Result<WorkspaceVerification, Error> {
        let mut result = WorkspaceVerification::default();
        let mut missing_versions = Vec::new();
        let mut named = Some(NamedReleases::new());
        let environments = self.settings.environments();
        for environment in &environments {
            progress(environment.as_str());
            let mut examination = match self.examine_again(environment) {
                Ok(found) => found,
                // One environment that cannot be read hides no other.
                Err(error) => {
                    result.problems.extend(problem_of(error, ProblemKind::Damaged)?);
                    named = None;
                    continue;
                }
            };
            result.entries += examination.entries.count();
            result.operations += examination.operation_count;
            if !examination.abandoned.is_empty() && self.is_locked() {
                // Somebody is committing at this moment: an operation's file comes before its commit.
                examination.problems.retain(|problem| problem.kind != ProblemKind::Abandoned);
            }
            if examination.problems.iter().any(|problem| problem.repairable) {
                result.repairable.push(environment.clone());
            }
            result.problems.append(&mut examination.problems);
            missing_versions.append(&mut examination.missing_versions());
            named = named.zip(examination.named_releases()).map(|(named, more)| &named | &more);
        }
        result.add_missing(missing_versions);
        if self.has_leftovers()? && !self.is_locked() {
            result.has_leftovers = true;
            result.problems.push(leftover_problem());
        }
        access::verify(self, &mut result)?;
        tree::verify(self, &mut result, progress)?;
        unreferenced::verify(self, named.as_ref(), &mut result);
        // A link in the place of a folder is found by each who reads below it.
        let mut found = BTreeSet::new();
        result.problems.retain(|IntegrityProblem { finding, .. }| {
            let Location { file, line, column } = finding.location.clone();
            found.insert((file, line, column, finding.message.clone()))
        });
        self.check_hints(result.problems.iter_mut().map(|problem| &mut problem.finding));
        for problem in &mut result.problems {
            problem.repairable |= matches!(problem.finding.hint, Hint::RestoreFrozen { .. });
            result.has_intact_copies |= matches!(problem.finding.hint, Hint::RestoreFrozen { .. });
        }
        Ok(result)
    }

    /// Finds the operations of an environment that no entry leads to, though they were committed somewhere: releases
    /// that a merge, or a file that was set back, lost; and those whose files are missing or damaged. Versions that are
    /// gone and not live come after them.
    pub fn lost_operations(&self, environment: &EnvironmentName) -> Result<Vec<ViewProblem>, Error> {
        let mut examination = self.examine_again(environment)?;
        let missing_versions = examination.missing_versions();
        let view = |message: String| ViewProblem { environment: environment.clone(), group: None, message };
        let problem = |IntegrityProblem { kind, finding, .. }: IntegrityProblem| match kind {
            ProblemKind::Unexplained => Some(view(finding.message)),
            _ if layout::operation_at(&finding.location.file).is_some() && kind != ProblemKind::Abandoned => {
                Some(view(format!("{}: {}", finding.location.file, finding.message)))
            }
            _ => None,
        };
        let missing = missing_versions.into_iter().map(|problem| view(problem.finding.message));
        Ok(examination.problems.into_iter().filter_map(problem).chain(missing).collect())
    }

    /// Plans to record the edits by hand of an environment, as [`repair`](Self::repair) does; `None` where it records
    /// none.
    ///
    /// # Errors
    ///
    /// Fails where the environment cannot be examined.
    pub fn planned_edits(&self, environment: &EnvironmentName, author: &Author) -> Result<Option<PlannedEdits>, Error> {
        repair::planned(self, environment, author)
    }

    /// Makes the repairs that lose nothing. An edit by hand that policies refuse stays as it is, and keeps no other
    /// environment from being repaired.
    ///
    /// # Errors
    ///
    /// Fails where the first environment cannot be repaired. Later failures are in the outcome, beside what was
    /// repaired.
    pub fn repair(
        &self,
        environments: &[EnvironmentName],
        author: &Author,
        request: &LockRequest,
    ) -> Result<RepairOutcome, Error> {
        let mut outcome = RepairOutcome::default();
        let has_leftovers = self.has_leftovers()?;
        // Taking the lock runs the recovery.
        let guard = self.lock(request)?;
        if has_leftovers {
            outcome.done.push("removed an interrupted command's leftovers".to_owned());
        }
        outcome.done.extend(guard.restore_from_git()?);
        for environment in environments {
            match repair::environment(&guard, environment, author, &mut outcome) {
                Err(error) if outcome.done.is_empty() && outcome.failures.is_empty() => return Err(error),
                Err(error) => {
                    // Its exit code counts: something may be half-done.
                    outcome.failures.insert(0, plan::Error::Facts(error));
                    return Ok(outcome);
                }
                Ok(()) => {}
            }
        }
        Ok(outcome)
    }

    /// Examines an environment. An operation that nothing leads to is looked at again, since somebody may
    /// be committing it.
    fn examine_again<'a>(&'a self, environment: &'a EnvironmentName) -> Result<EnvironmentExamination<'a>, Error> {
        let mut attempts_left = 2;
        loop {
            let examination = self.examine(environment)?;
            if !examination.has_loose_ends || attempts_left == 0 {
                return Ok(examination);
            }
            attempts_left -= 1;
            thread::sleep(BEFORE_LOOKING_AGAIN);
        }
    }

    fn examine<'a>(&'a self, environment: &'a EnvironmentName) -> Result<EnvironmentExamination<'a>, Error> {
        // The list of operations comes first: an operation committed after it is still reached.
        let files = self.operation_files(environment)?;
        let mut problems = Vec::new();
        let mut operations = EnvironmentOperations::new(self, environment);
        let entries = entries::examine(&mut operations, &mut problems)?;
        let mut chains = OperationChains::new(operations);
        for (group, deployment) in entries.recorded() {
            chains.walk(group, deployment, &mut problems)?;
        }
        if entries.broken {
            for id in self.missing_operations(environment)? {
                chains.report_named(&id, &mut problems)?;
            }
        }
        live_versions::check(self, &entries, environment, &mut problems);
        self.offer_rebuild(environment, &mut problems)?;
        let found = problems.len();
        let was_whole = problems.iter().all(|problem| problem.kind == ProblemKind::Blocked);
        let abandoned = chains.unreached(&files, &entries, &mut problems)?;
        let has_loose_ends = was_whole && problems.len() > found;
        let operation_count = chains.count();
        let operations = chains.operations;
        Ok(EnvironmentExamination { entries, abandoned, has_loose_ends, problems, files, operations, operation_count })
    }

    /// Marks the problem of a missing environment's file as one that `--repair` mends, if the history holds its
    /// entries.
    fn offer_rebuild(&self, environment: &EnvironmentName, problems: &mut [IntegrityProblem]) -> Result<(), Error> {
        let is_missing = |problem: &&mut IntegrityProblem| {
            problem.kind == ProblemKind::Missing && *problem.finding.location.file == *layout::environment(environment)
        };
        if let Some(problem) = problems.iter_mut().find(is_missing) {
            problem.repairable = self.rebuilt_environment(environment)?.is_some();
            problem.finding.hint = if problem.repairable {
                Hint::RebuildEnvironment
            } else if self.check_can_be_built(environment).is_err() {
                restore_hint(&layout::environment(environment))
            } else {
                Hint::ResolveEnvironment { environment: environment.clone() }
            };
        }
        Ok(())
    }

    /// Builds an environment whose file is missing from the heads of its history; `None` where a group has several, or
    /// where an operation cannot be read.
    fn rebuilt_environment(&self, environment: &EnvironmentName) -> Result<Option<Environment>, Error> {
        let state = match self.merge_state(environment) {
            Ok(state) => state,
            Err(Error::Invalid(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(plan::single_heads(&state.state()))
    }
}

fn leftover_problem() -> IntegrityProblem {
    let message = "a command that was interrupted left temporary files";
    IntegrityProblem::new(
        ProblemKind::Leftover,
        Location::file(layout::TEMPORARY_FOLDER),
        message,
        Hint::RemoveLeftovers,
    )
    .repairable()
}

/// Reads the entries of an environment's file as they were committed, whatever its layout.
///
/// # Errors
///
/// Fails where one was edited by hand, or where it cannot be told.
pub(super) fn recorded_entries(
    workspace: &Workspace,
    environment: &EnvironmentName,
) -> Result<BTreeMap<GroupName, Deployment>, Error> {
    let mut problems = Vec::new();
    let entries = entries::examine(&mut EnvironmentOperations::new(workspace, environment), &mut problems)?;
    if entries.broken || !entries.edited.is_empty() {
        return Err(Error::Invalid(problems.into_iter().map(|problem| problem.finding).collect()));
    }
    Ok(entries.whole.into_iter().chain(entries.relaid).collect())
}

fn group_location(environment: &EnvironmentName) -> Location {
    Location::file(layout::environment(environment))
}

/// Converts an error about a file's content into problems; passes any other error on.
fn problem_of(error: Error, kind: ProblemKind) -> Result<Vec<IntegrityProblem>, Error> {
    match error {
        Error::Invalid(findings) => {
            Ok(findings.into_iter().map(|finding| IntegrityProblem::found(kind, finding)).collect())
        }
        Error::OutsideLink { path } => Ok(vec![IntegrityProblem::new(
            kind,
            Location::file(path.display().to_string()),
            "this leads out of the workspace, and cannot be served",
            "replace the link by its target",
        )]),
        // A file that the system refuses hides no other one.
        Error::Io(refused) => {
            let message = format!("{refused}: {}", refused.source);
            let place = Location::file(refused.path.display().to_string());
            Ok(vec![IntegrityProblem::new(ProblemKind::Damaged, place, message, "make it readable, then verify again")])
        }
        other => Err(other),
    }
}
