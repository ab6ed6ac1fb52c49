//! Rules over the extensions of our own: a name or a value that is misspelled has no effect.

use std::collections::HashSet;

use super::rules::operations::EXTENSION_UNKNOWN;
use crate::definition::{Definition, Node, NodeId};
use crate::model::Finding;

/// The extensions of operations and path items.
const KNOWN: [&str; 4] = ["x-apigw-match", "x-apigw-mock", "x-apigw-unsigned-body", "x-apigw-websocket"];

pub(super) fn findings(definition: &Definition) -> Vec<Finding> {
    let mut findings = Vec::new();
    let root = definition.document().root();
    for (name, value) in root.into_iter().flat_map(own_extensions) {
        let place = root.map_or_else(|| value.location(), |root| root.key_location(name));
        let message = format!("{name:?} has no effect in the definition itself");
        let hint = "write it in a path item or an operation";
        findings.push(EXTENSION_UNKNOWN.finding(place, message, hint));
    }
    // One of a path item is that of all its operations.
    let mut seen: HashSet<NodeId> = HashSet::new();
    for api in &definition.apis {
        for (name, id) in api.extensions.iter().filter(|(name, _)| name.starts_with("x-apigw-")) {
            if seen.insert(*id) {
                findings.extend(fault(name, definition.node(*id)));
            }
        }
    }
    findings
}

fn own_extensions(node: Node<'_>) -> impl Iterator<Item = (&str, Node<'_>)> {
    node.entries().filter(|(name, _)| name.starts_with("x-apigw-"))
}

fn fault(name: &str, value: Node<'_>) -> Option<Finding> {
    if !KNOWN.contains(&name) {
        let message = format!("there is no extension {name:?}");
        return Some(EXTENSION_UNKNOWN.finding(
            value.location(),
            message,
            format!("write one of {}", KNOWN.join(", ")),
        ));
    }
    let is_wrong = name == "x-apigw-match" && value.as_str() != Some("prefix");
    is_wrong.then(|| {
        let message = format!("the value of {name} has no effect: it is not \"prefix\"");
        EXTENSION_UNKNOWN.finding(value.location(), message, "write \"prefix\", or remove it")
    })
}
