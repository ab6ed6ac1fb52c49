//! Problem details of refused requests (RFC 9457), as every gateway writes them.

use http::StatusCode;

macro_rules! kinds {
    ($($kind:ident $status:ident $code:literal $title:literal;)*) => {
        /// The kinds of problems; each has a status, a code that programs read and a title that people do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ProblemKind {
            $(#[doc = $title] $kind,)*
        }

        impl ProblemKind {
            /// Returns the status of the response.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status,)* }
            }

            /// Returns the code that programs read.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)* }
            }

            /// Returns the title that people read.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }
        }
    };
}

kinds! {
    BadRequest BAD_REQUEST "BAD_REQUEST" "The request is not well-formed";
    InvalidRequest BAD_REQUEST "INVALID_REQUEST" "The request does not follow the definition";
    Unauthenticated UNAUTHORIZED "UNAUTHENTICATED" "The caller is not known";
    Forbidden FORBIDDEN "HTTP_FORBIDDEN" "The caller may not do this";
    NotFound NOT_FOUND "NOT_FOUND" "Nothing is served here";
    MethodNotAllowed METHOD_NOT_ALLOWED "METHOD_NOT_ALLOWED" "Method not allowed";
    NotAcceptable NOT_ACCEPTABLE "NOT_ACCEPTABLE" "No media type that the caller accepts is declared";
    BodyTooSlow REQUEST_TIMEOUT "BODY_TOO_SLOW" "The body took too long";
    BodyTooLarge PAYLOAD_TOO_LARGE "BODY_TOO_LARGE" "The body is too large";
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "UNSUPPORTED_MEDIA_TYPE" "The body's media type is not declared";
    ExpectationFailed EXPECTATION_FAILED "EXPECTATION_FAILED" "The expectation cannot be met";
    InvalidBody UNPROCESSABLE_ENTITY "INVALID_BODY" "The body does not follow the definition";
    RateLimited TOO_MANY_REQUESTS "RATE_LIMIT_EXCEEDED" "Too many requests";
    HeadTooLarge REQUEST_HEADER_FIELDS_TOO_LARGE "HEADERS_TOO_LARGE" "The headers are too large";
    Internal INTERNAL_SERVER_ERROR "INTERNAL" "The gateway failed";
    NoConstantResult NOT_IMPLEMENTED "NO_CONSTANT_RESULT" "The definition declares no result to answer with";
    InvalidResponse BAD_GATEWAY "INVALID_RESPONSE" "The backend's response does not follow the definition";
    BadGateway BAD_GATEWAY "BAD_GATEWAY" "The backend's response cannot be forwarded";
    AccessUnavailable SERVICE_UNAVAILABLE "ACCESS_UNAVAILABLE" "Access control is unavailable";
    SourceUnavailable SERVICE_UNAVAILABLE "SOURCE_UNAVAILABLE" "The backend cannot be reached";
    DeadlineExceeded GATEWAY_TIMEOUT "DEADLINE_EXCEEDED" "The backend took too long";
    LoopDetected LOOP_DETECTED "LOOP_DETECTED" "Request loop detected";
}

/// Detail about a path that two parties may read in two ways.
pub(crate) const AMBIGUOUS_PATH: &str = "The path has more than one reading: it must have no empty, \".\" or \"..\" segment and \
                                         no encoded slash, backslash or control character.";
/// Detail about a path that no API has.
pub(crate) const UNKNOWN_PATH: &str = "No API has this path.";
/// Detail for every caller that is not let in, whatever the reason.
pub(crate) const NO_KEY: &str = "No valid key.";
/// Detail about a key without a grant for the API.
pub(crate) const NO_GRANT: &str = "The key may not call this API.";
/// Detail about a client's address that `ip_rules` do not admit.
pub(crate) const REFUSED_ADDRESS: &str = "This address may not call.";
/// Detail about an API without a response to mock.
pub(crate) const NO_MOCK: &str =
    "The API declares no response that can be built; give it an example, or an x-apigw-mock.";
/// Detail about a backend that cannot be connected to.
pub(crate) const UNREACHABLE_BACKEND: &str = "The backend does not accept connections.";
/// Detail about a backend that takes too long.
pub(crate) const LATE_BACKEND: &str = "The backend did not answer in time.";

/// Writes the detail about a body that is larger than its limit, in bytes.
pub(crate) fn large_body(limit: u64) -> String {
    format!("The body has more than {limit} bytes.")
}

/// Writes the detail about a method that a path does not have.
pub(crate) fn allowed_methods(allow: &str) -> String {
    format!("Allowed: {allow}.")
}

/// Writes the detail about a request that accepts none of the declared media types.
pub(crate) fn available_media_types(declared: &[&str]) -> String {
    format!("Available: {}.", declared.join(", "))
}

/// Lists the methods of a path as the header `Allow` has them: HEAD comes with GET, and OPTIONS is always there.
pub(crate) fn allow<'m>(methods: impl IntoIterator<Item = &'m str>) -> String {
    let mut names: Vec<&str> = methods.into_iter().collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
