//! Working copies: reading them, editing them, freezing them.

use std::sync::Arc;

use super::commit::freeze_version;
use super::durable::Stage;
use super::edit::{self, Edit, Format};
use super::error::Error;
use super::layout;
use super::lock::{Held, LockRequest};
use super::{Workspace, settings};
use crate::check::Subject;
use crate::definition::{self, Definition, Imported, Reading};
use crate::model::{
    DEFINITION_FILE, EnvironmentName, FileSet, Finding, GroupName, GroupSettings, Location, PathPrefix, SCHEMA,
    SETTINGS_FILE, Severity, State, VERSION_FILE, Version, nearest,
};
use crate::plan::{Candidate, Freeze};

/// The name of the lock on working copies and versions; no environment can have it.
const LOCK: &str = "@groups";

/// The lock on working copies and versions: whoever has it edits and freezes.
#[derive(Debug)]
pub struct GroupsLock<'a> {
    workspace: &'a Workspace,
    held: Held,
}

impl Workspace {
    /// Lists the groups by name.
    pub fn groups(&self) -> Result<Vec<GroupName>, Error> {
        Ok(self.root.list(layout::GROUPS_FOLDER)?.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Fails unless there is such a group, and names the one that is spelled most alike.
    pub fn require_group(&self, group: &GroupName) -> Result<(), Error> {
        if self.root.exists(&layout::group(group))? {
            return Ok(());
        }
        let groups = self.groups()?;
        let nearest = nearest(group.as_str(), groups.iter().map(GroupName::as_str));
        Err(Error::Unknown { kind: "group", name: group.to_string(), nearest })
    }

    /// Reads the settings of a group's working copy.
    pub fn group_settings(&self, group: &GroupName) -> Result<GroupSettings, Error> {
        let place = layout::group_file(group, SETTINGS_FILE);
        settings::group(&place, &self.group_text(group, SETTINGS_FILE)?)
    }

    /// Reads a group's working copy; with a version, as it is once its settings name that version.
    pub fn working_copy(&self, group: &GroupName, version: Option<&Version>) -> Result<Candidate, Error> {
        let on_disk = self.group_text(group, SETTINGS_FILE)?;
        let place = layout::group_file(group, SETTINGS_FILE);
        let text = match version {
            None => on_disk.clone(),
            Some(version) => edit_text(&place, &on_disk, &[version_edit(version)])?,
        };
        let settings = settings::group(&place, &text)?;
        let reading = self.read_definition(group)?;
        let mut files = reading.files;
        let settings_on_disk = (text != on_disk).then(|| Arc::from(on_disk.into_bytes()));
        files.insert(SETTINGS_FILE, text.into_bytes());
        Ok(Candidate {
            settings,
            definition: reading.definition.map(Arc::new),
            digest: files.manifest().digest(),
            files,
            findings: reading.findings,
            settings_on_disk,
        })
    }

    /// Reads what of a group's working copy can be read, and says what cannot.
    pub fn draft(&self, group: &GroupName) -> Result<Draft, Error> {
        let place = layout::group_file(group, SETTINGS_FILE);
        let mut draft = Draft::default();
        let settings = self.group_text(group, SETTINGS_FILE).and_then(|text| {
            let settings = settings::group(&place, &text);
            draft.settings_text = text;
            settings
        });
        match settings {
            Ok(settings) => draft.settings = Some(settings),
            Err(Error::Invalid(findings)) => draft.problems = findings,
            Err(other) => return Err(other),
        }
        let reading = self.read_definition(group)?;
        draft.definition = reading.definition;
        draft.reading = reading.findings;
        Ok(draft)
    }

    fn read_definition(&self, group: &GroupName) -> Result<Reading, Error> {
        let mut failure = None;
        let reading = definition::read(&layout::group(group), &mut |path| {
            self.fetch(group, path).map_err(|error| {
                let message = error.to_string();
                // What the system refuses says nothing about the definition.
                if matches!(error, Error::Io(_)) {
                    failure.get_or_insert(error);
                }
                message
            })
        });
        failure.map_or(Ok(reading), Err)
    }

    /// Reads a frozen version as it could be published; `None` where there is no such version.
    pub fn frozen(&self, group: &GroupName, version: &Version) -> Result<Option<Candidate>, Error> {
        let Some((files, digest)) = self.version(group, version)? else {
            return Ok(None);
        };
        let reading = frozen_definition(group, version, &files);
        Ok(Some(Candidate {
            settings: frozen_settings(group, version, &files)?,
            definition: reading.definition.map(Arc::new),
            files,
            digest,
            findings: reading.findings,
            settings_on_disk: None,
        }))
    }

    /// Takes the lock on working copies and versions.
    pub fn lock_groups(&self, request: &LockRequest) -> Result<GroupsLock<'_>, Error> {
        let held = Held::take(&self.root, LOCK, request)?;
        for path in held.leftovers()? {
            // What is left here was never part of the workspace; it only takes room.
            let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        }
        Ok(GroupsLock { workspace: self, held })
    }

    fn group_text(&self, group: &GroupName, file: &str) -> Result<String, Error> {
        let place = layout::group_file(group, file);
        let most = if file == SETTINGS_FILE { layout::LARGEST_SETTINGS } else { layout::LARGEST_DEFINITION };
        if let Some(bytes) = self.root.read(&place, most)? {
            return layout::text(&place, bytes);
        }
        self.require_group(group)?;
        Err(Error::invalid(
            "file",
            Location::file(&place),
            format!("the group {group} has no {file}"),
            format!("restore it, for example with `git checkout -- {place}`"),
        ))
    }

    /// Gives a definition the bytes of a file in its group's folder.
    fn fetch(&self, group: &GroupName, path: &str) -> Result<Option<Arc<[u8]>>, Error> {
        check_own(path)?;
        let bytes = self.root.read(&layout::group_file(group, path), layout::LARGEST_DEFINITION)?;
        Ok(bytes.map(Arc::from))
    }
}

impl GroupsLock<'_> {
    /// Creates a group with a definition that has no API yet.
    pub fn create(&self, group: &GroupName, settings: &NewGroup) -> Result<(), Error> {
        let mut files = FileSet::default();
        let title = settings.description.clone().unwrap_or_else(|| group.to_string());
        let title = serde_json::Value::from(title);
        let definition = format!("openapi: 3.0.3\ninfo:\n  title: {title}\n  version: \"1\"\npaths: {{}}\n");
        files.insert(DEFINITION_FILE, definition.into_bytes());
        self.create_with(group, settings, files)
    }

    /// Creates a group from an imported document.
    pub fn create_from(&self, group: &GroupName, settings: &NewGroup, imported: &Imported) -> Result<(), Error> {
        check_all_own(&imported.files)?;
        self.create_with(group, settings, imported.files.clone())
    }

    fn create_with(&self, group: &GroupName, settings: &NewGroup, mut files: FileSet) -> Result<(), Error> {
        let place = layout::group(group);
        if self.workspace.root.exists(&place)? {
            return Err(Error::Exists { what: format!("the group {group}") });
        }
        files.insert(SETTINGS_FILE, settings.render(group).into_bytes());
        let mut stage = self.stage();
        stage.write_folder(&place, &files, false)?;
        Ok(stage.sync()?)
    }

    /// Replaces the definition of a group, and the files that it refers to.
    pub fn replace_definition(&self, group: &GroupName, imported: &Imported) -> Result<(), Error> {
        check_all_own(&imported.files)?;
        self.workspace.require_group(group)?;
        let mut stage = self.stage();
        // The definition comes last: until then, nothing refers to the files beside it.
        let (definition, beside): (Vec<_>, Vec<_>) =
            imported.files.iter().partition(|(path, _)| *path == DEFINITION_FILE);
        for (path, bytes) in beside.into_iter().chain(definition) {
            let place = layout::group_file(group, path);
            if self.workspace.root.read(&place, layout::LARGEST_DEFINITION)?.as_deref() != Some(&**bytes) {
                stage.write(&place, bytes)?;
            }
        }
        Ok(stage.sync()?)
    }

    /// Edits a hand-written file of a group, and says whether that changed anything.
    ///
    /// The result must read as settings, or as a definition without new errors; else nothing is written.
    pub fn edit(&self, group: &GroupName, file: &str, edits: &[Edit]) -> Result<bool, Error> {
        let place = layout::group_file(group, file);
        let before = self.workspace.group_text(group, file)?;
        let after = edit_text(&place, &before, edits)?;
        if before == after {
            return Ok(false);
        }
        if file == SETTINGS_FILE {
            settings::group(&place, &after)?;
        } else {
            self.check_definition(group, &before, &after)?;
        }
        let mut stage = self.stage();
        stage.write(&place, after.as_bytes())?;
        stage.sync()?;
        Ok(true)
    }

    fn check_definition(&self, group: &GroupName, before: &str, after: &str) -> Result<(), Error> {
        let errors = |text: &str| -> Vec<Finding> {
            let read = definition::read(&layout::group(group), &mut |path| match path {
                DEFINITION_FILE => Ok(Some(Arc::from(text.as_bytes()))),
                other => self.workspace.fetch(group, other).map_err(|error| error.to_string()),
            });
            read.findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect()
        };
        let found = errors(after);
        if found.len() > errors(before).len() { Err(Error::Invalid(found)) } else { Ok(()) }
    }

    /// Freezes a working copy under the version that its settings name.
    pub fn freeze(&self, freeze: &Freeze) -> Result<(), Error> {
        let mut stage = self.stage();
        freeze_version(self.workspace, &mut stage, freeze)?;
        Ok(stage.sync()?)
    }

    /// Deletes a version that is live nowhere.
    pub fn delete_version(&self, group: &GroupName, version: &Version, request: &LockRequest) -> Result<(), Error> {
        let place = layout::version(group, version);
        if !self.workspace.root.exists(&place)? {
            let versions: Vec<String> = self.workspace.versions(group)?.iter().map(ToString::to_string).collect();
            let nearest = nearest(&version.to_string(), versions.iter().map(String::as_str));
            return Err(Error::Unknown { kind: "version", name: version.to_string(), nearest });
        }
        let _locks = self.lock_environments(request)?;
        let environments = self.workspace.live_in(group, Some(version))?;
        if !environments.is_empty() {
            return Err(Error::VersionLive { group: group.to_string(), version: version.to_string(), environments });
        }
        self.remove_folder(&place)
    }

    /// Deletes a group that is live nowhere, with all its versions.
    pub fn delete_group(&self, group: &GroupName, request: &LockRequest) -> Result<(), Error> {
        self.workspace.require_group(group)?;
        let _locks = self.lock_environments(request)?;
        let environments = self.workspace.live_in(group, None)?;
        if !environments.is_empty() {
            return Err(Error::GroupLive { group: group.to_string(), environments });
        }
        self.remove_folder(&layout::group(group))
    }

    /// Keeps everybody from publishing, in the one order in which several environments are locked.
    fn lock_environments(&self, request: &LockRequest) -> Result<Vec<Held>, Error> {
        let mut environments = self.workspace.settings().environments();
        environments.sort_unstable();
        environments.iter().map(|name| Held::take(&self.workspace.root, name.as_str(), request)).collect()
    }

    fn remove_folder(&self, place: &str) -> Result<(), Error> {
        let mut stage = self.stage();
        stage.remove_folder(place)?;
        Ok(stage.sync()?)
    }

    fn stage(&self) -> Stage<'_> {
        Stage::new(&self.workspace.root, self.held.temporary())
    }
}

impl Workspace {
    /// Lists the environments in which a group, or one version of it, is live.
    fn live_in(&self, group: &GroupName, version: Option<&Version>) -> Result<Vec<String>, Error> {
        let is_live = |environment: &EnvironmentName| -> Result<bool, Error> {
            let live = self.environment(environment)?;
            Ok(live.deployments.get(group).is_some_and(|deployment| {
                let release = &deployment.release;
                release.state == State::Live && version.is_none_or(|version| *version == release.version)
            }))
        };
        let mut names = Vec::new();
        for environment in self.settings.environments() {
            if is_live(&environment)? {
                names.push(environment.to_string());
            }
        }
        Ok(names)
    }
}

/// A group's working copy, as far as it can be read.
#[derive(Debug, Default)]
pub struct Draft {
    settings: Option<GroupSettings>,
    settings_text: String,
    definition: Option<Definition>,
    reading: Vec<Finding>,
    /// Why its settings could not be read, where they could not.
    pub problems: Vec<Finding>,
}

impl Draft {
    /// Returns it as the rules of `check` look at it.
    #[must_use]
    pub fn subject<'a>(&'a self, group: &'a GroupName) -> Subject<'a> {
        Subject {
            group,
            settings: self.settings.as_ref(),
            settings_text: self.settings_text.as_bytes(),
            definition: self.definition.as_ref(),
            reading: &self.reading,
        }
    }
}

/// The settings of a group that is to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// What the group is for, in a line.
    pub description: Option<String>,
    /// What the paths of its APIs start with.
    pub prefix: PathPrefix,
    /// The address of its backend.
    pub backend: Option<String>,
}

impl NewGroup {
    fn render(&self, group: &GroupName) -> String {
        let quoted = |text: &str| super::quote::quoted(text);
        let description = self.description.as_deref().map(|text| format!("description: {}\n", quoted(text)));
        let backend = self.backend.as_deref().map_or_else(
            || "# backend: https://backend.example.com\n".to_owned(),
            |address| format!("backend: {}\n", quoted(address)),
        );
        format!(
            "# Settings of the API group {group}. `apigw group set {group} key=value` changes a value and keeps the rest.\n\
             schema: {SCHEMA}\n\
             version: \"{}\"\n\
             {}prefix: {}\n\
             auth: none\n\
             {backend}",
            Version::first(),
            description.unwrap_or_default(),
            self.prefix,
        )
    }
}

/// Returns the edit that makes a group's settings name a version.
#[must_use]
pub fn version_edit(version: &Version) -> Edit {
    Edit::Set { path: vec!["version".to_owned()], value: version.to_string().into() }
}

fn edit_text(place: &str, text: &str, edits: &[Edit]) -> Result<String, Error> {
    edit::edit(text, Format::Yaml, edits).map_err(|error| {
        let location = Location { file: place.into(), line: error.line, column: error.column };
        Error::invalid("edit", location, error.to_string(), "make the change by hand")
    })
}

/// Refuses a file that a definition cannot have, because it is the group's own.
fn check_own(path: &str) -> Result<(), Error> {
    let reserved = path == SETTINGS_FILE || path == VERSION_FILE || path.split('/').next() == Some("versions");
    if !reserved {
        return Ok(());
    }
    let message = format!("{path} is not a part of a definition");
    Err(Error::invalid("file", Location::file(path), message, "rename the file, and the references to it"))
}

fn check_all_own(files: &FileSet) -> Result<(), Error> {
    for (path, _) in files.iter() {
        check_own(path)?;
    }
    Ok(())
}

/// Reads the settings among the files of a frozen version.
pub(super) fn frozen_settings(group: &GroupName, version: &Version, files: &FileSet) -> Result<GroupSettings, Error> {
    let place = format!("{}/{SETTINGS_FILE}", layout::version(group, version));
    let bytes = files.get(SETTINGS_FILE).map(|bytes| bytes.to_vec()).unwrap_or_default();
    settings::group(&place, &layout::text(&place, bytes)?)
}

/// Reads the definition among the files of a frozen version.
pub(super) fn frozen_definition(group: &GroupName, version: &Version, files: &FileSet) -> Reading {
    definition::read(&layout::version(group, version), &mut |path| Ok(files.get(path).cloned()))
}
