//! A schema as the validator needs it: with the ranges of number formats, and with patterns in the dialect of its
//! engine.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::far_pattern::replace_far_pattern;
use super::{exact, formats};
use crate::definition::schema::{foreign_construct, translated_pattern};

/// The patterns as the schema writes them, by their translation.
pub(super) type OriginalPatterns = HashMap<String, String>;

/// Rewrites a schema and its subschemas; returns the patterns that were translated.
pub(super) fn rewrite(schema: &mut Value) -> OriginalPatterns {
    let mut originals = OriginalPatterns::new();
    rewrite_schema(schema, &mut originals);
    originals
}

fn rewrite_schema(schema: &mut Value, originals: &mut OriginalPatterns) {
    match schema {
        Value::Object(fields) => {
            for (keyword, field) in fields.iter_mut() {
                match keyword.as_str() {
                    // The values of these keywords are not schemas.
                    "const" | "enum" | "required" | "dependentRequired" => {}
                    // The keys of these keywords are names, which may be those of keywords.
                    "properties" | "patternProperties" | "dependentSchemas" | "$defs" => {
                        let named = field.as_object_mut().into_iter().flat_map(Map::values_mut);
                        named.for_each(|schema| rewrite_schema(schema, originals));
                    }
                    _ => rewrite_schema(field, originals),
                }
            }
            formats::add_number_range(fields);
            exact::replace_large_step(fields);
            translate_patterns(fields, originals);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite_schema(item, originals)),
        _ => {}
    }
}

fn translate_patterns(fields: &mut Map<String, Value>, originals: &mut OriginalPatterns) {
    let mut translate = |pattern: &str| {
        // The validator reads those of other dialects as `check` does.
        if foreign_construct(pattern).is_some() {
            return None;
        }
        let translated = translated_pattern(pattern)?.into_owned();
        if translated != pattern {
            originals.insert(translated.clone(), pattern.to_owned());
        }
        Some(translated)
    };
    if let Some(Value::String(pattern)) = fields.get_mut("pattern")
        && let Some(translated) = translate(pattern)
    {
        let written = std::mem::replace(pattern, translated);
        replace_far_pattern(fields, &written);
    }
    if let Some(Value::Object(named)) = fields.get_mut("patternProperties") {
        for (pattern, schema) in std::mem::take(named) {
            let mut translated = translate(&pattern).unwrap_or(pattern);
            // Two patterns may be one in the other dialect.
            while named.contains_key(&translated) {
                translated = format!("(?:{translated})");
            }
            named.insert(translated, schema);
        }
    }
}
