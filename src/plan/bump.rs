//! Bump: the version that a working copy gets where the one that it names is frozen with other bytes.

use std::collections::BTreeSet;

use super::error::{Error, StateError};
use super::facts::Facts;
use crate::compare::{self, ChangeRules, ComparedGroup};
use crate::model::{BumpLevel, GroupName, Version};

/// The part of a version to bump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BumpRequest {
    /// The third number.
    Patch,
    /// The second number.
    Minor,
    /// The first number.
    Major,
    /// By the difference from the newest frozen version.
    Auto,
}

impl BumpRequest {
    /// Returns the level; where only another layout differs, it is that of a patch.
    pub(super) fn level<E>(self, group: &GroupName, facts: &dyn Facts<Error = E>) -> Result<BumpLevel, Error<E>> {
        Ok(match self {
            Self::Patch => BumpLevel::Patch,
            Self::Minor => BumpLevel::Minor,
            Self::Major => BumpLevel::Major,
            Self::Auto => advice(group, facts)?.unwrap_or(BumpLevel::Patch),
        })
    }
}

/// Advises which part of a working copy's version to bump, by the difference from the newest frozen one; `None` if
/// there is none.
pub fn advice<E>(group: &GroupName, facts: &dyn Facts<Error = E>) -> Result<Option<BumpLevel>, Error<E>> {
    let Some(version) = facts.versions(group).map_err(Error::Facts)?.pop_last() else {
        return Ok(Some(BumpLevel::Patch));
    };
    let newest = facts.frozen(group, &version).map_err(Error::Facts)?;
    let working = facts.working_copy(group, None).map_err(Error::Facts)?;
    let Some(after) = &working.definition else {
        return Err(Error::Invalid { group: group.clone(), findings: working.findings.clone() });
    };
    let Some((newest, before)) = newest.as_ref().and_then(|newest| Some((newest, newest.definition.as_ref()?))) else {
        return Err(StateError::UnreadableVersion { group: group.clone(), version }.into());
    };
    let comparison = compare::compare(
        ComparedGroup { settings: &newest.settings, definition: before },
        ComparedGroup { settings: &working.settings, definition: after },
    );
    let judgement = ChangeRules { levels: &facts.settings().changes, sunset: None };
    Ok(comparison.judged(judgement).advice())
}

/// Computes the version after a bump: counted from the newest number that is `taken` by a version, frozen or deleted,
/// and never below the one in the settings.
///
/// A bump that was cut off before its version was frozen leads to the same version again.
#[must_use]
pub fn bump_target(taken: &BTreeSet<Version>, named: &Version, level: BumpLevel) -> Version {
    let target = taken.last().map_or_else(
        || match level {
            BumpLevel::Patch => Version::first(),
            _ => Version::first().next(level),
        },
        |newest| newest.next(level),
    );
    if taken.contains(named) { target } else { target.max(named.clone()) }
}
