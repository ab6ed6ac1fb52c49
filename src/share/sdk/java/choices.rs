//! Choices of types, and constants: the classes in Java for unions and for enumerations.

use serde::Serialize;
use serde_json::Value;

use super::super::lowering::TypeUse;
use super::super::names::{NameAllocator, words};
use super::super::template::render;
use super::super::text::quoted;
use super::types::JavaType;

/// The most constants of a class.
const MOST_CONSTANTS: usize = 2_000;

/// A type of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChoiceMember {
    /// Its name among the methods.
    pub(super) label: String,
    pub(super) value: JavaType,
}

/// A class whose values are of one of several types.
#[derive(Debug, Serialize)]
pub(super) struct ChoiceContext {
    pub(super) name: String,
    comment: Vec<String>,
    members: Vec<MemberContext>,
    /// The classes of choices in it.
    nested: Vec<String>,
}

/// A member of a choice as the template writes it.
#[derive(Debug, Serialize)]
struct MemberContext {
    label: String,
    name: String,
    argument: String,
    codec: String,
}

/// A class of constants.
#[derive(Debug, Serialize)]
pub(super) struct ConstantsContext {
    pub(super) name: String,
    /// The constants, each with its value as a literal.
    constants: Vec<(String, String)>,
}

impl ChoiceContext {
    pub(super) fn new(name: &str, members: Vec<ChoiceMember>) -> Self {
        let mut labels = NameAllocator::new(&[], "");
        let member = |member: ChoiceMember| MemberContext {
            label: labels.give(member.label.clone(), "Type", &member.value.name),
            argument: member.value.argument().to_owned(),
            name: member.value.name,
            codec: member.value.codec,
        };
        let members = members.into_iter().map(member).collect();
        let comment = vec!["A value of one of several types.".to_owned()];
        Self { name: name.to_owned(), comment, members, nested: Vec::new() }
    }

    /// Describes the choice, and puts classes of other choices into it.
    pub(super) fn described(self, comment: Vec<String>, nested: Vec<String>) -> Self {
        Self { comment, nested, ..self }
    }

    /// Writes the class into another one.
    pub(super) fn nested(&self) -> String {
        indented(&render("java/Choice.java", self))
    }

    /// Writes the class for a file of its own.
    pub(super) fn text(&self) -> String {
        render("java/Choice.java", self)
    }
}

impl ConstantsContext {
    /// Returns the constants of an enumeration of texts; `None` if it is none, or one of too many.
    pub(super) fn of(value: &TypeUse, name: impl FnOnce() -> String) -> Option<Self> {
        let values = texts(value)?;
        if values.is_empty() || values.len() > MOST_CONSTANTS {
            return None;
        }
        let mut names = NameAllocator::new(&[], "_");
        let constant = |text: &&str| {
            let wanted = words(text).join("_").to_uppercase();
            (names.give(wanted, "VALUE", text), quoted(text))
        };
        let constants = values.iter().map(constant).collect();
        Some(Self { name: name(), constants })
    }

    /// Writes the class into another one.
    pub(super) fn nested(&self) -> String {
        indented(&render("java/Values.java", self))
    }

    /// Writes the class for a file of its own.
    pub(super) fn text(&self) -> String {
        render("java/Values.java", self)
    }
}

/// Returns the texts that a value is one of.
fn texts(value: &TypeUse) -> Option<Vec<&str>> {
    let value = match value {
        TypeUse::Union(members) => match members.as_slice() {
            [literal, TypeUse::Null] | [TypeUse::Null, literal] => literal,
            _ => return None,
        },
        other => other,
    };
    let TypeUse::Literal(values) = value else { return None };
    values.iter().map(Value::as_str).collect()
}

/// Writes a class by the rules of one that is nested in another.
fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| match line.strip_prefix("public ") {
        Some(rest) => format!("    public static {rest}\n"),
        None if line.is_empty() => "\n".to_owned(),
        None => format!("    {line}\n"),
    });
    lines.collect()
}

/// Lists the kinds of values among the members of a union that are told apart without following names.
pub(super) fn shallow_kinds(members: &[TypeUse]) -> Vec<&str> {
    let mut kinds: Vec<&str> = Vec::new();
    for member in members {
        let kind = match member {
            TypeUse::Null => continue,
            TypeUse::Boolean => "boolean",
            TypeUse::Integer | TypeUse::Number => "number",
            TypeUse::Text => "text",
            TypeUse::Literal(values) if values.iter().all(Value::is_string) => "text",
            TypeUse::Literal(values) if values.iter().all(Value::is_boolean) => "boolean",
            TypeUse::Literal(values) if values.iter().all(Value::is_number) => "number",
            TypeUse::Any | TypeUse::Union(_) | TypeUse::Literal(_) => "any",
            TypeUse::File => "file",
            TypeUse::Array(_) | TypeUse::Tuple(..) => "list",
            TypeUse::Map(_) => "map",
            TypeUse::Named(name) => name,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.contains(&"any") { Vec::new() } else { kinds }
}
