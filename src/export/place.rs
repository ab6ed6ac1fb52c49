//! Places of settings, for the report.

use crate::access::AccessSubject;
use crate::model::Location;

/// The place of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingPlace {
    /// A path of keys and indexes in the group's settings.
    Settings(Vec<String>),
    /// An API of the definition.
    Api(Location),
    /// A setting of a key or an owner.
    Subject(AccessSubject, &'static str),
}
