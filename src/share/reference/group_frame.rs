//! The frame of a reference: its title, the way to it, and what its page may do.

use super::markdown::first_line;
use super::page::{AlternateLink, Breadcrumb, PageFrame, policy};
use super::source::{ReferenceSource, ReleasedSource};
use crate::model::DocumentPolicy;
use crate::share::model::DefinitionModel;

/// Frames the page of a version.
pub(super) fn frame(source: ReferenceSource<'_>, model: &DefinitionModel) -> PageFrame {
    let (group, version) = (source.group, source.version);
    let title = title(source, model);
    let page = PageFrame {
        summary: model.summary.as_deref().or(model.description.as_deref()).map(first_line).unwrap_or_default(),
        ..PageFrame::default()
    };
    let markdown = AlternateLink { media_type: "text/markdown", href: "llms.txt".to_owned(), name: "Markdown" };
    let Some(released) = source.released else {
        return PageFrame {
            title: format!("{title} {version}"),
            crumbs: vec![Breadcrumb { name: format!("{group} {version}"), href: None }],
            alternates: vec![markdown],
            is_unlisted: true,
            policy: policy(&[], false),
            ..page
        };
    };
    let (root, serving) = (root(released), released.serving);
    let mut crumbs = vec![
        Breadcrumb { name: "APIs".to_owned(), href: Some(format!("{root}index.html")) },
        Breadcrumb { name: group.to_string(), href: released.is_of_version.then(|| "../index.html".to_owned()) },
    ];
    crumbs.extend(released.is_of_version.then(|| Breadcrumb { name: version.to_string(), href: None }));
    let changes = source.changes_href("atom");
    let changes = changes.map(|href| AlternateLink { media_type: "application/atom+xml", href, name: "Changes" });
    let addresses: Vec<String> = source.addresses().map(|(_, url)| url.clone()).filter(|_| released.try_it).collect();
    PageFrame {
        title: format!("{title} {version}, {}", released.environment),
        crumbs,
        alternates: changes.into_iter().chain([markdown]).collect(),
        is_draft: released.policy == DocumentPolicy::Draft,
        is_unlisted: released.policy != DocumentPolicy::Official || released.is_of_version,
        policy: policy(&addresses, serving.is_some()),
        state: serving.map(|serving| serving.state.clone()).unwrap_or_default(),
        state_address: serving.map(|serving| format!("{root}{}", serving.state_path)).unwrap_or_default(),
        ..page
    }
}

/// Returns the title of a definition, or the name of its group.
pub(super) fn title<'a>(source: ReferenceSource<'a>, model: &'a DefinitionModel) -> &'a str {
    if model.title.trim().is_empty() { source.group.as_str() } else { model.title.trim() }
}

/// Returns the path from a page to the matrix.
pub(super) const fn root(released: ReleasedSource<'_>) -> &'static str {
    if released.is_of_version { "../../../" } else { "../../" }
}
