//! The types of values: schemas with references named, `allOf` merged and choices spread out.

use serde_json::Value;

use super::constraint::Constraint;

/// The index of a named type in its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub(super) u32);

impl TypeId {
    /// Returns the index among the types of the model.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A type that other types refer to by its name, as a schema among the components is.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedType {
    /// The name in the definition, unique in its model.
    pub name: String,
    /// The type.
    pub value: TypeModel,
}

/// A type of values.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeModel {
    /// The kind.
    pub kind: TypeKind,
    /// True if the value may also be `null`.
    pub is_nullable: bool,
    /// The notes of its schema.
    pub notes: SchemaNotes,
}

/// The kinds of values.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// Any JSON.
    Any,
    /// No value at all, as by the schema `false`.
    Never,
    /// `null` alone.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number without a fraction.
    Integer,
    /// A number.
    Number,
    /// A text.
    Text,
    /// Bytes outside of JSON: a file or a body.
    Bytes,
    /// One of these values.
    Literal(Vec<Value>),
    /// A list.
    Array(Box<TypeModel>),
    /// A list whose first items have types of their own.
    Tuple(Vec<TypeModel>, Option<Box<TypeModel>>),
    /// An object with arbitrary names.
    Map(Box<TypeModel>),
    /// An object with declared properties.
    Object(ObjectType),
    /// One of several types.
    Union(Vec<TypeModel>, Option<UnionDiscriminator>),
    /// A named type.
    Reference(TypeId),
}

/// The properties of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectType {
    /// The properties, in the order of the definition.
    pub properties: Vec<PropertyModel>,
    /// The properties beside them.
    pub additional: AdditionalProperties,
}

/// The properties of an object that are not declared by name.
#[derive(Debug, Clone, PartialEq)]
pub enum AdditionalProperties {
    /// There may be some, of which nothing is said.
    Unspecified,
    /// There are none.
    Refused,
    /// Their values are of this type.
    Typed(Box<TypeModel>),
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct PropertyModel {
    /// The name.
    pub name: String,
    /// The type of its value.
    pub value: TypeModel,
    /// True if an object must have it.
    pub is_required: bool,
    /// True if only responses have it.
    pub is_read_only: bool,
    /// True if only requests have it.
    pub is_write_only: bool,
}

/// The property by which the alternatives of a union are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnionDiscriminator {
    /// The name of the property.
    pub property: String,
    /// Its values, each with the reference or name of the schema that it stands for.
    pub mapping: Vec<(String, String)>,
}

/// The notes of a schema beside its type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SchemaNotes {
    /// The title.
    pub title: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// The format, like `date-time`.
    pub format: Option<String>,
    /// True if callers should no longer use the value.
    pub is_deprecated: bool,
    /// The value where none is given.
    pub default: Option<Value>,
    /// Examples.
    pub examples: Vec<Value>,
    /// The constraints on the value.
    pub constraints: Vec<Constraint>,
}

impl TypeModel {
    /// Makes a type without notes.
    #[must_use]
    pub fn of(kind: TypeKind) -> Self {
        Self { kind, is_nullable: false, notes: SchemaNotes::default() }
    }

    /// Returns the type of any JSON.
    #[must_use]
    pub fn any() -> Self {
        Self::of(TypeKind::Any)
    }

    /// True if the value is a file, or a list of files.
    #[must_use]
    pub fn is_file(&self) -> bool {
        match &self.kind {
            TypeKind::Bytes => true,
            TypeKind::Array(item) => item.kind == TypeKind::Bytes,
            _ => false,
        }
    }

    /// Calls a function with this type and each type in it, without following references.
    pub fn visit<'t>(&'t self, visitor: &mut dyn FnMut(&'t TypeModel)) {
        visitor(self);
        match &self.kind {
            TypeKind::Array(item) | TypeKind::Map(item) => item.visit(visitor),
            TypeKind::Tuple(first, rest) => {
                first.iter().chain(rest.as_deref()).for_each(|item| item.visit(visitor));
            }
            TypeKind::Union(alternatives, _) => alternatives.iter().for_each(|one| one.visit(visitor)),
            TypeKind::Object(object) => {
                object.properties.iter().for_each(|property| property.value.visit(visitor));
                if let AdditionalProperties::Typed(value) = &object.additional {
                    value.visit(visitor);
                }
            }
            _ => {}
        }
    }
}
