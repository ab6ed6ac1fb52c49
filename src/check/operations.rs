//! Rules over single APIs: their ids, responses and constant results.

use std::collections::HashMap;

use super::links;
use super::rules::operations as rules;
use super::subject::CheckedGroup;
use crate::definition::rules::EXAMPLE_MISMATCH;
use crate::definition::{Api, ApiResults, Definition, Node, StatusPattern};
use crate::model::{Finding, Hint, Location, Method};

pub(super) fn findings(subject: &CheckedGroup<'_>, definition: &Definition) -> Vec<Finding> {
    let mut findings = Vec::new();
    if definition.apis.iter().all(|api| api.route.is_err()) {
        findings.push(no_api(subject, definition));
    }
    findings.extend(ids(definition));
    findings.extend(links::findings(definition));
    for (api, results) in definition.apis.iter().zip(definition.try_results()) {
        findings.extend(success(definition, api, results.constant_status()));
        findings.extend(result(api, results));
        findings.extend(websocket(definition, api));
        findings.extend(unsigned_body(definition, api));
    }
    findings
}

fn no_api(subject: &CheckedGroup<'_>, definition: &Definition) -> Finding {
    let root = definition.document().root();
    let place = |field| root.filter(|root| root.get(field).is_some()).map(|root| root.key_location(field));
    let mut message = format!("the group {} has no API", subject.group);
    if let Some(Err(reason)) = definition.apis.first().map(|api| &api.route) {
        message = format!("{message} that can be served: of the first, {reason}");
    }
    let has_webhooks = root.and_then(|root| root.get("webhooks")).is_some_and(|list| list.entries().next().is_some());
    if has_webhooks {
        message.push_str(": a webhook is called by the API and not by its callers, and there is no path beside it");
    }
    let place = if has_webhooks { place("webhooks") } else { place("paths") };
    let place = place.unwrap_or_else(|| {
        Location::file(root.map_or_else(|| subject.folder(), |root| root.location().file.to_string()))
    });
    rules::NO_API.finding(place, message, Hint::AddApi { group: subject.group.clone() })
}

/// Compares operation ids. A path item shared by two paths has each of its ids twice, which its author cannot avoid.
fn ids(definition: &Definition) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known: HashMap<&str, &Api> = HashMap::new();
    let mut folded: HashMap<String, &Api> = HashMap::new();
    for api in &definition.apis {
        let Some(id) = api.operation_id.as_deref() else { continue };
        let place = || {
            let node = definition.node(api.node);
            node.get("operationId").map_or_else(|| node.location(), Node::location)
        };
        if let Some(other) = known.get(id) {
            if other.node != api.node {
                let message = format!(
                    "the operation id {id:?} of {} {} is that of {} {} as well",
                    api.method, api.path, other.method, other.path
                );
                findings.push(rules::OPERATION_ID_DUPLICATE.finding(place(), message, "rename one of the two"));
            }
            continue;
        }
        known.insert(id, api);
        if let Some(other) = folded.insert(id.to_lowercase(), api) {
            let other = other.operation_id.as_deref().unwrap_or_default();
            let message = format!("the operation ids {id:?} and {other:?} differ in capitals only");
            findings.push(rules::OPERATION_ID_SIMILAR.finding(place(), message, "rename one of the two"));
        }
    }
    findings
}

fn result(api: &Api, mut results: ApiResults) -> Vec<Finding> {
    let lacks = results.constant_status().is_none() && !results.is_cut;
    let mut findings = std::mem::take(&mut results.findings);
    // Examples are checked once, where they are declared; many APIs may share a response.
    findings.retain(|finding| finding.rule != EXAMPLE_MISMATCH.name);
    if lacks {
        let message = format!("{} has no constant result", api.name());
        let hint = "give a response an example or a schema, or the operation `x-apigw-mock`";
        findings.push(rules::NO_RESULT.finding(api.location.clone(), message, hint));
    }
    findings
}

/// Checks that an API of which the definition says that it opens a websocket can.
fn websocket(definition: &Definition, api: &Api) -> Option<Finding> {
    let node = definition.node(api.extension("x-apigw-websocket")?);
    // One of a path item is that of its GET.
    let is_own = definition.node(api.node).get("x-apigw-websocket").is_some();
    let (message, hint) = match node.as_bool() {
        None => (format!("x-apigw-websocket of {} is neither true nor false", api.name()), "write true or false"),
        Some(true) if is_own && api.method != Method::Get => {
            (format!("{} {} cannot open a websocket", api.method, api.path), "declare it for GET")
        }
        Some(_) => return None,
    };
    Some(rules::WEBSOCKET_INVALID.finding(node.location(), message, hint))
}

/// Checks that an API says true or false of unsigned bodies.
fn unsigned_body(definition: &Definition, api: &Api) -> Option<Finding> {
    let node = definition.node(api.extension("x-apigw-unsigned-body")?);
    if node.as_bool().is_some() {
        return None;
    }
    let message = format!("x-apigw-unsigned-body of {} is neither true nor false", api.name());
    Some(rules::UNSIGNED_BODY_INVALID.finding(node.location(), message, "write true or false"))
}

/// Checks that an API declares a successful response, without which a mock responds with an error status.
fn success(definition: &Definition, api: &Api, mock: Option<u16>) -> Option<Finding> {
    let is_success = |status: StatusPattern| match status {
        StatusPattern::Default => true,
        // 101 switches a connection to the websocket protocol.
        other => matches!(other.code(), 101 | 200..=399),
    };
    let has_success = api.responses.is_empty() || api.responses.iter().any(|response| is_success(response.status));
    if has_success {
        return None;
    }
    let place = definition.node(api.node).key_location("responses");
    let failing = mock.filter(|status| *status >= 400);
    let answer = failing.map(|status| format!(", so its mock answers {status}")).unwrap_or_default();
    let message = format!("{} has no response of a successful call{answer}", api.name());
    Some(rules::NO_SUCCESS.finding(place, message, "add the response of a successful call, like \"200\""))
}
