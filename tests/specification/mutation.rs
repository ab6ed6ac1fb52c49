//! Changes a document in one place at a time: each field and item left out, named otherwise, of another kind.

use serde_json::{Value, json};

/// Goes through the changes of a document, at most so many, spread evenly.
pub(crate) fn each(document: &Value, most: usize, visit: &mut dyn FnMut(&str, &Value)) {
    let mut places = Vec::new();
    collect(document, "", &mut places);
    let changes = places.len() * CHANGES.len();
    let step = (changes / most.max(1)).max(1);
    for index in (0..changes).step_by(step).take(most) {
        let (place, change) = (&places[index / CHANGES.len()], &CHANGES[index % CHANGES.len()]);
        let mut changed = document.clone();
        if let Some(done) = apply(&mut changed, place, *change) {
            visit(&format!("{place} {done}"), &changed);
        }
    }
}

#[derive(Clone, Copy)]
enum Change {
    Remove,
    Rename,
    Replace(usize),
}

const CHANGES: [Change; 5] =
    [Change::Remove, Change::Rename, Change::Replace(0), Change::Replace(2), Change::Replace(4)];

/// Lists the pointers (RFC 6901) of all fields and items, but of what is data.
fn collect(value: &Value, at: &str, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let place = format!("{at}/{key}");
        places.push(place.clone());
        let is_data = ["example", "value", "default", "enum", "const"].contains(&key.as_str()) || key.starts_with("x-");
        if !is_data {
            collect(child, &place, places);
        }
    }
}

fn apply(document: &mut Value, place: &str, change: Change) -> Option<String> {
    let (parent, key) = place.rsplit_once('/')?;
    let key = key.replace("~1", "/").replace("~0", "~");
    let parent = document.pointer_mut(parent)?;
    match (parent, change) {
        (Value::Object(map), Change::Remove) => {
            map.shift_remove(&key)?;
            Some("left out".to_owned())
        }
        (Value::Object(map), Change::Rename) => {
            // Where it stood, since order counts for messages only.
            let value = map.shift_remove(&key)?;
            map.insert(format!("{key}Z"), value);
            Some(format!("named {key}Z"))
        }
        (Value::Array(list), Change::Remove) => {
            list.remove(key.parse().ok()?);
            Some("left out".to_owned())
        }
        (parent, Change::Replace(start)) => {
            let slot = match parent {
                Value::Object(map) => map.get_mut(&key)?,
                Value::Array(list) => list.get_mut(key.parse::<usize>().ok()?)?,
                _ => return None,
            };
            let others = [json!(17), json!("text"), json!([]), json!({}), json!(true), json!(null)];
            // By the place, so that each kind comes up everywhere over all places.
            let offset = place.len();
            let same = |other: &Value| std::mem::discriminant(other) == std::mem::discriminant(slot);
            let other = others
                .iter()
                .cycle()
                .skip((start + offset) % others.len())
                .take(others.len())
                .find(|other| !same(other))?;
            *slot = other.clone();
            Some(format!("as {other}"))
        }
        _ => None,
    }
}
