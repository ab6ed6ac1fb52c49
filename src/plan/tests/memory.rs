//! A workspace in memory, changed by lines that read like commands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::*;
use crate::definition::read;
use crate::model::{
    Auth, Author, Backend, DEFINITION_FILE, Deployment, Digest, Environment, EnvironmentName, FileSet, Finding,
    GroupChange, GroupName, GroupSettings, KeyKind, Location, Operation, OperationId, Release, SETTINGS_FILE, Severity,
    Timestamp, Version, VersionNotes, VersionRemark, WorkspaceSettings,
};

/// A workspace in memory. It has the group `g`; a definition is written as the letters of its paths.
pub(super) struct Memory {
    settings: WorkspaceSettings,
    working: Arc<PublishCandidate>,
    frozen: BTreeMap<Version, Option<Arc<PublishCandidate>>>,
    notes: VersionNotes,
    pub(super) environments: BTreeMap<EnvironmentName, Environment>,
    past: BTreeMap<EnvironmentName, Vec<PastEntry>>,
    operations: Vec<(OperationId, Operation)>,
}

/// A frozen version whose bytes are not those of its digest.
#[derive(Debug)]
pub(super) struct DigestDiffers;

fn parsed<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text:?}"))
}

fn candidate(version: &str, letters: &str, backend: Option<&str>) -> PublishCandidate {
    let backend = backend.map(|address| format!("backend: '{address}'\n")).unwrap_or_default();
    let settings = format!("schema: 1\nversion: '{version}'\nprefix: /g\n{backend}");
    let result = "{description: d, content: {application/json: {example: 1}}}";
    let path = |name: char| format!("  /{name}: {{get: {{operationId: {name}, responses: {{'200': {result}}}}}}}\n");
    let paths = letters.chars().map(path).collect::<Vec<_>>().concat();
    let definition = format!("openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths:\n{paths}");
    let bytes: Arc<[u8]> = Arc::from(definition.as_bytes());
    let reading = read("groups/g", &mut |path| Ok((path == DEFINITION_FILE).then(|| Arc::clone(&bytes))));
    let mut files = FileSet::default();
    files.insert(SETTINGS_FILE, settings.as_bytes());
    files.insert(DEFINITION_FILE, definition.as_bytes());
    PublishCandidate {
        settings: serde_yaml::from_str::<GroupSettings>(&settings).expect("settings"),
        definition: reading.definition.map(Arc::new),
        digest: files.manifest().digest(),
        files,
        findings: reading.findings,
        settings_on_disk: None,
        missing_secrets: Vec::new(),
        signing_fault: None,
    }
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            settings: toml::from_str("schema = 1").expect("settings"),
            working: Arc::new(candidate("0.0.1", "a", None)),
            frozen: BTreeMap::new(),
            notes: VersionNotes::default(),
            environments: BTreeMap::new(),
            past: BTreeMap::new(),
            operations: Vec::new(),
        }
    }

    fn remark(&self, version: &str) -> VersionRemark {
        let digest = self.frozen[&parsed(version)].as_ref().expect("frozen").digest;
        let at = Timestamp::from_milliseconds(0);
        VersionRemark { at, by: "me".to_owned(), why: Some("bad".to_owned()), digest }
    }

    fn with_version(&self, version: &Version) -> PublishCandidate {
        let before = &self.working;
        let paths = before.definition.iter().flat_map(|definition| &definition.apis);
        let letters: String = paths.filter_map(|api| api.path.chars().nth(1)).collect();
        let on_disk = before.files.get(SETTINGS_FILE).cloned();
        PublishCandidate {
            settings_on_disk: on_disk,
            ..candidate(&version.to_string(), &letters, before.settings.backend.as_deref())
        }
    }

    /// Commits a plan, as the workspace does.
    fn commit(&mut self, plan: &Plan) {
        for freeze in plan.freezes.values() {
            let bumped = plan.edits.contains_key(&freeze.group);
            if bumped {
                self.working =
                    Arc::new(PublishCandidate { settings_on_disk: None, ..self.with_version(&freeze.version) });
            }
            self.frozen.insert(freeze.version.clone(), Some(Arc::clone(&self.working)));
        }
        if plan.is_empty() {
            return;
        }
        let Operation { environment, time, changes, .. } = &plan.operation;
        let id = OperationId::new(*time, &Digest::of(self.operations.len().to_string().as_bytes()));
        let live =
            self.environments.entry(environment.clone()).or_insert_with(|| Environment::empty(environment.clone()));
        for (group, change) in changes {
            let deployment = Deployment { release: change.after.clone(), since: *time, operation: id.clone() };
            live.deployments.insert(group.clone(), deployment.clone());
            let past = self.past.entry(environment.clone()).or_default();
            past.insert(0, PastEntry { deployment, action: change.action });
        }
        self.operations.push((id, plan.operation.clone()));
    }

    /// Changes the state on disk as a line says; false if the line is a request.
    fn prepare(&mut self, words: &[&str]) -> bool {
        match *words {
            ["work", version, letters] => self.working = Arc::new(candidate(version, letters, None)),
            ["work", version, letters, address] => {
                self.working = Arc::new(candidate(version, letters, Some(address)));
            }
            ["keys", version, letters] => {
                let settings = GroupSettings {
                    auth: Auth::default().with(KeyKind::Signature),
                    ..candidate(version, letters, None).settings
                };
                self.working = Arc::new(PublishCandidate { settings, ..candidate(version, letters, None) });
            }
            ["break"] => {
                let finding = Finding {
                    rule: "yaml",
                    severity: Severity::Error,
                    message: "not YAML".to_owned(),
                    location: Location::file("openapi.yaml"),
                    hint: "".into(),
                    count: 1,
                };
                let broken = candidate(&self.working.settings.version.to_string(), "broken", None);
                self.working = Arc::new(PublishCandidate { definition: None, findings: vec![finding], ..broken });
            }
            ["policy", environment, policy] => {
                let text = format!("schema = 1\n[environments.{environment}]\n{}", policy.replace('=', " = "));
                self.settings = toml::from_str(&text).expect("settings");
            }
            // A damaged version cannot be read, a lost one has no folder, a spoiled one no definition.
            ["damage", version] => {
                self.frozen.insert(parsed(version), None);
            }
            ["lose", version] => {
                self.frozen.remove(&parsed(version));
            }
            ["block", version] => {
                let block = self.remark(version);
                self.notes.0.entry(parsed(version)).or_default().blocks.push(block);
            }
            ["delete", version] => {
                let deletion = self.remark(version);
                self.notes.0.entry(parsed(version)).or_default().deletions.push(deletion);
                self.frozen.remove(&parsed(version));
            }
            ["spoil", version] => {
                let digest = self.frozen[&parsed(version)].as_ref().expect("frozen").digest;
                let spoiled = PublishCandidate { definition: None, digest, ..candidate(version, "", None) };
                self.frozen.insert(parsed(version), Some(Arc::new(spoiled)));
            }
            _ => return false,
        }
        true
    }

    /// Runs a line. A request is planned and committed; its outcome is returned.
    pub(super) fn run(&mut self, line: &str) -> Option<String> {
        let words: Vec<&str> = line.split(' ').collect();
        if self.prepare(&words) {
            return None;
        }
        Some(match self.plan(line) {
            Ok(plan) => {
                self.commit(&plan);
                shown(&plan)
            }
            Err(error) => refused(&error),
        })
    }

    /// Plans the request that a line is.
    pub(super) fn plan(&self, line: &str) -> Result<Plan, Error<DigestDiffers>> {
        let words: Vec<&str> = line.split(' ').collect();
        let operation = |name: &str| self.operations.get(name.parse::<usize>().ok()?).map(|(id, _)| id.clone());
        let backend = |text: &str| match text {
            "mock" => BackendChoice::Mock,
            "settings" => BackendChoice::Settings,
            address => BackendChoice::Address(address.to_owned()),
        };
        let groups = GroupSelection::Groups(vec![parsed("g")]);
        let author = Author {
            actor: "me".into(),
            message: None,
            command: line.into(),
            now: Timestamp::from_milliseconds(0),
            allow_breaking: line.ends_with(" anyway"),
        };
        let words: Vec<&str> = words.into_iter().filter(|word| *word != "anyway").collect();
        match *words.as_slice() {
            ["publish", environment, with, ref options @ ..] => {
                let mut request = PublishRequest {
                    environment: parsed(environment),
                    groups,
                    version: None,
                    bump: None,
                    backend: backend(with),
                    if_current: None,
                };
                match *options {
                    ["at", version] => request.version = Some(parsed(version)),
                    ["bump", "minor"] => request.bump = Some(BumpRequest::Minor),
                    ["bump", "auto"] => request.bump = Some(BumpRequest::Auto),
                    ["if", name] => request.if_current = operation(name),
                    _ => {}
                }
                publish(&request, self, &author)
            }
            ["switch", environment, to] => {
                let to = if to == "previous" { SwitchTo::Previous } else { SwitchTo::Version(parsed(to)) };
                let request =
                    SwitchRequest { environment: parsed(environment), group: parsed("g"), to, if_current: None };
                switch(&request, self, &author)
            }
            ["offline", environment] => {
                let request = OfflineRequest { environment: parsed(environment), groups, if_current: None };
                offline(&request, self, &author)
            }
            ["offline", environment, "all"] => {
                let request =
                    OfflineRequest { environment: parsed(environment), groups: GroupSelection::All, if_current: None };
                offline(&request, self, &author)
            }
            ["promote", from, to, ref options @ ..] => {
                let release = match *options {
                    ["version", version] => PromotedRelease::Version(parsed(version)),
                    ["at", name] => PromotedRelease::After(operation(name).expect("an operation")),
                    _ => PromotedRelease::Live,
                };
                let request = PromoteRequest { from: parsed(from), to: parsed(to), groups, release, if_current: None };
                promote(&request, self, &author)
            }
            ["rollback", environment, ref options @ ..] => {
                let all = options.first() == Some(&"all");
                let groups = if all { GroupSelection::All } else { groups };
                let to = match options.get(usize::from(all)) {
                    Some(time) if time.starts_with('@') => {
                        Some(PastState::At(Timestamp::from_milliseconds(time[1..].parse().expect("a time"))))
                    }
                    Some(name) => operation(name).map(PastState::After),
                    None => None,
                };
                let request = RollbackRequest {
                    environment: parsed(environment),
                    groups,
                    to,
                    skip_unavailable: false,
                    if_current: None,
                };
                rollback(&request, self, &author)
            }
            ["undo", environment, name, ref options @ ..] => {
                let unknown = OperationId::new(Timestamp::from_milliseconds(0), &Digest::of(b"?"));
                let operation = operation(name).unwrap_or(unknown);
                let skip_changed = options.first() == Some(&"skip");
                undo(&UndoRequest { environment: parsed(environment), operation, skip_changed }, self, &author)
            }
            _ => panic!("{line:?}"),
        }
    }
}

pub(super) fn shown(plan: &Plan) -> String {
    let warnings = plan.warnings.iter().map(|warning| format!("; warns: {warning}")).collect::<Vec<_>>().concat();
    if plan.is_empty() {
        return format!("nothing to do{warnings}");
    }
    let change = |change: &GroupChange| {
        let Release { state, version, backend, .. } = &change.after;
        let backend = match backend {
            Backend::Mock => "mock",
            Backend::Http { url, .. } => url.as_str(),
        };
        format!("{} {version} {state:?} {backend}", change.action).to_lowercase()
    };
    let changes: Vec<String> = plan.operation.changes.values().map(change).collect();
    let overrides: Vec<&str> = plan.operation.overrides.iter().map(|policy| policy.as_str()).collect();
    let overrides = if overrides.is_empty() { String::new() } else { format!("; overrides {}", overrides.join(", ")) };
    format!("{}{overrides}{warnings}", changes.join(", "))
}

pub(super) fn refused(error: &Error<DigestDiffers>) -> String {
    let kind = match error {
        Error::Facts(_) => "unreadable",
        Error::PastUnreadable { .. } => "past unreadable",
        Error::Invalid { .. } => "invalid",
        Error::State(_) => "state",
        Error::FrozenDiffers { .. } => "differs",
        Error::Renumbered { .. } => "renumbered",
        Error::DeletedDiffers { .. } => "deleted",
        Error::NumberNamed { .. } => "named",
        Error::NumberShared { .. } => "shared",
        Error::NotCurrent { .. } => "not current",
        Error::Stale(_) => "stale",
        Error::Overtaken { .. } => "overtaken",
        Error::Refused { .. } => "refused",
        Error::Several(_) | Error::Steps(_) => "several",
    };
    format!("{kind}: {error}")
}

impl Facts for Memory {
    type Error = DigestDiffers;

    fn error_text(&self, _: &DigestDiffers) -> String {
        "the digest differs".to_owned()
    }

    fn settings(&self) -> &WorkspaceSettings {
        &self.settings
    }

    fn groups(&self) -> Result<Vec<GroupName>, DigestDiffers> {
        Ok(vec![parsed("g")])
    }

    fn environment(&self, name: &EnvironmentName) -> Result<Arc<Environment>, DigestDiffers> {
        let known = self.environments.get(name).cloned();
        Ok(Arc::new(known.unwrap_or_else(|| Environment::empty(name.clone()))))
    }

    fn edited_entries(&self, _: &EnvironmentName) -> Result<Arc<BTreeMap<GroupName, EditedEntry>>, DigestDiffers> {
        Ok(Arc::default())
    }

    fn check_unedited(&self, _: &EnvironmentName, _: &BTreeSet<GroupName>) -> Result<(), DigestDiffers> {
        Ok(())
    }

    fn working_copy(&self, _: &GroupName, version: Option<&Version>) -> Result<Arc<PublishCandidate>, DigestDiffers> {
        Ok(version.map_or_else(|| Arc::clone(&self.working), |version| Arc::new(self.with_version(version))))
    }

    fn versions(&self, _: &GroupName) -> Result<BTreeSet<Version>, DigestDiffers> {
        Ok(self.frozen.keys().cloned().collect())
    }

    fn notes(&self, _: &GroupName) -> Result<Arc<VersionNotes>, DigestDiffers> {
        Ok(Arc::new(self.notes.clone()))
    }

    fn unreadable_notes(&self, _: &GroupName) -> Result<BTreeSet<Version>, DigestDiffers> {
        Ok(BTreeSet::new())
    }

    fn check_note(&self, _: &GroupName, _: &Version) -> Result<(), DigestDiffers> {
        Ok(())
    }

    fn frozen(&self, _: &GroupName, version: &Version) -> Result<Option<Arc<PublishCandidate>>, DigestDiffers> {
        self.frozen.get(version).map_or(Ok(None), |known| known.clone().map(Some).ok_or(DigestDiffers))
    }

    fn released(&self, group: &GroupName, release: &Release) -> Result<Option<Arc<PublishCandidate>>, DigestDiffers> {
        self.frozen(group, &release.version)
    }

    fn number(&self, _: &GroupName, release: &Release) -> Result<Option<Version>, DigestDiffers> {
        let is_there = |known: &Option<Arc<PublishCandidate>>| {
            known.as_ref().is_none_or(|candidate| candidate.digest == release.digest)
        };
        Ok(self.frozen.get(&release.version).filter(|known| is_there(known)).map(|_| release.version.clone()))
    }

    fn past(&self, environment: &EnvironmentName, _: &GroupName) -> Result<Vec<PastEntry>, DigestDiffers> {
        Ok(self.past.get(environment).cloned().unwrap_or_default())
    }

    fn every_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, DigestDiffers> {
        self.past(environment, group)
    }

    fn readable_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, DigestDiffers> {
        self.past(environment, group)
    }

    fn lost_releases(
        &self,
        _: &EnvironmentName,
        _: &BTreeSet<GroupName>,
        _: usize,
    ) -> Result<BTreeMap<GroupName, OperationId>, DigestDiffers> {
        Ok(BTreeMap::new())
    }

    fn named_versions(&self, _: &GroupName) -> Result<NamedVersions, DigestDiffers> {
        Ok(NamedVersions::new())
    }

    fn grants(&self, _: &EnvironmentName, _: &GroupName) -> Result<Vec<HeldGrant>, DigestDiffers> {
        Ok(Vec::new())
    }

    fn operation(&self, environment: &EnvironmentName, id: &OperationId) -> Result<Option<Operation>, DigestDiffers> {
        let found = self.operations.iter().find(|(known, _)| known == id).map(|(_, operation)| operation.clone());
        Ok(found.filter(|operation| operation.environment == *environment))
    }

    fn loose_operation(&self, _: &EnvironmentName, _: &OperationId) -> Result<Option<LooseOperation>, DigestDiffers> {
        Ok(None)
    }
}
