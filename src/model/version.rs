//! A group's version: semantic versioning 2.0.0, without build metadata.

use std::fmt;
use std::str::FromStr;

/// A version of a group, ordered by semantic versioning.
///
/// Build metadata (`+…`) is refused, since it has no precedence (Semantic Versioning 2.0.0, item 10): versions that
/// differ only in it could not be ordered.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Version(semver::Version);

/// The error for a text that is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version: {reason}")]
pub struct VersionError {
    /// The refused text, truncated if it is long.
    pub text: String,
    /// The reason, with the expected format.
    pub reason: String,
}

/// The part of a version to bump.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum BumpLevel {
    /// The third number: no change that callers can observe.
    Patch,
    /// The second number: backward compatible.
    Minor,
    /// The first number: may break callers.
    Major,
}

impl Version {
    /// The maximum length of a version, in bytes; it becomes the name of a folder.
    const LONGEST: usize = 128;

    /// Returns the first version of a new group, `0.0.1`.
    #[must_use]
    pub const fn first() -> Self {
        Self(semver::Version::new(0, 0, 1))
    }

    /// True if the major number is 0, so that anything may change (Semantic Versioning 2.0.0, item 4).
    #[must_use]
    pub const fn is_initial(&self) -> bool {
        self.0.major == 0
    }

    /// Returns the next release at the given level.
    ///
    /// A pre-release tag is dropped; by the order of semantic versioning, `1.2.0-rc.1` is followed by `1.2.0` at the
    /// levels patch and minor.
    #[must_use]
    pub fn next(&self, level: BumpLevel) -> Self {
        let semver::Version { major, minor, patch, .. } = self.0;
        let tagged = !self.0.pre.is_empty();
        let (major, minor, patch) = match level {
            BumpLevel::Patch if tagged => (major, minor, patch),
            BumpLevel::Minor if tagged && patch == 0 => (major, minor, 0),
            BumpLevel::Major if tagged && minor == 0 && patch == 0 => (major, 0, 0),
            BumpLevel::Patch => (major, minor, patch.saturating_add(1)),
            BumpLevel::Minor => (major, minor.saturating_add(1), 0),
            BumpLevel::Major => (major.saturating_add(1), 0, 0),
        };
        Self(semver::Version::new(major, minor, patch))
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let refuse = |reason: String| VersionError { text: text.chars().take(Self::LONGEST).collect(), reason };
        if text.len() > Self::LONGEST {
            return Err(refuse(format!("it is longer than {} characters", Self::LONGEST)));
        }
        // The parser's words are about the step at which it failed, not about what to write.
        let version = semver::Version::parse(text).map_err(|_| {
            refuse("write three numbers without leading zeros, like \"1.2.3\" or \"1.2.3-rc.1\"".to_owned())
        })?;
        if !version.build.is_empty() {
            return Err(refuse("build metadata (+…) is not allowed".to_owned()));
        }
        // The note of a version is stored beside its folder, as `<version>.yaml`.
        if text.to_ascii_lowercase().ends_with(".yaml") {
            return Err(refuse("it ends in .yaml, as the note beside a version does".to_owned()));
        }
        Ok(Self(version))
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn order_is_that_of_semantic_versioning() {
        let ordered = ["0.0.1", "0.0.9", "0.0.10", "0.1.0-alpha", "0.1.0-alpha.1", "0.1.0-rc.1", "0.1.0", "1.0.0"];
        assert!(ordered.windows(2).all(|pair| version(pair[0]) < version(pair[1])));
    }

    #[test]
    fn texts_that_are_no_version_are_refused() {
        let long = format!("1.0.0-{}", "a".repeat(200));
        for text in [
            "",
            "1",
            "1.2",
            "v1.2.3",
            "01.2.3",
            "1.2.3+build",
            "1.2.3 ",
            "../1.2.3",
            "1.2.3-",
            "1.2.3-rc.yaml",
            "1.2.3-rc.YAML",
            &long,
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn next_grows_one_part() {
        let next = |text: &str, level| version(text).next(level).to_string();
        assert_eq!(next("0.0.1", BumpLevel::Patch), "0.0.2");
        assert_eq!(next("0.0.1", BumpLevel::Minor), "0.1.0");
        assert_eq!(next("1.2.3", BumpLevel::Major), "2.0.0");
        assert_eq!(next("1.2.0-rc.1", BumpLevel::Minor), "1.2.0");
        assert_eq!(next("1.2.1-rc.1", BumpLevel::Minor), "1.3.0");
        assert_eq!(next("2.0.0-rc.1", BumpLevel::Major), "2.0.0");
        assert_eq!(next("1.2.3-rc.1", BumpLevel::Patch), "1.2.3");
    }
}
