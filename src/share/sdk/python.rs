//! The Python package.

mod package;
mod types;

use serde::Serialize;

use super::ClientPlan;
use super::lowering::TypeUse;
use super::methods::{ClientMethod, MethodParameter, MethodPathPiece, MethodResult};
use super::names::{NameAllocator, snake, words};
use super::reserved::PYTHON;
use super::text::{comment_lines, python, quoted};
use crate::definition::ParameterPlace;
use crate::model::GroupName;
use crate::share::model::{ContentKind, ContentModel, DefinitionModel, OperationModel};

pub(super) use package::{archive_stem, module_name, package};

use types::type_text;

/// A method as the template writes it.
#[derive(Debug, Serialize)]
struct MethodContext {
    name: String,
    /// The parameters that may be given by position, each with its type.
    positional: Vec<String>,
    /// The parameters that are given by name.
    named: Vec<String>,
    result: String,
    comment: Vec<String>,
    operation: OperationContext,
    values: String,
    body: Option<String>,
}

/// An operation as the runtime gets it.
#[derive(Debug, Serialize)]
struct OperationContext {
    key: String,
    method: String,
    path: String,
    query: String,
    parameters: Vec<String>,
    contents: Vec<String>,
    accept: String,
}

/// A method with the names that it has in Python.
struct PythonMethod<'p, 'm> {
    method: &'p ClientMethod<'m>,
    name: String,
    /// The names of its parameters, in their order.
    parameters: Vec<String>,
}

/// Gives the methods their names.
fn methods<'p, 'm>(plan: &'p ClientPlan<'m>) -> Vec<PythonMethod<'p, 'm>> {
    let mut names = NameAllocator::new(PYTHON, "_");
    let named = plan.methods.iter().map(|method| {
        let name = names.give(snake(&method.words), "operation", &method.operation.key);
        let mut own = NameAllocator::new(PYTHON, "_");
        let mut parameters: Vec<String> = Vec::new();
        for parameter in &method.parameters {
            let wanted = snake(&words(&parameter.name));
            // The same name in two places: the later one says where it stands.
            let wanted =
                if parameters.contains(&wanted) { format!("{wanted}_{}", parameter.place.as_str()) } else { wanted };
            parameters.push(own.give(wanted, "parameter", &format!("{} {}", parameter.place.as_str(), parameter.name)));
        }
        PythonMethod { method, name, parameters }
    });
    named.collect()
}

impl PythonMethod<'_, '_> {
    fn context(&self) -> MethodContext {
        let method = self.method;
        let operation = method.operation;
        let body = method.body.as_ref().map(|body| {
            let value = TypeUse::union(body.contents.iter().map(|(_, value)| value.clone()));
            let text = type_text(&value, "_types.");
            if body.is_required { format!("body: {text}") } else { format!("body: _t.Optional[{text}] = None") }
        });
        let of = |is_path: bool| {
            let pairs = method.parameters.iter().zip(&self.parameters);
            pairs.filter(move |(parameter, _)| (parameter.place == ParameterPlace::Path) == is_path)
        };
        let mut positional: Vec<String> = of(true).map(declared).collect();
        let (required, optional): (Vec<_>, Vec<_>) = of(false).partition(|(parameter, _)| parameter.is_required);
        positional.extend(body);
        let mut named: Vec<String> = required.into_iter().map(declared).collect();
        named.extend(optional.into_iter().map(declared));
        MethodContext {
            name: self.name.clone(),
            positional,
            named,
            result: result_text(&method.results),
            comment: self.comment(),
            operation: operation_context(method),
            values: tuple(&self.parameters),
            body: method
                .body
                .as_ref()
                .map(|body| if body.is_required { "True" } else { "body is not None" }.to_owned()),
        }
        .with_key(operation)
    }

    /// Returns the documentation of the method.
    fn comment(&self) -> Vec<String> {
        let operation = self.method.operation;
        let fallback = format!("{} {}", operation.method, operation.path);
        let summary = operation.summary.as_deref().or(operation.description.as_deref()).unwrap_or(&fallback);
        let description = operation.description.as_deref().filter(|description| *description != summary);
        let deprecated = operation.is_deprecated.then_some("Deprecated: callers should no longer use it.");
        let mut lines = comment_lines(&[Some(summary), description, deprecated]);
        let described = self.method.parameters.iter().zip(&self.parameters).filter_map(|(parameter, name)| {
            let description = parameter.declared?.description.as_deref()?;
            Some(format!("{name}: {}", comment_lines(&[Some(description)]).join(" ")))
        });
        let mut described: Vec<String> = described.collect();
        let body = self.method.body.as_ref().and_then(|body| body.description);
        described.extend(body.map(|description| format!("body: {}", comment_lines(&[Some(description)]).join(" "))));
        if !described.is_empty() {
            lines.push(String::new());
            lines.extend(described);
        }
        lines.into_iter().map(|line| line.replace('\\', "\\\\").replace('"', "\\\"")).collect()
    }

    /// Writes a call with values as they may look.
    fn call(&self) -> String {
        let mut arguments: Vec<String> = Vec::new();
        for (parameter, name) in self.method.parameters.iter().zip(&self.parameters) {
            if !parameter.is_required {
                continue;
            }
            let sample = parameter.declared.and_then(|declared| declared.sample.as_ref());
            let value = sample.map_or_else(|| quoted("value"), python);
            arguments.push(if parameter.place == ParameterPlace::Path { value } else { format!("{name}={value}") });
        }
        if let Some(body) = self.method.body.as_ref().filter(|body| body.is_required) {
            let content = body.sample_content();
            arguments.push(format!("body={}", content.map_or_else(|| "None".to_owned(), sample_body)));
        }
        format!("client.{}({})", self.name, arguments.join(", "))
    }
}

impl MethodContext {
    fn with_key(mut self, operation: &OperationModel) -> Self {
        self.operation.key = quoted(&operation.key);
        self
    }
}

/// Writes a body as it may look: files of a form are bytes.
fn sample_body(content: &ContentModel) -> String {
    match (content.kind, &content.sample) {
        (ContentKind::Bytes, _) => "b\"...\"".to_owned(),
        (ContentKind::Text | ContentKind::EventStream, _) => quoted("text"),
        (_, Some(sample)) => python(sample),
        (_, None) => "{}".to_owned(),
    }
}

fn declared((parameter, name): (&MethodParameter<'_>, &String)) -> String {
    let text = type_text(&parameter.value, "_types.");
    if parameter.is_required { format!("{name}: {text}") } else { format!("{name}: _t.Optional[{text}] = None") }
}

fn tuple(items: &[String]) -> String {
    match items {
        [only] => format!("({only},)"),
        items => format!("({})", items.join(", ")),
    }
}

fn result_text(results: &[MethodResult]) -> String {
    let text = |result: &MethodResult| match result {
        MethodResult::Nothing => "None".to_owned(),
        MethodResult::Json(value) => type_text(value, "_types."),
        MethodResult::Text => "str".to_owned(),
        MethodResult::Bytes => "_r.Download".to_owned(),
        MethodResult::JsonLines(item) => format!("_r.Stream[{}]", type_text(item, "_types.")),
        MethodResult::Events(item) => format!("_r.Stream[_r.ServerEvent[{}]]", type_text(item, "_types.")),
    };
    let mut texts: Vec<String> = Vec::new();
    for text in results.iter().map(text) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [only] => only.clone(),
        several if several.iter().any(|text| text == "_t.Any") => "_t.Any".to_owned(),
        several => format!("_t.Union[{}]", several.join(", ")),
    }
}

fn operation_context(method: &ClientMethod<'_>) -> OperationContext {
    let operation = method.operation;
    let piece = |piece: &MethodPathPiece| match piece {
        MethodPathPiece::Text(text) => quoted(text),
        MethodPathPiece::Parameter(index) => index.to_string(),
    };
    let pieces: Vec<String> = method.path.iter().map(piece).collect();
    let parameter = |parameter: &MethodParameter<'_>| {
        let flag = |value: bool| if value { "True" } else { "False" };
        let is_reserved = parameter.declared.is_some_and(|declared| declared.allows_reserved);
        let is_json = parameter.declared.is_some_and(|declared| declared.media_type.is_some());
        format!(
            "_r.Parameter({}, {}, {}, {}, {}, {})",
            quoted(&parameter.name),
            quoted(parameter.place.as_str()),
            quoted(parameter.style().as_str()),
            flag(parameter.explodes()),
            flag(is_reserved),
            flag(is_json)
        )
    };
    let contents = method.body.as_ref().map(|body| body.contents.iter().map(|(content, _)| content_text(content)));
    OperationContext {
        key: String::new(),
        method: quoted(&operation.method),
        path: tuple(&pieces),
        query: quoted(&method.query),
        parameters: method.parameters.iter().map(parameter).collect(),
        contents: contents.map(Iterator::collect).unwrap_or_default(),
        accept: quoted(&method.accept),
    }
}

fn content_text(content: &ContentModel) -> String {
    let parts = content.parts.iter().map(|part| {
        let media_type = part.media_type.as_deref().map_or_else(|| "None".to_owned(), quoted);
        let style = part.style.map_or_else(|| "None".to_owned(), |(style, _)| quoted(style.as_str()));
        let explodes = if part.style.is_none_or(|(_, explodes)| explodes) { "True" } else { "False" };
        format!("{}: _r.Part({media_type}, {style}, {explodes})", quoted(&part.name))
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    format!("_r.Content({}, {}, {{{parts}}})", quoted(&content.media_type), quoted(content.kind.as_str()))
}

/// Writes the arguments of a client for the first environment of a model.
fn client_arguments(model: &DefinitionModel) -> String {
    let first = model.environments.iter().find(|servers| !servers.urls.is_empty());
    first.map_or_else(|| "base_url=\"https://...\"".to_owned(), |servers| quoted(servers.environment.as_str()))
}

/// Writes the calls of all operations.
pub(super) fn snippets<'m>(
    group: &GroupName,
    model: &DefinitionModel,
    plan: &ClientPlan<'m>,
) -> Vec<(&'m OperationModel, String)> {
    let (module, client) = (package::module_name(group), client_arguments(model));
    let snippet = |method: PythonMethod<'_, 'm>| {
        let text = format!("from {module} import Client\n\nclient = Client({client})\nresponse = {}\n", method.call());
        (method.method.operation, text)
    };
    methods(plan).into_iter().map(snippet).collect()
}
