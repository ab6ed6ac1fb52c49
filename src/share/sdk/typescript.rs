//! The TypeScript package: ES modules with declarations beside them, so that nothing has to be compiled.

mod package;
mod samples;
mod types;

use serde::Serialize;

use super::layout::CodeLayout;
use super::lowering::TypeUse;
use super::methods::{ClientMethod, MethodContent, MethodParameter, MethodPathPiece};
use super::names::camel;
use super::naming::{NameStyle, NamedMethod};
use super::reserved::TYPESCRIPT;
use super::text::{comment_lines, quoted};

pub(super) use package::{archive_name, package};
pub(super) use samples::samples;

use types::{result_text, type_text};

/// A method as the templates write it.
#[derive(Debug, Serialize)]
struct MethodContext {
    name: String,
    key: String,
    verb: String,
    path: String,
    query: String,
    declared: Vec<String>,
    contents: Vec<String>,
    accept: String,
    may_redirect: Option<&'static str>,
    values: Vec<String>,
    has_body: bool,
    has_input: bool,
    is_free: bool,
    fields: Vec<FieldContext>,
    result: String,
    comment: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FieldContext {
    name: String,
    is_required: bool,
    value: String,
    comment: Vec<String>,
}

/// The names of TypeScript.
const NAMES: NameStyle = NameStyle { join: camel, joint: "", reserved: TYPESCRIPT };

/// The layout of TypeScript.
const LAYOUT: CodeLayout = CodeLayout { indent: 2, has_last_comma: true };

impl MethodContext {
    fn new(named: &NamedMethod<'_, '_>) -> Self {
        let method = named.method;
        let operation = method.operation;
        let piece = |piece: &MethodPathPiece| match piece {
            MethodPathPiece::Text(text) => quoted(text),
            MethodPathPiece::Parameter(index) => index.to_string(),
        };
        let fields = fields(named);
        let contents = method.body.iter().flat_map(|body| &body.contents);
        Self {
            name: named.name.clone(),
            key: quoted(&operation.key),
            verb: quoted(&operation.method),
            path: method.path.iter().map(piece).collect::<Vec<_>>().join(", "),
            query: quoted(&method.query),
            declared: method.parameters.iter().map(parameter_text).collect(),
            contents: contents.map(content_text).collect(),
            accept: quoted(&method.accept),
            may_redirect: method.may_redirect().then_some("true"),
            values: named.parameters.iter().map(|name| format!("input.{name}")).collect(),
            has_body: method.body.is_some(),
            has_input: !fields.is_empty(),
            is_free: method.is_free(),
            fields,
            result: result_text(&method.results),
            comment: method_comment(method),
        }
    }
}

/// Lists the fields of a method's input.
fn fields(named: &NamedMethod<'_, '_>) -> Vec<FieldContext> {
    let field = |(parameter, name): (&MethodParameter<'_>, &String)| FieldContext {
        name: name.clone(),
        is_required: parameter.is_required,
        value: type_text(&parameter.value),
        comment: comment(&[parameter.declared.and_then(|declared| declared.description.as_deref())]),
    };
    let mut fields: Vec<FieldContext> = named.parameters().map(field).collect();
    fields.extend(named.method.body.as_ref().map(|body| FieldContext {
        name: "body".to_owned(),
        is_required: body.is_required,
        value: type_text(&TypeUse::union(body.contents.iter().map(|one| one.value.clone()))),
        comment: comment(&[body.description]),
    }));
    fields
}

fn method_comment(method: &ClientMethod<'_>) -> Vec<String> {
    let (summary, description) = method.documentation();
    let note = method.body.as_ref().and_then(|body| body.choice_note("the option `contentType`"));
    let mut lines = comment(&[Some(&summary), description, note.as_deref()]);
    lines.extend(method.operation.is_deprecated.then(|| "@deprecated".to_owned()));
    lines
}

/// Returns the lines of a comment, which no text in it ends.
fn comment(texts: &[Option<&str>]) -> Vec<String> {
    comment_lines(texts).into_iter().map(|line| line.replace("*/", "*\\/")).collect()
}

fn parameter_text(parameter: &MethodParameter<'_>) -> String {
    let is_reserved = parameter.declared.is_some_and(|declared| declared.allows_reserved);
    let is_json = parameter.is_json();
    format!(
        "[{}, {}, {}, {}, {is_reserved}, {is_json}]",
        quoted(parameter.written_name()),
        quoted(parameter.place.as_str()),
        quoted(parameter.style().as_str()),
        parameter.explodes(),
    )
}

fn content_text(one: &MethodContent<'_>) -> String {
    let content = one.content;
    let parts = content.parts.iter().map(|part| {
        let media_type = part.media_type_list().map_or_else(|| "null".to_owned(), |list| quoted(&list));
        let style = part.style.map_or_else(|| "null".to_owned(), |(style, _)| quoted(style.as_str()));
        let explodes = part.style.is_none_or(|(_, explodes)| explodes);
        format!("{}: [{media_type}, {style}, {explodes}]", quoted(&part.name))
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    let shapes = one.shape_words().map(|words| format!(", {}", quoted(&words))).unwrap_or_default();
    format!("[{}, {}, {{{parts}}}{shapes}]", quoted(&content.media_type), quoted(content.kind.as_str()))
}
