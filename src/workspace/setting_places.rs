//! Locations of settings in the files of a version, for whoever explains what came of them.

use super::{Workspace, layout};
use crate::check::places::SettingsPlaces;
use crate::model::{GroupName, Location, SETTINGS_FILE, Version};

/// The settings file of a version, for looking up locations.
#[derive(Debug)]
pub struct SettingPlaces(SettingsPlaces);

impl Workspace {
    /// Reads the settings of a version for their locations; an unreadable file has none but its own.
    #[must_use]
    pub fn setting_places(&self, group: &GroupName, version: &Version) -> SettingPlaces {
        let folder = layout::version(group, version);
        let bytes = self.root.read(&format!("{folder}/{SETTINGS_FILE}"), layout::LARGEST_SETTINGS).ok().flatten();
        SettingPlaces(SettingsPlaces::yaml(&folder, SETTINGS_FILE, &bytes.unwrap_or_default()))
    }
}

impl SettingPlaces {
    /// Returns the location of a setting by its path of keys and indexes, or of the nearest one above it.
    #[must_use]
    pub fn location(&self, path: &[String]) -> Location {
        self.0.key(&path.iter().map(String::as_str).collect::<Vec<_>>())
    }
}
