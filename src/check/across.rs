//! Rules over the domains and prefixes of all groups together.

use std::collections::BTreeMap;

use super::rules::settings as rules;
use super::subject::{CheckedGroup, LiveGroup, WorkspaceOverview};
use crate::model::{DomainName, EnvironmentName, Finding, Hint, PathPrefix, WorkspaceSettings};

pub(super) fn findings(overview: &WorkspaceOverview<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    domains(overview.subjects, overview.settings, &mut findings);
    prefixes(overview.subjects, &mut findings);
    if let Some(live) = overview.live {
        findings.extend(overview.subjects.iter().filter_map(|subject| not_live(subject, live)));
    }
    findings
}

fn domains(subjects: &[CheckedGroup<'_>], settings: &WorkspaceSettings, findings: &mut Vec<Finding>) {
    let mut owners: BTreeMap<&DomainName, &CheckedGroup<'_>> = BTreeMap::new();
    let base = format!(".{}", settings.base_domain);
    for subject in subjects {
        let places = subject.places();
        let list = subject.settings.into_iter().flat_map(|settings| &settings.domains);
        for (index, domain) in list.enumerate() {
            let (message, hint) = if domain.as_str().ends_with(&base) || *domain == settings.base_domain {
                let base = &settings.base_domain;
                let message =
                    format!("{domain} lies below the base domain {base}, whose names are those of the groups");
                (message, "remove it: each group has a name there of its own")
            } else {
                match owners.insert(domain, subject) {
                    Some(other) if other.group == subject.group => {
                        (format!("{domain} is given twice in this list"), "remove one of the two")
                    }
                    Some(other) => (
                        format!("{domain} is bound to {} as well", other.group),
                        "leave the domain to one group: remove it here or there",
                    ),
                    None => continue,
                }
            };
            let place = places.value(&["domains", &index.to_string()]);
            findings.push(rules::DOMAIN_COLLISION.finding(place, message, hint));
        }
    }
}

fn prefixes(subjects: &[CheckedGroup<'_>], findings: &mut Vec<Finding>) {
    let mut owners: BTreeMap<&PathPrefix, &CheckedGroup<'_>> = BTreeMap::new();
    for subject in subjects {
        let Some(settings) = subject.settings else { continue };
        let prefix = &settings.prefix;
        if let Some(other) = owners.get(prefix) {
            let message = format!("{} has the prefix {prefix} as well", other.group);
            let hint = Hint::SetPrefix { group: subject.group.clone() };
            let place = subject.places().value(&["prefix"]);
            findings.push(rules::PREFIX_COLLISION.finding(place, message, hint));
        } else {
            owners.insert(prefix, subject);
        }
    }
}

fn not_live(subject: &CheckedGroup<'_>, live: &[LiveGroup]) -> Option<Finding> {
    let first = subject.settings?.domains.first()?;
    if live.iter().any(|live| live.group == *subject.group && live.environment.has_custom_domains()) {
        return None;
    }
    let environment = EnvironmentName::WITH_CUSTOM_DOMAINS;
    let message = format!("{} is not live in {environment}, so {first} answers nothing", subject.group);
    let has_backend = subject.settings?.backend.is_some();
    let hint = Hint::PublishForDomains { group: subject.group.clone(), has_backend };
    Some(rules::DOMAIN_NOT_LIVE.finding(subject.places().key(&["domains"]), message, hint))
}
