//! The verdict on a request that a proxy describes, as Envoy's `ext_authz` does over HTTP: the request itself, with its
//! body, below the path `/-/authorize`.
//!
//! It takes the steps of a request that is served, up to the size of the body; one that is signed is received too: 200
//! lets it in, with the name of the key in `x-apigw-key`; every other response is the one for the caller.

use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};

use super::exchange::ResponseOutcome;
use crate::gateway::access_rules::{AccessRules, headers_with_keys};
use crate::gateway::headers::X_APIGW_KEY;
use crate::model::KeyName;

/// The path below which requests are described.
const PREFIX: &str = "/-/authorize";
/// The header that tells Envoy which headers of the request the backend must not see.
const HEADERS_TO_REMOVE: HeaderName = HeaderName::from_static("x-envoy-auth-headers-to-remove");

/// Returns the target of the described request, without the prefix; `None` if there is no prefix.
pub(super) fn described_target(parts: &Parts) -> Option<Uri> {
    let target = parts.uri.path_and_query()?.as_str().strip_prefix(PREFIX)?;
    if !target.starts_with('/') {
        return None;
    }
    let mut uri = parts.uri.clone().into_parts();
    uri.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(uri).ok()
}

/// Builds the response that admits a request; `passes_credentials` says whether the group's backend gets those of its
/// callers.
pub(super) fn allowed(
    caller: Option<(&AccessRules, Option<&KeyName>)>,
    request: &HeaderMap,
    passes_credentials: bool,
) -> ResponseOutcome {
    let mut headers = HeaderMap::new();
    let key = caller.and_then(|(_, key)| key).and_then(|key| HeaderValue::from_str(key.as_str()).ok());
    let credentials = caller.into_iter().flat_map(|(rules, _)| rules.credentials_of(request));
    let mut removed: Vec<HeaderName> = credentials.filter(|name| request.contains_key(*name)).cloned().collect();
    removed.extend(caller.iter().flat_map(|(rules, _)| rules.misspelled_keys(request)));
    if !passes_credentials {
        let with_keys = headers_with_keys(request).into_iter().filter(|name| !removed.contains(name));
        let with_keys: Vec<HeaderName> = with_keys.collect();
        removed.extend(with_keys);
    }
    // The proxy overwrites the header where there is a key, and would remove the key with it.
    let is_forged = |name: &&HeaderName| names_key(name) && (key.is_none() || **name != X_APIGW_KEY);
    removed.extend(request.keys().filter(is_forged).cloned());
    headers.extend(key.map(|value| (X_APIGW_KEY, value)));
    let removed = removed.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(",");
    headers.extend(
        HeaderValue::try_from(removed).ok().filter(|list| !list.is_empty()).map(|list| (HEADERS_TO_REMOVE, list)),
    );
    ResponseOutcome::bytes(StatusCode::OK, headers, Bytes::new())
}

/// True if a header is `x-apigw-key`, or becomes it where underscores and hyphens are one.
fn names_key(name: &HeaderName) -> bool {
    name.as_str().replace('_', "-") == X_APIGW_KEY.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_that_of_the_described_request() {
        for (target, described) in [
            ("/-/authorize/petstore/pets?a=1&b", Some("/petstore/pets?a=1&b")),
            ("/-/authorize/", Some("/")),
            ("/-/authorize//x", Some("//x")),
            ("/-/authorize", None),
            ("/-/authorized/x", None),
            ("/petstore/pets", None),
            ("http://a.b/-/authorize/x", Some("http://a.b/x")),
        ] {
            let (parts, ()) = http::Request::builder().uri(target).body(()).expect("a request").into_parts();
            assert_eq!(described_target(&parts).map(|uri| uri.to_string()).as_deref(), described, "{target}");
        }
    }
}
