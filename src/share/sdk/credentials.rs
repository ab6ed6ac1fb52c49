//! Credentials that clients are made with in samples.

use crate::model::Auth;
use crate::routes::{Credential, RouteAccess};

/// Credentials of a kind that all clients have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SampleCredential {
    /// A subscription key in this header.
    Subscription(String),
    Signature,
    Bearer,
    Basic,
    /// A text in a header, a query parameter or a cookie.
    Key {
        place: &'static str,
        name: String,
    },
}

/// The code that makes credentials, with the name that it imports.
pub(super) struct CredentialCode {
    pub(super) import: &'static str,
    pub(super) code: String,
}

impl SampleCredential {
    /// Lists the kinds that a group takes, of which one suffices.
    pub(super) fn of_group(auth: &Auth) -> Vec<Self> {
        let subscription = auth.subscription.as_ref().map(|found| Self::subscription(&found.headers));
        let signature = auth.signature.as_ref().map(|_| Self::Signature);
        let token = auth.token.as_ref().map(|_| Self::Bearer);
        [subscription, signature, token].into_iter().flatten().collect()
    }

    /// Lists the credentials that an operation asks for together: those that need the least of a caller.
    pub(super) fn of_operation(access: &RouteAccess) -> Vec<Self> {
        match access {
            RouteAccess::Anyone => Vec::new(),
            RouteAccess::Key { subscription: Some(found), .. } => vec![Self::subscription(&found.headers)],
            RouteAccess::Key { signature: Some(_), .. } => vec![Self::Signature],
            RouteAccess::Key { .. } => vec![Self::Bearer],
            RouteAccess::Presence { any_of } => {
                let fewest = any_of.iter().min_by_key(|list| list.len());
                fewest.into_iter().flatten().map(Self::shown).collect()
            }
        }
    }

    fn subscription(headers: &[String]) -> Self {
        Self::Subscription(headers.first().map_or_else(|| "x-api-key".to_owned(), Clone::clone))
    }

    fn shown(credential: &Credential) -> Self {
        let key = |place, name: &str| Self::Key { place, name: name.to_owned() };
        match credential {
            Credential::Header(name) => key("header", name),
            Credential::Query(name) => key("query", name),
            Credential::Cookie(name) => key("cookie", name),
            Credential::Authorization(scheme) if scheme == "bearer" => Self::Bearer,
            Credential::Authorization(scheme) if scheme == "basic" => Self::Basic,
            Credential::Authorization(_) => key("header", "authorization"),
        }
    }
}
