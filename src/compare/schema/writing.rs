//! Values that are serialized as text: the styles of lists, and a single value that became a list.

use std::collections::{BTreeSet, HashMap};

use super::KeptValues;
use super::pair::PairComparison;
use super::proof::{DefinitionSide, GoalRules, ProofOperand, ValueWriting};
use super::types::TypeView;
use super::view::SchemaView;
use crate::compare::kinds;
use crate::definition::{Definition, Node, NodeId, ParameterStyle, Specification, ValueDirection};

/// Serialization of a list's items (OpenAPI 3.1, section 4.8.12.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::compare) enum ListWriting {
    /// As JSON.
    Json,
    /// Each under the name.
    Repeated,
    /// All in one text, a character between them.
    Separated(char),
}

impl ListWriting {
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
    /// The headers of its part.
    pub(in crate::compare) headers: Option<Node<'d>>,
}

impl<'d> PartEncoding<'d> {
    /// Reads an Encoding Object; without one, all is as the specification says.
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
        Self { content_type, style: (style, explode), headers }
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

    /// Tells whether a field is written as JSON, or in a media type of its own.
    pub(super) fn has_json(&self) -> bool {
        self.by_name.keys().any(|name| self.lists_of(name) == ListWriting::Json)
    }

    pub(in crate::compare) fn field(&self, name: &str) -> PartEncoding<'d> {
        PartEncoding::of(self.by_name.get(name).copied())
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

/// Compares one value with a list, where both are written as text: `a=1` is a list of one as well.
///
/// True where that is how the sides differ, and everything is said.
pub(super) fn compare_list_with_one(comparing: &mut PairComparison<'_, '_>) -> bool {
    let is_one = |view: &SchemaView<'_>| !view.types.meets(TypeView::ARRAY.either(TypeView::OBJECT));
    let is_list = |view: &SchemaView<'_>| view.types.without(TypeView::NULL) == TypeView::ARRAY;
    let (before, after) = (&comparing.before, &comparing.after);
    let list_is_after = is_one(before) && is_list(after);
    if !comparing.context.writing.is_text() || !(list_is_after || (is_list(before) && is_one(after))) {
        return false;
    }
    let (one_side, list_side) = if list_is_after {
        (DefinitionSide::Before, DefinitionSide::After)
    } else {
        (DefinitionSide::After, DefinitionSide::Before)
    };
    let (one, list) = if list_is_after { (before, after) } else { (after, before) };
    let (written_before, written_after) = comparing.context.lists;
    let writing = if list_is_after { written_after } else { written_before };
    let Some(shape) = ListShape::of(list) else { return false };
    let is_split = match writing {
        ListWriting::Json => return false,
        ListWriting::Repeated => false,
        ListWriting::Separated(separator) => can_contain(one, separator),
    };
    let ones: Vec<NodeId> = one.schemas.iter().map(|schema| schema.id()).collect();
    let rules = GoalRules { writing: ValueWriting::Text, ..comparing.rules() };
    let (ones, items) = (ProofOperand(one_side, &ones), ProofOperand(list_side, &shape.items));
    let one_is_item = comparing.includes(&[ones], items, rules);
    let item_is_one = comparing.includes(&[items], ones, rules);
    let holds_one = shape.least <= 1.0 && shape.most >= 1.0;
    let holds_any =
        |comparing: &mut PairComparison<'_, '_>| shape.most.is_infinite() && takes_text(comparing, items, rules);
    let one_is_list = one_is_item && holds_one && (!is_split || holds_any(comparing));
    let list_is_one = item_is_one && (shape.most <= 1.0 || (is_split && takes_text(comparing, ones, rules)));
    tell(comparing, list_is_after, (one_is_list, list_is_one), is_split);
    true
}

fn tell(
    comparing: &mut PairComparison<'_, '_>,
    list_is_after: bool,
    (one_is_list, list_is_one): (bool, bool),
    is_split: bool,
) {
    let (before, after) = comparing.places();
    let (kept, kind, message) = if list_is_after {
        let kept = KeptValues { no_less: one_is_list, no_more: list_is_one };
        (kept, kinds::VALUE_BECAME_LIST, "the value was a single one and is a list")
    } else {
        let kept = KeptValues { no_less: list_is_one, no_more: one_is_list };
        (kept, kinds::LIST_BECAME_VALUE, "the value was a list and is a single one")
    };
    let is_right = if comparing.context.direction == ValueDirection::Request { kept.no_less } else { kept.no_more };
    comparing.add_known(kept, kind, message, before.clone(), after.clone());
    if is_split && is_right {
        let message =
            "a text with the separator of the list in it was one value and is several, or the other way round";
        comparing.add_beyond_values(kinds::VALUE_SPLIT, message, before, after);
    }
}

/// Tells whether schemas take any text.
fn takes_text(comparing: &mut PairComparison<'_, '_>, schemas: ProofOperand<'_>, rules: GoalRules) -> bool {
    comparing.schemas.prover(rules).takes_any(TypeView::STRING, schemas)
}

/// A list of which nothing is said but its items and how many there are.
struct ListShape {
    items: Vec<NodeId>,
    least: f64,
    most: f64,
}

impl ListShape {
    fn of(view: &SchemaView<'_>) -> Option<Self> {
        let is_simple = view.choices.is_empty()
            && view.schemas.iter().flat_map(|schema| schema.entries()).all(|(name, value)| match name {
                "items" => !value.is_array(),
                "prefixItems" | "contains" | "enum" | "const" | "not" | "if" | "unevaluatedItems" => false,
                _ => true,
            });
        let numbers =
            |name: &str| view.keyword(name).filter_map(|node| node.as_number()?.as_f64()).collect::<Vec<f64>>();
        is_simple.then(|| Self {
            items: view.keyword("items").map(Node::id).collect(),
            least: numbers("minItems").into_iter().fold(0.0, f64::max),
            most: numbers("maxItems").into_iter().fold(f64::INFINITY, f64::min),
        })
    }
}

/// Tells whether a value can be written with a character in it.
fn can_contain(view: &SchemaView<'_>, separator: char) -> bool {
    /// Texts of these formats have letters, digits, dashes and colons only.
    const PLAIN: [&str; 4] = ["uuid", "date", "ipv6", "duration"];
    if !view.types.meets(TypeView::STRING) {
        return separator == '.' && view.types.meets(TypeView::NUMBER.without(TypeView::INTEGER));
    }
    let has = |value: Node<'_>| value.as_str().is_some_and(|text| text.contains(separator));
    let lists = view.keyword("enum").map(|list| list.items().any(has)).chain(view.keyword("const").map(has));
    let lists: Vec<bool> = lists.collect();
    if !lists.is_empty() {
        return lists.into_iter().all(|has| has);
    }
    !view.keyword("format").filter_map(Node::as_str).any(|format| PLAIN.contains(&format))
}

/// Returns the media type of a part by its schema (OpenAPI 3.1.1, section 4.8.15.1.1); `None` where that leaves several.
pub(super) fn default_media_type(
    definition: &Definition,
    schemas: &[NodeId],
    steps: &mut usize,
) -> Option<&'static str> {
    const MOST_NESTED: usize = 20;
    let (text, binary) = (Some("text/plain"), Some("application/octet-stream"));
    let mut view = SchemaView::open(definition, schemas, steps);
    for _ in 0..MOST_NESTED {
        let types = view.types.without(TypeView::NULL);
        let has = |keyword: &str, value: Option<&str>| {
            view.keyword(keyword).any(|node| value.is_none() || node.as_str() == value)
        };
        if types.includes(TypeView::ANY.without(TypeView::NULL)) {
            return binary;
        } else if types == TypeView::OBJECT {
            return Some("application/json");
        } else if types == TypeView::ARRAY {
            let items: Vec<NodeId> = view.keyword("items").filter(|items| !items.is_array()).map(Node::id).collect();
            view = SchemaView::open(definition, &items, steps);
        } else if types.meets(TypeView::ARRAY.either(TypeView::OBJECT)) {
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
