//! Credentials that clients are made with in samples.

use crate::model::{Auth, SubscriptionAuth};
use crate::routes::{Credential, RouteAccess};
use crate::share::model::DefinitionModel;

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
        place: KeyPlace,
        name: String,
    },
}

/// The place of a key in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyPlace {
    Header,
    Query,
    Cookie,
}

impl KeyPlace {
    /// Returns the name that all clients give to it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query",
            Self::Cookie => "cookie",
        }
    }
}

/// The code that makes credentials, with the name that it imports.
pub(super) struct CredentialCode {
    pub(super) import: &'static str,
    pub(super) code: String,
}

impl SampleCredential {
    /// Lists the kinds that a group takes, of which one suffices.
    pub(super) fn of_group(auth: &Auth) -> Vec<Self> {
        let subscription = auth.subscription.as_ref().map(Self::subscription);
        let signature = auth.signature.as_ref().map(|_| Self::Signature);
        let token = auth.token.as_ref().map(|_| Self::Bearer);
        [subscription, signature, token].into_iter().flatten().collect()
    }

    /// Lists the credentials that an operation asks for together: those that need the least of a caller.
    pub(super) fn of_operation(access: &RouteAccess) -> Vec<Self> {
        match access {
            RouteAccess::Anyone => Vec::new(),
            RouteAccess::Key { subscription: Some(found), .. } => vec![Self::subscription(found)],
            RouteAccess::Key { signature: Some(_), .. } => vec![Self::Signature],
            RouteAccess::Key { .. } => vec![Self::Bearer],
            RouteAccess::Presence { .. } => access.fewest_credentials().iter().map(Self::shown).collect(),
        }
    }

    /// True if a mock of a group asks callers for the credentials that the definition declares.
    pub(super) fn are_asked_by_mock(model: &DefinitionModel) -> bool {
        model.operations.iter().any(|operation| operation.mock_access != RouteAccess::Anyone)
    }

    fn subscription(auth: &SubscriptionAuth) -> Self {
        Self::Subscription(auth.first_header().to_owned())
    }

    fn shown(credential: &Credential) -> Self {
        let key = |place, name: &str| Self::Key { place, name: name.to_owned() };
        match credential {
            Credential::Header(name) => key(KeyPlace::Header, name),
            Credential::Query(name) => key(KeyPlace::Query, name),
            Credential::Cookie(name) => key(KeyPlace::Cookie, name),
            Credential::Authorization(scheme) if scheme == "bearer" => Self::Bearer,
            Credential::Authorization(scheme) if scheme == "basic" => Self::Basic,
            Credential::Authorization(_) => key(KeyPlace::Header, "authorization"),
        }
    }
}
