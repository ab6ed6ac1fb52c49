//! Rules over all groups together.

use std::collections::BTreeMap;

use super::Subject;
use super::rules::{self, finding};
use crate::model::{DomainName, Finding, PathPrefix, WorkspaceSettings};

pub(super) fn findings(subjects: &[Subject<'_>], settings: &WorkspaceSettings) -> Vec<Finding> {
    let mut findings = Vec::new();
    domains(subjects, settings, &mut findings);
    prefixes(subjects, &mut findings);
    findings
}

fn domains(subjects: &[Subject<'_>], settings: &WorkspaceSettings, findings: &mut Vec<Finding>) {
    let mut owners: BTreeMap<&DomainName, &Subject<'_>> = BTreeMap::new();
    let base = format!(".{}", settings.base_domain);
    for subject in subjects {
        for domain in &subject.settings.domains {
            let message = if domain.as_str().ends_with(&base) || *domain == settings.base_domain {
                format!(
                    "{domain} lies below the base domain {}, whose names are those of the groups",
                    settings.base_domain
                )
            } else if let Some(other) = owners.insert(domain, subject) {
                format!("{domain} is bound to {} as well", other.group)
            } else {
                continue;
            };
            let hint = "leave the domain to one group: remove it here or there";
            findings.push(finding(rules::DOMAIN_COLLISION, subject.place("domains"), message, hint));
        }
    }
}

fn prefixes(subjects: &[Subject<'_>], findings: &mut Vec<Finding>) {
    let mut owners: BTreeMap<&PathPrefix, &Subject<'_>> = BTreeMap::new();
    for subject in subjects {
        let prefix = &subject.settings.prefix;
        if let Some(other) = owners.insert(prefix, subject) {
            let message = format!("{} has the prefix {prefix} as well", other.group);
            let hint = format!("give it another: `apigw group set {} prefix=/…`", subject.group);
            findings.push(finding(rules::PREFIX_COLLISION, subject.place("prefix"), message, hint));
        }
    }
}
