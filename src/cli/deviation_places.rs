//! Files and lines of the settings that a target of an export does not express exactly.

use crate::export::{GroupReport, SettingPlace};
use crate::model::Location;
use crate::workspace::{SettingPlaces, Workspace};

/// The places of a group's settings.
pub(super) struct DeviationPlaces<'a> {
    workspace: &'a Workspace,
    settings: SettingPlaces,
}

impl<'a> DeviationPlaces<'a> {
    /// Reads the settings of the version that a report is about.
    pub(super) fn read(workspace: &'a Workspace, report: &GroupReport) -> Self {
        Self { workspace, settings: workspace.setting_places(&report.group, &report.version) }
    }

    /// Returns the location of a setting.
    pub(super) fn location(&self, place: &SettingPlace) -> Location {
        match place {
            SettingPlace::Settings(path) => self.settings.location(path),
            SettingPlace::Subject(subject, setting) => self.workspace.subject_setting(subject, setting),
            SettingPlace::Api(location) => location.clone(),
        }
    }

    /// Writes the file and the line of a setting.
    pub(super) fn shown(&self, place: &SettingPlace) -> String {
        let Location { file, line, .. } = self.location(place);
        format!("{file}:{line}")
    }
}
