//! Changes to working copies: creation, settings, freezing, and deletion of groups and versions that are live nowhere.

use std::sync::Arc;

use super::{check_own, edit_text};
use crate::definition::{self, ImportedDefinition};
use crate::model::{
    Author, BumpLevel, DEFINITION_FILE, DeploymentState, EnvironmentName, FileSet, Finding, GroupName, PathPrefix,
    SCHEMA, SETTINGS_FILE, Severity, Version,
};
use crate::plan::Freeze;
use crate::workspace::edit::ValueEdit;
use crate::workspace::error::{Error, ExistingPart};
use crate::workspace::versions::NeededState;
use crate::workspace::{LockGuard, UnusedVersion, Workspace, layout, quote, settings, version_note};

impl Workspace {
    /// Lists the environments in which a group, or one version of it, is live.
    pub fn live_in(&self, group: &GroupName, version: Option<&Version>) -> Result<Vec<EnvironmentName>, Error> {
        let is_live = |environment: &EnvironmentName| -> Result<bool, Error> {
            let live = self.environment(environment)?;
            Ok(live.deployments.get(group).is_some_and(|deployment| {
                let release = &deployment.release;
                release.state == DeploymentState::Live
                    && version.is_none_or(|version| self.is_version_of(group, version, release))
            }))
        };
        let mut names = Vec::new();
        for environment in self.recorded_environments()? {
            if is_live(&environment)? {
                names.push(environment);
            }
        }
        Ok(names)
    }
}

impl LockGuard {
    /// Creates a group with a definition that has no API yet.
    pub fn create(&self, group: &GroupName, settings: &NewGroup) -> Result<(), Error> {
        let mut files = FileSet::default();
        let title = settings.description.clone().unwrap_or_else(|| group.to_string());
        let title = serde_json::Value::from(title);
        let definition = format!("openapi: 3.0.3\ninfo:\n  title: {title}\n  version: \"1\"\npaths: {{}}\n");
        files.insert(DEFINITION_FILE, definition.into_bytes());
        self.create_with(group, settings, DEFINITION_FILE, files)
    }

    /// Creates a group from an imported document.
    pub fn create_from(
        &self,
        group: &GroupName,
        settings: &NewGroup,
        imported: &ImportedDefinition,
    ) -> Result<(), Error> {
        check_all_own(&imported.files)?;
        self.create_with(group, settings, &imported.definition, imported.files.clone())
    }

    fn create_with(
        &self,
        group: &GroupName,
        settings: &NewGroup,
        definition: &str,
        mut files: FileSet,
    ) -> Result<(), Error> {
        // Numbers of a group of that name, deleted before, stay reserved for their bytes.
        let noted = self.workspace().noted_versions(group)?;
        let version = noted.iter().max().map_or_else(Version::first, |newest| newest.next(BumpLevel::Patch));
        let settings = settings.render(group, &version, definition);
        let place = layout::group(group);
        if self.workspace().is_group(group)? {
            return Err(Error::Exists(ExistingPart::Group(group.clone())));
        }
        files.insert(SETTINGS_FILE, settings.into_bytes());
        let mut stage = self.stage();
        if self.workspace().root.exists(&place)? {
            // The notes on the versions of a group of that name, deleted before.
            for (path, bytes) in self.workspace().note_files(group)?.iter() {
                files.insert(path, bytes.clone());
            }
            stage.replace_folder(&place, &files)?;
        } else {
            stage.write_folder(&place, &files, false)?;
        }
        stage.settle(&format!("the group {group}"))
    }

    /// Replaces the definition of a group, and the files that it refers to; its settings name where it lies.
    pub fn replace_definition(&self, group: &GroupName, imported: &ImportedDefinition) -> Result<(), Error> {
        check_all_own(&imported.files)?;
        self.workspace().require_group(group)?;
        let settings = self.settings_naming(group, &imported.definition)?;
        // The definition comes last: until then, nothing refers to the files beside it.
        let (definition, beside): (Vec<_>, Vec<_>) =
            imported.files.iter().partition(|(path, _)| *path == imported.definition);
        let mut changed = Vec::new();
        for (path, bytes) in beside.into_iter().chain(definition) {
            let place = layout::group_file(group, path);
            if self.workspace().root.read(&place, layout::LARGEST_DEFINITION)?.as_deref() != Some(&**bytes) {
                changed.push((path, &**bytes));
            }
        }
        if let Some(settings) = &settings {
            changed.push((SETTINGS_FILE, settings.as_bytes()));
        }
        if changed.is_empty() {
            Ok(())
        } else {
            self.replace_together(group, &changed, format!("the definition of {group}"))
        }
    }

    /// Returns the settings of a group with the path of its definition in them; `None` where they name it already.
    fn settings_naming(&self, group: &GroupName, definition: &str) -> Result<Option<String>, Error> {
        let place = layout::group_file(group, SETTINGS_FILE);
        let before = self.workspace().group_text(group, SETTINGS_FILE)?;
        if settings::group(&place, &before)?.definition.as_str() == definition {
            return Ok(None);
        }
        let edit = match definition {
            DEFINITION_FILE => ValueEdit::remove(["definition"]),
            path => ValueEdit::set(["definition"], path),
        };
        let after = edit_text(&place, &before, &[edit])?;
        settings::group(&place, &after)?;
        Ok(Some(after))
    }

    /// Edits a hand-written file of a group, and says whether that changed anything.
    ///
    /// The result must read as settings, or as a definition without new errors; else nothing is written.
    pub fn edit(&self, group: &GroupName, file: &str, edits: &[ValueEdit]) -> Result<bool, Error> {
        let place = layout::group_file(group, file);
        let before = self.workspace().group_text(group, file)?;
        let after = edit_text(&place, &before, edits)?;
        if before == after {
            return Ok(false);
        }
        if file == SETTINGS_FILE {
            settings::group(&place, &after)?;
        } else {
            self.check_definition(group, file, &before, &after)?;
        }
        let mut stage = self.stage();
        stage.write(&place, after.as_bytes())?;
        stage.settle(&place)?;
        Ok(true)
    }

    fn check_definition(&self, group: &GroupName, root: &str, before: &str, after: &str) -> Result<(), Error> {
        let errors = |text: &str| -> Vec<Finding> {
            let read = definition::read_root(&layout::group(group), root, &mut |path| match path {
                path if path == root => Ok(Some(Arc::from(text.as_bytes()))),
                other => self.workspace().fetch(group, other).map_err(Into::into),
            });
            read.findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect()
        };
        let found = errors(after);
        if found.len() > errors(before).len() { Err(Error::Invalid(found)) } else { Ok(()) }
    }

    /// Freezes a version without publishing it.
    pub fn freeze(&self, freeze: &Freeze) -> Result<(), Error> {
        let mut stage = self.stage();
        self.freeze_version(&mut stage, freeze)?;
        stage.settle(&format!("version {} of {}", freeze.version, freeze.group))
    }

    /// Deletes a version that is live nowhere and that no recent state has live, and notes that it was deleted.
    ///
    /// Returns the states that nobody can go back to any more. With `force`, recent ones are no bar.
    pub fn delete_version(
        &self,
        group: &GroupName,
        version: &Version,
        author: &Author,
        force: bool,
    ) -> Result<Vec<NeededState>, Error> {
        let workspace = self.workspace();
        if !workspace.root.exists(&layout::version(group, version))? {
            return Err(workspace.unknown_version(group, version)?);
        }
        let environments = workspace.live_in(group, Some(version))?;
        if !environments.is_empty() {
            return Err(Error::VersionLive { group: group.clone(), version: version.clone(), environments });
        }
        let states = match workspace.states_with(group, version) {
            Ok(states) => states,
            // A history that cannot be read is no bar to whoever insists.
            Err(_) if force => Vec::new(),
            Err(error) => return Err(error),
        };
        let recent: Vec<NeededState> = states.iter().filter(|state| state.is_recent).cloned().collect();
        if !recent.is_empty() && !force {
            return Err(Error::VersionNeeded { group: group.clone(), version: version.clone(), states: recent });
        }
        // A version whose list of files is damaged has no digest to remember.
        let digest = workspace.manifest(group, version).ok().flatten().map(|manifest| manifest.digest());
        let deletion = digest.map(|digest| author.remark(digest));
        self.delete_noted(group, version, deletion)?;
        Ok(states)
    }

    /// Deletes a version that was found to be unused under this very lock, and notes that it was deleted.
    pub fn delete_unused(&self, unused: &UnusedVersion, author: &Author) -> Result<(), Error> {
        self.delete_noted(&unused.group, &unused.version, Some(author.remark(unused.digest)))
    }

    /// Deletes a group that is live nowhere, with all its versions. Their numbers stay reserved for their bytes, as
    /// after [`delete_version`](Self::delete_version).
    ///
    /// As there, versions that recent states of an environment need are deleted only by force. Returns those states,
    /// which nobody can go back to any more, each with the version that it needs.
    pub fn delete_group(
        &self,
        group: &GroupName,
        author: &Author,
        force: bool,
    ) -> Result<Vec<(Version, NeededState)>, Error> {
        let workspace = self.workspace();
        workspace.require_group(group)?;
        let environments = workspace.live_in(group, None)?;
        if !environments.is_empty() {
            return Err(Error::GroupLive { group: group.clone(), environments });
        }
        let mut lost = Vec::new();
        let mut notes = workspace.note_files(group)?;
        for version in workspace.versions(group)? {
            let states = match workspace.states_with(group, &version) {
                Ok(states) => states,
                // A history that cannot be read is no bar to whoever insists.
                Err(_) if force => Vec::new(),
                Err(error) => return Err(error),
            };
            lost.extend(states.into_iter().filter(|state| state.is_recent).map(|state| (version.clone(), state)));
            // A version whose list of files is damaged has no digest to remember.
            let Some(manifest) = workspace.manifest(group, &version).ok().flatten() else { continue };
            let mut note = workspace.read_note(group, &version)?.map(|read| read.note).unwrap_or_default();
            note.add_deletion(author.remark(manifest.digest()));
            notes.insert(version_note::group_path(&version), version_note::render(group, &version, &note).into_bytes());
        }
        if !lost.is_empty() && !force {
            return Err(Error::GroupNeeded { group: group.clone(), states: lost });
        }
        let place = layout::group(group);
        let mut stage = self.stage();
        if notes.iter().next().is_some() {
            stage.replace_folder(&place, &notes)?;
        } else {
            stage.remove_folder(&place)?;
        }
        stage.settle(&place)?;
        Ok(lost)
    }
}

/// The settings of a group that is to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// The group's purpose, in a line.
    pub description: Option<String>,
    /// The prefix of its APIs' paths.
    pub prefix: PathPrefix,
    /// The address of its backend.
    pub backend: Option<String>,
}

impl NewGroup {
    fn render(&self, group: &GroupName, version: &Version, definition: &str) -> String {
        let quoted = |text: &str| quote::quoted(text);
        let description = self.description.as_deref().map(|text| format!("description: {}\n", quoted(text)));
        let backend = self.backend.as_deref().map_or_else(
            || "# backend: https://backend.example.com\n".to_owned(),
            |address| format!("backend: {}\n", quoted(address)),
        );
        let definition = match definition {
            DEFINITION_FILE => String::new(),
            path => format!("definition: {}\n", quoted(path)),
        };
        format!(
            "# Settings of the API group {group}. `apigw group set {group} key=value` changes a value and keeps the rest.\n\
             schema: {SCHEMA}\n\
             version: \"{}\"\n\
             {}{definition}prefix: {}\n\
             auth: none\n\
             {backend}",
            version,
            description.unwrap_or_default(),
            self.prefix,
        )
    }
}

fn check_all_own(files: &FileSet) -> Result<(), Error> {
    for (path, _) in files.iter() {
        check_own(path)?;
    }
    Ok(())
}
