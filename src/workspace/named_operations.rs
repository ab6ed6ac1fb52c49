//! Operations that are named somewhere, whether or not they have files: a file that was never committed along with the
//! entry that names it leaves a history that lacks a release, and nothing may be built, deleted or numbered by such a
//! history alone.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{Error, restore_hint};
use super::git::{GitCheckout, HEAD, INDEX};
use super::overview::EnvironmentOverview;
use super::{Workspace, layout};
use crate::check::rules::records::OPERATION_MISSING;
use crate::model::{Deployment, EnvironmentName, GroupName, Location, Operation, OperationId};
use crate::plan::NamedVersions;

impl Workspace {
    /// Finds the operations without a file that Git's copy of an environment's file names, or an intact entry of the
    /// file: the id in an edited entry may be that of no operation.
    pub(super) fn missing_operations(&self, environment: &EnvironmentName) -> Result<BTreeSet<OperationId>, Error> {
        let place = layout::environment(environment);
        // A commit that is picked does not bring the operations that it builds upon.
        if self.is_conflicted(environment) {
            return Ok(BTreeSet::new());
        }
        let copy = GitCheckout::find(self.root.path()).and_then(|checkout| copy_in(&checkout, &place));
        let mut named = ids_in(&String::from_utf8_lossy(&copy.unwrap_or_default()));
        if let Ok(reading) = self.read_environment(environment) {
            named.extend(reading.environment.deployments.into_values().map(|entry| entry.operation));
        }
        let environments = self.recorded_environments()?;
        let mut missing = BTreeSet::new();
        for id in named {
            // The file of another environment may have been copied over this one.
            let mut places = environments.iter().map(|name| layout::operation(name, &id));
            if !places.try_fold(false, |is_there, place| Ok::<_, Error>(is_there || self.root.exists(&place)?))? {
                missing.insert(id);
            }
        }
        Ok(missing)
    }

    /// Refuses to build an environment's file, which is missing, while Git's copy names an operation that has no file.
    ///
    /// # Errors
    ///
    /// Names the operation.
    pub(super) fn check_can_be_built(&self, environment: &EnvironmentName) -> Result<(), Error> {
        let Some(missing) = self.missing_operations(environment)?.pop_last() else { return Ok(()) };
        let place = layout::environment(environment);
        let operation = layout::operation(environment, &missing);
        let message = format!(
            "the file is missing, and cannot be built from its history: Git's copy names an operation that has no file, \
             {operation}"
        );
        Err(Error::invalid(&OPERATION_MISSING, Location::file(&place), message, restore_hint(&place)))
    }

    /// Returns the numbers of a group that its latest operations in any environment name, each with the digest of the
    /// content that it was published with.
    ///
    /// # Errors
    ///
    /// Fails where the environments cannot be listed.
    pub fn named_versions(&self, group: &GroupName) -> Result<NamedVersions, Error> {
        VersionNames::new().of(self, group)
    }
}

/// The most operations of a group in an environment whose versions count. One that is gone was among the latest.
const MOST_OPERATIONS: usize = 100;

/// Operations that were read, by their environment; `None` where that failed.
type ReadOperations = BTreeMap<(EnvironmentName, OperationId), Option<Arc<Operation>>>;

/// Reads which versions operations name, each operation once for all groups.
#[derive(Debug)]
pub(super) struct VersionNames {
    live: OnceCell<Vec<EnvironmentOverview>>,
    operations: RefCell<ReadOperations>,
}

impl VersionNames {
    pub(super) const fn new() -> Self {
        Self { live: OnceCell::new(), operations: RefCell::new(BTreeMap::new()) }
    }

    /// Returns the numbers of a group that its latest operations in any environment name, as far as its history can be
    /// read: each stands for the bytes that it was published with, frozen still or not.
    pub(super) fn of(&self, workspace: &Workspace, group: &GroupName) -> Result<NamedVersions, Error> {
        if self.live.get().is_none() {
            let environments: Vec<EnvironmentName> = workspace.recorded_environments()?.into_iter().collect();
            let _ = self.live.set(workspace.overview(&environments, None));
        }
        let mut named = NamedVersions::new();
        for live in self.live.get().into_iter().flatten() {
            let name = &live.environment.name;
            let entry = |entry: &Deployment| (entry.operation.clone(), entry.release.clone());
            let mut pending: BTreeMap<_, _> = live.environment.deployments.get(group).map(entry).into_iter().collect();
            // An operation is later than those before it, so each is met once.
            for _ in 0..MOST_OPERATIONS {
                let Some((id, release)) = pending.pop_last() else { break };
                let operation = self.operation(workspace, name, &id);
                named.entry((release.version, release.digest)).or_insert_with(|| (name.clone(), id));
                let change = operation.as_ref().and_then(|operation| operation.changes.get(group));
                pending.extend(change.into_iter().flat_map(|change| change.predecessors().map(entry)));
            }
        }
        Ok(named)
    }

    fn operation(
        &self,
        workspace: &Workspace,
        environment: &EnvironmentName,
        id: &OperationId,
    ) -> Option<Arc<Operation>> {
        let mut operations = self.operations.borrow_mut();
        let read = || workspace.read_operation(environment, id).ok().map(Arc::new);
        operations.entry((environment.clone(), id.clone())).or_insert_with(read).clone()
    }
}

/// Reads Git's copy of a file: the one that is about to be committed, in a conflict that of the branch that is checked
/// out.
fn copy_in(checkout: &GitCheckout, place: &str) -> Option<Vec<u8>> {
    [INDEX, ":2", HEAD].into_iter().find_map(|revision| checkout.read(revision, place))
}

/// Finds the ids of operations in a text, whatever its layout.
fn ids_in(text: &str) -> BTreeSet<OperationId> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '-' | '.'));
    words.filter_map(|word| word.parse().ok()).collect()
}
