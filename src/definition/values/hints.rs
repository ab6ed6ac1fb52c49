//! The subschemas for one place of a value, with the possible and likely types of that place.
//!
//! Hints only order readings and drop impossible ones; validity is decided by the validator alone.

use std::collections::{HashMap, HashSet};

use jsonschema::Validator;
use serde_json::Value;

use crate::definition::schema::types::TypeSet;

/// The compiled names of `patternProperties`, by pattern.
pub(super) type NamePatterns = HashMap<String, Validator>;

/// The maximum number of schemas for one place.
const MOST_SCHEMAS: usize = 128;
/// The maximum depth of combined schemas.
const MOST_LEVELS: usize = 8;

/// The structure of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueStructure {
    /// A single text.
    Scalar,
    /// A list of values.
    List,
    /// Named values.
    Object,
}

impl ValueStructure {
    pub(super) fn types(self) -> TypeSet {
        match self {
            Self::Scalar => TypeSet::SCALAR,
            Self::List => TypeSet::ARRAY,
            Self::Object => TypeSet::OBJECT,
        }
    }
}

/// The schemas for one place.
#[derive(Clone)]
pub(crate) struct PlaceSchemas<'s> {
    root: &'s Value,
    patterns: &'s NamePatterns,
    /// Schemas that apply to every value.
    sure: Vec<&'s Value>,
    /// Schemas that apply in one of several alternatives.
    maybe: Vec<&'s Value>,
    possible: TypeSet,
}

/// The schemas for the items of a list.
pub(super) struct ItemHints<'h, 's> {
    list: &'h PlaceSchemas<'s>,
    first: usize,
    current: Option<(usize, PlaceSchemas<'s>)>,
}

/// The schemas for the properties of an object.
pub(super) struct PropertyHints<'h, 's> {
    object: &'h PlaceSchemas<'s>,
    declared: HashSet<&'s str>,
    has_patterns: bool,
    named: Option<PlaceSchemas<'s>>,
    /// The schemas for all undeclared names.
    others: Option<PlaceSchemas<'s>>,
}

impl<'s> PlaceSchemas<'s> {
    pub(super) fn new(root: &'s Value, patterns: &'s NamePatterns) -> Self {
        Self::of(root, patterns, vec![root], Vec::new())
    }

    fn of(root: &'s Value, patterns: &'s NamePatterns, sure: Vec<&'s Value>, maybe: Vec<&'s Value>) -> Self {
        let mut hints = Self { root, patterns, sure: Vec::new(), maybe: Vec::new(), possible: TypeSet::ANY };
        for (start, is_sure) in sure.into_iter().map(|one| (one, true)).chain(maybe.into_iter().map(|one| (one, false)))
        {
            hints.add(start, is_sure);
        }
        hints.possible = hints.sure.iter().fold(TypeSet::ANY, |types, schema| types.both(hints.own_types(schema, 0)));
        hints
    }

    /// Adds a schema and those that it combines.
    fn add(&mut self, start: &'s Value, is_sure: bool) {
        let mut pending = vec![(start, is_sure)];
        while let Some((schema, is_sure)) = pending.pop() {
            let known = |list: &[&Value]| list.iter().any(|known| std::ptr::eq(*known, schema));
            if self.sure.len() + self.maybe.len() >= MOST_SCHEMAS || known(&self.sure) || !is_sure && known(&self.maybe)
            {
                continue;
            }
            if is_sure {
                self.sure.push(schema);
            } else {
                self.maybe.push(schema);
            }
            pending.extend(self.target(schema).map(|target| (target, is_sure)));
            pending.extend(list_of(schema, "allOf").map(|part| (part, is_sure)));
            let alternatives = ["anyOf", "oneOf"].into_iter().flat_map(|keyword| list_of(schema, keyword));
            pending.extend(alternatives.map(|part| (part, false)));
            let conditions = ["if", "then", "else"].into_iter().filter_map(|keyword| schema.get(keyword));
            pending.extend(conditions.map(|part| (part, false)));
            let dependent = schema.get("dependentSchemas").and_then(Value::as_object);
            pending.extend(dependent.into_iter().flat_map(|map| map.values()).map(|part| (part, false)));
        }
    }

    fn target(&self, schema: &'s Value) -> Option<&'s Value> {
        let pointer = schema.get("$ref").and_then(Value::as_str)?.strip_prefix('#')?;
        self.root.pointer(pointer)
    }

    /// Returns the types that a schema and its alternatives allow.
    fn own_types(&self, schema: &'s Value, level: usize) -> TypeSet {
        if schema == &Value::Bool(false) {
            return TypeSet::NONE;
        }
        let mut types = declared_types(schema).unwrap_or(TypeSet::ANY);
        if let Some(listed) = listed_values(schema) {
            types = types.both(listed.map(TypeSet::of).fold(TypeSet::NONE, TypeSet::either));
        }
        if level >= MOST_LEVELS {
            return types;
        }
        for keyword in ["anyOf", "oneOf"] {
            let mut parts = list_of(schema, keyword).peekable();
            if parts.peek().is_some() {
                let of_part = |part| {
                    let followed = self.target(part).map_or(TypeSet::ANY, |target| self.own_types(target, level + 1));
                    self.own_types(part, level + 1).both(followed)
                };
                types = types.both(parts.map(of_part).fold(TypeSet::NONE, TypeSet::either));
            }
        }
        for part in list_of(schema, "allOf").filter(|_| level > 0) {
            types = types.both(self.own_types(part, level + 1));
        }
        types
    }

    /// True if no schema applies to the place.
    pub(super) fn is_silent(&self) -> bool {
        self.sure.is_empty() && self.maybe.is_empty()
    }

    /// Returns the possible types of the value.
    pub(super) fn possible(&self) -> TypeSet {
        self.possible
    }

    /// True if the value may have one of the types.
    pub(super) fn allows(&self, types: TypeSet) -> bool {
        self.possible.meets(types)
    }

    /// True if the value, or an item of it, can be bytes: its schemas say so or name no type (OpenAPI 3.1.1,
    /// "Working with Binary Data").
    pub(super) fn allows_bytes(&self) -> bool {
        let is_binary = |schema: &Value| {
            schema.get("format").and_then(Value::as_str) == Some("binary")
                || schema.get("contentMediaType").is_some() && schema.get("contentEncoding").is_none()
        };
        self.named(None) == TypeSet::NONE || self.all().any(is_binary) || self.item(0).all().any(is_binary)
    }

    /// Returns the types that the schemas name for a text, or without one for a value with parts: those of `type`, or
    /// those of the constants with that text.
    pub(super) fn named(&self, text: Option<&str>) -> TypeSet {
        let of_schema = |schema: &&'s Value| match listed_values(schema) {
            Some(listed) => {
                let written = |value: &&Value| text.is_none_or(|text| writes(text, value));
                listed.filter(written).map(TypeSet::of).fold(TypeSet::NONE, TypeSet::either)
            }
            None => declared_types(schema).unwrap_or(TypeSet::NONE),
        };
        self.all().map(|schema| of_schema(&schema)).fold(TypeSet::NONE, TypeSet::either)
    }

    /// Returns the most likely structure of a value with a text; without one, of a value with parts.
    pub(super) fn likely(&self, text: Option<&str>) -> Option<ValueStructure> {
        let named = self.named(text).both(self.possible);
        let scalars = TypeSet::STRING.either(TypeSet::NUMBER).either(TypeSet::BOOLEAN);
        let is_null = text.is_some_and(|text| matches!(text, "" | "null")) && named.meets(TypeSet::NULL);
        if text.is_some() && (is_null || named.meets(scalars)) {
            Some(ValueStructure::Scalar)
        } else if named.meets(TypeSet::ARRAY) {
            Some(ValueStructure::List)
        } else if named.meets(TypeSet::OBJECT) {
            Some(ValueStructure::Object)
        } else {
            None
        }
    }

    /// Returns the schemas for the items of a list.
    pub(super) fn items(&self) -> ItemHints<'_, 's> {
        let first = self.all().map(|schema| list_of(schema, "prefixItems").count()).max().unwrap_or_default();
        ItemHints { list: self, first, current: None }
    }

    /// Returns the schemas for the item at an index.
    pub(super) fn item(&self, index: usize) -> Self {
        let of_schema = |schema: &'s Value| {
            let mut first = list_of(schema, "prefixItems");
            first.nth(index).or_else(|| schema.get("items")).into_iter().collect::<Vec<_>>()
        };
        let sure = self.sure.iter().flat_map(|schema| of_schema(schema)).collect();
        let contained = self.all().filter_map(|schema| schema.get("contains"));
        let maybe = self.maybe.iter().flat_map(|schema| of_schema(schema)).chain(contained).collect();
        Self::of(self.root, self.patterns, sure, maybe)
    }

    /// Returns the schemas for the properties of an object.
    pub(super) fn properties(&self) -> PropertyHints<'_, 's> {
        let lists = self.all().filter_map(|schema| schema.get("properties")?.as_object());
        let declared = lists.flat_map(|list| list.keys()).map(String::as_str).collect();
        let has_patterns = self.all().any(|schema| schema.get("patternProperties").is_some());
        PropertyHints { object: self, declared, has_patterns, named: None, others: None }
    }

    /// Returns the schemas for a property.
    pub(super) fn property(&self, name: &str) -> Self {
        let of_list = |list: &[&'s Value]| list.iter().flat_map(|schema| self.of_property(schema, name)).collect();
        Self::of(self.root, self.patterns, of_list(&self.sure), of_list(&self.maybe))
    }

    fn of_property(&self, schema: &'s Value, name: &str) -> Vec<&'s Value> {
        let mut found: Vec<&Value> = schema.get("properties").and_then(|list| list.get(name)).into_iter().collect();
        let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
        found.extend(patterns.filter(|(pattern, _)| self.is_match(pattern, name)).map(|(_, schema)| schema));
        if found.is_empty() {
            found.extend(schema.get("additionalProperties"));
        }
        found
    }

    fn is_match(&self, pattern: &str, name: &str) -> bool {
        self.patterns.get(pattern).is_some_and(|pattern| pattern.is_valid(&Value::from(name)))
    }

    /// True if a property is declared by its name.
    pub(super) fn names(&self, name: &str) -> bool {
        self.all().any(|schema| schema.get("properties").is_some_and(|list| list.get(name).is_some()))
    }

    /// True if a property is declared, by its name or by a pattern.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.all().any(|schema| {
            let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
            schema.get("properties").is_some_and(|list| list.get(name).is_some())
                || patterns.map(|(pattern, _)| pattern).any(|pattern| self.is_match(pattern, name))
        })
    }

    /// True if properties with arbitrary names are declared.
    pub(super) fn describes_others(&self) -> bool {
        self.all().any(|schema| schema.get("additionalProperties").is_some_and(|others| others != &Value::Bool(false)))
    }

    /// True if an alternative is an object that says nothing of other properties, by which it may be told from another.
    pub(super) fn has_open_alternative(&self) -> bool {
        let is_object = |schema: &Value| {
            schema.get("properties").is_some()
                || declared_types(schema).is_some_and(|types| types.meets(TypeSet::OBJECT))
        };
        self.maybe.iter().any(|schema| is_object(schema) && schema.get("additionalProperties").is_none())
    }

    fn all(&self) -> impl Iterator<Item = &'s Value> {
        self.sure.iter().chain(&self.maybe).copied()
    }
}

impl<'s> ItemHints<'_, 's> {
    /// Returns the schemas for the item at an index; all items after `prefixItems` share theirs.
    pub(super) fn at(&mut self, index: usize) -> &PlaceSchemas<'s> {
        let index = index.min(self.first);
        let hints = match self.current.take() {
            Some((known, hints)) if known == index => hints,
            _ => self.list.item(index),
        };
        &self.current.insert((index, hints)).1
    }
}

impl<'s> PropertyHints<'_, 's> {
    /// Returns the schemas for a property. All undeclared names share theirs, since a request may have many of them.
    pub(super) fn at(&mut self, name: &str) -> &PlaceSchemas<'s> {
        if self.declared.contains(name) || self.has_patterns && self.object.declares(name) {
            return self.named.insert(self.object.property(name));
        }
        self.others.get_or_insert_with(|| self.object.property(name))
    }
}

fn list_of<'s>(schema: &'s Value, keyword: &str) -> impl Iterator<Item = &'s Value> + use<'s> {
    schema.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

fn declared_types(schema: &Value) -> Option<TypeSet> {
    let keyword = schema.get("type")?;
    let names = keyword.as_str().into_iter().chain(list_of(schema, "type").filter_map(Value::as_str));
    Some(names.filter_map(TypeSet::named).fold(TypeSet::NONE, TypeSet::either))
}

/// Lists the values of `const` and `enum`, if the schema has either.
fn listed_values(schema: &Value) -> Option<impl Iterator<Item = &Value>> {
    let (constant, listed) = (schema.get("const"), schema.get("enum").and_then(Value::as_array));
    (constant.is_some() || listed.is_some()).then(|| constant.into_iter().chain(listed.into_iter().flatten()))
}

fn writes(text: &str, value: &Value) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::Null => matches!(text, "" | "null"),
        Value::Number(number) => text.parse::<f64>().ok() == number.as_f64(),
        Value::Bool(own) => text == if *own { "true" } else { "false" },
        Value::Array(_) | Value::Object(_) => false,
    }
}
