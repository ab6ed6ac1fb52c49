//! Types with names for every object, as languages without inline objects need them.
//!
//! A derived name has its owner's before it: `Pet_Owner` for the object in the property `owner` of the component `Pet`,
//! `GetPet__Response` for the one that the operation `getPet` returns. No name of a component has an underscore but at
//! its end, and the second one tells operations from components, so that a component that is added takes no derived
//! name for itself.

use std::collections::HashSet;

use serde_json::Value;

use super::names::{NameAllocator, pascal, words};
use super::reserved::TYPE_NAMES;
use crate::share::model::{
    AdditionalProperties, DefinitionModel, ObjectType, PropertyModel, SchemaNotes, TypeId, TypeKind, TypeModel,
};

/// A use of a type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TypeUse {
    Any,
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    /// A file of a form, or a body of bytes.
    File,
    Literal(Vec<Value>),
    Array(Box<TypeUse>),
    Tuple(Vec<TypeUse>, Option<Box<TypeUse>>),
    Map(Box<TypeUse>),
    Union(Vec<TypeUse>),
    /// A declared type.
    Named(String),
}

/// A type with a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TypeDeclaration {
    pub(super) name: String,
    pub(super) notes: SchemaNotes,
    pub(super) kind: DeclarationKind,
}

/// The kinds of declarations.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DeclarationKind {
    /// An object with fields; open if it may have more.
    Object(Vec<DeclaredField>, bool),
    /// Another type.
    Alias(TypeUse),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DeclaredField {
    pub(super) name: String,
    pub(super) value: TypeUse,
    pub(super) is_required: bool,
    pub(super) notes: SchemaNotes,
}

impl TypeUse {
    /// Joins types to one, without repetition.
    pub(super) fn union(types: impl IntoIterator<Item = Self>) -> Self {
        let mut flat: Vec<Self> = Vec::new();
        for one in types {
            let parts = if let Self::Union(parts) = one { parts } else { vec![one] };
            for part in parts {
                if part == Self::Any {
                    return Self::Any;
                }
                if !flat.contains(&part) {
                    flat.push(part);
                }
            }
        }
        match flat.len() {
            0 => Self::Null,
            1 => flat.remove(0),
            _ => Self::Union(flat),
        }
    }

    /// Lists the types that the value itself may be, without those in lists and objects.
    fn members(&self) -> &[Self] {
        match self {
            Self::Union(members) => members,
            one => std::slice::from_ref(one),
        }
    }
}

/// The directions in which the values of a type are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Direction {
    pub(super) in_requests: bool,
    pub(super) in_responses: bool,
    /// True if it is the fields of a form, in which bytes are files.
    pub(super) in_forms: bool,
}

impl Direction {
    pub(super) const REQUEST: Self = Self { in_requests: true, in_responses: false, in_forms: false };
    pub(super) const RESPONSE: Self = Self { in_requests: false, in_responses: true, in_forms: false };
    pub(super) const FORM: Self = Self { in_requests: true, in_responses: false, in_forms: true };
}

/// Gives types names.
pub(super) struct TypeLowering<'m> {
    model: &'m DefinitionModel,
    /// The derived names.
    names: NameAllocator,
    /// The names of the model's types.
    type_names: Vec<String>,
    directions: Vec<Direction>,
    declarations: Vec<TypeDeclaration>,
}

impl<'m> TypeLowering<'m> {
    /// Begins with the types that have names in the definition.
    pub(super) fn new(model: &'m DefinitionModel) -> Self {
        let mut names = NameAllocator::new(TYPE_NAMES, "").ignoring_case();
        let mut declared: Vec<&str> = model.schema_names.iter().map(String::as_str).collect();
        // One that is a name already keeps it, whatever folds to it later.
        declared.sort_unstable_by_key(|name| (pascal(&words(name)) != **name, *name));
        let used: HashSet<&str> = declared.iter().copied().collect();
        let mut others: Vec<&str> =
            model.types.iter().map(|named| named.name.as_str()).filter(|name| !used.contains(name)).collect();
        others.sort_unstable();
        let given: Vec<(&str, String)> = declared
            .into_iter()
            .chain(others)
            .map(|name| (name, names.give(pascal(&words(name)), "Type", name)))
            .collect();
        let given: std::collections::HashMap<&str, String> = given.into_iter().collect();
        let name_of = |name: &String| given.get(name.as_str()).cloned().unwrap_or_default();
        let type_names = model.types.iter().map(|named| name_of(&named.name)).collect();
        let directions = directions(model);
        let names = NameAllocator::new(&[], "_").ignoring_case();
        Self { model, names, type_names, directions, declarations: Vec::new() }
    }

    /// Returns the model whose types get names.
    pub(super) const fn model(&self) -> &'m DefinitionModel {
        self.model
    }

    /// Declares the named types, in the order of their names.
    pub(super) fn declare_named(&mut self) {
        let model = self.model;
        let mut order: Vec<usize> = (0..model.types.len()).collect();
        order.sort_by(|one, other| self.type_names.get(*one).cmp(&self.type_names.get(*other)));
        for index in order {
            let (Some(named), Some(name)) = (model.types.get(index), self.type_names.get(index).cloned()) else {
                continue;
            };
            let direction = self.directions.get(index).copied().unwrap_or_default();
            let notes = named.value.notes.clone();
            // A name that the languages reserve ends in an underscore.
            let owner = name.trim_end_matches('_');
            let kind = match &named.value.kind {
                TypeKind::Object(object) if !named.value.is_nullable => self.object(object, owner, direction),
                _ => DeclarationKind::Alias(self.lower(&named.value, owner, "", direction)),
            };
            self.declarations.push(TypeDeclaration { name, notes, kind });
        }
    }

    /// Returns the declarations, without circles among aliases.
    pub(super) fn into_declarations(mut self) -> Vec<TypeDeclaration> {
        let aliases: std::collections::HashMap<String, Vec<String>> = self
            .declarations
            .iter()
            .filter_map(|declaration| match &declaration.kind {
                DeclarationKind::Alias(value) => Some((declaration.name.clone(), named_members(value))),
                DeclarationKind::Object(..) => None,
            })
            .collect();
        let leads_to = |start: &str, target: &str| {
            let mut seen = HashSet::new();
            let mut open = vec![start.to_owned()];
            while let Some(name) = open.pop() {
                if name == target {
                    return true;
                }
                if seen.insert(name.clone()) {
                    open.extend(aliases.get(&name).into_iter().flatten().cloned());
                }
            }
            false
        };
        for declaration in &mut self.declarations {
            let TypeDeclaration { name, kind: DeclarationKind::Alias(value), .. } = declaration else { continue };
            let is_circle = |member: &TypeUse| matches!(member, TypeUse::Named(other) if leads_to(other, name));
            if value.members().iter().any(is_circle) {
                *value = TypeUse::Any;
            }
        }
        self.declarations.sort_by(|one, other| one.name.cmp(&other.name));
        self.declarations
    }

    /// Lowers a type; an object in it gets a name of its owner's and its own words. The owner itself has none.
    pub(super) fn lower(&mut self, value: &TypeModel, owner: &str, own: &str, direction: Direction) -> TypeUse {
        let name = || if own.is_empty() { owner.to_owned() } else { derived_name(owner, own) };
        let lowered = match &value.kind {
            TypeKind::Any => TypeUse::Any,
            TypeKind::Never | TypeKind::Null => TypeUse::Null,
            TypeKind::Boolean => TypeUse::Boolean,
            TypeKind::Integer => TypeUse::Integer,
            TypeKind::Number => TypeUse::Number,
            TypeKind::Bytes if direction.in_forms => TypeUse::File,
            TypeKind::Text | TypeKind::Bytes => TypeUse::Text,
            TypeKind::Literal(values) => TypeUse::Literal(values.clone()),
            TypeKind::Array(item) => TypeUse::Array(Box::new(self.lower(item, &name(), "item", direction))),
            TypeKind::Tuple(first, rest) => {
                let lower = |(index, item): (usize, &TypeModel)| {
                    self.lower(item, &name(), &format!("item {}", index + 1), direction)
                };
                let first = first.iter().enumerate().map(lower).collect();
                let rest = rest.as_ref().map(|rest| Box::new(self.lower(rest, &name(), "item", direction)));
                TypeUse::Tuple(first, rest)
            }
            TypeKind::Map(item) => TypeUse::Map(Box::new(self.lower(item, &name(), "value", direction))),
            TypeKind::Object(object) => {
                let own = if own.is_empty() { "object" } else { own };
                self.inline(object, derived_name(owner, own), &value.notes, direction)
            }
            TypeKind::Union(alternatives, _) => {
                let lower = |(index, one): (usize, &TypeModel)| {
                    let own = one.notes.title.clone().unwrap_or_else(|| format!("option {}", index + 1));
                    self.lower(one, &name(), &own, direction)
                };
                TypeUse::union(alternatives.iter().enumerate().map(lower).collect::<Vec<_>>())
            }
            TypeKind::Reference(id) => self.named(*id),
        };
        if value.is_nullable { TypeUse::union([lowered, TypeUse::Null]) } else { lowered }
    }

    fn named(&self, id: TypeId) -> TypeUse {
        self.type_names.get(id.index()).map_or(TypeUse::Any, |name| TypeUse::Named(name.clone()))
    }

    fn inline(&mut self, object: &ObjectType, wanted: String, notes: &SchemaNotes, direction: Direction) -> TypeUse {
        let origin = wanted.clone();
        let name = self.names.give(wanted, "Type", &origin);
        let kind = self.object(object, &name, direction);
        self.declarations.push(TypeDeclaration { name: name.clone(), notes: notes.clone(), kind });
        TypeUse::Named(name)
    }

    fn object(&mut self, object: &ObjectType, name: &str, direction: Direction) -> DeclarationKind {
        let field = |property: &PropertyModel| DeclaredField {
            name: property.name.clone(),
            value: self.lower(&property.value, name, &property.name, direction),
            // A property that one direction alone has cannot be demanded of a type that serves both.
            is_required: property.is_required
                && !(property.is_read_only && direction.in_requests)
                && !(property.is_write_only && direction.in_responses),
            notes: property.value.notes.clone(),
        };
        let fields = object.properties.iter().map(field).collect();
        DeclarationKind::Object(fields, object.additional != AdditionalProperties::Refused)
    }
}

/// Returns the owner of the derived names of an operation.
pub(super) fn operation_owner(name: &str) -> String {
    format!("{}_", pascal(&words(name)))
}

fn derived_name(owner: &str, own: &str) -> String {
    let words = words(own);
    let own = if words.is_empty() { "Part".to_owned() } else { pascal(&words) };
    format!("{owner}_{own}")
}

fn named_members(value: &TypeUse) -> Vec<String> {
    let name = |member: &TypeUse| if let TypeUse::Named(name) = member { Some(name.clone()) } else { None };
    value.members().iter().filter_map(name).collect()
}

/// Finds the directions in which each named type is sent.
fn directions(model: &DefinitionModel) -> Vec<Direction> {
    let mut directions = vec![Direction::default(); model.types.len()];
    let mut mark = |roots: Vec<&TypeModel>, set: fn(&mut Direction)| {
        let mut seen = HashSet::new();
        let mut open: Vec<&TypeModel> = roots;
        while let Some(value) = open.pop() {
            value.visit(&mut |inner| {
                let TypeKind::Reference(id) = inner.kind else { return };
                if seen.insert(id)
                    && let (Some(direction), Some(named)) =
                        (directions.get_mut(id.index()), model.types.get(id.index()))
                {
                    set(direction);
                    open.push(&named.value);
                }
            });
        }
    };
    let bodies =
        || model.operations.iter().filter_map(|operation| operation.body.as_ref()).flat_map(|body| &body.content);
    let parameters = model.operations.iter().flat_map(|operation| &operation.parameters).map(|found| &found.value);
    let sent = bodies().flat_map(|content| content.value.iter().chain(&content.item));
    mark(parameters.chain(sent).collect(), |direction| direction.in_requests = true);
    let forms = bodies().filter(|content| content.kind.is_form()).flat_map(|content| &content.value);
    mark(forms.collect(), |direction| direction.in_forms = true);
    let responses = model.operations.iter().flat_map(|operation| &operation.responses).flat_map(|one| &one.content);
    let received = responses.flat_map(|content| content.value.iter().chain(&content.item).chain(&content.event_data));
    mark(received.collect(), |direction| direction.in_responses = true);
    directions
}
