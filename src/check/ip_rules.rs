//! Rules over `ip_rules` in `group.yaml`.

use super::places::SettingsPlaces;
use super::rules::settings as rules;
use super::subject::CheckedGroup;
use crate::model::{EnvironmentName, Finding, WorkspaceSettings, nearest};

pub(super) fn findings(
    subject: &CheckedGroup<'_>,
    settings: &WorkspaceSettings,
    places: &SettingsPlaces,
) -> Vec<Finding> {
    let Some(group) = subject.settings else { return Vec::new() };
    let known = settings.environments();
    let mut findings = Vec::new();
    findings.extend(empty_allow(&["ip_rules"], group.ip_rules.allow.is_empty(), places));
    for (name, rules) in &group.ip_rules.environments {
        let path = ["ip_rules", "environments", name.as_str()];
        if !known.contains(name) {
            findings.push(unknown_environment(name, &known, &path, places));
        }
        findings.extend(empty_allow(&path, rules.allow.is_empty(), places));
    }
    findings
}

fn unknown_environment(
    name: &EnvironmentName,
    known: &[EnvironmentName],
    path: &[&str],
    places: &SettingsPlaces,
) -> Finding {
    let names = || known.iter().map(EnvironmentName::as_str);
    let hint = match nearest(name.as_str(), names()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("there are {}; declare others in apigw.toml", names().collect::<Vec<_>>().join(", ")),
    };
    let message = format!("there is no environment {:?}: these rules would count nowhere", name.as_str());
    rules::UNKNOWN_ENVIRONMENT.finding(places.key(path), message, hint)
}

/// Finds a list of nobody, which lets everybody in.
fn empty_allow(path: &[&str], is_empty: bool, places: &SettingsPlaces) -> Option<Finding> {
    let path = [path, &["allow"]].concat();
    if !is_empty || !places.has(&path) {
        return None;
    }
    let message = "`allow` lists nobody, and lets every address in that `deny` does not name".to_owned();
    let hint = "remove it to let all in, or deny all with `deny: [0.0.0.0/0, \"::/0\"]`";
    Some(rules::IP_RULES_EMPTY.finding(places.value(&path), message, hint))
}
