//! The extension `x-apigw-mock`: a plain body, or a response with status, headers, media type and body.

use crate::definition::document::Node;
use crate::model::{Location, nearest};

/// The fields of a response.
const FIELDS: [&str; 4] = ["status", "headers", "mediaType", "body"];

/// A parsed `x-apigw-mock`.
pub(super) struct MockExtension<'d> {
    /// The status, if it is valid for a final response.
    pub(super) status: Option<u16>,
    /// True if it is a response with fields; false if the whole value is the body.
    pub(super) is_response: bool,
    /// A likely mistake in the value, with its location.
    pub(super) doubt: Option<(Location, String)>,
    node: Node<'d>,
}

impl<'d> MockExtension<'d> {
    /// Parses a value.
    pub(super) fn read(node: Node<'d>) -> Self {
        let status = node.get("status").and_then(Node::as_number).and_then(serde_json::Number::as_u64);
        let status = status.and_then(|status| u16::try_from(status).ok()).filter(|code| (200..=599).contains(code));
        let is_response =
            (node.get("body").is_some() || status.is_some()) && node.entries().all(|(name, _)| FIELDS.contains(&name));
        let mut mock = Self { status, is_response, doubt: None, node };
        mock.doubt = mock.find_doubt();
        mock
    }

    /// Returns the body, if any.
    pub(super) fn body(&self) -> Option<Node<'d>> {
        if self.is_response { self.node.get("body") } else { Some(self.node) }
    }

    /// Returns another field of a response.
    pub(super) fn field(&self, name: &str) -> Option<Node<'d>> {
        self.node.get(name).filter(|_| self.is_response)
    }

    /// Detects a value that was probably meant differently.
    fn find_doubt(&self) -> Option<(Location, String)> {
        let node = self.node;
        if self.is_response {
            let is_wrong = node.get("status").is_some() && self.status.is_none();
            let message = "the `status` of `x-apigw-mock` is not a valid status code, and is not sent".to_owned();
            return is_wrong.then(|| (node.key_location("status"), message));
        }
        if let Some((name, _)) = node.entries().find(|(name, _)| !FIELDS.contains(name)) {
            let near = nearest(name, FIELDS).map(|near| format!("; did you mean {near:?}?"));
            let is_mixed = node.entries().any(|(name, _)| FIELDS.contains(&name));
            let message = format!("`x-apigw-mock` has no field {name:?}, so that the whole value is taken as the body");
            return (is_mixed || near.is_some())
                .then(|| (node.key_location(name), format!("{message}{}", near.unwrap_or_default())));
        }
        let (name, _) = node.entries().next()?;
        let message = "`x-apigw-mock` has neither a `body` nor a `status` of a response, so that the whole value is taken \
                       as the body";
        Some((node.key_location(name), message.to_owned()))
    }
}
