//! The encoding of the fields of a form (OpenAPI 3.0.4 and 3.1.1, Encoding Object).

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::api::{Definition, MediaType, Specification};
use super::super::document::Node;
use super::super::parameter::ParameterStyle;
use super::super::schema::ValueDirection;
use super::schema::ValueSchema;
use crate::definition::schema::types::TypeSet;
use crate::model::{is_json_media_type, media_type_essence};

/// The encodings of a form's fields, by name.
#[derive(Default)]
pub(crate) struct FormRules {
    fields: HashMap<String, FieldEncoding>,
}

/// The encoding of one field.
#[derive(Default)]
pub(super) struct FieldEncoding {
    /// The style and `explode`; if set, `content_types` has no effect.
    pub(super) style: Option<(ParameterStyle, bool)>,
    /// The allowed media types and ranges; if empty, the type of the value decides.
    pub(super) content_types: Vec<String>,
    /// The headers of its parts.
    pub(super) headers: Vec<PartHeader>,
}

/// A header of a part of a form.
pub(super) struct PartHeader {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) explode: bool,
    pub(super) schema: Option<ValueSchema>,
}

/// The kind of a part's content, by which one of several declared media types is chosen.
#[derive(Clone, Copy)]
pub(crate) enum PartKind<'n> {
    /// A file of this name.
    File {
        /// Its name.
        name: &'n str,
    },
    /// An object, written as JSON.
    Object,
    /// Any other text.
    Text,
}

impl PartKind<'_> {
    /// Chooses a media type, as the runtimes of clients do: that of the file's ending, or JSON for an object, where it
    /// is declared, else the first that is no range; the default of the kind where there is none.
    pub(crate) fn media_type<'d>(self, declared: &[&'d str]) -> Option<&'d str> {
        let concrete = || declared.iter().copied().filter(|name| !name.contains('*'));
        let meant = match self {
            PartKind::File { name } => concrete().find(|declared| is_ending_of(declared, name)),
            PartKind::Object => concrete().find(|declared| is_json_media_type(declared)),
            PartKind::Text => None,
        };
        let usual = match self {
            PartKind::File { .. } if declared.contains(&"image/*") => Some("image/png"),
            PartKind::File { .. } => Some("application/octet-stream"),
            PartKind::Object => Some("application/json"),
            PartKind::Text => None,
        };
        meant.or_else(|| concrete().next()).or(usual)
    }
}

/// True if a file's name ends like the subtype of a media type.
fn is_ending_of(media_type: &str, name: &str) -> bool {
    let Some((_, ending)) = name.rsplit_once('.') else { return false };
    let ending = ending.to_ascii_lowercase();
    let ending = match ending.as_str() {
        "jpg" => "jpeg",
        "tif" => "tiff",
        "txt" => "plain",
        other => other,
    };
    let subtype = media_type.split_once('/').map_or("", |(_, subtype)| subtype);
    let subtype = subtype.split('+').next().unwrap_or_default();
    subtype.strip_prefix("x-").unwrap_or(subtype) == ending
}

impl FormRules {
    /// Reads the encodings of a media type.
    pub(crate) fn build(definition: &Definition, media_type: &MediaType, direction: ValueDirection) -> Self {
        let encodings = definition.node(media_type.node).get("encoding");
        // The parts of a multipart body have no style before OpenAPI 3.1 (OpenAPI 3.0.4, section 4.7.15.1).
        let has_styles = definition.specification != Specification::V3_0
            || media_type_essence(&media_type.name) == "application/x-www-form-urlencoded";
        let fields = encodings.into_iter().flat_map(Node::entries).filter_map(|(name, encoding)| {
            let encoding = encoding.resolve()?;
            Some((name.to_owned(), FieldEncoding::build(definition, encoding, has_styles, direction)))
        });
        Self { fields: fields.collect() }
    }

    /// Returns the style of a field and whether it explodes, where it has one.
    pub(crate) fn style(&self, name: &str) -> Option<(ParameterStyle, bool)> {
        self.field(name)?.style
    }

    /// Lists the media types and ranges that are declared for a field, but for those of more than one line: the rest
    /// would be other headers of its part.
    pub(crate) fn declared_media_types(&self, name: &str) -> impl Iterator<Item = &str> {
        let declared = self.field(name).into_iter().flat_map(|field| &field.content_types).map(String::as_str);
        declared.filter(|declared| !declared.chars().any(char::is_control))
    }

    /// Returns the media type of a part with content of a kind.
    pub(crate) fn part_media_type(&self, name: &str, kind: PartKind<'_>) -> Option<&str> {
        kind.media_type(&self.declared_media_types(name).collect::<Vec<_>>())
    }

    /// Returns the encoding of a field.
    pub(super) fn field(&self, name: &str) -> Option<&FieldEncoding> {
        self.fields.get(name)
    }

    /// Lists the fields with a style.
    pub(super) fn styled(&self) -> impl Iterator<Item = (&str, ParameterStyle, bool)> {
        self.fields.iter().filter_map(|(name, field)| {
            let (style, explode) = field.style?;
            Some((name.as_str(), style, explode))
        })
    }
}

/// Parses the text of a form's field that is an object; `None` if it is none, or may be none.
pub(crate) fn object_of(name: &str, text: &str, schema: Option<&ValueSchema>) -> Option<Map<String, Value>> {
    let may_be_object = schema.is_some_and(|schema| schema.hints().property(name).allows(TypeSet::OBJECT));
    if may_be_object { serde_json::from_str(text).ok() } else { None }
}

impl FieldEncoding {
    fn build(definition: &Definition, encoding: Node<'_>, has_styles: bool, direction: ValueDirection) -> Self {
        // Any one of the three makes the field use the rules of a query parameter.
        let is_styled =
            has_styles && ["style", "explode", "allowReserved"].iter().any(|name| encoding.get(name).is_some());
        let style = encoding
            .get("style")
            .and_then(Node::as_str)
            .and_then(ParameterStyle::named)
            .unwrap_or(ParameterStyle::Form);
        let explode = encoding.get("explode").and_then(Node::as_bool).unwrap_or(style == ParameterStyle::Form);
        let content_types = encoding.get("contentType").and_then(Node::as_str).unwrap_or_default();
        let headers = encoding.get("headers").into_iter().flat_map(Node::entries);
        Self {
            style: is_styled.then_some((style, explode)),
            content_types: content_types.split(',').map(media_type_essence).filter(|name| !name.is_empty()).collect(),
            // The media type of a part is described by `contentType`, not by a header.
            headers: headers
                .filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"))
                .filter_map(|(name, header)| Some(PartHeader::build(definition, name, header.resolve()?, direction)))
                .collect(),
        }
    }

    /// True if a part may have a media type.
    pub(super) fn allows(&self, media_type: &str) -> bool {
        let media_type = media_type_essence(media_type);
        let is_of = |range: &String| match range.strip_suffix('*') {
            Some(kind) => range == "*/*" || media_type.starts_with(kind),
            None => *range == media_type,
        };
        self.content_types.is_empty() || self.content_types.iter().any(is_of)
    }

    /// True if every allowed media type of the field is JSON.
    pub(super) fn is_json(&self) -> bool {
        !self.content_types.is_empty() && self.content_types.iter().all(|name| is_json_media_type(name))
    }
}

impl PartHeader {
    fn build(definition: &Definition, name: &str, header: Node<'_>, direction: ValueDirection) -> Self {
        let is_set = |name: &str| header.get(name).and_then(Node::as_bool) == Some(true);
        Self {
            name: name.to_owned(),
            required: is_set("required"),
            explode: is_set("explode"),
            schema: ValueSchema::sent(definition, header.get("schema").map(Node::id), direction),
        }
    }
}
