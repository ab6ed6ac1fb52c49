//! The part of a reference about callers: who may call, with which keys, how often, from where, and the clients for
//! them.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::json;

use super::markdown::is_harmless_link;
use super::source::ReferenceSource;
use crate::definition::SecurityKind;
use crate::model::{Auth, EnvironmentName, KeyKind, RateLimits, SubscriptionAuth};
use crate::share::model::DefinitionModel;
use crate::share::sdk::{ClientArchive, archive_names};

/// A rule for callers, in their words.
#[derive(Debug, Serialize)]
pub(super) struct CallerRule {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) link: Option<ContactLink>,
}

/// A link to whoever runs an API.
#[derive(Debug, Serialize)]
pub(super) struct ContactLink {
    pub(super) name: String,
    pub(super) href: String,
}

/// A link to an archive of a client.
#[derive(Debug, Serialize)]
pub(super) struct ClientLink {
    pub(super) label: &'static str,
    pub(super) file: String,
    pub(super) href: String,
}

/// Describes who may call the group.
pub(super) fn access(source: ReferenceSource<'_>, model: &DefinitionModel) -> String {
    if source.is_mock() {
        return "anyone, as mock responses need no key".to_owned();
    }
    let gateway = keys_of(&source.settings.auth);
    let gateway = gateway.unwrap_or_else(|| "anyone, as far as the gateway is concerned".to_owned());
    if model.operations.iter().all(|operation| operation.backend_credentials.is_empty()) {
        return gateway;
    }
    gateway + "; the API asks for credentials of its own, which each operation names"
}

/// Names the keys of which a backend asks for one; `None` where it asks for none.
pub(super) fn keys_of(auth: &Auth) -> Option<String> {
    let header = auth.subscription.as_ref().map(SubscriptionAuth::first_header);
    let words = |kind: KeyKind| match (kind, header) {
        (KeyKind::Subscription, Some(header)) => format!("a subscription key in the header {header}"),
        _ => format!("a {kind}"),
    };
    let kinds: Vec<String> = auth.kinds().map(words).collect();
    (!kinds.is_empty()).then(|| kinds.join(" or "))
}

/// Lists the rules that a caller has to know, in the order in which a request meets them.
pub(super) fn rules(source: ReferenceSource<'_>, model: &DefinitionModel) -> Vec<CallerRule> {
    let rule = |name, text: String| CallerRule { name, text, link: None };
    let settings = source.settings;
    let asks_callers = !source.is_mock() && !settings.auth.is_none();
    let mut rules = Vec::new();
    let closed: Vec<&str> = source
        .servers
        .iter()
        .map(|servers| &servers.environment)
        .filter(|environment| !settings.ip_rules.of_environment(environment).is_empty())
        .map(EnvironmentName::as_str)
        .collect();
    if !closed.is_empty() {
        let only = if source.released.is_some() { "Only".to_owned() } else { format!("In {} only", closed.join(", ")) };
        let text = format!("{only} some addresses may call; others get 403. Ask for yours to be let in.");
        rules.push(rule("Addresses", text));
    }
    if asks_callers {
        rules.extend(key_rules(source).into_iter().map(|(name, text)| rule(name, text)));
        rules.push(key_source(model));
    }
    if !settings.limits.is_empty() || asks_callers {
        rules.push(rule("Limits", limit_words(&settings.limits, asks_callers)));
    }
    if let Some(kib) = settings.max_body_kib {
        rules.push(rule("Bodies", format!("A request body has {kib} KiB at most; a larger one gets 413.")));
    }
    rules
}

/// Explains the kinds of keys that are taken.
fn key_rules(source: ReferenceSource<'_>) -> Vec<(&'static str, String)> {
    let auth = &source.settings.auth;
    let signature = auth.signature.as_ref().map(|signature| {
        let text = format!(
            "Sign each request, over its body too, with the id and the secret of your key: JDCLOUD3-HMAC-SHA256, \
             JDCLOUD2-HMAC-SHA256 or AWS4-HMAC-SHA256, or HTTP message signatures (RFC 9421) with hmac-sha256 or ed25519. \
             The clients sign for you. Your clock may be wrong by {} s at most; sign again for each attempt.",
            signature.tolerance_s
        );
        ("Signature", text)
    });
    let subscription = auth.subscription.as_ref().map(|subscription| {
        let headers = subscription.headers.join(" or ");
        ("Subscription key", format!("Send your key with each request, in the header {headers}."))
    });
    let token = auth.token.as_ref().map(|token| {
        let text = format!(
            "Send a token of {} for {} with each request: Authorization: Bearer, and the token.",
            token.issuer,
            token.audience.join(" or ")
        );
        ("Token", text)
    });
    let mut rules: Vec<_> = [signature, subscription, token].into_iter().flatten().collect();
    if rules.len() > 1 {
        rules.push(("One of them", "One of these suffices. A request without any gets 401.".to_owned()));
    }
    rules
}

/// Says who gives keys, as far as the definition names a contact.
fn key_source(model: &DefinitionModel) -> CallerRule {
    let contact = &model.contact;
    let mail = contact.email.as_ref().filter(|email| is_mail_address(email));
    let mail = mail.map(|email| (email, format!("mailto:{email}")));
    let page = contact.url.as_ref().map(|url| (url, url.clone()));
    let link = mail.into_iter().chain(page).find(|(_, href)| is_harmless_link(href));
    CallerRule {
        name: "Your key",
        text: format!(
            "{} gives you one, for the operations that you need; a key without a grant for an operation gets 403. Keep it out \
             of addresses, pages and repositories.",
            contact.name.as_deref().unwrap_or("Whoever runs this API")
        ),
        link: link.map(|(name, href)| ContactLink { name: name.clone(), href }),
    }
}

/// True for an address of mail without anything that a link would take for more.
fn is_mail_address(text: &str) -> bool {
    text.contains('@') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@.-_+".contains(&byte))
}

fn limit_words(limits: &RateLimits, asks_callers: bool) -> String {
    let of_group: Vec<String> =
        limits.iter().map(|limit| format!("{} requests a {}", grouped(limit.requests), limit.window)).collect();
    let mut text = String::new();
    if !of_group.is_empty() {
        let _ = write!(text, "All callers together may make {}. ", of_group.join(", "));
    }
    if asks_callers {
        text.push_str("Your key may have limits of its own. ");
    }
    text + "A request above a limit gets 429, with the seconds to wait in Retry-After; RateLimit tells what is left."
}

/// Writes a number with commas between its thousands.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Lists the archives of clients, each with its address from the page.
pub(super) fn clients(source: ReferenceSource<'_>) -> Vec<ClientLink> {
    if !source.has_clients {
        return Vec::new();
    }
    let version = source.version;
    let folder = if source.is_of_version() { "sdk".to_owned() } else { format!("{version}/sdk") };
    let link = |archive: ClientArchive| ClientLink {
        label: archive.label,
        href: format!("{folder}/{}", archive.file),
        file: archive.file,
    };
    archive_names(source.group, version).into_iter().map(link).collect()
}

/// Returns the reason why no request from the page can succeed.
pub(super) fn try_refusal(source: ReferenceSource<'_>) -> Option<&'static str> {
    let auth = &source.settings.auth;
    let is_signed = auth.signature.is_some() && auth.subscription.is_none() && auth.token.is_none();
    (is_signed && !source.is_mock())
        .then_some("Requests must be signed, which this page cannot do: call it with a client, which signs for you.")
}

/// Lists the credentials that a reader can give to requests from the page.
pub(super) fn keys(source: ReferenceSource<'_>, model: &DefinitionModel) -> serde_json::Value {
    let key = |place: &str, name: &str, label: String| json!({"place": place, "name": name, "label": label});
    let mut keys = Vec::new();
    if !source.is_mock() {
        let header = source.settings.auth.subscription.as_ref().map(SubscriptionAuth::first_header);
        keys.extend(header.map(|header| key("header", header, format!("Subscription key ({header})"))));
        keys.extend(source.settings.auth.token.as_ref().map(|_| key("Bearer", "gateway_token", "Token".to_owned())));
    }
    for scheme in &model.security_schemes {
        match &scheme.kind {
            SecurityKind::ApiKey { place, name } if matches!(place.as_str(), "header" | "query") => {
                keys.push(key(place.as_str(), name, format!("{} ({name})", scheme.name)));
            }
            SecurityKind::Http { scheme: kind } if kind == "bearer" => {
                keys.push(key("Bearer", &scheme.name, format!("{} (token)", scheme.name)));
            }
            SecurityKind::OAuth2 | SecurityKind::OpenIdConnect => {
                keys.push(key("Bearer", &scheme.name, format!("{} (access token)", scheme.name)));
            }
            _ => {}
        }
    }
    json!(keys)
}
