//! The documents of a workspace, of all that is live and was live: read here, rendered by [`share::reference`].
//!
//! [`share::reference`]: crate::share::reference

mod history;
mod last_entries;
mod version;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::clients::client_archives;
use super::error::CommandError;
use crate::model::{Deployment, DeploymentState, Digest, DocumentPolicy, EnvironmentName, GroupName, Release, Version};
use crate::plan::{Facts as _, PublishCandidate};
use crate::share::GeneratedFile;
use crate::share::model::EnvironmentServers;
use crate::share::reference::{
    ChangesSource, LiveEntry, MatrixEntry, MatrixEnvironment, MatrixGroup, MatrixSource, OtherEntry, ReferenceSource,
    ReleasedSource, RenderError, ServedState, ServingState, changes, matrix, reference,
};
use crate::workspace::{DiskFacts, Workspace};
use history::GroupHistory;

pub(super) use last_entries::LastEntries;
pub(super) use version::version_documents;

/// The newest versions of a group whose clients lie beside their pages; `sdk` generates those of any version.
const MOST_PACKAGED: usize = 20;

/// Returns the state of the gateways with regard to an entry.
pub(super) type ServedCheck<'c> = dyn Fn(&EnvironmentName, &GroupName, &Deployment) -> ServedState + 'c;

/// The groups and environments that documents are about.
#[derive(Debug, Clone, Default)]
pub(super) struct SiteSelection {
    /// The environments; all if there are none.
    pub(super) environments: BTreeSet<EnvironmentName>,
    /// The groups; all if there are none.
    pub(super) groups: BTreeSet<GroupName>,
}

/// The state that documents are made of.
pub(super) struct DocumentSite<'a> {
    workspace: &'a Workspace,
    serving: Option<ServingState>,
    environments: Vec<SiteEnvironment>,
    groups: BTreeSet<GroupName>,
    problems: Vec<String>,
}

/// An environment with the entries of the groups in question.
struct SiteEnvironment {
    name: EnvironmentName,
    policy: DocumentPolicy,
    entries: BTreeMap<GroupName, SiteEntry>,
}

/// An entry, and who made it.
struct SiteEntry {
    deployment: Deployment,
    number: Version,
    by: Option<String>,
    message: Option<String>,
    urls: Vec<String>,
}

/// A document cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum SiteError {
    #[error(transparent)]
    Workspace(#[from] crate::workspace::Error),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error("version {version} of {group}, which is live in {environment}, cannot be read")]
    NoVersion { group: GroupName, environment: EnvironmentName, version: Version },
}

impl From<SiteError> for CommandError {
    fn from(error: SiteError) -> Self {
        match error {
            SiteError::Workspace(error) => error.into(),
            SiteError::NoVersion { .. } => {
                Self::invalid("missing-version", error.to_string()).hint("see more: `apigw verify`")
            }
            SiteError::Render(error) => Self::new("template", super::error::Exit::Failed, error.to_string()),
        }
    }
}

impl<'a> DocumentSite<'a> {
    /// Reads the entries of all environments, as far as they can be read; with `last`, those of before stand in for the
    /// others.
    pub(super) fn read(workspace: &'a Workspace, selection: &SiteSelection, last: Option<&LastEntries>) -> Self {
        let settings = workspace.settings();
        let overviews = workspace.overview(&settings.environments(), None);
        let mut problems = Vec::new();
        let mut environments = Vec::new();
        for mut overview in overviews {
            let is_chosen =
                selection.environments.is_empty() || selection.environments.contains(&overview.environment.name);
            if !is_chosen {
                continue;
            }
            problems.extend(overview.problems.iter().map(|problem| {
                let group = problem.group.as_ref().map(|group| format!("{group} in ")).unwrap_or_default();
                format!("{group}{}: {}", problem.environment, problem.message)
            }));
            if let Some(last) = last {
                last.complete(&mut overview);
            }
            environments.push(overview.environment);
        }
        for environment in &mut environments {
            let is_chosen = |group: &GroupName| selection.groups.is_empty() || selection.groups.contains(group);
            environment.deployments.retain(|group, _| is_chosen(group));
        }
        let origins = workspace.origins(&environments);
        let read = environments.iter().map(|environment| {
            let entries = environment.deployments.iter().map(|(group, deployment)| {
                let committer = origins.committer(&environment.name, &deployment.operation);
                let number = origins.number(group, &deployment.release).clone();
                let entry = SiteEntry {
                    deployment: deployment.clone(),
                    number,
                    by: committer.map(|committer| committer.by.clone()),
                    message: committer.and_then(|committer| committer.message.clone()),
                    urls: origins.urls(&environment.name, group, &deployment.release),
                };
                (group.clone(), entry)
            });
            SiteEnvironment {
                name: environment.name.clone(),
                policy: settings.document_policy(&environment.name),
                entries: entries.collect(),
            }
        });
        let read: Vec<SiteEnvironment> = read.collect();
        let groups = read.iter().flat_map(|environment| environment.entries.keys().cloned()).collect();
        Self { workspace, serving: None, environments: read, groups, problems }
    }

    /// Begins to read versions, each of them once.
    pub(super) const fn facts(&self) -> DiskFacts<'a> {
        DiskFacts::new(self.workspace)
    }

    /// Makes pages that are served.
    pub(super) fn serve(&mut self, serving: ServingState) {
        self.serving = Some(serving);
    }

    /// Returns a name of the state, which changes with any page, or with any of one group.
    pub(super) fn state_name(&self, served: &ServedCheck<'_>, of: Option<&GroupName>) -> String {
        let mut text = self.problems.join("\n");
        for environment in &self.environments {
            let try_it = self.workspace.settings().document_try_it(&environment.name);
            let _ = writeln!(text, "{} {} {try_it}", environment.name, environment.policy.as_str());
            for (group, entry) in &environment.entries {
                if of.is_some_and(|of| of != group) {
                    continue;
                }
                entry.urls.iter().for_each(|url| text.push_str(url));
                let state = served(&environment.name, group, &entry.deployment);
                let _ = writeln!(text, "{group} {} {} {state:?}", entry.deployment.operation, entry.number);
            }
        }
        Digest::of(text.as_bytes()).short()
    }

    /// Returns the parts that cannot be shown, each with the reason.
    pub(super) fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Names another part that cannot be shown as it is now.
    pub(super) fn add_problem(&mut self, problem: Option<String>) {
        self.problems.extend(problem);
    }

    /// Returns the environments and groups that have pages.
    pub(super) fn pages(&self) -> Vec<(EnvironmentName, GroupName)> {
        let shown = self.environments.iter().filter(|environment| environment.policy != DocumentPolicy::Off);
        shown
            .flat_map(|environment| environment.entries.keys().map(|group| (environment.name.clone(), group.clone())))
            .collect()
    }

    /// Finds the live entries with pages whose version cannot be read.
    pub(super) fn damage(&self) -> BTreeSet<(EnvironmentName, GroupName)> {
        let facts = self.facts();
        let shown = self.environments.iter().filter(|environment| environment.policy != DocumentPolicy::Off);
        let entries = shown.flat_map(|site| site.entries.iter().map(move |(group, entry)| (&site.name, group, entry)));
        entries
            .filter(|(environment, group, entry)| require_version(environment, group, entry, &facts).is_err())
            .map(|(environment, group, _)| (environment.clone(), group.clone()))
            .collect()
    }

    /// Renders the matrix. `served` returns the state of the gateways for an entry; those of `damage` have no
    /// reference.
    pub(super) fn matrix(
        &self,
        served: &ServedCheck<'_>,
        damage: &BTreeSet<(EnvironmentName, GroupName)>,
    ) -> Result<GeneratedFile, SiteError> {
        let environments: Vec<MatrixEnvironment> = self
            .environments
            .iter()
            .map(|environment| MatrixEnvironment { name: environment.name.clone(), policy: environment.policy })
            .collect();
        let groups: Vec<MatrixGroup> = self
            .groups
            .iter()
            .map(|group| MatrixGroup {
                name: group.clone(),
                description: self.workspace.group_settings(group).ok().and_then(|settings| settings.description),
                entries: self
                    .environments
                    .iter()
                    .map(|environment| {
                        let entry = environment.entries.get(group)?;
                        Some(MatrixEntry {
                            deployment: entry.deployment.clone(),
                            number: entry.number.clone(),
                            by: entry.by.clone(),
                            message: entry.message.clone(),
                            behind: self.newer_before(environment, group, entry),
                            has_page: environment.policy != DocumentPolicy::Off,
                            is_damaged: damage.contains(&(environment.name.clone(), group.clone())),
                            served: served(&environment.name, group, &entry.deployment),
                        })
                    })
                    .collect(),
            })
            .collect();
        let source = MatrixSource {
            environments: &environments,
            groups: &groups,
            problems: &self.problems,
            serving: self.serving.as_ref(),
        };
        Ok(matrix(source)?)
    }

    /// Finds an earlier environment in which a newer version is live.
    fn newer_before(
        &self,
        environment: &SiteEnvironment,
        group: &GroupName,
        entry: &SiteEntry,
    ) -> Option<(EnvironmentName, Version)> {
        if entry.deployment.release.state != DeploymentState::Live {
            return None;
        }
        let before = self.environments.iter().take_while(|before| before.name != environment.name);
        let entries = before.filter_map(|before| Some((&before.name, before.entries.get(group)?)));
        let live = entries.filter(|(_, there)| there.deployment.release.state == DeploymentState::Live);
        let newer = live.filter(|(_, there)| there.number > entry.number);
        let newest = newer.max_by(|left, right| left.1.number.cmp(&right.1.number));
        newest.map(|(name, there)| (name.clone(), there.number.clone()))
    }

    /// Renders the pages of a group in an environment: the reference of what is live, that of each version that was,
    /// and the changes between them. Only the pages whose path below the group's folder `is_wanted` are made, and only
    /// the versions that they are about are read.
    pub(super) fn group(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        facts: &DiskFacts<'_>,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<GeneratedFile>, SiteError> {
        let found = self.environments.iter().find(|found| found.name == *environment);
        let Some((site, entry)) = found.and_then(|site| Some((site, site.entries.get(group)?))) else {
            return Ok(Vec::new());
        };
        if is_wanted("index.html") {
            require_version(environment, group, entry, facts)?;
        }
        let history = GroupHistory::read(environment, group, &entry.deployment.release, facts);
        let folder = format!("{environment}/{group}");
        let mut files = Vec::new();
        if is_wanted("changes.html") {
            let releases = history.releases();
            let source = ChangesSource {
                group,
                environment,
                policy: site.policy,
                releases: &releases,
                live: &entry.deployment,
                serving: self.serving.as_ref(),
            };
            add(&mut files, &folder, changes(source)?);
        }
        for (index, release) in history.versions.iter().enumerate() {
            let has_clients = index < MOST_PACKAGED;
            let clients = format!("{}/sdk", release.version);
            if has_clients
                && is_wanted(&clients)
                && let Some(candidate) = history.candidate(release)
                && let Some(definition) = &candidate.definition
            {
                let (version, digest, settings) = (&release.version, release.digest, &candidate.settings);
                let packed = client_archives(self.workspace, group, version, digest, settings, definition);
                add(&mut files, &format!("{folder}/{clients}"), packed);
            }
            let is_current = entry.deployment.release.digest == release.digest;
            for (is_of_version, below) in [(false, String::new()), (true, format!("{}/", release.version))] {
                if (is_of_version || is_current) && is_wanted(&format!("{below}index.html")) {
                    let Some(candidate) = history.candidate(release) else { continue };
                    let page = self.reference(site, group, release, &candidate, is_of_version, has_clients)?;
                    add(&mut files, &format!("{folder}/{below}"), page);
                }
            }
        }
        Ok(files)
    }

    fn reference(
        &self,
        site: &SiteEnvironment,
        group: &GroupName,
        release: &Release,
        candidate: &PublishCandidate,
        is_of_version: bool,
        has_clients: bool,
    ) -> Result<Vec<GeneratedFile>, SiteError> {
        let (Some(definition), Some(entry)) = (&candidate.definition, site.entries.get(group)) else {
            return Ok(Vec::new());
        };
        let others = self.environments.iter().filter(|other| other.name != site.name).filter_map(|other| {
            let there = other.entries.get(group)?;
            (there.deployment.release.state == DeploymentState::Live).then(|| OtherEntry {
                environment: other.name.clone(),
                version: there.number.clone(),
                is_mock: there.deployment.release.backend.is_mock(),
                has_page: other.policy != DocumentPolicy::Off,
            })
        });
        let others: Vec<OtherEntry> = others.collect();
        let is_current = entry.deployment.release.digest == release.digest;
        let urls = if is_current { entry.urls.clone() } else { self.workspace.urls(&site.name, group, release, None) };
        Ok(reference(ReferenceSource {
            group,
            version: &release.version,
            digest: release.digest,
            settings: &candidate.settings,
            definition,
            servers: &[EnvironmentServers { environment: site.name.clone(), urls }],
            released: Some(ReleasedSource {
                environment: &site.name,
                policy: site.policy,
                is_mock: release.backend.is_mock(),
                live: LiveEntry { deployment: &entry.deployment, number: &entry.number, by: entry.by.as_deref() },
                elsewhere: &others,
                is_of_version,
                // Requests reach what is live, and nothing else.
                try_it: is_current
                    && entry.deployment.release.state == DeploymentState::Live
                    && self.workspace.settings().document_try_it(&site.name)
                    // Those sent through the pages come from another address than the reader's.
                    && (self.serving.as_ref().is_none_or(|serving| serving.through.is_none())
                        || candidate.settings.ip_rules.of_environment(&site.name).is_empty()),
                serving: self.serving.as_ref(),
            }),
            has_clients,
        })?)
    }
}

/// Requires that the version of a live entry can be read.
fn require_version(
    environment: &EnvironmentName,
    group: &GroupName,
    entry: &SiteEntry,
    facts: &DiskFacts<'_>,
) -> Result<(), SiteError> {
    let release = &entry.deployment.release;
    if release.state == DeploymentState::Offline {
        return Ok(());
    }
    let candidate = facts.released(group, release)?;
    let has_definition = candidate.is_some_and(|candidate| candidate.definition.is_some());
    has_definition.then_some(()).ok_or_else(|| SiteError::NoVersion {
        group: group.clone(),
        environment: environment.clone(),
        version: release.version.clone(),
    })
}

/// Puts files into a folder.
fn add(files: &mut Vec<GeneratedFile>, folder: &str, added: Vec<GeneratedFile>) {
    let folder = folder.trim_end_matches('/');
    files.extend(added.into_iter().map(|file| GeneratedFile { path: format!("{folder}/{}", file.path), ..file }));
}
