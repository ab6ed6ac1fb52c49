//! A side of a comparison: a definition, and for an environment the deployment that serves it.

use std::sync::Arc;

use crate::cli::views::EntryView;
use crate::model::{Backend, Deployment, DeploymentState, Environment, GroupName, Release};
use crate::plan::{Facts as _, PublishCandidate};
use crate::workspace::{DiskFacts, Error, ViewProblem};

/// The length of a digest in texts for people, its algorithm included.
const SHORT_DIGEST: usize = "sha256:".len() + 12;

/// One side of a comparison of a group.
#[derive(Default)]
pub(super) struct DiffSide {
    /// Its settings and definition; `None` where the group is offline or was never published.
    pub(super) candidate: Option<Arc<PublishCandidate>>,
    /// Its entry, where the side is an environment.
    pub(super) deployment: Option<Deployment>,
    /// The reason why the version of its entry cannot be read, though the entry can.
    pub(super) problem: Option<ViewProblem>,
}

impl DiffSide {
    /// Reads the version of an environment's entry.
    pub(super) fn of_entry(facts: &DiskFacts<'_>, environment: &Environment, group: &GroupName) -> Self {
        let Some(mut deployment) = environment.deployments.get(group).cloned() else { return Self::default() };
        // Compared by the numbers that both have now: a merge may have changed one of them.
        if let Ok(Some(number)) = facts.number(group, &deployment.release) {
            deployment.release.version = number;
        }
        let read = match deployment.release.state {
            DeploymentState::Live => release(facts, group, &deployment.release),
            DeploymentState::Offline => Ok(None),
        };
        let (candidate, problem) = match read {
            Ok(candidate) => (candidate, None),
            Err(error) => {
                let (environment, group) = (environment.name.clone(), Some(group.clone()));
                (None, Some(ViewProblem { environment, group, message: error.one_line() }))
            }
        };
        Self { candidate, deployment: Some(deployment), problem }
    }
}

/// Reads the version of a live release.
fn release(
    facts: &DiskFacts<'_>,
    group: &GroupName,
    release: &Release,
) -> Result<Option<Arc<PublishCandidate>>, Error> {
    let found = facts.released(group, release)?;
    match &found {
        // Its error tells whether the version is missing or has other bytes.
        None => _ = facts.workspace().release_files(group, &release.version, release.digest)?,
        Some(candidate) if candidate.definition.is_none() => return Err(Error::Invalid(candidate.findings.clone())),
        Some(_) => {}
    }
    Ok(found)
}

impl From<Arc<PublishCandidate>> for DiffSide {
    fn from(candidate: Arc<PublishCandidate>) -> Self {
        Self { candidate: Some(candidate), ..Self::default() }
    }
}

/// The deployments of both sides, where both are environments to which the group was published.
pub(super) struct DeploymentPair(Option<(Deployment, Deployment)>);

impl DeploymentPair {
    pub(super) fn new(before: &DiffSide, after: &DiffSide) -> Self {
        Self(before.deployment.clone().zip(after.deployment.clone()))
    }

    /// Lists the fields that differ, each with the value of both sides; none where one release is in force on both.
    pub(super) fn differences(&self) -> Vec<(&'static str, String, String)> {
        let Some((before, after)) =
            self.0.as_ref().filter(|(before, after)| !before.release.serves_same(&after.release))
        else {
            return Vec::new();
        };
        let fields = |deployment: &Deployment| {
            let release = &deployment.release;
            let (backend, address) = match &release.backend {
                Backend::Mock => ("mock", "-".to_owned()),
                Backend::Http { url, .. } => ("real", url.to_string()),
            };
            let state = match release.state {
                DeploymentState::Live => "live",
                DeploymentState::Offline => "offline",
            };
            [
                ("state", state.to_owned()),
                ("version", release.version.to_string()),
                ("backend", backend.to_owned()),
                ("address", address),
                ("digest", release.digest.to_string()),
                ("operation", deployment.operation.to_string()),
            ]
        };
        let pairs = fields(before).into_iter().zip(fields(after));
        pairs
            .filter(|((_, one), (_, other))| one != other)
            .map(|((name, one), (_, other))| (name, one, other))
            .collect()
    }

    /// Writes the differences, a line each. Digests are shortened: two whole ones are wider than a terminal.
    pub(super) fn text(&self, group: &GroupName) -> String {
        let short = |value: String| if value.starts_with("sha256:") { value[..SHORT_DIGEST].to_owned() } else { value };
        let lines = self.differences().into_iter();
        let lines =
            lines.map(|(name, before, after)| format!("{group}: {name} {} → {}\n", short(before), short(after)));
        lines.collect::<Vec<_>>().concat()
    }

    /// Returns both entries for programs.
    pub(super) fn view(&self) -> (Option<EntryView>, Option<EntryView>) {
        self.0.as_ref().map(|(before, after)| (EntryView::of(before), EntryView::of(after))).unzip()
    }
}
