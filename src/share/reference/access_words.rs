//! Callers of an operation in words: credentials that the gateway asks for, and those of the API behind it.

use crate::definition::SecurityKind;
use crate::routes::{Credential, RouteAccess};
use crate::share::model::{BackendCredential, OperationModel};

/// Describes who may call an operation, which has a mock or a real backend.
pub(super) fn access_words(operation: &OperationModel, is_mock: bool) -> String {
    let backend = alternatives(operation.credentials_beyond(is_mock), backend_words);
    match (gateway_words(operation.gateway_access(is_mock)), backend) {
        (None, None) => "Anyone may call".to_owned(),
        (None, Some(backend)) => format!("The gateway lets anyone through; the API asks for {backend}"),
        (Some(gateway), None) => format!("Needs {gateway}"),
        (Some(gateway), Some(backend)) => format!("Needs {gateway}; the API asks for {backend} as well"),
    }
}

/// Names what the gateway asks for; `None` where anyone may call.
fn gateway_words(access: &RouteAccess) -> Option<String> {
    match access {
        RouteAccess::Anyone => None,
        RouteAccess::Key { signature, subscription, token, .. } => {
            let subscription =
                subscription.as_ref().map(|found| format!("a subscription key in the header {}", found.first_header()));
            let scopes = access.scopes().join(", or ");
            let scopes = if scopes.is_empty() { scopes } else { format!(" with {scopes}") };
            let token = token.as_ref().map(|token| format!("a token of {}{scopes}", token.auth.issuer));
            let signature = signature.as_ref().map(|_| "a signature".to_owned());
            let ways: Vec<String> = [signature, subscription, token].into_iter().flatten().collect();
            Some(ways.join(" or "))
        }
        RouteAccess::Presence { any_of } => alternatives(any_of, credential_words),
    }
}

/// Joins lists of which one suffices; `None` where there are none.
fn alternatives<T>(lists: &[Vec<T>], words: fn(&T) -> String) -> Option<String> {
    let list = |list: &Vec<T>| list.iter().map(words).collect::<Vec<_>>().join(" and ");
    (!lists.is_empty()).then(|| lists.iter().map(list).collect::<Vec<_>>().join(", or "))
}

fn credential_words(credential: &Credential) -> String {
    match credential {
        Credential::Header(name) => format!("the header {name}"),
        Credential::Query(name) => format!("the query parameter {name}"),
        Credential::Cookie(name) => format!("the cookie {name}"),
        Credential::Authorization(scheme) => format!("{scheme} credentials"),
    }
}

fn backend_words(asked: &BackendCredential) -> String {
    let scheme = &asked.scheme;
    match (&asked.kind, asked.credential()) {
        (SecurityKind::OAuth2 | SecurityKind::OpenIdConnect, _) if asked.scopes.is_empty() => {
            format!("a token of {scheme}")
        }
        (SecurityKind::OAuth2 | SecurityKind::OpenIdConnect, _) => {
            format!("a token of {scheme} ({})", asked.scopes.join(", "))
        }
        (SecurityKind::MutualTls, _) => "a client certificate".to_owned(),
        (_, Some(credential)) => credential_words(&credential),
        (_, None) => scheme.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::share::reference::tests::{definition, rendered_real, text_of};

    /// Returns the Markdown of an operation with this security, and the index of its group.
    fn pages(security: &str, settings: &str) -> [String; 2] {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\ncomponents: {{securitySchemes: {{O: {{type: oauth2, flows: {{clientCredentials: {{tokenUrl: \
             'https://i.example/token', scopes: {{write: Write it}}}}}}}}, \
             K: {{type: apiKey, in: header, name: X-K}}, B: {{type: http, scheme: basic}}, M: {{type: mutualTLS}}}}}}\n\
             paths: {{/p: {{get: {{operationId: o, security: {security}, responses: {{'204': {{description: d}}}}}}}}}}\n"
        );
        let files = rendered_real(&definition(&text), settings);
        ["operations/op-o.md", "llms.txt"].map(|path| text_of(&files, path))
    }

    #[test]
    fn an_operation_tells_which_credentials_the_api_behind_the_gateway_asks_for() {
        let through = "The gateway lets anyone through; the API asks for";
        let key = "auth: {subscription: {headers: [X-G]}}\n";
        let needs = "Needs a subscription key in the header X-G";
        let (beyond, only_gateway) = (format!("{needs}; the API asks for"), format!("{needs}.\n"));
        let token = "auth: {token: {issuer: 'https://i.example', audience: [a], jwks: 'https://i.example/keys'}}\n";
        for (security, settings, words, request) in [
            ("[]", "", "Anyone may call.", "/p'\n"),
            ("[{}, {O: []}]", "", "Anyone may call.", "/p'\n"),
            (
                "[{O: [write]}]",
                "",
                &format!("{through} a token of O (write).")[..],
                "-H 'Authorization: Bearer YOUR_TOKEN'",
            ),
            ("[{K: []}]", "", &format!("{through} the header X-K."), "-H 'X-K: YOUR_KEY'"),
            ("[{M: []}, {B: [], K: []}]", "", &format!("{through} a client certificate, or"), "-H 'X-K: YOUR_KEY'"),
            ("[{O: []}]", key, &format!("{beyond} a token of O as well."), "-H 'Authorization: Bearer YOUR_TOKEN'"),
            (
                "[{K: []}]",
                "auth: {subscription: {headers: [x-k]}}\n",
                "subscription key in the header x-k.\n",
                "-H 'x-k: ",
            ),
            ("[]", key, &only_gateway, "-H 'X-G: YOUR_KEY'\n"),
            ("[{O: [write]}]", token, "Needs a token of https://i.example with write.\n", "Bearer YOUR_TOKEN'\n"),
        ] {
            let [operation, index] = pages(security, settings);
            assert!(operation.contains(words) && operation.contains(request), "{security}, {settings}: {operation}");
            let is_told = index.contains("the API asks for credentials of its own");
            assert_eq!(is_told, operation.contains("the API asks for"), "{index}");
            let scheme = "- Security O: OAuth 2.0; clientCredentials: tokenUrl https://i.example/token; scope (Write it) write\n";
            assert!(index.contains(scheme), "{index}");
        }
    }
}
