//! The security schemes of a definition: how callers get credentials, and which scopes there are.

use std::fmt::Write as _;

use minijinja::value::Value as TemplateValue;
use serde::Serialize;

use super::anchors::PageAnchors;
use super::facts::FactView;
use super::markdown::line;
use crate::definition::SecurityKind;
use crate::share::model::SecuritySchemeModel;

/// A security scheme as a template shows it.
#[derive(Debug, Serialize)]
pub(super) struct SchemeView {
    name: String,
    kind: String,
    description: Option<TemplateValue>,
    facts: Vec<FactView>,
}

impl SchemeView {
    pub(super) fn new(scheme: &SecuritySchemeModel, anchors: &PageAnchors) -> Self {
        let kind = match &scheme.kind {
            SecurityKind::ApiKey { place, name } => format!("a key in the {} {name}", place.as_str()),
            SecurityKind::Http { scheme } => format!("HTTP {scheme}"),
            SecurityKind::OAuth2 => "OAuth 2.0".to_owned(),
            SecurityKind::OpenIdConnect => "OpenID Connect".to_owned(),
            SecurityKind::MutualTls => "a client certificate".to_owned(),
            SecurityKind::Unknown => "an unknown kind".to_owned(),
        };
        let addresses = scheme.addresses.iter().map(|(field, url)| FactView::with(field, url));
        let scopes = scheme.scopes.iter().map(|(name, description)| match description.as_str() {
            "" => FactView::with("scope", name),
            description => FactView::with(&format!("scope ({description})"), name),
        });
        Self {
            name: scheme.name.clone(),
            kind,
            description: anchors.description(scheme.description.as_deref(), 2),
            facts: addresses.chain(scopes).collect(),
        }
    }

    /// Returns the scheme as a line of Markdown.
    pub(super) fn text_line(&self) -> String {
        let mut text = format!("Security {}: {}", line(&self.name), line(&self.kind));
        for FactView { words, code } in &self.facts {
            let _ = write!(text, "; {} {}", line(words), line(code.as_deref().unwrap_or_default()));
        }
        text
    }
}
