//! Collects changes: each once, with all the APIs that it concerns.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::comparison::{ApiName, CallerMessage, Change, Sunset};
use super::excerpt;
use super::kinds::{self, ChangeEffect, Compatibility, Kind};
use crate::definition::{Node, ValueDirection};
use crate::model::{Location, Timestamp};

/// More changes than this are only counted: of those that break callers, and of the others, so that the others leave
/// room for them.
const MOST_CHANGES: usize = 10_000;

/// A change, before it is known whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RawChange {
    pub(super) kind: &'static str,
    pub(super) compatibility: Compatibility,
    /// Direction of the data; `None` where it has no bearing on compatibility.
    pub(super) direction: Option<ValueDirection>,
    pub(super) message: String,
    pub(super) for_callers: CallerMessage,
    pub(super) before: Option<Location>,
    pub(super) after: Option<Location>,
    /// The date until which a part that is gone was to be kept.
    pub(super) sunset: Option<Sunset>,
}

/// The change of a field.
#[derive(Debug)]
pub(super) struct FieldChange {
    /// The old and the new value: `the default was 1 and is 2`.
    pub(super) message: String,
    /// The same for callers: an object of the specification may have an owner's notes in it.
    pub(super) for_callers: CallerMessage,
}

impl RawChange {
    /// Makes a change that means the same in either direction.
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind: kind.name,
            compatibility: kind.effect.compatibility(None),
            direction: None,
            message: message.into(),
            for_callers: CallerMessage::Same,
            before: None,
            after: None,
            sunset: None,
        }
    }

    /// Makes a change of a field that means the same in either direction.
    pub(super) fn of_field(kind: Kind, change: FieldChange) -> Self {
        Self::new(kind, change.message).told(change.for_callers)
    }

    /// Makes a change of data that goes in a direction, with the effect that its kind has there.
    pub(super) fn directed(
        kind: Kind,
        effect: ChangeEffect,
        direction: ValueDirection,
        message: impl Into<String>,
    ) -> Self {
        let directed = matches!(effect, ChangeEffect::Narrows | ChangeEffect::Widens);
        Self {
            compatibility: effect.compatibility(Some(direction)),
            direction: directed.then_some(direction),
            ..Self::new(kind, message)
        }
    }

    /// Records the sunset date of a removed part, if it was deprecated with one.
    pub(super) fn with_sunset(mut self, gone: Node<'_>) -> Self {
        self.sunset = Sunset::of(gone);
        self
    }

    /// Tells callers of it in another way.
    pub(super) fn told(mut self, for_callers: CallerMessage) -> Self {
        self.for_callers = for_callers;
        self
    }

    pub(super) fn at(mut self, before: Option<Location>, after: Option<Location>) -> Self {
        self.before = before;
        self.after = after;
        self
    }
}

impl Sunset {
    /// Reads the date of a part that is deprecated with one.
    pub(super) fn of(node: Node<'_>) -> Option<Self> {
        let is_deprecated = node.get("deprecated").and_then(Node::as_bool) == Some(true);
        let date = node.get("x-sunset").and_then(Node::as_str).filter(|_| is_deprecated)?;
        Some(Self { end: Timestamp::from_sunset(date)?, date: excerpt::quoted(date) })
    }
}

#[derive(Debug, Default)]
pub(super) struct ChangeOutput {
    changes: Vec<Change>,
    /// Positions of the changes in the list, by their hashes: those that are only counted are many, and large.
    known: HashMap<u64, Option<usize>>,
    /// The number of changes in the list that break callers.
    breaking: usize,
    left_out: usize,
    breaking_left_out: usize,
}

impl ChangeOutput {
    /// Adds a change; one that is known already gets one more API.
    ///
    /// Two changes are the same if their locations on both sides and their messages are the same. Without a location, a
    /// change belongs to the current API alone.
    pub(super) fn add(&mut self, found: RawChange, path: &str, api: Option<&ApiName>) {
        let has_place = found.before.is_some() || found.after.is_some();
        let hash = hash(&found);
        if has_place && let Some(index) = self.known.get(&hash) {
            let change = index.and_then(|index| self.changes.get_mut(index));
            if let (Some(change), Some(api)) = (change, api)
                && change.api.as_ref() != Some(api)
                && change.also.last() != Some(api)
            {
                change.also.push(api.clone());
            }
            return;
        }
        let is_breaking = found.compatibility == Compatibility::Breaking;
        let listed = if is_breaking { self.breaking } else { self.changes.len() - self.breaking };
        let fits = listed < MOST_CHANGES;
        if has_place {
            self.known.insert(hash, fits.then_some(self.changes.len()));
        }
        if !fits {
            let count = if is_breaking { &mut self.breaking_left_out } else { &mut self.left_out };
            *count += 1;
            return;
        }
        self.breaking += usize::from(is_breaking);
        let RawChange { kind, compatibility, message, for_callers, before, after, sunset, direction: _ } = found;
        self.changes.push(Change {
            kind,
            compatibility,
            api: api.cloned(),
            also: Vec::new(),
            path: path.to_owned(),
            message,
            for_callers,
            before,
            after,
            sunset,
            count: 1,
        });
    }

    /// Reports that not everything was compared.
    pub(super) fn incomplete(&mut self) {
        let message = "the schemas are too large to compare in full; split them, or compare the rest by hand";
        self.changes.insert(0, unplaced(kinds::COMPARISON_INCOMPLETE, message.to_owned()));
    }

    pub(super) fn into_changes(mut self) -> Vec<Change> {
        for (kind, count, noun) in [
            (kinds::BREAKING_CHANGES_LEFT_OUT, self.breaking_left_out, "breaking change"),
            (kinds::CHANGES_LEFT_OUT, self.left_out, "change"),
        ] {
            if count > 0 {
                let (end, verb) = if count == 1 { ("", "is") } else { ("s", "are") };
                let message = format!("{count} more {noun}{end} {verb} left out");
                self.changes.push(Change { count, ..unplaced(kind, message) });
            }
        }
        self.changes
    }
}

fn hash(found: &RawChange) -> u64 {
    let mut hasher = DefaultHasher::new();
    found.hash(&mut hasher);
    hasher.finish()
}

fn unplaced(kind: Kind, message: String) -> Change {
    Change {
        kind: kind.name,
        compatibility: kind.effect.compatibility(None),
        api: None,
        also: Vec::new(),
        path: String::new(),
        message,
        for_callers: CallerMessage::Same,
        before: None,
        after: None,
        sunset: None,
        count: 1,
    }
}
