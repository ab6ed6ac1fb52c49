//! Nothing goes unsaid where values travel as text either: a number and its digits are one text there.
//!
//! A value of a small world is sent as its text; whoever receives that may read it as each value that is written alike.
//! A counterexample is a value that the sender's schema allows, and none that is written alike the receiver's.

use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::{Value, json};

use super::{components, pair, pairs};
use crate::compare::Compatibility;
use crate::compare::tests::{compared, definition};
use crate::definition::Definition;

/// A place where values travel as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum TextPlace {
    Query,
    DeepObject,
    RequestHeader,
    ResponseHeader,
    FormField,
    MultipartField,
}

impl TextPlace {
    const ALL: [Self; 6] = [
        Self::Query,
        Self::DeepObject,
        Self::RequestHeader,
        Self::ResponseHeader,
        Self::FormField,
        Self::MultipartField,
    ];

    /// True where objects, also those in lists, are written as JSON.
    const fn has_json_objects(self) -> bool {
        matches!(self, Self::FormField | Self::MultipartField)
    }

    /// Writes a definition with a schema in the place.
    fn definition(self, (schema, a): (&Value, &Value)) -> Definition {
        let parameter = |rest: &str| format!("parameters: [{{name: v, {rest}, schema: {schema}}}], responses: {{}}");
        let form = |media_type: &str| {
            let object = format!("{{type: object, properties: {{v: {schema}}}}}");
            format!("requestBody: {{content: {{{media_type}: {{schema: {object}}}}}}}, responses: {{}}")
        };
        let operation = match self {
            Self::Query => parameter("in: query"),
            Self::DeepObject => parameter("in: query, style: deepObject, explode: true"),
            Self::RequestHeader => parameter("in: header"),
            Self::ResponseHeader => {
                format!("responses: {{'200': {{description: d, headers: {{v: {{schema: {schema}}}}}}}}}")
            }
            Self::FormField => form("application/x-www-form-urlencoded"),
            Self::MultipartField => form("multipart/form-data"),
        };
        let paths = format!("paths: {{/a: {{post: {{{operation}}}}}}}");
        definition(&format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\n{paths}\n{}", components(a)))
    }

    /// Writes a value; `None` where it is not written at all, or in no way that a specification names.
    fn written(self, value: &Value) -> Option<String> {
        match value {
            Value::Array(items) if items.is_empty() => None,
            Value::Array(items) => {
                let items = items.iter().map(|item| self.written(item).filter(|_| !item.is_array()));
                Some(items.collect::<Option<Vec<String>>>()?.join("\n"))
            }
            Value::Object(_) if self.has_json_objects() => Some(format!("JSON {value}")),
            Value::Object(fields) if fields.is_empty() => None,
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| Some(format!("{name}={}", scalar(value)?)));
                Some(fields.collect::<Option<Vec<String>>>()?.join("&"))
            }
            scalar_value => scalar(scalar_value),
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Values with all others that are written alike.
static WORLD: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let few = [json!(true), json!(1), json!(0), json!(2.5)].into_iter().flat_map(|value| {
        let text = Value::String(value.to_string());
        [value, text]
    });
    let few: Vec<Value> = few.chain([json!("a"), json!("ab"), json!("")]).collect();
    let others = [json!(-1), json!(2), json!(3), json!(4), json!(6), json!(12), json!(123), json!(false)];
    let mut world: Vec<Value> = others.into_iter().flat_map(|value| [json!(value.to_string()), value]).collect();
    world.extend([json!("b"), json!("abc")]);
    world.extend(few.iter().cloned());
    for one in world.clone() {
        world.extend([json!([one]), json!({"a": one}), json!({"b": one}), json!({"cc": one}), json!([{"a": one}])]);
    }
    for one in &few {
        world.extend(few.iter().flat_map(|other| [json!([one, other]), json!({"a": one, "b": other})]));
    }
    world
});

/// For each place, the values of the world that are written alike.
static ALIKE: LazyLock<HashMap<TextPlace, Vec<Vec<usize>>>> = LazyLock::new(|| {
    let groups = |place: TextPlace| {
        let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, value) in WORLD.iter().enumerate() {
            if let Some(text) = place.written(value) {
                groups.entry(text).or_default().push(index);
            }
        }
        groups.into_values().collect()
    };
    TextPlace::ALL.into_iter().map(|place| (place, groups(place))).collect()
});

fn taken((schema, a): (&Value, &Value)) -> Vec<bool> {
    let whole = json!({"allOf": [schema], "components": {"schemas": {"A": a}}});
    let validator = jsonschema::draft202012::new(&whole).expect("a schema");
    WORLD.iter().map(|value| validator.is_valid(value)).collect()
}

/// Finds a value that the sender may send, and the receiver cannot read.
fn witness(place: TextPlace, sender: &[bool], receiver: &[bool]) -> Option<usize> {
    ALIKE[&place].iter().find_map(|group| {
        let is_read = group.iter().any(|index| receiver[*index]);
        group.iter().copied().find(|index| !is_read && sender[*index])
    })
}

/// Outcome of the pairs.
#[derive(Default)]
struct Tally {
    missed: Vec<String>,
    one_sided: Vec<String>,
    breaking: usize,
    unshown: usize,
}

impl Tally {
    fn judge(&mut self, place: TextPlace, [before, after]: &[(Value, Value); 2]) {
        let (before, after) = ((&before.0, &before.1), (&after.0, &after.1));
        let (was, is) = (taken(before), taken(after));
        let (sender, receiver) = if place == TextPlace::ResponseHeader { (&is, &was) } else { (&was, &is) };
        let witness = witness(place, sender, receiver);
        let (old, new) = (place.definition(before), place.definition(after));
        let (there, back) = (compared(&old, &new), compared(&new, &old));
        let breaks = there.changes.iter().any(|change| change.compatibility == Compatibility::Breaking);
        self.breaking += usize::from(breaks);
        self.unshown += usize::from(breaks && witness.is_none());
        if let (Some(index), false) = (witness, breaks) {
            let (value, [old, new]) = (&WORLD[index], [before, after].map(shown));
            self.missed.push(format!("{value} ({place:?}): {old} → {new}"));
        }
        if there.changes.is_empty() != back.changes.is_empty() {
            let [old, new] = [before, after].map(shown);
            self.one_sided.push(format!("{place:?}: {old} ↔ {new}"));
        }
    }
}

fn shown((schema, a): (&Value, &Value)) -> String {
    format!("{schema} with A {a}")
}

#[test]
fn nothing_that_breaks_callers_is_missed_in_text() {
    let config =
        ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_129), ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let strategy = (pair(), prop::sample::select(TextPlace::ALL.to_vec()));
    let pairs: Vec<_> = (0..pairs()).map(|_| strategy.new_tree(&mut runner).expect("a pair").current()).collect();
    let tallies = crate::spread::spread(&pairs, |(pair, place)| {
        let mut tally = Tally::default();
        tally.judge(*place, pair);
        tally
    });
    let sum = |count: &dyn Fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    let (breaking, unshown) = (sum(&|tally| tally.breaking), sum(&|tally| tally.unshown));
    // Past the harness, which captures the output of a test that passes.
    let _ = writeln!(
        std::io::stderr(),
        "{} pairs in text: {breaking} times breaking, {unshown} of them without a counterexample",
        pairs.len()
    );
    let missed: Vec<&String> = tallies.iter().flat_map(|tally| &tally.missed).collect();
    assert!(missed.is_empty(), "{} missed: {:#?}", missed.len(), missed.iter().take(12).collect::<Vec<_>>());
    let one_sided: Vec<&String> = tallies.iter().flat_map(|tally| &tally.one_sided).collect();
    let few: Vec<_> = one_sided.iter().take(9).collect();
    assert!(one_sided.is_empty(), "{} seen from one side: {few:#?}", one_sided.len());
}
