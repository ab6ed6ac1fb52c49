//! Compares the settings of a group. The version is no change: the changes decide its next bump.

use std::cmp::Ordering;

use super::comparison::CallerMessage;
use super::excerpt;
use super::kinds::{self, Kind};
use super::output::{ChangeOutput, RawChange};
use crate::model::{
    Auth, Cors, DomainName, Forwarding, GroupIpRules, GroupSettings, IpRange, MockSettings, PathPrefix, RateLimits,
    ResponseValidation, TokenGrant, USUAL_BODY_KIB,
};

/// Compares two settings of one group. Each is named here, so that a new one does not compile before somebody has
/// decided what it means to callers.
pub(super) fn compare(before: &GroupSettings, after: &GroupSettings, output: &mut ChangeOutput) {
    let GroupSettings {
        schema: _,
        version: _,
        definition: _,
        description,
        prefix,
        auth,
        limits,
        ip_rules,
        backend,
        domains,
        validate_requests,
        validate_responses,
        mock,
        max_body_kib,
        cors,
        forwarding,
    } = before;
    let mut settings = SettingsComparison { output };
    settings.prefix(prefix, &after.prefix);
    settings.auth(auth, &after.auth);
    settings.limits(limits, &after.limits);
    settings.ip_rules(ip_rules, &after.ip_rules);
    settings.body_limit(*max_body_kib, after.max_body_kib);
    settings.validation((*validate_requests, after.validate_requests), (*validate_responses, after.validate_responses));
    settings.mock(*mock, after.mock);
    settings.cors(cors.as_ref(), after.cors.as_ref());
    settings.forwarding(forwarding, &after.forwarding);
    settings.domains(domains, &after.domains);
    settings.texts(
        (kinds::BACKEND_CHANGED, "backend", backend, &after.backend),
        (kinds::GROUP_DESCRIPTION_CHANGED, "description", description, &after.description),
    );
}

/// The changes of a group's settings so far.
struct SettingsComparison<'o> {
    output: &'o mut ChangeOutput,
}

/// A kind of change, the setting that it is of, and its texts before and after.
type ComparedText<'t> = (Kind, &'static str, &'t Option<String>, &'t Option<String>);

impl SettingsComparison<'_> {
    fn add(&mut self, kind: Kind, setting: &str, message: impl Into<String>) {
        self.add_told(kind, setting, message, CallerMessage::Same);
    }

    /// Adds a change of which callers are told in another way.
    fn add_told(&mut self, kind: Kind, setting: &str, message: impl Into<String>, for_callers: CallerMessage) {
        self.output.add(RawChange::new(kind, message).told(for_callers), &format!("settings {setting}"), None);
    }

    fn prefix(&mut self, before: &PathPrefix, after: &PathPrefix) {
        if before != after {
            self.add(kinds::PREFIX_CHANGED, "prefix", format!("the prefix was {before} and is {after}"));
        }
    }

    fn auth(&mut self, before: &Auth, after: &Auth) {
        if before.kinds().ne(after.kinds()) {
            // A kind that is no longer taken shuts out who shows it; one more lets more in.
            let is_lost = before.is_none() || before.kinds().any(|kind| !after.takes(kind));
            let kind = if is_lost && !after.is_none() { kinds::AUTH_REQUIRED } else { kinds::AUTH_LIFTED };
            self.add(kind, "auth", format!("auth was {before} and is {after}"));
        }
        // Who shows a key of a kind that stays depends on its settings, whichever other kinds come or go.
        let (before, after) = (settings_of_common_kinds(before, after), settings_of_common_kinds(after, before));
        if lets_in_fewer(&before, &after) {
            let message = format!("settings of auth {after} let in fewer callers{}", changed_settings(&before, &after));
            self.add(kinds::AUTH_SETTINGS_NARROWED, "auth", message);
        } else if lets_in_fewer(&after, &before) {
            let message = format!("settings of auth {after} let in more callers{}", changed_settings(&before, &after));
            self.add(kinds::AUTH_SETTINGS_WIDENED, "auth", message);
        } else if before != after {
            let message = format!("settings of auth {after} changed{}", changed_settings(&before, &after));
            self.add(kinds::AUTH_SETTINGS_CHANGED, "auth", message);
        }
    }

    fn limits(&mut self, before: &RateLimits, after: &RateLimits) {
        if before == after {
            return;
        }
        let is_widened =
            after.iter().all(|limit| before.of(limit.window).is_some_and(|before| before.requests <= limit.requests));
        let kind = if is_widened { kinds::LIMITS_WIDENED } else { kinds::LIMITS_NARROWED };
        self.add(kind, "limits", format!("the limits were {} and are {}", limits(before), limits(after)));
    }

    fn ip_rules(&mut self, before: &GroupIpRules, after: &GroupIpRules) {
        if before != after {
            let message = format!("the IP rules were {} and are {}", ip_rules(before), ip_rules(after));
            let for_callers = CallerMessage::Other("other addresses may call".to_owned());
            self.add_told(kinds::IP_RULES_CHANGED, "ip_rules", message, for_callers);
        }
    }

    fn body_limit(&mut self, before: Option<u32>, after: Option<u32>) {
        if before == after {
            return;
        }
        let kib = |limit: Option<u32>| limit.unwrap_or(USUAL_BODY_KIB);
        let kind = match kib(after).cmp(&kib(before)) {
            Ordering::Less => kinds::BODY_LIMIT_NARROWED,
            Ordering::Greater => kinds::BODY_LIMIT_WIDENED,
            Ordering::Equal => kinds::BODY_LIMIT_CHANGED,
        };
        let usual = || format!("the gateway's, {USUAL_BODY_KIB} KiB unless `serve --max-body` says otherwise");
        let shown = |limit: Option<u32>| limit.map_or_else(usual, |kib| format!("{kib} KiB"));
        let message = format!("the limit of bodies was {} and is {}", shown(before), shown(after));
        self.add(kind, "max_body_kib", message);
    }

    fn validation(
        &mut self,
        (before, after): (Option<bool>, Option<bool>),
        (was, is): (ResponseValidation, ResponseValidation),
    ) {
        if before != after {
            let shown = |validated: Option<bool>| match validated {
                None => "only those to a mock",
                Some(true) => "all",
                Some(false) => "none",
            };
            let message = format!("of the requests, {} were validated, and now {} are", shown(before), shown(after));
            self.add(kinds::REQUEST_VALIDATION_CHANGED, "validate_requests", message);
        }
        if was != is {
            let shown = |validation: ResponseValidation| match validation {
                ResponseValidation::Off => "not validated",
                ResponseValidation::Log => "validated for the log",
                ResponseValidation::Fail => "validated, and refused with 502",
            };
            let message = format!("responses of the backend were {} and are {}", shown(was), shown(is));
            self.add(kinds::RESPONSE_VALIDATION_CHANGED, "validate_responses", message);
        }
    }

    fn mock(&mut self, before: MockSettings, after: MockSettings) {
        let MockSettings { check_security } = before;
        if check_security != after.check_security {
            let message = if check_security {
                "a mock no longer asks for the declared credentials"
            } else {
                "a mock asks for the declared credentials"
            };
            self.add(kinds::MOCK_SECURITY_CHANGED, "mock check_security", message);
        }
    }

    fn cors(&mut self, before: Option<&Cors>, after: Option<&Cors>) {
        let (before, after) = match (before, after) {
            (None, None) => return,
            (None, Some(_)) => return self.add(kinds::CORS_WIDENED, "cors", "pages of other origins can call"),
            (Some(_), None) => {
                return self.add(kinds::CORS_NARROWED, "cors", "pages of other origins can no longer call");
            }
            (Some(before), Some(after)) => (before, after),
        };
        if before == after {
            return;
        }
        let Cors { allow_origins, allow_headers, expose_headers, allow_credentials, max_age_seconds: _ } = before;
        let has =
            |list: &[String], text: &str| list.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(text));
        let lacking = |before: &[String], after: &[String]| -> Vec<String> {
            before.iter().filter(|text| !has(after, text)).map(|text| excerpt::quoted(text)).collect()
        };
        // Without a list, a page may set any header.
        let is_any = after.allow_headers.is_empty();
        let headers = match (allow_headers.is_empty(), is_any) {
            (_, true) => Vec::new(),
            (true, false) => vec!["any header".to_owned()],
            (false, false) => lacking(allow_headers, &after.allow_headers),
        };
        let gone = [
            ("may no longer call", lacking(allow_origins, &after.allow_origins)),
            ("can no longer be set", headers),
            ("can no longer be read", lacking(expose_headers, &after.expose_headers)),
        ];
        let mut told: Vec<String> = gone
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{} {what}", names.join(", ")))
            .collect();
        if *allow_credentials && !after.allow_credentials {
            told.push("credentials are no longer allowed".to_owned());
        }
        if told.is_empty() {
            self.add(kinds::CORS_WIDENED, "cors", "cross-origin access changed, and refuses nothing that it allowed");
        } else {
            self.add(kinds::CORS_NARROWED, "cors", told.join("; "));
        }
    }

    fn forwarding(&mut self, before: &Forwarding, after: &Forwarding) {
        match (before.websockets, after.websockets) {
            (false, true) => {
                let message = "every GET may go on as a websocket, not only operations that say so";
                self.add(kinds::WEBSOCKETS_ADDED, "forwarding websockets", message);
            }
            (true, false) => {
                let message = "only operations that say so may go on as websockets, not every GET";
                self.add(kinds::WEBSOCKETS_REMOVED, "forwarding websockets", message);
            }
            _ => {}
        }
        match (before.encoded_slashes, after.encoded_slashes) {
            (false, true) => {
                let message = "a path parameter may have an encoded slash";
                self.add(kinds::ENCODED_SLASHES_ALLOWED, "forwarding encoded_slashes", message);
            }
            (true, false) => {
                let message = "a path parameter with an encoded slash is refused";
                self.add(kinds::ENCODED_SLASHES_REFUSED, "forwarding encoded_slashes", message);
            }
            _ => {}
        }
        let others =
            Forwarding { websockets: before.websockets, encoded_slashes: before.encoded_slashes, ..after.clone() };
        if others != *before {
            let message = "requests reach the backend in another way";
            self.add_told(kinds::FORWARDING_CHANGED, "forwarding", message, CallerMessage::Hidden);
        }
    }

    fn domains(&mut self, before: &[DomainName], after: &[DomainName]) {
        for domain in before.iter().filter(|domain| !after.contains(domain)) {
            self.add(kinds::DOMAIN_REMOVED, "domains", format!("the domain {domain} was removed"));
        }
        for domain in after.iter().filter(|domain| !before.contains(domain)) {
            self.add(kinds::DOMAIN_ADDED, "domains", format!("the domain {domain} was added"));
        }
    }

    fn texts(&mut self, backend: ComparedText<'_>, description: ComparedText<'_>) {
        let shown = |text: &Option<String>, other: &Option<String>| match text {
            Some(text) => excerpt::quoted_among(text, other.as_deref()),
            None => "none".to_owned(),
        };
        for ((kind, setting, before, after), for_callers) in
            [(backend, CallerMessage::Hidden), (description, CallerMessage::Same)]
        {
            if before != after {
                let message = format!("the {setting} was {} and is {}", shown(before, after), shown(after, before));
                self.add_told(kind, setting, message, for_callers);
            }
        }
    }
}

fn limits(limits: &RateLimits) -> String {
    if limits.is_empty() { "none".to_owned() } else { limits.to_string() }
}

/// Describes rules: those for all environments, then those of single ones.
fn ip_rules(rules: &GroupIpRules) -> String {
    let ranges = |allow: &[IpRange], deny: &[IpRange]| {
        let list = |word: &str, ranges: &[IpRange]| {
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            (!ranges.is_empty()).then(|| format!("{word} {}", ranges.join(", ")))
        };
        let lists: Vec<String> = [list("allow", allow), list("deny", deny)].into_iter().flatten().collect();
        if lists.is_empty() { "none".to_owned() } else { lists.join("; ") }
    };
    let own = ranges(&rules.allow, &rules.deny);
    rules.environments.iter().fold(own, |text, (environment, rules)| {
        format!("{text}; in {environment} {}", ranges(&rules.allow, &rules.deny))
    })
}

/// Returns the settings of the kinds of keys that are taken on both sides.
fn settings_of_common_kinds(auth: &Auth, other: &Auth) -> Auth {
    Auth {
        signature: auth.signature.clone().filter(|_| other.signature.is_some()),
        subscription: auth.subscription.clone().filter(|_| other.subscription.is_some()),
        token: auth.token.clone().filter(|_| other.token.is_some()),
    }
}

/// Describes the settings that callers have to follow, as far as they changed, after a colon.
fn changed_settings(before: &Auth, after: &Auth) -> String {
    let either = |texts: &[String]| texts.join(" or ");
    let mut changes = Vec::new();
    let mut add = |name: &str, was: String, is: String| {
        if was != is {
            changes.push(format!("{name} was {was} and is {is}"));
        }
    };
    if let Some((before, after)) = before.subscription.as_ref().zip(after.subscription.as_ref()) {
        add("the header of the key", either(&before.headers), either(&after.headers));
    }
    if let Some((before, after)) = before.signature.as_ref().zip(after.signature.as_ref()) {
        let seconds = |tolerance: u16| format!("{tolerance} s");
        add("the tolerance of clocks", seconds(before.tolerance_s), seconds(after.tolerance_s));
    }
    if let Some((before, after)) = before.token.as_ref().zip(after.token.as_ref()) {
        add("the issuer of tokens", before.issuer.clone(), after.issuer.clone());
        add("their audience", either(&before.audience), either(&after.audience));
    }
    if changes.is_empty() { String::new() } else { format!(": {}", changes.join("; ")) }
}

/// True if settings of the same kinds of keys shut out callers whom those before let in: by a header in which keys
/// stood, an issuer, an audience, subjects without a key, or clocks that are further apart.
fn lets_in_fewer(before: &Auth, after: &Auth) -> bool {
    let lacks = |list: &[String], of: &[String]| list.iter().any(|item| !of.contains(item));
    let signature = before.signature.as_ref().zip(after.signature.as_ref());
    let subscription = before.subscription.as_ref().zip(after.subscription.as_ref());
    let token = before.token.as_ref().zip(after.token.as_ref());
    signature.is_some_and(|(before, after)| after.tolerance_s < before.tolerance_s)
        || subscription.is_some_and(|(before, after)| lacks(&before.headers, &after.headers))
        || token.is_some_and(|(before, after)| {
            before.issuer != after.issuer
                || lacks(&before.audience, &after.audience)
                || (before.grant, after.grant) == (TokenGrant::Any, TokenGrant::Key)
        })
}
