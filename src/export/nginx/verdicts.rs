//! Verdicts about the features of nginx.

use super::super::feature::ExportFeature;
use super::super::length::PatternLength;
use super::super::verdict::{
    ADDRESS_OF_CONNECTION, CONNECTION_HEADERS_PASS, CUT_TIMEOUT, FIRST_BASE_PATH, FeatureVerdict, KNOWN_CLAIMS_REMOVED,
    LONG_CONDITION, LONG_CORS_LIST, LONG_NAME, LONG_PARAMETER, LONG_PATTERN, NO_ADDRESS_GUARD, NO_EMPTY_CONSTANT,
    NO_EMPTY_HEADER, NO_KEY_REQUIRED, NO_OWN_HEADER_CONDITION, NO_QUERY_CONSTANT, NO_RANGE_OF_CODES, NO_SEMICOLONS,
    NO_SHARED_SEGMENT_CONDITION, NO_TOKEN_REQUIRED, NOT_COUNTED, NOT_COUNTED_BY_CALLER, NOT_SIGNED, NOT_VALIDATED,
    ONE_SCHEME, ONE_TIMEOUT, ONE_VALUE_MOVES, OWN_HEADER_MOVES, PARAMETERS_STAY, RAW_LETTERS, SPLIT_BY_TYPE,
    UNVERIFIED_ADDRESS, USUAL_MEDIA_TYPE,
};

/// The most bytes of an expression between quotes, with its anchors: nginx reads a word of its files into a buffer of
/// 4,096.
const MOST_PATTERN_BYTES: usize = 4_000;

/// True if nginx reads an expression of this length.
pub(super) const fn is_short_pattern(length: PatternLength) -> bool {
    length.quoted <= MOST_PATTERN_BYTES
}

/// Decides how well nginx has a feature.
pub(in crate::export) const fn judge(feature: &ExportFeature) -> FeatureVerdict {
    match feature {
        ExportFeature::Signatures | ExportFeature::SubscriptionKeys => FeatureVerdict::Lost(NO_KEY_REQUIRED),
        ExportFeature::Tokens => FeatureVerdict::Lost(NO_TOKEN_REQUIRED),
        ExportFeature::CallerClaims => FeatureVerdict::Near(KNOWN_CLAIMS_REMOVED),
        ExportFeature::ShownCredentials => FeatureVerdict::Near(
            "a request with several lines of `Authorization` is refused as malformed; a header of blanks alone, or with bytes that are no UTF-8, counts as shown",
        ),
        ExportFeature::BackendSignature => FeatureVerdict::Lost(NOT_SIGNED),
        ExportFeature::IpRules => FeatureVerdict::Near(ADDRESS_OF_CONNECTION),
        ExportFeature::RateLimits { .. } => FeatureVerdict::Lost(NOT_COUNTED),
        ExportFeature::CallerLimits => FeatureVerdict::Lost(NOT_COUNTED_BY_CALLER),
        ExportFeature::Validation => FeatureVerdict::Lost(NOT_VALIDATED),
        ExportFeature::BodyLimit => FeatureVerdict::Near("a larger body is refused in nginx's own order of steps"),
        ExportFeature::ChosenResponse => FeatureVerdict::Near(
            "weights in Accept are not compared; refusals do not repeat the preference; of several lines of Accept and Prefer, the first counts, and of a repeated preference another may",
        ),
        ExportFeature::RangeOfCodes => FeatureVerdict::Lost(NO_RANGE_OF_CODES),
        ExportFeature::RangeOfMediaTypes => FeatureVerdict::Near(USUAL_MEDIA_TYPE),
        ExportFeature::BinaryBody => FeatureVerdict::Lost("a body that is not text is left out"),
        ExportFeature::EncodedLetters { .. } => FeatureVerdict::Near(RAW_LETTERS),
        ExportFeature::UnusualTargets => FeatureVerdict::Near(
            "targets with a fragment, absolute targets without a path, long ones (over 8 KiB) and methods in lower case are refused, other schemes, a port in `Host` that is none and another host in an absolute target are not",
        ),
        ExportFeature::Semicolons => FeatureVerdict::Near(NO_SEMICOLONS),
        // With `underscores_in_headers`, `$http_x_key` is the text of a caller's `X_Key` too: it would pass for the
        // other, and a forged `X_Forwarded_User` would reach a backend.
        ExportFeature::UnusualHeaderNames => FeatureVerdict::Near(
            "of a caller's headers, those with other characters than letters, digits and hyphens in their names are dropped",
        ),
        ExportFeature::EmptyResponseHeader => FeatureVerdict::Near(NO_EMPTY_HEADER),
        ExportFeature::EmptyConstant => FeatureVerdict::Near(NO_EMPTY_CONSTANT),
        ExportFeature::SplitParameters => FeatureVerdict::Near(SPLIT_BY_TYPE),
        ExportFeature::SeveralTargets(_) => FeatureVerdict::Near(
            "addresses that fail are left out for a second; each gets the `Host` of the first, whose name its certificate has to have",
        ),
        ExportFeature::DifferentBasePaths => FeatureVerdict::Lost(FIRST_BASE_PATH),
        ExportFeature::MixedSchemes => FeatureVerdict::Lost(ONE_SCHEME),
        ExportFeature::Timeouts => FeatureVerdict::Near(ONE_TIMEOUT),
        ExportFeature::LongTimeout => FeatureVerdict::Near(CUT_TIMEOUT),
        ExportFeature::Retry => FeatureVerdict::Near("repeated at another address alone"),
        ExportFeature::HttpsByAddress => FeatureVerdict::Lost(UNVERIFIED_ADDRESS),
        ExportFeature::AddressGuard => FeatureVerdict::Lost(NO_ADDRESS_GUARD),
        ExportFeature::ConnectionHeaders => FeatureVerdict::Near(CONNECTION_HEADERS_PASS),
        ExportFeature::QueryConstant => FeatureVerdict::Lost(NO_QUERY_CONSTANT),
        ExportFeature::LongName => FeatureVerdict::Lost(LONG_NAME),
        ExportFeature::LongParameter => FeatureVerdict::Lost(LONG_PARAMETER),
        ExportFeature::RepeatedCondition => FeatureVerdict::Near(
            "of a header that is sent several times, the first chooses a backend; one without a value chooses none",
        ),
        ExportFeature::LongCondition => FeatureVerdict::Lost(LONG_CONDITION),
        ExportFeature::OwnHeaderCondition => FeatureVerdict::Lost(NO_OWN_HEADER_CONDITION),
        ExportFeature::SharedSegmentCondition => FeatureVerdict::Lost(NO_SHARED_SEGMENT_CONDITION),
        ExportFeature::OwnHeaderMove => FeatureVerdict::Near(OWN_HEADER_MOVES),
        ExportFeature::UnusualCondition => FeatureVerdict::Lost(
            "a header with other characters than letters, digits and hyphens in its name chooses no other backend",
        ),
        ExportFeature::LongCorsList => FeatureVerdict::Lost(LONG_CORS_LIST),
        ExportFeature::PatternBytes(length) if !is_short_pattern(*length) => FeatureVerdict::Lost(LONG_PATTERN),
        ExportFeature::HeaderToHeader => FeatureVerdict::Near(ONE_VALUE_MOVES),
        ExportFeature::OtherMapping => FeatureVerdict::Lost(PARAMETERS_STAY),
        ExportFeature::CorsOfListedOrigins
        | ExportFeature::CorsOfAnyOrigin
        | ExportFeature::MockResponse
        | ExportFeature::MockWithoutConstant
        | ExportFeature::BodyBytes(_)
        | ExportFeature::OptionsAndMethods
        | ExportFeature::MarkedParameters
        | ExportFeature::QueryRoute
        | ExportFeature::QueryMethod
        | ExportFeature::EncodedSlashes
        | ExportFeature::PathPrefix
        | ExportFeature::Https
        | ExportFeature::ClientCertificate { .. }
        | ExportFeature::KeepHost
        | ExportFeature::UnusualHost
        | ExportFeature::LongHost
        | ExportFeature::Websocket
        | ExportFeature::Upgrades
        | ExportFeature::DynamicBackend { .. }
        | ExportFeature::EnvoyHeaderCondition
        | ExportFeature::PathTemplate { .. }
        | ExportFeature::ManyPathParameters
        | ExportFeature::PrefixReplacement
        | ExportFeature::BasePath
        | ExportFeature::TemplatePath
        | ExportFeature::HeaderConstant
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
