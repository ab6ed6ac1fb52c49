//! Rules over the links of responses: the operations that they lead to, and the parameters that they fill in (OpenAPI
//! 3.1, section 4.8.20).

use std::collections::HashMap;

use super::rules::operations as rules;
use crate::definition::{Api, Definition, Node, SeenNodes};
use crate::model::{Finding, nearest};

/// Checks each link once.
pub(super) fn findings(definition: &Definition) -> Vec<Finding> {
    let apis = || definition.apis.iter().chain(definition.additional.iter().map(|(_, api)| api));
    let by_id: HashMap<&str, &Api> = apis().filter_map(|api| Some((api.operation_id.as_deref()?, api))).collect();
    let mut seen = SeenNodes::default();
    let mut findings = Vec::new();
    for api in &definition.apis {
        let responses = definition.node(api.node).get("responses").into_iter().flat_map(Node::entries);
        let links = responses.filter_map(|(_, response)| response.resolve()?.get("links")).flat_map(Node::entries);
        for (name, link) in links.filter_map(|(name, link)| Some((name, link.resolve()?))) {
            if !seen.insert(link.id()) {
                continue;
            }
            match operation(definition, link, name, &by_id) {
                Ok(None) => {}
                Ok(Some(node)) => {
                    let target = apis().find(|api| api.node == node.id());
                    findings.extend(target.into_iter().flat_map(|target| parameters(link, name, target)));
                }
                Err(finding) => findings.push(finding),
            }
        }
    }
    findings
}

/// Returns the operation that a link leads to; `None` where it stands in a document that is not at hand.
fn operation<'d>(
    definition: &'d Definition,
    link: Node<'d>,
    name: &str,
    by_id: &HashMap<&str, &Api>,
) -> Result<Option<Node<'d>>, Finding> {
    let text = |field: &str| link.get(field).and_then(|node| Some((node, node.as_str()?)));
    if let Some((node, id)) = text("operationId") {
        let message = || format!("the link {name:?} leads to an operation {id:?}, and none has that id");
        let found = by_id.get(id).map(|api| definition.node(api.node));
        let unknown = || rules::LINK_UNKNOWN.finding(node.location(), message(), "correct the id, or remove the link");
        return found.map(Some).ok_or_else(unknown);
    }
    let Some((node, reference)) = text("operationRef") else { return Ok(None) };
    let (file, _) = reference.split_once('#').unwrap_or((reference, ""));
    if !file.is_empty() && link.pointed_to_by(file).is_none() {
        return Ok(None);
    }
    // A path item may be a reference itself.
    let found = reference.rsplit_once('/').and_then(|(path, method)| link.pointed_to_by(path)?.resolve()?.get(method));
    let message = || format!("the link {name:?} leads to {reference:?}, where there is no operation");
    let unknown =
        || rules::LINK_UNKNOWN.finding(node.location(), message(), "correct the reference, or remove the link");
    found.map(Some).ok_or_else(unknown)
}

/// Finds the parameters of a link that its operation does not declare, by their names alone or with their places.
fn parameters(link: Node<'_>, name: &str, target: &Api) -> Vec<Finding> {
    let Some(list) = link.get("parameters").filter(|_| target.query_string.is_none()) else { return Vec::new() };
    let is_declared = |written: &str| {
        target.parameters.iter().any(|parameter| {
            let is_placed = written.split_once('.').is_some_and(|(place, name)| {
                place == parameter.place.as_str() && name.eq_ignore_ascii_case(&parameter.name)
            });
            is_placed || written.eq_ignore_ascii_case(&parameter.name)
        })
    };
    let unknown = list.entries().map(|(written, _)| written).filter(|written| !is_declared(written));
    let finding = |written: &str| {
        let message = format!("the link {name:?} fills in {written:?}, which is not a parameter of {}", target.name());
        let hint = match nearest(written, target.parameters.iter().map(|parameter| parameter.name.as_str())) {
            Some(near) => format!("did you mean {near:?}?"),
            None => "declare the parameter, or remove it from the link".to_owned(),
        };
        rules::LINK_PARAMETER_UNKNOWN.finding(list.key_location(written), message, hint)
    };
    unknown.map(finding).collect()
}
