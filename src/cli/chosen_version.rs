//! Versions that a command names, each with its content.

use std::sync::Arc;

use super::context::Context;
use super::error::CommandError;
use super::selection;
use crate::definition::Definition;
use crate::model::{GroupName, Version};
use crate::plan::{Facts as _, PublishCandidate};
use crate::workspace::DiskFacts;

/// A version that clients or documents are generated of.
pub(super) struct ChosenVersion {
    pub(super) group: GroupName,
    pub(super) version: Version,
    pub(super) candidate: Arc<PublishCandidate>,
}

impl ChosenVersion {
    /// Finds a frozen version of each of these groups, or of the only one where none is named.
    pub(super) fn frozen(
        context: &Context<'_>,
        facts: &DiskFacts<'_>,
        named: Vec<GroupName>,
        version: &Version,
    ) -> Result<Vec<Self>, CommandError> {
        let groups = if named.is_empty() { vec![selection::group(context, None)?] } else { named };
        let find = |group: GroupName| {
            let candidate = facts.frozen(&group, version)?.ok_or_else(|| {
                CommandError::invalid("unknown-version", format!("{group} has no version {version}"))
                    .hint(format!("list them: `apigw version list {group}`"))
            })?;
            Ok(Self { group, version: version.clone(), candidate })
        };
        groups.into_iter().map(find).collect()
    }

    /// Returns the definition, or the advice to look at its findings.
    pub(super) fn definition(&self) -> Result<&Definition, CommandError> {
        self.candidate.definition.as_deref().ok_or_else(|| {
            let message = format!("the definition of {} {} is not valid", self.group, self.version);
            CommandError::invalid("definition", message).hint("see its findings: `apigw check`")
        })
    }
}
