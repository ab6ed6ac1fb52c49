//! The files of a state: the places that one may have, and their list.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::access::SecretId;
use crate::model::{
    Digest, EnvironmentName, GroupName, KeyName, Manifest, OwnerName, VERSION_FILE, Version, is_file_name,
};

/// The most files of a state.
const MOST_FILES: usize = 1 << 20;
/// The longest path of a file of a version.
const LONGEST_PATH: usize = 1024;

/// The place of a file in a state: one of a closed set, each part parsed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatePlace {
    /// The settings that serving needs.
    Settings,
    /// The entries of an environment.
    Environment(EnvironmentName),
    /// A file of a frozen version.
    VersionFile {
        /// The group.
        group: GroupName,
        /// The number under which the version lies.
        version: Version,
        /// The path below the version's folder, with `/` as its separator.
        path: String,
    },
    /// A key.
    Key(KeyName),
    /// The grants of an owner.
    Owner(OwnerName),
    /// The revocation of a secret.
    Revocation(SecretId),
    /// The public keys of an issuer of tokens, by the name of their file.
    KeySet(String),
}

/// A text that is no place of a state's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no file of a state lies there")]
pub struct StatePlaceError;

impl StatePlace {
    /// Returns the most bytes that a file in this place may have.
    #[must_use]
    pub fn largest(&self) -> u64 {
        match self {
            Self::Settings | Self::KeySet(_) => 1 << 20,
            Self::Key(_) | Self::Owner(_) | Self::Revocation(_) => 4 << 20,
            Self::VersionFile { .. } => 32 << 20,
            Self::Environment(_) => 128 << 20,
        }
    }
}

impl FromStr for StatePlace {
    type Err = StatePlaceError;

    fn from_str(text: &str) -> Result<Self, StatePlaceError> {
        parse_place(text).filter(|place| place.to_string() == text).ok_or(StatePlaceError)
    }
}

fn parse_place(text: &str) -> Option<StatePlace> {
    let parts: Vec<&str> = text.split('/').collect();
    Some(match parts.as_slice() {
        ["apigw.toml"] => StatePlace::Settings,
        ["deployments", file] => StatePlace::Environment(file.strip_suffix(".yaml")?.parse().ok()?),
        ["keys", file] => StatePlace::Key(file.strip_suffix(".yaml")?.parse().ok()?),
        ["keys", "owners", file] => StatePlace::Owner(file.strip_suffix(".yaml")?.parse().ok()?),
        ["keys", "revoked", file] => StatePlace::Revocation(file.strip_suffix(".yaml")?.parse().ok()?),
        ["keys", "jwks", file] if is_plain(file) && is_file_name(file) && file.strip_suffix(".json").is_some() => {
            StatePlace::KeySet((*file).to_owned())
        }
        ["groups", group, "versions", version, path @ ..]
            if !path.is_empty() && path.iter().all(|part| is_plain(part)) =>
        {
            let path = path.join("/");
            if path.len() > LONGEST_PATH {
                return None;
            }
            StatePlace::VersionFile { group: group.parse().ok()?, version: version.parse().ok()?, path }
        }
        _ => return None,
    })
}

/// True for a part of a path that names a file or a folder on each system, and does not end a line.
fn is_plain(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains(|character: char| character.is_control() || character == '\\')
}

impl fmt::Display for StatePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings => formatter.write_str("apigw.toml"),
            Self::Environment(name) => write!(formatter, "deployments/{name}.yaml"),
            Self::VersionFile { group, version, path } => write!(formatter, "groups/{group}/versions/{version}/{path}"),
            Self::Key(name) => write!(formatter, "keys/{name}.yaml"),
            Self::Owner(name) => write!(formatter, "keys/owners/{name}.yaml"),
            Self::Revocation(id) => write!(formatter, "keys/revoked/{}.yaml", id.as_str()),
            Self::KeySet(name) => write!(formatter, "keys/jwks/{name}"),
        }
    }
}

/// The files of a state, each by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateList(BTreeMap<StatePlace, Digest>);

/// Reason why a text is no list of a state's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateListFault {
    /// It has too many lines.
    #[error("the list names more than {MOST_FILES} files")]
    TooMany,
    /// A line is none.
    #[error("line {0} of the list names no file of a state")]
    Line(usize),
    /// It is not in the one form.
    #[error("the list is not as it was written: not in order, a place twice, or cut short")]
    Form,
    /// A version has no list of its files, or the settings are missing.
    #[error("the list lacks a file that each state has")]
    Incomplete,
}

impl StateList {
    /// The most bytes of a list.
    pub const LARGEST: u64 = 128 << 20;

    /// Makes the list of some files.
    pub fn new(files: impl IntoIterator<Item = (StatePlace, Digest)>) -> Self {
        Self(files.into_iter().collect())
    }

    /// Parses a list. Only the very bytes that [`text`](Self::text) writes are taken.
    pub fn parse(text: &str) -> Result<Self, StateListFault> {
        let mut files = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            if number >= MOST_FILES {
                return Err(StateListFault::TooMany);
            }
            let (place, digest) = parse_line(line).ok_or(StateListFault::Line(number + 1))?;
            files.insert(place, digest);
        }
        let list = Self(files);
        if list.text() != text {
            return Err(StateListFault::Form);
        }
        list.require_whole()?;
        Ok(list)
    }

    fn require_whole(&self) -> Result<(), StateListFault> {
        let has = |place: &StatePlace| self.0.contains_key(place);
        let is_whole = self.0.keys().all(|place| match place {
            StatePlace::VersionFile { group, version, .. } => {
                let (group, version) = (group.clone(), version.clone());
                has(&StatePlace::VersionFile { group, version, path: VERSION_FILE.to_owned() })
            }
            _ => true,
        });
        if is_whole && has(&StatePlace::Settings) { Ok(()) } else { Err(StateListFault::Incomplete) }
    }

    /// Writes the list: one `<digest>  <place>` a line, in order.
    #[must_use]
    pub fn text(&self) -> String {
        Manifest(self.0.iter().map(|(place, digest)| (place.to_string(), *digest)).collect()).text()
    }

    /// Returns the digest of its text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }

    /// Returns the digest of a file.
    #[must_use]
    pub fn get(&self, place: &StatePlace) -> Option<Digest> {
        self.0.get(place).copied()
    }

    /// Goes through the files.
    pub fn iter(&self) -> impl Iterator<Item = (&StatePlace, Digest)> {
        self.0.iter().map(|(place, digest)| (place, *digest))
    }

    /// Returns the environments of the state.
    pub fn environments(&self) -> impl Iterator<Item = &EnvironmentName> {
        self.0.keys().filter_map(|place| if let StatePlace::Environment(name) = place { Some(name) } else { None })
    }

    /// Returns the objects that the files lie in, each once, with the most bytes that it may have.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<Digest, u64> {
        let mut objects = BTreeMap::new();
        for (place, digest) in self.iter() {
            let most = objects.entry(digest).or_insert(0);
            *most = place.largest().max(*most);
        }
        objects
    }
}

fn parse_line(line: &str) -> Option<(StatePlace, Digest)> {
    let (digest, place) = line.split_once("  ")?;
    Some((place.parse().ok()?, digest.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_a_workspace_alone() {
        for place in [
            "apigw.toml",
            "deployments/pre-release.yaml",
            "groups/petstore/versions/0.0.1/version.yaml",
            "groups/petstore/versions/1.0.0-rc.1/schemas/pet \"x\".yaml",
            "keys/partner.yaml",
            "keys/owners/acme.yaml",
            "keys/revoked/k1AB.yaml",
            "keys/jwks/issuer.json",
        ] {
            assert_eq!(place.parse::<StatePlace>().map(|parsed| parsed.to_string()), Ok(place.to_owned()));
        }
        for place in [
            "",
            "/etc/passwd",
            "../apigw.toml",
            "apigw.toml/x",
            ".apigw/secrets/k1AB",
            "deployments/../keys/a.yaml",
            "deployments/access.yaml",
            "deployments/Test.yaml",
            "deployments/test.yaml.exe",
            "groups/petstore/versions/0.0.1",
            "groups/petstore/versions/0.0.1/",
            "groups/petstore/versions/0.0.1/../../x",
            "groups/petstore/versions/0.0.1/a//b",
            "groups/petstore/versions/0.0.1/a\\b",
            "groups/petstore/versions/0.0.1/a\u{0}b",
            "groups/petstore/versions/../x",
            "groups/petstore/versions/01.0.0/x",
            "groups/../versions/0.0.1/x",
            "groups/petstore/openapi.yaml",
            "keys/jwks/.json",
            "keys/jwks/../x.json",
            "keys/revoked/../x.yaml",
            "keys/owners.yaml",
            "history/test/x.yaml",
        ] {
            assert_eq!(place.parse::<StatePlace>(), Err(StatePlaceError), "{place}");
        }
    }

    #[test]
    fn a_list_is_taken_in_its_one_form() {
        let digest = Digest::of(b"x");
        let good = format!(
            "{digest}  apigw.toml\n{digest}  deployments/test.yaml\n{digest}  groups/a/versions/0.0.1/openapi.yaml\n\
             {digest}  groups/a/versions/0.0.1/version.yaml\n"
        );
        let list = StateList::parse(&good).unwrap();
        assert_eq!((list.text(), list.digest()), (good.clone(), Digest::of(good.as_bytes())));
        let lines: Vec<&str> = good.split_inclusive('\n').collect();
        for (bad, fault) in [
            (good.trim_end().to_owned(), StateListFault::Form),
            (format!("{good}\n"), StateListFault::Line(5)),
            ([lines[1], lines[0], lines[2], lines[3]].concat(), StateListFault::Form),
            ([lines[0], lines[0]].concat(), StateListFault::Form),
            (lines[..3].concat(), StateListFault::Incomplete),
            (lines[1..].concat(), StateListFault::Incomplete),
            (good.replace("  dep", " dep"), StateListFault::Line(2)),
            (good.replace('\n', "\r\n"), StateListFault::Form),
            (good.replace("deployments/", "/etc/"), StateListFault::Line(2)),
        ] {
            assert_eq!(StateList::parse(&bad), Err(fault), "{bad}");
        }
    }
}
