//! Requirements of a route for its callers, and the rewriting of their requests for the backend.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::headers::X_APIGW_KEY;
use super::problem::{Kind, Problem};
use super::refusal_reason::RefusalReason;
use super::token_rules::TokenRules;
use crate::access::message_signature::{SIGNATURE, SIGNATURE_INPUT};
use crate::access::sigv4::SCHEMES;
use crate::access::token::{TokenFault, contains_json_web_token};
use crate::access::{CredentialKind, Denial, NonceFault, contains_subscription_key};
use crate::model::{KeyName, SignatureAuth, SubscriptionAuth};
use crate::routes::problem::{NO_GRANT, NO_KEY};

/// Requirements of a route for its callers.
pub(crate) struct AccessRules {
    /// The most milliseconds by which a signer's clock may differ; `None` where signatures are not taken.
    pub(super) tolerance_ms: Option<i64>,
    /// The headers in which a subscription key may stand; none where they are not taken.
    pub(super) key_headers: Box<[HeaderName]>,
    /// The tokens that are taken, and the scopes that they need.
    pub(super) token: Option<TokenRules>,
    pub(super) flags: AccessFlags,
    challenge: String,
}

/// Exceptions of a route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AccessFlags {
    /// The backend gets the credentials too.
    pub(crate) passes_credentials: bool,
    /// A signature need not cover the body.
    pub(crate) unsigned_body: bool,
}

impl AccessRules {
    /// Compiles the requirements of a route.
    pub(crate) fn new(
        signature: Option<&SignatureAuth>,
        subscription: Option<&SubscriptionAuth>,
        token: Option<TokenRules>,
        flags: AccessFlags,
    ) -> Self {
        let tolerance_ms = signature.map(|signature| i64::from(signature.tolerance_s) * 1000);
        let parsed = |name: &String| HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()).ok();
        let names = subscription.into_iter().flat_map(|subscription| &subscription.headers);
        let key_headers: Box<[HeaderName]> = names.filter_map(parsed).collect();
        let mut challenges: Vec<&str> = Vec::new();
        if tolerance_ms.is_some() {
            challenges.extend(SCHEMES.iter().map(|scheme| scheme.name));
        }
        if !key_headers.is_empty() {
            challenges.push("ApiKey");
        }
        if token.is_some() {
            challenges.push("Bearer");
        }
        let challenge = challenges.join(", ");
        Self { tolerance_ms, key_headers, token, flags, challenge }
    }

    /// Removes the caller's credentials from the headers for the backend, and names the key instead.
    pub(crate) fn rewrite(&self, headers: &mut HeaderMap, key: Option<&KeyName>) {
        for name in self.misspelled_keys(headers) {
            headers.remove(name);
        }
        for name in self.credentials_of(headers) {
            headers.remove(name);
        }
        if !self.flags.passes_credentials {
            remove_keys(headers);
        }
        if let Some(Ok(value)) = key.map(|key| HeaderValue::from_str(key.as_str())) {
            headers.insert(X_APIGW_KEY, value);
        }
    }

    /// Lists the headers of a request that a backend behind CGI would take for those of keys: underscores and hyphens
    /// are one there (RFC 3875, section 4.1.18).
    pub(crate) fn misspelled_keys(&self, headers: &HeaderMap) -> Vec<HeaderName> {
        let is_key = |name: &&HeaderName| {
            let text = name.as_str();
            text.contains('_') && self.key_headers.iter().any(|key| key.as_str() == text.replace('_', "-"))
        };
        let found = headers.keys().filter(|_| !self.flags.passes_credentials).filter(is_key);
        found.cloned().collect()
    }

    /// Lists the headers that the backend does not get: with credentials of any kind that the route takes, whichever of
    /// them has let the request in. Some of them may not be there.
    pub(crate) fn credentials_of<'r>(&'r self, headers: &HeaderMap) -> impl Iterator<Item = &'r HeaderName> + use<'r> {
        static IN_AUTHORIZATION: [HeaderName; 1] = [AUTHORIZATION];
        static IN_MESSAGE: [HeaderName; 2] = [SIGNATURE_INPUT, SIGNATURE];
        let takes_signatures = self.tolerance_ms.is_some();
        let is_taken = takes_signatures && is_signed(headers)
            || self.token.is_some() && headers.get_all(AUTHORIZATION).iter().any(has_token);
        let in_authorization: &[HeaderName] = if is_taken { &IN_AUTHORIZATION } else { &[] };
        let in_message: &[HeaderName] = if takes_signatures { &IN_MESSAGE } else { &[] };
        let names = self.key_headers.iter().chain(in_authorization).chain(in_message);
        names.filter(|_| !self.flags.passes_credentials)
    }

    /// True if a token is what a request shows, and nothing that is looked at before.
    pub(super) fn shows_token(&self, headers: &HeaderMap) -> bool {
        let shows_other = || {
            self.tolerance_ms.is_some() && headers.contains_key(SIGNATURE_INPUT)
                || self.key_headers.iter().any(|name| headers.contains_key(name))
        };
        self.token.is_some() && headers.get_all(AUTHORIZATION).iter().any(is_bearer) && !shows_other()
    }

    pub(crate) fn refusal(&self, denial: &Denial) -> Problem {
        let (kind, detail) = match denial {
            Denial::NoGrant(_) => (Kind::Forbidden, NO_GRANT),
            Denial::UnboundSubject { .. } => (Kind::Forbidden, "The subject of the token may not call this API."),
            Denial::NoScope { .. } => (Kind::Forbidden, "The token lacks a scope that this API asks for."),
            Denial::Token(TokenFault::NoKeySet(_)) => {
                (Kind::AccessUnavailable, "Tokens cannot be verified at the moment.")
            }
            Denial::Nonce(_, NonceFault::Full | NonceFault::NotRecorded(_)) => {
                (Kind::AccessUnavailable, "Signed requests cannot be accepted at the moment.")
            }
            _ => (Kind::Unauthenticated, NO_KEY),
        };
        let challenge = (kind == Kind::Unauthenticated).then(|| self.challenge.clone());
        let refused_for = Some(RefusalReason::from(denial));
        Problem { challenge, refused_for, operator_reason: Some(denial.to_string()), ..Problem::new(kind, detail) }
    }
}

fn is_signed(headers: &HeaderMap) -> bool {
    let is_of = |value: &HeaderValue| SCHEMES.iter().any(|scheme| value.as_bytes().starts_with(scheme.name.as_bytes()));
    headers.get_all(AUTHORIZATION).iter().any(is_of)
}

/// Lists the headers with a subscription key, whichever group takes it there.
pub(crate) fn headers_with_keys(headers: &HeaderMap) -> Vec<HeaderName> {
    let shown = headers.iter().filter(|(_, value)| contains_subscription_key(value.as_bytes()));
    shown.map(|(name, _)| name.clone()).collect()
}

/// Removes the headers with a subscription key.
pub(crate) fn remove_keys(headers: &mut HeaderMap) {
    for name in headers_with_keys(headers) {
        headers.remove(name);
    }
}

/// True if a header `Authorization` has a token. Its text, often of a kilobyte, is not looked through for this.
fn is_bearer(value: &HeaderValue) -> bool {
    value.as_bytes().get(..BEARER.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(BEARER))
}

/// True if a header `Authorization` has a token, also in a form in which no token is taken.
fn has_token(value: &HeaderValue) -> bool {
    is_bearer(value) || contains_json_web_token(value.as_bytes())
}

const BEARER: &[u8] = b"Bearer ";

/// Returns the token of a header `Authorization` (RFC 6750, section 2.1).
pub(super) fn bearer_token(value: &HeaderValue) -> Option<&str> {
    let token = value.as_bytes().get(BEARER.len()..).filter(|_| is_bearer(value))?;
    Some(std::str::from_utf8(token).ok()?.trim_matches(' '))
}

/// Names the credential of a request that shows none of those that its route takes.
pub(super) fn credential_not_taken(headers: &HeaderMap) -> Option<CredentialKind> {
    if is_signed(headers) || headers.contains_key(SIGNATURE_INPUT) {
        return Some(CredentialKind::Signature);
    }
    headers.get_all(AUTHORIZATION).iter().any(is_bearer).then_some(CredentialKind::Token)
}

/// Returns the header with the subscription key and its place among the names, if there is one: the first of them that
/// is there, which must stand once.
pub(super) fn subscription_key<'h>(
    headers: &'h HeaderMap,
    names: &[HeaderName],
) -> Result<Option<(usize, &'h HeaderValue)>, Denial> {
    for (place, name) in names.iter().enumerate() {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => {}
            (Some(value), None) => return Ok(Some((place, value))),
            (Some(_), Some(_)) => return Err(Denial::Malformed),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::config::KeyFetchTimes;
    use crate::gateway::issuer_keys::IssuerKeySets;
    use crate::model::SignatureAuth;
    use crate::routes::TokenAccess;

    /// A subscription key with its checksum.
    const KEY: &str = "apk_ci123456_0123456789012345678901234567890123456789012_bfbe4588";

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for &(name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    /// Rules that take some kinds of credentials.
    fn rules(takes: &str, passes_credentials: bool) -> AccessRules {
        let token = || {
            let auth = serde_json::json!({"issuer": "https://id.example", "audience": ["a"], "jwks": "a.json"});
            let auth = serde_json::from_value(auth).expect("settings");
            let issuers = IssuerKeySets::new(KeyFetchTimes::default());
            TokenRules::new(&TokenAccess { auth, scopes: Vec::new() }, &issuers)
        };
        AccessRules::new(
            takes.contains("signature").then(SignatureAuth::default).as_ref(),
            takes.contains("subscription").then(SubscriptionAuth::default).as_ref(),
            takes.contains("token").then(token),
            AccessFlags { passes_credentials, unsigned_body: false },
        )
    }

    #[test]
    fn a_backend_gets_no_credential_that_the_route_takes_whichever_let_the_request_in() {
        let signed = ("authorization", "JDCLOUD2-HMAC-SHA256 Credential=a");
        let (bearer, basic) = (("authorization", "Bearer a.b.c"), ("authorization", "Basic YTpi"));
        let message = [("signature-input", "a=();b, c=()"), ("signature", "a=:YQ==:, c=:YQ==:")];
        let own = ("x-api-key", "of the backend");
        let of_apigw = ("x-api-key", KEY);
        let of_other_group = ("x-shop-key", KEY);
        let twice = ("x-other", "apk_ci123456_0123456789012345678901234567890123456789012_bfbe4588, a");
        let in_scheme = ("authorization", "ApiKey apk_ci123456_0123456789012345678901234567890123456789012_bfbe4588");
        for (takes, shown, passed) in [
            ("signature", vec![signed, message[0], message[1], basic, own], vec![own]),
            ("signature", vec![message[0], message[1], bearer, of_apigw], vec![bearer]),
            ("subscription", vec![own, signed, message[0], message[1]], vec![signed, message[0], message[1]]),
            ("subscription", vec![of_apigw, bearer], vec![bearer]),
            ("subscription", vec![own, of_other_group, twice, in_scheme], vec![]),
            ("token", vec![bearer, message[0], message[1], own], vec![message[0], message[1], own]),
            ("token", vec![bearer, of_apigw], vec![]),
            ("signature subscription token", vec![of_apigw, bearer, message[0], message[1]], vec![]),
            ("signature subscription token", vec![own, signed, bearer], vec![]),
            ("subscription token", vec![own, basic], vec![basic]),
            ("subscription token", vec![own, ("authorization", "Bearer\teyJhbGciOiJSUzI1NiJ9.e30.YQ")], vec![]),
            ("subscription token", vec![own, ("authorization", "eyJhbGciOiJSUzI1NiJ9.e30.YQ")], vec![]),
            ("subscription token", vec![own, ("authorization", "Bearer:eyJhbGciOiJSUzI1NiJ9.e30.YQ")], vec![]),
            ("subscription token", vec![own, ("authorization", "Bearer%20eyJhbGciOiJSUzI1NiJ9.e30.YQ")], vec![]),
            ("subscription token", vec![own, ("authorization", "Bearer+(eyJhbGciOiJSUzI1NiJ9.e30.YQ).")], vec![]),
            ("subscription token", vec![own, ("authorization", "Token [IHsiYWxnIjoiUlMyNTYifQ.e30.YQ.]")], vec![]),
            (
                "subscription token",
                vec![own, ("authorization", "Digest uri=\"/monkey.a.b\"")],
                vec![("authorization", "Digest uri=\"/monkey.a.b\"")],
            ),
            ("subscription token", vec![own, ("authorization", "Basic x, Bearer eyJhbGciOiJSUzI1NiJ9.e30.YQ")], vec![]),
            (
                "subscription",
                vec![own, ("x_api_key", "of the caller"), ("x_api_keys", "other")],
                vec![("x_api_keys", "other")],
            ),
        ] {
            for passes_credentials in [false, true] {
                let mut rewritten = headers(&shown);
                rules(takes, passes_credentials).rewrite(&mut rewritten, None);
                let expected = headers(if passes_credentials { &shown } else { &passed });
                assert_eq!(rewritten, expected, "{takes}: {shown:?}");
            }
        }
    }

    #[test]
    fn a_token_beside_bytes_that_are_no_text_is_kept_from_the_backend_too() {
        let mut sent = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"Basic \xff, Bearer\xa0eyJhbGciOiJSUzI1NiJ9.e30.YQ").expect("a value");
        sent.insert(AUTHORIZATION, value);
        rules("subscription token", false).rewrite(&mut sent, None);
        assert!(sent.is_empty(), "{sent:?}");
    }

    #[test]
    fn a_credential_that_the_route_does_not_take_is_named() {
        for (name, value, expected) in [
            ("authorization", "JDCLOUD2-HMAC-SHA256 Credential=a", Some(CredentialKind::Signature)),
            ("signature-input", "apigw=()", Some(CredentialKind::Signature)),
            ("authorization", "Bearer a.b.c", Some(CredentialKind::Token)),
            ("authorization", "Basic YTpi", None),
            ("x-trace", "7", None),
        ] {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            assert_eq!(credential_not_taken(&headers), expected, "{name}: {value}");
        }
    }
}
