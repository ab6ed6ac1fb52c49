//! Storage for the values of a document: one arena each for texts, numbers, items and fields.
//!
//! A definition of 10,000 APIs has some 400,000 values. A separate allocation for each would take more memory than the
//! values and be slower to create, traverse and free, so a node only holds the position of its value.

use std::hash::{BuildHasher, RandomState};

use serde_json::Number;

use super::ids::NodeId;
use super::object::{FieldIndex, FieldKey, ObjectEntry, SEARCHED};
use super::span::TextSpan;

/// Consecutive items or fields.
#[derive(Debug, Clone, Copy)]
pub(in crate::definition) struct ItemRange {
    start: u32,
    length: u32,
}

/// The value of a node.
#[derive(Debug, Clone, Copy)]
pub(in crate::definition) enum NodeValue {
    Null,
    Bool(bool),
    /// The index of a number.
    Number(u32),
    String(TextSpan),
    Array(ItemRange),
    Object(ItemRange),
    /// The index of an object with a table of its fields.
    LargeObject(u32),
}

/// An object under construction; its fields are the last in the arena.
pub(in crate::definition) struct ObjectBuilder {
    from: usize,
    index: Option<FieldIndex>,
}

#[derive(Debug)]
struct LargeObject {
    fields: ItemRange,
    index: FieldIndex,
}

#[derive(Debug, Default)]
pub(in crate::definition) struct NodeStore {
    texts: String,
    numbers: Vec<Number>,
    /// The texts of numbers that a double cannot hold, in order: only these are kept, since nearly all can.
    inexact: Vec<(u32, TextSpan)>,
    items: Vec<NodeId>,
    fields: Vec<ObjectEntry>,
    large: Vec<LargeObject>,
    /// Randomly seeded, so that an author cannot choose colliding names.
    hasher: RandomState,
}

impl NodeStore {
    /// Reserves memory for the values of a file of a given size: more than most files need, since reallocation copies
    /// everything and memory that is never written costs little.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.texts.reserve(bytes);
        self.fields.reserve(bytes / 12);
        self.items.reserve(bytes / 12);
    }

    /// Adds a text; `None` if positions exceed 32 bits, which the size limit of a file rules out.
    pub(in crate::definition) fn add_text(&mut self, text: &str) -> Option<TextSpan> {
        let (start, length) = (u32::try_from(self.texts.len()).ok()?, u32::try_from(text.len()).ok()?);
        self.texts.push_str(text);
        Some(TextSpan { start, length })
    }

    pub(in crate::definition) fn text(&self, text: TextSpan) -> &str {
        let start = text.start as usize;
        self.texts.get(start..start + text.length as usize).unwrap_or_default()
    }

    pub(in crate::definition) fn add_number(&mut self, number: Number) -> Option<NodeValue> {
        let place = u32::try_from(self.numbers.len()).ok()?;
        self.numbers.push(number);
        Some(NodeValue::Number(place))
    }

    /// Adds a number that is the nearest one to its text.
    pub(in crate::definition) fn add_inexact_number(&mut self, number: Number, text: &str) -> Option<NodeValue> {
        let place = u32::try_from(self.numbers.len()).ok()?;
        let text = self.add_text(text)?;
        self.inexact.push((place, text));
        self.add_number(number)
    }

    /// True if a number was not stored exactly.
    pub(super) fn has_inexact_numbers(&self) -> bool {
        !self.inexact.is_empty()
    }

    /// Returns the text of a number that was not stored exactly.
    pub(super) fn number_text(&self, place: u32) -> Option<&str> {
        let index = self.inexact.binary_search_by_key(&place, |(known, _)| *known).ok()?;
        self.inexact.get(index).map(|(_, text)| self.text(*text))
    }

    pub(super) fn number(&self, place: u32) -> Option<&Number> {
        self.numbers.get(place as usize)
    }

    pub(in crate::definition) fn add_items(&mut self, items: &[NodeId]) -> Option<NodeValue> {
        let start = self.items.len();
        self.items.extend_from_slice(items);
        ItemRange::of(start, items.len()).map(NodeValue::Array)
    }

    pub(super) fn items(&self, content: NodeValue) -> &[NodeId] {
        if let NodeValue::Array(run) = content { run.of_all(&self.items) } else { &[] }
    }

    /// Returns the fields of an object, in document order.
    pub(in crate::definition) fn fields(&self, content: NodeValue) -> &[ObjectEntry] {
        match content {
            NodeValue::Object(run) => run.of_all(&self.fields),
            NodeValue::LargeObject(place) => {
                self.large.get(place as usize).map_or(&[], |large| large.fields.of_all(&self.fields))
            }
            _ => &[],
        }
    }

    /// Finds the field of an object by its name.
    pub(super) fn find(&self, content: NodeValue, name: &str) -> Option<&ObjectEntry> {
        match content {
            NodeValue::Object(run) => self.search(run.of_all(&self.fields), name),
            NodeValue::LargeObject(place) => {
                let LargeObject { fields, index } = self.large.get(place as usize)?;
                let fields = fields.of_all(&self.fields);
                let found = index.find(self.hasher.hash_one(name), |at| self.is_named(fields, at, name))?;
                fields.get(found)
            }
            _ => None,
        }
    }

    /// Returns the key with a given text.
    pub(in crate::definition) fn key(&self, text: TextSpan) -> FieldKey {
        FieldKey::new(text, self.text(text))
    }

    /// Begins an object with about the given number of fields.
    pub(in crate::definition) fn begin_object(&self, fields: usize) -> ObjectBuilder {
        let index = (fields > SEARCHED).then(|| FieldIndex::with_room(fields));
        ObjectBuilder { from: self.fields.len(), index }
    }

    /// Adds a field; if the object has a field of that name, returns that one instead.
    pub(in crate::definition) fn add_field(
        &mut self,
        object: &mut ObjectBuilder,
        entry: ObjectEntry,
    ) -> Option<ObjectEntry> {
        let own = self.fields.get(object.from..).unwrap_or_default();
        let name = self.text(entry.key.text());
        let known = match &mut object.index {
            None => self.search(own, name).copied(),
            Some(index) => {
                let hash = |at: usize| own.get(at).map_or(0, |other| self.hasher.hash_one(self.text(other.key.text())));
                let found =
                    index.find_or_add(self.hasher.hash_one(name), own.len(), hash, |at| self.is_named(own, at, name));
                found.and_then(|found| own.get(found)).copied()
            }
        };
        if known.is_none() {
            self.fields.push(entry);
            if object.index.is_none() && self.fields.len() - object.from > SEARCHED {
                object.index = Some(self.index_of(object.from));
            }
        }
        known
    }

    /// Completes an object.
    pub(in crate::definition) fn end_object(&mut self, object: ObjectBuilder) -> Option<NodeValue> {
        let fields = ItemRange::of(object.from, self.fields.len() - object.from)?;
        let Some(index) = object.index else { return Some(NodeValue::Object(fields)) };
        let place = u32::try_from(self.large.len()).ok()?;
        self.large.push(LargeObject { fields, index });
        Some(NodeValue::LargeObject(place))
    }

    /// Adds an object with the names of another and values of its own.
    pub(super) fn add_object_like(&mut self, other: NodeValue, values: &[NodeId]) -> Option<NodeValue> {
        let entries = self.fields(other).to_vec();
        let mut object = self.begin_object(entries.len());
        for (entry, value) in entries.into_iter().zip(values) {
            self.add_field(&mut object, ObjectEntry { value: *value, ..entry });
        }
        self.end_object(object)
    }

    /// Returns the number of fields added to an unfinished object.
    pub(in crate::definition) fn count(&self, object: &ObjectBuilder) -> usize {
        self.fields.len() - object.from
    }

    fn index_of(&self, from: usize) -> FieldIndex {
        let own = self.fields.get(from..).unwrap_or_default();
        let mut index = FieldIndex::with_room(2 * own.len());
        let hash = |at: usize| own.get(at).map_or(0, |other| self.hasher.hash_one(self.text(other.key.text())));
        for at in 0..own.len() {
            index.find_or_add(hash(at), at, hash, |_| false);
        }
        index
    }

    fn search<'s>(&self, fields: &'s [ObjectEntry], name: &str) -> Option<&'s ObjectEntry> {
        let is_alike = FieldKey::alike(name);
        fields.iter().find(|entry| is_alike(entry.key) && self.text(entry.key.text()) == name)
    }

    fn is_named(&self, fields: &[ObjectEntry], at: usize, name: &str) -> bool {
        fields.get(at).is_some_and(|entry| self.text(entry.key.text()) == name)
    }
}

impl ItemRange {
    fn of(start: usize, length: usize) -> Option<Self> {
        Some(Self { start: u32::try_from(start).ok()?, length: u32::try_from(length).ok()? })
    }

    fn of_all<T>(self, all: &[T]) -> &[T] {
        let start = self.start as usize;
        all.get(start..start + self.length as usize).unwrap_or_default()
    }
}
