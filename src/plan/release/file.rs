//! The file of a release plan, as it is written and read.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Deployment, EnvironmentName, GroupName, OperationId, PolicyOverride, Release, Version};
use crate::plan::bump::BumpRequest;

/// A release plan: a file of steps, and, once it is bound, their outcome.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleasePlan {
    /// The schema of the file, 1.
    pub schema: u32,
    /// The environment of every step that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub environment: Option<EnvironmentName>,
    /// Reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The steps, in order. Those of one environment stand together and commit together.
    pub steps: Vec<PlanStep>,
    /// The outcome of the steps, written by `plan --out`: the plan applies only to the state that it was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Vec<BoundPlan>>,
}

impl ReleasePlan {
    /// Iterates over the environments that the steps name and the plan is bound to.
    pub fn environments(&self) -> impl Iterator<Item = &EnvironmentName> {
        let bound = self.bound.iter().flatten().map(|bound| &bound.environment);
        self.steps.iter().filter_map(|step| self.target(step)).chain(bound)
    }

    /// Returns the groups that the steps name; none where a step takes all.
    #[must_use]
    pub fn groups(&self) -> BTreeSet<GroupName> {
        let mut named = BTreeSet::new();
        for step in &self.steps {
            let (groups, is_all) = match step {
                PlanStep::Publish(step) => (&step.groups, step.all),
                PlanStep::Switch(step) => (&step.groups, false),
                PlanStep::Offline(step) => (&step.groups, step.all),
                PlanStep::Promote(step) => (&step.groups, step.all),
            };
            if is_all {
                return BTreeSet::new();
            }
            named.extend(groups.iter().cloned());
        }
        named
    }

    /// Returns the environment that a step changes.
    pub(super) fn target<'a>(&'a self, step: &'a PlanStep) -> Option<&'a EnvironmentName> {
        step.environment().or(self.environment.as_ref())
    }
}

/// One step of a release plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlanStep {
    /// As `apigw publish`.
    Publish(PublishStep),
    /// As `apigw switch`.
    Switch(SwitchStep),
    /// As `apigw offline`.
    Offline(OfflineStep),
    /// As `apigw promote`.
    Promote(PromoteStep),
}

impl PlanStep {
    /// Returns the environment that the step changes, if it names one.
    const fn environment(&self) -> Option<&EnvironmentName> {
        match self {
            Self::Publish(step) => step.environment.as_ref(),
            Self::Switch(step) => step.environment.as_ref(),
            Self::Offline(step) => step.environment.as_ref(),
            Self::Promote(PromoteStep { to: Some(to), .. }) => Some(to),
            Self::Promote(step) => step.environment.as_ref(),
        }
    }

    /// Returns the flag that permits the step to break callers.
    pub(super) const fn allow_breaking(&mut self) -> &mut bool {
        match self {
            Self::Publish(step) => &mut step.allow_breaking,
            Self::Switch(step) => &mut step.allow_breaking,
            Self::Offline(step) => &mut step.allow_breaking,
            Self::Promote(step) => &mut step.allow_breaking,
        }
    }

    /// True if the step may break callers.
    pub(super) const fn allows_breaking(&self) -> bool {
        match self {
            Self::Publish(step) => step.allow_breaking,
            Self::Switch(step) => step.allow_breaking,
            Self::Offline(step) => step.allow_breaking,
            Self::Promote(step) => step.allow_breaking,
        }
    }
}

/// A step with the fields of `apigw publish`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PublishStep {
    /// The environment, where the plan names none or another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub environment: Option<EnvironmentName>,
    /// The groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub groups: Vec<GroupName>,
    /// Every group, instead of `groups`.
    #[serde(skip_serializing_if = "is_false")]
    pub all: bool,
    /// The version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub version: Option<Version>,
    /// The part of the version to bump first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bump: Option<BumpRequest>,
    /// A mock backend.
    #[serde(skip_serializing_if = "is_false")]
    pub mock: bool,
    /// The backend's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Change it even where callers break and the environment's policy refuses that; the plan then needs a `message`.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_breaking: bool,
}

/// A step with the fields of `apigw switch`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchStep {
    /// The environment, where the plan names none or another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub environment: Option<EnvironmentName>,
    /// The one group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub groups: Vec<GroupName>,
    /// The version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub version: Option<Version>,
    /// The other version that was live last.
    #[serde(skip_serializing_if = "is_false")]
    pub previous: bool,
    /// Change it even where callers break and the environment's policy refuses that; the plan then needs a `message`.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_breaking: bool,
}

/// A step with the fields of `apigw offline`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OfflineStep {
    /// The environment, where the plan names none or another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub environment: Option<EnvironmentName>,
    /// The groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub groups: Vec<GroupName>,
    /// Every group, instead of `groups`.
    #[serde(skip_serializing_if = "is_false")]
    pub all: bool,
    /// Change it even where callers break and the environment's policy refuses that; the plan then needs a `message`.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_breaking: bool,
}

/// A step with the fields of `apigw promote`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PromoteStep {
    /// The environment, where the plan names none or another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub environment: Option<EnvironmentName>,
    /// The environment to change, as `environment` elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub to: Option<EnvironmentName>,
    /// The environment to take over from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub from: Option<EnvironmentName>,
    /// The groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub groups: Vec<GroupName>,
    /// Every group, instead of `groups`.
    #[serde(skip_serializing_if = "is_false")]
    pub all: bool,
    /// The version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub version: Option<Version>,
    /// The operation whose outcome is taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub at: Option<OperationId>,
    /// Change it even where callers break and the environment's policy refuses that; the plan then needs a `message`.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_breaking: bool,
}

/// The outcome of a plan in one environment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundPlan {
    /// The environment.
    #[schemars(with = "String")]
    pub environment: EnvironmentName,
    /// Its changes, by group.
    #[schemars(with = "BTreeMap<String, BoundChange>")]
    pub changes: BTreeMap<GroupName, BoundChange>,
    /// The environments from which groups are promoted, those among them that stay as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub sources: BTreeMap<GroupName, EnvironmentName>,
    /// The policies that it overrides.
    #[serde(default, rename = "override", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub overrides: Vec<PolicyOverride>,
}

/// The outcome of a plan for one group.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundChange {
    /// The entry from which the plan was computed.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub before: Option<Deployment>,
    /// The release that is deployed afterwards.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub after: Release,
    /// The lines of the entry that were edited by hand, which the change replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced_lines: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to `skip_serializing_if`")]
const fn is_false(value: &bool) -> bool {
    !*value
}
