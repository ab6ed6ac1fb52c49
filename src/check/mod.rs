//! Rules over a workspace: all findings, each with its location and a hint.
//!
//! [`group`] checks one group as it could be published, [`workspace`] all of them together and `apigw.toml`. Each
//! finding names its rule; `apigw.toml` can set a rule to error, warning or off. `rules/` has the documentation of each
//! rule; the other files here implement them:
//!
//! - `specification/`: the definition against the OpenAPI Specification, object by object
//! - `operations`, `extensions`, `paths`, `path_values`, `security`: the APIs of a group
//! - `addresses`, `forwarding`, `body_limit`: backend addresses and their variables, the other settings of a group
//! - `across`, `routes`: conflicts between groups
//! - `ip_rules`: addresses from which a group may be called
//! - `environments`: `apigw.toml`
//! - `places`: locations of values in a settings file
//! - `subject`: what the rules look at

mod across;
mod addresses;
mod body_limit;
mod environments;
mod extensions;
mod forwarding;
mod ip_rules;
mod links;
mod operations;
mod path_values;
mod paths;
pub(crate) mod places;
mod routes;
pub(crate) mod rules;
mod security;
mod specification;
mod subject;

use std::collections::HashSet;

use crate::definition::Definition;
use crate::definition::rules::{CONSTANT_RESULT, MOCK_FIELD, MOCK_MISMATCH};
use crate::model::{Finding, Findings, GroupName, Location, Severity, WorkspaceSettings, apply_levels};
use rules::operations::{NO_RESULT, SECURITY_UNCOVERED};
use rules::settings::{SIGNING_KEY, TLS_FILE_MISSING, VARIABLE_UNDECLARED, VARIABLE_UNKNOWN};

pub use addresses::address_error;
pub use rules::{
    FOLDER_LOCK, GRANT_API_GONE, KEY_FILE_NAME, PRIVATE_KEY, REVOCATION_MISSING, REVOCATIONS_UNREAD, SECRET_LEAKED,
    SECRET_MISSING, SECRET_REUSED, SHALLOW_CLONE, SINGLE_BRANCH_CLONE, THIRD_SECRET, all_rules, can_be_set,
};
pub use subject::{CheckedGroup, LiveGroup, SigningKeyFault, WorkspaceOverview};

/// True if findings of a rule matter for a release with a mock, or with a real backend.
#[must_use]
pub fn concerns_release(rule: &str, is_mock: bool) -> bool {
    const MOCKS: [&str; 4] = [NO_RESULT.name, CONSTANT_RESULT.name, MOCK_MISMATCH.name, MOCK_FIELD.name];
    const BACKENDS: [&str; 4] =
        [VARIABLE_UNKNOWN.name, TLS_FILE_MISSING.name, SECURITY_UNCOVERED.name, SIGNING_KEY.name];
    // A release is refused if its own environment lacks the variable; the other environments do not affect it.
    let is_elsewhere = rule == VARIABLE_UNDECLARED.name;
    let others = if is_mock { &BACKENDS[..] } else { &MOCKS[..] };
    !is_elsewhere && !others.contains(&rule)
}

/// Checks one group by itself.
#[must_use]
pub fn group(subject: &CheckedGroup<'_>, settings: &WorkspaceSettings) -> Vec<Finding> {
    let places = subject.places();
    let mut findings = subject.reading.to_vec();
    if let Some(definition) = subject.definition {
        // A finding of the reader at the same location is more precise than one of the specification's rules.
        let read: HashSet<&Location> = subject.reading.iter().map(|finding| &finding.location).collect();
        let mut specification = specification::findings(definition);
        specification.retain(|finding| !read.contains(&finding.location));
        findings.append(&mut specification);
        let mut of_apis = Findings::default();
        of_apis.extend(operations::findings(subject, definition));
        of_apis.extend(extensions::findings(definition));
        of_apis.extend(paths::findings(definition));
        of_apis.extend(path_values::findings(subject, definition));
        of_apis.extend(security::findings(subject, definition, &places));
        findings.append(&mut of_apis.into_vec());
    }
    findings.extend(addresses::findings(subject, settings, &places));
    findings.extend(forwarding::findings(subject, &places));
    findings.extend(ip_rules::findings(subject, settings, &places));
    findings.extend(body_limit::finding(subject, &places));
    sorted(apply_levels(&settings.rules, findings))
}

/// Checks a definition that is no group's yet; returns the errors.
#[must_use]
pub fn errors(name: &GroupName, definition: &Definition, settings: &WorkspaceSettings) -> Vec<Finding> {
    let subject = CheckedGroup {
        group: name,
        settings: None,
        settings_text: &[],
        definition: Some(definition),
        reading: &[],
        missing_secrets: &[],
        signing_fault: None,
        has_backend: false,
    };
    group(&subject, settings).into_iter().filter(|finding| finding.severity == Severity::Error).collect()
}

/// Checks all groups, each by itself and all together, and the settings of the workspace.
#[must_use]
pub fn workspace(overview: &WorkspaceOverview<'_>) -> Vec<Finding> {
    let WorkspaceOverview { settings, subjects, .. } = overview;
    let mut findings: Vec<Finding> = subjects.iter().flat_map(|subject| group(subject, settings)).collect();
    let mut together = across::findings(overview);
    together.extend(routes::findings(subjects));
    together.extend(environments::findings(overview));
    findings.extend(apply_levels(&settings.rules, together));
    sorted(findings)
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|one, other| {
        (&one.location, one.rule, &one.message).cmp(&(&other.location, other.rule, &other.message))
    });
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests;
