//! Opens schemas that apply to one value together: references followed, `allOf` and choices of one taken apart.

use std::collections::HashSet;

use crate::definition::{Definition, Node, NodeId, SeenNodes, Specification, TypeSet, is_nullable};
use crate::model::Location;

/// The combined keywords of schemas that apply to one value.
pub(super) struct SchemaView<'d> {
    /// Schemas with every reference and `allOf` expanded, the outermost first.
    pub(super) schemas: Vec<Node<'d>>,
    /// The schemas, by number, that have each of them in a reference, in `allOf` or as the only alternative.
    parents: Vec<Vec<usize>>,
    /// The values of each keyword in the schemas, in their order.
    keywords: Vec<(&'d str, KeywordValue<'d>)>,
    /// The types that are allowed: those that are declared, else those of the listed values.
    pub(super) types: TypeSet,
    /// True if one of them is `false`, which no value satisfies.
    pub(super) never: bool,
    /// True if one of them is `false` beside an alternative that is `null`.
    only_null: bool,
    /// The `oneOf` and `anyOf` of more than one alternative.
    pub(super) choices: Vec<AlternativeSet<'d>>,
    specification: Specification,
}

/// A schema, and whether it also allows `null`, by a flag or an alternative around it.
#[derive(Clone, Copy)]
struct SchemaMember<'d> {
    node: Node<'d>,
    nullable: bool,
    /// The number of the schema that has it.
    parent: Option<usize>,
}

/// The value of a keyword, and the schema that has it.
#[derive(Clone, Copy)]
struct KeywordValue<'d> {
    schema: SchemaMember<'d>,
    node: Node<'d>,
}

/// Alternatives of which one must be satisfied.
#[derive(Clone)]
pub(super) struct AlternativeSet<'d> {
    pub(super) keyword: &'static str,
    /// The alternatives without `null`.
    pub(super) alternatives: Vec<Node<'d>>,
    pub(super) nullable: bool,
    /// The list itself.
    pub(super) node: Node<'d>,
}

/// Keywords that say nothing about which values are allowed, beside `x-` extensions.
const ANNOTATIONS: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$id",
    "$ref",
    "$schema",
    "allOf",
    "anyOf",
    "contentMediaType",
    "default",
    "definitions",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "nullable",
    "oneOf",
    "readOnly",
    "title",
    "writeOnly",
    "xml",
];

impl<'d> SchemaView<'d> {
    /// Opens schemas, each once; counts `steps` down for each, and stops at zero.
    pub(super) fn open(definition: &'d Definition, schemas: &[NodeId], steps: &mut usize) -> Self {
        let mut view = Self {
            schemas: Vec::new(),
            parents: Vec::new(),
            keywords: Vec::new(),
            types: TypeSet::ANY,
            never: false,
            only_null: false,
            choices: Vec::new(),
            specification: definition.specification,
        };
        let mut seen = SeenNodes::default();
        let outermost = |id: &NodeId| SchemaMember { node: definition.node(*id), nullable: false, parent: None };
        let mut open: Vec<SchemaMember<'d>> = schemas.iter().rev().map(outermost).collect();
        while let Some(member) = open.pop() {
            *steps = steps.saturating_sub(1);
            if *steps == 0 {
                break;
            }
            if seen.insert(member.node.id()) {
                view.open_one(member, &mut open, steps);
            } else {
                view.note_parent(member);
            }
        }
        view.types = view.declared_types();
        view
    }

    fn open_one(&mut self, member: SchemaMember<'d>, open: &mut Vec<SchemaMember<'d>>, steps: &mut usize) {
        let SchemaMember { node, nullable, parent } = member;
        if node.as_bool() == Some(false) {
            self.never |= !nullable;
            self.only_null |= nullable;
        }
        if node.reference().is_some() && self.specification == Specification::V3_0 {
            // OpenAPI 3.0 ignores the siblings of a `$ref`.
            open.extend(node.resolve().map(|node| SchemaMember { node, nullable, parent }));
            return;
        }
        let nullable = nullable || is_nullable(node, self.specification);
        let is_listed = node.is_object() && !node.is_bare_reference();
        let parent = if is_listed { Some(self.schemas.len()) } else { parent };
        open.extend(node.followed().map(|node| SchemaMember { node, nullable, parent }));
        for keyword in ["anyOf", "oneOf"] {
            let Some(list) = node.get(keyword) else { continue };
            let is_never = |item: Node<'d>| item.resolve().and_then(Node::as_bool) == Some(false);
            let possible: Vec<Node<'d>> = list.items().filter(|item| !is_never(*item)).collect();
            let alternatives: Vec<Node<'d>> = possible.iter().copied().filter(|item| !is_null(*item)).collect();
            let nullable = nullable || alternatives.len() < possible.len();
            match alternatives.as_slice() {
                // Nothing but `null`, or nothing at all.
                [] => open.extend(possible.first().or(list.items().next().as_ref()).map(|node| SchemaMember {
                    node: *node,
                    nullable: false,
                    parent,
                })),
                [only] => open.push(SchemaMember { node: *only, nullable, parent }),
                _ => self.choices.push(AlternativeSet { keyword, alternatives, nullable, node: list }),
            }
        }
        if let Some(parts) = node.get("allOf") {
            let from = open.len();
            open.extend(parts.items().map(|node| SchemaMember { node, nullable, parent }));
            open.get_mut(from..).unwrap_or_default().reverse();
        }
        if is_listed {
            self.schemas.push(node);
            self.parents.push(member.parent.into_iter().collect());
            for (name, value) in node.entries().filter(|(name, _)| !is_idle(node, name)) {
                *steps = steps.saturating_sub(1);
                self.keywords
                    .push((name, KeywordValue { schema: SchemaMember { node, nullable, parent }, node: value }));
            }
        }
    }

    /// Notes that one more schema has a schema that is opened already.
    fn note_parent(&mut self, member: SchemaMember<'d>) {
        let id = if member.node.is_bare_reference() { member.node.followed() } else { Some(member.node) }.map(Node::id);
        let known = self.schemas.iter().position(|schema| Some(schema.id()) == id);
        let parents = known.and_then(|index| self.parents.get_mut(index));
        if let Some((parents, parent)) = parents.zip(member.parent) {
            parents.push(parent);
        }
    }

    /// Lists a schema, by its number, and those that it has in references and `allOf`, at any depth.
    pub(super) fn below(&self, index: usize) -> Vec<Node<'d>> {
        let mut below: Vec<usize> = vec![index];
        let mut at = 0;
        while let Some(parent) = below.get(at).copied() {
            let has_it = |(child, parents): (usize, &Vec<usize>)| {
                (parents.contains(&parent) && !below.contains(&child)).then_some(child)
            };
            let children: Vec<usize> = self.parents.iter().enumerate().filter_map(has_it).collect();
            below.extend(children);
            at += 1;
        }
        below.into_iter().filter_map(|index| self.schemas.get(index).copied()).collect()
    }

    /// Goes through the values of a keyword in all the schemas.
    pub(super) fn keyword(&self, name: &str) -> impl Iterator<Item = Node<'d>> {
        self.values_of(name).map(|value| value.node)
    }

    /// Goes through the values of a keyword, each after the schema that has it.
    pub(super) fn located(&self, name: &str) -> impl Iterator<Item = (Node<'d>, Node<'d>)> {
        self.values_of(name).map(|value| (value.schema.node, value.node))
    }

    /// Returns the outermost value of a keyword, after the schema that has it.
    pub(super) fn first(&self, name: &str) -> Option<(Node<'d>, Node<'d>)> {
        self.located(name).next()
    }

    /// True if a flag is set in one of the schemas.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.keyword(name).any(|value| value.as_bool() == Some(true))
    }

    /// Returns the outermost schema, for its location.
    pub(super) fn outermost(&self) -> Option<Node<'d>> {
        self.schemas.first().copied()
    }

    /// Returns the location of the type, or of the schema where none is given.
    pub(super) fn type_location(&self) -> Option<Location> {
        let keyword = self.first("type").map(|(schema, _)| schema.key_location("type"));
        keyword.or_else(|| self.outermost().map(Node::location))
    }

    /// True if nothing but descriptions is said, so that any value is allowed.
    pub(super) fn allows_anything(&self) -> bool {
        !self.never && !self.only_null && self.choices.is_empty() && !self.says_anything_itself()
    }

    /// True if a schema itself, and not an alternative of its choices, refuses any value.
    pub(super) fn says_anything_itself(&self) -> bool {
        self.keywords.iter().any(|(name, _)| !ANNOTATIONS.contains(name) && !name.starts_with("x-"))
    }

    /// True if a schema itself refuses values of a type that it allows.
    pub(super) fn says_anything_but_type(&self) -> bool {
        self.keywords.iter().any(|(name, _)| *name != "type" && !ANNOTATIONS.contains(name) && !name.starts_with("x-"))
    }

    /// True if `null` is allowed, as far as types and listed values tell.
    pub(super) fn allows_null(&self) -> bool {
        let refused = |choice: &AlternativeSet<'d>| !choice.nullable && self.is_choice_strict(choice);
        if !self.types.meets(TypeSet::NULL) || self.choices.iter().any(refused) {
            return false;
        }
        let is_null = |value: Node<'d>| TypeSet::of_node(value) == TypeSet::NULL;
        let listed = |value: KeywordValue<'d>| value.schema.nullable || value.node.items().any(is_null);
        let constant = |value: KeywordValue<'d>| value.schema.nullable || is_null(value.node);
        self.values_of("enum").all(listed) && self.values_of("const").all(constant)
    }

    fn values_of(&self, name: &str) -> impl Iterator<Item = KeywordValue<'d>> {
        self.keywords.iter().filter(move |(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn declared_types(&self) -> TypeSet {
        let declared = |value: KeywordValue<'d>| {
            let types = TypeSet::of_keyword(value.schema.node);
            if value.schema.nullable { types.either(TypeSet::NULL) } else { types }
        };
        let at_most = if self.only_null { TypeSet::NULL } else { TypeSet::ANY };
        let types = self.values_of("type").map(declared).fold(at_most, TypeSet::both);
        let with_null = |value: KeywordValue<'d>, types: TypeSet| {
            if value.schema.nullable { types.either(TypeSet::NULL) } else { types }
        };
        let listed = self.values_of("enum").find(|value| value.node.is_array());
        let constant = || self.values_of("const").next();
        let of_values = listed
            .map(|list| with_null(list, list.node.items().map(TypeSet::of_node).fold(TypeSet::NONE, TypeSet::either)))
            .or_else(|| constant().map(|value| with_null(value, TypeSet::of_node(value.node))));
        if types == TypeSet::ANY { of_values.unwrap_or(TypeSet::ANY) } else { types }
    }

    /// True if all the alternatives of a choice name their types, `null` not among them.
    fn is_choice_strict(&self, choice: &AlternativeSet<'d>) -> bool {
        let names_types = |node: &Node<'d>| {
            let node = node.resolve().unwrap_or(*node);
            let flagged = is_nullable(node, self.specification);
            !flagged && !TypeSet::of_keyword(node).meets(TypeSet::NULL)
        };
        choice.alternatives.iter().all(names_types)
    }

    /// Lists the values other than `null` that `enum` and `const` leave, by their fingerprints; `None` where there is
    /// neither.
    pub(super) fn values(&self, mut fingerprint: impl FnMut(Node<'d>) -> u64) -> Option<Vec<(u64, Node<'d>)>> {
        let mut left: Option<Vec<(u64, Node<'d>)>> = None;
        let constants = self.keyword("const").map(|value| vec![value]);
        let lists = self.keyword("enum").filter(|list| list.is_array()).map(|list| list.items().collect());
        for values in constants.chain(lists) {
            let values = values.into_iter().filter(|value| TypeSet::of_node(*value) != TypeSet::NULL);
            let numbered: Vec<(u64, Node<'d>)> = values.map(|value| (fingerprint(value), value)).collect();
            left = Some(match left {
                None => numbered,
                Some(known) => {
                    let numbers: HashSet<u64> = numbered.iter().map(|(number, _)| *number).collect();
                    known.into_iter().filter(|(number, _)| numbers.contains(number)).collect()
                }
            });
        }
        left
    }

    /// Lists the names that an object must have, each with the list that says so.
    pub(super) fn required(&self) -> Vec<(&'d str, Node<'d>)> {
        let mut seen = HashSet::new();
        let names = self.keyword("required").flat_map(Node::items);
        names.filter_map(|item| Some((item.as_str()?, item))).filter(|(name, _)| seen.insert(*name)).collect()
    }
}

/// True for a keyword that says nothing without another one of its own schema (JSON Schema 2020-12, Core 10.2.2,
/// Validation 6.4.4 and 6.4.5).
fn is_idle(schema: Node<'_>, keyword: &str) -> bool {
    let needed = match keyword {
        "then" | "else" => "if",
        "minContains" | "maxContains" => "contains",
        _ => return false,
    };
    schema.get(needed).is_none()
}

/// True if a schema allows `null` and nothing else.
fn is_null(schema: Node<'_>) -> bool {
    let schema = schema.resolve().unwrap_or(schema);
    let is_only_null = |list: Node<'_>| {
        let mut items = list.items().peekable();
        items.peek().is_some() && items.all(|item| TypeSet::of_node(item) == TypeSet::NULL)
    };
    let by_type = || schema.get("type").is_some() && TypeSet::of_keyword(schema) == TypeSet::NULL;
    let has_null = |list: Node<'_>| list.items().any(|item| TypeSet::of_node(item) == TypeSet::NULL);
    let (listed, constant) = (schema.get("enum"), schema.get("const").map(TypeSet::of_node));
    let names_null = by_type() || listed.is_some_and(is_only_null) || constant == Some(TypeSet::NULL);
    names_null && listed.is_none_or(has_null) && constant.is_none_or(|types| types == TypeSet::NULL)
}
