//! Verdicts about the features of HAProxy.

use super::super::feature::ExportFeature;
use super::super::length::PatternLength;
use super::super::verdict::{
    ADDRESS_OF_CONNECTION, CONNECTION_HEADERS_PASS, CUT_TIMEOUT, FIRST_BASE_PATH, FeatureVerdict, LONG_CONDITION,
    LONG_CORS_LIST, LONG_NAME, LONG_PARAMETER, LONG_PATTERN, MANY_PATH_PARAMETERS, NO_ADDRESS_GUARD, NO_EMPTY_HEADER,
    NO_OWN_HEADER_CONDITION, NO_QUERY_CONSTANT, NO_RANGE_OF_CODES, NO_SEMICOLONS, NO_SHARED_SEGMENT_CONDITION,
    NO_SIGNATURE_REQUIRED, NO_TOKEN_REQUIRED, NOT_COUNTED, NOT_COUNTED_BY_CALLER, NOT_SIGNED, NOT_VALIDATED,
    ONE_SCHEME, ONE_TIMEOUT, ONE_VALUE_MOVES, OWN_HEADER_MOVES, PARAMETERS_STAY, RAW_LETTERS, RETRY_UNCONNECTED,
    SPLIT_BY_TYPE, UNVERIFIED_ADDRESS, USUAL_MEDIA_TYPE,
};
use super::line::{MOST_BODY_BYTES, MOST_HEADER_BYTES, MOST_PATTERN_BYTES};

/// The most bytes of all expressions in a condition, each of which is a word of its line.
const MOST_PATTERNS_BYTES: usize = 40 * MOST_PATTERN_BYTES;

/// The deviation in requests that are unusual, or malformed.
const OTHER_TARGETS: &str = "targets with a fragment, absolute targets without a path and long heads (over 16 KiB) are refused; a request over HTTP/1.0 reaches a backend as such; a port in `Host` that is none, equal lines of `Host` or `Content-Length`, and folded lines are not refused";

/// The deviation of an engine that removes headers, and has no step for trailers.
const CLAIMS_IN_TRAILERS: &str =
    "trailers of a request reach a backend as they came, `X-Apigw-Key` and `X-Forwarded-User` among them";

/// True if HAProxy compiles an expression of this length.
pub(super) const fn is_short_pattern(length: PatternLength) -> bool {
    length.bytes <= MOST_PATTERN_BYTES && length.total <= MOST_PATTERNS_BYTES
}

const FIRST_COOKIES: &str =
    "of several lines of `Cookie`, the first counts; one with bytes that are not UTF-8 counts as shown";
const HOST_OF_FIRST: &str =
    "a request goes to another address after a failed connection; each gets the `Host` of the first";

/// Decides how well HAProxy has a feature.
pub(in crate::export) const fn judge(feature: &ExportFeature) -> FeatureVerdict {
    match feature {
        ExportFeature::Signatures => FeatureVerdict::Lost(NO_SIGNATURE_REQUIRED),
        ExportFeature::Tokens => FeatureVerdict::Lost(NO_TOKEN_REQUIRED),
        ExportFeature::SubscriptionKeys => {
            FeatureVerdict::Near("a key that is granted, rotated or revoked later counts after the next export")
        }
        ExportFeature::ShownCredentials => FeatureVerdict::Near(FIRST_COOKIES),
        ExportFeature::BackendSignature => FeatureVerdict::Lost(NOT_SIGNED),
        ExportFeature::IpRules => FeatureVerdict::Near(ADDRESS_OF_CONNECTION),
        ExportFeature::RateLimits { .. } => FeatureVerdict::Lost(NOT_COUNTED),
        ExportFeature::CallerLimits => FeatureVerdict::Lost(NOT_COUNTED_BY_CALLER),
        ExportFeature::Validation => FeatureVerdict::Lost(NOT_VALIDATED),
        ExportFeature::BodyLimit => FeatureVerdict::Near("a body that does not state its length has no limit"),
        ExportFeature::ChosenResponse => FeatureVerdict::Near(
            "weights in Accept are not compared; refusals do not repeat the preference; of several lines of Accept and Prefer, the first counts, and of a repeated preference another may",
        ),
        ExportFeature::RangeOfCodes => FeatureVerdict::Lost(NO_RANGE_OF_CODES),
        ExportFeature::RangeOfMediaTypes => FeatureVerdict::Near(USUAL_MEDIA_TYPE),
        ExportFeature::BodyBytes(bytes) if *bytes > MOST_BODY_BYTES => {
            FeatureVerdict::Lost("a body over 256 KiB is left out")
        }
        ExportFeature::ManyPathParameters => FeatureVerdict::Lost(MANY_PATH_PARAMETERS),
        ExportFeature::EncodedLetters { .. } => FeatureVerdict::Near(RAW_LETTERS),
        ExportFeature::UnusualTargets => FeatureVerdict::Near(OTHER_TARGETS),
        ExportFeature::Semicolons => FeatureVerdict::Near(NO_SEMICOLONS),
        ExportFeature::EmptyResponseHeader => FeatureVerdict::Near(NO_EMPTY_HEADER),
        ExportFeature::SplitParameters => FeatureVerdict::Near(SPLIT_BY_TYPE),
        ExportFeature::SeveralTargets(_) => FeatureVerdict::Near(HOST_OF_FIRST),
        ExportFeature::DifferentBasePaths => FeatureVerdict::Lost(FIRST_BASE_PATH),
        ExportFeature::MixedSchemes => FeatureVerdict::Lost(ONE_SCHEME),
        ExportFeature::Timeouts => FeatureVerdict::Near(ONE_TIMEOUT),
        ExportFeature::LongTimeout => FeatureVerdict::Near(CUT_TIMEOUT),
        ExportFeature::Retry => FeatureVerdict::Near(RETRY_UNCONNECTED),
        ExportFeature::HttpsByAddress => FeatureVerdict::Lost(UNVERIFIED_ADDRESS),
        ExportFeature::ClientCertificate { is_key_beside: false } => FeatureVerdict::Lost(
            "a certificate is not shown to backends unless its key is in the same file, or in that of its name with `.key` in the place of `.crt`, or else behind it",
        ),
        ExportFeature::AddressGuard => FeatureVerdict::Lost(NO_ADDRESS_GUARD),
        ExportFeature::ConnectionHeaders => FeatureVerdict::Near(CONNECTION_HEADERS_PASS),
        ExportFeature::QueryConstant => FeatureVerdict::Lost(NO_QUERY_CONSTANT),
        ExportFeature::LongName => FeatureVerdict::Lost(LONG_NAME),
        ExportFeature::LongParameter => FeatureVerdict::Lost(LONG_PARAMETER),
        ExportFeature::LongCondition => FeatureVerdict::Lost(LONG_CONDITION),
        ExportFeature::OwnHeaderCondition => FeatureVerdict::Lost(NO_OWN_HEADER_CONDITION),
        ExportFeature::SharedSegmentCondition => FeatureVerdict::Lost(NO_SHARED_SEGMENT_CONDITION),
        ExportFeature::OwnHeaderMove => FeatureVerdict::Near(OWN_HEADER_MOVES),
        ExportFeature::LongCorsList => FeatureVerdict::Lost(LONG_CORS_LIST),
        ExportFeature::ConstantBytes(length) if length.bytes > MOST_HEADER_BYTES => {
            FeatureVerdict::Lost("a constant over 64 KiB is not sent, nor is a caller's own")
        }
        ExportFeature::ResponseHeaderBytes(length) if length.bytes > MOST_HEADER_BYTES => {
            FeatureVerdict::Lost("a header over 64 KiB is left out")
        }
        ExportFeature::PatternBytes(length) if !is_short_pattern(*length) => FeatureVerdict::Lost(LONG_PATTERN),
        ExportFeature::HeaderToHeader => FeatureVerdict::Near(ONE_VALUE_MOVES),
        ExportFeature::OtherMapping => FeatureVerdict::Lost(PARAMETERS_STAY),
        ExportFeature::CallerClaims => FeatureVerdict::Near(CLAIMS_IN_TRAILERS),
        ExportFeature::CorsOfListedOrigins
        | ExportFeature::CorsOfAnyOrigin
        | ExportFeature::MockResponse
        | ExportFeature::MockWithoutConstant
        | ExportFeature::BinaryBody
        | ExportFeature::BodyBytes(_)
        | ExportFeature::OptionsAndMethods
        | ExportFeature::MarkedParameters
        | ExportFeature::QueryRoute
        | ExportFeature::QueryMethod
        | ExportFeature::EncodedSlashes
        | ExportFeature::PathPrefix
        | ExportFeature::Https
        | ExportFeature::ClientCertificate { is_key_beside: true }
        | ExportFeature::KeepHost
        | ExportFeature::UnusualHost
        | ExportFeature::LongHost
        | ExportFeature::Websocket
        | ExportFeature::Upgrades
        | ExportFeature::DynamicBackend { .. }
        | ExportFeature::RepeatedCondition
        | ExportFeature::UnusualCondition
        | ExportFeature::EnvoyHeaderCondition
        | ExportFeature::PathTemplate { .. }
        | ExportFeature::PrefixReplacement
        | ExportFeature::BasePath
        | ExportFeature::TemplatePath
        | ExportFeature::HeaderConstant
        | ExportFeature::UnusualHeaderNames
        | ExportFeature::EmptyConstant
        | ExportFeature::ColonConstant
        | ExportFeature::ConstantBytes(_)
        | ExportFeature::ConstantCount(_)
        | ExportFeature::ResponseHeaderBytes(_)
        | ExportFeature::ResponseHeaderCount(_)
        | ExportFeature::PatternBytes(_)
        | ExportFeature::EmptyQueryConstant
        | ExportFeature::TemplateConstant => FeatureVerdict::Exact,
    }
}
