//! The reference of one version of a group, with everything that lies beside it.

use minijinja::context;
use minijinja::value::{Serde, Value as TemplateValue};
use serde::Serialize;
use serde_json::json;

use super::anchors::{PageAnchors, tag_anchor};
use super::bundle::{BundleSource, bundle};
use super::callers::{access, clients, keys, rules};
use super::machine;
use super::markdown::{description_html, first_line};
use super::operation_view::{OperationSection, OperationViewer};
use super::page::{AlternateLink, Breadcrumb, PageFrame, RenderError, origin, policy, render};
use super::samples::ClientSamples;
use super::source::ReferenceSource;
use super::type_view::{TypeOutline, TypeSide, TypeViewer};
use crate::definition::SecurityKind;
use crate::model::DocumentPolicy;
use crate::share::GeneratedFile;
use crate::share::model::{DefinitionModel, EnvironmentServers, ModelSource};
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
    let is_mock = source.release.backend.is_mock();
    let environments = [EnvironmentServers { environment: source.environment.clone(), urls: source.urls.to_vec() }];
    let model = DefinitionModel::build(ModelSource {
        definition: source.definition,
        settings: source.settings,
        environments: &environments,
    });
    let anchors = PageAnchors::new(&model, MOST_TYPES);
    let samples = ClientSamples::new(SampleSource { group: source.group, model: &model, is_mock });
    let operations = OperationViewer {
        model: &model,
        anchors: &anchors,
        prefix: source.settings.prefix.before_path(),
        base: source.urls.first().map_or("", String::as_str),
        is_mock,
        samples: &samples,
        most_rows: most_rows(&model),
        most_code: (MOST_CODE_IN_PAGE / model.operations.len().max(1)).clamp(512, 6 * 1024),
    };
    let bundled = bundle(BundleSource {
        definition: source.definition,
        settings: source.settings,
        release: source.release,
        environment: source.environment,
        urls: source.urls,
    });
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
        .enumerate()
        .map(|(index, webhook)| WebhookView {
            name: webhook.name.clone(),
            operations: operations.incoming(&webhook.operations, &format!("webhook-{index}")),
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

fn frame(source: ReferenceSource<'_>, model: &DefinitionModel) -> PageFrame {
    let (group, environment, version) = (source.group, source.environment, &source.release.version);
    let root = if source.is_of_version { "../../../" } else { "../../" };
    let serving = source.serving;
    let mut crumbs = vec![
        Breadcrumb { name: "APIs".to_owned(), href: Some(format!("{root}index.html")) },
        Breadcrumb { name: environment.to_string(), href: None },
        Breadcrumb { name: group.to_string(), href: source.is_of_version.then(|| "../index.html".to_owned()) },
    ];
    crumbs.extend(source.is_of_version.then(|| Breadcrumb { name: version.to_string(), href: None }));
    // The environment has no page of its own.
    crumbs.retain(|crumb| crumb.href.is_some() || crumb.name != environment.as_str());
    let title = if model.title.trim().is_empty() { group.as_str() } else { model.title.trim() };
    PageFrame {
        title: format!("{title} {version}, {environment}"),
        summary: model.summary.as_deref().or(model.description.as_deref()).map(first_line).unwrap_or_default(),
        crumbs,
        alternates: vec![
            AlternateLink { media_type: "application/atom+xml", href: changes_href(source, "atom"), name: "Changes" },
            AlternateLink { media_type: "text/markdown", href: "llms.txt".to_owned(), name: "Markdown" },
        ],
        is_draft: source.policy == DocumentPolicy::Draft,
        is_unlisted: source.policy != DocumentPolicy::Official || source.is_of_version,
        policy: policy(if source.try_it { source.urls } else { &[] }, serving.is_some()),
        state: serving.map(|serving| serving.state.clone()).unwrap_or_default(),
        state_address: serving.map(|serving| format!("{root}{}", serving.state_path)).unwrap_or_default(),
    }
}

fn changes_href(source: ReferenceSource<'_>, extension: &str) -> String {
    format!("{}changes.{extension}", if source.is_of_version { "../" } else { "" })
}

fn group(
    source: ReferenceSource<'_>,
    model: &DefinitionModel,
    operations: &OperationViewer<'_>,
    deprecations: Vec<TemplateValue>,
) -> TemplateValue {
    let root = if source.is_of_version { "../../../" } else { "../../" };
    let live = source.live.deployment;
    let is_live = live.release.state == crate::model::DeploymentState::Live;
    let is_this = is_live && live.release.digest == source.release.digest;
    let servers: Vec<TemplateValue> = source
        .urls
        .iter()
        .enumerate()
        .map(|(index, url)| context! { name => if index == 0 { "Address" } else { "Also at" }, url })
        .collect();
    let mut origins: Vec<&str> = source.urls.iter().filter_map(|url| origin(url)).collect();
    origins.dedup();
    let elsewhere: Vec<TemplateValue> = source
        .elsewhere
        .iter()
        .map(|other| {
            let href = other.has_page.then(|| format!("{root}{}/{}/index.html", other.environment, source.group));
            context! { environment => other.environment.as_str(), version => other.version.to_string(), is_mock => other.is_mock, href }
        })
        .collect();
    let description =
        model.description.as_deref().filter(|text| !text.trim().is_empty()).map(|text| {
            TemplateValue::from_safe_string(description_html(text, 1, &|name| operations.anchors.has(name)))
        });
    let title = if model.title.trim().is_empty() { source.group.as_str() } else { model.title.trim() };
    context! {
        name => source.group.as_str(),
        title,
        environment => source.environment.as_str(),
        version => source.release.version.to_string(),
        digest => source.release.digest.to_string(),
        is_mock => operations.is_mock,
        summary => model.summary.clone(),
        description,
        servers,
        access => access(source),
        since => is_this.then(|| live.since.to_string()),
        since_text => readable_time(&live.since.to_string()),
        by => source.live.by.map_or("somebody unknown", author_name),
        elsewhere,
        live_href => (!is_this).then_some(if source.is_of_version { "../index.html" } else { "changes.html" }),
        live_version => is_live.then(|| source.live.number.to_string()),
        changes_href => changes_href(source, "html"),
        clients => TemplateValue::from(Serde(&clients(source))),
        rules => TemplateValue::from(Serde(&rules(source, model))),
        schemes => schemes(model, operations),
        deprecations,
        try_it => source.try_it,
        servers_json => json!(origins).to_string(),
        keys_json => keys(source, model).to_string(),
        through => source.serving.and_then(|serving| {
            let path = serving.through.as_ref()?;
            Some(format!("{root}{path}/{}/{}", source.environment, source.group))
        }),
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

fn schemes(model: &DefinitionModel, operations: &OperationViewer<'_>) -> Vec<TemplateValue> {
    let scheme = |scheme: &crate::share::model::SecuritySchemeModel| {
        let kind = match &scheme.kind {
            SecurityKind::ApiKey { place, name } => format!("a key in the {} {name}", place.as_str()),
            SecurityKind::Http { scheme } => format!("HTTP {scheme}"),
            SecurityKind::OAuth2 => "OAuth 2.0".to_owned(),
            SecurityKind::OpenIdConnect => "OpenID Connect".to_owned(),
            SecurityKind::MutualTls => "a client certificate".to_owned(),
            SecurityKind::Unknown => "an unknown kind".to_owned(),
        };
        let description = scheme.description.as_deref().map(|text| {
            TemplateValue::from_safe_string(description_html(text, 2, &|name| operations.anchors.has(name)))
        });
        context! { name => scheme.name.clone(), kind, description }
    };
    model.security_schemes.iter().map(scheme).collect()
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
        description: tag.description.as_deref().filter(|text| !text.trim().is_empty()).map(|text| {
            TemplateValue::from_safe_string(description_html(text, 2, &|name| operations.anchors.has(name)))
        }),
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
