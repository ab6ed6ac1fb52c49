//! Compares the security schemes of two definitions, and the requirements of each API.

use std::collections::BTreeSet;

use super::comparer::{ApiReport, Comparer, field_place};
use super::excerpt;
use super::kinds;
use super::output::RawChange;
use crate::definition::{Api, Definition, Node, ParameterPlace, SecurityKind, SecurityRequirement, SecurityScheme};
use crate::model::Location;

/// Compares the schemes that both sides name.
pub(super) fn schemes(comparer: &mut Comparer<'_>, report: &mut ApiReport) {
    let (before, after) = (comparer.before, comparer.after);
    for old in &before.security_schemes {
        let Some(new) = after.security_schemes.iter().find(|new| new.name == old.name) else { continue };
        let (was, is) = (before.node(old.node), after.node(new.node));
        let places = (Some(was.location()), Some(is.location()));
        let path = format!("security scheme {}", old.name);
        let (identity, other) = (identity(old), identity(new));
        if identity != other {
            let message = format!("the scheme was {identity} and is {other}");
            report.add(&path, RawChange::new(kinds::SECURITY_SCHEME_CHANGED, message).at(places.0, places.1));
            continue;
        }
        let flows = |node: Node<'_>| -> BTreeSet<String> {
            let names = node.get("flows").into_iter().flat_map(Node::entries).map(|(name, _)| name);
            names.filter(|name| !name.starts_with("x-")).map(str::to_owned).collect()
        };
        for flow in flows(was).difference(&flows(is)) {
            let message = format!("the flow {} is gone", excerpt::quoted(flow));
            let found = RawChange::new(kinds::SECURITY_FLOW_REMOVED, message);
            report.add(&path, found.at(field_place(was, "flows"), field_place(is, "flows")));
        }
        for scope in offered_scopes(was).difference(&offered_scopes(is)) {
            if is_required(after, &new.name, scope) {
                let message =
                    format!("the scope {}, which an API requires, is no longer offered", excerpt::quoted(scope));
                let found = RawChange::new(kinds::SECURITY_SCOPE_WITHDRAWN, message);
                report.add(&path, found.at(field_place(was, "flows"), field_place(is, "flows")));
            }
        }
        for field in ["flows", "openIdConnectUrl", "bearerFormat"] {
            if let Some(change) = comparer.change(field, was.get(field), is.get(field)) {
                let found = RawChange::of_field(kinds::SECURITY_SCHEME_UPDATED, change);
                report.add(&path, found.at(field_place(was, field), field_place(is, field)));
            }
        }
        for found in comparer.describe(&["description"], was, is) {
            report.add(&path, found);
        }
    }
}

/// Lists the scopes that the flows of a scheme offer.
fn offered_scopes(scheme: Node<'_>) -> BTreeSet<&str> {
    let flows = scheme.get("flows").into_iter().flat_map(Node::entries);
    flows.filter_map(|(_, flow)| flow.get("scopes")).flat_map(Node::entries).map(|(scope, _)| scope).collect()
}

fn is_required(definition: &Definition, scheme: &str, scope: &str) -> bool {
    let mut requirements = definition.apis.iter().flat_map(|api| &api.security);
    requirements.any(|requirement| {
        requirement.iter().any(|(name, scopes)| name == scheme && scopes.iter().any(|known| known == scope))
    })
}

/// Describes the demands of a scheme: two with the same description are one, whatever their names.
fn identity(scheme: &SecurityScheme) -> String {
    match &scheme.kind {
        SecurityKind::ApiKey { place, name } if *place == ParameterPlace::Header => {
            format!("a key in the header {}", name.to_ascii_lowercase())
        }
        SecurityKind::ApiKey { place, name } => format!("a key in the {} parameter {name}", place.as_str()),
        SecurityKind::Http { scheme } => format!("HTTP {scheme}"),
        SecurityKind::OAuth2 => format!("OAuth 2.0 as {}", scheme.name),
        SecurityKind::OpenIdConnect => format!("OpenID Connect as {}", scheme.name),
        SecurityKind::MutualTls => "a client certificate".to_owned(),
        SecurityKind::Unknown => format!("the scheme {}", scheme.name),
    }
}

/// A requirement: its schemes, each with its scopes.
type Needs = BTreeSet<(String, BTreeSet<String>)>;

pub(super) fn requirements(comparer: &mut Comparer<'_>, before: &Api, after: &Api, report: &mut ApiReport) {
    let (old, new) = (all_needs(comparer.before, before), all_needs(comparer.after, after));
    let places = (place(comparer.before, before), place(comparer.after, after));
    let mut add = |kind, message: String| {
        report.add("security", RawChange::new(kind, message).at(Some(places.0.clone()), Some(places.1.clone())));
    };
    let is_free = |all: &[Needs]| all.is_empty() || all.iter().any(BTreeSet::is_empty);
    match (is_free(&old), is_free(&new)) {
        (true, true) => return,
        (true, false) => {
            let ways: Vec<String> = new.iter().map(shown).collect();
            return add(kinds::SECURITY_REQUIRED, format!("nothing was required, now {}", ways.join(", or ")));
        }
        (false, true) => return add(kinds::SECURITY_LIFTED, "nothing is required any longer".to_owned()),
        (false, false) => {}
    }
    let mut explained: Vec<&Needs> = Vec::new();
    for was in &old {
        if new.contains(was) {
            continue;
        }
        let same_schemes = new.iter().find(|is| schemes_of(is) == schemes_of(was) && !old.contains(is));
        let Some(is) = same_schemes else {
            if !new.iter().any(|is| satisfies(was, is)) {
                add(kinds::SECURITY_ALTERNATIVE_REMOVED, format!("{} is no longer accepted", shown(was)));
            }
            continue;
        };
        explained.push(is);
        let (scopes, other) = (scopes_of(was), scopes_of(is));
        for (scheme, scope) in other.difference(&scopes) {
            add(kinds::SECURITY_SCOPE_ADDED, format!("{scheme} now needs the scope {scope:?}"));
        }
        for (scheme, scope) in scopes.difference(&other) {
            add(kinds::SECURITY_SCOPE_REMOVED, format!("{scheme} no longer needs the scope {scope:?}"));
        }
    }
    for is in new.iter().filter(|is| !old.contains(is) && !explained.contains(is)) {
        add(kinds::SECURITY_ALTERNATIVE_ADDED, format!("{} suffices", shown(is)));
    }
}

fn all_needs(definition: &Definition, api: &Api) -> Vec<Needs> {
    api.security.iter().map(|requirement| needs(definition, requirement)).collect()
}

fn needs(definition: &Definition, requirement: &SecurityRequirement) -> Needs {
    let named = |name: &str| definition.security_schemes.iter().find(|scheme| scheme.name == name);
    let identity_of = |name: &str| named(name).map_or_else(|| format!("the scheme {name}"), identity);
    requirement.iter().map(|(name, scopes)| (identity_of(name), scopes.iter().cloned().collect())).collect()
}

/// True if a caller who satisfies one requirement satisfies another.
fn satisfies(held: &Needs, asked: &Needs) -> bool {
    asked.iter().all(|(scheme, scopes)| {
        held.iter().any(|(other, others)| other == scheme && scopes.iter().all(|scope| others.contains(scope)))
    })
}

fn schemes_of(needs: &Needs) -> BTreeSet<&str> {
    needs.iter().map(|(scheme, _)| scheme.as_str()).collect()
}

fn scopes_of(needs: &Needs) -> BTreeSet<(&str, &str)> {
    needs
        .iter()
        .flat_map(|(scheme, scopes)| scopes.iter().map(move |scope| (scheme.as_str(), scope.as_str())))
        .collect()
}

fn shown(needs: &Needs) -> String {
    let one = |(scheme, scopes): &(String, BTreeSet<String>)| {
        if scopes.is_empty() {
            scheme.clone()
        } else {
            format!("{scheme} ({})", scopes.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        }
    };
    needs.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// Returns the location of an API's requirements: its own, else those of the whole definition.
fn place(definition: &Definition, api: &Api) -> Location {
    let own = Some(definition.node(api.node)).filter(|node| node.get("security").is_some());
    let root = || definition.document().root().filter(|root| root.get("security").is_some());
    own.or_else(root).map_or_else(|| api.location.clone(), |node: Node<'_>| node.key_location("security"))
}
