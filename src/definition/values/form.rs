//! Parses forms, whose fields are properties of one object (OpenAPI 3.1.1, "Encoding the x-www-form-urlencoded Media
//! Type" and "Encoding multipart Media Types").

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use super::super::parameter::ParameterStyle;
use super::super::percent;
use super::encoding::{FieldEncoding, FormRules, PartHeader};
use super::hints::PlaceSchemas;
use super::multipart::{FormPart, parts};
use super::notation::{TextPlace, UnreadableText, ValueNotation, WrittenTexts};
use super::piece::{EmbeddedJson, PieceReading, ValuePiece};
use super::schema::ValueSchema;
use super::violations::ValueViolation;
use crate::definition::schema::types::TypeSet;
use crate::model::{is_json_media_type, media_type_essence};

/// The message for a text that is no text in UTF-8.
pub(crate) const NOT_UTF8: &str = "is not UTF-8";

/// A parsed form with all its readings.
pub(crate) struct FormReading {
    piece: ValuePiece,
    /// The fields that are invalid in every reading.
    violations: Vec<ValueViolation>,
    /// The paths of the fields in media types that are not looked into.
    unread: Vec<String>,
}

/// The fields of a form that are not parsed yet, in the order of the body.
struct PendingFields<'b> {
    place: TextPlace,
    /// The decoded names with the raw texts.
    left: Vec<(String, Cow<'b, str>)>,
    read: BTreeMap<String, ValuePiece>,
    violations: Vec<ValueViolation>,
    unread: Vec<String>,
    /// True if messages repeat nothing of what was sent.
    is_redacted: bool,
}

impl FormReading {
    /// Validates the form; returns at most `most` violations.
    pub(crate) fn check(self, schema: &ValueSchema, most: usize) -> Vec<ValueViolation> {
        let mut violations = self.violations;
        let (value, mut others) = schema.closest_reading(self.piece, most);
        // A field without any reading has no value to be validated, and one that is not looked into a text for it.
        others.retain(|other| {
            let is_below = |path: &String| {
                other.path.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            !violations.iter().any(|known| known.path == other.path) && !self.unread.iter().any(is_below)
        });
        violations.extend(others);
        violations.truncate(most);
        schema.shown(violations, &value)
    }

    /// Runs the search without shortcuts; also returns the number of pieces.
    #[cfg(test)]
    pub(super) fn search(mut self, schema: &ValueSchema) -> (super::search::SearchOutcome, usize) {
        let found = super::search::search(&mut self.piece, schema.validator());
        (found, self.piece.number_all())
    }
}

impl FormRules {
    /// Parses a body of the media type `application/x-www-form-urlencoded`.
    pub(crate) fn urlencoded(&self, body: &str, schema: &ValueSchema) -> FormReading {
        let pairs = body.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent::decode_query(name), Cow::Borrowed(value))
        });
        let hints = schema.hints();
        let mut fields = PendingFields::new(TextPlace::Query, pairs.collect(), schema);
        fields.refuse_other_encodings(&hints);
        fields.read_styled(self, &hints);
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, raw) in std::mem::take(&mut fields.left) {
            texts.entry(name).or_default().push(percent::decode_query(&raw));
        }
        let mut properties = hints.properties();
        for (name, texts) in texts {
            let encoding = self.field(&name);
            let hints = properties.at(&name);
            let piece = match encoding {
                Some(encoding) if encoding.is_json() => fields.json(&name, &texts, hints),
                Some(encoding) if !encoding.content_types.is_empty() => {
                    let is_json = |text: &String| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
                    if !texts.iter().all(is_json) {
                        fields.leave_unread(&name, encoding.content_types.iter().map(String::as_str), hints);
                    }
                    ValuePiece::texts(texts, hints, EmbeddedJson::Any)
                }
                _ => ValuePiece::texts(texts, hints, EmbeddedJson::Objects),
            };
            fields.read.insert(name, piece);
        }
        fields.finish()
    }

    /// Parses a body of the media type `multipart/form-data` (RFC 7578); fails if the body as a whole is malformed.
    pub(crate) fn multipart(
        &self,
        content_type: &str,
        body: &[u8],
        schema: &ValueSchema,
    ) -> Result<FormReading, &'static str> {
        let parts = parts(content_type, body)?;
        let hints = schema.hints();
        let texts = parts.iter().map(|part| (part.name.clone(), part.text()));
        let styled: HashSet<&str> = self.styled().map(|(name, ..)| name).collect();
        let mut fields = PendingFields::new(TextPlace::Part, texts.collect(), schema);
        fields.read_styled(self, &hints);
        let mut named: BTreeMap<&str, Vec<&FormPart<'_>>> = BTreeMap::new();
        let left: HashSet<String> = fields.left.drain(..).map(|(name, _)| name).collect();
        for part in parts.iter().filter(|part| left.contains(&part.name) && !styled.contains(part.name.as_str())) {
            named.entry(&part.name).or_default().push(part);
        }
        let mut properties = hints.properties();
        for (name, parts) in named {
            let piece = fields.parts(name, &parts, self.field(name), properties.at(name));
            fields.read.insert(name.to_owned(), piece);
        }
        for part in &parts {
            let headers = self.field(&part.name).map(|encoding| encoding.headers.as_slice()).unwrap_or_default();
            for header in headers {
                fields.header(part, header);
            }
        }
        Ok(fields.finish())
    }
}

/// Parses a body of plain text; `None` if its schema describes a value with parts.
pub(crate) fn text_body(body: &str, schema: &ValueSchema) -> Option<ValuePiece> {
    let hints = schema.hints();
    hints.allows(TypeSet::SCALAR).then(|| ValuePiece::text(body.to_owned(), &hints, EmbeddedJson::Refused))
}

impl<'b> PendingFields<'b> {
    fn new(place: TextPlace, left: Vec<(String, Cow<'b, str>)>, schema: &ValueSchema) -> Self {
        let is_redacted = schema.is_redacted();
        Self { place, left, read: BTreeMap::new(), violations: Vec::new(), unread: Vec::new(), is_redacted }
    }

    fn violate(&mut self, name: &str, message: String) {
        self.violations.push(ValueViolation { path: pointer(name), message });
    }

    /// Leaves a field out of the validation if one of its media types has values that are not looked into, like XML, as
    /// in a whole body. A schema that allows texts has the text itself.
    fn leave_unread<'m>(
        &mut self,
        name: &str,
        mut media_types: impl Iterator<Item = &'m str>,
        hints: &PlaceSchemas<'_>,
    ) {
        let is_read =
            |media_type: &str| is_json_media_type(media_type) || media_type_essence(media_type) == "text/plain";
        if !hints.allows(TypeSet::STRING) && media_types.any(|media_type| !is_read(media_type)) {
            self.unread.push(pointer(name));
        }
    }

    fn finish(self) -> FormReading {
        let piece = ValuePiece::new(vec![PieceReading::Object(self.read)]);
        FormReading { piece, violations: self.violations, unread: self.unread }
    }

    /// Refuses texts that are not UTF-8 where they are no bytes.
    fn refuse_other_encodings(&mut self, hints: &PlaceSchemas<'_>) {
        let mut properties = hints.properties();
        let mut is_wrong =
            |(name, raw): &&(String, Cow<'_, str>)| !percent::is_utf8(raw) && !properties.at(name).allows_bytes();
        let wrong: Vec<String> =
            self.left.iter().filter(|field| is_wrong(field)).map(|(name, _)| name.clone()).collect();
        for name in wrong {
            self.violate(&name, NOT_UTF8.to_owned());
        }
    }

    /// Parses the fields that use the styles of query parameters.
    fn read_styled(&mut self, rules: &FormRules, hints: &PlaceSchemas<'_>) {
        for (name, style, explode) in rules.styled() {
            let notation = ValueNotation { place: self.place, style, explode };
            let schema = hints.property(name);
            let gathers = notation.gathers() && schema.allows(TypeSet::OBJECT);
            let is_own = |other: &str| other == name;
            let is_part = |other: &str| {
                // In brackets a name always belongs to this field; otherwise a declared property of the form is a field
                // of its own.
                gathers
                    && notation.takes(name, other, &schema)
                    && (style == ParameterStyle::DeepObject || !hints.declares(other))
            };
            let mut written = WrittenTexts::default();
            for (other, raw) in &self.left {
                if is_own(other) {
                    written.own.push(raw.clone());
                } else if is_part(other) {
                    written.others.push((other.clone(), raw.clone()));
                }
            }
            match notation.any_piece(name, &written, &schema) {
                Ok(None) if written.own.is_empty() => continue,
                // The parts of the field have other names, but there is also a text under its own name.
                Ok(None) => {
                    let texts = written.own.iter().map(|raw| self.place.decode(raw)).collect();
                    self.read.insert(name.to_owned(), ValuePiece::texts(texts, &schema, EmbeddedJson::Refused));
                }
                Ok(Some(piece)) => {
                    self.read.insert(name.to_owned(), piece);
                }
                Err(UnreadableText::Repeated) => self.violate(name, "is given more than once".to_owned()),
                Err(UnreadableText::Notation(style)) => {
                    self.violate(name, format!("is not written in the style {}", style.as_str()));
                }
            }
            self.left.retain(|(other, _)| !is_own(other) && !is_part(other));
        }
    }

    /// Parses texts that must be JSON: one value, or one for each item of a list.
    fn json(&mut self, name: &str, texts: &[String], hints: &PlaceSchemas<'_>) -> ValuePiece {
        let values: Result<Vec<serde_json::Value>, _> = texts.iter().map(|text| serde_json::from_str(text)).collect();
        match values {
            Ok(values) => json_piece(values, hints),
            Err(error) => {
                self.violate(name, format!("is not JSON: {error}"));
                ValuePiece::fixed(serde_json::Value::Null)
            }
        }
    }

    /// Parses the parts of one field.
    fn parts(
        &mut self,
        name: &str,
        parts: &[&FormPart<'_>],
        encoding: Option<&FieldEncoding>,
        hints: &PlaceSchemas<'_>,
    ) -> ValuePiece {
        for part in parts {
            if let (Some(encoding), Some(media_type)) = (encoding, part.media_type.as_deref())
                && !encoding.allows(media_type)
            {
                let declared = encoding.content_types.join(", ");
                let found = if self.is_redacted {
                    "a media type that is not declared".to_owned()
                } else {
                    format!("the media type {media_type:?}")
                };
                self.violate(name, format!("has {found}; declared: {declared}"));
            }
        }
        let texts: Vec<String> = parts.iter().map(|part| part.text().into_owned()).collect();
        let says_json = |part: &&&FormPart<'_>| part.media_type.as_deref().is_some_and(is_json_media_type);
        if encoding.is_some_and(FieldEncoding::is_json) {
            return self.json(name, &texts, hints);
        }
        if encoding.is_some_and(|encoding| !encoding.content_types.is_empty()) {
            self.leave_unread(name, parts.iter().filter_map(|part| part.media_type.as_deref()), hints);
        }
        let json = if parts.iter().any(|part| says_json(&part)) { EmbeddedJson::Any } else { EmbeddedJson::Objects };
        ValuePiece::texts(texts, hints, json)
    }

    /// Validates a header of a part.
    fn header(&mut self, part: &FormPart<'_>, header: &PartHeader) {
        let own = part.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&header.name));
        let own: Vec<Cow<'_, str>> = own.map(|(_, value)| Cow::Borrowed(value.as_str())).collect();
        if header.required && own.is_empty() {
            return self.violate(&part.name, format!("its header {} is missing", header.name));
        }
        let Some(schema) = &header.schema else { return };
        let notation =
            ValueNotation { place: TextPlace::Header, style: ParameterStyle::Simple, explode: header.explode };
        let written = WrittenTexts { own, others: Vec::new() };
        match notation.piece(&header.name, &written, schema) {
            Ok(None) => {}
            Ok(Some(piece)) => {
                let violations = schema.read(piece, 1).err().unwrap_or_default();
                for violation in violations {
                    self.violate(&part.name, format!("its header {}: {}", header.name, violation.message));
                }
            }
            Err(_) => self.violate(&part.name, format!("its header {} is given more than once", header.name)),
        }
    }
}

/// Returns the path of a field, as a JSON Pointer.
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Builds a piece from JSON values: a single one is the value itself or the only item of a list.
fn json_piece(mut values: Vec<serde_json::Value>, hints: &PlaceSchemas<'_>) -> ValuePiece {
    let mut readings = Vec::new();
    if let [value] = values.as_mut_slice() {
        readings.push(PieceReading::Value(value.clone()));
    }
    if values.len() != 1 || hints.allows(TypeSet::ARRAY) {
        readings.push(PieceReading::Value(serde_json::Value::Array(values)));
    }
    ValuePiece::new(readings)
}
