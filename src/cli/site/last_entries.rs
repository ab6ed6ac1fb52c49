//! The entries of environments as they could be read last.
//!
//! A gateway goes on with the last state that it could read, and so do the pages that it serves: a file that is broken
//! by hand, or half-way through a merge, takes none of them away.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Deployment, EnvironmentName, GroupName};
use crate::workspace::{EnvironmentOverview, Workspace};

/// The entries of each environment.
#[derive(Debug, Default)]
pub(in crate::cli) struct LastEntries(Mutex<BTreeMap<EnvironmentName, BTreeMap<GroupName, Deployment>>>);

impl LastEntries {
    /// Reads the present entries.
    pub(in crate::cli) fn read(workspace: &Workspace) -> Self {
        let last = Self::default();
        for mut overview in workspace.overview(&workspace.settings().environments(), None) {
            last.complete(&mut overview);
        }
        last
    }

    /// Completes an environment with the entries that cannot be read now, and keeps its entries for the next time.
    pub(super) fn complete(&self, overview: &mut EnvironmentOverview) {
        let EnvironmentOverview { environment, problems } = overview;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = known.entry(environment.name.clone()).or_default();
        for (group, deployment) in &*last {
            let is_unread = problems.iter().any(|problem| problem.group.as_ref().is_none_or(|named| named == group));
            if is_unread {
                environment.deployments.entry(group.clone()).or_insert_with(|| deployment.clone());
            }
        }
        last.clone_from(&environment.deployments);
    }
}
