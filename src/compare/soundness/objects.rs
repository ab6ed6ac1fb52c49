//! Objects whose properties are described in several places: beside alternatives, in one of them, by a pattern, under a
//! condition.
//!
//! A property that nothing describes is taken not to be sent: a new optional one breaks nobody. So each schema has a
//! second one here, which refuses the properties that nothing describes, wherever an object can be.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::merged;

/// Names of properties.
const NAMES: [&str; 3] = ["a", "b", "c"];
/// Keywords whose schemas apply to the value itself, each alone, in a list or by name.
const APPLICATORS: [&str; 6] = ["anyOf", "oneOf", "allOf", "then", "else", "dependentSchemas"];

/// Objects with some properties, of which some are required.
fn object() -> impl Strategy<Value = Value> {
    let properties = prop::collection::btree_map(prop::sample::select(NAMES.to_vec()), leaf(), 0..3);
    let required = prop::sample::subsequence(NAMES.to_vec(), 0..=2);
    (properties, required, prop::bool::weighted(0.3)).prop_map(|(properties, required, is_demanding)| {
        let required = if is_demanding { json!({"required": required}) } else { json!({}) };
        merged(&[json!({"type": "object", "properties": properties}), required])
    })
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(json!({})),
        3 => Just(json!({"type": "string"})),
        3 => Just(json!({"type": "integer"})),
        1 => Just(json!({"type": "string", "maxLength": 1})),
        2 => Just(json!({"const": "a"})),
        1 => Just(json!({"const": 1})),
        1 => Just(json!({"type": "object", "properties": {"a": {"type": "integer"}}})),
    ]
}

fn several() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(object(), 2..4)
}

/// Keywords that describe properties beside `properties`.
fn elsewhere() -> impl Strategy<Value = Value> {
    let other = prop_oneof![Just(json!(false)), Just(json!({})), leaf().boxed()];
    prop_oneof![
        3 => several().prop_map(|schemas| json!({"oneOf": schemas})),
        3 => several().prop_map(|schemas| json!({"anyOf": schemas})),
        1 => (object(), several()).prop_map(|(one, schemas)| json!({"allOf": [one, {"anyOf": schemas}]})),
        2 => (object(), object()).prop_map(|(condition, then)| json!({"if": condition, "then": then})),
        1 => (object(), object(), object())
            .prop_map(|(condition, then, other)| json!({"if": condition, "then": then, "else": other})),
        2 => (prop::sample::select(NAMES.to_vec()), object())
            .prop_map(|(name, schema)| json!({"dependentSchemas": {name: schema}})),
        2 => (prop_oneof![Just("^a"), Just("^c"), Just("c$")], leaf())
            .prop_map(|(pattern, schema)| json!({"patternProperties": {pattern: schema}})),
        1 => other.clone().prop_map(|schema| json!({"additionalProperties": schema})),
        1 => other.prop_map(|schema| json!({"unevaluatedProperties": schema})),
    ]
}

/// A keyword of properties, which comes, goes or changes in one place: a property, what is said of others, or a keyword
/// with schemas that describe them.
fn edit() -> impl Strategy<Value = Edit> {
    let entry = |keyword: &'static str, names: &[&'static str], schema: BoxedStrategy<Value>| {
        let named = (prop::sample::select(names.to_vec()), prop::option::weighted(0.8, schema));
        named.prop_map(move |(name, to)| Edit { keyword, name: Some(name), to })
    };
    let whole = |keyword: &'static str| {
        let other = prop_oneof![Just(json!(false)), Just(json!({})), leaf().boxed()];
        prop::option::weighted(0.7, other).prop_map(move |to| Edit { keyword, name: None, to })
    };
    let branch = prop::sample::select(vec!["if", "then", "else"]);
    let branch = (branch, prop::option::of(object())).prop_map(|(keyword, to)| Edit { keyword, name: None, to });
    let choice = (prop::sample::select(vec!["anyOf", "oneOf"]), prop::option::of(several()));
    let choice = choice.prop_map(|(keyword, to)| Edit { keyword, name: None, to: to.map(Value::Array) });
    prop_oneof![
        5 => entry("properties", &NAMES, leaf().boxed()),
        1 => entry("patternProperties", &["^a", "^c", "c$"], leaf().boxed()),
        2 => entry("dependentSchemas", &NAMES, object().boxed()),
        1 => whole("additionalProperties"),
        1 => whole("unevaluatedProperties"),
        1 => branch,
        1 => choice,
    ]
}

/// A keyword of properties, or an entry of it, with the schema that it gets, if any.
#[derive(Debug, Clone)]
struct Edit {
    keyword: &'static str,
    name: Option<&'static str>,
    to: Option<Value>,
}

/// Pairs of such objects: a property came, went or changed in one place, and perhaps in another.
pub(super) fn pair() -> impl Strategy<Value = [(Value, Value); 2]> {
    let whole = (object(), prop::collection::vec(elsewhere(), 1..3)).prop_map(|(object, others)| {
        let parts: Vec<Value> = [object].into_iter().chain(others).collect();
        merged(&parts)
    });
    let edit = || (0..6_usize, edit());
    (whole, edit(), prop::option::weighted(0.3, edit()), any::<bool>()).prop_map(|(one, edit, further, is_back)| {
        let mut other = one.clone();
        for (at, edit) in [Some(edit), further].into_iter().flatten() {
            let count = places(&one);
            change(&mut other, &mut (at % count.max(1)), &edit);
        }
        let a = json!({});
        let sides = [(one, a.clone()), (other, a)];
        if is_back {
            let [one, other] = sides;
            return [other, one];
        }
        sides
    })
}

/// Counts the schemas that apply to the value itself.
fn places(schema: &Value) -> usize {
    let Value::Object(keywords) = schema else { return 0 };
    let within = keywords.iter().filter(|(name, _)| APPLICATORS.contains(&name.as_str()));
    1 + within.map(|(_, value)| subschemas(value).into_iter().map(places).sum::<usize>()).sum::<usize>()
}

fn subschemas(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(schemas) => schemas.iter().collect(),
        Value::Object(keywords) if keywords.contains_key("type") || keywords.contains_key("anyOf") => vec![value],
        Value::Object(schemas) => schemas.values().collect(),
        _ => Vec::new(),
    }
}

/// Edits one of the schemas that apply to the value itself.
fn change(schema: &mut Value, at: &mut usize, edit: &Edit) {
    let Value::Object(keywords) = schema else { return };
    if *at == 0 {
        let (holder, name) = match edit.name {
            Some(name) => (keywords.entry(edit.keyword).or_insert_with(|| json!({})).as_object_mut(), name),
            None => (Some(&mut *keywords), edit.keyword),
        };
        if let Some(holder) = holder {
            match &edit.to {
                Some(schema) => holder.insert(name.to_owned(), schema.clone()),
                None => holder.remove(name),
            };
        }
    }
    for (_, value) in keywords.iter_mut().filter(|(name, _)| APPLICATORS.contains(&name.as_str())) {
        let is_schema = value.get("type").is_some() || value.get("anyOf").is_some();
        match value {
            Value::Array(schemas) => schemas.iter_mut().for_each(|one| step(one, at, edit)),
            one if is_schema => step(one, at, edit),
            Value::Object(schemas) => schemas.values_mut().for_each(|one| step(one, at, edit)),
            _ => {}
        }
    }
}

fn step(schema: &mut Value, at: &mut usize, edit: &Edit) {
    *at = at.wrapping_sub(1);
    change(schema, at, edit);
}

/// Writes a schema, and the one that it refers to, so that properties which nothing describes are refused.
pub(super) fn described((schema, a): (&Value, &Value)) -> (Value, Value) {
    (closed(schema), within(a))
}

fn closed(schema: &Value) -> Value {
    let says_nothing = schema.as_object().is_none_or(Map::is_empty);
    if says_nothing { schema.clone() } else { json!({"allOf": [within(schema)], "unevaluatedProperties": false}) }
}

/// Closes the objects that a value holds, and not the value itself.
fn within(schema: &Value) -> Value {
    let Value::Object(keywords) = schema else { return schema.clone() };
    let each = |value: &Value, write: &dyn Fn(&Value) -> Value| match value {
        Value::Array(schemas) => Value::Array(schemas.iter().map(write).collect()),
        Value::Object(schemas) => {
            Value::Object(schemas.iter().map(|(name, schema)| (name.clone(), write(schema))).collect())
        }
        other => other.clone(),
    };
    let mut written = Map::new();
    for (name, value) in keywords {
        let value = match name.as_str() {
            // Any other property is none that is described.
            "additionalProperties" | "unevaluatedProperties" if *value == json!({}) || *value == json!(true) => {
                continue;
            }
            "properties" | "patternProperties" | "prefixItems" => each(value, &closed),
            "items" | "additionalProperties" | "unevaluatedProperties" | "contains" => closed(value),
            "anyOf" | "oneOf" | "allOf" | "dependentSchemas" => each(value, &within),
            "then" | "else" => within(value),
            _ => value.clone(),
        };
        written.insert(name.clone(), value);
    }
    // A property that has to be there is sent, also where no schema is given for it.
    let is_judged = keywords.contains_key("additionalProperties");
    let required: Vec<&str> = keywords.get("required").into_iter().flat_map(names).collect();
    if !is_judged && !required.is_empty() {
        let properties = written.entry("properties").or_insert_with(|| json!({}));
        if let Value::Object(properties) = properties {
            for name in required {
                properties.entry(name).or_insert_with(|| json!({}));
            }
        }
    }
    Value::Object(written)
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
