//! Values as expressions of Java, for calls as they may look.

use std::collections::BTreeSet;

use serde_json::{Number, Value};

use super::super::layout::CodePiece;
use super::super::lowering::{DeclarationKind, TypeUse};
use super::objects::ObjectShapes;
use super::text::{class_name, literal};
use super::types::{ClassScope, JavaType, is_choice};

/// The longest value that is built field by field, in bytes of JSON; longer ones are read from JSON.
const LONGEST_BUILT: usize = 1_500;
/// The most items of a list that is written as one.
const MOST_ITEMS: usize = 40;

/// Writes values; the classes that they need are collected.
pub(super) struct ValueWriter<'s, 'p> {
    shapes: &'s ObjectShapes<'p>,
    package: &'s str,
    pub(super) imports: BTreeSet<String>,
}

impl<'s, 'p> ValueWriter<'s, 'p> {
    pub(super) fn new(shapes: &'s ObjectShapes<'p>, package: &'s str) -> Self {
        Self { shapes, package, imports: BTreeSet::new() }
    }

    /// Writes an argument of a type; a choice in it is named by its origin.
    pub(super) fn argument(
        &mut self,
        value: &Value,
        declared: &TypeUse,
        scope: &mut ClassScope<'_, 'p>,
        origin: &str,
    ) -> CodePiece {
        let java = scope.lower(declared, origin);
        let is_short = value.to_string().len() <= LONGEST_BUILT;
        let built = if is_short { self.built(value, declared, &java, scope, true) } else { None };
        built.unwrap_or_else(|| self.parsed(value, &java))
    }

    /// Writes a body, which fits one of the overloads of its method.
    pub(super) fn body(&mut self, value: &Value, declared: &TypeUse, scope: &mut ClassScope<'_, 'p>) -> CodePiece {
        let TypeUse::Union(members) = declared else { return self.argument(value, declared, scope, "body") };
        let (list, _) = scope.members(members, "body");
        if list.iter().any(|member| member.value.name == "Object") {
            return self.any(value);
        }
        for member in members.iter().filter(|member| **member != TypeUse::Null) {
            let java = scope.lower(member, "body");
            if is_of_kind(value, &java) && list.iter().any(|known| known.value.name == java.name) {
                return self.argument(value, member, scope, "body");
            }
        }
        match list.first() {
            Some(first) => self.parsed(value, &first.value),
            None => self.any(value),
        }
    }

    /// Writes a value that is read from its JSON.
    pub(super) fn parsed(&mut self, value: &Value, java: &JavaType) -> CodePiece {
        self.import("Json");
        self.imports.extend(java.uses.iter().cloned());
        let mut arguments = vec![CodePiece::text(literal(&value.to_string()))];
        if java.name != "Object" {
            if java.codec.contains("JsonType.") {
                self.import("JsonType");
            }
            arguments.push(CodePiece::text(java.codec.clone()));
        }
        CodePiece::list("Json.parse(", arguments, ")")
    }

    fn import(&mut self, class: &str) {
        self.imports.insert(format!("{}.{class}", self.package));
    }

    /// Writes a value of a type; `None` if it is of another.
    fn built(
        &mut self,
        value: &Value,
        declared: &TypeUse,
        java: &JavaType,
        scope: &mut ClassScope<'_, 'p>,
        is_argument: bool,
    ) -> Option<CodePiece> {
        match java.name.as_str() {
            "Object" => Some(self.any(value)),
            "String" => Some(CodePiece::text(value.as_str().map_or_else(|| literal(&value.to_string()), literal))),
            "Boolean" => value.as_bool().map(|value| CodePiece::text(value.to_string())),
            "Long" => whole(value).map(|number| long(number, is_argument && java.argument() == "long")),
            "BigDecimal" => match value {
                Value::Number(number) => Some(self.number(number, is_argument)),
                _ => None,
            },
            "Upload" => {
                self.import("Upload");
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Some(CodePiece::list("Upload.of(", vec![CodePiece::text(literal(&text))], ")"))
            }
            _ => self.built_structure(value, declared, scope),
        }
    }

    fn built_structure(
        &mut self,
        value: &Value,
        declared: &TypeUse,
        scope: &mut ClassScope<'_, 'p>,
    ) -> Option<CodePiece> {
        match (declared, value) {
            (TypeUse::Array(item), Value::Array(items)) if items.len() <= MOST_ITEMS => {
                let java = scope.lower(item, "item");
                let items = items.iter().map(|value| self.item(value, item, &java, scope));
                let items = items.collect::<Option<Vec<CodePiece>>>()?;
                self.imports.insert("java.util.List".to_owned());
                Some(CodePiece::list("List.of(", items, ")"))
            }
            (TypeUse::Union(members), value) => {
                let mut others = members.iter().filter(|member| **member != TypeUse::Null);
                let (Some(only), None) = (others.next(), others.next()) else { return None };
                self.built_structure(value, only, scope)
            }
            (TypeUse::Named(name), value) => match &scope.types.declaration(name)?.kind {
                DeclarationKind::Object(..) => self.object(value.as_object()?, name, scope),
                DeclarationKind::Alias(value) if is_choice(value) => None,
                DeclarationKind::Alias(alias) => self.built_structure(value, alias, scope),
            },
            _ => None,
        }
    }

    fn item(
        &mut self,
        value: &Value,
        declared: &TypeUse,
        java: &JavaType,
        scope: &mut ClassScope<'_, 'p>,
    ) -> Option<CodePiece> {
        // Lists of Java hold no null, and a choice is named by the place of its list.
        let is_plain = !value.is_null() && !java.name.ends_with("Choice");
        if is_plain { self.built(value, declared, java, scope, false) } else { None }
    }

    fn object(
        &mut self,
        fields: &serde_json::Map<String, Value>,
        name: &str,
        scope: &mut ClassScope<'_, 'p>,
    ) -> Option<CodePiece> {
        let shape = self.shapes.get(name)?;
        let java = scope.lower(&TypeUse::Named(name.to_owned()), "");
        self.imports.extend(java.uses.iter().cloned());
        let mut setters = Vec::new();
        let class = class_name(name);
        let import = format!("{}.types.{class}", self.package);
        let mut inner = ClassScope::new(scope.types, &class, Some(import));
        for (key, value) in fields {
            let field = shape.fields.iter().find(|field| field.key() == key);
            let built = field.and_then(|field| {
                let java = &field.value;
                let is_plain = !value.is_null() && !java.name.contains("Choice");
                let built = is_plain.then(|| self.built(value, field.type_use(), java, &mut inner, true))?;
                Some(CodePiece::list(format!(".{}(", field.setter), vec![built?], ")"))
            });
            setters.push(built.unwrap_or_else(|| {
                CodePiece::list(".with(", vec![CodePiece::text(literal(key)), self.any(value)], ")")
            }));
        }
        Some(CodePiece::text(format!("new {}()", java.name)).followed_by(setters))
    }

    /// Writes a value of any type.
    fn any(&mut self, value: &Value) -> CodePiece {
        match value {
            Value::Null => CodePiece::text("null"),
            Value::Bool(value) => CodePiece::text(value.to_string()),
            Value::String(text) => CodePiece::text(literal(text)),
            Value::Number(number) => self.number(number, true),
            Value::Array(_) | Value::Object(_) => self.parsed(value, &JavaType::any()),
        }
    }

    fn number(&mut self, number: &Number, is_argument: bool) -> CodePiece {
        if is_argument && let Some(number) = whole_number(number) {
            return long(number, true);
        }
        let text = number.to_string();
        // As far as Java writes a double with the same digits.
        let is_short = text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
        if is_argument
            && is_short
            && text.contains('.')
            && number.as_f64().is_some_and(|value| (0.001..1e7).contains(&value.abs()))
        {
            return CodePiece::text(text);
        }
        self.imports.insert("java.math.BigDecimal".to_owned());
        CodePiece::text(format!("new BigDecimal(\"{text}\")"))
    }
}

/// True if a class is made of values of this kind.
fn is_of_kind(value: &Value, java: &JavaType) -> bool {
    match java.erasure() {
        "String" | "Upload" => value.is_string(),
        "Boolean" => value.is_boolean(),
        "Long" => whole(value).is_some(),
        "BigDecimal" => value.is_number(),
        "List" => value.is_array(),
        choice if choice.ends_with("Choice") => true,
        _ => value.is_object(),
    }
}

/// Returns a number without a fraction.
fn whole(value: &Value) -> Option<i64> {
    if let Value::Number(number) = value { whole_number(number) } else { None }
}

fn whole_number(number: &Number) -> Option<i64> {
    let as_float = || number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15);
    #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and fits")]
    number.as_i64().or_else(|| as_float().map(|number| number as i64))
}

/// Writes an integer; where it is widened, it needs no mark of its type.
fn long(number: i64, is_widened: bool) -> CodePiece {
    let mark = if is_widened && i32::try_from(number).is_ok() { "" } else { "L" };
    CodePiece::text(format!("{number}{mark}"))
}
