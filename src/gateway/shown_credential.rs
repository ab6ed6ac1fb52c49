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
    /// A header `Authorization` with a token, its claims, and the rule that says who may call with it.
    Token(HeaderValue, Arc<TokenClaims>, TokenGrant),
}

/// The credential of a request whose response lasts, in memory of its own.
pub(crate) enum LastingCredential {
    Subscription(HeaderName, HeaderValue),
    Signer(Box<str>),
    /// A token as it was let in: its claims say whose it is when it is no longer good, too.
    Token(HeaderValue, Arc<TokenClaims>, TokenGrant),
}

impl ShownCredential {
    /// Copies the credential of a request that these rules have let in.
    pub(crate) fn outlive_request(&self, rules: &AccessRules) -> Option<LastingCredential> {
        Some(match self {
            Self::Subscription(place, text) => {
                LastingCredential::Subscription(rules.key_headers.get(*place)?.clone(), copied(text)?)
            }
            Self::Signer(id) => LastingCredential::Signer(id.clone()),
            Self::Token(value, claims, grant) => LastingCredential::Token(copied(value)?, Arc::clone(claims), *grant),
        })
    }
}

/// Copies a value, which would keep the whole head of its request in memory.
fn copied(value: &HeaderValue) -> Option<HeaderValue> {
    HeaderValue::from_bytes(value.as_bytes()).ok()
}
