//! The entries of one environment's file: as they were committed, with another layout, edited, or broken.

use std::collections::BTreeMap;

use super::operations::EnvironmentOperations;
use super::{IntegrityProblem, ProblemKind, group_location, problem_of};
use crate::check::rules::records::HAND_EDIT;
use crate::model::{Deployment, DeploymentState, EnvironmentName, GroupName, Hint, Location, Release};
use crate::workspace::error::{Error, restore_hint};
use crate::workspace::record::values::FileValues;
use crate::workspace::{Workspace, layout, record};

/// The entries of an environment's file, sorted by their state.
#[derive(Debug, Default)]
pub(super) struct EnvironmentEntries {
    /// As they were written.
    pub(super) whole: BTreeMap<GroupName, Deployment>,
    /// With the values that were committed, in another layout or with another checksum.
    pub(super) relaid: BTreeMap<GroupName, Deployment>,
    /// With other values than were committed: the committed entry, and the edited release.
    pub(super) edited: BTreeMap<GroupName, (Deployment, Release)>,
    /// True if a part of the file cannot be read at all.
    pub(super) broken: bool,
    /// True if the file's text differs from the layout that apigw would write.
    pub(super) differs: bool,
}

impl EnvironmentEntries {
    /// Iterates over the entries as they were committed.
    pub(super) fn recorded(&self) -> impl Iterator<Item = (&GroupName, &Deployment)> {
        let edited = self.edited.iter().map(|(group, (recorded, _))| (group, recorded));
        self.whole.iter().chain(&self.relaid).chain(edited)
    }

    /// True if the file differs from the layout that apigw would write, in entries that can all be read.
    pub(super) const fn can_be_recorded(&self) -> bool {
        self.differs && !self.broken
    }

    pub(super) fn count(&self) -> usize {
        self.whole.len() + self.relaid.len() + self.edited.len()
    }
}

pub(super) fn examine(
    operations: &mut EnvironmentOperations<'_>,
    problems: &mut Vec<IntegrityProblem>,
) -> Result<EnvironmentEntries, Error> {
    let (workspace, environment) = (operations.workspace, operations.environment);
    let mut entries = EnvironmentEntries::default();
    let strict = match workspace.read_environment(environment) {
        Ok(reading) => reading,
        Err(error) => {
            let missing = !workspace.root.exists(&layout::environment(environment))?;
            // A file that is cut short, or in conflict, does not tell which entries it should have.
            let unreadable = match &error {
                Error::Invalid(findings) => findings.iter().any(|finding| finding.rule != HAND_EDIT.name),
                _ => true,
            };
            let kind = if missing { ProblemKind::Missing } else { ProblemKind::HandEdit };
            let found = problem_of(error, kind)?;
            return loose_file(operations, found, unreadable, problems);
        }
    };
    let broken = !strict.problems.is_empty();
    entries.whole = strict.environment.deployments;
    if broken {
        let found =
            strict.problems.into_iter().map(|(_, finding)| IntegrityProblem::found(ProblemKind::HandEdit, finding));
        let mut loose = loose_file(operations, found.collect(), false, problems)?;
        loose.whole = entries.whole;
        loose.relaid.retain(|group, _| !loose.whole.contains_key(group));
        loose.edited.retain(|group, _| !loose.whole.contains_key(group));
        return Ok(loose);
    }
    if let Some(layout) = strict.layout {
        entries.differs = true;
        problems.push(IntegrityProblem::found(ProblemKind::HandEdit, layout.finding).repairable());
    }
    find_unrecorded(operations, &mut entries, problems);
    Ok(entries)
}

/// Finds intact entries that differ from their operation: their checksum was recomputed by hand.
fn find_unrecorded(
    operations: &mut EnvironmentOperations<'_>,
    entries: &mut EnvironmentEntries,
    problems: &mut Vec<IntegrityProblem>,
) {
    for (group, deployment) in std::mem::take(&mut entries.whole) {
        match operations.recorded(&group, &deployment.operation) {
            Some(recorded) if recorded.release != deployment.release => {
                let problem = edited_problem(
                    operations.workspace,
                    operations.environment,
                    &group,
                    &recorded,
                    &deployment.release,
                );
                problems.push(problem);
                entries.edited.insert(group, (recorded, deployment.release));
                entries.differs = true;
            }
            // Where the operation is missing or damaged, the walk along the chain says so.
            _ => {
                entries.whole.insert(group, deployment);
            }
        }
    }
}

/// Reads a file that the strict reader refuses; `found` is its reason.
fn loose_file(
    operations: &mut EnvironmentOperations<'_>,
    found: Vec<IntegrityProblem>,
    unreadable: bool,
    problems: &mut Vec<IntegrityProblem>,
) -> Result<EnvironmentEntries, Error> {
    let (workspace, environment) = (operations.workspace, operations.environment);
    let place = layout::environment(environment);
    let text = workspace.root.read(&place, layout::LARGEST_RECORD)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    // To tell the meaning of an edit.
    let read = FileValues::read(&place, &text).filter(|file| file.environment() == environment);
    let read = read.filter(|_| !unreadable && text.lines().next_back() == Some(record::END));
    let more = read.as_ref().and_then(|file| fields_text(file.unknown_fields()));
    let Some(values) = read.and_then(|file| file.entries()) else {
        // Nothing of it can be recorded: what the commands that refuse it point to must lead out.
        problems.extend(found.into_iter().map(|mut problem| {
            if matches!(problem.finding.hint, Hint::InspectEdit | Hint::InspectLayout) {
                problem.finding.hint = restore_hint(&place);
            }
            problem
        }));
        return Ok(EnvironmentEntries { broken: true, differs: true, ..EnvironmentEntries::default() });
    };
    let mut entries = EnvironmentEntries { differs: true, ..EnvironmentEntries::default() };
    let before = problems.len();
    problems.extend(more.map(|fields| layout_problem(environment, format!("no environment's file has {fields}"))));
    for (group, values) in values {
        let more = fields_text(values.unknown_fields());
        problems.extend(
            more.map(|fields| layout_problem(environment, format!("{group} has {fields}, which no entry has"))),
        );
        let Deployment { release, since, operation } = values.deployment();
        match operations.recorded(&group, &operation) {
            Some(recorded) if recorded.release == release => {
                if recorded.since != since {
                    problems.push(layout_problem(environment, format!("the time of {group} was changed by hand")));
                }
                entries.relaid.insert(group, recorded);
            }
            Some(recorded) => {
                problems.push(edited_problem(workspace, environment, &group, &recorded, &release));
                entries.edited.insert(group, (recorded, release));
            }
            None => {
                entries.broken = true;
                // Without a file it may well have made the entry.
                let is_there = workspace.root.exists(&layout::operation(environment, &operation))?;
                let why = if is_there { "did not make it" } else { "has no file" };
                let message = format!("{group} names operation {operation}, which {why}");
                problems.push(IntegrityProblem::new(
                    ProblemKind::HandEdit,
                    Location { file: place.as_str().into(), ..group_location(environment) },
                    message,
                    restore_hint(&place),
                ));
            }
        }
    }
    if problems.len() == before {
        let line = found.first().map_or(0, |problem| problem.finding.location.line);
        let mut problem =
            layout_problem(environment, "the layout was changed by hand; the values are those committed".to_owned());
        problem.finding.location.line = line;
        problems.push(problem);
    }
    Ok(entries)
}

/// Names fields that do not belong where they are; `None` where there are none.
fn fields_text<'f>(fields: impl Iterator<Item = &'f str>) -> Option<String> {
    let names: Vec<String> = fields.map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn layout_problem(environment: &EnvironmentName, message: String) -> IntegrityProblem {
    IntegrityProblem::new(ProblemKind::HandEdit, group_location(environment), message, Hint::RestoreLayout).repairable()
}

fn edited_problem(
    workspace: &Workspace,
    environment: &EnvironmentName,
    group: &GroupName,
    recorded: &Deployment,
    release: &Release,
) -> IntegrityProblem {
    let before = &recorded.release;
    let mut changes = Vec::new();
    let mut compare = |name: &str, before: String, after: String| {
        if before != after {
            changes.push(format!("{name} from {before} to {after}"));
        }
    };
    compare("state", state_text(before.state).to_owned(), state_text(release.state).to_owned());
    compare("version", before.version.to_string(), release.version.to_string());
    compare("digest", before.digest.to_string(), release.digest.to_string());
    compare("backend", before.backend.to_string(), release.backend.to_string());
    let mut message =
        format!("{group} was changed by hand since operation {}: {}", recorded.operation, changes.join(", "));
    let acceptable = accept(workspace, group, before, release).is_some();
    let hint = if acceptable {
        Hint::RecordOrRestoreEdit { file: layout::environment(environment) }
    } else {
        message.push_str("; there is no frozen version of this digest, or it is blocked, so it cannot be recorded");
        restore_hint(&layout::environment(environment))
    };
    let problem = IntegrityProblem::new(ProblemKind::HandEdit, group_location(environment), message, hint);
    if acceptable { problem.repairable() } else { problem }
}

const fn state_text(state: DeploymentState) -> &'static str {
    match state {
        DeploymentState::Live => "live",
        DeploymentState::Offline => "offline",
    }
}

/// Returns the meaning of an edit by hand, if it is a release that can be deployed.
///
/// Whoever changes the version and leaves the digest means that version, with its own digest.
pub(super) fn accept(workspace: &Workspace, group: &GroupName, before: &Release, edited: &Release) -> Option<Release> {
    let digest = workspace.manifest(group, &edited.version).ok().flatten()?.digest();
    let is_blocked = workspace.version_notes(group).ok()?.block(&digest).is_some();
    if is_blocked && edited.state == DeploymentState::Live {
        return None;
    }
    let only_version = edited.version != before.version && edited.digest == before.digest;
    (digest == edited.digest || only_version).then(|| Release { digest, ..edited.clone() })
}
