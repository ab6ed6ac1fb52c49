//! Serialization of values as text: the styles of lists, and the fields of forms.

use std::collections::{BTreeSet, HashMap};

use super::view::SchemaView;
use crate::definition::TypeSet;
use crate::definition::{Definition, Node, NodeId, ParameterStyle, Specification};
use crate::model::media_type_essence;

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
    /// True if the parts of a multipart body lack styles (OpenAPI 3.0.4, section 4.7.15.1).
    lacks_styles: bool,
}

/// Serialization of one field of a form, or one part of a multipart body.
#[derive(Debug, Clone, Copy)]
pub(in crate::compare) struct PartEncoding<'d> {
    /// The media types that it may have; `None` where its schema decides.
    pub(in crate::compare) content_type: Option<&'d str>,
    /// The style and `explode`, where one of them is given: it writes an object and its properties as text.
    pub(in crate::compare) style: Option<(ParameterStyle, bool)>,
    /// The headers of its part.
    pub(in crate::compare) headers: Option<Node<'d>>,
}

impl<'d> PartEncoding<'d> {
    /// Parses an Encoding Object; without one, the defaults of the specification apply.
    pub(in crate::compare) fn of(encoding: Option<Node<'d>>, lacks_styles: bool) -> Self {
        let node = encoding.map(|encoding| encoding.resolve().unwrap_or(encoding));
        let style = match node.and_then(|node| node.get("style")?.as_str()) {
            Some("spaceDelimited") => ParameterStyle::SpaceDelimited,
            Some("pipeDelimited") => ParameterStyle::PipeDelimited,
            Some("deepObject") => ParameterStyle::DeepObject,
            _ => ParameterStyle::Form,
        };
        let explode = node.and_then(|node| node.get("explode")?.as_bool()).unwrap_or(style == ParameterStyle::Form);
        // An object in this style is written in one way.
        let explode = explode || style == ParameterStyle::DeepObject;
        let has_style =
            |node: Node<'_>| ["style", "explode", "allowReserved"].iter().any(|name| node.get(name).is_some());
        let is_styled = !lacks_styles && node.is_some_and(has_style);
        // Where a style is given, the media type is ignored.
        let content_type = node.and_then(|node| node.get("contentType")?.as_str()).filter(|_| !is_styled);
        let headers = node.and_then(|node| node.get("headers"));
        Self { content_type, style: is_styled.then_some((style, explode)), headers }
    }

    /// The writing of texts, and of lists of them, without a style.
    pub(in crate::compare) const PLAIN_STYLE: (ParameterStyle, bool) = (ParameterStyle::Form, true);
}

impl<'d> FormEncodings<'d> {
    /// Returns the encodings of a Media Type Object; `None` where it is no form.
    pub(in crate::compare) fn of(specification: Specification, media_type: &str, node: Node<'d>) -> Option<Self> {
        let essence = media_type_essence(media_type);
        let is_multipart = essence.starts_with("multipart/");
        let lacks_styles = is_multipart && specification == Specification::V3_0;
        let by_name = node.get("encoding").into_iter().flat_map(Node::entries).collect();
        let is_form = is_multipart || essence == "application/x-www-form-urlencoded";
        is_form.then_some(Self { by_name, is_multipart, lacks_styles })
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
        PartEncoding::of(self.by_name.get(name).copied(), self.lacks_styles)
    }

    /// True if the fields are parts of a multipart body.
    pub(super) const fn is_multipart(&self) -> bool {
        self.is_multipart
    }

    /// True if a field is written like a parameter.
    pub(super) fn is_styled(&self, name: &str) -> bool {
        self.field(name).style.is_some()
    }

    pub(super) fn lists_of(&self, name: &str) -> ListWriting {
        let field = self.field(name);
        let is_text = field.content_type.is_none_or(|name| name.trim().to_ascii_lowercase().starts_with("text/plain"));
        let (style, explode) = field.style.unwrap_or(PartEncoding::PLAIN_STYLE);
        if is_text { ListWriting::of_style(style, explode) } else { ListWriting::Json }
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
