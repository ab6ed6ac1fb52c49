//! Nothing goes unsaid where values travel as text either: a number and its digits are one text there.
//!
//! A value of a small world is sent as its text; whoever receives that may read it as each value that is written alike.
//! A counterexample is a value that the sender's schema allows, and none that is written alike the receiver's.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use super::search::{self, SchemaParts};
use super::{can_be_shown, components, objects, own_seed, pair, pairs, runner, shown};
use crate::compare::Compatibility;
use crate::compare::tests::{compared, definition};
use crate::definition::Definition;

/// A place where values travel as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum TextPlace {
    Query,
    /// Without explode: an empty text is the empty list as well.
    FlatQuery,
    DeepObject,
    RequestHeader,
    ResponseHeader,
    FormField,
    MultipartField,
}

impl TextPlace {
    const ALL: [Self; 7] = [
        Self::Query,
        Self::FlatQuery,
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

    /// True where all items of a list stand in one text.
    const fn has_empty_text(self) -> bool {
        matches!(self, Self::FlatQuery | Self::RequestHeader | Self::ResponseHeader)
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
            Self::FlatQuery => parameter("in: query, explode: false"),
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
            Value::Array(items) if items.is_empty() && self.has_empty_text() => Some(String::new()),
            Value::Array(items) if items.is_empty() || self == Self::DeepObject => None,
            Value::Array(items) => {
                let items = items.iter().map(|item| self.written(item).filter(|_| !item.is_array()));
                Some(items.collect::<Option<Vec<String>>>()?.join("\n"))
            }
            Value::Object(_) if self.has_json_objects() => Some(format!("JSON {value}")),
            Value::Object(fields) if fields.is_empty() && self.has_empty_text() => Some(String::new()),
            Value::Object(fields) if fields.is_empty() => None,
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| Some(format!("{name}={}", scalar(value)?)));
                Some(fields.collect::<Option<Vec<String>>>()?.join("&"))
            }
            scalar_value => scalar(scalar_value),
        }
    }

    /// Lists the values that are written like a value, for each way of writing `null`; none where it is not written.
    fn readings(self, value: &Value) -> [Vec<Value>; 2] {
        ["", "null"].map(|null| self.readings_with(value, null))
    }

    fn readings_with(self, value: &Value, null: &str) -> Vec<Value> {
        let alone = match value {
            empty if self.is_empty_text(empty, null) => {
                return vec![json!(""), json!(null), json!([]), json!([""]), json!([null]), json!({})];
            }
            Value::Array(_) if self == Self::DeepObject => return Vec::new(),
            Value::Array(items) => {
                let items: Vec<Vec<Value>> = items.iter().map(|item| self.item_readings(item, null)).collect();
                let mut readings: Vec<Value> = combined(&items).into_iter().map(Value::Array).collect();
                readings.retain(|reading| *reading != json!([]));
                if let [only] = items.as_slice() {
                    readings.extend(only.iter().cloned());
                }
                return readings;
            }
            single => self.item_readings(single, null),
        };
        let is_item = self != Self::DeepObject && (!value.is_object() || self.has_json_objects());
        let lists: Vec<Value> = alone.iter().filter(|_| is_item).map(|reading| json!([reading])).collect();
        alone.into_iter().chain(lists).collect()
    }

    /// True if the text of a value is empty, and a list or an object of nothing as well.
    fn is_empty_text(self, value: &Value, null: &str) -> bool {
        let is_empty = if value.is_null() { null.is_empty() } else { self.written(value).as_deref() == Some("") };
        self.has_empty_text() && is_empty
    }

    /// Lists the readings of a value that is no list.
    fn item_readings(self, value: &Value, null: &str) -> Vec<Value> {
        match value {
            Value::Object(_) if self.has_json_objects() => vec![value.clone()],
            Value::Object(fields) if fields.is_empty() => Vec::new(),
            Value::Object(fields) => {
                let values: Vec<Vec<Value>> = fields.values().map(|value| self.field_readings(value, null)).collect();
                let named = |values: Vec<Value>| fields.keys().cloned().zip(values).collect();
                combined(&values).into_iter().map(named).map(Value::Object).collect()
            }
            single => scalar_readings(single, null),
        }
    }

    /// Lists the readings of a property: objects within objects have brackets for each level in the style `deepObject`.
    fn field_readings(self, value: &Value, null: &str) -> Vec<Value> {
        match value {
            Value::Object(_) if self == Self::DeepObject => self.item_readings(value, null),
            single => scalar_readings(single, null),
        }
    }
}

/// Lists the scalars that are written like one.
fn scalar_readings(value: &Value, null: &str) -> Vec<Value> {
    let text = if value.is_null() { Some(null.to_owned()) } else { scalar(value) };
    let Some(text) = text else { return Vec::new() };
    let read = match text.as_str() {
        "" | "null" => Some(Value::Null),
        text => serde_json::from_str::<Value>(text).ok().filter(|read| scalar(read).as_deref() == Some(text)),
    };
    read.into_iter().chain([Value::String(text)]).collect()
}

/// Lists the combinations of one reading of each value.
fn combined(readings: &[Vec<Value>]) -> Vec<Vec<Value>> {
    readings.iter().fold(vec![Vec::new()], |all, readings| {
        let longer = |one: &Vec<Value>| {
            readings.iter().map(|reading| one.iter().chain([reading]).cloned().collect()).collect::<Vec<_>>()
        };
        all.iter().flat_map(longer).collect()
    })
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
    world.extend([json!("b"), json!("abc"), json!([]), json!({})]);
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

fn taken(schema: (&Value, &Value)) -> Vec<bool> {
    let validator = search::validator(schema);
    WORLD.iter().map(|value| validator.is_valid(value)).collect()
}

/// Finds values that the sender may send, and the receiver does not read as another one of the world.
fn witnesses(place: TextPlace, sender: &[bool], receiver: &[bool]) -> impl Iterator<Item = &'static Value> {
    let unread = ALIKE[&place].iter().filter(|group| !group.iter().any(|index| receiver[*index]));
    unread.filter_map(|group| group.iter().find(|index| sender[**index])).map(|index| &WORLD[*index])
}

/// Of the changes that are said to break callers, no more than this share (in percent) may be without a value that
/// shows it.
const MOST_UNSHOWN: usize = 12;

/// Outcome of the pairs.
#[derive(Default)]
struct Tally {
    missed: Vec<String>,
    one_sided: Vec<String>,
    breaking: usize,
    unshown: usize,
    /// The kinds of the changes that nothing shows.
    kinds: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn judge(&mut self, is_thorough: bool, place: TextPlace, [before, after]: &[(Value, Value); 2]) {
        let (before, after) = ((&before.0, &before.1), (&after.0, &after.1));
        let (was, is) = (taken(before), taken(after));
        let is_returned = place == TextPlace::ResponseHeader;
        let [sender, receiver] = if is_returned { [after, before] } else { [before, after] };
        let [sends, receives] = [sender, receiver].map(search::validator);
        let (old, new) = (place.definition(before), place.definition(after));
        let (there, back) = (compared(&old, &new), compared(&new, &old));
        let breaking = there.changes.iter().filter(|change| change.compatibility == Compatibility::Breaking);
        let kinds: Vec<&'static str> = breaking.map(|change| change.kind).collect();
        let breaks = !kinds.is_empty();
        // Where nothing breaks, properties count that the sender's schema describes.
        let (closed, a) = objects::described(sender);
        let describes = search::validator((&closed, &a));
        let shows = |value: &Value| {
            let is_unread =
                |readings: &Vec<Value>| !readings.is_empty() && !readings.iter().any(|one| receives.is_valid(one));
            let is_sent = sends.is_valid(value) && (breaks || describes.is_valid(value));
            is_sent && place.readings(value).iter().any(is_unread)
        };
        let (sent, read) = if is_returned { (&is, &was) } else { (&was, &is) };
        let mut witness = witnesses(place, sent, read).find(|value| shows(value)).cloned();
        self.breaking += usize::from(breaks);
        if witness.is_none() && (breaks || is_thorough) {
            let parts = SchemaParts::of(&[sender, receiver]);
            witness = search::witness(&parts, &|value| place.readings_with(value, ""), &shows);
        }
        if can_be_shown(&kinds) && witness.is_none() {
            self.unshown += 1;
            for kind in kinds {
                *self.kinds.entry(kind).or_default() += 1;
            }
        }
        if let (Some(value), false) = (witness, breaks) {
            let [old, new] = [before, after].map(shown);
            self.missed.push(format!("{value} ({place:?}): {old} → {new}"));
        }
        if there.changes.is_empty() != back.changes.is_empty() {
            let [old, new] = [before, after].map(shown);
            self.one_sided.push(format!("{place:?}: {old} ↔ {new}"));
        }
    }
}

#[test]
fn nothing_that_breaks_callers_is_missed_in_text() {
    let mut runner = runner(20_261_129);
    let is_thorough = own_seed().is_some();
    let strategy = (pair(), prop::sample::select(TextPlace::ALL.to_vec()));
    let pairs: Vec<_> = (0..pairs()).map(|_| strategy.new_tree(&mut runner).expect("a pair").current()).collect();
    let tallies = crate::spread::spread(&pairs, |(pair, place)| {
        let mut tally = Tally::default();
        tally.judge(is_thorough, *place, pair);
        tally
    });
    let sum = |count: &dyn Fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    let (breaking, unshown) = (sum(&|tally| tally.breaking), sum(&|tally| tally.unshown));
    let share = unshown * 100 / breaking.max(1);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, count) in tallies.iter().flat_map(|tally| &tally.kinds) {
        *kinds.entry(kind).or_default() += count;
    }
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    // Past the harness, which captures the output of a test that passes.
    let _ = writeln!(
        std::io::stderr(),
        "{} pairs in text: {breaking} times breaking, {unshown} of them without a counterexample ({share} %): {}",
        pairs.len(),
        kinds.join(", ")
    );
    let missed: Vec<&String> = tallies.iter().flat_map(|tally| &tally.missed).collect();
    assert!(missed.is_empty(), "{} missed: {:#?}", missed.len(), missed.iter().take(12).collect::<Vec<_>>());
    let one_sided: Vec<&String> = tallies.iter().flat_map(|tally| &tally.one_sided).collect();
    let few: Vec<_> = one_sided.iter().take(9).collect();
    assert!(one_sided.is_empty(), "{} seen from one side: {few:#?}", one_sided.len());
    assert!(share <= MOST_UNSHOWN, "{share} %");
}
