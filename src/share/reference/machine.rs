//! The reference as Markdown, for programs that read: an index, and a file an operation.

use std::fmt::Write as _;

use super::callers::{CallerRule, ClientLink, access, clients, rules};
use super::code::curl;
use super::description_markdown::description_markdown;
use super::group_frame::title;
use super::markdown::{code, first_line, line};
use super::operation_view::OperationViewer;
use super::request::sample_request;
use super::scheme_view::SchemeView;
use super::source::ReferenceSource;
use super::type_view::{TypeSide, TypeViewer};
use crate::share::GeneratedFile;
use crate::share::model::{ContentModel, DefinitionModel, OperationModel};

/// The most rows of a type in Markdown.
const MOST_ROWS: usize = 80;
/// The longest mock response in Markdown, in bytes.
const MOST_BODY: usize = 4096;

/// Makes the files of a version.
pub(super) fn files(
    source: ReferenceSource<'_>,
    model: &DefinitionModel,
    operations: &OperationViewer<'_>,
) -> Vec<GeneratedFile> {
    let file = |operation: &OperationModel| {
        let path = operations.anchors.operation_file(operation)?.to_owned();
        Some(GeneratedFile { path, bytes: operation_text(model, operations, operation).into_bytes() })
    };
    let webhook_file = |operation: &OperationModel| {
        let path = operations.anchors.webhook_file(operation)?.to_owned();
        Some(GeneratedFile { path, bytes: webhook_text(model, operations, operation).into_bytes() })
    };
    let webhooks = model.webhooks.iter().flat_map(|webhook| &webhook.operations).filter_map(webhook_file);
    let index = GeneratedFile { path: "llms.txt".to_owned(), bytes: index(source, model, operations).into_bytes() };
    std::iter::once(index).chain(model.operations.iter().filter_map(file)).chain(webhooks).collect()
}

/// Writes the index (the form of `llms.txt`).
fn index(source: ReferenceSource<'_>, model: &DefinitionModel, operations: &OperationViewer<'_>) -> String {
    let mut text = format!("# {}\n\n", line(title(source, model)));
    let summary = model.summary.as_deref().or(model.description.as_deref()).map(first_line).unwrap_or_default();
    if !summary.is_empty() {
        let _ = writeln!(text, "> {}\n", line(&summary));
    }
    let (version, group) = (source.version, source.group);
    let _ = match (source.released, source.past()) {
        (Some(released), Some(_)) => {
            let now = match released.live_version() {
                Some(live) if released.is_of_version => format!("[{live} is live now](../llms.txt)"),
                Some(live) => format!("{live} is live now"),
                None => "Nothing of it is live there now".to_owned(),
            };
            let environment = released.environment;
            writeln!(text, "Version {version} of {group}, which was live in {environment} and is no longer. {now}.\n")
        }
        (Some(released), None) => {
            writeln!(text, "Version {version} of {group}, as it is in {}.\n", released.environment)
        }
        (None, _) => writeln!(
            text,
            "Version {version} of {group} by itself, as it is where a real backend answers; it may be live nowhere.\n"
        ),
    };
    for (environment, url) in source.addresses() {
        let place = if source.released.is_some() { String::new() } else { format!(" in {environment}") };
        let _ = writeln!(text, "- Address{place}: {url}");
    }
    let name = if source.past().is_some() { "Access while it was live" } else { "Access" };
    let _ = writeln!(text, "- {name}: {}", access(source, model));
    for CallerRule { name, text: rule, link } in rules(source, model) {
        let link = link.map(|link| format!(" See {}.", line(&link.href))).unwrap_or_default();
        let _ = writeln!(text, "- {name}: {}{link}", line(&rule));
    }
    for scheme in model.security_schemes.iter().filter(|_| !source.is_mock()) {
        let _ = writeln!(text, "- {}", SchemeView::new(scheme, operations.anchors).text_line());
    }
    let tags = std::iter::once(None).chain(model.tags.iter().map(|tag| Some(tag.name.as_str())));
    for tag in tags {
        let of_tag = model.operations.iter().filter(|operation| operation.tags.first().map(String::as_str) == tag);
        let lines: String = of_tag.map(|operation| index_line(operations, operation)).collect();
        if !lines.is_empty() {
            let _ = write!(text, "\n## {}\n\n{lines}", line(tag.unwrap_or("Operations")));
        }
    }
    let webhooks = model.webhooks.iter().flat_map(|webhook| &webhook.operations);
    let webhooks: String = webhooks.map(|operation| webhook_line(operations, operation)).collect();
    if !webhooks.is_empty() {
        let _ = write!(text, "\n## Webhooks\n\n{webhooks}");
    }
    text.push_str(
        "\n## Optional\n\n- [OpenAPI definition](openapi.yaml)\n- [OpenAPI definition as JSON](openapi.json)\n",
    );
    if let Some(changes) = source.changes_href("md") {
        let _ = writeln!(text, "- [Changes]({changes})");
    }
    for ClientLink { label, file, href } in clients(source) {
        let _ = writeln!(text, "- [{file}]({href}): client, {label}");
    }
    text
}

fn index_line(operations: &OperationViewer<'_>, operation: &OperationModel) -> String {
    let file = operations.anchors.operation_file(operation).unwrap_or_default();
    let name = format!("{} {}{}", operation.method, operations.prefix, operation.path);
    linked_line(&name, file, operation)
}

fn webhook_line(operations: &OperationViewer<'_>, operation: &OperationModel) -> String {
    let file = operations.anchors.webhook_file(operation).unwrap_or_default();
    linked_line(&format!("{} {}", operation.method, operation.path), file, operation)
}

fn linked_line(name: &str, file: &str, operation: &OperationModel) -> String {
    let summary = operation.summary.as_deref().or(operation.description.as_deref()).map(first_line).unwrap_or_default();
    let deprecated = if operation.is_deprecated { " (deprecated)" } else { "" };
    let summary = if summary.is_empty() { summary } else { format!(": {}", line(&summary)) };
    format!("- [{}]({file}){summary}{deprecated}\n", line(name))
}

fn operation_text(model: &DefinitionModel, operations: &OperationViewer<'_>, operation: &OperationModel) -> String {
    let route = format!("{} {}{}{}", operation.method, operations.prefix, operation.path, operation.variant);
    let mut text = heading(&route, operation);
    if operation.is_deprecated {
        text.push_str("Deprecated: callers should no longer use it.\n\n");
    }
    let _ = writeln!(text, "{}.", line(&operations.access(operation)));
    write_messages(&mut text, model, operations, operation);
    if operation.not_served.is_none() {
        let request = curl(&sample_request(model, operation, operations.base, operations.is_mock));
        let _ = write!(text, "\n## Example\n\n{}", fenced("sh", &request));
        for sample in operations.samples.of(operation) {
            let _ = write!(text, "\n{}", fenced(sample.language, &sample.code));
        }
    }
    if let Some(mock) = &operation.mock {
        let body = std::str::from_utf8(&mock.body).ok().filter(|body| !body.is_empty() && body.len() <= MOST_BODY);
        let _ = write!(text, "\nMock response: {}\n", mock.status);
        if let Some(body) = body {
            let _ = write!(text, "\n{}", fenced("", body));
        }
    }
    text
}

/// Writes a request of a webhook, which the API sends: it has no example, as nobody sends it to the API.
fn webhook_text(model: &DefinitionModel, operations: &OperationViewer<'_>, operation: &OperationModel) -> String {
    let mut text = heading(&format!("Webhook {} {}", operation.method, operation.path), operation);
    text.push_str("The API sends this request to its callers.\n");
    write_messages(&mut text, model, operations, operation);
    text
}

fn heading(name: &str, operation: &OperationModel) -> String {
    let mut text = format!("# {}\n\n", line(name));
    for part in [operation.summary.as_deref(), operation.description.as_deref()].into_iter().flatten() {
        let _ = writeln!(text, "{}\n", description_markdown(part.trim()));
    }
    text
}

/// Writes the parameters, the body and the responses.
fn write_messages<'m>(
    text: &mut String,
    model: &'m DefinitionModel,
    operations: &'m OperationViewer<'_>,
    operation: &'m OperationModel,
) {
    let types = TypeViewer { model, anchors: operations.anchors, heading: 1, side: TypeSide::Both, inlines: true };
    if !operation.parameters.is_empty() {
        text.push_str("\n## Parameters\n\n");
        for parameter in &operation.parameters {
            let required = if parameter.is_required { ", required" } else { "" };
            let said = parameter.description.as_deref().map(first_line).unwrap_or_default();
            let words = types.view(&parameter.value, 0).text_line();
            let _ = writeln!(
                text,
                "- `{}` ({}{required}): {words}{}",
                code(&parameter.name),
                parameter.place.as_str(),
                sentence(&said)
            );
        }
    }
    if let Some(body) = &operation.body {
        let required = if body.is_required { "" } else { " (optional)" };
        let _ = writeln!(text, "\n## Request body{required}");
        write_contents(text, &types, &body.content);
    }
    for response in &operation.responses {
        let said = response.description.as_deref().map(first_line).unwrap_or_default();
        let _ = writeln!(text, "\n## Response {}\n\n{}", response.status, line(&said));
        write_contents(text, &types, &response.content);
    }
}

fn write_contents<'m>(text: &mut String, types: &TypeViewer<'m>, contents: &'m [ContentModel]) {
    for content in contents {
        let _ = write!(text, "\n`{}`", code(&content.media_type));
        match types.content(content, MOST_ROWS) {
            Some(view) => {
                let _ = writeln!(text, ": {}\n", view.text_line());
                view.write_rows(text, 0);
            }
            None => text.push('\n'),
        }
    }
}

/// Writes code between fences that it does not hold itself.
fn fenced(language: &str, body: &str) -> String {
    let mut fence = "```".to_owned();
    while body.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{}\n{fence}\n", body.trim_end())
}

fn sentence(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("; {}", line(text)) }
}
