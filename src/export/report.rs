//! The report of an export: of each group and API, whether the target does exactly the same, nearly, or not at all.

use schemars::JsonSchema;
use serde::Serialize;

use super::aspect::ReportAspect;
use super::feature_uses::{FeatureUse, feature_uses};
use super::options::CallerKeys;
use super::place::SettingPlace;
use super::target::ExportTarget;
use super::verdict::FeatureVerdict;
use crate::model::{EnvironmentName, GroupName, OperationId, Version};
use crate::routes::GroupRoutes;

/// Fidelity of a target for an aspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fidelity {
    /// The same status, headers and body.
    Exact,
    /// The same but for a detail that is named.
    Near,
    /// Not at all.
    Lost,
}

impl Fidelity {
    /// Returns the word that stands in the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Near => "near",
            Self::Lost => "lost",
        }
    }
}

/// A setting that a target does not express exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// The aspect.
    pub aspect: ReportAspect,
    /// `near` or `lost`.
    pub fidelity: Fidelity,
    /// True if access rests on the setting, so that its loss has to be allowed.
    pub guards_access: bool,
    /// The difference, as a fragment.
    pub detail: &'static str,
    /// The setting.
    pub place: SettingPlace,
}

/// The report of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupReport {
    /// The environment.
    pub environment: EnvironmentName,
    /// The group.
    pub group: GroupName,
    /// The version that is live.
    pub version: Version,
    /// The operation that made it live.
    pub operation: OperationId,
    /// The deviations of the whole group.
    pub deviations: Vec<Deviation>,
    /// Its APIs.
    pub apis: Vec<ApiReport>,
}

/// The report of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiReport {
    /// Its operation id, or its method and path.
    pub api: String,
    /// The deviations of this API alone.
    pub deviations: Vec<Deviation>,
}

impl GroupReport {
    /// Makes the report of a group for a target.
    pub(super) fn new(group: &GroupRoutes, target: ExportTarget, callers: &CallerKeys) -> Self {
        let (of_group, of_apis) = feature_uses(group, callers);
        let judge = |uses: Vec<FeatureUse>| -> Vec<Deviation> {
            let deviation = |FeatureUse { feature, place }: FeatureUse| {
                let (fidelity, detail) = match target.judge(&feature) {
                    FeatureVerdict::Exact => return None,
                    FeatureVerdict::Near(detail) => (Fidelity::Near, detail),
                    FeatureVerdict::Lost(detail) => (Fidelity::Lost, detail),
                };
                let (aspect, guards_access) = (feature.aspect(), feature.guards_access());
                Some(Deviation { aspect, fidelity, guards_access, detail, place })
            };
            let mut deviations: Vec<Deviation> = uses.into_iter().filter_map(deviation).collect();
            deviations.dedup();
            deviations
        };
        let apis = group.routes.iter().zip(of_apis);
        Self {
            environment: group.environment.clone(),
            group: group.group.clone(),
            version: group.version.clone(),
            operation: group.operation.clone(),
            deviations: judge(of_group),
            apis: apis.map(|(route, uses)| ApiReport { api: route.api.clone(), deviations: judge(uses) }).collect(),
        }
    }

    /// Lists all deviations, each with its API if it concerns a single one.
    fn all_deviations(&self) -> impl Iterator<Item = (Option<&str>, &Deviation)> {
        let of_apis =
            self.apis.iter().flat_map(|api| api.deviations.iter().map(|deviation| (Some(api.api.as_str()), deviation)));
        self.deviations.iter().map(|deviation| (None, deviation)).chain(of_apis)
    }

    /// Lists the deviations that lose what access rests on, but for aspects whose loss is allowed by name.
    pub fn lost_access<'a>(
        &'a self,
        allowed: &'a [ReportAspect],
    ) -> impl Iterator<Item = (Option<&'a str>, &'a Deviation)> {
        self.all_deviations().filter(|(_, deviation)| {
            let Deviation { aspect, fidelity, guards_access, .. } = deviation;
            *fidelity == Fidelity::Lost && *guards_access && !allowed.contains(aspect)
        })
    }

    /// Returns the fidelity of an API: the worst of its own deviations and the group's.
    #[must_use]
    pub fn fidelity(&self, api: &ApiReport) -> Fidelity {
        let all = self.deviations.iter().chain(&api.deviations);
        all.map(|deviation| deviation.fidelity).max().unwrap_or(Fidelity::Exact)
    }
}
