//! Working copies and frozen versions, as they are read.

mod change;
mod deletion;

pub use change::NewGroup;
pub(super) use deletion::DeletionIntent;

use std::sync::Arc;

use super::access::AccessCache;
use super::edit::{self, ValueEdit};
use super::error::{Error, UnknownName, missing_hint};
use super::layout;
use super::{Workspace, settings};
use crate::check::rules::files::{EDIT, FILE};
use crate::definition::{self, DefinitionReading, FetchError};
use crate::model::{
    DefinitionPath, Digest, FileSet, GroupName, GroupSettings, Location, SETTINGS_FILE, Version, is_reserved_file,
    nearest,
};
use crate::plan::{PublishCandidate, ReadableCandidate};

impl Workspace {
    /// Lists the groups by name.
    pub fn groups(&self) -> Result<Vec<GroupName>, Error> {
        let names = self.root.list(layout::GROUPS_FOLDER)?;
        let mut groups: Vec<GroupName> = names.iter().filter_map(|name| name.parse().ok()).collect();
        // A folder that cannot be read may be a group: hiding it would hide the error.
        groups.retain(|group| self.is_group(group).unwrap_or(true));
        Ok(groups)
    }

    /// Fails unless the group exists; the error names the most similar one.
    pub fn require_group(&self, group: &GroupName) -> Result<(), Error> {
        if self.is_group(group)? {
            return Ok(());
        }
        let groups = self.groups()?;
        let nearest = nearest(group.as_str(), groups.iter().map(GroupName::as_str));
        Err(Error::Unknown { name: UnknownName::Group(group.clone()), nearest })
    }

    /// Reads the settings of a group's working copy.
    pub fn group_settings(&self, group: &GroupName) -> Result<GroupSettings, Error> {
        let place = layout::group_file(group, SETTINGS_FILE);
        settings::group(&place, &self.group_text(group, SETTINGS_FILE)?)
    }

    /// Reads a group's working copy; with a version, as it is once its settings name that version.
    pub fn working_copy(&self, group: &GroupName, version: Option<&Version>) -> Result<PublishCandidate, Error> {
        self.working_copy_of(group, version, &AccessCache::new())
    }

    /// Reads a group's working copy as one of several that a command reads.
    pub(super) fn working_copy_of(
        &self,
        group: &GroupName,
        version: Option<&Version>,
        access: &AccessCache,
    ) -> Result<PublishCandidate, Error> {
        let read = || self.read_draft(group, version, access)?.with_settings().map_err(Error::Invalid);
        self.read_whole(group, read, |copy| &copy.files)
    }

    /// Reads the readable parts of a group's working copy, with findings for the others.
    pub(super) fn draft(&self, group: &GroupName, access: &AccessCache) -> Result<ReadableCandidate, Error> {
        self.read_whole(group, || self.read_draft(group, None, access), |draft| &draft.files)
    }

    fn read_draft(
        &self,
        group: &GroupName,
        version: Option<&Version>,
        access: &AccessCache,
    ) -> Result<ReadableCandidate, Error> {
        let place = layout::group_file(group, SETTINGS_FILE);
        let mut texts = None;
        let settings = self.group_text(group, SETTINGS_FILE).and_then(|on_disk| {
            let edited = version.map(|version| edit_text(&place, &on_disk, &[version_edit(version)])).transpose()?;
            let (text, _) = texts.insert((edited.unwrap_or_else(|| on_disk.clone()), on_disk));
            settings::group(&place, text)
        });
        let settings = match settings {
            Ok(settings) => Ok(settings),
            Err(Error::Invalid(findings)) => Err(findings),
            Err(other) => return Err(other),
        };
        let known = settings.as_ref().ok();
        let root = known.map(|settings| settings.definition.clone()).unwrap_or_default();
        let reading = self.read_definition(group, &root)?;
        let (mut files, mut settings_on_disk) = (reading.files, None);
        if let Some((text, on_disk)) = texts {
            settings_on_disk = (text != on_disk).then(|| Arc::from(on_disk.into_bytes()));
            files.insert(SETTINGS_FILE, text.into_bytes());
        }
        Ok(ReadableCandidate {
            missing_secrets: known.map(|settings| self.missing_secrets(settings)).transpose()?.unwrap_or_default(),
            signing_fault: known.map(|settings| self.signing_fault(settings, access)).transpose()?.flatten(),
            settings,
            definition: reading.definition.map(Arc::new),
            digest: files.manifest().digest(),
            files,
            findings: reading.findings,
            settings_on_disk,
        })
    }

    fn read_definition(&self, group: &GroupName, root: &DefinitionPath) -> Result<DefinitionReading, Error> {
        let mut failure = None;
        let reading = definition::read_root(&layout::group(group), root.as_str(), &mut |path| {
            self.fetch(group, path).map_err(|error| match error {
                // A refusal of the system says nothing about the definition.
                Error::Io(_) => {
                    let refused = FetchError::Refused(error.to_string());
                    failure.get_or_insert(error);
                    refused
                }
                error => error.into(),
            })
        });
        failure.map_or(Ok(reading), Err)
    }

    /// Reads a frozen version as it could be published; `None` where there is no such version.
    pub(super) fn frozen(
        &self,
        group: &GroupName,
        version: &Version,
        access: &AccessCache,
    ) -> Result<Option<PublishCandidate>, Error> {
        let found = self.version(group, version)?;
        found.map(|(files, digest)| self.candidate_of((group, version), files, digest, access)).transpose()
    }

    /// Reads the files of a frozen version as it could be published.
    pub(super) fn candidate_of(
        &self,
        (group, version): (&GroupName, &Version),
        files: FileSet,
        digest: Digest,
        access: &AccessCache,
    ) -> Result<PublishCandidate, Error> {
        let reading = frozen_definition(group, version, &files);
        let settings = frozen_settings(group, version, &files)?;
        Ok(PublishCandidate {
            missing_secrets: self.missing_secrets(&settings)?,
            signing_fault: self.signing_fault(&settings, access)?,
            settings,
            definition: reading.definition.map(Arc::new),
            files,
            digest,
            findings: reading.findings,
            settings_on_disk: None,
        })
    }

    fn group_text(&self, group: &GroupName, file: &str) -> Result<String, Error> {
        let place = layout::group_file(group, file);
        let most = if file == SETTINGS_FILE { layout::LARGEST_SETTINGS } else { layout::LARGEST_DEFINITION };
        if let Some(bytes) = self.root.read(&place, most)? {
            return layout::text(&place, bytes);
        }
        self.require_group(group)?;
        Err(Error::invalid(
            &FILE,
            Location::file(&place),
            format!("the group {group} has no {file}"),
            missing_hint(&place),
        ))
    }

    /// Gives a definition the bytes of a file in its group's folder.
    fn fetch(&self, group: &GroupName, path: &str) -> Result<Option<Arc<[u8]>>, Error> {
        check_own(path)?;
        let bytes = self.root.read(&layout::group_file(group, path), layout::LARGEST_DEFINITION)?;
        Ok(bytes.map(Arc::from))
    }
}

/// Returns the edit that makes a group's settings name a version.
#[must_use]
pub fn version_edit(version: &Version) -> ValueEdit {
    ValueEdit::Set { path: vec!["version".to_owned()], value: version.to_string().into() }
}

fn edit_text(place: &str, text: &str, edits: &[ValueEdit]) -> Result<String, Error> {
    edit::edit(text, edits).map_err(|error| {
        let location = Location { file: place.into(), line: error.line, column: error.column };
        Error::invalid(&EDIT, location, error.to_string(), "make the change by hand")
    })
}

/// Refuses a file that a definition cannot have, because it is the group's own.
fn check_own(path: &str) -> Result<(), Error> {
    if !is_reserved_file(path) {
        return Ok(());
    }
    let message = format!("{path} is not a part of a definition");
    Err(Error::invalid(&FILE, Location::file(path), message, "rename the file, and the references to it"))
}

/// Reads the settings among the files of a frozen version.
pub(super) fn frozen_settings(group: &GroupName, version: &Version, files: &FileSet) -> Result<GroupSettings, Error> {
    let place = format!("{}/{SETTINGS_FILE}", layout::version(group, version));
    let bytes = files.get(SETTINGS_FILE).map(|bytes| bytes.to_vec()).unwrap_or_default();
    settings::group(&place, &layout::text(&place, bytes)?)
}

/// Reads the definition among the files of a frozen version.
pub(super) fn frozen_definition(group: &GroupName, version: &Version, files: &FileSet) -> DefinitionReading {
    let root = frozen_settings(group, version, files).map(|settings| settings.definition).unwrap_or_default();
    definition::read_root(&layout::version(group, version), root.as_str(), &mut |path| Ok(files.get(path).cloned()))
}
