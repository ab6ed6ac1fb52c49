//! A part of a request with all its readings.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::hints::PlaceSchemas;
use crate::definition::schema::types::TypeSet;
use crate::definition::unique_json;

/// A text, or several texts of one value, with their readings in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct ValuePiece {
    readings: Vec<PieceReading>,
    /// The number among all pieces of the request, which is its index in a choice of readings.
    number: usize,
}

/// A reading of a piece.
#[derive(Debug)]
pub(super) enum PieceReading {
    Value(Value),
    List(Vec<ValuePiece>),
    Object(BTreeMap<String, ValuePiece>),
}

/// The index of the chosen reading for each piece, by the piece's number.
pub(super) type Choice = Vec<u8>;

/// The maximum number of readings of a piece; further ones are dropped.
const MOST_READINGS: usize = 12;

impl PieceReading {
    /// Returns the type of the value.
    pub(super) fn types(&self) -> TypeSet {
        match self {
            Self::Value(value) => TypeSet::of(value),
            Self::List(_) => TypeSet::ARRAY,
            Self::Object(_) => TypeSet::OBJECT,
        }
    }
}

/// The JSON that may be embedded in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EmbeddedJson {
    /// None: the text is plain.
    Refused,
    /// Objects, which have no other serialization (Encoding Object, default of `contentType`).
    Objects,
    /// Any value.
    Any,
}

impl ValuePiece {
    /// Creates a piece from ordered readings.
    pub(super) fn new(mut readings: Vec<PieceReading>) -> Self {
        readings.truncate(MOST_READINGS);
        Self { readings, number: 0 }
    }

    /// Creates a piece with a single reading.
    pub(super) fn fixed(value: Value) -> Self {
        Self::new(vec![PieceReading::Value(value)])
    }

    /// Creates a piece from one text.
    pub(super) fn text(text: String, hints: &PlaceSchemas<'_>, json: EmbeddedJson) -> Self {
        Self::new(text_readings(text, hints, json))
    }

    /// Creates a piece from the texts under one name: a single text, or a list.
    pub(super) fn texts(mut texts: Vec<String>, hints: &PlaceSchemas<'_>, json: EmbeddedJson) -> Self {
        let mut readings = Vec::new();
        if let [text] = texts.as_mut_slice() {
            readings = text_readings(text.clone(), hints, json);
        }
        if texts.len() != 1 || hints.allows(TypeSet::ARRAY) && !hints.is_silent() {
            readings.push(list(texts, hints, json));
        }
        Self::new(ordered(readings, hints, None))
    }

    /// Assigns a number to each piece; returns the total.
    pub(super) fn number_all(&mut self) -> usize {
        let mut next = 0;
        self.number_from(&mut next);
        next
    }

    fn number_from(&mut self, next: &mut usize) {
        self.number = *next;
        *next += 1;
        for reading in &mut self.readings {
            match reading {
                PieceReading::Value(_) => {}
                PieceReading::List(items) => items.iter_mut().for_each(|item| item.number_from(next)),
                PieceReading::Object(fields) => fields.values_mut().for_each(|field| field.number_from(next)),
            }
        }
    }

    /// Returns the number.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Returns the readings, to be merged with others.
    pub(super) fn into_readings(self) -> Vec<PieceReading> {
        self.readings
    }

    /// Returns the readings in order.
    pub(super) fn readings(&self) -> &[PieceReading] {
        &self.readings
    }

    /// Returns the reading selected by a choice.
    pub(super) fn chosen(&self, choice: &[u8]) -> Option<&PieceReading> {
        self.readings.get(choice.get(self.number).map_or(0, |index| usize::from(*index)))
    }

    /// Builds the value for a choice of readings.
    pub(super) fn value(&self, choice: &[u8]) -> Value {
        match self.chosen(choice) {
            None => Value::Null,
            Some(PieceReading::Value(value)) => value.clone(),
            Some(PieceReading::List(items)) => items.iter().map(|item| item.value(choice)).collect(),
            Some(PieceReading::Object(fields)) => {
                let fields = fields.iter().map(|(name, field)| (name.clone(), field.value(choice)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    /// Chooses the readings that yield a value; true if there are any.
    pub(super) fn choose(&self, wanted: &Value, choice: &mut Choice) -> bool {
        let gives = |reading: &PieceReading, choice: &mut Choice| match (reading, wanted) {
            (PieceReading::Value(value), wanted) => value == wanted,
            (PieceReading::List(items), Value::Array(wanted)) => {
                items.len() == wanted.len()
                    && items.iter().zip(wanted).all(|(item, wanted)| item.choose(wanted, choice))
            }
            (PieceReading::Object(fields), Value::Object(wanted)) => {
                let chosen = |(name, field): (&String, &Self), choice: &mut Choice| {
                    wanted.get(name).is_some_and(|wanted| field.choose(wanted, choice))
                };
                fields.len() == wanted.len() && fields.iter().all(|field| chosen(field, choice))
            }
            _ => false,
        };
        let Some(index) = self.readings.iter().position(|reading| gives(reading, choice)) else { return false };
        if let (Some(slot), Ok(index)) = (choice.get_mut(self.number), u8::try_from(index)) {
            *slot = index;
        }
        true
    }

    /// Collects the pieces that are part of the chosen value and have other readings.
    pub(super) fn open<'p>(&'p self, choice: &[u8], most: usize, open: &mut Vec<&'p ValuePiece>) {
        if open.len() >= most {
            return;
        }
        if self.readings.len() > 1 {
            open.push(self);
        }
        match self.chosen(choice) {
            None | Some(PieceReading::Value(_)) => {}
            Some(PieceReading::List(items)) => items.iter().for_each(|item| item.open(choice, most, open)),
            Some(PieceReading::Object(fields)) => fields.values().for_each(|field| field.open(choice, most, open)),
        }
    }

    /// Returns the piece at a path below this one, or the deepest one along that path.
    pub(super) fn at<'p>(&'p self, choice: &[u8], mut path: impl Iterator<Item = String>) -> &'p ValuePiece {
        let mut piece = self;
        loop {
            let Some(name) = path.next() else { return piece };
            let below = match piece.chosen(choice) {
                Some(PieceReading::List(items)) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
                Some(PieceReading::Object(fields)) => fields.get(&name),
                _ => None,
            };
            let Some(below) = below else { return piece };
            piece = below;
        }
    }
}

/// Parses texts as a list.
pub(super) fn list(texts: Vec<String>, hints: &PlaceSchemas<'_>, json: EmbeddedJson) -> PieceReading {
    let mut items = hints.items();
    PieceReading::List(
        texts.into_iter().enumerate().map(|(index, text)| ValuePiece::text(text, items.at(index), json)).collect(),
    )
}

/// Orders readings: those of a type that the schema names come first, and impossible types are dropped.
pub(super) fn ordered(
    mut readings: Vec<PieceReading>,
    hints: &PlaceSchemas<'_>,
    text: Option<&str>,
) -> Vec<PieceReading> {
    let possible = hints.possible();
    if readings.iter().any(|reading| reading.types().meets(possible)) {
        readings.retain(|reading| reading.types().meets(possible));
    }
    if readings.len() > 1 {
        let named = hints.named(text);
        readings.sort_by_key(|reading| !reading.types().meets(named));
    }
    readings
}

/// Lists the readings of a text: a string if allowed, and the values that it can represent.
fn text_readings(text: String, hints: &PlaceSchemas<'_>, json: EmbeddedJson) -> Vec<PieceReading> {
    let possible = hints.possible();
    let mut readings = Vec::new();
    if json != EmbeddedJson::Refused && possible.meets(TypeSet::OBJECT.either(TypeSet::ARRAY)) {
        let value = Some(&text).filter(|text| text.trim_start().starts_with(['{', '[']));
        let value = value.and_then(|text| unique_json::parse(text.as_bytes()).ok());
        readings.extend(value.filter(|value| json == EmbeddedJson::Any || value.is_object()).map(PieceReading::Value));
    }
    let number = || text.parse::<Number>().ok();
    let mut scalars = Vec::new();
    match text.as_str() {
        "true" => scalars.push(Value::Bool(true)),
        "false" => scalars.push(Value::Bool(false)),
        "" | "null" => scalars.push(Value::Null),
        _ => scalars.extend(number().map(Value::Number)),
    }
    let copy = text.clone();
    readings.push(PieceReading::Value(Value::String(text)));
    readings.extend(scalars.into_iter().map(PieceReading::Value));
    ordered(readings, hints, Some(&copy))
}
