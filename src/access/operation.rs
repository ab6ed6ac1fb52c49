//! Operations on keys and grants: one changes one file, and names the operation that changed it before.

use std::fmt;
use std::str::FromStr;

use super::grant::{Grant, OwnerGrants};
use super::key::{Key, Revocation};
use super::secret_id::{SecretId, SecretIdError};
use crate::model::{KeyName, NameError, OperationId, OwnerName, SCHEMA, Timestamp};

/// Action of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessAction {
    /// Made a key.
    Create,
    /// Gave a key another secret.
    Rotate,
    /// Closed a secret for good.
    Revoke,
    /// Added grants.
    Grant,
    /// Removed grants.
    Ungrant,
    /// Changed the limits of a key.
    Limit,
    /// Reversed the latest operation of a key or an owner.
    Undo,
    /// Joined the histories of two branches.
    Resolve,
}

impl AccessAction {
    /// Returns the word that stands in files and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
            Self::Grant => "grant",
            Self::Ungrant => "ungrant",
            Self::Limit => "limit",
            Self::Undo => "undo",
            Self::Resolve => "resolve",
        }
    }
}

impl fmt::Display for AccessAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The one thing that an operation changes, which has a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessSubject {
    /// A key.
    Key(KeyName),
    /// The grants of an owner.
    Owner(OwnerName),
    /// The revocation of a secret.
    Secret(SecretId),
}

impl fmt::Display for AccessSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(formatter, "key {name}"),
            Self::Owner(name) => write!(formatter, "owner {name}"),
            Self::Secret(id) => write!(formatter, "secret {id}"),
        }
    }
}

/// Reason why a text names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// The name of a key or an owner is not valid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The id of a secret is not valid.
    #[error(transparent)]
    Secret(#[from] SecretIdError),
}

impl AccessSubject {
    /// Returns the subject as it is typed for a command: `NAME`, `owner:NAME` or `secret:ID`.
    #[must_use]
    pub fn typed(&self) -> String {
        match self {
            Self::Key(name) => name.to_string(),
            Self::Owner(name) => format!("owner:{name}"),
            Self::Secret(id) => format!("secret:{id}"),
        }
    }
}

impl FromStr for AccessSubject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        if let Some(owner) = text.strip_prefix("owner:") {
            return Ok(Self::Owner(owner.parse()?));
        }
        if let Some(id) = text.strip_prefix("secret:") {
            return Ok(Self::Secret(id.parse()?));
        }
        Ok(Self::Key(text.parse()?))
    }
}

/// All that the file of a subject says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectState {
    /// A key.
    Key(Key),
    /// The grants of an owner.
    Owner(OwnerGrants),
    /// The revocation of a secret.
    Revocation(Revocation),
}

impl SubjectState {
    /// Returns the subject.
    #[must_use]
    pub fn subject(&self) -> AccessSubject {
        match self {
            Self::Key(key) => AccessSubject::Key(key.name.clone()),
            Self::Owner(owner) => AccessSubject::Owner(owner.owner.clone()),
            Self::Revocation(revocation) => AccessSubject::Secret(revocation.secret.clone()),
        }
    }

    /// Returns the key, of the state of one.
    #[must_use]
    pub const fn key(&self) -> Option<&Key> {
        if let Self::Key(key) = self { Some(key) } else { None }
    }

    /// Takes the key out of the state of one.
    #[must_use]
    pub fn into_key(self) -> Option<Key> {
        if let Self::Key(key) = self { Some(key) } else { None }
    }

    /// Returns the grants; a revocation has none.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        match self {
            Self::Key(key) => &key.grants,
            Self::Owner(owner) => &owner.grants,
            Self::Revocation(_) => &[],
        }
    }

    /// Replaces the grants, sorted by group and id.
    #[must_use]
    pub(super) fn with_grants(mut self, mut grants: Vec<Grant>) -> Self {
        grants.sort_by(|one, other| (&one.group, &one.id).cmp(&(&other.group, &other.id)));
        match &mut self {
            Self::Key(key) => key.grants = grants,
            Self::Owner(owner) => owner.grants = grants,
            Self::Revocation(_) => {}
        }
        self
    }
}

/// One committed change of one key, owner or secret.
///
/// Its id is not a part of it: it follows from the bytes of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessOperation {
    /// Action.
    pub action: AccessAction,
    /// Time.
    pub time: Timestamp,
    /// Author.
    pub actor: String,
    /// Reason; `None` if none was given.
    pub message: Option<String>,
    /// The fields that changed, in a line. The typed command is not kept: it could hold a secret.
    pub summary: String,
    /// The operation that changed the subject before.
    pub before: Option<OperationId>,
    /// The latest operations of other branches that a resolve joins with the one before, sorted; none is an ancestor of
    /// another.
    pub merged: Vec<OperationId>,
    /// The subject from then on.
    pub after: SubjectState,
}

impl AccessOperation {
    /// The newest schema of an operation's file that this apigw knows.
    pub const NEWEST_SCHEMA: u32 = 2;

    /// Returns the operations that it was built upon.
    pub fn predecessors(&self) -> impl Iterator<Item = &OperationId> {
        self.before.iter().chain(&self.merged)
    }

    /// Returns the schema of its file: only one that joins histories needs the newest.
    #[must_use]
    pub const fn schema(&self) -> u32 {
        if self.merged.is_empty() { SCHEMA } else { Self::NEWEST_SCHEMA }
    }
}

/// The state of a subject, with the operation that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRecord {
    /// The operation.
    pub operation: OperationId,
    /// The state.
    pub state: SubjectState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_parsed_as_it_is_typed() {
        for (text, shown) in [("ci", "key ci"), ("owner:web", "owner web"), ("secret:AbCd", "secret AbCd")] {
            let subject: AccessSubject = text.parse().unwrap();
            assert_eq!((subject.typed().as_str(), subject.to_string().as_str()), (text, shown));
        }
        for text in ["", "CI", "owner:", "owner:Web", "secret:a/b", "key:ci"] {
            assert!(text.parse::<AccessSubject>().is_err(), "{text}");
        }
    }
}
