//! Refusals of a gateway as problem details (RFC 9457), in the words of `apigw serve`.

use crate::routes::problem::{
    AMBIGUOUS_PATH, LATE_BACKEND, NO_GRANT, NO_KEY, NO_MOCK, REFUSED_ADDRESS, UNKNOWN_PATH, UNREACHABLE_BACKEND,
    allowed_methods, available_media_types, large_body,
};
use crate::routes::{Credential, MissingCredentials, ProblemKind};

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
    fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            status: kind.status().as_u16(),
            title: kind.title(),
            code: kind.code(),
            detail: detail.into(),
            allow: None,
            challenge: None,
        }
    }

    pub(super) fn ambiguous_path() -> Self {
        Self::new(ProblemKind::BadRequest, AMBIGUOUS_PATH)
    }

    pub(super) fn unknown_path() -> Self {
        Self::new(ProblemKind::NotFound, UNKNOWN_PATH)
    }

    pub(super) fn unknown_host() -> Self {
        Self::new(ProblemKind::NotFound, "No group is served for this host.")
    }

    pub(super) fn unknown_method(allow: &str) -> Self {
        let problem = Self::new(ProblemKind::MethodNotAllowed, allowed_methods(allow));
        Self { allow: Some(allow.to_owned()), ..problem }
    }

    pub(super) fn missing_credentials(any_of: &[Vec<Credential>]) -> Self {
        let missing = MissingCredentials::new(any_of);
        Self { challenge: Some(missing.challenge), ..Self::new(ProblemKind::Unauthenticated, missing.detail) }
    }

    pub(super) fn missing_key() -> Self {
        Self { challenge: Some("ApiKey".to_owned()), ..Self::new(ProblemKind::Unauthenticated, NO_KEY) }
    }

    pub(super) fn missing_grant() -> Self {
        Self::new(ProblemKind::Forbidden, NO_GRANT)
    }

    pub(super) fn refused_address() -> Self {
        Self::new(ProblemKind::Forbidden, REFUSED_ADDRESS)
    }

    pub(super) fn not_acceptable(declared: &[&str]) -> Self {
        Self::new(ProblemKind::NotAcceptable, available_media_types(declared))
    }

    pub(super) fn large_body(limit: u64) -> Self {
        Self::new(ProblemKind::BodyTooLarge, large_body(limit))
    }

    pub(super) fn no_result() -> Self {
        Self::new(ProblemKind::NoConstantResult, NO_MOCK)
    }

    pub(super) fn unreachable_authorizer() -> Self {
        Self::new(ProblemKind::AccessUnavailable, "Callers cannot be identified at the moment.")
    }

    pub(super) fn unreachable_backend() -> Self {
        Self::new(ProblemKind::SourceUnavailable, UNREACHABLE_BACKEND)
    }

    pub(super) fn late_backend() -> Self {
        Self::new(ProblemKind::DeadlineExceeded, LATE_BACKEND)
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
