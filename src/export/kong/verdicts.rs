//! Verdicts about the features of Kong.

use super::super::feature::ExportFeature;
use super::super::verdict::{
    CUT_TIMEOUT, FIRST_BASE_PATH, FeatureVerdict, KNOWN_CLAIMS_REMOVED, LONG_CONDITION, LONG_CORS_LIST, LONG_NAME,
    LONG_PARAMETER, LONG_PATTERN, NO_ADDRESS_GUARD, NO_CLIENT_CERTIFICATE, NO_EMPTY_CONSTANT, NO_KEY_REQUIRED,
    NO_OWN_HEADER_CONDITION, NO_RANGE_OF_CODES, NO_SEMICOLONS, NO_SHARED_SEGMENT_CONDITION, NO_SIGNATURE_REQUIRED,
    NO_SPLIT, NO_TOKEN_REQUIRED, NOT_COUNTED, NOT_COUNTED_BY_CALLER, NOT_SIGNED, NOT_TOLD_APART, NOT_VALIDATED,
    ONE_SCHEME, ONE_TIMEOUT, OPEN_UPGRADES, OWN_HEADER_MOVES, PARAMETERS_STAY, RETRY_UNCONNECTED, UNVERIFIED_ADDRESS,
    USUAL_MEDIA_TYPE,
};

/// The most bytes of an expression: PCRE compiles it to 64 KiB at most, and a part of it becomes eight times as long.
pub(super) const MOST_PATTERN_BYTES: usize = 8 * 1024;

/// Decides how well Kong has a feature.
pub(in crate::export) const fn judge(feature: &ExportFeature) -> FeatureVerdict {
    match feature {
        ExportFeature::Signatures => FeatureVerdict::Lost(NO_SIGNATURE_REQUIRED),
        ExportFeature::Tokens => FeatureVerdict::Lost(NO_TOKEN_REQUIRED),
        ExportFeature::SubscriptionKeys => FeatureVerdict::Lost(NO_KEY_REQUIRED),
        ExportFeature::ShownCredentials => FeatureVerdict::Lost("a mock does not ask for credentials"),
        ExportFeature::CallerClaims => FeatureVerdict::Near(KNOWN_CLAIMS_REMOVED),
        ExportFeature::BackendSignature => FeatureVerdict::Lost(NOT_SIGNED),
        ExportFeature::IpRules => FeatureVerdict::Near(
            "other addresses are refused in Kong's own words; a proxy is believed that Kong itself trusts",
        ),
        ExportFeature::RateLimits { .. } => FeatureVerdict::Lost(NOT_COUNTED),
        ExportFeature::CallerLimits => FeatureVerdict::Lost(NOT_COUNTED_BY_CALLER),
        ExportFeature::Validation => FeatureVerdict::Lost(NOT_VALIDATED),
        ExportFeature::BodyLimit => FeatureVerdict::Near("a larger body is refused in Kong's own words"),
        ExportFeature::CorsOfListedOrigins => FeatureVerdict::Near("preflights are answered by Kong's plugin"),
        ExportFeature::CorsOfAnyOrigin => {
            FeatureVerdict::Near("preflights are answered by Kong's plugin, and no origin gets credentials")
        }
        ExportFeature::MockResponse => FeatureVerdict::Near("headers of the response are left out"),
        ExportFeature::ChosenResponse => FeatureVerdict::Lost("Accept and Prefer choose no other response"),
        ExportFeature::RangeOfCodes => FeatureVerdict::Lost(NO_RANGE_OF_CODES),
        ExportFeature::RangeOfMediaTypes => FeatureVerdict::Near(USUAL_MEDIA_TYPE),
        ExportFeature::MockWithoutConstant => FeatureVerdict::Lost("an API without a constant result is left out"),
        ExportFeature::BinaryBody => FeatureVerdict::Lost("a body that is not text is damaged"),
        ExportFeature::OptionsAndMethods => {
            FeatureVerdict::Lost("404, 405 and OPTIONS are Kong's own; ambiguous paths are not refused")
        }
        ExportFeature::Semicolons => FeatureVerdict::Near(NO_SEMICOLONS),
        ExportFeature::UnusualTargets => FeatureVerdict::Near("malformed and long targets meet Kong's own rules"),
        ExportFeature::SplitParameters => FeatureVerdict::Lost(NO_SPLIT),
        ExportFeature::MarkedParameters | ExportFeature::QueryRoute => FeatureVerdict::Lost(NOT_TOLD_APART),
        ExportFeature::SeveralTargets(_) => {
            FeatureVerdict::Near("addresses that fail are left out by Kong's passive health checks")
        }
        ExportFeature::DifferentBasePaths => FeatureVerdict::Lost(FIRST_BASE_PATH),
        ExportFeature::MixedSchemes => FeatureVerdict::Lost(ONE_SCHEME),
        ExportFeature::Https => {
            FeatureVerdict::Lost("certificates of backends are held against those that Kong itself trusts")
        }
        ExportFeature::ClientCertificate { .. } => FeatureVerdict::Lost(NO_CLIENT_CERTIFICATE),
        ExportFeature::Timeouts => FeatureVerdict::Near(ONE_TIMEOUT),
        ExportFeature::LongTimeout => FeatureVerdict::Near(CUT_TIMEOUT),
        ExportFeature::Retry => FeatureVerdict::Near(RETRY_UNCONNECTED),
        ExportFeature::HttpsByAddress => FeatureVerdict::Lost(UNVERIFIED_ADDRESS),
        ExportFeature::AddressGuard => FeatureVerdict::Lost(NO_ADDRESS_GUARD),
        ExportFeature::Upgrades => FeatureVerdict::Lost(OPEN_UPGRADES),
        ExportFeature::DynamicBackend { .. } => FeatureVerdict::Lost("all requests go to the usual backend"),
        ExportFeature::TemplatePath => {
            FeatureVerdict::Lost("a path at the backend with `$(` stays that of the request")
        }
        ExportFeature::TemplateConstant => FeatureVerdict::Lost(
            "a constant with `$(` or with a line that begins with `#` is not sent, nor is a caller's own",
        ),
        ExportFeature::ColonConstant => FeatureVerdict::Lost(
            "a constant that begins with a colon, or whose name has one, is not sent, nor is a caller's own",
        ),
        ExportFeature::EmptyConstant => FeatureVerdict::Near(NO_EMPTY_CONSTANT),
        ExportFeature::UnusualHeaderNames => {
            FeatureVerdict::Near("headers with unusual names are read, or dropped, by Kong's own rules")
        }
        ExportFeature::LongName => FeatureVerdict::Lost(LONG_NAME),
        ExportFeature::LongParameter => FeatureVerdict::Lost(LONG_PARAMETER),
        ExportFeature::LongCondition => FeatureVerdict::Lost(LONG_CONDITION),
        ExportFeature::OwnHeaderCondition => FeatureVerdict::Lost(NO_OWN_HEADER_CONDITION),
        ExportFeature::SharedSegmentCondition => FeatureVerdict::Lost(NO_SHARED_SEGMENT_CONDITION),
        ExportFeature::OwnHeaderMove => FeatureVerdict::Near(OWN_HEADER_MOVES),
        ExportFeature::LongCorsList => FeatureVerdict::Lost(LONG_CORS_LIST),
        ExportFeature::PatternBytes(length) if length.total > MOST_PATTERN_BYTES => FeatureVerdict::Lost(LONG_PATTERN),
        ExportFeature::EmptyQueryConstant => {
            FeatureVerdict::Lost("a constant of the query without a value is not sent, nor is a caller's own")
        }
        ExportFeature::OtherMapping => FeatureVerdict::Lost(PARAMETERS_STAY),
        // It removes them from requests and from responses.
        ExportFeature::ConnectionHeaders
        // Kong decodes them before it matches.
        | ExportFeature::EncodedLetters { .. }
        | ExportFeature::BodyBytes(_)
        | ExportFeature::EncodedSlashes
        | ExportFeature::PathPrefix
        | ExportFeature::KeepHost
        | ExportFeature::UnusualHost
        | ExportFeature::LongHost
        | ExportFeature::Websocket
        | ExportFeature::PathTemplate { .. }
        | ExportFeature::ManyPathParameters
        | ExportFeature::PrefixReplacement
        | ExportFeature::BasePath
        | ExportFeature::HeaderToHeader
        | ExportFeature::HeaderConstant
        | ExportFeature::RepeatedCondition
        | ExportFeature::EnvoyHeaderCondition
        | ExportFeature::UnusualCondition
        | ExportFeature::EmptyResponseHeader
        | ExportFeature::ConstantBytes(_)
        | ExportFeature::ConstantCount(_)
        | ExportFeature::ResponseHeaderBytes(_)
        | ExportFeature::ResponseHeaderCount(_)
        | ExportFeature::PatternBytes(_)
        | ExportFeature::QueryMethod
        | ExportFeature::QueryConstant => FeatureVerdict::Exact,
    }
}
