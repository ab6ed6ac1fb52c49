//! The headers of a request that the settings of a group see: the gateway takes some from it before it chooses a
//! backend or moves anything, and writes others once all is done.

use super::constant::is_written;
use super::table::ForwardAction;
use crate::model::{HOP_BY_HOP, ParameterReference};
use crate::routes::{RequestMapping, Route, RouteAccess};

/// True if a header, its name in lower case, is gone from each request of an API before its settings are applied:
/// claims about earlier hops, headers of one connection, and those in which callers send a key.
pub(super) fn is_never_seen(name: &str, access: &RouteAccess) -> bool {
    let is_claim = name.starts_with("x-forwarded-") || name == "x-real-ip";
    let is_of_connection = HOP_BY_HOP.iter().any(|own| own == name);
    let is_credential = match access {
        RouteAccess::Key { signature, subscription, pass_credentials: false, .. } => {
            signature.is_some() && matches!(name, "signature" | "signature-input")
                || subscription.iter().flat_map(|one| &one.headers).any(|header| is_spelling_of(name, header))
        }
        RouteAccess::Key { .. } => false,
        _ => name == "x-apigw-key",
    };
    is_claim || is_of_connection || is_credential
}

/// True if a name in lower case is that of a header where underscores and hyphens are one.
fn is_spelling_of(name: &str, header: &str) -> bool {
    name.replace('_', "-").eq_ignore_ascii_case(header)
}

/// True if a target and the gateway may see other values of a header, its name in lower case: one that either writes
/// itself, or that the gateway takes from some requests of an API.
pub(super) fn is_seen_otherwise(name: &str, access: &RouteAccess) -> bool {
    let is_of_caller = match access {
        RouteAccess::Key { signature, token, pass_credentials, .. } => {
            let is_taken = (signature.is_some() || token.is_some()) && !pass_credentials;
            name == "x-apigw-key" || name == "authorization" && is_taken
        }
        _ => false,
    };
    is_of_caller || matches!(name, "forwarded" | "via" | "x-request-id")
}

/// True if a place is a header of which a target and the gateway may see other values in requests of some routes.
pub(super) fn is_own_header(place: &ParameterReference, routes: &[Route]) -> bool {
    matches!(place, ParameterReference::Header(name) if routes.iter().any(|route| is_seen_otherwise(name, &route.access)))
}

/// Lists the mappings of a request that change something, in the order in which they are applied.
pub(super) fn applied_mappings<'r>(action: &ForwardAction<'r>) -> Vec<&'r RequestMapping> {
    let (forward, own) = (action.forward, action.own);
    let mut applied: Vec<&RequestMapping> = Vec::new();
    for mapping in forward.mappings.iter().chain(&own.mappings).filter(|mapping| is_written(mapping)) {
        if let RequestMapping::Move(moved) = mapping {
            let sets_it = |known: &&RequestMapping| *written_place(known) == moved.from;
            let is_missing =
                matches!(&moved.from, ParameterReference::Header(name) if is_never_seen(name, &action.route.access));
            if moved.from == moved.to || is_missing && !applied.iter().any(sets_it) {
                continue;
            }
        }
        applied.push(mapping);
    }
    applied
}

const fn written_place(mapping: &RequestMapping) -> &ParameterReference {
    match mapping {
        RequestMapping::Move(moved) => &moved.to,
        RequestMapping::Set(constant) => &constant.to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SignatureAuth, SubscriptionAuth};

    fn access(takes: &str, pass_credentials: bool) -> RouteAccess {
        RouteAccess::Key {
            signature: takes.contains("signature").then(SignatureAuth::default),
            subscription: takes.contains("subscription").then(SubscriptionAuth::default),
            token: None,
            pass_credentials,
            unsigned_body: false,
        }
    }

    #[test]
    fn settings_see_no_claim_and_no_credential() {
        for (name, takes, passes, is_gone, is_other) in [
            ("x-a", "", false, false, false),
            ("x-forwarded-user", "", true, true, false),
            ("x-real-ip", "", true, true, false),
            ("proxy-connection", "", true, true, false),
            ("x-api-key", "subscription", false, true, false),
            ("x_api_key", "subscription", false, true, false),
            ("x-api-key", "subscription", true, false, false),
            ("x-api-key", "signature", false, false, false),
            ("signature", "signature", false, true, false),
            ("authorization", "signature", false, false, true),
            ("authorization", "signature", true, false, false),
            ("authorization", "subscription", false, false, false),
            ("x-apigw-key", "subscription", false, false, true),
            ("x-request-id", "", false, false, true),
        ] {
            let access = access(takes, passes);
            assert_eq!(is_never_seen(name, &access), is_gone, "{name} {takes}");
            assert_eq!(is_seen_otherwise(name, &access), is_other, "{name} {takes}");
        }
        assert!(is_never_seen("x-apigw-key", &RouteAccess::Anyone));
    }
}
