//! The security of a bundled definition: what callers show in the environment, to the gateway and to the backend.

use serde_json::{Map, Value, json};

use super::source::ReferenceSource;
use crate::model::{KeyKind, SubscriptionAuth};

/// The credentials that the environment of a bundle asks for.
#[derive(Debug)]
pub(super) enum BundledAccess {
    /// None: a mock answers anybody.
    Nobody,
    /// Those of the definition, and one of these of the gateway, if there are any.
    Declared {
        /// The security schemes of the gateway by their names.
        gateway: Map<String, Value>,
    },
}

impl BundledAccess {
    pub(super) fn new(source: ReferenceSource<'_>) -> Self {
        let settings = source.settings;
        if source.is_mock() {
            let declared = Self::Declared { gateway: Map::new() };
            return if settings.mock.check_security { declared } else { Self::Nobody };
        }
        let auth = &settings.auth;
        let header = auth.subscription.as_ref().map(SubscriptionAuth::first_header);
        let scheme = |kind: KeyKind| match (kind, header) {
            (KeyKind::Subscription, Some(header)) => json!({"type": "apiKey", "in": "header", "name": header}),
            // RFC 6750, section 2.1: a client that took it for a plain header would send the token without `Bearer`.
            (KeyKind::Token, _) => json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
            (KeyKind::Signature | KeyKind::Subscription, _) => {
                json!({"type": "apiKey", "in": "header", "name": "Authorization", "description": format!("a {kind} of the request")})
            }
        };
        Self::Declared { gateway: auth.kinds().map(|kind| (format!("gateway_{kind}"), scheme(kind))).collect() }
    }

    /// Combines alternatives of the definition with those of the gateway, of which one suffices; `None` if nobody asks.
    pub(super) fn combined(&self, declared: &Value) -> Option<Value> {
        let gateway = match self {
            Self::Nobody => return None,
            Self::Declared { gateway } if gateway.is_empty() => return Some(declared.clone()),
            Self::Declared { gateway } => gateway,
        };
        let nothing = vec![json!({})];
        let declared = declared.as_array().filter(|list| !list.is_empty()).unwrap_or(&nothing);
        let both = |requirement: &Value, name: &String| {
            let mut requirement = requirement.as_object().cloned().unwrap_or_default();
            requirement.insert(name.clone(), json!([]));
            Value::Object(requirement)
        };
        Some(declared.iter().flat_map(|requirement| gateway.keys().map(move |name| both(requirement, name))).collect())
    }

    /// Adds the schemes of the gateway, and asks for one of them where the definition asks for nothing.
    pub(super) fn add_schemes(&self, document: &mut Map<String, Value>) {
        let Self::Declared { gateway } = self else { return };
        if gateway.is_empty() {
            return;
        }
        let components = document.entry("components").or_insert_with(|| json!({}));
        let schemes =
            components.as_object_mut().map(|found| found.entry("securitySchemes").or_insert_with(|| json!({})));
        if let Some(schemes) = schemes.and_then(Value::as_object_mut) {
            schemes.extend(gateway.clone());
        }
        if !document.contains_key("security") {
            document.extend(self.combined(&Value::Null).map(|security| ("security".to_owned(), security)));
        }
    }
}
