//! Changes between releases that were live one after the other: a page, Markdown and a feed.

use std::fmt::Write as _;

use minijinja::context;
use minijinja::value::{Serde, Value as TemplateValue};
use serde::Serialize;

use super::callers::keys_of;
use super::group_page::{author_name, readable_time};
use super::markdown::{code, line};
use super::page::{AlternateLink, Breadcrumb, PageFrame, RenderError, policy, render};
use super::source::ServingState;
use crate::compare::{Change, Comparison, Compatibility};
use crate::model::{
    Auth, Deployment, DeploymentState, DocumentPolicy, EnvironmentName, GroupName, OperationId, Release, ReleaseAction,
    Timestamp,
};
use crate::share::GeneratedFile;

/// The most changes of a release that a page lists.
const MOST_CHANGES: usize = 500;
/// The most APIs that a change names.
const MOST_NAMED: usize = 4;

/// The sentence in place of the releases where none is on record.
const NO_HISTORY: &str =
    "No release is on record here: this gateway follows a store, to which only what is live is pushed.";

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
    /// The change between a mock and a backend, if it is one.
    pub source_change: Option<SourceChange>,
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
    /// The same version: its source of responses alone changed, or it is back.
    SameVersion,
    /// Another version than the one that was live before.
    Compared(Comparison),
    /// A version that cannot be read, with the reason.
    Unreadable(String),
}

/// Another source of responses than the one before.
#[derive(Debug, Clone)]
pub enum SourceChange {
    /// A mock responds in place of a backend.
    ToMock,
    /// A backend responds in place of a mock, and asks callers for keys as these settings say.
    ToBackend(Auth),
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
    /// The releases, the newest first; none where no history came along.
    pub releases: &'a [ReleaseRecord],
    /// The entry of the group.
    pub live: &'a Deployment,
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
    #[serde(rename = "class")]
    compatibility: Compatibility,
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
    let updated = source.releases.first().map_or(source.live.since, |release| release.time).to_string();
    let group = context! { name => source.group.as_str(), environment => source.environment.as_str(), no_history => NO_HISTORY };
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
    let (mut changes, remark) = match &record.effect {
        ReleaseEffect::First => (Vec::new(), "Nothing was live before.".to_owned()),
        ReleaseEffect::Offline => (Vec::new(), "Callers get no response any longer.".to_owned()),
        ReleaseEffect::SameVersion => {
            (Vec::new(), "The same version as before: its definition is unchanged.".to_owned())
        }
        ReleaseEffect::Unreadable(reason) => (Vec::new(), format!("The changes are not known: {reason}.")),
        ReleaseEffect::Compared(comparison) => {
            let (views, left) = change_views(comparison);
            let remark = remark_of(&views, left);
            (views, remark)
        }
    };
    changes.extend(record.source_change.as_ref().map(source_change_view));
    changes.sort_by_key(|change| change.compatibility);
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
        breaking: changes.iter().filter(|change| change.compatibility == Compatibility::Breaking).count(),
        remark,
        changes,
    }
}

fn remark_of(views: &[CallerChangeView], left: usize) -> String {
    match left {
        0 if views.is_empty() => "Callers see no difference.".to_owned(),
        0 => String::new(),
        _ => format!("{left} more changes are not listed."),
    }
}

/// Lists the changes that callers see, those first that break them, and counts those beyond the limit.
fn change_views(comparison: &Comparison) -> (Vec<CallerChangeView>, usize) {
    let mut changes: Vec<_> =
        comparison.changes.iter().filter_map(|change| Some((change, change.message_for_callers()?))).collect();
    changes.sort_by_key(|(change, _)| change.compatibility);
    let left = changes.len().saturating_sub(MOST_CHANGES);
    changes.truncate(MOST_CHANGES);
    let view = |(change, message): (&Change, &str)| CallerChangeView {
        message: message.to_owned(),
        compatibility: change.compatibility,
        callers: callers(change.compatibility),
        apis: change.apis(MOST_NAMED),
        place: change.path.clone(),
    };
    (changes.into_iter().map(view).collect(), left)
}

/// Describes another source of responses. Mocks take requests without a key.
fn source_change_view(change: &SourceChange) -> CallerChangeView {
    let (compatibility, message) = match change {
        SourceChange::ToMock => {
            (Compatibility::Warning, "mock responses of the definition in place of a real backend's".to_owned())
        }
        SourceChange::ToBackend(auth) => {
            let message = "a real backend responds, no longer a mock".to_owned();
            match keys_of(auth) {
                Some(keys) => (Compatibility::Breaking, format!("{message}: callers need {keys}")),
                None => (Compatibility::Warning, message),
            }
        }
    };
    CallerChangeView {
        message,
        compatibility,
        callers: callers(compatibility),
        apis: String::new(),
        place: String::new(),
    }
}

const fn callers(compatibility: Compatibility) -> &'static str {
    match compatibility {
        Compatibility::Breaking => "Callers may break",
        Compatibility::Warning => "Requests may mean something else",
        Compatibility::Compatible => "Callers keep working",
    }
}

fn markdown(source: ChangesSource<'_>, releases: &[ReleaseSection]) -> String {
    let mut text = format!("# Changes of {} in {}\n", source.group, source.environment);
    if releases.is_empty() {
        let _ = write!(text, "\n{NO_HISTORY}\n");
    }
    for release in releases {
        let offline = if release.is_offline { ", offline" } else { "" };
        let backend = if release.is_mock { ", mock" } else { "" };
        let _ = write!(text, "\n## {}{offline}{backend}\n\n", release.version);
        let why = release.message.as_deref().map(|message| format!(": {}", line(message))).unwrap_or_default();
        let _ = writeln!(text, "{}, {} by {}{why}", release.time, release.action, line(&release.actor));
        let mut heading = "";
        for change in &release.changes {
            if change.callers != heading {
                heading = change.callers;
                let _ = write!(text, "\n### {}\n\n", change.callers);
            }
            let apis = if change.apis.is_empty() { String::new() } else { format!("{}: ", line(&change.apis)) };
            let place = if change.place.is_empty() { String::new() } else { format!(" (`{}`)", code(&change.place)) };
            let _ = writeln!(text, "- {apis}{}{place}", line(&change.message));
        }
        if !release.remark.is_empty() {
            let _ = write!(text, "\n{}\n", line(&release.remark));
        }
    }
    text
}
