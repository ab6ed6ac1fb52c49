//! Rules over the security requirements of the definition and the group's `auth`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::places::SettingsPlaces;
use super::rules::operations as rules;
use super::subject::CheckedGroup;
use crate::access::sigv4::SCHEMES;
use crate::definition::{Api, Definition, Node, NodeId, ParameterPlace, SecurityKind, SecurityScheme, Specification};
use crate::model::{Auth, Finding, Location, can_hold_key};

pub(super) fn findings(subject: &CheckedGroup<'_>, definition: &Definition, places: &SettingsPlaces) -> Vec<Finding> {
    let mut findings = Vec::new();
    let root = definition.document().root();
    let schemes = schemes(definition);
    let mut seen: HashSet<NodeId> = HashSet::new();
    let lists = definition.apis.iter().map(|api| definition.node(api.node)).chain(root);
    for list in lists.filter_map(|node| node.get("security")).filter(|list| seen.insert(list.id())) {
        for requirement in list.items() {
            for (name, scopes) in requirement.entries() {
                requirement_findings(definition, &schemes, requirement, (name, scopes), &mut findings);
            }
        }
    }
    findings.extend(uncovered(subject, definition, places));
    findings.extend(subject.settings.into_iter().flat_map(|settings| key_headers(&settings.auth, places)));
    findings
}

/// Finds the headers in which callers cannot send a subscription key.
fn key_headers(auth: &Auth, places: &SettingsPlaces) -> Vec<Finding> {
    let headers = auth.subscription.iter().flat_map(|subscription| &subscription.headers);
    let taken = headers.filter(|header| !can_hold_key(&header.to_ascii_lowercase()));
    let finding = |header: &String| {
        let message = format!("the header {header:?} cannot hold a subscription key: it has a meaning of its own");
        let hint = "name a header that only your callers write, like `x-api-key`";
        rules::KEY_HEADER.finding(places.value(&["auth", "subscription", "headers"]), message, hint)
    };
    taken.map(finding).collect()
}

fn requirement_findings(
    definition: &Definition,
    schemes: &HashMap<&str, DeclaredScheme<'_>>,
    requirement: Node<'_>,
    (name, scopes): (&str, Node<'_>),
    findings: &mut Vec<Finding>,
) {
    let Some(DeclaredScheme { kind, scopes: declared }) = schemes.get(name) else {
        // A scheme with a dangling reference is declared nevertheless.
        if !is_declared(definition, name) {
            let near = definition.security_schemes.iter().find(|scheme| scheme.name.eq_ignore_ascii_case(name));
            let hint = match near {
                Some(near) => format!("did you mean {:?}?", near.name),
                None => format!("declare it under `components.securitySchemes`, or remove {name:?} here"),
            };
            let message = format!("the security scheme {name:?} is not declared");
            findings.push(rules::SECURITY_UNDECLARED.finding(requirement.key_location(name), message, hint));
        }
        return;
    };
    for scope in scopes.items() {
        let Some(text) = scope.as_str() else { continue };
        let message = match (kind, declared) {
            (SecurityKind::OAuth2, Some(declared)) if !declared.contains(text) => {
                format!("no flow of the security scheme {name:?} declares the scope {text:?}")
            }
            (SecurityKind::ApiKey { .. } | SecurityKind::Http { .. }, _)
                if definition.specification == Specification::V3_0 =>
            {
                format!("the security scheme {name:?} has no scopes, and {text:?} is asked for")
            }
            _ => continue,
        };
        let hint = "declare the scope in a flow of an oauth2 scheme, or leave it out here";
        findings.push(rules::SECURITY_SCOPE.finding(scope.location(), message, hint));
    }
}

fn is_declared(definition: &Definition, name: &str) -> bool {
    let schemes = definition.document().root().and_then(|root| root.get("components"));
    let schemes = schemes.and_then(Node::resolve).and_then(|components| components.get("securitySchemes"));
    schemes.and_then(Node::resolve).is_some_and(|schemes| schemes.get(name).is_some())
}

/// A security scheme with the scopes that its flows declare; `None` if it has no flows.
struct DeclaredScheme<'d> {
    kind: &'d SecurityKind,
    scopes: Option<HashSet<&'d str>>,
}

fn schemes(definition: &Definition) -> HashMap<&str, DeclaredScheme<'_>> {
    let scopes = |scheme: &SecurityScheme| {
        let flows = definition.node(scheme.node).get("flows")?;
        let scopes = flows.entries().filter_map(|(_, flow)| flow.get("scopes")).flat_map(Node::entries);
        Some(scopes.map(|(scope, _)| scope).collect())
    };
    let schemes = definition.security_schemes.iter();
    schemes
        .map(|scheme| (scheme.name.as_str(), DeclaredScheme { kind: &scheme.kind, scopes: scopes(scheme) }))
        .collect()
}

/// Compares the security requirements of the definition with the group's `auth`.
fn uncovered(subject: &CheckedGroup<'_>, definition: &Definition, places: &SettingsPlaces) -> Vec<Finding> {
    // A mock enforces no authentication, so the rule applies only once the group has a backend.
    let Some(settings) = subject.settings.filter(|_| subject.has_backend) else { return Vec::new() };
    let (auth, place) = (&settings.auth, places.value(&["auth"]));
    if auth.is_none() {
        return unchecked(definition, place).into_iter().collect();
    }
    let schemes = definition.security_schemes.iter().filter(|scheme| is_taken(auth, scheme));
    let taken: HashSet<&str> = schemes.map(|scheme| scheme.name.as_str()).collect();
    let findings = [
        undeclared(auth, definition, &taken, place.clone()),
        untaken(auth, definition, &taken, place.clone()),
        anonymous(auth, definition, &taken, place),
    ];
    findings.into_iter().flatten().collect()
}

/// True if the gateway takes what a scheme says that callers show.
fn is_taken(auth: &Auth, scheme: &SecurityScheme) -> bool {
    match &scheme.kind {
        SecurityKind::ApiKey { place: ParameterPlace::Header, name } => {
            let is_key = |header: &String| header.eq_ignore_ascii_case(name);
            auth.signature.is_some() && name.eq_ignore_ascii_case("authorization")
                || auth.subscription.as_ref().is_some_and(|subscription| subscription.headers.iter().any(is_key))
        }
        kind if kind.is_token() => auth.token.is_some(),
        SecurityKind::Http { scheme } => {
            let is_signature = SCHEMES.iter().any(|known| known.name.eq_ignore_ascii_case(scheme));
            auth.signature.is_some() && is_signature
        }
        _ => false,
    }
}

fn is_declared_of(api: &Api, taken: &HashSet<&str>) -> bool {
    api.security.iter().flatten().any(|(name, _)| taken.contains(name.as_str()))
}

/// Finds what the definition asks callers for, where the gateway lets everybody through.
fn unchecked(definition: &Definition, place: Location) -> Option<Finding> {
    let names = asked(definition, |_| true)?;
    let message =
        format!("the definition asks callers for {names}, and `auth: none` lets every request through to the backend");
    let hint = "make sure that the backend checks it, then turn the rule off; or set `auth: signature`";
    Some(rules::SECURITY_UNCOVERED.finding(place, message, hint))
}

/// Lists the schemes that callers are asked for, each with the number of APIs; none where there are none.
fn asked(definition: &Definition, counts: impl Fn(&str) -> bool) -> Option<String> {
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for api in &definition.apis {
        // An empty requirement makes authentication optional (OpenAPI 3.1, section 4.8.30).
        if api.security.iter().any(Vec::is_empty) {
            continue;
        }
        let names = api.security.iter().flatten().map(|(name, _)| name.as_str());
        for name in names.filter(|name| counts(name)).collect::<HashSet<_>>() {
            *asked.entry(name).or_default() += 1;
        }
    }
    let names: Vec<String> = asked.iter().map(|(name, count)| format!("{name} ({})", apis(*count))).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Finds what the definition asks callers for and the gateway does not look at.
fn untaken(auth: &Auth, definition: &Definition, taken: &HashSet<&str>, place: Location) -> Option<Finding> {
    let names = asked(definition, |name| !taken.contains(name))?;
    let message = format!("the definition asks callers for {names}, and `auth: {auth}` does not check it");
    let hint = "make sure that the backend checks it, and turn the rule off; or change `auth`, or the definition";
    Some(rules::SECURITY_UNCOVERED.finding(place, message, hint))
}

/// Finds the APIs whose credentials the definition calls optional, and the gateway does not.
fn anonymous(auth: &Auth, definition: &Definition, taken: &HashSet<&str>, place: Location) -> Option<Finding> {
    let is_optional = |api: &&Api| is_declared_of(api, taken) && api.security.iter().any(Vec::is_empty);
    let optional: Vec<&Api> = definition.apis.iter().filter(is_optional).collect();
    let first = optional.first()?;
    let message = format!(
        "the definition lets callers of {}, like {}, in without credentials, and `auth: {auth}` refuses them",
        apis(optional.len()),
        first.name()
    );
    let hint = "remove the empty requirement `{}` from their `security`";
    Some(rules::SECURITY_UNCOVERED.finding(place, message, hint))
}

/// Finds the APIs of which the definition does not say what the gateway asks callers for.
fn undeclared(auth: &Auth, definition: &Definition, taken: &HashSet<&str>, place: Location) -> Option<Finding> {
    let silent: Vec<_> = definition.apis.iter().filter(|api| !is_declared_of(api, taken)).collect();
    let first = silent.first()?;
    let ways = [
        auth.signature.as_ref().map(|_| "to sign each request"),
        auth.subscription.as_ref().map(|_| "for a subscription key"),
        auth.token.as_ref().map(|_| "for a token"),
    ];
    let asks = ways.into_iter().flatten().collect::<Vec<_>>().join(" or ");
    let message = format!(
        "`auth: {auth}` asks callers {asks}, and the definition does not say so of {}, like {}",
        apis(silent.len()),
        first.name()
    );
    let hint = match (&auth.signature, &auth.subscription) {
        (None, None) => "declare a security scheme `{type: http, scheme: bearer}` and ask for it".to_owned(),
        (None, Some(subscription)) => {
            let header = subscription.first_header();
            format!("declare a security scheme `{{type: apiKey, in: header, name: {header}}}` and ask for it")
        }
        (Some(_), _) => {
            "declare a security scheme `{type: apiKey, in: header, name: Authorization}` and ask for it".to_owned()
        }
    };
    Some(rules::SECURITY_UNCOVERED.finding(place, message, hint))
}

fn apis(count: usize) -> String {
    format!("{count} API{}", if count == 1 { "" } else { "s" })
}
