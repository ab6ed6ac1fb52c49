//! The credential that let a request in, kept to be looked at again while the response lasts.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::access_rules::AccessRules;
use crate::access::token::TokenClaims;
use crate::model::TokenGrant;

/// The credential of a request that was let in. It shares the memory of the request, so that it costs a short response
/// next to nothing.
#[derive(Clone)]
pub(crate) enum ShownCredential {
    /// A subscription key, with the place of its header among those of the route.
    Subscription(usize, HeaderValue),
    /// The id of the secret or the pair by which the request was signed.
    Signer(Box<str>),
    /// A header `Authorization` with a token.
    Token(HeaderValue),
}

/// The credential of a request whose response lasts, in memory of its own.
pub(crate) enum LastingCredential {
    Subscription(HeaderName, HeaderValue),
    Signer(Box<str>),
    /// A token, with its claims and the rule that says who may call with it, where it is good still.
    Token(HeaderValue, Option<(Arc<TokenClaims>, TokenGrant)>),
}

impl ShownCredential {
    /// Copies the credential of a request that these rules have let in; `claims` finds those of a token.
    pub(crate) fn outlive_request(
        &self,
        rules: &AccessRules,
        claims: impl FnOnce(&HeaderValue) -> Option<(Arc<TokenClaims>, TokenGrant)>,
    ) -> Option<LastingCredential> {
        Some(match self {
            Self::Subscription(place, text) => {
                LastingCredential::Subscription(rules.key_headers.get(*place)?.clone(), copied(text)?)
            }
            Self::Signer(id) => LastingCredential::Signer(id.clone()),
            Self::Token(value) => LastingCredential::Token(copied(value)?, claims(value)),
        })
    }
}

/// Copies a value, which would keep the whole head of its request in memory.
fn copied(value: &HeaderValue) -> Option<HeaderValue> {
    HeaderValue::from_bytes(value.as_bytes()).ok()
}
