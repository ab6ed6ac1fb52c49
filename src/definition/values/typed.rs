//! Values as somebody types them, where they are sent as JSON.

use std::borrow::Cow;

use serde_json::Value;

use super::super::parameter::ParameterStyle;
use super::notation::{TextPlace, ValueNotation, WrittenTexts};
use super::piece::{EmbeddedJson, ValuePiece};
use super::schema::ValueSchema;
use super::search::search;

impl ValueSchema {
    /// Returns the value that texts mean, or fields with names like `a` or `a][b`: a valid one where there is one.
    ///
    /// One text may be the JSON itself; several are the items of a list.
    pub(crate) fn typed(&self, texts: &[String], fields: &[(String, String)]) -> Option<Value> {
        if let ([text], []) = (texts, fields)
            && let Ok(value) = serde_json::from_str::<Value>(text)
            && self.check(&value, 1).is_empty()
        {
            return Some(value);
        }
        let hints = self.hints();
        let mut piece = if fields.is_empty() {
            ValuePiece::texts(texts.to_vec(), &hints, EmbeddedJson::Any)
        } else {
            let notation = ValueNotation { place: TextPlace::Part, style: ParameterStyle::DeepObject, explode: true };
            let others = fields.iter().map(|(name, text)| (format!("[{name}]"), Cow::Borrowed(text.as_str())));
            let written = WrittenTexts { own: Vec::new(), others: others.collect() };
            notation.any_piece("", &written, &hints).ok()??
        };
        Some(search(&mut piece, self.validator()).value)
    }
}
