//! Leads each `$dynamicRef` to where its dynamic scope says (JSON Schema 2020-12, core, section 8.2.3.2).
//!
//! The dynamic scope is made of the schema resources on the way to a schema; of those that have the anchor, the
//! outermost counts. So a schema from which a `$dynamicRef` is reached says something else where it is entered through
//! other resources. It is copied for each scope under which it is used, and references lead to the copy of theirs:
//! afterwards each reference has one target, and nobody who walks the tree needs to know of scopes. The names of
//! dynamic anchors are finite and a scope only ever gains some, so there are finitely many copies, however a schema
//! recurs.

use std::collections::{BTreeMap, HashMap};

use super::TreeLoader;
use super::resource::ResourceIndex;
use crate::definition::document::{Document, Node, NodeId, NodeMap};
use crate::definition::local_path::percent_decoded;
use crate::definition::rules;

/// No definition has more values in copies for other scopes, with the anchors that are in scope for each.
const MOST_COPIED: usize = 100_000;
/// No definition has more names of dynamic anchors that references look for.
const MOST_NAMES: usize = 64;

/// The anchor of the outermost resource for each name, by the name's number.
type Scope = BTreeMap<u8, NodeId>;

/// A reference as it is written.
#[derive(Clone, Copy)]
struct DynamicReference {
    /// The target in the lexical scope.
    target: NodeId,
    /// The number of the name that it looks for in the dynamic scope.
    name: Option<u8>,
}

impl TreeLoader<'_, '_> {
    /// Gives all references the targets that they have in their scopes.
    pub(super) fn follow_dynamic_scopes(&mut self) {
        let Some(mut scoping) = DynamicScoping::new(&mut self.document, &self.resources, &self.references) else {
            return;
        };
        for reference in &self.references {
            let scope = scoping.lexical_scope(*reference);
            scoping.follow(*reference, *reference, &scope);
            scoping.fill_copies();
            if scoping.unfollowed.is_some() {
                break;
            }
        }
        let DynamicScoping { copied_references, unfollowed, .. } = scoping;
        self.references.extend(copied_references);
        if let Some((reference, fault)) = unfollowed {
            let node = self.document.node(reference);
            let location = ["$dynamicRef", "$ref"].into_iter().find_map(|keyword| node.get(keyword));
            let location = location.map_or_else(|| node.location(), Node::location);
            let hint = "give fewer schemas a `$dynamicAnchor`, or refer with `$ref`";
            self.findings.add(rules::TOO_LARGE, location, fault, hint);
        }
    }
}

/// The schemas that reach a dynamic reference, and their copies.
struct DynamicScoping<'l> {
    document: &'l mut Document,
    resources: &'l ResourceIndex,
    /// The references from which a dynamic one is reached, and those themselves.
    links: NodeMap<NodeId, DynamicReference>,
    /// The names that each node looks for or reaches a reference that does, a bit each.
    names_of: NodeMap<NodeId, u64>,
    /// The dynamic anchors of each resource that somebody looks for.
    anchors: NodeMap<NodeId, Vec<(u8, NodeId)>>,
    copies: HashMap<(NodeId, Scope), NodeId>,
    /// Copies that still have the content of their originals.
    pending: Vec<(NodeId, NodeId, Scope)>,
    copied_references: Vec<NodeId>,
    /// The values that may still be copied.
    left: usize,
    /// The first reference that was left in its lexical scope, and the reason.
    unfollowed: Option<(NodeId, String)>,
}

impl<'l> DynamicScoping<'l> {
    /// Finds the schemas that mean something else under another scope; `None` where there are none.
    fn new(document: &'l mut Document, resources: &'l ResourceIndex, references: &[NodeId]) -> Option<Self> {
        let mut numbers: HashMap<String, u8> = HashMap::new();
        let mut links: NodeMap<NodeId, DynamicReference> = NodeMap::default();
        let mut seekers: Vec<Vec<NodeId>> = Vec::new();
        let mut unfollowed = None;
        for reference in references {
            let Some(target) = document.next_target(*reference) else { continue };
            let mut link = DynamicReference { target, name: None };
            if let Some(name) = sought_name(document.node(*reference), document.node(target)) {
                let next = u8::try_from(numbers.len()).ok().filter(|_| numbers.len() < MOST_NAMES);
                if let Some(number) = numbers.get(&name).copied().or(next) {
                    numbers.insert(name, number);
                    seekers.resize_with(numbers.len(), Vec::new);
                    seekers.get_mut(usize::from(number))?.push(*reference);
                    link.name = Some(number);
                } else {
                    let fault = format!("the definition looks for more than {MOST_NAMES} names of dynamic anchors");
                    unfollowed.get_or_insert((*reference, fault));
                }
            }
            links.insert(*reference, link);
        }
        if numbers.is_empty() {
            return None;
        }
        let mut anchors: NodeMap<NodeId, Vec<(u8, NodeId)>> = NodeMap::default();
        for (resource, name, anchor) in resources.dynamic_anchors() {
            if let Some(number) = numbers.get(name) {
                anchors.entry(resource).or_default().push((*number, anchor));
            }
        }
        let names_of = names_reached(document, &links, &seekers, &anchors);
        links.retain(|reference, _| names_of.contains_key(reference));
        Some(Self {
            document,
            resources,
            links,
            names_of,
            anchors,
            copies: HashMap::new(),
            pending: Vec::new(),
            copied_references: Vec::new(),
            left: MOST_COPIED,
            unfollowed,
        })
    }

    /// Sets the target of a reference, or of a copy of it, under a scope.
    fn follow(&mut self, original: NodeId, reference: NodeId, scope: &Scope) {
        let Some(DynamicReference { target, name }) = self.links.get(&original).copied() else { return };
        let target = name.and_then(|name| scope.get(&name).copied()).unwrap_or(target);
        let mut scope = scope.clone();
        self.enter(self.resource_of(target), &mut scope);
        let target = self.under_scope(target, &scope, original);
        self.document.set_target(reference, target);
    }

    /// Returns a schema as it is under a scope: itself where that changes nothing, else its copy.
    fn under_scope(&mut self, node: NodeId, scope: &Scope, reference: NodeId) -> NodeId {
        let Some(names) = self.names_of.get(&node).copied() else { return node };
        let sought = |scope: &Scope| -> Scope {
            scope.iter().filter(|(name, _)| names >> **name & 1 == 1).map(|(name, anchor)| (*name, *anchor)).collect()
        };
        let scope = sought(scope);
        if scope == sought(&self.lexical_scope(node)) {
            return node;
        }
        if let Some(known) = self.copies.get(&(node, scope.clone())) {
            return *known;
        }
        let original = self.document.node(node);
        let size = 1 + original.items().count() + original.entries().count() + scope.len();
        let copy = self.left.checked_sub(size).and_then(|left| {
            self.left = left;
            self.document.add_copy(node)
        });
        let Some(copy) = copy else {
            let fault = format!(
                "the schemas that `$dynamicRef` leads to have more than {MOST_COPIED} values over all dynamic scopes"
            );
            self.unfollowed.get_or_insert((reference, fault));
            return node;
        };
        self.copies.insert((node, scope.clone()), copy);
        self.pending.push((copy, node, scope));
        copy
    }

    /// Gives the copies the parts that they have under their scopes.
    fn fill_copies(&mut self) {
        while let Some((copy, original, scope)) = self.pending.pop().filter(|_| self.unfollowed.is_none()) {
            let parts: Vec<NodeId> = parts(self.document.node(original)).map(Node::id).collect();
            let parts = parts.into_iter().map(|part| self.part_under_scope(part, &scope, original)).collect::<Vec<_>>();
            self.document.set_parts(copy, &parts);
            if self.links.contains_key(&original) {
                self.follow(original, copy, &scope);
                self.copied_references.push(copy);
            }
        }
    }

    fn part_under_scope(&mut self, part: NodeId, scope: &Scope, within: NodeId) -> NodeId {
        let resource = self.resource_of(part);
        if resource == part && self.anchors.contains_key(&resource) {
            let mut scope = scope.clone();
            self.enter(resource, &mut scope);
            return self.under_scope(part, &scope, within);
        }
        self.under_scope(part, scope, within)
    }

    /// Adds the anchors of a resource that is entered: those of outer ones come first.
    fn enter(&self, resource: NodeId, scope: &mut Scope) {
        for (name, anchor) in self.anchors.get(&resource).into_iter().flatten() {
            scope.entry(*name).or_insert(*anchor);
        }
    }

    /// Returns the scope of a schema that is evaluated from where it stands, through the resources around it.
    fn lexical_scope(&self, node: NodeId) -> Scope {
        let around = std::iter::successors(Some(self.resource_of(node)), |resource| self.resources.around(*resource));
        let mut scope = Scope::new();
        for resource in around {
            // From the innermost outwards, so that the outermost stays.
            scope.extend(self.anchors.get(&resource).into_iter().flatten().copied());
        }
        scope
    }

    fn resource_of(&self, node: NodeId) -> NodeId {
        self.resources.enclosing(node).or_else(|| self.document.root_of(node)).unwrap_or(node)
    }
}

/// Returns the name that a `$dynamicRef` looks for in the dynamic scope: that of the dynamic anchor it leads to in the
/// lexical one.
fn sought_name(reference: Node<'_>, target: Node<'_>) -> Option<String> {
    if reference.reference().is_some() {
        return None;
    }
    let (_, fragment) = reference.get("$dynamicRef")?.as_str()?.split_once('#')?;
    let name = percent_decoded(fragment);
    (target.get("$dynamicAnchor").and_then(Node::as_str) == Some(name.as_str())).then_some(name)
}

fn parts(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.items().chain(node.entries().map(|(_, value)| value))
}

/// Finds for each node the names that are looked for from it, through parts and references.
fn names_reached(
    document: &Document,
    links: &NodeMap<NodeId, DynamicReference>,
    seekers: &[Vec<NodeId>],
    anchors: &NodeMap<NodeId, Vec<(u8, NodeId)>>,
) -> NodeMap<NodeId, u64> {
    let from_parts = document.ids_from(0).flat_map(|id| parts(document.node(id)).map(move |part| (part.id(), id)));
    let from_links = links.iter().map(|(reference, link)| (link.target, *reference));
    let mut users: Vec<(NodeId, NodeId)> = from_parts.chain(from_links).collect();
    users.sort_unstable();
    let names_of_anchor: NodeMap<NodeId, u8> =
        anchors.values().flatten().map(|(name, anchor)| (*anchor, *name)).collect();
    let mut names_of: NodeMap<NodeId, u64> = NodeMap::default();
    let mut pending: Vec<(NodeId, u64)> = Vec::new();
    for (name, seekers) in seekers.iter().enumerate() {
        pending.extend(seekers.iter().map(|seeker| (*seeker, 1 << name)));
    }
    // What is reached from any anchor of a name is reached from all that look for the name.
    let mut beyond = vec![0_u64; seekers.len()];
    while let Some((node, added)) = pending.pop() {
        let names = names_of.entry(node).or_default();
        if *names | added == *names {
            continue;
        }
        *names |= added;
        let names = *names;
        let first = users.partition_point(|(used, _)| *used < node);
        let own = users.get(first..).unwrap_or_default().iter().take_while(|(used, _)| *used == node);
        pending.extend(own.map(|(_, user)| (*user, names)));
        if let Some(name) = names_of_anchor.get(&node).map(|name| usize::from(*name))
            && let (Some(beyond), Some(seekers)) = (beyond.get_mut(name), seekers.get(name))
            && *beyond | names != *beyond
        {
            *beyond |= names;
            pending.extend(seekers.iter().map(|seeker| (*seeker, names)));
        }
    }
    names_of
}
