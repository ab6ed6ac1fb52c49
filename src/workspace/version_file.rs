//! `version.yaml`: which files a version holds, and their digests.

use std::fmt::Write as _;

use super::error::{Error, NOT_AS_WRITTEN, restore_hint};
use super::own_yaml;
use super::quote::quoted;
use crate::check::rules::records::VERSION_DAMAGED;
use crate::model::{Digest, Finding, GroupName, Hint, Location, Manifest, SCHEMA, Version, conflict_finding};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionFile {
    schema: u32,
    version: Version,
    #[serde(default)]
    frozen_as: Option<Version>,
    digest: Digest,
    files: Manifest,
}

/// A version's file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct VersionRecord {
    /// The files of the version.
    pub(super) manifest: Manifest,
    /// The number that it was frozen with, where a merge gave it another one; entries may name it by that.
    pub(super) frozen_as: Option<Version>,
}

/// Writes a version's file. It is the same for the same bytes, whoever freezes them and when.
pub(super) fn render(group: &GroupName, version: &Version, manifest: &Manifest) -> String {
    render_frozen_as(group, version, None, manifest)
}

/// Writes the file of a version that may have been frozen with another number.
pub(super) fn render_frozen_as(
    group: &GroupName,
    version: &Version,
    frozen_as: Option<&Version>,
    manifest: &Manifest,
) -> String {
    let frozen_as = frozen_as.map(|number| format!("frozen_as: \"{number}\"\n")).unwrap_or_default();
    let mut text = format!(
        "# What version {version} of {group} holds. Nothing changes this folder.\n\
         schema: {SCHEMA}\n\
         version: \"{version}\"\n\
         {frozen_as}\
         digest: {}\n\
         files:\n",
        manifest.digest(),
    );
    for (path, digest) in &manifest.0 {
        let _ = writeln!(text, "  {}: {digest}", quoted(path));
    }
    text.push_str("...\n");
    text
}

/// Reads a version's file. Only the very bytes that [`render`] writes are taken.
pub(super) fn parse(place: &str, group: &GroupName, version: &Version, text: &str) -> Result<VersionRecord, Error> {
    if let Some(finding) = conflict_finding(place, text) {
        return Err(Error::Invalid(vec![Finding { hint: Hint::RenumberVersions { environment: None }, ..finding }]));
    }
    own_yaml::check_schema(place, text, SCHEMA)?;
    let file: VersionFile = own_yaml::parse(place, text)?;
    let problem = if file.schema != SCHEMA {
        Some(format!("the file has schema {}, and this apigw knows schema {SCHEMA}", file.schema))
    } else if file.version != *version {
        Some(format!("the file says that it is version {}", file.version))
    } else if file.digest != file.files.digest()
        || render_frozen_as(group, version, file.frozen_as.as_ref(), &file.files) != text
    {
        Some(NOT_AS_WRITTEN.to_owned())
    } else {
        None
    };
    match problem {
        None => Ok(VersionRecord { manifest: file.files, frozen_as: file.frozen_as }),
        Some(message) => Err(Error::invalid(&VERSION_DAMAGED, Location::file(place), message, restore_hint(place))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileSet;

    #[test]
    fn every_changed_byte_is_noticed() {
        let mut files = FileSet::default();
        files.insert("group.yaml", b"a".as_slice());
        files.insert("schemas/pet \"x\".yaml", b"b".as_slice());
        let (group, version) = ("petstore".parse().unwrap(), "0.0.1".parse().unwrap());
        let manifest = files.manifest();
        for frozen_as in [None, Some("0.0.2".parse().unwrap())] {
            let text = render_frozen_as(&group, &version, frozen_as.as_ref(), &manifest);
            let manifest = manifest.clone();
            assert_eq!(parse("v", &group, &version, &text).unwrap(), VersionRecord { manifest, frozen_as });
        }
        let text = render(&group, &version, &manifest);
        for index in 0..text.len() {
            assert!(parse("v", &group, &version, &text[..index]).is_err(), "cut at {index}");
            let mut bytes = text.clone().into_bytes();
            bytes[index] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(parse("v", &group, &version, &changed).is_err(), "byte {index}");
            }
        }
    }
}
