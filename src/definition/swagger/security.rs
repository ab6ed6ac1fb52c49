//! Security definitions.

use serde_json::{Map, Value, json};

use super::super::document::Node;
use super::converter::SwaggerConverter;

impl<'d> SwaggerConverter<'d, '_> {
    /// Converts a security definition; one of an unknown kind is dropped with a finding.
    pub(super) fn security_scheme(&mut self, name: &str, node: Node<'d>, into: &mut Map<String, Value>) -> Option<()> {
        let mut scheme = Map::new();
        match node.get("type").and_then(Node::as_str) {
            Some("basic") => {
                scheme.insert("type".to_owned(), "http".into());
                scheme.insert("scheme".to_owned(), "basic".into());
            }
            Some("apiKey") => self.copy(node, &mut scheme, &["type", "name", "in"])?,
            Some("oauth2") => {
                scheme.insert("type".to_owned(), "oauth2".into());
                let flows = self.flows(node)?;
                scheme.insert("flows".to_owned(), flows);
            }
            _ => {
                self.loses(node, "OpenAPI 2.0 knows no such kind of security", "use basic, apiKey or oauth2");
                return Some(());
            }
        }
        self.copy(node, &mut scheme, &["description"])?;
        self.extensions(node, &mut scheme)?;
        into.insert(name.to_owned(), Value::Object(scheme));
        Some(())
    }

    fn flows(&mut self, node: Node<'d>) -> Option<Value> {
        let name = match node.get("flow").and_then(Node::as_str) {
            Some("implicit") => "implicit",
            Some("password") => "password",
            Some("application") => "clientCredentials",
            Some("accessCode") => "authorizationCode",
            _ => {
                self.loses(node, "OpenAPI 2.0 knows no such flow of OAuth 2.0", "name one of its four flows");
                return Some(json!({}));
            }
        };
        let mut flow = Map::new();
        self.copy(node, &mut flow, &["authorizationUrl", "tokenUrl", "scopes"])?;
        flow.entry("scopes").or_insert_with(|| json!({}));
        let mut flows = Map::new();
        flows.insert(name.to_owned(), Value::Object(flow));
        Some(Value::Object(flows))
    }
}
