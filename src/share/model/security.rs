//! Credentials that the API behind a gateway asks for by its definition, and the schemes that it declares.

use super::{SecuritySchemeModel, text};
use crate::definition::{Api, Definition, Node, SecurityKind, SecurityScheme, scalar_text};
use crate::model::SubscriptionAuth;
use crate::routes::{Credential, RouteAccess};

/// A credential that a real backend asks for, as the definition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendCredential {
    /// The name of its security scheme.
    pub scheme: String,
    /// The kind of the scheme.
    pub kind: SecurityKind,
    /// The scopes that it needs.
    pub scopes: Vec<String>,
}

impl BackendCredential {
    /// Lists the alternatives of an API, of which one suffices, without those that the gateway checks itself. None are
    /// left where one asks for nothing more.
    pub(super) fn alternatives(definition: &Definition, api: &Api, gateway: &RouteAccess) -> Vec<Vec<Self>> {
        let declared = |(name, scopes): &(String, Vec<String>)| {
            let scheme = definition.security_schemes.iter().find(|scheme| scheme.name == *name)?;
            Some(Self { scheme: name.clone(), kind: scheme.kind.clone(), scopes: scopes.clone() })
        };
        let is_asked = |credential: &Self| !credential.credential().is_some_and(|shown| is_checked(gateway, &shown));
        let alternative =
            |requirement: &Vec<_>| -> Vec<Self> { requirement.iter().filter_map(declared).filter(is_asked).collect() };
        let alternatives: Vec<Vec<Self>> = api.security.iter().map(alternative).collect();
        if alternatives.iter().any(Vec::is_empty) { Vec::new() } else { alternatives }
    }

    /// Returns what a request shows; `None` for a client certificate, and for a kind that the specification does not
    /// define.
    #[must_use]
    pub fn credential(&self) -> Option<Credential> {
        Credential::of(&self.kind)
    }
}

/// True if a gateway takes a credential for its own, which does not reach the backend.
fn is_checked(gateway: &RouteAccess, credential: &Credential) -> bool {
    let RouteAccess::Key { signature, subscription, token, .. } = gateway else { return false };
    let takes_authorization = signature.is_some() || token.is_some();
    let takes_header =
        |auth: &SubscriptionAuth, name: &str| auth.headers.iter().any(|header| header.eq_ignore_ascii_case(name));
    match credential {
        Credential::Authorization(_) => takes_authorization,
        Credential::Header(name) => {
            subscription.as_ref().is_some_and(|auth| takes_header(auth, name))
                || takes_authorization && name.eq_ignore_ascii_case("authorization")
        }
        Credential::Query(_) | Credential::Cookie(_) => false,
    }
}

impl SecuritySchemeModel {
    /// Lists the schemes of a definition.
    pub(super) fn list(definition: &Definition) -> Vec<Self> {
        definition.security_schemes.iter().map(|scheme| Self::read(definition.node(scheme.node), scheme)).collect()
    }

    fn read(node: Node<'_>, scheme: &SecurityScheme) -> Self {
        const ADDRESSES: [&str; 3] = ["authorizationUrl", "deviceAuthorizationUrl", "tokenUrl"];
        let mut addresses = Vec::new();
        let mut scopes: Vec<(String, String)> = Vec::new();
        for (flow, node) in node.get("flows").into_iter().flat_map(Node::entries) {
            let of_flow = ADDRESSES.iter().filter_map(|field| Some((format!("{flow}: {field}"), text(node, field)?)));
            addresses.extend(of_flow);
            for (name, description) in node.get("scopes").into_iter().flat_map(Node::entries) {
                if !scopes.iter().any(|(known, _)| known == name) {
                    scopes.push((name.to_owned(), scalar_text(description).unwrap_or_default()));
                }
            }
        }
        let fields = ["openIdConnectUrl", "oauth2MetadataUrl"];
        addresses.extend(fields.into_iter().filter_map(|field| Some((field.to_owned(), text(node, field)?))));
        let description = text(node, "description");
        Self { name: scheme.name.clone(), kind: scheme.kind.clone(), description, addresses, scopes }
    }
}
