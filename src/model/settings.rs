//! The settings in `apigw.toml` and `group.yaml`.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32};

use super::address::{DomainName, PathPrefix, PublicOrigin};
use super::auth::Auth;
use super::file_schema::SCHEMA;
use super::files::DefinitionPath;
use super::finding::{Finding, Severity};
use super::fleet_settings::FleetSettings;
use super::forwarding::{Cors, Forwarding};
use super::ip_rules::GroupIpRules;
use super::limit::RateLimits;
use super::name::{EnvironmentName, GroupName};
use super::version::Version;

/// The maximum number of custom domains of a group.
pub const MOST_DOMAINS: usize = 5;

/// The largest body of a request, in KiB, unless a group or its gateway has another limit.
pub const USUAL_BODY_KIB: u32 = 300;

/// The settings of a workspace, from `apigw.toml`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceSettings {
    /// The schema of the file, 1.
    pub schema: u32,
    /// The parent domain of the groups' secondary domains.
    #[serde(default = "default_base_domain")]
    #[schemars(with = "String")]
    pub base_domain: DomainName,
    /// The group used by commands that name none.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub default_group: Option<GroupName>,
    /// Settings of environments, and declarations of those that are not built in.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, EnvironmentSettings>")]
    pub environments: BTreeMap<EnvironmentName, EnvironmentSettings>,
    /// Levels of the rules of `check`, by name.
    #[serde(default)]
    pub rules: RuleLevels,
    /// Levels of the kinds of change, by name, where they differ from the default.
    #[serde(default)]
    pub changes: BTreeMap<String, ChangeLevel>,
    /// Sources of callers' secrets beside `.apigw/secrets`, and the number of gateways that share limits.
    #[serde(default)]
    pub access: AccessSettings,
    /// The names that tables of environments have in the file, where those are aliases.
    #[serde(skip)]
    pub aliases: BTreeMap<EnvironmentName, EnvironmentName>,
}

/// Sources of the secrets with which callers sign, beside variables and `.apigw/secrets`; and the sharing of limits.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessSettings {
    /// A folder with a file a secret, named by the secret's id, as Kubernetes, Docker and Vault's agent make it.
    #[serde(default)]
    pub secrets_dir: Option<String>,
    /// A program and its arguments that print secrets as a JSON object by id, like SOPS and pass; run at start and on
    /// SIGHUP, for 10 s at most.
    #[serde(default)]
    pub secrets_command: Vec<String>,
    /// The number of gateways that share the limits of groups, keys and grants: each lets in its part of them.
    #[serde(default = "one_gateway")]
    #[schemars(range(min = 1))]
    pub gateways: NonZeroU32,
}

const fn one_gateway() -> NonZeroU32 {
    NonZeroU32::MIN
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self { secrets_dir: None, secrets_command: Vec::new(), gateways: one_gateway() }
    }
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
            access: AccessSettings::default(),
            aliases: BTreeMap::new(),
        }
    }
}

/// The level of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RuleLevel {
    /// The rule is disabled.
    Off,
    /// The rule's findings are warnings.
    Warning,
    /// The rule's findings are errors, which block publishing.
    Error,
}

impl RuleLevel {
    /// Returns the severity of the rule's findings; `None` if the rule is off.
    #[must_use]
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// The configured levels of rules, by name.
pub type RuleLevels = BTreeMap<String, RuleLevel>;

/// Sets the severity of each finding to the level of its rule, and drops the findings of rules that are off.
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

/// The effect of a kind of change on callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeLevel {
    /// Callers break.
    Breaking,
    /// Requests that were valid still are, but may have another effect.
    Warning,
    /// Callers keep working.
    Compatible,
}

/// The settings of one environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentSettings {
    /// Confirm each change; without a terminal, require `--yes`.
    #[serde(default)]
    pub protected: bool,
    /// Policy for publishing with a mock backend.
    #[serde(default)]
    pub mock: PolicyMode,
    /// Policy for a change that breaks callers of the live release, other than by a rollback or an undo.
    #[serde(default)]
    pub breaking: PolicyMode,
    /// Policy for a rollback or an undo that breaks callers; by default it warns if `breaking` warns or denies.
    #[serde(default)]
    pub breaking_rollback: Option<PolicyMode>,
    /// Treatment of the removal of a deprecated part after its `x-sunset` date.
    #[serde(default)]
    pub sunset: SunsetPolicy,
    /// The environment in which a version must be, or have been, live with the same kind of backend before it can be
    /// published here.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub promote_from: Option<EnvironmentName>,
    /// Values of `${NAME}` in backend addresses.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// The documents for callers; by default those of `online` are official, and others are drafts.
    #[serde(default)]
    pub docs: Option<DocumentPolicy>,
    /// Sending requests from the pages of documents; by default where they are drafts.
    #[serde(default)]
    pub docs_try_it: Option<bool>,
    /// The nodes that follow a control plane, which `--wait` waits for.
    #[serde(default)]
    pub fleet: FleetSettings,
    /// The port at which callers reach the environment; by default that of the scheme.
    #[serde(default)]
    pub port: Option<NonZeroU16>,
    /// Callers reach the environment with TLS.
    #[serde(default)]
    pub https: Option<bool>,
}

/// The standing of an environment's documents for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DocumentPolicy {
    /// Published officially.
    Official,
    /// For those who test: marked as a draft, and left out by search engines.
    Draft,
    /// Not made.
    Off,
}

impl DocumentPolicy {
    /// Returns the word used in files and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Draft => "draft",
            Self::Off => "off",
        }
    }
}

/// The effect of an `x-sunset` date (RFC 8594).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SunsetPolicy {
    /// None: a removal breaks callers on any date.
    #[default]
    Ignore,
    /// A removal after the date is a warning.
    Allow,
}

/// The outcome of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PolicyMode {
    /// The change passes.
    #[default]
    Allow,
    /// The change passes with a warning.
    Warn,
    /// The change is refused.
    Deny,
}

/// The settings of a group, from `group.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSettings {
    /// The schema of the file, 1.
    pub schema: u32,
    /// The version of the working copy.
    #[schemars(with = "String")]
    pub version: Version,
    /// A one-line description of the group.
    #[serde(default)]
    pub description: Option<String>,
    /// The path of the OpenAPI definition below the group's folder; default: `openapi.yaml`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub definition: DefinitionPath,
    /// The prefix of the paths of all APIs.
    #[schemars(with = "String")]
    pub prefix: PathPrefix,
    /// Authentication of callers of a real backend.
    #[serde(default)]
    pub auth: Auth,
    /// The most requests that all callers together may make, by window, like `[100/second, 5000/minute]`.
    #[serde(default)]
    pub limits: RateLimits,
    /// The addresses that may call; by default all.
    #[serde(default)]
    pub ip_rules: GroupIpRules,
    /// The address of the default backend; `${NAME}` refers to a variable of the environment.
    #[serde(default)]
    pub backend: Option<String>,
    /// Custom domains, served in `online` only.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub domains: Vec<DomainName>,
    /// Validate requests against the definition; by default only requests to a mock are validated.
    #[serde(default)]
    pub validate_requests: Option<bool>,
    /// Validation of the responses of real backends against the definition.
    #[serde(default)]
    pub validate_responses: ResponseValidation,
    /// Settings of mock responses.
    #[serde(default)]
    pub mock: MockSettings,
    /// The maximum size of a request body, in KiB; default: the gateway's limit, which is [`USUAL_BODY_KIB`] unless it
    /// has another.
    #[serde(default)]
    pub max_body_kib: Option<u32>,
    /// Cross-origin access; by default none.
    #[serde(default)]
    pub cors: Option<Cors>,
    /// Settings for forwarding requests to a real backend.
    #[serde(default)]
    pub forwarding: Forwarding,
}

/// The treatment of responses of real backends that violate the definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponseValidation {
    /// Responses are not validated.
    #[default]
    Off,
    /// Violations are counted and logged in the access log.
    Log,
    /// Violations are also replaced by a problem response with the status 502.
    Fail,
}

/// Settings of mock responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MockSettings {
    /// Refuse requests without the credentials that the definition declares; the credentials themselves are not
    /// verified.
    #[serde(default)]
    pub check_security: bool,
}

impl EnvironmentSettings {
    /// Returns where callers reach the environment; `None` if nothing is said about it.
    #[must_use]
    pub fn origin(&self) -> Option<PublicOrigin> {
        let is_stated = self.port.is_some() || self.https.is_some();
        is_stated.then(|| PublicOrigin { https: self.https.unwrap_or_default(), port: self.port.map(NonZeroU16::get) })
    }

    /// Returns the policy for a rollback or an undo that breaks callers.
    #[must_use]
    pub const fn breaking_on_way_back(&self) -> PolicyMode {
        match (self.breaking_rollback, self.breaking) {
            (Some(policy), _) => policy,
            (None, PolicyMode::Allow) => PolicyMode::Allow,
            (None, PolicyMode::Warn | PolicyMode::Deny) => PolicyMode::Warn,
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

    /// Returns the environment with a given name or alias.
    #[must_use]
    pub fn environment_named(&self, text: &str) -> Option<EnvironmentName> {
        EnvironmentName::from_input(text).ok().filter(|name| self.environments().contains(name))
    }

    /// Returns the standing of an environment's documents.
    #[must_use]
    pub fn document_policy(&self, name: &EnvironmentName) -> DocumentPolicy {
        let usual = if name.has_custom_domains() { DocumentPolicy::Official } else { DocumentPolicy::Draft };
        self.environments.get(name).and_then(|settings| settings.docs).unwrap_or(usual)
    }

    /// Lists the environments that have documents, the official ones first: callers begin there.
    #[must_use]
    pub fn documented_environments(&self) -> Vec<EnvironmentName> {
        let mut shown = self.environments();
        shown.retain(|name| self.document_policy(name) != DocumentPolicy::Off);
        shown.sort_by_key(|name| self.document_policy(name) != DocumentPolicy::Official);
        shown
    }

    /// True if requests can be sent from the documents of an environment; never from documents that are off.
    #[must_use]
    pub fn document_try_it(&self, name: &EnvironmentName) -> bool {
        let policy = self.document_policy(name);
        let chosen = self.environments.get(name).and_then(|settings| settings.docs_try_it);
        policy != DocumentPolicy::Off && chosen.unwrap_or(policy == DocumentPolicy::Draft)
    }

    /// Returns the settings of an environment; the defaults if it has none.
    #[must_use]
    pub fn environment(&self, name: &EnvironmentName) -> EnvironmentSettings {
        self.environments.get(name).cloned().unwrap_or_default()
    }
}
