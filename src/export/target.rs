//! The targets of an export.

use std::fmt;

use super::feature::ExportFeature;
use super::verdict::FeatureVerdict;
use super::{envoy, gateway_api, haproxy, kong, nginx};

/// An engine that files are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportTarget {
    /// Envoy: a bootstrap, and the files of its file-based discovery.
    Envoy,
    /// nginx: one file.
    Nginx,
    /// HAProxy: its configuration, with maps and bodies beside it.
    Haproxy,
    /// Kubernetes: resources of the Gateway API.
    GatewayApi,
    /// Kong: its declarative file.
    Kong,
}

impl ExportTarget {
    /// All targets, in the order of the documents.
    pub const ALL: [Self; 5] = [Self::Envoy, Self::Nginx, Self::Haproxy, Self::GatewayApi, Self::Kong];

    /// Returns the word by which it is typed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::GatewayApi => "gateway-api",
            Self::Kong => "kong",
        }
    }

    /// Decides how well the target has a feature.
    pub(super) fn judge(self, feature: &ExportFeature) -> FeatureVerdict {
        match self {
            Self::Envoy => envoy::judge(feature),
            Self::Nginx => nginx::judge(feature),
            Self::Haproxy => haproxy::judge(feature),
            Self::GatewayApi => gateway_api::judge(feature),
            Self::Kong => kong::judge(feature),
        }
    }
}

impl fmt::Display for ExportTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
