//! Remedies of findings, as data.

use super::name::{EnvironmentName, GroupName, KeyName};
use super::operation_id::OperationId;
use super::version::Version;

/// The reason why Git may have bytes that it does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GitGap {
    /// It cannot be run, or refuses the checkout.
    Unasked,
    /// It took too long, as where the remote of a partial clone does not answer.
    Slow,
    /// The clone is partial.
    Partial,
    /// The clone is shallow.
    Shallow,
}

/// The suggested remedy of a finding. Command lines to type are written where the finding is shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hint {
    /// A remedy without a command line; empty if there is none.
    Text(String),
    /// Import a definition.
    ImportDefinition,
    /// Import the document, which converts it from OpenAPI 2.0.
    ConvertDefinition,
    /// Add an API to the group.
    AddApi {
        /// The group.
        group: GroupName,
    },
    /// Name one of the group's APIs.
    ListApis {
        /// The group.
        group: GroupName,
    },
    /// Name one of the rules.
    ListRules,
    /// Name one of the kinds of change.
    ListChangeKinds,
    /// Create the group, or remove the line that names it.
    CreateGroup {
        /// The group.
        group: GroupName,
    },
    /// Give the group another prefix.
    SetPrefix {
        /// The group.
        group: GroupName,
    },
    /// Publish the group, or remove its custom domains.
    PublishForDomains {
        /// The group.
        group: GroupName,
        /// True if the group's settings name a backend.
        has_backend: bool,
    },
    /// Correct a hand-written file by its schema.
    CorrectFile {
        /// The schema's name.
        schema: String,
    },
    /// Inspect an edit by hand.
    InspectEdit,
    /// Inspect a layout that has something to it that no command writes, and restore it.
    InspectLayout,
    /// Inspect an edit by hand, and record it as an operation.
    RecordEdit,
    /// Record an edit by hand as an operation, or restore the file.
    RecordOrRestoreEdit {
        /// The file.
        file: String,
    },
    /// Record an edit by hand as an operation, or take it back by rebuilding the environment's file.
    RecordOrRebuildEdit {
        /// The file.
        file: String,
    },
    /// Restore a file to its committed bytes.
    RestoreFile {
        /// The file.
        file: String,
    },
    /// Write the file of a key, an owner or a revocation again, from its operations.
    RewriteSubject {
        /// The key, the owner or the secret, as it is typed.
        subject: String,
    },
    /// Restore a revocation where Git has it, else revoke the secret again: the first time may have been cut off.
    RevokeAgain {
        /// The key.
        key: KeyName,
        /// The id of the secret.
        secret: String,
    },
    /// Restore a file or a folder from the commit that has it.
    RestoreMissing {
        /// The file or the folder.
        file: String,
    },
    /// Restore the working copy of a deleted group from the commit that has it; its versions and their notes stay.
    RestoreGroup {
        /// The group's folder.
        folder: String,
        /// The group's settings.
        settings: String,
        /// The commit, abbreviated; empty where none is known.
        commit: String,
    },
    /// Restore a file or a folder from a revision of Git that has it as it was committed.
    RestoreFromRevision {
        /// The file or the folder.
        file: String,
        /// The revision.
        revision: String,
    },
    /// Restore a frozen file from a revision of Git: what Git has checked out is damaged or missing, or in conflict.
    RestoreFrozen {
        /// The file.
        file: String,
        /// The revision.
        revision: String,
    },
    /// Restore a file or a folder that Git never had.
    RestoreBackup,
    /// Restore a file or a folder that Git may have, and does not tell.
    RestoreUntold {
        /// The reason why it does not.
        gap: GitGap,
    },
    /// Remove an environment's file and rebuild it: a copy from before lacks operations.
    RebuildRemovedEnvironment {
        /// The file.
        file: String,
    },
    /// Revert an edit by hand, which may be committed, before a merge is resolved, and make the change by a command
    /// afterwards.
    RevertEdit {
        /// The environment.
        environment: EnvironmentName,
        /// Its file.
        file: String,
    },
    /// Write a file in the layout of its commit.
    RestoreLayout,
    /// Remove the temporary files of an interrupted command.
    RemoveLeftovers,
    /// Remove an operation that was never committed.
    RemoveAbandoned,
    /// Rebuild an environment's file from its history; nothing has to be chosen.
    RebuildEnvironment,
    /// Rebuild an environment's file from its history; releases have to be chosen.
    ResolveEnvironment {
        /// The environment.
        environment: EnvironmentName,
    },
    /// Resolve a merge conflict in an environment's file.
    ResolveConflict {
        /// The environment.
        environment: EnvironmentName,
    },
    /// Resolve a merge conflict in a file that people write.
    EditConflict {
        /// The file.
        file: String,
    },
    /// Resolve a merge of two versions with one number.
    RenumberVersions {
        /// The environment that needs it, where that is known.
        environment: Option<EnvironmentName>,
    },
    /// Join an unexplained operation with the live releases, or drop it.
    ResolveOperation {
        /// The environment.
        environment: EnvironmentName,
        /// The operation.
        operation: OperationId,
    },
    /// Join an operation with the file of its key or owner, or drop it.
    ResolveAccess {
        /// The key or the owner, as it is typed.
        subject: String,
        /// The operation.
        operation: OperationId,
    },
    /// Resolve a merge conflict in the file of a key, an owner or a revocation.
    ResolveAccessConflict {
        /// The key, the owner or the secret, as it is typed.
        subject: String,
    },
    /// Merge a branch again that has an operation which another one builds upon, or remove that other one.
    MergeAgain {
        /// The environment.
        environment: EnvironmentName,
        /// The operation that no entry leads to.
        operation: OperationId,
        /// The way in which the operation without a file is restored.
        restore: Box<Hint>,
    },
    /// Remove the frozen versions that no operation names.
    PruneVersions,
    /// Restore the note on a version, or delete it and say again what it said.
    RestoreNote {
        /// The file.
        file: String,
        /// True if Git's index has it.
        is_tracked: bool,
    },
    /// Roll back from a blocked version, or unblock it.
    LeaveBlockedVersion {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
        /// The version.
        version: Version,
        /// True if a rollback leads to another release.
        has_way_back: bool,
    },
    /// Restore a deleted version from Git, or roll back from it.
    RestoreDeletedVersion {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
        /// The version's folder.
        folder: String,
        /// The file whose removal Git knows.
        removed_file: String,
        /// The place in which Git has the version.
        source: RestoreSource,
        /// True if a rollback leads to another release.
        has_way_back: bool,
    },
}

impl Hint {
    /// True if there is no remedy to suggest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The place in which Git has a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RestoreSource {
    /// Its index: the removal is in no commit yet.
    Index,
    /// A commit before the one that removed it.
    Commit,
    /// Nowhere.
    Nowhere,
}
