//! The frame of all pages: templates, the style sheet, the script, and the policy that lets nothing else run.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value as TemplateValue};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::markdown::escaped;

const STYLE: &str = include_str!("templates/style.css");
const SCRIPT: &str = include_str!("templates/script.js");
const TEMPLATES: [(&str, &str); 6] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("macros.html", include_str!("templates/macros.html")),
    ("matrix.html", include_str!("templates/matrix.html")),
    ("group.html", include_str!("templates/group.html")),
    ("changes.html", include_str!("templates/changes.html")),
    ("changes.atom", include_str!("templates/changes.atom")),
];

/// A page cannot be made: a template does not fit its data.
#[derive(Debug, thiserror::Error)]
#[error("a page cannot be made of its template")]
pub struct RenderError(#[from] minijinja::Error);

/// The properties of a page that its frame shows.
#[derive(Debug, Default, Serialize)]
pub(super) struct PageFrame {
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) crumbs: Vec<Breadcrumb>,
    pub(super) alternates: Vec<AlternateLink>,
    /// True if a line says that the environment is not official.
    pub(super) is_draft: bool,
    /// True if search engines are asked to leave the page out.
    pub(super) is_unlisted: bool,
    pub(super) policy: String,
    /// The name of the state that a served page shows, to notice a new one; empty in a folder.
    pub(super) state: String,
    pub(super) state_address: String,
}

/// A step on the way to a page.
#[derive(Debug, Serialize)]
pub(super) struct Breadcrumb {
    pub(super) name: String,
    pub(super) href: Option<String>,
}

/// Another form of a page.
#[derive(Debug, Serialize)]
pub(super) struct AlternateLink {
    pub(super) media_type: &'static str,
    pub(super) href: String,
    pub(super) name: &'static str,
}

/// The parser has read every template when the first page is made, so that a fault in one is seen at once.
static ENVIRONMENT: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        let is_markup = [".html", ".atom"].iter().any(|ending| name.ends_with(ending));
        if is_markup { AutoEscape::Html } else { AutoEscape::None }
    });
    environment.set_formatter(|output, state, value| {
        let is_escaped = matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe();
        match value.as_str().filter(|_| is_escaped) {
            // The crate's own escapes slashes too, which makes every address long and hard to read.
            Some(text) => Ok(output.write_str(&escaped(text))?),
            None => minijinja::escape_formatter(output, state, value),
        }
    });
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    environment.add_global("style", TemplateValue::from_safe_string(STYLE.to_owned()));
    environment.add_global("script", TemplateValue::from_safe_string(SCRIPT.to_owned()));
    Ok(environment)
});

/// Renders a template with its data.
pub(super) fn render(template: &str, page: &PageFrame, data: &TemplateValue) -> Result<String, RenderError> {
    let environment = ENVIRONMENT
        .as_ref()
        .map_err(|error| minijinja::Error::new(minijinja::ErrorKind::SyntaxError, error.to_string()))?;
    let template = environment.get_template(template)?;
    Ok(template.render(context! { page => TemplateValue::from(Serde(page)), ..data.clone() })?)
}

/// Returns the policy of a page (Content Security Policy, level 3): its own style and script by their hashes, requests
/// to these addresses, and nothing else.
pub(super) fn policy(addresses: &[String], is_served: bool) -> String {
    let origins: BTreeSet<&str> = addresses.iter().filter_map(|address| origin(address)).collect();
    let own = is_served.then_some("'self'");
    let targets: Vec<&str> = own.into_iter().chain(origins).collect();
    let targets = if targets.is_empty() { "'none'".to_owned() } else { targets.join(" ") };
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src {targets}; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// Returns scheme, host and port of an address; `None` where it has none that a policy can name.
pub(super) fn origin(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest.get(..end)?;
    let is_plain = |each: char| each.is_ascii_alphanumeric() || matches!(each, '.' | '-' | ':' | '[' | ']');
    let is_named = !host.is_empty() && host.chars().all(is_plain);
    is_named.then(|| address.get(..scheme.len() + 3 + end))?
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_addresses_and_nothing_that_an_address_smuggles_in() {
        let addresses = ["https://a.example:8443/v1".to_owned(), "https://b.example; script-src *".to_owned()];
        let policy = policy(&addresses, false);
        assert!(policy.contains("connect-src https://a.example:8443;"), "{policy}");
        assert!(!policy.contains('*'), "{policy}");
        assert!(super::policy(&[], false).contains("connect-src 'none'"));
        assert!(super::policy(&[], true).contains("connect-src 'self'"));
    }

    #[test]
    fn a_script_and_a_style_cannot_end_early() {
        assert!(!SCRIPT.contains("</script") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.contains("</style") && !STYLE.contains("url("));
    }
}
