//! The contents of bodies by their media types.

use serde_json::Value;

use super::type_reader::TypeReader;
use super::types::{TypeKind, TypeModel};
use super::{NamedType, text};
use crate::definition::values::FormRules;
use crate::definition::{Definition, MediaType, Node, ParameterStyle, RequestSamples, ValueDirection};
use crate::model::{is_json_media_type, trim_blanks};

/// The most values of an example.
const MOST_VALUES: usize = 20_000;

/// The content of a body in a media type.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentModel {
    /// The media type or range, as it is declared.
    pub media_type: String,
    /// The kind, by which a body is written or read.
    pub kind: ContentKind,
    /// The type of the whole body; `None` if nothing is said of it.
    pub value: Option<TypeModel>,
    /// The type of each item of a sequence.
    pub item: Option<TypeModel>,
    /// The type of the data of each server-sent event, once they are parsed; `None` if nothing is said of it.
    pub event_data: Option<TypeModel>,
    /// The fields of a form with rules of their own.
    pub parts: Vec<PartModel>,
    /// The declared examples.
    pub examples: Vec<NamedExample>,
    /// A body as it may look: the first valid example, else one built from the schema.
    pub sample: Option<Value>,
}

/// The kinds of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart,
    /// JSON values, one a line.
    JsonLines,
    /// Server-sent events.
    EventStream,
    /// Text, XML among it.
    Text,
    /// Bytes.
    Bytes,
}

/// The rules of a field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartModel {
    /// The name of the field.
    pub name: String,
    /// The media types and ranges that its part may have; if there are none, its value decides.
    pub media_types: Vec<String>,
    /// The style and `explode` of a field that is written like a query parameter.
    pub style: Option<(ParameterStyle, bool)>,
}

/// An example.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedExample {
    /// The name; empty for the only one.
    pub name: String,
    /// A short summary.
    pub summary: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// The value.
    pub value: Value,
}

impl PartModel {
    /// Returns the declared media types as a list with commas, of which runtimes choose one; `None` if there are none.
    pub(in crate::share) fn media_type_list(&self) -> Option<String> {
        (!self.media_types.is_empty()).then(|| self.media_types.join(", "))
    }
}

impl ContentKind {
    /// Returns the word for the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Form => "form",
            Self::Multipart => "multipart",
            Self::JsonLines => "lines",
            Self::EventStream => "events",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }

    /// True if it is a form.
    #[must_use]
    pub const fn is_form(self) -> bool {
        matches!(self, Self::Form | Self::Multipart)
    }

    /// Returns the kind of a media type or range.
    #[must_use]
    pub fn of(media_type: &str) -> Self {
        let essence = trim_blanks(media_type.split(';').next().unwrap_or_default()).to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => Self::Form,
            "multipart/form-data" => Self::Multipart,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/json-seq" => Self::JsonLines,
            "text/event-stream" => Self::EventStream,
            name if is_json_media_type(name) => Self::Json,
            name if name.ends_with("+json-seq") => Self::JsonLines,
            "application/xml" | "application/yaml" | "application/x-yaml" | "application/javascript" => Self::Text,
            name if name.starts_with("text/") || name.ends_with("+xml") || name.ends_with("+yaml") => Self::Text,
            _ => Self::Bytes,
        }
    }
}

impl ContentModel {
    /// True if it is declared for a range of media types.
    #[must_use]
    pub fn is_range(&self) -> bool {
        self.media_type.split(';').next().is_some_and(|essence| trim_blanks(essence).ends_with("/*"))
    }

    /// Names the fields of a form that are files, or lists of files. `types` are those of the definition.
    #[must_use]
    pub(in crate::share) fn file_fields<'t>(&'t self, types: &'t [NamedType]) -> Vec<&'t str> {
        let mut form = self.value.as_ref().filter(|_| self.kind.is_form());
        // A chain of references that is longer is a circle.
        for _ in 0..=types.len() {
            let Some(TypeKind::Reference(id)) = form.map(|value| &value.kind) else { break };
            form = types.get(id.index()).map(|named| &named.value);
        }
        let Some(TypeKind::Object(object)) = form.map(|value| &value.kind) else { return Vec::new() };
        let files = object.properties.iter().filter(|property| property.value.is_file());
        files.map(|property| property.name.as_str()).collect()
    }

    pub(super) fn read<'d>(
        definition: &'d Definition,
        types: &mut TypeReader<'d>,
        samples: &mut RequestSamples<'d>,
        content: &MediaType,
    ) -> Self {
        let node = definition.node(content.node);
        let kind = ContentKind::of(&content.name);
        let value = content.schema.map(|schema| types.read(schema));
        let item = match kind {
            ContentKind::JsonLines | ContentKind::EventStream => {
                types.field(node, "itemSchema").or_else(|| value.clone().map(item_of))
            }
            _ => None,
        };
        let event_data = match (kind, node.get("itemSchema")) {
            (ContentKind::EventStream, Some(event)) => event_data(event, types),
            (ContentKind::EventStream, None) => item.clone(),
            _ => None,
        };
        let parts = match kind {
            ContentKind::Form | ContentKind::Multipart => parts(definition, content),
            _ => Vec::new(),
        };
        let examples = examples(node);
        let sample = samples.choose(examples.iter().map(|example| &example.value), content.schema);
        let sample = if kind == ContentKind::JsonLines { lines_sample(sample, node, samples) } else { sample };
        Self { media_type: content.name.clone(), kind, value, item, event_data, parts, examples, sample }
    }

    /// Returns the object whose properties are the fields of a form.
    #[must_use]
    pub fn fields<'t>(&'t self, types: &'t [NamedType]) -> Option<&'t super::ObjectType> {
        let mut value = self.value.as_ref()?;
        // A name may stand for another name; more of them than types are a circle.
        for _ in 0..=types.len() {
            match &value.kind {
                TypeKind::Object(object) => return Some(object),
                TypeKind::Reference(id) => value = &types.get(id.index())?.value,
                _ => return None,
            }
        }
        None
    }
}

/// Returns the items of a sequence as a list: those of a sample of the whole, else one that is built.
fn lines_sample(whole: Option<Value>, node: Node<'_>, samples: &mut RequestSamples<'_>) -> Option<Value> {
    match whole {
        Some(Value::Array(items)) => Some(Value::Array(items)),
        Some(item) => Some(Value::Array(vec![item])),
        None => Some(Value::Array(vec![samples.value(node.get("itemSchema")?.id())?])),
    }
}

/// Returns the type of an item of a sequence that is described as a whole: that of the list's, else the schema itself.
fn item_of(whole: TypeModel) -> TypeModel {
    match whole.kind {
        TypeKind::Array(item) => *item,
        _ => whole,
    }
}

/// Reads the type of the data in an event that is described whole, with its name and its id (OpenAPI 3.2, section
/// 4.14.4). Data that are no more than a text have none: they may be JSON, and are parsed then.
fn event_data<'d>(event: Node<'d>, types: &mut TypeReader<'d>) -> Option<TypeModel> {
    let fields = event.resolve()?.get("properties")?;
    let data = fields.get("data")?.resolve()?;
    if data.get("contentSchema").is_some() {
        return types.field(data, "contentSchema");
    }
    types.field(fields, "data").filter(|value| !matches!(value.kind, TypeKind::Text | TypeKind::Bytes))
}

fn parts(definition: &Definition, content: &MediaType) -> Vec<PartModel> {
    let rules = FormRules::build(definition, content, ValueDirection::Request);
    let encodings = definition.node(content.node).get("encoding").into_iter().flat_map(Node::entries);
    let part = |(name, _): (&str, Node<'_>)| PartModel {
        name: name.to_owned(),
        media_types: rules.declared_media_types(name).map(str::to_owned).collect(),
        style: rules.style(name),
    };
    encodings.map(part).collect()
}

/// Lists the examples of a Media Type, Parameter or Header Object.
pub(super) fn examples(node: Node<'_>) -> Vec<NamedExample> {
    let unnamed = |value: Value| NamedExample { name: String::new(), summary: None, description: None, value };
    let only = node.get("example").and_then(|value| value.to_value(MOST_VALUES)).map(unnamed);
    let named = node.get("examples").into_iter().flat_map(Node::entries).filter_map(|(name, example)| {
        let example = example.resolve()?;
        let value =
            example.get("value").or_else(|| example.get("dataValue")).or_else(|| example.get("serializedValue"));
        Some(NamedExample {
            name: name.to_owned(),
            summary: text(example, "summary"),
            description: text(example, "description"),
            value: value?.to_value(MOST_VALUES)?,
        })
    });
    only.into_iter().chain(named).collect()
}
