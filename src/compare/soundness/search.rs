//! A search for a value that tells two schemas apart, made of the schemas' own parts.
//!
//! Values that each part of both schemas judges alike are one class, of which a few are kept. Objects and lists are
//! built of these, level by level.

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// Values of one class that are kept: two that differ matter to `uniqueItems`.
const KEPT: usize = 2;
/// Levels of lists and objects around a scalar.
const LEVELS: usize = 2;
/// Objects and lists of a level that are drawn, beside the smallest.
const DRAWN: usize = 150;
/// Names of properties: the declared ones, and others that differ by length and pattern.
const NAMES: [&str; 6] = ["a", "b", "c", "cc", "d", "dd"];

/// Parts of the schemas, each as a validator.
pub(super) struct SchemaParts(Vec<Validator>);

impl SchemaParts {
    /// Takes schemas apart, each with its referenced schema.
    pub(super) fn of(sides: &[(&Value, &Value)]) -> Self {
        let mut parts = Vec::new();
        for (schema, a) in sides {
            let mut subschemas = Vec::new();
            collect(schema, &mut subschemas);
            collect(a, &mut subschemas);
            parts.extend(subschemas.into_iter().map(|part| validator((part, a))));
        }
        Self(parts)
    }

    fn judge(&self, value: &Value) -> Vec<bool> {
        self.0.iter().map(|part| part.is_valid(value)).collect()
    }
}

/// Builds the validator of a schema and its referenced schema.
pub(super) fn validator((schema, a): (&Value, &Value)) -> Validator {
    let whole = json!({"allOf": [schema], "components": {"schemas": {"A": a}}});
    jsonschema::draft202012::new(&whole).expect("a schema")
}

fn collect<'v>(schema: &'v Value, parts: &mut Vec<&'v Value>) {
    let Value::Object(keywords) = schema else { return };
    parts.push(schema);
    for (name, value) in keywords {
        match (name.as_str(), value) {
            ("enum" | "const", _) => {}
            ("properties" | "patternProperties", Value::Object(schemas)) => {
                schemas.values().for_each(|schema| collect(schema, parts));
            }
            (_, Value::Array(schemas)) => schemas.iter().for_each(|schema| collect(schema, parts)),
            _ => collect(value, parts),
        }
    }
}

/// Finds a value that is right by one judgement, and tells two schemas apart: `shows` says which does.
///
/// `readings` lists the values that a value can be read as.
pub(super) fn witness(
    parts: &SchemaParts,
    readings: &dyn Fn(&Value) -> Vec<Value>,
    shows: &dyn Fn(&Value) -> bool,
) -> Option<Value> {
    let mut values = scalars();
    let mut kept = Vec::new();
    for level in 0..LEVELS {
        if let Some(index) = values.iter().position(shows) {
            return Some(values.swap_remove(index));
        }
        keep(parts, readings, &mut kept, &values);
        values = composites(&kept, level as u64);
    }
    values.into_iter().find(|value| shows(value))
}

/// Keeps a few values of each class.
fn keep(parts: &SchemaParts, readings: &dyn Fn(&Value) -> Vec<Value>, kept: &mut Vec<Value>, values: &[Value]) {
    let class = |value: &Value| {
        let mut all: Vec<Vec<bool>> = readings(value).iter().map(|reading| parts.judge(reading)).collect();
        all.insert(0, parts.judge(value));
        (std::mem::discriminant(value), all)
    };
    let mut counts = HashMap::new();
    for value in kept.iter() {
        *counts.entry(class(value)).or_insert(0_usize) += 1;
    }
    for value in values {
        let count = counts.entry(class(value)).or_insert(0);
        *count += 1;
        if *count <= KEPT && !kept.contains(value) {
            kept.push(value.clone());
        }
    }
}

/// Scalars, with the empty list and object: around each bound, and of each length and pattern.
fn scalars() -> Vec<Value> {
    let mut scalars = vec![json!(null), json!(true), json!(false), json!([]), json!({}), json!("true")];
    for half in -4..=17 {
        let number = if half % 2 == 0 { json!(half / 2) } else { json!(f64::from(half) / 2.0) };
        scalars.extend([Value::String(number.to_string()), number]);
    }
    scalars.extend([json!(12), json!("12"), json!("123"), json!("01")]);
    let texts = ["", "a", "b", "c", "ab", "ba", "aa", "cc", "1b", "a1", "aab", "abc", "1cb", "ccc", "abcb", "cccc"];
    scalars.extend(texts.map(Value::from));
    scalars
}

/// Builds objects and lists: the smallest all, of the larger ones some.
fn composites(kept: &[Value], seed: u64) -> Vec<Value> {
    let mut built = Vec::new();
    for value in kept {
        built.push(json!([value]));
        built.extend(NAMES.iter().map(|name| json!({*name: value})));
    }
    let mut random = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut draw = |most: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap_or_default() % most.max(1)
    };
    for round in 0..DRAWN {
        if round % 3 == 0 {
            built.push(Value::Array((0..2 + draw(2)).filter_map(|_| kept.get(draw(kept.len())).cloned()).collect()));
        } else {
            let names = NAMES.get(..if draw(2) == 0 { 2 } else { NAMES.len() }).unwrap_or_default();
            let mut object = Map::new();
            for name in names {
                if draw(5) < 3 {
                    object.extend(kept.get(draw(kept.len())).map(|value| ((*name).to_owned(), value.clone())));
                }
            }
            built.push(Value::Object(object));
        }
    }
    built
}
