//! Schemas: the keywords of OpenAPI 3.0 (section 4.7.24) or of JSON Schema 2020-12.

use std::collections::HashSet;

use super::form::{FieldVersions, Kind};
use super::{SpecificationWalk, rules};
use crate::definition::{Node, NodeKind, Specification, foreign_construct, is_regular_expression, legacy_construct};
use crate::model::nearest;

/// The kind of value that a keyword has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeywordForm {
    Any,
    Text,
    Flag,
    Number,
    PositiveNumber,
    Count,
    Pattern,
    Texts,
    Type,
    List,
    Schema,
    /// In 3.0, where a boolean is not a schema.
    SchemaOrFlag,
    Schemas,
    SchemaMap,
    PatternMap,
    TextsMap,
    Object(Kind),
    Ignored,
}

use KeywordForm::{
    Any, Count, Flag, Ignored, List, Number, Object, Pattern, PatternMap, PositiveNumber, Schema, SchemaMap,
    SchemaOrFlag, Schemas, Text, Texts, TextsMap, Type,
};

/// The keywords of both dialects, with the versions that have them.
const KEYWORDS: &[(&str, KeywordForm, FieldVersions)] = &[
    ("type", Type, FieldVersions::All),
    ("properties", SchemaMap, FieldVersions::All),
    ("required", Texts, FieldVersions::All),
    ("items", Schema, FieldVersions::All),
    ("description", Text, FieldVersions::All),
    ("enum", List, FieldVersions::All),
    ("format", Text, FieldVersions::All),
    ("title", Text, FieldVersions::All),
    ("default", Any, FieldVersions::All),
    ("example", Any, FieldVersions::All),
    ("allOf", Schemas, FieldVersions::All),
    ("oneOf", Schemas, FieldVersions::All),
    ("anyOf", Schemas, FieldVersions::All),
    ("not", Schema, FieldVersions::All),
    ("additionalProperties", SchemaOrFlag, FieldVersions::All),
    ("maximum", Number, FieldVersions::All),
    ("minimum", Number, FieldVersions::All),
    ("exclusiveMaximum", Flag, FieldVersions::V3_0),
    ("exclusiveMinimum", Flag, FieldVersions::V3_0),
    ("exclusiveMaximum", Number, FieldVersions::V3_1),
    ("exclusiveMinimum", Number, FieldVersions::V3_1),
    ("multipleOf", PositiveNumber, FieldVersions::All),
    ("maxLength", Count, FieldVersions::All),
    ("minLength", Count, FieldVersions::All),
    ("pattern", Pattern, FieldVersions::All),
    ("maxItems", Count, FieldVersions::All),
    ("minItems", Count, FieldVersions::All),
    ("uniqueItems", Flag, FieldVersions::All),
    ("maxProperties", Count, FieldVersions::All),
    ("minProperties", Count, FieldVersions::All),
    ("nullable", Flag, FieldVersions::V3_0),
    ("readOnly", Flag, FieldVersions::All),
    ("writeOnly", Flag, FieldVersions::All),
    ("deprecated", Flag, FieldVersions::All),
    ("discriminator", Object(Kind::Discriminator), FieldVersions::All),
    ("xml", Object(Kind::Xml), FieldVersions::All),
    ("externalDocs", Object(Kind::ExternalDocumentation), FieldVersions::All),
    ("$ref", Text, FieldVersions::V3_1),
    ("$id", Text, FieldVersions::V3_1),
    ("$schema", Text, FieldVersions::V3_1),
    ("$anchor", Text, FieldVersions::V3_1),
    ("$dynamicRef", Text, FieldVersions::V3_1),
    ("$dynamicAnchor", Text, FieldVersions::V3_1),
    ("$vocabulary", Any, FieldVersions::V3_1),
    ("$comment", Text, FieldVersions::V3_1),
    ("$defs", SchemaMap, FieldVersions::V3_1),
    ("definitions", SchemaMap, FieldVersions::V3_1),
    ("dependencies", Any, FieldVersions::V3_1),
    ("if", Schema, FieldVersions::V3_1),
    ("then", Schema, FieldVersions::V3_1),
    ("else", Schema, FieldVersions::V3_1),
    ("const", Any, FieldVersions::V3_1),
    ("examples", List, FieldVersions::V3_1),
    ("prefixItems", Schemas, FieldVersions::V3_1),
    ("contains", Schema, FieldVersions::V3_1),
    ("minContains", Count, FieldVersions::V3_1),
    ("maxContains", Count, FieldVersions::V3_1),
    ("patternProperties", PatternMap, FieldVersions::V3_1),
    ("propertyNames", Schema, FieldVersions::V3_1),
    ("dependentSchemas", SchemaMap, FieldVersions::V3_1),
    ("dependentRequired", TextsMap, FieldVersions::V3_1),
    ("unevaluatedItems", Schema, FieldVersions::V3_1),
    ("unevaluatedProperties", Schema, FieldVersions::V3_1),
    ("contentEncoding", Text, FieldVersions::V3_1),
    ("contentMediaType", Text, FieldVersions::V3_1),
    ("contentSchema", Schema, FieldVersions::V3_1),
    ("nullable", Ignored, FieldVersions::V3_1),
];

impl<'d> SpecificationWalk<'d> {
    pub(super) fn schema(&mut self, node: Node<'d>) {
        if node.as_bool().is_some() {
            if self.specification == Specification::V3_0 {
                let message = "a schema is a mapping in OpenAPI 3.0, and here is a flag";
                self.add(rules::SCHEMA_KEYWORD, node, message, "write `{}` for `true`, `{not: {}}` for `false`");
            }
            return;
        }
        if !node.is_object() {
            self.bad(node, "a schema", "is a mapping");
            return;
        }
        let leads_to_schema = node.get("$ref").is_none_or(|reference| self.is_reference_of(reference, Kind::Schema));
        if let Some(target) = node.referenced().filter(|_| leads_to_schema) {
            self.expect(target, Kind::Schema, false);
        }
        if self.specification == Specification::V3_0
            && let Some(reference) = node.get("$ref")
        {
            match reference.as_str() {
                Some(_) => self.siblings(node),
                None => self.bad(reference, "`$ref`", "is a text"),
            }
            return;
        }
        for (name, value) in node.entries() {
            match KEYWORDS.iter().find(|(known, _, versions)| *known == name && self.has(*versions)) {
                Some((_, Ignored, _)) => {
                    let message = format!("{name:?} has no meaning in OpenAPI 3.1");
                    let location = node.key_location(name);
                    self.findings.add(rules::SCHEMA_KEYWORD.finding(location, message, nullable_hint(node)));
                }
                Some((_, holds, _)) => self.keyword(name, value, *holds),
                None if name.starts_with("x-") => {}
                None => self.unknown_keyword(node, name),
            }
        }
        self.sunset(node);
        self.enum_types(node);
        self.idle_nullable(node);
        self.contradictions(node);
        self.schema_examples(node);
    }

    fn unknown_keyword(&mut self, node: Node<'d>, name: &str) {
        let known = KEYWORDS.iter().filter(|(_, _, versions)| self.has(*versions)).map(|(known, _, _)| *known);
        let hint = match self.specification {
            Specification::V3_0 => {
                let is_new =
                    KEYWORDS.iter().any(|(known, _, versions)| *known == name && *versions == FieldVersions::V3_1);
                match nearest(name, known) {
                    _ if is_new => format!("{name:?} came with OpenAPI 3.1: write `openapi: 3.1.0`, or remove it"),
                    Some(near) => format!("did you mean {near:?}?"),
                    None => format!("remove it, or name it \"x-{name}\": OpenAPI 3.0, section 4.7.24"),
                }
            }
            // JSON Schema ignores unknown keywords as annotations, so only likely misspellings are reported.
            Specification::V3_1 | Specification::V3_2 => match known.into_iter().find(|known| is_slip(name, known)) {
                Some(near) => format!("did you mean {near:?}?"),
                None => return,
            },
        };
        let message = format!("a schema has no keyword {name:?}");
        self.findings.add(rules::SCHEMA_KEYWORD.finding(node.key_location(name), message, hint));
    }

    fn keyword(&mut self, name: &str, value: Node<'d>, holds: KeywordForm) {
        let is = match holds {
            Text if value.as_str().is_none() => "is a text",
            Flag if value.as_bool().is_none() => "is `true` or `false`",
            Number if value.as_number().is_none() => "is a number",
            PositiveNumber if !number(value).is_some_and(|number| number > 0.0) => "is a number above 0",
            Count if !number(value).is_some_and(|number| number >= 0.0 && number.fract() == 0.0) => {
                "is a whole number, not below 0"
            }
            List if !value.is_array() => "is a list",
            List if name == "enum" && value.items().next().is_none() => "is a list with at least one value",
            SchemaMap | PatternMap | TextsMap if !value.is_object() => "is a mapping",
            Schemas if !value.is_array() => "is a list of schemas",
            Schemas if value.items().next().is_none() => "is a list of at least one schema",
            Texts => return self.texts(name, value),
            Type => return self.types(value),
            Pattern => return self.pattern(value),
            _ => return self.parts(value, holds),
        };
        self.bad(value, &format!("`{name}` of a schema"), is);
    }

    /// Descends into the value of a keyword that has the right kind.
    fn parts(&mut self, value: Node<'d>, holds: KeywordForm) {
        match holds {
            Object(kind) => self.expect(value, kind, false),
            Schema | SchemaOrFlag if value.is_array() => {
                let hint = match self.specification {
                    Specification::V3_0 => "write one schema for all items",
                    Specification::V3_1 | Specification::V3_2 => "write `prefixItems` for a list of schemas",
                };
                self.add(rules::SCHEMA_KEYWORD, value, "a schema is a mapping, and here is a list", hint);
            }
            SchemaOrFlag if value.as_bool().is_some() => {}
            Schema | SchemaOrFlag => self.expect(value, Kind::Schema, false),
            Schemas => value.items().for_each(|schema| self.expect(schema, Kind::Schema, false)),
            SchemaMap | PatternMap => {
                for (name, schema) in value.entries() {
                    if holds == PatternMap && !self.examples.is_pattern(value.id(), name) {
                        self.bad_pattern(value.key_location(name), name);
                    } else if holds == PatternMap {
                        self.foreign_pattern(value.key_location(name), name);
                    }
                    self.expect(schema, Kind::Schema, false);
                }
            }
            TextsMap => value.entries().for_each(|(name, texts)| self.texts(name, texts)),
            _ => {}
        }
    }

    fn texts(&mut self, name: &str, value: Node<'d>) {
        let owner = format!("`{name}` of a schema");
        if !value.is_array() {
            let hint = match value.as_bool() {
                Some(_) if name == "required" => "list the names in the object that holds them: `required: [id]`",
                _ => "put it in brackets: […]",
            };
            let message = format!("{owner} is a list of texts, and here is {}", super::kind_name(value));
            self.add(rules::SCHEMA_KEYWORD, value, message, hint);
            return;
        }
        let mut known = HashSet::new();
        for each in value.items() {
            match each.as_str() {
                None => self.bad(each, &format!("an item of {owner}"), "is a text"),
                Some(text) if !known.insert(text) => {
                    let message = format!("{text:?} is given twice in {owner}");
                    self.add(rules::SCHEMA_KEYWORD, each, message, "remove one of the two");
                }
                Some(_) => {}
            }
        }
        if name == "required" && self.specification == Specification::V3_0 && value.items().next().is_none() {
            self.add(rules::SCHEMA_KEYWORD, value, "`required` of a schema names nothing", "remove it");
        }
    }

    fn pattern(&mut self, value: Node<'d>) {
        match value.as_str() {
            None => self.bad(value, "`pattern` of a schema", "is a text"),
            Some(pattern) if !self.examples.is_pattern(value.id(), pattern) => {
                self.bad_pattern(value.location(), pattern);
            }
            Some(pattern) => self.foreign_pattern(value.location(), pattern),
        }
    }

    fn foreign_pattern(&mut self, location: crate::model::Location, pattern: &str) {
        if let Some(construct) = foreign_construct(pattern) {
            let message = format!("{construct:?} in this pattern is not of ECMA-262, whose dialect JSON Schema has");
            let hint = "callers' validators may refuse it: write it with what ECMA-262 has, like `[Aa]` for `(?i)a`";
            self.findings.add(rules::SCHEMA_PATTERN.finding(location, message, hint));
        } else if let Some(construct) = legacy_construct(pattern) {
            let message =
                format!("{construct:?} in this pattern is read as text, which validators with the flag `u` refuse");
            let hint = "put a backslash before the character that is text, like `\\{` or `[\\w\\-.]`";
            self.findings.add(rules::SCHEMA_PATTERN.finding(location, message, hint));
        }
    }

    fn bad_pattern(&mut self, location: crate::model::Location, pattern: &str) {
        let shown: String = pattern.chars().take(60).collect();
        let reason = if is_regular_expression(pattern) { "too large to be used" } else { "not a regular expression" };
        let message = format!("the pattern {shown:?} is not looked at: it is {reason}");
        let hint = "write it in the dialect of ECMA-262, and bound a length by `maxLength`, not by the pattern";
        self.findings.add(rules::SCHEMA_PATTERN.finding(location, message, hint));
    }

    pub(super) fn bad(&mut self, node: Node<'d>, owner: &str, is: &str) {
        let hint = match node.kind() {
            NodeKind::String(text) if text.parse::<f64>().is_ok() => "write the number without quotes",
            NodeKind::String("true" | "false") => "write the flag without quotes",
            NodeKind::Number(_) | NodeKind::Bool(_) if is == "is a text" => "put it in quotes",
            NodeKind::Null => "remove it, or write what is meant",
            _ => "look up the keyword in the specification",
        };
        let is_empty = node.is_array() && node.items().next().is_none();
        let here = match node.as_number() {
            Some(number) => number.to_string(),
            None if is_empty => "an empty list".to_owned(),
            None => super::kind_name(node).to_owned(),
        };
        self.add(rules::SCHEMA_KEYWORD, node, format!("{owner} {is}, and here is {here}"), hint);
    }
}

/// Suggests how OpenAPI 3.1 expresses a nullable schema, given the schema at hand.
fn nullable_hint(schema: Node<'_>) -> String {
    let others =
        ["type", "enum", "$ref", "oneOf", "anyOf", "allOf"].into_iter().find(|name| schema.get(name).is_some());
    match (schema.get("nullable").and_then(Node::as_bool), schema.get("type").and_then(Node::as_str), others) {
        (Some(false), ..) => "remove it: a schema allows null only where it says so".to_owned(),
        (_, Some(own), _) => format!("write `type: [{own}, \"null\"]`"),
        (_, None, Some(list @ ("type" | "enum"))) => format!("add null to the list of `{list}`"),
        (_, None, Some("anyOf" | "oneOf")) => "add `{type: \"null\"}` to the alternatives".to_owned(),
        (_, None, Some(other)) => format!("put `{other}` into `anyOf: […, {{type: \"null\"}}]`"),
        (_, None, None) => "remove it: a schema without a type allows null".to_owned(),
    }
}

fn number(node: Node<'_>) -> Option<f64> {
    node.as_number().and_then(serde_json::Number::as_f64)
}

/// True if a name is likely a misspelled keyword: different case, transposed letters, one letter more or less.
fn is_slip(name: &str, keyword: &str) -> bool {
    let (one, other) = (name.to_ascii_lowercase(), keyword.to_ascii_lowercase());
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let (short, long) = if one.len() < other.len() { (&one, &other) } else { (&other, &one) };
    let common = short.chars().zip(long.chars()).take_while(|(left, right)| left == right).count();
    let behind: String = long.chars().skip(common + 1).collect();
    let is_one_more = short.len() + 1 == long.len() && short.chars().skip(common).eq(behind.chars());
    one == other || name.len() >= 4 && letters(&one) == letters(&other) || name.len() >= 5 && is_one_more
}
