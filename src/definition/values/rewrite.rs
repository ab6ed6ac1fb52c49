//! A schema as the validator needs it: with the ranges of number formats, and with patterns in the dialect of its
//! engine.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::far_pattern::pattern_keyword;
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
            visit_subschemas(fields, |_, schema| rewrite_schema(schema, originals));
            formats::add_number_range(fields);
            exact::replace_large_step(fields);
            translate_patterns(fields, originals);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite_schema(item, originals)),
        _ => {}
    }
}

/// Visits the subschemas of a schema, and lists of them, each with its keyword.
pub(super) fn visit_subschemas(fields: &mut Map<String, Value>, mut visit: impl FnMut(&str, &mut Value)) {
    for (keyword, field) in fields.iter_mut() {
        match keyword.as_str() {
            // The values of these keywords are not schemas.
            "const" | "enum" | "required" | "dependentRequired" => {}
            // The keys of these keywords are names, which may be those of keywords.
            "properties" | "patternProperties" | "dependentSchemas" | "$defs" => {
                let named = field.as_object_mut().into_iter().flat_map(Map::values_mut);
                named.for_each(|schema| visit(keyword, schema));
            }
            _ => visit(keyword, field),
        }
    }
}

fn translate_patterns(fields: &mut Map<String, Value>, originals: &mut OriginalPatterns) {
    let mut note = |translated: &str, pattern: &str| {
        if translated != pattern {
            originals.insert(translated.to_owned(), pattern.to_owned());
        }
    };
    // The validator reads those of other dialects as `check` does.
    let is_foreign = |pattern: &str| foreign_construct(pattern).is_some();
    let pattern = fields.get("pattern").and_then(Value::as_str).map(str::to_owned);
    let translated = pattern.as_deref().and_then(translated_pattern).map(Cow::into_owned);
    if let Some((pattern, translated)) = pattern.zip(translated) {
        let (keyword, value) = pattern_keyword(&pattern, &translated);
        if keyword != "pattern" {
            fields.shift_remove("pattern");
            fields.insert(keyword.to_owned(), value);
        } else if !is_foreign(&pattern) {
            note(&translated, &pattern);
            fields.insert(keyword.to_owned(), value);
        }
    }
    if let Some(Value::Object(named)) = fields.get_mut("patternProperties") {
        for (pattern, schema) in std::mem::take(named) {
            let translated = translated_pattern(&pattern).filter(|_| !is_foreign(&pattern));
            let mut translated = translated.map_or_else(|| pattern.clone(), Cow::into_owned);
            note(&translated, &pattern);
            // Two patterns may be one in the other dialect.
            while named.contains_key(&translated) {
                translated = format!("(?:{translated})");
            }
            named.insert(translated, schema);
        }
    }
}
