//! Opens schemas that apply to one value together: references followed, `allOf` and choices of one taken apart.

use std::collections::{HashMap, HashSet};

use crate::definition::{Definition, Node, NodeId, SeenNodes, Specification, TypeSet, is_nullable};
use crate::model::Location;

/// The combined keywords of schemas that apply to one value.
pub(super) struct SchemaView<'d> {
    /// Schemas with every reference and `allOf` expanded, the outermost first.
    pub(super) schemas: Vec<Node<'d>>,
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
            keywords: Vec::new(),
            types: TypeSet::ANY,
            never: false,
            only_null: false,
            choices: Vec::new(),
            specification: definition.specification,
        };
        let mut seen = SeenNodes::default();
        let mut open: Vec<SchemaMember<'d>> =
            schemas.iter().rev().map(|id| SchemaMember { node: definition.node(*id), nullable: false }).collect();
        while let Some(member) = open.pop() {
            *steps = steps.saturating_sub(1);
            if *steps == 0 {
                break;
            }
            if seen.insert(member.node.id()) {
                view.open_one(member, &mut open, steps);
            }
        }
        view.types = view.declared_types();
        view
    }

    fn open_one(&mut self, member: SchemaMember<'d>, open: &mut Vec<SchemaMember<'d>>, steps: &mut usize) {
        let SchemaMember { node, nullable } = member;
        if node.as_bool() == Some(false) {
            self.never |= !nullable;
            self.only_null |= nullable;
        }
        if node.reference().is_some() && self.specification == Specification::V3_0 {
            // OpenAPI 3.0 ignores the siblings of a `$ref`.
            open.extend(node.resolve().map(|node| SchemaMember { node, nullable }));
            return;
        }
        let nullable = nullable || is_nullable(node, self.specification);
        open.extend(node.followed().map(|node| SchemaMember { node, nullable }));
        for keyword in ["anyOf", "oneOf"] {
            let Some(list) = node.get(keyword) else { continue };
            let is_never = |item: Node<'d>| item.resolve().and_then(Node::as_bool) == Some(false);
            let possible: Vec<Node<'d>> = list.items().filter(|item| !is_never(*item)).collect();
            let alternatives: Vec<Node<'d>> = possible.iter().copied().filter(|item| !is_null(*item)).collect();
            let nullable = nullable || alternatives.len() < possible.len();
            match alternatives.as_slice() {
                // Nothing but `null`, or nothing at all.
                [] => open.extend(
                    possible
                        .first()
                        .or(list.items().next().as_ref())
                        .map(|node| SchemaMember { node: *node, nullable: false }),
                ),
                [only] => open.push(SchemaMember { node: *only, nullable }),
                _ => self.choices.push(AlternativeSet { keyword, alternatives, nullable, node: list }),
            }
        }
        if let Some(parts) = node.get("allOf") {
            let from = open.len();
            open.extend(parts.items().map(|node| SchemaMember { node, nullable }));
            open.get_mut(from..).unwrap_or_default().reverse();
        }
        if node.is_object() && !node.is_bare_reference() {
            self.schemas.push(node);
            for (name, value) in node.entries() {
                *steps = steps.saturating_sub(1);
                self.keywords.push((name, KeywordValue { schema: SchemaMember { node, nullable }, node: value }));
            }
        }
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

    /// Lists the properties in the order in which they are first declared, each with its schemas.
    pub(super) fn properties(&self, steps: &mut usize) -> PropertyViews<'d> {
        let mut properties = PropertyViews::default();
        for declared in self.keyword("properties") {
            for (name, schema) in declared.entries() {
                *steps = steps.saturating_sub(1);
                let index = *properties.by_name.entry(name).or_insert(properties.list.len());
                match properties.list.get_mut(index) {
                    Some(property) => property.schemas.push(schema.id()),
                    None => properties.list.push(PropertyView { name, declared, schemas: vec![schema.id()] }),
                }
            }
        }
        for schema in &self.schemas {
            // What one schema declares is left to the `additionalProperties` of another that applies to the same object.
            let Some(others) = schema.get("additionalProperties").filter(|node| node.entries().next().is_some()) else {
                continue;
            };
            let own = schema.get("properties");
            let is_own = |name: &str| own.is_some_and(|own| own.get(name).is_some());
            if schema.get("patternProperties").is_none() {
                let left = properties.list.iter_mut().filter(|property| !is_own(property.name));
                left.for_each(|property| property.schemas.push(others.id()));
            }
        }
        properties
    }

    /// Lists the names that an object must have, each with the list that says so.
    pub(super) fn required(&self) -> Vec<(&'d str, Node<'d>)> {
        let mut seen = HashSet::new();
        let names = self.keyword("required").flat_map(Node::items);
        names.filter_map(|item| Some((item.as_str()?, item))).filter(|(name, _)| seen.insert(*name)).collect()
    }
}

/// The properties of an object.
#[derive(Default)]
pub(super) struct PropertyViews<'d> {
    pub(super) list: Vec<PropertyView<'d>>,
    by_name: HashMap<&'d str, usize>,
}

/// A property, and the schemas that apply to its value.
pub(super) struct PropertyView<'d> {
    pub(super) name: &'d str,
    /// The map that declares it, for its place.
    pub(super) declared: Node<'d>,
    pub(super) schemas: Vec<NodeId>,
}

impl<'d> PropertyViews<'d> {
    pub(super) fn get(&self, name: &str) -> Option<&PropertyView<'d>> {
        self.by_name.get(name).and_then(|index| self.list.get(*index))
    }
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
