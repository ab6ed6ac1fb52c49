//! The only reader and writer of files.
//!
//! A [`Workspace`] reads without a lock and without write permission. A writer takes
//! the lock first: [`Workspace::lock`] gives a [`LockGuard`], which commits plans and edits working
//! copies and versions.
//!
//! | module | purpose |
//! |---|---|
//! | `layout` | the place of each file, and the way from a place to a path of the system |
//! | `folders`, `durable` | listing and removing folders; durable writes |
//! | `settings`, `setting_places` | hand-written files: `apigw.toml`, `group.yaml`, release plans; locations of settings |
//! | `edit` | edits of hand-written files that keep every other byte |
//! | `edited`, `edited_entries`, `hand_edits` | working copies that differ from their frozen version; entries of an environment that were edited by hand, as a way back takes them and as a resolve of other groups leaves them |
//! | `quote`, `own_yaml` | the YAML that apigw writes, and its reader |
//! | `record`, `contested` | an environment's file: the live entries, and those that both branches of a merge changed |
//! | `operation_file`, `copies`, `history`, `short_ids` | operations: one file each, files that are copies of others, the chain from the live entries backwards, short ids |
//! | `version_file`, `version_note`, `versions` | frozen versions: the list of their files, blocks and deletions, reading |
//! | `groups`, `prune` | working copies and versions of a group; unused versions |
//! | `import` | changes of several files of a working copy together |
//! | `init` | making a workspace |
//! | `facts`, `base` | the state from which a plan is computed, and its comparison under the lock |
//! | `lock`, `local_folder`, `intent`, `commit`, `take_back` | the lock, the folder of this machine, notes of unfinished changes, the rename that commits, and the way back where it fails |
//! | `live`, `gateways`, `gateway_record`, `fleet` | the live state for gateways, the gateways that run on this machine and what they leave for the next, the nodes of fleets |
//! | `push`, `object_folder`, `replica` | the state that a push carries away, a folder as its destination, and the copy of a gateway that follows |
//! | `overview`, `origins` | environments for views, with the URLs and authors of entries |
//! | `access`, `secret_variables` | keys, grants, revocations, and the secrets of this machine |
//! | `git`, `driver`, `merge`, `renumber` | facts from Git; the merge driver; joining branches; numbers that two branches gave |
//! | `intact_copies` | frozen files that are damaged, and that Git has as they were committed |
//! | `check` | all findings on settings, groups and keys |
//! | `verify`, `lost`, `named_operations`, `restoring` | checksums, digests and chains; lost releases; operations without files; hints that restore files |
//! | `outside`, `output_folder`, `own_places` | files outside of the workspace, folders that a command writes, and the places that neither may take |
//! | `error` | errors, with the facts that a caller acts on |

pub mod edit;

mod access;
mod base;
mod check;
mod commit;
mod contested;
mod copies;
mod driver;
mod durable;
mod edited;
mod edited_entries;
mod error;
mod facts;
mod fleet;
mod folders;
mod gateway_record;
mod gateways;
mod git;
mod groups;
mod hand_edits;
mod history;
mod ignored_state;
mod import;
mod init;
mod intact_copies;
mod intent;
mod layout;
mod limited_command;
mod live;
mod local_folder;
mod lock;
mod lost;
mod merge;
mod named_operations;
mod object_folder;
mod operation_file;
mod origins;
mod output_folder;
mod outside;
mod overview;
mod own_places;
mod own_yaml;
mod prune;
mod push;
mod quote;
mod record;
mod renumber;
mod replica;
mod restoring;
mod secret_variables;
mod setting_places;
mod settings;
mod short_ids;
mod take_back;
mod verify;
mod version_file;
mod version_note;
mod versions;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::check::rules::records::ENVIRONMENT_MISSING;
use crate::model::{
    Digest, Environment, EnvironmentName, FileSet, Finding, GroupHosts, GroupName, GroupSettings, Hint, Location,
    PublicOrigin, Release, SETTINGS_FILE, WorkspaceSettings, nearest,
};
use crate::plan::Plan;

pub use access::{
    AccessCache, AccessReader, AccessSnapshot, CommittedAccess, RevocableKey, SearchedFiles, SecretSources,
    SecretsOnMachine, SignedDatesFile, create_signing_key, read_signing_key,
};
pub use base::PlanBase;
pub use check::CheckScope;
pub use commit::Committed;
pub use driver::{MergeFiles, merge_environment_files};
pub use edited::EditedGroups;
pub use edited_entries::EntryEdits;
pub use error::{DeniedPath, Error, ExistingPart, PathError, StalePart, UnknownName};
pub use facts::DiskFacts;
pub use fleet::FleetLock;
pub use gateways::{GatewayFile, RunningGateway, RunningGateways, ServedEnvironment};
pub use git::GitOperation;
pub(crate) use git::HEAD;
pub use groups::{NewGroup, version_edit};
pub use history::{CommittedOperation, OperationStanding, ReadableHistory};
pub use import::FinishedImport;
pub use init::{ExampleGroup, init};
pub use live::LiveReader;
pub use lock::{LockGuard, LockRequest};
pub use merge::MergeState;
pub use object_folder::ObjectFolder;
pub use origins::{EntryOrigins, OperationAuthor};
pub use output_folder::{FolderChanges, OutputFile, OutputFolder};
pub use outside::{
    FileStamp, OutsideFolder, append_outside, is_same_file, read_outside, read_release_plan, stamp_outside,
    write_outside,
};
pub use overview::{EnvironmentOverview, FrozenVersion, LiveVersions, ReleaseDamage, StoredReleases, ViewProblem};
pub use prune::UnusedVersion;
pub use push::{Divergence, PushedState, ReplacedPointer, StateComparison};
pub use renumber::Renumbering;
pub use replica::Replica;
pub use setting_places::SettingPlaces;
pub use settings::UnreadSettings;
pub use short_ids::ShortIds;
pub use take_back::Leftovers;
pub use verify::{IntegrityProblem, PlannedEdits, ProblemKind, RepairOutcome, WorkspaceVerification};
pub use version_note::VersionNoteFile;
pub use versions::NeededState;

/// The error for a missing environment's file, which is never taken for an empty one.
fn missing_environment(place: &str) -> Error {
    Error::invalid(
        &ENVIRONMENT_MISSING,
        Location::file(place),
        "the environment's file is missing, but its history is not".to_owned(),
        Hint::RebuildEnvironment,
    )
}

/// A folder with an `apigw.toml`, and all that lies in it.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: layout::WorkspaceRoot,
    settings: WorkspaceSettings,
    settings_digest: Digest,
    /// The settings of which a part could not be read; `None` where all were.
    unread: Option<UnreadSettings>,
    /// Where callers reach environments whose settings say nothing about it.
    usual_origin: PublicOrigin,
}

impl Workspace {
    /// Opens the workspace that a folder lies in: the nearest folder upwards with an `apigw.toml`.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        match Self::open_draft(folder)? {
            (workspace, None) => Ok(workspace),
            (_, Some(problems)) => Err(Error::Invalid(problems)),
        }
    }

    /// Opens the workspace that contains a folder, with default settings and findings if its own are not valid.
    pub fn open_draft(folder: &Path) -> Result<(Self, Option<Vec<Finding>>), Error> {
        let found = Self::root_above(folder).ok_or_else(|| Error::NoWorkspace { folder: folder.to_owned() })?;
        let root = layout::WorkspaceRoot::new(&found)?;
        let bytes = root.read(layout::WORKSPACE_FILE, layout::LARGEST_SETTINGS)?.unwrap_or_default();
        let settings_digest = Digest::of(&bytes);
        let settings = layout::text(layout::WORKSPACE_FILE, bytes).and_then(|text| settings::workspace(&text));
        let (settings, problems) = match settings {
            Ok(settings) => (settings, None),
            Err(Error::Invalid(problems)) => (WorkspaceSettings::default(), Some(problems)),
            Err(other) => return Err(other),
        };
        Ok((Self { root, settings, settings_digest, unread: None, usual_origin: PublicOrigin::default() }, problems))
    }

    /// Opens the workspace that contains a folder, with those of its settings that can be read, and the error of the
    /// others. Environments whose settings are not known in full count as protected.
    pub fn open_readable(folder: &Path) -> Result<(Self, Option<Error>), Error> {
        let (mut workspace, problems) = Self::open_draft(folder)?;
        let Some(problems) = problems else { return Ok((workspace, None)) };
        let bytes = workspace.root.read(layout::WORKSPACE_FILE, layout::LARGEST_SETTINGS)?.unwrap_or_default();
        workspace.settings_digest = Digest::of(&bytes);
        let readable = settings::readable(&String::from_utf8_lossy(&bytes));
        (workspace.settings, workspace.unread) = (readable.settings, Some(readable.unread));
        Ok((workspace, Some(Error::Invalid(problems))))
    }

    /// Reads the settings again if they changed.
    fn reopen(&self) -> Result<Self, Error> {
        let bytes = self.root.read(layout::WORKSPACE_FILE, layout::LARGEST_SETTINGS)?.unwrap_or_default();
        match (Digest::of(&bytes) == self.settings_digest, self.unread.is_some()) {
            (true, _) => Ok(self.clone()),
            (false, false) => Self::open(self.root.path()),
            (false, true) => Ok(Self::open_readable(self.root.path())?.0),
        }
    }

    /// Returns the settings in `apigw.toml`.
    #[must_use]
    pub const fn settings(&self) -> &WorkspaceSettings {
        &self.settings
    }

    /// Returns the settings of which a part could not be read; `None` where all were.
    #[must_use]
    pub const fn unread_settings(&self) -> Option<&UnreadSettings> {
        self.unread.as_ref()
    }

    /// Finds the nearest folder upwards that is a workspace; none above a folder that is not there.
    #[must_use]
    pub fn root_above(folder: &Path) -> Option<PathBuf> {
        let folder = std::path::absolute(folder).ok().filter(|folder| folder.exists())?;
        let found = folder.ancestors().find(|folder| folder.join(layout::WORKSPACE_FILE).exists())?;
        Some(std::fs::canonicalize(found).unwrap_or_else(|_| found.to_owned()))
    }

    /// Returns the folder of the workspace, with links resolved.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.root.path()
    }

    /// True if a path is that of the workspace's folder.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        std::fs::canonicalize(path).is_ok_and(|path| path == self.root.path())
    }

    /// Returns the group in whose folder another folder lies, if it does in any.
    #[must_use]
    pub fn group_around(&self, folder: &Path) -> Option<GroupName> {
        let folder = std::fs::canonicalize(folder).ok()?;
        let below = folder.strip_prefix(self.root.path()).ok()?;
        let mut parts = below.iter().filter_map(|part| part.to_str());
        (parts.next() == Some(layout::GROUPS_FOLDER)).then(|| parts.next()?.parse().ok())?
    }

    /// Returns the environment of a name, or of an alias, that somebody typed.
    pub fn environment_named(&self, text: &str) -> Result<EnvironmentName, Error> {
        self.settings.environment_named(text).ok_or_else(|| Error::Unknown {
            name: UnknownName::Environment(text.to_owned()),
            nearest: nearest(text, self.settings.environments().iter().map(EnvironmentName::as_str)),
        })
    }

    /// Reads the live entries of an environment; it is empty if nothing was ever published.
    pub fn environment(&self, environment: &EnvironmentName) -> Result<Environment, Error> {
        self.read_environment(environment)?.whole()
    }

    /// Reads the live entries for changes of these groups alone: a conflict or an edit by hand elsewhere in the file
    /// bars none of them. Groups without a sound entry, or none at all, need the whole file.
    pub(in crate::workspace) fn environment_for(
        &self,
        environment: &EnvironmentName,
        groups: &BTreeSet<GroupName>,
    ) -> Result<Environment, Error> {
        self.read_environment(environment)?.for_groups(groups)
    }

    /// Reads the live entries that a plan starts from, with the file's text where parts of it are not sound and have to
    /// stay.
    fn environment_with_rest(&self, plan: &Plan) -> Result<(Environment, Option<String>), Error> {
        let environment = &plan.operation.environment;
        let groups = plan.operation.changes.keys().cloned().collect();
        let reading = self.read_environment(environment)?;
        if reading.problems.is_empty() && plan.replaced_edits.is_empty() {
            return Ok((reading.environment, None));
        }
        let place = layout::environment(environment);
        let bytes = self.root.read(&place, layout::LARGEST_RECORD)?.unwrap_or_default();
        // Both are of one text, though an editor saves the file meanwhile.
        let mut text = layout::text(&place, bytes)?;
        let mut reading = self.parse_environment(environment, &text)?;
        text = reading.take_text(text);
        if !plan.replaced_edits.is_empty() && self.replace_edits(&mut reading, &text, &groups)? != plan.replaced_edits {
            return Err(Error::Stale(StalePart::File(place)));
        }
        Ok((reading.for_groups(&groups)?, Some(text)))
    }

    fn read_environment(&self, environment: &EnvironmentName) -> Result<record::EnvironmentReading, Error> {
        let place = layout::environment(environment);
        let read = || self.root.read(&place, layout::LARGEST_RECORD);
        let bytes = match read()? {
            None if self.operation_files(environment)?.is_empty() => None,
            // The file comes before the first operation, so by now it must be there.
            None => Some(read()?.ok_or_else(|| missing_environment(&place))?),
            found => found,
        };
        match bytes {
            None => Ok(record::EnvironmentReading {
                environment: Environment::empty(environment.clone()),
                problems: Vec::new(),
                layout: None,
            }),
            Some(bytes) => self.parse_environment(environment, &layout::text(&place, bytes)?),
        }
    }

    /// Returns where callers reach a version of a group, by its secondary and its custom domains. Nothing is returned
    /// where the version's settings cannot be read.
    #[must_use]
    pub fn urls(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        release: &Release,
        files: Option<&FileSet>,
    ) -> Vec<String> {
        let place = format!("{}/{SETTINGS_FILE}", layout::version(group, &self.release_number(group, release)));
        let planned = files.and_then(|files| files.get(SETTINGS_FILE)).map(|bytes| bytes.to_vec());
        let bytes = planned.or_else(|| self.root.read(&place, layout::LARGEST_SETTINGS).ok().flatten());
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let Ok(settings) = settings::group(&place, &text) else {
            return Vec::new();
        };
        self.addresses(environment, group, &settings)
    }

    /// Takes the origin of a running gateway for that of environments whose settings say nothing about it.
    #[must_use]
    pub fn reached_at(self, usual_origin: PublicOrigin) -> Self {
        Self { usual_origin, ..self }
    }

    /// Returns the addresses at which callers reach a group with these settings, as far as the workspace's say, or the
    /// running gateway that it is reached at.
    #[must_use]
    pub fn addresses(&self, environment: &EnvironmentName, group: &GroupName, settings: &GroupSettings) -> Vec<String> {
        self.addresses_at(self.usual_origin, environment, group, settings)
    }

    /// Returns the same addresses, as far as files say.
    #[must_use]
    pub fn stated_addresses(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        settings: &GroupSettings,
    ) -> Vec<String> {
        self.addresses_at(PublicOrigin::default(), environment, group, settings)
    }

    fn addresses_at(
        &self,
        usual_origin: PublicOrigin,
        environment: &EnvironmentName,
        group: &GroupName,
        settings: &GroupSettings,
    ) -> Vec<String> {
        let origin = self.settings.environment(environment).origin().unwrap_or(usual_origin);
        let hosts = GroupHosts::new(group, environment, &self.settings.base_domain, &settings.domains);
        // A default in the place of a domain that cannot be read would be an address of nobody.
        let is_unread = self.unread.as_ref().is_some_and(|unread| unread.base_domain);
        let hosts = hosts.iter().skip(usize::from(is_unread));
        hosts.map(|host| origin.url(host, &settings.prefix)).collect()
    }

    /// Returns the text of a file of the workspace, to show a place in it.
    #[must_use]
    pub fn source(&self, file: &str) -> Option<String> {
        // A line of a key's file may hold the secret that is complained of.
        if file.starts_with(access::KEYS_FOLDER) {
            return None;
        }
        let bytes = self.root.read(file, layout::LARGEST_DEFINITION).ok().flatten()?;
        String::from_utf8(bytes).ok()
    }
}
