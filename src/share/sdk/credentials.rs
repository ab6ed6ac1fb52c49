//! Credentials that clients are made with in samples.

use serde::Serialize;

use crate::model::{Auth, SubscriptionAuth};
use crate::routes::{Credential, RouteAccess};
use crate::share::model::{BackendCredential, DefinitionModel, OperationModel};

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
    /// Lists the kinds that the gateway takes for a group, of which one suffices.
    fn of_gateway(auth: &Auth) -> Vec<Self> {
        let subscription = auth.subscription.as_ref().map(Self::subscription);
        let signature = auth.signature.as_ref().map(|_| Self::Signature);
        let token = auth.token.as_ref().map(|_| Self::Bearer);
        [subscription, signature, token].into_iter().flatten().collect()
    }

    /// Lists the kinds that the operations of the API ask for beyond the gateway.
    fn of_api(model: &DefinitionModel) -> Vec<Self> {
        let asked = model.operations.iter().flat_map(|operation| operation.backend_credentials.iter().flatten());
        let mut kinds: Vec<Self> = Vec::new();
        for credential in asked.filter_map(BackendCredential::credential) {
            let kind = Self::shown(&credential);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// Lists the credentials that an operation asks for together: those that need the least of a caller.
    pub(super) fn of_operation(operation: &OperationModel, is_mock: bool) -> Vec<Self> {
        let access = operation.gateway_access(is_mock);
        let mut credentials = match access {
            RouteAccess::Anyone => Vec::new(),
            RouteAccess::Key { subscription: Some(found), .. } => vec![Self::subscription(found)],
            RouteAccess::Key { signature: Some(_), .. } => vec![Self::Signature],
            RouteAccess::Key { .. } => vec![Self::Bearer],
            RouteAccess::Presence { .. } => access.fewest_credentials().iter().map(Self::shown).collect(),
        };
        credentials.extend(operation.fewest_credentials_beyond(is_mock).iter().map(Self::shown));
        credentials
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

/// The credentials of a package as its README tells of them.
#[derive(Debug, Serialize)]
pub(super) struct CredentialsContext {
    /// The names that their code imports.
    imports: Vec<&'static str>,
    /// Those that the gateway takes, of which one suffices.
    gateway: Vec<String>,
    /// Those that the API behind it asks for, each operation for its own.
    api: Vec<String>,
    /// True if mocks ask for credentials too.
    mock_asks: bool,
}

impl CredentialsContext {
    /// Describes the credentials of a definition, written in a language.
    pub(super) fn new(model: &DefinitionModel, write: fn(&SampleCredential) -> CredentialCode) -> Self {
        let mut imports = Vec::new();
        let mut codes = |kinds: Vec<SampleCredential>| -> Vec<String> {
            let mut code = |kind| {
                let CredentialCode { import, code } = write(kind);
                if !imports.contains(&import) {
                    imports.push(import);
                }
                code
            };
            kinds.iter().map(&mut code).collect()
        };
        let gateway = codes(SampleCredential::of_gateway(&model.auth));
        let api = codes(SampleCredential::of_api(model));
        let mock_asks = model.operations.iter().any(|operation| operation.mock_access != RouteAccess::Anyone);
        Self { imports, gateway, api, mock_asks }
    }
}
