//! Environments for those who look at them: as much as can be read, and why the rest cannot.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::{Workspace, layout};
use crate::model::{Digest, Environment, EnvironmentName, GroupName, Release, State, Timestamp, Version};
use crate::spread::spread;

/// An environment, as far as it can be read.
#[derive(Debug)]
pub struct EnvironmentOverview {
    /// The entries that can be read.
    pub environment: Environment,
    /// The reasons why others cannot.
    pub problems: Vec<ViewProblem>,
}

/// A part of a view that cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ViewProblem {
    /// The environment that it is of.
    pub environment: EnvironmentName,
    /// The group that it concerns, where that is known.
    pub group: Option<GroupName>,
    /// The reason.
    pub message: String,
}

/// A reason why a live release cannot be served as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseDamage {
    /// The folder of its group is gone.
    GroupMissing,
    /// The version is gone.
    Missing,
    /// The version is not what was frozen.
    Damaged(String),
}

/// The live releases that are not on disk as they were frozen, by group, number and digest.
#[derive(Debug, Default)]
pub struct DamagedReleases(BTreeMap<(GroupName, Version, Digest), ReleaseDamage>);

impl DamagedReleases {
    /// Returns the damage of a release, if it has any.
    #[must_use]
    pub fn get(&self, group: &GroupName, release: &Release) -> Option<&ReleaseDamage> {
        self.0.get(&(group.clone(), release.version.clone(), release.digest))
    }
}

impl Workspace {
    /// Reads environments, as they are or as they were at a time; what cannot be read is told beside the rest.
    #[must_use]
    pub fn overview(&self, names: &[EnvironmentName], at: Option<Timestamp>) -> Vec<EnvironmentOverview> {
        spread(names, |name| self.environment_overview(name, at))
    }

    fn environment_overview(&self, name: &EnvironmentName, at: Option<Timestamp>) -> EnvironmentOverview {
        let problem =
            |group, error: &Error| ViewProblem { environment: name.clone(), group, message: error.one_line() };
        let reading = match self.read_environment(name) {
            Ok(reading) => reading,
            Err(error) => {
                let environment = Environment::empty(name.clone());
                return EnvironmentOverview { environment, problems: vec![problem(None, &error)] };
            }
        };
        let broken = reading.problems.into_iter().map(|(group, finding)| ViewProblem {
            environment: name.clone(),
            group,
            message: format!("{}: {}", finding.location, finding.message),
        });
        let mut problems: Vec<ViewProblem> = broken.collect();
        let mut environment = reading.environment;
        if let Some(time) = at {
            let failed = self.go_back(&mut environment, time);
            problems.extend(failed.into_iter().map(|(group, error)| problem(Some(group), &error)));
        }
        EnvironmentOverview { environment, problems }
    }

    /// Compares every live release with the bytes on disk, each once, spread over the processors.
    #[must_use]
    pub fn damaged_releases<'a>(&self, environments: impl IntoIterator<Item = &'a Environment>) -> DamagedReleases {
        let entries = environments.into_iter().flat_map(|environment| &environment.deployments);
        let live = entries.filter(|(_, deployment)| deployment.release.state == State::Live);
        let releases: BTreeSet<_> =
            live.map(|(group, entry)| (group, &entry.release.version, entry.release.digest)).collect();
        let releases: Vec<_> = releases.into_iter().collect();
        let damages = spread(&releases, |(group, version, digest)| self.release_damage(group, version, *digest));
        let found = releases
            .into_iter()
            .zip(damages)
            .filter_map(|((group, version, digest), damage)| Some(((group.clone(), version.clone(), digest), damage?)));
        DamagedReleases(found.collect())
    }

    fn release_damage(&self, group: &GroupName, version: &Version, digest: Digest) -> Option<ReleaseDamage> {
        let error = self.release_files(group, version, digest).err()?;
        Some(match error {
            Error::Unknown { .. } if !self.root.exists(&layout::group(group)).unwrap_or(true) => {
                ReleaseDamage::GroupMissing
            }
            Error::Unknown { .. } => ReleaseDamage::Missing,
            error => ReleaseDamage::Damaged(error.one_line()),
        })
    }
}
