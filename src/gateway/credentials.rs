//! Credentials that a definition asks callers for: that they are there, and no more.
//!
//! A mock has nobody to ask whether they are right. It can still be asked to refuse who shows none, as the real backend
//! will.

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};

use super::problem::{Kind, Problem};
use crate::definition::percent;
use crate::routes::{Credential, MissingCredentials};

/// The credentials that an API asks for: all of one of the lists.
pub(crate) struct CredentialRules(Vec<Vec<Credential>>);

impl CredentialRules {
    /// Takes the lists of credentials of which a route asks for one.
    pub(crate) fn new(any_of: &[Vec<Credential>]) -> Self {
        Self(any_of.to_vec())
    }

    /// Looks for the credentials of one of the lists.
    pub(crate) fn check(&self, query: Option<&str>, headers: &HeaderMap) -> Result<(), Problem> {
        let is_met = |list: &[Credential]| list.iter().all(|credential| is_there(credential, query, headers));
        if self.0.iter().any(|list| is_met(list)) {
            return Ok(());
        }
        let missing = MissingCredentials::new(&self.0);
        let mut problem = Problem::new(Kind::Unauthenticated, missing.detail);
        problem.challenge = Some(missing.challenge);
        Err(problem)
    }
}

fn is_there(credential: &Credential, query: Option<&str>, headers: &HeaderMap) -> bool {
    match credential {
        Credential::Header(name) => headers.get(name.as_str()).is_some_and(|value| !value.is_empty()),
        Credential::Query(name) => {
            percent::pairs(query.unwrap_or_default()).any(|(key, value)| key == *name && !value.is_empty())
        }
        Credential::Cookie(name) => {
            let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
            let mut pairs = lines
                .flat_map(|line| line.split(';'))
                .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='));
            pairs.any(|(key, value)| key == name && !value.is_empty())
        }
        Credential::Authorization(scheme) => {
            let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let (known, rest) = value.split_once(' ').unwrap_or((value, ""));
            !known.is_empty() && known.eq_ignore_ascii_case(scheme) && !rest.trim_matches(' ').is_empty()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GroupSettings;
    use crate::routes::RouteAccess;

    #[test]
    fn credentials_are_looked_for_where_the_definition_says() {
        let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\ncomponents: {securitySchemes: {\n  \
                    k: {type: apiKey, in: header, name: X-Key}, q: {type: apiKey, in: query, name: key},\n  \
                    c: {type: apiKey, in: cookie, name: sid}, b: {type: http, scheme: basic}, o: {type: oauth2, flows: {}},\n  \
                    m: {type: mutualTLS}, n: {type: http}, e: {type: http, scheme: ''}, w: {type: http, scheme: a b}}}\npaths: {/a: {get: {responses: {}, security: @}}}\n";
        for (security, headers, query, is_let_in) in [
            ("[]", &[][..], "", true),
            ("[{}]", &[], "", true),
            ("[{k: []}, {}]", &[], "", true),
            ("[{m: []}]", &[], "", true),
            ("[{unknown: []}]", &[], "", true),
            // Schemes that nobody can show: a fault of the definition opens nothing.
            ("[{n: []}]", &[("authorization", "Basic x")], "", false),
            ("[{e: []}]", &[("authorization", " x")], "", false),
            ("[{w: []}]", &[("authorization", "a x")], "", false),
            ("[{e: []}, {b: []}]", &[("authorization", "Basic x")], "", true),
            ("[{k: []}, {b: []}, {q: []}]", &[], "", false),
            ("[{k: []}]", &[], "", false),
            ("[{k: []}]", &[("x-key", "")], "", false),
            ("[{k: []}]", &[("x-key", "1")], "", true),
            ("[{q: []}]", &[], "key=1", true),
            ("[{q: []}]", &[], "key=", false),
            ("[{c: []}]", &[("cookie", "a=b; sid=1")], "", true),
            ("[{c: []}]", &[("cookie", "a=b; side=1")], "", false),
            ("[{b: []}]", &[("authorization", "Basic YTpi")], "", true),
            ("[{b: []}]", &[("authorization", "Bearer x")], "", false),
            ("[{o: [read]}]", &[("authorization", "bearer x")], "", true),
            ("[{o: [read]}]", &[("authorization", "bearer")], "", false),
            ("[{k: [], q: []}]", &[("x-key", "1")], "", false),
            ("[{k: [], q: []}]", &[("x-key", "1")], "key=2", true),
            ("[{k: []}, {q: []}]", &[], "key=2", true),
        ] {
            let text = text.replace('@', security);
            let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| std::sync::Arc::from(text.as_bytes())));
            let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
            let rules = {
                let mut settings: GroupSettings =
                    serde_yaml::from_str("schema: 1\nversion: \"0.0.1\"\nprefix: /g\n").expect("settings");
                settings.mock.check_security = true;
                match RouteAccess::new(&definition, &definition.apis[0], &settings, true) {
                    RouteAccess::Presence { any_of } => Some(CredentialRules::new(&any_of)),
                    _ => None,
                }
            };
            let mut sent = HeaderMap::new();
            for (name, value) in headers {
                sent.insert(http::HeaderName::from_static(name), http::HeaderValue::from_static(value));
            }
            let checked = rules.map_or(Ok(()), |rules| rules.check(Some(query), &sent));
            assert_eq!(checked.is_ok(), is_let_in, "{security} {headers:?} {query}: {checked:?}");
            let challenge = checked.err().and_then(|problem| problem.challenge);
            let expected = match security {
                _ if is_let_in => None,
                "[{b: []}]" => Some("Basic realm=\"api\""),
                "[{k: []}, {b: []}, {q: []}]" => Some("ApiKey, Basic realm=\"api\""),
                "[{o: [read]}]" => Some("Bearer"),
                _ => Some("ApiKey"),
            };
            assert_eq!(challenge.as_deref(), expected, "{security}");
        }
    }
}
