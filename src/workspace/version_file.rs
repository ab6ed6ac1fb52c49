//! `version.yaml`: which files a version holds, and their digests.

use std::fmt::Write as _;

use super::error::Error;
use super::own_yaml;
use super::quote::quoted;
use crate::model::{Digest, GroupName, Location, Manifest, SCHEMA, Version};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    version: Version,
    digest: Digest,
    files: Manifest,
}

/// Writes a version's file. It is the same for the same bytes, whoever freezes them and when.
pub(super) fn render(group: &GroupName, version: &Version, manifest: &Manifest) -> String {
    let mut text = format!(
        "# What version {version} of {group} holds. Nothing changes this folder.\n\
         schema: {SCHEMA}\n\
         version: \"{version}\"\n\
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
pub(super) fn parse(place: &str, group: &GroupName, version: &Version, text: &str) -> Result<Manifest, Error> {
    own_yaml::check_schema(place, text, SCHEMA)?;
    let file: File = own_yaml::parse(place, text)?;
    let problem = if file.schema != SCHEMA {
        Some(format!("the file has schema {}, and this apigw knows schema {SCHEMA}", file.schema))
    } else if file.version != *version {
        Some(format!("the file says that it is version {}", file.version))
    } else if file.digest != file.files.digest() || render(group, version, &file.files) != text {
        Some("this is not as apigw wrote it: edited by hand, or damaged".to_owned())
    } else {
        None
    };
    match problem {
        None => Ok(file.files),
        Some(message) => Err(Error::invalid(
            "version-damaged",
            Location::file(place),
            message,
            format!("restore it, for example with `git checkout -- {place}`"),
        )),
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
        let text = render(&group, &version, &files.manifest());
        assert_eq!(parse("v", &group, &version, &text).unwrap(), files.manifest());
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
