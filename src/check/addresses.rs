//! Rules over the addresses of backends, and the variables in them.

use std::collections::BTreeSet;

use super::places::SettingsPlaces;
use super::rules::settings as rules;
use super::subject::CheckedGroup;
use crate::model::{EnvironmentName, Finding, GroupSettings, Hint, HttpUrl, Location, WorkspaceSettings, variables_of};

pub(super) fn findings(
    subject: &CheckedGroup<'_>,
    workspace: &WorkspaceSettings,
    places: &SettingsPlaces,
) -> Vec<Finding> {
    let Some(settings) = subject.settings else { return Vec::new() };
    let mut findings = Vec::new();
    for (path, text) in addresses(settings) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let place = || places.value(&path);
        match variables_of(text) {
            Err(error) => {
                let hint = "write a variable like ${NAME}";
                findings.push(rules::BACKEND_ADDRESS.finding(place(), error.to_string(), hint));
            }
            Ok(names) => {
                let names: BTreeSet<&str> = names.into_iter().collect();
                for name in &names {
                    findings.extend(undeclared(name, workspace, place));
                }
                findings.extend(malformed(text, &names, workspace, place));
            }
        }
    }
    findings.extend(unknown_apis(subject, settings, places));
    findings
}

/// Lists the variables used in a group's backend addresses.
pub(super) fn used_variables(settings: &GroupSettings) -> BTreeSet<&str> {
    addresses(settings).into_iter().filter_map(|(_, text)| variables_of(text).ok()).flatten().collect()
}

/// Lists the backend addresses of a group, each with its path in the settings.
fn addresses(settings: &GroupSettings) -> Vec<(Vec<String>, &str)> {
    let own = settings.backend.iter().map(|text| (vec!["backend".to_owned()], text.as_str()));
    let others = settings.forwarding.addresses().into_iter().map(|(mut path, text)| {
        path.insert(0, "forwarding".to_owned());
        (path, text)
    });
    own.chain(others).collect()
}

fn undeclared(name: &str, workspace: &WorkspaceSettings, place: impl Fn() -> Location) -> Option<Finding> {
    let environments = workspace.environments();
    let has = |environment: &&EnvironmentName| {
        workspace.environments.get(*environment).is_some_and(|settings| settings.variables.contains_key(name))
    };
    let lacking: Vec<&str> =
        environments.iter().filter(|environment| !has(environment)).map(EnvironmentName::as_str).collect();
    let first = lacking.first()?;
    let hint = format!("declare it in apigw.toml: `[environments.{first}.variables]`, then `{name} = \"…\"`");
    if lacking.len() == environments.len() {
        let message = format!("no environment declares the variable {name:?}");
        return Some(rules::VARIABLE_UNKNOWN.finding(place(), message, hint));
    }
    let message = format!("the variable {name:?} is not declared in {}", lacking.join(", "));
    Some(rules::VARIABLE_UNDECLARED.finding(place(), message, hint))
}

/// Returns the reason why a text is not the address of a backend, whatever values its variables have.
#[must_use]
pub fn address_error(text: &str) -> Option<String> {
    match variables_of(text) {
        Err(error) => Some(error.to_string()),
        Ok(names) => malformed_by_itself(text, &names.into_iter().collect()),
    }
}

/// Checks an address with placeholders in the place of its variables.
fn malformed_by_itself(text: &str, names: &BTreeSet<&str>) -> Option<String> {
    // A variable may hold the whole address or a part of it.
    let at_start = |name: &str| text.starts_with(&format!("${{{name}}}"));
    let stand_in = |name: &str| if at_start(name) { "http://variable" } else { "1" };
    let plain = names.iter().fold(text.to_owned(), |text, name| text.replace(&format!("${{{name}}}"), stand_in(name)));
    let error = plain.parse::<HttpUrl>().err()?;
    Some(if plain == text { error.to_string() } else { format!("{text:?} is not a backend's address") })
}

/// Checks an address with the variables of each environment that declares them all, and with placeholders in their
/// place.
fn malformed(
    text: &str,
    names: &BTreeSet<&str>,
    workspace: &WorkspaceSettings,
    place: impl Fn() -> Location,
) -> Option<Finding> {
    let hint = "write it like \"https://host:port/path\"";
    let finding = |message: String| Some(rules::BACKEND_ADDRESS.finding(place(), message, hint));
    if let Some(message) = malformed_by_itself(text, names) {
        return finding(message);
    }
    for (environment, settings) in workspace.environments.iter().filter(|_| !names.is_empty()) {
        let mut resolved = text.to_owned();
        if !names.iter().all(|name| settings.variables.contains_key(*name)) {
            continue;
        }
        for name in names {
            if let Some(value) = settings.variables.get(*name) {
                resolved = resolved.replace(&format!("${{{name}}}"), value);
            }
        }
        if resolved.parse::<HttpUrl>().is_err() {
            // The values may be secret, so the message shows the address as written.
            return finding(format!("with the variables of {environment}, {text:?} is not a backend's address"));
        }
    }
    None
}

fn unknown_apis(subject: &CheckedGroup<'_>, settings: &GroupSettings, places: &SettingsPlaces) -> Vec<Finding> {
    let Some(definition) = subject.definition else { return Vec::new() };
    let names: BTreeSet<String> = definition.apis.iter().map(crate::definition::Api::name).collect();
    let unknown = settings.forwarding.apis.keys().filter(|name| !names.contains(*name));
    let finding = |name: &String| {
        let near = names.iter().find(|known| known.eq_ignore_ascii_case(name));
        let hint = match near {
            Some(near) => Hint::Text(format!("did you mean {near:?}?")),
            None => Hint::ListApis { group: subject.group.clone() },
        };
        let message = format!("the definition of {} has no API {name:?}", subject.group);
        rules::UNKNOWN_API.finding(places.key(&["forwarding", "apis", name]), message, hint)
    };
    unknown.map(finding).collect()
}
