//! Files and lines of the settings that a target of an export does not express exactly.

use std::sync::Arc;

use crate::definition::Definition;
use crate::export::{GroupReport, SettingPlace};
use crate::model::Location;
use crate::snapshot::EnvironmentSnapshot;
use crate::workspace::{SettingPlaces, Workspace};

/// The places of a group's settings.
pub(super) struct DeviationPlaces<'a> {
    workspace: &'a Workspace,
    settings: SettingPlaces,
    definition: Option<Arc<Definition>>,
}

impl<'a> DeviationPlaces<'a> {
    /// Reads the settings of the version that a report is about.
    pub(super) fn read(
        workspace: &'a Workspace,
        report: &GroupReport,
        environment: Option<&EnvironmentSnapshot>,
    ) -> Self {
        let content = environment.and_then(|environment| environment.group(&report.group)?.content.as_ref());
        Self {
            workspace,
            settings: workspace.setting_places(&report.group, &report.version),
            definition: content.and_then(|content| content.definition.get().ok()),
        }
    }

    /// Returns the location of a setting.
    pub(super) fn location(&self, place: &SettingPlace) -> Location {
        match place {
            SettingPlace::Settings(path) => self.settings.location(path),
            SettingPlace::Subject(subject, setting) => self.workspace.subject_setting(subject, setting),
            SettingPlace::Api(index) => {
                let api = self.definition.as_ref().and_then(|definition| definition.apis.get(*index));
                api.map_or_else(|| self.settings.location(&[]), |api| api.location.clone())
            }
        }
    }

    /// Writes the file and the line of a setting.
    pub(super) fn shown(&self, place: &SettingPlace) -> String {
        let Location { file, line, .. } = self.location(place);
        format!("{file}:{line}")
    }
}
