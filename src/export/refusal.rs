//! Refusals of a gateway as problem details (RFC 9457), in the words of `apigw serve`.

use crate::routes::{Credential, MissingCredentials};

/// A refusal. Its body has the id of the request, which each target writes in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProblemResponse {
    pub(super) status: u16,
    pub(super) title: &'static str,
    pub(super) code: &'static str,
    pub(super) detail: String,
    /// The methods of the path, for 405.
    pub(super) allow: Option<String>,
    /// The challenge of a 401.
    pub(super) challenge: Option<String>,
}

impl ProblemResponse {
    fn new(status: u16, title: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, code, detail: detail.into(), allow: None, challenge: None }
    }

    pub(super) fn ambiguous_path() -> Self {
        let detail = "The path has more than one reading: it must have no empty, \".\" or \"..\" segment and no encoded \
                      slash, backslash or control character.";
        Self::new(400, "The request is not well-formed", "BAD_REQUEST", detail)
    }

    pub(super) fn unknown_path() -> Self {
        Self::new(404, "Nothing is served here", "NOT_FOUND", "No API has this path.")
    }

    pub(super) fn unknown_host() -> Self {
        Self::new(404, "Nothing is served here", "NOT_FOUND", "No group is served for this host.")
    }

    pub(super) fn unknown_method(allow: &str) -> Self {
        let detail = format!("Allowed: {allow}.");
        let problem = Self::new(405, "Method not allowed", "METHOD_NOT_ALLOWED", detail);
        Self { allow: Some(allow.to_owned()), ..problem }
    }

    pub(super) fn missing_credentials(any_of: &[Vec<Credential>]) -> Self {
        let missing = MissingCredentials::new(any_of);
        let problem = Self::new(401, "The caller is not known", "UNAUTHENTICATED", missing.detail);
        Self { challenge: Some(missing.challenge), ..problem }
    }

    pub(super) fn missing_key() -> Self {
        let detail = "No valid key.";
        let problem = Self::new(401, "The caller is not known", "UNAUTHENTICATED", detail);
        Self { challenge: Some("ApiKey".to_owned()), ..problem }
    }

    pub(super) fn missing_grant() -> Self {
        Self::new(403, "The caller may not do this", "HTTP_FORBIDDEN", "The key may not call this API.")
    }

    pub(super) fn refused_address() -> Self {
        Self::new(403, "The caller may not do this", "HTTP_FORBIDDEN", "This address may not call.")
    }

    pub(super) fn not_acceptable(declared: &[&str]) -> Self {
        let title = "No media type that the caller accepts is declared";
        Self::new(406, title, "NOT_ACCEPTABLE", format!("Available: {}.", declared.join(", ")))
    }

    pub(super) fn large_body(limit: u64) -> Self {
        Self::new(413, "The body is too large", "BODY_TOO_LARGE", format!("The body has more than {limit} bytes."))
    }

    pub(super) fn no_result(detail: &str) -> Self {
        Self::new(501, "The definition declares no result to answer with", "NO_CONSTANT_RESULT", detail)
    }

    pub(super) fn unreachable_authorizer() -> Self {
        let detail = "Callers cannot be identified at the moment.";
        Self::new(503, "Access control is unavailable", "ACCESS_UNAVAILABLE", detail)
    }

    pub(super) fn unreachable_backend() -> Self {
        let detail = "The backend does not accept connections.";
        Self::new(503, "The backend cannot be reached", "SOURCE_UNAVAILABLE", detail)
    }

    pub(super) fn late_backend() -> Self {
        Self::new(504, "The backend took too long", "DEADLINE_EXCEEDED", "The backend did not answer in time.")
    }

    /// Returns the body as JSON, with a text in the place of the request's id.
    pub(super) fn body(&self, request_id: &str) -> String {
        let Self { status, title, code, detail, .. } = self;
        let [title, code, detail, request_id] = [title, code, detail.as_str(), request_id].map(json_text);
        format!(
            "{{\"type\":\"about:blank\",\"title\":{title},\"status\":{status},\"detail\":{detail},\"code\":{code},\
             \"requestId\":{request_id}}}"
        )
    }

    /// Lists the headers beside its media type.
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        let allow = self.allow.as_ref().map(|allow| ("allow", allow.clone()));
        let challenge = self.challenge.as_ref().map(|challenge| ("www-authenticate", challenge.clone()));
        let retry = (self.status == 503).then(|| ("retry-after", "1".to_owned()));
        [allow, challenge, retry].into_iter().flatten().collect()
    }
}

/// Writes a text as JSON.
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
