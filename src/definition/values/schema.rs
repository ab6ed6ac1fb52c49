//! A compiled schema for reading and validating values of requests.

use serde_json::Value;

use super::super::api::Definition;
use super::super::document::NodeId;
use super::super::schema::ValueDirection;
use super::far_pattern::{pattern_keyword, reads_far};
use super::formats;
use super::hints::{NamePatterns, PlaceSchemas, ValueStructure};
use super::listing::with_budget;
use super::piece::{PieceReading, ValuePiece};
use super::rewrite::{OriginalPatterns, rewrite};
use super::search::search;
use super::validator::{ValueValidator, options};
use super::violations::{ValueViolation, closest, declared_path};
use crate::definition::schema::types::TypeSet;

/// A compiled schema.
pub(crate) struct ValueSchema {
    validator: ValueValidator,
    patterns: NamePatterns,
    /// The only type, if it is a scalar and nothing else in the schema affects the reading.
    plain: Option<TypeSet>,
    /// True if part of the value is secret, so that messages must not repeat it.
    is_secret: bool,
    /// True if messages repeat neither a value nor a name that the schema does not declare.
    is_redacted: bool,
    originals: OriginalPatterns,
}

impl ValueSchema {
    /// Compiles a schema for values that are sent in a direction.
    pub(crate) fn sent(definition: &Definition, schema: Option<NodeId>, direction: ValueDirection) -> Option<Self> {
        match direction {
            ValueDirection::Request => Self::build(definition, schema),
            ValueDirection::Response => Self::of_response(definition, schema),
        }
    }

    /// Compiles a schema for values of requests; `None` if no validator accepts it.
    pub(crate) fn build(definition: &Definition, schema: Option<NodeId>) -> Option<Self> {
        Self::compile(definition.json_schema(schema?, ValueDirection::Request)?)
    }

    /// Compiles a schema for values of responses. Its violations go to callers and into logs, and tell nothing of a
    /// value but its place.
    pub(crate) fn of_response(definition: &Definition, schema: Option<NodeId>) -> Option<Self> {
        let schema = Self::compile(definition.json_schema(schema?, ValueDirection::Response)?)?;
        Some(Self { is_redacted: true, ..schema })
    }

    /// Compiles a self-contained schema.
    pub(crate) fn compile(mut value: Value) -> Option<Self> {
        let originals = rewrite(&mut value);
        let mut patterns = NamePatterns::new();
        collect_patterns(&value, &mut patterns);
        let (plain, is_secret) = (plain_type(&value), marks_secret(&value));
        let has_far_names = patterns.keys().any(|pattern| reads_far(pattern));
        let validator = ValueValidator::compile(value, has_far_names)?;
        Some(Self { validator, patterns, plain, is_secret, is_redacted: false, originals })
    }

    /// Returns the hints for the whole value.
    pub(super) fn hints(&self) -> PlaceSchemas<'_> {
        PlaceSchemas::new(self.validator.schema(), &self.patterns)
    }

    /// Returns the only type, if the schema is that simple.
    pub(super) fn plain(&self) -> Option<TypeSet> {
        self.plain
    }

    /// True if the value can be an object, or if nothing satisfies the schema: what is sent is read then to be refused.
    pub(crate) fn allows_objects(&self) -> bool {
        self.plain.is_none()
            && (self.allows_structure(ValueStructure::Object) || self.hints().possible() == TypeSet::NONE)
    }

    /// True if the value can be bytes in no text encoding.
    pub(crate) fn allows_bytes(&self) -> bool {
        self.hints().allows_bytes()
    }

    /// True if the value can have the given structure.
    pub(crate) fn allows_structure(&self, structure: ValueStructure) -> bool {
        self.hints().allows(structure.types())
    }

    /// True if an alternative is an object that may have properties which the schema does not describe.
    pub(crate) fn has_open_alternative(&self) -> bool {
        self.hints().has_open_alternative()
    }

    /// Returns the most likely structure of a value with a text; without one, of a value with parts.
    pub(crate) fn likely_structure(&self, text: Option<&str>) -> Option<ValueStructure> {
        self.hints().likely(text)
    }

    /// True if the schema names a type of the given structure.
    pub(crate) fn names_structure(&self, structure: ValueStructure) -> bool {
        let hints = self.hints();
        hints.named(None).both(hints.possible()).meets(structure.types())
    }

    /// Validates a value; returns at most `most` violations.
    pub(crate) fn check(&self, value: &Value, most: usize) -> Vec<ValueViolation> {
        self.shown(self.violations(value, most), value)
    }

    /// Returns a valid reading of a piece, or at most `most` violations of the closest reading.
    pub(crate) fn read(&self, piece: ValuePiece, most: usize) -> Result<Value, Vec<ValueViolation>> {
        let (value, violations) = self.closest_reading(piece, most);
        if violations.is_empty() { Ok(value) } else { Err(self.shown(violations, &value)) }
    }

    /// Returns a valid reading of a piece, or the closest one with its violations, at their whole paths.
    pub(super) fn closest_reading(&self, mut piece: ValuePiece, most: usize) -> (Value, Vec<ValueViolation>) {
        if let [PieceReading::Value(only)] = piece.readings() {
            return (only.clone(), self.violations(only, most));
        }
        let found = search(&mut piece, &self.validator);
        let violations = if found.is_valid { Vec::new() } else { self.violations(&found.value, most) };
        (found.value, violations)
    }

    /// Writes the paths of violations of a value as messages may tell them.
    pub(super) fn shown(&self, mut violations: Vec<ValueViolation>, value: &Value) -> Vec<ValueViolation> {
        if self.is_redacted {
            for violation in &mut violations {
                violation.path = declared_path(&violation.path, value, &self.hints());
            }
        }
        violations
    }

    /// Lists the violations of a value at their whole paths.
    fn violations(&self, value: &Value, most: usize) -> Vec<ValueViolation> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let mut errors = with_budget(|| self.validator.errors(value));
        errors.truncate(most);
        let violation = |error| {
            if self.is_redacted {
                ValueViolation::redacted(error, &self.originals)
            } else {
                ValueViolation::new(error, self.is_secret, &self.originals)
            }
        };
        closest(&errors).into_iter().take(most).map(violation).collect()
    }

    /// True if messages repeat neither a value nor a name that the schema does not declare.
    pub(super) fn is_redacted(&self) -> bool {
        self.is_redacted
    }

    pub(super) fn validator(&self) -> &ValueValidator {
        &self.validator
    }
}

/// Returns the scalar type of a schema without any other keyword that affects the type.
fn plain_type(schema: &Value) -> Option<TypeSet> {
    const OTHERS: [&str; 8] = ["$ref", "allOf", "anyOf", "oneOf", "if", "const", "enum", "dependentSchemas"];
    let types = TypeSet::named(schema.get("type")?.as_str()?)?;
    let is_scalar = !types.meets(TypeSet::ARRAY.either(TypeSet::OBJECT).either(TypeSet::NULL));
    // The `allOf` for the range of a number format is added by `formats` and names no type.
    let says_more =
        |keyword: &str| schema.get(keyword).is_some_and(|value| keyword != "allOf" || !formats::is_number_range(value));
    (is_scalar && !OTHERS.into_iter().any(says_more)).then_some(types)
}

fn collect_patterns(schema: &Value, patterns: &mut NamePatterns) {
    match schema {
        Value::Object(fields) => {
            let named = fields.get("patternProperties").and_then(Value::as_object);
            for pattern in named.into_iter().flat_map(|named| named.keys()) {
                let (keyword, value) = pattern_keyword(pattern, pattern);
                if let Ok(validator) = options().build(&serde_json::json!({ keyword: value })) {
                    patterns.insert(pattern.clone(), validator);
                }
            }
            fields.values().for_each(|field| collect_patterns(field, patterns));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_patterns(item, patterns)),
        _ => {}
    }
}

/// True if a schema marks a value or a part of it as secret with the format `password` (OpenAPI 3.1, section 4.4.2).
fn marks_secret(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => {
            fields.get("format").and_then(Value::as_str) == Some("password") || fields.values().any(marks_secret)
        }
        Value::Array(items) => items.iter().any(marks_secret),
        _ => false,
    }
}
