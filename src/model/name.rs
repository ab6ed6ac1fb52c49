//! Names that become part of host names and paths: groups, environments.
//!
//! A name is validated when it is parsed and has only lower-case letters, digits and inner hyphens, so it is safe in a
//! path or a host name. Copies share the text: with ten thousand groups, each name is copied at every change of the
//! deployments.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest name, in bytes: that of a DNS label (RFC 1035, section 2.3.4).
const LONGEST_NAME: usize = 63;

/// The error for a text that is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} {}", reason(.text))]
pub struct NameError {
    /// The refused text, truncated if it is long.
    pub text: String,
}

fn reason(text: &str) -> &'static str {
    if RESERVED.contains(&text) {
        "is reserved by apigw"
    } else {
        "is not a name: use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends"
    }
}

/// Names of folders and files beside those of keys and environments: one of these would lie where another kind does.
const RESERVED: [&str; 3] = ["access", "owners", "revoked"];

fn check_unreserved_name(text: &str) -> Result<(), NameError> {
    if RESERVED.contains(&text) { Err(NameError { text: text.to_owned() }) } else { check_name(text) }
}

fn check_name(text: &str) -> Result<(), NameError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let valid = (1..=LONGEST_NAME).contains(&bytes.len())
        && bytes.iter().all(|&byte| plain(byte) || byte == b'-')
        && plain(bytes[0])
        && plain(bytes[bytes.len() - 1]);
    if valid { Ok(()) } else { Err(NameError { text: text.chars().take(LONGEST_NAME + 1).collect() }) }
}

macro_rules! name_type {
    ($(#[$documentation:meta])* $name:ident, $check:ident) => {
        $(#[$documentation])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize,
            serde::Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                $check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                $check(&text)?;
                Ok(Self(text.into()))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }
    };
}

name_type!(
    /// The name of an API group.
    GroupName,
    check_name
);
name_type!(
    /// The canonical name of an environment, not an alias.
    EnvironmentName,
    check_unreserved_name
);
name_type!(
    /// The name of a caller's key.
    KeyName,
    check_unreserved_name
);
name_type!(
    /// The name of an owner of keys: a team, a customer.
    OwnerName,
    check_name
);
name_type!(
    /// The name of a node: a proxy that follows an environment.
    NodeName,
    check_name
);

impl EnvironmentName {
    /// The environments of every workspace, in the order of a release.
    pub const BUILT_IN: [&'static str; 3] = ["test", "pre-release", Self::WITH_CUSTOM_DOMAINS];

    /// The environment whose groups have custom domains.
    pub const WITH_CUSTOM_DOMAINS: &'static str = "online";

    /// True if callers reach groups by their custom domains here.
    #[must_use]
    pub fn has_custom_domains(&self) -> bool {
        self.as_str() == Self::WITH_CUSTOM_DOMAINS
    }

    /// Returns the built-in environment, or the alias of one, of which a name is most likely a misspelling: one letter
    /// too few or too many, or two exchanged. `None` for those themselves, and for names that somebody numbered.
    #[must_use]
    pub fn misspelt(name: &str) -> Option<&'static str> {
        const KNOWN: [&str; 9] =
            ["test", "pre-release", "online", "preview", "pre", "staging", "prod", "production", "release"];
        let is_numbered = name.contains(|character: char| character.is_ascii_digit());
        let near = KNOWN.into_iter().filter(|known| strsim::osa_distance(name, known) <= 1 && known.len() > 3);
        near.min().filter(|_| !is_numbered && !KNOWN.contains(&name))
    }

    /// Parses user input: a name, or an alias of a built-in environment.
    ///
    /// # Errors
    ///
    /// Fails where the text is not a name.
    pub fn from_input(text: &str) -> Result<Self, NameError> {
        let name = match text {
            "preview" | "pre" | "staging" => "pre-release",
            "prod" | "production" | "release" => Self::WITH_CUSTOM_DOMAINS,
            other => other,
        };
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        let longest = "a".repeat(63);
        for valid in ["a", "0", "petstore", "pet-store-2", "a--b", &longest] {
            assert!(valid.parse::<GroupName>().is_ok(), "{valid}");
        }
        let too_long = "a".repeat(64);
        for refused in ["", "-a", "a-", "A", "a_b", "a.b", "..", "a/b", "../a", "ä", "a\n", &too_long] {
            assert!(refused.parse::<GroupName>().is_err(), "{refused}");
        }
    }

    #[test]
    fn names_of_other_kinds_of_files_are_reserved() {
        for name in RESERVED {
            assert!(name.parse::<KeyName>().is_err() && name.parse::<EnvironmentName>().is_err(), "{name}");
            assert!(name.parse::<GroupName>().is_ok(), "{name}");
        }
    }

    #[test]
    fn aliases_are_input_only() {
        let parse = |text| EnvironmentName::from_input(text).map(String::from);
        assert_eq!(parse("staging"), Ok("pre-release".to_owned()));
        assert_eq!(parse("prod"), Ok("online".to_owned()));
        assert_eq!(parse("qa"), Ok("qa".to_owned()));
        for (typed, meant) in
            [("onlne", "online"), ("tset", "test"), ("prodution", "production"), ("stagng", "staging")]
        {
            assert_eq!(EnvironmentName::misspelt(typed), Some(meant));
        }
        for typed in ["online", "prod", "test2", "qa", "onboarding", "test-eu", "demo", "per"] {
            assert_eq!(EnvironmentName::misspelt(typed), None, "{typed}");
        }
        assert_eq!("prod".parse::<EnvironmentName>().map(String::from), Ok("prod".to_owned()));
    }
}
