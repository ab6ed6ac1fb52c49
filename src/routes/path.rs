//! The template of a path: its texts and parameters in turn, with the properties of each parameter that a router needs.
//!
//! Parameters may stand side by side in one segment, with text between them or nothing at all; and a value may have to
//! begin with a mark, by its style (RFC 6570, sections 3.2.5 and 3.2.7).

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::definition::percent::one_spelling;
use crate::definition::values::{ValueSchema, ValueStructure};
use crate::definition::{
    Api, Definition, Node, ParameterPlace, ParameterStyle, PathPiece, PathPrecedence, QueryCondition, path_pieces,
    scalar_text,
};

/// The paths of a route, below its group's prefix.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PathTemplate {
    /// The template, as the definition writes it.
    pub template: String,
    /// True if everything below the path is matched, too.
    pub is_prefix: bool,
    /// The parameters that the query of a request must have.
    pub query: Vec<QueryCondition>,
    /// The template's texts and parameters, in order. Two parameters with nothing between them share one text.
    pub parts: Vec<PathPart>,
    /// The parameters of the path that the query carries instead.
    pub in_query: Vec<InQuery>,
    /// True if the value of a parameter is a secret.
    pub has_secret: bool,
}

/// A part of a template.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PathPart {
    /// Text that a request repeats, in its one spelling.
    Text(String),
    /// A parameter.
    Parameter(PathParameter),
}

/// A parameter of a path.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PathParameter {
    /// Its name.
    pub name: String,
    /// The beginning of its value.
    pub lead: ValuePrefix,
    /// The values that it takes.
    pub texts: SegmentTexts,
}

/// The beginning of a parameter's value, by its style.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValuePrefix {
    /// The value itself.
    Nothing,
    /// A dot.
    Dot {
        /// True if each part of the value has its own.
        is_repeated: bool,
    },
    /// A semicolon, and the name.
    Semicolon {
        /// The name; `None` where the value may be an object, whose fields are named instead.
        name: Option<String>,
        /// True if each part of the value has its own.
        is_repeated: bool,
    },
}

/// The values that a parameter takes, as far as they tell it from the one beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentTexts {
    /// Any.
    Any,
    /// Integers.
    Integer,
    /// Numbers.
    Number,
    /// One of these.
    OneOf(Vec<String>),
}

/// A parameter of the path that stands in the query.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct InQuery {
    /// The parameter.
    pub name: String,
    /// Its name in the query.
    pub key: String,
}

impl PathTemplate {
    /// Reads a template whose parameters take any value.
    #[cfg(test)]
    pub(crate) fn of_text(template: &str, is_prefix: bool) -> Self {
        let part = |piece| match piece {
            PathPiece::Text(text) => PathPart::Text(one_spelling(text).into_owned()),
            PathPiece::Parameter(name) => PathPart::Parameter(PathParameter {
                name: name.to_owned(),
                lead: ValuePrefix::Nothing,
                texts: SegmentTexts::Any,
            }),
        };
        Self {
            template: template.to_owned(),
            is_prefix,
            query: Vec::new(),
            parts: path_pieces(template).into_iter().map(part).collect(),
            in_query: Vec::new(),
            has_secret: false,
        }
    }

    /// Reads the path of an API.
    pub(crate) fn new(definition: &Definition, api: &Api) -> Self {
        let part = |piece| match piece {
            PathPiece::Text(text) => PathPart::Text(one_spelling(text).into_owned()),
            PathPiece::Parameter(written) => PathPart::Parameter(PathParameter::new(definition, api, written)),
        };
        let route = api.route.as_ref().ok().cloned().unwrap_or_default();
        let mut in_path = api.parameters.iter().filter(|parameter| parameter.place == ParameterPlace::Path);
        Self {
            template: api.path.clone(),
            is_prefix: route.is_prefix,
            query: route.query,
            parts: path_pieces(&api.path).into_iter().map(part).collect(),
            in_query: in_query(&api.variant),
            has_secret: in_path.any(|parameter| definition.is_secret(parameter)),
        }
    }

    /// Returns the place of the path among those of its group.
    pub(crate) fn precedence(&self) -> PathPrecedence {
        let parts = self.parts.iter().map(|part| match part {
            PathPart::Text(text) => Some(Cow::Borrowed(text.as_str())),
            PathPart::Parameter(_) => None,
        });
        PathPrecedence::of_parts(&parts.collect::<Vec<_>>(), self.is_prefix)
    }
}

/// Lists the parameters of a query like `?id={id}`, with their names there.
fn in_query(variant: &str) -> Vec<InQuery> {
    let query = variant.strip_prefix('?').unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let parameter = |(key, value): (&str, &str)| {
        let name = value.strip_prefix('{')?.strip_suffix('}')?;
        Some(InQuery { name: name.to_owned(), key: key.to_owned() })
    };
    pairs.filter_map(parameter).collect()
}

impl PathParameter {
    fn new(definition: &Definition, api: &Api, written: &str) -> Self {
        let Some(declared) = api.path_parameter(written) else {
            return Self { name: written.to_owned(), lead: ValuePrefix::Nothing, texts: SegmentTexts::Any };
        };
        let schema = declared.schema.and_then(|schema| definition.node(schema).resolve());
        // Each part of a value begins with the mark, where the value can have parts at all.
        let has_marks = declared.explode && matches!(declared.style, ParameterStyle::Label | ParameterStyle::Matrix);
        let values = if has_marks { ValueSchema::build(definition, declared.schema) } else { None };
        let can_be = |structure| values.as_ref().is_some_and(|values| values.allows_structure(structure));
        let is_repeated = can_be(ValueStructure::List) || can_be(ValueStructure::Object);
        let lead = match declared.style {
            ParameterStyle::Label => ValuePrefix::Dot { is_repeated },
            ParameterStyle::Matrix => ValuePrefix::Semicolon {
                name: (!can_be(ValueStructure::Object)).then(|| declared.name.clone()),
                is_repeated,
            },
            _ => ValuePrefix::Nothing,
        };
        Self { name: declared.name.clone(), texts: SegmentTexts::new(schema), lead }
    }
}

impl SegmentTexts {
    fn new(schema: Option<Node<'_>>) -> Self {
        let Some(schema) = schema else { return Self::Any };
        if let Some(values) = schema.get("enum") {
            return Self::OneOf(values.items().filter_map(scalar_text).collect());
        }
        match schema.get("type").and_then(Node::as_str) {
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("boolean") => Self::OneOf(["true", "false"].map(str::to_owned).into()),
            _ => Self::Any,
        }
    }
}
