//! Code under tabs: examples of bodies, and mock responses.

use minijinja::value::Value as TemplateValue;
use serde::Serialize;
use serde_json::Value;

use super::code::{MOST_CODE, json_html};
use super::markdown::escaped;
use crate::routes::MockResponse;
use crate::share::model::{ContentKind, ContentModel, NamedExample, OperationModel};

/// The most mock responses of an operation that are shown.
const MOST_MOCKS: usize = 6;

/// Code under a tab.
#[derive(Debug, Serialize)]
pub(super) struct PaneView {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) note: Option<String>,
    pub(super) html: TemplateValue,
}

/// Shows the examples of a body by their names.
pub(super) fn examples(content: &ContentModel, anchor: &str) -> Vec<PaneView> {
    // The only one is the body of the code beside it.
    let named = content.examples.iter().filter(|example| !example.name.is_empty());
    let pane = |(index, example): (usize, &NamedExample)| PaneView {
        id: format!("{anchor}-example-{index}"),
        name: example.summary.clone().unwrap_or_else(|| example.name.clone()),
        note: None,
        html: value_html(content.kind, &example.value),
    };
    named.enumerate().map(pane).collect()
}

fn value_html(kind: ContentKind, value: &Value) -> TemplateValue {
    let html = match (kind, value) {
        (ContentKind::Json, value) => json_html(value, MOST_CODE),
        (_, Value::String(text)) => escaped(&text.chars().take(MOST_CODE).collect::<String>()),
        (_, value) => json_html(value, MOST_CODE),
    };
    TemplateValue::from_safe_string(html)
}

/// Shows the mock responses: the usual one, then those that a request can ask for.
pub(super) fn mocks(operation: &OperationModel, anchor: &str, most: usize) -> Vec<PaneView> {
    let usual = operation.mock.iter();
    let others = operation.responses.iter().flat_map(|response| &response.mocks);
    let is_usual = |mock: &MockResponse| {
        operation.mock.as_ref().is_some_and(|usual| {
            (usual.status, &usual.media_type, &usual.body) == (mock.status, &mock.media_type, &mock.body)
        })
    };
    let all: Vec<&MockResponse> = usual.chain(others.filter(|mock| !is_usual(mock))).take(MOST_MOCKS).collect();
    let pane = |(index, mock): (usize, &&MockResponse)| {
        // A code that is there in several forms is told apart by its example, else by its form.
        let is_repeated = all.iter().filter(|other| declared(other) == declared(mock)).count() > 1;
        let form = mock.media_type.as_deref().map(short_media_type).filter(|_| is_repeated);
        let name = mock.example.as_deref().or(form).map_or_else(String::new, |name| format!(" {name}"));
        let asked = mock.prefer().filter(|_| index > 0).map(|prefer| format!(", for `Prefer: {prefer}`"));
        let media_type = mock.media_type.as_deref().unwrap_or("no body");
        PaneView {
            id: format!("{anchor}-mock-{index}"),
            name: format!("{}{name}", declared(mock)),
            note: Some(format!("{media_type}{}", asked.unwrap_or_default())),
            html: body_html(mock, most),
        }
    };
    all.iter().enumerate().map(pane).collect()
}

/// Returns the codes that a mock response is declared for, else its own.
fn declared(mock: &MockResponse) -> String {
    mock.declared_for.map_or_else(|| mock.status.to_string(), |pattern| pattern.to_string())
}

/// Returns the part of a media type that tells its forms apart: `json` of `application/problem+json`.
fn short_media_type(name: &str) -> &str {
    let essence = name.split(';').next().unwrap_or(name);
    essence.rsplit(['/', '+']).next().unwrap_or(essence).trim()
}

fn body_html(mock: &MockResponse, most: usize) -> TemplateValue {
    let is_json = mock.media_type.as_deref().is_some_and(|name| ContentKind::of(name) == ContentKind::Json);
    let html = match (std::str::from_utf8(&mock.body), is_json) {
        (Ok(text), true) => match serde_json::from_str::<Value>(text) {
            Ok(value) => json_html(&value, most),
            Err(_) => escaped(&text.chars().take(most).collect::<String>()),
        },
        (Ok(text), false) => escaped(&text.chars().take(most).collect::<String>()),
        (Err(_), _) => format!("{} bytes", mock.body.len()),
    };
    TemplateValue::from_safe_string(html)
}
