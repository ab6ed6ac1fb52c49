//! Verdicts about features.

/// The deviation of targets that decide by the address of a connection, as `apigw serve` does without a trusted proxy.
pub(super) const ADDRESS_OF_CONNECTION: &str =
    "the address of the connection counts, and no proxy in front is believed";

/// The deviation of targets whose expressions take no semicolons but in the style `matrix`.
pub(super) const NO_SEMICOLONS: &str = "a semicolon within a segment is refused";

/// The deviation of targets that match paths as they were sent.
pub(super) const RAW_LETTERS: &str = "a path with a letter that is percent-encoded without need is refused";

/// The deviation of targets that number few groups of an expression.
pub(super) const MANY_PATH_PARAMETERS: &str = "a path of over nine parameters at a backend is not written";

/// The deviation of all targets for names that are too long.
pub(super) const LONG_NAME: &str = "a header, a media type or an example whose name has over 256 bytes is left out";

/// The deviation of all targets for mapped headers whose names are too long.
pub(super) const LONG_PARAMETER: &str =
    "a header whose name has over 256 bytes is neither moved nor set, and a caller's own value stays";

/// The deviation of all targets for dynamic routes by long texts.
pub(super) const LONG_CONDITION: &str = "a name and value of over 256 bytes together choose no other backend";

/// The deviation of all targets for dynamic routes by headers that the gateway or a target writes itself.
pub(super) const NO_OWN_HEADER_CONDITION: &str = "`X-Apigw-Key`, `Authorization` where it has the caller's key, `Forwarded`, `Via` and `X-Request-Id` choose no other backend";

/// The deviation of all targets for dynamic routes by parts of a segment.
pub(super) const NO_SHARED_SEGMENT_CONDITION: &str =
    "a path parameter that shares its segment with another one, or stands in the query, chooses no other backend";

/// The deviation of Envoy, and of what is built upon it, for dynamic routes by its own headers.
pub(super) const ENVOY_HEADER_CONDITION: &str = "a header `X-Envoy-…` chooses a backend by Envoy's own value, or none";

/// The deviation of all targets for moves of headers that the gateway or a target writes itself.
pub(super) const OWN_HEADER_MOVES: &str = "of `X-Request-Id` and `Via`, the target's own value may move; `Forwarded` does not, nor `Authorization` where it may have the caller's key";

/// The deviation of all targets for long lists in headers about pages of other origins.
pub(super) const LONG_CORS_LIST: &str = "a list of headers over 16 KiB, or an origin over 512 bytes, is left out";

/// The deviation of targets that hold no expression of this length.
pub(super) const LONG_PATTERN: &str =
    "a path, or a rule by which a backend is chosen, that is too long for an expression is left out";

/// The deviation of targets without the gateway's signature for backends.
pub(super) const NOT_SIGNED: &str = "requests are not signed for the backend";

/// The deviation of targets without limits of rates.
pub(super) const NOT_COUNTED: &str = "requests are not counted";

/// The deviation of targets without limits of keys and grants.
pub(super) const NOT_COUNTED_BY_CALLER: &str = "requests of a key or grant are not counted";

/// The deviation of targets without validation.
pub(super) const NOT_VALIDATED: &str = "requests and responses are not validated";

/// The deviation of targets without classes of status codes in `Prefer`.
pub(super) const USUAL_MEDIA_TYPE: &str =
    "of a declared range of media types, all that a caller accepts get the response as of the usual one";
pub(super) const NO_RANGE_OF_CODES: &str = "Prefer cannot ask for a code of a range";

/// The deviation of targets that split a text among parameters by an expression.
pub(super) const SPLIT_BY_TYPE: &str = "parameters side by side are told apart by type alone for a path at the backend: a request in which they have another value, percent-encoding or over 128 bytes is refused";

/// The deviation of targets that have no condition on such a text.
pub(super) const NO_SPLIT: &str =
    "an API is left out whose path at the backend has a parameter that stands beside another one";

/// The deviation of targets with one base path for all addresses.
pub(super) const FIRST_BASE_PATH: &str = "all addresses get the base path of the first";

/// The deviation of targets that call all addresses of a backend alike.
pub(super) const ONE_SCHEME: &str =
    "of addresses over HTTP and over HTTPS beside one another, those of one kind get no request";

/// The deviation of targets with one time-out.
pub(super) const ONE_TIMEOUT: &str = "one time-out for silence before and after the head of a response";

/// The deviation of all targets for time-outs that none has.
pub(super) const CUT_TIMEOUT: &str = "a time-out over 24 days is one of 24 days";

/// The deviation of targets that hold certificates against names of hosts alone.
pub(super) const UNVERIFIED_ADDRESS: &str =
    "a backend over TLS that is named by its address gets no request: its certificate is held against names of hosts";

/// The deviation of targets that call any address.
pub(super) const NO_ADDRESS_GUARD: &str = "link-local and metadata addresses are not refused";

/// The deviation of targets that let any API become a websocket.
pub(super) const OPEN_UPGRADES: &str = "any API may become a websocket, or another protocol, if its backend agrees";

/// The deviation of targets that remove no header whose name a message gives.
pub(super) const CONNECTION_HEADERS_PASS: &str =
    "headers that a caller or a backend names in `Connection` are passed on";

/// The deviation of targets that do not change the query.
pub(super) const NO_QUERY_CONSTANT: &str = "constants of the query are not added";

/// The deviation of targets that move one of several headers of a name.
pub(super) const ONE_VALUE_MOVES: &str = "of a header that is sent several times, one value moves";

/// The deviation of targets that map no parameters.
pub(super) const PARAMETERS_STAY: &str = "parameters do not move between path, query and headers";

/// The deviation of targets that verify no signature.
pub(super) const NO_SIGNATURE_REQUIRED: &str = "callers are not asked for a signature";

/// The deviation of targets that verify no token.
pub(super) const NO_TOKEN_REQUIRED: &str = "callers are not asked for a token";

/// The deviation of targets that verify no key.
pub(super) const NO_KEY_REQUIRED: &str = "callers are not asked for a key";

/// The deviation of targets that remove headers by name alone.
pub(super) const KNOWN_CLAIMS_REMOVED: &str = "of a caller's `X-Forwarded-` headers, the well-known ones are removed";

/// The deviation of targets that write no empty header.
pub(super) const NO_EMPTY_HEADER: &str = "a header without a value is left out";

/// The deviation of targets that set no empty header.
pub(super) const NO_EMPTY_CONSTANT: &str = "a constant without a value is not sent, nor is a caller's own";

/// The deviation of targets without client certificates.
pub(super) const NO_CLIENT_CERTIFICATE: &str = "no certificate is shown to backends";

/// The deviation of targets that route by the path alone.
pub(super) const NOT_TOLD_APART: &str = "an API told apart by query or style is left out";

/// The deviation of targets that repeat after a failed connection alone.
pub(super) const RETRY_UNCONNECTED: &str = "repeated where no connection was made";

/// The verdict about a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureVerdict {
    Exact,
    Near(&'static str),
    Lost(&'static str),
}
