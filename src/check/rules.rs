//! The rules that `check` adds to those of reading a definition, and the levels that settings give them.

use crate::definition::{RULES, Rule};
use crate::model::{Finding, Location, Severity, WorkspaceSettings};

/// A group has APIs.
pub(super) const NO_API: Rule = Rule {
    name: "no-api",
    severity: Severity::Error,
    explanation: "A group without APIs answers nothing, so publishing it is a mistake. Add one with \
                  `apigw api add`, or import a definition with `apigw group import`.",
};
/// Every API has a constant result.
pub const NO_RESULT: Rule = Rule {
    name: "constant-result-missing",
    severity: Severity::Warning,
    explanation: "A mock publish answers with the constant result of the definition: `x-apigw-mock`, an example, or \
                  a value built from a schema. An API that declares none of them answers with an empty response.",
};
/// A backend's address can be called.
pub(super) const BACKEND_ADDRESS: Rule = Rule {
    name: "backend-address",
    severity: Severity::Error,
    explanation: "The backend of a group is an absolute http or https address, without user name, password, query or \
                  fragment. `${NAME}` stands for a variable of the environment, declared in apigw.toml under \
                  `[environments.<name>.variables]`.",
};
/// A custom domain belongs to one group.
pub(super) const DOMAIN_COLLISION: Rule = Rule {
    name: "domain-collision",
    severity: Severity::Error,
    explanation: "A request to a custom domain must reach one group. Bind each domain to one group only, and none \
                  below the base domain of the workspace, whose names are those of the groups.",
};
/// Groups that are reached by one host differ in their prefix.
pub(super) const PREFIX_COLLISION: Rule = Rule {
    name: "prefix-collision",
    severity: Severity::Warning,
    explanation: "Each group has a host name of its own, so two groups may have one prefix. On a loopback host, where \
                  `apigw serve` tells groups apart by their prefix, only one of them can be reached.",
};

const OWN: [Rule; 5] = [NO_API, NO_RESULT, BACKEND_ADDRESS, DOMAIN_COLLISION, PREFIX_COLLISION];

/// Lists every rule, sorted by name.
#[must_use]
pub fn all_rules() -> Vec<Rule> {
    let mut rules: Vec<Rule> = RULES.iter().copied().chain(OWN).collect();
    rules.sort_unstable_by_key(|rule| rule.name);
    rules
}

/// Lists the rules that settings name and that do not exist.
#[must_use]
pub fn unknown_rules(settings: &WorkspaceSettings) -> Vec<&str> {
    let rules = all_rules();
    let unknown = settings.rules.keys().filter(|name| !rules.iter().any(|rule| rule.name == name.as_str()));
    unknown.map(String::as_str).collect()
}

pub(super) fn finding(rule: Rule, location: Location, message: String, hint: impl Into<String>) -> Finding {
    Finding { rule: rule.name, severity: rule.severity, message, location, hint: hint.into() }
}

/// Gives each finding the severity that the settings give its rule, and drops those that are off.
pub(super) fn apply_levels(findings: Vec<Finding>, settings: &WorkspaceSettings) -> Vec<Finding> {
    let level = |mut finding: Finding| match settings.rules.get(finding.rule) {
        None => Some(finding),
        Some(level) => {
            finding.severity = level.severity()?;
            Some(finding)
        }
    };
    findings.into_iter().filter_map(level).collect()
}
