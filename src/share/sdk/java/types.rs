//! Types in Java: boxed classes with the expressions that read them from plain JSON.

use std::collections::{BTreeSet, HashMap};

use super::super::lowering::{DeclarationKind, TypeDeclaration, TypeUse};
use super::super::names::{NameAllocator, capitalized, pascal, words};
use super::choices::{ChoiceContext, ChoiceMember, shallow_kinds};
use super::text::{class_name, is_hidden_name};

/// A type as Java writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JavaType {
    /// The class, which `null` is a value of.
    pub(super) name: String,
    /// The expression of its `JsonType`.
    pub(super) codec: String,
    pub(super) is_nullable: bool,
    /// The classes in it that have to be imported outside of their package.
    pub(super) uses: BTreeSet<String>,
}

impl JavaType {
    pub(super) fn of(name: &str, codec: &str) -> Self {
        Self { name: name.to_owned(), codec: codec.to_owned(), is_nullable: false, uses: BTreeSet::new() }
    }

    pub(super) fn any() -> Self {
        Self::of("Object", "JsonType.ANY")
    }

    /// Returns the type of a parameter of a method, in which plain numbers can be written.
    pub(super) fn argument(&self) -> &str {
        match self.name.as_str() {
            "Long" if !self.is_nullable => "long",
            "Boolean" if !self.is_nullable => "boolean",
            "BigDecimal" => "Number",
            other => other,
        }
    }

    /// Returns the class without its arguments, by which overloads are told apart.
    pub(super) fn erasure(&self) -> &str {
        self.name.split('<').next().unwrap_or_default()
    }

    /// Wraps it in a generic class.
    pub(super) fn wrapped(&self, before: &str, codec: &str) -> Self {
        Self {
            name: format!("{before}{}>", self.name),
            codec: format!("JsonType.{codec}({})", self.codec),
            is_nullable: false,
            uses: self.uses.clone(),
        }
    }
}

/// The declared types of a package.
pub(super) struct JavaTypes<'p> {
    /// The package of the client.
    pub(super) package: String,
    declared: HashMap<&'p str, &'p TypeDeclaration>,
}

impl<'p> JavaTypes<'p> {
    pub(super) fn new(package: String, declarations: &'p [TypeDeclaration]) -> Self {
        let declared = declarations.iter().map(|declaration| (declaration.name.as_str(), declaration)).collect();
        Self { package, declared }
    }

    pub(super) fn declaration(&self, name: &str) -> Option<&'p TypeDeclaration> {
        self.declared.get(name).copied()
    }

    /// Returns a declared class, by its package too where another could hide it.
    fn class(&self, shared: &str) -> JavaType {
        let class = class_name(shared);
        let whole = format!("{}.types.{class}", self.package);
        let is_hidden = is_hidden_name(&class);
        let name = if is_hidden { whole.clone() } else { class };
        let codec = format!("{name}.TYPE");
        let uses = if is_hidden { BTreeSet::new() } else { BTreeSet::from([whole]) };
        JavaType { name, codec, is_nullable: false, uses }
    }
}

/// A class with the classes that are nested in it: one for each choice of types that has no name of its own.
pub(super) struct ClassScope<'t, 'p> {
    pub(super) types: &'t JavaTypes<'p>,
    /// The class.
    pub(super) owner: String,
    /// The import of the class, where others need one.
    import: Option<String>,
    names: NameAllocator,
    choices: Vec<ChoiceContext>,
    /// The classes that the choices need.
    uses: BTreeSet<String>,
    /// The choices by their origin.
    given: HashMap<String, JavaType>,
    /// The aliases that are being followed.
    open: Vec<String>,
}

impl<'t, 'p> ClassScope<'t, 'p> {
    pub(super) fn new(types: &'t JavaTypes<'p>, owner: &str, import: Option<String>) -> Self {
        let mut names = NameAllocator::new(&[], "").ignoring_case();
        names.give(owner.to_owned(), "Type", owner);
        let owner = owner.to_owned();
        let (choices, uses, given, open) = (Vec::new(), BTreeSet::new(), HashMap::new(), Vec::new());
        Self { types, owner, import, names, choices, uses, given, open }
    }

    /// Gives the name of a nested class.
    pub(super) fn nested_name(&mut self, origin: &str, ending: &str) -> String {
        let wanted = class_name(&format!("{}{ending}", pascal(&words(origin))));
        self.names.give(wanted, "Type", origin)
    }

    /// Writes a type; a choice in it is named by its origin.
    pub(super) fn lower(&mut self, value: &TypeUse, origin: &str) -> JavaType {
        match value {
            TypeUse::Any | TypeUse::Null => JavaType::any(),
            TypeUse::Boolean => JavaType::of("Boolean", "JsonType.BOOLEAN"),
            TypeUse::Integer => JavaType::of("Long", "JsonType.INTEGER"),
            TypeUse::Number => JavaType::of("BigDecimal", "JsonType.NUMBER"),
            TypeUse::Text => JavaType::of("String", "JsonType.TEXT"),
            TypeUse::File => JavaType::of("Upload", "JsonType.FILE"),
            TypeUse::Literal(values) => literal_type(values),
            TypeUse::Array(item) => self.lower(item, &format!("{origin} item")).wrapped("List<", "list"),
            TypeUse::Tuple(first, rest) => {
                let items = TypeUse::union(first.iter().chain(rest.as_deref()).cloned());
                self.lower(&items, &format!("{origin} item")).wrapped("List<", "list")
            }
            TypeUse::Map(item) => self.lower(item, &format!("{origin} value")).wrapped("Map<String, ", "map"),
            TypeUse::Union(members) => self.union(members, origin),
            TypeUse::Named(name) => self.named(name, origin),
        }
    }

    fn named(&mut self, name: &str, origin: &str) -> JavaType {
        match self.types.declaration(name).map(|declaration| &declaration.kind) {
            Some(DeclarationKind::Object(..)) => self.types.class(name),
            Some(DeclarationKind::Alias(value)) if is_choice(value) => {
                JavaType { is_nullable: is_nullable(value), ..self.types.class(name) }
            }
            // An alias that leads back to itself through lists has no end.
            Some(DeclarationKind::Alias(_)) if self.open.iter().any(|open| open == name) => JavaType::any(),
            Some(DeclarationKind::Alias(value)) => {
                self.open.push(name.to_owned());
                let lowered = self.lower(value, origin);
                self.open.pop();
                lowered
            }
            None => JavaType::any(),
        }
    }

    fn union(&mut self, members: &[TypeUse], origin: &str) -> JavaType {
        let has_null = members.contains(&TypeUse::Null);
        let (mut list, is_nullable) = self.members(members, origin);
        let is_nullable = is_nullable || has_null;
        if list.len() < 2 || list.iter().any(|member| member.value.name == "Object") {
            let only = if list.len() == 1 { list.remove(0).value } else { JavaType::any() };
            return JavaType { is_nullable, ..only };
        }
        if let Some(given) = self.given.get(origin) {
            return given.clone();
        }
        let given = JavaType { is_nullable, ..self.choice(origin, list) };
        self.given.insert(origin.to_owned(), given.clone());
        given
    }

    /// Nests the class of a choice.
    pub(super) fn choice(&mut self, origin: &str, list: Vec<ChoiceMember>) -> JavaType {
        let name = self.nested_name(origin, "Choice");
        let whole = format!("{}.{name}", self.owner);
        let codec = format!("{whole}.TYPE");
        self.uses.extend(list.iter().flat_map(|member| member.value.uses.iter().cloned()));
        self.choices.push(ChoiceContext::new(&name, list));
        JavaType { name: whole, codec, is_nullable: false, uses: self.import.iter().cloned().collect() }
    }

    /// Returns the nested classes as texts, and the classes that they need.
    pub(super) fn nested(&self) -> (Vec<String>, BTreeSet<String>) {
        (self.choices.iter().map(ChoiceContext::nested).collect(), self.uses.clone())
    }

    /// Lists the different types of a union; true if one of them may be `null`.
    pub(super) fn members(&mut self, members: &[TypeUse], origin: &str) -> (Vec<ChoiceMember>, bool) {
        let mut list: Vec<ChoiceMember> = Vec::new();
        let mut is_nullable = false;
        for member in members.iter().filter(|member| **member != TypeUse::Null) {
            let value = self.lower(member, &format!("{origin} {}", label(member)));
            is_nullable |= value.is_nullable;
            if !list.iter().any(|known| known.value.name == value.name) {
                list.push(ChoiceMember { label: label(member), value: JavaType { is_nullable: false, ..value } });
            }
        }
        if list.iter().any(|member| member.value.name == "BigDecimal") {
            list.retain(|member| member.value.name != "Long");
        }
        (list, is_nullable)
    }
}

/// Names a member of a choice.
fn label(member: &TypeUse) -> String {
    let name = match member {
        TypeUse::Any | TypeUse::Null => "Any",
        TypeUse::Boolean => "Boolean",
        TypeUse::Integer => "Integer",
        TypeUse::Number => "Number",
        TypeUse::Text | TypeUse::Literal(_) => "Text",
        TypeUse::File => "File",
        TypeUse::Array(_) | TypeUse::Tuple(..) => "List",
        TypeUse::Map(_) => "Map",
        TypeUse::Union(_) => "Choice",
        TypeUse::Named(name) => return capitalized(&class_name(name)),
    };
    name.to_owned()
}

/// True if a value of the alias is one of several classes.
pub(super) fn is_choice(value: &TypeUse) -> bool {
    matches!(value, TypeUse::Union(members) if shallow_kinds(members).len() > 1)
}

fn is_nullable(value: &TypeUse) -> bool {
    matches!(value, TypeUse::Union(members) if members.contains(&TypeUse::Null))
}

/// Returns the class of constants; one of several kinds is any JSON.
fn literal_type(values: &[serde_json::Value]) -> JavaType {
    let all = |is: fn(&serde_json::Value) -> bool| !values.is_empty() && values.iter().all(is);
    if all(serde_json::Value::is_string) {
        JavaType::of("String", "JsonType.TEXT")
    } else if all(serde_json::Value::is_boolean) {
        JavaType::of("Boolean", "JsonType.BOOLEAN")
    } else if all(serde_json::Value::is_i64) {
        JavaType::of("Long", "JsonType.INTEGER")
    } else if all(serde_json::Value::is_number) {
        JavaType::of("BigDecimal", "JsonType.NUMBER")
    } else {
        JavaType::any()
    }
}
