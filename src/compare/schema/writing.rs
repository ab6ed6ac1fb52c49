//! Serialization of values as text: the styles of lists, and the fields of forms.

use std::collections::{BTreeSet, HashMap};

use super::view::SchemaView;
use crate::definition::TypeSet;
use crate::definition::{Definition, Node, NodeId, ParameterStyle, Specification};

/// Serialization of a list's items (OpenAPI 3.1, section 4.8.12.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::compare) enum ListWriting {
    /// As JSON.
    Json,
    /// Each under the name.
    Repeated,
    /// All in one text, a character between them; an empty text is the empty list too.
    Separated(char),
    /// All in one segment of a path, which is never empty.
    Segment(char),
}

impl ListWriting {
    /// Returns the character between the items of one text.
    pub(super) const fn separator(self) -> Option<char> {
        match self {
            Self::Json | Self::Repeated => None,
            Self::Separated(separator) | Self::Segment(separator) => Some(separator),
        }
    }

    /// True if an empty text is the empty list, or the empty object.
    pub(super) const fn has_empty_text(self) -> bool {
        matches!(self, Self::Separated(_))
    }

    /// Returns how a style writes lists.
    pub(in crate::compare) const fn of_style(style: ParameterStyle, explode: bool) -> Self {
        match (style, explode) {
            (
                ParameterStyle::Form
                | ParameterStyle::SpaceDelimited
                | ParameterStyle::PipeDelimited
                | ParameterStyle::Matrix,
                true,
            ) => Self::Repeated,
            (ParameterStyle::Label, true) => Self::Separated('.'),
            (ParameterStyle::SpaceDelimited, false) => Self::Separated(' '),
            (ParameterStyle::PipeDelimited, false) => Self::Separated('|'),
            (ParameterStyle::DeepObject, _) => Self::Json,
            (ParameterStyle::Form | ParameterStyle::Simple | ParameterStyle::Label | ParameterStyle::Matrix, _) => {
                Self::Separated(',')
            }
        }
    }
}

/// Serialization of a form's fields (OpenAPI 3.1, section 4.8.15.1).
#[derive(Debug, Clone, Default)]
pub(in crate::compare) struct FormEncodings<'d> {
    by_name: HashMap<&'d str, Node<'d>>,
    is_multipart: bool,
}

/// Serialization of one field of a form, or one part of a multipart body.
#[derive(Debug, Clone, Copy)]
pub(in crate::compare) struct PartEncoding<'d> {
    /// The media types that it may have; `None` where its schema decides.
    pub(in crate::compare) content_type: Option<&'d str>,
    pub(in crate::compare) style: (ParameterStyle, bool),
    /// True if a style is given, which writes an object and its properties as text.
    is_styled: bool,
    /// The headers of its part.
    pub(in crate::compare) headers: Option<Node<'d>>,
}

impl<'d> PartEncoding<'d> {
    /// Parses an Encoding Object; without one, the defaults of the specification apply.
    pub(in crate::compare) fn of(encoding: Option<Node<'d>>) -> Self {
        let node = encoding.map(|encoding| encoding.resolve().unwrap_or(encoding));
        let style = match node.and_then(|node| node.get("style")?.as_str()) {
            Some("spaceDelimited") => ParameterStyle::SpaceDelimited,
            Some("pipeDelimited") => ParameterStyle::PipeDelimited,
            Some("deepObject") => ParameterStyle::DeepObject,
            _ => ParameterStyle::Form,
        };
        let explode = node.and_then(|node| node.get("explode")?.as_bool()).unwrap_or(style == ParameterStyle::Form);
        let is_styled =
            node.is_some_and(|node| ["style", "explode", "allowReserved"].iter().any(|name| node.get(name).is_some()));
        // Where a style is given, the media type is ignored.
        let content_type = node.and_then(|node| node.get("contentType")?.as_str()).filter(|_| !is_styled);
        let headers = node.and_then(|node| node.get("headers"));
        Self { content_type, style: (style, explode), is_styled, headers }
    }
}

impl<'d> FormEncodings<'d> {
    /// Returns the encodings of a Media Type Object; `None` where it is no form.
    pub(in crate::compare) fn of(media_type: &str, node: Node<'d>) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_multipart = essence.starts_with("multipart/");
        let by_name = node.get("encoding").into_iter().flat_map(Node::entries).collect();
        (is_multipart || essence == "application/x-www-form-urlencoded").then_some(Self { by_name, is_multipart })
    }

    /// Lists the fields that have an encoding on either side.
    pub(in crate::compare) fn names_of(old: &Self, new: &Self) -> BTreeSet<&'d str> {
        old.by_name.keys().chain(new.by_name.keys()).copied().collect()
    }

    /// True if a field is written as JSON, or in a media type of its own.
    pub(super) fn has_json(&self) -> bool {
        self.by_name.keys().any(|name| self.lists_of(name) == ListWriting::Json)
    }

    pub(in crate::compare) fn field(&self, name: &str) -> PartEncoding<'d> {
        PartEncoding::of(self.by_name.get(name).copied())
    }

    /// True if the fields are parts of a multipart body.
    pub(super) const fn is_multipart(&self) -> bool {
        self.is_multipart
    }

    /// Tells whether a field is written like a parameter; the parts of a multipart body are not (OpenAPI 3.0.4, section
    /// 4.7.15.1).
    pub(super) fn is_styled(&self, name: &str) -> bool {
        !self.is_multipart && self.field(name).is_styled
    }

    pub(super) fn lists_of(&self, name: &str) -> ListWriting {
        let field = self.field(name);
        let is_text = field.content_type.is_none_or(|name| name.trim().to_ascii_lowercase().starts_with("text/plain"));
        match field.style {
            _ if !is_text => ListWriting::Json,
            _ if self.is_multipart => ListWriting::Repeated,
            (style, explode) => ListWriting::of_style(style, explode),
        }
    }
}

/// Returns the media type of a part by its schema (OpenAPI 3.1.1, section 4.8.15.1.1); `None` where that leaves
/// several.
pub(super) fn default_media_type(
    definition: &Definition,
    schemas: &[NodeId],
    steps: &mut usize,
) -> Option<&'static str> {
    const MOST_NESTED: usize = 20;
    let (text, binary) = (Some("text/plain"), Some("application/octet-stream"));
    let mut view = SchemaView::open(definition, schemas, steps);
    for _ in 0..MOST_NESTED {
        let types = view.types.without(TypeSet::NULL);
        let has = |keyword: &str, value: Option<&str>| {
            view.keyword(keyword).any(|node| value.is_none() || node.as_str() == value)
        };
        if types.includes(TypeSet::ANY.without(TypeSet::NULL)) {
            return binary;
        } else if types == TypeSet::OBJECT {
            return Some("application/json");
        } else if types == TypeSet::ARRAY {
            let items: Vec<NodeId> = view.keyword("items").filter(|items| !items.is_array()).map(Node::id).collect();
            view = SchemaView::open(definition, &items, steps);
        } else if types.meets(TypeSet::ARRAY.either(TypeSet::OBJECT)) {
            return None;
        } else if has("contentEncoding", None) || has("format", Some("binary")) {
            return binary;
        } else {
            let is_old = definition.specification == Specification::V3_0;
            return if is_old && has("format", Some("base64")) { binary } else { text };
        }
    }
    None
}
