//! The aspects of a report.

use schemars::JsonSchema;
use serde::Serialize;

/// The aspects of a gateway that a target can lose; all but `responses` and `timeouts` are names of `--allow-loss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportAspect {
    /// Callers, and the operations that they may call.
    Access,
    /// The addresses that may call.
    IpRules,
    /// Limits of bodies and of rates.
    Limits,
    /// Validation of requests and responses.
    Validation,
    /// Pages of other origins.
    Cors,
    /// Changes of requests on their way to a backend.
    Rewrites,
    /// Backends that are down.
    Health,
    /// TLS towards backends.
    Tls,
    /// The choice among the responses of a mock.
    Responses,
    /// The paths that lead to an API.
    Routing,
    /// Time-outs and repetitions.
    Timeouts,
}

impl ReportAspect {
    /// The aspects that `--allow-loss` names, in the order of the documents.
    pub const LOSSES: [Self; 9] = [
        Self::Access,
        Self::IpRules,
        Self::Limits,
        Self::Validation,
        Self::Cors,
        Self::Rewrites,
        Self::Health,
        Self::Tls,
        Self::Routing,
    ];

    /// Returns the word that stands in the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::IpRules => "ip-rules",
            Self::Limits => "limits",
            Self::Validation => "validation",
            Self::Cors => "cors",
            Self::Rewrites => "rewrites",
            Self::Health => "health",
            Self::Tls => "tls",
            Self::Responses => "responses",
            Self::Routing => "routing",
            Self::Timeouts => "timeouts",
        }
    }
}
