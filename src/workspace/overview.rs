//! Environments for those who look at them: as much as can be read, and why the rest cannot.

use std::collections::BTreeMap;
use std::fmt;

use super::error::Error;
use super::{Workspace, layout};
use crate::model::{DeploymentState, Digest, Environment, EnvironmentName, GroupName, Release, Timestamp, Version};
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

impl fmt::Display for ViewProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(group) = &self.group {
            write!(formatter, "{group} in ")?;
        }
        write!(formatter, "{}: {}", self.environment, self.message)
    }
}

/// A reason why a live release cannot be served as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseDamage {
    /// The folder of its group is gone.
    GroupMissing,
    /// The version is gone.
    Missing,
    /// The version's files have another digest than when it was frozen.
    Damaged(String),
}

/// The live releases as they lie on disk, by group and digest.
#[derive(Debug, Default)]
pub struct StoredReleases {
    damages: BTreeMap<(GroupName, Digest), ReleaseDamage>,
    /// The numbers of those to which a merge gave another one.
    numbers: BTreeMap<(GroupName, Digest), Version>,
}

impl StoredReleases {
    /// Returns the damage of a release, if it has any.
    #[must_use]
    pub fn damage(&self, group: &GroupName, release: &Release) -> Option<&ReleaseDamage> {
        self.damages.get(&(group.clone(), release.digest))
    }

    /// Returns the number under which the version of a release lies.
    #[must_use]
    pub fn number<'a>(&'a self, group: &GroupName, release: &'a Release) -> &'a Version {
        if self.numbers.is_empty() {
            return &release.version;
        }
        self.numbers.get(&(group.clone(), release.digest)).unwrap_or(&release.version)
    }
}

impl Workspace {
    /// Reads environments, as they are now or were at a time, with the problems of those that cannot be read.
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
    pub fn stored_releases<'a>(&self, environments: impl IntoIterator<Item = &'a Environment>) -> StoredReleases {
        let entries = environments.into_iter().flat_map(|environment| &environment.deployments);
        let live = entries.filter(|(_, deployment)| deployment.release.state == DeploymentState::Live);
        let releases: BTreeMap<_, _> =
            live.map(|(group, entry)| ((group, entry.release.digest), &entry.release.version)).collect();
        let releases: Vec<_> = releases.into_iter().collect();
        let found = spread(&releases, |((group, digest), version)| self.stored_release(group, version, *digest));
        let mut stored = StoredReleases::default();
        for (((group, digest), version), found) in releases.into_iter().zip(found) {
            let key = (group.clone(), digest);
            match found {
                Ok(number) if number == *version => {}
                Ok(number) => _ = stored.numbers.insert(key, number),
                Err(damage) => _ = stored.damages.insert(key, damage),
            }
        }
        stored
    }

    /// Returns the number under which a release lies whole.
    fn stored_release(&self, group: &GroupName, version: &Version, digest: Digest) -> Result<Version, ReleaseDamage> {
        self.located_files(group, version, digest).map(|(number, _)| number).map_err(|error| match error {
            Error::Unknown { .. } if !self.root.exists(&layout::group(group)).unwrap_or(true) => {
                ReleaseDamage::GroupMissing
            }
            Error::Unknown { .. } => ReleaseDamage::Missing,
            error => ReleaseDamage::Damaged(error.one_line()),
        })
    }
}
