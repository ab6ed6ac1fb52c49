//! Splits texts by style (OpenAPI 3.1.1, "Style Values" and appendix C; RFC 6570).

mod brackets;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use serde_json::{Number, Value};

use self::brackets::BracketTree;
use super::super::parameter::{ParameterPlace, ParameterStyle};
use super::super::percent;
use super::hints::PlaceSchemas;
use super::piece::{EmbeddedJson, PieceReading, ValuePiece, list, ordered};
use super::schema::ValueSchema;
use crate::definition::schema::types::TypeSet;
use crate::definition::unique_json;
use crate::model::trim_blanks;

/// The serialization of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ValueNotation {
    pub(crate) place: TextPlace,
    pub(crate) style: ParameterStyle,
    pub(crate) explode: bool,
}

/// The place of a text, which determines its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextPlace {
    /// The path.
    Path,
    /// The query, or a form with the encoding of one.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// A part of a multipart form.
    Part,
}

/// The raw texts of a request that may belong to a value.
#[derive(Debug, Default)]
pub(crate) struct WrittenTexts<'t> {
    /// Texts under the value's own name.
    pub(crate) own: Vec<Cow<'t, str>>,
    /// Texts under other names for which [`ValueNotation::takes`] holds, with the decoded names.
    pub(crate) others: Vec<(String, Cow<'t, str>)>,
}

/// The error for texts without any reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnreadableText {
    /// A value without parts is repeated; a backend may take another of its texts than the one that was validated.
    Repeated,
    /// The texts do not follow the style.
    Notation(ParameterStyle),
}

impl From<ParameterPlace> for TextPlace {
    fn from(place: ParameterPlace) -> Self {
        match place {
            ParameterPlace::Path => Self::Path,
            ParameterPlace::Query => Self::Query,
            ParameterPlace::Header => Self::Header,
            ParameterPlace::Cookie => Self::Cookie,
        }
    }
}

impl TextPlace {
    pub(super) fn decode(self, raw: &str) -> String {
        match self {
            Self::Query => percent::decode_query(raw),
            Self::Path => percent::decode(raw),
            Self::Header | Self::Cookie => trim_blanks(raw).to_owned(),
            Self::Part => raw.to_owned(),
        }
    }
}

/// The names under which the parts of a value may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameScope {
    /// Those that the schema describes.
    Described,
    /// All: an object that says nothing of other properties may have any.
    Any,
}

impl ValueNotation {
    /// True if each part of a value has a name of its own.
    pub(crate) fn gathers(self) -> bool {
        self.spreads() || self.style == ParameterStyle::DeepObject
    }

    fn spreads(self) -> bool {
        self.style == ParameterStyle::Form && self.explode && !matches!(self.place, TextPlace::Path | TextPlace::Header)
    }

    /// True if the text under another name is a part of the value.
    pub(super) fn takes(self, name: &str, other: &str, schema: &PlaceSchemas<'_>) -> bool {
        if self.style == ParameterStyle::DeepObject {
            return other.strip_prefix(name).is_some_and(|rest| rest.starts_with('['));
        }
        self.spreads() && other != name && (schema.declares(other) || schema.describes_others())
    }

    /// Selects the texts that are parts of a value; `declared` are the names of other parameters, and `scope` says
    /// whether a name has to be described by the schema.
    pub(crate) fn gather<'t>(
        self,
        name: &str,
        mut texts: Vec<(String, Cow<'t, str>)>,
        schema: &ValueSchema,
        declared: &HashSet<String>,
        scope: NameScope,
    ) -> Vec<(String, Cow<'t, str>)> {
        let hints = schema.hints();
        let is_any = scope == NameScope::Any && self.spreads();
        let takes = |other: &str| is_any && other != name || self.takes(name, other, &hints);
        texts.retain(|(other, _)| !declared.contains(other) && takes(other));
        texts
    }

    /// True if the encoded bytes of all texts are UTF-8: others are replaced where they are decoded, and the backend
    /// would see what was not judged. Bytes of headers and cookies mean what the backend says (RFC 9110, section 5.5).
    pub(crate) fn is_utf8(self, written: &WrittenTexts<'_>) -> bool {
        let mut texts = written.own.iter().chain(written.others.iter().map(|(_, raw)| raw));
        !matches!(self.place, TextPlace::Query | TextPlace::Path) || texts.all(|raw| percent::is_utf8(raw))
    }

    /// Parses a value with JSON as its text (Parameter Object, `content`).
    pub(crate) fn json(self, written: &WrittenTexts<'_>) -> Result<serde_json::Result<Value>, UnreadableText> {
        Ok(unique_json::parse(self.text(written)?.as_bytes()))
    }

    /// Decodes the one text of a value that is written in a media type (Parameter Object, `content`).
    pub(crate) fn text(self, written: &WrittenTexts<'_>) -> Result<String, UnreadableText> {
        match written.own.as_slice() {
            [raw] => Ok(self.place.decode(raw)),
            [raw, ..] if self.place == TextPlace::Cookie => Ok(self.place.decode(raw)),
            _ => Err(UnreadableText::Repeated),
        }
    }

    /// Lists all readings of the texts of a value; `None` if the value is absent.
    pub(crate) fn piece(
        self,
        name: &str,
        written: &WrittenTexts<'_>,
        schema: &ValueSchema,
    ) -> Result<Option<ValuePiece>, UnreadableText> {
        match (schema.plain(), written.own.as_slice()) {
            (Some(_), []) => Ok(None),
            // Of cookies with the same name, browsers send the one for the longest path first (RFC 6265, section 5.4).
            (Some(_), [_, _, ..]) if self.place != TextPlace::Cookie => Err(UnreadableText::Repeated),
            (Some(types), [raw, ..]) => {
                let text = self.scalar(name, raw).ok_or(UnreadableText::Notation(self.style))?;
                Ok(Some(ValuePiece::fixed(plain_value(text, types))))
            }
            (None, _) => self.any_piece(name, written, &schema.hints()),
        }
    }

    /// Lists all readings of the texts of a value with the given hints.
    pub(super) fn any_piece(
        self,
        name: &str,
        written: &WrittenTexts<'_>,
        hints: &PlaceSchemas<'_>,
    ) -> Result<Option<ValuePiece>, UnreadableText> {
        // Of a value that nothing can be, all readings are there to be refused.
        let possible = if hints.possible() == TypeSet::NONE { TypeSet::ANY } else { hints.possible() };
        // Where the parts stand under names of their own, `null` beside them makes no value of another text.
        let is_null_alone = self.gathers()
            && possible.meets(TypeSet::OBJECT)
            && !possible.both(TypeSet::NOT_NULL).meets(TypeSet::SCALAR);
        let is_scalar = |text: &String| !is_null_alone || matches!(text.as_str(), "" | "null");
        let is_one = written.own.len() == 1 || self.place == TextPlace::Cookie;
        let text = written.own.first().filter(|_| is_one).and_then(|raw| self.scalar(name, raw));
        let scalar = text.clone().filter(|text| possible.meets(TypeSet::SCALAR) && is_scalar(text));
        let scalar = scalar.map(|text| ValuePiece::text(text, hints, EmbeddedJson::Refused));
        let mut readings = scalar.map(ValuePiece::into_readings).unwrap_or_default();
        if possible.meets(TypeSet::ARRAY) {
            let lists = self.lists(name, &written.own);
            readings.extend(lists.into_iter().map(|texts| list(texts, hints, EmbeddedJson::Refused)));
        }
        if possible.meets(TypeSet::OBJECT) {
            let fields = self.fields(name, written, hints);
            readings.extend(fields.into_iter().map(|fields| grouped(fields, hints)));
        }
        if self.style == ParameterStyle::DeepObject && !written.others.is_empty() {
            let others = written.others.iter().map(|(key, raw)| (key.as_str(), self.place.decode(raw)));
            let tree = BracketTree::new(name, others);
            readings.extend(tree.piece(hints).into_readings());
        }
        if !readings.is_empty() {
            return Ok(Some(ValuePiece::new(ordered(readings, hints, text.as_deref()))));
        }
        match written.own.len() {
            0 => Ok(None),
            _ if is_null_alone && !possible.meets(TypeSet::ARRAY) => Ok(None),
            1 => Err(UnreadableText::Notation(self.style)),
            _ => Err(UnreadableText::Repeated),
        }
    }

    /// Parses a text as a value without parts.
    fn scalar(self, name: &str, raw: &str) -> Option<String> {
        let raw = match self.style {
            ParameterStyle::Label => raw.strip_prefix('.')?,
            ParameterStyle::Matrix => self.matrix(name, raw.strip_prefix(';')?)?,
            _ => raw,
        };
        Some(self.place.decode(raw))
    }

    /// Removes the name before a value in the style `matrix`; for an empty value the name may stand alone.
    fn matrix<'r>(self, name: &str, part: &'r str) -> Option<&'r str> {
        let (own, value) = part.split_once('=').unwrap_or((part, ""));
        (self.place.decode(own) == name).then_some(value)
    }

    /// Lists the readings of texts as a list.
    fn lists(self, name: &str, own: &[Cow<'_, str>]) -> Vec<Vec<String>> {
        let decoded = |parts: Vec<&str>| -> Vec<String> { parts.iter().map(|part| self.place.decode(part)).collect() };
        let all = || own.iter().map(|raw| self.place.decode(raw)).collect::<Vec<_>>();
        let mut lists = Vec::new();
        let named_each = self.explode
            && matches!(
                self.style,
                ParameterStyle::Form | ParameterStyle::SpaceDelimited | ParameterStyle::PipeDelimited
            )
            && !matches!(self.place, TextPlace::Path | TextPlace::Header);
        let is_whole = self.style == ParameterStyle::Form && self.place != TextPlace::Cookie || own.len() > 1;
        if named_each && !own.is_empty() && is_whole {
            lists.push(all());
            return lists;
        }
        let Some(raw) = self.one(own) else { return lists };
        if named_each
            && let Some(parts) = cookie_parts(name, &raw).filter(|parts| parts.iter().all(|(own, _)| *own == name))
        {
            lists.push(decoded(parts.into_iter().map(|(_, value)| value).collect()));
        }
        if self.style == ParameterStyle::Matrix && self.explode {
            let parts = raw.strip_prefix(';').map(|rest| rest.split(';').map(|part| self.matrix(name, part)));
            lists.extend(parts.and_then(Iterator::collect::<Option<Vec<_>>>).map(decoded));
            return lists;
        }
        lists.extend(
            self.separated(name, &raw)
                .into_iter()
                .map(|parts| parts.iter().map(|part| self.place.decode(part)).collect::<Vec<_>>()),
        );
        lists
    }

    /// Lists the readings of texts as the fields of an object.
    fn fields(self, name: &str, written: &WrittenTexts<'_>, hints: &PlaceSchemas<'_>) -> Vec<Vec<(String, String)>> {
        let mut found = Vec::new();
        if self.style == ParameterStyle::DeepObject {
            return found;
        }
        if self.spreads() {
            let decoded = |name: &str, raw: &str| (name.to_owned(), self.place.decode(raw));
            if self.place == TextPlace::Cookie {
                let parts = |(name, raw)| cookie_parts(name, raw).unwrap_or_else(|| vec![(name, raw)]);
                let others = written.others.iter().map(|(name, raw)| (name.as_str(), &**raw));
                let fields: Vec<_> = others.flat_map(parts).map(|(name, raw)| decoded(name, raw)).collect();
                found.extend(Some(fields).filter(|fields| fields.len() > written.others.len()));
            }
            // A part may have the name of the whole.
            let own = written.own.iter().filter(|_| hints.declares(name)).map(|raw| decoded(name, raw));
            let fields: Vec<_> = written.others.iter().map(|(name, raw)| decoded(name, raw)).chain(own).collect();
            found.extend(Some(fields).filter(|fields| !fields.is_empty()));
            if self.place != TextPlace::Cookie {
                return found;
            }
        }
        let Some(raw) = self.one(&written.own) else { return found };
        let pair = |part: &str| {
            let (name, value) = part.split_once('=')?;
            Some((self.place.decode(name), self.place.decode(value)))
        };
        let separated = if self.style == ParameterStyle::Matrix && self.explode {
            raw.strip_prefix(';').map(|rest| rest.split(';').map(str::to_owned).collect()).into_iter().collect()
        } else {
            self.separated(name, &raw)
        };
        for parts in separated {
            let fields = if self.explode {
                parts.iter().map(|part| pair(part)).collect()
            } else if parts.len() % 2 == 0 {
                let mut texts = parts.iter().map(|part| self.place.decode(part));
                let mut fields = Vec::new();
                while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
                    fields.push((name, value));
                }
                Some(fields)
            } else {
                None
            };
            found.extend(fields);
        }
        found
    }

    /// Returns the single text of a value; header lines are joined (RFC 9110, section 5.3).
    fn one(self, own: &[Cow<'_, str>]) -> Option<String> {
        match own {
            [] => None,
            [raw] => Some(raw.to_string()),
            [first, ..] if self.place == TextPlace::Cookie => Some(first.to_string()),
            lines if self.place == TextPlace::Header => Some(lines.join(",")),
            _ => None,
        }
    }

    /// Splits a text by its style, in two ways where versions of the specification differ.
    fn separated(self, name: &str, raw: &str) -> Vec<Vec<String>> {
        let split = |text: &str, separator: &str| text.split(separator).map(str::to_owned).collect::<Vec<_>>();
        let body = match self.style {
            ParameterStyle::Label => raw.strip_prefix('.'),
            ParameterStyle::Matrix => raw.strip_prefix(';').and_then(|rest| self.matrix(name, rest)),
            _ => Some(raw),
        };
        let Some(body) = body else { return Vec::new() };
        if body.is_empty() {
            return vec![Vec::new(), vec![String::new()]];
        }
        match self.style {
            ParameterStyle::SpaceDelimited => {
                let spaced = if self.place == TextPlace::Query {
                    body.replace("%20", " ").replace('+', " ")
                } else {
                    body.to_owned()
                };
                vec![split(&spaced, " ")]
            }
            ParameterStyle::PipeDelimited if body.contains('|') => vec![split(body, "|")],
            ParameterStyle::PipeDelimited => vec![split(&body.replace("%7c", "%7C"), "%7C")],
            ParameterStyle::Label if self.explode => vec![split(body, ".")],
            // The examples of OpenAPI 3.0 and 3.1.0 have dots here, those of 3.0.4 and 3.1.1 commas.
            ParameterStyle::Label if !body.contains(',') && body.contains('.') => {
                vec![split(body, ","), split(body, ".")]
            }
            // A client that encodes the whole value also encodes the commas in it.
            _ if !body.contains(',') && self.place.decode(body).contains(',') => {
                vec![split(body, ","), split(&body.replace("%2c", "%2C"), "%2C")]
            }
            _ => vec![split(body, ",")],
        }
    }
}

/// Splits a cookie that contains the RFC 6570 expansion `{?name*}`, one cookie for HTTP but several parts of a value;
/// `None` if it has a single part.
fn cookie_parts<'r>(name: &'r str, raw: &'r str) -> Option<Vec<(&'r str, &'r str)>> {
    let (first, rest) = raw.split_once('&')?;
    let rest = rest.split('&').map(|part| part.split_once('='));
    std::iter::once(Some((name, first))).chain(rest).collect()
}

/// Parses a text as a value of a plain type.
fn plain_value(text: String, types: TypeSet) -> Value {
    match text.as_str() {
        "true" if types == TypeSet::BOOLEAN => Value::Bool(true),
        "false" if types == TypeSet::BOOLEAN => Value::Bool(false),
        _ if types.meets(TypeSet::NUMBER) => text.parse::<Number>().map_or(Value::String(text), Value::Number),
        _ => Value::String(text),
    }
}

/// Groups fields into an object; repeated fields form a list.
pub(super) fn grouped(fields: Vec<(String, String)>, hints: &PlaceSchemas<'_>) -> PieceReading {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, text) in fields {
        texts.entry(name).or_default().push(text);
    }
    let mut properties = hints.properties();
    let read = |(name, texts): (String, Vec<String>)| {
        let piece = ValuePiece::texts(texts, properties.at(&name), EmbeddedJson::Refused);
        (name, piece)
    };
    PieceReading::Object(texts.into_iter().map(read).collect())
}
