//! The page of what is live where.

use minijinja::context;
use minijinja::value::{Serde, Value as TemplateValue};
use serde::Serialize;

use super::group_page::{author_name, readable_time};
use super::page::{Breadcrumb, PageFrame, RenderError, policy, render};
use super::source::ServingState;
use crate::model::{Deployment, DeploymentState, DocumentPolicy, EnvironmentName, GroupName, Version};
use crate::share::GeneratedFile;

/// The groups and environments of a workspace.
#[derive(Debug, Clone, Copy)]
pub struct MatrixSource<'a> {
    /// The environments, in the order of a release.
    pub environments: &'a [MatrixEnvironment],
    /// The groups by name.
    pub groups: &'a [MatrixGroup],
    /// The parts that cannot be shown, each with the reason.
    pub problems: &'a [String],
    /// Addresses of a server of pages; `None` for files.
    pub serving: Option<&'a ServingState>,
}

/// An environment.
#[derive(Debug, Clone)]
pub struct MatrixEnvironment {
    /// The name.
    pub name: EnvironmentName,
    /// The policy of its documents.
    pub policy: DocumentPolicy,
}

/// A group.
#[derive(Debug, Clone)]
pub struct MatrixGroup {
    /// The name.
    pub name: GroupName,
    /// A line about it.
    pub description: Option<String>,
    /// Its entries, one an environment, in their order.
    pub entries: Vec<Option<MatrixEntry>>,
}

/// The entry of a group in an environment.
#[derive(Debug, Clone)]
pub struct MatrixEntry {
    /// The entry.
    pub deployment: Deployment,
    /// The number under which its version lies.
    pub number: Version,
    /// The author.
    pub by: Option<String>,
    /// The reason, if one was given.
    pub message: Option<String>,
    /// An earlier environment with a newer version.
    pub behind: Option<(EnvironmentName, Version)>,
    /// True if there is a page of it.
    pub has_page: bool,
    /// True if its version cannot be read, so that there is no reference of it.
    pub is_damaged: bool,
    /// In a served page, the state of the gateways of its machine.
    pub served: ServedState,
}

/// The state of the gateways of a machine with regard to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServedState {
    /// All of the entry's environment serve it.
    Served,
    /// One does not, for this reason.
    NotServed(String),
    /// The entry is offline, or there is no gateway of its environment, or the pages are files.
    NoGateway,
}

#[derive(Debug, Serialize)]
struct CellView {
    environment: String,
    entry: Option<MatrixEntryView>,
}

#[derive(Debug, Serialize)]
struct MatrixEntryView {
    version: String,
    href: Option<String>,
    changes_href: Option<String>,
    damage: Option<&'static str>,
    is_offline: bool,
    is_mock: bool,
    behind: Option<String>,
    since: String,
    since_text: String,
    by: Option<String>,
    message: Option<String>,
    served: Option<String>,
    is_served: bool,
}

/// Renders the matrix.
pub fn matrix(source: MatrixSource<'_>) -> Result<GeneratedFile, RenderError> {
    let environments: Vec<TemplateValue> = source
        .environments
        .iter()
        .map(|environment| {
            let is_official = environment.policy == DocumentPolicy::Official;
            context! { name => environment.name.as_str(), policy => environment.policy.as_str(), is_official }
        })
        .collect();
    let rows: Vec<TemplateValue> = source
        .groups
        .iter()
        .map(|group| {
            let names = source.environments.iter().map(|environment| environment.name.to_string());
            let cells: Vec<CellView> = names
                .zip(&group.entries)
                .map(|(environment, entry)| {
                    let entry = entry.as_ref().map(|entry| entry_view(entry, &environment, &group.name));
                    CellView { environment, entry }
                })
                .collect();
            context! { group => group.name.as_str(), title => group.description.clone(), cells => TemplateValue::from(Serde(&cells)) }
        })
        .collect();
    let serving = source.serving;
    let frame = PageFrame {
        title: "APIs".to_owned(),
        summary: "Versions that are live, by group and environment.".to_owned(),
        crumbs: vec![Breadcrumb { name: "APIs".to_owned(), href: None }],
        is_unlisted: source.environments.iter().any(|environment| environment.policy != DocumentPolicy::Official),
        policy: policy(&[], serving.is_some()),
        state: serving.map(|serving| serving.state.clone()).unwrap_or_default(),
        state_address: serving.map(|serving| serving.state_path.clone()).unwrap_or_default(),
        ..PageFrame::default()
    };
    let site = context! { title => "APIs", problems => source.problems.to_vec() };
    let text = render("matrix.html", &frame, &context! { site, environments, rows })?;
    Ok(GeneratedFile { path: "index.html".to_owned(), bytes: text.into_bytes() })
}

fn entry_view(entry: &MatrixEntry, environment: &str, group: &GroupName) -> MatrixEntryView {
    let release = &entry.deployment.release;
    let since = entry.deployment.since.to_string();
    let page = |name: &str| entry.has_page.then(|| format!("{environment}/{group}/{name}"));
    MatrixEntryView {
        version: entry.number.to_string(),
        href: page("index.html").filter(|_| !entry.is_damaged),
        damage: entry.is_damaged.then_some("damaged"),
        changes_href: page("changes.html"),
        is_offline: release.state == DeploymentState::Offline,
        is_mock: release.backend.is_mock(),
        behind: entry.behind.as_ref().map(|(environment, version)| format!("{environment} ({version})")),
        since_text: readable_time(&since),
        since,
        by: entry.by.as_deref().map(|by| author_name(by).to_owned()),
        message: entry.message.clone(),
        is_served: entry.served == ServedState::Served,
        served: match &entry.served {
            ServedState::Served => Some("served".to_owned()),
            ServedState::NotServed(reason) => Some(format!("not served: {reason}")),
            ServedState::NoGateway => None,
        },
    }
}
