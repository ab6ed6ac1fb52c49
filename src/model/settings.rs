//! Settings: what people write into `apigw.toml` and `group.yaml`.

use std::collections::BTreeMap;

use super::{
    Cors, DefinitionPath, DomainName, EnvironmentName, Finding, Forwarding, GroupName, PathPrefix, Severity, Version,
};

/// The schema that this release of apigw writes into every file.
pub const SCHEMA: u32 = 1;

/// The most custom domains that a group can have.
pub const MOST_DOMAINS: usize = 5;

/// The settings of a workspace, from `apigw.toml`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceSettings {
    /// The schema of the file, 1.
    pub schema: u32,
    /// The domain under which each group has its secondary domain.
    #[serde(default = "default_base_domain")]
    #[schemars(with = "String")]
    pub base_domain: DomainName,
    /// The group that a command means where none is named.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub default_group: Option<GroupName>,
    /// Settings of environments, and the declaration of those that are not built in.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, EnvironmentSettings>")]
    pub environments: BTreeMap<EnvironmentName, EnvironmentSettings>,
    /// How severe what a rule of `check` finds is, by the rule's name.
    #[serde(default)]
    pub rules: RuleLevels,
    /// What a kind of change does to callers, by the kind's name, where a team judges it otherwise.
    #[serde(default)]
    pub changes: BTreeMap<String, ChangeLevel>,
}

fn default_base_domain() -> DomainName {
    DomainName::local()
}

impl Default for WorkspaceSettings {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            base_domain: default_base_domain(),
            default_group: None,
            environments: BTreeMap::new(),
            rules: BTreeMap::new(),
            changes: BTreeMap::new(),
        }
    }
}

/// How severe what a rule finds is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RuleLevel {
    /// The rule is not applied.
    Off,
    /// It warns.
    Warning,
    /// It keeps a group from being published.
    Error,
}

impl RuleLevel {
    /// Returns the severity of a finding, or `None` where the rule is off.
    #[must_use]
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// The levels that settings give rules, by the rule's name.
pub type RuleLevels = BTreeMap<String, RuleLevel>;

/// Gives each finding the severity that the settings give its rule, and drops those that are off.
#[must_use]
pub fn apply_levels(levels: &RuleLevels, findings: Vec<Finding>) -> Vec<Finding> {
    let level = |mut finding: Finding| match levels.get(finding.rule) {
        None => Some(finding),
        Some(level) => {
            finding.severity = level.severity()?;
            Some(finding)
        }
    };
    findings.into_iter().filter_map(level).collect()
}

/// What a kind of change does to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeLevel {
    /// It breaks callers.
    Breaking,
    /// Nothing is refused that was right, but it may mean something else.
    Warning,
    /// Callers keep working.
    Compatible,
}

/// The settings of one environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentSettings {
    /// Whether a change asks first; without a terminal it needs `--yes`.
    #[serde(default)]
    pub protected: bool,
    /// Whether a mock backend may be published.
    #[serde(default)]
    pub mock: Policy,
    /// Decides on a change that breaks callers of what is live, on every way but the way back.
    #[serde(default)]
    pub breaking: Policy,
    /// Decides on a rollback or an undo that breaks callers; unset, it warns where `breaking` warns or denies.
    #[serde(default)]
    pub breaking_rollback: Option<Policy>,
    /// Decides whether a removal of what was deprecated passes once its `x-sunset` date is past.
    #[serde(default)]
    pub sunset: SunsetPolicy,
    /// The environment in which a version must be live, or have been, with the same kind of backend, before it comes
    /// here.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub promote_from: Option<EnvironmentName>,
    /// Values for `${NAME}` in backend addresses.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// What a date of `x-sunset` (RFC 8594) does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SunsetPolicy {
    /// Nothing: a removal breaks callers on any date.
    #[default]
    Ignore,
    /// After its date a removal is a warning.
    Allow,
}

/// What a policy says to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// It passes.
    #[default]
    Allow,
    /// It passes with a warning.
    Warn,
    /// It is refused.
    Deny,
}

/// The settings of a group, from `group.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSettings {
    /// The schema of the file, 1.
    pub schema: u32,
    /// The version that the working copy is, or is going to be.
    #[schemars(with = "String")]
    pub version: Version,
    /// What the group is for, in a line.
    #[serde(default)]
    pub description: Option<String>,
    /// The path of its OpenAPI definition below the group's folder; unset, `openapi.yaml`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub definition: DefinitionPath,
    /// What the paths of its APIs start with.
    #[schemars(with = "String")]
    pub prefix: PathPrefix,
    /// How callers of a real backend show who they are.
    #[serde(default)]
    pub auth: Auth,
    /// The address of the default backend; `${NAME}` stands for a variable of the environment.
    #[serde(default)]
    pub backend: Option<String>,
    /// Custom domains, served in `online` only.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub domains: Vec<DomainName>,
    /// Whether requests are checked against the definition; unset, those that a mock answers are.
    #[serde(default)]
    pub validate_requests: Option<bool>,
    /// What happens with responses of real backends that do not follow the definition.
    #[serde(default)]
    pub validate_responses: ResponseValidation,
    /// How a mock answers.
    #[serde(default)]
    pub mock: MockSettings,
    /// The largest body of a request, in KiB; unset, what the gateway allows.
    #[serde(default)]
    pub max_body_kib: Option<u32>,
    /// Which pages of other origins may call; unset, none.
    #[serde(default)]
    pub cors: Option<Cors>,
    /// How requests reach a real backend.
    #[serde(default)]
    pub forwarding: Forwarding,
}

/// What happens with responses of real backends that do not follow the definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponseValidation {
    /// They are not looked at.
    #[default]
    Off,
    /// They are counted and named in the access log.
    Log,
    /// They are replaced by a problem with the status 502, too.
    Fail,
}

/// How a mock answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MockSettings {
    /// Whether requests without the credentials that the definition declares are refused; nobody asks whether they are right.
    #[serde(default)]
    pub check_security: bool,
}

/// How callers of a real backend show who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Anybody may call.
    #[default]
    None,
    /// Requests are signed with a key (JDCLOUD2-HMAC-SHA256).
    Signature,
}

impl EnvironmentSettings {
    /// Returns the policy on a rollback or an undo that breaks callers.
    #[must_use]
    pub const fn breaking_on_way_back(&self) -> Policy {
        match (self.breaking_rollback, self.breaking) {
            (Some(policy), _) => policy,
            (None, Policy::Allow) => Policy::Allow,
            (None, Policy::Warn | Policy::Deny) => Policy::Warn,
        }
    }
}

impl WorkspaceSettings {
    /// Lists the environments: the built-in ones in the order of a release, then the declared ones by name.
    #[must_use]
    pub fn environments(&self) -> Vec<EnvironmentName> {
        let built_in: Vec<EnvironmentName> =
            EnvironmentName::BUILT_IN.iter().filter_map(|name| name.parse().ok()).collect();
        let declared = self.environments.keys().filter(|name| !built_in.contains(name));
        built_in.iter().chain(declared).cloned().collect()
    }

    /// Returns the environment that a text names, by its name or by an alias of it.
    #[must_use]
    pub fn environment_named(&self, text: &str) -> Option<EnvironmentName> {
        EnvironmentName::from_input(text).ok().filter(|name| self.environments().contains(name))
    }

    /// Returns the settings of an environment; those of one that has none are the defaults.
    #[must_use]
    pub fn environment(&self, name: &EnvironmentName) -> EnvironmentSettings {
        self.environments.get(name).cloned().unwrap_or_default()
    }
}
