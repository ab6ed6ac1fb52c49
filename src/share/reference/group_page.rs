//! The reference of one version of a group, with everything that lies beside it.

use minijinja::context;
use minijinja::value::{Serde, Value as TemplateValue};
use serde::Serialize;
use serde_json::json;

use super::anchors::{PageAnchors, tag_anchor, webhook_anchor};
use super::bundle::bundle;
use super::callers::{access, clients, keys, rules, try_refusal};
use super::group_frame::{frame, root, title};
use super::machine;
use super::operation_view::{OperationSection, OperationViewer};
use super::page::{RenderError, origin, render};
use super::samples::ClientSamples;
use super::scheme_view::SchemeView;
use super::source::{ReferenceSource, ReleasedSource};
use super::type_view::{TypeOutline, TypeSide, TypeViewer};
use crate::share::GeneratedFile;
use crate::share::model::{DefinitionModel, ModelSource};
use crate::share::sdk::SampleSource;

/// The rows of types that a page has room for, over all bodies.
const MOST_ROWS: usize = 24_000;
/// The bytes of mock responses that a page has room for.
const MOST_CODE_IN_PAGE: usize = 3_000_000;
/// The named types that a page lists.
const MOST_TYPES: usize = 3_000;

#[derive(Debug, Serialize)]
struct TagView {
    name: String,
    anchor: String,
    description: Option<TemplateValue>,
    operations: Vec<OperationSection>,
}

#[derive(Debug, Serialize)]
struct NamedTypeView {
    name: String,
    anchor: String,
    view: TypeOutline,
}

#[derive(Debug, Serialize)]
struct WebhookView {
    name: String,
    operations: Vec<OperationSection>,
}

/// Renders the reference of a version: the page, the bundled definition, and Markdown.
pub fn reference(source: ReferenceSource<'_>) -> Result<Vec<GeneratedFile>, RenderError> {
    let is_mock = source.is_mock();
    let model = DefinitionModel::build(ModelSource {
        definition: source.definition,
        settings: source.settings,
        environments: source.servers,
    });
    let anchors = PageAnchors::new(&model, MOST_TYPES);
    let samples = ClientSamples::new(SampleSource { group: source.group, model: &model, is_mock });
    let operations = OperationViewer {
        model: &model,
        anchors: &anchors,
        prefix: source.settings.prefix.before_path(),
        base: source.addresses().next().map_or("", |(_, url)| url.as_str()),
        is_mock,
        is_past: source.past().is_some(),
        samples: &samples,
        most_rows: most_rows(&model),
        most_code: (MOST_CODE_IN_PAGE / model.operations.len().max(1)).clamp(512, 6 * 1024),
    };
    let bundled = bundle(source);
    let mut files = vec![
        GeneratedFile { path: "index.html".to_owned(), bytes: page(source, &model, &operations)?.into_bytes() },
        GeneratedFile { path: "openapi.json".to_owned(), bytes: bundled.json },
        GeneratedFile { path: "openapi.yaml".to_owned(), bytes: bundled.yaml },
    ];
    files.extend(machine::files(source, &model, &operations));
    Ok(files)
}

/// Shares the rows that a page has room for between the bodies of its operations.
fn most_rows(model: &DefinitionModel) -> usize {
    let bodies = |operation: &crate::share::model::OperationModel| {
        operation.parameters.len() / 4
            + operation.body.as_ref().map_or(0, |body| body.content.len())
            + operation.responses.iter().map(|response| response.content.len()).sum::<usize>()
    };
    let count: usize = model.operations.iter().map(bodies).sum();
    (MOST_ROWS / count.max(1)).clamp(6, 300)
}

fn page(
    source: ReferenceSource<'_>,
    model: &DefinitionModel,
    operations: &OperationViewer<'_>,
) -> Result<String, RenderError> {
    let tags = tags(model, operations);
    let types = types(model, operations.anchors);
    let webhooks: Vec<WebhookView> = model
        .webhooks
        .iter()
        .map(|webhook| {
            let incoming = |operation| operations.incoming(operation, &webhook_anchor(operation));
            WebhookView { name: webhook.name.clone(), operations: webhook.operations.iter().map(incoming).collect() }
        })
        .collect();
    let deprecations: Vec<TemplateValue> = tags
        .iter()
        .flat_map(|tag| &tag.operations)
        .filter(|operation| operation.is_deprecated)
        .map(|operation| context! { method => &operation.method, anchor => &operation.anchor, title => &operation.title })
        .collect();
    let frame = frame(source, model);
    let group = group(source, model, operations, deprecations);
    render(
        "group.html",
        &frame,
        &context! {
            group,
            tags => TemplateValue::from(Serde(&tags)),
            types => TemplateValue::from(Serde(&types)),
            webhooks => TemplateValue::from(Serde(&webhooks)),
        },
    )
}

fn group(
    source: ReferenceSource<'_>,
    model: &DefinitionModel,
    operations: &OperationViewer<'_>,
    deprecations: Vec<TemplateValue>,
) -> TemplateValue {
    let servers: Vec<TemplateValue> = source
        .addresses()
        .enumerate()
        .map(|(index, (environment, url))| {
            let name = match source.released {
                None => format!("Address in {environment}"),
                Some(_) if index == 0 => "Address".to_owned(),
                Some(_) => "Also at".to_owned(),
            };
            context! { name, url }
        })
        .collect();
    let mut origins: Vec<&str> = source.addresses().filter_map(|(_, url)| origin(url)).collect();
    origins.dedup();
    let description = operations.anchors.description(model.description.as_deref(), 1);
    let schemes = model.security_schemes.iter().map(|scheme| SchemeView::new(scheme, operations.anchors));
    let schemes: Vec<SchemeView> = schemes.collect();
    context! {
        name => source.group.as_str(),
        title => title(source, model),
        version => source.version.to_string(),
        digest => source.digest.to_string(),
        is_mock => operations.is_mock,
        summary => model.summary.clone(),
        description,
        servers,
        access => access(source, model),
        release => source.released.map(|released| release(source, released)),
        changes_href => source.changes_href("html"),
        clients => TemplateValue::from(Serde(&clients(source))),
        rules => TemplateValue::from(Serde(&rules(source, model))),
        schemes => TemplateValue::from(Serde(&schemes)),
        deprecations,
        try_it => source.released.is_some_and(|released| released.try_it),
        try_refusal => try_refusal(source),
        servers_json => json!(origins).to_string(),
        keys_json => keys(source, model).to_string(),
        through => source.released.and_then(|released| {
            let path = released.serving?.through.as_ref()?;
            Some(format!("{}{path}/{}/{}", root(released), released.environment, source.group))
        }),
    }
}

/// Describes a release, and what is live in its environment and in others.
fn release(source: ReferenceSource<'_>, released: ReleasedSource<'_>) -> TemplateValue {
    let live = released.live.deployment;
    let is_this = source.past().is_none();
    let elsewhere: Vec<TemplateValue> = released
        .elsewhere
        .iter()
        .map(|other| {
            let href = format!("{}{}/{}/index.html", root(released), other.environment, source.group);
            let href = other.has_page.then_some(href);
            context! { environment => other.environment.as_str(), version => other.version.to_string(), is_mock => other.is_mock, href }
        })
        .collect();
    context! {
        environment => released.environment.as_str(),
        since => is_this.then(|| live.since.to_string()),
        since_text => readable_time(&live.since.to_string()),
        by => released.live.by.map_or("somebody unknown", author_name),
        elsewhere,
        live_href => (!is_this).then_some(if released.is_of_version { "../index.html" } else { "changes.html" }),
        live_version => released.live_version().map(ToString::to_string),
    }
}

/// Returns a time without its fraction, for readers.
pub(super) fn readable_time(time: &str) -> String {
    time.get(..16).map_or_else(|| time.to_owned(), |minutes| minutes.replace('T', " "))
}

/// Returns the name of an author without the address of mail that Git puts behind it: pages are for everybody.
pub(super) fn author_name(author: &str) -> &str {
    let name = author.split(" <").next().unwrap_or(author).trim();
    if name.is_empty() { author } else { name }
}

/// Groups the operations by their first tag, in the order of the tags; those without one come first.
fn tags(model: &DefinitionModel, operations: &OperationViewer<'_>) -> Vec<TagView> {
    let of = |name: Option<&str>| -> Vec<OperationSection> {
        let wanted = model.operations.iter().filter(|operation| operation.tags.first().map(String::as_str) == name);
        wanted.map(|operation| operations.view(operation)).collect()
    };
    let untagged =
        TagView { name: String::new(), anchor: "operations".to_owned(), description: None, operations: of(None) };
    let tagged = model.tags.iter().map(|tag| TagView {
        name: tag.name.clone(),
        anchor: tag_anchor(&tag.name),
        description: operations.anchors.description(tag.description.as_deref(), 2),
        operations: of(Some(&tag.name)),
    });
    // A tag that nothing uses still has its description.
    let is_shown = |tag: &TagView| !tag.operations.is_empty() || tag.description.is_some();
    std::iter::once(untagged).chain(tagged).filter(is_shown).collect()
}

fn types(model: &DefinitionModel, anchors: &PageAnchors) -> Vec<NamedTypeView> {
    let viewer = TypeViewer { model, anchors, heading: 3, side: TypeSide::Both, inlines: false };
    let most = (MOST_ROWS / model.types.len().max(1)).clamp(20, 400);
    let view = |(index, named): (usize, &crate::share::model::NamedType)| {
        let anchor = anchors.type_anchor_at(index)?.to_owned();
        Some(NamedTypeView { name: named.name.clone(), anchor, view: viewer.view(&named.value, most) })
    };
    model.types.iter().enumerate().filter_map(view).collect()
}
