//! Names and literals of messages of Envoy.

use serde_json::{Value, json};

use crate::routes::{Route, RouteAccess};

const TYPES: &str = "type.googleapis.com/envoy";

/// The most bytes of the value of a header, by the rules of Envoy's messages.
pub(super) const MOST_HEADER_BYTES: usize = 16 * 1024;
/// The most headers that a response of a route has by its definition; Envoy adds 1,000 at most, some of which are the
/// gateway's.
pub(super) const MOST_HEADERS: usize = 900;
/// The most instructions of an expression; RE2 compiles no program of more than 131,072.
pub(super) const MOST_INSTRUCTIONS: usize = 120_000;

/// The namespace of a route's metadata.
pub(super) const METADATA: &str = "apigw";

/// True if a caller has to show a key.
pub(super) fn asks_authorizer(route: &Route) -> bool {
    matches!(route.access, RouteAccess::Key { .. })
}

/// Writes the setting of bodies that the authorizer sees: whole, up to a limit.
pub(super) fn described_body(limit: u64) -> Value {
    json!({"max_request_bytes": limit, "allow_partial_message": false})
}

/// Returns the type of a message, as `@type` names it.
pub(super) fn type_url(name: &str) -> String {
    format!("{TYPES}.{name}")
}

/// Writes a text for Envoy's formatter, which leaves it as it is.
pub(super) fn literal(text: &str) -> String {
    text.replace('%', "%%")
}
