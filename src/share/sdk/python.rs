//! The Python package.

mod package;
mod samples;
mod types;

use serde::Serialize;

use super::layout::CodeLayout;
use super::lowering::TypeUse;
use super::methods::{ClientMethod, MethodContent, MethodParameter, MethodPathPiece, MethodResult};
use super::names::snake;
use super::naming::{NameStyle, NamedMethod};
use super::reserved::PYTHON;
use super::text::{comment_lines, quoted};
use crate::definition::ParameterPlace;

pub(super) use package::{archive_stem, module_name, package};
pub(super) use samples::samples;

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
    may_redirect: bool,
}

/// The names of Python.
const NAMES: NameStyle = NameStyle { join: snake, joint: "_", reserved: PYTHON };

/// The layout of Python.
const LAYOUT: CodeLayout = CodeLayout { indent: 4, has_last_comma: true };

impl MethodContext {
    fn new(named: &NamedMethod<'_, '_>) -> Self {
        let method = named.method;
        let body = method.body.as_ref().map(|body| {
            let value = TypeUse::union(body.contents.iter().map(|one| one.value.clone()));
            let text = type_text(&value, "_types.");
            if body.is_required { format!("body: {text}") } else { format!("body: _t.Optional[{text}] = None") }
        });
        let of = |is_path: bool| {
            let pairs = named.parameters();
            pairs.filter(move |(parameter, _)| (parameter.place == ParameterPlace::Path) == is_path)
        };
        let mut positional: Vec<String> = of(true).map(declared).collect();
        let (required, optional): (Vec<_>, Vec<_>) = of(false).partition(|(parameter, _)| parameter.is_required);
        positional.extend(body);
        let by_name = required.into_iter().chain(optional).map(declared).collect();
        Self {
            name: named.name.clone(),
            positional,
            named: by_name,
            result: result_text(&method.results),
            comment: comment(named),
            operation: operation_context(method),
            values: tuple(&named.parameters),
            body: method
                .body
                .as_ref()
                .map(|body| if body.is_required { "True" } else { "body is not None" }.to_owned()),
        }
    }
}

/// Returns the documentation of a method.
fn comment(named: &NamedMethod<'_, '_>) -> Vec<String> {
    let method = named.method;
    let (summary, description) = method.documentation();
    let deprecated = method.operation.is_deprecated.then_some("Deprecated: callers should no longer use it.");
    let note = method.body.as_ref().and_then(|body| body.choice_note("options={\"content_type\": ...}"));
    let mut lines = comment_lines(&[Some(&summary), description, note.as_deref(), deprecated]);
    let described = named.parameters().filter_map(|(parameter, name)| {
        let description = parameter.declared?.description.as_deref()?;
        Some(format!("{name}: {}", comment_lines(&[Some(description)]).join(" ")))
    });
    let mut described: Vec<String> = described.collect();
    let body = method.body.as_ref().and_then(|body| body.description);
    described.extend(body.map(|description| format!("body: {}", comment_lines(&[Some(description)]).join(" "))));
    if !described.is_empty() {
        lines.push(String::new());
        lines.extend(described);
    }
    lines.into_iter().map(|line| line.replace('\\', "\\\\").replace('"', "\\\"")).collect()
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
        let is_json = parameter.is_json();
        format!(
            "_r.Parameter({}, {}, {}, {}, {}, {})",
            quoted(parameter.written_name()),
            quoted(parameter.place.as_str()),
            quoted(parameter.style().as_str()),
            flag(parameter.explodes()),
            flag(is_reserved),
            flag(is_json)
        )
    };
    let contents = method.body.as_ref().map(|body| body.contents.iter().map(content_text));
    OperationContext {
        key: quoted(&operation.key),
        method: quoted(&operation.method),
        path: tuple(&pieces),
        query: quoted(&method.query),
        parameters: method.parameters.iter().map(parameter).collect(),
        contents: contents.map(Iterator::collect).unwrap_or_default(),
        accept: quoted(&method.accept),
        may_redirect: method.may_redirect(),
    }
}

fn content_text(one: &MethodContent<'_>) -> String {
    let content = one.content;
    let parts = content.parts.iter().map(|part| {
        let media_type = part.media_type_list().map_or_else(|| "None".to_owned(), |list| quoted(&list));
        let style = part.style.map_or_else(|| "None".to_owned(), |(style, _)| quoted(style.as_str()));
        let explodes = if part.style.is_none_or(|(_, explodes)| explodes) { "True" } else { "False" };
        format!("{}: _r.Part({media_type}, {style}, {explodes})", quoted(&part.name))
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    let shapes = one.shape_words().map(|words| format!(", {}", quoted(&words))).unwrap_or_default();
    format!("_r.Content({}, {}, {{{parts}}}{shapes})", quoted(&content.media_type), quoted(content.kind.as_str()))
}
