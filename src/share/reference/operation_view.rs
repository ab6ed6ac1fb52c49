//! An operation as readers see it: its request, its responses, and both as code.

use minijinja::value::Value as TemplateValue;
use serde::Serialize;

use super::access_words::access_words;
use super::anchors::{PageAnchors, callback_anchor, operation_anchor};
use super::code::{ExampleBody, ExamplePart};
use super::code::{MOST_CODE, code_html, curl};
use super::facts::value_text;
use super::markdown::{escaped, first_line};
use super::panes::{PaneView, examples, mocks};
use super::parameter_input::input_kind;
use super::request::{body_text, sample_body, sample_request};
use super::samples::ClientSamples;
use super::type_view::{TypeOutline, TypeSide, TypeViewer};
use crate::definition::{ParameterPlace, StatusPattern};
use crate::share::model::{
    BodyModel, CallbackModel, ContentModel, DefinitionModel, OperationModel, ParameterModel, ResponseModel,
};

/// An operation as a template shows it.
#[derive(Debug, Serialize)]
pub(super) struct OperationSection {
    pub(super) anchor: String,
    pub(super) method: String,
    /// The path with the group's prefix.
    pub(super) path: String,
    path_html: TemplateValue,
    pub(super) title: String,
    pub(super) description: Option<TemplateValue>,
    pub(super) is_deprecated: bool,
    not_served: Option<String>,
    operation_id: Option<String>,
    access: String,
    markdown: Option<String>,
    parameters: Vec<ParameterGroup>,
    body: Option<BodyView>,
    responses: Vec<ResponseView>,
    snippets: Vec<PaneView>,
    mocks: Vec<PaneView>,
    callbacks: Vec<CallbackView>,
}

#[derive(Debug, Serialize)]
struct ParameterGroup {
    name: &'static str,
    rows: Vec<ParameterView>,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the Parameter Object")]
struct ParameterView {
    name: String,
    place: &'static str,
    style: &'static str,
    explode: bool,
    /// True if reserved characters of its value are not encoded.
    is_reserved: bool,
    input: &'static str,
    is_required: bool,
    example: Option<String>,
    #[serde(rename = "type")]
    value: TypeOutline,
    description: Option<TemplateValue>,
    is_deprecated: bool,
}

#[derive(Debug, Serialize)]
struct BodyView {
    is_required: bool,
    description: Option<TemplateValue>,
    contents: Vec<ContentView>,
    sample: Option<SampleView>,
}

/// A body that a form begins with: a text, a file, or the parts of a form.
#[derive(Debug, Default, Serialize)]
struct SampleView {
    media_type: String,
    text: String,
    is_file: bool,
    parts: Vec<PartSampleView>,
}

/// A part of a form: a file, or a text.
#[derive(Debug, Serialize)]
struct PartSampleView {
    name: String,
    text: String,
    is_file: bool,
    media_type: Option<String>,
}

#[derive(Debug, Serialize)]
struct ContentView {
    media_type: String,
    /// True if the type is that of the first form.
    is_repeated: bool,
    #[serde(rename = "type")]
    value: Option<TypeOutline>,
    examples: Vec<PaneView>,
}

#[derive(Debug, Serialize)]
struct ResponseView {
    status: String,
    class: u16,
    /// True if it is the one that is unfolded at first: the response of a request that succeeds.
    is_open: bool,
    said: String,
    description: Option<TemplateValue>,
    headers: Vec<ParameterView>,
    contents: Vec<ContentView>,
}

#[derive(Debug, Serialize)]
pub(super) struct CallbackView {
    name: String,
    operations: Vec<OperationSection>,
}

/// Makes views of operations.
pub(super) struct OperationViewer<'m> {
    pub(super) model: &'m DefinitionModel,
    pub(super) anchors: &'m PageAnchors,
    /// The prefix of all paths, empty or beginning with `/`.
    pub(super) prefix: &'m str,
    /// The address of the group, with its prefix.
    pub(super) base: &'m str,
    pub(super) is_mock: bool,
    /// True if the version is not live in the environment of the page.
    pub(super) is_past: bool,
    /// The calls of the clients.
    pub(super) samples: &'m ClientSamples,
    /// The most rows of a body's type.
    pub(super) most_rows: usize,
    /// The most bytes of a mock response.
    pub(super) most_code: usize,
}

impl<'m> OperationViewer<'m> {
    /// Makes the view of an operation.
    pub(super) fn view(&self, operation: &'m OperationModel) -> OperationSection {
        self.view_of(operation, &operation_anchor(operation), true)
    }

    /// Makes the view of a request that the API sends: it has no code, as nobody sends it to it.
    pub(super) fn incoming(&self, operation: &'m OperationModel, anchor: &str) -> OperationSection {
        self.view_of(operation, anchor, false)
    }

    fn view_of(&self, operation: &'m OperationModel, anchor: &str, is_own: bool) -> OperationSection {
        let own = |text: &str| if is_own { format!("{}{text}", self.prefix) } else { text.to_owned() };
        let path = format!("{}{}", own(&operation.path), operation.variant);
        let summary = operation.summary.as_deref().map(first_line).filter(|text| !text.is_empty());
        let described = || operation.description.as_deref().map(first_line).filter(|text| text.len() <= 60);
        let title = summary.or_else(|| described().filter(|text| !text.is_empty()));
        let title = title.or_else(|| operation.operation_id.clone().filter(|id| !id.trim().is_empty()));
        OperationSection {
            path_html: path_html(&path),
            title: title.unwrap_or_else(|| format!("{} {path}", operation.method)),
            path,
            method: operation.method.clone(),
            description: self.description(operation.description.as_deref(), 3),
            is_deprecated: operation.is_deprecated,
            not_served: operation.not_served.clone().filter(|_| is_own),
            operation_id: operation.operation_id.clone().filter(|_| is_own),
            access: if is_own { self.access(operation) } else { String::new() },
            markdown: self.anchors.operation_file(operation).filter(|_| is_own).map(str::to_owned),
            parameters: self.parameters(operation),
            body: operation.body.as_ref().map(|body| self.body(body, anchor)),
            responses: self.responses(operation, anchor),
            snippets: if is_own { self.snippets(operation, anchor) } else { Vec::new() },
            mocks: mocks(operation, anchor, self.most_code),
            callbacks: self.callbacks(&operation.callbacks, anchor),
            anchor: anchor.to_owned(),
        }
    }

    fn callbacks(&self, callbacks: &'m [CallbackModel], anchor: &str) -> Vec<CallbackView> {
        let view = |callback: &'m CallbackModel| {
            let incoming = |operation| self.incoming(operation, &callback_anchor(anchor, &callback.name, operation));
            let operations = callback.operations.iter().map(incoming).collect();
            CallbackView { name: callback.name.clone(), operations }
        };
        callbacks.iter().map(view).collect()
    }

    fn description(&self, text: Option<&str>, heading: u8) -> Option<TemplateValue> {
        self.anchors.description(text, heading)
    }

    fn types(&self, side: TypeSide) -> TypeViewer<'m> {
        TypeViewer { model: self.model, anchors: self.anchors, heading: 4, side, inlines: true }
    }

    fn parameters(&self, operation: &'m OperationModel) -> Vec<ParameterGroup> {
        const GROUPS: [(ParameterPlace, &str); 4] = [
            (ParameterPlace::Path, "Path parameters"),
            (ParameterPlace::Query, "Query parameters"),
            (ParameterPlace::Header, "Headers"),
            (ParameterPlace::Cookie, "Cookies"),
        ];
        let group = |(place, name)| {
            let rows: Vec<_> = operation.parameters_in(place).map(|parameter| self.parameter(parameter)).collect();
            (!rows.is_empty()).then_some(ParameterGroup { name, rows })
        };
        GROUPS.into_iter().filter_map(group).collect()
    }

    fn parameter(&self, parameter: &'m ParameterModel) -> ParameterView {
        ParameterView {
            name: parameter.name.clone(),
            place: parameter.place.as_str(),
            style: parameter.style.as_str(),
            explode: parameter.explode,
            is_reserved: parameter.allows_reserved && parameter.place == ParameterPlace::Query,
            input: input_kind(self.model, parameter),
            is_required: parameter.is_required,
            example: parameter
                .sample
                .as_ref()
                .filter(|_| parameter.is_required && !parameter.is_secret)
                .map(value_text),
            value: self.types(TypeSide::Request).view(&parameter.value, self.most_rows),
            description: self.description(parameter.description.as_deref(), 4),
            is_deprecated: parameter.is_deprecated,
        }
    }

    fn body(&self, body: &'m BodyModel, anchor: &str) -> BodyView {
        BodyView {
            is_required: body.is_required,
            description: self.description(body.description.as_deref(), 4),
            contents: self.contents(&body.content, TypeSide::Request, &format!("{anchor}-body")),
            sample: body.content.iter().find_map(|content| self.sample(content)).or_else(|| {
                let media_type = body.content.first()?.media_type.clone();
                Some(SampleView { media_type, ..SampleView::default() })
            }),
        }
    }

    /// Returns the body that a form begins with; `None` where nothing can be said of it, or it is long.
    fn sample(&self, content: &ContentModel) -> Option<SampleView> {
        if let Some(text) = body_text(content) {
            let media_type = content.media_type.clone();
            return (text.len() < MOST_CODE).then(|| SampleView { media_type, text, ..SampleView::default() });
        }
        let (media_type, body) = sample_body(self.model, content)?;
        let media_type = media_type.unwrap_or_else(|| content.media_type.clone());
        Some(match body {
            ExampleBody::Text(text) => SampleView { media_type, text, ..SampleView::default() },
            ExampleBody::File => SampleView { media_type, is_file: true, ..SampleView::default() },
            ExampleBody::Form(parts) => {
                let view = |part: ExamplePart| PartSampleView {
                    name: part.name,
                    is_file: part.text.is_none(),
                    text: part.text.unwrap_or_default(),
                    media_type: part.media_type,
                };
                SampleView { media_type, parts: parts.into_iter().map(view).collect(), ..SampleView::default() }
            }
        })
    }

    fn contents(&self, contents: &'m [ContentModel], side: TypeSide, anchor: &str) -> Vec<ContentView> {
        let view = |(index, content): (usize, &'m ContentModel)| {
            let first = contents.first().filter(|_| index > 0);
            let is_repeated = first.is_some_and(|first| {
                (&first.value, &first.item, &first.parts) == (&content.value, &content.item, &content.parts)
            });
            ContentView {
                media_type: content.media_type.clone(),
                // The type of the first form is not told again.
                value: self.types(side).content(content, if is_repeated { 0 } else { self.most_rows }),
                is_repeated,
                examples: examples(content, &format!("{anchor}-{index}")),
            }
        };
        contents.iter().enumerate().map(view).collect()
    }

    fn responses(&self, operation: &'m OperationModel, anchor: &str) -> Vec<ResponseView> {
        let success = operation.success().map(|response| response.status);
        let view = |response: &'m ResponseModel| ResponseView {
            is_open: Some(response.status) == success,
            ..self.response(response, anchor)
        };
        operation.responses.iter().map(view).collect()
    }

    fn response(&self, response: &'m ResponseModel, anchor: &str) -> ResponseView {
        let status = response.status.to_string();
        let header = |header: &'m crate::share::model::HeaderModel| ParameterView {
            name: header.name.clone(),
            place: "header",
            style: "simple",
            explode: false,
            is_reserved: false,
            input: "text",
            is_required: header.is_required,
            example: None,
            value: self.types(TypeSide::Response).view(&header.value, self.most_rows),
            description: self.description(header.description.as_deref(), 4),
            is_deprecated: false,
        };
        let text = response.description.as_deref().unwrap_or_default();
        let said = first_line(text);
        ResponseView {
            class: match response.status {
                StatusPattern::Default => 0,
                other => other.code() / 100,
            },
            is_open: false,
            description: self.description(Some(text).filter(|text| text.trim() != said), 4),
            said,
            headers: response.headers.iter().map(header).collect(),
            contents: self.contents(&response.content, TypeSide::Response, &format!("{anchor}-{status}")),
            status,
        }
    }

    /// Shows the request of an operation for curl, and its calls as the clients write them.
    fn snippets(&self, operation: &OperationModel, anchor: &str) -> Vec<PaneView> {
        // Nothing answers it, and the clients have no call of it.
        if operation.not_served.is_some() {
            return Vec::new();
        }
        let request = curl(&sample_request(self.model, operation, self.base, self.is_mock));
        let calls = self.samples.of(operation).iter();
        let calls = calls.map(|sample| (sample.language, sample.name, code_html(&sample.code)));
        let pane = |(id, name, html): (&str, &str, String)| PaneView {
            id: format!("{anchor}-{id}"),
            name: name.to_owned(),
            note: Some(id.to_owned()),
            html: TemplateValue::from_safe_string(html),
        };
        std::iter::once(("curl", "curl", escaped(&request))).chain(calls).map(pane).collect()
    }

    /// Describes who may call an operation in this page's environment.
    pub(super) fn access(&self, operation: &OperationModel) -> String {
        if self.is_past {
            return "Not live now".to_owned();
        }
        access_words(operation, self.is_mock)
    }
}

/// Marks the parameters in a path.
fn path_html(path: &str) -> TemplateValue {
    let html = escaped(path).replace('{', "<i>{").replace('}', "}</i>");
    let is_whole = html.matches("<i>").count() == html.matches("</i>").count();
    TemplateValue::from_safe_string(if is_whole { html } else { escaped(path) })
}
