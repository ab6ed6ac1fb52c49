//! Types in Python: a `TypedDict` for each object, an alias for anything else.

use serde::Serialize;
use serde_json::Value;

use super::super::lowering::{DeclarationKind, DeclaredField, TypeDeclaration, TypeUse};
use super::super::text::{comment_lines, is_identifier, quoted};

/// Names that a field cannot have in the syntax of classes: keywords, and names that types are written with.
const NOT_FIELDS: [&str; 43] = [
    "None", "True", "False", "and", "as", "assert", "async", "await", "bool", "break", "bytes", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "float", "for", "from", "global", "if", "import", "in", "int",
    "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "str", "try", "while", "with", "yield", "_t",
    "_r", "object",
];

/// A declaration as the template writes it.
#[derive(Debug, Serialize)]
pub(super) struct DeclarationContext {
    name: String,
    comment: Vec<String>,
    /// The type of an alias.
    alias: Option<String>,
    /// True if the fields can be written as a class.
    is_class: bool,
    required: Vec<FieldContext>,
    optional: Vec<FieldContext>,
}

/// A field as the template writes it.
#[derive(Debug, Serialize)]
struct FieldContext {
    name: String,
    literal: String,
    value: String,
    /// The type as a text, for the syntax of calls.
    value_literal: String,
    comment: Vec<String>,
}

impl DeclarationContext {
    pub(super) fn new(declaration: &TypeDeclaration) -> Self {
        let notes = &declaration.notes;
        let comment = escaped(comment_lines(&[notes.title.as_deref(), notes.description.as_deref()]));
        let mut context = Self {
            name: declaration.name.clone(),
            comment,
            alias: None,
            is_class: true,
            required: Vec::new(),
            optional: Vec::new(),
        };
        match &declaration.kind {
            DeclarationKind::Alias(value) => context.alias = Some(alias_text(value)),
            DeclarationKind::Object(fields, _) => {
                context.is_class = fields.iter().all(|field| is_field(&field.name));
                for field in fields {
                    let of = if field.is_required { &mut context.required } else { &mut context.optional };
                    of.push(FieldContext::new(field));
                }
            }
        }
        context
    }
}

impl FieldContext {
    fn new(field: &DeclaredField) -> Self {
        let value = type_text(&field.value, "");
        Self {
            name: field.name.clone(),
            literal: quoted(&field.name),
            value_literal: quoted(&value),
            value,
            comment: escaped(comment_lines(&[field.notes.description.as_deref()])),
        }
    }
}

fn escaped(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().map(|line| line.replace('\\', "\\\\").replace('"', "\\\"")).collect()
}

/// True if it is a field that means the same in the syntax of classes; names of types begin with a capital.
fn is_field(name: &str) -> bool {
    is_identifier(name)
        && !name.starts_with("__")
        && !NOT_FIELDS.contains(&name)
        && !name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// Writes a type; `prefix` stands before the name of a declared one.
pub(super) fn type_text(value: &TypeUse, prefix: &str) -> String {
    let inner = |value: &TypeUse| type_text(value, prefix);
    match value {
        TypeUse::Any => "_t.Any".to_owned(),
        TypeUse::Null => "None".to_owned(),
        TypeUse::Boolean => "bool".to_owned(),
        TypeUse::Integer => "int".to_owned(),
        TypeUse::Number => "float".to_owned(),
        TypeUse::Text => "str".to_owned(),
        TypeUse::File => "_r.File".to_owned(),
        TypeUse::Literal(values) => literal_text(values),
        TypeUse::Array(item) => format!("_t.List[{}]", inner(item)),
        // JSON has lists alone, which are not tuples.
        TypeUse::Tuple(first, rest) => {
            let items = first.iter().chain(rest.as_deref()).cloned();
            format!("_t.List[{}]", inner(&TypeUse::union(items)))
        }
        TypeUse::Map(item) => format!("_t.Dict[str, {}]", inner(item)),
        TypeUse::Union(members) => union_text(members, prefix),
        TypeUse::Named(name) => format!("{prefix}{name}"),
    }
}

fn union_text(members: &[TypeUse], prefix: &str) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in members.iter().filter(|member| **member != TypeUse::Null).map(|member| type_text(member, prefix)) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let is_nullable = members.contains(&TypeUse::Null);
    let text = match texts.as_slice() {
        [only] => only.clone(),
        several => format!("_t.Union[{}]", several.join(", ")),
    };
    if is_nullable { format!("_t.Optional[{text}]") } else { text }
}

/// Writes constants, or their kind where the language has no literal types of it.
fn literal_text(values: &[Value]) -> String {
    let is_literal = |value: &Value| value.is_string() || value.is_boolean() || value.is_i64();
    if values.iter().all(is_literal) {
        let texts: Vec<String> = values.iter().map(|value| super::super::text::python(value).flat()).collect();
        return format!("_t.Literal[{}]", texts.join(", "));
    }
    let kind = |value: &Value| match value {
        Value::Null => TypeUse::Null,
        Value::Bool(_) => TypeUse::Boolean,
        Value::Number(_) => TypeUse::Number,
        Value::String(_) => TypeUse::Text,
        Value::Array(_) => TypeUse::Array(Box::new(TypeUse::Any)),
        Value::Object(_) => TypeUse::Map(Box::new(TypeUse::Any)),
    };
    type_text(&TypeUse::union(values.iter().map(kind)), "")
}

/// Writes the type of an alias, in which names are texts, as they may be declared below it.
fn alias_text(value: &TypeUse) -> String {
    match value {
        TypeUse::Named(name) => format!("_t.Union[\"{name}\"]"),
        TypeUse::Null => "_t.Optional[None]".to_owned(),
        other => type_text(&quote_names(other), ""),
    }
}

/// Puts quotes around the names of declared types.
fn quote_names(value: &TypeUse) -> TypeUse {
    let boxed = |value: &TypeUse| Box::new(quote_names(value));
    let list = |values: &[TypeUse]| values.iter().map(quote_names).collect();
    match value {
        TypeUse::Named(name) => TypeUse::Named(format!("\"{name}\"")),
        TypeUse::Array(item) => TypeUse::Array(boxed(item)),
        TypeUse::Map(item) => TypeUse::Map(boxed(item)),
        TypeUse::Tuple(first, rest) => TypeUse::Tuple(list(first), rest.as_deref().map(boxed)),
        TypeUse::Union(members) => TypeUse::Union(list(members)),
        other => other.clone(),
    }
}
