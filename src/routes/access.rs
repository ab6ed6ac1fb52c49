//! Access to a route.

use schemars::JsonSchema;
use serde::Serialize;

use crate::definition::{Api, Definition, Node, ParameterPlace, SecurityKind};
use crate::model::{GroupSettings, SignatureAuth, SubscriptionAuth, TokenAuth, is_token};

/// The callers of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum RouteAccess {
    /// Anybody may call.
    Anyone,
    /// Requests that show a key in one of these ways.
    Key {
        /// A signature.
        signature: Option<SignatureAuth>,
        /// The text of a subscription key, in a header.
        subscription: Option<SubscriptionAuth>,
        /// A token.
        token: Option<TokenAccess>,
        /// True if the backend gets the credentials too.
        pass_credentials: bool,
        /// True if a signature need not cover the body.
        unsigned_body: bool,
    },
    /// Requests to a mock with all credentials of one of these lists. Nobody can say whether they are right.
    Presence {
        /// The lists.
        any_of: Vec<Vec<Credential>>,
    },
}

/// The tokens that let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TokenAccess {
    /// The settings of the group.
    #[serde(flatten)]
    pub auth: TokenAuth,
    /// The scopes: all of one of these lists.
    pub scopes: Vec<Vec<String>>,
}

/// Lists the scopes that an API asks for of tokens, a list for each alternative that is met by a token.
fn scopes(definition: &Definition, api: &Api) -> Vec<Vec<String>> {
    let is_token = |name: &str| {
        let scheme = definition.security_schemes.iter().find(|scheme| scheme.name == name);
        scheme.is_some_and(|scheme| scheme.kind.is_token())
    };
    let of_requirement = |requirement: &Vec<(String, Vec<String>)>| {
        let mut tokens = requirement.iter().filter(|(name, _)| is_token(name)).peekable();
        tokens.peek()?;
        Some(tokens.flat_map(|(_, scopes)| scopes.iter().cloned()).collect())
    };
    api.security.iter().filter_map(of_requirement).collect()
}

/// True if the definition says that signatures of an API's requests need not cover the body.
fn has_unsigned_body(definition: &Definition, api: &Api) -> bool {
    let node = api.extension("x-apigw-unsigned-body").map(|node| definition.node(node));
    node.and_then(Node::as_bool) == Some(true)
}

/// A credential that a request shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Credential {
    /// A header of this name.
    Header(String),
    /// A query parameter of this name.
    Query(String),
    /// A cookie of this name.
    Cookie(String),
    /// A scheme of the header `Authorization`, in lower case.
    Authorization(String),
}

/// The refusal of a caller who shows no whole list of credentials.
pub(crate) struct MissingCredentials {
    /// The sentence about it.
    pub(crate) detail: String,
    /// The value of `WWW-Authenticate`, with one challenge at least (RFC 9110, section 11.6.1).
    pub(crate) challenge: String,
}

impl MissingCredentials {
    /// Writes the refusal of a route that asks for one of some lists.
    pub(crate) fn new(any_of: &[Vec<Credential>]) -> Self {
        let list = |list: &Vec<Credential>| list.iter().map(Credential::description).collect::<Vec<_>>().join(" and ");
        let lists: Vec<String> = any_of.iter().map(list).collect();
        let mut challenges: Vec<String> = Vec::new();
        for challenge in any_of.iter().flatten().map(Credential::challenge) {
            if !challenges.contains(&challenge) {
                challenges.push(challenge);
            }
        }
        Self { detail: format!("The request needs {}.", lists.join(", or ")), challenge: challenges.join(", ") }
    }
}

impl Credential {
    /// Returns the name of the parameter, or of the scheme.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Header(name) | Self::Query(name) | Self::Cookie(name) | Self::Authorization(name) => name,
        }
    }

    /// Returns the challenge that asks for it (RFC 9110, section 11.6.1; RFC 7617; RFC 6750). Keys have no registered
    /// scheme, and a scheme that is no token cannot be asked for: nobody can show its credentials.
    fn challenge(&self) -> String {
        match self {
            Self::Authorization(scheme) if scheme == "basic" => "Basic realm=\"api\"".to_owned(),
            Self::Authorization(scheme) if scheme == "bearer" => "Bearer".to_owned(),
            Self::Authorization(scheme) if is_token(scheme) => scheme.clone(),
            Self::Authorization(_) | Self::Header(_) | Self::Query(_) | Self::Cookie(_) => "ApiKey".to_owned(),
        }
    }

    fn description(&self) -> String {
        match self {
            Self::Header(name) => format!("the header {name}"),
            Self::Query(name) => format!("the query parameter {name}"),
            Self::Cookie(name) => format!("the cookie {name}"),
            Self::Authorization(scheme) => format!("the header Authorization with {scheme} credentials"),
        }
    }
}

impl RouteAccess {
    /// Lists the scopes that a token needs, an alternative each.
    pub(crate) fn scopes(&self) -> Vec<String> {
        match self {
            Self::Key { token: Some(token), .. } => token.scopes.iter().map(|all| all.join(" and ")).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the credentials of a mock that need the least of a caller; none where it asks for none.
    pub(crate) fn fewest_credentials(&self) -> &[Credential] {
        match self {
            Self::Presence { any_of } => any_of.iter().min_by_key(|list| list.len()).map_or(&[], Vec::as_slice),
            Self::Anyone | Self::Key { .. } => &[],
        }
    }

    /// Decides who may call an API of a group, which has a mock or a real backend.
    pub(crate) fn new(definition: &Definition, api: &Api, settings: &GroupSettings, is_mock: bool) -> Self {
        let auth = &settings.auth;
        match is_mock {
            true if settings.mock.check_security => Self::presence(definition, api),
            false if !auth.is_none() => Self::Key {
                signature: auth.signature.clone(),
                subscription: auth.subscription.clone(),
                token: auth.token.clone().map(|auth| TokenAccess { auth, scopes: scopes(definition, api) }),
                pass_credentials: settings.forwarding.pass_credentials,
                unsigned_body: auth.signature.is_some() && has_unsigned_body(definition, api),
            },
            _ => Self::Anyone,
        }
    }

    /// Reads the credentials that an API asks for; anybody may call where those are none that a request shows.
    fn presence(definition: &Definition, api: &Api) -> Self {
        let scheme = |name: &String| definition.security_schemes.iter().find(|scheme| scheme.name == *name);
        let requirement = |names: &Vec<(String, Vec<String>)>| -> Vec<Credential> {
            names.iter().filter_map(|(name, _)| Credential::of(&scheme(name)?.kind)).collect()
        };
        let any_of: Vec<Vec<Credential>> = api.security.iter().map(requirement).collect();
        // One that asks for nothing that can be seen is always met.
        if any_of.iter().any(Vec::is_empty) || any_of.is_empty() { Self::Anyone } else { Self::Presence { any_of } }
    }
}

impl Credential {
    /// Returns the credential that a security scheme asks for; `None` for one that no request shows.
    pub(crate) fn of(kind: &SecurityKind) -> Option<Self> {
        match kind {
            SecurityKind::ApiKey { place: ParameterPlace::Header, name } => Some(Self::Header(name.clone())),
            SecurityKind::ApiKey { place: ParameterPlace::Query, name } => Some(Self::Query(name.clone())),
            SecurityKind::ApiKey { place: ParameterPlace::Cookie, name } => Some(Self::Cookie(name.clone())),
            SecurityKind::Http { scheme } => Some(Self::Authorization(scheme.clone())),
            SecurityKind::OAuth2 | SecurityKind::OpenIdConnect => Some(Self::Authorization("bearer".to_owned())),
            // A client certificate is shown to the TLS terminator alone, and an unknown scheme has no credentials to
            // look for.
            _ => None,
        }
    }
}
