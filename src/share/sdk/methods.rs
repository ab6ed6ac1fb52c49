//! Operations as methods of a client: parameters in a fixed order, one body, one result.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::json_shapes::JsonShape;
use super::lowering::{Direction, TypeLowering, TypeUse, operation_owner};
use super::names::{NameAllocator, snake, words};
use crate::definition::percent::one_spelling;
use crate::definition::{
    ParameterPlace, ParameterStyle, PathPiece, StatusPattern, bare_name, is_bodiless, is_ignored_header, path_pieces,
};
use crate::share::model::{
    BodyModel, ContentKind, ContentModel, DefinitionModel, OperationModel, ParameterModel, ResponseModel, TypeModel,
};

/// An operation as a method.
pub(super) struct ClientMethod<'m> {
    pub(super) operation: &'m OperationModel,
    /// The words of its name.
    pub(super) words: Vec<String>,
    /// The pieces of its path.
    pub(super) path: Vec<MethodPathPiece>,
    /// The query that is part of its path.
    pub(super) query: String,
    /// Its parameters: those of the path in its order, then of the query, headers and cookies.
    pub(super) parameters: Vec<MethodParameter<'m>>,
    pub(super) body: Option<MethodBody<'m>>,
    pub(super) results: Vec<MethodResult>,
    /// The media types of its results.
    pub(super) accept: String,
}

/// A piece of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MethodPathPiece {
    Text(String),
    /// The index of a parameter.
    Parameter(usize),
}

/// A parameter of a method.
pub(super) struct MethodParameter<'m> {
    /// Its name in the request.
    pub(super) name: String,
    pub(super) place: ParameterPlace,
    pub(super) is_required: bool,
    /// Its declaration; `None` where the path names one that is not declared.
    pub(super) declared: Option<&'m ParameterModel>,
    pub(super) value: TypeUse,
}

/// The body of a method.
pub(super) struct MethodBody<'m> {
    pub(super) is_required: bool,
    pub(super) description: Option<&'m str>,
    pub(super) contents: Vec<MethodContent<'m>>,
}

/// A media type of a body.
pub(super) struct MethodContent<'m> {
    pub(super) content: &'m ContentModel,
    pub(super) value: TypeUse,
    /// The shapes of its values, of one among several JSON media types; empty where the kind suffices.
    shapes: BTreeSet<JsonShape>,
}

impl MethodContent<'_> {
    /// Returns the words of its shapes, with spaces between; `None` where the kind suffices.
    pub(super) fn shape_words(&self) -> Option<String> {
        let words: Vec<&str> = self.shapes.iter().map(|shape| shape.as_str()).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}

impl<'m> MethodBody<'m> {
    fn new(body: &'m BodyModel, owner: &str, types: &mut TypeLowering<'m>) -> Self {
        let is_json = |content: &&ContentModel| content.kind == ContentKind::Json;
        let is_choice = body.content.iter().filter(is_json).count() > 1;
        let mut method_content = |content: &'m ContentModel| MethodContent {
            content,
            value: sent(content, owner, types),
            shapes: if is_choice && is_json(&content) {
                JsonShape::of(content.value.as_ref(), types.model())
            } else {
                BTreeSet::new()
            },
        };
        Self {
            is_required: body.is_required,
            description: body.description.as_deref(),
            contents: body.content.iter().map(&mut method_content).collect(),
        }
    }

    /// Tells which JSON media types have to be named, by an option, as another takes values of the same shape.
    pub(super) fn choice_note(&self, option: &str) -> Option<String> {
        let mut taken: BTreeSet<JsonShape> = BTreeSet::new();
        let mut named: Vec<&str> = Vec::new();
        for one in &self.contents {
            let is_taken = one.shapes.iter().any(|shape| taken.contains(shape));
            named.extend(is_taken.then_some(one.content.media_type.as_str()));
            taken.extend(&one.shapes);
        }
        let first = self.contents.iter().find(|one| !one.shapes.is_empty())?;
        (!named.is_empty()).then(|| {
            format!(
                "A body is sent as {}; for {} name the type: {option}.",
                first.content.media_type,
                named.join(" or ")
            )
        })
    }

    /// Returns the content that runtimes choose for a value which is neither a file nor a text, as samples are.
    pub(super) fn sample_content(&self) -> Option<&'m ContentModel> {
        let rank = |content: &ContentModel| match content.kind {
            ContentKind::Json => 0,
            ContentKind::Multipart => 1,
            ContentKind::Form => 2,
            ContentKind::JsonLines => 3,
            ContentKind::Text | ContentKind::EventStream | ContentKind::Bytes => 4,
        };
        self.contents.iter().map(|one| one.content).min_by_key(|content| rank(content))
    }
}

/// A result of a method.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MethodResult {
    Nothing,
    Json(TypeUse),
    Text,
    Bytes,
    JsonLines(TypeUse),
    Events(TypeUse),
}

impl<'m> ClientMethod<'m> {
    /// Makes the methods of all operations that a gateway serves.
    pub(super) fn list(model: &'m DefinitionModel, types: &mut TypeLowering<'m>) -> Vec<Self> {
        // The names of types come from names in one style, which each language writes in its own.
        let served: Vec<&OperationModel> =
            model.operations.iter().filter(|operation| operation.not_served.is_none()).collect();
        let wanted = served.iter().map(|operation| (snake(&words(&operation.key)), operation.key.as_str()));
        let names = NameAllocator::new(&[], "_").give_all(wanted, "operation");
        served.into_iter().zip(names).map(|(operation, name)| Self::new(operation, &name, types)).collect()
    }

    fn new(operation: &'m OperationModel, name: &str, types: &mut TypeLowering<'m>) -> Self {
        let owner = operation_owner(name);
        let (path, mut parameters) = path_parameters(operation, &owner, types);
        for place in [ParameterPlace::Query, ParameterPlace::Header, ParameterPlace::Cookie] {
            let is_ignored = |name: &str| place == ParameterPlace::Header && is_ignored_header(name);
            let declared = operation.parameters_in(place).filter(|declared| !is_ignored(&declared.name));
            parameters.extend(declared.map(|declared| MethodParameter::new(declared, &owner, types)));
        }
        let body = operation.body.as_ref().filter(|body| !body.content.is_empty());
        let body = body.map(|body| MethodBody::new(body, &owner, types));
        let responses = successes(operation);
        let mut results: Vec<MethodResult> = Vec::new();
        for result in responses.iter().flat_map(|response| received(operation, response, &owner, types)) {
            if !results.contains(&result) {
                results.push(result);
            }
        }
        if results.is_empty() {
            results.push(MethodResult::Nothing);
        }
        let query = operation.variant.strip_prefix('?').and_then(|variant| variant.split('#').next());
        Self {
            operation,
            words: words(&operation.key),
            path,
            query: query.map(|query| one_spelling(query).into_owned()).unwrap_or_default(),
            parameters,
            body,
            results,
            accept: accept(&responses),
        }
    }

    /// Returns the text that documents it, and one that goes on.
    pub(super) fn documentation(&self) -> (Cow<'m, str>, Option<&'m str>) {
        let operation = self.operation;
        let description = operation.description.as_deref();
        let summary = operation.summary.as_deref().or(description).map(Cow::Borrowed);
        let summary = summary.unwrap_or_else(|| format!("{} {}", operation.method, operation.path).into());
        let description = description.filter(|description| *description != summary);
        (summary, description)
    }

    /// Returns the content of the body that a sample sends, as far as its method is one that sends any.
    pub(super) fn sample_body(&self) -> Option<&'m ContentModel> {
        let body = self.body.as_ref()?;
        let content = body.sample_content()?;
        let is_usual = !matches!(self.operation.method.as_str(), "GET" | "HEAD" | "DELETE" | "TRACE" | "OPTIONS");
        (body.is_required || is_usual && content.sample.is_some()).then_some(content)
    }

    /// True if a status of 300 to 399 is declared, and hence no error.
    pub(super) fn may_redirect(&self) -> bool {
        self.operation.responses.iter().any(|response| response.status.code() / 100 == 3)
    }

    /// True if a call needs no values.
    pub(super) fn is_free(&self) -> bool {
        !self.parameters.iter().any(|parameter| parameter.is_required)
            && !self.body.as_ref().is_some_and(|body| body.is_required)
    }
}

impl<'m> MethodParameter<'m> {
    fn new(declared: &'m ParameterModel, owner: &str, types: &mut TypeLowering<'m>) -> Self {
        let value = types.lower(&declared.value, owner, &declared.name, Direction::REQUEST);
        Self {
            name: declared.name.clone(),
            place: declared.place,
            is_required: declared.is_required,
            declared: Some(declared),
            value,
        }
    }

    pub(super) fn style(&self) -> ParameterStyle {
        let usual = if self.place == ParameterPlace::Query { ParameterStyle::Form } else { ParameterStyle::Simple };
        self.declared.map_or(usual, |declared| declared.style)
    }

    /// Returns the name that is written into the request; none of the whole query.
    pub(super) fn written_name(&self) -> &str {
        if self.declared.is_some_and(|declared| declared.is_whole) { "" } else { &self.name }
    }

    pub(super) fn is_json(&self) -> bool {
        self.declared.is_some_and(ParameterModel::is_json)
    }

    pub(super) fn explodes(&self) -> bool {
        self.declared.is_some_and(|declared| declared.explode)
    }
}

/// Reads the path: its pieces, and the parameters in their order.
fn path_parameters<'m>(
    operation: &'m OperationModel,
    owner: &str,
    types: &mut TypeLowering<'m>,
) -> (Vec<MethodPathPiece>, Vec<MethodParameter<'m>>) {
    let mut pieces = Vec::new();
    let mut parameters: Vec<MethodParameter<'m>> = Vec::new();
    for piece in path_pieces(&operation.path) {
        let written = match piece {
            PathPiece::Text(text) => {
                pieces.push(MethodPathPiece::Text(one_spelling(text).into_owned()));
                continue;
            }
            PathPiece::Parameter(written) => written,
        };
        let named = |name: &str| operation.parameters_in(ParameterPlace::Path).find(|declared| declared.name == name);
        let declared = named(written).or_else(|| named(bare_name(written)));
        let name = declared.map_or_else(|| bare_name(written).to_owned(), |declared| declared.name.clone());
        let known = parameters.iter().position(|known| known.name == name);
        pieces.push(MethodPathPiece::Parameter(known.unwrap_or(parameters.len())));
        if known.is_none() {
            parameters.push(match declared {
                Some(declared) => MethodParameter::new(declared, owner, types),
                None => MethodParameter {
                    name,
                    place: ParameterPlace::Path,
                    is_required: true,
                    declared: None,
                    value: TypeUse::Text,
                },
            });
        }
    }
    (pieces, parameters)
}

/// Returns the type of a body that is sent.
fn sent<'m>(content: &'m ContentModel, owner: &str, types: &mut TypeLowering<'m>) -> TypeUse {
    let mut whole =
        |direction| content.value.as_ref().map_or(TypeUse::Any, |value| types.lower(value, owner, "body", direction));
    match content.kind {
        ContentKind::Json => whole(Direction::REQUEST),
        ContentKind::Form | ContentKind::Multipart => match whole(Direction::FORM) {
            TypeUse::Any => TypeUse::Map(Box::new(TypeUse::Any)),
            known => known,
        },
        ContentKind::JsonLines => {
            let item = content.item.as_ref().map(|item| types.lower(item, owner, "body item", Direction::REQUEST));
            TypeUse::Array(Box::new(item.unwrap_or(TypeUse::Any)))
        }
        ContentKind::Text | ContentKind::EventStream => TypeUse::Text,
        ContentKind::Bytes if content.is_range() && content.value.as_ref().is_some_and(|value| !value.is_file()) => {
            TypeUse::union([whole(Direction::REQUEST), TypeUse::File])
        }
        ContentKind::Bytes => TypeUse::File,
    }
}

/// Lists the responses of requests that succeed.
fn successes(operation: &OperationModel) -> Vec<&ResponseModel> {
    let declared: Vec<&ResponseModel> = operation.responses.iter().filter(|response| response.is_success()).collect();
    if declared.is_empty() {
        return operation.responses.iter().filter(|response| response.status == StatusPattern::Default).collect();
    }
    declared
}

/// Lists the results that a response can be.
fn received<'m>(
    operation: &OperationModel,
    response: &'m ResponseModel,
    owner: &str,
    types: &mut TypeLowering<'m>,
) -> Vec<MethodResult> {
    let has_no_body = operation.method == "HEAD" || is_bodiless(response.status.code());
    if response.content.is_empty() || has_no_body {
        return vec![MethodResult::Nothing];
    }
    let mut list = Vec::new();
    for content in &response.content {
        let mut lower = |value: Option<&TypeModel>, own: &str| {
            value.map_or(TypeUse::Any, |value| types.lower(value, owner, own, Direction::RESPONSE))
        };
        list.push(match content.kind {
            ContentKind::Json => MethodResult::Json(lower(content.value.as_ref(), "response")),
            ContentKind::JsonLines => MethodResult::JsonLines(lower(content.item.as_ref(), "response item")),
            ContentKind::EventStream => MethodResult::Events(lower(content.event_data.as_ref(), "event")),
            ContentKind::Text | ContentKind::Form => MethodResult::Text,
            ContentKind::Bytes if content.is_range() && !content.value.as_ref().is_some_and(TypeModel::is_file) => {
                MethodResult::Json(lower(content.value.as_ref(), "response"))
            }
            ContentKind::Bytes | ContentKind::Multipart => MethodResult::Bytes,
        });
    }
    list
}

/// Writes the header `Accept`: the declared media types, and any other as the last choice.
fn accept(responses: &[&ResponseModel]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for content in responses.iter().flat_map(|response| &response.content) {
        if !names.contains(&content.media_type.as_str()) {
            names.push(&content.media_type);
        }
    }
    if names.is_empty() || names.contains(&"*/*") {
        "*/*".to_owned()
    } else {
        format!("{}, */*;q=0.1", names.join(", "))
    }
}
