//! All findings on a workspace: its settings, its groups, and its keys.

use std::collections::BTreeMap;

use super::Workspace;
use super::access::{AccessCache, SearchedFiles, key_set_file};
use super::error::Error;
use super::layout::WORKSPACE_FILE;
use crate::check::rules::files::FILE;
use crate::check::{self, CheckedGroup, FOLDER_LOCK, LiveGroup, WorkspaceOverview};
use crate::model::{DeploymentState, Finding, GroupName, Location, Timestamp};
use crate::plan::ReadableCandidate;

/// The subject of a check.
#[derive(Debug)]
pub struct CheckScope<'a> {
    /// The groups, each of which exists; all, with the keys, if there are none.
    pub groups: &'a [GroupName],
    /// The findings that keep the settings of the workspace from being read.
    pub settings_problems: Vec<Finding>,
    /// The variables of the process, which name places of secrets.
    pub variables: &'a BTreeMap<String, String>,
    /// The time.
    pub now: Timestamp,
}

impl Workspace {
    /// Finds all problems; of named groups only those in their files and in the keys of their issuers, and those that
    /// keep the settings from being read. `progress` is told each group that is begun.
    pub fn check(&self, scope: CheckScope<'_>, progress: &mut dyn FnMut(&GroupName)) -> Result<Vec<Finding>, Error> {
        let access = AccessCache::new();
        let mut findings = self.group_findings(&scope, &access, progress)?;
        if !self.has_folder_lock() {
            let message = "this file system cannot lock a folder: the file .apigw/lock is locked instead";
            let hint = "do not run `git clean` while the workspace is changed";
            findings.push(FOLDER_LOCK.finding(Location::file(WORKSPACE_FILE), message, hint));
        }
        if scope.groups.is_empty() {
            findings.extend(self.key_findings(&scope, &access)?);
            findings.extend(self.ignored_state());
        }
        findings.extend(scope.settings_problems);
        findings.sort_by(|one, other| one.location.cmp(&other.location));
        Ok(findings)
    }

    fn group_findings(
        &self,
        scope: &CheckScope<'_>,
        access: &AccessCache,
        progress: &mut dyn FnMut(&GroupName),
    ) -> Result<Vec<Finding>, Error> {
        let groups = self.groups()?;
        let mut unreadable = Vec::new();
        let mut drafts: Vec<(&GroupName, ReadableCandidate)> = Vec::new();
        for group in &groups {
            progress(group);
            match self.draft(group, access) {
                Ok(draft) => drafts.push((group, draft)),
                // One file that the system refuses hides no other group.
                Err(Error::Io(error)) => unreadable.push(FILE.finding(
                    Location::file(format!("groups/{group}")),
                    format!("{error}: {}", error.source),
                    "make it readable",
                )),
                Err(error) => return Err(error),
            }
        }
        let live = self.live_backends();
        let is_called = |group: &GroupName| live.iter().flatten().any(|live| live.group == *group && live.has_backend);
        let subjects: Vec<CheckedGroup<'_>> =
            drafts.iter().map(|(group, draft)| draft.subject(group, is_called(group))).collect();
        // Settings that cannot be parsed are reported already, and cannot be checked further.
        let settings_text = if scope.settings_problems.is_empty() { self.source(WORKSPACE_FILE) } else { None };
        let overview = WorkspaceOverview {
            settings: self.settings(),
            settings_text: settings_text.as_deref().unwrap_or_default(),
            subjects: &subjects,
            live: live.as_deref(),
        };
        let mut findings = check::workspace(&overview);
        findings.extend(unreadable);
        findings.extend(drafts.iter().filter_map(|(_, draft)| draft.settings.as_ref().err()).flatten().cloned());
        for subject in &subjects {
            if let Some(settings) = subject.settings {
                findings.extend(self.missing_key_set(subject.group, settings)?);
            }
        }
        findings.extend(self.key_sets()?.1);
        findings.extend(self.all_notes(None)?.1);
        if !scope.groups.is_empty() {
            let mut places: Vec<String> = scope.groups.iter().map(|name| format!("groups/{name}/")).collect();
            let of_named = subjects.iter().filter(|subject| scope.groups.contains(subject.group));
            places.extend(of_named.filter_map(|subject| key_set_file(subject.settings?)));
            findings.retain(|finding| places.iter().any(|place| finding.location.file.starts_with(place)));
        }
        Ok(findings)
    }

    fn key_findings(&self, scope: &CheckScope<'_>, access: &AccessCache) -> Result<Vec<Finding>, Error> {
        let access = access.get(self)?;
        let mut findings = access.problems.clone();
        findings.extend(self.grant_findings(access));
        findings.extend(self.ignored_key_files()?);
        findings.extend(access.reused_secret_findings());
        findings.extend(access.missing_revocation_findings());
        findings.extend(self.lost_access_findings()?);
        findings.extend(access.unread_commits_finding());
        findings.extend(access.third_secret_findings(scope.now));
        findings.extend(self.private_key_findings()?);
        findings.extend(self.tracked_local_files());
        findings.extend(self.secret_findings(access, SearchedFiles::Written, scope.variables, scope.now)?);
        Ok(findings)
    }

    /// Lists the live groups; `None` where they cannot be read, which `verify` reports.
    fn live_backends(&self) -> Option<Vec<LiveGroup>> {
        let mut live = Vec::new();
        for name in self.settings().environments() {
            let environment = self.environment(&name).ok()?;
            let groups =
                environment.deployments.iter().filter(|(_, entry)| entry.release.state == DeploymentState::Live);
            live.extend(groups.map(|(group, entry)| LiveGroup {
                environment: name.clone(),
                group: group.clone(),
                has_backend: !entry.release.backend.is_mock(),
            }));
        }
        Some(live)
    }
}
