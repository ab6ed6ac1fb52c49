//! The caller's side: builds the request that a definition describes, checks it as the gateway would, and sends it.
//!
//! [`compose()`] is the inverse of reading a request: `parameters` reads its output back as the same values.

mod compose;
mod form;
mod send;
mod styles;

use bytes::Bytes;
use http::HeaderMap;

use super::validate::RequestRules;
use crate::definition::{Api, Definition};
use crate::gateway::routing::values::PathValues;
use crate::model::{PathReading, is_canonical_but_for_slashes, path_reading};
use crate::routes::PathTemplate;

pub use super::problem::Violation;
pub(crate) use super::validate::MISSING;
pub(crate) use crate::definition::percent::decode_query;
pub use compose::{BLANK, ComposeProblem, ComposedParameters, Given, UnwritableValue, compose, pick_media_type};
pub use form::{FormBody, FormField, FormProblem, compose_form};
pub use send::{CallDestination, CallError, CallResponse, OutgoingCall, send};

/// Violation by a path that has more than one reading.
const ONE_READING: &str = "a value in it is \".\" or \"..\", or has a slash, a backslash or a control character, and a path \
                           with one has more than one reading";

/// Checks a request as the gateway does where it checks requests (OpenAPI 3.1, sections 4.8.12 and 4.8.13).
/// `encoded_slashes` is the group's setting (`forwarding.encoded_slashes`).
///
/// Returns each violation of the definition.
#[must_use]
pub fn check_request(
    definition: &Definition,
    api: &Api,
    composed: &ComposedParameters,
    headers: &HeaderMap,
    body: &Bytes,
    encoded_slashes: bool,
) -> Vec<Violation> {
    let mut found = Vec::new();
    // The gateway refuses it before it looks at the definition.
    let has_one_reading = match path_reading(&composed.path) {
        PathReading::One => true,
        PathReading::Matrix => PathValues::new(&PathTemplate::new(definition, api)).takes_semicolons(&composed.path),
        PathReading::Several => encoded_slashes && is_canonical_but_for_slashes(&composed.path),
    };
    if !has_one_reading {
        found.push(Violation { place: "path".to_owned(), message: ONE_READING.to_owned() });
    }
    let Some(rules) = RequestRules::build(definition, api) else { return found };
    let path: Vec<(&str, &str)> =
        composed.path_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let parameters = rules.check_parameters(&path, Some(&composed.query), headers);
    let body = rules.check_body(headers, body);
    let problems = [parameters, body].into_iter().filter_map(Result::err);
    found.extend(problems.flat_map(|problem| match problem.violations {
        none if none.is_empty() => vec![Violation { place: "body".to_owned(), message: problem.detail }],
        violations => violations,
    }));
    found
}
