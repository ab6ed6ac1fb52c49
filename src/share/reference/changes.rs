//! Changes between releases that were live one after the other: a page, Markdown and a feed.

use std::fmt::Write as _;

use minijinja::context;
use minijinja::value::{Serde, Value as TemplateValue};
use serde::Serialize;

use super::group_page::{author_name, readable_time};
use super::markdown::{code, line};
use super::page::{AlternateLink, Breadcrumb, PageFrame, RenderError, policy, render};
use super::source::ServingState;
use crate::compare::{Comparison, Compatibility};
use crate::model::{
    DeploymentState, DocumentPolicy, EnvironmentName, GroupName, OperationId, Release, ReleaseAction, Timestamp,
};
use crate::share::GeneratedFile;

/// The most changes of a release that a page lists.
const MOST_CHANGES: usize = 500;
/// The most APIs that a change names.
const MOST_NAMED: usize = 4;

/// A release of a group's history, with what it changed for callers.
#[derive(Debug, Clone)]
pub struct ReleaseRecord {
    /// The operation that made it.
    pub operation: OperationId,
    /// The time of the commit.
    pub time: Timestamp,
    /// The author.
    pub actor: String,
    /// The kind of change.
    pub action: ReleaseAction,
    /// The reason, if one was given.
    pub message: Option<String>,
    /// The release, with the number under which its version lies.
    pub release: Release,
    /// The effect on callers.
    pub effect: ReleaseEffect,
    /// True if there is a page of its version.
    pub has_page: bool,
}

/// The effect of a release on callers.
#[derive(Debug, Clone)]
pub enum ReleaseEffect {
    /// Nothing was live before.
    First,
    /// Nothing is live any longer.
    Offline,
    /// The same version: the backend alone changed, or it is back.
    SameVersion,
    /// Another version than the one that was live before.
    Compared(Comparison),
    /// A version that cannot be read, with the reason.
    Unreadable(String),
}

/// The history of a group in an environment.
#[derive(Debug, Clone, Copy)]
pub struct ChangesSource<'a> {
    /// The group.
    pub group: &'a GroupName,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// The policy of that environment's documents.
    pub policy: DocumentPolicy,
    /// The releases, the newest first.
    pub releases: &'a [ReleaseRecord],
    /// Addresses of a server of pages; `None` for files.
    pub serving: Option<&'a ServingState>,
}

#[derive(Debug, Serialize)]
struct ReleaseSection {
    anchor: String,
    operation: String,
    version: String,
    href: Option<String>,
    is_offline: bool,
    is_mock: bool,
    time: String,
    time_text: String,
    action: &'static str,
    actor: String,
    message: Option<String>,
    breaking: usize,
    remark: String,
    changes: Vec<CallerChangeView>,
}

#[derive(Debug, Serialize)]
struct CallerChangeView {
    class: &'static str,
    callers: &'static str,
    apis: String,
    place: String,
    message: String,
}

/// Renders the changes of a group as page, Markdown and feed.
pub fn changes(source: ChangesSource<'_>) -> Result<Vec<GeneratedFile>, RenderError> {
    let releases: Vec<ReleaseSection> = source.releases.iter().map(release_view).collect();
    let markdown = markdown(source, &releases);
    let serving = source.serving;
    let frame = PageFrame {
        title: format!("Changes of {} in {}", source.group, source.environment),
        crumbs: vec![
            Breadcrumb { name: "APIs".to_owned(), href: Some("../../index.html".to_owned()) },
            Breadcrumb { name: source.group.to_string(), href: Some("index.html".to_owned()) },
            Breadcrumb { name: "Changes".to_owned(), href: None },
        ],
        alternates: vec![
            AlternateLink { media_type: "application/atom+xml", href: "changes.atom".to_owned(), name: "Changes" },
            AlternateLink { media_type: "text/markdown", href: "changes.md".to_owned(), name: "Changes" },
        ],
        is_draft: source.policy == DocumentPolicy::Draft,
        is_unlisted: source.policy != DocumentPolicy::Official,
        policy: policy(&[], serving.is_some()),
        state: serving.map(|serving| serving.state.clone()).unwrap_or_default(),
        state_address: serving.map(|serving| format!("../../{}", serving.state_path)).unwrap_or_default(),
        ..PageFrame::default()
    };
    let updated = source.releases.first().map(|release| release.time.to_string()).unwrap_or_default();
    let group = context! { name => source.group.as_str(), environment => source.environment.as_str() };
    let data: TemplateValue = context! { group, releases => TemplateValue::from(Serde(&releases)), updated };
    let file = |path: &str, text: String| GeneratedFile { path: path.to_owned(), bytes: text.into_bytes() };
    Ok(vec![
        file("changes.html", render("changes.html", &frame, &data)?),
        file("changes.atom", render("changes.atom", &frame, &data)?),
        file("changes.md", markdown),
    ])
}

fn release_view(record: &ReleaseRecord) -> ReleaseSection {
    let release = &record.release;
    let is_offline = release.state == DeploymentState::Offline;
    let (changes, remark) = match &record.effect {
        ReleaseEffect::First => (Vec::new(), "Nothing was live before.".to_owned()),
        ReleaseEffect::Offline => (Vec::new(), "Callers get no response any longer.".to_owned()),
        ReleaseEffect::SameVersion => (Vec::new(), "The same version as before: the API is unchanged.".to_owned()),
        ReleaseEffect::Unreadable(reason) => (Vec::new(), format!("The changes are not known: {reason}.")),
        ReleaseEffect::Compared(comparison) => (change_views(comparison), remark_of(comparison)),
    };
    ReleaseSection {
        anchor: format!("release-{}", record.operation),
        operation: record.operation.to_string(),
        version: release.version.to_string(),
        href: record.has_page.then(|| format!("{}/index.html", release.version)),
        is_offline,
        is_mock: release.backend.is_mock(),
        time: record.time.to_string(),
        time_text: readable_time(&record.time.to_string()),
        action: record.action.as_str(),
        actor: author_name(&record.actor).to_owned(),
        message: record.message.clone(),
        breaking: changes.iter().filter(|change| change.class == Compatibility::Breaking.as_str()).count(),
        remark,
        changes,
    }
}

fn remark_of(comparison: &Comparison) -> String {
    let left = comparison.changes.len().saturating_sub(MOST_CHANGES);
    if left > 0 { format!("{left} more changes are not listed.") } else { "Callers see no difference.".to_owned() }
}

/// Lists changes, those first that break callers.
fn change_views(comparison: &Comparison) -> Vec<CallerChangeView> {
    let mut changes: Vec<_> = comparison.changes.iter().collect();
    changes.sort_by_key(|change| change.compatibility);
    let view = |change: &crate::compare::Change| {
        Some(CallerChangeView {
            message: change.message_for_callers()?.to_owned(),
            class: change.compatibility.as_str(),
            callers: match change.compatibility {
                Compatibility::Breaking => "Callers may break",
                Compatibility::Warning => "Requests may mean something else",
                Compatibility::Compatible => "Callers keep working",
            },
            apis: change.apis(MOST_NAMED),
            place: change.path.clone(),
        })
    };
    changes.into_iter().filter_map(view).take(MOST_CHANGES).collect()
}

fn markdown(source: ChangesSource<'_>, releases: &[ReleaseSection]) -> String {
    let mut text = format!("# Changes of {} in {}\n", source.group, source.environment);
    for release in releases {
        let offline = if release.is_offline { ", offline" } else { "" };
        let backend = if release.is_mock { ", mock" } else { "" };
        let _ = write!(text, "\n## {}{offline}{backend}\n\n", release.version);
        let why = release.message.as_deref().map(|message| format!(": {}", line(message))).unwrap_or_default();
        let _ = writeln!(text, "{}, {} by {}{why}", release.time, release.action, line(&release.actor));
        if release.changes.is_empty() {
            let _ = write!(text, "\n{}\n", line(&release.remark));
        }
        let mut class = "";
        for change in &release.changes {
            if change.class != class {
                class = change.class;
                let _ = write!(text, "\n### {}\n\n", change.callers);
            }
            let apis = if change.apis.is_empty() { String::new() } else { format!("{}: ", line(&change.apis)) };
            let place = if change.place.is_empty() { String::new() } else { format!(" (`{}`)", code(&change.place)) };
            let _ = writeln!(text, "- {apis}{}{place}", line(&change.message));
        }
    }
    text
}
