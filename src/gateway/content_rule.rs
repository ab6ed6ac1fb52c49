//! Rule for a body of one media type: how it is read, and the schema that it must follow.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::definition::values::{FormRules, ValueSchema, ValueStructure, ValueViolation, text_body};
use crate::definition::{Definition, MediaType, SequenceFraming, UnreadableItem, ValueDirection, unique_json};
use crate::model::is_json_media_type;

/// The most violations that a problem names.
pub(super) const MOST_VIOLATIONS: usize = 50;

/// The media type of forms that have no fields where they are empty.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// The media type of forms with a part for each field.
pub(super) const MULTIPART: &str = "multipart/form-data";

/// The media type of JSON.
pub(super) const JSON: &str = "application/json";

/// The media type of plain text.
pub(super) const TEXT: &str = "text/plain";

/// Rule for a body of one media type.
pub(super) struct ContentRule {
    schema: Option<ValueSchema>,
    /// The schema of each item of a sequence.
    items: Option<ValueSchema>,
    form: FormRules,
}

/// Reason why a body is not read as its media type says.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnreadableBody {
    #[error("is not JSON: {0}")]
    Json(serde_json::Error),
    /// JSON of which two parsers may read two values.
    #[error("{0}")]
    Repeated(serde_json::Error),
    /// JSON that nests deeper than any is read.
    #[error("is JSON that nests too deep to be validated")]
    TooDeep,
    #[error("is not a form: {0}")]
    Form(&'static str),
    #[error("is not a sequence: {0}")]
    Sequence(UnreadableItem),
    /// A text in another encoding than UTF-8.
    #[error("is not UTF-8")]
    NotText,
}

impl UnreadableBody {
    /// True if the body may follow its definition all the same.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::TooDeep | Self::NotText)
    }
}

impl ContentRule {
    /// Builds the rule of a media type; `None` where it has no schema.
    pub(super) fn build(definition: &Definition, media_type: &MediaType, direction: ValueDirection) -> Option<Self> {
        let schema = ValueSchema::sent(definition, media_type.schema, direction);
        let items = ValueSchema::sent(definition, media_type.item_schema, direction);
        (schema.is_some() || items.is_some()).then(|| Self {
            schema,
            items,
            form: FormRules::build(definition, media_type, direction),
        })
    }

    /// True if the bodies of a media type are read and judged; nothing looks into those of others.
    pub(super) fn reads(&self, essence: &str) -> bool {
        match (SequenceFraming::of(essence), &self.schema) {
            (Some(SequenceFraming::Events), _) | (None, None) => false,
            (Some(_), _) => self.items.is_some() || self.whole_sequence().is_some(),
            (None, Some(schema)) if essence.eq_ignore_ascii_case(TEXT) => text_body("", schema).is_some(),
            (None, Some(_)) => {
                is_json_media_type(essence) || [FORM, MULTIPART].iter().any(|form| essence.eq_ignore_ascii_case(form))
            }
        }
    }

    /// True if a text or bytes may be of the schema; else a body of neither kind is JSON, whatever it is called.
    pub(super) fn takes_text_or_bytes(&self) -> bool {
        self.schema.as_ref().is_none_or(|schema| schema.allows_bytes() || text_body("", schema).is_some())
    }

    /// Judges a body; fails where it is not written in its media type.
    pub(super) fn check(
        &self,
        essence: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Vec<ValueViolation>, UnreadableBody> {
        if let Some(framing) = SequenceFraming::of(essence) {
            return self.check_sequence(framing, body);
        }
        let Some(schema) = &self.schema else { return Ok(Vec::new()) };
        if is_json_media_type(essence) {
            return Ok(schema.check(&read_json(body)?, MOST_VIOLATIONS));
        }
        if essence.eq_ignore_ascii_case(FORM) {
            let text =
                std::str::from_utf8(body).map_err(|_| UnreadableBody::Form("it has bytes that are not UTF-8"))?;
            return Ok(self.form.urlencoded(text, schema).check(schema, MOST_VIOLATIONS));
        }
        if essence.eq_ignore_ascii_case(MULTIPART) {
            let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let form = self.form.multipart(content_type, body, schema).map_err(UnreadableBody::Form)?;
            return Ok(form.check(schema, MOST_VIOLATIONS));
        }
        if !essence.eq_ignore_ascii_case(TEXT) {
            return Ok(Vec::new());
        }
        let text = std::str::from_utf8(body).map_err(|_| UnreadableBody::NotText)?;
        let piece = text_body(text, schema);
        Ok(piece.and_then(|piece| schema.read(piece, MOST_VIOLATIONS).err()).unwrap_or_default())
    }

    /// Judges a sequence by the schema of its items, and as a list where that is declared (OpenAPI 3.2, section
    /// 4.14.3).
    fn check_sequence(&self, framing: SequenceFraming, body: &Bytes) -> Result<Vec<ValueViolation>, UnreadableBody> {
        let whole = self.whole_sequence();
        if self.items.is_none() && whole.is_none() {
            return Ok(Vec::new());
        }
        let items = framing.items(body).map_err(|item| {
            if is_too_deep(item.reason()) { UnreadableBody::TooDeep } else { UnreadableBody::Sequence(item) }
        })?;
        let of_item = |(index, item): (usize, &Value)| {
            let found = self.items.as_ref().map(|schema| schema.check(item, MOST_VIOLATIONS)).unwrap_or_default();
            found.into_iter().map(move |found| ValueViolation { path: format!("/{index}{}", found.path), ..found })
        };
        let mut violations: Vec<ValueViolation> =
            items.iter().enumerate().flat_map(of_item).take(MOST_VIOLATIONS).collect();
        if framing != SequenceFraming::Events && violations.is_empty() {
            let list = Value::Array(items);
            violations = whole.map(|schema| schema.check(&list, MOST_VIOLATIONS)).unwrap_or_default();
        }
        Ok(violations)
    }

    /// Returns the schema of a whole sequence, where it is one of a list.
    fn whole_sequence(&self) -> Option<&ValueSchema> {
        let is_list = |schema: &&ValueSchema| schema.names_structure(ValueStructure::List) && !schema.allows_objects();
        self.schema.as_ref().filter(is_list)
    }
}

/// Reads a body of JSON.
fn read_json(body: &[u8]) -> Result<Value, UnreadableBody> {
    unique_json::parse(body).map_err(|error| match error {
        error if is_too_deep(&error) => UnreadableBody::TooDeep,
        error if unique_json::is_repeated(&error) => UnreadableBody::Repeated(error),
        error => UnreadableBody::Json(error),
    })
}

/// True if a text may be JSON, and nests deeper than any is read. `serde_json` tells it by its message alone.
fn is_too_deep(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("recursion limit exceeded")
}

/// True if a body of a media type may be written for as long as its reader goes on, like a log or a sequence.
pub(super) fn may_be_endless(essence: &str) -> bool {
    essence.eq_ignore_ascii_case(TEXT) || SequenceFraming::of(essence).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_nests_deeper_than_it_is_read_is_told_apart_from_a_mistake() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read_json(nested(100).as_bytes()).is_ok());
        assert!(matches!(read_json(nested(200).as_bytes()), Err(UnreadableBody::TooDeep)));
        assert!(matches!(read_json(b"[1"), Err(UnreadableBody::Json(_))));
        let repeated = read_json(br#"{"a": 1, "a": 2}"#).expect_err("a member twice");
        assert_eq!(repeated.to_string(), "has a member more than once at line 1 column 16");
    }
}
