//! Locations of settings in the files of a version, for whoever explains what came of them.

use super::access::{LARGEST_SUBJECT, subject_place};
use super::{Workspace, layout};
use crate::access::AccessSubject;
use crate::check::places::SettingsPlaces;
use crate::model::{GroupName, Location, SETTINGS_FILE, Version};

/// The settings of how requests reach backends.
const FORWARDING: &str = "forwarding";

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

impl Workspace {
    /// Returns the location of a setting of a key or an owner.
    #[must_use]
    pub fn subject_setting(&self, subject: &AccessSubject, setting: &str) -> Location {
        let place = subject_place(subject);
        let bytes = self.root.read(&place, LARGEST_SUBJECT).ok().flatten().unwrap_or_default();
        let (folder, file) = place.rsplit_once('/').unwrap_or(("", &place));
        SettingsPlaces::yaml(folder, file, &bytes).key(&[setting])
    }
}

impl SettingPlaces {
    /// Returns the location of a setting by its path of keys and indexes, or of the nearest one above it. Of a setting
    /// that is at its default, the location is that of the backend where it is about backends, else that of the first
    /// line with a key.
    #[must_use]
    pub fn location(&self, path: &[String]) -> Location {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let is_of_backend = path.first() == Some(&FORWARDING) && !self.0.has(&[FORWARDING]);
        let written = self.0.key(if is_of_backend { &["backend"] } else { &path });
        if written.line > 0 { written } else { self.0.key(&["schema"]) }
    }
}
