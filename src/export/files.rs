//! The files of an export.

use crate::routes::GroupRoutes;

/// A file for an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// Its path below the folder.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// True if it may hold secrets, and is for its owner alone.
    pub is_private: bool,
}

impl ExportFile {
    pub(super) fn new(path: &str, text: String, is_private: bool) -> Self {
        Self { path: path.to_owned(), bytes: text.into_bytes(), is_private }
    }
}

/// True if the settings of a group have values that are secrets.
pub(super) fn has_secrets(group: &GroupRoutes) -> bool {
    use crate::routes::{RequestMapping, Responder};
    let is_secret = |mapping: &RequestMapping| matches!(mapping, RequestMapping::Set(constant) if constant.is_secret);
    let of_routes = group.routes.iter().any(|route| match &route.responder {
        Responder::Forward(own) => {
            own.mappings.iter().any(is_secret) || own.dynamic.iter().any(|dynamic| dynamic.is_secret)
        }
        Responder::Mock(_) => false,
    });
    let of_group = group.forward.as_ref().is_some_and(|forward| {
        forward.mappings.iter().any(is_secret) || forward.dynamic.iter().any(|dynamic| dynamic.is_secret)
    });
    of_routes || of_group
}

/// Names the operations that made the groups live, for the first lines of a file.
pub(super) fn origins(groups: &[&GroupRoutes]) -> Vec<String> {
    let origin = |group: &&GroupRoutes| {
        let GroupRoutes { environment, group, version, operation, .. } = group;
        format!("{environment}: {group} {version}, operation {operation}")
    };
    groups.iter().map(origin).collect()
}
