//! Environments for those who look at them: as much as can be read, and why the rest cannot.

use std::collections::BTreeMap;
use std::fmt;

use super::error::{Error, missing_hint};
use super::{Workspace, layout};
use crate::check::rules::records::MISSING;
use crate::model::{
    DeploymentState, Digest, Environment, EnvironmentName, Finding, GroupName, Location, Release, Timestamp, Version,
};
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

/// A frozen version of a group, as far as its list of files can be read.
#[derive(Debug)]
pub struct FrozenVersion {
    /// Its number.
    pub number: Version,
    /// Its digest; `None` where its list of files cannot be read.
    pub digest: Option<Digest>,
    /// The number that it was frozen with, if a merge gave it another one.
    pub frozen_as: Option<Version>,
}

/// The live versions of a group, as far as the environments can be read.
#[derive(Debug, Default)]
pub struct LiveVersions {
    /// The environments in which each version is live, by its present number.
    pub environments: BTreeMap<Version, Vec<String>>,
    /// The environments in which any version may be live, since the group's entry cannot be read.
    pub unread: Vec<EnvironmentName>,
    /// The reasons why they cannot be read.
    pub findings: Vec<Finding>,
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
    /// The numbers that those were frozen with, which an entry may name by the present one.
    frozen_as: BTreeMap<(GroupName, Digest), Version>,
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

    /// Returns the number that a release was committed with, or its version frozen, before a merge gave it another one.
    #[must_use]
    pub fn committed_number<'a>(&'a self, group: &GroupName, release: &'a Release) -> &'a Version {
        let frozen_as = || self.frozen_as.get(&(group.clone(), release.digest));
        let is_renamed = *self.number(group, release) != release.version;
        if is_renamed { &release.version } else { frozen_as().unwrap_or(&release.version) }
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
            message: finding.one_line(),
        });
        let mut problems: Vec<ViewProblem> = broken.collect();
        let mut environment = reading.environment;
        if let Some(time) = at {
            let failed = self.go_back(&mut environment, time);
            problems.extend(failed.into_iter().map(|(group, error)| problem(Some(group), &error)));
        }
        EnvironmentOverview { environment, problems }
    }

    /// Finds groups that are live and not among these, which have a folder, each with its environments. One that cannot
    /// be read hides no other.
    #[must_use]
    pub fn live_without_folder(&self, groups: &[GroupName]) -> BTreeMap<GroupName, Vec<EnvironmentName>> {
        let mut gone: BTreeMap<GroupName, Vec<EnvironmentName>> = BTreeMap::new();
        for EnvironmentOverview { environment, .. } in self.overview(&self.settings.environments(), None) {
            let live = environment.deployments.into_iter().filter(|(group, entry)| {
                entry.release.state == DeploymentState::Live && groups.binary_search(group).is_err()
            });
            for (group, _) in live {
                gone.entry(group).or_default().push(environment.name.clone());
            }
        }
        gone
    }

    /// Lists the frozen versions of a group, the newest first, with the faults of those that cannot be read.
    pub fn frozen_versions(&self, group: &GroupName) -> Result<(Vec<FrozenVersion>, Vec<Finding>), Error> {
        let (mut versions, mut findings) = (Vec::new(), Vec::new());
        for number in self.versions(group)?.into_iter().rev() {
            let record = self.version_record(group, &number).unwrap_or_else(|error| {
                findings.extend(error.file_findings(&layout::version(group, &number)));
                None
            });
            let (digest, frozen_as) = record.map(|record| (record.manifest.digest(), record.frozen_as)).unzip();
            versions.push(FrozenVersion { number, digest, frozen_as: frozen_as.flatten() });
        }
        self.check_hints(&mut findings);
        Ok((versions, findings))
    }

    /// Finds the environments in which versions of a group are live. One that cannot be read hides no other.
    pub fn live_versions(&self, group: &GroupName) -> Result<LiveVersions, Error> {
        let mut live = LiveVersions::default();
        for name in self.recorded_environments()? {
            let (entry, findings) = match self.read_environment(&name) {
                Ok(mut reading) => {
                    reading.problems.retain(|(named, _)| named.as_ref().is_none_or(|named| named == group));
                    let findings = reading.problems.into_iter().map(|(_, finding)| finding).collect();
                    (reading.environment.deployments.remove(group), findings)
                }
                Err(error) => (None, error.file_findings(&layout::environment(&name))),
            };
            match entry {
                Some(deployment) if deployment.release.state == DeploymentState::Live => {
                    live.findings.extend(self.lost_release(&name, group, &deployment.release));
                    let number = self.release_number(group, &deployment.release);
                    live.environments.entry(number).or_default().push(name.to_string());
                }
                Some(_) => {}
                None if findings.is_empty() => {}
                None => live.unread.push(name),
            }
            live.findings.extend(findings);
        }
        self.check_hints(&mut live.findings);
        Ok(live)
    }

    /// Returns the fault of a live release that no version has.
    fn lost_release(&self, name: &EnvironmentName, group: &GroupName, release: &Release) -> Option<Finding> {
        let version = &release.version;
        let place = layout::version(group, version);
        let Ok(None) = self.locate_release(group, version, release.digest) else { return None };
        let is_there = self.root.exists(&place).unwrap_or(true);
        let reason = if is_there { " with another digest" } else { ", and its folder is missing" };
        let message = format!("version {version} of {group} is live in {name}{reason}");
        Some(MISSING.finding(Location::file(&place), message, missing_hint(&place)))
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
            if let Ok(number) = &found
                && let Ok(Some(frozen_as)) = self.frozen_as(group, number)
            {
                stored.frozen_as.insert(key.clone(), frozen_as);
            }
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
