//! Declared values of path parameters that the gateway refuses.

use std::collections::HashSet;

use super::rules::operations::PATH_VALUE_SLASH;
use super::subject::CheckedGroup;
use crate::definition::{Definition, Node, Parameter, ParameterPlace};
use crate::model::Finding;

/// Finds values with a slash, unless the group lets them through; one a parameter.
pub(super) fn findings(subject: &CheckedGroup<'_>, definition: &Definition) -> Vec<Finding> {
    let lets_through = subject.settings.is_some_and(|settings| settings.forwarding.encoded_slashes);
    let mut seen = HashSet::new();
    let in_paths = definition.apis.iter().flat_map(|api| &api.parameters);
    let in_paths = in_paths.filter(|parameter| parameter.place == ParameterPlace::Path && seen.insert(parameter.node));
    let finding = |parameter: &Parameter| {
        let declared = declared_values(definition, parameter);
        let (value, text) = declared.into_iter().find_map(|value| {
            let text = value.as_str().filter(|text| !lets_through && text.contains('/'))?;
            Some((value, text))
        })?;
        let message =
            format!("{text:?}, a value of the path parameter {:?}, has a slash, and gets 400", parameter.name);
        let hint =
            "give it another value, or let slashes through with `forwarding: {encoded_slashes: true}` in group.yaml";
        Some(PATH_VALUE_SLASH.finding(value.location(), message, hint))
    };
    in_paths.filter_map(finding).collect()
}

/// Lists the values that a parameter and its schema name, with the items of lists.
fn declared_values<'d>(definition: &'d Definition, parameter: &Parameter) -> Vec<Node<'d>> {
    let node = definition.node(parameter.node);
    let schema = parameter.schema.map(|schema| definition.node(schema)).and_then(Node::resolve);
    let named = node.get("examples").into_iter().flat_map(Node::entries).filter_map(|(_, example)| example.resolve());
    let own = node.get("example").into_iter().chain(named.filter_map(|example| example.get("value")));
    let lists = |keyword| schema.and_then(|schema| schema.get(keyword)).into_iter().flat_map(Node::items);
    let of_schema = ["const", "default", "example"].into_iter().filter_map(|keyword| schema?.get(keyword));
    let all = own.chain(of_schema).chain(lists("enum")).chain(lists("examples"));
    all.flat_map(|value| std::iter::once(value).chain(value.items())).collect()
}
