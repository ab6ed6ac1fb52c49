//! Rules over the routes of all groups on a shared host.
//!
//! A group's own host names lead to that group alone, and a custom domain belongs to one group. On a loopback host the
//! groups of one environment share a host: the gateway tries groups in the order of the longest prefix, then by name,
//! and takes the first that has the path, whatever the method.

use std::cell::OnceCell;

use super::rules::operations::ROUTE_SHADOWED;
use super::subject::CheckedGroup;
use crate::definition::template_index::{MOST_STEPS, Template, TemplateIndex, TemplateSegment, template};
use crate::definition::{Api, Definition};
use crate::model::{Finding, Hint};

pub(super) fn findings(subjects: &[CheckedGroup<'_>]) -> Vec<Finding> {
    let groups: Vec<CheckedRoutes<'_>> = subjects.iter().filter_map(CheckedRoutes::of).collect();
    let mut findings = Vec::new();
    for hidden in &groups {
        for before in &groups {
            let is_before = before.prefix.len() > hidden.prefix.len()
                || before.prefix.len() == hidden.prefix.len() && before.subject.group < hidden.subject.group;
            if is_before && before.prefix.starts_with(&hidden.prefix) {
                findings.extend(shadowed(hidden, before));
            }
        }
    }
    findings
}

/// The routes of a group, computed when they are first compared with another group's.
struct CheckedRoutes<'a> {
    subject: &'a CheckedGroup<'a>,
    definition: &'a Definition,
    prefix: Template,
    list: OnceCell<Vec<CheckedRoute<'a>>>,
    by_path: OnceCell<TemplateIndex>,
}

struct CheckedRoute<'a> {
    api: &'a Api,
    template: Template,
    open: bool,
}

impl<'a> CheckedRoutes<'a> {
    fn of(subject: &'a CheckedGroup<'a>) -> Option<Self> {
        let (settings, definition) = (subject.settings?, subject.definition?);
        let prefix = settings.prefix.before_path();
        let prefix = prefix.split('/').skip(1).map(TemplateSegment::text).collect();
        Some(Self { subject, definition, prefix, list: OnceCell::new(), by_path: OnceCell::new() })
    }

    fn list(&self) -> &[CheckedRoute<'a>] {
        let definition = self.definition;
        let route = |api: &'a Api| {
            let open = api.route.as_ref().ok()?.is_prefix;
            Some(CheckedRoute { api, template: template(&api.path), open })
        };
        self.list.get_or_init(|| definition.apis.iter().filter_map(route).collect())
    }

    fn by_path(&self) -> &TemplateIndex {
        self.by_path.get_or_init(|| {
            let mut by_path = TemplateIndex::new();
            for (number, route) in self.list().iter().enumerate() {
                by_path.add(&route.template, number, route.open);
            }
            by_path
        })
    }
}

/// Reports that two groups have too many routes to compare all of them.
fn unsearched(api: &Api, hidden: &CheckedRoutes<'_>, before: &CheckedRoutes<'_>) -> Finding {
    let message = format!(
        "{} and the APIs of {} after it are not compared with those of {}: comparing took {MOST_STEPS} steps",
        api.name(),
        hidden.subject.group,
        before.subject.group
    );
    ROUTE_SHADOWED.finding(api.location.clone(), message, "split the definitions into more groups")
}

/// Finds APIs of one group that another group shadows completely, with one finding for all of them.
fn shadowed(hidden: &CheckedRoutes<'_>, before: &CheckedRoutes<'_>) -> Vec<Finding> {
    let Some(beyond) = before.prefix.get(hidden.prefix.len()..) else { return Vec::new() };
    let mut found: Vec<(&Api, &Api)> = Vec::new();
    let mut findings = Vec::new();
    let mut left = MOST_STEPS;
    for route in hidden.list() {
        let Some(rest) = route.template.strip_prefix(beyond) else { continue };
        // A request for the group's prefix alone matches its path "/".
        let root = [TemplateSegment::text("")];
        let rest = if rest.is_empty() { &root[..] } else { rest };
        let by = before.by_path().covering(rest, route.open, &mut left).and_then(|by| before.list().get(by));
        found.extend(by.map(|by| (route.api, by.api)));
        if left == 0 {
            findings.push(unsearched(route.api, hidden, before));
            break;
        }
    }
    let Some((api, by)) = found.first() else { return findings };
    let others = if found.len() > 1 { format!(", and {} more alike", found.len() - 1) } else { String::new() };
    let group = before.subject.group;
    let message = format!(
        "on a loopback host, every request for {} is answered by {group} first, with {:?}{others}",
        api.name(),
        by.path
    );
    let hint = Hint::SetPrefix { group: group.clone() };
    findings.push(ROUTE_SHADOWED.finding(api.location.clone(), message, hint));
    findings
}
