//! Rules over `apigw.toml`.

use std::collections::{BTreeMap, BTreeSet};

use super::places::SettingsPlaces;
use super::rules::all_rules;
use super::rules::settings as rules;
use super::subject::WorkspaceOverview;
use crate::check::addresses::used_variables;
use crate::model::{EnvironmentName, Finding, GroupSettings, Hint, KeyKind, WorkspaceSettings, nearest};

/// The file that these rules check.
const FILE: &str = "apigw.toml";

pub(super) fn findings(overview: &WorkspaceOverview<'_>) -> Vec<Finding> {
    let places = SettingsPlaces::toml(FILE, overview.settings_text);
    let mut findings = unknown_rules(overview.settings, &places);
    findings.extend(circles(overview.settings, &places));
    findings.extend(misspelt_environments(overview, &places));
    findings.extend(unknown_group(overview, &places));
    findings.extend(unused_variables(overview, &places));
    findings.extend(empty_command(overview.settings, &places));
    findings.extend(repeated_requests(overview, &places));
    findings
}

/// Finds several gateways of which each accepts a signed request once.
fn repeated_requests(overview: &WorkspaceOverview<'_>, places: &SettingsPlaces) -> Option<Finding> {
    let gateways = overview.settings.access.gateways.get();
    let takes_signatures = |settings: &GroupSettings| settings.auth.takes(KeyKind::Signature);
    let signed = overview.subjects.iter().filter(|subject| subject.settings.is_some_and(takes_signatures));
    let groups: Vec<&str> = signed.map(|subject| subject.group.as_str()).collect();
    let (first, others) = groups.split_first().filter(|_| gateways > 1)?;
    let who = match others.len() {
        0 => format!("the group {first} takes signed requests"),
        more => format!("the group {first} and {more} more take signed requests"),
    };
    let message = format!("{who}, and each of the {gateways} gateways accepts the same one once");
    let hint = "let the gateways ask one authorizer, or turn the rule off where a repeated request does no harm";
    Some(rules::SIGNED_REQUEST_REPEATED.finding(places.value(&["access", "gateways"]), message, hint))
}

/// Finds a command for secrets without a program, which fetches none.
fn empty_command(settings: &WorkspaceSettings, places: &SettingsPlaces) -> Option<Finding> {
    const PATH: [&str; 2] = ["access", "secrets_command"];
    let is_empty = settings.access.secrets_command.is_empty() && places.has(&PATH);
    let message = "`secrets_command` names no program, and fetches no secret".to_owned();
    let hint = "write it like `secrets_command = [\"sops\", \"-d\", \"secrets.json\"]`, or remove it";
    is_empty.then(|| rules::SECRETS_COMMAND_EMPTY.finding(places.value(&PATH), message, hint))
}

fn unknown_rules(settings: &WorkspaceSettings, places: &SettingsPlaces) -> Vec<Finding> {
    let rules = all_rules();
    let unknown = settings.rules.keys().filter(|name| !rules.iter().any(|rule| rule.name == name.as_str()));
    let finding = |name: &String| {
        let hint = match nearest(name, rules.iter().map(|rule| rule.name)) {
            Some(near) => Hint::Text(format!("did you mean {near:?}?")),
            None => Hint::ListRules,
        };
        rules::UNKNOWN_RULE.finding(places.key(&["rules", name]), format!("there is no rule {name:?}"), hint)
    };
    unknown.map(finding).collect()
}

/// Finds cycles of `promote_from`, with one finding for each cycle.
fn circles(settings: &WorkspaceSettings, places: &SettingsPlaces) -> Vec<Finding> {
    let sources: BTreeMap<&EnvironmentName, &EnvironmentName> =
        settings.environments.iter().filter_map(|(name, known)| Some((name, known.promote_from.as_ref()?))).collect();
    let mut settled: BTreeSet<&EnvironmentName> = BTreeSet::new();
    let mut findings = Vec::new();
    for start in sources.keys() {
        let mut chain: Vec<&EnvironmentName> = Vec::new();
        let mut at = *start;
        while let (false, Some(source)) = (settled.contains(at) || chain.contains(&at), sources.get(at)) {
            chain.push(at);
            at = source;
        }
        if let Some(from) = chain.iter().position(|name| *name == at) {
            let circle: Vec<&str> = chain.iter().skip(from).chain([&at]).map(|name| name.as_str()).collect();
            let message = format!("`promote_from` leads in a circle: {}", circle.join(" from "));
            let place = places.value(&["environments", at.as_str(), "promote_from"]);
            let hint = "let one of them have no `promote_from`, so that something can be published there";
            findings.push(rules::PROMOTION_CIRCLE.finding(place, message, hint));
        }
        settled.extend(chain);
    }
    findings
}

/// Finds declared environments whose name is almost that of a built-in one, and that nothing else names.
fn misspelt_environments(overview: &WorkspaceOverview<'_>, places: &SettingsPlaces) -> Vec<Finding> {
    let environments = &overview.settings.environments;
    let is_used = |name: &EnvironmentName| {
        let is_source = environments.values().any(|settings| settings.promote_from.as_ref() == Some(name));
        is_source || overview.live.is_none_or(|live| live.iter().any(|live| live.environment == *name))
    };
    let finding = |name: &EnvironmentName| {
        let near = EnvironmentName::misspelt(name.as_str())?;
        let message = format!("{name} is declared as an environment of its own, in which nothing is live");
        let place = places.key(&["environments", name.as_str()]);
        Some(rules::MISSPELT_ENVIRONMENT.finding(place, message, Hint::Text(format!("did you mean {near:?}?"))))
    };
    environments.keys().filter(|name| !is_used(name)).filter_map(finding).collect()
}

fn unknown_group(overview: &WorkspaceOverview<'_>, places: &SettingsPlaces) -> Option<Finding> {
    let name = overview.settings.default_group.as_ref()?;
    if overview.subjects.iter().any(|subject| subject.group == name) {
        return None;
    }
    let hint = match nearest(name.as_str(), overview.subjects.iter().map(|subject| subject.group.as_str())) {
        Some(near) => Hint::Text(format!("did you mean {near:?}?")),
        None => Hint::CreateGroup { group: name.clone() },
    };
    let message = format!("there is no group {name}");
    Some(rules::UNKNOWN_GROUP.finding(places.value(&["default_group"]), message, hint))
}

fn unused_variables(overview: &WorkspaceOverview<'_>, places: &SettingsPlaces) -> Vec<Finding> {
    // A group with unreadable settings may use any variable.
    let known: Option<Vec<_>> = overview.subjects.iter().map(|subject| subject.settings).collect();
    let Some(known) = known else { return Vec::new() };
    let used: BTreeSet<&str> = known.into_iter().flat_map(used_variables).collect();
    let mut findings = Vec::new();
    for (environment, settings) in &overview.settings.environments {
        for name in settings.variables.keys().filter(|name| !used.contains(name.as_str())) {
            let message = format!("no group uses the variable {name:?} of {environment}");
            let hint = match nearest(name, used.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "remove it, once no version that is live uses it".to_owned(),
            };
            let place = places.key(&["environments", environment.as_str(), "variables", name]);
            findings.push(rules::VARIABLE_UNUSED.finding(place, message, hint));
        }
    }
    findings
}
