//! Errors of a workspace, as far as a caller acts on them.

mod parts;
mod path;
mod text;
mod unknown;

use std::iter;
use std::path::PathBuf;
use std::time::Duration;

use crate::check::rules::files::{FILE_SIZE, FILE_UNREADABLE};
use crate::definition::FetchError;
use crate::model::{
    Digest, EnvironmentName, Finding, GroupName, Hint, Location, OperationId, Rule, Version, VersionRemark,
};
use crate::workspace::take_back::Leftovers;
use crate::workspace::versions::NeededState;

pub use parts::{ExistingPart, StalePart};
pub(super) use path::PathContext;
pub use path::{DeniedPath, PathError};
pub(super) use text::{NOT_AS_WRITTEN, missing_hint, not_as_left, restore_hint};
pub use unknown::UnknownName;

/// Reason why something could not be read from or written to a workspace.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no `apigw.toml` here or above.
    #[error("there is no workspace in {} or above it", .folder.display())]
    NoWorkspace {
        /// Folder in which the search began.
        folder: PathBuf,
    },
    /// A file that the user named is not there.
    #[error("there is no file {}", .path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// The workspace is not in a Git checkout.
    #[error("{} is not in a Git checkout", .folder.display())]
    NoCheckout {
        /// The workspace's folder.
        folder: PathBuf,
    },
    /// An output folder holds something that apigw did not write.
    #[error("{} contains {entry:?}, which apigw did not write", .folder.display())]
    FolderTaken {
        /// The folder.
        folder: PathBuf,
        /// The first such entry.
        entry: String,
    },
    /// An output folder cannot be made, since a file is in its place, or a link that leads nowhere.
    #[error("{} is {}, and not a folder", .path.display(), if *.is_link { "a link that leads nowhere" } else { "a file" })]
    FileForFolder {
        /// The file, or the link.
        path: PathBuf,
        /// True if it is a link.
        is_link: bool,
    },
    /// An output folder holds the files of another command.
    #[error("{} holds {}, not {wanted}", .folder.display(), kind_text(.found.as_deref()))]
    FolderOfOtherKind {
        /// The folder.
        folder: PathBuf,
        /// The kind of its files, if its list names one.
        found: Option<String>,
        /// The kind that is written.
        wanted: String,
    },
    /// Another process uses a cache.
    #[error("another process uses the cache {}", .folder.display())]
    CacheInUse {
        /// The cache.
        folder: PathBuf,
    },
    /// Another process is the control plane of an environment.
    #[error("another process is the control plane of {environment} in this workspace")]
    FleetInUse {
        /// The environment.
        environment: EnvironmentName,
    },
    /// A name that nothing has.
    #[error("there is no {name}{}", nearest_text(.nearest.as_deref()))]
    Unknown {
        /// The name, of the kind that was looked for.
        name: UnknownName,
        /// The existing name that is spelled most alike.
        nearest: Option<String>,
    },
    /// The beginning of an id that several have.
    #[error("{name:?} is ambiguous: {}", ids_text(.candidates))]
    Ambiguous {
        /// The name as given.
        name: String,
        /// The matches.
        candidates: Vec<OperationId>,
    },
    /// Something has this name already.
    #[error("{0} already exists")]
    Exists(ExistingPart),
    /// Files whose content is not valid.
    #[error("{}", first_message(.0))]
    Invalid(Vec<Finding>),
    /// A version exists with other bytes than those that should be frozen.
    #[error("version {version} of {group} is frozen with other bytes")]
    FrozenDiffers {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
    },
    /// A version cannot be deleted, because it is live.
    #[error("version {version} of {group} is live in {}", joined(.environments))]
    VersionLive {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// Environments in which it is live.
        environments: Vec<EnvironmentName>,
    },
    /// A version that a merge must keep is in commits that a shallow clone does not have.
    #[error("version {version} of {group} ({digest}) is not in this clone, which is shallow")]
    ShallowClone {
        /// The group.
        group: GroupName,
        /// The version, by the first number that it was given.
        version: Version,
        /// Its digest.
        digest: Digest,
    },
    /// A number was deleted, and comes back with the same bytes alone.
    #[error("version {version} of {group} was deleted by {} at {}, and its number cannot be reused for other content", .deletion.by, .deletion.at)]
    VersionDeleted {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The deletion.
        deletion: Box<VersionRemark>,
    },
    /// A version cannot be deleted, because states that somebody may go back to have it live.
    #[error("version {version} of {group} is needed to go back to {}", counted(.states.len()))]
    VersionNeeded {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The states, each by the operation that left it.
        states: Vec<NeededState>,
    },
    /// A group cannot be deleted, because states that somebody may go back to have one of its versions live.
    #[error("versions of {group} are needed to go back to {}", counted(.states.len()))]
    GroupNeeded {
        /// The group.
        group: GroupName,
        /// The states, each with the version that it needs.
        states: Vec<(Version, NeededState)>,
    },
    /// A group cannot be deleted, because it is live.
    #[error("the group {group} is live in {}", joined(.environments))]
    GroupLive {
        /// The group.
        group: GroupName,
        /// Environments in which it is live.
        environments: Vec<EnvironmentName>,
    },
    /// The base of a plan has changed since.
    #[error("{0} changed since the plan was made")]
    Stale(StalePart),
    /// A working copy is half-way between two definitions.
    #[error("an import of {group} is under way, or was interrupted")]
    ImportUnfinished {
        /// The group.
        group: GroupName,
    },
    /// Somebody else holds the lock.
    #[error("the lock of the workspace was not free within {}", seconds(*.waited))]
    Locked {
        /// The time that was waited.
        waited: Duration,
        /// Its holder, as far as the note says.
        holder: Option<String>,
        /// True if that process has ended: another one has the lock, and left no note.
        has_ended: bool,
    },
    /// A version is named like another one but for the case of its letters, which some file systems take for the same.
    #[error("version {version} of {group} differs from {existing} only in the case of letters")]
    VersionCase {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The version that exists.
        existing: Version,
    },
    /// The change is visible, but may not survive a loss of power.
    #[error("the change of {what} is visible, but its durability is unknown")]
    DurabilityUnknown {
        /// The environment, the file or the version that was changed.
        what: String,
        /// The operation that was committed, if one was.
        operation: Option<OperationId>,
        /// The system's error.
        #[source]
        source: PathError,
    },
    /// A change failed, and the system refused to take all of it back.
    #[error("{cause}")]
    NotTakenBack {
        /// The parts that stay.
        leftovers: Leftovers,
        /// The error that the change failed with.
        cause: Box<Error>,
    },
    /// A link leads out of the workspace.
    #[error("{} leads out of the workspace", .path.display())]
    OutsideLink {
        /// The path that was about to be used.
        path: PathBuf,
    },
    /// The system refused.
    #[error(transparent)]
    Io(#[from] PathError),
}

impl Error {
    /// Makes the error of a version that an entry of an environment names, and that is not on disk.
    pub(super) fn unknown_release(group: &GroupName, version: &Version) -> Self {
        let name = UnknownName::Release { group: group.clone(), version: version.clone() };
        Self::Unknown { name, nearest: None }
    }

    /// Makes the error of one file whose content is not valid.
    pub(super) fn invalid(rule: &Rule, location: Location, message: String, hint: impl Into<Hint>) -> Self {
        Self::Invalid(vec![rule.finding(location, message, hint)])
    }

    /// Puts the error into one line, with all its findings or with its causes.
    #[must_use]
    pub fn one_line(&self) -> String {
        match self {
            Self::Invalid(findings) => findings.iter().map(Finding::one_line).collect::<Vec<_>>().join("; "),
            Self::NotTakenBack { cause, .. } => cause.one_line(),
            other => {
                let causes = iter::successors(Some(other as &dyn std::error::Error), |error| error.source());
                causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
            }
        }
    }

    /// Returns the findings of one file that cannot be used, each at a place of the workspace.
    pub(super) fn file_findings(self, place: &str) -> Vec<Finding> {
        let (message, hint) = match self {
            Self::Invalid(findings) => return findings,
            Self::OutsideLink { .. } => {
                ("a link leads out of the workspace".to_owned(), "put the file itself in the place of the link")
            }
            error => (error.one_line(), "let this user read the file"),
        };
        vec![FILE_UNREADABLE.finding(Location::file(place), message, hint)]
    }
}

impl From<Error> for FetchError {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(findings) => match findings.as_slice() {
                [finding] if finding.rule == FILE_SIZE.name => Self::TooLarge(finding.message.clone()),
                _ => Self::Refused(first_message(&findings)),
            },
            Error::OutsideLink { path } if path.exists() => {
                Self::Refused("a link on its path leads out of the folder that files are read from".to_owned())
            }
            Error::OutsideLink { .. } => Self::Refused("a link on its path leads to nothing that exists".to_owned()),
            error => Self::Refused(error.one_line()),
        }
    }
}

fn kind_text(found: Option<&str>) -> String {
    found.map_or_else(|| "files of an unnamed kind".to_owned(), |found| format!("{found:?}"))
}
fn nearest_text(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

fn first_message(findings: &[Finding]) -> String {
    match findings {
        [] => "the workspace is not valid".to_owned(),
        [only] => only.one_line(),
        [first, rest @ ..] => format!("{} (and {} more)", first.one_line(), rest.len()),
    }
}

fn joined(names: &[EnvironmentName]) -> String {
    names.iter().map(EnvironmentName::as_str).collect::<Vec<_>>().join(", ")
}

fn ids_text(ids: &[OperationId]) -> String {
    ids.iter().map(OperationId::as_str).collect::<Vec<_>>().join(", ")
}

fn counted(states: usize) -> String {
    if states == 1 { "a recent state".to_owned() } else { format!("{states} recent states") }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn one_line_says_why_the_system_refused() {
        let full = || PathError {
            action: "write",
            path: PathBuf::from("x"),
            source: io::Error::from(io::ErrorKind::StorageFull),
        };
        assert_eq!(Error::Io(full()).one_line(), "cannot write x: no storage space");
        let failed = Error::NotTakenBack { leftovers: Leftovers::default(), cause: Box::new(Error::Io(full())) };
        assert_eq!(failed.one_line(), "cannot write x: no storage space");
        let unknown = Error::DurabilityUnknown { what: "test".to_owned(), operation: None, source: full() };
        assert!(unknown.one_line().ends_with("is unknown: cannot write x: no storage space"), "{}", unknown.one_line());
    }
}
