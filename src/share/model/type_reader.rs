//! Reads schemas as types. Each schema that a reference names is read once, however often it is used, and recursion
//! ends at names; everything else is bounded, and beyond the bounds the type is "any JSON".

use std::collections::{HashMap, HashSet, VecDeque};

use super::alternatives::{AlternativeList, STRUCTURE};
use super::keywords::{implied_types, is_bytes, is_same_reference, literal, notes};
use super::types::{AdditionalProperties, NamedType, ObjectType, PropertyModel, TypeId, TypeKind, TypeModel};
use crate::definition::{Definition, Node, NodeId, SchemaShape, Specification, TypeSet};

/// The most types of a model, named ones and those in them.
const MOST_TYPES: usize = 400_000;
/// The deepest nesting of a type between two names.
const MOST_LEVELS: usize = 40;

/// Keywords that say something of a value without narrowing it.
const ANNOTATIONS: [&str; 12] = [
    "$comment",
    "default",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "readOnly",
    "summary",
    "title",
    "writeOnly",
    "xml",
];

/// Reads the schemas of a definition as types.
pub(super) struct TypeReader<'d> {
    definition: &'d Definition,
    /// Names of the schemas among the components of the root file.
    components: HashMap<NodeId, &'d str>,
    ids: HashMap<NodeId, TypeId>,
    names: HashSet<String>,
    types: Vec<NamedType>,
    pending: VecDeque<(TypeId, Node<'d>)>,
    /// The schemas that are being read, from the outermost: those that come again without a name between are a circle.
    open: Vec<(Vec<NodeId>, Vec<NodeId>)>,
    left: usize,
}

impl<'d> TypeReader<'d> {
    pub(super) fn new(definition: &'d Definition) -> Self {
        let root = definition.document().root();
        let schemas = root.and_then(|root| root.get("components")?.get("schemas"));
        let components: HashMap<_, _> =
            schemas.into_iter().flat_map(Node::entries).map(|(name, node)| (node.id(), name)).collect();
        Self {
            definition,
            names: components.values().map(|name| (*name).to_owned()).collect(),
            components,
            ids: HashMap::new(),
            types: Vec::new(),
            pending: VecDeque::new(),
            open: Vec::new(),
            left: MOST_TYPES,
        }
    }

    /// Reads a schema.
    pub(super) fn read(&mut self, schema: NodeId) -> TypeModel {
        self.schema(self.definition.node(schema), 0)
    }

    /// Reads the type of a field that is a schema.
    pub(super) fn field(&mut self, node: Node<'d>, name: &str) -> Option<TypeModel> {
        node.get(name)
            .filter(|schema| schema.is_object() || schema.as_bool().is_some())
            .map(|node| self.schema(node, 0))
    }

    /// Reads the types that are still only named, and returns all that have names.
    pub(super) fn into_types(mut self) -> Vec<NamedType> {
        while let Some((id, node)) = self.pending.pop_front() {
            let value = self.schema(node, 0);
            if let Some(named) = self.types.get_mut(id.index()) {
                named.value = value;
            }
        }
        let circles: Vec<usize> = (0..self.types.len()).filter(|index| self.is_circle(*index)).collect();
        for index in circles {
            if let Some(named) = self.types.get_mut(index) {
                named.value.kind = TypeKind::Any;
            }
        }
        self.types
    }

    /// True if a named type is an endless chain of references.
    fn is_circle(&self, start: usize) -> bool {
        let mut index = start;
        for _ in 0..=self.types.len() {
            match self.types.get(index).map(|named| &named.value.kind) {
                Some(TypeKind::Reference(next)) => index = next.index(),
                _ => return false,
            }
        }
        true
    }

    fn specification(&self) -> Specification {
        self.definition.specification
    }

    fn schema(&mut self, schema: Node<'d>, level: usize) -> TypeModel {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || level > MOST_LEVELS {
            return TypeModel::any();
        }
        match schema.as_bool() {
            Some(true) => return TypeModel::any(),
            Some(false) => return TypeModel::of(TypeKind::Never),
            None => {}
        }
        let has_only_notes = |except: &str| {
            let mut names = schema.entries().map(|(name, _)| name).filter(|name| *name != except);
            names.all(|name| ANNOTATIONS.contains(&name) || name == "nullable" || name.starts_with("x-"))
        };
        if let Some(written) = schema.reference() {
            let is_old = self.specification() == Specification::V3_0;
            if is_old || has_only_notes("$ref") {
                return self.reference(schema, schema.followed(), written, is_old);
            }
        }
        if let Some(parts) = schema.get("allOf")
            && let (Some(only), None) = (parts.items().next(), parts.items().nth(1))
            && has_only_notes("allOf")
        {
            return self.annotated(schema, only, level);
        }
        let shape = SchemaShape::of(&[schema], self.specification());
        self.shape(&shape, &[], level)
    }

    /// Reads a schema that adds notes alone to its one part.
    fn annotated(&mut self, schema: Node<'d>, part: Node<'d>, level: usize) -> TypeModel {
        let mut model = self.schema(part, level + 1);
        let is_old = self.specification() == Specification::V3_0;
        model.is_nullable |= is_old && schema.get("nullable").and_then(Node::as_bool) == Some(true);
        let mut notes = notes(&[schema]);
        let inner = std::mem::take(&mut model.notes);
        notes.title = notes.title.or(inner.title);
        notes.description = notes.description.or(inner.description);
        notes.format = inner.format;
        notes.is_deprecated |= inner.is_deprecated;
        notes.default = notes.default.or(inner.default);
        if notes.examples.is_empty() {
            notes.examples = inner.examples;
        }
        notes.constraints = inner.constraints;
        model.notes = notes;
        model
    }

    fn reference(&mut self, schema: Node<'d>, target: Option<Node<'d>>, written: &str, is_old: bool) -> TypeModel {
        let Some(target) = target else { return TypeModel::any() };
        let mut model = TypeModel::of(TypeKind::Reference(self.id(target, written)));
        // OpenAPI 3.0 ignores the fields beside a reference.
        if !is_old {
            model.notes = notes(&[schema]);
        }
        model
    }

    /// Returns the id of the named type that a schema is.
    fn id(&mut self, target: Node<'d>, written: &str) -> TypeId {
        if let Some(id) = self.ids.get(&target.id()) {
            return *id;
        }
        let name = match self.components.get(&target.id()) {
            Some(name) => (*name).to_owned(),
            None => self.free_name(written),
        };
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.ids.insert(target.id(), id);
        self.types.push(NamedType { name, value: TypeModel::any() });
        self.pending.push_back((id, target));
        id
    }

    /// Makes a name of the last part of a reference that means something: `pet.yaml#/Pet` and
    /// `#/components/schemas/Pet` are both a `Pet`.
    fn free_name(&mut self, written: &str) -> String {
        let (file, pointer) = written.split_once('#').unwrap_or((written, ""));
        let parts = pointer.rsplit('/').chain(file.rsplit('/').take(1));
        let is_name = |part: &&str| !part.is_empty() && !part.bytes().all(|byte| byte.is_ascii_digit());
        let is_keyword = |part: &str| STRUCTURE.contains(&part) || part == "schema";
        let part = parts.filter(is_name).find(|part| !is_keyword(part)).unwrap_or("Schema");
        let part = part.strip_suffix(".yaml").or_else(|| part.strip_suffix(".json")).unwrap_or(part);
        let part = part.replace("~1", "/").replace("~0", "~");
        let numbered = (2_u32..).map(|number| format!("{part}_{number}"));
        let name = std::iter::once(part.clone()).chain(numbered).find(|name| !self.names.contains(name));
        let name = name.unwrap_or(part);
        self.names.insert(name.clone());
        name
    }

    /// Reads schemas that apply to one value together, of which some lists of alternatives are settled.
    fn shape(&mut self, shape: &SchemaShape<'d>, settled: &[NodeId], level: usize) -> TypeModel {
        self.left = self.left.saturating_sub(1);
        let schemas = (shape.schemas.iter().map(|schema| schema.id()).collect(), settled.to_vec());
        if self.left == 0 || level > MOST_LEVELS || self.open.contains(&schemas) {
            return TypeModel::any();
        }
        self.open.push(schemas);
        let model = self.open_shape(shape, settled, level);
        self.open.pop();
        model
    }

    fn open_shape(&mut self, shape: &SchemaShape<'d>, settled: &[NodeId], level: usize) -> TypeModel {
        let notes = notes(&shape.schemas);
        if shape.is_never() {
            return TypeModel { kind: TypeKind::Never, is_nullable: false, notes };
        }
        if let Some((kind, is_nullable)) = literal(shape) {
            return TypeModel { kind, is_nullable, notes };
        }
        if let Some(union) = AlternativeList::find(shape, settled) {
            return TypeModel { notes, ..self.union(shape, &union, settled, level) };
        }
        let is_typed = shape.keyword("type").next().is_some();
        let types = if is_typed { shape.type_order() } else { implied_types(shape) };
        let is_nullable = is_typed && types.contains(&TypeSet::NULL);
        let mut kinds: Vec<TypeKind> = Vec::new();
        for types in types.iter().filter(|types| **types != TypeSet::NULL) {
            kinds.push(self.kind(shape, *types, level));
        }
        let kind = match (kinds.len(), kinds.pop()) {
            (_, None) if !is_typed => TypeKind::Any,
            (_, None) if is_nullable => TypeKind::Null,
            (_, None) => TypeKind::Never,
            (1, Some(kind)) => kind,
            (_, Some(last)) => TypeKind::Union(kinds.into_iter().chain([last]).map(TypeModel::of).collect(), None),
        };
        let is_nullable = is_nullable && kind != TypeKind::Null;
        TypeModel { kind, is_nullable, notes }
    }

    fn union(
        &mut self,
        shape: &SchemaShape<'d>,
        union: &AlternativeList<'d>,
        settled: &[NodeId],
        level: usize,
    ) -> TypeModel {
        let has_own_part = shape.schemas.iter().any(|schema| {
            let own = schema.entries().map(|(name, _)| name).filter(|name| STRUCTURE.contains(name));
            own.filter(|name| !["oneOf", "anyOf", "type", "allOf"].contains(name)).count() > 0
                || ["oneOf", "anyOf"]
                    .iter()
                    .filter_map(|name| schema.get(name))
                    .any(|list| list.id() != union.id && !settled.contains(&list.id()))
        });
        let settled: Vec<NodeId> = settled.iter().copied().chain([union.id]).collect();
        let mut is_nullable = self.is_nullable_alone(shape);
        let mut alternatives: Vec<TypeModel> = Vec::new();
        for item in &union.items {
            let alternative = if has_own_part {
                let schemas: Vec<Node<'d>> = shape.schemas.iter().copied().chain([*item]).collect();
                let mut merged = self.shape(&SchemaShape::of(&schemas, self.specification()), &settled, level + 1);
                // The notes of the whole are those of the union, and are not repeated in each of it.
                merged.notes = notes(&[*item]);
                merged
            } else {
                self.schema(*item, level + 1)
            };
            match alternative.kind {
                TypeKind::Null => is_nullable = true,
                TypeKind::Never => {}
                _ if alternatives.contains(&alternative) => {}
                _ => alternatives.push(alternative),
            }
        }
        match alternatives.len() {
            0 => TypeModel::of(if is_nullable { TypeKind::Null } else { TypeKind::Never }),
            1 => {
                let only = alternatives.remove(0);
                TypeModel { is_nullable: only.is_nullable || is_nullable, ..only }
            }
            _ => {
                let kind = TypeKind::Union(alternatives, union.discriminator.clone());
                TypeModel { is_nullable, ..TypeModel::of(kind) }
            }
        }
    }

    /// True if a schema beside its alternatives allows `null` by OpenAPI 3.0's own keyword.
    fn is_nullable_alone(&self, shape: &SchemaShape<'d>) -> bool {
        let is_nullable = |schema: &Node<'d>| schema.get("nullable").and_then(Node::as_bool) == Some(true);
        self.specification() == Specification::V3_0 && shape.schemas.first().is_some_and(is_nullable)
    }

    fn kind(&mut self, shape: &SchemaShape<'d>, types: TypeSet, level: usize) -> TypeKind {
        match types {
            TypeSet::OBJECT => self.object(shape, level),
            TypeSet::ARRAY => self.array(shape, level),
            TypeSet::BOOLEAN => TypeKind::Boolean,
            TypeSet::INTEGER => TypeKind::Integer,
            TypeSet::STRING if is_bytes(shape) => TypeKind::Bytes,
            TypeSet::STRING => TypeKind::Text,
            types if types.meets(TypeSet::NUMBER) => TypeKind::Number,
            _ => TypeKind::Any,
        }
    }

    fn array(&mut self, shape: &SchemaShape<'d>, level: usize) -> TypeKind {
        let items = shape.items();
        let first: Vec<Node<'d>> = shape.keyword("prefixItems").next().into_iter().flat_map(Node::items).collect();
        let rest = self.together(&items, level);
        if first.is_empty() {
            return TypeKind::Array(Box::new(rest.unwrap_or_else(TypeModel::any)));
        }
        let first = first.into_iter().map(|item| self.schema(item, level + 1)).collect();
        let rest = match rest {
            Some(rest) if rest.kind == TypeKind::Never => None,
            rest => Some(Box::new(rest.unwrap_or_else(TypeModel::any))),
        };
        TypeKind::Tuple(first, rest)
    }

    fn object(&mut self, shape: &SchemaShape<'d>, level: usize) -> TypeKind {
        let required = shape.required();
        let mut properties: Vec<PropertyModel> = Vec::new();
        for property in shape.properties() {
            let value = self.together(&property.schemas, level).unwrap_or_else(TypeModel::any);
            let is_flagged = |flag: &str| {
                let is_set = |schema: Node<'d>| schema.get(flag).and_then(Node::as_bool) == Some(true);
                property.schemas.iter().any(|schema| is_set(*schema) || schema.resolve().is_some_and(is_set))
            };
            properties.push(PropertyModel {
                name: property.name.to_owned(),
                value,
                is_required: required.contains(&property.name),
                is_read_only: is_flagged("readOnly"),
                is_write_only: is_flagged("writeOnly"),
            });
        }
        let declared: HashSet<&str> = shape.properties().iter().map(|property| property.name).collect();
        properties.extend(required.iter().filter(|name| !declared.contains(*name)).map(|name| PropertyModel {
            name: (*name).to_owned(),
            value: TypeModel::any(),
            is_required: true,
            is_read_only: false,
            is_write_only: false,
        }));
        let additional = self.additional(shape, level);
        match additional {
            AdditionalProperties::Typed(value) if properties.is_empty() => TypeKind::Map(value),
            AdditionalProperties::Unspecified if properties.is_empty() => TypeKind::Map(Box::new(TypeModel::any())),
            additional => TypeKind::Object(ObjectType { properties, additional }),
        }
    }

    fn additional(&mut self, shape: &SchemaShape<'d>, level: usize) -> AdditionalProperties {
        let patterns: Vec<Node<'d>> =
            shape.keyword("patternProperties").flat_map(Node::entries).map(|(_, schema)| schema).collect();
        let others: Vec<Node<'d>> = shape.keyword("additionalProperties").collect();
        let is_refused = others.iter().any(|schema| schema.as_bool() == Some(false));
        let mut types: Vec<TypeModel> = Vec::new();
        let described = patterns.into_iter().chain(others.into_iter().filter(|schema| schema.as_bool().is_none()));
        for schema in described {
            let value = self.schema(schema, level + 1);
            if !types.contains(&value) {
                types.push(value);
            }
        }
        match types.len() {
            0 if is_refused => AdditionalProperties::Refused,
            0 => AdditionalProperties::Unspecified,
            1 => AdditionalProperties::Typed(Box::new(types.remove(0))),
            _ => AdditionalProperties::Typed(Box::new(TypeModel::of(TypeKind::Union(types, None)))),
        }
    }

    /// Reads schemas that apply to one value together.
    fn together(&mut self, schemas: &[Node<'d>], level: usize) -> Option<TypeModel> {
        match schemas {
            [] => None,
            [only] => Some(self.schema(*only, level + 1)),
            // Parts that say the same of a property are as one.
            [first, rest @ ..] if rest.iter().all(|one| is_same_reference(*one, *first)) => {
                Some(self.schema(*first, level + 1))
            }
            several => Some(self.shape(&SchemaShape::of(several, self.specification()), &[], level + 1)),
        }
    }
}
