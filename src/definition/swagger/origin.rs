//! Maps locations in a converted document to the author's document.
//!
//! Both documents are walked in parallel. Most fields have the same name in both; where 3.0 has a level that 2.0 lacks,
//! such as `components` or `content`, the walk stays at the same node of the author's document. A part that the author
//! did not write is therefore mapped to the nearest one that they did.

use std::collections::HashMap;

use super::super::document::{Document, Node, NodeId};
use super::super::fields::scalar_text;
use super::parameter_kind;
use crate::model::{Finding, Location};

/// A line and a column of the converted document.
type Mark = (usize, usize);

/// Moves findings about the converted document to the corresponding locations in the author's.
pub(in crate::definition) fn place(findings: &mut [Finding], converted: &Document, root: Node<'_>) {
    let mut places: HashMap<Mark, Option<Location>> =
        findings.iter().map(|finding| (mark(&finding.location), None)).collect();
    if places.is_empty() {
        return;
    }
    let walk: Vec<(Node<'_>, OriginalNode<'_>)> =
        converted.root().map(|node| (node, OriginalNode { node: root, name: root.location() })).into_iter().collect();
    follow(walk, root, &mut places);
    for finding in findings {
        let found = places.get(&mark(&finding.location)).cloned().flatten();
        finding.location = found.unwrap_or_else(|| root.location());
    }
}

fn mark(location: &Location) -> Mark {
    (location.line, location.column)
}

/// The identity of a parameter: its name and place.
type Identity<'d> = (String, &'d str);

/// The items of the author's lists, indexed for fast lookup in long lists.
#[derive(Default)]
struct IndexedLists<'d> {
    known: HashMap<NodeId, IndexedList<'d>>,
}

/// The items of one list, indexed; of equal names the first counts.
#[derive(Default)]
struct IndexedList<'d> {
    items: Vec<Node<'d>>,
    by_identity: HashMap<Identity<'d>, Node<'d>>,
    by_name: HashMap<String, Node<'d>>,
}

impl<'d> IndexedLists<'d> {
    fn of(&mut self, node: Node<'d>) -> &IndexedList<'d> {
        self.known.entry(node.id()).or_insert_with(|| {
            let mut list = IndexedList { items: node.items().collect(), ..IndexedList::default() };
            for item in &list.items {
                if let Some(identity) = identity(*item) {
                    list.by_name.entry(identity.0.clone()).or_insert(*item);
                    list.by_identity.entry(identity).or_insert(*item);
                }
            }
            list
        })
    }
}

/// A node of the author's document, with the location of its name.
#[derive(Clone)]
struct OriginalNode<'d> {
    node: Node<'d>,
    name: Location,
}

impl<'d> OriginalNode<'d> {
    /// Returns the author's field that became the field `name`.
    fn field(&self, name: &str, root: Node<'d>, lists: &mut IndexedLists<'d>) -> Self {
        let holder = if self.node.get(name).is_some() { self.node } else { self.node.resolve().unwrap_or(self.node) };
        let is_root = holder.id() == root.id();
        let theirs = match name {
            "servers" if is_root => {
                if holder.get("host").is_some() {
                    "host"
                } else {
                    "basePath"
                }
            }
            "servers" => "schemes",
            "schemas" if is_root => "definitions",
            "securitySchemes" if is_root => "securityDefinitions",
            "requestBodies" if is_root => "parameters",
            "requestBody" => return self.body(holder),
            "example" if holder.get(name).is_none() => "examples",
            _ => name,
        };
        if let Some(node) = holder.get(theirs) {
            return Self { node, name: holder.key_location(theirs) };
        }
        // The fields of a form are properties in 3.0, but items of the list of parameters in 2.0.
        let field = if holder.is_array() { lists.of(holder).by_name.get(name) } else { None };
        match field {
            Some(node) => Self { node: *node, name: node.location() },
            None => Self { node: holder, name: self.name.clone() },
        }
    }

    /// Returns the body among the parameters, or the list of parameters for a form.
    fn body(&self, operation: Node<'d>) -> Self {
        let Some(list) = operation.get("parameters") else { return self.clone() };
        let node = list.items().find(|item| parameter_kind::is_body(*item)).unwrap_or(list);
        Self { node, name: node.location() }
    }

    /// Returns the item that became the item `index`: a parameter by its identity, any other item by its number.
    fn item(&self, index: usize, item: Node<'_>, lists: &mut IndexedLists<'d>) -> Self {
        if !self.node.is_array() {
            return self.clone();
        }
        let theirs = lists.of(self.node);
        let found = match identity(item) {
            Some((name, place)) => theirs.by_identity.get(&(name, place)),
            None => theirs.items.get(index),
        };
        found.map_or_else(|| self.clone(), |node| Self { node: *node, name: node.location() })
    }
}

fn identity(parameter: Node<'_>) -> Option<Identity<'_>> {
    let node = parameter.resolve()?;
    Some((scalar_text(node.get("name")?)?, node.get("in")?.as_str()?))
}

fn follow<'d>(
    mut walk: Vec<(Node<'_>, OriginalNode<'d>)>,
    root: Node<'d>,
    places: &mut HashMap<Mark, Option<Location>>,
) {
    let mut lists = IndexedLists::default();
    // The first field of a mapping has the location of the mapping, and a finding there is about the field.
    let mut settle = |at: &Location, place: Location, is_nearer: bool| {
        if let Some(known) = places.get_mut(&mark(at)).filter(|known| is_nearer || known.is_none()) {
            *known = Some(place);
        }
    };
    while let Some((node, origin)) = walk.pop() {
        settle(&node.location(), origin.node.location(), false);
        for (name, value) in node.entries() {
            let next = origin.field(name, root, &mut lists);
            settle(&node.key_location(name), next.name.clone(), next.node.id() != origin.node.id());
            walk.push((value, next));
        }
        for (index, value) in node.items().enumerate() {
            walk.push((value, origin.item(index, value, &mut lists)));
        }
    }
}
