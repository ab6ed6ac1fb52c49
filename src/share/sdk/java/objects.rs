//! Declared types in Java: a class for each object, for each choice with a name and for the constants of each
//! enumeration.

use std::collections::HashMap;

use serde::Serialize;

use super::super::lowering::{DeclarationKind, DeclaredField, TypeDeclaration, TypeUse};
use super::super::names::{NameAllocator, camel, capitalized, words};
use super::super::reserved::JAVA;
use super::super::template::render;
use super::super::text::quoted;
use super::choices::{ChoiceContext, ConstantsContext};
use super::text::{class_name, escaped, javadoc};
use super::types::{ClassScope, JavaType, JavaTypes, is_choice};

/// A file of a declared type.
#[derive(Debug, Serialize)]
struct TypeFileContext {
    package: String,
    comment: Vec<String>,
    /// The class, where it is no object.
    class: Option<String>,
    name: String,
    fields: Vec<FieldContext>,
    nested: Vec<String>,
}

/// A field as the template writes it.
#[derive(Debug, Serialize)]
struct FieldContext {
    key: String,
    code: String,
    getter: String,
    setter: String,
    /// The type that is returned.
    result: String,
    /// The method by which it is read.
    reader: &'static str,
    argument: String,
    codec: String,
    comment: Vec<String>,
}

/// A field of an object with its names and its type in Java.
pub(super) struct ObjectField<'p> {
    declared: &'p DeclaredField,
    getter: String,
    pub(super) setter: String,
    pub(super) value: JavaType,
}

/// An object with its fields and the classes that are nested in it.
pub(super) struct ObjectShape<'p> {
    pub(super) fields: Vec<ObjectField<'p>>,
    nested: Vec<String>,
}

impl<'p> ObjectField<'p> {
    pub(super) fn key(&self) -> &'p str {
        &self.declared.name
    }

    pub(super) fn type_use(&self) -> &'p TypeUse {
        &self.declared.value
    }
}

/// The objects of a package by the names that all languages share.
pub(super) struct ObjectShapes<'p> {
    shapes: HashMap<&'p str, ObjectShape<'p>>,
}

impl<'p> ObjectShapes<'p> {
    pub(super) fn new(types: &JavaTypes<'p>, declarations: &'p [TypeDeclaration]) -> Self {
        let shape = |declaration: &'p TypeDeclaration| match &declaration.kind {
            DeclarationKind::Object(fields, _) => {
                Some((declaration.name.as_str(), object_shape(types, declaration, fields)))
            }
            DeclarationKind::Alias(_) => None,
        };
        Self { shapes: declarations.iter().filter_map(shape).collect() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&ObjectShape<'p>> {
        self.shapes.get(name)
    }
}

fn object_shape<'p>(
    types: &JavaTypes<'p>,
    declaration: &TypeDeclaration,
    fields: &'p [DeclaredField],
) -> ObjectShape<'p> {
    let class = class_name(&declaration.name);
    let import = format!("{}.types.{class}", types.package);
    let mut scope = ClassScope::new(types, &class, Some(import));
    let mut names = NameAllocator::new(JAVA, "");
    let mut nested = Vec::new();
    let mut list = Vec::new();
    for declared in fields {
        let getter = names.give(camel(&words(&declared.name)), "field", &declared.name);
        let value = scope.lower(&declared.value, &declared.name);
        let constants = ConstantsContext::of(&declared.value, || scope.nested_name(&declared.name, "Values"));
        nested.extend(constants.as_ref().map(ConstantsContext::nested));
        let setter = format!("with{}", capitalized(&getter));
        list.push(ObjectField { declared, getter, setter, value });
    }
    nested.extend(scope.nested().0);
    ObjectShape { fields: list, nested }
}

/// Writes the file of a declared type; `None` where Java has no class for it.
pub(super) fn type_file(
    types: &JavaTypes<'_>,
    shapes: &ObjectShapes<'_>,
    declaration: &TypeDeclaration,
) -> Option<(String, String)> {
    let name = class_name(&declaration.name);
    let notes = &declaration.notes;
    let mut context = TypeFileContext {
        package: types.package.clone(),
        comment: javadoc(&[notes.title.as_deref(), notes.description.as_deref()]),
        class: None,
        name: name.clone(),
        fields: Vec::new(),
        nested: Vec::new(),
    };
    if context.comment.is_empty() {
        context.comment.push(format!("{}.", escaped(&declaration.name)));
    }
    match &declaration.kind {
        DeclarationKind::Object(..) => {
            let shape = shapes.get(&declaration.name)?;
            context.fields = shape.fields.iter().map(FieldContext::new).collect();
            context.nested.clone_from(&shape.nested);
        }
        DeclarationKind::Alias(value @ TypeUse::Union(members)) if is_choice(value) => {
            let mut scope = ClassScope::new(types, &name, None);
            let (list, _) = scope.members(members, "member");
            let (nested, _) = scope.nested();
            context.class = Some(ChoiceContext::new(&name, list).described(context.comment.clone(), nested).text());
        }
        DeclarationKind::Alias(value) => context.class = Some(ConstantsContext::of(value, || name.clone())?.text()),
    }
    Some((name, render("java/Type.java", context)))
}

impl FieldContext {
    fn new(field: &ObjectField<'_>) -> Self {
        let value = &field.value;
        let is_plain = field.declared.is_required && !value.is_nullable;
        let result = if is_plain { value.name.clone() } else { format!("Optional<{}>", value.name) };
        let code = escaped(&super::super::text::comment_lines(&[Some(field.key())]).concat());
        let mut comment = javadoc(&[field.declared.notes.description.as_deref()]);
        if comment.is_empty() {
            comment.push(format!("Returns the field <code>{code}</code>."));
        }
        Self {
            key: quoted(field.key()),
            code,
            getter: field.getter.clone(),
            setter: field.setter.clone(),
            result,
            reader: if is_plain { "read" } else { "find" },
            argument: value.argument().to_owned(),
            codec: value.codec.clone(),
            comment,
        }
    }
}
